"""The study of a planned trial: power, width of the interval, the winner's curse, and the size it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.execution.context import RunContext
from experiments.inputs.posterior import draws_of
from experiments.inputs.scenario_files import change, scenario_of
from experiments.statistics.two_proportions import check
from experiments.studies.result import StudyResult
from experiments.studies.trial.planned_trials import (
    ELSEWHERE,
    TrialPlan,
    Truth,
    arms_of,
    given,
    job,
    judged,
    parameter_sd,
    summary,
)
from experiments.studies.trial.power_study import LARGEST, SMALLEST, PowerStudy
from experiments.studies.trial.sample_size import Prospect, calculated
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import Arms

ROUNDS = 3
"""How often a size may be corrected by what was simulated at it, for each target."""
TRIALS, TRIALS_A_DRAW, DRAWS = 10_000, 200, 200
USUAL = "pooled"


@dataclass(frozen=True, kw_only=True)
class PowerRequest:
    """A planned trial and what is true: a scenario at points (draws), or two given risks."""

    plan: TrialPlan
    base: Scenario
    points: Sequence[dict[str, Any]]
    """One empty point without draws."""
    fixed: Truth | None = None


def run_power(study: PowerStudy, context: RunContext | None) -> StudyResult:
    """Simulate the planned trial on every truth, then search the size that each target needs."""
    context = context or RunContext()
    asked = _asked(study)
    plan, many = asked.plan, len(asked.points) > 1
    count = study.trials or (TRIALS_A_DRAW if many else TRIALS)
    with context.computing() as compute:

        def trials_of(size: int, each: int, first: int) -> list[Arms]:
            on = f" on each of {len(asked.points)} draws" if many else ""
            context.note(f"{each:,} trials of {size:,} people{on} ...")
            if asked.fixed is not None:
                return [given(asked.fixed, size, seed=study.seed, trials=each, first=first)]
            work = job(asked.base, replace(plan, size=size), asked.points, seed=study.seed, trials=each, first=first,
                       command=study.command())  # fmt: skip
            return arms_of(list(compute(work, f"{size:,} people")), len(asked.points))

        arms = trials_of(plan.size, count, 0)
        truths = [asked.fixed or Truth.of(each, plan.size) for each in arms]
        trials = [judged(each, truth, alpha=study.alpha, test=study.test)
                  for each, truth in zip(arms, truths, strict=True)]  # fmt: skip
        search = _Search(study=study, asked=asked, truths=truths, trials_of=trials_of)
        wanted = {target: search.size_for(target) for target in sorted(set(study.target))}
    return _result(study, asked, truths, trials, search, wanted, count)


class _Search:
    """The size that a target needs: calculated, then simulated there and corrected."""

    def __init__(self, *, study: PowerStudy, asked: PowerRequest, truths: list[Truth],
                 trials_of: Callable[[int, int, int], list[Arms]]) -> None:  # fmt: skip
        self.study, self.asked, self.truths, self.trials_of = study, asked, truths, trials_of
        self.known: dict[int, Sequence[Truth]] = {asked.plan.size: truths}
        self.simulated: dict[int, dict[str, float]] = {}
        self.ahead = Prospect(known=self.known, alpha=study.alpha, test=study.test)

    def size_for(self, target: float) -> int | None:
        """The size that reaches a target, simulated there; None if none does."""
        size = self.ahead.needed(target)
        while size and self.ahead.simulated_near(size) is None and \
                len(self.simulated) < ROUNDS * len(set(self.study.target)):  # fmt: skip
            each = max(2, min(2_000, max(200, 2_000_000 // size)) // len(self.truths))
            more = self.trials_of(size, each, (1 + len(self.simulated)) * ELSEWHERE)
            self.known[size] = self.truths if self.asked.fixed is not None else [Truth.of(few, size) for few in more]
            self.simulated[size] = summary(pd.concat([
                judged(few, truth, alpha=self.study.alpha, test=self.study.test)
                for few, truth in zip(more, self.known[size], strict=True)
            ]))  # fmt: skip
            size = self.ahead.needed(target)
        return self.ahead.simulated_near(size) if size else None


def _asked(study: PowerStudy) -> PowerRequest:
    """The plan and its truth, or a ``ParameterError`` if the options do not fit together."""
    if study.control is not None or study.difference is not None:
        return _given(study)
    if study.per_arm is not None:
        raise ParameterError(
            f"--per-arm is [{study.per_arm}], which needs a given truth: add --control and --difference"
        )
    base = scenario_of(study, USUAL)
    plan = TrialPlan(
        size=study.size or base.people.count, follow_up=study.follow_up or base.people.follow_up_months,
        definition=study.definition or base.trial.definition, group=study.group or "high-risk", lost=study.lost,
        high_risk_share=study.high_risk_share, drop_out=study.drop_out,
    )  # fmt: skip
    if not SMALLEST <= plan.size <= LARGEST:
        raise ParameterError(
            f"people.count is [{plan.size}] in scenario {base.name}; a planned trial has {SMALLEST} to {LARGEST:,} "
            "people: give --size"
        )
    plan.scenario(base)
    taken = [*plan.decides(base), *(change(each)[0] for each in study.set)]
    taken += [key.replace(f"programme.{next(iter(base.programme))}.", "programme.") for key in taken]
    return PowerRequest(plan=plan, base=base, points=draws_of(study, base, DRAWS, but=taken))


def _given(study: PowerStudy) -> PowerRequest:
    """Two given risks instead of a scenario."""
    control, difference, arm = study.control, study.difference, study.per_arm
    if control is None or difference is None:
        missing = "--difference" if difference is None else "--control"
        raise ParameterError(f"{missing} is missing; a truth without the model needs --control and --difference")
    needless = {
        "SCENARIO": study.scenario, "--posterior": study.posterior, "--draws": study.draws,
        "--drop-out": study.drop_out, "--follow-up": study.follow_up, "--definition": study.definition,
        "--set": study.set or None,
    }  # fmt: skip
    if arm is not None:
        needless |= {"--size": study.size, "--group": study.group, "--high-risk-share": study.high_risk_share}
    for key, value in needless.items():
        if value is not None:
            beside = "--per-arm" if key in ("--size", "--group", "--high-risk-share") else "--control and --difference"
            raise ParameterError(f"{key} is [{value}], but {beside} already decides it; leave one of them out")
    if not 0 <= control - difference <= 1:
        raise ParameterError(
            f"--difference is [{difference:g}] and --control [{control:g}]; the mentored's risk would be "
            f"{control - difference:g}: allowed is {control - 1:g} to {control:g}"
        )
    base = scenario_of(study, USUAL)
    everyone = arm is not None or study.group == "everyone"
    share = 1.0 if everyone else study.high_risk_share or base.risk.high_risk_share
    plan = TrialPlan(size=2 * arm if arm is not None else study.size or TrialPlan.size, lost=study.lost,
                     group="everyone" if everyone else "high-risk")  # fmt: skip
    fixed = Truth(mentored=control - difference, control=control, share=share * (1 - study.lost))
    return PowerRequest(plan=plan, base=base, points=[{}], fixed=fixed)


def _result(study: PowerStudy, asked: PowerRequest, truths: Sequence[Truth], trials: Sequence[pd.DataFrame],
            search: _Search, wanted: dict[float, int | None], count: int) -> StudyResult:  # fmt: skip
    """Tables and facts."""
    plan, many, ahead = asked.plan, len(truths) > 1, search.ahead
    power = summary(pd.concat(trials)) | {"parameter_sd": parameter_sd(trials)}
    exact = None if many else calculated(truths[0], plan.size, alpha=study.alpha, test=study.test)
    by_truth = ahead.favour(plan.size) if exact is None else np.array([exact.favour])
    steps, along = ahead.curve()
    simulated = {plan.size: power, **search.simulated}

    def per_arm(size: int) -> float:
        return float(np.mean([size * truth.share / 2 for truth in ahead.truths(size)]))

    def row(size: int, why: str, values: Any, seen: dict[str, float] | None = None) -> dict[str, Any]:
        low, high = np.quantile(values, [0.025, 0.975])
        return {"size": size, "per_arm": per_arm(size), "why": why, "power": float(np.mean(values)),
                "low": float(low), "high": float(high), "simulated": seen["favour"] if seen else float("nan"),
                "simulated_error": seen["error"] if seen else float("nan")}  # fmt: skip

    rows = [
        {"draw": number, "mentored": truth.mentored, "control": truth.control, "difference_error": truth.error,
         "per_arm": plan.size * truth.share / 2, "calculated": by_truth[number], **summary(each)}
        for number, (truth, each) in enumerate(zip(truths, trials, strict=True))
    ]  # fmt: skip
    sizes = [row(int(size), "curve", along[:, k]) for k, size in enumerate(steps)]
    sizes.append(row(plan.size, "planned", by_truth, power))
    sizes += [row(size, f"{100 * target:g} %", ahead.favour(size), simulated[size])
              for target, size in wanted.items() if size]  # fmt: skip
    needed = [{"target": target, "size": size, "per_arm": per_arm(size) if size else None,
               "difference": simulated[size]["difference"] if size else None,
               "simulated": simulated[size]["favour"] if size else None,
               "simulated_error": simulated[size]["error"] if size else None}
              for target, size in wanted.items()]  # fmt: skip
    whole = pd.concat(trials, ignore_index=True)
    facts = {
        "truth": "draws" if many else "given" if asked.fixed is not None else "scenario",
        "scenario": asked.base.name, "mentored": truths[0].mentored, "control": truths[0].control,
        "difference_error": truths[0].error, "draws": len(truths) if many else 0,
        "positive_draws": sum(each.difference > 0 for each in truths) / len(truths),
        "plan": {"size": plan.size, "group": plan.group, "definition": plan.definition, "follow_up": plan.follow_up,
                 "lost": plan.lost, "per_arm": float(np.mean([each["per_arm"] for each in rows]))},
        "power": power, "size_needed": wanted[study.target[0]], "needed": needed,
        "calculated": {"favour": float(by_truth.mean()), "low": float(np.quantile(by_truth, 0.025)),
                       "high": float(np.quantile(by_truth, 0.975)), "width": exact.width if exact else None,
                       "exaggeration": exact.exaggeration if exact else None},
        "largest": {"size": int(steps[-1]), "favour": float(along[:, -1].mean())},
        "alpha": study.alpha, "test": study.test, "check": check(alpha=study.alpha), "trials": count,
    }  # fmt: skip
    tables = {
        "power": pd.DataFrame(rows), "sizes": pd.DataFrame(sizes).sort_values(["size", "why"]),
        "reported": _reported(whole),
    }  # fmt: skip
    return StudyResult(
        study=study, tables=tables, facts=facts,
        scenario=None if asked.fixed is not None else plan.scenario(asked.base),
        counts={"trials": count, "draws": len(truths) if many else 0, "test": study.test, "alpha": study.alpha},
    )  # fmt: skip


BIN = 0.04
"""Width of a class of reported differences: four points."""


def _reported(trials: pd.DataFrame) -> pd.DataFrame:
    """How many trials report which difference (classes of ``BIN``), significant or not."""
    known = trials.dropna(subset=["difference"])
    first = int(np.floor(known["difference"].min() / BIN))
    edges = (np.arange(first, int(np.ceil(known["difference"].max() / BIN)) + 2) - 0.5) * BIN
    counts = {flag: np.histogram(known.loc[known["significant"] == flag, "difference"], edges)[0]
              for flag in (False, True)}  # fmt: skip
    middle = np.round((edges[:-1] + edges[1:]) / 2, 10)
    return pd.DataFrame({"difference": middle, "significant": counts[True], "not_significant": counts[False]})
