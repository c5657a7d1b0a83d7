"""The pages of a plan and of a comparison: every report and figure that is written, by the name of its file."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.decision import decision_figure
from experiments.figures.money import money_figure
from experiments.figures.rollout import difference_figure, map_figure, missing_figure, rollout_figure, supply_figure
from experiments.figures.style import style
from experiments.inputs.scenario_files import load
from experiments.language.danish import say
from experiments.language.discovery_text import Quantity
from experiments.language.formatting import Language, number
from experiments.language.plan_text import comparison, facts_of, report, short_titles
from experiments.studies.rollout.costs import NO_PLAN, Money
from experiments.studies.rollout.plan_scenario import OTHERS
from experiments.studies.rollout.plan_study import Told
from experiments.studies.rollout.tables import missing_out, years
from simulation.prices import Prices

THRESHOLD = 505_300.0
"""Kroner for a reoffender fewer that is marked in curves: SØM's value of one."""


def report_of(
    study: Told, k: int, made: dict[str, pd.DataFrame], found: Money, prices: Prices, language: Language,
    doubts: tuple[Quantity, ...] = (),
) -> str:  # fmt: skip
    """Plan k in half a page; ``made`` is what ``study.tables`` gives, ``doubts`` what weighs most, if known."""
    facts = facts_of(study.plans[k], made["summary"], made["missing_out"], found, made["odds"], doubts,
                     price_year=prices.price_year)  # fmt: skip
    text = report(facts, language)
    return f"{text}\n\n{beside(study, k, language)}" if study.plans[k].beside else text


BESIDE = {
    "en": "Beside it, places started: {schemes}. What these schemes do and cost is in all figures but the courses.",
    "da": "Ved siden af, påbegyndte pladser: {schemes}. Hvad de ordninger udretter og koster, er med i alle tal "
    "undtagen forløbene.",
}
SCHEMES = {
    "prison_visits": "fængselsbesøg", "group_activities": "gruppeaktiviteter",
    "remand_effort": "indsats for unge i arrest", "study_support": "lektiehjælp i fængsel",
    "study_support_outside": "lektiehjælp for løsladte",
    "paid_mentors": "kriminalforsorgens betalte mentorer",
}  # fmt: skip
"""Danish names of the other schemes."""


def beside(study: Told, k: int, language: Language) -> str:
    """One sentence on the other schemes of plan k: places started, mean over the draws."""
    rows, shelf = years(study.counts[k]), load(OTHERS).programme
    parts = []
    for name in study.plans[k].beside:
        started = rows.groupby(["draw", "replicate"])[f"{name}.started"].sum().groupby("draw").mean().mean()
        label = SCHEMES.get(name, name) if language == "da" else shelf[name].label or name
        parts.append(f"{label} {number(float(started), language, 0)}")
    return BESIDE[language].format(schemes=", ".join(parts))


def plan_figures(
    study: Told, k: int, made: dict[str, pd.DataFrame], found: Money, language: Language
) -> dict[str, Figure]:
    """The figures of plan k."""
    style()
    plan, title = study.plans[k], short_titles(study.plans, language)[k]
    own = years(study.counts[k])
    own = own[own["time"] < plan.years]
    by_year = {title: study.outcomes(k, ("time",))}
    called = {plan.name: title, NO_PLAN: say(language, NO_PLAN)}
    drawn = ("plane", "acceptability", "quadrants")
    points, curves, corners = (made[name].replace({"option": called}) for name in drawn)
    return {
        "rollout": rollout_figure(by_year, plan=plan, language=language),
        "supply": supply_figure(made["supply"], plan=plan, language=language),
        "missing_out": missing_figure(missing_out(own, ("time",)), made["missing_out_by_region"], plan=plan,
                                      language=language),
        "map": map_figure(made["by_place"], what="matched", language=language),
        "map_tiles": map_figure(made["by_place"], what="started", tiled=True, language=language),
        "money": money_figure(found.purses(), found.years(), title=title, language=language),
        "decision": decision_figure(points, curves, made["odds"], effect=say(language, "reoffenders avoided"),
                                    unit=say(language, "reoffender avoided"), threshold=THRESHOLD,
                                    against=called[NO_PLAN], shares=corners, language=language),
    }  # fmt: skip


def comparisons(study: Told, made: dict[str, pd.DataFrame], prices: Prices) -> dict[Language, str]:
    """Two plans or more in five lines, by language; ``made`` is what ``study.compared`` gives."""
    every = []
    for k, plan in enumerate(study.plans):
        own = years(study.counts[k])
        summary, purses = (made[name][made[name]["plan"] == plan.name] for name in ("plans", "money"))
        every.append(facts_of(plan, summary, missing_out(own[own["time"] < plan.years]), study.money(k, prices), purses,
                              price_year=prices.price_year))  # fmt: skip
    both: tuple[Language, ...] = ("en", "da")
    return {language: comparison(every, made["differences"], language) for language in both}


def comparison_figures(study: Told, made: dict[str, pd.DataFrame], language: Language) -> dict[str, Figure]:
    """The figures of a comparison."""
    style()
    titles = short_titles(study.plans, language)
    by_year = {title: study.outcomes(k, ("time",)) for k, title in enumerate(titles)}
    first = made["plans"][made["plans"]["plan"] == study.plans[0].name]
    named = dict(zip([plan.name for plan in study.plans], titles, strict=True))
    return {
        "rollout": rollout_figure(by_year, plan=study.plans[0], language=language),
        "differences": difference_figure(made["differences"], first, titles=named, language=language),
    }
