"""Two plans or more as a report: how they differ on the same luck."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from experiments.language.formatting import Language
from experiments.language.plan_text import OUTCOMES, Facts, Span, facts_of, short_titles, span_of
from experiments.reports.catalogue import MILLION, Words
from experiments.reports.grades import Doubt, changes, for_receipt, grades_part, tags_in
from experiments.reports.names import sources
from experiments.reports.page import Grid, Page, Part, Picture, picture
from experiments.reports.plan import general_terms
from experiments.reports.plan_figures import comparison_figures
from experiments.reports.run import Asked, doubt_of_gaps
from experiments.studies.rollout.plan_study import Told
from experiments.studies.rollout.tables import missing_out, years

SHOWN = ("started", "offences", "reoffenders_any", "prison_days", "places", "volunteers")
"""Results of the table."""
PEOPLE, KRONER = "gap", "kroner"
SURE, LIKELY = 0.90, 0.67
"""Shares of worlds from which on a choice is called clear, and likely."""


def compare_page(
    asked: Asked, study: Told, made: Mapping[str, pd.DataFrame], language: Language, receipt: list[tuple[str, str]],
    check: str,
) -> Page:  # fmt: skip
    """The page; ``made`` is what ``plans.study.compared`` gives."""
    w, names = Words(language), short_titles(study.plans, language)
    facts, nets = _facts(asked, study, made), _nets(asked, study)
    gaps = _gaps(study)
    doubt = doubt_of_gaps(asked, study, {PEOPLE: gaps[1], KRONER: nets[1] - nets[0]})
    parts = [
        Part(title=w("common.figures"), pictures=_pictures(study, made, facts, names, w)),
        Part(title=w("common.uncertainty"), paragraphs=[w("plan.two_kinds")], grids=[_grid(facts, made, names, w)]),
        _assumed(doubt, w, len(study.doubts[0].seeds)),
        Part(title=w("common.change"), points=_change(doubt, names, w)),
    ]
    quoted = [f"“{name}”" if language == "en" else f"»{name}«" for name in names]
    draws = w.number(len(study.doubts[0].seeds), 0)
    question = f"{w('compare.question', titles=w.listed(quoted))} {w('compare.background', draws=draws)}"
    terms = [(w("common.pm"), w("common.pm_means"))]
    terms += [(w(f"plan.{name}"), w(f"plan.{name}_means")) for name in ("course", "reoffend", "below", "discounted")]
    return Page(
        language=language, kind=w("compare.kind"),
        title=w("compare.title", first=names[0], others=w.listed(names[1:])), question=question,
        answer=answer(facts, made["differences"], nets, names, w), parts=parts,
        terms=[*terms, *general_terms(w, len(study.doubts[0].seeds))], sources=sources(tags_in(parts)), receipt=receipt,
        check=[check], grades=for_receipt(doubt),
    )  # fmt: skip


def _facts(asked: Asked, study: Told, made: Mapping[str, pd.DataFrame]) -> list[Facts]:
    out = []
    for k, plan in enumerate(study.plans):
        own = years(study.counts[k])
        summary, purses = (made[name][made[name]["plan"] == plan.name] for name in ("plans", "money"))
        out.append(facts_of(plan, summary, missing_out(own[own["time"] < plan.years]), study.money(k, asked.prices),
                            purses, price_year=asked.prices.price_year))  # fmt: skip
    return out


def _nets(asked: Asked, study: Told) -> list[np.ndarray]:
    """Public kroner of each plan at each draw."""
    return [study.money(k, asked.prices).totals["net"].to_numpy(float) for k in range(len(study.plans))]


def _gaps(study: Told) -> list[np.ndarray]:
    """Reoffenders that each plan avoids beyond the first, at each draw."""
    each = [study.outcomes(k).groupby("draw")["reoffenders_any"].mean().to_numpy() for k in range(len(study.plans))]
    return [one - each[0] for one in each]


# Five sentences -----------------------------------------------------------------------------------------------


def answer(
    facts: list[Facts], differences: pd.DataFrame, nets: list[np.ndarray], names: list[str], w: Words
) -> list[str]:
    """Courses, reoffenders, the last plan against the first, kroner, and which is best."""
    started = w.several(*(each.outcomes["started"].mean for each in facts))
    courses = [w("compare.each", name=name, n=n) for name, n in zip(names, started, strict=True)]
    people = [w("compare.each", name=name, n=_spanned(each.outcomes["reoffenders_any"], w))
              for name, each in zip(names, facts, strict=True)]  # fmt: skip
    rows = differences[(differences["plan"] == facts[-1].plan.name) & (differences["outcome"] == "reoffenders_any")]
    gain = [w("compare.each", name=name, n=_spanned(each.gain, w)) for name, each in zip(names, facts, strict=True)]
    odds = w.listed([w.of_hundred(each.odds) for each in facts])
    return [
        w("compare.courses", plans=w.listed(courses)), w("compare.reoffend", plans="; ".join(people)),
        gap_sentence(span_of(rows.to_dict("records")[0]), names, w),
        w("compare.money", plans="; ".join(gain), odds=odds), best_sentence(nets, names, w),
    ]  # fmt: skip


def _spanned(span: Span, w: Words) -> str:
    mean, low, high = w.several(span.mean, span.low, span.high)
    return f"{mean} ({w.to(low, high)})"


def gap_sentence(span: Span, names: list[str], w: Words) -> str:
    """The last plan against the first: more, fewer, or it cannot be told, for doubt or for chance."""
    if (span.low > 0 or span.high < 0) and not span.chance > abs(span.mean):
        n, *ends = w.several(*(abs(each) for each in (span.mean, span.low, span.high)))
        low, high = ends if span.low > 0 else reversed(ends)
        key = "compare.gap_more" if span.low > 0 else "compare.gap_less"
        return w(key, name=names[-1], first=names[0], n=n, low=low, high=high)
    n, low, high = w.several(span.mean, span.low, span.high)
    return w("compare.gap_open", name=names[-1], first=names[0], n=n, low=low, high=high)


def best_sentence(nets: list[np.ndarray], names: list[str], w: Words) -> str:
    """Which plan, or none, has the highest net kroner in how many worlds."""
    worth = np.column_stack([np.zeros(len(nets[0])), *nets])
    shares = np.bincount(worth.argmax(axis=1), minlength=worth.shape[1]) / len(worth)
    first = int(shares.argmax())
    sure = w("compare.sure_yes" if shares[first] >= SURE else
             "compare.sure_likely" if shares[first] >= LIKELY else "compare.sure_no")  # fmt: skip
    n = w.of_hundred(float(shares[first]))
    if first == 0:
        return w("compare.best_none", n=n, sure=sure)
    return w("compare.best", name=names[first - 1], n=n, sure=sure)


# The parts ----------------------------------------------------------------------------------------------------


def _pictures(
    study: Told, made: Mapping[str, pd.DataFrame], facts: list[Facts], names: list[str], w: Words
) -> list[Picture]:
    drawn = comparison_figures(study, dict(made), w.language)
    label = OUTCOMES[w.language]
    told = ". ".join(f"{name}: {label['started']} {w.several(each.outcomes['started'].mean)[0]}, "
                     f"{label['reoffenders_any']} {w.several(each.outcomes['reoffenders_any'].mean)[0]}"
                     for name, each in zip(names, facts, strict=True))  # fmt: skip
    rows = made["differences"]
    gaps = ", ".join(f"{label[row['outcome']]} {w.several(row['mean'])[0]}" for row in rows.to_dict("records")
                     if row["plan"] == study.plans[-1].name and row["outcome"] in SHOWN)  # fmt: skip
    return [
        picture(drawn["rollout"], alt=w("compare.alt_years", plans=f"{told}."), caption=w("compare.fig_years")),
        picture(drawn["differences"], alt=w("compare.alt_gaps", gaps=f"{names[-1]}: {gaps}."),
                caption=w("compare.fig_gaps", first=names[0])),
    ]  # fmt: skip


def _grid(facts: list[Facts], made: Mapping[str, pd.DataFrame], names: list[str], w: Words) -> Grid:
    rows = []
    for outcome in SHOWN:
        label = OUTCOMES[w.language][outcome]
        rows.append([label[:1].upper() + label[1:], *(_spanned(each.outcomes[outcome], w) for each in facts)])
    rows.append([w("compare.gain"), *(_spanned(each.gain, w) for each in facts)])
    rows.append([w("compare.odds"), *(w.of_hundred(each.odds) for each in facts)])
    gaps = made["money_differences"]
    for name, each in zip(names[1:], facts[1:], strict=True):
        row = gaps[(gaps["plan"] == each.plan.name) & (gaps["what"] == "net")].iloc[0]
        span = Span(mean=row["mean"] / MILLION, low=row["low"] / MILLION, high=row["high"] / MILLION)
        label = f"{w('compare.gain')} {w('compare.gap', name=name, first=names[0])}"
        blank = [""] * (len(names) - 1)
        blank.insert(1 + names[1:].index(name), _spanned(span, w))
        rows.append([label, *blank[: len(names)]])
    return Grid(caption=w("compare.table"), head=[w("compare.result"), *names], rows=rows)


def _assumed(doubt: Doubt | None, w: Words, draws: int) -> Part:
    if doubt is None:
        few = w("grades.too_few", draws=w.number(draws, 0)).replace("--grade-draws", "--draws")
        return Part(title=w("grades.title"), paragraphs=[w("grades.what"), few])
    names = {PEOPLE: w("compare.of_gap"), KRONER: w("compare.of_kroner")}
    return grades_part(doubt, w, names=names, census=doubt.inputs.census())


def _change(doubt: Doubt | None, names: list[str], w: Words) -> list[str]:
    points = []
    if doubt is not None:
        told = changes(doubt, PEOPLE, w, "compare.change", "number", plan=names[1], first=names[0])
        points = [each[:1].upper() + each[1:] for each in told] or [w("compare.change_same")]
    return [*points, w("plan.structure")]
