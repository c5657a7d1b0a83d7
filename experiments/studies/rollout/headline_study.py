"""The options of ``desist ladder`` and ``desist claim``: what becomes of the trial's headline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from experiments.studies.study import OverDraws, Seeded, option

if TYPE_CHECKING:
    from experiments.execution.context import RunContext
    from experiments.language.formatting import Language
    from experiments.studies.result import StudyResult


class LadderStudy(OverDraws, Seeded):
    """From headline to delivered effect: what is left of 38 points fewer reoffenders, and of 8 kroner back for one.

    One step for each thing that the headline takes for granted, each computed by runs of its own at draws of the
    uncertain parameters (40 unless --draws says otherwise). PLAN (default: nationwide-at-once) is a plan's name
    (desist rollout --list) or a TOML file. Without --posterior the draws are those that come with Desist.

    \b
    desist ladder
    desist ladder todays-area --without scaling --without average-risk
    """  # noqa: D301

    verb: ClassVar[str] = "ladder"
    plan: str = option(
        "nationwide-at-once", what="Name or file of the plan that is carried out", argument=True, metavar="[PLAN]"
    )
    without: tuple[str, ...] = option(
        (), what="Leave a step out; may be repeated (--list for the names)", metavar="STEP"
    )
    definition: Literal["any", "prison", "sentence"] = option(
        "any", what="What counts as reoffending in the final value of the points"
    )
    orders: bool = option(False, what="Also average each factor over all orders of the steps (twice the runs)")
    prices: Path | None = option(
        None, what="Prices that differ from the built-in ones (TOML; docs/money.md)", metavar="FILE"
    )

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.headline_steps import run_ladder

        return run_ladder(self, context)

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``: named after the plan."""
        from experiments.studies.rollout.plan import load

        return f"{self.verb}/{load(self.plan)[0].name}"

    @classmethod
    def listing(cls, language: Language = "en") -> str:
        """The steps, a line each: name, label, and the ladders that it belongs to."""
        from experiments.language.ladder import label
        from experiments.language.messages import Messages
        from experiments.studies.rollout.headline_steps import STEPS

        m = Messages(language, "ladder")
        return "\n".join(f"{step:13} {label(step, m)} ({', '.join(map(m, of))})" for step, of in STEPS.items())


class ClaimStudy(OverDraws, Seeded):
    """One krone saves eight: what gives that, and what it becomes as its assumptions are replaced.

    The claim is 38 points fewer reoffenders x 764,000 kr. / 36,667 kr. a course = 7.9. Each step replaces one
    assumption by a better-supported one, alone and on top of those before it. The effect for a new group comes from
    --posterior (by default the one that comes with Desist; at most 400 draws unless --draws says otherwise).
    """

    verb: ClassVar[str] = "claim"
    prices: Path | None = option(
        None, what="Prices that differ from the built-in ones (TOML; docs/money.md)", metavar="FILE"
    )
    no_posterior: bool = option(False, what="Leave out the steps that need a posterior")

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result; see ``Study.run``."""
        from experiments.studies.rollout.published_claim import run_claim

        return run_claim(self, context)
