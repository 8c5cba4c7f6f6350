"""The record on disk: whole lines, segments, tries, and what a bad disk may cost."""

import errno
import gzip
import multiprocessing
import os
import stat
import time
from pathlib import Path

import pytest

from tinyv_stream import Outcome, Reward, Rollout, Source, Status, Verdict
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.record import Recorder, reading, segments
from tinyv_stream.record.lines import AnyLine, Began, Ended, Left, Rewarded, Withdrawn, decoder
from tinyv_stream.record.segments import Try
from tinyv_stream.record.writer import RecordWriter
from tinyv_stream.testing import wait_until


def rollout(n: int = 0, **more: object) -> Rollout:
    said = "It is \\boxed{2}."
    fields: dict[str, object] = {"rollout_id": f"r{n}", "question": "1+1?", "ground_truth": "2", "completion": said}
    return Rollout(**(fields | more))  # type: ignore[arg-type]


def reward(n: int = 0, **more: object) -> Reward:
    tinyv = Verdict(outcome=Outcome.CORRECT, p_true=0.98, threshold=0.965)
    fields: dict[str, object] = {"value": 1.0, "status": Status.OK, "source": Source.TINYV, "tinyv": tinyv}
    return Reward(rollout_id=f"r{n}", model_answer="2", **(fields | more))  # type: ignore[arg-type]


def lines(directory: Path) -> list[AnyLine]:
    found: list[AnyLine] = []
    for path in segments.listed(directory):
        data = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
        found += [decoder.decode(line) for line in data.splitlines()]
    return found


async def test_a_step_a_completion_and_its_reward_are_lines_that_name_run_client_and_try(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "run", "c1")
    await recorder.open()
    recorder.step(7)
    recorder.ended(rollout(step=7), 1.0)
    recorder.rewarded(reward())
    recorder.ended(rollout(1), 2.0)
    recorder.withdrawn("r1")
    await recorder.close()
    began, ended, rewarded, _, withdrawn, left = lines(tmp_path)
    assert [type(one) for one in (began, ended, rewarded, withdrawn, left)] == [
        Began,
        Ended,
        Rewarded,
        Withdrawn,
        Left,
    ]
    assert {(one.run, one.client, one.try_) for one in lines(tmp_path)} == {("run", "c1", began.try_)}
    assert isinstance(rewarded, Rewarded) and rewarded.step == 7 and rewarded.answer == "2" and rewarded.rescued
    assert rewarded.tinyv is not None and rewarded.tinyv.threshold == 0.965 and rewarded.question == "1+1?"


async def test_only_its_owner_can_read_a_record(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "runs", "run", "c")
    await recorder.open()
    await recorder.close()
    (path,) = segments.listed(tmp_path / "runs")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_directory_that_cannot_be_used_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="record"):
        await Recorder(tmp_path / "file", "run", "c").open()


async def test_hostile_text_is_recorded_as_it_is_but_for_what_cannot_be_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "run", "c")
    text = "\x00\x1b[31m \u202e <script> \ud800 \n\u2028 \\boxed{7}"
    await recorder.open()
    recorder.ended(rollout(completion=text), 0.0)
    recorder.rewarded(reward())
    await recorder.close()
    (found,) = [one for one in lines(tmp_path) if isinstance(one, Rewarded)]
    assert found.completion == text.replace("\ud800", "?")


async def test_a_full_disk_costs_lines_that_are_counted_and_leaves_whole_lines_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RecordWriter(tmp_path, "c", bytes)
    real, full = os.write, True

    def write(fd: int, data: bytes) -> int:
        if not full:
            return real(fd, data)
        if len(data) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:2])  # a part fits, as on a real disk

    monkeypatch.setattr(os, "write", write)
    writer.open()
    writer.add(b"lost\n")
    await wait_until(lambda: writer.dropped == 1, 10, "the line is dropped")
    full = False
    writer.add(b"kept\n")
    writer.close()
    assert (tmp_path / "c-00000.jsonl").read_bytes() == b"kept\n"


