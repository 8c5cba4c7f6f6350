"""The loop does what GRPO and Dr. GRPO say: what is flat teaches nothing, what is undecided counts nowhere."""

import asyncio
import copy
from pathlib import Path

import msgspec
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from bench.learn.amounts import Amounts  # noqa: E402
from bench.learn.cell import Setting, TaughtFamily  # noqa: E402
from bench.learn.grpo import GradedText, Training, advantages, policy_loss, train, update  # noqa: E402
from bench.learn.policy import (  # noqa: E402
    END_ID,
    PAD_ID,
    Teaching,
    decode,
    encode,
    log_probabilities,
    make_policy,
    prompt_rows,
    sample,
)
from bench.learn.settings import parse  # noqa: E402
from bench.learn.sweep import sweep  # noqa: E402
from bench.learn.task import UNSURE, problems  # noqa: E402
from bench.learn.trl_check import SEPARATOR, tokenizer_of  # noqa: E402

FAMILY = Amounts()
ASKED = problems(FAMILY, 8, 1)
HOW = Training(steps=3, groups=4, size=4)


def policy() -> "torch.nn.Module":
    return make_policy(FAMILY, 0)


def test_the_policy_is_a_llama_of_half_a_million_to_ten_million_parameters() -> None:
    made = policy()
    assert type(made).__name__ == "LlamaForCausalLM"
    assert 0.45e6 < sum(p.numel() for p in made.parameters()) < 10e6


def test_advantages_are_grpos_and_dr_grpos() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    grpo = advantages(rewards, "grpo")
    assert grpo[0].tolist() == pytest.approx([0.75 / 0.5001, *[-0.25 / 0.5001] * 3], abs=1e-4)
    assert grpo[1].tolist() == [0.0] * 4
    assert advantages(rewards, "dr_grpo")[0].tolist() == pytest.approx([0.75, -0.25, -0.25, -0.25])


@pytest.mark.parametrize("loss", ["grpo", "dr_grpo"])
def test_an_undecided_answer_counts_in_no_baseline_and_gets_no_advantage(loss: str) -> None:
    nan = float("nan")
    found = advantages(torch.tensor([[1.0, 0.0, nan, nan], [nan, nan, nan, nan]]), loss)
    assert found[0, :2].tolist() == pytest.approx(advantages(torch.tensor([[1.0, 0.0]]), loss)[0].tolist())
    assert found[0, 2:].tolist() == [0.0, 0.0]
    assert found[1].tolist() == [0.0] * 4


@pytest.mark.parametrize("loss", ["grpo", "dr_grpo"])
def test_leaving_flat_groups_out_of_the_model_changes_no_gradient(loss: str) -> None:
    torch.manual_seed(1)
    one, prompts = policy(), prompt_rows(FAMILY, ASKED[:3]).repeat_interleave(4, 0)
    rows = sample(one, prompts[::4], 4, FAMILY.answer_tokens)
    rewards = torch.tensor([[0.0] * 4, [1.0, 0.0, 0.0, 1.0], [1.0] * 4])
    other = copy.deepcopy(one)
    how = Training(loss=loss, clip=1e9)
    update(one, torch.optim.SGD(one.parameters(), 0.0), (prompts, rows), rewards, how)
    policy_loss(other, (prompts, rows), advantages(rewards, loss).view(-1), loss).backward()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6)


def test_log_probabilities_end_with_the_answer() -> None:
    row = [*encode(FAMILY, ["8", "3"]), END_ID, PAD_ID]
    values, alive = log_probabilities(policy(), torch.tensor([[*encode(FAMILY, [*ASKED[0].prompt, "?"]), *row]]), 6)
    assert alive.tolist() == [[True, True, True, False]]
    assert bool((values <= 0).all())
    assert decode(FAMILY, row) == "83"


def test_sampling_with_the_cache_draws_from_the_models_own_distribution() -> None:
    one, prompts = policy(), prompt_rows(FAMILY, ASKED[:2])
    with torch.no_grad():
        one.lm_head.weight.mul_(6)  # sharp, so that a wrong cache shows
        torch.manual_seed(2)
        rows = sample(one, prompts, 200, 4)
        for n in range(2):
            mine = rows[n * 200 : n * 200 + 200]
            first = int(mine[:, 0].mode().values)
            after = mine[mine[:, 0] == first][:, 1]
            x = torch.cat([prompts[n], torch.tensor([first])]).unsqueeze(0)
            expected = one(input_ids=x).logits[0, -1].softmax(-1)
            seen = torch.bincount(after, minlength=len(expected)) / len(after)
            assert float((seen - expected).abs().max()) < 5 * 0.5 / len(after) ** 0.5


@pytest.mark.long
def test_a_spelling_that_alone_is_paid_is_written_more_often() -> None:
    def source(answers: list[GradedText], step: int) -> list[float | None]:
        return [float("5" in a.text) for a in answers]

    told = train(policy(), FAMILY, ASKED, source, Training(steps=25, groups=4, size=8, rate=3e-3), seed=1)
    assert sum(s.reward for s in told[-5:]) / 5 > sum(s.reward for s in told[:5]) / 5 + 0.2


@pytest.mark.long
def test_the_same_seed_gives_the_same_run_and_a_record_per_step() -> None:
    taken: list[list[str]] = []

    def source(answers: list[GradedText], step: int) -> list[float | None]:
        taken[-1].extend(a.text for a in answers)
        return [1.0] * len(answers)

    runs = []
    for seed in (1, 1, 2):
        taken.append([])
        runs.append(train(policy(), FAMILY, ASKED, source, HOW, seed=seed))
    assert taken[0] == taken[1] != taken[2]
    assert len(runs[0]) == HOW.steps
    assert all(s.flat == 1.0 and s.paid == 16 and len(s.audit) == 4 for s in runs[0])


def test_a_run_in_which_nobody_decides_changes_nothing() -> None:
    one = policy()
    before = [p.clone() for p in one.parameters()]
    told = train(one, FAMILY, ASKED, lambda a, _: [None] * len(a), HOW, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(before, one.parameters(), strict=True))
    assert [s.undecided for s in told] == [16] * 3


def test_a_cell_is_kept_and_a_sweep_does_not_run_it_again(tmp_path: Path) -> None:
    setting = Setting(questions=8, teaching=Teaching(steps=1, batch=2), training=HOW)
    bench = TaughtFamily("amounts", setting, tmp_path)
    first = bench.run("oracle", 1, lambda a, _: [float(x.right) for x in a], HOW)
    assert TaughtFamily("amounts", setting, tmp_path).found("oracle", 1, HOW) == first
    assert bench.found("oracle", 2, HOW) is bench.found("oracle", 1, HOW, with_alarms=True) is None
    call = ["--families", "amounts", "--rewards", "oracle", "--dr-grpo", "", "--first-seed", "1", "--seeds", "1"]
    said: list[str] = []
    settings = msgspec.structs.replace(parse(call), setting=setting)
    assert asyncio.run(sweep(settings, tmp_path, said.append)) == [first]
    assert said == []  # nothing was taught or run


def test_trls_tokenizer_reads_the_prompts_and_writes_the_answers_that_the_loop_does(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(TaughtFamily("amounts", Setting(questions=8), tmp_path))
    for one in ASKED:
        prompt = [*one.prompt, UNSURE]
        assert tokenizer(SEPARATOR.join(prompt))["input_ids"] == encode(FAMILY, prompt)
        for form in FAMILY.forms:
            row = [*encode(FAMILY, FAMILY.spell(one.value, form)), END_ID, PAD_ID]
            assert tokenizer.decode(row, skip_special_tokens=True) == decode(FAMILY, row)
