"""The options of ``desist run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import OnScenario, OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.trial.run import RunResult

USUAL = "everyone"
"""The scenario that is run if none is named."""


class RunStudy(OnScenario, OverDraws, Seeded):
    """Simulate one scenario: its history, outcomes by arm under each definition of reoffending, and survival curves.

    SCENARIO (default: everyone) is a name from desist scenario --list, or a TOML file. With --posterior the scenario
    is simulated at draws of the uncertain parameters (100 if --draws is not given) and no history is kept; --store,
    --cluster and --threads are of use only then.
    """

    verb: ClassVar[str] = "run"
    result_class: ClassVar[str] = "experiments.studies.trial.run:RunResult"
    replicates: int | None = option(
        None, "runs", 1, 100_000, what="How many runs (default: 1; with --posterior as many as make 4,000 people)"
    )
    window: int = option(24, "months", 1, 240, what="Months after release within which reoffending counts")
    export: Literal["validation"] | None = option(
        None, what="Write four further tables, for checks against outside data"
    )

    def run(self, context: RunContext | None = None) -> RunResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.trial.run import run_scenario

        return run_scenario(self, context)

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``: the scenario's name."""
        from experiments.inputs.scenario_files import scenario_of

        return scenario_of(self, USUAL).name
