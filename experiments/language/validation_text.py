"""What the studies of other countries found, in sentences; and whether there are draws enough to say it."""

from __future__ import annotations

import pandas as pd

from experiments.provenance.results_folder import percent
from experiments.studies.validation.fit import ENOUGH, Draws
from experiments.studies.validation.life_aid import Comparison
from experiments.studies.validation.life_maryland import MEN, Prediction, expected
from experiments.studies.validation.north_carolina import DOUBTFUL, HALVES, people
from simulation.parameters import ParameterError


def enough(draws: Draws) -> None:
    """Refuse to report on draws that stand for too few."""
    if draws.effective < ENOUGH:
        raise ParameterError(
            f"the draws stand for [{draws.effective:.0f}] independent ones; at least {ENOUGH:.0f} are needed: "
            f"raise --draws to {_more(draws)} or more"
        )


def _more(draws: Draws) -> int:
    now = len(draws.weight) / 4
    return round(1.3 * now * ENOUGH / max(draws.effective, 1.0))


def predicted(found: Prediction) -> list[str]:
    """The prediction of the aided men."""
    e, seen = expected(found), int(found.control.sum())
    return [
        f"Fitted to the {MEN} men without aid, of whom {seen} ({percent(seen / MEN)}) were arrested within 52 weeks: "
        f"the level of risk, its fall after release, and the delay from offence to arrest.",
        f"Predicted for the {MEN} men with aid: {percent(e['aided'])} arrested, {100 * e['difference']:.1f} points "
        f"fewer than without it ({100 * e['difference_low']:.1f} to {100 * e['difference_high']:.1f}), a hazard "
        f"ratio of {e['hazard_ratio']:.2f} ({e['hazard_ratio_low']:.2f} to {e['hazard_ratio_high']:.2f}).",
        f"With the chance of {MEN} men: {e['arrests']:.0f} arrested ({e['arrests_low']:.0f} to "
        f"{e['arrests_high']:.0f}), which would print a difference of {100 * e['printed_low']:.1f} to "
        f"{100 * e['printed_high']:.1f} points.",
    ]


def judged(seen: Comparison, learned: pd.DataFrame) -> list[str]:
    """The aided men beside the prediction."""
    inside = "lies among" if seen.compatible else "lies outside"
    money = learned.set_index("key").loc["factor.economy.lacking_hazard_ratio"]
    times = seen.odds if seen.odds >= 1 else 1 / seen.odds
    what = "the prediction" if seen.odds >= 1 else "no effect at all"
    other = "no effect at all" if seen.odds >= 1 else "the prediction"
    return [
        f"Seen: {seen.arrests} of the {MEN} men with aid arrested, {100 * seen.difference:.1f} points fewer "
        f"({100 * seen.low:.1f} to {100 * seen.high:.1f}), a hazard ratio of {seen.hazard_ratio:.2f} "
        f"({seen.hazard_low:.2f} to {seen.hazard_high:.2f}).",
        f"Verdict: what was seen {inside} the middle 95 % of what was predicted ({percent(seen.at_least_as_far)} of "
        "the predicted groups lie as far from the middle or farther).",
        f"What was seen is {times:.1f} times as probable under {what} as under {other}: "
        + ("next to nothing is decided between them." if times < 3 else "that is some evidence."),
        f"The hazard of men in need of money: {money['mean']:.2f} times ({money['low']:.2f} to {money['high']:.2f}) "
        f"before the men with aid were looked at, {money['after_mean']:.2f} ({money['after_low']:.2f} to "
        f"{money['after_high']:.2f}) after them.",
    ]


def carolina(verdicts: pd.DataFrame, groups: pd.DataFrame, own: pd.DataFrame) -> list[str]:
    """The held-out half beside its prediction; ``own`` are the groups of the half that was fitted."""
    sizes = people().groupby("half")["people"].sum()
    number, inside = len(groups), int(groups["inside"].sum())
    words = [
        f"Fitted to the return curve of {sizes[HALVES[0]]} people, everybody together: level of risk, share who never "
        "offend, its fall after release (two numbers), and the delay to the decision. Age and earlier convictions "
        "are left as in the model.",
        f"Of the {number} shares predicted for groups of the other {sizes[HALVES[1]]} people, {inside} lie among the "
        f"middle 95 % of groups of that size ({percent(inside / number)}; they overlap, so that is no test). In the "
        f"fitted half, whose groups were not fitted either, {int(own['inside'].sum())} of {len(own)} do.",
    ]
    words += [
        f"{row['pattern'].capitalize()} ({row['what']}): {'met' if row['met'] else 'not met'}, p = {row['p']:.3f} (not "
        f"met below {DOUBTFUL})."
        for row in verdicts.to_dict("records")
    ]
    words += [
        f"Outside: {row['by']} {row['group']}, {row['months']} months: {percent(row['seen'])} seen, "
        f"{percent(row['people_low'])} to {percent(row['people_high'])} predicted ({row['people']} people)."
        for row in groups[~groups["inside"]].to_dict("records")
    ]
    return words
