"""The panel "Five lessons": each in one sentence, with an experiment, what came out, a question and an answer."""

from __future__ import annotations

from typing import Any

import streamlit as st

from experiments.app.address import Choice, Setting, Whole
from experiments.app.catalogue import PageMessages
from experiments.app.parts import controls, figure

LESSON = Choice("lesson", "luck", ("luck", "curse", "self", "base", "wings"))
SEED = Whole("lesson_seed", 1, 1, 999)
LUCK_SIZE = Choice("luck_size", "97", ("20", "50", "97", "200", "400", "800"))
CURSE_SIZE = Choice("curse_size", "97", ("50", "97", "200", "400", "800"))
CURSE_TRUTH = Choice("curse_truth", "pooled", ("sceptical", "pooled", "as-reported"))
SELF_DRIVE = Whole("self_drive", 30, 0, 40, 5)
SELF_CHOOSE = Whole("self_choose", 70, 0, 90, 10)
BASE_EFFECT = Whole("base_effect", 50, 10, 80, 10)
BASE_SHARE = Whole("base_share", 20, 10, 60, 10)
BASE_COUNTS = Choice("base_counts", "prison", ("prison", "any"))
WINGS_SIZE = Whole("wings_size", 30, 10, 200, 10)
WINGS_DIFFER = Whole("wings_differ", 30, 0, 100, 10)
SETTINGS: tuple[Setting, ...] = (
    LESSON, SEED, LUCK_SIZE, CURSE_SIZE, CURSE_TRUTH, SELF_DRIVE, SELF_CHOOSE, BASE_EFFECT, BASE_SHARE, BASE_COUNTS,
    WINGS_SIZE, WINGS_DIFFER,
)  # fmt: skip
"""The teacher's notes show what comes out at the defaults; a setting's key begins with its lesson."""
PERCENT = (SELF_DRIVE, BASE_EFFECT, BASE_SHARE)


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("lessons.title"))
    lesson: Any = st.pills(w("set.lesson.label"), LESSON.codes, key=LESSON.key, required=True,
                           format_func=lambda code: w(f"set.lesson.{code}"))  # fmt: skip
    st.subheader(w(f"lessons.{lesson}.lesson"))
    left, right = st.columns([2, 5], gap="large")
    for setting in SETTINGS:
        if setting.key.startswith(f"{lesson}_"):
            _control(w, setting, left)
    controls.again(SEED, w("lessons.again"), on=left)

    from experiments.app.lessons.summaries import experiment

    found = experiment(w, lesson, {setting.key: st.session_state[setting.key] for setting in SETTINGS})
    name = f"lesson-{lesson}"
    right.markdown(found.result)
    figure.with_numbers(w, name, found.spec, found.table, lambda: figure.receipt(
        found.scenario, found.command, st.session_state[SEED.key]), on=right)  # fmt: skip
    right.markdown(f":small[{found.counted} {w('lessons.error')}]")
    left.subheader(w("lessons.question"))
    left.markdown(found.question)
    left.expander(w("lessons.answer")).markdown(found.answer)
    figure.scenario_file(w, name, found.scenario.to_toml(), found.command, note=w(f"lessons.{lesson}.cli"))


def _control(w: PageMessages, setting: Setting, on: Any) -> None:
    """A control; a few sizes are a slider too, so that a class asks for the same few experiments."""
    if isinstance(setting, Whole):
        controls.slider(w, setting, on=on, unit="%d %%" if setting in PERCENT else "%d")
    elif setting.key.endswith("_size"):
        on.select_slider(w(f"set.{setting.key}.label"), setting.codes, key=setting.key,
                         format_func=lambda code: w(f"set.{setting.key}.{code}"))  # fmt: skip
    elif isinstance(setting, Choice):
        controls.choice(w, setting, on=on)
