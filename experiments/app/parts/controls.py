"""Controls that are bound to a setting: what they show and accept is bounded, and the address follows them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from experiments.app.address import Choice, Whole
from experiments.app.catalogue import PageMessages


def slider(w: PageMessages, setting: Whole, *, unit: str = "%d", on: Any = st) -> int:
    """A slider for a whole number; ``unit`` is a printf form such as ``%d %%``. Texts: KEY.label, KEY.help."""
    value: int = on.slider(
        w(f"set.{setting.key}.label"), setting.low, setting.high, step=setting.step, format=unit, key=setting.key,
        help=w(f"set.{setting.key}.help") or None,
    )  # fmt: skip
    return value


def choice(w: PageMessages, setting: Choice, *, on: Any = st, across: bool = True) -> str:
    """Buttons (or a list, not ``across``) for one of some codes. Texts: KEY.label, KEY.help, KEY.CODE."""
    kind = on.radio if across else on.selectbox
    more: dict[str, Any] = {"horizontal": True} if across else {}
    value: str = kind(
        w(f"set.{setting.key}.label"), setting.codes, format_func=lambda code: w(f"set.{setting.key}.{code}"),
        key=setting.key, help=w(f"set.{setting.key}.help") or None, **more,
    )  # fmt: skip
    return value


def again(setting: Whole, label: str, *, on: Any = st, kind: str = "secondary") -> None:
    """A button for another chance: the next seed, after the last the first."""

    def step() -> None:
        now = st.session_state[setting.key]
        st.session_state[setting.key] = now + 1 if now < setting.high else setting.low

    on.button(label, on_click=step, key=f"{setting.key}-again", type=kind)
