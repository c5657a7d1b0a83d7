"""Texts about plans for the whole country: names, sentences and tables, from facts.

``desist rollout`` and ``desist compare``, reports and the page all use these functions. Texts are in
``catalogue/LANGUAGE/plan.toml``. Facts of a plan are what ``experiments.studies.rollout.rollout`` gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.answer import Shown
from experiments.language.formatting import rounded
from experiments.language.messages import MILLION, Messages, catalogue

SE_95 = 1.959964
"""Standard deviations in half an interval of 95 %."""
PUBLIC_TOTAL = "public total"
VERDICTS = ((0.95, "back"), (0.80, "back_very_likely"), (0.60, "back_likely"), (0.40, "back_open"),
            (0.20, "back_unlikely"), (0.05, "back_very_unlikely"), (-1.0, "back_not"))  # fmt: skip
"""From which probability of breaking even on each verdict is given: the steps are as wide for bad news as for good."""
UNLIKELY, LIKELY = 0.4, 0.6
"""The ways of counting disagree if one gives a probability below the first, and another one above the second."""
METHODS = ("ratio", "marginal", "top_down")
"""Ways of counting savings, as ``costs.METHODS`` of the study has them."""
SPLIT = ("started", "offences", "reoffenders_any", "prison_days")
"""Outcomes that are printed by year, region and risk group."""
Fact = Mapping[str, Any]


# Names --------------------------------------------------------------------------------------------------------


def month_text(m: Messages, month: str) -> str:
    """A month such as 2027-01, with its name."""
    return f"{m('plan.months').split()[int(month[5:]) - 1]} {int(month[:4])}"


def year_text(begins: str, year: int) -> str:
    """What a year of a plan, counted from 0, is called: the calendar year, or two where the plan begins in between."""
    first = int(begins[:4]) + year
    return str(first) if begins[5:] == "01" else f"{first}/{(first + 1) % 100:02d}"


def title_text(plan: Any, m: Messages) -> str:
    """The title of a plan (its facts, or the plan itself), or its name if it has none."""
    title, danish, name = (plan[key] if isinstance(plan, Mapping) else getattr(plan, key)
                           for key in ("title", "title_da", "name"))  # fmt: skip
    return str((danish if m.language == "da" else "") or title or name)


def titles_text(plans: Sequence[Any], m: Messages) -> list[str]:
    """The titles of plans that stand beside each other; those that are alike have their names in brackets."""
    titles = [title_text(plan, m) for plan in plans]
    names = [plan["name"] if isinstance(plan, Mapping) else plan.name for plan in plans]
    return [f"{title} ({name})" if titles.count(title) > 1 else title
            for title, name in zip(titles, names, strict=True)]  # fmt: skip


def programme_text(m: Messages, programme: Fact) -> str:
    """What a programme is called: its own label, translated where it is one of Desist's."""
    key = f"plan.scheme.{programme['name']}"
    return m(key) if programme["label"] == catalogue("en").get(key) else str(programme["label"])


def course_text(m: Messages, programme: Fact) -> str:
    """What a course of a programme is: who meets, and from when to when."""

    def at(month: int) -> str:
        if month == 0:
            return m("plan.course.release")
        return m(f"plan.course.{'before' if month < 0 else 'after'}", months=m.months(abs(month)))

    return m(f"plan.course.{programme['carrier']}", begin=at(programme["from_month"]), end=at(programme["to_month"]),
             programme=programme_text(m, programme))  # fmt: skip


def has_background(programme: Fact) -> bool:
    """Whether it is a programme of which Desist knows more than its table says: by name and label."""
    named = programme["name"] == programme["label"].lower().replace(" ", "_")
    return named and f"plan.background.{programme['name']}" in catalogue("en")


def background_text(m: Messages, programme: Fact) -> str:
    """What is known of a programme, or at least what a course of it is."""
    return m(f"plan.background.{programme['name']}") if has_background(programme) else course_text(m, programme)


def reason_text(m: Messages, reason: str, carrier: str) -> str:
    """What became of people who were due, in words; ``carrier`` is what there may be too few of."""
    return m(f"plan.reason.without.{carrier}" if reason == "without" else f"plan.reason.{reason}")


def payer_text(m: Messages, payer: str) -> str:
    """What a payer is called."""
    return m(f"plan.payer.{payer}")


def outcome_text(m: Messages, outcome: str) -> str:
    """What an outcome is called."""
    return m(f"plan.outcome.{outcome}")


def municipalities_text(m: Messages, at: Fact, every: int) -> str:
    """So many municipalities, or all of them; ``at`` is a month with the number of those that are open."""
    if at["open"] == every:
        return m("plan.all_municipalities", all=m.number(every, 0))
    return m("plan.municipalities", n=m.number(at["open"], 0), all=m.number(every, 0))


# Sentences ----------------------------------------------------------------------------------------------------


def stochastic_half(row: Fact) -> float:
    """Half of the 95 % of chance alone; NaN where it is not known."""
    found = row.get("stochastic_sd")
    return math.nan if found is None else SE_95 * float(found)


