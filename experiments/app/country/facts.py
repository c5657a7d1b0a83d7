"""What the page says of a study in numbers and words: four answers with their intervals, tables, files and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.country.municipalities import month_name
from experiments.app.country.plans import OWN, Intended, RequestedPlan, file_name, read, toml_of
from experiments.app.country.study import Plans, PlanSheet, row_of
from experiments.app.parts.figure import Receipt, receipt
from experiments.language.formatting import rounded
from experiments.language.messages import NBSP
from experiments.language.plan_text import of_hundred_range
from experiments.statistics.cost_effectiveness import PUBLIC_TOTAL
from experiments.studies.rollout.plan import RolloutPlan
from simulation.municipalities import municipalities

MILLION, SURE = 1e6, 1.959964
"""Standard errors in half an interval of 95 %."""


@dataclass(frozen=True, kw_only=True)
class AnswerCard:
    """One big number of one plan: the number, its interval, and what else moves it."""

    label: str
    value: str
    beside: str  # the unit, if any, and the simulation error of the number (95 %)
    range: str
    more: str  # what chance alone does, or in how many draws


def title_of(w: PageMessages, plan: RolloutPlan) -> str:
    """What a plan is called on the page."""
    return w("country.own") if plan.name == OWN else w(f"set.cplan.{plan.name}")


def titles_of(w: PageMessages, study: Plans) -> list[str]:
    """What the plans of a study are called."""
    return [title_of(w, sheet.plan) for sheet in study.sheets]


def answers(w: PageMessages, sheet: PlanSheet) -> list[AnswerCard]:
    """Courses, reoffenders avoided, the public's gain, and the probability that it gets its money back."""
    summary = sheet.tables["summary"]
    found = [_counted(w, name, row_of(summary, "outcome", name)) for name in ("started", "reoffenders_any")]
    row = row_of(sheet.tables["break_even"], "payer", PUBLIC_TOTAL)
    found_of, decimals = rounded(row[key] / MILLION for key in ("gain", "gain_low", "gain_high", "error"))
    texts, error = [w.number(value, decimals) for value in found_of[:3]], found_of[3]
    found.append(AnswerCard(
        label=w("country.answer.gain"), value=texts[0],
        beside=w("country.answer.million", error=w.number(SURE * error, decimals)),
        range=w("country.answer.range", low=texts[1], high=texts[2]),
        more=w("country.answer.with-chance"),
    ))  # fmt: skip
    back = [row["back"] / max(1, row["draws"]) for row in sheet.tables["per_krone"].to_dict("records")]
    value = "–" if not back else f"{of_hundred_range(back, w)}{NBSP}%"
    found.append(AnswerCard(label=w("country.answer.probability"), value=value, beside="",
                            range=w("country.answer.of_draws", of=len(sheet.tables["draws"])),
                            more=w("country.answer.by_way")))  # fmt: skip
    return found


def _counted(w: PageMessages, name: str, row: Mapping[str, Any]) -> AnswerCard:
    """A count of people with both intervals."""
    chance = SURE * row["stochastic_sd"]
    values, decimals = rounded((row["mean"], row["low"], row["high"], chance, SURE * row["error"]))
    mean, low, high, alone, error = (w.number(value, decimals) for value in values)
    more = "" if chance != chance else w("country.answer.alone", chance=alone)
    return AnswerCard(label=w(f"country.answer.{name}"), value=mean, beside=f"±{error}", more=more,
                  range=w("country.answer.range", low=low, high=high))  # fmt: skip


def cards(w: PageMessages, study: Plans) -> str:
    """The answers as a list of terms (HTML); with two plans both under each term."""
    every, names = [answers(w, sheet) for sheet in study.sheets], titles_of(w, study)
    several, parts = len(names) > 1, []
    for same in zip(*every, strict=True):
        shown = ""
        for name, each in zip(names, same, strict=True):
            head = f"<small><b>{escape(name)}</b></small>" if several else ""
            foot = "" if several else f"<small>{escape(each.more)}</small>"
            shown += (f"<dd>{head}<strong>{escape(each.value)} <small>{escape(each.beside)}</small></strong>"
                      f"<span>{escape(each.range)}</span>{foot}</dd>")  # fmt: skip
        parts.append(f"<div><dt>{escape(same[0].label)}</dt>{shown}</div>")
    return f'<dl class="country-answers">{"".join(parts)}</dl>'


