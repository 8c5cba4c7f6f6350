"""Trainer API: submit, withdraw, read rewards, commit them, look up what became of a rollout."""

from collections.abc import Sequence
from typing import Final, cast

from tinyv_stream.broker.messages import decode_reward
from tinyv_stream.broker.shard import Arg, FullError, ShardClient
from tinyv_stream.types import Reward

FULL: Final = 0
ACCEPTED: Final = 1
OUTSTANDING: Final = 2
UNKNOWN: Final = 0

BATCH: Final = 64
"""Rollouts per script call: keeps a script under about 1 ms on the server."""


class TrainerSide(ShardClient):
    """One client's view of the broker; see `ShardClient` for opening. Each method is one script, safe to run twice."""

    async def submit(self, run_id: str, items: Sequence[tuple[str, int, bytes]]) -> list[int | Reward]:
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
        return _codes(got)

    async def withdraw(self, run_id: str, uids: Sequence[str]) -> None:
        """Take rollouts back: nobody works on them any more, and no reward is kept for them."""
        await self.script("withdraw", uids, [self.keys.done(run_id), self.keys.age(run_id)])

    async def leave(self, run_id: str, client_id: str) -> None:
        """Drop the client's reward stream: it will not come back under this name."""
        await self.command("UNLINK", self.keys.rewards(run_id, client_id))

    async def rewards(
        self, run_id: str, client_id: str, *, block_s: float, count: int = 512
    ) -> tuple[str, list[tuple[str, Reward]]]:
        """Read the rewards since the last commit: (last entry id, [(uid, reward)]); ("", []) if none in `block_s`.

        Always from the start of the stream, so a server that came back with older data cannot hide any.
        """
        key = self.keys.rewards(run_id, client_id)
        got = await self.read_after(key, "0", count=count, block_s=block_s)
        last = got[-1][0].decode() if got else ""
        return last, [(fields[b"u"].decode(), decode_reward(fields[b"r"])) for _, fields in got]

    async def commit(self, run_id: str, client_id: str, last: str, uids: Sequence[str]) -> None:
        """Forget the rewards up to `last`, and what was kept to answer replays of `uids`."""
        ms, seq = last.split("-")
        keys = (self.keys.done(run_id), self.keys.rewards(run_id, client_id), self.keys.age(run_id))
        await self.script("commit", [f"{ms}-{int(seq) + 1}", *uids], keys)

    async def check(self, run_id: str, uids: Sequence[str]) -> list[int | Reward]:
        """Return per uid its reward, OUTSTANDING, or UNKNOWN: then it has to be submitted again."""
        got = _codes(await self.script("check", uids, [self.keys.done(run_id)]))
        return [OUTSTANDING if code == 1 else code for code in got]


def _codes(got: object) -> list[int | Reward]:
    return [decode_reward(c) if isinstance(c, bytes) else c for c in cast("list[int | bytes]", got)]
