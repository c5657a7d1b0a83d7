"""``desist benchmark``: speed, memory and start-up, measured on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import Study, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class BenchmarkStudy(Study):
    """Measure person-months a second of both drivers, memory, start-up, and what common random numbers save.

    With PART page: the page's cold start, its sliders in a browser, and a class of thirty (five minutes).

    Machines are noisy: compare the ratios of one run, not seconds between runs.
    """

    verb: ClassVar[str] = "benchmark"
    part: Literal["page"] | None = option(None, what="Measure this instead: the page", argument=True, metavar="[PART]")
    people: tuple[int, ...] = option(
        (), "people", 100, 10_000_000, each=True, what="Sizes; may be repeated (default: 1000, 10000 and 100000)"
    )
    quick: bool = option(False, what="One size, and nothing but the drivers; of the page a small class")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.benchmarks.benchmark import run_benchmark

        return run_benchmark(self, context)
