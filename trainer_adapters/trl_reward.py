"""TRL 1.16, `GRPOTrainer`: rewards from the pool, at the end of generation or while it goes on.

- `TinyVReward` is an asynchronous reward function: a whole batch is verified at once, after its generation.
- `TinyVStreaming` gives a `rollout_func` and a reward function that belong together: completions are verified while
  the next ones are generated, and only the last chunk's verification is waited for.
- A rollout that nobody decided is None (TRL leaves it out of baseline and loss) unless `on_undecided` says otherwise.

`AsyncGRPOTrainer` has an adapter of its own: `trl_rollout_worker`.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final, cast

import msgspec

from tinyv_stream import InvalidInputError, Rollout
from tinyv_stream.adapter_kit import (
    AdapterSettings,
    JudgedReward,
    background,
    begin_step,
    completion_of,
    figures,
    flat_groups,
    means,
    question_of,
    read_settings,
    request_reward,
    request_rewards,
)
from trainer_adapters.shared import field, group_key

GROUND_TRUTH: Final = ("ground_truth", "solution", "answer")
"""Columns that hold the reference answer, in the order they are looked for; `solution` is TRL's own name for it."""

TICKET: Final = "tinyv_ticket"
Generate = Callable[[Any, Sequence[Sequence[int]]], tuple[list[list[int]], list[list[float]] | None]]
"""(trainer, prompts' token ids) -> completions' token ids and log-probabilities."""


def rollout_of(
    prompt: object,
    completion: object,
    row: Mapping[str, Any],
    chosen: AdapterSettings,
    *,
    group_size: int,
    step: int | None,
) -> Rollout:
    """Return the rollout of one completion; raise InvalidInputError if the data set has no reference answer."""
    ground_truth = str(field(row, *GROUND_TRUTH))
    question = str(row.get("question") or question_of(prompt))
    return Rollout(
        prompt=question_of(prompt),
        question=question,
        completion=completion_of(completion),
        ground_truth=ground_truth,
        data_source=str(row.get("data_source") or chosen.data_source),
        group_id=group_key(question, ground_truth, group_size, step),
        group_size=group_size,
        step=step,
    )


class TinyVReward:
    """`GRPOTrainer(reward_funcs=TinyVReward(redis_url=...))`; keywords are those of `adapter_kit.AdapterSettings`.

    It can be pickled, so `AsyncGRPOTrainer` takes it too; there it scores one group at a time.
    """

    __name__ = "tinyv_stream"

    def __init__(self, **given: object) -> None:
        self._settings = read_settings(given)

    async def __call__(
        self,
        prompts: Sequence[object],
        completions: Sequence[object],
        **columns: Any,  # noqa: ANN401 TRL's
    ) -> list[float | None]:
        """Return a number or None per completion; raise InvalidInputError, BrokerError, by policy UndecidedError."""
        chosen, step = self._settings, _step(columns)
        rows = _rows(columns, len(prompts))
        rollouts = [
            rollout_of(prompt, completion, row, chosen, group_size=1, step=step)
            for prompt, completion, row in zip(prompts, completions, rows, strict=True)
        ]
        started = time.monotonic()
        judged = await request_rewards(chosen, rollouts)
        values = [one.value(chosen.policy, abstain_as="none") for one in judged]
        _log(columns, judged, time.monotonic() - started, prompts=prompts, values=values)
        return values


