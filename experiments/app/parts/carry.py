"""Sliders for where the volunteers live: a component, so that they are coupled at once and always hold the same sum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.coordinator.game import PEOPLE, SPREAD, TOWNS, VOLUNTEERS

KEY = "carry-towns"
CSS, JS = (Path(__file__).with_name(f"carry.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
_TOWNS = st.components.v2.component("desist_towns", css=CSS, js=JS)


def show(w: PageMessages) -> None:
    """Show the sliders; what is set goes into the setting ``SPREAD``."""
    from simulation.municipalities import chosen

    inhabitants = [chosen([name])[0].population for name in TOWNS]
    towns = [
        {"name": name, "inhabitants": here,
         "expected": w("carry.start.expected", n=round(PEOPLE * here / sum(inhabitants)))}
        for name, here in zip(TOWNS, inhabitants, strict=True)
    ]  # fmt: skip
    words = {kind: w(f"carry.start.pairs.{kind}") for kind in ("one", "many")} | {"left": w("carry.start.left")}
    data: dict[str, Any] = {
        "towns": towns, "words": words, "total": VOLUNTEERS,
        "spread": [int(part) for part in st.session_state[SPREAD.key]],
    }  # fmt: skip
    _TOWNS(key=KEY, data=data, on_spread_change=_set)


def _set() -> None:
    text = st.session_state[KEY].get("spread")
    try:
        st.session_state[SPREAD.key] = SPREAD.read(str(text))
    except ValueError:
        return
