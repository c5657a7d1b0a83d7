"""The answers of ``desist calibrate`` and of ``desist calibrate --check`` in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from experiments.inputs.parameter_points import SHARE, STRENGTH
from experiments.inputs.trial_result import LIKE_THE_TRIAL, PEOPLE, TRIALS_OWN
from experiments.language.answer import Answer, Shown
from experiments.language.grades_text import grade_sentences
from experiments.language.messages import Messages
from experiments.language.quantities import short_name
from experiments.language.shown import shown_table

SILENT = (SHARE, "programme.half_life_months", "programme.persistence", "programme.dropout_chance")
"""Parameters on which a single trial gives little information: route, persistence, drop-out."""
LITTLE = 0.1
"""Part of the variance below which the trial gives no information, as the answer says."""
DIGITS = {"r_hat": 3, "register_draws": 0, "trial_draws": 0}
"""Decimals of diagnostics, where not two."""


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """What is left of the reported difference, what the data show and what they cannot; or why nothing is reported."""
    if facts["check"]:
        three, share = partial(m.number, decimals=3), partial(m.percent, decimals=1)
        shown = [_checked("uniform", {"number": m.plain, "distance": three, "p": three}, tables, m),
                 _checked("coverage", {"level": m.percent, **dict.fromkeys(("covered", "low", "high"), share)},
                          tables, m)]  # fmt: skip
        return Answer(sentences=list(_check(facts, m)), tables=shown)
    if facts["refusals"]:
        written = {name: partial(m.number, decimals=DIGITS.get(name, 2)) for name in facts["diagnostics"]}
        written["largest_weight"] = partial(m.percent, decimals=0)
        return Answer(sentences=[m(f"refusal.{row['diagnostic']}", **{key: written[row["diagnostic"]](row[key])
                                 for key in ("value", "bar")}) for row in facts["refusals"]])  # fmt: skip
    return Answer(
        sentences=[*_left(facts, m), *_trial(facts, m), *_learnt(facts["parameters"], m), *_grades(facts, m)],
        tables=[_differences(facts["differences"], m)], notes=list(_notes(facts["diagnostics"], m)),
    )  # fmt: skip


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
    yield m("sizes", **{
        arm: m("range", n=m.number(size["median"], 0), low=m.number(size["low"], 0), high=m.number(size["high"], 0))
        for arm, size in facts["sizes"].items()
    })  # fmt: skip


def _learnt(parameters: Sequence[Mapping[str, Any]], m: Messages) -> Iterator[str]:
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
    share = partial(m.percent, decimals=1)
    return shown_table(pd.DataFrame(rows), {
        "group": lambda name: m(f"group.{name}"),
        "definition": lambda name: m("columns.own" if name == TRIALS_OWN else f"figure.{name}"),
        **dict.fromkeys(("without", "with"), share),
        **dict.fromkeys(("difference", "error", "low", "high"), m.points), "helps": share,
    }, m, title=m("table"))  # fmt: skip


def _notes(found: Mapping[str, float], m: Messages) -> Iterator[str]:
    yield m("convergence", r_hat=m.number(found["r_hat"], 3), registers=m.number(found["register_draws"], 0),
            trial=m.number(found["trial_draws"], 0), weight=m.percent(found["largest_weight"], 2))  # fmt: skip
    yield m("stochastic", likelihood=m.number(found["likelihood_stochastic_sd"], 2),
            register=m.number(found["register_stochastic_sd"], 2),
            bias=m.number(found["emulator_bias"], 2))  # fmt: skip
    yield m("use")


# The check ----------------------------------------------------------------------------------------------------


def _check(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    """Whether the posteriors contain known truths as often as they should."""
    numbers = {part: m.number(many, 0) for part, many in facts["simulated"].items()}
    if "registers" in numbers:
        yield m("check.both", trials=numbers["trial"], registers=numbers["registers"])
    else:
        yield m("check.trial", trials=numbers["trial"])
    yield m("check.passed" if facts["passed"] else "check.failed")
    for level in sorted({row["level"] for row in facts["coverage"]}):
        covered = [row["covered"] for row in facts["coverage"] if row["level"] == level]
        yield m("check.level", level=m.percent(level), mean=m.percent(sum(covered) / len(covered), 0),
                low=m.percent(min(covered), 0), high=m.percent(max(covered), 0))  # fmt: skip
    worst = min(facts["uniform"], key=lambda row: row["p"])
    yield m("check.test", number=m.number(len(facts["uniform"])), alarm=m.percent(facts["false_alarm"], 0),
            name=checked_quantity(worst["quantity"], m), p=m.number(worst["p"]))  # fmt: skip
    pairs = [m("check.definition", definition=m(f"common.definition.{row['definition']}"),
               expected=m.number(row["expected"], 0), happened=m.number(row["happened"], 0))
             for row in facts["definitions"]]  # fmt: skip
    yield m("check.definitions", list="; ".join(pairs))


def checked_quantity(name: str, m: Messages) -> str:
    """What a quantity of the check is called."""
    return m(f"quantity.{name}") if m.has(f"quantity.{name}") else name


def _checked(
    name: str, columns: Mapping[str, Callable[[Any], str]], tables: Mapping[str, pd.DataFrame], m: Messages
) -> Shown:
    names = {"part": lambda part: m(f"part.{part}"), "quantity": lambda quantity: checked_quantity(quantity, m)}
    return shown_table(tables[name], {**names, **columns}, m, title=m(f"check.{name}"))
