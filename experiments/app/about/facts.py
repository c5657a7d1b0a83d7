"""What the page says about itself: how sure its numbers are, what they rest on, which version tells them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

from experiments.app.shared_results import kept

GRADES = ("measured", "judged", "assumed")
SOURCES = {
    "S1": ("F. Balvig (2021-22): Primus Motor. Kan en mentorordning mindske recidivet for indsatte i danske fængsler?",
           "https://ft.dk/samling/20211/almdel/REU/bilag/81/2496282/index.htm"),
    "S2": ("Røde Kors: Mentorordning viser vejen for de tungeste kriminelle",
           "https://www.mentorblog.dk/mentorordning-viser-vejen-for-de-tungeste-kriminelle/"),
    "S9": ("Danmarks Statistik: To ud af tre løsladte",
           "https://www.dst.dk/da/Statistik/nyheder-analyser-publ/nyt/NytHtml?cid=31981"),
    "S98": ("Kriminalforsorgens recidivstatistik 2009",
            "http://docplayer.dk/31175251-Justitsministeriet-direktoratet-for-kriminalforsorgen-"
            "straffuldbyrdelseskontoret-kriminalforsorgens-recidivstatistik-2009.html"),
    "S30": ("Berghuis (2018): Reentry programs for adult male offender recidivism and reintegration",
            "https://pmc.ncbi.nlm.nih.gov/articles/PMC6139987"),
    "S26": ("Justitsministeriet (2021): SØM for indsatte, første rapport",
            "https://www.ft.dk/samling/20201/almdel/REU/bilag/425/2440970/index.htm"),
}  # fmt: skip
"""The sources that carry most, by their tag: title and address. All of them are in docs/sources.md."""


@dataclass(frozen=True, kw_only=True)
class UncertaintyByGrade:
    """What the trial can tell, once everything else that is known is counted in."""

    printed: int
    """The difference that the trial printed, percentage points."""
    points: float
    """What a new group like it can be expected to show; ``low`` and ``high`` hold 95 % of the draws."""
    low: float
    high: float
    lowers: float
    """Probability that mentoring lowers reoffending there at all (0-1)."""
    draws: int


@kept(1)
def doubt() -> UncertaintyByGrade:
    """How sure the trial makes us, from the draws of ``desist calibrate`` that come with Desist."""
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.inputs.trial_result import CONTROL_PERCENT, MENTORED_PERCENT
    from experiments.statistics.intervals import interval

    table = Posterior.read(SHIPPED).table
    gap = 100 * (table["_control"] - table["_mentored"]).to_numpy()
    points, low, high = interval(gap)
    return UncertaintyByGrade(printed=CONTROL_PERCENT - MENTORED_PERCENT, points=points, low=low, high=high,
                 lowers=float((gap > 0).mean()), draws=len(table))  # fmt: skip


@kept(1)
def grades() -> dict[str, tuple[int, int, int]]:
    """How many numbers of the model, of a plan for the country and of the prices are measured, judged and assumed."""
    from experiments.inputs.scenario_files import load
    from experiments.studies.rollout import plan as plans
    from simulation.parameters import quantities
    from simulation.prices import Prices

    def counted(section: object) -> tuple[int, int, int]:
        found = [row.grade for row in quantities(section)]  # type: ignore[arg-type]
        return found.count(GRADES[0]), found.count(GRADES[1]), found.count(GRADES[2])

    plan, _ = plans.load("nationwide-at-once")
    return {"model": counted(load("pooled")), "plan": counted(plan), "prices": counted(Prices())}


def versions() -> str:
    """Version of Desist and of what its numbers may depend on."""
    parts = [f"{name} {version(name)}" for name in ("numpy", "numba")]
    return f"Desist {version('desist')} (Python {platform.python_version()}, {', '.join(parts)})"
