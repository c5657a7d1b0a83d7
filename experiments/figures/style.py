"""The style that every figure is drawn in, whatever settings of Matplotlib a user has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.figure import Figure

Figures = dict[str, Callable[[], Figure]]
"""What a study's module of figures gives: a function for each figure by its name, the main one first."""


@contextmanager
def styled() -> Iterator[None]:
    """A context of its own for drawing and saving a figure: no setting of the user's counts, and none is changed."""
    with mpl.rc_context():
        mpl.rcdefaults()
        style()
        yield


def style() -> None:
    """Seaborn's plain style, type that can be read in print, text that stays text in SVG, the same bytes each time."""
    import seaborn as sns  # half a second: only where something is drawn

    sns.set_theme(style="ticks", context="notebook", font="DejaVu Sans")
    mpl.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "desist", "figure.constrained_layout.use": True,
        "axes.spines.top": False, "axes.spines.right": False, "font.size": 10, "axes.titlesize": 11,
        "axes.labelsize": 10, "legend.fontsize": 9, "legend.title_fontsize": 9, "xtick.labelsize": 9,
        "ytick.labelsize": 9,
    })  # fmt: skip
