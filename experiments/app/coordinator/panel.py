"""Panel carry: the coordinator's game. Where to recruit, then whom to pair in six rounds, then the result."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.coordinator.game import PICKS, RESULT, ROUND, SETTINGS
from experiments.app.parts import carry

__all__ = ["SETTINGS", "show"]

SCRIPT = Path(__file__).parents[1].joinpath("parts", "carry.round.js").read_text(encoding="utf-8").strip().rstrip(";")


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("carry.title"))
    now = st.session_state[ROUND.key]
    st.html(f"<script>({SCRIPT})({now})</script>", unsafe_allow_javascript=True)
    if now == 0:
        _start(w)
    elif now < RESULT:
        from experiments.app.coordinator import rounds

        rounds.show(w, now)
    else:
        from experiments.app.coordinator import result

        result.show(w)


def _start(w: PageMessages) -> None:
    """Where the volunteers live."""
    st.markdown(w("carry.intro"))
    st.subheader(w("carry.start.title"))
    st.markdown(w("carry.start.text"))
    carry.show(w)
    st.button(w("carry.start.go"), type="primary", key="carry-go", on_click=_begin)


def _begin() -> None:
    st.session_state[ROUND.key] = 1
    st.session_state[PICKS.key] = []
