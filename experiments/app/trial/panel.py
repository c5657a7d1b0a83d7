"""The panel of the trial: guess first, then one trial as an animation, or many of them as a distribution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.address import Choice, Setting, Whole
from experiments.app.catalogue import PageMessages
from experiments.app.parts import figure
from experiments.app.parts.controls import again, slider
from experiments.app.trial.charts import Pair, crowd, curves, distribution, film_data

if TYPE_CHECKING:
    from experiments.app.trial.facts import Levers, One

GUESSED = Choice("guessed", "no", ("no", "yes"))
TIMES = Choice("times", "one", ("one", "many"))
GUESS_WITH = Whole("guess_with", 50, 0, 100)
GUESS_WITHOUT = Whole("guess_without", 50, 0, 100)
EFFECT = Whole("effect", 67, 0, 99)
ROUTE = Whole("route", 40, 0, 100, 5)
HALF_LIFE = Whole("half_life", 18, 1, 60)
DROPOUT = Whole("dropout", 45, 0, 95, 5)
PEOPLE = Whole("trial_people", 97, 20, 400)
SEED = Whole("trial_seed", 1, 1, 9_999)
SETTINGS: tuple[Setting, ...] = (
    GUESSED, TIMES, GUESS_WITH, GUESS_WITHOUT, EFFECT, ROUTE, HALF_LIFE, DROPOUT, PEOPLE, SEED,
)  # fmt: skip
PARTS = Path(__file__).parents[1] / "parts"
HTML, CSS, JS = ((PARTS / f"people.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
FILM = st.components.v2.component("desist_people", html=HTML, css=CSS, js=JS)
"""People month by month in the browser: gets one whole trial and then plays by itself."""
SLIDERS = (EFFECT, ROUTE, HALF_LIFE, DROPOUT, PEOPLE)
PRESETS = {
    "pooled": {"effect": 67, "route": 40, "half_life": 18, "dropout": 45},
    "reported": {"effect": 99, "route": 40, "half_life": 36, "dropout": 45},
    "none": {"effect": 0, "route": 40, "half_life": 18, "dropout": 45},
}
"""The effects of the scenarios pooled, as-reported and trial, as near as whole steps come."""


def show(w: PageMessages) -> None:
    """Show the panel."""
    if st.session_state["guessed"] == "no":
        st.header(w("trial.title"))
        _ask(w)
    else:
        _head(w)
        _answer(w)


def _put(values: dict[str, Any]) -> None:
    st.session_state.update(values)


def _guess() -> Pair:
    return st.session_state["guess_with"], st.session_state["guess_without"]


def _ask(w: PageMessages) -> None:
    """The guess, before anything is shown and without the engine."""
    st.markdown(w("trial.guess.intro"))
    left, right = st.columns([1, 2.4], gap="large")
    left.subheader(w("trial.guess.first"))
    slider(w, GUESS_WITH, on=left)
    slider(w, GUESS_WITHOUT, on=left)
    left.button(w("trial.guess.button"), key="trial-show", type="primary", on_click=_put, args=({"guessed": "yes"},),
                width="stretch")  # fmt: skip
    right.html(crowd(w, _guess()))


def _answer(w: PageMessages) -> None:
    """What the guess is compared with: one trial, or many."""
    from experiments.app.trial import facts
    from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT

    state, seen = st.session_state, (MENTORED_PERCENT, CONTROL_PERCENT)
    levers = facts.Levers(effect=state["effect"], route=state["route"], half_life=state["half_life"],
                          dropout=state["dropout"], people=state["trial_people"])  # fmt: skip
    with st.container(key="trial-body"):
        left, right = st.columns([1, 3.1], gap="medium")
    with left.container(key="trial-controls"):
        _controls(w)
    one = facts.one_trial(levers, state["trial_seed"])
    with right:
        if state["times"] == "one":
            _film(w, levers, one, seen)
        else:
            _many(w, levers, one, seen)
        highest = w.points(one.scenario.risk.high_risk_share)
        st.markdown(f":small[{w('trial.note.definition', highest=highest)}]")
        commands = "\n".join(facts.commands(levers, state["trial_seed"]))
        figure.scenario_file(w, one.scenario.name, one.scenario.to_toml(), commands)


def _head(w: PageMessages) -> None:
    """The title, and beside it one trial or many, and another chance."""
    with st.container(key="trial-head", horizontal=True, vertical_alignment="center"):
        st.header(w("trial.title"), width="content")
        st.segmented_control(w("set.times.label"), TIMES.codes, key=TIMES.key, required=True,
                             label_visibility="collapsed", format_func=lambda code: w(f"set.times.{code}"))  # fmt: skip
        again(SEED, w("trial.again"), kind="primary")
        st.button(w("trial.reguess"), key="trial-reguess", on_click=_put, args=({"guessed": "no"},))


def _controls(w: PageMessages) -> None:
    with st.container(key="trial-sliders"):
        for setting in SLIDERS:
            slider(w, setting, unit=w(f"trial.unit.{setting.key}"))
    with st.container(key="trial-presets"):
        for name, values in PRESETS.items():
            st.button(w(f"trial.preset.{name}"), key=f"trial-{name}", on_click=_put, args=(values,), width="stretch")


def _film(w: PageMessages, levers: Levers, one: One, seen: Pair) -> None:
    with st.container():
        FILM(key="trial-film", data=film_data(w, one, _guess(), seen))
    st.markdown(w("trial.note.people", seen_mentored=seen[0], seen_control=seen[1]))
    figure.downloads(w, "trial", curves(w, one, _guess(), seen), one.curves, lambda: _made(one, levers, replicates=1))


def _many(w: PageMessages, levers: Levers, one: One, seen: Pair) -> None:
    from experiments.app.trial.facts import MOST_TRIALS, many_trials

    many = many_trials(levers, st.session_state["trial_seed"])
    row = many.row
    shown = [(w(f"trial.many.{arm}"), w.percent(row[arm], 1), w("trial.many.between", low=w.points(row[f"{arm}_low"]),
              high=w.points(row[f"{arm}_high"]))) for arm in ("mentored", "control")]  # fmt: skip
    apart = w("trial.many.apart", gap=seen[1] - seen[0])
    shown.append((apart, w.percent(row["as_far_apart"], 1), w("trial.many.so_far")))
    with st.container(key="trial-told"):
        for column, (what, number, note) in zip(st.columns(3), shown, strict=True):
            column.markdown(f"{what}  \n**{number}**  \n{note}")
    spec = distribution(w, many, one, _guess(), seen)
    figure.with_numbers(w, "trials", spec, many.table, lambda: _made(one, levers, trials=many.trials))
    error = w.points(max(row["mentored_error"], row["control_error"]), 2)
    less = f" {w('trial.many.less')}" if many.trials < MOST_TRIALS else ""
    st.markdown(w("trial.many.error", trials=many.trials, people=levers.people, error=error) + less)


def _made(one: One, levers: Levers, **runs: int) -> figure.Receipt:
    """What made one trial, or many."""
    from experiments.app.trial.facts import commands

    seed = st.session_state["trial_seed"]
    return figure.receipt(one.scenario, commands(levers, seed)["trials" in runs], seed, **runs)
