"""The Helm chart: what Kubernetes and KEDA take, and the project's own rules for a worker's pod."""

import copy
import json
from typing import Any

import pytest
from chart_kit import CHART, VALUES, VERSIONS, Manifest, container, objections, of_kind, render
from helm_python.chart import lint
from helm_python.errors import HelmRenderError, HelmValuesError

from tinyv_stream.broker.keys import Keys
from tinyv_stream.config import Config, check
from tinyv_stream.config.bounds import convert
from tinyv_stream.types import STAGES

cases = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)


def test_helm_has_no_objection() -> None:
    found = lint(str(CHART), strict=True)
    assert found["errors"] == []


@cases
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_and_keda_take_every_object(values: dict[str, Any], version: str) -> None:
    manifests = render(values)
    assert [text for manifest in manifests if (text := objections(manifest, version))] == []
    kinds = {manifest["kind"] for manifest in manifests}
    assert {"Deployment", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount", "ConfigMap"} <= kinds


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "replica"), 2),
        ("Deployment", ("spec", "template", "spec", "terminationGracePeriodSeconds"), "soon"),
        ("PodDisruptionBudget", ("spec", "maxUnavailabel"), 1),
        ("NetworkPolicy", ("spec", "egress"), {}),
        ("ScaledObject", ("spec", "triggers"), None),
        ("ScaledObject", ("spec", "coolDownPeriod"), 5),
        ("ScaledObject", ("spec", "scaleTargetRef", "naem"), "rl-tinyv"),
        ("TriggerAuthentication", ("spec", "secretTargetRefs"), []),
    ],
)
def test_the_schemas_refuse_a_slip(kind: str, path: tuple[str, ...], value: object) -> None:
    """Without this a schema that takes anything would look like a chart without faults."""
    manifest = copy.deepcopy(of_kind(render(VALUES["scaled shards"]), kind)[0])
    inner = manifest
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert objections(manifest, VERSIONS[-1])


@cases
def test_a_secret_is_in_no_object_and_no_argument(values: dict[str, Any]) -> None:
    manifests = render(values)
    assert of_kind(manifests, "Secret") == []
    for deployment in of_kind(manifests, "Deployment"):
        worker = container(deployment)
        assert "command" not in worker and "args" not in worker
        url = next(one for one in worker["env"] if one["name"] == "TINYV_REDIS_URL")
        assert set(url) == {"name", "valueFrom"} and "secretKeyRef" in url["valueFrom"]
    for trigger in triggers(manifests):
        assert not {"host", "address", "addresses", "password", "passwordFromEnv"} & set(trigger["metadata"])


@cases
def test_liveness_is_asked_of_the_worker_alone(values: dict[str, Any]) -> None:
    for deployment in of_kind(render(values), "Deployment"):
        worker = container(deployment)
        probes = {name: worker[f"{name}Probe"] for name in ("startup", "readiness", "liveness")}
        assert {name: probe["exec"]["command"] for name, probe in probes.items()} == {
            "startup": ["tinyv-stream", "worker", "check", "--ready"],
            "readiness": ["tinyv-stream", "worker", "check", "--ready"],
            "liveness": ["tinyv-stream", "worker", "check", "--alive"],
        }
        assert {"name": "TINYV_STATE_FILE", "value": "/tmp/tinyv-worker.state"} in worker["env"]


@cases
def test_one_trigger_per_shard_by_the_length_of_its_queue(values: dict[str, Any]) -> None:
    servers, pool = values.get("broker", {}).get("servers", 1), values.get("pool", "main")
    shards = max(values.get("shards", 1), servers)
    scaled = of_kind(render(values), "ScaledObject")
    wanted = {stage for stage in STAGES if values.get(stage, {}).get("autoscaling", {}).get("enabled")}
    assert {one["spec"]["scaleTargetRef"]["name"] for one in scaled} == {f"rl-{stage}" for stage in wanted}
    for one in scaled:
        stage = next(stage for stage in STAGES if one["metadata"]["name"] == f"rl-{stage}")
        streams = [trigger["metadata"]["stream"] for trigger in one["spec"]["triggers"]]
        assert streams == [Keys(pool=pool, shard=n).queue(stage) for n in range(shards)] * servers
        asked = [trigger["authenticationRef"]["name"] for trigger in one["spec"]["triggers"]]
        assert asked == [f"rl-broker{n if n > 1 else ''}" for n in range(1, servers + 1) for _ in range(shards)]
        for trigger in one["spec"]["triggers"]:
            assert int(trigger["metadata"]["streamLength"]) >= 1
            assert not {"consumerGroup", "lagCount", "pendingEntriesCount"} & set(trigger["metadata"])


