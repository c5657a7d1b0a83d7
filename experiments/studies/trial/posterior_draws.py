"""Studies over draws of a posterior: which draws, and what trials print over them.

A *draw* is one possible truth about what is doubted; a trial on it has its own chance. What trials print spreads by
both, and both are told apart: the spread of the risks from draw to draw, and that of single trials within a draw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.execution.jobs import Job, Table
from experiments.inputs.posterior import Posterior, fitting
from experiments.inputs.trial_result import CLOSE, CONTROL_PERCENT, MENTORED_PERCENT, POSSIBLE, support
from experiments.statistics.intervals import interval
from experiments.studies.trial.design_points import counts_in
from experiments.studies.trial.trial import ANALYSES
from simulation.parameters import ParameterError
from simulation.scenario import Scenario
from simulation.trial_counts import Counts, highest_risk

PIECE_PEOPLE = 48_500
"""People in a piece of repeated trials, about: 500 trials of 97."""
QUANTITIES = ("mentored", "control", "difference")


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Some draws of a posterior file."""

    file: str
    digest: str
    """SHA-256 of the file."""
    posterior: Posterior
    wanted: int

    @classmethod
    def read(cls, path: Path | None, number: int | None, usual: int) -> Draws | None:
        """The draws that ``--posterior`` and ``--draws`` name; None without a file.

        Parameters
        ----------
        path, number
            The two options.
        usual
            How many draws if no number is given.

        Raises
        ------
        ParameterError
            If the file cannot be used, or there is a number and no file.
        """
        if path is None:
            if number is not None:
                raise ParameterError(f"--draws is [{number}], but there is no --posterior to draw from; give its file")
            return None
        posterior = Posterior.read(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return cls(file=path.name, digest=digest, posterior=posterior, wanted=number or usual)

    def points(self, base: Scenario, taken: Iterable[str] = ()) -> list[dict[str, Any]]:
        """The draws as points of a scenario, without the keys that the user has taken (axes, changes).

        Raises
        ------
        ParameterError
            If nothing in the file is about this scenario, or everything is taken.
        """
        alone = next(iter(base.programme)) if len(base.programme) == 1 else ""
        but = [name for key in taken for name in (key, key.replace(f"programme.{alone}.", "programme."))]
        points = [fitting(base, draw, but=but) for draw in self.posterior.draws(self.wanted)]
        if not points[0]:
            raise ParameterError(
                f"--posterior is [{self.file}], which decides nothing that scenario {base.name} leaves open; leave it "
                "out"
            )
        return points

    @property
    def number(self) -> int:
        """How many draws there are: as many as are wanted, or all."""
        return min(self.wanted, len(self.posterior.table))

    @property
    def about(self) -> dict[str, Any]:
        """For manifests."""
        return {"file": self.file, "sha256": self.digest, "draws": self.number}


def trial_job(
    name: str, scenario: Scenario, *, seed: int, trials: int, points: Sequence[dict[str, Any]] = ({},),
    command: str = "",
) -> Job:  # fmt: skip
    """So many trials of a scenario at each point, in pieces of some hundred trials."""
    size = max(1, PIECE_PEOPLE // scenario.people.count)
    return Job(
        name=f"trial {name}", work="experiments.studies.trial.design_points:of_trial", command=command,
        context={"scenario": scenario.to_toml(), "seed": seed},
        pieces=[
            {"point": point, "first": first, "last": min(first + size, trials)}
            for point in points for first in range(0, trials, size)
        ],
    )  # fmt: skip


def trials_in(tables: Sequence[Table], points: int = 1) -> Counts:
    """What the pieces of ``trial_job`` counted: points x trials x arms x groups x measures."""
    counts = np.concatenate([counts_in(table) for table in tables])
    return counts.reshape(points, -1, *counts.shape[1:])


def apart(scenario: Scenario, points: Sequence[dict[str, Any]], counts: Counts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What trials print over draws, chance and doubt apart.

    Parameters
    ----------
    scenario, points
        The setting, and its D draws.
    counts
        D draws x T trials x arms x groups x measures.

    Returns
    -------
    Two tables. One row an analysis: ``mentored``, ``control`` and ``difference`` (means over draws) with the middle
    95 % of the draws' risks (``_doubt_low``, ``_doubt_high``), of single trials around their own draw's mean
    (``_chance_low``, ``_chance_high``) and of single trials in all (``_low``, ``_high``), and the share of the
    variance between trials that is doubt (``_doubt_share``); ``at_most_29`` to ``exactly`` as in a trial without
    draws; shares of the draws that reproduce the trial and that are possible. And one row an analysis and draw.
    """
    rows, each = [], []
    for analysis in ANALYSES:
        printed, risks = printed_over(scenario, points, counts, treated=analysis == "as treated")
        likely = support(risks["mentored"], risks["control"])
        out: dict[str, Any] = {"analysis": analysis, "draws": len(points), "trials": counts.shape[1]}
        for name in QUANTITIES:
            out |= _spread(name, printed[name], risks[name])
        percents = {name: np.floor(100 * printed[name] + 0.5) for name in ("mentored", "control")}
        known = ~np.isnan(printed["difference"])
        low, high = percents["mentored"][known], percents["control"][known]
        out |= {
            "at_most_29": float((low <= MENTORED_PERCENT).mean()),
            "at_least_67": float((high >= CONTROL_PERCENT).mean()),
            "as_far_apart": float((high - low >= CONTROL_PERCENT - MENTORED_PERCENT).mean()),
            "exactly": float(((low == MENTORED_PERCENT) & (high == CONTROL_PERCENT)).mean()),
            "reproduced": float((likely >= CLOSE).mean()), "possible": float((likely >= POSSIBLE).mean()),
        }  # fmt: skip
        rows.append(out)
        each.append(pd.DataFrame({"analysis": analysis, "draw": range(len(points)), **risks, "support": likely}))
    return pd.DataFrame(rows), pd.concat(each, ignore_index=True)


def printed_over(
    scenario: Scenario, points: Sequence[dict[str, Any]], counts: Counts, *, treated: bool
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, npt.NDArray[np.float64]]]:
    """Shares that trials print (draws x trials) and risks (draws), by the definition of each draw."""
    printed, risks = [], []
    for point, of_draw in zip(points, counts, strict=True):
        arms = highest_risk(of_draw, point.get("trial.definition", scenario.trial.definition), treated=treated)
        printed.append(arms.printed_shares())
        risks.append(arms.risks)
    shares, means = np.array(printed).swapaxes(0, 1), np.array(risks).T
    return (
        dict(zip(QUANTITIES, (*shares, shares[1] - shares[0]), strict=True)),
        dict(zip(QUANTITIES, (*means, means[1] - means[0]), strict=True)),
    )


def _spread(name: str, printed: npt.NDArray[np.float64], risks: npt.NDArray[np.float64]) -> dict[str, float]:
    """The spread of one quantity by doubt, by chance and by both."""
    own = np.array([np.nanmean(row) if not np.isnan(row).all() else np.nan for row in printed])
    within = (printed - own[:, None])[~np.isnan(printed)]
    mean = float(risks.mean())
    both = printed[~np.isnan(printed)]
    _, doubt_low, doubt_high = interval(risks)
    _, chance_low, chance_high = interval(mean + within) if len(within) else (np.nan,) * 3
    _, low, high = interval(both) if len(both) else (np.nan,) * 3
    chance = float(within.var()) if len(within) else np.nan
    between = float(risks.var())
    return {
        name: mean, f"{name}_doubt_low": doubt_low, f"{name}_doubt_high": doubt_high,
        f"{name}_chance_low": chance_low, f"{name}_chance_high": chance_high, f"{name}_low": low, f"{name}_high": high,
        f"{name}_doubt_share": between / (between + chance) if between + chance > 0 else float("nan"),
    }  # fmt: skip
