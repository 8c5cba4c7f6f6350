"""Every Redis key, in one place. All keys of a shard share one hash tag, so a script may touch them together.

`T` is `{tv:<pool>:<shard>}`. Work queues belong to the pool and serve all its runs; rewards belong to a client.
A pool has one shard, but for a cluster, where its shards are spread over the nodes, and for several servers, which have
one each (`server_set`, whose own key is in no shard). A rollout's shard follows from its question and ground truth, so
that equal rollouts meet in one.
"""

import msgspec

from tinyv_stream.types import Stage


class Keys(msgspec.Struct, frozen=True):
    """The keys of one shard of one pool."""

    pool: str
    shard: int = 0

    @property
    def tag(self) -> str:
        """The hash tag that every key starts with."""
        return f"{{tv:{self.pool}:{self.shard}}}"

    def queue(self, stage: Stage) -> str:
        """STREAM: waiting and running work of a stage; group `GROUP`."""
        return f"{self.tag}:q:{stage}"

    @property
    def live(self) -> str:
        """ZSET uid -> deadline (server ms): the outstanding rollouts, and the exactly-once check."""
        return f"{self.tag}:live"

    @property
    def at(self) -> str:
        """HASH uid -> where its one entry is: `<stage> <entry id> <ckey>` or `wait <ckey>`."""
        return f"{self.tag}:at"

    @property
    def parked(self) -> str:
        """HASH uid -> work of a rollout that waits for an equal one's verdict."""
        return f"{self.tag}:parked"

    @property
    def leaders(self) -> str:
        """HASH ckey -> uids that share one TinyV call, the asking one first, split by newlines."""
        return f"{self.tag}:leaders"

    @property
    def cache(self) -> str:
        """HASH `<ckey>:<verifier>` -> TinyV's verdict."""
        return f"{self.tag}:cache"

    @property
    def cache_age(self) -> str:
        """ZSET `<ckey>:<verifier>` -> when the cached verdict lapses (server ms)."""
        return f"{self.tag}:cache:age"

    @property
    def stats(self) -> str:
        """HASH counter -> number, since the pool's first start."""
        return f"{self.tag}:stats"

    @property
    def meta(self) -> str:
        """HASH: what holds for the whole pool: shards, verifier, desired state, clock, settings, turns to restart."""
        return f"{self.tag}:meta"

    @property
    def dead(self) -> str:
        """STREAM: dead letters, bounded."""
        return f"{self.tag}:dead"

    @property
    def heartbeat(self) -> str:
        """ZSET worker -> last beat (server ms). For people only: recovery goes by idle time."""
        return f"{self.tag}:hb"

    @property
    def workers(self) -> str:
        """HASH worker -> what it says of itself (JSON)."""
        return f"{self.tag}:workers"

    def rewards(self, run_id: str, client_id: str) -> str:
        """STREAM: rewards for one client, since its last commit."""
        return f"{self.tag}:res:{run_id}:{client_id}"

    def hold(self, run_id: str, client_id: str) -> str:
        """HASH: which live process uses a client's name; lapses unless it is renewed."""
        return f"{self.tag}:hold:{run_id}:{client_id}"

    def done(self, run_id: str) -> str:
        """HASH uid -> reward, until the client commits it; answers replays."""
        return f"{self.tag}:done:{run_id}"

    def age(self, run_id: str) -> str:
        """ZSET uid -> when its reward in `done` lapses (server ms), for what no client commits while the run lives."""
        return f"{self.tag}:age:{run_id}"


GROUP = "w"
"""Name of the one consumer group per queue; it is created at 0, so nothing is ever missed."""
