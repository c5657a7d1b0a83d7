"""A ledger counted once more from a history, event by event, as plainly as possible."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments.verification.check_context import SimulatedCase, in_custody
from experiments.verification.invariants_help import HelpCourse, courses
from simulation.compiled_parameters import calendar_months, months_before, numbers_of
from simulation.monthly_counts import WINDOW

OF_VOLUNTEERS = ("training_months", "free_months", "busy_months", "came", "stopped")
"""Rows that no event shows."""
ENDINGS = {"planned": "planned_end", "unplanned": "unplanned_end", "volunteers gone": "volunteers_gone",
           "custody": "ended_in_custody"}  # fmt: skip
DEFINITIONS = ("any", "prison", "sentence")
FURTHER_YEAR = 12
Cell = tuple[str, int, int, int]
"""Row, month of the run, group, place."""


def by_hand(case: SimulatedCase) -> Counter[Cell]:
    """What a ledger should hold, zeros left out."""
    scenario, history, people = case.scenario, case.history, case.cohort.people
    before, calendar, n = months_before(scenario), calendar_months(scenario), numbers_of(scenario, case.seed)
    found: Counter[Cell] = Counter()
    for i, (about, events) in enumerate(zip(history.people.itertuples(), case.lives.values(), strict=True)):
        here: Counter[tuple[str, int]] = Counter()
        life = SimpleNamespace(
            about=about, events=events, inside=in_custody(events), release=int(about.release) + before,  # type: ignore[arg-type]
            accepts=people.accepts[i], place=int(people.place[i]),
        )  # fmt: skip
        _crime(life, here)
        _custody_and_support(scenario.factor, life, here)
        if n.offered == 1 or (n.offered == 2 and people.side[i]):
            for course in courses(case, events):
                _course(course, n, list(scenario.programme).index(course.name), life, here)
        for (name, month), amount in here.items():
            if 0 <= month + life.release < calendar:
                found[name, month + life.release, int(str(about.group) == "highest risk"), life.place] += int(amount)
    return +found


def as_counter(case: SimulatedCase) -> Counter[Cell]:
    """The engine's ledger without the volunteers' rows, zeros left out."""
    found: Counter[Cell] = Counter()
    for name, table in case.ledger.items():
        if name not in OF_VOLUNTEERS:
            found.update({(name, *at): int(table[at]) for at in map(tuple, np.argwhere(table).tolist())})  # type: ignore[misc]
    return found


def _crime(life: SimpleNamespace, here: Counter[tuple[str, int]]) -> None:
    """Offences, cases, decisions, and the releases after which a person reoffended."""
    releases = [0, *(event.month for event in life.events if event.what == "custody out")]
    for event in life.events:
        if event.what == "offence":
            here["offences", event.month] += event.value
            here["cases", event.month] += 1
        if event.what == "sanction":
            here["fines" if event.detail == "fine" else event.detail, event.month] += 1
            since = max(month for month in releases if month <= event.value)
            late = event.month - since
            meant = {"any": late < WINDOW + FURTHER_YEAR, "sentence": late < WINDOW and event.detail != "fine",
                     "prison": late < WINDOW + FURTHER_YEAR and event.detail == "prison"}  # fmt: skip
            for definition in (each for each in DEFINITIONS if meant[each] and event.value - since < WINDOW):
                here[f"relapses_{definition}", since] = 1
                here[f"reoffenders_{definition}", since] = int(since == 0)


def _custody_and_support(factors: Any, life: SimpleNamespace, here: Counter[tuple[str, int]]) -> None:
    """Releases, custody, and the months in it and at liberty, with each factor held when the month ends."""
    for event in life.events:
        here["released", event.month] += event.what in ("release", "custody out")
        here["to_custody", event.month] += event.what == "custody in"
    for month in range(life.about.followed):
        here["custody_months" if month in life.inside else "liberty_months", month] += 1
    for name in factors:
        held = getattr(life.about, f"has_{name}")
        changes = {event.month: event.what == "gain" for event in life.events if event.detail == name}
        for month in range(life.about.followed):
            held = changes.get(month, held)
            here[f"holds_{name}", month] += held and month not in life.inside


def _course(course: HelpCourse, n: Any, k: int, life: SimpleNamespace, here: Counter[tuple[str, int]]) -> None:
    """Whether a person is due in a programme around a release, why not, and what became of one who was listed."""
    name, rules, release, last = course.name, course.rules, course.release, life.about.followed
    due = release + rules.starts_month
    seen_at = max(due, course.begin)
    if seen_at >= last or (course.again and not rules.re_eligible):
        return
    short = due <= course.begin if course.again else life.about.sentence < np.float32(rules.shortest_sentence_months)
    why = _reason(n, k, life.release + seen_at, life, short)
    here[f"{name}.{why}", seen_at] += 1
    if why != "joined":
        return
    settled = next(iter([*(event.month for event in course.match), *course.left]), None)
    # A person who goes into custody has been on the list when that month opened.
    gone = bool(course.left) and course.left[0] < release + rules.deadline_month
    for month in range(due, last if settled is None else settled + gone):
        here[f"{name}.listed_months", month] += 1
    if settled is not None:
        here[f"{name}.{'started' if course.match else 'without'}", settled] += 1
    if settled is None or not course.match:
        return
    here[f"{name}.started_first", settled] += not course.again
    here[f"{name}.in_time", settled] += settled < release
    here[f"{name}.waited_months", settled] += settled - due
    for ended in course.ended[:1]:
        here[f"{name}.{ENDINGS[ended.detail.removeprefix(f'{name}: ')]}", ended.month] += 1
    for month in range(settled, course.ended[0].month if course.ended else last):
        here[f"{name}.months", month] += 1
    for month in course.contacts:
        here[f"{name}.contacts", month] += 1


def _reason(n: Any, k: int, t: int, life: SimpleNamespace, short: bool) -> str:
    """The first reason why a person who is due in month t of the run does not come onto the list, or "joined"."""
    if not n.opens[k, life.place] <= t < n.closes[k]:
        return "closed"
    if life.about.score < n.least[k]:
        return "not_offered"
    if short:
        return "too_short"
    return "joined" if life.accepts & n.accepted[k] else "declined"
