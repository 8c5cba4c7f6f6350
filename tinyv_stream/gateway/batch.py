"""A batch of rollouts as it was posted: a bad item fails alone, with its index."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.files.rollout_json import decode_rollout
from tinyv_stream.gateway.schemas import field_of
from tinyv_stream.gateway.settings import GatewayConfig
from tinyv_stream.types import Reward, Rollout, Source, Status, validate_rollout

T = TypeVar("T")
_OUR_NAMES: Final = {"": "rollouts[{}]."}
"""What stands before a field's own name."""
ANOTHERS: Final = "it was submitted by another client"
_TWICE: Final = "the batch has it twice: give every rollout its own"


class Bad(msgspec.Struct, frozen=True):
    """One item that cannot be used; as it stands in an answer's `errors`."""

    index: int
    field: str
    message: str


class Batch(msgspec.Struct, frozen=True):
    """The usable items of a post in order, and the others."""

    good: list[Rollout]
    bad: list[Bad]
    first: InvalidInputError | None = None
    """What is wrong with the first bad one."""

    def spread(self, answers: Sequence[T], missing: Sequence[T]) -> list[T]:
        """Return the answers of the good items and `missing` of the bad ones, each at its item's index."""
        at = {bad.index: one for bad, one in zip(self.bad, missing, strict=True)}
        rest = iter(answers)
        return [at[i] if i in at else next(rest) for i in range(len(answers) + len(at))]

    def with_own_ids(self, is_anothers: Callable[[str], bool]) -> "Batch":
        """Return the batch without the items whose id it has twice, or another client has.

        Raises InvalidInputError where none is left: for the first one.
        """
        bad = {one.index: one for one in self.bad}
        good: dict[str | int, Rollout] = {}
        first = self.first
        indices = (i for i in range(len(self.good) + len(bad)) if i not in bad)
        for i, rollout in zip(list(indices), self.good, strict=True):
            own = rollout.rollout_id or i
            remedy = _TWICE if own in good else ANOTHERS if is_anothers(rollout.rollout_id) else ""
            if not remedy:
                good[own] = rollout
                continue
            named = InvalidInputError(f"rollouts[{i}].rollout_id", rollout.rollout_id, remedy)
            first = first or named
            bad[i] = Bad(i, named.field, str(named))
        if first and not good:
            raise first
        return Batch(list(good.values()), [bad[i] for i in sorted(bad)], first)


def read_batch(items: Sequence[msgspec.Raw], config: GatewayConfig) -> Batch:
    """Return the batch; raises as `sorted_out` does."""
    return sorted_out([_rollout(i, bytes(raw)) for i, raw in enumerate(items)], config)


def sorted_out(
    items: Sequence[Rollout | InvalidInputError], config: GatewayConfig, names: Mapping[str, str] = _OUR_NAMES
) -> Batch:
    """Return a batch of rollouts, some of which are known to be bad; `names` are those of fields, `{}` is the index.

    Raises InvalidInputError if it is empty, too long, or has no good item: for the first one.
    """
    check_length(items, config)
    good: list[Rollout] = []
    bad: list[Bad] = []
    first: InvalidInputError | None = None
    for i, item in enumerate(items):
        named = item
        if isinstance(item, Rollout):
            try:
                good.append(complete(item, config))
                continue
            except InvalidInputError as exc:
                field = names.get(exc.field, _OUR_NAMES[""] + exc.field).format(i)
                named = InvalidInputError(field, exc.value, exc.remedy)
        if isinstance(named, InvalidInputError):
            first = first or named
            bad.append(Bad(i, named.field, str(named)))
    if first and not good:
        raise first
    return Batch(good, bad, first)


def check_length(items: Sequence[object], config: GatewayConfig) -> None:
    """Raise InvalidInputError for no items, or too many."""
    if not items:
        raise InvalidInputError("rollouts", [], "give at least one")
    if len(items) > config.max_rollouts:
        raise InvalidInputError("rollouts", len(items), f"send at most {config.max_rollouts} at once")


def complete(rollout: Rollout, config: GatewayConfig) -> Rollout:
    """Return `rollout` with the gateway's defaults; raise InvalidInputError for a field that cannot travel."""
    rollout = validate_rollout(rollout)
    # Nobody waits for whole groups here, and two clients may name groups alike but of different sizes.
    return msgspec.structs.replace(rollout, data_source=rollout.data_source or config.data_source, group_size=1)


def failed(rollout_id: str, reason: str, group_id: str = "") -> Reward:
    """Return the reward of a rollout that cannot be asked about: it has no value."""
    return Reward(
        rollout_id=rollout_id,
        value=None,
        status=Status.FAILED,
        source=Source.FALLBACK,
        reason=reason,
        group_id=group_id,
    )


def _rollout(i: int, raw: bytes) -> Rollout | InvalidInputError:
    try:
        return decode_rollout(raw)
    except msgspec.ValidationError as exc:
        field, message = field_of(str(exc))
        return InvalidInputError(f"rollouts[{i}].{field}", message, "see /openapi.json")
    except (ValueError, RecursionError) as exc:
        return InvalidInputError(f"rollouts[{i}].body", str(exc)[:120], "send valid JSON in UTF-8")
