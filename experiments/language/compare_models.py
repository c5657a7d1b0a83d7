"""The answer of ``desist compare-models`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.inputs.trial_result import PEOPLE
from experiments.language.answer import Answer, Shown
from experiments.language.messages import Messages
from experiments.language.shown import shown_table

MAIN = "other trials"
"""The prior of the strength to which the sentences apply."""
PAIRS = (("support", "direct"), ("direct", "chance"), ("support", "chance"))
DECIDED = 5.0
"""From this ratio of probabilities on the trial decides between routes, as the answer says."""
PER = 10_000


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:  # noqa: ARG001
    """How probable each model is, and what would distinguish them."""
    sentences = [*_probabilities(facts, m), *(_apart(facts, first, second, m) for first, second in PAIRS)]
    return Answer(sentences=sentences, tables=[_evidence(facts["evidence"], m)], notes=list(_notes(facts, m)))


def _probabilities(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    by_prior: dict[str, dict[str, float]] = {}
    for row in facts["evidence"]:
        by_prior.setdefault(row["prior"], {})[row["model"]] = row["probability"]
    main = by_prior[MAIN]
    listed = [m("item", what=m(f"model.{name}"), share=m.percent(share, 0)) for name, share in main.items()]
    yield m("probabilities", **_reported(facts, m), list="; ".join(listed))
    others = [m("other_prior", prior=m(f"prior.{name}"), times=m.number(_some(each), 1))
              for name, each in by_prior.items() if name != MAIN]  # fmt: skip
    yield m("effect", times=m.number(_some(main), 1), others="; ".join(others))
    routes = {name: share for name, share in main.items() if name != "chance"}
    least, most = min(routes, key=routes.__getitem__), max(routes, key=routes.__getitem__)
    times = routes[most] / routes[least] if routes[least] else float("inf")
    if times < DECIDED:
        yield m("routes_open", times=m.number(times, 1))
    else:
        yield m("routes_decided", least=m(f"model.{least}"), most=m(f"model.{most}"), times=m.number(times, 0))


def _reported(facts: Mapping[str, Any], m: Messages) -> dict[str, str]:
    """The two percentages of the trial."""
    return {arm: m.percent(facts["reported"][f"{arm}_percent"] / 100) for arm in ("mentored", "control")}


def _some(probabilities: Mapping[str, float]) -> float:
    """How many times as probable as no effect an effect is, on average over the other models."""
    others = [share for name, share in probabilities.items() if name != "chance"]
    return sum(others) / len(others) / probabilities["chance"] if probabilities["chance"] else float("inf")


def _apart(facts: Mapping[str, Any], first: str, second: str, m: Messages) -> str:
    """The measurement that distinguishes a pair with the fewest people."""
    names = {"first": m(f"model.{first}"), "second": m(f"model.{second}")}
    good = [row for row in facts["separation"]
            if row["first"] == first and row["second"] == second and row["needed"] is not None]  # fmt: skip
    if not good:
        return m("not_separated", **names, size=m.number(facts["largest"], 0))
    best = min(good, key=lambda row: row["needed"])
    return m("separated", **names, what=m(f"measurement.{best['measurement']}"), sure=m.percent(facts["sure"]),
             size=m.number(best["needed"], 0), one=_signed(best["first_mean"], m),
             other=_signed(best["second_mean"], m))  # fmt: skip


def _signed(share: float, m: Messages) -> str:
    text = m.points(share, 0)
    return text if text.startswith(("−", "0")) else f"+{text}"


def _evidence(rows: Sequence[Mapping[str, Any]], m: Messages) -> Shown:
    return shown_table(pd.DataFrame(rows), {
        "prior": lambda name: m(f"prior.{name}"), "model": lambda name: m(f"model.{name}"),
        **dict.fromkeys(("evidence", "error"), lambda value: m.number(PER * value, 2)),
        "bayes_factor": lambda value: m.number(value, 2), "probability": lambda share: m.percent(share, 1),
        "draws": lambda number: m.number(number, 0),
    }, m, title=m("table"))  # fmt: skip


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    priors = [m("prior_as", prior=m(f"prior.{name}"), value=value) for name, value in facts["priors"].items()]
    yield m("priors", list="; ".join(priors))
    yield m("evidence", people=m.number(PEOPLE), **_reported(facts, m))
    yield m("scale")