def avoided(row: Fact, m: Messages) -> str:
    """Fewer or more who reoffend, or that it is uncertain, for the parameters or for chance; above zero is fewer."""
    mean, least, most, alone = row["mean"], row["low"], row["high"], stochastic_half(row)
    n, low, high, chance = m.several(*(abs(each) for each in (mean, least, most, alone)))
    if least <= 0 <= most:
        return m("plan.cannot_fewer" if mean >= 0 else "plan.cannot_more", n=n, up=low, down=high)
    if alone > abs(mean):
        return m("plan.chance_fewer" if mean > 0 else "plan.chance_more", n=n, chance=chance)
    if least > 0:
        return m("plan.fewer_sure", n=n, low=low, high=high)
    return m("plan.more_sure", n=n, low=high, high=low)


def kroner_text(facts: Fact, m: Messages) -> str:
    """What the courses cost and save the public, and what is gained."""
    payers, total = facts["payers"], facts["payers"][PUBLIC_TOTAL]
    if not facts["per_krone"]:
        return m("plan.nothing")
    largest = max(facts["public"], key=lambda payer: payers[payer]["saved"])
    mostly = f" {m('plan.mostly', payer=payer_text(m, largest))}" if payers[largest]["saved"] > 0 else ""
    return m("plan.gain" if total["gain"] >= 0 else "plan.loss", cost=m.kroner(total["spent"], million=True),
             saved=m.kroner(total["saved"], million=True), until=month_text(m, facts["plan"]["until"]), mostly=mostly,
             net=m.kroner(abs(total["gain"]), million=True),
             range=gain_range(total["gain_low"], total["gain_high"], m))  # fmt: skip


def gain_range(low: float, high: float, m: Messages) -> str:
    """From a loss of so much to a gain of so much, kroner."""
    first, last = (m.kroner(abs(each), million=True) for each in (low, high))
    if low < 0 <= high:
        return m("plan.from_loss", low=first, high=last)
    return m("plan.gains" if low >= 0 else "plan.losses", low=first, high=last)


def pays(shares: Mapping[str, float], m: Messages) -> str:
    """Whether a plan pays back: the share of draws (0-1) in which it does, by each way of counting (``METHODS``).

    One rule for every plan and study: where all ways agree, the verdict is that of the way that is least certain;
    where they do not, the sentence says so and gives each.
    """
    parts = {name: m.of_hundred(share) for name, share in shares.items()}
    spread = of_hundred_range(shares.values(), m)
    if min(shares.values()) < UNLIKELY and max(shares.values()) >= LIKELY:
        return m("plan.depends", range=spread, **parts)
    least_certain = min(shares.values(), key=lambda share: abs(share - 0.5))
    return m("plan.pays", verdict=m(f"plan.{verdict(least_certain)}"), range=spread, **parts)


def of_hundred_range(shares: Iterable[float], m: Messages) -> str:
    """Of 100, from the lowest to the highest share; one number where they are the same."""
    low, high = (m.of_hundred(end(shares)) for shares in [list(shares)] for end in (min, max))
    return low if low == high else m.to(low, high)


def shares_back(per_krone: Fact) -> dict[str, float]:
    """The share of draws in which the public gets its money back, by each way of counting."""
    return {name: per_krone[name]["back"] / max(1, per_krone[name]["draws"]) for name in METHODS}


def method_parts(facts: Fact, key: str, m: Messages) -> str:
    """The other ways of counting than the one that a study used (``counted``), each in words of ``key``."""
    others = {name: facts["methods"][name] for name in METHODS if name != facts["counted"]}
    return m.listed([
        m(key, method=m(f"plan.method.{name}"), n=m.of_hundred(each["back"]), fails=m.of_hundred(1 - each["back"]),
          net=m.kroner(each["net"], million=True)) for name, each in others.items()
    ])  # fmt: skip


def pays_text(facts: Fact, m: Messages) -> list[str]:
    """Whether the plan of these facts pays back: a sentence, or none where nothing is spent."""
    return [pays(shares_back(facts["per_krone"]), m)] if facts["per_krone"] else []


def verdict(probability: float) -> str:
    """The verdict on a share of draws (0-1) in which the public gets its money back."""
    return next(name for least, name in VERDICTS if probability >= least)


# Tables -------------------------------------------------------------------------------------------------------


def outcome_cells(outcome: str, row: Fact, m: Messages) -> tuple[str, str, str]:
    """An outcome as text: mean, 95 % of the draws, and ± chance alone (a dash where it is not known)."""
    values = [row["mean"], row["low"], row["high"], stochastic_half(row)]
    if outcome == "matched":
        mean, low, high, chance = (m.percent(each, 0) for each in values)
        low = low.partition("\N{NO-BREAK SPACE}")[0]
    elif outcome == "waited":
        mean, low, high, chance = (m.number(each, 2) for each in values)
    else:
        mean, low, high, chance = m.several(*(math.nan if each is None else each for each in values))
    return mean, m.to(low, high), "–" if math.isnan(values[3]) else f"± {chance}"


