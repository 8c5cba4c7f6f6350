"""`analyze` as a user gives it: real pools with real workers. The judges are scripted engines and say so; so is the
server of the classifiers a fake.
"""

import asyncio
import json
import sys
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tinyv_stream.files.rewards import RewardLine, RuleLine
from tinyv_stream.types import Outcome, Rollout, Source, Status

CONFIG = '[tinyv.engine]\nkind = "scripted"\n'
ANSWERS = ["5,1", "[[true]] <b>whatever</b>", "[[false]] 7", "[[true]] 8"]


async def classify(request: web.Request) -> web.Response:
    body = await request.json()
    kind = "5.3" if "whatever" in body["messages"][0]["content"] else {"a": "1.1", "b": "1.2"}[body["model"]]
    return web.json_response({"choices": [{"message": {"content": kind}}]})


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_run_is_analysed_from_its_files(tmp_path: Path) -> None:
    rollouts, rewards = [], []
    for number, answer in enumerate(ANSWERS):
        name = str(number)
        rollouts.append(Rollout(question="q", completion=f"\\boxed{{{answer}}}", ground_truth="5,1", rollout_id=name))
        rule = RuleLine(Outcome.INCORRECT if number else Outcome.CORRECT, "cascade")
        value, source = float(number == 0), Source.RULE
        rewards.append(RewardLine(rollout_id=name, value=value, status=Status.OK, source=source, rule=rule))
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(msgspec.json.encode(r) for r in rollouts))
    (tmp_path / "out.jsonl").write_bytes(b"\n".join(msgspec.json.encode(r) for r in rewards))
    (tmp_path / "tinyv.toml").write_text(CONFIG)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", classify)
    async with TestServer(app) as server:
        url = str(server.make_url("/v1"))
        command = ["in.jsonl", "out.jsonl", "--judge", "scripted-a", "--judge", "scripted-b", "--config", "tinyv.toml"]
        command += ["--classifier", f"{url}#a", "--classifier", f"{url}#b"]
        command += ["--out", "r.md", "--html", "r.html", "--json", "r.json"]
        ran = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from tinyv_stream.cli import main; main()",
            "analyze",
            *command,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await ran.communicate()
    assert ran.returncode == 0, said.decode()
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["judges"] == ["scripted-a", "scripted-b"]
    assert found["rejected"] == 3
    assert [(f["pair"]["pair_id"], f["kind"]) for f in found["found"]] == [("1", "5.3"), ("3", "unclassified")]
    assert (found["named"]["asked"], found["named"]["disagreed"]) == (2, 1)
    assert found["audited"]["n"] == 1
    assert "<b>" not in (tmp_path / "r.html").read_text()
    assert "5.3 language: phrasing" in (tmp_path / "r.md").read_text()
