"""The country as it is printed: regions, municipalities, and where each number comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer
from experiments.language.messages import Messages
from experiments.language.shown import shown_table
from simulation.parameters import Quantity

Columns = dict[str, Callable[[Any], str] | None]


def regions_text(table: pd.DataFrame, time: Mapping[str, float], m: Messages) -> str:
    """``Country.summary`` by region, and what it rests on (``time_for_programme``)."""
    def whole(value: float) -> str:
        return m.number(value, 0)

    draws = [m.to(whole(row["low"]), whole(row["high"])) if row["high"] - row["low"] > 1 else ""
             for row in table.to_dict("records")]  # fmt: skip
    columns: Columns = {
        "region": lambda name: m("denmark") if name == "Denmark" else str(name), "municipalities": whole,
        "population": whole, "releases": whole, "draws": None, "per_1000": lambda value: m.number(value, 2),
        "eligible": whole, "today_share": lambda value: m.percent(value, 1), "today_releases": whole,
        "today_eligible": whole,
    }  # fmt: skip
    country = table.to_dict("records")[-1]
    return Answer(sentences=[
        m("releases", releases=whole(country["releases"]), eligible=whole(country["eligible"])),
        m("time", shortest=m.plain(time["shortest"]), share=m.percent(time["share"], 1),
          low=m.percent(time["low"], 1), high=m.percent(time["high"], 1)),
        m("today", municipalities=whole(country["today_municipalities"]), people=whole(country["today_population"]),
          releases=whole(country["today_releases"]), spread=whole(country["releases"] * country["today_share"])),
    ], tables=[shown_table(table.assign(draws=draws), columns, m)]).text()  # fmt: skip


def municipalities_text(table: pd.DataFrame, m: Messages) -> str:
    """All municipalities, with as many of the country's figures as the table has."""
    def two(value: float) -> str:
        return m.number(value, 2)

    columns: Columns = {"number": str, "name": None, "region": None, "population": lambda value: m.number(value, 0)}
    if "releases_per_year" in table:
        columns |= {"releases_per_year": lambda value: m.number(value, 1), "per_1000": two, "recruiting": two,
                    "flats": two, "jobs": two}  # fmt: skip
    columns["programme_area"] = lambda value: m("area") if value else ""
    return shown_table(table, columns, m).text()


def sources_text(rows: Iterable[Quantity]) -> str:
    """What each number is and where it comes from; sources are quoted in English."""
    return "\n".join(
        f"{row.key:<22} {row.value!s:<18} {row.unit:<32} {row.grade:<9} {row.prior}\n"
        f"    {row.what}. Source: {row.source}."
        for row in rows
    )
