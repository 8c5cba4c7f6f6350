"""prime-rl 0.8 and verifiers 0.4: a reward that any task can plug in by its path.

    [orchestrator.train.source.env.taskset.task.rewards.tinyv]
    fn = "trainer_adapters.verifiers_reward:tinyv_reward"

- Called at the end of each rollout, in the environment's loop; settings by environment variables.
- A rollout that nobody decided raises: verifiers marks its trace, and prime-rl leaves it out of its group.
"""

from typing import Any

from tinyv_stream import InvalidInputError, Rollout
from tinyv_stream.adapter_kit import AdapterSettings, figures, question_of, read_settings, request_reward

_TRUTH = ("answer", "ground_truth", "solution")


async def tinyv_reward(task: Any, trace: Any) -> float:  # noqa: ANN401 verifiers finds what it gives by these names
    """Return the reward of `trace`; raises UndecidedError, InvalidInputError, BrokerError."""
    chosen = read_settings()
    judged = await request_reward(chosen, rollout_of(task, trace, chosen))
    trace.record_metrics({f"tinyv_{name}": number for name, number in figures(judged).items()})
    return judged.value(chosen.policy, abstain_as="error")


def rollout_of(task: Any, trace: Any, chosen: AdapterSettings) -> Rollout:  # noqa: ANN401 verifiers' objects
    """Return the rollout of a trace; the task names its reference answer `answer`, `ground_truth` or `solution`."""
    data = getattr(task, "data", task)
    truths = [t for t in (getattr(data, name, None) for name in _TRUTH) if t is not None]
    if not truths:
        raise InvalidInputError("answer", type(data).__name__, f"give the task data a field {' or '.join(_TRUTH)}")
    prompt = getattr(data, "prompt_text", None) or question_of(getattr(data, "prompt", ""))
    return Rollout(
        question=str(getattr(data, "question", None) or prompt),
        completion=str(trace.last_reply),
        ground_truth=str(truths[0]),
        data_source=str(getattr(data, "data_source", None) or chosen.data_source),
    )
