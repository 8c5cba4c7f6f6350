# ruff: noqa: ANN401 trainers' objects have no types here
"""TRL's real asynchronous rollout loop, over a fake `/v1/completions` that replays scripted completions."""

import itertools
import math
import multiprocessing
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accelerate.state import PartialState
from aiohttp import web
from contract_kit import SOURCE, Case, cases
from datasets import Dataset
from tiny_policy import make
from transformers import AutoTokenizer

from tinyv_stream.testing import wait_until_sync
from trainer_adapters.trl_rollout_worker import TinyVRolloutWorker, _TinyVLoop


class FakeVllm:
    """Answers each prompt with its next scripted completion; not a language model."""

    def __init__(self, tokenizer: Any, chosen: list[Case]) -> None:
        self._tokenizer = tokenizer
        said: dict[str, list[str]] = {}
        for case in chosen:
            said.setdefault(case.question, []).append(case.completion)
        self._said = {question: itertools.cycle(texts) for question, texts in said.items()}
        self.url = ""

    async def complete(self, request: web.Request) -> web.Response:
        prompt = self._tokenizer.decode((await request.json())["prompt"])
        text = next(self._said[next(q for q in self._said if q in prompt)])
        ids = self._tokenizer(text)["input_ids"]
        choice = {"token_ids": ids, "logprobs": {"token_logprobs": [-0.1] * len(ids)}}
        return web.json_response({"choices": [choice]})


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = make(tmp_path_factory.mktemp("tokenizer"), with_model=False)
    made = AutoTokenizer.from_pretrained(path)
    import trl

    # TRL parses replies by template, and knows Qwen3's.
    made.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text()
    return made


@pytest.fixture
def vllm(tokenizer: Any) -> Iterator[FakeVllm]:
    import asyncio

    fake = FakeVllm(tokenizer, cases(64))
    loop = asyncio.new_event_loop()

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/completions", fake.complete)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield fake
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def test_every_rollout_of_trls_loop_gets_its_own_reward_or_none(tokenizer: Any, vllm: FakeVllm, pool_url: str) -> None:
    PartialState()
    chosen = cases(64)
    truths = {c.question: c.ground_truth for c in chosen}
    rows = [
        {"prompt": [{"role": "user", "content": q}], "ground_truth": t, "data_source": SOURCE}
        for q, t in truths.items()
    ]
    samples: queue.Queue[Any] = queue.Queue()
    metrics: Any = multiprocessing.Queue()
    loop = _TinyVLoop(
        tinyv={"redis_url": pool_url, "run_id": "trl-async"},
        model_name="scripted",
        dataset=Dataset.from_list(rows),
        reward_funcs=[],
        processing_class=tokenizer,
        eos_token_ids=[1],
        rollout_buffer=samples,
        model_version_value=multiprocessing.Value("i", 0),
        heartbeat_value=multiprocessing.Value("d", 0.0),
        failed_event=multiprocessing.Event(),
        exception_info_queue=multiprocessing.Queue(1),
        metrics_queue=metrics,
        num_generations=8,
        max_inflight_tasks=32,
        vllm_server_url=vllm.url,
        max_tokens=32,
    )
    failed: list[BaseException] = []

    def run() -> None:
        try:
            loop.run()
        except BaseException as exc:  # noqa: BLE001 the test shows it
            failed.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until_sync(lambda: samples.qsize() >= 64 or failed, 60, "64 scored samples")
    loop._loop.call_soon_threadsafe(loop._stop_event.set)
    thread.join(60)
    assert not failed

    right = {c.completion: c.value for c in chosen}
    seen = [samples.get_nowait() for _ in range(64)]
    for sample in seen:
        value = right[sample.completion[-1]["content"]]
        got = sample.metrics["rewards/tinyv_stream"]
        assert math.isnan(got) if value is None else got == value
        assert value is not None or sample.advantage == 0.0
    pushed = {}
    while "tinyv/rescued" not in pushed:  # queue.Empty if it never comes
        pushed |= metrics.get(timeout=10)
    assert pushed["tinyv/wait_s"][0] > 0


def test_the_worker_runs_our_loop() -> None:
    assert TinyVRolloutWorker._loop_cls is _TinyVLoop
