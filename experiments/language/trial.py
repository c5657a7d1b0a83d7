"""The answer of ``desist trial`` in sentences, and what sweeps also say about the result that the trial reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.inputs.trial_result import (
    ANALYSES,
    CONTROL_PERCENT,
    GAP,
    MENTORED_PERCENT,
    PEOPLE,
    REGION_67,
    REGION_95,
)
from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages

QUANTITIES = ("mentored", "control", "difference")
NAMED = 6
"""Quantities that the draws decide and that are named."""


LEAST = 0.001
"""Relative likelihoods below are not written out."""
FEW = 4
"""Sizes that are named one by one, before the largest."""
PAIR = {"mentored": f"{MENTORED_PERCENT} %", "control": f"{CONTROL_PERCENT} %"}


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """What trials report under each setting, both analyses as a table, and how they were simulated."""
    rows = [row for row in facts["settings"] if row["analysis"] == ANALYSES[0]]
    if facts["draws"]:
        return Answer(sentences=[_over_draws(row, m) for row in rows], tables=[Shown(table=_spreads(facts, m))],
                      notes=list(_notes_draws(facts, m)))  # fmt: skip
    if not facts["like_the_trial"]:
        return Answer(sentences=[_alone(row, facts, m) for row in rows], tables=[Shown(table=_table(facts, m))],
                      notes=list(_notes_alone(facts, m)))  # fmt: skip
    return Answer(sentences=[_setting(row, m) for row in rows], tables=[Shown(table=_table(facts, m))],
                  notes=list(_notes(facts, m)))  # fmt: skip


def _setting(row: Mapping[str, Any], m: Messages) -> str:
    return m("setting", setting=row["setting"], mentored=m.percent(row["mentored"], 0),
             control=m.percent(row["control"], 0), far=m.percent(row["as_far_apart"], 1), gap=m.number(GAP),
             verdict=m(f"verdict.{region(row['relative_likelihood'])}", **PAIR,
                       likelihood=likelihood(row["relative_likelihood"], m)))  # fmt: skip


def _alone(row: Mapping[str, Any], facts: Mapping[str, Any], m: Messages) -> str:
    """What trials of another size than the real one report."""
    return m("setting_alone", setting=row["setting"], people=m.number(facts["people"][row["setting"]], 0),
             mentored=m.percent(row["mentored"], 0), control=m.percent(row["control"], 0),
             far=m.percent(row["as_far_apart"], 1), gap=m.number(GAP))  # fmt: skip


def _over_draws(row: Mapping[str, Any], m: Messages) -> str:
    return m("setting_draws", setting=row["setting"], draws=m.number(row["draws"], 0),
             mentored=m.percent(row["mentored"], 0), control=m.percent(row["control"], 0),
             difference=m.points(row["difference"], 0), parameter=_ends(row, "difference_parameter", m),
             stochastic=_ends(row, "difference_stochastic", m), far=m.percent(row["as_far_apart"], 1),
             gap=m.number(GAP), reported_mentored=PAIR["mentored"], reported_control=PAIR["control"],
             inside=m.percent(row["inside_67"], 0), outside=m.percent(1 - row["inside_95"], 0))  # fmt: skip


def _table(facts: Mapping[str, Any], m: Messages) -> pd.DataFrame:
    """Both analyses of each setting; what compares them with the real trial only where they are of its size."""
    compared = facts["like_the_trial"]
    return pd.DataFrame([
        {m.heading("setting"): row["setting"], m.heading("analysis"): _analysis(row, m),
         **{m.heading(arm): f"{m.percent(row[arm], 1)} ({_ends(row, arm, m)})" for arm in ("mentored", "control")},
         **{m.heading(name): m.percent(row[name], 1)
            for name in (("at_most_29", "at_least_67", "as_far_apart", "exactly") if compared else ("as_far_apart",))},
         **({m.heading("relative_likelihood"): likelihood(row["relative_likelihood"], m)} if compared else {})}
        for row in facts["settings"]
    ])  # fmt: skip


def _spreads(facts: Mapping[str, Any], m: Messages) -> pd.DataFrame:
    return pd.DataFrame([
        {m.heading("setting"): row["setting"], m.heading("analysis"): _analysis(row, m),
         m.heading("quantity"): m(f"quantity.{name}"), m.heading("mean"): m.percent(row[name], 1),
         m.heading("parameter"): _ends(row, f"{name}_parameter", m),
         m.heading("stochastic"): _ends(row, f"{name}_stochastic", m), m.heading("both"): _ends(row, name, m),
         m.heading("parameter_share"): m.percent(row[f"{name}_parameter_share"], 1)}
        for row in facts["settings"] for name in QUANTITIES
    ])  # fmt: skip


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("trials", trials=m.number(facts["trials"], 0), definition=m(f"definition.{facts['definition']}"))
    yield m("shares")
    yield m("error", error=m.points(facts["simulation_error"], 2), best=m.percent(facts["best_possible"], 1), **PAIR)
    yield sizes_note(facts["sizes"], m)
    yield no_effect_note(facts["no_effect"], m)
    yield m("as_treated")


def _notes_alone(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("trials", trials=m.number(facts["trials"], 0), definition=m(f"definition.{facts['definition']}"))
    yield m("shares")
    yield m("error_alone", error=m.points(facts["simulation_error"], 2))
    yield m("other_size", people=m.number(PEOPLE))
    yield m("as_treated_alone")


def _notes_draws(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("trials_draws", draws=m.number(facts["draws"], 0), posterior=facts["posterior"],
            trials=m.number(facts["trials"], 0))  # fmt: skip
    yield m("spreads")
    yield m("parameter_share")
    more = len(facts["decided"]) > NAMED
    yield m("decided_some" if more else "decided", n=m.number(len(facts["decided"]), 0),
            keys=m.listed(facts["decided"][:NAMED]))  # fmt: skip
    yield sizes_note(facts["sizes"], m)


def _analysis(row: Mapping[str, Any], m: Messages) -> str:
    return m("analysis.intention_to_treat" if row["analysis"] == ANALYSES[0] else "analysis.as_treated")


def _ends(row: Mapping[str, Any], name: str, m: Messages) -> str:
    return m.to(m.points(row[f"{name}_low"], 0), m.points(row[f"{name}_high"], 0))


def sizes_note(sizes: Mapping[str, Any], m: Messages) -> str:
    """The note on group sizes that goes with every comparison; ``sizes`` is ``trial_result.group_sizes``."""
    mentored, control = (f"{', '.join(map(str, sizes[arm][:FEW]))} ... {sizes[arm][-1]}"
                         for arm in ("mentored", "control"))  # fmt: skip
    return m("trial_result.sizes", mentored_percent=PAIR["mentored"], control_percent=PAIR["control"],
             pairs=m.number(sizes["pairs"]), people=m.number(sizes["people"]), mentored=mentored,
             control=control)  # fmt: skip


def no_effect_note(found: Mapping[str, Any], m: Messages) -> str:
    """What the reported pair says about no effect at all; ``found`` is ``trial_result.no_effect``."""
    return m(
        "trial_result.no_effect", risk=m.percent(found["risk"], 0), two_sided=m.number(found["two_sided"]),
        likelihood=likelihood(found["relative_likelihood"], m), one_sided=m.number(found["one_sided"]),
    )  # fmt: skip


def likelihood(value: float, m: Messages) -> str:
    """A relative likelihood in two digits, and never as nothing."""
    return m.number(value) if value >= LEAST else f"< {m.plain(LEAST)}"


def region(likelihood: float) -> str:
    """Which likelihood region a relative likelihood lies in: ``inside_67``, ``inside_95`` or ``outside``."""
    return "inside_67" if likelihood >= REGION_67 else "inside_95" if likelihood >= REGION_95 else "outside"
