"""Figures of plans: what is drawn is what the tables say, in both languages, and nothing is cut off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.execution.jobs import finish
from experiments.figures.compare import COMPARED, forest
from experiments.figures.maps import CLOSED
from experiments.figures.rollout import (
    A_YEAR,
    FILLS,
    MAPS,
    budget,
    curves,
    flows,
    map_figure,
    missing_bars,
    municipality_map,
    over_months,
)  # fmt: skip
from experiments.figures.style import style
from experiments.inputs.municipalities import denmark
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.language.messages import Messages
from experiments.language.plan_text import outcome_text, reason_text
from experiments.studies.rollout.plan import planned
from experiments.studies.rollout.plan_runs import FEW, simulate_plans
from experiments.studies.rollout.rollout import comparison_result, plan_facts, rollout_result
from experiments.studies.rollout.rollout_study import CompareStudy, RolloutStudy
from experiments.studies.rollout.tables import OUTCOMES, REASONS, estimates
from simulation.municipalities import municipalities
from simulation.parameters import ParameterError
from simulation.prices import PUBLIC, Prices
from tests.test_maps import colours

BOTH = pytest.mark.parametrize("language", ["en", "da"])
PLAN = plan_facts(planned({"name": "plan", "years": 2}))
EN, DA = Messages("en"), Messages("da")
CARRIER = "volunteers_2"


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


def by_year(table: pd.DataFrame) -> pd.DataFrame:
    """``by_year`` of some outcomes."""
    return estimates(table, ("time",))


@BOTH
def test_everything_drawn_has_its_label(language) -> None:
    """Outcomes, reasons and maps, in both languages."""
    m = Messages(language)

    assert all(m.has(f"rollout.figure.{name}") for name in A_YEAR)
    assert set(COMPARED) <= set(OUTCOMES)
    assert set(FILLS) == set(REASONS)
    assert all(m.has(f"rollout.figure.map_{what}") and m.has(f"rollout.figure.few_{base}") for what, base in MAPS.items())


# Curves -------------------------------------------------------------------------------------------------------


def test_curves_are_the_means() -> None:
    """One line a plan with its title, bands from low to high, years by name, the years after the plan in grey."""
    plans = {"One": runs({0: [1.0, 3.0, 0.0], 1: [3.0, 5.0, 0.0]}), "Other": runs({0: [2.0, 2.0, 2.0], 1: [2.0, 2.0, 2.0]})}
    ax = curves({name: by_year(table) for name, table in plans.items()}, "offences", panel(), plan=PLAN, m=DA)
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines if not line.get_label().startswith("_")}
    band = ax.collections[0].get_datalim(ax.transData)
    grey = ax.patches[-1]

    assert lines == {"One": [2, 4, 0], "Other": [2, 2, 2]}
    assert (band.y0, band.y1) == pytest.approx((0, by_year(plans["One"])["high"].max()))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2027", "2028", "2029"]
    assert (grey.get_x(), grey.get_x() + grey.get_width()) == (1.5, 2.5)
    assert texts(ax)[0] == "undgåede lovovertrædelser, om året"
    assert "opfølgning" in texts(ax)


def test_years_are_called_as_in_the_plan() -> None:
    """A plan that begins in July has years of two calendar years."""
    plan = plan_facts(planned({"name": "plan", "begins": "2027-07", "years": 2, "wave": [{"starts": "2027-07"}]}))
    ax = curves({"One": by_year(runs({0: [1.0, 2.0], 1: [2.0, 1.0]}))}, "offences", panel(), plan=plan, m=EN)

    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2027/28", "2028/29"]


def test_unknown_outcomes_and_maps_are_one_line() -> None:
    """What is allowed is said."""
    with pytest.raises(ParameterError, match=r"outcome is \[crimes\].*allowed is offences$"):
        curves({"One": by_year(runs({0: [1.0]}))}, "crimes", panel(), plan=PLAN, m=EN)
    with pytest.raises(ParameterError, match=r"the map is of \[crimes\]; allowed is matched, started"):
        municipality_map(pd.DataFrame(), panel(), what="crimes", few=FEW, m=EN)


# Volunteers, and who misses out -------------------------------------------------------------------------------


def test_supply_is_drawn_over_the_months() -> None:
    """Lines are the columns, in the middle of their months; the scale begins at zero."""
    table = pd.DataFrame({"time": range(36)})
    for k, name in enumerate(("volunteers", "needed")):
        table = table.assign(**{name: 10.0 + k, f"{name}_low": 5.0, f"{name}_high": 20.0})
    ax = over_months(table, panel(), {"volunteers": "there", "needed": "needed"}, plan=PLAN, title="crew", m=EN)

    assert [line.get_ydata()[0] for line in ax.lines] == [10, 11]
    assert ax.lines[0].get_xdata()[[0, -1]].tolist() == pytest.approx([0.5 / 12, 35.5 / 12])
    assert ax.get_ylim()[0] == 0
    assert [each.get_text() for each in ax.get_legend().get_texts()] == ["there", "needed"]


def missed(by: str, first: list[float], second: list[float]) -> pd.DataFrame:
    """A table as ``tables.missing_out`` gives it: people by reason for two values of ``by``."""
    rows = [{by: value, "reason": reason, "people": people, "share": people / sum(counts)}
            for value, counts in ((0, first), (1, second)) for reason, people in zip(REASONS, counts, strict=True)]
    return pd.DataFrame(rows)  # fmt: skip


@BOTH
def test_bars_add_up(language) -> None:
    """Upright bars reach the people who were due, lying ones reach 1; reasons that nobody has are not named."""
    counts = [10.0, 0.0, 50.0, 20.0, 5.0, 10.0, 5.0], [0.0, 0.0, 100.0, 40.0, 10.0, 20.0, 30.0]
    years = missed("time", *counts).assign(months=[6] * 7 + [24] * 7)
    upright = missing_bars(years, panel(), by="time", carrier=CARRIER, begins=PLAN["begins"],
                           m=Messages(language))
    lying = missing_bars(missed("region", *counts), panel(), by="region", carrier=CARRIER,
                         m=Messages(language))
    tops = [max(bar.get_y() + bar.get_height() for bars in upright.containers for bar in (bars[k],)) for k in (0, 1)]
    ends = [max(bar.get_x() + bar.get_width() for bars in lying.containers for bar in (bars[k],)) for k in (0, 1)]
    named = [bars.get_label() for bars in upright.containers]

    assert tops == pytest.approx([200, 100])  # a year's rate
    assert ends == pytest.approx([1, 1])
    assert named == [reason_text(Messages(language), reason, CARRIER) for reason in FILLS if reason != "not_offered"]
    assert [tick.get_text() for tick in upright.get_xticklabels()] == ["2027", "2028"]
    assert "50\N{NO-BREAK SPACE}%" in texts(lying)


# Maps ---------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("tiled", [False, True])
def test_few_people_are_not_shown(language, tiled) -> None:
    """A place with fewer than a handful is hatched, one where the plan never opens is grey, and the legend says so."""
    places = [place.name for place in municipalities()]
    table = pd.DataFrame({"municipality": places, "joined": 50.0, "started": 0.0, "matched": 0.25, "open": True})
    table.loc[table["municipality"].isin(["Aarhus", "Ærø"]), "started"] = [12.4, FEW]
    table.loc[table["municipality"] == "Læsø", "joined"] = FEW - 0.1
    table.loc[table["municipality"] == "Bornholm", "open"] = False
    style()
    figure = map_figure(table, what="started", tiled=tiled, few=FEW, m=Messages(language))
    figure.draw_without_rendering()
    matched = map_figure(table, what="matched", tiled=tiled, few=FEW, m=Messages(language))
    matched.draw_without_rendering()

    assert set(colours(figure.axes[0])) == {"Aarhus", "Ærø", "Bornholm"}
    assert {"en": "fewer than 5 courses", "da": "færre end 5 forløb"}[language] in texts(figure.axes[0])
    assert {"en": "the plan does not open there", "da": "planen åbner ikke her"}[language] in texts(figure.axes[0])
    assert set(colours(matched.axes[0])) == {*places} - {"Læsø"}
    assert colours(matched.axes[0])["Bornholm"] == pytest.approx(CLOSED)
    if tiled:
        assert {"12", "5"} <= set(texts(figure.axes[0]))
        assert texts(matched.axes[0]).count("25\N{NO-BREAK SPACE}%") == 96


# Differences --------------------------------------------------------------------------------------------------


def gap(plan: str, outcome: str, mean: float, low: float, high: float) -> dict[str, object]:
    return {"plan": plan, "outcome": outcome, "mean": mean, "low": low, "high": high, "stochastic_low": mean - 1,
            "stochastic_high": mean + 1}  # fmt: skip


def test_differences_are_relative_to_the_first_plan() -> None:
    """In per cent of the first plan's mean, with the difference itself beside it; nothing where that is zero."""
    first = pd.DataFrame({"outcome": ["started", "offences", "places"], "mean": [200.0, -50.0, 0.0]})
    table = pd.DataFrame([gap("b", "started", 100, 50, 300), gap("b", "offences", -10, -20, 5), gap("b", "places", 1, 0, 2)])
    ax = forest(table, first, panel(), titles={"a": "First", "b": "Second"}, outcomes=("started", "offences", "places"),
                m=DA)  # fmt: skip
    marks = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "s"]
    thick = [line.get_xdata().tolist() for line in ax.lines if line.get_linewidth() == 6]
    thin = [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "|"]

    assert marks == pytest.approx([50, -20])
    np.testing.assert_allclose(thick, [[25, 150], [-40, 10]])
    np.testing.assert_allclose(thin, [[49.5, 50.5], [-22, -18]])
    assert [tick.get_text().replace("\n", " ") for tick in ax.get_yticklabels()] == [
        outcome_text(DA, outcome) for outcome in ("started", "offences")
    ]
    assert {"+100  (50 til 300)", "−10  (−20 til 5)"} <= set(texts(ax))
    assert ax.get_xlabel() == "forskel fra »First«, i %"


