"""The answer of ``desist power`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.inputs.trial_result import GAP
from experiments.language.answer import Answer
from experiments.language.messages import Messages


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """Truth, power, width, exaggeration, the size needed; and what was planned."""
    return Answer(sentences=[*_found(facts, m), *_needed(facts, m)], notes=list(_notes(facts, m)))


def _found(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    power, exact, many = facts["power"], facts["calculated"], facts["truth"] == "draws"
    if many:
        yield m("truth_draws", draws=m.number(facts["draws"]), points=m.points(power["difference"]),
                share=m.percent(facts["positive_draws"], 0))  # fmt: skip
    else:
        yield m(f"truth_{facts['truth']}", **({} if facts["truth"] == "given" else {
            "scenario": facts["scenario"], "error": m.points(facts["difference_error"])}),
            mentored=m.percent(facts["mentored"], 1), control=m.percent(facts["control"], 1),
            points=m.points(power["difference"]))  # fmt: skip
    yield m("assurance" if many else "power", power=m.percent(power["favour"], 1), trials=m.number(power["trials"], 0),
            calculated=m.percent(exact["favour"], 1), against=m.percent(power["against"], 1),
            **({"low": m.percent(exact["low"], 1), "high": m.percent(exact["high"], 1)} if many else {}))  # fmt: skip
    yield m("width", points=m.points(power["width"], 0))
    if power["exaggeration"] is not None:
        behind = {"behind": m.points(power["behind"], 0)} if many else {}
        yield m("curse_draws" if many else "curse", reported=m.points(power["reported"], 0),
                times=m.number(power["exaggeration"], 1), wrong=m.percent(power["wrong_sign"], 1), **behind)
    elif power["power"]:
        yield m("no_difference", share=m.percent(power["power"], 1))
    yield m("as_far", share=m.percent(power["as_far"], 1), gap=m.number(GAP))
    if many:
        yield m("spread", stochastic=m.points(power["stochastic_sd"], 0), parameter=m.points(power["parameter_sd"], 0))


def _needed(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    many, last = facts["truth"] == "draws", facts["largest"]
    for row in facts["needed"]:
        target = m.percent(row["target"])
        if row["size"] is None:
            yield m("impossible_draws" if many else "impossible", target=target, size=m.number(last["size"], 0),
                    favour=m.percent(last["favour"], 1))  # fmt: skip
        else:
            yield m("needed_assurance" if many else "needed_power", target=target, size=m.number(row["size"], 0),
                    per_arm=m.number(row["per_arm"], 0), times=m.number(row["size"] / facts["plan"]["size"], 1),
                    simulated=m.percent(row["simulated"], 1), error=m.points(2 * row["simulated_error"]),
                    difference=m.points(row["difference"]))  # fmt: skip


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    plan, check = facts["plan"], facts["check"]
    fisher, z = check["fisher"], check["z"]
    group = m("common.highest" if plan["group"] == "high-risk" else "common.everyone")
    yield m("planned", size=m.number(plan["size"], 0), group=group, per_arm=m.number(plan["per_arm"], 1))
    if plan["lost"]:
        yield m("lost", share=m.percent(plan["lost"], 1))
    if facts["truth"] != "given":
        yield m("outcome", definition=m(f"common.definition.{plan['definition']}"), months=m.months(plan["follow_up"]))
    yield m("rule", test=m(f"test.{facts['test']}"), alpha=f"{m.plain(100 * facts['alpha'])} %")
    yield m("favour")
    yield m("check", people=m.number(check["per_arm"]), control=m.percent(check["control"], 0),
            mentored=m.percent(check["control"] - check["difference"], 0), fisher=m.percent(fisher["power"], 1),
            z=m.percent(z["power"], 1), formula=m.percent(check["formula"], 1), width=m.points(check["width"], 0),
            reported=m.points(fisher["reported"], 0), times=m.number(fisher["exaggeration"], 1),
            times_z=m.number(z["exaggeration"], 1))  # fmt: skip
    if facts["truth"] != "given":
        yield m("supply")
    if facts["truth"] == "draws":
        yield m("draws")
