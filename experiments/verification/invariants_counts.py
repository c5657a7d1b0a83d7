"""Laws of counting: nobody is lost, nobody is counted twice, and whoever cannot be judged is neither success nor
failure.
"""

from __future__ import annotations

import numpy as np

from experiments.verification.checks import Breaches, Finding
from experiments.verification.random_scenarios import Ground, World
from experiments.verification.recounted_ledger import ENDINGS, OF_VOLUNTEERS, as_counter, by_hand
from simulation.accounts import counts_of
from simulation.compiled_parameters import calendar_months, months_before, told_for
from simulation.history import GROUPS
from simulation.ledger import COMMON, OF_A_PROGRAMME, names
from simulation.outcomes import DEFINITIONS, NOT_IN_SIGHT, shares, times
from simulation.parameters import ParameterError
from simulation.rules import WAITING
from simulation.volunteers import BUSY, FREE, TRAINING

IN_SIGHT = 40
KEYED = ["replicate", "place", "group", "year"]
WHY = ("closed", "not_offered", "too_short", "declined", "joined")


def _whole(world: World) -> World:
    """Without an early stop, everybody followed as long as he or she may be in a programme."""
    return world.changed({"people.calendar_months": 0, "people.follow_up_months": told_for(world.scenario)})


# Conservation -----------------------------------------------------------------------------------------------------


def a_ledger_is_what_the_events_add_up_to(ground: Ground) -> Finding:
    """Every row of the ledger, in every month, group and place, is the number that one counts in the history."""
    seen = Breaches()
    for k, world in enumerate([*ground.worlds("helped"), *ground.worlds("supplied", 8), *ground.worlds("any", 6)]):
        each = _whole(world) if k % 2 else world.changed({"people.calendar_months": 0})
        hand, kept = by_hand(each), as_counter(each)
        wrong = sorted(cell for cell in hand.keys() | kept.keys() if hand[cell] != kept[cell])
        seen.looked += len(hand) - 1
        seen.see(not wrong, f"{len(wrong)} cells of {world.scenario.digest[:8]}, first {wrong[:1]}")
    return seen.found()


def a_ledger_counts_the_volunteers_who_are_there(ground: Ground) -> Finding:
    """In each month and place: volunteers in training, free and matched, who are those who came less those
    who stopped.
    """
    seen = Breaches()
    for world in ground.worlds("supplied"):
        ledger = np.stack([world.ledger[name] for name in OF_VOLUNTEERS])
        before = np.zeros((2, ledger.shape[3]), np.int64)
        for stage, now in world.months():
            if stage != "opened":
                continue
            place = np.searchsorted(now.seats.begin, np.arange(len(now.seats.state)), side="right") - 1
            there = [
                np.bincount(place[now.seats.state == each], minlength=ledger.shape[3])
                for each in (TRAINING, FREE, BUSY)
            ]
            so_far = np.array([now.local.came, now.local.quit], np.int64)
            hand, before = np.array([*there, *(so_far - before)]), so_far
            seen.same(hand, ledger[:, now.month, 0], f"month {now.month}")
        seen.see(ledger[:, :, 1] == 0, "volunteers in a risk group")
    return seen.found()


def people_are_in_custody_or_at_liberty(ground: Ground) -> Finding:
    """In every month and place the people who are followed are in custody or at liberty; each turn moves
    one of them.
    """
    seen = Breaches()
    for world in [*ground.worlds("any"), *ground.worlds("returning", 6)]:
        each = world.changed({"people.follow_up_months": 40, "people.calendar_months": 30})
        rows, people = {k: v.sum(axis=1) for k, v in each.ledger.items()}, each.cohort.people
        first = np.zeros_like(rows["released"])
        there = people.release < len(first)
        np.add.at(first, (people.release[there], people.place[there]), 1)
        inside, free = rows["custody_months"], rows["liberty_months"]
        seen.same(np.cumsum(first, axis=0), inside + free, "people who were released")
        seen.same(np.cumsum(rows["to_custody"] - rows["released"] + first, axis=0), inside, "people in custody")
    return seen.found()


