"""The page itself: run by Streamlit for every visitor, from top to bottom, at every change of a setting."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import streamlit as st

from experiments.app.settings import Choice, Setting, address_of, read_address
from experiments.app.words import LANGUAGES, NAMES, Words

PANELS = {
    "trial": "experiments.app.trial_panel",
    "lessons": "experiments.app.lessons_panel",
    "lives": "experiments.app.lives_panel",
    "carry": "experiments.app.carry_panel",
    "country": "experiments.app.country_panel",
    "teacher": "experiments.app.teacher_panel",
    "about": "experiments.app.about_panel",
}
"""The panels in the order of the page. Each module has ``SETTINGS`` and ``show(w)``; it imports what is slow late."""
ICON = Path(__file__).with_name("icon.svg")
LANGUAGE = Choice("lang", "da", LANGUAGES)
PANEL = Choice("panel", "trial", tuple(PANELS))
STYLE = """<style>
.block-container {max-width: 1280px; padding-top: 1.2rem; padding-bottom: 4rem;}
header[data-testid="stHeader"] {height: 0; min-height: 0; background: transparent;}
h1.desist-name {font-weight: 700; font-size: 1.6rem; line-height: 1.2; display: inline; padding: 0; margin: 0;}
@media (min-width: 1700px) {html {font-size: 20px;} .block-container {max-width: 1640px;}}
@media (max-width: 640px) {.block-container {padding-left: 1rem; padding-right: 1rem;}}
@media print {.stButton, .stDownloadButton, .stSlider {display: none !important;}}
</style>"""


def panels() -> dict[str, ModuleType]:
    """The modules of the panels by code."""
    return {code: import_module(module) for code, module in PANELS.items()}


def every_setting() -> list[Setting]:
    """Every setting of the page, panel by panel."""
    return [LANGUAGE, PANEL, *(setting for module in panels().values() for setting in module.SETTINGS)]


def restore(settings: list[Setting]) -> None:
    """Settings of a new visitor from the address; those of one who is here are kept while no control shows them."""
    state = st.session_state
    if "refused" not in state:
        asked = st.query_params.to_dict()
        values, state["refused"] = read_address(settings, asked)
        if "lang" not in asked and not (st.context.locale or "da").startswith("da"):
            values["lang"] = "en"
        state.update(values)
        return
    for setting in settings:
        state[setting.key] = state[setting.key]


def tell_address(settings: list[Setting]) -> None:
    """Write the settings into the address, if they have changed."""
    values = {setting.key: st.session_state[setting.key] for setting in settings}
    address = address_of(settings, values, always=("lang", "panel"))
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def main() -> None:
    """Tell the page."""
    settings = every_setting()
    restore(settings)
    w = Words(st.session_state["lang"])
    st.set_page_config(page_title=w("page.title"), page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    st.html(f"<script>document.documentElement.lang='{w.language}'</script>", unsafe_allow_javascript=True)
    panel = _head(w)
    for line in st.session_state["refused"]:
        key, value, allowed = line.split("\t")
        st.warning(w("page.refused", key=key, value=value, allowed=allowed))
    tell_address(settings)
    panels()[panel].show(w)
    st.divider()
    st.caption(w("page.never"))
    tell_address(settings)


def _head(w: Words) -> str:
    """Name, panels and language; the panel that is chosen."""
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.html(f'<h1 class="desist-name">Desist</h1> <span>{w("page.line")}</span>')
    right.segmented_control(w("page.language"), LANGUAGES, key=LANGUAGE.key, format_func=lambda code: NAMES[code],
                            label_visibility="collapsed", required=True)  # fmt: skip
    panel: Any = st.segmented_control(
        w("page.panels"), list(PANELS), key=PANEL.key, format_func=lambda code: w(f"page.panel.{code}"),
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    return str(panel)


if __name__ == "__main__":
    main()
