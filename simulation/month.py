"""The story of one month, told for a block of people, in the order of the design.

First what was due (release, custody), then contact, support, risk; the few who may offend are told one by one.
People read only what the month opened with, and write only their own rows; what they add to a place's tallies are
whole numbers. So the order of people is without meaning. The passes along a block are in ``vector_rules.py``.
"""

from __future__ import annotations

import numpy as np

from simulation.chance import CONSEQUENCES, LIFE, MONTH_ZERO, PAROLE, RUIN, WORD, draw_four
from simulation.compiled import loop, part
from simulation.events import (
    CONTACT,
    CUSTODY_IN,
    CUSTODY_OUT,
    EXIT,
    GAIN,
    LOSS,
    OFFENCE,
    RELEASE,
    SANCTION,
    UNMATCHED,
    tell,
)
from simulation.rules import (
    CAUGHT,
    MATCHED,
    NEVER,
    PRISON,
    SUSPENDED,
    WAITING,
    WITHOUT,
    among_peers,
    burst,
    happens,
    offends,
    sanctioned,
    scarce,
    served,
    waits,
)
from simulation.vector_rules import (
    FIRST_FACTOR,
    base_hazard,
    begin_with,
    copy_row,
    count_at_liberty,
    fill_words,
    find_due,
    find_offenders,
    help_on,
    hold,
    lower_in_relation,
    make_likelier,
    meet,
    own_months,
    programme_row,
    raise_among_peers,
    raise_where_lacking,
    relate,
    share_out,
    stand,
)


@loop
def live_month(t, low, high, people, lives, local, n, b, told, recording):  # type: ignore[no-untyped-def]
    """Tell calendar month t for the people in rows low to high, block by block."""
    block = len(b.month)
    for s in range(low, high, block):
        e = min(s + block, high)
        size = e - s
        release, month, words = people.release[s:e], b.month[:size], b.words
        own_months(month, t, release)
        fill_words(words, people.person[s:e], people.replicate[s:e], month, len(n.gain), len(n.starts), n.key0, n.key1)
        due = find_due(b.found, lives.turn[s:e], t)
        if due > 0:
            _turns(
                t, s, b.found[:due], people.person, people.replicate, people.release, lives.inside, lives.turn,
                lives.free_since, lives.anchor, lives.pending, lives.held, lives.status, n, told,
            )  # fmt: skip
        inside, highest, locality = lives.inside[s:e], lives.highest[s:e], lives.locality[s:e]
        _contacts(t, s, e, release, lives, n, b, told, recording)
        _support(t, s, e, release, inside, highest, locality, lives.held, lives.met, local, n, b, told, recording)
        hazard = b.hazard[:size]
        base_hazard(
            hazard, lives.baseline[s:e], lives.free_since[s:e], t, n.risk.long_run_hazard_ratio,
            n.risk.hazard_decay_months,
        )  # fmt: skip
        for f in range(len(n.gain)):
            raise_where_lacking(hazard, lives.held[f, s:e], n.ratio[f])
        for k in range(len(n.starts)):
            lower_in_relation(hazard, b.level[k, :size], highest, n.effect[k, 0], n.effect[k, 1])
        if n.peers.strength != 0.0:
            raise_among_peers(hazard, locality, local.peers)
        offenders = find_offenders(b.found, words[0, :size], hazard, inside)
        if offenders > 0:
            _offences(
                t, s, b.found[:offenders], words[0, :size], hazard, people.person, people.replicate, people.release,
                people.priors, lives.locality, lives.turn, lives.pending, lives.pending_from, lives.cases,
                lives.offences, lives.first_offence, lives.time_any, lives.time_prison, lives.time_sentence,
                local.offending, n, told,
            )  # fmt: skip
        count_at_liberty(inside, locality, local.at_liberty)


