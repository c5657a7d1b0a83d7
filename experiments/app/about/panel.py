"""The panel about the page: what it is, for what it must not be used, how sure it is, what it rests on."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import streamlit as st

from experiments.app.address import Setting
from experiments.app.catalogue import PageMessages
from experiments.app.shared_results import kept

SETTINGS: tuple[Setting, ...] = ()
GRADES = ("measured", "judged", "assumed")
SOURCES = ("S1", "S2", "S9", "S98", "S30", "S26")
"""The sources that carry most, by their tag. All of them are in docs/sources.md."""


def show(w: PageMessages) -> None:
    """Show the panel."""
    st.header(w("about.title"))
    left, right = st.columns([3, 2], gap="large")
    found = effect_of_trial()
    with left:
        st.markdown(w("about.what"))
        st.subheader(w("about.never.title"))
        st.markdown(w("about.never.text"))
        st.subheader(w("about.sure.title"))
        st.markdown(w("about.sure.text", printed=found.printed, points=w.number(found.points, 0),
                      low=w.number(found.low, 0), high=w.number(found.high, 0), lowers=w.percent(found.lowers),
                      draws=found.draws))  # fmt: skip
        st.subheader(w("about.limits.title"))
        st.markdown(w("about.limits.text"))
    with right:
        st.subheader(w("about.numbers.title"))
        lines = [[w(f"about.numbers.{column}") for column in ("of", *GRADES)], ["---", "--:", "--:", "--:"]]
        lines += [[w(f"about.numbers.{name}"), *map(str, counts)] for name, counts in grades().items()]
        st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
        st.markdown(w("about.numbers.text"))
        st.subheader(w("about.sources.title"))
        st.markdown("\n".join(f"- {w(f'about.sources.{tag}')} [{tag}]" for tag in SOURCES))
        st.markdown(w("about.sources.text"))
        st.subheader(w("about.same.title"))
        parts = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
        versions = f"Desist {version('desist')} (Python {platform.python_version()}, {parts})"
        st.markdown(w("about.same.text", versions=versions))
        st.code("desist run pooled --replicates 20\ndesist parameters\ndesist calibrate", language=None)


@dataclass(frozen=True, kw_only=True)
class TrialEffect:
    """What the trial shows, once everything else that is known is counted in; percentage points."""

    printed: int  # the difference that the trial printed
    points: float  # what a new group like it can be expected to show; ``low`` and ``high`` hold 95 % of the draws
    low: float
    high: float
    lowers: float  # probability that mentoring lowers reoffending there at all (0-1)
    draws: int


@kept(1)
def effect_of_trial() -> TrialEffect:
    """The effect in a group like the trial's, from the draws of ``desist calibrate`` that come with Desist."""
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
    from experiments.statistics.intervals import interval

    table = Posterior.read(SHIPPED).table
    gap = 100 * (table["_control"] - table["_mentored"]).to_numpy()
    points, low, high = interval(gap)
    return TrialEffect(printed=CONTROL_PERCENT - MENTORED_PERCENT, points=points, low=low, high=high,
                              lowers=float((gap > 0).mean()), draws=len(table))  # fmt: skip


@kept(1)
def grades() -> dict[str, tuple[int, ...]]:
    """How many numbers of the model, of a plan for the country and of the prices are measured, judged and assumed."""
    from experiments.inputs.scenario_files import load
    from experiments.studies.rollout import plan as plans
    from simulation.parameters import quantities
    from simulation.prices import Prices

    sections = {"model": load("pooled"), "plan": plans.load("nationwide-at-once")[0], "prices": Prices()}
    found = {name: [row.grade for row in quantities(section)] for name, section in sections.items()}
    return {name: tuple(every.count(grade) for grade in GRADES) for name, every in found.items()}
