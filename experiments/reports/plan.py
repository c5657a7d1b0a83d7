"""A plan for the whole country as a report: from the result of ``desist rollout`` to the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.inputs.evidence import PRICE
from experiments.language.answer import Shown
from experiments.language.formatting import Language
from experiments.language.plan_text import (
    PUBLIC_TOTAL,
    background_text,
    course_text,
    has_background,
    month_text,
    outcome_table,
    payer_table,
    programme_text,
    reason_text,
    short_titles,
    shown_outcomes,
    title_text,
)
from experiments.language.rollout import krone_text, volunteers_time
from experiments.reports.catalogue import ReportMessages
from experiments.reports.grades import GradedUncertainty, changes, for_receipt, grades_part, tags_in
from experiments.reports.names import short_name, sources
from experiments.reports.page import Grid, Page, Part, Picture, picture
from experiments.studies.result import StudyResult

FIGURES = {"rollout": "years", "missing_out": "missing", "map": "map", "costs": "money"}
"""Figures of a plan that are on the page, and the key of their caption."""
KRONE, PEOPLE, COURSES = "krone", "people", "courses"
"""The headline numbers of a plan whose uncertainty is divided."""
Facts = Mapping[str, Any]


def headline(totals: pd.DataFrame) -> dict[str, np.ndarray]:
    """The headline numbers of a plan at each draw, from a table with ``started``, ``avoided`` and ``ratio``."""
    return {COURSES: totals["started"].to_numpy(float), PEOPLE: totals["avoided"].to_numpy(float),
            KRONE: totals["ratio"].to_numpy(float)}  # fmt: skip


def plan_page(
    result: StudyResult, doubt: GradedUncertainty | None, language: Language, receipt: list[tuple[str, str]], check: str
) -> Page:
    """The page of a plan; ``doubt`` divides the uncertainty of its headline numbers, if there are draws enough."""
    w, facts = ReportMessages(language), result.facts
    plan, programme, draws = facts["plan"], facts["programme"], w.number(facts["draws"], 0)
    parts = [
        Part(title=w("common.figures"), pictures=_pictures(result, w)), _uncertain(facts, w),
        _assumed(facts, doubt, w), Part(title=w("common.change"), points=_change(facts, doubt, w)),
    ]  # fmt: skip
    asked = w("plan.question", programme=programme_text(w, programme["name"], programme["label"]),
              title=short_titles([plan], w)[0])  # fmt: skip
    behind = w("plan.background", about=background_text(w, programme), draws=draws, years=w.number(plan["years"], 0))
    return Page(
        language=language, kind=w("plan.kind"), title=title_text(plan, w), question=f"{asked} {behind}",
        answer=[*result.answer(language).sentences, _hangs(facts, doubt, w)], parts=parts,
        terms=plan_terms(facts, w), sources=sources(tags_in(parts)), receipt=receipt, check=[check],
        grades=for_receipt(doubt),
    )  # fmt: skip


def plan_terms(facts: Facts, w: ReportMessages) -> list[tuple[str, str]]:
    """ReportMessages that reports of plans use."""
    own = [(w("common.pm"), w("common.pm_means"))] if has_background(facts["programme"]) else []
    own.append((w("plan.course"), course_text(w, facts["programme"])))
    own += [(w(f"plan.{name}"), w(f"plan.{name}_means")) for name in ("reoffend", "below", "discounted")]
    draws = w.number(facts["draws"], 0)
    return [*own, (w("plan.draw"), w("plan.draw_means", draws=draws)),
            (w("plan.ninety_five"), w("plan.ninety_five_means")),
            (w("common.chance_term"), w("common.chance_means"))]  # fmt: skip


def general_terms(w: ReportMessages, draws: int) -> list[tuple[str, str]]:
    """ReportMessages that every report over draws uses."""
    return [(w("common.world"), w("common.world_means", draws=w.number(draws, 0))),
            (w("common.ninety_five"), w("common.ninety_five_means")),
            (w("common.chance_term"), w("common.chance_means"))]  # fmt: skip


def grid_of(shown: Shown) -> Grid:
    """A table of an answer, on the page; each row begins with a capital letter."""
    rows = [[str(cell) for cell in row] for row in shown.table.to_numpy().tolist()]
    head = [str(column) for column in shown.table]
    return Grid(caption=shown.title, head=[each[:1].upper() + each[1:] for each in head],
                rows=[[row[0][:1].upper() + row[0][1:], *row[1:]] for row in rows])  # fmt: skip


def _hangs(facts: Facts, doubt: GradedUncertainty | None, w: ReportMessages) -> str:
    """What the answer rests on most."""
    key = "plan.hangs" if has_background(facts["programme"]) else "plan.hangs_other"
    top = [] if doubt is None or KRONE not in doubt.values else doubt.top(1, of=KRONE)
    if doubt is None or not top:
        return w(f"{key}_short")
    shares = doubt.shares[KRONE].set_index("grade")["share"].clip(0, 1)
    return w(key, top=short_name(top[0], doubt.inputs.rows.get(top[0]), w),
             assumed=w.percent(float(shares["assumed"]), 0), judged=w.percent(float(shares["judged"]), 0))  # fmt: skip


def _pictures(result: StudyResult, w: ReportMessages) -> list[Picture]:
    facts = result.facts
    means = [facts["outcomes"][name]["mean"] for name in ("started", "offences", "reoffenders_any")]
    matched = result.tables["by_municipality"]["matched"].dropna()
    ends = matched.quantile([0.05, 0.95]).to_list() if len(matched) else [np.nan, np.nan]
    reasons = [f"{reason_text(w, reason, facts['programme']['carrier'])} {w.percent(share)}"
               for reason, share in facts["reasons"].items()]  # fmt: skip
    total = facts["payers"][PUBLIC_TOTAL]
    alts = {
        "rollout": w("plan.alt_years", **dict(zip(("started", "offences", "reoffenders"),
                                                  (w.several(each)[0] for each in means), strict=True))),
        "missing_out": w("plan.alt_missing", reasons=", ".join(reasons)),
        "map": w("plan.alt_map", low=w.percent(ends[0]), high=w.percent(ends[1])),
        "costs": w("plan.alt_money", saved=w.kroner(total["saved"], million=True),
                   spent=w.kroner(total["spent"], million=True)),
    }  # fmt: skip
    return [picture(result.figure(name, w.language), alt=alts[name], caption=w(f"plan.fig_{caption}"))
            for name, caption in FIGURES.items()]  # fmt: skip


def _uncertain(facts: Facts, w: ReportMessages) -> Part:
    outcomes = shown_outcomes(facts["outcomes"], facts["programme"]["carrier"])
    grids = [grid_of(outcome_table(outcomes, w, w("rollout.table.outcomes", draws=w.number(facts["draws"], 0))))]
    after = []
    if facts["per_krone"]:
        until = month_text(w, facts["plan"]["until"])
        title = w("rollout.table.payers", year=str(facts["price_year"]), until=until)
        grids.append(grid_of(payer_table(facts, w, title)))
        after = [krone_text(facts, w), *filter(None, [volunteers_time(facts, w)])]
    kind = w(f"plan.two_kinds_{facts['programme']['delivered_by']}")
    return Part(title=w("common.uncertainty"), paragraphs=[kind], grids=grids, after=after)


def _assumed(facts: Facts, doubt: GradedUncertainty | None, w: ReportMessages) -> Part:
    if doubt is None:
        return Part(title=w("grades.title"), paragraphs=[
            w("grades.what"), w("grades.too_few", draws=w.number(facts["draws"], 0))
        ])  # fmt: skip
    return grades_part(doubt, w, names={name: w(f"plan.of_{name}") for name in doubt.values},
                       census=doubt.inputs.census())  # fmt: skip


def _change(facts: Facts, doubt: GradedUncertainty | None, w: ReportMessages) -> list[str]:
    points = []
    if doubt is not None and KRONE in doubt.values:
        points += [each[:1].upper() + each[1:] for each in changes(doubt, KRONE, w, "plan.change_krone", "number")]
    if facts["per_krone"] and not facts["other_schemes"] and (ratio := facts["per_krone"]["ratio"]["per_krone"]) > 0:
        price = facts["course"]["price"]
        even, now = (w.kroner(round(kroner, -3)) for kroner in (ratio * price, price))
        points.append(w("plan.price", n=even, now=now))
    kind = facts["programme"]["delivered_by"]
    points.append(w(f"plan.offered_{kind}", without=w.percent(facts["reasons"]["without"])))
    return [*points, w("plan.structure")]


def used_prices(names: Sequence[str], programmes: Sequence[str]) -> list[str]:
    """Of the columns of a table of draws those that can move a plan's kroner: prices of other things are left out."""
    schemes = {f"{PRICE}scheme.{name}.per_start" for name in programmes}
    aside = (f"{PRICE}course.", f"{PRICE}victims.", f"{PRICE}avoided.serious")
    return [name for name in names if not name.startswith(aside)
            and (not name.startswith(f"{PRICE}scheme.") or name in schemes)]  # fmt: skip
