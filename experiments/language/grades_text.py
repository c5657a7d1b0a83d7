"""Shares of the doubt by grade in words, English and Danish."""

from __future__ import annotations

from collections.abc import Mapping

import numpy.typing as npt
import pandas as pd

from experiments.language.formatting import Language
from experiments.statistics.sobol_morris import OTHERS
from experiments.studies.sensitivity.variance_by_grade import REST, Inputs, of_draws
from simulation.parameters import ParameterError

NAMES: Mapping[str, tuple[str, str]] = {
    "measured": ("measured", "målte"), "judged": ("judged", "skønnede"), "assumed": ("assumed", "antagne"),
    OTHERS: ("doubts without an index of their own", "tvivl uden eget indeks"),
    REST: ("several together, and chance", "flere sammen, og tilfældet"),
}  # fmt: skip
SAID: Mapping[str, tuple[str, str]] = {
    "shares": ("The doubt about it (its variance) by evidence grade: {parts}. It is the doubt that is divided, not the "
               "outcome.",
               "Usikkerheden om det (variansen) efter grad: {parts}. Det er usikkerheden, der deles, ikke resultatet."),
    "part": ("{name} {share} ({low} to {high})", "{name} {share} ({low} til {high})"),
    "none": ("It does not vary: there is no doubt to divide.", "Det varierer ikke: der er ingen usikkerhed at dele."),
    "few": ("There are too few draws to divide the doubt by grade; give more --draws.",
            "Der er for få trækninger til at dele usikkerheden efter grad; giv flere med --draws."),
    "census": ("Quantities: {counts}. What is fixed carries no doubt here, whatever its grade.",
               "Størrelser: {counts}. Det, der er fast, bærer ingen usikkerhed her, uanset grad."),
    "count": ("{inputs} {name} ({doubted} in doubt, {fixed} fixed)",
              "{inputs} {name} ({doubted} usikre, {fixed} faste)"),
}  # fmt: skip


def lines(shares: pd.DataFrame | None, census: pd.DataFrame, language: Language = "en") -> list[str]:
    """Two sentences: how the doubt divides by grade, and how many quantities there are of each.

    Parameters
    ----------
    shares
        What ``grades.of_indices`` or ``grades.of_draws`` gives; None if there were too few draws.
    census
        What ``grades.Inputs.census`` gives.
    language
        ``en`` or ``da``.
    """
    danish = language == "da"

    def say(key: str, **parts: str) -> str:
        return SAID[key][danish].format(**parts)

    if shares is None:
        first = say("few")
    elif shares["share"].isna().any():
        first = say("none")
    else:
        each = [say("part", name=NAMES[row["grade"]][danish], share=_percent(row["share"]), low=_bare(row["low"]),
                    high=_percent(row["high"])) for row in shares.to_dict("records")]  # fmt: skip
        first = say("shares", parts=", ".join(each))
    numbers = [{str(key): str(value) for key, value in row.items()} for row in census.to_dict("records")]
    counts = [say("count", **{**row, "name": NAMES[row["grade"]][danish]}) for row in numbers]
    return [first, say("census", counts=", ".join(counts))]


def divided(
    inputs: Inputs, drawn: pd.DataFrame, values: npt.ArrayLike, *, seed: int
) -> tuple[pd.DataFrame | None, list[str]]:
    """How the doubt about a number divides: what ``grades.of_draws`` gives (None with too few draws), and in words."""
    try:
        shares = of_draws(drawn, values, inputs.grade, seed=seed)
    except ParameterError:
        shares = None
    return shares, lines(shares, inputs.census())


def _bare(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.0f}"


def _percent(share: float) -> str:
    """A share as people write it, within 0 and 100: an estimate can lie slightly outside."""
    return f"{_bare(share)} %"
