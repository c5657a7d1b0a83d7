"""The pictures of the five lessons: specifications and the tables behind them, without a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, INK, MENTORED, QUIET, Rows, Spec, field, layer
from experiments.app.lessons.groups import Base, Chosen, Prevented, Wings
from experiments.app.lessons.trials import LARGE, Curse, Luck, least
from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT

BIN = 5
"""Points to a bar."""
PALE, EDGE, WHITE = "#d5dce5", "#7b8794", "#ffffff"
"""Fill and edge of what is not counted; paper."""
REAL = CONTROL_PERCENT - MENTORED_PERCENT
"""Points between the arms of the real trial."""
SHAPES = ["circle", "square", "diamond"]


def bars(differences: npt.NDArray[np.float64], counted: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Differences in bars of five points, away from zero: 10 points lie in 10 to 15, -10 in -15 to -10.

    Returns
    -------
    Columns from_points, to_points, counted, trials, percent (of all); bars without a trial are left out.
    """
    points = np.round(100 * differences, 7)
    step = np.floor(np.abs(points) / BIN)
    low = np.where(points >= 0, step, -step - 1) * BIN
    table = pd.DataFrame({"from_points": low.astype(int), "counted": counted})
    table = table.groupby(["from_points", "counted"]).size().rename("trials").reset_index()
    table.insert(1, "to_points", table["from_points"] + BIN)
    return table.assign(percent=100 * table["trials"] / len(differences))


def _histogram(w: PageMessages, table: pd.DataFrame, names: tuple[str, str], low: int, high: int) -> Rows:
    """Bars whose counted part is dark and stands below; ``names``: of the counted, and of the others."""
    rows = table.assign(kind=[names[0] if each else names[1] for each in table["counted"]]).to_dict("records")
    most = float(table.groupby("from_points")["percent"].sum().max())
    x = field("from_points", bin={"binned": True, "step": BIN},
              scale={"domain": [low, high], "nice": False, "clamp": True},
              axis={"title": w("lessons.axis.difference").split("\n"), "values": list(range(low, high + 1, 20)),
                    "grid": False, "labelFlush": False})  # fmt: skip
    y = field("percent", title=w("lessons.axis.trials"), stack="zero", axis={"tickCount": 4},
              scale={"domain": [0, 1.3 * most], "nice": False})  # fmt: skip
    colour = field("kind", "nominal", sort=list(names), title=None, legend={"columns": 1, "symbolType": "square"},
                   scale={"domain": list(names), "range": [INK, PALE]})  # fmt: skip
    order = {"field": "counted", "sort": "descending"}
    bar = {"x": x, "x2": {"field": "to_points"}, "y": y, "color": colour, "order": order}
    return [layer("bar", bar, rows, stroke=EDGE, strokeWidth=1, binSpacing=0)]


def _mark(at: float, text: str, *, colour: str, dash: bool) -> Rows:
    """A vertical line with its name at the top: right of it, or left if ``dash``."""
    x, values = field("x"), [{"x": at, "text": text}]
    side: Spec = {"align": "right", "dx": -6} if dash else {"align": "left", "dx": 6}
    return [
        layer("rule", {"x": x}, values, color=colour, strokeWidth=2.5, strokeDash=[6, 4] if dash else [1, 0]),
        *_text(values, {"x": x, "y": {"value": 12}}, color=colour, **side),
    ]


def _text(values: Rows, encoding: Spec, **mark: Any) -> Rows:
    """Bold words on a white edge, so that they can be read across lines."""
    bold = {"fontWeight": "bold", "fontSize": 15, "lineBreak": "\n", **mark}
    encoding = {**encoding, "text": {"field": "text"}}
    plain = {key: value for key, value in encoding.items() if key != "color"}
    edge = {"stroke": WHITE, "strokeWidth": 5, "strokeJoin": "round", "color": WHITE}
    return [layer("text", plain, values, **bold | edge), layer("text", encoding, values, **bold)]


