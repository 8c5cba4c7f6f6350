"""Bad arguments: each names its field, its value and the remedy, at the call; nothing else of the client is hurt."""

import asyncio
import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout

from tinyv_stream import InvalidInputError, RewardClient
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.trainer import Holder, TrainerApi
from tinyv_stream.client import hold
from tinyv_stream.client.hold import Hold, Process, is_gone, this_process
from tinyv_stream.testing import EmbeddedServer, wait_until

GOOD: dict[str, Any] = {"url": "redis://127.0.0.1:1", "run_id": "r"}
NUMBERS = (0, -1, 1.5, "10", None, True, math.inf, 10**7)
SECONDS = (0, -1, "10", None, True, math.inf, math.nan)
NAMES = (None, 5, "", "a b", "a\ud800", "a/b", b"a", "x" * 65)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("url", value) for value in (None, 5, b"redis://h")],
        *[(field, value) for field in ("run_id", "pool") for value in NAMES],
        *[("client_id", value) for value in NAMES if value is not None],
        *[(field, value) for field in ("max_inflight", "max_outstanding") for value in NUMBERS],
        *[("deadline_s", value) for value in SECONDS],
    ],
)
def test_a_client_made_with_a_bad_argument_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        RewardClient(**(GOOD | {field: value}))
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[(f, v) for f in ("rollout_id", "group_id") for v in ("\ud800", "a\udfff", "a\nb", "x" * 129, 5, None)],
        *[("ground_truth", v) for v in (None, True, [], " ", b"1")],
        *[("completion", v) for v in (None, 5, b"x", ["x"])],
        *[("group_size", v) for v in (0, -1, 1.5, "2", None, True)],
        *[("deadline_s", v) for v in (0, -1, "9", math.inf, True)],
        *[("step", v) for v in ("1", 1.5, True)],
    ],
)
async def test_a_bad_rollout_is_refused_at_the_call_and_the_client_goes_on(
    serve: Serve, client: Callable[..., RewardClient], field: str, value: object
) -> None:
    async with serve(ScriptedVerifier("rule")), client() as c:
        with pytest.raises(InvalidInputError) as refused:
            await c.submit(msgspec.structs.replace(rollout("rule:correct"), **{field: value}))
        assert (refused.value.field, c.outstanding) == (field, 0)
        assert (await (await c.submit(rollout("rule:correct")))).value == 1.0


@pytest.mark.parametrize(("given", "text"), [(2, "2"), (0.5, "0.5"), (10**30, str(10**30))])
async def test_a_number_as_reference_answer_becomes_its_text(
    client: Callable[..., RewardClient], given: float, text: str
) -> None:
    async with client() as c:
        await c.submit(msgspec.structs.replace(rollout("x"), ground_truth=given))
        (entry,) = c._session.ledger.entries()
    assert text.encode() in entry.body


async def test_a_group_takes_no_more_than_its_members(client: Callable[..., RewardClient]) -> None:
    async with client() as c:
        for n in range(2):
            await c.submit(rollout("x", n, group_id="g", group_size=2))
        with pytest.raises(InvalidInputError, match=r"group_id: 'g' .* has all its 2 members"):
            await c.submit(rollout("x", 2, group_id="g", group_size=2))
        assert c.outstanding == 2
        for n in range(3, 6):  # a label alone is no group
            await c.submit(rollout("x", n, group_id="label"))


FORKER = """
import asyncio, os, sys
from tinyv_stream import InvalidInputError, RewardClient, Rollout
async def main():
    async with RewardClient(sys.argv[1], run_id="run", pool=sys.argv[2]) as client:
        rollout = Rollout(question="q", completion="x", ground_truth="1")
        await client.submit(rollout)
        child = os.fork()
        if child == 0:
            said = 0
            for use in (lambda: client.submit(rollout), lambda: client.group("g")):
                try:
                    await use()
                except InvalidInputError as exc:
                    said += "open one in each process, after the fork" in str(exc)
            try:
                client.rewards()
            except InvalidInputError:
                said += 1
            os._exit(said)
        _, status = os.waitpid(child, 0)
        await client.submit(rollout)
        print(os.waitstatus_to_exitcode(status), client.outstanding, flush=True)
asyncio.run(main())
"""


def test_a_client_of_before_a_fork_is_refused_in_the_child(server: EmbeddedServer, pool_name: str) -> None:
    argv = [sys.executable, "-c", FORKER, server.url, pool_name]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout == "3 2\n", ran.stderr


async def test_the_second_live_client_of_a_name_is_told(client: Callable[..., RewardClient]) -> None:
    async with client(client_id="trainer"):
        with pytest.raises(InvalidInputError, match=rf"client_id: 'trainer' .* process {os.getpid()} on ") as refused:
            async with client(client_id="trainer"):
                pass
        assert refused.value.field == "client_id"
        async with client(client_id="other"), client(client_id="trainer", run_id="another"):
            pass
    async with client(client_id="trainer"):  # and the name is free at once when the first has left
        pass


class LateReply:
    """A link whose broker has given the name away, and whose reply is handled late."""

    def __init__(self, link: TrainerApi) -> None:
        self._link = link
        self.given, self.handle = asyncio.Event(), asyncio.Event()

    async def hold(self, *told: str, about: bytes = b"", **more: float) -> Holder | None:
        other = await self._link.hold(*told, **more)
        self.given.set()
        await self.handle.wait()
        return other


