"""The answer of ``desist mechanisms`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.inputs.routes import AS_IS, DIFFERENCE, DIRECT, SCARCE, TOTAL
from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.quantities import factor_name

Row = Mapping[str, Any]
Rows = Mapping[tuple[str, str], Row]


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """The whole effect, its parts from the largest, and what scarcity leaves of it."""
    rows = {(row["condition"], row["mechanism"]): row for row in facts["rows"]}
    return Answer(sentences=list(_sentences(facts, rows, m)), tables=[_table(facts, rows, m)],
                  notes=list(_notes(facts, rows, m)))  # fmt: skip


def conditions_of(facts: Mapping[str, Any], m: Messages) -> dict[str, str]:
    """What to call each condition, in order."""
    return {AS_IS: m("condition.as_is")} | ({SCARCE: _scarcity(facts, m)} if facts["scarce"] else {})


def route_name(row: Mapping[Any, Any], m: Messages) -> str:
    """What a route is called: a factor's name, the direct route, or all together."""
    key = row["mechanism"]
    return m(f"route.{key}") if key in (DIRECT, TOTAL) else factor_name(str(key), m, str(row["label"]))


def _sentences(facts: Mapping[str, Any], rows: Rows, m: Messages) -> Iterator[str]:
    total = rows[AS_IS, TOTAL]
    sign = 1 if total["points"] >= 0 else -1
    mean = f" {m('mean', draws=m.number(facts['draws'], 0))}" if facts["draws"] > 1 else ""
    about = {"scenario": facts["scenario"], "programme": facts["programme"], "group": m(f"group.{facts['group']}")}
    if not any(row["points"] for row in facts["rows"]):
        yield m("no_effect", **about)
        return
    yield m("lowers" if sign > 0 else "raises", **about, **_points(total, m, sign), mean=mean)
    if total["share"] is None:
        yield m("no_shares_draws" if mean else "no_shares")
    else:
        parts = [row for (condition, key), row in rows.items() if condition == AS_IS and key != TOTAL]
        ranked = sorted(parts, key=lambda row: -sign * row["points"])
        items = [
            m("part" if i else "part_first", route=_route_of(row, m), points=_points(row, m, sign)["points"],
              share="" if mean else f" ({m.percent(row['share'], 0)})")
            for i, row in enumerate(ranked)
        ]  # fmt: skip
        yield m("parts", parts=m.listed(items))
    if (SCARCE, TOTAL) in rows:
        own = [m("instead", route=_route_of(rows[AS_IS, key], m), now=_points(rows[SCARCE, key], m, sign)["points"],
                 before=_points(rows[AS_IS, key], m, sign)["points"]) for key in facts["scarce"]]  # fmt: skip
        left, gone = (_points(rows[each, TOTAL], m, sign) for each in (SCARCE, DIFFERENCE))
        scarcity = _scarcity(facts, m)
        yield m("left", condition=scarcity[:1].upper() + scarcity[1:], **left, own=m.listed(own), gone=gone["points"],
                gone_ends=gone["ends"], mean=mean)  # fmt: skip


def _table(facts: Mapping[str, Any], rows: Rows, m: Messages) -> Shown:
    keys = [key for condition, key in rows if condition == AS_IS]
    columns = {m("columns.mechanism"): [route_name(rows[AS_IS, key], m) for key in keys]}
    for condition, name in conditions_of(facts, m).items():
        own = [rows[condition, key] for key in keys]
        suffix = "" if condition == AS_IS else f", {name}"
        columns[f"{m('columns.points')}{suffix}"] = ["{points}{ends}".format(**_points(row, m)) for row in own]
        columns[f"{m('columns.share')}{suffix}"] = [_share(row, m) for row in own]
    return Shown(table=pd.DataFrame(columns))


def _notes(facts: Mapping[str, Any], rows: Rows, m: Messages) -> Iterator[str]:
    counts = {name: m.number(facts[name], 0) for name in ("draws", "trials", "lowering", "clearly_lowering")}
    if facts["definition"] == "draws":
        yield m("outcome_draws", months=m.months(facts["months"]))
    else:
        definition = m(f"common.definition.{facts['definition']}")
        yield m("outcome", definition=definition, months=m.months(facts["months"]))
    yield m("simulated_draws" if facts["draws"] else "simulated", **counts)
    yield m("shapley")
    route = facts["route"]
    if not facts["draws"]:
        yield m("division", direct=m.number(route["direct"], 2), support=m.number(route["support"], 2))
    else:
        yield m("division_drawn" if route["drawn"] else "division_fixed")
    yield m("arms", **{name: m.percent(facts["control"][name], 1) for name in ("nobody", "everybody")})
    if facts["scarce"]:
        scarcity = _scarcity(facts, m)
        factors = [factor_name(key, m, rows[AS_IS, key]["label"]) for key in facts["scarce"]]
        level = next(iter(facts["scarce"].values()))
        yield m("scarce", condition=scarcity[:1].upper() + scarcity[1:], level=m.plain(level),
                factors=m.listed(factors))  # fmt: skip


def _scarcity(facts: Mapping[str, Any], m: Messages) -> str:
    """The second condition in a few words."""
    labels = {row["mechanism"]: row["label"] for row in facts["rows"]}
    things = [m(f"thing.{key}") if m.has(f"thing.{key}") else m("thing_of", factor=factor_name(key, m, labels[key]))
              for key in facts["scarce"]]  # fmt: skip
    level = next(iter(facts["scarce"].values()))
    return m("condition.few" if level else "condition.none", things=m.listed(things))


def _route_of(row: Row, m: Messages) -> str:
    """A route in a sentence: help with a factor, or the relationship itself."""
    return m("direct") if row["mechanism"] == DIRECT else m("help", factor=route_name(row, m))


def _points(row: Row, m: Messages, sign: int = 1) -> dict[str, str]:
    """Percentage points and, in brackets, their interval; turned round if ``sign`` is -1."""
    low, high = row["points_low"], row["points_high"]
    known = low is not None and low == low
    ends = sorted((sign * low, sign * high)) if known else []
    return {"points": m.number(round(sign * row["points"], 1) + 0.0, 1),
            "ends": f" ({m.to(*(m.number(round(each, 1) + 0.0, 1) for each in ends))})" if ends else ""}  # fmt: skip


def _share(row: Row, m: Messages) -> str:
    """A share with its interval; a dash where there is nothing to divide."""
    low, high = row["share_low"], row["share_high"]
    ends = "" if low is None or row["mechanism"] == TOTAL else \
        f" ({m.to(*(m.number(round(100 * each) + 0.0, 0) for each in (low, high)))})"  # fmt: skip
    return f"{m.percent(None if row['share'] is None else round(row['share'], 2) + 0.0, 0)}{ends}"