def luck_layers(w: PageMessages, found: Luck) -> tuple[Rows, pd.DataFrame]:
    """What trials print although nothing works, and the table behind it."""
    table = bars(found.differences, least(found.differences, LARGE))
    layers = _histogram(w, table, (w("lessons.luck.large"), w("lessons.luck.small")), -100, 100)
    layers += _mark(0.0, w("lessons.luck.truth"), colour=MENTORED, dash=True)
    layers += _mark(REAL, w("lessons.luck.real", points=REAL), colour=CONTROL, dash=False)
    return layers, table


def curse_layers(w: PageMessages, found: Curse) -> tuple[Rows, pd.DataFrame]:
    """All trials, the published dark, with the truth and what the published say on average."""
    table = bars(found.differences, found.significant)
    layers = _histogram(w, table, (w("lessons.curse.published"), w("lessons.curse.drawer")), -60, 100)
    text = w("lessons.curse.truth", points=w.points(found.truth))
    layers += _mark(100 * found.truth, text, colour=MENTORED, dash=True)
    if found.significant.any():
        text = w("lessons.curse.mean", points=w.points(found.reported))
        layers += _mark(100 * found.reported, text, colour=CONTROL, dash=False)
    return layers, table


def self_layers(w: PageMessages, found: Chosen) -> tuple[Rows, pd.DataFrame]:
    """Participants, everybody else, and those who said yes and drew no place."""
    risks, errors = (*found.naive.risks, found.fair.risks[1]), (*found.naive.errors, found.fair.errors[1])
    people = (found.naive.mentored_people, found.naive.control_people, found.fair.control_people)
    table = pd.DataFrame({
        "group": ["participants", "everybody else", "said yes, drew no place"],
        "people": [int(each.sum()) for each in people], "share": risks, "error": errors,
    })  # fmt: skip
    names = [w(f"lessons.self.group.{key}") for key in ("in", "out", "undrawn")]
    rows: Rows = [
        {"at": at, "name": name, "share": 100 * risk, "low": 100 * (risk - 2 * error),
         "high": 100 * (risk + 2 * error), "text": w.percent(risk)}
        for at, (name, risk, error) in enumerate(zip(names, risks, errors, strict=True))
    ]  # fmt: skip
    x: Spec = {"scale": {"domain": [45, 75]}, "axis": {"title": w("lessons.axis.any"), "tickCount": 6}}
    y = field("at", "ordinal", axis=None, scale={"padding": 0.5})
    three = {"domain": [0, 1, 2]}
    colour = field("at", "ordinal", legend=None, scale={**three, "range": [MENTORED, CONTROL, INK]})
    shape = field("at", "ordinal", legend=None, scale={**three, "range": SHAPES})
    both = {"y": y, "color": colour}
    share, low, high = (field(name, **x) for name in ("share", "low", "high"))
    layers = [
        layer("rule", {"x": share}, rows[:1], color=MENTORED, strokeDash=[3, 4], strokeWidth=1.5),
        layer("rule", {"x": low, "x2": {"field": "high"}, **both}, rows, strokeWidth=3),
        layer("point", {"x": share, "shape": shape, **both}, rows, filled=True, size=240, opacity=1),
        *_text([{**row, "text": row["name"]} for row in rows], {"x": {"value": 6}, **both}, align="left", dy=-30),
        *_text(rows, {"x": high, **both}, align="left", dx=8),
    ]
    return layers, table


