"""The three named settings of the mentors' effect, and how their parameters are found.

Each setting is a marginal hazard ratio over 24 months in the highest-risk group, 67 % of whose controls reoffend:
0.31 is the trial at face value (29 %), 0.65 the trial shrunk toward nine other trials, 0.85 the sceptic's. The
model's own parameter is the hazard ratio while they meet; drop-out, unmatched people and the fading afterwards stand
between the two. ``solve`` finds the strength at which a large number of trials, as randomised, gives the risk that
the setting stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.inputs.control_risk import with_control_risk
from experiments.inputs.parameter_points import SHARE, STRENGTH, at_point
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import CONTROL_PERCENT
from simulation.scenario import Scenario
from simulation.trial_counts import highest_risk, trial_counts

SUPPORT_SHARE = 0.4
"""Share of the log effect through support factors: the middle of U(0.2, 0.6)."""
SEED = 20_160_402
TRIALS = 1_000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A named setting: the marginal hazard ratio over 24 months it stands for, and the half-life it assumes."""

    name: str
    hazard_ratio: float
    half_life_months: float

    @property
    def risk(self) -> float:
        """Two-year risk of the mentored when that of the controls is 67 %: 1 - 0.33 ** hazard ratio."""
        return float(1 - (1 - CONTROL_PERCENT / 100) ** self.hazard_ratio)


SETTINGS = (
    Setting(name="as-reported", hazard_ratio=0.309, half_life_months=36.0),
    Setting(name="pooled", hazard_ratio=0.65, half_life_months=18.0),
    Setting(name="sceptical", hazard_ratio=0.85, half_life_months=18.0),
)


def risk_at(scenario: Scenario, strength: float, *, trials: int = TRIALS) -> float:
    """Pooled risk of the mentored in the highest-risk group, as randomised, at a strength of the effect."""
    point = at_point(scenario, {STRENGTH: strength, SHARE: SUPPORT_SHARE})
    counts = trial_counts(point, seed=SEED, trials=trials)
    return highest_risk(counts, scenario.trial.definition).risks[0]


def solve(setting: Setting, base: Scenario, *, trials: int = TRIALS) -> float:
    """Strength (hazard ratio while they meet) at which the mentored reach the setting's risk; bisection, same luck.

    0.001 is returned where even that is not enough.
    """
    scenario = base.changed({"programme.half_life_months": setting.half_life_months})
    low, high = 0.001, 1.0
    if risk_at(scenario, low, trials=trials) > setting.risk:
        return low
    for _ in range(14):
        middle = float(np.sqrt(low * high))
        if risk_at(scenario, middle, trials=trials) > setting.risk:
            high = middle
        else:
            low = middle
    return float(f"{np.sqrt(low * high):.3g}")


def solved(
    *, trials: int = TRIALS, shown: Callable[[Iterable[Setting]], Iterable[Setting]] = iter
) -> tuple[float, pd.DataFrame]:
    """Level of risk for the trial's controls, and the parameters of each setting beside the shipped ones.

    ``shown`` may wrap the settings to show progress.

    Returns
    -------
    The level at which 67 % of the highest-risk controls reoffend (definition of the trial scenario), and a table:
    setting, hazard_ratio, aim (risk), strength, direct_effect, support_effect, half_life_months, shipped_direct,
    shipped_support.
    """
    base = with_control_risk(load("trial"), CONTROL_PERCENT / 100)
    rows = []
    for setting in shown(SETTINGS):
        strength = solve(setting, base, trials=trials)
        shipped = next(iter(load(setting.name).programme.values()))
        rows.append({
            "setting": setting.name, "hazard_ratio": setting.hazard_ratio, "aim": setting.risk, "strength": strength,
            "direct_effect": strength ** (1 - SUPPORT_SHARE), "support_effect": strength**SUPPORT_SHARE,
            "half_life_months": setting.half_life_months, "shipped_direct": shipped.direct_effect,
            "shipped_support": shipped.support_effect,
        })  # fmt: skip
    return base.risk.level, pd.DataFrame(rows)
