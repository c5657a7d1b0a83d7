"""The three named settings of the mentors' effect, and how their parameters are found.

Each setting is a marginal hazard ratio over 24 months in the highest-risk group, 67 % of whose controls reoffend:
0.31 is the trial at face value (29 %), 0.65 the trial shrunk toward nine other trials, 0.85 the sceptic's. The
model's own parameter is the hazard ratio while they meet; drop-out, unmatched people and the fading afterwards stand
between the two. ``solve`` finds the hazard ratio during contact at which a large number of trials, by intention to
treat, gives the risk that the setting stands for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.control_risk import with_control_risk
from experiments.inputs.parameter_points import SHARE, STRENGTH, at_point
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import CONTROL_PERCENT
from experiments.studies.result import StudyResult
from experiments.studies.trial.fit_effects_study import FitEffectsStudy
from simulation.scenario import Scenario
from simulation.trial_counts import highest_risk, trial_counts

SUPPORT_SHARE = 0.4
"""Share of the log effect through support factors: the middle of U(0.2, 0.6)."""
SEED = 20_160_402
TRIALS = 1_000


@dataclass(frozen=True, kw_only=True)
class EffectSetting:
    """A named setting: the marginal hazard ratio over 24 months it stands for, and the half-life it assumes."""

    name: str
    hazard_ratio: float
    half_life_months: float

    @property
    def mentored_risk(self) -> float:
        """Two-year risk of the mentored when that of the controls is 67 %: 1 - 0.33 ** hazard ratio."""
        return float(1 - (1 - CONTROL_PERCENT / 100) ** self.hazard_ratio)


SETTINGS = (
    EffectSetting(name="as-reported", hazard_ratio=0.309, half_life_months=36.0),
    EffectSetting(name="pooled", hazard_ratio=0.65, half_life_months=18.0),
    EffectSetting(name="sceptical", hazard_ratio=0.85, half_life_months=18.0),
)


def mentored_risk_at(scenario: Scenario, hazard_ratio: float, *, trials: int = TRIALS) -> float:
    """Risk of the mentored in the highest-risk group (intention to treat) at a hazard ratio during contact."""
    point = at_point(scenario, {STRENGTH: hazard_ratio, SHARE: SUPPORT_SHARE})
    counts = trial_counts(point, seed=SEED, trials=trials)
    return highest_risk(counts, scenario.trial.definition).risks[0]


def solve(setting: EffectSetting, base: Scenario, *, trials: int = TRIALS) -> float:
    """Hazard ratio during contact at which the mentored reach the setting's risk; bisection, common random numbers.

    0.001 is returned where even that is not enough.
    """
    scenario = base.changed({"programme.half_life_months": setting.half_life_months})
    low, high = 0.001, 1.0
    if mentored_risk_at(scenario, low, trials=trials) > setting.mentored_risk:
        return low
    for _ in range(14):
        middle = float(np.sqrt(low * high))
        if mentored_risk_at(scenario, middle, trials=trials) > setting.mentored_risk:
            high = middle
        else:
            low = middle
    return float(f"{np.sqrt(low * high):.3g}")


def run_fit_effects(study: FitEffectsStudy, context: RunContext | None) -> StudyResult:
    """Baseline hazard multiplier of the trial's controls, and each setting's parameters beside the shipped ones."""
    context = context or RunContext()
    base = with_control_risk(load("trial"), CONTROL_PERCENT / 100)
    rows = []
    for setting in context.progress(SETTINGS, len(SETTINGS), "settings"):
        ratio = solve(setting, base, trials=study.trials)
        shipped = next(iter(load(setting.name).programme.values()))
        rows.append({
            "setting": setting.name, "marginal_hazard_ratio": setting.hazard_ratio,
            "mentored_risk": setting.mentored_risk, "hazard_ratio": ratio,
            "direct_hazard_ratio": ratio ** (1 - SUPPORT_SHARE), "support_hazard_ratio": ratio**SUPPORT_SHARE,
            "half_life_months": setting.half_life_months, "shipped_direct": shipped.direct_hazard_ratio,
            "shipped_support": shipped.support_hazard_ratio,
        })  # fmt: skip
    facts = {"hazard_multiplier": base.risk.hazard_multiplier, "control_risk": CONTROL_PERCENT / 100,
             "trials": study.trials,
             "support_share": SUPPORT_SHARE, "settings": rows}  # fmt: skip
    return StudyResult(study=study, tables={"settings": pd.DataFrame(rows)}, facts=facts, scenario=base,
                       counts={"trials": study.trials})  # fmt: skip