@part
def _turns(  # type: ignore[no-untyped-def]
    t, s, found, person, replicate, release, inside, turn, free_since, anchor, pending, held, status, n, told
):  # fmt: skip
    """Somebody's month of release or of custody has come."""
    for j in found:
        i = s + j
        month = t - release[i]
        if inside[i]:
            inside[i] = 0
            free_since[i] = t
            turn[i] = NEVER
            tell(told, i, month, RELEASE if month == 0 else CUSTODY_OUT, 0, 0)
            continue
        inside[i] = 1
        turn[i] = t + pending[i]
        anchor[i] = turn[i]
        tell(told, i, month, CUSTODY_IN, 0, pending[i])
        pending[i] = 0
        for f in range(len(n.ruin)):
            word = draw_four(person[i], replicate[i], month + MONTH_ZERO, LIFE | (RUIN + f), n.key0, n.key1)[0]
            if held[f, i] and happens(word, n.ruin[f]):
                held[f, i] = 0
                tell(told, i, month, LOSS, f, 1)
        for k in range(len(status)):
            if status[k, i] == MATCHED:
                status[k, i] = CAUGHT
                tell(told, i, month, EXIT, k, CAUGHT)
            elif status[k, i] == WAITING:
                status[k, i] = WITHOUT
                tell(told, i, month, UNMATCHED, k, 0)


@part
def _contacts(t, s, e, release, lives, n, b, told, recording):  # type: ignore[no-untyped-def]
    """Does the match end, do they meet, and what is there of each relationship (left in ``b.level``)?"""
    size = e - s
    after = b.after[:size]
    for k in range(len(n.starts)):
        row = programme_row(k, len(n.gain))
        status, met = lives.status[k, s:e], lives.met[k, s:e]
        stand(after, status, lives.anchor[s:e], t, n.ends[k], b.words[row + 1, :size], n.leaves[k])
        _tell_ends(t, s, k, status, after, release, told)
        carried = lives.carried[s:e] if k == n.supply else b.whole[:size]
        meet(met, status, carried, b.words[row, :size], n.contact[k])
        full = float(n.ends[k] - n.starts[k])
        relate(met, lives.months_met[k, s:e], lives.echo[k, s:e], b.level[k, :size], full, n.persistence[k], n.fade[k])
        if recording:
            _tell_contacts(t, s, k, met, release, told)


@part
def _tell_ends(t, s, k, status, after, release, told):  # type: ignore[no-untyped-def]
    for i in range(len(after)):
        if after[i] != status[i]:
            status[i] = after[i]
            tell(told, s + i, t - release[i], EXIT, k, after[i])


@part
def _tell_contacts(t, s, k, met, release, told):  # type: ignore[no-untyped-def]
    for i in range(len(met)):
        if met[i]:
            tell(told, s + i, t - release[i], CONTACT, k, 0)


@part
def _support(t, s, e, release, inside, highest, locality, held, met, local, n, b, told, recording):  # type: ignore[no-untyped-def]
    """Support factors come and go; what a gain depends on is what was held when the month opened."""
    size, factors = e - s, len(n.gain)
    gain, loss = b.gain[:size], b.loss[:size]
    for f in range(factors):
        copy_row(b.before[f, :size], held[f, s:e])
    for f in range(factors):
        begin_with(gain, n.gain[f])
        begin_with(loss, n.loss[f])
        for g in range(factors):
            if n.helped[f, g] != 1.0:
                make_likelier(gain, b.before[g, :size], n.helped[f, g])
        for k in range(len(n.starts)):
            if n.boost[k, f, 0] != 1.0 or n.boost[k, f, 1] != 1.0:
                help_on(gain, loss, met[k, s:e], highest, n.boost[k, f, 0], n.boost[k, f, 1])
        before = b.before[f, :size]
        if n.openings[f, 0] >= 0.0:
            share_out(gain, before, inside, locality, local.demand[f], local.room[f])
        hold(held[f, s:e], before, inside, b.words[FIRST_FACTOR + f, :size], gain, loss)
        if recording:
            _tell_support(t, s, f, before, held[f, s:e], release, told)


