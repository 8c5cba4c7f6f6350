"""`tinyv-stream dead-letters`: the rollouts that were given up because each worker that took them died.

Each has had its one reward (`failed`) already; a retry is for finding out, and its reward is shown here.
All text of a rollout is foreign: control characters are shown as escapes, and it is cut unless asked for in full.
"""

import asyncio
import uuid
from contextlib import suppress
from typing import Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.broker.operator import DeadLetter, OperatorApi
from tinyv_stream.broker.trainer import TrainerApi, UnreadableReward
from tinyv_stream.cli.common import (
    INTERRUPTED,
    Interrupt,
    PoolOption,
    RedisOption,
    find_url,
    run,
    run_look,
    safe,
)
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.files.rewards import reward_line
from tinyv_stream.types import Reward, Status

EPILOG: Final = """
\b
Examples:
  tinyv-stream dead-letters ls
  tinyv-stream dead-letters show 1718000000000-0
  tinyv-stream dead-letters retry 1718000000000-0 --wait 60
"""

MOST: Final = 10_000
"""As many as a pool keeps."""

_CUT: Final = 400
"""Characters of a text that `show` prints without `--full`."""

GRACE_S: Final = 3.0
"""How long after its deadline a reward is waited for: workers look for overdue rollouts each second."""

app: Final = typer.Typer(
    help="See and retry the rollouts that were given up.", epilog=EPILOG, no_args_is_help=True, rich_markup_mode=None
)
EntryArgument = Annotated[str, typer.Argument(metavar="ENTRY", help="As `ls` names it.")]


@app.command("ls")
def ls(
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    count: Annotated[int, typer.Option("--count", min=1, max=MOST, help="Most that are shown.")] = 20,
) -> None:
    """List dead letters, newest first: entry, rollout, stage, deliveries, reason."""
    run_look(lambda: _ls(_side(redis, pool), count))


@app.command("show")
def show(
    entry: EntryArgument,
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    full: Annotated[bool, typer.Option("--full", help="Do not cut long texts.")] = False,
) -> None:
    """Show one dead letter with its question, ground truth and completion."""
    run_look(lambda: _show(_side(redis, pool), entry, full=full))


@app.command("retry")
def retry(
    entry: EntryArgument,
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    wait: Annotated[float, typer.Option("--wait", min=1.0, metavar="SECONDS", help="Deadline of the new try.")] = 60.0,
) -> None:
    """Put one back into the stage where it died, and show the reward that it gets this time."""
    run(lambda interrupt: _retry(_side(redis, pool), entry, wait, interrupt))


def _side(redis: str | None, pool: str | None) -> OperatorApi:
    name = pool or "main"
    return OperatorApi(find_url(redis, name), BrokerConfig(pool=name))


async def _ls(broker: OperatorApi, count: int) -> int:
    async with broker:
        letters = await broker.dead_letters(count)
    for letter in letters:
        where = f"{letter.stage}, {letter.deliveries} deliveries, last {letter.worker}"
        typer.echo(f"{letter.entry}  {safe(letter.uid)}  ({safe(where)})  {safe(letter.reason)}")
    if not letters:
        typer.echo("no dead letters")
    return 0


async def _show(broker: OperatorApi, entry: str, *, full: bool) -> int:
    async with broker:
        letter = await _find(broker, entry)
    rows = {"entry": letter.entry, "rollout": letter.uid, "stage": letter.stage, "reason": letter.reason}
    rows |= {"deliveries": str(letter.deliveries), "worker": letter.worker}
    if letter.work is None:
        rows["work"] = "unreadable: written by another version"
    else:
        work = letter.work
        rows |= {"data_source": work.data_source, "group": work.group_id, "question": work.question}
        rows |= {
            "ground_truth": work.ground_truth,
            "model_answer": work.model_answer or "",
            "completion": work.completion,
        }
    for name, text in rows.items():
        typer.echo(f"{name:>13}  {safe(text, None if full else _CUT)}")
    return 0


async def _retry(broker: OperatorApi, entry: str, wait_s: float, interrupt: Interrupt) -> int:
    client_id = f"retry-{uuid.uuid4().hex[:12]}"
    async with broker:
        letter = await _find(broker, entry)
        if letter.work is None:
            raise InvalidInputError("ENTRY", entry, "another version wrote it, and only that one can retry it")
        if not await broker.revive(letter, client_id=client_id, deadline_s=wait_s):
            raise InvalidInputError("ENTRY", entry, "its rollout is in the pool again already")
        typer.echo(f"{letter.entry} is back in stage {letter.stage}", err=True)
        found: list[Reward] = []
        reading = _read_reward(broker, letter, client_id, wait_s, found)
        if not await finishes(interrupt.asked, reading):
            return INTERRUPTED
    return _tell(found)


async def _read_reward(
    broker: OperatorApi, letter: DeadLetter, client_id: str, wait_s: float, found: list[Reward]
) -> None:
    """Put the reward into `found`; leave it empty where no worker answers, not even with `expired`."""
    run_id = letter.work.run_id if letter.work else ""
    shard = int(letter.entry.partition("@")[2] or 0)
    async with TrainerApi(broker.url, broker.config, shard=shard, shards=broker.shards) as side:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s + GRACE_S):
                while not found:
                    for uid, read in (await side.rewards(run_id, client_id, block_s=1.0))[1]:
                        if isinstance(read, UnreadableReward):
                            raise InvalidInputError(
                                "ENTRY", letter.entry, f"the reward of {uid} cannot be read: {read.reason}"
                            )
                        found.append(read)
        await side.leave(run_id, client_id)


def _tell(found: list[Reward]) -> int:
    if not found:
        typer.echo("no worker answered: see `tinyv-stream status`", err=True)
        return 1
    typer.echo(msgspec.json.encode(reward_line(found[0])))
    return 0 if found[0].status is Status.OK else 1


async def _find(broker: OperatorApi, entry: str) -> DeadLetter:
    for letter in await broker.dead_letters(MOST):
        if letter.entry == entry:
            return letter
    raise InvalidInputError("ENTRY", entry, "there is no such dead letter: see `tinyv-stream dead-letters ls`")
