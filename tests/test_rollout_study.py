"""``desist rollout`` and ``desist compare`` as studies: from Python, from a file, typed; and programmes as data."""

from __future__ import annotations

import re
import tomllib

import numpy as np
import pandas as pd
import pytest

from experiments import RunContext, compare, load_plan, load_result, read_study, rollout
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.studies.catalogue import parse_study
from experiments.studies.rollout.plan import planned
from experiments.studies.rollout.rollout_study import CompareStudy, RolloutStudy
from simulation.parameters import ParameterError
from tests.snippets import HOME, blocks
from tests.test_cli import desist

CONTEXT = RunContext(threads=2)
SMALL = {"years": 1, "releases_per_year": 700.0, "wave": [{"municipalities": ["all"], "volunteers_at_start": 60.0}]}


def small(name="small", **more):
    return planned({"name": name, "title": f"{name.title()}: a try", **SMALL, **more})


@pytest.fixture(scope="module")
def result():
    """A small plan at two draws, given as a value, with draws given as a value."""
    posterior = Posterior.read(SHIPPED)
    return rollout(small(), posterior=posterior, draws=2, seed=3, context=CONTEXT)


def test_a_result_is_saved_loaded_and_repeated_from_its_folder(result, tmp_path):
    """The plan is inline in the file of the study; the draws lie beside it; the numbers come again."""
    folder = result.save(tmp_path / "mine")
    loaded, study = load_result(folder), read_study(folder)
    again = study.run(CONTEXT)

    assert study.plan == small()
    assert loaded.text("da") == result.text("da")
    assert (folder / "answer_da.txt").read_text(encoding="utf-8").startswith(result.answer("da").sentences[0])
    pd.testing.assert_frame_equal(again.tables["summary"], result.tables["summary"])
    assert "plan" in study.to_toml()
    assert study.command() == "desist study study.toml"


def test_one_line_gives_tables_figures_and_text(result):
    assert set(result.tables) >= {"summary", "by_municipality", "break_even", "per_krone", "needs", "draws"}
    assert result.figures == ["rollout", "supply", "missing_out", "map", "map_tiles", "costs", "decision"]
    assert result.figure("costs", "da").axes
    assert result.outcomes["started"]["mean"] > 0
    assert load_plan("nationwide-at-once").years == 10
    with pytest.raises(ParameterError, match=r"^plan \[nationwide\] was not found; did you mean nationwide-at-once"):
        load_plan("nationwide")


def total(table, column, by=()):
    """A column added up, whole or by other columns."""
    return table.groupby(list(by))[column].sum() if by else table[column].sum()


def test_sums_over_places_regions_groups_and_years_are_the_whole():
    """In every table of a plan, also where some draws are simulated twice, and some municipalities never open."""
    tables = rollout(
        small(years=2, wave=[{"municipalities": ["Aarhus", "Odense", "København"], "volunteers_at_start": 60.0},
                             {"municipalities": ["Vejle"], "starts": "2028-01", "volunteers_at_start": 9.0}]),
        draws=5, seed=3, context=CONTEXT,
    ).tables  # fmt: skip
    whole = tables["summary"].set_index("outcome")["mean"]
    added = ["started", "joined", "offences", "reoffenders_any", "reoffenders_prison", "relapses_any", "released", "prison_days"]
    for name in ("by_region", "by_group", "by_year"):
        sums = total(tables[name], "mean", ["outcome"])
        assert sums[added].to_numpy() == pytest.approx(whole[added].to_numpy(), rel=1e-5, abs=1e-3), name
    places = tables["by_municipality"].assign(prison_days_avoided=lambda rows: rows["prison_months_avoided"] * 365 / 12)
    for outcome, column in (("started", "started"), ("joined", "joined"), ("offences", "offences_avoided"),
                            ("relapses_any", "relapses_avoided"), ("prison_days", "prison_days_avoided")):  # fmt: skip
        assert total(places, column) == pytest.approx(whole[outcome], rel=1e-4, abs=1e-2), column
        regions = tables["by_region"].query("outcome == @outcome").set_index("region")["mean"]
        assert total(places, column, ["region"]).loc[regions.index].to_numpy() == pytest.approx(
            regions.to_numpy(), rel=1e-4, abs=1e-2), column  # fmt: skip
    people = tables["missing_out"].set_index("reason")["people"]
    for name in ("missing_out_by_region", "missing_out_by_year"):
        assert total(tables[name], "people", ["reason"])[people.index].to_numpy() == pytest.approx(people.to_numpy(), rel=1e-5)
    months = tables["missing_out_by_year"].groupby("time")["months"].first()
    due = total(tables["missing_out_by_year"], "people", ["time"])
    assert months.tolist() == [14, 12]
    assert 12 * due[0] / months[0] == pytest.approx(700, rel=0.1)
    assert 700 * 10 / 12 * 0.9 < due[1] < 700
    assert places.loc[places["open"], "municipality"].tolist() == ["København", "Odense", "Vejle", "Aarhus"]
    assert total(places[~places["open"]], "started") == 0
    payers = tables["payers"].pivot_table(index="payer", columns="side", values="mean")
    even = tables["break_even"].set_index("payer")
    public = [payer for payer in payers.index if payer not in ("victims", "volunteers' time")]
    assert payers.loc[public, "saved"].sum() == pytest.approx(even.loc["public total", "saved"])
    assert tables["money"]["net"].mean() == pytest.approx(even.loc["public total", "gain"])
    assert tables["draws"]["net"].mean() == pytest.approx(even.loc["public total", "gain"])


