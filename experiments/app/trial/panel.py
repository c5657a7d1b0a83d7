"""The panel of the trial: guess first, then one trial as a film, or many of them as a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.address import Choice, Setting, Whole
from experiments.app.catalogue import PageMessages
from experiments.app.parts.controls import again, slider
from experiments.app.trial.charts import Pair, crowd, curves, distribution, film_data

if TYPE_CHECKING:
    from experiments.app.table_receipts import Made
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
SLIDERS = (EFFECT, ROUTE, HALF_LIFE, DROPOUT, PEOPLE)
PRESETS = {
    "pooled": {"effect": 67, "route": 40, "half_life": 18, "dropout": 45},
    "reported": {"effect": 99, "route": 40, "half_life": 36, "dropout": 45},
    "none": {"effect": 0, "route": 40, "half_life": 18, "dropout": 45},
}
"""The shelf's settings of the effect, as near as whole steps come: pooled, as-reported, trial."""
STYLE = """<style>
.st-key-trial-sliders {gap: 0.35rem;}
.st-key-trial-told strong {font-size: 1.9rem; line-height: 1.15;}
.st-key-trial-presets {gap: 0.4rem;}
.st-key-trial-presets button {min-height: 2.1rem; padding: 0.1rem 0.6rem;}
@media (max-width: 640px) {[data-testid="stColumn"]:has(.st-key-trial-controls) {order: 2;}}
</style>"""


def show(w: PageMessages) -> None:
    """Show the panel."""
    if st.session_state["guessed"] == "no":
        st.header(w("trial.title"))
        _ask(w)
    else:
        _head(w)
        _answer(w)
    st.html(STYLE)


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
    from experiments.app.trial.facts import Levers, one_trial
    from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT

    state, seen = st.session_state, (MENTORED_PERCENT, CONTROL_PERCENT)
    levers = Levers(effect=state["effect"], route=state["route"], half_life=state["half_life"],
                    dropout=state["dropout"], people=state["trial_people"])  # fmt: skip
    with st.container(key="trial-body"):
        left, right = st.columns([1, 3.1], gap="medium")
    with left.container(key="trial-controls"):
        _controls(w)
    one = one_trial(levers, state["trial_seed"])
    with right:
        if state["times"] == "one":
            _film(w, levers, one, seen)
        else:
            _many(w, levers, one, seen)
        st.markdown(f":small[{w('trial.note.definition', highest=w.points(one.high_risk_share))}]")
        _files(w, levers, one)


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
    from experiments.app.parts import figure, people

    people.show(film_data(w, one, _guess(), seen))
    st.markdown(w("trial.note.people", seen_mentored=seen[0], seen_control=seen[1]))
    figure.downloads(w, "trial", curves(w, one, _guess(), seen), one.curves, lambda: _made(one, levers, 1))


def _many(w: PageMessages, levers: Levers, one: One, seen: Pair) -> None:
    from experiments.app.parts import figure
    from experiments.app.trial.facts import MOST_TRIALS, many_trials

    many = many_trials(levers, st.session_state["trial_seed"])
    row = many.row
    told = [(w(f"trial.many.{arm}"), w.percent(row[arm], 1), w("trial.many.between", low=w.points(row[f"{arm}_low"]),
             high=w.points(row[f"{arm}_high"]))) for arm in ("mentored", "control")]  # fmt: skip
    told.append(
        (w("trial.many.apart", gap=seen[1] - seen[0]), w.percent(row["as_far_apart"], 1), w("trial.many.so_far"))
    )
    with st.container(key="trial-told"):
        for column, (what, number, note) in zip(st.columns(3), told, strict=True):
            column.markdown(f"{what}  \n**{number}**  \n{note}")
    spec = distribution(w, many, one, _guess(), seen)
    figure.with_numbers(w, "trials", spec, many.table, lambda: _made(one, levers, many.trials))
    error = max(row["mentored_error"], row["control_error"])
    less = [w("trial.many.less")] if many.trials < MOST_TRIALS else []
    st.markdown(
        " ".join([w("trial.many.error", trials=many.trials, people=levers.people, error=w.points(error, 2)), *less])
    )


def _made(one: One, levers: Levers, trials: int) -> Made:
    """What made one trial, or many."""
    from experiments.app.table_receipts import Made
    from experiments.app.trial.facts import commands

    seed = st.session_state["trial_seed"]
    alone, many = commands(levers, seed)
    return Made(command=alone if trials == 1 else many, scenario=one.name, digest=one.digest, seed=seed,
                runs={"replicates": 1} if trials == 1 else {"trials": trials})  # fmt: skip


def _files(w: PageMessages, levers: Levers, one: One) -> None:
    from experiments.app.parts import figure
    from experiments.app.trial.facts import commands

    figure.scenario_file(w, one.name, one.toml, "\n".join(commands(levers, st.session_state["trial_seed"])))
