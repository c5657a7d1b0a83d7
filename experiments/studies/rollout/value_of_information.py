"""What it is worth to know more before a plan is decided on: everything, some things, or the result of a further trial.

The choice is between the plan and no plan; the net benefit of the plan is what the public purses get back less what
they pay, over the plan's years. It comes from the runs of ``discovery``: one draw each of everything that is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.statistics.value_of_information import Worth, evpi, evppi, evppi_table, seen_shares, trial_worth
from experiments.studies.rollout.discovery import PLAN, PRICE
from simulation.parameters import ParameterError

SIZES = (0, 50, 100, 200, 400, 800)
"""People in each arm of a further trial."""
RESEARCH = 12_000.0
"""Kroner a person in a trial, beside the courses: recruiting, registers, analysis; assumed."""
GROUPS: dict[str, tuple[str, ...]] = {
    "the effect of mentoring": ("effect.strength", "effect.support_share", "programme.half_life_months",
                                "programme.stays", "programme.direct_effect_others", "programme.support_effect_others"),
    "who says yes, and who they are": ("people.accepts_volunteers", "people.accepts_system",
                                       "people.acceptance_by_motivation", "people.motivation_hazard_ratio"),
    "volunteers and scaling up": (f"{PLAN}volunteers.recruiting_reached", f"{PLAN}volunteers.ceiling_per_100000",
                                  f"{PLAN}volunteers.campaign_months", f"{PLAN}quality.lost_per_doubling",
                                  "volunteers.quit_chance", "volunteers.quit_after_end"),
    "how matches go": ("programme.contact_chance", "programme.unplanned_exit"),
    "the price of a course": (f"{PRICE}scheme.primus_motor.per_start",),
    "the price of a prison day": (f"{PRICE}prison.day",),
}  # fmt: skip
"""Quantities that would be learned together."""


@dataclass(frozen=True, kw_only=True)
class Worths:
    """What knowledge is worth for a plan, kroner for the whole plan."""

    everything: Worth
    groups: pd.DataFrame
    """What ``worth.evppi_table`` gives, for ``GROUPS``."""
    single: pd.DataFrame
    """The same for single quantities."""
    trials: pd.DataFrame
    """What ``worth.trial_worth`` gives, by people in each arm."""
    known: Worth
    """The worth of knowing both risks of the trial's group for sure: what a trial can reach at most."""
    chosen: str
    """What is decided without further knowledge: plan, or no plan."""


def benefits(net: np.ndarray) -> np.ndarray:
    """Net benefit of no plan and of the plan (kroner, draws x 2)."""
    return np.column_stack([np.zeros(len(net)), net])


def learned(
    inputs: pd.DataFrame, net: np.ndarray, risks: pd.DataFrame, *, course: float, sizes: Sequence[int] = SIZES,
    research: float = RESEARCH, seed: int = 1,
) -> Worths:  # fmt: skip
    """What knowing more is worth.

    Parameters
    ----------
    inputs
        Draws x quantities (``discovery.drawn``).
    net
        Public kroner got back less paid by the plan, one a draw, discounted.
    risks
        Two-year risks of the trial's highest-risk group at each draw: ``control`` and ``mentored`` (0-1).
    course, research
        Kroner for a course and for a person in a trial.
    sizes
        People in each arm.
    seed
        Luck of the trials.
    """
    if len(inputs) != len(net) or len(risks) != len(net):
        raise ParameterError(f"[{len(inputs)}] draws have inputs and [{len(net)}] net benefits; the same are needed")
    benefit = benefits(net)
    groups = {name: [key for key in keys if key in inputs] for name, keys in GROUPS.items()}
    table = evppi_table(benefit, inputs, groups={name: keys for name, keys in groups.items() if keys})
    control, mentored = (risks[name].to_numpy(np.float64) for name in ("control", "mentored"))
    known = evppi(benefit, pd.DataFrame({"control": control, "gap": control - mentored}), seed=seed)
    trials = trial_worth(
        benefit, sizes, lambda size: seen_shares(control, mentored, size, seed=seed), people=1.0,
        cost=lambda size: size * course + 2 * size * research, seed=seed,
    )  # fmt: skip
    return Worths(
        everything=evpi(benefit), groups=table, single=evppi_table(benefit, inputs, shuffles=1), trials=trials,
        known=known, chosen="the plan" if net.mean() > 0 else "no plan",
    )  # fmt: skip
