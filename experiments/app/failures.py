"""What is said when something on the page goes wrong: a plain sentence to the visitor, the details on the console."""

from __future__ import annotations

import logging

import streamlit as st

from experiments.app.catalogue import PageMessages

log = logging.getLogger("desist.page")


def words() -> PageMessages:
    """The words of this visitor, whatever went wrong: also if a control says what it cannot."""
    return PageMessages(st.session_state.get("settings", {}).get("lang", "da"))


def say_failed(problem: Exception) -> bool:  # noqa: ARG001 - Streamlit hands it over
    """Tell the visitor; returns True, which tells Streamlit that no more need be shown. It has logged it already."""
    st.error(words()("page.failed"))
    return True


def panel_failed(panel: str, problem: Exception) -> None:
    """Log what went wrong in a panel, and tell the visitor; the rest of the page goes on."""
    log.error("The panel [%s] failed.", panel, exc_info=problem)
    say_failed(problem)
