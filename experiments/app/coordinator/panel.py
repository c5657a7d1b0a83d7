"""Panel carry: the coordinator's game. Where to recruit, then whom to pair in six rounds, then the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.coordinator.game import PEOPLE, PICKS, RESULT, ROUND, SETTINGS, SPREAD, TOWNS, VOLUNTEERS, divided

__all__ = ["SETTINGS", "show"]

KEY = "carry-towns"
CSS, JS, ROUND_JS = (Path(__file__).parents[1].joinpath("parts", f"carry.{kind}").read_text(encoding="utf-8")
                     for kind in ("css", "js", "round.js"))  # fmt: skip
SLIDERS = st.components.v2.component("desist_towns", css=CSS, js=JS)
"""Sliders for where the volunteers live, which are coupled in the browser and always hold the same sum."""


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("carry.title"))
    now = st.session_state[ROUND.key]
    st.html(f'<div hidden data-desist-round="{now}"></div><script>{ROUND_JS}</script>', unsafe_allow_javascript=True)
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
    _sliders(w)
    st.button(w("carry.start.go"), type="primary", key="carry-go", on_click=_begin)


def _begin() -> None:
    st.session_state[ROUND.key] = 1
    st.session_state[PICKS.key] = []


def _sliders(w: PageMessages) -> None:
    """Show the sliders; what is set goes into the setting ``SPREAD``."""
    from simulation.municipalities import chosen

    inhabitants = [chosen([name])[0].population for name in TOWNS]
    towns = [
        {"name": name, "inhabitants": here, "expected": w("carry.start.expected", n=number)}
        for name, here, number in zip(TOWNS, inhabitants, divided(PEOPLE, inhabitants), strict=True)
    ]
    words = {kind: w(f"carry.start.pairs.{kind}") for kind in ("one", "many")} | {"left": w("carry.start.left")}
    data: dict[str, Any] = {
        "towns": towns, "words": words, "total": VOLUNTEERS,
        "spread": [int(part) for part in st.session_state[SPREAD.key]],
    }  # fmt: skip
    SLIDERS(key=KEY, data=data, on_spread_change=_set)


def _set() -> None:
    text = st.session_state[KEY].get("spread")
    try:
        st.session_state[SPREAD.key] = SPREAD.read(str(text))
    except ValueError:
        return
