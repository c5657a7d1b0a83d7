"""The trial, run again as it was designed: 97 people, two arms, two years; ten thousand times.

What does such a trial print, under a given effect of mentoring? Each replicate is one trial with its own people and
its own chance; people are analysed as randomised (in the arm they were drawn to) and as treated (the mentored arm
is only those who met their mentors at least once), since the report's own way is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.observed import (
    CONTROL_PERCENT,
    MENTORED_PERCENT,
    PEOPLE,
    best_log_likelihood,
    printed,
    support,
)  # fmt: skip
from simulation.engine import Cohort, over_chunks
from simulation.history import mentored
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.sections import Definition

Counts = npt.NDArray[np.int32]
WINDOW = 24
MEASURES = ("people", *DEFINITIONS, "treated", *(f"treated {name}" for name in DEFINITIONS))
"""Columns of a trial's counts: people, reoffenders by definition, then the same of the treated only."""
CONTROL, MENTORED = 0, 1
OTHERS, HIGHEST = 0, 1
SOLVING_SEED = 20_160_401
"""Luck on which a control risk is solved for (no study's own)."""
SOLVING_TRIALS = 200


def trial_counts(scenario: Scenario, *, seed: int, trials: int | range, threads: int | None = None) -> Counts:
    """Counts of each trial.

    Parameters
    ----------
    scenario
        A scenario whose people are randomised.
    seed, trials, threads
        Luck; how many trials (or their numbers); worker threads.

    Returns
    -------
    Whole numbers, trials x arms (control, mentored) x groups (others, highest risk) x ``MEASURES``.
    """
    wanted = range(trials) if isinstance(trials, int) else trials

    def reduce(cohort: Cohort) -> Counts:
        return count(scenario, cohort)

    return np.concatenate(list(over_chunks(scenario, seed, wanted, reduce, threads=threads)))


def count(scenario: Scenario, cohort: Cohort) -> Counts:
    """Counts of a cohort of whole replicates; see ``trial_counts``."""
    people, lives = cohort.people, cohort.lives
    first = int(people.replicate.min())
    trials = int(people.replicate.max()) - first + 1
    arm = mentored(scenario, people).astype(np.int64)
    cell = ((people.replicate.astype(np.int64) - first) * 2 + arm) * 2 + lives.highest
    treated = (arm == CONTROL) | (lives.months_met.sum(axis=0) > 0)
    hits = [getattr(lives, f"time_{name}") <= WINDOW for name in DEFINITIONS]
    rows = [np.ones(len(cell), bool), *hits, treated, *(hit & treated for hit in hits)]
    columns = [np.bincount(cell[row], minlength=4 * trials) for row in rows]
    return np.stack(columns, axis=-1).reshape(trials, 2, 2, len(MEASURES)).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class Arms:
    """Numbers of people and of reoffenders in both arms of the highest-risk group, trial by trial."""

    control_people: Counts
    control_hits: Counts
    mentored_people: Counts
    mentored_hits: Counts

    @property
    def risks(self) -> tuple[float, float]:
        """Pooled shares over all trials: mentored, control."""
        return (
            float(self.mentored_hits.sum() / max(1, self.mentored_people.sum())),
            float(self.control_hits.sum() / max(1, self.control_people.sum())),
        )

    @property
    def errors(self) -> tuple[float, float]:
        """Simulation error (standard error over trials) of the two pooled shares."""
        return (
            _ratio_error(self.mentored_hits, self.mentored_people),
            _ratio_error(self.control_hits, self.control_people),
        )

    def printed_shares(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Share in each arm, trial by trial (NaN where a group is empty): mentored, control."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.mentored_hits / self.mentored_people, self.control_hits / self.control_people


def _ratio_error(hits: Counts, people: Counts) -> float:
    if len(hits) < 2 or not people.sum():
        return float("nan")
    rest = hits - hits.sum() / people.sum() * people
    return float(np.sqrt((rest.astype(float) ** 2).sum() * len(hits) / (len(hits) - 1)) / people.sum())


def highest_risk(counts: Counts, definition: Definition, *, treated: bool = False) -> Arms:
    """Both arms of the highest-risk group, as randomised or as treated, by a definition of reoffending."""
    prefix = "treated" if treated else "people"
    people, hits = MEASURES.index(prefix), MEASURES.index(f"treated {definition}" if treated else definition)
    return Arms(
        control_people=counts[:, CONTROL, HIGHEST, people], control_hits=counts[:, CONTROL, HIGHEST, hits],
        mentored_people=counts[:, MENTORED, HIGHEST, people], mentored_hits=counts[:, MENTORED, HIGHEST, hits],
    )  # fmt: skip


def with_control_risk(scenario: Scenario, risk: float) -> Scenario:
    """The scenario with ``risk.level`` such that this share of the highest-risk controls reoffends in two years.

    Solved on 200 trials without any programme, on luck of its own, by the scenario's own definition; so a run's
    control risk differs from it by chance only.

    Raises
    ------
    ParameterError
        If the risk is not between 0 and 1, or no level reaches it.
    """
    if not 0 < risk < 1:
        raise ParameterError(f"trial.control_risk is [{risk}]; allowed more than 0 and less than 1 (share)")
    levels, risks = _risk_by_level(_Untreated(scenario))
    if not risks[0] <= risk <= risks[-1]:
        raise ParameterError(
            f"trial.control_risk is [{risk}]; with the definition {scenario.trial.definition} this scenario reaches "
            f"{risks[0]:.2f} to {risks[-1]:.2f}"
        )
    level = float(np.exp(np.interp(risk, risks, np.log(levels))))
    return scenario.changed({"risk.level": float(f"{level:.5g}")})


class _Untreated:
    """A scenario as a cache key: all that matters to its controls."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario.changed({"trial.assignment": "nobody", "risk.level": 1.0})
        bare = {name: type(row)(shortest_sentence_months=row.shortest_sentence_months, starts_month=row.starts_month,
                                deadline_month=row.deadline_month, accepted_from=row.accepted_from)
                for name, row in self.scenario.programme.items()}  # fmt: skip
        self.key = self.scenario.model_copy(update={"programme": bare}).to_toml()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Untreated) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=32)
def _risk_by_level(untreated: _Untreated) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    scenario = untreated.scenario
    levels = np.geomspace(0.05, 8.0, 21)
    trials = max(1, SOLVING_TRIALS * PEOPLE // scenario.people.count)
    risks = []
    for level in levels:
        counts = trial_counts(scenario.changed({"risk.level": float(level)}), seed=SOLVING_SEED, trials=trials)
        risks.append(highest_risk(counts, scenario.trial.definition).risks[CONTROL ^ 1])
    return levels, np.maximum.accumulate(np.array(risks))


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


