"""A recorded run as a page: what each step waited, and the waits of one step's rollouts. Pure."""

from collections.abc import Sequence

from tinyv_stream.charts.report_page import Axis, Chart, Curve, report_page, section
from tinyv_stream.timeline.picture import step_svg
from tinyv_stream.timeline.spans import Span, counted_from


def timeline_page(spans: Sequence[Span], step: int, start_s: float, name: str) -> str:
    """Return the page of all steps, with one step's rollouts in detail; `start_s` is where the step before it ended."""
    exposed: dict[int, float] = {}
    for number in sorted({s.step for s in spans}):
        of = [s for s in spans if s.step == number]
        exposed[number] = max(s.rewarded_s for s in of) - max(s.ended_s for s in of)
    shown = counted_from([s for s in spans if s.step == step], start_s)
    worst = max(exposed, key=exposed.__getitem__)
    said = sorted(exposed.values())[len(exposed) // 2]
    sentence = (
        f"After a step's last completion the trainer waited {said:.3f} s in the median of {len(exposed)} steps, and"
        f" {exposed[worst]:.3f} s in step {worst}, the longest."
    )
    charts = [
        Chart(
            title="Exposed time of each step",
            said="from its last completion to its last reward",
            kind="bars",
            x=Axis(name="step"),
            y=Axis(name="exposed, s", min=0),
            names=[str(number) for number in exposed],
            curves=[Curve(name="exposed", tone="exp", points=[round(one, 4) for one in exposed.values()])],
        ),
        Chart(
            title=f"Each wait of step {step}",
            said="one point per rollout",
            kind="scatter",
            x=Axis(name="completion ended, s after the step before", min=0),
            y=Axis(name="waited for its reward, s", min=0),
            curves=[
                Curve(name=word, tone=tone, points=[(round(s.ended_s, 3), round(s.wait_s, 4)) for s in some])
                for word, tone, some in (
                    ("by the rules", "rule", [s for s in shown if s.source == "rule"]),
                    ("by TinyV", "tinyv", [s for s in shown if s.source != "rule"]),
                )
            ],
        ),
    ]
    picture = f"<figure>{step_svg(shown, f'step {step} of {name}')}</figure>"
    return report_page(
        f"Timeline of {name}", sentence, [section(f"Step {step}", picture, "Rollouts in each state")], charts
    )
