"""A lesson's experiment in full: what came out in words, its picture, the table, the scenario and the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec
from experiments.app.lessons.charts import REAL, base_chart, curse_chart, luck_chart, self_chart, wings_chart
from experiments.app.lessons.groups import Base, Chosen, Wings, base, chosen, gap, wings
from experiments.app.lessons.trials import Curse, Luck, curse, luck
from simulation.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What a lesson shows for some settings."""

    said: str
    """What came out, in one or two sentences with simulation error."""
    counted: str
    """Who and what is counted; a small line."""
    answer: str
    """An answer to the lesson's question."""
    question: str
    spec: Spec
    table: pd.DataFrame
    scenario: Scenario
    command: str


def told(w: PageMessages, lesson: str, values: Mapping[str, Any]) -> Experiment:
    """Compute a lesson's experiment; ``values`` has the settings of the panel by key."""
    return EXPERIMENTS[lesson](w, values)


def _luck(w: PageMessages, values: Mapping[str, Any]) -> Experiment:
    found = luck(int(values["luck_size"]), values["lesson_seed"])
    size, arm, said = found.scenario.people.count, w.number(found.per_arm, 0), said_luck(w, found)
    spec, table = luck_chart(w, found, plain(said))
    return Experiment(
        said=said, counted=w("lessons.luck.counted", arm=arm) + " " + w("lessons.definition.any"),
        question=w("lessons.luck.question"), answer=w("lessons.luck.answer", size=size, arm=arm), spec=spec,
        table=table, scenario=found.scenario, command=found.command,
    )  # fmt: skip


def said_luck(w: PageMessages, found: Luck) -> str:
    """What trials print although nothing works."""
    return w(
        "lessons.luck.said", told=found.told, size=found.scenario.people.count, large=w.percent(found.large),
        error=w.points(found.error, 1), low=w.points(found.low), high=w.points(found.high),
        far=w.percent(found.as_far, 1), real=REAL,
    )  # fmt: skip


def _curse(w: PageMessages, values: Mapping[str, Any]) -> Experiment:
    found = curse(values["curse_truth"], int(values["curse_size"]), values["lesson_seed"])
    said = said_curse(w, found)
    spec, table = curse_chart(w, found, plain(said))
    return Experiment(
        said=said, counted=w("lessons.curse.counted") + " " + w("lessons.definition.any"),
        question=w("lessons.curse.question", real=REAL), answer=w("lessons.curse.answer", real=REAL), spec=spec,
        table=table, scenario=found.scenario, command=found.command,
    )  # fmt: skip


def said_curse(w: PageMessages, found: Curse) -> str:
    """What the significant trials report beside the truth."""
    truth: dict[str, str | int] = {
        "truth": w.points(found.truth, 1), "truth_error": w.points(found.truth_error, 1), "told": found.told
    }  # fmt: skip
    if not found.significant.any():
        return w("lessons.curse.none", **truth)
    some, several = found.exaggeration == found.exaggeration, found.reported_error == found.reported_error
    return w(
        "lessons.curse.said", **truth, power=w.percent(found.power), reported=w.points(found.reported, 1),
        reported_error=w.points(found.reported_error, 1) if several else "–",
        times=w("lessons.curse.times", n=w.number(found.exaggeration, 1)) if some else ".",
    )  # fmt: skip


def _self(w: PageMessages, values: Mapping[str, Any]) -> Experiment:
    found = chosen(values["self_drive"], values["self_choose"], values["lesson_seed"])
    said = said_self(w, found)
    spec, table = self_chart(w, found, plain(said))
    return Experiment(
        said=said, counted=w("lessons.definition.any"), question=w("lessons.self.question"),
        answer=w("lessons.self.answer"), spec=spec, table=table, scenario=found.scenario, command=found.command,
    )  # fmt: skip


def said_self(w: PageMessages, found: Chosen) -> str:
    """What participants look like beside two kinds of others."""
    (naive, naive_error), (fair, fair_error) = gap(found.naive), gap(found.fair)
    return w(
        "lessons.self.said", part=w.percent(found.naive.risks[0]), rest=w.percent(found.naive.risks[1]),
        undrawn=w.percent(found.fair.risks[1]), naive=w.points(naive, 1), naive_error=w.points(naive_error, 1),
        fair=w.points(fair, 1), fair_error=w.points(fair_error, 1),
    )  # fmt: skip


def _base(w: PageMessages, values: Mapping[str, Any]) -> Experiment:
    found = base(values["base_effect"], values["base_share"], values["base_counts"], values["lesson_seed"])
    said = said_base(w, found, values["base_effect"])
    spec, table = base_chart(w, found, plain(said))
    return Experiment(
        said=said, counted=w(f"lessons.definition.{found.definition}"), question=w("lessons.base.question"),
        answer=w("lessons.base.answer"), spec=spec, table=table, scenario=found.scenario, command=found.command,
    )  # fmt: skip


def said_base(w: PageMessages, found: Base, effect: int) -> str:
    """What one effect prevents in two groups."""
    parts = {}
    for name, group in (("others", found.others), ("highest", found.highest)):
        parts[name] = w.number(100 * group.prevented, 1)
        parts[f"{name}_error"] = w.number(100 * group.error, 1)
        parts[f"{name}_needed"] = w.number(group.needed, 0) if group.prevented > 0 else "–"
    return w("lessons.base.said", effect=effect, **parts)


def _wings(w: PageMessages, values: Mapping[str, Any]) -> Experiment:
    found = wings(values["wings_size"], values["wings_differ"], values["lesson_seed"])
    said = said_wings(w, found)
    spec, table = wings_chart(w, found, plain(said))
    return Experiment(
        said=said, counted=w("lessons.definition.any"), question=w("lessons.wings.question"),
        answer=w("lessons.wings.answer"), spec=spec, table=table, scenario=found.scenario, command=found.command,
    )  # fmt: skip


def said_wings(w: PageMessages, found: Wings) -> str:
    """What became of the worst wings."""
    return w(
        "lessons.wings.said", before=w.percent(found.before), after=w.percent(found.after), mean=w.percent(found.mean),
        pairs=found.pairs, fall=w.points(found.fall, 1), error=w.points(found.error, 1),
    )  # fmt: skip


def plain(text: str) -> str:
    """A sentence without the stars that make words bold."""
    return text.replace("**", "")


EXPERIMENTS: dict[str, Callable[[PageMessages, Mapping[str, Any]], Experiment]] = {
    "luck": _luck, "curse": _curse, "self": _self, "base": _base, "wings": _wings,
}  # fmt: skip
"""The five lessons in the order of the page."""
