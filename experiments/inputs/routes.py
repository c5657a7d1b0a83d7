"""What the routes of a programme's effect, and the conditions it is looked at in, are called in tables."""

from __future__ import annotations

DIRECT = "direct"
"""The route that is no support factor."""
TOTAL = "total"
"""The whole effect."""
AS_IS, SCARCE = "as is", "scarce"
"""Conditions: the scenario's own openings, and scarce ones."""
DIFFERENCE = "difference"
"""The condition as is, less the scarce one."""