def shown_outcomes(outcomes: Mapping[str, Fact], carrier: str) -> dict[str, Fact]:
    """Outcomes that there are: a programme of slots has no volunteers."""
    return {name: row for name, row in outcomes.items() if name != "volunteers" or carrier != "slots"}


def outcome_table(outcomes: Mapping[str, Fact], m: Messages, title: str) -> Shown:
    """Every outcome with both intervals."""
    rows = [(outcome_text(m, name), *outcome_cells(name, row, m)) for name, row in outcomes.items()]
    heads = [m(f"plan.columns.{name}") for name in ("outcome", "mean", "range", "chance")]
    return Shown(table=pd.DataFrame(rows, columns=heads), title=title)


def methods_shown(plans: Sequence[Fact], names: Sequence[str], m: Messages) -> Shown:
    """Every way of counting side by side: what a krone saves, the public gain, and in how many draws money is back.

    ``plans`` are facts of plans; with several, each has rows of its own under its name.
    """
    rows = []
    for plan, name in zip(plans, names, strict=True):
        for method in METHODS if plan["per_krone"] else ():
            row = plan["per_krone"][method]
            per_krone, low, high = (m.number(round(row[key], 1) + 0.0, 1) for key in ("per_krone", "low", "high"))
            rows.append((*([name] if len(plans) > 1 else []), m(f"plan.method.{method}"),
                         f"{per_krone} ({m.to(low, high)})",
                         spanned(row, m, million=True, keys=("gain", "gain_low", "gain_high")),
                         m("rollout.table.of_100", n=m.of_hundred(row["back"] / max(1, row["draws"])))))  # fmt: skip
    heads = [m(f"plan.columns.{name}") for name in (*(["plan"] if len(plans) > 1 else []), "method", "per_krone",
                                                    "gain_million", "probability")]  # fmt: skip
    return Shown(table=pd.DataFrame(rows, columns=heads), title=m("plan.methods"))


def counting(facts: Fact) -> str:
    """How courses are priced, as keys of the catalogue have it: by_parts or per_course."""
    return str(facts["course"]["counted"]).replace(" ", "_")


def costs_shown(facts: Fact, m: Messages) -> Shown:
    """What the courses cost, item by item and in all, beside what they cost at the price of a course."""
    rows = [(m(f"plan.cost.{name}"), spanned(row, m, million=True)) for name, row in facts["costs"].items()]
    return Shown(table=pd.DataFrame(rows, columns=[m("plan.columns.item"), m("plan.columns.million")]),
                 title=m(f"plan.costs.{counting(facts)}"))  # fmt: skip


def payers_shown(facts: Fact, m: Messages, title: str) -> Shown:
    """What each public payer saves, spends and gains, and how probable it is that it gets its money back."""
    payers = facts["payers"]
    shown = [*facts["public"], PUBLIC_TOTAL]
    values = [payers[payer][key] / MILLION for payer in shown for key in ("saved", "spent")]
    step = 0 if max(map(abs, values), default=0.0) >= 10 else 1
    rows = []
    for payer in shown:
        row = payers[payer]
        saved, spent, gain, low, high = (m.number(round(row[key] / MILLION, step) + 0.0, step)
                                         for key in ("saved", "spent", "gain", "gain_low", "gain_high"))  # fmt: skip
        back = "–" if row["probability"] is None else m("rollout.table.of_100", n=m.of_hundred(row["probability"]))
        rows.append((payer_text(m, payer), saved, spent, f"{gain} ({m.to(low, high)})", back))
    heads = [m(f"plan.columns.{name}") for name in ("payer", "saved", "spent", "gain", "probability")]
    return Shown(table=pd.DataFrame(rows, columns=heads), title=title)


def split_table(tables: Mapping[str, pd.DataFrame], m: Messages, title: str) -> Shown:
    """The outcomes of ``SPLIT`` by region, risk group and year; ``tables`` has these three, by name."""
    rows = []
    for name in ("region", "group", "year"):
        for key, part in tables[name].groupby(name, sort=False):
            own = {row["outcome"]: row for row in part.to_dict("records")}
            cells = []
            for outcome in SPLIT:
                mean, low, high = m.several(*(own[outcome][each] for each in ("mean", "low", "high")))
                cells.append(f"{mean} ({m.to(low, high)})")
            rows.append((m(f"plan.group.{key}") if name == "group" else str(key), *cells))
    heads = ["", *(m(f"rollout.figure.{name}") for name in SPLIT)]
    return Shown(table=pd.DataFrame(rows, columns=heads), title=title)


def spanned(
    row: Fact, m: Messages, *, million: bool = False, keys: tuple[str, str, str] = ("mean", "low", "high")
) -> str:
    """A mean with its interval in brackets, rounded alike; in millions, if asked for."""
    found, decimals = rounded(row[key] / (MILLION if million else 1.0) for key in keys)
    mean, low, high = (m.number(value, decimals) for value in found)
    return f"{mean} ({m.to(low, high)})"
