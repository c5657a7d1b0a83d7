"""The answer of ``desist fit-effects`` in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.language.answer import Answer
from experiments.language.messages import Messages
from experiments.language.shown import shown_table


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """The baseline hazard multiplier, and what each setting needs."""
    sentences = [
        m("controls", control=m.percent(facts["control_risk"], 0), multiplier=m.plain(facts["hazard_multiplier"])),
    ]  # fmt: skip
    sentences += [
        m("setting", setting=row["setting"], marginal=m.plain(row["marginal_hazard_ratio"]),
          risk=m.percent(row["mentored_risk"], 1), ratio=m.plain(row["hazard_ratio"]))
        for row in facts["settings"]
    ]  # fmt: skip

    def three(value: float) -> str:
        return m.plain(float(f"{value:.3g}"))

    table = shown_table(tables["settings"], {
        "setting": None, "hazard_ratio": three, "direct_hazard_ratio": three, "support_hazard_ratio": three,
        "half_life_months": m.plain, "shipped_direct": three, "shipped_support": three,
    }, m)  # fmt: skip
    notes = [m("target"), m("routes", support=m.plain(facts["support_share"])),
             m("trials", trials=m.number(facts["trials"], 0))]  # fmt: skip
    return Answer(sentences=sentences, tables=[table], notes=notes)
