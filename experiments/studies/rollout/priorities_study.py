"""``desist priorities``: which waiting list first, which municipality next, in which order for a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult


class PrioritiesStudy(OverDraws, Seeded):
    """Whom to serve first where not all can be served, and which municipality first?

    PLAN is the name of a plan (desist rollout --list) or a TOML file. Three answers, each alone with its option: the
    allocation rules over horizons and capacities; what ten more volunteers do in each municipality; and the order in
    which to open municipalities for a budget, against simple orders. All with the same random numbers, over draws of
    the uncertain parameters.

    \b
    desist priorities nationwide-at-once
    desist priorities nationwide-at-once --order --outcome prison --open-price 0
    """  # noqa: D301

    verb: ClassVar[str] = "priorities"
    plan: str = option(what="Name or file of a plan (desist rollout --list)", argument=True, metavar="PLAN")
    rules: bool = option(False, what="Only the allocation rules")
    volunteers: bool = option(False, what="Only what more volunteers do in each municipality")
    order: bool = option(False, what="Only the order of municipalities for a budget")
    outcome: Literal["offences", "relapses", "reoffenders", "prison"] = option(
        "offences", what="Outcome to be avoided, on the map and in the order"
    )
    capacity: tuple[float, ...] = option(
        (0.1, 0.25, 0.5), "share 0-1", above=0, below=1, each=True,
        what="Courses a year, as a share of what serves everybody; may be repeated",
    )  # fmt: skip
    more: float = option(10.0, "volunteers", 1, 1000, what="Further volunteers in each municipality")
    course_price: float | None = option(
        None, "kroner", 1, 10_000_000,
        what="Kroner a started course (default: the programme's; of Primus Motor about 33,000, uncertain)",
    )  # fmt: skip
    open_price: float | None = option(
        None, "kroner", 0, 100_000_000, what="Kroner a year for an open municipality (default: about 25,000, uncertain)"
    )
    replicates: int | None = option(
        None, "replicates", 1, 1000, what="How often each draw is simulated (default: once, every fourth twice)"
    )

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``."""
        from experiments.studies.rollout.plan import load

        return f"{self.verb}/{load(self.plan)[0].name}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The answers asked for: all of them where none is named."""
        named = {"rules": self.rules, "volunteers": self.volunteers, "order": self.order}
        return tuple(name for name, given in named.items() if given or not any(named.values()))

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.priorities import run_priorities

        return run_priorities(self, context)
