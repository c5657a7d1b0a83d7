"""The answer of ``desist benchmark``: speed, start-up, memory, and what common random numbers save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.shown import shown_table


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """Sentences on what matters most, and every measurement."""
    if facts["part"] == "page":
        return Answer(sentences=list(_page(facts, m)), tables=_page_table(facts, m), notes=[m("machines")])
    return Answer(sentences=list(_machine(facts, m)), tables=list(_tables(facts, m)), notes=list(_notes(facts, m)))


def _machine(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    row = facts["drivers"][-1]
    yield m("engine", people=m.number(row["people"], 0), speed=m.number(row["engine 1 thread"], 1),
            all=m.number(row["engine all threads"], 1), ratio=m.number(row["ratio"], 0),
            bytes=m.number(row["bytes a person"], 0))  # fmt: skip
    if facts["quick"]:
        return
    help_, warm, *_ = facts["start_up"].values()
    yield m("start", help=m.number(help_, 2), warm=m.number(warm, 2))
    first = facts["common_random_numbers"][0]
    yield m("save", ratio=m.number(first["ratio"], 0), people=m.number(facts["people"], 0))


def _tables(facts: Mapping[str, Any], m: Messages) -> Iterator[Shown]:
    forms = {"people": 0, "engine 1 thread": 1, "engine all threads": 1, "Mesa": 3, "ratio": 0, "ratio all": 0,
             "no programme": 1, "bytes a person": 0}  # fmt: skip
    yield _shown("drivers", facts["drivers"], forms, m)
    if facts["quick"]:
        return
    seconds = [{"what": what, "seconds": value} for part in ("start_up", "studies")
               for what, value in facts[part].items()]  # fmt: skip
    yield _shown("seconds", seconds, {"what": None, "seconds": 2}, m)
    ways = [{"what": way, **row} for way, row in facts["country"].items()]
    yield _shown("country", ways, {"what": None, "seconds": 2, "a_second": 1, "peak_mib": 0}, m,
                 n=m.number(facts["country_runs"], 0))  # fmt: skip
    store = [{"what": what, "value": value} for what, value in facts["store"].items()]
    yield _shown("store", store, {"what": None, "value": 3}, m)
    columns = {"policies": None, "difference": 2, "sd_same": 2, "sd_independent": 2, "ratio": 0, "low": 0, "high": 0,
               "bound": 0}  # fmt: skip
    yield _shown("common_random_numbers", facts["common_random_numbers"], columns, m)


def _shown(
    title: str, rows: list[dict[str, Any]], decimals: Mapping[str, int | None], m: Messages, **parts: str
) -> Shown:  # fmt: skip
    """Some columns of rows: text where the decimals are None."""
    forms = {name: None if digits is None else partial(m.number, decimals=digits) for name, digits in decimals.items()}
    return shown_table(pd.DataFrame(rows), forms, m, title=m(f"title.{title}", **parts))


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("units")
    if not facts["quick"]:
        yield m("spread", people=m.number(facts["people"], 0), replicates=m.number(facts["replicates"], 0))
    yield m("machines")


def _page(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    row, limits = facts["page"]["class"], facts["limits"]
    start = facts["page"]["cold start"]
    yield m("cold_start", median=m.number(start["median"], 2), limit=m.plain(limits["cold start"]))
    yield m("class", visitors=m.number(row["visitors"], 0), errors=m.number(row["errors"], 0),
            median=m.number(row["median"], 2), limit=m.plain(limits["class"]), memory=m.number(row["MiB"], 0),
            most=m.number(limits["class, MiB"], 0))  # fmt: skip


def _page_table(facts: Mapping[str, Any], m: Messages) -> list[Shown]:
    rows = []
    for name, row in facts["page"].items():
        what = "slider" if name.startswith("slider") else name
        limits = [facts["limits"].get(each) for each in (what, f"{what}, 95 %")]
        rows.append({
            "what": name, "median": m.number(row["median"], 2), "limit": m.plain(limits[0]) if limits[0] else "",
            "95 %": m.number(row["95 %"], 2), "limit_95": m.plain(limits[1]) if limits[1] else "",
            "worst": m.number(row["worst"], 2), "number": m.number(row["number"], 0),
        })  # fmt: skip
    return [shown_table(pd.DataFrame(rows), dict.fromkeys(rows[0]), m, title=m("title.page"))]