@cases
def test_what_is_scaled_has_no_count_of_its_own(values: dict[str, Any]) -> None:
    manifests = render(values)
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(manifests, "ScaledObject")}
    for deployment in of_kind(manifests, "Deployment"):
        assert ("replicas" in deployment["spec"]) == (deployment["metadata"]["name"] not in scaled)


@cases
def test_a_pod_has_no_right_that_it_does_not_need(values: dict[str, Any]) -> None:
    for deployment in of_kind(render(values), "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        # Unconfined would be more than needed; a profile of its own might lack what graders seal themselves with.
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container(deployment)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounts = {mount["mountPath"] for mount in container(deployment)["volumeMounts"]}
        assert {"/tmp", "/home/tinyv"} <= mounts


@cases
def test_budgets_and_policies_select_the_pods_of_their_stage(values: dict[str, Any]) -> None:
    manifests = render(values)
    labels = {one["metadata"]["name"]: pod_labels(one) for one in of_kind(manifests, "Deployment")}
    for kind, path in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        for one in of_kind(manifests, kind):
            chosen = one["spec"][path]["matchLabels"].items()
            assert [name for name, own in labels.items() if chosen <= own.items()] == [one["metadata"]["name"]]
    for one in of_kind(manifests, "NetworkPolicy"):
        assert one["spec"]["policyTypes"] == ["Ingress", "Egress"] and "ingress" not in one["spec"]


@cases
def test_the_settings_of_a_pod_are_settings(values: dict[str, Any]) -> None:
    (config,) = of_kind(render(values), "ConfigMap")
    settings = check(convert(json.loads(config["data"]["config.json"]), Config, source="chart"))
    assert (settings.broker.pool, settings.broker.shards) == (
        values.get("pool", "main"),
        max(values.get("shards", 1), values.get("broker", {}).get("servers", 1)),
    )


def test_a_changed_setting_rolls_the_pods() -> None:
    def checksums(weight: float) -> set[str]:
        deployments = of_kind(render({"config": {"tinyv": {"weight": weight}}}), "Deployment")
        return {one["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for one in deployments}

    assert len(checksums(0.5)) == 1
    assert checksums(0.5) != checksums(0.25)


def test_a_pod_that_drains_is_given_the_time() -> None:
    from tinyv_stream_workers.worker import GRACE_S

    for deployment in of_kind(render({}), "Deployment"):
        assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > GRACE_S + 20


def test_only_a_pod_with_a_gpu_asks_for_one() -> None:
    def image_and_limits(gpus: int) -> tuple[str, object]:
        deployments = of_kind(render({"tinyv": {"gpus": gpus}}), "Deployment")
        worker = container(next(one for one in deployments if one["metadata"]["name"] == "rl-tinyv"))
        return worker["image"], worker["resources"]["limits"].get("nvidia.com/gpu")

    assert image_and_limits(1) == ("tinyv-stream:0.1.0-tinyv-gpu", 1)
    assert image_and_limits(0) == ("tinyv-stream:0.1.0-tinyv-cpu", None)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"shards": 0}, "/shards"),
        ({"pol": "main"}, "pol"),
        ({"pool": "a b"}, "/pool"),
        ({"tinyv": {"gpus": 0.5}}, "/tinyv/gpus"),
        ({"broker": {"kind": "sentinels"}}, "/broker/kind"),
        ({"broker": {"kind": "sentinel"}, "tinyv": {"autoscaling": {"enabled": True}}}, "broker.sentinelMaster"),
        ({"broker": {"servers": 2}, "shards": 3}, "broker.servers"),
        ({"broker": {"servers": 2, "kind": "cluster"}}, "broker.servers"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises((HelmValuesError, HelmRenderError)) as caught:
        render(values)
    assert named in str(caught.value)


def pod_labels(deployment: Manifest) -> dict[str, str]:
    return deployment["spec"]["template"]["metadata"]["labels"]


def triggers(manifests: list[Manifest]) -> list[Manifest]:
    return [trigger for one in of_kind(manifests, "ScaledObject") for trigger in one["spec"]["triggers"]]
