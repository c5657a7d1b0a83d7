"""Figures of plans: what is drawn is what the tables say, in both languages, and nothing is cut off."""

from __future__ import annotations

from string import Formatter

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.execution.jobs import finish
from experiments.figures.rollout import (
    A_YEAR,
    COMPARED,
    FILLS,
    IN_ALL,
    MAPS,
    TEXT,
    by_year,
    curves,
    difference_figure,
    forest,
    map_figure,
    missing_bars,
    missing_figure,
    over_months,
    place_map,
    rollout_figure,
    supply_figure,
)  # fmt: skip
from experiments.figures.style import style
from experiments.inputs.municipalities import denmark
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.language.plan_text import OUTCOMES, REASONS, short_titles
from experiments.studies.rollout.plan import planned
from experiments.studies.rollout.plan_study import FEW, by_place, differences, told
from experiments.studies.rollout.tables import LABELS, MISSED, estimates, missing_out, supply_by_month, years
from simulation.parameters import ParameterError
from simulation.places import municipalities
from tests.test_maps import colours

BOTH = pytest.mark.parametrize("language", ["en", "da"])
PLAN = planned({"name": "plan", "years": 2})


def panel():
    """An empty one."""
    return Figure().subplots()


def texts(ax) -> list[str]:
    """All that is written in a panel and in those inside it."""
    inner = [each.get_text() for child in ax.child_axes for each in child.get_xticklabels()]
    return [ax.get_title("left"), ax.get_xlabel(), *inner, *(each.get_text() for each in ax.texts)]


def runs(values: dict[int, list[float]]) -> pd.DataFrame:
    """Outcomes by year of one replicate a draw: values by draw, one a year."""
    return pd.DataFrame([{"draw": draw, "replicate": 0, "time": year, "offences": value}
                         for draw, line in values.items() for year, value in enumerate(line)])  # fmt: skip


def test_both_languages_label_the_same_things() -> None:
    """Nothing is left out in Danish, and every outcome, reason and map has its label."""
    for what, said in TEXT.items():
        english, danish = ({part for _, part, _, _ in Formatter().parse(text) if part} for text in said)
        assert english == danish, what
        assert all(said)
    assert {*A_YEAR, *IN_ALL} <= set(TEXT)
    assert set(COMPARED) <= set(LABELS)
    assert set(FILLS) == set(MISSED)
    assert {f"map {what}" for what in MAPS} | {f"few {base}" for base in MAPS.values()} <= set(TEXT)


# Curves -------------------------------------------------------------------------------------------------------


def test_sums_are_taken_run_by_run() -> None:
    """Two worlds that swap their years differ in each year and not in the sum."""
    table = runs({0: [0.0, 10.0], 1: [10.0, 0.0]})
    each, summed = by_year(table, "offences"), by_year(table, "offences", cumulated=True)

    assert each["mean"].tolist() == [5, 5]
    assert summed["mean"].tolist() == [5, 10]
    assert (each["high"] - each["low"]).min() > 5
    assert summed.loc[1, ["low", "high"]].tolist() == [10, 10]


def test_curves_are_the_means() -> None:
    """One line a plan with its title, bands from low to high, years by name, the years after the plan in grey."""
    plans = {"One": runs({0: [1.0, 3.0, 0.0], 1: [3.0, 5.0, 0.0]}), "Other": runs({0: [2.0, 2.0, 2.0], 1: [2.0, 2.0, 2.0]})}
    ax = curves(plans, "offences", panel(), plan=PLAN, language="da")
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines if not line.get_label().startswith("_")}
    band = ax.collections[0].get_datalim(ax.transData)
    grey = ax.patches[-1]

    assert lines == {"One": [2, 4, 0], "Other": [2, 2, 2]}
    assert (band.y0, band.y1) == pytest.approx((0, by_year(plans["One"], "offences")["high"].max()))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2027", "2028", "2029"]
    assert (grey.get_x(), grey.get_x() + grey.get_width()) == (1.5, 2.5)
    assert texts(ax)[0] == "undgåede lovbrud, om året"
    assert "opfølgning" in texts(ax)


def test_years_are_called_as_in_the_plan() -> None:
    """A plan that begins in July has years of two calendar years."""
    ax = curves({"One": runs({0: [1.0, 2.0], 1: [2.0, 1.0]})}, "offences", panel(),
                plan=planned({"name": "plan", "begins": "2027-07", "years": 2, "wave": [{"starts": "2027-07"}]}))  # fmt: skip

    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2027/28", "2028/29"]