def test_shares_differ_by_points() -> None:
    """A share that grows from 24 to 45 % grows by 21 points."""
    first = pd.DataFrame({"outcome": ["matched"], "mean": [0.24]})
    table = pd.DataFrame([gap("b", "matched", 0.21, 0.08, 0.331)])
    ax = forest(table, first, panel(), titles={"a": "First", "b": "Second"}, outcomes=("matched",), m=EN)

    assert "+21 points  (8 to 33)" in texts(ax)


# Kroner -------------------------------------------------------------------------------------------------------


def test_every_payer_and_year_is_drawn() -> None:
    """Bars for the public payers and their total, and for volunteers' time where there is any."""
    names = [*PUBLIC, "public total", "victims", "volunteers' time"]
    table = pd.DataFrame({"payer": names, "spent": 2e6, "saved": 3e6, "gain": 1e6, "gain_low": -1e6, "gain_high": 2e6})
    table.loc[table["payer"] == "victims", ["spent", "saved"]] = 0.0
    years = pd.DataFrame({"year": ["2027", "2028"], **{f"{name}_{end}": [1e6, 2e6] for name in ("cost", "saving", "net")
                                                       for end in ("mean", "low", "high")}})  # fmt: skip

    assert [text.get_text() for text in flows(table, panel(), m=EN).get_yticklabels()][5:] == [
        "all public payers", "volunteers' time"
    ]  # fmt: skip
    assert budget(years, panel(), m=EN).lines[0].get_ydata().tolist() == [1, 2]


