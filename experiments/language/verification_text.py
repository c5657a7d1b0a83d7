"""The table of verdicts in words: what was attacked, what held, what failed, what cannot be said."""

from __future__ import annotations

import math

import pandas as pd

from experiments.verification.left_out_patterns import RARE
from experiments.verification.p_values import FALSE_ALARM
from experiments.verification.stored_measurements import LEAST_NOTICED, Faults

HEADS = {
    "law": "Laws: what must always be so, in worlds drawn at random (one breach is a mistake in the model)",
    "closed form": "Closed forms: figures that mathematics gives without the model",
    "control": "Controls: claims that are wrong on purpose, to see that the checks can refuse",
}
ABOUT = {
    "zero effect": "a programme without effect changes nobody",
    "doubled people": "the first n of 2n people live the same lives; a longer follow-up changes nothing before",
    "relabelled places": "order and spelling of places, factors, programmes and titles decide nothing",
    "order of people": "both drivers tell one story; order of people, threads and chunks change no byte",
    "monotone help": "more help or less risk brings nobody's first offence forward, on the same luck",
    "paired lives": "two lives of one person part at the first contact and not before",
    "conservation": "people, months in custody, volunteers and matches are neither made nor lost",
    "lives": "what happens to one person can happen: custody takes turns, nobody offends inside ...",
    "programmes": "matched in time or not at all, only who says yes, contact from match to exit",
    "supply and queue": "volunteers and waiting list, each month counted again by hand",
    "scarcity": "no more is given out than comes up; help takes what is scarce from others",
    "censoring": "who cannot be judged yet is neither success nor failure",
    "money": "purses and years add up; plans exchanged turn every sign; one thing fewer is worth its price",
    "rules": "each rule of behaviour alone, over random words that are spread evenly",
    "chance": "the random numbers: published answers, and the address of every word",
    "outcomes": "shares, curves, intervals and hazard ratios against plain definitions",
    "people": "who is released: shares, quantiles, correlations and ends as the scenario states them",
    "numbers": "a scenario as the plain numbers that the rules read",
    "runs": "whole runs in which only one thing happens",
    "the stream": "as many are released every year, those who come back included",
}
"""What each family of laws and closed forms says."""
EVERY = 1 / FALSE_ALARM


def attacks(table: pd.DataFrame, *, every: bool = False) -> list[str]:
    """Laws, closed forms and controls: a line a family, or a line a check; failures are always named."""
    lines = []
    for kind, head in HEADS.items():
        mine = table[table["kind"] == kind]
        lines.append(f"{head}: {_held(mine, 'are refused' if kind == 'control' else 'hold')}.")
        for family, rows in mine.groupby("family", sort=False):
            if kind != "control" and not every:
                looked = f"{int(rows['looked'].sum()):>9,} looked at"
                lines.append(f"  {family:<18} {_held(rows):<14} {looked}   {ABOUT.get(str(family), '')}".rstrip())
            for row in rows.to_dict("records"):
                if every or row["verdict"] != "holds":
                    told = f": {row['words']}" if row["verdict"] != "holds" and row["words"] else ""
                    lines.append(f"    {row['verdict']:<10}  {row['claim'].rstrip('.')}{told}")
    lines.append(f"  A check that decides by chance refuses a true claim once in {EVERY:,.0f}; the luck is fixed.")
    return lines


def _held(rows: pd.DataFrame, word: str = "hold") -> str:
    number = rows["verdict"].value_counts()
    parts = [f"{number.get('holds', 0)} of {len(rows)} {word}"]
    parts += [
        f"{number[name]} {word}" for name, word in (("fails", "fail"), ("cannot say", "cannot say")) if name in number
    ]
    return ", ".join(parts)


PATTERN = "  {verdict:<10}  {name:<5} {value:<20} {band:<19} {observed:<9} {fitted:<14} {claim}"
PREDICTION = "  {verdict:<10}  {left_out:<20}  {predicted:<26}  {observed:<15}  {apart:5.1f}   {p:5.3f}   {what}"
REASON = "              "
HOW = {"law": "a law", "closed form": "a closed form", "broke down": "an error while one was tried",
       "never ended": "a run that never ends"}  # fmt: skip
