"""The chart, rendered offline by Helm's own library, and what Kubernetes and KEDA say of the result."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from helm_python.chart import Chart

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "tinyv-stream"
VERSIONS = ("1.27", "1.37")
"""The oldest that Chart.yaml admits, and the newest whose schemas the validator carries."""

Manifest = dict[str, Any]

VALUES: dict[str, Mapping[str, Any]] = {
    "defaults": {},
    "scaled shards": {
        "shards": 3,
        "rule": {"autoscaling": {"enabled": True}},
        "tinyv": {"autoscaling": {"enabled": True, "min": 0}},
        "config": {"tinyv": {"model": "zhangchenxu/TinyV-1.5B", "weight": 0.5}},
    },
    "two servers": {"broker": {"servers": 2}, "tinyv": {"autoscaling": {"enabled": True}}},
    "sentinels, TLS, CPU": {
        "pool": "other_1",
        "broker": {"kind": "sentinel", "sentinelMaster": "mymaster", "tls": True, "port": 26379},
        "tinyv": {"gpus": 0, "tolerations": [], "autoscaling": {"enabled": True}},
    },
    "cluster, cached models": {
        "shards": 16,
        "broker": {"kind": "cluster"},
        "tinyv": {"gpus": 2, "modelCache": "models", "nodeSelector": {"gpu": "h100"}, "autoscaling": {"enabled": True}},
        "imagePullSecrets": [{"name": "pull"}],
        "networkPolicy": {"hub": False, "brokerTo": [{"podSelector": {"matchLabels": {"app": "valkey"}}}]},
    },
}


def render(values: Mapping[str, Any]) -> list[Manifest]:
    """Return the objects that an install with `values` makes."""
    files = Chart.load(str(CHART)).render(dict(values), name="rl", namespace="tv")
    texts = [text for name, text in files.items() if not name.endswith("NOTES.txt")]
    return [manifest for text in texts for manifest in yaml.safe_load_all(text) if manifest]


def objections(manifest: Manifest, version: str) -> str:
    """Return what Kubernetes `version`, or KEDA, has against an object; empty if it would take it."""
    if manifest["apiVersion"].startswith("keda.sh/"):
        return _by_keda(manifest)
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as exc:
        return f"{manifest['kind']} {manifest['metadata']['name']}: {exc.message}"
    return ""


def _by_keda(manifest: Manifest) -> str:
    """Read an object by KEDA's CRD, and write it again: a field that is lost on the way is one that KEDA lacks."""
    kind = {"ScaledObject": keda.ScaledObject, "TriggerAuthentication": keda.TriggerAuthentication}[manifest["kind"]]
    try:
        read = kind.model_validate(manifest)
    except ValueError as exc:
        return str(exc)
    again = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    lost = sorted(set(_paths(manifest)) - set(_paths(again)))
    return f"unknown: {', '.join(lost)}" if lost else ""


def _paths(value: object, at: str = "") -> list[str]:
    if isinstance(value, dict):
        return [path for name, inner in value.items() for path in _paths(inner, f"{at}.{name}")] or [at]
    if isinstance(value, list):
        return [path for n, inner in enumerate(value) for path in _paths(inner, f"{at}[{n}]")] or [at]
    return [at]


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def container(deployment: Manifest) -> Manifest:
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return only
