"""The answer of ``desist sensitivity`` in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.language.answer import Answer, Shown
from experiments.language.grades_text import grade_sentences
from experiments.language.messages import Messages
from experiments.language.quantities import quantity_name

SHOWN = 12
"""Most inputs that are listed and drawn, over draws; all are in the table."""
HARDLY, FAR, NOISY, GIVEN = 0.02, 0.2, 0.1, 0.005
"""Part of the variance below which an input hardly matters; part of the first's at which the second is far behind; part
that may be simulation noise before more trials are needed; part from which on the noise is given as a number."""
NAMED = 5
"""Most inputs that are named as hardly mattering."""
Row = Mapping[str, Any]


def answer(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Answer:
    """How uncertain the outcome is, what it depends on, what hardly matters, and how much is noise."""
    sentences = [*_sentences(facts, tables, m), *grade_sentences(facts["grades"], facts["census"], m)]
    return Answer(sentences=sentences, tables=[_table(facts, m)], notes=list(_notes(facts, m)))


def pair(low: object, high: object, m: Messages) -> tuple[str, str]:
    """Two values of an input with as few digits as make them differ (texts as they are)."""
    for digits in (2, 3, 4):
        texts = _digits(low, digits, m), _digits(high, digits, m)
        if texts[0] != texts[1]:
            break
    return texts


def _digits(value: object, digits: int, m: Messages) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    if abs(value) >= 10 ** (digits - 1):
        return m.number(value, 0)
    text = f"{value:.{digits}g}"
    return text if "e" in text else m.number(float(text), len(text.partition(".")[2]))


def _sentences(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], m: Messages) -> Iterator[str]:
    draws, name = facts["draws"], m(f"outcome.{facts['outcome']}.label")
    over = m("over_draws", draws=m.number(draws, 0)) if draws else \
        m("over_priors", quantities=m.number(facts["quantities"], 0))  # fmt: skip
    yield m("spread", over=over, outcome=name, scenario=facts["scenario"], low=_valued(facts["low"], facts, m),
            **{end: _valued(facts[end], facts, m, unit=True) for end in ("mean", "high")})  # fmt: skip
    own = [row for row in facts["rows"] if row["key"] != facts["others"]]
    if all(row["first"] is None for row in own):
        yield m("same_everywhere")
        return
    size = "first" if draws else "total"
    top, *more = own[:3]
    yield m("most_draws" if draws else "most", **_parts(top, m))
    bar = next(row for row in facts["tornado"] if row["key"] == top["key"])
    least, most = pair(bar["low"], bar["high"], m)
    yield m("moves", least=least, most=most, outcome=name,
            low=_valued(bar["outcome_low"], facts, m),
            high=_valued(bar["outcome_high"], facts, m, unit=True))  # fmt: skip
    if more:
        far = more[0][size] < FAR * top[size]
        items = [m("item_draws" if draws else "item", **_parts(row, m)) for row in more]
        yield m("far_behind" if far else "next", items=m.listed(items))
    if draws:
        yield m("dependent")
    else:
        yield from _together(facts, own, tables, m)
    yield _noise(facts, m)


def _together(
    facts: Mapping[str, Any], own: Sequence[Row], tables: Mapping[str, pd.DataFrame], m: Messages
) -> Iterator[str]:
    """What the first three explain, what is interaction, and what hardly matters."""
    noise = facts["stochastic_share"]
    if len(own) > 3:
        yield m("three", share=_whole(sum(row["first"] for row in own[:3]), m))
    rest = 1.0 - sum(row["first"] for row in facts["rows"])
    half = sum((row["first_high"] - row["first"]) ** 2 for row in facts["rows"]) ** 0.5
    if rest + half >= HARDLY:
        yield m("interactions", share=_whole(rest, m), low=_bare(rest - half, m), high=_whole(rest + half, m))
    else:
        yield m("no_interactions")
    left = next((row for row in facts["rows"] if row["key"] == facts["others"]), None)
    if left is not None:
        yield m("left", number=m.number(len(tables["morris"]) - len(own), 0), share=_whole(left["total"], m))
    small = [quantity_name(row["key"], m) for row in own[3:] if row["total"] < HARDLY + noise]
    if small and noise <= NOISY:
        more = [m("more", number=m.number(len(small) - NAMED, 0))] if len(small) > NAMED else []
        yield m("hardly", bar=_whole(HARDLY + noise, m), names="; ".join([*small[:NAMED], *more]))


def _noise(facts: Mapping[str, Any], m: Messages) -> str:
    share = facts["stochastic_share"]
    text = m("noise", share=_whole(share, m)) if share >= GIVEN else m("noise_none")
    if share >= GIVEN and not facts["draws"]:
        text += m("noise_interactions")
    return f"{text}{m('noise_more') if share > NOISY else ''}."


def _parts(row: Row, m: Messages) -> dict[str, str]:
    found = {"input": quantity_name(row["key"], m), "first": _whole(row["first"], m)}
    return found | ({"total": _whole(row["total"], m)} if "total" in row else {})


def _table(facts: Mapping[str, Any], m: Messages) -> Shown:
    """The parts as people read them, with the ends of the tornado."""
    ends = {row["key"]: row for row in facts["tornado"]}
    names = ("first", "total") if "total" in facts["rows"][0] else ("first",)
    lines = []
    for row in facts["rows"][: SHOWN if facts["draws"] else None]:
        line = {m("columns.input"): quantity_name(row["key"], m),
                **{m(f"columns.{name}"): _spanned(row, name, m) for name in names}}  # fmt: skip
        if (bar := ends.get(row["key"])) is not None:
            for end, text in zip(("low", "high"), pair(bar["low"], bar["high"], m), strict=True):
                line[m(f"columns.{end}")] = m("at", outcome=_valued(bar[f"outcome_{end}"], facts, m), value=text)
        lines.append(line)
    return Shown(table=pd.DataFrame(lines).fillna(""))


def _notes(facts: Mapping[str, Any], m: Messages) -> Iterator[str]:
    yield m("counted", outcome=facts["outcome"], what=m(f"outcome.{facts['outcome']}.what"))
    if facts["definition"] is not None:
        yield m("definition", definition=m("definition_draws") if facts["definition"] == "draws" else
                m(f"common.definition.{facts['definition']}"))  # fmt: skip
    yield m("columns_draws" if facts["draws"] else "columns_priors")
    bars = facts["tornado_ends"]
    ends = m("ends_draws", fifth=m.percent(bars["fifth"], 0)) if facts["draws"] else \
        m("ends", low=m.number(100 * bars["low"], 0), high=m.percent(bars["high"], 0))  # fmt: skip
    yield m("low_high_points" if facts["unit"] == "points" else "low_high", ends=ends)
    margin = 1.96 * facts["stochastic_sd"]
    margin_text = m("with_points", value=m.points(margin)) if facts["unit"] in ("points", "share") else \
        m.number(margin, 2)  # fmt: skip
    number = facts["trials"]
    more = f" {m('tornado_trials', trials=m.number(facts['tornado_trials'], 0))}" \
        if facts["tornado_trials"] > number else ""  # fmt: skip
    yield m("simulated", runs=m.number(facts["runs"], 0), more=more, margin=margin_text,
            trials=m("trial" if number == 1 else "trials", n=m.number(number, 0)))  # fmt: skip


def _valued(value: float, facts: Mapping[str, Any], m: Messages, *, unit: bool = False) -> str:
    """A value of the outcome, with its unit where that is asked for."""
    if facts["unit"] == "share":
        return m.percent(value, 1)
    text = m.points(value) if facts["unit"] == "points" else m.number(round(value, 2) + 0.0, 2)
    return m("with_points", value=text) if unit and facts["unit"] == "points" else text


def _whole(share: float, m: Messages) -> str:
    """A part of the variance; an estimate below 0 is shown as 0."""
    return m.percent(max(0.0, share), 0)


def _bare(share: float, m: Messages) -> str:
    """The same without the sign."""
    return m.number(100 * max(0.0, share), 0)


def _spanned(row: Row, name: str, m: Messages) -> str:
    if row[name] is None:
        return "–"
    low, high = (_bare(row[f"{name}_{end}"], m) for end in ("low", "high"))
    return f"{_whole(row[name], m)} ({m.to(low, high)})"