def test_plans_are_compared_by_position(tmp_path):
    """Values and files side by side; the first is what the others are compared with."""
    file = tmp_path / "more.toml"
    file.write_text('years = 1\nreleases_per_year = 700.0\n[[wave]]\nmunicipalities = ["all"]\nvolunteers_at_start = 600.0\n')
    found = compare(small(), str(file), draws=2, seed=3, context=CONTEXT)

    assert [each["plan"]["name"] for each in found.facts["plans"]] == ["small", "more"]
    assert found.facts["differences"]["more"]["started"]["mean"] > 0
    assert [sum(shares) for shares in found.facts["best"].values()] == pytest.approx([1.0] * 3)
    assert found.study.folder == "compare/small-more"
    with pytest.raises(ParameterError, match="needs two plans or more"):
        CompareStudy(plans=("todays-area",))


def test_the_probability_that_a_plan_is_best_is_the_acceptability_where_effects_are_worth_nothing(result):
    table = result.tables["acceptability"]
    mine = table[(table["threshold"] == 0) & (table["option"] == "small")]["share"].iloc[0]

    assert mine == pytest.approx((result.tables["draws"]["net"] > 0).mean())


def test_the_verbs_list_show_and_refuse():
    code, listed, _ = desist("rollout", "--list")
    assert code == 0
    assert "nationwide-at-once" in listed
    code, shown, _ = desist("rollout", "todays-area", "--show")
    assert code == 0
    assert "# Uncertain, since the file does not give it:" in shown
    code, _, problem = desist("compare", "todays-area")
    assert code == 2
    assert "needs two plans or more" in problem


def test_the_command_of_a_named_plan_gives_it_again():
    study = RolloutStudy(plan="todays-area", draws=3, replicates=2)

    assert study.command() == "desist rollout todays-area --replicates 2 --draws 3"
    assert parse_study(study.to_toml()) == study
    assert study.folder == "rollout/todays-area"


# Programmes are data ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paid(tmp_path_factory):
    """The programme of slots of docs/extending.md, in a plan; the folder of both files."""
    folder = tmp_path_factory.mktemp("paid")
    text = next(block.text for block in blocks(HOME / "docs/extending.md") if block.saved == "paid.toml")
    (folder / "paid.toml").write_text(text, encoding="utf-8")
    return folder


