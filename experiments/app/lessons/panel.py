"""The panel "Five lessons": each in one sentence, with an experiment, what came out, a question and an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.address import Choice
from experiments.app.catalogue import PageMessages
from experiments.app.lessons import settings as own
from experiments.app.parts import controls, figure

if TYPE_CHECKING:
    from experiments.app.lessons.summaries import Experiment
    from experiments.app.table_receipts import Made

SETTINGS = own.SETTINGS


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("lessons.title"))
    lesson: Any = st.pills(w("set.lesson.label"), own.LESSON.codes, key=own.LESSON.key, required=True,
                           format_func=lambda code: w(f"set.lesson.{code}"))  # fmt: skip
    st.subheader(w(f"lessons.{lesson}.lesson"))
    left, right = st.columns([2, 5], gap="large")
    CONTROLS[lesson](w, left)
    controls.again(own.SEED, w("lessons.again"), on=left)

    from experiments.app.lessons.summaries import told

    found = told(w, lesson, {setting.key: st.session_state[setting.key] for setting in SETTINGS})
    name = f"lesson-{lesson}"
    right.markdown(found.said)
    figure.with_numbers(w, name, found.spec, found.table, lambda: _made(found), on=right)
    right.markdown(f":small[{found.counted} {w('lessons.error')}]")
    left.subheader(w("lessons.question"))
    left.markdown(found.question)
    left.expander(w("lessons.answer")).markdown(found.answer)
    figure.scenario_file(w, name, found.scenario.to_toml(), found.command, note=w(f"lessons.{lesson}.cli"))


def _made(found: Experiment) -> Made:
    from experiments.app.table_receipts import Made

    plan = found.scenario
    return Made(command=found.command, scenario=plan.name, digest=plan.digest, seed=st.session_state[own.SEED.key])


def _luck(w: PageMessages, on: Any) -> None:
    _sizes(w, own.LUCK_SIZE, on)


def _curse(w: PageMessages, on: Any) -> None:
    _sizes(w, own.CURSE_SIZE, on)
    controls.choice(w, own.CURSE_TRUTH, on=on)


def _self(w: PageMessages, on: Any) -> None:
    controls.slider(w, own.SELF_DRIVE, on=on, unit="%d %%")
    controls.slider(w, own.SELF_CHOOSE, on=on)


def _base(w: PageMessages, on: Any) -> None:
    controls.slider(w, own.BASE_EFFECT, on=on, unit="%d %%")
    controls.slider(w, own.BASE_SHARE, on=on, unit="%d %%")
    controls.choice(w, own.BASE_COUNTS, on=on)


def _wings(w: PageMessages, on: Any) -> None:
    controls.slider(w, own.WINGS_SIZE, on=on)
    controls.slider(w, own.WINGS_DIFFER, on=on)


CONTROLS: dict[str, Callable[[PageMessages, Any], None]] = {
    "luck": _luck, "curse": _curse, "self": _self, "base": _base, "wings": _wings,
}  # fmt: skip


def _sizes(w: PageMessages, setting: Choice, on: Any) -> None:
    """A slider over a few sizes, so that a class asks for the same few experiments."""
    on.select_slider(w(f"set.{setting.key}.label"), setting.codes, key=setting.key,
                     format_func=lambda code: w(f"set.{setting.key}.{code}"))  # fmt: skip