class TinyVStreaming:
    """Verification during generation: `GRPOTrainer(rollout_func=s.rollout, reward_funcs=s.reward, ...)`.

    Args:
        rows: the data set; `rollout` is given prompts alone, and finds their reference answers here.
        chunk: completions generated at a time; a multiple of `num_generations`, which it is by default. Smaller
            chunks hide more verification, larger ones use the generator better.
        generate: what generates; by default the trainer's own way, whatever that is (transformers, vLLM).
        given: as for `adapter_kit.AdapterSettings`.
    """

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        chunk: int | None = None,
        generate: Generate | None = None,
        **given: object,
    ) -> None:
        self._settings = read_settings(given)
        self._chunk = chunk
        self._generate = generate or _generate
        self._rows: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            self._add(row)
        self._tickets: dict[str, Future[JudgedReward]] = {}

    def rollout(self, prompts: list[Any], trainer: Any) -> dict[str, Any]:  # noqa: ANN401 TRL's
        """Generate in chunks, and submit each chunk while the next is generated. For `rollout_func`."""
        size = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
        chunk = self._chunk or size
        if chunk % size:
            raise InvalidInputError("chunk", chunk, f"use a multiple of num_generations, {size}")
        prompt_ids, images, _ = trainer._tokenize_prompts(prompts)  # noqa: SLF001 TRL has no public way
        if images is not None:
            raise InvalidInputError("prompt", "images", "use TinyVReward for image prompts")
        if trainer.model.training:  # an evaluation is no step of its own
            background.start(begin_step(self._settings, trainer.state.global_step)).result()
        out: dict[str, list[Any]] = {"prompt_ids": list(prompt_ids), "completion_ids": [], "logprobs": [], TICKET: []}
        has_logprobs = True
        for start in range(0, len(prompts), chunk):
            ids, logprobs = self._generate(trainer, prompt_ids[start : start + chunk])
            texts = trainer.processing_class.batch_decode(ids, skip_special_tokens=True)
            out["completion_ids"] += ids
            has_logprobs = has_logprobs and logprobs is not None
            out["logprobs"] += logprobs or []
            for prompt, text in zip(prompts[start : start + chunk], texts, strict=True):
                out[TICKET].append(self._submit(prompt, text, size, trainer.state.global_step))
        return out if has_logprobs else {**out, "logprobs": None}

    def reward(self, **columns: Any) -> list[float | None]:  # noqa: ANN401 TRL's
        """Collect the rewards of what `rollout` submitted. For `reward_funcs`."""
        if TICKET not in columns:
            raise InvalidInputError("rollout_func", None, "give the trainer `rollout_func=` of the same TinyVStreaming")
        started = time.monotonic()
        judged = [self._tickets.pop(ticket).result() for ticket in columns[TICKET]]
        values = [one.value(self._settings.policy, abstain_as="none") for one in judged]
        _log(columns, judged, time.monotonic() - started, prompts=columns.get("prompts", ()), values=values)
        return values

    def _submit(self, prompt: object, text: str, group_size: int, step: int) -> str:
        row = self._rows.get(_key(prompt))
        if row is None:
            raise InvalidInputError("prompt", prompt, "give TinyVStreaming the same data set as the trainer")
        rollout = rollout_of(prompt, text, row, self._settings, group_size=group_size, step=step)
        ticket = uuid.uuid4().hex
        self._tickets[ticket] = background.start(request_reward(self._settings, rollout))
        return ticket

    def _add(self, row: Mapping[str, Any]) -> None:
        known = self._rows.setdefault(_key(row["prompt"]), row)
        if field(known, *GROUND_TRUTH) != field(row, *GROUND_TRUTH):
            raise InvalidInputError("prompt", row["prompt"], "one prompt has two reference answers; drop one of them")


TinyVStreaming.reward.__name__ = "tinyv_stream"


def _generate(trainer: Any, prompt_ids: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[list[float]] | None]:  # noqa: ANN401 TRL's
    size = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
    return trainer._generate_single_turn(list(prompt_ids), None, {}, size)  # noqa: SLF001 TRL has no public way


def _rows(columns: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Turn TRL's columns, one list per name, into one mapping per completion."""
    lists = {n: cast("list[Any]", cells) for n, cells in columns.items() if isinstance(cells, list)}
    return [{name: cells[i] for name, cells in lists.items() if len(cells) == count} for i in range(count)]


def _step(columns: Mapping[str, Any]) -> int | None:
    return getattr(columns.get("trainer_state"), "global_step", None)


def _log(
    columns: Mapping[str, Any],
    judged: Sequence[JudgedReward],
    exposed_s: float,
    *,
    prompts: Sequence[object],
    values: Sequence[float | None],
) -> None:
    """Put the figures among the trainer's own: what was rescued, what nobody decided, what was waited for.

    Of groups, what this process has of them.
    """
    log_metric = columns.get("log_metric")
    if log_metric is None:
        return
    rows = [figures(one) for one in judged]
    groups: dict[str, list[tuple[float | None, bool]]] = {}
    for prompt, value, row in zip(prompts, values, rows, strict=False):
        groups.setdefault(_key(prompt), []).append((value, row["rule_correct"] > 0))
    for name, value in {**means(rows), **flat_groups(groups.values()), "exposed_s": exposed_s}.items():
        log_metric(f"tinyv/{name}", value)


def _key(prompt: object) -> str:
    return msgspec.json.encode(prompt).decode()
