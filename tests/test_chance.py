"""Random numbers with an address: what an address does, and seeds that have none."""

from __future__ import annotations

import pytest

from simulation.chance import LIFE, key_of, words_at

ADDRESS = (17, 3, 1030, LIFE, 5, 7)
"""Person, replicate, month, purpose and the two words of a key."""


@pytest.mark.parametrize("part", range(len(ADDRESS)))
def test_every_part_of_an_address_matters(part):
    """Another person, replicate, month, purpose or seed has four other random numbers."""
    other = [number + (position == part) for position, number in enumerate(ADDRESS)]

    assert not set(words_at(*ADDRESS).tolist()) & set(words_at(*other).tolist())


@pytest.mark.parametrize("seed", [-1, 2**64, 2**70])
def test_seeds_out_of_range_are_refused(seed):
    """A seed that has no place in 64 bits is named with what is allowed."""
    with pytest.raises(ValueError, match=rf"seed is \[{seed}\]; allowed is a whole number from 0 to 2\*\*64 - 1"):
        key_of(seed)
