"""The answer of ``desist rollout`` in sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.language import plan_text
from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """Who is reached, what happens, what it costs and saves, whether it pays back; and what it rests on."""
    sentences = [_reach(facts, m), *_beyond(facts, m), plan_text.avoided(facts["outcomes"]["reoffenders_any"], m),
                 plan_text.kroner_text(facts, m), *plan_text.pays_text(facts, m)]  # fmt: skip
    return Answer(sentences=sentences, tables=list(_tables(facts, tables, m)), notes=list(_notes(facts, m)))


def _reach(facts: Mapping[str, Any], m: Messages) -> str:
    """Where the programme opens and when, and how many courses start."""
    plan, programme, row = facts["plan"], facts["programme"], facts["outcomes"]["started"]
    first, last, every = plan["first"], plan["last"], plan["municipalities"]
    steps = ""
    if last["month"] > first["month"]:
        steps = m("steps", more=plan_text.municipalities_text(m, last, every),
                  month=plan_text.month_text(m, last["month"]))  # fmt: skip
    n, low, high = m.several(row["mean"], row["low"], row["high"])
    return m("reach", title=plan_text.title_text(plan, m), programme=plan_text.programme_text(m, programme),
             month=plan_text.month_text(m, first["month"]), places=plan_text.municipalities_text(m, first, every),
             steps=steps, n=n, years=m.number(plan["years"], 0), p=m.percent(facts["reasons"]["started"]), low=low,
             high=high)  # fmt: skip


def _beyond(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """What the plan adds to today's area: courses, reoffenders avoided, and public kroner."""
    if (beyond := facts["beyond"]) is None:
        return
    started, avoided = (plan_text.spanned(beyond["outcomes"][key], m) for key in ("started", "reoffenders_any"))
    money = beyond["money"]
    gains = [money[net]["probability"] for net in ("net", "net_marginal", "net_top_down")]
    yield m("beyond", places=plan_text.municipalities_text(m, beyond["plan"]["last"], beyond["plan"]["municipalities"]),
            started=started, avoided=avoided, gain=plan_text.spanned(money["net"], m, million=True),
            n=plan_text.of_hundred_range(gains, m))  # fmt: skip


def _tables(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Iterator[Shown]:
    if facts["beyond"] is not None:
        yield beyond_table(facts, m)
    outcomes = plan_text.shown_outcomes(facts["outcomes"], facts["programme"]["carrier"])
    yield plan_text.outcome_table(outcomes, m, m("table.outcomes", draws=m.number(facts["draws"], 0)))
    if facts["per_krone"]:
        until = plan_text.month_text(m, facts["plan"]["until"])
        yield plan_text.methods_shown([facts], [""], m)
        yield plan_text.payers_shown(facts, m, m("table.payers", year=str(facts["price_year"]), until=until))
    if facts["costs"]:
        yield plan_text.costs_shown(facts, m)
    parts = {name: tables[f"by_{name}"] for name in ("region", "group", "year")}
    yield plan_text.split_table(parts, m, m("table.split"))


def beyond_table(facts: Mapping[str, Any], m: Messages) -> Shown:
    """Outcomes beyond today's area, with both intervals."""
    outcomes = plan_text.shown_outcomes(facts["beyond"]["outcomes"], facts["programme"]["carrier"])
    return plan_text.outcome_table(outcomes, m, m("rollout.table.beyond", draws=m.number(facts["draws"], 0)))


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield " ".join(_done(facts, m))
    if others := _reasons(facts, m):
        yield others
    if facts["per_krone"]:
        yield m("methods")
        course = facts["course"]
        payers = m.listed([plan_text.payer_text(m, payer) for payer in course["paid_by"]])
        priced = m(f"course.{plan_text.counting(facts)}", price=m.kroner(course["price"]), payers=payers,
                   year=str(facts["price_year"]))  # fmt: skip
        yield " ".join(filter(None, [priced, volunteers_time(facts, m)]))
    if facts["other_schemes"]:
        parts = [f"{plan_text.programme_text(m, each)} {m.number(each['started'], 0)}"
                 for each in facts["other_schemes"]]  # fmt: skip
        yield m("other_schemes", schemes=", ".join(parts))
    yield m("plan.draw_means", draws=m.number(facts["draws"], 0))
    yield m("plan.never")


def _done(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """Who delivers it until when, to whom it is offered, and its limits."""
    plan, programme, offer = facts["plan"], facts["programme"], facts["plan"]["offer"]
    until = plan_text.month_text(m, plan["takes_until"])
    if programme["carrier"] == "slots":
        yield m("opens_slots", until=until, n=m.number(programme["capacity"]))
    else:
        rate = "–".join(m.number(each) for each in plan["recruits_per_100000"])
        yield m("opens_volunteers", until=until, n=m.number(plan["volunteers_at_start"]), rate=rate)
    if offer["highest_risk_share"] < 1:
        yield m("highest", n=m.percent(offer["highest_risk_share"]))
    if m.has(f"allocation.{offer['allocation']}"):
        yield m(f"allocation.{offer['allocation']}")
    if offer["max_per_year"]:
        yield m("limit.most", n=m.number(offer["max_per_year"]))
    if offer["budget_a_year"]:
        yield m(f"limit.budget.{plan_text.counting(facts)}", n=m.kroner(offer["budget_a_year"], million=True),
                **{name: m.kroner(kroner, million=True) for name, kroner in facts["spent"].items()})  # fmt: skip


def _reasons(facts: Mapping[str, Any], m: Messages) -> str:
    """Why the others do not begin a course, the commonest reason first."""
    carrier, reasons = facts["programme"]["carrier"], facts["reasons"]
    others = sorted(((share, reason) for reason, share in reasons.items() if reason != "started"), reverse=True)
    parts = [m(f"short.without.{carrier}" if reason == "without" else f"short.{reason}", p=m.percent(share))
             for share, reason in others if share >= 0.0005]  # fmt: skip
    return m("reasons", started=m.percent(reasons["started"]), reasons=", ".join(parts)) if parts else ""


def volunteers_time(facts: Mapping[str, Any], m: Messages) -> str:
    """What the volunteers' time would cost; nothing where no volunteers give any."""
    spent = facts["payers"]["volunteers' time"]["spent"]
    return m("rollout.volunteers_time", n=m.kroner(spent, million=True)) if spent > 0 else ""
