"""The page itself: run by Streamlit for every visitor, from top to bottom, at every change of a setting."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from experiments.app import layout, preloading
from experiments.app.address import Choice, Setting, address_of, plain_text, read_address, written
from experiments.app.catalogue import LANGUAGES, PageMessages

PANELS = {
    "trial": "experiments.app.trial.panel",
    "lessons": "experiments.app.lessons.panel",
    "lives": "experiments.app.two_lives.panel",
    "carry": "experiments.app.coordinator.panel",
    "country": "experiments.app.country.panel",
    "teacher": "experiments.app.teacher.panel",
    "about": "experiments.app.about.panel",
}
"""The panels in the order of the page. Each module has ``SETTINGS`` and ``show(w)``; it imports what is slow late."""
LANGUAGE = Choice("lang", "da", LANGUAGES)
PANEL = Choice("panel", "trial", tuple(PANELS))


def panels() -> dict[str, ModuleType]:
    """The modules of the panels by code."""
    return {code: import_module(module) for code, module in PANELS.items()}


def every_setting() -> list[Setting]:
    """Every setting of the page, panel by panel."""
    return [LANGUAGE, PANEL, *(setting for module in panels().values() for setting in module.SETTINGS)]


def restore(settings: list[Setting]) -> None:
    """Put every setting in its place before a panel reads it.

    For a new visitor, and after going back in the browser, they are in the address. Else they are what the controls
    say, if it is allowed (a browser may be made to send anything), or what they were while no control shows them. They
    are written anew only where they must be: a control that is written while it is moved would jump back.
    """
    state = st.session_state
    new = "settings" not in state
    if new or getattr(get_script_run_ctx(), "is_history_navigation", False):
        asked = st.query_params.to_dict()
        values, refused = read_address(settings, asked)
        if "lang" not in asked:
            values["lang"] = state.get("lang", "da" if (st.context.locale or "da").startswith("da") else "en")
        state.update(values)
        state["settings"], state["refused"] = values, refused
        return
    before = state["settings"]
    values = {setting.key: allowed(setting, before) for setting in settings}
    redrawn = any(values[key] != before[key] for key in (LANGUAGE.key, PANEL.key))
    for key, value in values.items():
        if redrawn or key not in state or state[key] != value:
            state[key] = value
    if values != before:  # who goes on has read it
        state["refused"] = []
    state["settings"] = values


def allowed(setting: Setting, before: dict[str, Any]) -> Any:
    """What a setting is; what it was before, if the control says what is not allowed, or is gone."""
    try:
        return setting.read(written(st.session_state[setting.key]))
    except Exception:  # whatever Streamlit makes of a message that no control has sent
        return before[setting.key]


def write_address(settings: list[Setting]) -> None:
    """Write the settings into the address, if they have changed."""
    values = {setting.key: st.session_state[setting.key] for setting in settings}
    address = address_of(settings, values, always=("lang", "panel"))
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def main() -> None:
    """Show the page."""
    settings = every_setting()
    restore(settings)
    w = PageMessages(st.session_state["lang"])
    panel = layout.head(w, LANGUAGE, PANEL)
    for key, value, right in st.session_state["refused"]:
        said = {"key": plain_text(key), "value": plain_text(value)}
        st.warning(w("page.refused", **said, allowed=right) if right else w("page.unknown", **said))
    write_address(settings)
    try:
        panels()[panel].show(w)
    except Exception as problem:
        layout.report_failure(problem, panel)
    layout.foot(w)
    write_address(settings)
    preloading.shown.set()


if __name__ == "__main__":
    main()