async def test_a_name_is_not_stolen_from_a_client_whose_reply_is_handled_second(
    client: Callable[..., RewardClient],
) -> None:
    async with client(run_id="other") as other:
        link = other._session._links[0]
        late = LateReply(link)
        first = asyncio.create_task(Hold("run", "trainer").take(late))  # type: ignore[arg-type]
        await late.given.wait()
        with pytest.raises(InvalidInputError, match=f"process {os.getpid()} on "):
            await Hold("run", "trainer").take(link)
        late.handle.set()
        await first


async def test_a_name_whose_taking_was_cancelled_is_free(client: Callable[..., RewardClient]) -> None:
    async with client(run_id="other") as other:
        late = LateReply(other._session._links[0])
        held = Hold("run", "trainer")
        first = asyncio.create_task(held.take(late))  # type: ignore[arg-type]
        await late.given.wait()
        await cancel_all([first])
        async with asyncio.timeout(10), client(client_id="trainer"):
            pass


HOLDER = """
import asyncio, sys
from tinyv_stream import RewardClient
async def main():
    async with RewardClient(sys.argv[1], run_id="run", pool=sys.argv[2], client_id="trainer"):
        print("open", flush=True)
        await asyncio.sleep(1000)
asyncio.run(main())
"""


async def test_after_a_kill_the_name_is_free_at_once(
    server: EmbeddedServer, pool_name: str, client: Callable[..., RewardClient]
) -> None:
    argv = [sys.executable, "-c", HOLDER, server.url, pool_name]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220 it ends with the block
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"open\n"
        with pytest.raises(InvalidInputError, match=f"process {process.pid} on "):
            async with client(client_id="trainer"):
                pass
        process.send_signal(signal.SIGKILL)
    began = time.monotonic()
    async with client(client_id="trainer"):
        assert time.monotonic() - began < hold.LAPSE_S / 2


async def test_a_blocked_client_keeps_its_name_and_goes_on(
    server: EmbeddedServer, pool_name: str, client: Callable[..., RewardClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "LAPSE_S", 0.2)
    async with client(run_id="other") as other:
        link = other._session._links[0]
        key = link.keys.hold("run", "trainer")
        argv = [sys.executable, "-c", HOLDER, server.url, pool_name]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220 it ends with the block
            assert process.stdout is not None
            assert await asyncio.to_thread(process.stdout.readline) == b"open\n"
            process.send_signal(signal.SIGSTOP)
            beats = await link.command("HGET", key, "beats")
            await asyncio.sleep(4 * hold.LAPSE_S)  # it is silent for longer than one elsewhere may be
            with pytest.raises(InvalidInputError, match=f"process {process.pid} on "):
                async with client(client_id="trainer"):
                    pass
            process.send_signal(signal.SIGCONT)
            await wait_until(lambda: renewed(link, key, beats), 30, "the blocked client to go on")
            process.kill()


async def renewed(link: TrainerApi, key: str, beats: object) -> bool:
    return await link.command("HGET", key, "beats") != beats


@pytest.mark.parametrize("silent", [True, False])
async def test_a_name_held_elsewhere_is_free_after_silence(
    client: Callable[..., RewardClient], monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setattr(hold, "LAPSE_S", 1.0)
    about = msgspec.json.encode(Process("far", "elsewhere", 7, "1"))
    async with client(run_id="other") as other:
        link = other._session._links[0]

        async def beat() -> None:
            while True:
                await link.hold("run", "trainer", "theirs", about, lapse_s=3600.0)
                await asyncio.sleep(0.1)

        await link.hold("run", "trainer", "theirs", about, lapse_s=3600.0)
        beating = None if silent else asyncio.create_task(beat())
        refused = contextlib.nullcontext() if silent else pytest.raises(InvalidInputError, match="process 7 on far")
        with refused:
            async with client(client_id="trainer"):
                pass
        await cancel_all([beating] if beating else [])


async def test_a_name_that_was_left_while_the_broker_was_away_is_free(client: Callable[..., RewardClient]) -> None:
    async with client(run_id="other") as other:
        link = other._session._links[0]
        await link.hold("run", "trainer", "left", msgspec.json.encode(this_process()), lapse_s=3600.0)
        async with asyncio.timeout(10), client(client_id="trainer"):
            pass


async def test_a_hold_that_lapsed_is_taken_again_and_its_owner_goes_on(
    serve: Serve, client: Callable[..., RewardClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "RENEW_S", 0.05)
    async with serve(ScriptedVerifier("rule")), client(client_id="trainer") as c:
        link = c._session._links[0]
        key = link.keys.hold(c.run_id, c.client_id)
        await link.command("DEL", key)
        await wait_until(lambda: link.command("EXISTS", key), 30, "the hold to be taken again")
        assert (await (await c.submit(rollout("rule:correct")))).value == 1.0


def test_only_a_process_of_this_machine_is_known_to_be_gone() -> None:
    here = this_process()
    assert not is_gone(msgspec.json.encode(here))
    assert is_gone(msgspec.json.encode(Process(here.host, here.machine, here.pid, "1")))
    assert is_gone(msgspec.json.encode(Process(here.host, here.machine, 2**22 + 1, here.started)))
    assert not is_gone(msgspec.json.encode(Process(here.host, "elsewhere", 2**22 + 1, "1")))
    assert not is_gone(b"of another release")
