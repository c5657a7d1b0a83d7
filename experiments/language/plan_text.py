"""A plan's report in words, English and Danish from the same facts, and the names of what is reported in both.

``facts_of`` takes numbers from the tables of a plan and makes up none; ``report`` and ``comparison`` write them down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.language.discovery_text import Quantity
from experiments.language.formatting import Language, number, rounded
from experiments.statistics.cost_effectiveness import PUBLIC as TOTAL
from experiments.statistics.intervals import interval
from experiments.studies.rollout.costs import Money
from experiments.studies.rollout.plan import FOLLOWED_ON, Plan
from experiments.studies.rollout.tables import LABELS, MISSED
from simulation.history import GROUPS
from simulation.places import municipalities
from simulation.prices import PUBLIC, PURSES

MILLION = 1_000_000
Sentence = tuple[str, dict[str, str]]
OUTCOMES: Mapping[Language, Mapping[str, str]] = {
    "en": LABELS,
    "da": {
        "started": "personer med mentor (påbegyndte forløb)", "joined": "personer, der ville og havde tid nok",
        "matched": "andel heraf med mentor før løsladelsen", "offences": "færre lovovertrædelser",
        "waited": "ventetid for dem, der fik en mentor, måneder, gennemsnit", "prison_days": "færre fængselsdage",
        "reoffenders_any": "færre, der falder tilbage (enhver ny afgørelse)",
        "reoffenders_sentence": "færre, der falder tilbage (betinget eller ubetinget dom)",
        "reoffenders_prison": "færre, der falder tilbage (ny fængselsdom)",
        "relapses_any": "færre løsladelser, der følges af ny kriminalitet",
        "released": "færre løsladelser efter nye fængselsdomme",
        "places": "frigjorte fængselspladser i det sidste hele år",
        "volunteers": "frivillige i det sidste hele år, gennemsnit",
    },
}  # fmt: skip
REASONS: Mapping[Language, Mapping[str, str]] = {
    "en": MISSED,
    "da": {
        "closed": "ordningen var ikke åben der på det tidspunkt", "not_offered": "ikke blandt dem, der fik tilbuddet",
        "too_short": "dommen gav ikke tid til at begynde", "declined": "sagde nej",
        "without": "ville gerne, men to frivillige var ikke ledige i tide", "started": "fik en mentor",
    },
}  # fmt: skip
PURSE_NAMES: Mapping[Language, Mapping[str, str]] = {
    "en": dict(zip(PURSES, ("municipalities", "regions", "police and courts", "prison service", "benefits and taxes",
                            "victims", "volunteers' time"), strict=True)),
    "da": dict(zip(PURSES, ("kommunerne", "regionerne", "politi og domstole", "kriminalforsorgen", "ydelser og skat",
                            "ofrene", "de frivilliges tid"), strict=True)),
}  # fmt: skip
GROUP_NAMES: Mapping[Language, Mapping[str, str]] = {
    "en": {group: group for group in GROUPS}, "da": dict(zip(GROUPS, ("øvrige", "højeste risiko"), strict=True)),
}  # fmt: skip
MONTHS = {"en": "January February March April May June July August September October November December",
          "da": "januar februar marts april maj juni juli august september oktober november december"}  # fmt: skip
SAID: Mapping[str, tuple[str, str]] = {
    "opens": ("The scheme opens in {month} in {places}{steps} and takes people in through {until}, with {n} volunteers "
              "at first and {rate} new ones a month per 100,000 inhabitants.",
              "Ordningen åbner i {month} i {places}{steps} og optager nye til og med {until}, med {n} frivillige fra "
              "starten og {rate} nye om måneden pr. 100.000 indbyggere."),
    "steps": (", step by step until {month} in {places},", ", trin for trin frem til {month} i {places},"),
    "places": ("{n} of {all} municipalities", "{n} af {all} kommuner"),
    "highest": ("Offered to the {n} with the highest predicted risk.", "Tilbydes de {n} med højest beregnet risiko."),
    "highest risk": ("The highest risk is served first.", "De med højest risiko kommer først."),
    "lowest risk": ("The lowest risk is served first.", "De med lavest risiko kommer først."),
    "lottery": ("Lots are drawn for places.", "Der trækkes lod om pladserne."),
    "most": ("At most {n} courses start in a year.", "Højst {n} forløb begynder på et år."),
    "budget": ("At most {n} million kr. are spent in a year.", "Der bruges højst {n} mio. kr. om året."),
    "started": ("{n} courses are started ({worlds}{alone}): {p} of releases.",
                "Der begynder {n} forløb ({worlds}{alone}): {p} af løsladelserne."),
    "worlds": ("between {low} and {high} in 95 of 100 worlds that fit what is known",
               "mellem {low} og {high} i 95 af 100 verdener, som passer med det, vi ved"),
    "alone": ("; chance alone moves it by ±{n}", "; tilfældet alene flytter tallet ±{n}"),
    "why": ("The rest: {reasons}.", "Resten: {reasons}."),
    "closed": ("not open {p}", "ikke åbent {p}"), "not_offered": ("not offered {p}", "ikke tilbudt {p}"),
    "too_short": ("too short a sentence {p}", "for kort dom {p}"), "declined": ("said no {p}", "sagde nej {p}"),
    "without": ("no two volunteers free in time {p}", "ikke to ledige frivillige i tide {p}"),
    "fewer": ("{n} fewer", "{n} færre"), "more": ("{n} more", "{n} flere"),
    "to": ("{low} to {high}", "{low} til {high}"),
    "outcomes": (
        "Compared with Denmark without it: {offences} offences ({offences_range}), {reoffenders_any} people who "
        "reoffend within two years ({reoffenders_any_range}), {prison_days} prison days ({prison_days_range}), and in "
        "the last full year {places} prison places in use ({places_range}).",
        "Sammenlignet med Danmark uden den: {offences} lovovertrædelser ({offences_range}), {reoffenders_any}, der "
        "falder tilbage inden for to år ({reoffenders_any_range}), {prison_days} fængselsdage ({prison_days_range}) og "
        "i det sidste hele år {places} fængselspladser i brug ({places_range})."),
    "cost": ("The courses cost, in million kr. of {year}, discounted: {purses}.",
             "Forløbene koster, i mio. {year}-kroner, tilbagediskonteret: {purses}."),
    "saved": ("Saved: {purses}.", "Sparet: {purses}."), "time": ("Not counted: {purses}.", "Ikke talt med: {purses}."),
    "gain": ("Through {until} the public gains {n} million ({range}) and gets its money back in {odds} of 100 worlds.",
             "Til og med {until} vinder det offentlige {n} mio. ({range}) og får pengene igen i {odds} af 100 "
             "verdener."),
    "krone": (
        "One krone saves {ratio} bottom-up ({ratio_range}) and {top_down} top-down ({top_down_range}): top-down counts "
        "only people who do not reoffend at all within two years, bottom-up every prison day and case that does not "
        "happen, also among those who reoffend later or less.",
        "Én krone sparer {ratio} regnet nedefra ({ratio_range}) og {top_down} oppefra ({top_down_range}): oppefra "
        "tælles kun dem, der slet ikke falder tilbage inden for to år, nedefra hver fængselsdag og sag, der undgås, "
        "også hos dem, der falder tilbage senere eller mindre."),
    "rests": ("The worlds are {n} draws of what the trial and the registers leave open, of recruiting and of prices.",
              "Verdenerne er {n} bud på det, som forsøg og registre lader stå åbent, på hvervningen og på priserne."),
    "weighs": ("What weighs most: {doubts}.", "Mest vejer: {doubts}."),
    "never": ("This weighs policies and must never be used to judge a person.",
              "Rapporten vejer planer mod hinanden og må aldrig bruges til at bedømme et menneske."),
    "courses": ("Courses started: {plans}.", "Påbegyndte forløb: {plans}."),
    "reoffend": ("Reoffenders avoided: {plans}.", "Færre, der falder tilbage inden for to år: {plans}."),
    "against": ("{plan} against {first}, on the same luck: {started} courses ({started_range}), {reoffenders_any} who "
                "reoffend ({reoffenders_any_range}), {places} prison places in use ({places_range}).",
                "{plan} over for {first}, med samme held: {started} forløb ({started_range}), {reoffenders_any}, der "
                "falder tilbage ({reoffenders_any_range}), {places} fængselspladser i brug ({places_range})."),
    "public": ("Public gain in million kr.: {plans}. Money back in {odds} of 100 worlds, in that order.",
               "Det offentliges gevinst i mio. kr.: {plans}. Pengene igen i henholdsvis {odds} af 100 verdener."),
    "brackets": ("In brackets: 95 of 100 worlds that fit what is known; ± chance alone.",
                 "I parentes: 95 af 100 verdener, som passer med det, vi ved; ± tilfældet alene."),
}  # fmt: skip
"""What is said, in English and Danish."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A number, its 95 % over doubt, and how far chance alone moves it."""

    mean: float
    low: float
    high: float
    chance: float = np.nan
    """Half of the 95 % of chance; NaN where it is not known, or in the interval already."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is said of a plan. Money is in million kroner, discounted; shares are 0-1."""

    plan: Plan
    outcomes: Mapping[str, Span]
    """By the keys of ``tables.LABELS``."""
    reasons: Mapping[str, float]
    """Share of releases by what became of them (keys of ``tables.MISSED``)."""
    spent: Mapping[str, float]
    saved: Mapping[str, float]
    """By purse, kroner of ``price_year``."""
    price_year: int
    gain: Span
    """Of all public purses."""
    odds: float
    """Share of draws in which the public gets its money back."""
    per_krone: Mapping[str, Span]
    """Saved for a krone spent: ``ratio`` (bottom-up) and ``top_down``; empty where nothing is spent."""
    draws: int
    doubts: tuple[Quantity, ...] = ()
    """Those that weigh most, the heaviest first."""


