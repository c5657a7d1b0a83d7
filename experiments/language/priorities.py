"""The answer of ``desist priorities``: sentences on each part that was asked for, two tables, and what decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import MILLION, NBSP, Messages

Facts = Mapping[str, Any]
OUTCOMES = ("courses", "offences", "relapses_any", "reoffenders_any", "custody_months")
"""Columns of the printed table of municipalities."""


def answer(facts: Facts, tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """Which rule is best, which municipality gains most by more volunteers, and which order is best for a budget."""
    sentences, shown, notes = list[str](), list[Shown](), list[str]()
    if "rules" in facts:
        sentences += _rules(facts, m)
        shown.append(_best_rules(facts["rules"], m))
        notes += [*_why(facts["rules"], m), m("notes.draws_rules", n=m.number(facts["rules"]["draws"]))]
    if facts.get("coupled_by"):
        sentences.append(m("coupled", keys=m.listed(facts["coupled_by"])))
    if "volunteers" in facts:
        sentences += _volunteers(facts, m)
        shown.append(_first(facts, tables["volunteers"], m))
    if "order" in facts:
        sentences += _order(facts, m)
    if part := facts.get("order", facts.get("volunteers")):
        notes.append(m("notes.draws", n=m.number(part["draws"])))
    return Answer(sentences=sentences, tables=shown, notes=notes)


# Rules --------------------------------------------------------------------------------------------------------


def _rules(facts: Facts, m: Messages) -> Iterator[str]:
    rules = facts["rules"]
    last = rules["horizons"][1]
    yield m("served_own", served=m.percent(rules["served"], 0), programme=facts["programme"],
            which=_which(rules, "own", m))  # fmt: skip
    yield m("served_same", which=_which(rules, "same", m))
    yield m("pattern", held=m.number(len(rules["pattern"])), all=m.number(rules["combinations"]),
            held_listed=_cells(rules["pattern"], m), last=m.number(last), low=m.number(len(rules["lowest"])),
            low_listed=_cells(rules["lowest"], m))  # fmt: skip


def _which(rules: Facts, effect: str, m: Messages) -> str:
    """The best rule over the first and the last horizon, with the outcomes by which it is best."""
    (first, last), found = rules["horizons"], dict[tuple[str, str], list[str]]()
    for row in rules["best"]:
        if row["effect"] == effect:
            ends = row["cells"][0]["rule"], row["cells"][-1]["rule"]
            found.setdefault(ends, []).append(m(f"outcome.{row['outcome']}"))
    parts = []
    for (one, other), outcomes in found.items():
        named = {"rule": m(f"rule.{one}"), "outcomes": m.listed(outcomes)}
        if one != other:
            parts.append(m("which_two", **named, other=m(f"rule.{other}"), first=m.number(first), last=m.number(last)))
        elif first == last:
            parts.append(m("which_one", **named, years=_years(last, m)))
        else:
            parts.append(m("which", **named, first=m.number(first), last=m.number(last)))
    return "; ".join(parts)


def _cells(rows: Sequence[Facts], m: Messages) -> str:
    """Combinations in brackets: effect and outcome, with their capacities."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row["effect"], row["outcome"]), []).append(m.number(100 * row["capacity"], 0))
    parts = [m("cell", effect=m(f"effect.{effect}"), outcome=m(f"outcome.{outcome}"),
               served=f"{m.listed(shares)}{NBSP}%") for (effect, outcome), shares in found.items()]  # fmt: skip
    return f" ({'; '.join(parts)})" if parts else ""


def _best_rules(rules: Facts, m: Messages) -> Shown:
    rows = []
    for row in rules["best"]:
        shown = {m.heading("effect"): m(f"effect.{row['effect']}"),
                 m.heading("outcome"): m(f"outcome.{row['outcome']}")}  # fmt: skip
        for cell in row["cells"]:
            shown[_years(cell["horizon"], m)] = m(
                "share_best", rule=m(f"short.{cell['rule']}"), each=m.number(cell["each"], 2),
                lottery=m.number(cell["lottery"], 2), share=m.percent(cell["best"], 0),
            )  # fmt: skip
        rows.append(shown)
    return Shown(title=m("title.rules", served=m.percent(rules["served"], 0)), table=pd.DataFrame(rows))


