"""What a mistake must look like."""

from __future__ import annotations

import pytest

from simulation.parameters import ParameterError


def assert_one_line(make, wanted):
    """Whatever ``make`` does is refused in one line that says what is wrong, with its value, and what is needed."""
    with pytest.raises(ParameterError) as told:
        make()

    assert wanted in str(told.value)
    assert "\n" not in str(told.value)
