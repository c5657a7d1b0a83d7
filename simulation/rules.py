"""How people behave: pure functions on the numbers of one person (or one volunteer, or one place).

Each rule is written once. The engine inlines it into its passes, the Mesa model calls it as ordinary Python, and
both get the same bits: comparisons of whole words, products in one order, ``exp`` only where it decides something.
A *word* is a random whole number from 0 to 2**32 - 1; a chance c happens when word < c * 2**32. Times are in months.
"""

from __future__ import annotations

import math

from simulation.chance import WORD
from simulation.compiled import rule
from simulation.state import Bytes

# What has become of a person in a programme.
ASIDE, WAITING, MATCHED, PLANNED, UNPLANNED, WITHOUT, LEFT, CAUGHT = range(8)
"""Not in it, on the list, matched, planned end, unplanned end, unmatched in time, volunteers gone, in custody."""

FINE, SUSPENDED, PRISON = range(3)

NEVER = 32_000
"""A month that does not come."""


@rule
def happens(word: int, chance: float) -> bool:
    """Whether something with this chance happens."""
    return word < chance * WORD


# Risk of offending ------------------------------------------------------------------------------------------


@rule
def fading(since: float, later: float, settling: float) -> float:
    """Part of the first month's hazard that is left: later + (1 - later) / (1 + since / settling)."""
    return later + (1.0 - later) / (1.0 + since / settling)


@rule
def lacking(hazard: float, held: int, ratio: float) -> float:
    """Hazard given a support factor: times the ratio if it is lacked."""
    return hazard if held else hazard * ratio


@rule
def in_relation(hazard: float, level: float, effect: float) -> float:
    """Hazard given a relationship: times ``effect`` at level 1, untouched at level 0, in proportion between."""
    return hazard * (1.0 - (1.0 - effect) * level)


@rule
def among_peers(share: float, usual: float, strength: float) -> float:
    """Times the hazard for a share of one's peers who are offending: exp(strength * (share - usual))."""
    return math.exp(strength * (share - usual))


@rule
def offends(word: int, hazard: float) -> bool:
    """Whether at least one offence is committed in a month: chance 1 - exp(-hazard).

    That lies above hazard - hazard**2 / 2, so most words need no ``exp``.
    """
    if word < (hazard - 0.5 * hazard * hazard) * WORD:
        return True
    return word < (1.0 - math.exp(-hazard)) * WORD


# The relationship -------------------------------------------------------------------------------------------


@rule
def standing(status: int, clock: int, ends: int, word: int, leaves: float) -> int:
    """What becomes of a match this month: planned end when its time is up, or an unplanned one by chance."""
    if status != MATCHED:
        return status
    if clock >= ends:
        return PLANNED
    return UNPLANNED if word < leaves * WORD else MATCHED


@rule
def meets(status: int, carried: float, word: int, chance: float) -> bool:
    """Whether a matched person meets the programme this month; half as likely with one of two volunteers gone."""
    return (status == MATCHED) & (word < chance * carried * WORD)


@rule
def present(met: int, echo: float, fade: float) -> float:
    """Level of the relationship this month: 1 while they meet, else what is left of it."""
    return 1.0 if met else echo * fade


@rule
def remembered(met: int, months: float, full: float, echo: float, stays: float, fade: float) -> float:
    """What stays of the relationship: in proportion to the months met, then fading by the half-life."""
    return stays * min(1.0, months / full) if met else echo * fade


# Support ----------------------------------------------------------------------------------------------------


@rule
def likelier(chance: float, has: int, times: float) -> float:
    """A chance that is so many times likelier for whoever has something."""
    return chance * times if has else chance


@rule
def rarer(chance: float, has: int, times: float) -> float:
    """A chance that is so many times rarer for whoever has something."""
    return chance / times if has else chance


@rule
def holds(held: int, inside: int, word: int, gain: float, loss: float) -> int:
    """Whether a support factor is held after this month; in custody nothing changes.

    Low words gain and high words lose, so on the same luck whoever holds it ends up no worse than whoever lacks it.
    """
    lost = word >= (1.0 - loss) * WORD
    won = word < gain * WORD
    after = (not lost) if held else won
    return held if inside else after


@rule
def scarce(openings: float, people: float, demand: float, unknown: float) -> float:
    """Part of the wanted gains that a place can give: openings per person and month against expected gains.

    Where nobody wanted anything, nothing is known of the demand.
    """
    return min(1.0, openings * people / demand) if demand > 0.0 else unknown


# Consequences of an offence ---------------------------------------------------------------------------------


@rule
def burst(word: int, another: float, most: int) -> int:
    """Offences in this month: one, and each is followed by another with the given chance."""
    number, chance = 1, another
    while number < most and word < chance * WORD:
        number += 1
        chance *= another
    return number


@rule
def waits(word: int, phase: Bytes) -> int:
    """Whole months until a case is decided: investigation, then court, each read from a table of 65,536 months.

    The two halves of the word choose the months of the two phases, each geometric (``numbers.phase_table``).
    """
    both = int(word)
    return int(phase[both >> 16]) + int(phase[both & 65535])


@rule
def sanctioned(word: int, convictions: int, prison: float, per_conviction: float, suspended: float) -> int:
    """Sanction of a case: prison the likelier, the more earlier convictions (up to 15); else suspended, or a fine."""
    chance = min(1.0, prison + per_conviction * min(convictions, 15))
    if word < chance * WORD:
        return PRISON
    return SUSPENDED if word < (chance + (1.0 - chance) * suspended) * WORD else FINE


@rule
def served(sentence: float, parole_word: int, parole: float, parole_from: float, part: float, word: int) -> int:
    """Whole months in custody of a sentence in months; the odd part of a month is a whole one by chance."""
    time = sentence * part if sentence >= parole_from and parole_word < parole * WORD else sentence
    whole = int(time)
    return whole + 1 if word < (time - whole) * WORD else whole


# Volunteers -------------------------------------------------------------------------------------------------


@rule
def tires(word: int, quits: float, quit_increase_per_year: float, months_matched: float) -> bool:
    """Whether a volunteer stops this month; likelier the longer he or she has been matched."""
    return word < quits * (1.0 + quit_increase_per_year * months_matched / 12.0) * WORD


@rule
def come_forward(word: int, nobody: float, rate: float) -> int:
    """Volunteers who come forward in a month: Poisson with this rate (``nobody`` is exp(-rate))."""
    number, chance, below = 0, nobody, nobody
    while word >= below * WORD and number < 1000:
        number += 1
        chance *= rate / number
        below += chance
        if chance < 1e-12 and number > rate:
            break
    return number


@rule
def rounded(amount: float, word: int) -> int:
    """A whole number with the given mean: the odd part is one more by chance."""
    whole = int(amount)
    return whole + 1 if word < (amount - whole) * WORD else whole
