"""What the state variables of the model mean: unit and range of every column, in the order of ``simulation.state``.

Their names, types and shapes are the code's own (``described`` reads them from a run); a test tells runs and looks
whether every value lies in its range.
"""

from __future__ import annotations

from typing import NamedTuple

from simulation.rules import NEVER

YES = ("yes or no", 0.0, 1.0)
MONTH = ("calendar month", 0.0, None)
OWN = ("own months", 0.0, None)


class State(NamedTuple):
    """A column: its unit, lowest and highest value (None: no bound), what it is in the world."""

    unit: str
    low: float | None
    high: float | None
    what: str
    never: bool = False
    """Whether ``NEVER`` may stand in it, for what does not come."""

    @property
    def allowed(self) -> str:
        """The range in words."""
        if (self.low, self.high) == (0.0, 1.0) and self.unit == "yes or no":
            return "0, 1"
        if self.low is None:
            words = "any"
        elif self.high is None:
            words = f"from {self.low:,g}"
        else:
            words = f"{self.low:,g} to {self.high:,g}"
        return f"{words}, or {NEVER:,}" if self.never else words

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        if self.never and value == NEVER:
            return True
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


STATES: dict[str, dict[str, State]] = {
    "PeopleColumns": {
        "person": State("number", 0, None, "which person of the replicate"),
        "replicate": State("number", 0, None, "which replicate"),
        "place": State("row", 0, 97, "municipality, as a row of the scenario's"),
        "release": State(*MONTH, "first release"),
        "age": State("years", 18, 80, "age at first release"),
        "woman": State(*YES, "woman"),
        "priors": State("convictions", 0, 30, "earlier convictions at first release"),
        "sentence": State("months", 0, 192, "sentence before the first release"),
        "motivation": State("standard deviations", -4.4, 4.4, "lasting motivation; nobody sees it"),
        "propensity": State("standard deviations", -4.4, 4.4, "lasting difference in risk; nobody sees it"),
        "never": State(*YES, "will not offend, whatever happens"),
        "accepts": State("sum of 1 and 2", 0, 3, "says yes to help: 1 from volunteers, 2 from the system"),
        "side": State(*YES, "the lot drawn by this one of each two people"),
        "lacks": State(*YES, "lacks the factor at first release"),
    },
    "PersonState": {
        "baseline": State("per month", 0, None, "hazard in the first month with every factor held"),
        "score": State("log hazard", None, None, "what age, sex and earlier convictions predict"),
        "highest": State(*YES, "in the highest-risk group"),
        "locality": State("row", 0, None, "place and replicate"),
        "held": State(*YES, "holds the factor"),
        "anchor": State(*MONTH, "planned release from which the months of programmes count"),
        "inside": State(*YES, "not released yet, or in custody"),
        "turn": State(*MONTH, "next release, or next custody", never=True),
        "free_since": State(*MONTH, "latest release"),
        "pending": State("months", 0, 1200, "custody that waits"),
        "pending_from": State(*MONTH, "when it begins", never=True),
        "cases": State("cases", 0, None, "cases so far"),
        "offences": State("offences", 0, None, "offences in the follow-up so far"),
        "first_offence": State(*OWN, "first offence", never=True),
        "time_any": State(*OWN, "smallest window in which he or she counts as reoffending: `any`", never=True),
        "time_prison": State(*OWN, "the same: `prison`", never=True),
        "time_sentence": State(*OWN, "the same: `sentence`", never=True),
        "status": State(
            "state", 0, 7,
            "in the programme: 0 not in it, 1 on the list, 2 matched, 3 planned end, 4 unplanned end, 5 unmatched in "
            "time, 6 volunteers gone, 7 ended in custody",
        ),
        "met": State(*YES, "meets the programme this month"),
        "months_met": State("months", 0, 255, "months in which they met so far"),
        "echo": State("level", 0, 1, "what has stayed of the relationship"),
        "carried": State("share", 0, 1, "share of the needed volunteers who are there"),
    },
    "MunicipalityState": {
        "number": State("number", 101, 860, "official number of the municipality"),
        "replicate": State("number", 0, None, "which replicate"),
        "place": State("row", 0, 97, "municipality, as a row of the scenario's"),
        "peers": State("times", 0, None, "what company does to the hazard this month"),
        "room": State("share", 0, 1, "part of the wanted gains of a factor that can be given this month"),
        "at_liberty": State("people", 0, None, "people at liberty, this month so far"),
        "offending": State("people", 0, None, "people who offended, this month so far"),
        "demand": State("gains / 2^32", 0, None, "gains that are wanted, this month so far"),
        "limit": State("people", 0, None, "places of a programme without volunteers"),
        "allowed": State("people", 0, None, "people whom a programme may have taken in so far"),
        "taken_in": State("people", 0, None, "people whom it has taken in so far"),
        "came": State("volunteers", 0, None, "volunteers who have come forward so far"),
        "quit": State("volunteers", 0, None, "volunteers who have stopped so far"),
        "gaps": State("people", 0, None, "people who have a volunteer too few"),
    },
    "VolunteerSlots": {
        "begin": State("row", 0, None, "first seat of each place (technical)"),
        "state": State("state", 0, 3, "0 empty, 1 in training, 2 free, 3 matched"),
        "name": State("number", 0, None, "which volunteer of the place sits here"),
        "ready": State(*MONTH, "end of training"),
        "months": State("months", 0, None, "months matched so far"),
        "person": State("row", -1, None, "the person matched with; -1: none"),
        "run": State("number", 0, None, "which replicate"),
        "address": State("address", 0, None, "of the seat's place in chance (technical)"),
        "month": State("address", 0, None, "of the present month in chance (technical)"),
        "words": State("words", 0, 4294967295, "this month's random words (technical)"),
    },
}  # fmt: skip
"""Every column of every table of state variables."""
