"""The options of ``desist person``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import Seeded, option
from simulation.scenario import Scenario

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class PersonStudy(Seeded):
    """Show one simulated person, month by month: what happened, and why.

    PERSON is a number from 0. This shows how the model works. It says nothing about any real person.
    """

    verb: ClassVar[str] = "person"
    saved_unasked: ClassVar[bool] = False
    person: int = option(low=0, what="Number of the person, from 0", argument=True, metavar="PERSON")
    scenario: str | Scenario = option("pooled", what="Name or file of the scenario that the person lives in")
    replicate: int = option(0, "", 0, what="Which replicate of the scenario")
    without: bool = option(False, what="The same person with the same random numbers, but without the programme")
    set: tuple[str, ...] = option(
        (), what="Change the scenario, for example risk.hazard_multiplier=1.1; may be repeated", metavar="KEY=VALUE"
    )

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.trial.life_history import run_person

        return run_person(self, context)
