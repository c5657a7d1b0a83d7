"""The panel "The whole country": plans as choices and sliders, and what they do, by municipality, payer and year."""

from __future__ import annotations

from dataclasses import fields

import streamlit as st

from experiments.app.address import Choice, Setting, Several, Whole
from experiments.app.catalogue import PageMessages
from experiments.app.parts.controls import again, choice, slider

PLANS = ("nationwide-at-once", "nationwide-over-five-years", "todays-area", "highest-risk-only", "investment-fund-420")
PLAN = Choice("cplan", PLANS[0], PLANS)
VERSUS = Choice("cversus", "none", ("none", "as-it-comes", *PLAN.codes))
OPENING = Choice("copening", "plan", ("plan", "today", "once", "half", "year"))
RECRUITS = Whole("crecruits", 100, 25, 300, 25)
START = Whole("cstart", 150, 0, 600, 25)
ORDER = Choice("corder", "plan", ("plan", "first", "highest", "lowest", "lots"))
OFFERED = Choice("coffered", "plan", ("plan", "all", "two-thirds", "highest", "fifth"))
MOST = Choice("cmost", "plan", ("plan", "none", "50", "100", "200", "400", "800"))
YEARS = Whole("cyears", 10, 2, 10)
DRAWS = Choice("cdraws", "12", ("12", "24", "48"))
SEED = Whole("cseed", 1, 1, 99)
VIEW = Choice("cview", "map", ("map", "words", "volunteers", "people", "kroner", "ladder", "compare"))
SHOWN = Choice("cmap", "matched", ("matched", "started", "served", "offences_avoided", "opens", "released"))
SHAPE = Choice("cshape", "land", ("land", "tiles"))
CURVE = Choice("ccurve", "started", ("started", "reoffenders_any", "offences", "places"))
STEPS = ("small-trial", "value", "definition", "sign-ups", "average-risk", "scaling", "unfilled", "reach", "price",
         "discounting", "prison-day")  # fmt: skip
RUNGS = Several("crungs", STEPS, STEPS)
OF = Choice("cladder", "points", ("points", "kroner"))
SETTINGS: tuple[Setting, ...] = (PLAN, VERSUS, OPENING, RECRUITS, START, ORDER, OFFERED, MOST, YEARS, DRAWS, SEED, VIEW,
                                 SHOWN, SHAPE, CURVE, RUNGS, OF)  # fmt: skip


def show(w: PageMessages) -> None:
    """Show the panel."""
    from experiments.app.country import facts, plans, views

    head, one, two = st.columns([1, 1.95, 1.95], gap="medium", vertical_alignment="bottom")
    head.container(key="country-head").header(w("country.title"))
    choice(w, PLAN, across=False, on=one)
    choice(w, VERSUS, across=False, on=two)
    state = st.session_state
    chosen = plans.Choices(**{each.name: state[f"c{each.name}"] for each in fields(plans.Choices)})
    both = plans.pair(chosen, state[VERSUS.key])
    with st.container(key="country"):
        right, left = st.columns([3.9, 1], gap="medium")
    with left:
        _controls(w)
        st.caption(facts.intention(w, both[0], plans.intended(plans.toml_of(both[0]))))
    with right:
        views.show(w, both, draws=int(state[DRAWS.key]), seed=state[SEED.key])


def _controls(w: PageMessages) -> None:
    """What of the plan can be changed, and how it is computed."""
    st.subheader(w("country.change"), help=w("country.change-help"))
    choice(w, OPENING, across=False)
    slider(w, RECRUITS, unit="%d %%")
    slider(w, START)
    for setting in (ORDER, OFFERED, MOST):
        choice(w, setting, across=False)
    with st.expander(w("country.how")):
        choice(w, DRAWS)
        slider(w, YEARS)
        slider(w, SEED)
        again(SEED, w("country.again"))
