# ruff: noqa: INP001 a script beside what it makes
# pyright: basic
"""Grafana dashboard of a pool and its board, by Grafana's own builders: `python contrib/grafana/make_dashboard.py`.

It writes `tinyv.json` beside it, which Grafana imports; a test holds the two together, and asks a real Prometheus for
every expression. Needs `grafana-foundation-sdk`, which the extra `dev` brings.
"""

import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import dashboard, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

OUT: Final = Path(__file__).with_name("tinyv.json")
_RATE: Final = "$__rate_interval"
_PER_STEP: Final = "sum by (run) (rate(tinyv_step_{}_seconds_total[5m])) / sum by (run) (rate(tinyv_steps_total[5m]))"
_PANELS: Final = {"stat": stat.Panel, "lines": timeseries.Panel, "heat": heatmap.Panel}

Row = tuple[str, str, str, tuple[str, ...]]
ROWS: Final[dict[str, tuple[Row, ...]]] = {
    "Does training wait for verification?": (
        ("stat", "Exposed, share of generation", "percentunit", (
            "sum(rate(tinyv_step_exposed_seconds_total[10m])) / sum(rate(tinyv_step_generation_seconds_total[10m]))",)),
        ("stat", "The last step waited", "s", ("max by (run) (tinyv_step_last_exposed_seconds)",)),
        ("lines", "Per step: generation, hidden, exposed", "s",
         tuple(_PER_STEP.format(name) for name in ("generation", "hidden", "exposed"))),
        ("lines", "From completion to reward: median, 99th percentile", "s", tuple(
            f"histogram_quantile({q}, sum by (le) (rate(tinyv_reward_wait_seconds_bucket[5m])))" for q in (0.5, 0.99))),
    ),
    "Who decides, and is it sound?": (
        ("lines", "Rewards per second, by who decided", "ops",
         (f"sum by (source) (rate(tinyv_pool_rewards_total[{_RATE}]))",)),
        ("lines", "Given back by TinyV, share of rewards", "percentunit",
         ("rate(tinyv_pool_rescued_total[5m]) / scalar(sum(rate(tinyv_pool_rewards_total[5m])))",)),
        ("lines", "Undecided, share of rewards", "percentunit", (
            ('sum(rate(tinyv_pool_rewards_total{status=~"failed|expired"}[5m]))'
             " / sum(rate(tinyv_pool_rewards_total[5m]))"),)),
        ("heat", "P(true)", "short", ("sum by (le) (increase(tinyv_p_true_ratio_bucket[5m]))",)),
    ),
    "The pool": (
        ("lines", "Waiting or running, per stage", "short", ("tinyv_pool_depth", "tinyv_pool_parked_rollouts")),
        ("lines", "Oldest in a queue, per stage", "s", ("tinyv_pool_oldest_seconds",)),
        ("lines", "Workers by state", "short", ("sum by (stage, state) (tinyv_pool_workers)",)),
        ("lines", "Time in a queue and at work, 99th percentile", "s", (
            "histogram_quantile(0.99, sum by (le, stage, part) (rate(tinyv_stage_seconds_bucket[5m])))",)),
        ("lines", "Taken over, late, given up", "short", tuple(
            f"increase(tinyv_pool_{name}_total[5m])" for name in ("redelivered", "late", "buried"))),
        ("lines", "Requests waiting inside engines", "short", ("tinyv_pool_engine_waiting_requests",)),
        ("lines", "Known to the engines' prefix caches, share of prompt tokens", "percentunit",
         ("tinyv_pool_prefix_hit_tokens / clamp_min(tinyv_pool_prefix_queried_tokens, 1)",)),
        ("stat", "Broker answers", "short", ("tinyv_pool_up",)),
    ),
}  # fmt: skip


def encoded() -> str:
    """Return the dashboard as JSON."""
    made = (
        dashboard.Dashboard("tinyv-stream")
        .uid("tinyv-stream")
        .tags(["tinyv", "rl"])
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("source").type("prometheus").label("Source"))
    )
    for row, panels in ROWS.items():
        made = made.with_row(dashboard.Row(row))
        for panel in panels:
            made = made.with_panel(_panel(*panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def _panel(kind: str, title: str, unit: str, expressions: tuple[str, ...]):  # noqa: ANN202 the builders share no type
    made = _PANELS[kind]().title(title).unit(unit).height(8).span(6 if kind == "stat" else 12)
    made = made.datasource(DataSourceRef(type_val="prometheus", uid="$source"))
    for letter, expression in zip("ABC", expressions, strict=False):
        asked = prometheus.Dataquery().expr(expression).ref_id(letter).legend_format("__auto")
        made = made.with_target(asked.format(PromQueryFormat.HEATMAP) if kind == "heat" else asked)
    return made


if __name__ == "__main__":
    OUT.write_text(encoded())
    sys.stdout.write(f"{OUT}\n")