def facts_of(
    plan: Plan, estimates: pd.DataFrame, missing: pd.DataFrame, money: Money, odds: pd.DataFrame,
    doubts: Sequence[Quantity] = (), *, price_year: int,
) -> Facts:  # fmt: skip
    """The facts of a plan.

    Parameters
    ----------
    plan
        The plan.
    estimates, missing
        ``tables.estimates`` of the whole country, and ``missing_out`` of the plan's years.
    money, odds
        ``money.money`` and ``odds``. What a krone saves is the ratio of the means, its interval that of the draws.
    doubts
        Those that weigh most, the heaviest first, with their names in both languages.
    price_year
        Year of the kroner.
    """
    rows, totals = odds.set_index("purse")[["spent", "saved", "gain", "gain_low", "gain_high"]] / MILLION, money.totals
    gain, low, high = (float(each) for each in rows.loc[TOTAL].to_numpy()[2:])
    cost, ratios = totals["cost"], {}
    for key in ("ratio", "top_down") if cost.sum() > 0 else ():
        _, least, most = interval(totals[key].dropna().to_numpy())
        ratios[key] = Span(mean=float((totals[key] * cost).sum() / cost.sum()), low=least, high=most)
    return Facts(
        plan=plan, outcomes={str(row["outcome"]): span_of(row) for row in estimates.to_dict("records")},
        reasons=dict(zip(missing["reason"], missing["share"], strict=True)),
        spent={str(purse): float(n) for purse, n in rows["spent"].items()},
        saved={str(purse): float(n) for purse, n in rows["saved"].items()},
        gain=Span(mean=gain, low=low, high=high), odds=float(odds.loc[odds["purse"] == TOTAL, "odds"].iloc[0]),
        per_krone=ratios, price_year=price_year, draws=len(totals), doubts=tuple(doubts),
    )  # fmt: skip