# A real run ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study():
    """Two small plans, few volunteers and many, run once at each of four draws and twice at the first."""
    small = {"years": 2, "releases_per_year": 700.0}
    plans = [planned({"name": name, "title": f"{name.title()} volunteers: a try", **small,
                      "wave": [{"municipalities": ["all"], "volunteers_at_start": there}]})
             for name, there in (("few", 60.0), ("many", 600.0))]  # fmt: skip
    return simulate_plans([(plan, denmark()) for plan in plans], Posterior.read(SHIPPED),
                          lambda job: finish(job, store=None, executor=None, threads=2), draws=4, seed=1)  # fmt: skip


@BOTH
def test_every_page_is_drawn_whole(study, language, tmp_path) -> None:
    """All figures of real results are drawn and saved, and no word lies outside the page."""
    one = rollout_result(RolloutStudy(plan=study.plans[1]), study, Prices(), k=1)
    both = comparison_result(CompareStudy(plans=study.plans), study, Prices())
    for result in (one, both):
        for name in result.figures:
            figure = result.figure(name, language)
            FigureCanvasAgg(figure)
            figure.savefig(tmp_path / f"{name}.png")
            box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()

            assert (tmp_path / f"{name}.png").stat().st_size > 5_000
            if name not in ("decision", "costs"):
                assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -0.06, name


def test_one_run_a_draw_has_no_band_of_chance(study) -> None:
    """Without a second run of any draw, chance is not known and not drawn; the rest is."""
    once = study.outcomes(1, ("time",))
    table = by_year(once[once["replicate"] == 0])
    ax = curves({"Many": table}, "started", panel(), plan=plan_facts(study.plans[1]), m=EN)

    assert table["stochastic_low"].isna().all()
    assert np.isfinite(ax.lines[0].get_ydata()).all()
