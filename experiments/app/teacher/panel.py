"""The panel "For the teacher": notes for 45 minutes, to read here or to print."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from experiments.app.address import Setting
from experiments.app.catalogue import PageMessages

SETTINGS: tuple[Setting, ...] = ()
STYLE = f"<style>{(Path(__file__).parents[1] / 'parts' / 'teacher.css').read_text(encoding='utf-8')}</style>"


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("teacher.title"))
    st.markdown(w("teacher.line"))

    from experiments.app.teacher.notes import notes, opening, page, rest

    address = st.context.url or "http://localhost:8501/"
    st.download_button(w("teacher.print"), lambda: page(w, notes(w.language), address).encode(),
                       f"desist-{w.language}.html", "text/html", key="teacher-print", type="primary",
                       on_click="ignore", help=w("teacher.printed"))  # fmt: skip
    st.html(STYLE)
    text = st.container(key="notes")
    text.markdown(opening(w.language))
    text.markdown(rest(w.language))