def test_unknown_outcomes_and_maps_are_one_line() -> None:
    """What is allowed is said."""
    with pytest.raises(ParameterError, match=r"outcome is \[crimes\].*allowed is offences$"):
        by_year(runs({0: [1.0]}), "crimes")
    with pytest.raises(ParameterError, match=r"the map is of \[crimes\]; allowed is matched, started"):
        place_map(pd.DataFrame(), panel(), what="crimes")


# Volunteers, and who misses out -------------------------------------------------------------------------------


def test_supply_is_drawn_over_the_months() -> None:
    """Lines are the columns, in the middle of their months; the scale begins at zero."""
    table = pd.DataFrame({"time": range(36)})
    for k, name in enumerate(("volunteers", "needed")):
        table = table.assign(**{name: 10.0 + k, f"{name}_low": 5.0, f"{name}_high": 20.0})
    ax = over_months(table, panel(), ("volunteers", "needed"), plan=PLAN, title="crew")

    assert [line.get_ydata()[0] for line in ax.lines] == [10, 11]
    assert ax.lines[0].get_xdata()[[0, -1]].tolist() == pytest.approx([0.5 / 12, 35.5 / 12])
    assert ax.get_ylim()[0] == 0
    assert [each.get_text() for each in ax.get_legend().get_texts()] == [TEXT["volunteers"][0], TEXT["needed"][0]]


def missed(by: str, first: list[float], second: list[float]) -> pd.DataFrame:
    """A table as ``plans.tables.missing_out`` gives it: people by reason for two values of ``by``."""
    rows = [{by: value, "reason": reason, "people": people, "share": people / sum(counts)}
            for value, counts in ((0, first), (1, second)) for reason, people in zip(MISSED, counts, strict=True)]
    return pd.DataFrame(rows)  # fmt: skip


@BOTH
def test_bars_add_up(language) -> None:
    """Upright bars reach the people who were due, lying ones reach 1; reasons that nobody has are not named."""
    counts = [10.0, 0.0, 50.0, 20.0, 15.0, 5.0], [0.0, 0.0, 100.0, 40.0, 30.0, 30.0]
    upright = missing_bars(missed("time", *counts), panel(), by="time", plan=PLAN, language=language)
    lying = missing_bars(missed("region", *counts), panel(), by="region", language=language)
    tops = [max(bar.get_y() + bar.get_height() for bars in upright.containers for bar in (bars[k],)) for k in (0, 1)]
    ends = [max(bar.get_x() + bar.get_width() for bars in lying.containers for bar in (bars[k],)) for k in (0, 1)]
    named = [bars.get_label() for bars in upright.containers]

    assert tops == pytest.approx([100, 200])
    assert ends == pytest.approx([1, 1])
    assert named == [REASONS[language][reason] for reason in FILLS if reason != "not_offered"]
    assert [tick.get_text() for tick in upright.get_xticklabels()] == ["2027", "2028"]
    assert "50 %" in texts(lying)


# Maps ---------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("tiled", [False, True])
def test_few_people_are_not_shown(language, tiled) -> None:
    """A place with fewer than a handful is hatched, and the legend says so; the others have their number."""
    places = [place.name for place in municipalities()]
    table = pd.DataFrame({"municipality": places, "joined": 50.0, "started": 0.0, "matched": 0.25})
    table.loc[table["municipality"].isin(["Aarhus", "Ærø"]), "started"] = [12.4, FEW]
    table.loc[table["municipality"] == "Læsø", "joined"] = FEW - 0.1
    style()
    figure = map_figure(table, what="started", tiled=tiled, language=language)
    figure.draw_without_rendering()
    matched = map_figure(table, what="matched", tiled=tiled, language=language)
    matched.draw_without_rendering()

    assert set(colours(figure.axes[0])) == {"Aarhus", "Ærø"}
    assert {"en": "fewer than 5 mentored", "da": "færre end 5 med mentor"}[language] in texts(figure.axes[0])
    assert set(colours(matched.axes[0])) == {*places} - {"Læsø"}
    if tiled:
        assert {"12", "5"} <= set(texts(figure.axes[0]))
        assert texts(matched.axes[0]).count("25 %") == 97


# Differences --------------------------------------------------------------------------------------------------


def gap(plan: str, outcome: str, mean: float, low: float, high: float) -> dict[str, object]:
    return {"plan": plan, "outcome": outcome, "mean": mean, "low": low, "high": high, "chance_low": mean - 1,
            "chance_high": mean + 1}  # fmt: skip


