"""The panel "For the teacher": notes for 45 minutes, to read here or to print."""

from __future__ import annotations

import streamlit as st

from experiments.app.address import Setting
from experiments.app.catalogue import PageMessages

SETTINGS: tuple[Setting, ...] = ()


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("teacher.title"))
    st.markdown(w("teacher.line"))

    from experiments.app.teacher.notes import notes, opening, page, rest

    address = st.context.url or "http://localhost:8501/"
    st.download_button(w("teacher.print"), lambda: page(w, notes(w.language), address).encode(),
                       f"desist-{w.language}.html", "text/html", key="teacher-print", type="primary",
                       on_click="ignore", help=w("teacher.printed"))  # fmt: skip
    text = st.container(key="notes")
    text.markdown(opening(w.language))
    text.markdown(rest(w.language))
