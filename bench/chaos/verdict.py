"""Pass criteria of a chaos run: one reward each, the right one, in time, and nothing left behind."""

import fnmatch
from collections import Counter
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from bench.chaos.cases import ChaosCase
from bench.chaos.client import ClientTask, RewardRecord, read_journal
from bench.chaos.releases import YEAR
from bench.chaos.world import World, http_journal
from tinyv_stream.broker.keys import GROUP
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.client.session import GRACE_S
from tinyv_stream.types import STAGES, Status

_SLACK_S: Final = 1.0
"""Beside the client's grace: how late a busy machine may run a timer."""
_POOL_OWNS: Final = ("q:*", "stats", "meta", "dead", "cache", "cache:age", "hb", "workers")
"""Keys without an end that belong to the pool as such."""


class ChaosVerdict(msgspec.Struct, kw_only=True):
    """The figures of a run; `faults` of the promise are in `broken`, one sentence each."""

    seed: int
    shards: int
    rollouts: int
    seconds: float
    rewarded: int = 0
    by_http: int = 0
    """Of these, by the gateway."""
    injected: dict[str, int] = {}
    possible: list[str] = []
    """Kinds of fault that this machine and user can do; each comes once at least, if there is the time."""
    restarts: dict[str, int] = {}
    counters: dict[str, int] = {}
    sources: dict[str, int] = {}
    kinds: dict[str, int] = {}
    p50_s: float = 0.0
    max_s: float = 0.0
    dead_letters: int = 0
    spoilt: int = 0
    """Rollouts whose reward was junk when the client read it: `failed`, with the reason."""
    left_in_done: int = 0
    """Rewards kept for replays that nobody came for; they end with their time to live."""
    consumers: int = 0
    broken: list[str] = []

    @property
    def is_kept(self) -> bool:
        """Whether every promise held."""
        return not self.broken


def judge_rewards(verdict: ChaosVerdict, cases: list[ChaosCase], task: ClientTask, letters: dict[str, str]) -> None:
    """Compare the journal with what is right, and note each breach."""
    lines = [line for path in (task.journal, http_journal(task)) for line in read_journal(Path(path))]
    lines = [msgspec.structs.replace(line, **_today(line)) for line in lines]
    by_id = {line.rollout_id: line for line in lines}
    waits = sorted(line.total_s for line in lines) or [0.0]
    verdict.rewarded, verdict.dead_letters = len(lines), len(letters)
    verdict.p50_s, verdict.max_s = waits[len(waits) // 2], waits[-1]
    verdict.sources = dict(Counter(line.source for line in lines))
    verdict.kinds = dict(Counter(case.kind for case in cases))
    for rollout_id, count in Counter(line.rollout_id for line in lines).items():
        if count > 1:
            verdict.broken.append(f"{rollout_id}: {count} rewards")
    for case in cases:
        line = by_id.get(case.rollout.rollout_id)
        if line is None:
            verdict.broken.append(f"{case.rollout.rollout_id} ({case.kind}): no reward")
        else:
            _judge(verdict, case, line, task.deadline_s)
    may_be_lost = verdict.injected.get("roll back server", 0) + verdict.injected.get("kill server", 0)
    poison = [case.rollout.rollout_id for case in cases if case.status is Status.FAILED]
    unlettered = [i for i in poison if i not in letters]
    if len(unlettered) > may_be_lost:
        verdict.broken.append(f"no dead letter for {', '.join(unlettered)}")
    verdict.broken += [f"{i}: dead letter without a reason" for i in poison if letters.get(i) == ""]
    verdict.broken += [
        f"{i}: a dead letter, and harmless"
        for i in letters
        if i not in poison and "unreadable reward" not in letters[i]
    ]
    verdict.by_http = len(read_journal(Path(http_journal(task))))
    if verdict.spoilt > verdict.injected.get("junk reward", 0):
        verdict.broken.append(f"{verdict.spoilt} rewards were unreadable, more than were spoilt")


def _today(line: RewardRecord) -> dict[str, str]:
    """Return today's words for those of the second release."""
    return {name: getattr(line, name).removesuffix(YEAR) for name in ("status", "source")}


def _judge(verdict: ChaosVerdict, case: ChaosCase, line: RewardRecord, deadline_s: float) -> None:
    # A reward that was spoilt before the client read it is an honest failure.
    spoilt = verdict.injected.get("junk reward", 0) and line.reason.startswith("unreadable reward")
    verdict.spoilt += bool(spoilt)
    if (line.value, line.status) != ((None, Status.FAILED) if spoilt else (case.value, case.status)):
        verdict.broken.append(f"{line.rollout_id} ({case.kind}): {line.status} {line.value}, {line.reason}")
    if line.total_s > deadline_s + GRACE_S + _SLACK_S:
        verdict.broken.append(f"{line.rollout_id}: rewarded after {line.total_s:.1f} s")


async def leftovers(operator: OperatorApi) -> list[str]:
    """Return what should be gone once every rollout is rewarded, one sentence each."""
    found = [sentence for side in operator.sides for sentence in await _left_in(side)]
    holding = [w for w in (await operator.status()).workers if w.held and w.state != "lost"]
    return found + [f"worker {w.name} ({w.state}, pid {w.pid}) says that it holds {w.held}" for w in holding]


async def _left_in(shard: OperatorApi) -> list[str]:
    k, found = shard.keys, list[str]()
    for name, command in (
        ("live", "ZCARD"),
        ("at", "HLEN"),
        ("parked", "HLEN"),
        ("leaders", "HLEN"),
    ):
        count = await shard.command(command, str(getattr(k, name)))
        if count:
            found.append(f"{count} left in {name} of shard {k.shard}")
    for stage in STAGES:
        waiting = await shard.command("XLEN", k.queue(stage))
        pending = cast("dict[str, Any]", await shard.command("XPENDING", k.queue(stage), GROUP))["pending"]
        if waiting or pending:
            found.append(f"{waiting} queued and {pending} leased in stage {stage} of shard {k.shard}")
    return found


async def judge_server(verdict: ChaosVerdict, world: World) -> None:
    """Look at what the run left on the server."""
    operator = world.operator
    verdict.broken += await leftovers(operator)
    tags = [f"{side.keys.tag}:" for side in operator.sides]
    for raw in cast("list[bytes]", await operator.command("KEYS", "*")):
        name = raw.decode()
        tag = next((tag for tag in tags if name.startswith(tag)), "?")
        owned = any(fnmatch.fnmatchcase(name.removeprefix(tag), pattern) for pattern in _POOL_OWNS)
        if not owned and await operator.command("PTTL", name) == -1:
            verdict.broken.append(f"key {name} has no end and no owner")
    for side in operator.sides:
        for run in (f"chaos{world.task.seed}", "gateway"):
            verdict.left_in_done += cast("int", await side.command("HLEN", side.keys.done(run)))
        for stage in STAGES:
            groups = await side.command("XINFO", "CONSUMERS", side.keys.queue(stage), GROUP)
            verdict.consumers += len(cast("list[object]", groups))
    verdict.counters = (await operator.status()).stats
    verdict.restarts = dict(world.restarts)
    for client in world.clients:
        if status := client.exit.result():
            said = " / ".join(client.child.last_lines(4))
            verdict.broken.append(f"client {client.name} ended with status {status}: {said}")
