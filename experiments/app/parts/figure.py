"""A chart on the page, with the numbers behind it, what made them, and its downloads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec

if TYPE_CHECKING:
    import pandas as pd

    from experiments.app.table_receipts import Maker


SHOWN = 60
"""Rows of a table that are shown; all are in the file."""


def show(name: str, spec: Spec, *, on: Any = st) -> None:
    """A chart alone."""
    on.vega_lite_chart(spec=spec, theme=None, width="stretch", key=f"figure-{name}")


def with_numbers(w: PageMessages, name: str, spec: Spec, table: pd.DataFrame, made: Maker, *, on: Any = st) -> None:
    """A chart, its numbers, and PNG, SVG and CSV to download as ``desist-NAME``.

    ``table`` has plain column names as the command line writes them.
    """
    show(name, spec, on=on)
    downloads(w, name, spec, table, made, on=on)


def downloads(w: PageMessages, name: str, spec: Spec | None, table: pd.DataFrame, made: Maker, *, on: Any = st) -> None:
    """The numbers behind a figure, folded away, with buttons that make a file when they are pressed.

    What is folded away is neither made nor sent to the browser; ``made`` is asked what made the numbers when it is
    unfolded.
    """
    fold = on.expander(w("page.numbers"), key=f"fold-{name}", on_change="rerun")
    if not fold.open:
        return
    from experiments.app.table_receipts import beside, drawn, line

    about = made().about(st.query_params.to_dict())
    with fold:
        st.table(readable(w, table.head(SHOWN)), border="horizontal")
        if len(table) > SHOWN:
            st.markdown(w("page.more", shown=SHOWN, all=len(table)))
        st.html(line(w, about))
        row = st.container(horizontal=True)
        row.download_button("CSV", lambda: csv(table), f"desist-{name}.csv", "text/csv", key=f"csv-{name}",
                            on_click="ignore", help=w("page.csv"))  # fmt: skip
        if spec is not None:
            for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
                row.download_button(kind.upper(), partial(drawn, spec, kind, about), f"desist-{name}.{kind}", mime,
                                    key=f"{kind}-{name}", on_click="ignore")  # fmt: skip
        row.download_button(w("page.receipt"), lambda: beside(f"desist-{name}.csv", csv(table), about),
                            f"desist-{name}.json", "application/json", key=f"json-{name}", on_click="ignore",
                            help=w("page.receipt_help"))  # fmt: skip


def readable(w: PageMessages, table: pd.DataFrame) -> pd.DataFrame:
    """A table to be read: six digits, with the decimal sign of the language; a dash where there is no number."""

    def said(value: float) -> str:
        text = f"{value:.6g}" if value == value else "–"
        return text.replace(".", ",") if w.language == "da" else text

    numbers = [name for name in table if getattr(table[name].dtype, "kind", "") == "f"]
    return table.assign(**{str(name): table[name].map(said) for name in numbers})


def csv(table: pd.DataFrame) -> bytes:
    """A table as the command line writes it: numbers with up to ten digits."""
    return table.to_csv(index=False, float_format="%.10g", lineterminator="\n").encode()


def scenario_file(w: PageMessages, name: str, toml: str, command: str, *, on: Any = st, note: str = "") -> None:
    """The scenario behind what is shown, as a file, and the command that computes the same numbers.

    ``note`` says which of them it prints.
    """
    with on.expander(w("page.scenario.title")):
        st.markdown(w("page.scenario.text"))
        st.code(command, language=None)
        if note:
            st.markdown(note)
        st.download_button(w("page.scenario.button"), toml, f"{name}.toml", "application/toml", key=f"toml-{name}",
                           on_click="ignore")  # fmt: skip
