"""``desist sweep``: under which assumptions the trial's result is likely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from experiments.inputs.designs import SweepFile, axes_of, read_sweep
from experiments.studies.study import OnScenario, OverDraws, option
from simulation.scenario import Scenario

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class SweepStudy(OnScenario, OverDraws):
    """Under which assumptions about mentoring does the trial report 29 % against 67 %?

    SWEEP is the name or the file of a sweep (default: effect), which says what varies. Every point of its design is
    simulated with the same random numbers, and compared with the result that the trial reported. The exit code is 1 if
    no point is inside the 67 % likelihood region of that result. Three axes stand for several parameters:
    effect.hazard_ratio, effect.support_share and trial.control_risk. The scenario must have the 97 people and the two
    years of that trial. At a point without effect both arms have the risk of both together. Finished points are kept,
    so an interrupted sweep goes on where it stopped. With --posterior every point is simulated over draws (20 by
    default) of the uncertain parameters that do not vary.
    """

    verb: ClassVar[str] = "sweep"
    by_position: ClassVar[tuple[str, ...]] = ("scenario", "vary")
    """In Python it is ``sweep(scenario, {"key": [values]}, replicates=200)``. Values may be texts (``"0.3:1.0:8"``)."""
    sweep: str = option("effect", what="Name or file of a sweep", argument=True, metavar="[SWEEP]")
    vary: tuple[str, ...] = option(
        (), metavar="KEY=LOW:HIGH:N", what="An axis: low:high:number[:log] or a,b,c; replaces the axes of SWEEP"
    )
    design: Literal["grid", "latin", "sobol"] | None = option(
        None, what="How the space is filled: a grid, a Latin hypercube or a Sobol' sequence (default: SWEEP's)"
    )
    points: int | None = option(
        None, "points", 1, 1_000_000, what="Points of a Latin hypercube, or a power of two of a Sobol' sequence"
    )
    replicates: int | None = option(None, "trials", 1, 1_000_000, what="Trials at each point (default: SWEEP's)")
    scenario: str | Scenario | None = option(
        None, what="Name or file of the scenario to start from (default: SWEEP's)", metavar="SCENARIO"
    )
    seed: int | None = option(
        None, "", 0, 2**64 - 1, what="Seed of the random numbers, the same at every point (default: SWEEP's)"
    )

    @model_validator(mode="before")
    @classmethod
    def _axes_as_text(cls, values: Any) -> Any:
        """A mapping of keys to values becomes axes as the command line has them."""
        if isinstance(values, dict) and isinstance(values.get("vary"), Mapping):
            return {**values, "vary": tuple(axis.text for axis in axes_of(values["vary"]))}
        return values

    def plan(self) -> SweepFile:
        """The sweep that is named, with what the options change; axes that are given come in place of its own."""
        given = {name: getattr(self, name) for name in ("design", "points", "replicates", "seed")}
        return read_sweep(self.sweep).model_copy(update={name: value for name, value in given.items()
                                                         if value is not None})  # fmt: skip

    @property
    def folder(self) -> str:
        """The folder of its results: named after the sweep, or ``sweep`` if it has axes of its own."""
        return "sweep" if self.vary else read_sweep(self.sweep).name

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Simulate every point; see ``Study.run``.

        A sweep that is interrupted (``KeyboardInterrupt``) returns what is finished, with ``complete`` False.
        """
        from experiments.studies.trial.sweep import run_sweep

        return run_sweep(self, context)
