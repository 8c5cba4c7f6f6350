"""Trainer API: submit, withdraw, read rewards, commit them, look up what became of a rollout.

A reward that cannot be read (junk, another release's) is an `UnreadableReward`: whoever reads sets it aside.
"""

from collections.abc import Sequence
from typing import Final, cast

import msgspec

from tinyv_stream.broker.messages import decode_reward
from tinyv_stream.broker.shard import Arg, FullError, ShardClient
from tinyv_stream.broker.worker import MOST_DEAD
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import Reward

FULL: Final = 0
ACCEPTED: Final = 1
OUTSTANDING: Final = 2
UNKNOWN: Final = 0

BATCH: Final = 64
"""Rollouts per script call: keeps a script under about 1 ms on the server."""


class UnreadableReward(msgspec.Struct, frozen=True, kw_only=True):
    """What stands where a reward should: its bytes, and why they are none."""

    uid: str
    raw: bytes
    reason: str
    entry: str = ""
    """Its place in the reward stream; empty where it was found by its uid alone."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a client's name, and how often it said so: one that lives says it again."""

    token: str
    about: bytes
    beats: int


class TrainerApi(ShardClient):
    """One client's view of the broker; see `ShardClient` for opening. Each method is one script, safe to run twice."""

    async def submit(
        self, run_id: str, items: Sequence[tuple[str, int, bytes]]
    ) -> list[int | Reward | UnreadableReward]:
        """Store up to `BATCH` works given as (uid, time to live in ms, body).

        Per item: ACCEPTED, OUTSTANDING (stored before), FULL (not stored), or the reward that is there already.
        """
        args: list[Arg] = [-(-self.config.max_outstanding // self.shards)]
        for item in items:
            args.extend(item)
        try:
            got = await self.script("submit", args, [self.keys.done(run_id)])
        except FullError:
            return [FULL] * len(items)
        return self._codes(got, [uid for uid, _, _ in items])

    async def withdraw(self, run_id: str, uids: Sequence[str]) -> None:
        """Take rollouts back: nobody works on them any more, and no reward is kept for them."""
        self._number(await self.script("withdraw", uids, [self.keys.done(run_id), self.keys.age(run_id)]))

    async def leave(self, run_id: str, client_id: str) -> None:
        """Drop the client's reward stream: it will not come back under this name."""
        self._number(await self.command("UNLINK", self.keys.rewards(run_id, client_id)))

    async def hold(
        self, run_id: str, client_id: str, token: str, about: bytes, *, lapse_s: float, dead: str = ""
    ) -> Holder | None:
        """Take or renew a client's name for `lapse_s` (0: give it up); return who has it if that is another.

        From the holder with the token `dead` it is taken.
        """
        args: list[Arg] = [token, about, round(lapse_s * 1000), dead]
        got = await self.script("hold", args, [self.keys.hold(run_id, client_id)])
        if not isinstance(got, list):
            raise BrokerError(self.place, "unexpected answer to a script")
        match cast("list[object]", got):
            case []:
                return None
            case [bytes(other), bytes(who), bytes(beats)] if beats.isdigit():
                return Holder(other.decode("ascii", "replace"), who, int(beats))
            case _:
                raise BrokerError(self.place, "unexpected answer to a script")

    async def rewards(
        self, run_id: str, client_id: str, *, block_s: float, count: int = 512
    ) -> tuple[str, list[tuple[str, Reward | UnreadableReward]]]:
        """Read the rewards since the last commit: (last entry id, [(uid, reward)]); ("", []) if none in `block_s`.

        Always from the start of the stream, so a server that came back with older data cannot hide any.
        """
        key = self.keys.rewards(run_id, client_id)
        got = await self.read_after(key, "0", count=count, block_s=block_s)
        last = got[-1][0].decode() if got else ""
        found: list[tuple[str, Reward | UnreadableReward]] = []
        for entry, fields in got:
            uid = fields.get(b"u", b"").decode("utf-8", "replace")
            found.append((uid, _reward(uid, fields.get(b"r"), entry.decode())))
        return last, found

    async def commit(self, run_id: str, client_id: str, last: str, uids: Sequence[str]) -> None:
        """Forget the rewards up to `last`, and what was kept to answer replays of `uids`."""
        ms, seq = last.split("-")
        keys = (self.keys.done(run_id), self.keys.rewards(run_id, client_id), self.keys.age(run_id))
        self._number(await self.script("commit", [f"{ms}-{int(seq) + 1}", *uids], keys))

    async def set_aside(self, run_id: str, client_id: str, unreadable: Sequence[UnreadableReward]) -> None:
        """Take what cannot be read out of the way of the stream, and keep it as dead letters with the reason."""
        keys = (self.keys.done(run_id), self.keys.rewards(run_id, client_id), self.keys.age(run_id))
        args: list[Arg] = [client_id, MOST_DEAD]
        for one in unreadable:
            args += [one.uid, one.entry, one.raw, one.reason]
        self._number(await self.script("set_aside", args, keys))

    async def check(self, run_id: str, uids: Sequence[str]) -> list[int | Reward | UnreadableReward]:
        """Return per uid its reward, OUTSTANDING, or UNKNOWN: then it has to be submitted again."""
        got = self._codes(await self.script("check", uids, [self.keys.done(run_id)]), uids)
        return [OUTSTANDING if code == 1 else code for code in got]

    def _number(self, got: object) -> int:
        """Return a count; raise BrokerError for a reply that no server of ours gives: nothing may have been done."""
        if not isinstance(got, int):
            raise BrokerError(self.place, "unexpected answer to a script")
        return got

    def _codes(self, got: object, uids: Sequence[str]) -> list[int | Reward | UnreadableReward]:
        """Return one answer per uid; raise BrokerError for a reply that no server of ours gives."""
        codes = cast("list[object]", got) if isinstance(got, list) else []
        if len(codes) != len(uids) or not all(isinstance(code, bytes) or code in _KNOWN for code in codes):
            raise BrokerError(self.place, "unexpected answer to a script")
        return [
            _reward(uid, code) if isinstance(code, bytes) else cast("int", code)
            for uid, code in zip(uids, codes, strict=True)
        ]


_KNOWN: Final = (FULL, ACCEPTED, OUTSTANDING)
"""Codes of scripts; a tuple, because what else may stand there need not be hashable."""


def _reward(uid: str, raw: bytes | None, entry: str = "") -> Reward | UnreadableReward:
    if raw is None:
        return UnreadableReward(uid=uid, raw=b"", entry=entry, reason="unreadable reward: the entry holds none")
    try:
        return decode_reward(raw)
    except msgspec.DecodeError as exc:
        return UnreadableReward(uid=uid, raw=raw, entry=entry, reason=f"unreadable reward: {exc}"[:200])
