"""The answer of ``desist check-model``: what was checked, what held, what failed, what is inconclusive."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages

SHORTEST = 60
"""Longest piece of code that is shown of a fault."""
Facts = Mapping[str, Any]
Tables = Mapping[str, pd.DataFrame]
Rows = list[dict[Any, Any]]


def answer(facts: Facts, tables: Tables, m: Messages) -> Answer:
    """How many checks hold, figures match, predictions came true and faults were noticed; then one by one."""
    shown = {
        **_checks(facts, tables, m),
        "pattern": [_pattern(row, m) for row in _of_kind(tables, "pattern").to_dict("records")],
        "left_out": [_left_out(row, m) for row in _rows(tables, "left_out")],
        "survivors": [_survivor(row, m) for row in _rows(tables, "survivors")],
    }  # fmt: skip
    return Answer(
        sentences=list(_sentences(facts, tables, m)), notes=list(_notes(facts, tables, m)),
        tables=[Shown(table=pd.DataFrame(rows).rename(columns=m.heading), title=m(f"title.{name}"))
                for name, rows in shown.items() if rows],
    )  # fmt: skip


def _rows(tables: Tables, name: str) -> Rows:
    return tables[name].to_dict("records") if name in tables else []


def _of_kind(tables: Tables, kind: str) -> pd.DataFrame:
    """The verdicts of a kind; none where nothing was checked."""
    table = tables.get("verdicts", pd.DataFrame({"kind": []}))
    return table[table["kind"] == kind]


def named(group: str, name: str, m: Messages, otherwise: str | None = None) -> str:
    """A name in the reader's language; where the catalogue has none, another text or the name itself."""
    key = f"{group}.{name}"
    return m(key) if m.has(key) else name if otherwise is None else otherwise


def _sentences(facts: Facts, tables: Tables, m: Messages) -> Iterator[str]:
    verdicts, left_out, faults = facts["verdicts"], facts["left_out"], facts["faults"]
    if verdicts is not None:
        yield from _of_checks(verdicts, m)
    if left_out is None:
        yield m("left_out_none")
    else:
        alone = left_out["alone"]
        yield m("left_out", sets=m.number(left_out["sets"]), alone=m.number(alone["holds"]),
                alone_n=m.number(alone["number"]), **_counts(left_out["all"], m))  # fmt: skip
        yield from [m("left_out_changed")] if left_out["changed"] else []
    if faults is None:
        yield m("faults_none")
    else:
        yield m("faults", **{name: m.number(faults[name], 0) for name in ("planted", "files", "counted", "noticed")},
                **{name: m.percent(faults[name], 1) for name in ("share", "low", "high")},
                least=m.percent(facts["least_noticed"]))  # fmt: skip
        yield from [m("faults_changed")] if faults["changed"] else []
    names = [_failure(each, m) for each in facts["failed"]]
    yield m("failed", list="; ".join(names)) if names else m("passed")
    for row in _rows(tables, "verdicts"):
        if row["kind"] != "pattern" and row["verdict"] != "holds":
            yield m("wrong", verdict=_verdict(row, m), claim=str(row["claim"]).rstrip("."),
                    detail=f": {row['detail']}" if row["detail"] else "")  # fmt: skip


