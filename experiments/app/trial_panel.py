"""Panel trial."""

from __future__ import annotations

import streamlit as st

from experiments.app.settings import Setting
from experiments.app.words import Words

SETTINGS: tuple[Setting, ...] = ()


def show(w: Words) -> None:
    """Show the panel."""
    st.header(w("trial.title"))