def plan_of(folder, name="paid.toml", **more):
    return planned({"name": "paid", "title": "Paid mentors: everywhere", "scenario": str(folder / name), **SMALL, **more})


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_programme_of_slots_is_spoken_of_as_its_own_table_has_it(paid, language):
    """Its label, slots and price; never Primus Motor, volunteers or a price of theirs."""
    found = rollout(plan_of(paid), draws=2, context=CONTEXT)
    text = found.text(language)
    drawn = [each.get_text() for ax in found.figure("supply", language).axes for each in ax.get_legend().get_texts()]

    assert "paid mentors" in text
    assert "400" in text
    assert not re.search("Primus|volunteer|frivillig", " ".join([text, *drawn]))
    assert found.facts["programme"]["carrier"] == "slots"
    assert found.facts["course"]["price"] == pytest.approx(29_000, rel=0.9)
    assert found.tables["break_even"].set_index("payer").loc["volunteers' time", "spent"] == 0
    without = found.tables["missing_out"].set_index("reason").loc["without", "what"]
    assert without == "wanted it, but no slot was free in time"


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_report_of_it_speaks_of_it_alone(paid, language, monkeypatch):
    """A plan of a programme without volunteers, as a page."""
    monkeypatch.chdir(paid)
    (paid / "plan.toml").write_text(
        'title = "Paid mentors: everywhere"\nscenario = "paid.toml"\nyears = 1\nreleases_per_year = 700.0\n'
        '[[wave]]\nmunicipalities = ["all"]\n', encoding="utf-8")  # fmt: skip
    code, _, problem = desist("report", "plan.toml", "--draws", "2", "--grade-draws", "0", "--no-store", "--threads", "1",
                              "--language", language, "--out", f"{language}.html")  # fmt: skip
    page = (paid / f"{language}.html").read_text(encoding="utf-8")
    body = page.partition("<main>")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]+>|data:image[^\"]+", " ", body)

    assert code == 0, problem
    assert "paid mentors" in text
    assert not re.search("Primus|volunteer|frivillig", text)


def test_its_price_and_payer_are_its_own(paid):
    """The courses cost what its own price says, and the plan says who pays."""
    from simulation.prices import prices_from

    prices = prices_from({"scheme": {"paid_mentors": {"per_start": 1_000.0}}, "yearly_rise": 0.0})
    found = rollout(plan_of(paid, paid_by={"region": 1.0}), prices=prices, draws=2, context=CONTEXT)
    started = found.tables["draws"]["started"].to_numpy()
    cost = found.tables["draws"]["cost"].to_numpy()

    assert found.facts["course"] == {"price": 1_000.0, "counted": "per course", "paid_by": {"region": 1.0}}
    np.testing.assert_array_less(cost, 1_000.0 * started * 1.0001)
    assert found.tables["break_even"].set_index("payer").loc["region", "spent"] == pytest.approx(cost.mean())
    again = parse_study(found.study.to_toml())
    assert isinstance(again, RolloutStudy)
    assert again.prices == prices


def test_a_programme_without_a_price_is_refused_before_anything_runs(paid, tmp_path):
    """In one line with the key and the file, from Python and typed."""
    text = (paid / "paid.toml").read_text(encoding="utf-8").replace("paid_mentors", "job_coaches")
    (paid / "coaches.toml").write_text(text, encoding="utf-8")
    (tmp_path / "own.toml").write_text("[scheme.other]\nlabel = \"other\"\nper_start = 5.0\n", encoding="utf-8")
    said = r"programme\.job_coaches of scenario \[.*coaches\.toml\] has no price scheme\.job_coaches\.per_start"
    never = RunContext(executor=None, note=lambda _: pytest.fail("something was run"))
    with pytest.raises(ParameterError, match=said) as mistake:
        rollout(plan_of(paid, "coaches.toml"), draws=2, context=never)
    (tmp_path / "plan.toml").write_text(f'scenario = "{paid / "coaches.toml"}"\n', encoding="utf-8")
    code, _, problem = desist("rollout", str(tmp_path / "plan.toml"), "--prices", str(tmp_path / "own.toml"), "--out",
                              str(tmp_path / "out"))  # fmt: skip

    assert "\n" not in str(mistake.value)
    assert code == 2
    assert len(problem.strip().splitlines()) == 1
    assert "own.toml] lacks it" in problem


def test_every_column_is_in_the_codebook(result):
    """With the columns of parameters in ``draws`` left out: these are keys of the scenario and of the plan."""
    folder = HOME / "experiments/language/codebook"
    both = compare(small(), small("other"), draws=2, seed=3, context=CONTEXT)
    for found in (result, both):
        book = tomllib.loads((folder / f"{found.study.verb}.toml").read_text(encoding="utf-8"))
        for name, table in found.tables.items():
            columns = [column for column in table if "." not in column]
            assert columns == [known for known in book[name]["columns"] if "*" not in known], name