def base_layers(w: PageMessages, found: Base) -> tuple[Rows, pd.DataFrame]:
    """A hundred of each risk group: who reoffends all the same, who does not because of it, who does not anyway."""
    groups = {"others": found.others, "highest": found.highest}
    table = pd.DataFrame([
        {"group": "highest risk" if name == "highest" else name, "people": each.people, "without": each.without,
         "with": each.with_it, "prevented": each.prevented, "error": each.error, "needed": each.needed}
        for name, each in groups.items()
    ])  # fmt: skip
    names = {kind: w(f"lessons.base.kind.{kind}") for kind in ("still", "prevented", "never")}
    rows, heads = [], []
    for place, (name, each) in enumerate(groups.items()):
        text = w(f"lessons.base.group.{name}") + "\n" + w("lessons.base.of", n=w.number(100 * each.prevented, 1))
        heads.append({"x": 11.5 * place + 4.5, "y": -2.5, "text": text})
        rows += [{"x": 11.5 * place + number % 10, "y": number // 10, "kind": names[kind]}
                 for number, kind in enumerate(hundred(each))]  # fmt: skip
    x = field("x", axis=None, scale={"domain": [-0.7, 21.2], "nice": False})
    y = field("y", axis=None, scale={"domain": [-2.6, 9.6], "reverse": True, "nice": False})
    people = layer("point", {"x": x, "y": y, **_kinds(list(names.values()))}, rows, filled=True, opacity=1,
                   strokeWidth=1.2)  # fmt: skip
    return [people, *_text(heads, {"x": x, "y": y}, baseline="top", lineHeight=20)], table


def _kinds(names: list[str]) -> Spec:
    """Colour, edge, shape and size of the three kinds of people, in one legend."""
    looks = {
        "color": [CONTROL, MENTORED, WHITE], "stroke": [CONTROL, MENTORED, QUIET],
        "shape": ["circle", "diamond", "circle"], "size": [130, 190, 110],
    }  # fmt: skip
    legend = {"title": None, "columns": 1, "symbolSize": 140}
    return {
        look: field("kind", "nominal", sort=names, scale={"domain": names, "range": values},
                    legend=None if look == "size" else legend)
        for look, values in looks.items()
    }  # fmt: skip


def hundred(group: Prevented) -> list[str]:
    """A hundred people of a group, rounded: still, prevented and never, in this order."""
    still, reoffend = round(100 * group.with_it), round(100 * group.without)
    prevented = max(0, reoffend - still)
    return ["still"] * still + ["prevented"] * prevented + ["never"] * (100 - still - prevented)


def wings_layers(w: PageMessages, found: Wings) -> tuple[Rows, pd.DataFrame]:
    """Every wing in two years, the worst of the first drawn out."""
    worst = np.isin(np.arange(len(found.first)), found.worst)
    table = pd.DataFrame({"wing": np.arange(1, len(worst) + 1), "first": found.first, "second": found.second,
                          "worst": worst})  # fmt: skip
    years = [w("lessons.wings.first"), w("lessons.wings.second")]
    rows = [
        {"wing": number + 1, "year": year, "share": 100 * float(shares[number]), "worst": bool(worst[number])}
        for number in range(len(worst)) for year, shares in zip(years, (found.first, found.second), strict=True)
    ]  # fmt: skip
    ends = [
        {"year": year, "share": 100 * share, "text": w(f"lessons.wings.worst.{key}", share=w.percent(share))}
        for year, share, key in zip(years, (found.before, found.after), ("first", "second"), strict=True)
    ]
    mean: Rows = [{"share": 100 * found.mean, "text": w("lessons.wings.mean", share=w.percent(found.mean))}]
    x = field("year", "ordinal", sort=years, scale={"type": "point", "padding": 0.9},
              axis={"title": None, "labelAngle": 0, "labelFontSize": 16, "orient": "top", "domain": False,
                    "ticks": False})  # fmt: skip
    y = field("share", scale={"domain": [20, 100], "nice": False},
              axis={"title": w("lessons.axis.any"), "tickCount": 4})  # fmt: skip
    dots = {"filled": True, "size": 70, "color": CONTROL}
    layers: Rows = [
        _lines(rows, x, y, worst=False, color=EDGE, strokeWidth=1, opacity=0.75),
        layer("rule", {"y": y}, mean, color=INK, strokeDash=[6, 4], strokeWidth=2),
        _lines(rows, x, y, worst=True, color=CONTROL, strokeWidth=3, point=dots),
        *_text(mean, {"y": y, "x": {"value": 4}}, align="left", dy=13, fontSize=14),
        *_text(ends[:1], {"x": x, "y": y}, align="right", dx=-12, color=CONTROL),
        *_text(ends[1:], {"x": x, "y": y}, align="left", dx=12, color=CONTROL),
    ]  # fmt: skip
    return layers, table


def _lines(rows: Rows, x: Spec, y: Spec, *, worst: bool, **mark: Any) -> Spec:
    """One line for each of the worst wings, or of the others."""
    mine = [row for row in rows if row["worst"] == worst]
    return layer("line", {"x": x, "y": y, "detail": {"field": "wing"}}, mine, **mark)