def span_of(row: Mapping[Any, Any]) -> Span:
    """A row of ``tables.estimates``."""
    mean = float(row["mean"])
    return Span(mean=mean, low=float(row["low"]), high=float(row["high"]), chance=float(row["chance_high"]) - mean)


def percent(share: float, language: Language) -> str:
    """A share (0-1) in per cent: whole from ten on, one decimal below (none for nothing)."""
    return f"{number(100 * share, language, 0 if share == 0 or share >= 0.0995 else 1)} %"


def short_titles(plans: Sequence[Plan], language: Language) -> list[str]:
    """Titles up to their first comma or colon, or whole where these would be the same."""
    whole = [_title(plan, language) for plan in plans]
    short = [title.partition(":")[0].partition(",")[0] for title in whole]
    return [each if short.count(each) == 1 else title for each, title in zip(short, whole, strict=True)]


def _title(plan: Plan, language: Language) -> str:
    return (plan.title_da if language == "da" else "") or plan.title or plan.name


def _say(language: Language, what: str, **parts: str) -> str:
    return SAID[what][language == "da"].format(**parts)


def _span(span: Span, language: Language, up: str = "", down: str = "") -> tuple[str, str]:
    """A number and its interval; with words for what is above and below zero there are no signs."""
    (mean, low, high, chance), decimals = rounded((span.mean, span.low, span.high, span.chance))

    def said(value: float, words: bool) -> str:
        n = number(abs(value) if up else value, language, decimals)
        return _say(language, up if value >= 0 else down, n=n) if words else n

    both, ends = low < 0 < high, (high, low) if up and high <= 0 else (low, high)
    first, last = (said(end, bool(up) and both) for end in ends)
    text = _say(language, "to", low=first, high=last) if both or (low < 0 and not up) else f"{first}–{last}"
    return said(mean, bool(up)), text if np.isnan(chance) else f"{text}; ±{number(chance, language, decimals)}"


