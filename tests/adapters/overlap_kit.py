"""A step of the overlap benchmark, played by a trainer's own reward path against a scripted OpenAI server."""

import sys
from pathlib import Path

from bench.overlap.openai_server import openai_server
from bench.overlap.replay import ReplayedStep
from bench.overlap.trainers.process import trainer
from bench.overlap.trainers.protocol import Hello
from bench.workload import Step, bundled, make
from tinyv_stream.config import EngineConfig, TinyVConfig


async def played(name: str, logs: Path) -> tuple[Step, Hello, list[ReplayedStep]]:
    """Return a step, what ran, and what came of the step the first and the second time."""
    step = make(bundled(3, 5), 8, wall_s=1.0, seed=5)
    home = Path(sys.prefix).parent  # this suite runs in the environment that the mode is for
    config = TinyVConfig(engine=EngineConfig(kind="scripted"))
    async with openai_server(config, logs / "server.log") as ready, trainer(name, home, logs / "trainer.log") as own:
        server = await ready()
        return step, await own.hello(), [await own.play(step, n, server) for n in range(2)]


def check(step: Step, found: ReplayedStep) -> None:
    """Every rollout has the reward that rules and scripted engine give it, and every refused one cost a call."""
    assert found.values == {line.rollout.rollout_id: float(line.kind == "right") for line in step.lines}
    assert found.calls == sum(line.kind != "right" for line in step.lines)
    assert found.failed == 0
    assert len(found.spans) == len(step.lines)
    assert all(span.rewarded_s >= span.ended_s for span in found.spans)
