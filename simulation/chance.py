"""Chance with an address: a random number is a function of who, when and what for, never a stream.

Philox4x32-10 turns a counter (person, replicate, month, purpose) and a 64-bit seed into four 32-bit words.
So nobody's luck depends on the order in which people are told, on threads, or on the scenario; the same
person can live twice on the same luck.

References
----------
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. SC '11,
doi:10.1145/2063384.2063405. Known answers of the generator are in ``tests/test_chance.py``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from simulation.compiled import loop, part, rule

WORD = 4294967296.0
"""Number of values a word can take (2**32): a word u is the uniform number u / WORD."""

# The last counter word: the high byte says for whose life, the low bits which block of four words.
LIFE = 0 << 24  # a person's months after arrival
ARRIVAL = 1 << 24  # who a person is
VOLUNTEER = 2 << 24  # a volunteer's months
RECRUITING = 3 << 24  # how many volunteers come forward in a place
LOTTERY = 4 << 24  # order of a waiting list, sides of a trial

# Blocks of a person's month (LIFE). Words 0-7 are needed by everybody every month and come first.
CONSEQUENCES = 64  # of an offence: how many, how long until it is decided, which sanction, how long
PAROLE = 65
RUIN = 72  # what custody destroys: one word a factor, from this block on
LATER_PROGRAMMES = 32  # contact and end in the second and later programmes, two to a block from this one on
MONTH_ZERO = 1024
"""Added to a month so that months before release have an address too."""

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


Whole = int | np.integer[Any]
"""A whole number, Python's or NumPy's: compiled loops need to say which."""
FourWords = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
"""What one address gives: four words of 32 bits, kept in 64."""


@rule
def philox(c0: Whole, c1: Whole, c2: Whole, c3: Whole, k0: Whole, k1: Whole) -> FourWords:
    """Four 32-bit words for a counter of four words and a key of two (Philox4x32, ten rounds)."""
    a, b, c, d = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key0, key1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        product0, product1 = _M0 * a, _M1 * c
        a, b, c, d = (
            (product1 >> _HALF) ^ b ^ key0,
            product1 & _LOW,
            (product0 >> _HALF) ^ d ^ key1,
            product0 & _LOW,
        )
        key0, key1 = (key0 + _W0) & _LOW, (key1 + _W1) & _LOW
    return a, b, c, d


@loop
def fill_four(r0, r1, r2, r3, person, replicate, month, purpose, k0, k1):  # type: ignore[no-untyped-def]
    """Fill four rows of random words for a block of people; all arrays have one entry a person."""
    c3, key0, key1 = np.uint64(purpose), np.uint64(k0), np.uint64(k1)
    for i in range(len(person)):
        a, b, c, d = philox(
            np.uint64(person[i]), np.uint64(replicate[i]), np.uint64(month[i]), c3, key0, key1
        )
        r0[i], r1[i], r2[i], r3[i] = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)


@part
def draw_four(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> FourWords:
    """``philox`` for single people: a call instead of a copy of it, which keeps compiled loops small."""
    return philox(
        np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3), np.uint64(k0), np.uint64(k1)
    )


@loop
def words_at(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> npt.NDArray[np.uint32]:
    """The four words at one address, as an array (for Python; loops call ``philox`` itself)."""
    a, b, c, d = philox(
        np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3), np.uint64(k0), np.uint64(k1)
    )
    return np.array([a, b, c, d]).astype(np.uint32)


def key_of(seed: int) -> tuple[int, int]:
    """The generator's two key words for a seed from 0 to 2**64 - 1.

    Raises
    ------
    ValueError
        If the seed is outside that range.
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is [{seed}]; allowed is a whole number from 0 to 2**64 - 1")
    return seed & 0xFFFFFFFF, seed >> 32


@cache
def normal_table() -> npt.NDArray[np.float64]:
    """Quantiles of the standard normal distribution in the middle of 65,536 equal parts (float64).

    A word's upper 16 bits choose the part, so a normal number needs no logarithm and is the same on every
    machine. The table ends at plus and minus 4.32.
    """
    from scipy.special import ndtri  # slow to import

    middle = (np.arange(65536) + 0.5) / 65536
    table: npt.NDArray[np.float64] = ndtri(middle).astype(np.float32).astype(np.float64)
    table.setflags(write=False)
    return table


@rule
def normal(word: int, table: npt.NDArray[np.float64]) -> float:
    """A standard normal number from a word, by table."""
    quantile: float = table[word >> np.uint32(16)]
    return quantile