def _changes(found: Mapping[str, Span], language: Language, *names: str) -> dict[str, str]:
    """So many fewer or more of some outcomes (courses started: more or fewer), and intervals, ``<outcome>_range``."""
    parts = {}
    for name in names:
        words = ("more", "fewer") if name == "started" else ("fewer", "more")
        parts[name], parts[f"{name}_range"] = _span(found[name], language, *words)
    return parts


def report(facts: Facts, language: Language) -> str:
    """Half a page: what is done, who is reached, what happens, who pays and who gains, what it rests on."""
    parts = (_done, _reached, _kroner, _rests)
    told = [" ".join(_say(language, what, **words) for what, words in part(facts, language)) for part in parts]
    return "\n\n".join([_title(facts.plan, language), *filter(None, told)])


def _done(facts: Facts, language: Language) -> Iterator[Sentence]:
    """Where it opens and when, who carries it, whom it serves."""
    plan, offer = facts.plan, facts.plan.offer
    opened, there = sorted(plan.opens().values()), sum(wave.volunteers_at_start for wave in plan.wave)
    steps = _say(language, "steps", **_where(plan, opened[-1], language)) if opened[-1] > opened[0] else ""
    rates = {plan.volunteers.recruits_per_100000 if wave.recruits_per_100000 < 0 else wave.recruits_per_100000
             for wave in plan.wave}  # fmt: skip
    rate = "–".join(number(each, language) for each in sorted({min(rates), max(rates)}))
    until = _where(plan, 12 * (offer.last_year or plan.years) - 1, language)["month"]
    yield "opens", {**_where(plan, opened[0], language), "steps": steps, "until": until, "rate": rate,
                    "n": number(there, language)}  # fmt: skip
    if offer.highest_risk_share < 1:
        yield "highest", {"n": percent(offer.highest_risk_share, language)}
    if offer.allocation in SAID:
        yield offer.allocation, {}
    for key, n in (("most", offer.most_a_year), ("budget", offer.budget_a_year / MILLION)):
        if n:
            yield key, {"n": number(n, language)}


def _where(plan: Plan, month: int, language: Language) -> dict[str, str]:
    """A month of the plan, and how many municipalities are open then."""
    n, at = sum(each <= month for each in plan.opens().values()), int(plan.begins[5:]) - 1 + month
    return {"month": f"{MONTHS[language].split()[at % 12]} {int(plan.begins[:4]) + at // 12}",
            "places": _say(language, "places", n=str(n), all=str(len(municipalities())))}  # fmt: skip


