"""``desist register``: outcomes of a register extract of one's own, and the model beside them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from experiments.studies.study import OnScenario, Seeded, option
from simulation.scenario import Scenario

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.language.messages import Language
    from experiments.studies.result import StudyResult


_heading = partial(option, None, metavar="COLUMN")
"""The heading of a column, where the file has its own."""
_words = partial(option, (), metavar="WORD")
"""The file's own words for a kind of decision."""


class RegisterStudy(OnScenario, Seeded):
    """How many people in my own register extract reoffend, counted as the model counts?

    FILE is CSV, Parquet, Excel (.xlsx) or Stata, with a row a decision (person, release, offence, decision, sanction; a
    person without decisions has one row) or a row an event (person, event, date). Nothing leaves this machine, and only
    totals are written: nothing that counts fewer than five people.

    With --beside the exit code is 1 if the share in the register lies outside what the model gives by stochastic
    variation.
    """

    verb: ClassVar[str] = "register"
    file: Path = option(what="Register extract: CSV, Parquet, .xlsx or Stata", argument=True, metavar="FILE")
    person: str | None = _heading(what="Number or name of the person")
    release: str | None = _heading(what="Date of release (a row a decision)")
    offence: str | None = _heading(what="Date of the offence")
    decision: str | None = _heading(what="Date of the decision (a row a decision)")
    sanction: str | None = _heading(what="Kind of sanction")
    offences: str | None = _heading(what="Number of offences of the row (1 if there is no such column)")
    followed: str | None = _heading(what="Last day on which the person's offences are known")
    decided: str | None = _heading(what="Last day on which decisions are known")
    died: str | None = _heading(what="Date of death")
    entered: str | None = _heading(what="First day on which the person's offences are known, if later than the release")
    event: str | None = _heading(what="Kind of event (a row an event)")
    date: str | None = _heading(what="Date of the event (a row an event)")
    fine: tuple[str, ...] = _words(what="A word for fines, where the file has its own; may be repeated")
    suspended: tuple[str, ...] = _words(what="The same for suspended sentences and community service")
    prison: tuple[str, ...] = _words(what="The same for prison sentences")
    not_counted: tuple[str, ...] = _words(what="The same for decisions that are no sanction")
    until: str | None = option(
        None, what="Last day of the extract, for people for whom the file lacks it", metavar="DATE"
    )
    drop_identical: bool = option(False, what="Count rows that repeat another to the letter once")
    releases: Literal["first", "every"] | None = option(None, what="Which releases count where a person has several")
    by: str | None = option(None, what="Split people by a column (sex, age group, prison ...)", metavar="COLUMN")
    definition: Literal["any", "prison", "sentence"] | None = option(
        None, what="Definition of the curve (default: any, or sentence without dates of offences)"
    )
    window: tuple[int, ...] = option(
        (6, 12, 24), "months", 1, 600, each=True, what="Months after release of the shares; may be repeated"
    )
    scenario: str | Scenario | None = option(
        None, name="--beside", metavar="SCENARIO", what="Run a scenario of the model on as many people, and compare"
    )
    least: int = option(5, "people", 5, 1_000, what="Fewest people that are counted in what is written")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.validation.register import run_register

        return run_register(self, context)

    @classmethod
    def write_example(cls, path: Path, language: Language, options: Mapping[str, Any]) -> str:
        """Write an extract of 2,000 people invented by the model, to try the study with; says so."""
        from experiments.studies.validation.write import write_example

        return write_example(path, language, scenario=options.get("scenario") or "everyone",
                             changes=options.get("set", ()), seed=options.get("seed", 1))  # fmt: skip
