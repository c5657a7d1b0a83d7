"""What stands around every panel: name, subjects and language above, a link below; and what is said of a failure."""

from __future__ import annotations

import json
import logging
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from experiments.app.address import Choice
from experiments.app.catalogue import NAMES, PageMessages

PARTS = Path(__file__).with_name("parts")
ICON = Path(__file__).with_name("icon.svg")
STYLE = f"<style>{(PARTS / 'frame.css').read_text()}</style>"
FRAME_JS = (PARTS / "frame.js").read_text(encoding="utf-8")

NAMES_OF_STREAMLIT = {
    "help_for": "Help for ", "help": "Help", "copy": "Copy to clipboard", "open": "Open", "progress": "progress",
    "choose": "Choose an option", "clear": "Clear value", "clear_all": "Clear all", "remove": "Remove ",
}  # fmt: skip
"""What Streamlit calls its own buttons in any language; one that ends in a space goes on with the name of a control."""


def head(w: PageMessages, language: Choice, panel: Choice) -> str:
    """Title, style and language of the page; its name, languages and panels; the panel that is chosen."""
    st.set_page_config(
        page_title=f"{w(f'page.panel.{st.session_state[panel.key]}')} · Desist", page_icon=str(ICON), layout="wide"
    )
    st.html(STYLE)
    names = {
        english: w(f"page.names.{key}") + " " * english.endswith(" ") for key, english in NAMES_OF_STREAMLIT.items()
    }
    said = {"lang": w.language, "skip": w("page.skip"), "copied": w("page.copied"), "names": names}
    data = f'<div hidden data-desist-said="{escape(json.dumps(said))}"></div>'
    st.html(f"{data}<script>{FRAME_JS}</script>", unsafe_allow_javascript=True)
    row = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    row.html(f'<h1 class="desist-name">Desist</h1> <span class="desist-line">{escape(w("page.line"))}</span>')
    row.segmented_control(
        w("page.language"), language.codes, key=language.key, format_func=lambda code: NAMES[code],
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    chosen: Any = st.segmented_control(
        w("page.panels"), panel.codes, key=panel.key, format_func=lambda code: w(f"page.panel.{code}"),
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    return str(chosen)


def foot(w: PageMessages) -> None:
    """What the page is not for, and a button that copies its address."""
    st.divider()
    st.html(f'<div class="desist-foot"><p>{escape(w("page.never"))}</p>'
            f'<button type="button" data-desist="copy">{escape(w("page.copy"))}</button></div>')  # fmt: skip


def report_failure(problem: Exception, panel: str = "") -> bool:
    """Show a plain sentence to the visitor, in their language even if a control holds what it cannot; log the details.

    Streamlit calls it with the problem alone, which it has logged already; the result says that no more need be shown.
    """
    if panel:
        logging.getLogger("desist.page").error("The panel [%s] failed.", panel, exc_info=problem)
    st.error(PageMessages(st.session_state.get("settings", {}).get("lang", "da"))("page.failed"))
    return True
