"""Reports of plans for the whole country: from the result of ``desist rollout`` or ``desist compare`` to the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.language import plan_text
from experiments.language.answer import Shown
from experiments.language.compare import SHOWN, plans_table, titles
from experiments.language.formatting import Language
from experiments.language.rollout import beyond_table, volunteers_time
from experiments.reports.catalogue import ReportMessages
from experiments.reports.grades import GradedUncertainty, changes, for_receipt, grades_part, tags_in
from experiments.reports.names import short_name, sources
from experiments.reports.page import Grid, Page, Part, Picture, capitalised, picture
from experiments.studies.result import StudyResult

FIGURES = {"rollout": "years", "missing_out": "missing", "map": "map", "costs": "money"}
"""Figures of a plan that are on the page, and the key of their caption."""
KRONE, PEOPLE, COURSES = "krone", "people", "courses"
"""The headline numbers of a plan whose uncertainty is divided."""
GAP, KRONER = "gap", "kroner"
"""Those of a comparison: people and public kroner of the second plan beyond the first."""
Facts = Mapping[str, Any]


def headline(totals: pd.DataFrame) -> dict[str, np.ndarray]:
    """The headline numbers of a plan at each draw, from a table with ``started``, ``avoided`` and ``ratio``."""
    return {COURSES: totals["started"].to_numpy(float), PEOPLE: totals["avoided"].to_numpy(float),
            KRONE: totals["ratio"].to_numpy(float)}  # fmt: skip


def plan_page(
    result: StudyResult, graded: GradedUncertainty | None, language: Language, receipt: list[tuple[str, str]],
    check: str,
) -> Page:  # fmt: skip
    """The page of a plan; ``graded`` divides the uncertainty of its headline numbers, if there are draws enough."""
    w, facts = ReportMessages(language), result.facts
    plan, programme, draws = facts["plan"], facts["programme"], w.number(facts["draws"], 0)
    parts = [
        Part(title=w("common.figures"), pictures=_pictures(result, w)), _uncertain(facts, w),
        _assumed(graded, w, {name: w(f"plan.of_{name}") for name in (COURSES, PEOPLE, KRONE)}, draws),
        Part(title=w("common.change"), points=_change(facts, graded, w)),
    ]  # fmt: skip
    asked = w("plan.question", programme=plan_text.programme_text(w, programme),
              title=plan_text.title_text(plan, w))  # fmt: skip
    behind = w("plan.background", about=plan_text.background_text(w, programme), draws=draws,
               years=w.number(plan["years"], 0))  # fmt: skip
    return Page(
        language=language, kind=w("plan.kind"), title=plan_text.title_text(plan, w), question=f"{asked} {behind}",
        answer=[*result.answer(language).sentences, _rests_on(facts, graded, w)], parts=parts,
        terms=plan_terms(facts, w), sources=sources(tags_in(parts)), receipt=receipt, check=[check],
        grades=for_receipt(graded),
    )  # fmt: skip


def plan_terms(facts: Facts, w: ReportMessages) -> list[tuple[str, str]]:
    """Terms that reports of plans use, with what they mean."""
    own = [(w("common.pm"), w("common.pm_means"))] if plan_text.has_background(facts["programme"]) else []
    own.append((w("plan.course"), plan_text.course_text(w, facts["programme"])))
    own += [(w(f"plan.{name}"), w(f"plan.{name}_means")) for name in ("reoffend", "below", "discounted")]
    draws = w.number(facts["draws"], 0)
    return [*own, (w("plan.draw"), w("plan.draw_means", draws=draws)),
            (w("plan.ninety_five"), w("plan.ninety_five_means")),
            (w("common.chance_term"), w("common.chance_means"))]  # fmt: skip


def general_terms(w: ReportMessages, draws: int) -> list[tuple[str, str]]:
    """Terms that every report over draws uses, with what they mean."""
    return [(w("common.world"), w("common.world_means", draws=w.number(draws, 0))),
            (w("common.ninety_five"), w("common.ninety_five_means")),
            (w("common.chance_term"), w("common.chance_means"))]  # fmt: skip


def grid_of(shown: Shown) -> Grid:
    """A table of an answer, on the page; each row begins with a capital letter."""
    rows = [[str(cell) for cell in row] for row in shown.table.to_numpy().tolist()]
    head = [str(column) for column in shown.table]
    return Grid(caption=shown.title, head=[capitalised(each) for each in head],
                rows=[[capitalised(row[0]), *row[1:]] for row in rows])  # fmt: skip


def _rests_on(facts: Facts, graded: GradedUncertainty | None, w: ReportMessages) -> str:
    """What the answer rests on most."""
    key = "plan.hangs" if plan_text.has_background(facts["programme"]) else "plan.hangs_other"
    top = [] if graded is None or KRONE not in graded.values else graded.top(1, of=KRONE)
    if graded is None or not top:
        return w(f"{key}_short")
    shares = graded.shares[KRONE].set_index("grade")["share"].clip(0, 1)
    return w(key, top=short_name(top[0], graded.inputs.rows.get(top[0]), w),
             assumed=w.percent(float(shares["assumed"]), 0), judged=w.percent(float(shares["judged"]), 0))  # fmt: skip


def _pictures(result: StudyResult, w: ReportMessages) -> list[Picture]:
    facts = result.facts
    means = [facts["outcomes"][name]["mean"] for name in ("started", "offences", "reoffenders_any")]
    matched = result.tables["by_municipality"]["matched"].dropna()
    ends = matched.quantile([0.05, 0.95]).to_list() if len(matched) else [np.nan, np.nan]
    reasons = [f"{plan_text.reason_text(w, reason, facts['programme']['carrier'])} {w.percent(share)}"
               for reason, share in facts["reasons"].items()]  # fmt: skip
    total = facts["payers"][plan_text.PUBLIC_TOTAL]
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
    outcomes = plan_text.shown_outcomes(facts["outcomes"], facts["programme"]["carrier"])
    title = w("rollout.table.outcomes", draws=w.number(facts["draws"], 0))
    grids = [] if facts["beyond"] is None else [grid_of(beyond_table(facts, w))]
    grids.append(grid_of(plan_text.outcome_table(outcomes, w, title)))
    after = []
    if facts["per_krone"]:
        until = plan_text.month_text(w, facts["plan"]["until"])
        title = w("rollout.table.payers", year=str(facts["price_year"]), until=until)
        if facts["costs"]:
            grids.append(grid_of(plan_text.costs_shown(facts, w)))
        grids += [grid_of(plan_text.methods_shown([facts], [""], w)), grid_of(plan_text.payers_shown(facts, w, title))]
        after = [w("rollout.methods"), *filter(None, [volunteers_time(facts, w)])]
    kind = w(f"plan.two_kinds_{facts['programme']['delivered_by']}")
    return Part(title=w("common.uncertainty"), paragraphs=[kind], grids=grids, after=after)


def _assumed(graded: GradedUncertainty | None, w: ReportMessages, names: Mapping[str, str], draws: str,
             option: str = "--grade-draws") -> Part:  # fmt: skip
    """What the numbers rest on; ``option`` is the one that gives more draws where there are too few."""
    if graded is None:
        few = w("grades.too_few", draws=draws).replace("--grade-draws", option)
        return Part(title=w("grades.title"), paragraphs=[w("grades.what"), few])
    return grades_part(graded, w, names=names, census=graded.inputs.census())


def _change(facts: Facts, graded: GradedUncertainty | None, w: ReportMessages) -> list[str]:
    points: list[str] = []
    if graded is not None and KRONE in graded.values:
        points += map(capitalised, changes(graded, KRONE, w, "plan.change_krone", "number"))
    if facts["per_krone"] and not facts["other_schemes"] and (ratio := facts["per_krone"]["ratio"]["per_krone"]) > 0:
        price = facts["course"]["price"]
        even, now = (w.kroner(round(kroner, -3)) for kroner in (ratio * price, price))
        points.append(w("plan.price", n=even, now=now))
    kind = facts["programme"]["delivered_by"]
    points.append(w(f"plan.offered_{kind}", without=w.percent(facts["reasons"]["without"])))
    return [*points, w("plan.structure")]


# Plans beside each other --------------------------------------------------------------------------------------


def compare_page(
    result: StudyResult, graded: GradedUncertainty | None, language: Language, receipt: list[tuple[str, str]],
    check: str,
) -> Page:  # fmt: skip
    """The page of a comparison; ``graded`` divides the uncertainty of the differences, if there are draws enough."""
    w, facts = ReportMessages(language), result.facts
    names, draws = titles(facts, w), w.number(facts["draws"], 0)
    kind = w(f"plan.two_kinds_{facts['programme']['delivered_by']}")
    parts = [
        Part(title=w("common.figures"), pictures=_compared_pictures(result, names, w)),
        Part(title=w("common.uncertainty"), paragraphs=[kind],
             grids=[_compared_grid(facts, names, w), grid_of(plan_text.methods_shown(facts["plans"], names, w))]),
        _assumed(graded, w, {GAP: w("compare.of_gap"), KRONER: w("compare.of_kroner")}, draws, "--draws"),
        Part(title=w("common.change"), points=_compared_change(graded, names, w)),
    ]
    quoted = [f"“{name}”" if language == "en" else f"»{name}«" for name in names]
    behind = w("compare.background", about=plan_text.background_text(w, facts["programme"]), draws=draws)
    return Page(
        language=language, kind=w("compare.kind"),
        title=w("compare.title", first=names[0], others=w.listed(names[1:])),
        question=f"{w('compare.question', titles=w.listed(quoted))} {behind}",
        answer=result.answer(language).sentences, parts=parts, terms=plan_terms(facts, w),
        sources=sources(tags_in(parts)), receipt=receipt, check=[check], grades=for_receipt(graded),
    )  # fmt: skip


def _compared_pictures(result: StudyResult, names: list[str], w: ReportMessages) -> list[Picture]:
    facts = result.facts
    shown = plan_text.shown_outcomes({name: {} for name in SHOWN}, facts["programme"]["carrier"])

    def means(outcomes: Facts, keys: list[str]) -> str:
        return ", ".join(f"{plan_text.outcome_text(w, key)} {w.several(outcomes[key]['mean'])[0]}" for key in keys)

    each = ". ".join(f"{name}: {means(plan['outcomes'], ['started', 'reoffenders_any'])}"
                     for name, plan in zip(names, facts["plans"], strict=True))  # fmt: skip
    last = facts["differences"][facts["plans"][-1]["plan"]["name"]]
    return [
        picture(result.figure("rollout", w.language), alt=w("compare.alt_years", plans=f"{each}."),
                caption=w("compare.fig_years")),
        picture(result.figure("differences", w.language),
                alt=w("compare.alt_gaps", gaps=f"{names[-1]}: {means(last, [*shown])}."),
                caption=w("compare.fig_gaps", first=names[0])),
    ]  # fmt: skip


def _compared_grid(facts: Facts, names: list[str], w: ReportMessages) -> Grid:
    """The plans beside each other, and the public gain of each further one beyond the first."""
    table = grid_of(plans_table(facts, names, w))
    rows = [list(row) for row in table.rows]
    for k, (name, plan) in enumerate(zip(names[1:], facts["plans"][1:], strict=True), start=1):
        gain = w("compare.table.gain")
        label = w("compare.gap", gain=capitalised(gain), name=name, first=names[0])
        own = plan_text.spanned(facts["gains"][plan["plan"]["name"]]["net"], w, million=True)
        rows.append([label, *(own if at == k else "" for at in range(len(names)))])
    return Grid(caption=table.caption, head=table.head, rows=rows)


def _compared_change(graded: GradedUncertainty | None, names: list[str], w: ReportMessages) -> list[str]:
    points = []
    if graded is not None:
        found = changes(graded, GAP, w, "compare.change", "number", plan=names[1], first=names[0])
        points = [*map(capitalised, found)] or [w("compare.change_same")]
    return [*points, w("plan.structure")]