def everybody_who_is_due_is_counted_once(ground: Ground) -> Finding:
    """Closed, not offered, too short, declined and joined are the people due; who joined is matched, without or
    waiting.
    """
    seen = Breaches()
    for world in [*ground.worlds("helped"), *ground.worlds("supplied", 8)]:
        whole = _whole(world)
        side = whole.cohort.people.side
        offered = {"everyone": len(side), "nobody": 0}.get(world.scenario.trial.assignment, int(side.sum()))
        for k, (name, rules) in enumerate(world.scenario.programme.items()):
            of = {each: int(whole.ledger[f"{name}.{each}"].sum()) for each in OF_A_PROGRAMME}
            due = sum(of[why] for why in WHY)
            seen.see(due == offered or (rules.again and due > offered), f"{name}: {due} due, {offered} offered")
            waiting = int((whole.cohort.lives.status[k] == WAITING).sum())
            seen.see(of["joined"] == of["started"] + of["without"] + waiting, f"{name}: {of}")
    return seen.found()


def matches_last_from_start_to_end(ground: Ground) -> Finding:
    """In every month: those who started so far, less those who ended, are matched; nobody meets who is not."""
    seen = Breaches()
    for world in [*ground.worlds("helped"), *ground.worlds("supplied", 8)]:
        # Nobody leaves our sight within the first forty months, in a match or not.
        whole = world.changed({"people.calendar_months": 0, "people.follow_up_months": IN_SIGHT})
        for name in world.scenario.programme:
            of = {each: whole.ledger[f"{name}.{each}"][:IN_SIGHT] for each in OF_A_PROGRAMME}
            ended = np.sum([of[each] for each in ENDINGS.values()], axis=0)
            seen.same(np.cumsum(of["started"] - ended, axis=0), of["months"], f"{name}: matches")
            seen.see((of["contacts"] <= of["months"]) & (of["in_time"] <= of["started"]), f"{name}: contacts")
    return seen.found()


def no_part_is_more_than_its_whole(ground: Ground) -> Finding:
    """Holders are at liberty, cases have offences, decisions cases; reoffenders relapsed, and relapses
    follow releases.
    """
    seen = Breaches()
    for world in [*ground.worlds("any"), *ground.worlds("helped", 6)]:
        of = world.ledger
        decided = of["fines"] + of["suspended"] + of["prison"]
        seen.see(list(of) == names(world.scenario) and list(of)[: len(COMMON)] == list(COMMON), "names of the rows")
        seen.see(np.stack(list(of.values())) >= 0, "a negative count")
        seen.see([(of[f"holds_{name}"] <= of["liberty_months"]).all() for name in world.scenario.factor], "holders")
        seen.see(
            (of["cases"] <= of["offences"]) & (np.cumsum(decided, axis=0) <= np.cumsum(of["cases"], axis=0)), "cases"
        )
        for name in DEFINITIONS:
            seen.see(
                (of[f"reoffenders_{name}"] <= of[f"relapses_{name}"]) & (of[f"relapses_{name}"] <= of["relapses_any"]),
                name,
            )
        seen.see(of["relapses_any"] <= of["released"], "relapses without a release")
    return seen.found()


def a_ledger_that_stops_early_is_the_start_of_a_longer_one(ground: Ground) -> Finding:
    """A calendar that ends earlier leaves the months before its end as they are, but for offences that
    come after it.
    """
    seen = Breaches()
    for world in ground.worlds("helped", 8):
        whole = world.changed({"people.calendar_months": 0})
        short = world.changed({"people.calendar_months": 7})
        for name, rows in whole.ledger.items():
            begun = short.ledger[name]
            later = rows[: len(begun)]
            seen.see(begun <= later if name.startswith(("relapses_", "reoffenders_")) else begun == later, name)
    return seen.found()


