"""A ledger counted once more from a history, event by event, as plainly as possible."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments.verification.check_context import SimulatedCase, in_custody
from simulation.compiled_parameters import calendar_months, months_before, numbers_of
from simulation.monthly_counts import WINDOW

OF_VOLUNTEERS = ("training_months", "free_months", "busy_months", "came", "stopped")
"""Rows that no event shows."""
ENDINGS = {"planned": "planned_end", "unplanned": "unplanned_end", "volunteers gone": "volunteers_gone",
           "custody": "ended_in_custody"}  # fmt: skip
DEFINITIONS = ("any", "prison", "sentence")
FURTHER_YEAR = 12
LONG_AGO, FAR_OFF = -1000, 1000
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
            accepts=people.accepts[i], side=people.side[i], place=int(people.place[i]),
        )  # fmt: skip
        _crime(life, here)
        _custody_and_support(scenario.factor, life, here)
        for k, name in enumerate(scenario.programme):
            _programme(scenario.programme[name], n, k, name, life, here)
        for (name, month), amount in here.items():
            if 0 <= month + life.release < calendar:
                found[name, month + life.release, int(str(about.group) == "highest risk"), life.place] += int(amount)
    return +found


def as_counter(case: SimulatedCase) -> Counter[Cell]:
    """The world's ledger without the volunteers' rows, zeros left out."""
    found: Counter[Cell] = Counter()
    for name, table in case.ledger.items():
        if name not in OF_VOLUNTEERS:
            found.update({(name, *at): int(table[at]) for at in map(tuple, np.argwhere(table).tolist())})  # type: ignore[misc]
    return found


def _crime(life: SimpleNamespace, here: Counter[tuple[str, int]]) -> None:
    """Offences, cases, decisions, and the releases after which somebody reoffended."""
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


def _programme(
    rules: Any, n: Any, k: int, name: str, life: SimpleNamespace, here: Counter[tuple[str, int]]
) -> None:  # fmt: skip
    """Who is due around each release, why not, and what became of those who came onto the list."""
    last = life.about.followed
    turns = [event for event in life.events if event.what == "custody in"]
    releases, begins = [0, *(e.month + e.value for e in turns)], [LONG_AGO, *(e.month for e in turns)]
    if n.offered == 0 or (n.offered == 2 and life.side == 0):
        return
    for release, begin, end in zip(releases, begins, [*begins[1:], FAR_OFF], strict=True):
        due, first = release + rules.starts_month, begin < 0
        if not first and not rules.re_eligible:
            continue
        seen_at = max(due, begin)
        short = life.about.sentence < np.float32(rules.shortest_sentence_months) if first else due <= begin
        why = _reason(n, k, life.release + seen_at, life, short)
        if seen_at >= last:
            continue
        here[f"{name}.{why}", seen_at] += 1
        if why != "joined":
            continue
        course = [e for e in life.events if begin < e.month <= end and e.detail.partition(":")[0] == name]
        settled = next((e for e in course if e.what in ("match", "unmatched")), None)
        # A person who goes into custody has been on the list when that month opened.
        gone = settled is not None and settled.what == "unmatched" and settled.month < release + rules.deadline_month
        for month in range(due, last if settled is None else settled.month + gone):
            here[f"{name}.listed_months", month] += 1
        if settled is None:
            continue
        here[f"{name}.{'without' if settled.what == 'unmatched' else 'started'}", settled.month] += 1
        if settled.what == "match":
            _course(name, settled.month, due, release, first, course, last, here)


def _course(
    name: str, month: int, due: int, release: int, first: bool, course: Any, last: int, here: Counter[tuple[str, int]]
) -> None:  # fmt: skip
    """What became of a match."""
    here[f"{name}.started_first", month] += first
    here[f"{name}.in_time", month] += month < release
    here[f"{name}.waited_months", month] += month - due
    ended = next((e for e in course if e.what == "exit"), None)
    if ended is not None:
        here[f"{name}.{ENDINGS[ended.detail.removeprefix(f'{name}: ')]}", ended.month] += 1
    for matched in range(month, last if ended is None else ended.month):
        here[f"{name}.months", matched] += 1
    for event in course:
        here[f"{name}.contacts", event.month] += event.what == "contact"


def _reason(n: Any, k: int, t: int, life: SimpleNamespace, short: bool) -> str:
    """Why somebody who is due in month t of the run does not come onto the list (the first reason), or that he or she
    does.
    """
    if not n.opens[k, life.place] <= t < n.closes[k]:
        return "closed"
    if life.about.score < n.least[k]:
        return "not_offered"
    if short:
        return "too_short"
    return "joined" if life.accepts & n.accepted[k] else "declined"
