"""What an engine's process does by itself, seen in a spawned process without an engine."""

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines import parent_watchdog


def as_an_engine(pipe: Connection) -> None:
    """Runs in a spawned process, which has imported the watchdog on its way here."""
    import logging

    assert parent_watchdog.ParentWatchdog is not None  # as vLLM looks it up
    try:
        int("no room")
    except ValueError:
        logging.getLogger("vllm.v1.engine.core").exception("EngineCore failed to start.")
    pipe.send(sorted(os.sched_getaffinity(0)))


def test_an_engine_keeps_to_its_cores_and_leaves_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    core = max(os.sched_getaffinity(0))
    words = tmp_path / "words"
    monkeypatch.setenv(parent_watchdog.PARENT_ENV, str(os.getpid()))
    monkeypatch.setenv(parent_watchdog.CORES_ENV, str(core))
    monkeypatch.setenv(parent_watchdog.WORDS_ENV, str(words))
    context = multiprocessing.get_context("spawn")
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=as_an_engine, args=(tells,))
    process.start()
    try:
        assert hears.poll(60), "the process said nothing"
        assert hears.recv() == [core]
        process.join(60)
        assert process.exitcode == 0
    finally:
        process.kill()
    assert words.read_text() == "ValueError: invalid literal for int() with base 10: 'no room'"


def test_a_process_that_is_no_engine_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(parent_watchdog.PARENT_ENV, str(os.getpid()))
    before = os.sched_getaffinity(0)
    monkeypatch.setenv(parent_watchdog.CORES_ENV, str(max(before)))
    parent_watchdog._arm()
    assert os.sched_getaffinity(0) == before
