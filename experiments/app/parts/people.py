"""People month by month as a film in the browser: a component that gets one whole trial and then plays by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
HTML, CSS, JS = ((HERE / f"people.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
_FILM = st.components.v2.component("desist_people", html=HTML, css=CSS, js=JS)


def show(data: dict[str, Any], *, on: Any = st) -> None:
    """Show a film; ``data`` is what ``trial_charts.film_data`` gives. The month shown is kept when it changes."""
    with on.container():
        _FILM(key="trial-film", data=data)