def intention(w: PageMessages, plan: RolloutPlan, intends: Intended) -> str:
    """What a plan intends, in a sentence or two."""
    first, last = min(intends.opens.values()), max(intends.opens.values())
    steps = " " + w("country.intends.steps", last=month_name(w, plan, last)) if last > first else ""
    return w("country.intends.text", places=len(intends.opens), every=len(municipalities()), steps=steps,
             first=month_name(w, plan, first), start=w.number(intends.at_start, 0),
             recruits=w.number(intends.recruits, 0), lost=w.percent(intends.lost))  # fmt: skip


def ways_table(w: PageMessages, sheet: PlanSheet) -> pd.DataFrame:
    """What one krone saves, counted in three ways, with the probability of each, in the language of the page."""
    heads = [w(f"country.ways.{name}") for name in ("way", "per_krone", "range", "back")]
    rows = [
        (w(f"country.ways.{row['method']}"), w.number(row["per_krone"], 2),
         w("country.ways.to", low=w.number(row["low"], 2), high=w.number(row["high"], 2)),
         w("country.answer.draws", n=row["back"], of=row["draws"]))
        for row in sheet.tables["per_krone"].to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=heads)


def gain_between(w: PageMessages, study: Plans) -> str:
    """The public's gain of the plan beyond the one beside it, in a sentence."""
    row = row_of(study.between["money_differences"], "what", "net")
    (mean, low, high), decimals = rounded(row[key] / MILLION for key in ("mean", "low", "high"))
    first, second = titles_of(w, study)
    return w("country.compare.gain", plan=first, other=second, mean=w.number(mean, decimals),
             low=w.number(low, decimals), high=w.number(high, decimals),
             n=round(row["probability"] * study.draws), of=study.draws)  # fmt: skip


def command(asked: RequestedPlan) -> str:
    """What to type for the same numbers."""
    plans = [read(text) for text in asked.plans]
    names = " ".join(file_name(plan) for plan in reversed(plans))
    verb = "ladder" if asked.kind == "ladder" else "compare" if len(plans) > 1 else "rollout"
    return f"desist {verb} {names} --draws {asked.draws} --seed {asked.seed}"


def made(asked: RequestedPlan, more: str = "") -> Receipt:
    """What made the numbers of a study: the command with ``more`` options, and the scenario that its manifest names."""
    from experiments.inputs.municipalities import denmark
    from experiments.studies.rollout.plan_scenario import everybody, scenario_of

    first = read(asked.plans[-1])
    plan = everybody(first) if asked.kind == "ladder" else scenario_of(first, denmark())
    return receipt(plan, command(asked) + more, asked.seed, draws=asked.draws)


def without(left_out: Sequence[str]) -> str:
    """The options of ``desist ladder`` that leave steps out."""
    return "".join(f" --without {name}" for name in left_out)


def files(asked: RequestedPlan) -> dict[str, str]:
    """The plans as files, by name: those that the command reads."""
    plans = [read(text) for text in asked.plans]
    return {file_name(plan): toml_of(plan) for plan in plans if file_name(plan).endswith(".toml")}


def joined(study: Plans, name: str) -> pd.DataFrame:
    """A table of every plan under each other, with the plan's name first where there are two."""
    if len(study.sheets) == 1:
        return study.sheets[0].tables[name]
    parts = [sheet.tables[name].assign(plan=sheet.plan.name) for sheet in study.sheets]
    table = pd.concat(parts, ignore_index=True)
    return table[["plan", *(column for column in table if column != "plan")]]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table without its column of English labels: names of columns and codes are those of the command line."""
    return table.drop(columns=[name for name in ("what", "source") if name in table])
