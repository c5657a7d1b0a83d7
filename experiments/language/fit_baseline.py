"""The answer of ``desist fit-baseline`` in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer
from experiments.language.baseline import figures_table
from experiments.language.messages import Messages
from experiments.language.shown import shown_table


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """How near the fit comes, the fitted values, and how they do on another cohort."""
    sentences = [
        m("fitted", parameters=m.number(len(facts["values"])), evaluations=m.number(facts["evaluations"], 0),
          people=m.number(facts["people"], 0), distance=m.number(facts["distance"], 1)),
        m("checked", people=m.number(facts["check_people"], 0), seed=str(facts["check_seed"]),
          inside=m.number(facts["inside"]), total=m.number(facts["total"])),
    ]  # fmt: skip
    parameters = shown_table(tables["parameters"], {
        "key": None, "value": m.plain, "before": m.plain, "lowest": m.plain, "highest": m.plain,
    }, m)  # fmt: skip
    return Answer(sentences=sentences, tables=[parameters, figures_table(tables["baseline"], m)], notes=[m("copy")])