def months_on_the_list_are_months_waited(ground: Ground) -> Finding:
    """Little's law, exactly: everybody on the list in any month, summed, is what the matched and those left have
    waited.
    """
    seen = Breaches()
    for world in [*ground.worlds("helped"), *ground.worlds("supplied", 8)]:
        once = {f"programme.{name}.again": False for name in world.scenario.programme}
        quiet = _whole(world.changed({**once, "risk.level": 0.01, "risk.monthly_hazard": 0.0}))
        for name, rules in world.scenario.programme.items():
            of = {each: int(quiet.ledger[f"{name}.{each}"].sum()) for each in OF_A_PROGRAMME}
            patience = rules.deadline_month - rules.starts_month
            seen.looked += of["joined"]
            seen.see(of["listed_months"] == of["waited_months"] + patience * of["without"], f"{name}: {of}")
    return seen.found()


# Two accounts -----------------------------------------------------------------------------------------------------


def two_ways_of_counting_agree(ground: Ground) -> Finding:
    """The counts that are priced, from histories, are those that the engine keeps, from columns: by year, group and
    place.
    """
    seen = Breaches()
    for world in [*ground.worlds("helped"), *ground.worlds("any", 8)]:
        whole = _whole(world)
        before = months_before(whole.scenario)
        years = (calendar_months(whole.scenario) - before) // 12
        if not years:
            continue
        table = counts_of(whole.history, whole.scenario, years=years)
        at = (table["year"], table["group"].cat.codes, table["place"].cat.codes)
        # A history's in_time is about the first release only; a ledger's about the release to come.
        again = [f"{name}.in_time" for name, rules in whole.scenario.programme.items() if rules.again]
        columns = [str(name) for name in table if name in whole.ledger and not str(name).startswith("reoffenders_")]
        columns = [name for name in columns if name not in again]
        seen.see(len(columns) > 8, f"{len(columns)} columns")
        for name in columns:
            kept = whole.ledger[name].astype(np.int64)
            year = np.maximum(np.arange(len(kept)) - before, 0) // 12
            one, other = np.zeros((years, *kept.shape[1:])), np.zeros((years, *kept.shape[1:]))
            np.add.at(one, year[year < years], kept[year < years])
            np.add.at(other, at, table[name].to_numpy(np.float64))
            seen.same(one, other, f"{name} of {world.scenario.digest[:8]}")
    return seen.found()


def reoffenders_are_those_whose_time_is_within_two_years(ground: Ground) -> Finding:
    """Where nobody goes to prison, the ledger's and the history's reoffenders are those whom the engine puts within two
    years.
    """
    seen = Breaches()
    for world in [*ground.worlds("any", 8), *ground.worlds("helped", 4)]:
        free = world.changed({"offending.prison_chance": 0.0, "offending.prison_per_conviction": 0.0,
                              "people.follow_up_months": 30, "people.calendar_months": 0})  # fmt: skip
        lives, rows = free.cohort.lives, free.ledger
        table = counts_of(free.history, free.scenario, years=4)
        for definition in DEFINITIONS:
            inside = getattr(lives, f"time_{definition}") <= 24
            hand = np.array([int((inside & (lives.highest == group)).sum()) for group in (0, 1)])
            # Cases that are decided after the ledger's calendar are in no ledger.
            kept = rows[f"reoffenders_{definition}"].sum(axis=(0, 2))
            seen.see(kept <= hand if definition == "any" else kept == hand, f"{definition}: {kept} and {hand}")
            seen.same(rows[f"relapses_{definition}"], rows[f"reoffenders_{definition}"], definition)
            priced = [table.loc[table["group"] == each, f"reoffenders_{definition}"].sum() for each in GROUPS]
            seen.see(np.array(priced) == hand, f"{definition}: {priced} priced, {hand} by the engine")
            seen.looked += len(inside)
    return seen.found()


