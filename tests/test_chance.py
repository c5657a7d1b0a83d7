"""Chance with an address: the generator's published known answers, and what an address does."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.chance import (
    ARRIVAL,
    LIFE,
    LOTTERY,
    RECRUITING,
    VOLUNTEER,
    fill_four,
    key_of,
    normal_table,
    philox,
    words_at,
)
from simulation.compiled import plain

KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]  # fmt: skip
"""Counter, key and answer of Philox4x32-10 in the file kat_vectors of Random123."""
ADDRESS = (17, 3, 1030, LIFE, 5, 7)
"""Person, replicate, month, purpose and the two words of a key."""


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_the_generator_gives_its_published_answers(counter, key, answer):
    """The compiled generator is Philox4x32-10, bit for bit."""
    actual = tuple(words_at(*counter, *key).tolist())

    assert answer == actual


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_the_generator_is_the_same_in_ordinary_python(counter, key, answer):
    """Stepped through without the compiler, the generator gives the same words."""
    actual = tuple(int(word) for word in plain(philox)(*counter, *key))

    assert answer == actual


def test_a_block_has_the_words_of_its_people():
    """Filling the words of a block gives everybody the words of his or her own address."""
    person = np.array([0, 1, 2, 2**32 - 1], np.uint32)
    replicate, month = np.array([9, 9, 0, 1], np.uint32), np.array([1000, 1024, 1025, 1264], np.uint32)
    rows = np.zeros((4, 4), np.uint32)
    fill_four(rows[0], rows[1], rows[2], rows[3], person, replicate, month, ARRIVAL | 2, 11, 13)
    expected = [words_at(p, r, m, ARRIVAL | 2, 11, 13).tolist() for p, r, m in zip(person, replicate, month, strict=True)]

    assert expected == rows.T.tolist()


@pytest.mark.parametrize("part", range(len(ADDRESS)))
def test_every_part_of_an_address_matters(part):
    """Another person, replicate, month, purpose or seed has four other words."""
    other = [number + (position == part) for position, number in enumerate(ADDRESS)]

    assert not set(words_at(*ADDRESS).tolist()) & set(words_at(*other).tolist())


def test_purposes_do_not_overlap():
    """Life, arrival, volunteers, recruiting and lotteries differ in the high byte, whatever stands in the low ones."""
    purposes = [LIFE, ARRIVAL, VOLUNTEER, RECRUITING, LOTTERY]

    assert [0, 1, 2, 3, 4] == [purpose >> 24 for purpose in purposes]
    assert [0] * 5 == [purpose & 0xFFFFFF for purpose in purposes]


@pytest.mark.parametrize("seed", [-1, 2**64, 2**70])
def test_seeds_out_of_range_are_refused(seed):
    """A seed that has no place in 64 bits is named with what is allowed."""
    with pytest.raises(ValueError, match=rf"seed is \[{seed}\]; allowed is a whole number from 0 to 2\*\*64 - 1"):
        key_of(seed)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**64 - 1])
def test_every_seed_has_its_own_key(seed):
    """A seed can be read back from its key; 0 is a seed like any other."""
    low, high = key_of(seed)

    assert seed == low + (high << 32)


def test_the_normal_table_is_symmetric_and_rises():
    """The upper half mirrors the lower one, and no two parts have the same quantile."""
    table = normal_table()

    assert (table == -table[::-1]).all()
    assert (np.diff(table) > 0).all()


def test_the_normal_table_has_normal_moments():
    """Mean 0, variance 1, fourth moment 3, up to what the cut at 4.27 takes away."""
    table = normal_table()

    assert table.mean() == pytest.approx(0.0, abs=1e-12)
    assert table.var() == pytest.approx(1.0, abs=1e-4)
    assert (table**4).mean() == pytest.approx(3.0, abs=5e-3)


def test_the_normal_table_cannot_be_written_to():
    """Nobody can change anybody else's luck."""
    with pytest.raises(ValueError, match="read-only"):
        normal_table()[0] = 0.0
