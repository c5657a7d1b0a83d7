"""The trial, run again as it was designed: 97 people, two arms, two years; ten thousand times.

What does such a trial print, under a given effect of mentoring? Each replicate is one trial with its own people and
its own chance; people are analysed as randomised (in the arm they were drawn to) and as treated (the mentored arm
is only those who met their mentors at least once), since the report's own way is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from experiments.inputs.trial_result import (
    CONTROL_PERCENT,
    MENTORED_PERCENT,
    PEOPLE,
    best_log_likelihood,
    printed,
    support,
)  # fmt: skip
from simulation.scenario import Scenario
from simulation.trial_counts import Arms, Counts, highest_risk, trial_counts


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a trial prints under one scenario: counts, pooled risks, and where the observed pair lies."""

    scenario: Scenario
    counts: Counts
    seed: int
    arms: dict[str, Arms] = field(init=False)

    def __post_init__(self) -> None:
        definition = self.scenario.trial.definition
        ways = {name: highest_risk(self.counts, definition, treated=name == "as treated") for name in ANALYSES}
        object.__setattr__(self, "arms", ways)

    def rows(self) -> pd.DataFrame:
        """One row an analysis: risks with simulation error, middle 95 % of printed shares, where 29 and 67 lie.

        Columns mentored, control, difference (shares), their ``_low`` and ``_high`` (2.5 and 97.5 % of trials),
        ``at_most_29`` and ``at_least_67`` (shares of trials), ``as_far_apart`` (difference of 38 points or more),
        ``exactly`` (both percentages printed), ``support`` (see ``observed.RULE``).
        """
        rows = []
        for name, arms in self.arms.items():
            shares = arms.printed_shares()
            mentored_share, control_share = (each[~np.isnan(shares[0] + shares[1])] for each in shares)
            gap = control_share - mentored_share
            risks, errors = arms.risks, arms.errors
            low = lambda x: float(np.quantile(x, 0.025)) if len(x) else float("nan")  # noqa: E731
            high = lambda x: float(np.quantile(x, 0.975)) if len(x) else float("nan")  # noqa: E731
            percents = [np.floor(100 * each + 0.5) for each in (mentored_share, control_share)]
            both = (percents[0] == MENTORED_PERCENT) & (percents[1] == CONTROL_PERCENT)
            rows.append({
                "analysis": name, "mentored": risks[0], "mentored_error": errors[0],
                "mentored_low": low(mentored_share), "mentored_high": high(mentored_share),
                "control": risks[1], "control_error": errors[1],
                "control_low": low(control_share), "control_high": high(control_share),
                "difference": risks[1] - risks[0], "difference_low": low(gap), "difference_high": high(gap),
                "at_most_29": float((percents[0] <= MENTORED_PERCENT).mean()),
                "at_least_67": float((percents[1] >= CONTROL_PERCENT).mean()),
                "as_far_apart": float((percents[1] - percents[0] >= CONTROL_PERCENT - MENTORED_PERCENT).mean()),
                "exactly": float(both.mean()), "support": float(support(risks[0], risks[1])),
            })  # fmt: skip
        return pd.DataFrame(rows)


ANALYSES = ("as randomised", "as treated")


def answer(scenario: Scenario, *, seed: int, trials: int, threads: int | None = None) -> Answer:
    """Run a trial many times under one scenario."""
    counts = trial_counts(scenario, seed=seed, trials=trials, threads=threads)
    return Answer(scenario=scenario, counts=counts, seed=seed)


def sizes_in_words() -> str:
    """The note on group sizes that goes with every comparison."""
    way = printed()
    mentored_sizes = sorted({int(n) for n in way.mentored_size})
    control_sizes = sorted({int(n) for n in way.control_size})
    return (
        f"The sizes behind {MENTORED_PERCENT} % and {CONTROL_PERCENT} % were never published. All {len(way.weight)} "
        f"pairs of counts and sizes that round to them and are possible with {PEOPLE} people are used: mentored groups "
        f"of {_few(mentored_sizes)}, control groups of {_few(control_sizes)}."
    )


def _few(numbers: list[int]) -> str:
    return f"{', '.join(map(str, numbers[:4]))} ... {numbers[-1]}"


def best_possible() -> float:
    """Probability that a trial prints exactly 29 % and 67 %, at the pair of risks that makes it most probable."""
    return float(np.exp(best_log_likelihood()))


