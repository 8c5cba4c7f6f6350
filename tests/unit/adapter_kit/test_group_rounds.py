"""Groups of a trainer that comes back to a prompt, beside the ledger that refuses a full one."""

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream import Rollout
from tinyv_stream.adapter_kit.group_rounds import GroupRounds
from tinyv_stream.client.ledger import Ledger, LedgerEntry
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.types import validate_rollout

NAMES = ("a", "b", "x" * 128)


def rollout(group: str, size: int) -> Rollout:
    return Rollout(question="q", completion="c", ground_truth="1", group_id=group, group_size=size)


async def submit(groups: list[str], size: int) -> Counter[str]:
    async def cancel(rollout_id: str) -> None:
        raise AssertionError(rollout_id)

    rounds, ledger = GroupRounds(), Ledger()
    seen: Counter[str] = Counter()
    for n, group in enumerate(groups):
        placed = rounds.place(rollout(group, size))
        validate_rollout(placed)
        seen[placed.group_id] += 1
        ticket = Ticket(f"r{n}", placed.group_id, cancel)
        ledger.add(LedgerEntry(uid=f"r{n}", body=b"", ticket=ticket, submitted=0, deadline=9), group_size=size)
    return seen


@given(st.lists(st.sampled_from(NAMES), max_size=40), st.integers(2, 5))
def test_no_round_has_more_members_than_its_size(groups: list[str], size: int) -> None:
    seen = asyncio.run(submit(groups, size))
    assert all(count <= size for count in seen.values())
    full = sum(count == size for count in seen.values())
    assert full == sum(groups.count(group) // size for group in NAMES)


def test_a_rollout_without_a_group_stays_as_it_is() -> None:
    rounds = GroupRounds()
    assert all(rounds.place(r) is r for r in [rollout("", 1)] * 3 + [rollout("g", 1)] * 3)