def _reached(facts: Facts, language: Language) -> Iterator[Sentence]:
    """How many are mentored, why others are not, and what happens."""
    span = facts.outcomes["started"]
    values, decimals = rounded((span.mean, span.low, span.high, span.chance))
    n, low, high, chance = (number(value, language, decimals) for value in values)
    alone = "" if np.isnan(span.chance) else _say(language, "alone", n=chance)
    yield "started", {"n": n, "worlds": _say(language, "worlds", low=low, high=high), "alone": alone,
                      "p": percent(facts.reasons["started"], language)}  # fmt: skip
    others = sorted(((share, reason) for reason, share in facts.reasons.items() if reason != "started"), reverse=True)
    if said := [_say(language, reason, p=percent(share, language)) for share, reason in others if share >= 0.0005]:
        yield "why", {"reasons": ", ".join(said)}
    yield "outcomes", _changes(facts.outcomes, language, "offences", "reoffenders_any", "prison_days", "places")


def _kroner(facts: Facts, language: Language) -> Iterator[Sentence]:
    """Who pays and who gains, whether it pays, what one krone saves by both methods; nothing if nothing is spent."""
    if not facts.per_krone:
        return
    parts = {"cost": [facts.spent[purse] for purse in PUBLIC], "saved": [facts.saved[purse] for purse in PUBLIC],
             "time": [facts.spent[PURSES[-1]]]}  # fmt: skip
    _, decimals = rounded(kroner for part in parts.values() for kroner in part)
    for what, part in parts.items():
        order = sorted(zip(part, PURSES[-1:] if what == "time" else PUBLIC, strict=True), reverse=True)
        each = (f"{PURSE_NAMES[language][purse]} {number(kroner, language, decimals)}"
                for kroner, purse in order if round(kroner, decimals))  # fmt: skip
        yield what, {"purses": ", ".join(each) or "0", "year": str(facts.price_year)}
    n, text = _span(facts.gain, language)
    until = _where(facts.plan, facts.plan.months + FOLLOWED_ON - 1, language)["month"]
    yield "gain", {"n": n, "range": text, "odds": f"{100 * facts.odds:.0f}", "until": until}
    told = {name: _span(span, language) for name, span in facts.per_krone.items()}
    ranges = {f"{name}_range": text for name, (_, text) in told.items()}
    yield "krone", {name: n for name, (n, _) in told.items()} | ranges


def _rests(facts: Facts, language: Language) -> Iterator[Sentence]:
    """What it rests on, and what it is for."""
    yield "rests", {"n": number(facts.draws, language)}
    if facts.doubts:
        yield "weighs", {"doubts": ", ".join(each.label[language] for each in facts.doubts)}
    yield "never", {}


def comparison(facts: Sequence[Facts], differences: pd.DataFrame, language: Language) -> str:
    """Plans in five lines; ``differences``: plan (its name), then as ``tables.estimates``, later less first."""
    names, against = short_titles([each.plan for each in facts], language), []

    def line(spans: Iterable[Span]) -> str:
        told = (_span(span, language) for span in spans)
        return "; ".join(f"{name} {n} ({text})" for name, (n, text) in zip(names, told, strict=True))

    for name, each in zip(names[1:], facts[1:], strict=True):
        rows = differences[differences["plan"] == each.plan.name].to_dict("records")
        spans = {str(row["outcome"]): span_of(row) for row in rows}
        words = _changes(spans, language, "started", "reoffenders_any", "places")
        against.append(_say(language, "against", plan=name, first=names[0], **words))
    odds = ", ".join(f"{100 * each.odds:.0f}" for each in facts)
    return "\n".join([
        _say(language, "courses", plans=line(each.outcomes["started"] for each in facts)),
        _say(language, "reoffend", plans=line(each.outcomes["reoffenders_any"] for each in facts)), " ".join(against),
        _say(language, "public", plans=line(each.gain for each in facts), odds=odds),
        f"{_say(language, 'brackets')} {_say(language, 'never')}",
    ])  # fmt: skip
