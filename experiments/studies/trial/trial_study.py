"""``desist trial``: what a trial of 97 people reports, under each setting of the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import OverDraws, Seeded, option
from simulation.scenario import Scenario

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class TrialStudy(OverDraws, Seeded):
    """Simulate the trial as it was designed, 10,000 times: 97 people, two arms, two years.

    SETTINGS are scenarios with two arms (default: as-reported, pooled and sceptical, and trial, which has no effect at
    all). Scenarios of another size are simulated, but not compared with the real trial. With --posterior a setting
    (default: trial) is simulated over draws of the uncertain parameters (100 by default). The draws decide all that the
    file holds, the effect of mentoring included, and parameter uncertainty is reported apart from stochastic variation.
    """

    verb: ClassVar[str] = "trial"
    settings: tuple[str | Scenario, ...] = option(
        (), what="Names or files of scenarios with two arms", argument=True, metavar="[SETTINGS]..."
    )
    trials: int | None = option(
        None, "trials", 1, 10_000_000, what="Trials of a setting (default: 10,000, or 1,000 a draw of --posterior)"
    )
    set: tuple[str, ...] = option(
        (), what="Change the scenarios, for example risk.hazard_multiplier=1.1; may be repeated", metavar="KEY=VALUE"
    )

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Simulate the trials; see ``Study.run``."""
        from experiments.studies.trial.trial import run_trial

        return run_trial(self, context)