def _of_checks(verdicts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    none = {"number": 0, "holds": 0, "fails": 0, "inconclusive": 0}
    invariant, analytical, control, free = (
        {name: m.number(number) for name, number in verdicts.get(kind, none).items()}
        for kind in ("invariant", "analytical", "control", "not_fitted")
    )
    if "invariant" in verdicts or "analytical" in verdicts:
        yield m("checks", n=invariant["number"], good=invariant["holds"], m=analytical["number"],
                agree=analytical["holds"])  # fmt: skip
    if "pattern" in verdicts:
        yield m("patterns", free=free["holds"], free_n=free["number"], **_counts(verdicts["pattern"], m))
    if "control" in verdicts:
        yield m("controls", n=control["number"], good=control["holds"])


def _counts(of: Mapping[str, int], m: Messages) -> dict[str, str]:
    names = {"n": "number", "good": "holds", "bad": "fails", "open": "inconclusive"}
    return {short: m.number(of[name], 0) for short, name in names.items()}


def _failure(failed: Mapping[str, str], m: Messages) -> str:
    name = named("set", failed["name"], m) if failed["what"] == "left_out" else failed["name"]
    return m(f"failure.{failed['what']}", name=name) if name else m(f"failure.{failed['what']}")


# Tables -------------------------------------------------------------------------------------------------------


def _checks(facts: Facts, tables: Tables, m: Messages) -> dict[str, Rows]:
    """Invariants and analytical checks: a line a family, or with ``every`` a line a check, controls too."""
    kinds = {kind: _of_kind(tables, kind) for kind in ("invariant", "analytical", "control")}
    if facts["every"]:
        return {kind: [{"verdict": _verdict(row, m), "family": named("family", row["family"], m), "claim": row["claim"]}
                       for row in mine.to_dict("records")] for kind, mine in kinds.items()}  # fmt: skip
    return {kind: [
        {"family": named("family", str(family), m),
         "hold": m("of", n=m.number((each["verdict"] == "holds").sum()), all=m.number(len(each))),
         "examined": m.number(each["examined"].sum(), 0), "about": named("about", str(family), m)}
        for family, each in mine.groupby("family", sort=False)
    ] for kind, mine in kinds.items() if kind != "control" and len(mine)}  # fmt: skip


def _verdict(row: Mapping[Any, Any], m: Messages) -> str:
    return m(f"verdict.{row['verdict']}")


def _pattern(row: Mapping[Any, Any], m: Messages) -> dict[str, str]:
    value, error, low, high = (figure_text(row[name], m) for name in ("value", "error", "low", "high"))
    return {
        "verdict": _verdict(row, m), "id": row["name"], "figure": named("pattern", row["name"], m, row["claim"]),
        "model": f"{value} ({error})", "band": m.to(low, high),
        "observed": figure_text(float(row["detail"].removeprefix("observed ")), m),
        "fitted": m(f"fitted.{row['fitted']}"),
    }  # fmt: skip


def _left_out(row: Mapping[Any, Any], m: Messages) -> dict[str, str]:
    names = ("predicted", "low", "high", "observed", "sd")
    predicted, low, high, observed, sd = (figure_text(row[name], m) for name in names)
    return {
        "verdict": _verdict(row, m), "left_out": named("set", row["left_out"], m),
        "figure": named("figures", row["figure"], m), "predicted": f"{predicted} ({m.to(low, high)})",
        "observed_sd": f"{observed} ({sd})", "apart": m.number(row["apart"], 1), "p": m.number(row["p"], 3),
    }  # fmt: skip


def _survivor(row: Mapping[Any, Any], m: Messages) -> dict[str, str]:
    return {"place": f"{row['file']}.py:{row['line']}", "fault": named("fault", row["kind"], m),
            "before": _short(row["before"]), "after": _short(row["after"])}  # fmt: skip


def _short(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= SHORTEST else f"{line[: SHORTEST - 3]}..."


def figure_text(value: float, m: Messages, digits: int = 3) -> str:
    """A figure: whole numbers whole, others with so many digits."""
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) >= 1:
        return m.number(value, 0)
    return m.plain(float(f"{value:.{digits}g}"))


# Notes --------------------------------------------------------------------------------------------------------


def _notes(facts: Facts, tables: Tables, m: Messages) -> Iterator[str]:
    left_out, faults = facts["left_out"], facts["faults"]
    if facts["verdicts"] is not None:
        yield m("false_alarm", n=m.number(1 / facts["false_alarm"], 0))
        yield m("pattern_rule")
        for row in _of_kind(tables, "pattern").query("verdict == 'fails'").to_dict("records"):
            reason = named("known", row["name"], m, row["known"])
            yield m("known_to_fail" if row["known"] else "no_reason", name=row["name"], reason=reason)
    if left_out is not None:
        number = left_out["all"]["number"]
        yield m("left_out_rule", rare=m.plain(facts["rare"]), n=m.number(number, 0),
                expected=m.number(number * facts["rare"], 1))  # fmt: skip
        for name in left_out["failed"]:
            reason = named("known", name, m, "")
            yield m("known_to_fail" if reason else "no_reason", name=named("set", name, m), reason=reason)
    if faults is not None:
        outcomes = faults["outcomes"]
        yield m("fault_rule", none=m.number(outcomes["no difference"], 0), dead=m.number(outcomes["does not run"], 0),
                least=m.percent(faults["least"], 1))  # fmt: skip
        yield m("noticed_by", list=m.listed([f"{named('how', name, m)} {m.number(n, 0)}"
                                             for name, n in faults["how"].items()]))  # fmt: skip
