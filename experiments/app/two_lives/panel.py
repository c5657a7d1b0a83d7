"""Two lives: one person lives twice with the same random numbers, with mentors and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from experiments.app.address import Setting, Whole
from experiments.app.catalogue import PageMessages
from experiments.app.parts import controls, figure

if TYPE_CHECKING:
    from experiments.app.two_lives.facts import Kind, Life, LifePair

PERSON = Whole("life", 3, 0, 96)
SEED = Whole("lifeseed", 1, 1, 99)
SETTINGS: tuple[Setting, ...] = (PERSON, SEED)
FILE = "desist-two-lives"
SHOWN: tuple[Kind, ...] = ("helped", "same", "worse")
"""Kinds of people that one can ask for."""


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("lives.title"))
    st.markdown(w("lives.intro"))
    from experiments.app.two_lives import chart, sentences
    from experiments.app.two_lives.facts import WINDOW, pair

    left, right = st.columns([1, 3], gap="medium")
    with left:
        number, seed = _controls(w)
    both = pair(seed)
    lives, kind = both.lives(number), both.kinds[number]
    with left:
        _ask(w, both, number)
        st.markdown(sentences.person(w, lives[0]))
        verdict, *crimes = sentences.verdict(w, kind, lives)
        st.markdown(f"**{verdict}** {' '.join(crimes)}")
    with right:
        title, reasons = sentences.parted(w, kind, lives)
        st.subheader(title)
        st.markdown("\n".join(f"- {each}" for each in reasons) if len(reasons) > 1 else reasons[0])
        st.caption(w("lives.part.rule"))
        name, spec = FILE.removeprefix("desist-"), chart.timelines(w, lives, seed=seed)
        figure.show(name, spec)
        table = chart.table(lives)
        late = f" {w('lives.chart.late')}" if table["month"].max() >= WINDOW else ""
        st.caption(w("lives.chart.legend") + late)
        plan, commands = both.mentored.scenario, _commands(number, seed)
        figure.downloads(w, name, spec, table, lambda: figure.receipt(plan, "; ".join(commands), seed))
    _below(w, both, lives, number, seed)


def _controls(w: PageMessages) -> tuple[int, int]:
    """Person and seed, with buttons for the neighbours."""
    number = controls.slider(w, PERSON)
    steps = st.container(horizontal=True)
    for label, step in (("previous", -1), ("next", 1)):
        steps.button(w(f"lives.{label}"), key=f"life-{label}", on_click=_go,
                     args=((number + step) % (PERSON.high + 1),))  # fmt: skip
    seed = controls.slider(w, SEED)
    controls.again(SEED, w("lives.again"))
    return number, seed


def _ask(w: PageMessages, both: LifePair, number: int) -> None:
    """Buttons for the next person of a kind."""
    row = st.container(horizontal=True)
    for kind in SHOWN:
        other = both.next_of(kind, number)
        row.button(w(f"lives.show.{kind}"), key=f"life-{kind}", disabled=other is None, on_click=_go, args=(other,),
                   help=w("lives.show.nobody") if other is None else None)  # fmt: skip


def _go(number: int) -> None:
    st.session_state[PERSON.key] = number


def _below(w: PageMessages, both: LifePair, lives: tuple[Life, Life], number: int, seed: int) -> None:
    """Month by month; how often it helps; why this is a device; the files."""
    from experiments.app.two_lives import chart, sentences

    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader(w("lives.story.title"))
        st.html(sentences.story_table(w, lives))
    with right:
        st.subheader(w("lives.often.title"))
        st.markdown(sentences.often(w, both))
        figure.show("ninety-seven", chart.strip(w, both, number))
        st.caption(w("lives.often.note"))
        st.subheader(w("lives.device.title"))
        st.markdown(f"{w('lives.device.text')} {sentences.unseen(w, lives[0])} **{w('lives.device.never')}**")
        figure.scenario_file(w, FILE, both.mentored.scenario.to_toml(), "\n".join(_commands(number, seed)))


def _commands(number: int, seed: int) -> tuple[str, str]:
    """What simulates the two lives on the command line."""
    command = f"desist person {number} --scenario {FILE}.toml --seed {seed}"
    return command, f"{command} --without"
