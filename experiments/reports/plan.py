"""A plan for the whole country as a report: from its tables to the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.inputs.evidence import PRICE
from experiments.language.formatting import Language
from experiments.language.plan_text import MONTHS, OUTCOMES, PURSE_NAMES, REASONS, Facts, Span, facts_of, short_titles
from experiments.reports.catalogue import MILLION, Words
from experiments.reports.grades import Doubt, changes, for_receipt, grades_part, tags_in
from experiments.reports.names import short_name, sources
from experiments.reports.page import Grid, Page, Part, Picture, picture
from experiments.reports.plan_figures import plan_figures
from experiments.statistics.cost_effectiveness import PUBLIC as TOTAL
from experiments.studies.rollout.plan import FOLLOWED_ON, Plan
from experiments.studies.rollout.plan_study import Told, tables
from simulation.places import municipalities
from simulation.prices import PUBLIC, PURSES, Prices, draw_prices

FIGURES = ("rollout", "missing_out", "map", "money")
"""Figures of a plan that are on the page."""
VERDICTS = ((0.95, "back"), (0.80, "back_very_likely"), (0.60, "back_likely"), (0.40, "back_open"),
            (0.20, "back_unlikely"), (0.05, "back_very_unlikely"), (-1.0, "back_not"))  # fmt: skip
"""From which odds of breaking even on something is said: the steps are as wide for bad news as for good."""
UNLIKELY, LIKELY = 0.4, 0.6
"""Odds below and above which the two ways of counting are said to disagree."""
KRONE, PEOPLE, COURSES = "krone", "people", "courses"
"""The headline numbers of a plan whose doubt is divided."""


@dataclass(frozen=True, kw_only=True)
class OnePlan:
    """One plan, told, with all that the page says of it."""

    facts: Facts
    made: Mapping[str, pd.DataFrame]
    doubt: Doubt | None
    prices: Prices
    course: float
    """Kroner that a course costs, mean of the draws."""
    above: float
    """Share of draws in which the public gets its money back, counted top-down; NaN where nothing is spent."""


def told_plan(study: Told, prices: Prices, doubt: Doubt | None) -> OnePlan:
    """Facts and tables of the only plan of a study."""
    found = study.money(0, prices)
    made = tables(study, 0, found)
    facts = facts_of(study.plans[0], made["summary"], made["missing_out"], found, made["odds"],
                     price_year=prices.price_year)  # fmt: skip
    course = draw_prices(prices, facts.draws, study.seed)["scheme.primus_motor.per_start"].mean()
    above = found.totals["top_down"].dropna()
    return OnePlan(facts=facts, made=made, doubt=doubt, prices=prices, course=float(course),
                   above=float((above >= 1).mean()) if len(above) else np.nan)  # fmt: skip


def headline(totals: pd.DataFrame) -> dict[str, np.ndarray]:
    """The headline numbers of a plan at each draw, from ``plans.money.Money.totals``."""
    return {COURSES: totals["started"].to_numpy(float), PEOPLE: totals["avoided"].to_numpy(float),
            KRONE: totals["ratio"].to_numpy(float)}  # fmt: skip


def plan_page(study: Told, told: OnePlan, language: Language, receipt: list[tuple[str, str]], check: str) -> Page:
    """The page of the first plan of a study."""
    w, plan = Words(language), study.plans[0]
    title = short_titles([plan], language)[0]
    whole = (plan.title_da if language == "da" else "") or plan.title or plan.name
    uncertain, change = _uncertain(told, w), _change(told, w)
    parts = [
        Part(title=w("common.figures"), pictures=_pictures(study, told, w)), uncertain, _assumed(told, w),
        Part(title=w("common.change"), points=change),
    ]  # fmt: skip
    years, draws = w.number(plan.years, 0), w.number(told.facts.draws, 0)
    question = f"{w('plan.question', title=title)} {w('plan.background', draws=draws, years=years)}"
    terms = [(w("common.pm"), w("common.pm_means"))]
    terms += [(w(f"plan.{name}"), w(f"plan.{name}_means")) for name in ("course", "reoffend", "below", "discounted")]
    terms += general_terms(w, told.facts.draws)
    return Page(
        language=language, kind=w("plan.kind"), title=whole, question=question, answer=answer(told, w), parts=parts,
        terms=terms, sources=sources(tags_in(parts)), receipt=receipt, check=[check],
        grades=for_receipt(told.doubt),
    )  # fmt: skip


def general_terms(w: Words, draws: int) -> list[tuple[str, str]]:
    """Words that every report over draws uses."""
    return [(w("common.world"), w("common.world_means", draws=w.number(draws, 0))),
            (w("common.ninety_five"), w("common.ninety_five_means")),
            (w("common.chance_term"), w("common.chance_means"))]  # fmt: skip


# Five sentences -----------------------------------------------------------------------------------------------


def answer(told: OnePlan, w: Words) -> list[str]:
    """Who is reached, what happens, what it costs and saves, whether it pays, what that hangs on."""
    facts = told.facts
    return [_reach(facts, w), avoided(facts.outcomes["reoffenders_any"], w), _kroner(facts, w),
            pays(facts.odds, told.above, w),
            _hangs(told, w)]  # fmt: skip


def _reach(facts: Facts, w: Words) -> str:
    plan, opened = facts.plan, sorted(facts.plan.opens().values())
    steps = ""
    if opened[-1] > opened[0]:
        steps = f" {w('plan.steps', more=_places(plan, opened[-1], w), month=_month(plan, opened[-1], w))}"
    span = facts.outcomes["started"]
    n, low, high = w.several(span.mean, span.low, span.high)
    return w("plan.reach", month=_month(plan, opened[0], w), places=_places(plan, opened[0], w), steps=steps, n=n,
             years=w.number(plan.years, 0), p=w.percent(facts.reasons["started"]), low=low, high=high)  # fmt: skip


def _month(plan: Plan, month: int, w: Words) -> str:
    at = int(plan.begins[5:]) - 1 + month
    return f"{MONTHS[w.language].split()[at % 12]} {int(plan.begins[:4]) + at // 12}"


def _places(plan: Plan, month: int, w: Words) -> str:
    n = sum(each <= month for each in plan.opens().values())
    everywhere = len(municipalities())
    if n == everywhere:
        return w("plan.all_places", all=w.number(everywhere, 0))
    return w("plan.places", n=w.number(n, 0), all=w.number(everywhere, 0))


def avoided(span: Span, w: Words) -> str:
    """Fewer or more who reoffend, or that it cannot be told, for doubt or for chance; above zero is fewer."""
    n, low, high, chance = w.several(*(abs(each) for each in (span.mean, span.low, span.high, span.chance)))
    if span.low <= 0 <= span.high:
        return w("plan.cannot_fewer" if span.mean >= 0 else "plan.cannot_more", n=n, up=low, down=high)
    if span.chance > abs(span.mean):
        return w("plan.chance_fewer" if span.mean > 0 else "plan.chance_more", n=n, chance=chance)
    if span.low > 0:
        return w("plan.fewer_sure", n=n, low=low, high=high)
    return w("plan.more_sure", n=n, low=high, high=low)


def _kroner(facts: Facts, w: Words) -> str:
    if not facts.per_krone:
        return w("plan.nothing")
    cost, saved = (sum(each[purse] for purse in PUBLIC) for each in (facts.spent, facts.saved))
    purse = max(PUBLIC, key=lambda each: facts.saved[each])
    mostly = w("plan.mostly", purse=PURSE_NAMES[w.language][purse]) if facts.saved[purse] > 0 else ""
    last = _month(facts.plan, facts.plan.months + FOLLOWED_ON - 1, w)
    kroner = {name: w.kroner(MILLION * value, million=True) for name, value in (("cost", cost), ("saved", saved))}
    net = w.kroner(MILLION * abs(facts.gain.mean), million=True)
    text = w("plan.gain" if facts.gain.mean >= 0 else "plan.loss", **kroner, until=last, mostly=mostly, net=net,
             range=gain_range(facts.gain, w))  # fmt: skip
    return text.replace(" ,", ",")


def gain_range(span: Span, w: Words) -> str:
    """From a loss of so much to a gain of so much, million kroner."""
    low, high = (w.kroner(MILLION * abs(each), million=True) for each in (span.low, span.high))
    if span.low < 0 <= span.high:
        return w("plan.from_loss", low=low, high=high)
    return w("plan.gains", low=low, high=high) if span.low >= 0 else w("plan.losses", low=low, high=high)


def pays(odds: float, above: float, w: Words) -> str:
    """Whether the plan pays back: shares of worlds (0-1) in which it does, counted from below and from above."""
    if min(odds, above) < UNLIKELY and max(odds, above) >= LIKELY:
        return w("plan.depends", odds=w.of_hundred(odds), above=w.of_hundred(above))
    counted = w("plan.counted", above=w.of_hundred(above)) if np.isfinite(above) else ""
    return w(f"plan.{verdict(odds)}", odds=w.of_hundred(odds), counted=counted)


def verdict(odds: float) -> str:
    """What is said of a share of worlds (0-1) in which the public gets its money back."""
    return next(name for least, name in VERDICTS if odds >= least)


def _hangs(told: OnePlan, w: Words) -> str:
    doubt = told.doubt
    top = [] if doubt is None or KRONE not in doubt.values else doubt.top(1, of=KRONE)
    if doubt is None or not top:
        return w("plan.hangs_short")
    shares = doubt.shares[KRONE].set_index("grade")["share"].clip(0, 1)
    return w("plan.hangs", top=short_name(top[0], doubt.inputs.rows.get(top[0]), w),
             assumed=w.percent(float(shares["assumed"]), 0), judged=w.percent(float(shares["judged"]), 0))  # fmt: skip


# The parts ----------------------------------------------------------------------------------------------------


def _pictures(study: Told, told: OnePlan, w: Words) -> list[Picture]:
    drawn = plan_figures(study, 0, dict(told.made), study.money(0, told.prices), w.language)
    out, facts = told.facts.outcomes, told.facts
    means = [out[name].mean for name in ("started", "offences", "reoffenders_any")]
    matched = told.made["by_place"]["matched"].dropna()
    ends = matched.quantile([0.05, 0.95]).to_list() if len(matched) else [np.nan, np.nan]
    reasons = [f"{REASONS[w.language][reason]} {w.percent(share)}" for reason, share in facts.reasons.items()]
    kroner = (sum(each[purse] for purse in PUBLIC) for each in (facts.saved, facts.spent))
    saved, spent = (w.kroner(MILLION * each, million=True) for each in kroner)
    alts = {
        "rollout": w("plan.alt_years", **dict(zip(("started", "offences", "reoffenders"),
                                                  (w.several(each)[0] for each in means), strict=True))),
        "missing_out": w("plan.alt_missing", reasons=", ".join(reasons)),
        "map": w("plan.alt_map", low=w.percent(ends[0]), high=w.percent(ends[1])),
        "money": w("plan.alt_money", saved=saved, spent=spent),
    }  # fmt: skip
    captions = {"rollout": "years", "missing_out": "missing", "map": "map", "money": "money"}
    return [picture(drawn[name], alt=alts[name], caption=w(f"plan.fig_{captions[name]}")) for name in FIGURES]


def _uncertain(told: OnePlan, w: Words) -> Part:
    facts = told.facts
    grids = [outcome_grid(facts.outcomes, w)]
    after = []
    if facts.per_krone:
        grids.append(_money_grid(told, w))
        said: dict[str, str] = {}
        for name, span in facts.per_krone.items():
            n, low, high = (w.number(each, 1) for each in (span.mean, span.low, span.high))
            said |= {name: n, f"{name}_range": w.to(low, high)}
        after.append(w("plan.krone", **said))
        time = facts.spent[PURSES[-1]]
        after.append(w("plan.volunteers_time", n=w.kroner(MILLION * time, million=True)))
    return Part(title=w("common.uncertainty"), paragraphs=[w("plan.two_kinds")], grids=grids, after=after)


def outcome_grid(outcomes: Mapping[str, Span], w: Words) -> Grid:
    """Every result with both intervals."""
    rows = []
    for name, span in outcomes.items():
        values = (span.mean, span.low, span.high, span.chance)
        if name == "matched":
            mean, low, high, chance = (w.percent(each, 0) for each in values)
        elif name == "waited":
            mean, low, high, chance = (w.number(each, 2) for each in values)
        else:
            mean, low, high, chance = w.several(*values)
        label = OUTCOMES[w.language][name]
        rows.append([label[:1].upper() + label[1:], mean, w.to(low.replace("\N{NO-BREAK SPACE}%", ""), high),
                     "–" if np.isnan(span.chance) else f"± {chance}"])  # fmt: skip
    head = [w("plan.outcome"), w("plan.mean"), w("plan.not_known"), w("plan.chance")]
    return Grid(caption=w("plan.table_outcomes"), head=head, rows=rows)


def _money_grid(told: OnePlan, w: Words) -> Grid:
    rows, table = [], told.made["odds"].set_index("purse")
    every = [value / MILLION for value in table.loc[[*PUBLIC, TOTAL], ["saved", "spent"]].to_numpy().ravel()]
    step = 0 if max(map(abs, every), default=0.0) >= 10 else 1
    for purse in (*PUBLIC, TOTAL):
        row = table.loc[purse].to_dict()
        name = w("plan.total") if purse == TOTAL else PURSE_NAMES[w.language][purse]
        saved, spent, gain, low, high = (w.number(row[key] / MILLION, step)
                                         for key in ("saved", "spent", "gain", "gain_low", "gain_high"))  # fmt: skip
        rows.append([name[:1].upper() + name[1:], saved, spent, f"{gain} ({w.to(low, high)})",
                     w("plan.of_100", n=w.of_hundred(float(row["odds"])))])  # fmt: skip
    head = [w(f"plan.{name}") for name in ("purse", "saved", "spent", "net", "odds")]
    return Grid(caption=w("plan.table_money", year=str(told.facts.price_year)), head=head, rows=rows)


def _assumed(told: OnePlan, w: Words) -> Part:
    doubt = told.doubt
    if doubt is None:
        return Part(title=w("grades.title"), paragraphs=[
            w("grades.what"), w("grades.too_few", draws=w.number(told.facts.draws, 0))
        ])  # fmt: skip
    return grades_part(doubt, w, names={name: w(f"plan.of_{name}") for name in doubt.values},
                       census=doubt.inputs.census())  # fmt: skip


def _change(told: OnePlan, w: Words) -> list[str]:
    facts, points = told.facts, []
    if told.doubt is not None and KRONE in told.doubt.values:
        points += [each[:1].upper() + each[1:] for each in changes(told.doubt, KRONE, w, "plan.change_krone", "number")]
    if facts.per_krone and not facts.plan.beside and (ratio := facts.per_krone["ratio"].mean) > 0:
        even, now = (w.kroner(round(kroner, -3)) for kroner in (ratio * told.course, told.course))
        points.append(w("plan.price", n=even, now=now))
    points.append(w("plan.offered", without=w.percent(facts.reasons["without"])))
    return [*points, w("plan.structure")]


def used_prices(names: list[str], plan: Plan) -> list[str]:
    """Of the columns of a table of draws those that can move a plan's kroner: prices of other things are left out."""
    schemes = {f"{PRICE}scheme.{name}.per_start" for name in ("primus_motor", *plan.beside)}
    aside = (f"{PRICE}course.", f"{PRICE}victims.", f"{PRICE}avoided.serious")
    return [name for name in names if not name.startswith(aside)
            and (not name.startswith(f"{PRICE}scheme.") or name in schemes)]  # fmt: skip
