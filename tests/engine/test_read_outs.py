"""What a real engine says and what is read from it: written replies, think blocks, and both read-outs on SmolLM2."""

import importlib.util
import json
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tinyv_stream_workers.tinyv.batch_gate import MARGIN, is_near

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.models import EMBEDDED, MODELS, OWN, ModelRow
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder
from tinyv_stream.verifiers.tinyv.read_out import Reading, decide

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.timeout(900)]

HERE = Path(__file__).parent
PAIRS = 96
ROW = MODELS[EMBEDDED]
ONE_WORD = ModelRow(
    template="Reference: {{GROUND_TRUTH_ANSWER}}\nAnswer: {{MODEL_ANSWER}}\nSame? Reply with one word, True or False."
)
"""SmolLM2 obeys this often enough; to TinyV's prompts it writes sentences, and is read by one token only."""


def ask(model: str, *rounds: tuple[ModelRow, list[str], bool], context: int = 4096) -> list[list[Reading]]:
    """Put the rounds to a real engine of its own."""
    pytest.importorskip("vllm")
    turns = [{"row": r, "prompts": p, "forget": f} for r, p, f in rounds]
    asked = {"model": model, "rounds": turns, "context": context}
    done = subprocess.run(
        [sys.executable, str(HERE / "reading_program.py")],
        input=msgspec.json.encode(asked),
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return msgspec.json.decode(done.stdout.rpartition(b"\n")[2], type=list[list[Reading]])


@pytest.fixture(scope="module")
def replies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """What the engine writes after each opener, as the rows below ask for it."""
    spec = importlib.util.spec_from_file_location("reply_model", HERE / "reply_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.build_reply_model(tmp_path_factory.mktemp("model") / "replies")
    rounds = [(written(opener), ["Is it so?"], False) for opener in module.REPLIES]
    found = ask(str(model), *rounds)
    return dict(zip(module.REPLIES, (readings[0] for readings in found), strict=True))


def written(opener: str, *, after: str = "") -> ModelRow:
    return ModelRow(template=OWN.template, read_out="text", max_tokens=16, prefill=opener, verdict_after=after)


def test_verdict_is_read_after_the_think_block(replies: dict[str, Reading]) -> None:
    reading = replies["[think]"]
    assert reading.text == "<think>false</think>True"
    assert not reading.is_cut
    assert decide(reading, written("[think]", after="</think>")) == (Outcome.CORRECT, "")
    assert decide(reading, written("[think]"))[0] is Outcome.UNDECIDED, "the block is no verdict, and no part of one"


def test_verdict_is_read_after_the_word_that_announces_it(replies: dict[str, Reading]) -> None:
    row = msgspec.structs.replace(MODELS["zhangchenxu/TinyV-1.5B-Think"], max_tokens=16)
    assert decide(replies["[reason]"], row) == (Outcome.INCORRECT, "")


def test_negated_true_is_not_true(replies: dict[str, Reading]) -> None:
    reading = replies["[negated]"]
    assert reading.text == "not true"
    assert decide(reading, written("[negated]"))[0] is Outcome.UNDECIDED


def test_reply_that_never_comes_to_its_verdict_is_undecided(replies: dict[str, Reading]) -> None:
    reading = replies["[endless]"]
    assert reading.is_cut
    assert reading.text == "hm " * 16
    assert decide(reading, written("[endless]", after="</think>"))[0] is Outcome.UNDECIDED


def test_plain_word_is_the_verdict(replies: dict[str, Reading]) -> None:
    assert replies["[plain]"].text == "True"
    assert decide(replies["[plain]"], written("[plain]")) == (Outcome.CORRECT, "")


def prompts(row: ModelRow) -> list[str]:
    """Prompts of right and wrong answers in equal numbers, in the order of the file."""
    rows = [json.loads(line) for line in (HERE.parent / "data" / "answer_pairs.jsonl").read_text().splitlines()]
    chosen = [row for label in (True, False) for row in [r for r in rows if r["label"] is label][: PAIRS // 2]]
    built = [PromptBuilder(row).build(r["question"], r["ground_truth"], r["model_answer"]) for r in chosen]
    assert len(built) == PAIRS
    return [str(prompt) for prompt in built]


@pytest.fixture(scope="module")
def smollm2() -> list[list[Reading]]:
    """SmolLM2 in one engine: three orders, the last with an empty cache; then by one token, and by written replies."""
    own, one_word = prompts(ROW), prompts(ONE_WORD)
    orders = [own, *(random.Random(seed).sample(own, PAIRS) for seed in (1, 2))]
    written_replies = [msgspec.structs.replace(ONE_WORD, read_out="text", max_tokens=n) for n in (1, 8)]
    found = ask(
        EMBEDDED,
        *((ROW, order, n == 2) for n, order in enumerate(orders)),
        *((row, one_word, False) for row in (ONE_WORD, *written_replies)),
    )
    places = [{prompt: n for n, prompt in enumerate(order)} for order in orders]
    in_order = [[found[n][places[n][prompt]] for prompt in own] for n in range(len(orders))]
    return [*in_order, *found[len(orders) :]]


def test_both_read_outs_of_smollm2_agree_where_the_reply_is_plain(smollm2: list[list[Reading]]) -> None:
    plain: list[Outcome] = []
    by_token, *by_text = smollm2[3:]
    for replies in by_text:
        for reading, reply in zip(by_token, replies, strict=True):
            assert reading.p_true is not None
            outcome, _ = decide(reply, msgspec.structs.replace(ONE_WORD, read_out="text"))
            is_plain = re.match(r"(true|false)\b", reply.text or "", re.IGNORECASE)
            if is_plain and outcome is not Outcome.UNDECIDED and not is_near(reading.p_true, 0.5):
                assert decide(reading, ONE_WORD)[0] is outcome, reply.text
                plain.append(outcome)
    assert len(plain) > PAIRS // 2, "too few plain replies to say anything"
    assert len(set(plain)) == 2, "a model that always says the same proves nothing"


def test_no_reading_of_smollm2_moves_by_more_than_the_margin(smollm2: list[list[Reading]]) -> None:
    """What is asked again alone is chosen by this margin: a difference beyond it could turn a verdict."""
    flips = 0
    for readings in zip(*smollm2[:3], strict=True):
        p = [reading.p_true for reading in readings if reading.p_true is not None]
        assert len(p) == 3
        outcomes = {decide(reading, ROW)[0] for reading in readings}
        near = any(is_near(x, ROW.threshold) for x in p)
        flips += len(outcomes) > 1 and not near
        if all(abs(logit(x) - logit(ROW.threshold)) < 4 * MARGIN for x in p):
            assert logit(max(p)) - logit(min(p)) < MARGIN
    assert flips == 0
    assert len({round(r.p_true or 0.0, 3) for r in smollm2[0]}) > PAIRS // 4, "equal readings prove nothing"


def logit(p: float) -> float:
    return math.log(p / (1 - p))
