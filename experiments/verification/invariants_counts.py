"""Invariants of counting: nobody is lost, nobody is counted twice, and people who cannot be judged are neither
successes nor failures.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.verification.check_context import CheckContext, SimulatedCase, in_custody, of_kind, places_of_slots
from experiments.verification.checks import Violations, fixed, invariants
from experiments.verification.random_scenarios import complete
from experiments.verification.recounted_ledger import ENDINGS, OF_VOLUNTEERS, as_counter, by_hand
from simulation.annual_counts import counts_of
from simulation.compiled_parameters import calendar_months, months_before, told_for
from simulation.history import GROUPS
from simulation.monthly_counts import COMMON, OF_A_PROGRAMME, names
from simulation.outcomes import DEFINITIONS, NOT_IN_SIGHT, shares, times
from simulation.rules import WAITING
from simulation.volunteers import EMPTY, TRAINING
from simulation.waiting import BUSY, FREE

IN_SIGHT = 40
KEYED = ["replicate", "place", "group", "year"]
WHY = ("closed", "not_offered", "too_short", "declined", "joined")


def _whole(case: SimulatedCase) -> SimulatedCase:
    """Without an early stop, everybody followed as long as he or she may be in a programme."""
    return case.changed({"people.calendar_months": 0, "people.follow_up_months": told_for(case.scenario)})


def a_ledger_is_what_the_events_add_up_to(claim: Violations, context: CheckContext) -> None:
    """Every row of the ledger, in every month, group and place, is the number that one counts in the history.

    The row of people whom only a limit kept out is left aside, since no event says why a person is left without.
    """
    for k, case in enumerate(context.scenarios(programme=12, volunteers=8, any=6), context.first):
        each = _whole(case) if k % 2 else case.changed({"people.calendar_months": 0})
        hand, kept = by_hand(each), as_counter(each)
        wrong = sorted(cell for cell in hand.keys() | kept.keys()
                       if hand[cell] != kept[cell] and not cell[0].endswith(".limited"))  # fmt: skip
        claim.examined += len(hand) - 1
        claim.check(not wrong, f"{len(wrong)} cells of {case.name}, first {wrong[:1]}")


def a_ledger_counts_the_volunteers_who_are_there(claim: Violations, context: CheckContext) -> None:
    """In each month and place: volunteers in training, free and matched, who are those who came less those
    who stopped.
    """
    for case in context.scenarios(volunteers=12):
        ledger = np.stack([case.ledger[name] for name in OF_VOLUNTEERS])
        before = np.zeros((2, ledger.shape[3]), np.int64)
        for now in case.opened_months():
            place, state = places_of_slots(now.seats), now.seats.state
            there = [np.bincount(place[state == each], minlength=ledger.shape[3]) for each in (TRAINING, FREE, BUSY)]
            so_far = np.array([now.local.came, now.local.quit], np.int64)
            hand, before = np.array([*there, *(so_far - before)]), so_far
            claim.equal(hand, ledger[:, now.month, 0], f"month {now.month}")
        claim.check(ledger[:, :, 1] == 0, "volunteers in a risk group")


def volunteers_who_came_are_there_or_have_stopped(claim: Violations, context: CheckContext) -> None:
    """In every place and month: volunteers who came, less those who stopped, fill the slots that are taken."""
    for case in context.scenarios(volunteers=16):
        for now in case.opened_months():
            taken = np.bincount(places_of_slots(now.seats)[now.seats.state != EMPTY], minlength=len(now.local.number))
            claim.equal(taken, now.local.came - now.local.quit, f"month {now.month}")


def people_are_in_custody_or_at_liberty(claim: Violations, context: CheckContext) -> None:
    """In every month and place the people who are followed are in custody or at liberty; each turn moves
    one of them.
    """
    for case in context.scenarios(any=12, reentry=6):
        each = case.changed({"people.follow_up_months": 40, "people.calendar_months": 30})
        rows, people = {k: v.sum(axis=1) for k, v in each.ledger.items()}, each.cohort.people
        first = np.zeros_like(rows["released"])
        there = people.release < len(first)
        np.add.at(first, (people.release[there], people.place[there]), 1)
        inside, free = rows["custody_months"], rows["liberty_months"]
        claim.equal(np.cumsum(first, axis=0), inside + free, "people who were released")
        claim.equal(np.cumsum(rows["to_custody"] - rows["released"] + first, axis=0), inside, "people in custody")


@fixed
def months_sentenced_are_served_or_still_to_be_served(claim: Violations, context: CheckContext) -> None:
    """Where all sentences are of ten months: those of a person add up to the months served and those that wait."""
    for delay, parole, part, months in ((0.0, 0.0, 1.0, 10), (6.0, 1.0, 0.5, 5), (15.0, 1.0, 0.8, 8)):
        scenario = complete(
            people={"count": context.scaled(300), "follow_up_months": 40}, municipalities={"include": ["Aarhus"]},
            offending={"prison_chance": 1.0, "delay_mean_months": delay, "sentence_median_months": 10.0,
                       "sentence_log_sd": 0.0}, risk={"hazard_multiplier": 4.0},
            custody={"parole_chance": parole, "parole_served": part, "parole_from_months": 10.0},
        )  # fmt: skip
        case = SimulatedCase(scenario, context.seed)
        for person, events in case.lives.items():
            inside, turns = in_custody(events), [e.month for e in of_kind(events, "custody in")]
            cases, pending = of_kind(events, "sanction"), case.cohort.lives.pending[person]
            served = sum(e.value for e in of_kind(events, "custody in"))
            claim.check(served + pending == months * len(cases), f"person {person}: {served} months")
            for decided in cases:
                begins = max(decided.month, decided.value + 1)
                there = begins in inside or any(decided.value < month <= begins for month in turns)
                claim.check(decided.detail == "prison" and (there or begins >= 40), f"person {person}: {decided}")


def everybody_who_is_due_is_counted_once(claim: Violations, context: CheckContext) -> None:
    """Closed, not offered, too short, declined and joined are the people due; who joined is matched, without or
    waiting.
    """
    for case in context.scenarios(programme=12, volunteers=8):
        whole = _whole(case)
        side = whole.cohort.people.side
        offered = {"everyone": len(side), "nobody": 0}.get(case.scenario.trial.assignment, int(side.sum()))
        for k, (name, rules) in enumerate(case.scenario.programme.items()):
            of = {each: int(whole.ledger[f"{name}.{each}"].sum()) for each in OF_A_PROGRAMME}
            due = sum(of[why] for why in WHY)
            right = due == offered or (rules.re_eligible and due > offered)
            claim.check(right, f"{name}: {due} due, {offered} offered")
            waiting = int((whole.cohort.lives.status[k] == WAITING).sum())
            claim.check(of["joined"] == of["started"] + of["without"] + waiting, f"{name}: {of}")


def matches_last_from_start_to_end(claim: Violations, context: CheckContext) -> None:
    """In every month: those who started so far, less those who ended, are matched; nobody meets who is not."""
    for case in context.scenarios(programme=12, volunteers=8):
        # Nobody leaves our sight within the first forty months, in a match or not.
        whole = case.changed({"people.calendar_months": 0, "people.follow_up_months": IN_SIGHT})
        for name in case.scenario.programme:
            of = {each: whole.ledger[f"{name}.{each}"][:IN_SIGHT] for each in OF_A_PROGRAMME}
            ended = np.sum([of[each] for each in ENDINGS.values()], axis=0)
            claim.equal(np.cumsum(of["started"] - ended, axis=0), of["months"], f"{name}: matches")
            claim.check(of["contacts"] <= of["months"], f"{name}: contacts")
            claim.check(np.maximum(of["in_time"], of["started_first"]) <= of["started"], f"{name}: started")


def no_part_is_more_than_its_whole(claim: Violations, context: CheckContext) -> None:
    """Holders are at liberty, cases have offences, decisions cases; reoffenders relapsed, and relapses
    follow releases.
    """
    for case in context.scenarios(any=12, programme=6):
        of = case.ledger
        decided = of["fines"] + of["suspended"] + of["prison"]
        claim.check(list(of) == names(case.scenario) and list(of)[: len(COMMON)] == list(COMMON), "names of the rows")
        claim.check(np.stack(list(of.values())) >= 0, "a negative count")
        claim.check([(of[f"holds_{name}"] <= of["liberty_months"]).all() for name in case.scenario.factor], "holders")
        in_time = np.cumsum(decided, axis=0) <= np.cumsum(of["cases"], axis=0)
        claim.check((of["cases"] <= of["offences"]) & in_time, "cases")
        for name in DEFINITIONS:
            relapses = of[f"relapses_{name}"]
            claim.check((of[f"reoffenders_{name}"] <= relapses) & (relapses <= of["relapses_any"]), name)
        claim.check(of["relapses_any"] <= of["released"], "relapses without a release")
        for programme, rules in case.scenario.programme.items():
            limited = of[f"{programme}.limited"]
            possible = bool(rules.max_per_year) | (limited == 0)
            claim.check((limited <= of[f"{programme}.without"]) & possible, "limited")


def a_ledger_that_stops_early_is_the_start_of_a_longer_one(claim: Violations, context: CheckContext) -> None:
    """A calendar that ends earlier leaves the months before its end as they are, but for offences that
    come after it.
    """
    for case in context.scenarios(programme=8):
        whole = case.changed({"people.calendar_months": 0})
        short = case.changed({"people.calendar_months": round(context.varied(7, 1, 24))})
        for name, rows in whole.ledger.items():
            begun = short.ledger[name]
            later = rows[: len(begun)]
            claim.check(begun <= later if name.startswith(("relapses_", "reoffenders_")) else begun == later, name)


def months_on_the_list_are_months_waited(claim: Violations, context: CheckContext) -> None:
    """Little's law, exactly: everybody on the list in any month, summed, is what the matched and those left have
    waited.
    """
    for case in context.scenarios(programme=12, volunteers=8):
        once = {f"programme.{name}.re_eligible": False for name in case.scenario.programme}
        quiet = _whole(case.changed({**once, "risk.hazard_multiplier": 0.01, "risk.baseline_hazard": 0.0}))
        for name, rules in case.scenario.programme.items():
            of = {each: int(quiet.ledger[f"{name}.{each}"].sum()) for each in OF_A_PROGRAMME}
            patience = rules.deadline_month - rules.starts_month
            claim.examined += of["joined"]
            claim.check(of["listed_months"] == of["waited_months"] + patience * of["without"], f"{name}: {of}")


def two_ways_of_counting_agree(claim: Violations, context: CheckContext) -> None:
    """The counts that are priced, from histories, are those that the engine keeps, from columns: by year, group and
    place.
    """
    for case in context.scenarios(programme=12, any=8):
        whole = _whole(case)
        before = months_before(whole.scenario)
        years = (calendar_months(whole.scenario) - before) // 12
        if not years:
            continue
        table = counts_of(whole.history, whole.scenario, years=years)
        at = (table["year"], table["group"].cat.codes, table["place"].cat.codes)
        # A history's in_time is about the first release only; a ledger's about the release to come.
        again = [f"{name}.in_time" for name, rules in whole.scenario.programme.items() if rules.re_eligible]
        columns = [str(name) for name in table if name in whole.ledger and not str(name).startswith("reoffenders_")]
        columns = [name for name in columns if name not in again]
        claim.check(len(columns) > 8, f"{len(columns)} columns")
        for name in columns:
            kept = whole.ledger[name].astype(np.int64)
            year = np.maximum(np.arange(len(kept)) - before, 0) // 12
            one, other = np.zeros((years, *kept.shape[1:])), np.zeros((years, *kept.shape[1:]))
            np.add.at(one, year[year < years], kept[year < years])
            np.add.at(other, at, table[name].to_numpy(np.float64))
            claim.equal(one, other, f"{name} of {case.name}")


def reoffenders_are_those_whose_time_is_within_two_years(claim: Violations, context: CheckContext) -> None:
    """Where nobody goes to prison, the ledger's and the history's reoffenders are those whom the engine puts within two
    years.
    """
    for case in context.scenarios(any=8, programme=4):
        free = case.changed({"offending.prison_chance": 0.0, "offending.prison_per_conviction": 0.0,
                              "people.follow_up_months": 30, "people.calendar_months": 0})  # fmt: skip
        lives, rows = free.cohort.lives, free.ledger
        table = counts_of(free.history, free.scenario, years=4)
        for definition in DEFINITIONS:
            inside = getattr(lives, f"time_{definition}") <= 24
            hand = np.array([int((inside & (lives.highest == group)).sum()) for group in (0, 1)])
            # Cases that are decided after the ledger's calendar are in no ledger.
            kept = rows[f"reoffenders_{definition}"].sum(axis=(0, 2))
            claim.check(kept <= hand if definition == "any" else kept == hand, f"{definition}: {kept} and {hand}")
            claim.equal(rows[f"relapses_{definition}"], rows[f"reoffenders_{definition}"], definition)
            priced = [table.loc[table["group"] == each, f"reoffenders_{definition}"].sum() for each in GROUPS]
            claim.check(np.array(priced) == hand, f"{definition}: {priced} priced, {hand} by the engine")
            claim.examined += len(inside)


def counts_of_a_year_are_those_of_its_months(claim: Violations, context: CheckContext) -> None:
    """Each case is decided in one of three ways, and people who are followed are inside or free: in a history's counts
    too.
    """
    for case in context.scenarios(programme=8):
        table = counts_of(case.history, case.scenario, years=36)
        events, total = case.history.events["event"], table.drop(columns=["place", "group"]).sum()
        claim.check(total["fines"] + total["suspended"] + total["prison"] == (events == "sanction").sum(), "sanctions")
        months = total["custody_months"] + total["liberty_months"]
        claim.check(months == case.history.people["followed"].sum(), "months")
        claim.check(total["cases"] == (events == "offence").sum(), "cases")
        groups = case.history.people[KEYED[:3]].drop_duplicates()
        once = len(table) == 36 * len(groups) and not table.duplicated(KEYED).any()
        claim.check(once, "a row for each group and year")
        claim.check(table["year"].tolist() == list(range(36)) * len(groups), "years in their order")
        for definition in DEFINITIONS:
            judged = times(case.history, definition)
            hits = int(((judged["known"] >= 24) & (judged["time"] <= 24)).sum())
            claim.check(total[f"reoffenders_{definition}"] == hits, f"{definition}: {hits}")
    for years in (0, 37):
        claim.refused(partial(counts_of, case.history, case.scenario, years=years), f"{years} years")


def censored_people_are_neither_successes_nor_failures(claim: Violations, context: CheckContext) -> None:
    """People whose window cannot be judged are counted as censored, whatever is known of them so far."""
    for k, case in enumerate(context.scenarios(any=12, programme=6), context.first):
        definition, window = DEFINITIONS[k % 3], 1 + (7 * k) % 18
        table = times(case.history, definition)
        censored = table["known"] < window
        guilty, innocent = table.copy(), table.copy()
        guilty.loc[censored, "time"], innocent.loc[censored, "time"] = np.int16(1), np.int16(NOT_IN_SIGHT)
        counted = shares(table, window=window, by=())
        claim.check(counted["censored"].sum() == censored.sum(), f"{definition} in {window}: censored")
        claim.check(counted["people"].sum() == (~censored).sum(), f"{definition} in {window}: people")
        one, other = (shares(each, window=window, by=()) for each in (guilty, innocent))
        claim.check(one.equals(other), "a verdict on the censored")
        claim.examined += int(censored.sum())


def stopping_early_changes_no_verdict(claim: Violations, context: CheckContext) -> None:
    """People who can be judged although observation stopped early get the verdict of the full follow-up."""
    for k, case in enumerate(context.scenarios(any=12), context.first):
        window, stop = 1 + (5 * k) % 12, 1 + (7 * k) % 12
        early, late = (case.changed({"people.calendar_months": months}) for months in (stop + window, 0))
        for definition in DEFINITIONS:
            one, other = times(early.history, definition), times(late.history, definition)
            judged = one["known"] >= window
            claim.check(other["known"][judged] >= window, "judged early and not late")
            claim.equal(one["time"][judged] <= window, other["time"][judged] <= window, definition)


def nobody_is_judged_before_the_window_is_known(claim: Violations, context: CheckContext) -> None:
    """The largest window that can be judged ends when observation stops; a year sooner where decisions may take one."""
    for case in context.scenarios(any=12, programme=6):
        people = case.history.people
        for definition in DEFINITIONS:
            known = times(case.history, definition)["known"].to_numpy()
            later = 0 if definition == "sentence" else 12
            hand = np.clip(np.minimum(people["followed"], people["decided"] - later), 0, None)
            claim.equal(known, hand, definition)


CONSERVATION = invariants(
    "conservation", people_are_in_custody_or_at_liberty, months_sentenced_are_served_or_still_to_be_served,
    volunteers_who_came_are_there_or_have_stopped, everybody_who_is_due_is_counted_once, matches_last_from_start_to_end,
    months_on_the_list_are_months_waited, a_ledger_is_what_the_events_add_up_to,
    a_ledger_counts_the_volunteers_who_are_there, two_ways_of_counting_agree, counts_of_a_year_are_those_of_its_months,
    reoffenders_are_those_whose_time_is_within_two_years, no_part_is_more_than_its_whole,
    a_ledger_that_stops_early_is_the_start_of_a_longer_one,
)  # fmt: skip
CENSORING = invariants(
    "censoring", censored_people_are_neither_successes_nor_failures, stopping_early_changes_no_verdict,
    nobody_is_judged_before_the_window_is_known,
)  # fmt: skip