@part
def _tell_support(t, s, f, before, held, release, told):  # type: ignore[no-untyped-def]
    for i in range(len(held)):
        if held[i] != before[i]:
            tell(told, s + i, t - release[i], GAIN if held[i] else LOSS, f, 0)


@part
def _offences(  # type: ignore[no-untyped-def]
    t, s, found, offence_word, hazard, person, replicate, release, priors, locality, turn, pending, pending_from,
    cases, offences, first_offence, time_any, time_prison, time_sentence, offending, n, told,
):  # fmt: skip
    """Offences are committed in month t: how many, and what follows from them."""
    o, c = n.offending, n.custody
    for j in found:
        if not offends(offence_word[j], hazard[j]):
            continue
        i = s + j
        month = t - release[i]
        at, who, run = month + MONTH_ZERO, person[i], replicate[i]
        w_burst, w_wait, w_sanction, w_sentence = draw_four(who, run, at, LIFE | CONSEQUENCES, n.key0, n.key1)
        number = burst(w_burst, o.further_offence_chance, n.most_offences)
        decided = month + waits(w_wait, n.phase)
        convictions = priors[i] + cases[i]
        sanction = sanctioned(w_sanction, convictions, o.prison_chance, o.prison_per_conviction, o.suspended_chance)
        cases[i] += 1
        offending[locality[i]] += 1
        if month < n.follow_up:
            offences[i] += number
            first_offence[i] = min(first_offence[i], month)
            window = max(month + 1, decided - n.decided_within + 1)
            time_any[i] = min(time_any[i], window)
            if sanction >= SUSPENDED:
                time_sentence[i] = min(time_sentence[i], decided + 1)
            if sanction == PRISON:
                time_prison[i] = min(time_prison[i], window)
            tell(told, i, month, OFFENCE, 0, number)
            tell(told, i, decided, SANCTION, sanction, month)
        if sanction == PRISON:
            w_parole, w_odd, _, _ = draw_four(who, run, at, LIFE | PAROLE, n.key0, n.key1)
            sentence = n.sentences[w_sentence >> np.uint64(22)]
            months = served(sentence, w_parole, c.parole_chance, c.parole_from_months, c.parole_served, w_odd)
            if months > 0:
                # Sentences that wait are served together from the first of them.
                begins = t + max(1, decided - month)
                pending_from[i] = begins if pending[i] == 0 else min(pending_from[i], begins)
                pending[i] = min(pending[i] + months, 1200)
                turn[i] = pending_from[i]


@loop
def close_month(local, n):  # type: ignore[no-untyped-def]
    """The world closes the month: free flats and jobs, and the share of one's peers who are offending."""
    for place in range(len(local.number)):
        people = float(local.at_liberty[place])
        if n.peers.strength != 0.0:
            crowd = people + n.peers.pseudo_people
            seen = local.offending[place] + n.peers.pseudo_people * n.peers.reference_share
            share = seen / crowd if crowd > 0.0 else n.peers.reference_share
            local.peers[place] = among_peers(share, n.peers.reference_share, n.peers.strength)
        for f in range(len(n.openings)):
            if n.openings[f, 0] >= 0.0:
                row = local.place[place]
                local.room[f, place] = scarce(
                    n.openings[f, row], people, local.demand[f, place] / WORD, n.first_room[f, row]
                )
                local.demand[f, place] = 0
        local.at_liberty[place] = 0
        local.offending[place] = 0


@loop
def words_of_month(t, people, low, high, rows, factors, programmes, key0, key1):  # type: ignore[no-untyped-def]
    """The words of one month for the people in rows low to high: an array of rows x (high - low)."""
    size = high - low
    words, month = np.zeros((rows, size), np.uint32), np.zeros(size, np.uint32)
    own_months(month, t, people.release[low:high])
    fill_words(words, people.person[low:high], people.replicate[low:high], month, factors, programmes, key0, key1)
    return words
