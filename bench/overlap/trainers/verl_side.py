# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false, reportMissingTypeStubs=false
# pyright: reportUnknownParameterType=false
# ruff: noqa: ANN401 verl and Ray are not installed where the types are checked.
"""Mode `verl`, in verl's environment: `python -m bench.overlap.trainers verl`, driven by `process`.

- verl's own code on Ray: `AgentLoopWorker._compute_score` hands a sample, when its generation ends, to one of the
  `RewardLoopWorker` actors of a `RewardLoopManager`, where `NaiveRewardManager` decodes it and awaits our function.
- The agent loop is in this process and has no engine around it: generation is replayed. A reward counts here, when
  `_compute_score` returns; verl's trainer would find it when it next looks, every 2 s.
"""

import importlib.metadata
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import ray
from omegaconf import OmegaConf
from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics, AgentLoopOutput, AgentLoopWorker
from verl.experimental.reward_loop import RewardLoopManager

from bench.overlap.reference import found, job_of, span_of_answer
from bench.overlap.reference_call import CallAnswer, Endpoint
from bench.overlap.replay import ReplayedStep, generation
from bench.overlap.trainers.policy import make_tokenizer
from bench.overlap.trainers.protocol import Hello, TrainerTask, serve
from bench.workload import Mix, StepCompletion, bundled, make
from tinyv_stream.timeline.spans import Span
from tinyv_stream.verifiers.tinyv.models import OWN

WORKERS: Final = 8
"""verl's default of `reward.num_workers`."""
_STORE_BYTES: Final = 256 * 2**20
_TRIES: Final = 3
_PACKAGES: Final = ("verl", "ray", "torch", "transformers")


class _AgentLoop(AgentLoopWorker):
    """verl's agent-loop worker, its `_compute_score` untouched, without the engine and the processors around it."""

    def __init__(self, handles: list[Any]) -> None:
        self.reward_loop_worker_handles = handles

    def _compute_multi_modal_inputs(self, *_: Any) -> dict[str, Any]:
        return {}

    def _compute_position_ids(self, _ids: Any, mask: Any, *_: Any) -> Any:
        return mask.cumsum(-1) - 1

    def _get_mm_processor_kwargs(self, *_: Any) -> None:
        return None


class _Player:
    """Plays steps through the agent loop."""

    def __init__(self, loop: _AgentLoop, tokenizer: Any) -> None:
        self._loop = loop
        self._tokenizer = tokenizer

    async def __call__(self, task: TrainerTask) -> ReplayedStep:
        # The tokens are there before the clock starts: an engine hands over tokens, not text.
        ready = {line.rollout.rollout_id: self.output(line) for line in task.step.lines}
        spans: list[Span] = []
        answers: list[CallAnswer] = []
        start = time.monotonic()

        async def finished(line: StepCompletion) -> None:
            output = ready[line.rollout.rollout_id]
            await self._loop._compute_score([output], kwargs=_row(line, task.server))  # noqa: SLF001 its real path
            rewarded_s = time.monotonic() - start
            answer = msgspec.convert(output.extra_fields["reward_extra_info"]["answer"], CallAnswer)
            if output.reward_score != answer.value:
                raise RuntimeError(f"verl gave {output.reward_score} for a score of {answer.value}")
            answers.append(answer)
            spans.append(span_of_answer(line, answer, rewarded_s=rewarded_s, number=task.number))

        async with generation(task.step, start, finished, lambda: None):
            pass
        return found(spans, answers)

    def output(self, line: StepCompletion) -> AgentLoopOutput:
        """Return what verl's engine would hand over for `line`."""
        response = self._tokenizer(line.rollout.completion)["input_ids"]
        return AgentLoopOutput(
            prompt_ids=self._tokenizer(line.rollout.question)["input_ids"],
            response_ids=response,
            response_mask=[1] * len(response),
            metrics=AgentLoopMetrics(),
        )


def _row(line: StepCompletion, server: Endpoint) -> dict[str, Any]:
    """Return a sample's columns as verl's data set has them; the question is in none of them that a function gets."""
    job = msgspec.to_builtins(msgspec.structs.replace(job_of(line, server), completion=""))
    return {
        "data_source": line.rollout.data_source,
        "reward_model": {"style": "rule", "ground_truth": line.rollout.ground_truth},
        "extra_info": {"job": job},
        "raw_prompt": [{"role": "user", "content": line.rollout.question}],
        "uid": line.rollout.group_id,
        "session_id": 0,
        "global_steps": 0,
    }


def _config(model: Path) -> Any:
    function = {"path": "pkg://bench.overlap.trainers.verl_function", "name": "compute_score", "reward_kwargs": {}}
    return OmegaConf.create(
        {
            "reward": {
                "num_workers": WORKERS,
                "custom_reward_function": function,
                "reward_manager": {"source": "register", "name": "naive", "module": {"path": None, "name": None}},
                "reward_model": {"enable": False, "enable_resource_pool": False},
                "sandbox_fusion": None,
            },
            "actor_rollout_ref": {"model": {"path": str(model), "tokenizer_path": None}, "rollout": {"n": 8}},
        }
    )


async def _warm(loop: _AgentLoop, player: _Player) -> None:
    """Let every actor load the graders: the rules accept these samples, so no server is needed."""
    step = make(bundled(4, -3), 8, wall_s=0.1, seed=-3, mix=Mix(right_a=1e6, right_b=1e-6, false_negative=0.0))
    right = next(line for line in step.lines if line.kind == "right")
    nowhere = Endpoint(port=0, model="", row=OWN)
    for handle in loop.reward_loop_worker_handles:
        one = _AgentLoop([handle])
        await one._compute_score([player.output(right)], kwargs=_row(right, nowhere))  # noqa: SLF001 as above


async def run(out: BinaryIO) -> None:
    """Serve steps on standard input until it ends."""
    with tempfile.TemporaryDirectory(prefix="tinyv-verl-") as home:
        tokenizer = make_tokenizer(Path(home))
        _start_ray()
        try:
            manager = RewardLoopManager(_config(Path(home)))
            loop = _AgentLoop(manager.reward_loop_worker_handles)
            player = _Player(loop, tokenizer)
            await _warm(loop, player)
            await serve(out, _hello(manager), player)
        finally:
            ray.shutdown()


def _start_ray() -> None:
    """Start Ray; it gives its own processes 30 s to come up, which engines loading beside it may not leave them."""
    for left in reversed(range(_TRIES)):
        try:
            ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, object_store_memory=_STORE_BYTES)
        except Exception:  # Ray raises nothing more special
            ray.shutdown()
            if not left:
                raise
        else:
            return


def _hello(manager: RewardLoopManager) -> Hello:
    """Name what runs, from the objects that do."""
    score = AgentLoopWorker._compute_score  # noqa: SLF001 as above
    actors = [type_of(handle) for handle in manager.reward_loop_worker_handles]
    path = (
        f"{_name(score)} -> {len(actors)} Ray actors {'/'.join(sorted(set(actors)))} of {_name(type(manager))} -> "
        f"{_name(manager.reward_manager_cls)}"
    )
    return Hello({name: importlib.metadata.version(name) for name in _PACKAGES}, path)


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def type_of(handle: Any) -> str:
    """Return the class that an actor runs, as Ray itself names it."""
    return repr(handle).partition("(")[2].partition(",")[0]
