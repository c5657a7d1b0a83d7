"""``desist power``: what a planned trial would find, and how large it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import OnScenario, OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.studies.result import StudyResult

SMALLEST, LARGEST = 8, 20_000
"""People in a planned trial."""


class PowerStudy(OnScenario, OverDraws, Seeded):
    """What would a planned trial find, and how large must it be?

    The truth is SCENARIO (default: pooled), each draw of --posterior, or --control and --difference without the model.
    The planned trial is simulated many times: how often is it significant, how wide is its interval, what do its
    significant results report compared with the truth, and which size reaches the wanted power?
    """

    verb: ClassVar[str] = "power"
    size: int | None = option(None, "people", SMALLEST, LARGEST, what="People randomised (default: the scenario's, 97)")
    high_risk_share: float | None = option(
        None, "share 0-1", 0.01, 1, what="Share of them at highest risk (default: the truth's)"
    )
    drop_out: float | None = option(
        None, "share 0-1", 0, 0.99, what="Chance that a match ends early, before its planned end (default: the truth's)"
    )
    follow_up: int | None = option(None, "months", 1, 120, what="Months of follow-up (default: the scenario's, 24)")
    definition: Literal["any", "prison", "sentence"] | None = option(
        None, what="What counts as reoffending (default: the scenario's)"
    )
    group: Literal["high-risk", "everyone"] | None = option(
        None, what="Who is analysed: those at highest risk (default) or everyone"
    )
    lost: float = option(0.0, "share 0-1", 0, 0.95, what="Share lost to follow-up")
    alpha: float = option(0.05, "share 0-1", None, 0.5, above=0, what="Significance level of the test")
    test: Literal["fisher", "z"] = option("fisher", what="Fisher's exact test, or the z-test with a pooled share")
    target: tuple[float, ...] = option(
        (0.8, 0.9), "share 0-1", above=0, below=1, each=True, what="Target power; may be repeated"
    )
    trials: int | None = option(
        None, "trials", 2, 1_000_000, what="Trials on each truth (default: 10,000, or 200 a draw)"
    )
    control: float | None = option(
        None, "share 0-1", 0, 1, what="Two fixed risks instead of the model: the controls' risk"
    )
    difference: float | None = option(
        None, "share 0-1", -1, 1, what="The same: by how much the risk of the mentored is lower"
    )
    per_arm: int | None = option(None, "people", 4, 10_000, what="The same: people analysed in each arm")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.trial.power import run_power

        return run_power(self, context)
