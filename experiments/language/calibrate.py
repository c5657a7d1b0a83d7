"""The answer of ``desist calibrate`` in sentences; that of ``--check`` is in ``calibration_check``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.inputs.parameter_points import SHARE, STRENGTH
from experiments.inputs.trial_result import LIKE_THE_TRIAL, PEOPLE, TRIALS_OWN
from experiments.language.answer import Answer, Shown
from experiments.language.calibration_check import check_answer
from experiments.language.grades_text import grade_sentences
from experiments.language.messages import Messages
from experiments.language.quantities import short_name

SILENT = (SHARE, "programme.half_life_months", "programme.persistence", "programme.dropout_chance")
"""Parameters on which a single trial says little: route, persistence, drop-out."""
LITTLE = 0.1
"""Share of the variance below which the trial is said not to tell."""
DIGITS = {"r_hat": 3, "register_draws": 0, "trial_draws": 0}
"""Decimals of diagnostics, where not two."""


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """What is left of the reported difference, what the data tell and what they cannot; or why nothing is reported."""
    if facts["check"]:
        return check_answer(facts, tables, m)
    if facts["refusals"]:
        return Answer(sentences=[_refusal(row, m) for row in facts["refusals"]])
    return Answer(
        sentences=[*_left(facts, m), *_trial(facts, m), *_told(facts["parameters"], m), *_grades(facts, m)],
        tables=[_differences(facts["differences"], m)], notes=list(_notes(facts["diagnostics"], m)),
    )  # fmt: skip


def _refusal(row: Mapping[str, Any], m: Messages) -> str:
    name = row["diagnostic"]
    said = {key: m.percent(row[key], 0) if name == "largest_weight" else m.number(row[key], DIGITS.get(name, 2))
            for key in ("value", "bar")}  # fmt: skip
    return m(f"refusal.{name}", **said)


def _left(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """What is left of the reported difference, for whom."""
    found = {(row["group"], row["definition"]): row for row in facts["differences"]}
    like, reported = found[LIKE_THE_TRIAL, TRIALS_OWN], facts["reported"]
    yield m("headline", mentored=m.percent(reported["mentored_percent"] / 100),
            control=m.percent(reported["control_percent"] / 100), gap=m.number(reported["gap"]),
            points=_points(like, m), survives=m.percent(like["survives"] / 100, 0))  # fmt: skip
    yield m("helps", share=m.percent(like["helps"], 0))
    for key, group in (("signed_up", "all who would sign up"), ("released", "all released")):
        yield m(key, points=_points(found[group, TRIALS_OWN], m), points_any=_points(found[group, "any"], m))
    others = [m("prior", name=m(f"prior_name.{row['prior']}"), strength=row["strength"], points=_points(row, m))
              for row in facts["by_prior"][1:]]  # fmt: skip
    yield m("priors", list="; ".join(others))


def _points(row: Mapping[str, Any], m: Messages) -> str:
    return m("interval", n=m.points(row["difference"]), low=m.points(row["low"]), high=m.points(row["high"]))


def _trial(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """Which definition the trial used, and the sizes behind its percentages."""
    if facts["definition_given"]:
        yield m("definition_given", definition=m(f"common.definition.{facts['definition_given']}"))
    else:
        found = [m("definition_item", definition=m(f"common.definition.{name}"), share=m.percent(share, 0))
                 for name, share in facts["definitions"].items()]  # fmt: skip
        yield m("definition", list="; ".join(found), prior=m.percent(facts["definition_prior"], 0),
                share=m.percent(facts["control_any"], 0),
                control=m.percent(facts["reported"]["control_percent"] / 100))  # fmt: skip
    sizes = {arm: {end: m.number(value, 0) for end, value in size.items()} for arm, size in facts["sizes"].items()}
    yield m("sizes", **{arm: m("range", n=size["median"], low=size["low"], high=size["high"])
                        for arm, size in sizes.items()})  # fmt: skip


def _told(parameters: Sequence[Mapping[str, Any]], m: Messages) -> Iterator[str]:
    """What the data changed, and what they could not."""
    named = {str(row["key"]): row for row in parameters}

    def changed(row: Mapping[str, Any]) -> dict[str, str]:
        return {"before": _range(row, "prior", m), "after": _range(row, "posterior", m)}

    def name(row: Mapping[str, Any]) -> str:
        return short_name(str(row["key"]), str(row["what"]), m.language)

    yield m("strength", **changed(named[STRENGTH]))
    gains = sorted(((max(row["by_registers"], row["by_trial"]), row["what"], row) for row in parameters),
                   key=lambda each: each[:2], reverse=True)[:5]  # fmt: skip
    yield m("most", list="; ".join(m("less_variance", name=name(row), share=m.percent(gain, 0))
                                   for gain, _, row in gains))  # fmt: skip
    blind = [named[key] for key in SILENT if key in named and abs(named[key]["by_trial"]) < LITTLE]
    if blind:
        yield m("cannot", people=m.number(PEOPLE),
                list="; ".join(m("unchanged", name=name(row), **changed(row)) for row in blind))  # fmt: skip
    if any(row["key"] == SHARE for row in blind):
        yield m("routes", times=m.number(named[SHARE]["upper_third"], 1))


def _range(row: Mapping[str, Any], which: str, m: Messages) -> str:
    low, middle, high = (m.number(row[f"{which}_{end}"]) for end in ("low", "median", "high"))
    return m("range", n=middle, low=low, high=high)


def _grades(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    first, *others = grade_sentences(facts["grades"], facts["census"], m)
    yield m("grades", shares=first) if facts["grades"] else first
    yield from others


def _differences(rows: Sequence[Mapping[str, Any]], m: Messages) -> Shown:
    """Two-year reoffending in new groups, by definition."""
    shown: list[dict[str, str]] = [
        {
            "group": m(f"group.{row['group']}"),
            "definition": m("columns.own") if row["definition"] == TRIALS_OWN else m(f"figure.{row['definition']}"),
            **{name: m.percent(row[name], 1) for name in ("without", "with")},
            **{name: m.points(row[name]) for name in ("difference", "error", "low", "high")},
            "helps": m.percent(row["helps"], 1),
        }
        for row in rows
    ]
    table = pd.DataFrame([{m.heading(name): text for name, text in row.items()} for row in shown])
    return Shown(title=m("table"), table=table)


def _notes(found: Mapping[str, float], m: Messages) -> Iterator[str]:
    yield m("convergence", r_hat=m.number(found["r_hat"], 3), registers=m.number(found["register_draws"], 0),
            trial=m.number(found["trial_draws"], 0), weight=m.percent(found["largest_weight"], 2))  # fmt: skip
    yield m("stochastic", likelihood=m.number(found["likelihood_stochastic_sd"], 2),
            register=m.number(found["register_stochastic_sd"], 2),
            bias=m.number(found["emulator_bias"], 2))  # fmt: skip
    yield m("use")
