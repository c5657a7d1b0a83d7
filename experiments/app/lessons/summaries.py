"""A lesson's experiment in full: what came out in words, its picture, the table, the scenario and the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec, chart
from experiments.app.lessons.charts import REAL, base_layers, curse_layers, luck_layers, self_layers, wings_layers
from experiments.app.lessons.groups import Base, Chosen, Wings, base, chosen, gap, wings
from experiments.app.lessons.trials import Curse, Luck, curse, luck
from simulation.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What a lesson shows for some settings."""

    result: str  # what came out, in one or two sentences with simulation error
    counted: str  # who and what is counted; a small line
    question: str
    answer: str
    spec: Spec
    table: pd.DataFrame
    scenario: Scenario
    command: str


def experiment(w: PageMessages, lesson: str, values: Mapping[str, Any]) -> Experiment:
    """Compute a lesson's experiment; ``values`` has the settings of the panel by key."""
    compute, keys, describe, draw, height = LESSONS[lesson]
    settings = (values[key] for key in (*keys, "lesson_seed"))
    found = compute(*(int(each) if str(each).isdecimal() else each for each in settings))  # a size is a choice: a text
    result = describe(w, found)
    numbers: dict[str, str | int] = {"real": REAL}
    if isinstance(found, Luck):
        numbers |= {"size": found.scenario.people.count, "arm": w.number(found.per_arm, 0)}
    text = {name: w(f"lessons.{lesson}.{name}", **numbers) for name in ("picture", "question", "answer")}
    definition = w(f"lessons.definition.{values['base_counts'] if lesson == 'base' else 'any'}")
    counted = f"lessons.{lesson}.counted"
    layers, table = draw(w, found)
    return Experiment(
        result=result, counted=f"{w(counted, **numbers)} {definition}" if w.has(counted) else definition,
        question=text["question"], answer=text["answer"], table=table, scenario=found.scenario, command=found.command,
        spec=chart(w, f"{text['picture']} {plain(result)}", {"layer": layers}, height=height),
    )  # fmt: skip


def luck_text(w: PageMessages, found: Luck) -> str:
    """What trials print although nothing works."""
    return w(
        "lessons.luck.said", told=found.trials, size=found.scenario.people.count, large=w.percent(found.large),
        error=w.points(found.error, 1), low=w.points(found.low), high=w.points(found.high),
        far=w.percent(found.as_far, 1), real=REAL,
    )  # fmt: skip


def curse_text(w: PageMessages, found: Curse) -> str:
    """What the significant trials report beside the truth."""
    truth: dict[str, str | int] = {
        "truth": w.points(found.truth, 1), "truth_error": w.points(found.truth_error, 1), "told": found.trials
    }  # fmt: skip
    if not found.significant.any():
        return w("lessons.curse.none", **truth)
    some, several = found.exaggeration == found.exaggeration, found.reported_error == found.reported_error
    return w(
        "lessons.curse.said", **truth, power=w.percent(found.power), reported=w.points(found.reported, 1),
        reported_error=w.points(found.reported_error, 1) if several else "–",
        times=w("lessons.curse.times", n=w.number(found.exaggeration, 1)) if some else ".",
    )  # fmt: skip


def self_text(w: PageMessages, found: Chosen) -> str:
    """What participants look like beside two kinds of others."""
    (naive, naive_error), (fair, fair_error) = gap(found.naive), gap(found.fair)
    return w(
        "lessons.self.said", part=w.percent(found.naive.risks[0]), rest=w.percent(found.naive.risks[1]),
        undrawn=w.percent(found.fair.risks[1]), naive=w.points(naive, 1), naive_error=w.points(naive_error, 1),
        fair=w.points(fair, 1), fair_error=w.points(fair_error, 1),
    )  # fmt: skip


def base_text(w: PageMessages, found: Base) -> str:
    """What one effect prevents in two groups."""
    parts = {}
    for name, group in (("others", found.others), ("highest", found.highest)):
        parts[name] = w.number(100 * group.prevented, 1)
        parts[f"{name}_error"] = w.number(100 * group.error, 1)
        parts[f"{name}_needed"] = w.number(group.needed, 0) if group.prevented > 0 else "–"
    return w("lessons.base.said", effect=found.effect, **parts)


def wings_text(w: PageMessages, found: Wings) -> str:
    """What became of the worst wings."""
    return w(
        "lessons.wings.said", before=w.percent(found.before), after=w.percent(found.after), mean=w.percent(found.mean),
        pairs=found.pairs, fall=w.points(found.fall, 1), error=w.points(found.error, 1),
    )  # fmt: skip


def plain(text: str) -> str:
    """A sentence without the stars that make words bold."""
    return text.replace("**", "")



LESSONS: dict[str, tuple[Callable[..., Any], tuple[str, ...], Callable[..., str], Callable[..., Any], int]] = {
    "luck": (luck, ("luck_size",), luck_text, luck_layers, 340),
    "curse": (curse, ("curse_truth", "curse_size"), curse_text, curse_layers, 340),
    "self": (chosen, ("self_drive", "self_choose"), self_text, self_layers, 340),
    "base": (base, ("base_effect", "base_share", "base_counts"), base_text, base_layers, 380),
    "wings": (wings, ("wings_size", "wings_differ"), wings_text, wings_layers, 400),
}
"""The five lessons in the order of the page: the experiment and its settings, its sentence, its picture and height."""