async def test_what_a_slow_disk_does_not_take_is_dropped_beyond_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    gate, at_disk = threading.Event(), threading.Event()
    real = os.write

    def write(fd: int, data: bytes) -> int:
        at_disk.set()
        gate.wait(30)
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    writer = RecordWriter(tmp_path, "c", bytes, most_lines=10)
    writer.open()
    writer.add(b"first\n")
    await wait_until(at_disk.is_set, 10, "the writer is at the disk")
    for _ in range(25):
        writer.add(b"later\n")
    assert writer.dropped == 15
    gate.set()
    writer.close(10)
    assert (tmp_path / "c-00000.jsonl").read_bytes().count(b"\n") == 11


def test_a_line_that_cannot_be_made_costs_its_batch_and_not_the_writer(tmp_path: Path) -> None:
    def bad(line: str) -> bytes:
        raise ValueError(line)

    writer = RecordWriter(tmp_path, "c", bad)

    writer.open()
    writer.add("no line")
    writer.close()
    assert writer.dropped == 1


def test_segments_end_at_their_size_and_the_oldest_closed_ones_go_first(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path, "c", bytes, segment_bytes=100, most_bytes=250)
    writer.open()
    for n in range(8):
        writer.add(f"{n:099d}\n".encode())
        while not (tmp_path / f"c-{n + 1:05d}.jsonl").exists():
            time.sleep(0.01)
    writer.close()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["c-00006.jsonl", "c-00007.jsonl", "c-00008.jsonl"]


def test_a_restarted_client_goes_on_in_a_segment_of_its_own(tmp_path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        writer = RecordWriter(tmp_path, "c", bytes)
        writer.open()
        writer.add(text)
        writer.close()
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"one\n", b"two\n"]


def _hold(directory: str, said: "multiprocessing.Queue[int]", go: "multiprocessing.synchronize.Event") -> None:
    held = Try(Path(directory))
    held.open()
    said.put(held.number)
    go.wait(30)


def test_clients_that_live_together_are_one_try_and_one_that_comes_after_a_kill_begins_another(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    said: multiprocessing.Queue[int] = spawn.Queue()
    go = spawn.Event()
    other = spawn.Process(target=_hold, args=(str(tmp_path), said, go))
    other.start()
    first = said.get(timeout=30)
    together = Try(tmp_path)
    together.number += 1_000_000
    together.open()
    assert together.number == first
    other.kill()
    other.join()
    together.close()
    after = Try(tmp_path)
    after.number += 2_000_000
    after.open()
    assert after.number != first
    after.close()


def test_an_offset_means_the_same_in_a_compressed_segment(tmp_path: Path) -> None:
    path = tmp_path / "c-00000.jsonl"
    texts = [f'{{"n":{n},"text":"{"x" * (n % 37)}"}}\n'.encode() for n in range(1000)]
    path.write_bytes(b"".join(texts))
    places = [sum(map(len, texts[:n])) for n in (0, 1, 63, 64, 65, 999)]
    before = [reading.line_at(path, at, 40) for at in places]
    whole = path.read_bytes()
    reading.compress(path)
    assert not path.exists() and stat.S_IMODE(Path(f"{path}.gz").stat().st_mode) == 0o600
    assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == whole
    assert [reading.line_at(path, at, 40) for at in places] == before
    assert reading.read_from(path, places[2], 10**6) == whole[places[2] :]
    assert reading.read_from(path, len(whole), 100) == b""


def test_a_torn_last_line_waits_for_its_rest_and_a_long_one_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "c-00000.jsonl"
    path.write_bytes(b"a" * 5000 + b"\n" + b"torn")
    assert reading.read_from(path, 0, 100) == b"a" * 5000 + b"\n"
    assert reading.read_from(path, 5001, 100) == b""
