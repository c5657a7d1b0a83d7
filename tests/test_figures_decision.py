"""Figures of a decision: each says what it should, with marks and lines where the tables put them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from experiments.figures.decision import (
    acceptability_curves,
    break_even_by_payer,
    decision_figure,
    kroner,
    plane_points,
)  # fmt: skip
from experiments.language.messages import Messages
from experiments.statistics.cost_effectiveness import acceptability, break_even, plane, quadrants
from tests.test_decision import SAVED, SPENT, options


def panel():
    """An empty one."""
    return Figure().subplots()


def texts(ax) -> str:
    """All that is written in a panel."""
    legend = [each.get_text() for each in ax.get_legend().get_texts()] if ax.get_legend() else []
    return "\n".join([ax.get_title(), ax.get_title("left"), ax.get_xlabel(), ax.get_ylabel(), *legend,
                      *(each.get_text() for each in ax.texts)])  # fmt: skip


def test_amounts_are_short() -> None:
    """Three digits, and millions from a million on."""
    assert [kroner(value) for value in (900, 36_667, -36_667.4, 505_300, 2_500_000, 8.44e9, 0)] == [
        "900 kr.", "36,700 kr.", "−36,700 kr.", "505,000 kr.", "2.5 million kr.", "8.44 billion kr.", "0 kr."
    ]  # fmt: skip


def test_plane_says_how_many_draws_are_worth_it() -> None:
    """Two of four draws lie below the line; each quadrant says its share; kroner are in millions."""
    made = options([[0, 1], [0, 2], [5, 1], [3, 2]], [[0, 9e6], [4e6, 1e6], [0, 2e6], [7e6, 3e6]])
    ax = panel()
    points, shares = plane(made, against="today"), quadrants(made, against="today")
    found = plane_points(points, shares, ax, effect="reoffenders avoided", threshold=2e6, against="today")

    assert found is ax
    for words in ("nationwide: worth its cost in 50 % of draws", "2 million kr. a unit", "more, dearer: 25 %", "million kr."):
        assert words in texts(ax)


def test_bold_curve_is_the_best_on_average() -> None:
    """The bold line is there where the option is best on average and nowhere else."""
    table = acceptability(options([[0, 0]] * 9 + [[0, 100]], [[0, 1]] * 10), [0.0, 1.0])
    ax = acceptability_curves(table, panel(), effect="avoided reoffender", marked=1.0)
    bold = [line.get_ydata() for line in ax.lines if line.get_linewidth() > 4 and len(line.get_ydata())]

    np.testing.assert_array_equal(np.isfinite(np.array(bold, float)), [[True, False], [False, True]])
    assert "1 kr." in texts(ax)
    assert "value of one avoided reoffender, kr." in texts(ax)


def test_payers_are_drawn_with_their_gains() -> None:
    """One mark a payer at its probability; the gain and its range beside it; and what is not in the total."""
    ax = break_even_by_payer(break_even(SAVED * 1e6, SPENT * 1e6, total=["municipality", "state"]), panel())
    marks = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() in ("o", "D")]

    assert marks == [0, 0.5, 0.5, 1]
    for words in ("gain, million kr.", "50.0  (50.0 to 50.0)", "not in the total"):
        assert words in texts(ax)


def tables():
    """Those of a decision between today and something else."""
    made = options([[0, 1], [0, 2], [5, 1], [3, 2]], [[0, 9], [4, 1], [0, 2], [7, 3]])
    return {"plane": plane(made, against="today"), "quadrants": quadrants(made, against="today"),
            "acceptability": acceptability(made, [0, 5, 10]),
            "break_even": break_even(SAVED, SPENT, total=["state"])}  # fmt: skip


def test_whole_figure_is_drawn(tmp_path) -> None:
    """Three panels, saved."""
    figure = decision_figure(tables(), threshold=5.0, against="today", titles={}, m=Messages("en"))
    figure.savefig(tmp_path / "decision.png")

    assert len(figure.axes) == 3
    assert (tmp_path / "decision.png").stat().st_size > 10_000


def test_the_decision_says_everything_in_danish_too() -> None:
    """Titles, axes, legends, payers and marks."""
    figure = decision_figure(tables(), threshold=5.0, against="today", titles={"today": "i dag"}, m=Messages("da"))
    written = " ".join(texts(ax) for ax in figure.axes)
    written += " ".join(label.get_text() for ax in figure.axes for label in ax.get_yticklabels())

    assert "Virkning og pris" in written
    assert "det offentlige i alt" in written
    assert not [word for word in ("worth", "probability", "average", "gain", "total") if word in written]
