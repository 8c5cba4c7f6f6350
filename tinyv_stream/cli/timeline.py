"""`tinyv-stream timeline`: a recorded run as a picture, and as a trace for Perfetto."""

from pathlib import Path
from typing import Annotated, Final

import typer

from tinyv_stream.charts.png import png as as_png
from tinyv_stream.charts.timeline_page import timeline_page
from tinyv_stream.cli.common import check_outputs
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.timeline.picture import step_svg
from tinyv_stream.timeline.spans import Span, counted_from, read
from tinyv_stream.timeline.trace import chrome_trace

EPILOG: Final = """
\b
Examples:
  tinyv-stream timeline runs/exp-1 --step 12 --svg step-12.svg
  tinyv-stream timeline run.jsonl --step 12 --svg step-12.svg --png step-12.png
  tinyv-stream timeline run.jsonl --trace run.json      then open it at ui.perfetto.dev or chrome://tracing

\b
RUN is a directory of the durable record (`RewardClient(record=)`, TINYV_RECORD; its newest try), or one file:
  from tinyv_stream.timeline import SpanWriter
  with SpanWriter(Path("run.jsonl")) as run:
      run.add(await ticket, step=step)
"""


def timeline(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A recorded run's directory, or what a timeline's SpanWriter wrote.")
    ],
    *,
    step: Annotated[int | None, typer.Option("--step", help="The step to draw. [default: the last]")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the step's picture.")] = None,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="The same as PNG. Needs tinyv-stream[report].")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page of all steps.")] = None,
    trace: Annotated[Path | None, typer.Option("--trace", metavar="FILE", help="Write all steps as a trace.")] = None,
) -> None:
    """Show how much of a recorded run's verification was exposed."""
    check_outputs(("--svg", svg), ("--png", png), ("--html", html), ("--trace", trace), inputs=[run])
    spans = _recorded(run) if run.is_dir() else read(run)
    steps = sorted({s.step for s in spans})
    chosen = steps[-1] if step is None else step
    if chosen not in steps:
        raise InvalidInputError("--step", chosen, f"the run has {steps[0]} to {steps[-1]}")
    start_s = max((s.rewarded_s for s in spans if s.step < chosen), default=0.0)  # where the step before it ended
    for number in steps:
        of = [s for s in spans if s.step == number]
        tail = max(of, key=lambda s: s.ended_s)
        exposed_s = max(s.rewarded_s for s in of) - tail.ended_s
        typer.echo(f"step {number}: {len(of)} rewards, exposed {exposed_s:.3f} s after the last completion")
    if svg or png:
        shown = counted_from([s for s in spans if s.step == chosen], start_s)
        picture = step_svg(shown, f"step {chosen} of {run.name}")
        if svg:
            _write(svg, picture.encode())
        if png:
            _write(png, as_png(picture))
    if html:
        _write(html, timeline_page(spans, chosen, start_s, run.name).encode())
    if trace:
        _write(trace, chrome_trace(counted_from(spans)))


def _recorded(directory: Path) -> list[Span]:
    from tinyv_stream.board.recorded import spans_of

    return spans_of(directory)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as exc:
        raise InvalidInputError("FILE", str(path), f"it cannot be written ({exc.strerror})") from exc
