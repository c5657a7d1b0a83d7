"""The answer of ``desist compare`` in sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.plan_text import (
    PUBLIC_TOTAL,
    Fact,
    methods_shown,
    of_hundred_range,
    outcome_table,
    outcome_text,
    shares_back,
    shown_outcomes,
    spanned,
    split_table,
    stochastic_half,
    titles_text,
)

SHOWN = ("started", "offences", "reoffenders_any", "prison_days", "places", "volunteers")
"""Outcomes of the table of plans."""
SURE, LIKELY = 0.90, 0.67
"""Shares of draws from which on a choice is called clear, and likely."""
GAIN = ("gain", "gain_low", "gain_high")


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """Courses, reoffenders, the further plans against the first, kroner, and which plan is best."""
    names = titles(facts, m)
    notes = [m("common"), m("plan.draw_means", draws=m.number(facts["draws"], 0)), m("plan.never")]
    return Answer(sentences=sentences(facts, names, m), tables=list(_tables(facts, tables, names, m)), notes=notes)


def titles(facts: Fact, m: Messages) -> list[str]:
    """What the plans are called, in order."""
    return titles_text([each["plan"] for each in facts["plans"]], m)


def sentences(facts: Fact, names: Sequence[str], m: Messages) -> list[str]:
    """The answer in five items."""
    plans = facts["plans"]
    started = m.several(*(each["outcomes"]["started"]["mean"] for each in plans))
    courses = [m("compare.each", name=name, n=n) for name, n in zip(names, started, strict=True)]
    people = [m("compare.each", name=name, n=spanned(each["outcomes"]["reoffenders_any"], m))
              for name, each in zip(names, plans, strict=True)]  # fmt: skip
    gains = [m("compare.each", name=name, n=spanned(each["payers"][PUBLIC_TOTAL], m, million=True, keys=GAIN))
             for name, each in zip(names, plans, strict=True)]  # fmt: skip
    back = m.listed([of_hundred_range(shares_back(each["per_krone"]).values(), m) if each["per_krone"] else "–"
                     for each in plans])  # fmt: skip
    gaps = [gap_sentence(facts["differences"][each["plan"]["name"]]["reoffenders_any"], [names[0], name], m)
            for name, each in zip(names[1:], plans[1:], strict=True)]  # fmt: skip
    return [
        m("compare.courses", plans=m.listed(courses)), m("compare.reoffend", plans="; ".join(people)), " ".join(gaps),
        m("compare.money", plans="; ".join(gains), probability=back), best_sentence(facts["best"], names, m),
    ]  # fmt: skip


def gap_sentence(row: Fact, names: Sequence[str], m: Messages) -> str:
    """A plan (the second name) against the first: more, fewer, or open, for the parameters or for chance."""
    if (row["low"] > 0 or row["high"] < 0) and not stochastic_half(row) > abs(row["mean"]):
        n, *ends = m.several(*(abs(row[key]) for key in ("mean", "low", "high")))
        low, high = ends if row["low"] > 0 else reversed(ends)
        key = "compare.gap_more" if row["low"] > 0 else "compare.gap_less"
        return m(key, name=names[1], first=names[0], n=n, low=low, high=high)
    n, low, high = m.several(row["mean"], row["low"], row["high"])
    return m("compare.gap_open", name=names[1], first=names[0], n=n, low=low, high=high)


def best_sentence(best: Mapping[str, Sequence[float]], names: Sequence[str], m: Messages) -> str:
    """Which plan has the highest net kroner in how many draws, by each way of counting.

    ``best`` has the shares of draws by method, each beginning with that of no plan.
    """
    first = {method: max(range(len(shares)), key=lambda k: shares[k]) for method, shares in best.items()}
    shares = [best[method][k] for method, k in first.items()]
    options = [m("compare.no_plan"), *(m("compare.named", name=name) for name in names)]
    if len(set(first.values())) == 1:
        (k,) = set(first.values())
        least = min(shares)
        sure = m("compare.sure_yes" if least >= SURE else
                 "compare.sure_likely" if least >= LIKELY else "compare.sure_no")  # fmt: skip
        return m("compare.best", option=options[k], n=of_hundred_range(shares, m), sure=sure)
    parts = [m("compare.best_by", option=options[k], n=m.of_hundred(best[method][k]),
               method=m(f"plan.method.{method}")) for method, k in first.items()]  # fmt: skip
    return m("compare.best_depends", parts="; ".join(parts))


def _tables(facts: Fact, tables: Mapping[str, pd.DataFrame], names: Sequence[str], m: Messages) -> Iterator[Shown]:
    yield plans_table(facts, names, m)
    yield methods_shown(facts["plans"], names, m)
    for name, each in zip(names[1:], facts["plans"][1:], strict=True):
        own = each["plan"]["name"]
        outcomes = shown_outcomes(facts["differences"][own], facts["programme"]["carrier"])
        title = m("table.differences", name=name, first=names[0], draws=m.number(facts["draws"], 0))
        yield outcome_table(outcomes, m, title)
        parts = {by: tables[f"differences_by_{by}"] for by in ("region", "group", "year")}
        parts = {by: table[table["plan"] == own] for by, table in parts.items()}
        yield split_table(parts, m, m("table.split", name=name, first=names[0]))


def plans_table(facts: Fact, names: Sequence[str], m: Messages) -> Shown:
    """Plans beside each other: outcomes, the public gain, counted item by item at average prices."""
    plans = facts["plans"]
    shown = shown_outcomes({name: {} for name in SHOWN}, facts["programme"]["carrier"])
    rows = [[outcome_text(m, outcome), *(spanned(each["outcomes"][outcome], m) for each in plans)] for outcome in shown]
    totals = [each["payers"][PUBLIC_TOTAL] for each in plans]
    rows.append([m("compare.table.gain"), *(spanned(row, m, million=True, keys=GAIN) for row in totals)])
    return Shown(table=pd.DataFrame(rows, columns=[m("plan.columns.outcome"), *names]), title=m("compare.table.plans"))
