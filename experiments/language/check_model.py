"""The answer of ``desist check-model``: what was checked, what held, what failed, what is inconclusive."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages

Rows = list[dict[str, Any]]
SHORTEST = 60
"""Longest piece of code that is shown of a fault."""


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """How many checks hold, figures match, predictions came true and faults were noticed; then one by one."""
    shown = [*_checks(facts, tables, m), *_patterns(tables, m), *_left_out(tables, m), *_survivors(tables, m)]
    return Answer(sentences=list(_sentences(facts, tables, m)), tables=shown, notes=list(_notes(facts, tables, m)))


def named(group: str, name: str, m: Messages) -> str:
    """A name in the reader's language, or the name itself where the catalogue has none."""
    key = f"{group}.{name}"
    return m(key) if m.has(key) else name


def _sentences(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Iterator[str]:
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
    if "verdicts" in tables:
        wrong = tables["verdicts"]
        wrong = wrong[(wrong["kind"] != "pattern") & (wrong["verdict"] != "holds")]
        for row in wrong.to_dict("records"):
            yield m("wrong", verdict=m(f"verdict.{row['verdict']}"), claim=str(row["claim"]).rstrip("."),
                    detail=f": {row['detail']}" if row["detail"] else "")  # fmt: skip


def _of_checks(verdicts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    none = {"number": 0, "holds": 0, "fails": 0, "inconclusive": 0}
    of = {name: verdicts.get(name, none) for name in ("invariant", "analytical", "control", "pattern", "not_fitted")}
    own = [of["invariant"], of["analytical"]]
    if any(each["number"] for each in own):
        yield m("checks", n=m.number(own[0]["number"]), good=m.number(own[0]["holds"]), m=m.number(own[1]["number"]),
                agree=m.number(own[1]["holds"]))  # fmt: skip
    if of["pattern"]["number"]:
        yield m("patterns", free=m.number(of["not_fitted"]["holds"]), free_n=m.number(of["not_fitted"]["number"]),
                **_counts(of["pattern"], m))  # fmt: skip
    if of["control"]["number"]:
        yield m("controls", n=m.number(of["control"]["number"]), good=m.number(of["control"]["holds"]))


def _counts(of: Mapping[str, int], m: Messages) -> dict[str, str]:
    names = {"n": "number", "good": "holds", "bad": "fails", "open": "inconclusive"}
    return {short: m.number(of[name], 0) for short, name in names.items()}


def _failure(failed: Mapping[str, str], m: Messages) -> str:
    name = named("set", failed["name"], m) if failed["what"] == "left_out" else failed["name"]
    return m(f"failure.{failed['what']}", name=name) if name else m(f"failure.{failed['what']}")


# Tables -------------------------------------------------------------------------------------------------------


def _table(rows: Rows, title: str, m: Messages) -> list[Shown]:
    """Rows by their columns' keys, with headings in the reader's language; nothing where there are no rows."""
    table = pd.DataFrame(rows)
    return [Shown(table=table.rename(columns=m.heading), title=title)] if rows else []


def _checks(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> list[Shown]:
    """Invariants and analytical checks: a line a family, or with ``every`` a line a check, controls too."""
    shown: list[Shown] = []
    for kind in ("invariant", "analytical", "control") if "verdicts" in tables else ():
        mine = tables["verdicts"][tables["verdicts"]["kind"] == kind]
        if facts["every"]:
            rows = [{"verdict": m(f"verdict.{row['verdict']}"), "family": named("family", row["family"], m),
                     "claim": row["claim"]} for row in mine.to_dict("records")]  # fmt: skip
        else:
            rows = [] if kind == "control" else [
                {"family": named("family", str(family), m),
                 "hold": m("of", n=m.number((each["verdict"] == "holds").sum()), all=m.number(len(each))),
                 "examined": m.number(each["examined"].sum(), 0), "about": named("about", str(family), m)}
                for family, each in mine.groupby("family", sort=False)
            ]  # fmt: skip
        shown += _table(rows, m(f"title.{kind}"), m)
    return shown


def _patterns(tables: Mapping[str, pd.DataFrame], m: Messages) -> list[Shown]:
    if "verdicts" not in tables:
        return []
    mine = tables["verdicts"][tables["verdicts"]["kind"] == "pattern"]
    rows = [
        {"verdict": m(f"verdict.{row['verdict']}"), "id": row["name"],
         "figure": named("pattern", str(row["name"]), m) if m.has(f"pattern.{row['name']}") else row["claim"],
         "model": f"{_number(row['value'], m)} ({_number(row['error'], m)})",
         "band": m.to(_number(row["low"], m), _number(row["high"], m)),
         "observed": _number(float(row["detail"].removeprefix("observed ")), m), "fitted": m(f"fitted.{row['fitted']}")}
        for row in mine.to_dict("records")
    ]  # fmt: skip
    return _table(rows, m("title.pattern"), m)


def _left_out(tables: Mapping[str, pd.DataFrame], m: Messages) -> list[Shown]:
    rows = [
        {"verdict": m(f"verdict.{row['verdict']}"), "left_out": named("set", row["left_out"], m),
         "figure": named("figures", row["figure"], m),
         "predicted": f"{_number(row['predicted'], m)} ({m.to(_number(row['low'], m), _number(row['high'], m))})",
         "observed_sd": f"{_number(row['observed'], m)} ({_number(row['sd'], m)})", "apart": m.number(row["apart"], 1),
         "p": m.number(row["p"], 3)}
        for row in (tables["left_out"].to_dict("records") if "left_out" in tables else ())
    ]  # fmt: skip
    return _table(rows, m("title.left_out"), m)


def _survivors(tables: Mapping[str, pd.DataFrame], m: Messages) -> list[Shown]:
    rows = [
        {"place": f"{row['file']}.py:{row['line']}", "fault": named("fault", row["kind"], m),
         "before": _short(row["before"]), "after": _short(row["after"])}
        for row in (tables["survivors"].to_dict("records") if "survivors" in tables else ())
    ]  # fmt: skip
    return _table(rows, m("title.survivors"), m)


def _short(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= SHORTEST else f"{line[: SHORTEST - 3]}..."


def _number(value: float, m: Messages) -> str:
    """A figure: whole numbers whole, others with three digits."""
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) >= 1:
        return m.number(value, 0)
    return m.plain(float(f"{value:.3g}"))


# Notes --------------------------------------------------------------------------------------------------------


def _notes(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Iterator[str]:
    left_out, faults = facts["left_out"], facts["faults"]
    if facts["verdicts"] is not None:
        yield m("false_alarm", n=m.number(1 / facts["false_alarm"], 0))
        yield m("pattern_rule")
        rows = tables["verdicts"]
        failed = rows[(rows["kind"] == "pattern") & (rows["verdict"] == "fails")].to_dict("records")
        for row in failed:
            reason = m(f"known.{row['name']}") if m.has(f"known.{row['name']}") else row["known"]
            yield m("known_to_fail", name=row["name"], reason=reason) if row["known"] else \
                m("no_reason", name=row["name"])  # fmt: skip
    if left_out is not None:
        number = left_out["all"]["number"]
        yield m("left_out_rule", rare=m.plain(facts["rare"]), n=m.number(number, 0),
                expected=m.number(number * facts["rare"], 1))  # fmt: skip
        for name in left_out["failed"]:
            known = {"name": named("set", name, m), "reason": named("known", name, m)}
            yield m("known_to_fail", **known) if m.has(f"known.{name}") else m("no_reason", name=known["name"])
    if faults is not None:
        outcomes = faults["outcomes"]
        yield m("fault_rule", none=m.number(outcomes["no difference"], 0), dead=m.number(outcomes["does not run"], 0),
                least=m.percent(faults["least"], 1))  # fmt: skip
        yield m("noticed_by", list=m.listed([f"{named('how', name, m)} {m.number(n, 0)}"
                                             for name, n in faults["how"].items()]))  # fmt: skip
