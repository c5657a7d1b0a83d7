"""The picture of the coordinator's game: this year's result beside what luck does to every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.app.catalogue import PageMessages
from experiments.app.charts import MENTORED, OBSERVED, QUIET, Spec, chart
from experiments.app.coordinator.game import RULES

if TYPE_CHECKING:
    import pandas as pd

SPAN = "#c4c9d1"
"""Where nine of ten years lie."""


def luck_chart(w: PageMessages, table: pd.DataFrame, years: int) -> Spec:
    """Reoffenders fewer than without volunteers: a dot for this year, and for rules mean and middle of many years.

    Parameters
    ----------
    w
        Language.
    table
        What ``carry_facts.results`` returns.
    years
        Years behind mean and middle.
    """
    rows = table[table["policy"] != "nobody"]
    rules = rows[rows["policy"].isin(RULES)]
    said = {policy: w(f"carry.rule.{policy}") for policy in rows["policy"]}
    data = [
        {"who": said[row["policy"]], "fewer": int(row["fewer"]), "own": row["policy"] == "player"}
        | ({} if row["policy"] == "player" else {"mean": row["mean_fewer"], "low": row["low"], "high": row["high"]})
        for row in rows.to_dict("records")
    ]
    year = ", ".join(
        w("carry.chart.each", rule=said[row["policy"]], n=int(row["fewer"])) for row in rows.to_dict("records")
    )
    over = "; ".join(
        w("carry.chart.over", rule=said[row["policy"]], mean=w.number(row["mean_fewer"], 1), low=int(row["low"]),
          high=int(row["high"]))
        for row in rules.to_dict("records")
    )  # fmt: skip
    ends = [*rows["fewer"], *rules["low"], *rules["high"], 0]
    across = {"type": "quantitative", "scale": {"domain": [min(ends) - 0.4, max(ends) + 0.4], "nice": False}}
    axis = {"title": w("carry.chart.axis"), "tickMinStep": 1, "format": "d", "tickCount": max(ends) - min(ends) + 1}
    bare = {"title": None, "domain": False, "ticks": False}
    down = {"field": "who", "type": "nominal", "sort": list(said.values()), "axis": bare}
    here = {"x": {"field": "fewer", **across, "axis": axis}, "y": down}
    solid = {"filled": True, "opacity": 1, "aria": False}
    spec = {
        "data": {"values": data},
        "layer": [
            {
                "mark": {"type": "rule", "stroke": QUIET, "strokeDash": [3, 3], "aria": False},
                "encoding": {"x": {"datum": 0, **across}},
            },
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "bar", "height": 16, "fill": SPAN, "cornerRadius": 3, "aria": False},
                "encoding": {"x": {"field": "low", **across, "axis": axis}, "x2": {"field": "high"}, "y": down},
            },
            {
                "transform": [{"filter": "isValid(datum.mean)"}],
                "mark": {"type": "tick", "thickness": 3, "size": 24, "color": OBSERVED, "aria": False},
                "encoding": {"x": {"field": "mean", **across}, "y": down},
            },
            {
                "transform": [{"filter": "!datum.own"}],
                "mark": {"type": "point", "shape": "circle", "size": 130, "color": OBSERVED, **solid},
                "encoding": here,
            },
            {
                "transform": [{"filter": "datum.own"}],
                "mark": {"type": "point", "shape": "diamond", "size": 320, "color": MENTORED, **solid},
                "encoding": here,
            },
        ],
    }  # fmt: skip
    return chart(w, w("carry.chart.describe", year=year, years=years, over=over), spec, height=240)
