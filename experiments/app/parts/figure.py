"""A chart on the page, with the numbers behind it, what made them, and its downloads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec
from experiments.execution.environment import versions

if TYPE_CHECKING:
    import pandas as pd

    from simulation.scenario import Scenario

SHOWN = 60
"""Rows of a table that are shown; all are in the file."""
Receipt = dict[str, Any]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def receipt(scenario: Scenario, command: str, seed: int, **runs: int) -> Receipt:
    """What made the numbers of a figure, with the address that opens the same view.

    ``command`` is what to type for the same numbers, or for those that the command line prints; ``runs`` is how many
    replicates, trials or draws there were.
    """
    return {
        "command": command, "scenario": scenario.name, "digest": scenario.digest, "seed": seed, **runs,
        "page": f"desist serve, ?{urlencode(st.query_params.to_dict())}", "desist": versions()["desist"],
    }  # fmt: skip


def show(name: str, spec: Spec, *, on: Any = st) -> None:
    """A chart alone."""
    on.vega_lite_chart(spec=spec, theme=None, width="stretch", key=f"figure-{name}")


def with_numbers(
    w: PageMessages, name: str, spec: Spec, table: pd.DataFrame, made: Callable[[], Receipt], *, on: Any = st
) -> None:
    """A chart, its numbers, and PNG, SVG and CSV to download as ``desist-NAME``.

    ``table`` has plain column names as the command line writes them.
    """
    show(name, spec, on=on)
    downloads(w, name, spec, table, made, on=on)


def downloads(
    w: PageMessages, name: str, spec: Spec | None, table: pd.DataFrame, made: Callable[[], Receipt], *, on: Any = st
) -> None:
    """The numbers behind a figure, folded away, with buttons that make a file when they are pressed.

    What is folded away is neither made nor sent to the browser; ``made`` gives the receipt, and is called only then.
    """
    fold = on.expander(w("page.numbers"), key=f"fold-{name}", on_change="rerun")
    if not fold.open:
        return
    from experiments.app.table_receipts import beside, drawn, line
    from experiments.language.spreadsheets import csv_for_people, workbook
    from experiments.provenance.stamps import in_rows

    about = made()

    def csv() -> bytes:
        return csv_for_people(table, w)

    def book() -> bytes:
        return workbook({name: table}, w, verb="", receipt=[*in_rows(about, w.language), ("", str(about["page"]))])

    def button(label: str, data: Callable[[], bytes], kind: str, mime: str, about: str | None = None) -> None:
        row.download_button(label, data, f"desist-{name}.{kind}", mime, key=f"{kind}-{name}", on_click="ignore",
                            help=about)  # fmt: skip

    with fold:
        st.table(readable(w, table.head(SHOWN)), border="horizontal")
        if len(table) > SHOWN:
            st.markdown(w("page.more", shown=SHOWN, all=len(table)))
        st.html(line(w, about))
        row = st.container(horizontal=True)
        button("CSV", csv, "csv", "text/csv", w("page.csv"))
        button("Excel", book, "xlsx", XLSX, w("page.xlsx"))
        if spec is not None:
            for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
                button(kind.upper(), partial(drawn, spec, kind, about), kind, mime)
        button(w("page.receipt"), lambda: beside(f"desist-{name}.csv", csv(), about), "json", "application/json",
               w("page.receipt_help"))  # fmt: skip


def readable(w: PageMessages, table: pd.DataFrame) -> pd.DataFrame:
    """A table to be read: six digits, with the decimal sign of the language; a dash where there is no number."""

    def text(value: float) -> str:
        digits = f"{value:.6g}" if value == value else "–"
        return digits.replace(".", ",") if w.language == "da" else digits

    numbers = [name for name in table if getattr(table[name].dtype, "kind", "") == "f"]
    return table.assign(**{str(name): table[name].map(text) for name in numbers})


def scenario_file(w: PageMessages, name: str, toml: str, command: str, *, note: str = "") -> None:
    """The scenario behind what is shown, as a file, and the command that computes the same numbers.

    ``note`` says which of them it prints.
    """
    with st.expander(w("page.scenario.title")):
        st.markdown(w("page.scenario.text"))
        st.code(command, language=None)
        if note:
            st.markdown(note)
        st.download_button(w("page.scenario.button"), toml, f"{name}.toml", "application/toml", key=f"toml-{name}",
                           on_click="ignore")  # fmt: skip