def counts_of_a_year_are_those_of_its_months(ground: Ground) -> Finding:
    """Each case is decided in one of three ways, and people who are followed are inside or free: in a history's counts
    too.
    """
    seen = Breaches()
    for world in ground.worlds("helped", 8):
        table = counts_of(world.history, world.scenario, years=36)
        events, total = world.history.events["event"], table.drop(columns=["place", "group"]).sum()
        seen.see(total["fines"] + total["suspended"] + total["prison"] == (events == "sanction").sum(), "sanctions")
        seen.see(total["custody_months"] + total["liberty_months"] == world.history.people["followed"].sum(), "months")
        seen.see(total["cases"] == (events == "offence").sum(), "cases")
        groups = world.history.people[KEYED[:3]].drop_duplicates()
        seen.see(len(table) == 36 * len(groups) and not table.duplicated(KEYED).any(), "a row for each group and year")
        seen.see(table["year"].tolist() == list(range(36)) * len(groups), "years in their order")
        for definition in DEFINITIONS:
            judged = times(world.history, definition)
            hits = int(((judged["known"] >= 24) & (judged["time"] <= 24)).sum())
            seen.see(total[f"reoffenders_{definition}"] == hits, f"{definition}: {hits}")
    for years in (0, 37):
        try:
            counts_of(world.history, world.scenario, years=years)
            seen.see(False, f"{years} years were taken")
        except ParameterError as told:
            seen.see("\n" not in str(told))
    return seen.found()


# Censoring --------------------------------------------------------------------------------------------------------


def censored_people_are_neither_successes_nor_failures(ground: Ground) -> Finding:
    """People whose window cannot be judged are counted as censored, whatever is known of them so far."""
    seen = Breaches()
    for k, world in enumerate([*ground.worlds("any"), *ground.worlds("helped", 6)]):
        definition, window = DEFINITIONS[k % 3], 1 + (7 * k) % 18
        table = times(world.history, definition)
        censored = table["known"] < window
        guilty, innocent = table.copy(), table.copy()
        guilty.loc[censored, "time"], innocent.loc[censored, "time"] = np.int16(1), np.int16(NOT_IN_SIGHT)
        counted = shares(table, window=window, by=())
        seen.see(counted["censored"].sum() == censored.sum(), f"{definition} in {window}: censored")
        seen.see(counted["people"].sum() == (~censored).sum(), f"{definition} in {window}: people")
        seen.see(
            shares(guilty, window=window, by=()).equals(shares(innocent, window=window, by=())),
            "a verdict on the censored",
        )
        seen.looked += int(censored.sum())
    return seen.found()


def stopping_early_changes_no_verdict(ground: Ground) -> Finding:
    """Whoever can be judged although observation stopped early gets the verdict of the whole story."""
    seen = Breaches()
    for k, world in enumerate(ground.worlds("any")):
        window, stop = 1 + (5 * k) % 12, 1 + (7 * k) % 12
        early, late = (
            world.changed({"people.calendar_months": stop + window}),
            world.changed({"people.calendar_months": 0}),
        )
        for definition in DEFINITIONS:
            one, other = times(early.history, definition), times(late.history, definition)
            judged = one["known"] >= window
            seen.see(other["known"][judged] >= window, "judged early and not late")
            seen.same(one["time"][judged] <= window, other["time"][judged] <= window, definition)
    return seen.found()


def nobody_is_judged_before_the_window_is_known(ground: Ground) -> Finding:
    """The largest window that can be judged ends when observation stops; a year sooner where decisions may take one."""
    seen = Breaches()
    for world in [*ground.worlds("any"), *ground.worlds("helped", 6)]:
        people = world.history.people
        for definition in DEFINITIONS:
            known = times(world.history, definition)["known"].to_numpy()
            later = 0 if definition == "sentence" else 12
            hand = np.clip(np.minimum(people["followed"], people["decided"] - later), 0, None)
            seen.same(known, hand, definition)
    return seen.found()
