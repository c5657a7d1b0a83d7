"""A randomised trial in counts: people and reoffenders by arm and risk group, replicate by replicate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.engine import SimulatedChunk, over_chunks
from simulation.history import mentored
from simulation.outcomes import DEFINITIONS
from simulation.parameter_sections import Definition
from simulation.scenario import Scenario

Counts = npt.NDArray[np.int32]
WINDOW = 24
MEASURES = ("people", *DEFINITIONS, "treated", *(f"treated {name}" for name in DEFINITIONS))
"""Columns of a trial's counts: people, reoffenders by definition, then the same of the treated only."""
CONTROL, MENTORED = 0, 1
OTHERS, HIGHEST = 0, 1


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

    def reduce(cohort: SimulatedChunk) -> Counts:
        return count(scenario, cohort)

    return np.concatenate(list(over_chunks(scenario, seed, wanted, reduce, threads=threads)))


def count(scenario: Scenario, cohort: SimulatedChunk) -> Counts:
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
