# ruff: noqa: ANN401 trainers' objects have no types here
"""OpenRLHF's agent module as far as it needs no GPU, and a scripted engine for it."""

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

from contract_kit import Case

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


def load_agent() -> Any:
    """`openrlhf.utils.agent` without the package's own imports, which need flash-attention and a GPU."""
    if "openrlhf" in sys.modules:
        return importlib.import_module("openrlhf.utils.agent")
    home = Path(importlib.util.find_spec("openrlhf").submodule_search_locations[0])  # type: ignore[union-attr,index]
    for name, path in (("openrlhf", home), ("openrlhf.utils", home / "utils")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    return importlib.import_module("openrlhf.utils.agent")


def load_ours() -> Any:
    """Our executor, by its path, as OpenRLHF loads it."""
    path = ROOT / "trainer_adapters" / "openrlhf_reward.py"
    spec = importlib.util.spec_from_file_location("agent_module", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


class Tokenizer:
    """Fake: one token per character."""

    def __call__(self, text: str, **_: Any) -> dict[str, list[Any]]:
        class Row(list[int]):
            def tolist(self) -> list[int]:
                return list(self)

        return {"input_ids": [Row(ord(c) for c in text)]}

    def decode(self, ids: list[int], **_: Any) -> str:
        return "".join(map(chr, ids))


class Engine:
    """Fake vLLM: replies what the test says."""

    def __init__(self, reply: str) -> None:
        self.output = types.SimpleNamespace(token_ids=[ord(c) for c in reply], finish_reason="stop", logprobs=None)

    async def generate(self, *_: Any, **__: Any) -> Any:
        return types.SimpleNamespace(outputs=[self.output])


async def run(executor: Any, case: Case) -> dict[str, Any]:
    """Let the executor generate the case's completion, and return its output."""
    sampling = types.SimpleNamespace(max_tokens=64, logprobs=None)
    prompt = PROMPT.format(case.question)
    return await executor.execute(prompt, case.ground_truth, sampling, 4096, Tokenizer(), Engine(case.completion))