def _why(rules: Facts, m: Messages) -> Iterator[str]:
    first, last = (m.number(each) for each in rules["horizons"])

    def two(key: str, decimals: int, prefix: str = "", *, effect: str = "same") -> dict[str, str]:
        high, others = (m.number(each, decimals) for each in rules["why"][effect][key])
        return {f"{prefix}high": high, f"{prefix}others": others}

    def shares(key: str, prefix: str = "") -> dict[str, str]:
        high, others = (m.percent(each, 0) for each in rules["why"]["same"][key])
        return {f"{prefix}high": high, f"{prefix}others": others}

    yield m("notes.effect", **two("avoided_offences", 2, effect="own"), last=last)
    yield m("notes.base", **two("offences", 1, "offences_"), **two("custody_months", 1, "prison_"),
            **two("avoided_offences", 1))  # fmt: skip
    yield m("notes.returns", **shares("relapses"), **two("avoided_relapses_first", 2, "soon_"),
            **two("avoided_relapses_last", 2, "late_"), first=first, last=last)  # fmt: skip
    yield m("notes.dose", **two("months", 1), **shares("in_custody", "custody_"))
    highest, around = ([m.percent(each, 0) for each in rules[key]] for key in ("highest", "first"))
    yield m("notes.list", high=highest[0], time=highest[1], low=highest[2])
    yield m("notes.counted", **two("avoided_reoffenders", 3), part_high=around[0], part_time=around[1],
            part_low=around[2])  # fmt: skip


# Municipalities -----------------------------------------------------------------------------------------------


def _volunteers(facts: Facts, m: Messages) -> Iterator[str]:
    found, outcome = facts["volunteers"], m(f"outcome.{facts['outcome']}")
    courses, avoided = found["courses"], found["avoided"]
    yield m("more", more=m.plain(found["more"]), courses=m.number(courses["median"], 1),
            courses_low=m.number(courses["low"], 1), courses_high=m.number(courses["high"], 1),
            avoided=m.number(avoided["median"]), outcome=outcome, low=m.number(avoided["low"], 1),
            lowest=avoided["lowest"], high=m.number(avoided["high"]), highest=avoided["highest"])  # fmt: skip
    yield m("ratio", ratio=m.number(found["ratio"], 2), outcome=outcome)
    yield m("noise", error=m.number(found["error"]), own_error=m.number(found["own_error"]),
            correlation=m.number(found["rank_correlation"], 2))  # fmt: skip


def _first(facts: Facts, table: pd.DataFrame, m: Messages) -> Shown:
    top = table.head(facts["volunteers"]["shown"])
    shown = {m.heading("municipality"): top["municipality"].tolist()}
    for name in OUTCOMES:
        decimals = 2 if name == "reoffenders_any" else 1
        ends = zip(top[name], top[f"{name}_low"], top[f"{name}_high"], strict=True)
        shown[m.heading(name)] = [m("interval", **dict(zip(("mean", "low", "high"), (
            m.number(each, decimals) for each in row), strict=True))) for row in ends]  # fmt: skip
    return Shown(title=m("title.volunteers", n=m.number(len(top))), table=pd.DataFrame(shown))


def _order(facts: Facts, m: Messages) -> Iterator[str]:
    found, outcome = facts["order"], m(f"outcome.{facts['outcome']}")
    about = {"plan": facts["plan"]["name"], "cost": million(found["cost"], m), "years": _years(found["years"], m)}
    if found["last"]:
        yield m("order_last", **about, first=", ".join(found["first"]), last=m.listed(found["last"]))
    else:
        yield m("order", **about, first=m.listed(found["first"]))
    half = {key: m.number(found["half"][key], 0) for key in ("mean", "low", "high", "error")}
    yield m("half", outcome=outcome, **half)
    tied = [row for row in found["less"] if row["part"] < 2 * row["part_error"]]
    worse = [row for row in found["less"] if row not in tied]
    named = m.listed([m(f"orders.{row['order']}") for row in tied])
    yield m("tied", orders=named) if tied else m("tied_none")
    if worse:
        yield m("worse", orders=m.listed([
            m("less", order=m(f"orders.{row['order']}"), part=m.percent(row["part"], 1),
              error=m.number(200 * row["part_error"], 1)) for row in worse
        ]))  # fmt: skip
    for row in found["winners_curse"]:
        inside, outside, lot, order = row["in_sample"], row["held_out"], row["by_lot"], m(f"orders.{row['order']}")
        if outside <= max(0.0, lot):
            yield m("curse_none", order=order, gain=m.number(inside - lot))
        else:
            yield m("curse", order=order, over=m.percent(inside / outside - 1, 1),
                    times=m.number((inside - lot) / (outside - lot), 2))  # fmt: skip


def million(value: float, m: Messages) -> str:
    """Whole millions of kroner."""
    return f"{m.number(value / MILLION, 0)}{NBSP}{m('common.million')}"


def _years(number: int, m: Messages) -> str:
    return m("year" if number == 1 else "years", n=m.number(number))