"""How a fault is noticed, in words."""


def patterns(table: pd.DataFrame) -> list[str]:
    """The observed patterns, one by one."""
    mine = table[table["kind"] == "pattern"]
    lines = [
        f"Observed patterns: {_held(mine)}; of those that nothing was fitted to, "
        f"{_held(mine[mine['fitted'] == 'not fitted to'])}.",
        "  A figure holds in its band; within twice its simulation error of an end it cannot say. Data, sources and "
        "reasons: experiments/inputs/data/patterns.csv.",
        "  verdict     id    model (error)        band                observed  fitted?        figure",
    ]
    for row in mine.to_dict("records"):
        words = {
            "value": f"{_number(row['value'])} ({_number(row['error'])})",
            "band": f"{_number(row['low'])} to {_number(row['high'])}",
            "observed": row["words"].removeprefix("observed "),
        }
        lines.append(PATTERN.format(**row | words))
        if row["verdict"] == "fails":
            lines.append(REASON + (f"known: {row['known']}" if row["known"] else "no reason is known"))
    return lines


def left_out(table: pd.DataFrame, known: dict[str, str]) -> list[str]:
    """The left-out patterns, one by one."""
    sets, number = table["left_out"].nunique(), table["verdict"].value_counts()
    alone = table[table.groupby("left_out")["figure"].transform("size") == 1]
    lines = [
        f"Left out of the fitting, predicted from all the others, then compared: {len(table)} predictions in {sets} "
        f"sets; {_held(table)}. One at a time: {_held(alone)}.",
        "  apart: distance in standard deviations of prediction and figure together. p: how probable a figure as far "
        f"out is if the prediction is true; below {RARE:g} it fails. Much too wide a prediction cannot say.",
        "  verdict     left out              predicted (95 %)            observed (sd)    apart   p       figure",
    ]
    for row in table.to_dict("records"):
        words = {
            "predicted": f"{_number(row['predicted'])} ({_number(row['low'])} to {_number(row['high'])})",
            "observed": f"{_number(row['observed'])} ({_number(row['sd'])})",
        }
        lines.append(PREDICTION.format(**row | words))
    failed = table.loc[table["verdict"] == "fails", "left_out"].unique()
    lines += [f"  {name}: " + (f"known: {known[name]}" if name in known else "no reason is known") for name in failed]
    lines.append(
        f"  A true prediction fails one time in twenty; of {len(table)} that is about {len(table) / 20:.1f}. "
        f"Failed: {number.get('fails', 0)}."
    )
    return lines


def faults(found: Faults) -> list[str]:
    """The planted faults: the share noticed, and every survivor."""
    number = found.table["outcome"].value_counts()
    share, low, high = found.share
    lines = [
        f"Planted faults: {len(found.table)} small mistakes in {found.table['file'].nunique()} files of the model, one "
        f"at a time. Of {len(found.counted)} that change something, the laws and closed forms notice "
        f"{number.get('noticed', 0)}: {100 * share:.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f}; at least "
        f"{100 * LEAST_NOTICED:.0f} are wanted).",
        f"  {number.get('no difference', 0)} changed no byte in a broad set of worlds, not counted (with them as "
        f"misses: {100 * found.least:.1f} %); {number.get('does not run', 0)} made a model that does not run at all.",
    ]
    how = found.counted.loc[found.counted["outcome"] == "noticed", "how"].value_counts()
    lines.append("  Noticed by: " + ", ".join(f"{HOW[str(name)]} {count}" for name, count in how.items()) + ".")
    if len(found.missed):
        lines.append("  Missed:")
    rows = found.missed.to_dict("records")
    return lines + [
        f"    {_place(row)}  {row['kind']}: {_short(row['before'])}  became  {_short(row['after'])}" for row in rows
    ]


def _place(row: dict[str, object]) -> str:
    return f"{row['file']}.py:{row['line']}"


def _short(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= 70 else f"{line[:67]}..."


def _number(value: float) -> str:
    if math.isinf(value) or math.isnan(value):
        return str(value)
    return f"{value:.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:.3g}"
