"""One rule along a block of people: short passes over plain rows, without branches on their path.

Each pass applies one rule to every person of a block; rows are contiguous, so the compiler turns a pass into vector
instructions. ``month.py`` calls them in the order of the story.
"""

from __future__ import annotations

import numpy as np

from simulation.chance import LATER_PROGRAMMES, LIFE, MONTH_ZERO, WORD, fill_four
from simulation.compiled import part
from simulation.rules import fading, holds, in_relation, lacking, likelier, meets, present, rarer, remembered, standing

FIRST_FACTOR = 3
"""Row of the first factor's word; rows 0 to 2 are offence, contact and end of the first programme."""


@part
def own_months(month, t, release):  # type: ignore[no-untyped-def]
    """Own month of each person, as chance counts it (months before release have an address too)."""
    for i in range(len(month)):
        month[i] = t - release[i] + MONTH_ZERO


@part
def fill_words(words, person, replicate, month, factors, programmes, key0, key1):  # type: ignore[no-untyped-def]
    """This month's words for everybody: the first eight rows always, more with more factors or programmes."""
    size = len(person)
    blocks = (FIRST_FACTOR + factors + 3) // 4
    for j in range(blocks + programmes // 2):
        purpose = LIFE | j if j < blocks else LIFE | (LATER_PROGRAMMES + j - blocks)
        fill_four(
            words[4 * j, :size], words[4 * j + 1, :size], words[4 * j + 2, :size], words[4 * j + 3, :size],
            person, replicate, month, purpose, key0, key1,
        )  # fmt: skip


@part
def programme_row(k, factors):  # type: ignore[no-untyped-def]
    """Row of the word that decides contact with programme k; the next decides an unplanned end."""
    return 1 if k == 0 else 4 * ((FIRST_FACTOR + factors + 3) // 4) + 2 * (k - 1)


@part
def find_due(found, turn, t):  # type: ignore[no-untyped-def]
    """Rows of the block whose month of release or custody is t; returns how many."""
    number = 0
    for i in range(len(turn)):
        if turn[i] == t:
            found[number] = i
            number += 1
    return number


@part
def stand(after, status, anchor, t, ends, word, leaves):  # type: ignore[no-untyped-def]
    """What becomes of each match (``rules.standing``), by the months since the release that programmes count from."""
    for i in range(len(after)):
        after[i] = standing(status[i], t - anchor[i], ends, word[i], leaves)


@part
def meet(met, status, carried, word, chance):  # type: ignore[no-untyped-def]
    """Who meets the programme this month (``rules.meets``)."""
    for i in range(len(met)):
        met[i] = meets(status[i], carried[i], word[i], chance)


@part
def relate(met, months, echo, level, full, stays, fade):  # type: ignore[no-untyped-def]
    """Level of each relationship this month, and what stays of it (``rules.present``, ``rules.remembered``)."""
    for i in range(len(met)):
        months[i] += met[i]
        level[i] = present(met[i], echo[i], fade)
        echo[i] = remembered(met[i], months[i], full, echo[i], stays, fade)


@part
def copy_row(to, row):  # type: ignore[no-untyped-def]
    """Copy a row."""
    for i in range(len(to)):
        to[i] = row[i]


@part
def begin_with(row, value):  # type: ignore[no-untyped-def]
    """Fill a row with one number."""
    for i in range(len(row)):
        row[i] = value


@part
def make_likelier(gain, has, times):  # type: ignore[no-untyped-def]
    """Gains are likelier for holders of another factor (``rules.likelier``)."""
    for i in range(len(gain)):
        gain[i] = likelier(gain[i], has[i], times)


@part
def help_on(gain, loss, met, highest, others, high):  # type: ignore[no-untyped-def]
    """Gains are likelier and losses rarer in a month of contact."""
    for i in range(len(gain)):
        times = high if highest[i] else others
        gain[i] = likelier(gain[i], met[i], times)
        loss[i] = rarer(loss[i], met[i], times)


@part
def share_out(gain, before, inside, locality, demand, room):  # type: ignore[no-untyped-def]
    """Add to what is wanted in each place, then take the part that its openings allow."""
    place, wanted = locality[0], np.uint64(0)
    for i in range(len(gain)):
        if locality[i] != place:
            demand[place] += wanted
            place, wanted = locality[i], np.uint64(0)
        seeks = (before[i] | inside[i]) == 0
        wanted += np.uint64(min(gain[i], 1.0) * WORD if seeks else 0.0)
        gain[i] = min(gain[i], 1.0) * room[place]
    demand[place] += wanted


@part
def hold(held, before, inside, word, gain, loss):  # type: ignore[no-untyped-def]
    """Who holds the factor after this month (``rules.holds``)."""
    for i in range(len(held)):
        held[i] = holds(before[i], inside[i], word[i], gain[i], loss[i])


@part
def base_hazard(hazard, baseline, since, t, later, settling):  # type: ignore[no-untyped-def]
    """Own hazard, falling with the time since the latest release (``rules.fading``)."""
    for i in range(len(hazard)):
        hazard[i] = baseline[i] * fading(float(t - since[i]), later, settling)


@part
def raise_where_lacking(hazard, held, ratio):  # type: ignore[no-untyped-def]
    """Hazard times what lacking a factor does (``rules.lacking``)."""
    for i in range(len(hazard)):
        hazard[i] = lacking(hazard[i], held[i], ratio)


@part
def lower_in_relation(hazard, level, highest, others, high):  # type: ignore[no-untyped-def]
    """Hazard times what the relationship does (``rules.in_relation``)."""
    for i in range(len(hazard)):
        hazard[i] = in_relation(hazard[i], level[i], high if highest[i] else others)


@part
def raise_among_peers(hazard, locality, peers):  # type: ignore[no-untyped-def]
    """Hazard times what the peers of the place do."""
    for i in range(len(hazard)):
        hazard[i] *= peers[locality[i]]


@part
def find_offenders(found, word, hazard, inside):  # type: ignore[no-untyped-def]
    """Those at liberty whose word is below the hazard: 1 - exp(-hazard) is below it too."""
    number = 0
    for i in range(len(hazard)):
        if word[i] < hazard[i] * WORD and not inside[i]:
            found[number] = i
            number += 1
    return number


@part
def count_at_liberty(inside, locality, at_liberty):  # type: ignore[no-untyped-def]
    """Who is at liberty, place by place."""
    place, number = locality[0], 0
    for i in range(len(inside)):
        if locality[i] != place:
            at_liberty[place] += number
            place, number = locality[i], 0
        number += 1 - inside[i]
    at_liberty[place] += number