def test_differences_are_relative_to_the_first_plan() -> None:
    """In per cent of the first plan's mean, with the difference itself beside it; nothing where that is zero."""
    first = pd.DataFrame({"outcome": ["started", "offences", "places"], "mean": [200.0, -50.0, 0.0]})
    table = pd.DataFrame([gap("b", "started", 100, 50, 300), gap("b", "offences", -10, -20, 5), gap("b", "places", 1, 0, 2)])
    ax = forest(table, first, panel(), titles={"a": "First", "b": "Second"}, outcomes=("started", "offences", "places"),
                language="da")  # fmt: skip
    marks = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "s"]
    thick = [line.get_xdata().tolist() for line in ax.lines if line.get_linewidth() == 6]
    thin = [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "|"]

    assert marks == pytest.approx([50, -20])
    np.testing.assert_allclose(thick, [[25, 150], [-40, 10]])
    np.testing.assert_allclose(thin, [[49.5, 50.5], [-22, -18]])
    assert [tick.get_text().replace("\n", " ") for tick in ax.get_yticklabels()] == [
        OUTCOMES["da"][outcome] for outcome in ("started", "offences")
    ]
    assert {"+100  (50 til 300)", "−10  (−20 til 5)"} <= set(texts(ax))
    assert ax.get_xlabel() == "mere end »First«, i % af den"


def test_shares_differ_by_points() -> None:
    """A share that grows from 24 to 45 % grows by 21 points."""
    first = pd.DataFrame({"outcome": ["matched"], "mean": [0.24]})
    table = pd.DataFrame([gap("b", "matched", 0.21, 0.08, 0.331)])
    ax = forest(table, first, panel(), titles={"a": "First", "b": "Second"}, outcomes=("matched",))

    assert "+21 points  (8 to 33)" in texts(ax)


# A real run ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study():
    """Two small plans, few volunteers and many, told once at each of four draws and twice at the first."""
    small = {"years": 2, "releases_per_year": 700.0}
    plans = [planned({"name": name, "title": f"{name.title()} volunteers: a try", **small,
                      "wave": [{"places": ["all"], "volunteers_at_start": there}]})
             for name, there in (("few", 60.0), ("many", 600.0))]  # fmt: skip
    return told([(plan, denmark()) for plan in plans], Posterior.read(SHIPPED),
                lambda job: finish(job, store=None, executor=None, threads=2), draws=4, seed=1)  # fmt: skip


def pages(study, language):
    """Every page, by name."""
    titles = short_titles(study.plans, language)
    outcomes = {title: study.outcomes(k, ("time",)) for k, title in enumerate(titles)}
    own = years(study.counts[1])
    own = own[own["time"] < study.plans[1].years]
    first, plan = estimates(study.outcomes(0)), study.plans[1]
    yield "curves", rollout_figure(outcomes, plan=plan, language=language)
    yield "sums", rollout_figure(outcomes, plan=plan, cumulated=True, language=language)
    yield "supply", supply_figure(supply_by_month(study.counts[1]), plan=plan, language=language)
    yield "missing", missing_figure(missing_out(own, ("time",)), missing_out(own, ("where",)), plan=plan, region="where",
                                    language=language)  # fmt: skip
    names = dict(zip((each.name for each in study.plans), titles, strict=True))
    yield "differences", difference_figure(differences(study), first, titles=names, language=language)
    for tiled in (False, True):
        for what in MAPS:
            yield f"{what} {tiled}", map_figure(by_place(study, 1), what=what, tiled=tiled, language=language)


@BOTH
def test_every_page_is_drawn_whole(study, language, tmp_path) -> None:
    """All pages of a real run are drawn and saved, and no word lies outside the page."""
    style()
    for name, figure in pages(study, language):
        FigureCanvasAgg(figure)
        figure.savefig(tmp_path / f"{name}.png")
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()

        assert (tmp_path / f"{name}.png").stat().st_size > 5_000
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -0.06, name


def test_one_run_a_draw_has_no_band_of_chance(study) -> None:
    """Without a second run of any draw, chance is not known and not drawn; the rest is."""
    once = study.outcomes(1, ("time",))
    once = once[once["replicate"] == 0]
    ax = curves({"Many": once}, "started", panel(), plan=study.plans[1])

    assert by_year(once, "started")["chance_low"].isna().all()
    assert np.isfinite(ax.lines[0].get_ydata()).all()
