"""What scenario discovery found, in one sentence of English or Danish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from experiments.language.formatting import Language, number
from experiments.statistics.prim import Limit
from experiments.statistics.scenario_discovery import FEWEST, Found

PLAN = {"en": "the plan does not pay back", "da": "planen tjener sig ikke hjem"}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "above": "{label} is above {value}", "below": "{label} is below {value}",
        "between": "{label} is between {low} and {high}", "one of": "{label} is {value}",
        "and": " and ", "or": " or ",
        "where": "{plan} where {conditions}: {density} of such runs fail, and these are {coverage} of all failures.",
        "none fail": "None of {runs} runs fails: there is no condition to look for.",
        "all fail": "All {runs} runs fail, whatever the conditions.",
        "few fail": "Only {failures} of {runs} runs fail: too few to say where ({fewest} are needed).",
        "few hold": "All but {rest} of {runs} runs fail: too few hold to say where ({fewest} are needed).",
        "nothing stands out": "No condition stands out among {runs} runs, of which {failures} fail.",
    },
    "da": {
        "above": "{label} er over {value}", "below": "{label} er under {value}",
        "between": "{label} er mellem {low} og {high}", "one of": "{label} er {value}",
        "and": " og ", "or": " eller ",
        "where": "{plan}, hvor {conditions}: {density} af den slags kørsler slår fejl, og det er {coverage} af alle "
        "fejlslagne.",
        "none fail": "Ingen af {runs} kørsler slår fejl: der er ingen betingelse at lede efter.",
        "all fail": "Alle {runs} kørsler slår fejl, uanset betingelserne.",
        "few fail": "Kun {failures} af {runs} kørsler slår fejl: for få til at sige hvor (der skal {fewest} til).",
        "few hold": "Alle på nær {rest} af {runs} kørsler slår fejl: for få lykkes til at sige hvor (der skal {fewest} "
        "til).",
        "nothing stands out": "Ingen betingelse skiller sig ud blandt {runs} kørsler, hvoraf {failures} slår fejl.",
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """How a quantity is said; each by language. ``above`` and ``below`` replace the usual words, with ``{value}``."""

    label: Mapping[str, str]
    unit: Mapping[str, str] = field(default_factory=dict)
    """Written behind the value, with its space (" kr."); none if it is not there."""
    above: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)
    times: float = 1.0
    """A value is multiplied by this before it is said: 100 for shares said in per cent."""
    decimals: int | None = None
    """Decimals of a value that is said; None for two or three significant digits."""


def said(
    found: Found, quantities: Mapping[str, Quantity], *, language: Language, plan: Mapping[str, str] = PLAN
) -> str:
    """One sentence: the conditions with held-out density and coverage, or why there are none.

    Parameters
    ----------
    found
        What ``boxes.discover`` gave.
    quantities
        How its columns are said; a column that is not there is said as it is called.
    language
        ``en`` or ``da``.
    plan
        What a failing plan does, by language, as a clause without a full stop.
    """
    words = WORDS[language]
    if found.box is None:
        counts = {"runs": found.runs, "failures": found.failures, "rest": found.runs - found.failures, "fewest": FEWEST}
        return words[found.why].format(**{key: number(value, language) for key, value in counts.items()})
    conditions = words["and"].join(
        condition(quantities.get(name, Quantity(label={language: name})), limit, language=language)
        for name, limit in found.box.limits.items()
    )
    shares = {key: share(float(found.held_out[key])) for key in ("density", "coverage")}
    text = words["where"].format(plan=plan[language], conditions=conditions, **shares)
    return text[0].upper() + text[1:]


def condition(quantity: Quantity, limit: Limit, *, language: Language) -> str:
    """One condition in words."""
    words, label, unit = WORDS[language], quantity.label[language], quantity.unit.get(language, "")
    if isinstance(limit, frozenset):
        return words["one of"].format(label=label, value=words["or"].join(sorted(limit)))
    low, high = (number(quantity.times * end, language, quantity.decimals) for end in limit)
    if np.isinf(limit[1]):
        return quantity.above.get(language, words["above"]).format(label=label, value=low + unit)
    if np.isinf(limit[0]):
        return quantity.below.get(language, words["below"]).format(label=label, value=high + unit)
    return words["between"].format(label=label, low=low, high=high + unit)


def share(value: float) -> str:
    """A share (0-1) in whole per cent, the same in both languages; all and none are said only where they are true."""
    text = f"{100 * value:.0f} %"
    if text == "100 %" and value < 1:
        return "over 99 %"
    return "under 1 %" if text == "0 %" and value > 0 else text


