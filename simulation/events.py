"""Events as they happen: their codes, and how one is written down.

Both drivers write the same codes; ``history.py`` gives them their names.
"""

from __future__ import annotations

from simulation.compiled import part

RELEASE, CUSTODY_OUT, CUSTODY_IN, MATCH, UNMATCHED, EXIT, CONTACT, GAIN, LOSS, OFFENCE, SANCTION = range(11)
"""What happened. ``detail`` is the programme (MATCH to CONTACT), factor (GAIN, LOSS) or sanction (SANCTION); ``value``
the volunteers (MATCH), how it ended (EXIT), number of offences (OFFENCE), the month of the offences (SANCTION) or
the months to serve (CUSTODY_IN)."""


@part
def tell(told, person, month, kind, detail, value):  # type: ignore[no-untyped-def]
    """Write one event down; without room it is only counted."""
    at = told.count[0]
    told.count[0] = at + 1
    if at < len(told.person):
        told.person[at] = person
        told.month[at] = month
        told.kind[at] = kind
        told.detail[at] = detail
        told.value[at] = value
