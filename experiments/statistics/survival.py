"""Times to an event where another end comes first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def cumulative_incidence(
    time: npt.NDArray[np.int64], known: npt.NDArray[np.int64], died: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Share with the event by month, where death is an end of its own (Aalen and Johansen).

    Parameters
    ----------
    time, known
        Month of the event, and the last month that can be judged, of each person (``outcomes.times``).
    died
        Whether death is what ended the months that can be judged; others are censored there.

    Returns
    -------
    Shares (0-1) at months 0 to the last that can be judged. Deaths of a month come after its events.

    References
    ----------
    Aalen & Johansen (1978), Scandinavian Journal of Statistics 5:141.
    """
    last, hit = int(known.max(initial=0)), time <= known
    seen = np.minimum(time, known)
    events, deaths, gone = (np.bincount(seen[which], minlength=last + 1).astype(float)
                            for which in (hit, ~hit & died, np.ones(len(seen), bool)))  # fmt: skip
    at_risk = len(seen) - np.concatenate([[0.0], np.cumsum(gone)[:-1]])
    left = at_risk - events
    none = np.zeros(last + 1)
    rates = np.divide(events, at_risk, out=none.copy(), where=at_risk > 0)
    stayed = (1 - rates) * (1 - np.divide(deaths, left, out=none, where=left > 0))
    free = np.concatenate([[1.0], np.cumprod(stayed)[:-1]])  # of either end, just before each month
    return np.asarray(np.cumsum(free * rates))
