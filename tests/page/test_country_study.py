"""The page tells the whole country as the command line does, to the digit."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.app.catalogue import PageMessages
from experiments.app.country.facts import answers, command, files, plain, without
from experiments.app.country.ladder import tables_of
from experiments.app.country.plans import asked
from experiments.app.country.study import LEFT_OUT, all_steps, steps
from experiments.provenance import stamps
from experiments.provenance.csv_tables import csv_of
from tests.page.country import FEW, climbed, told
from tests.test_cli import desist


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Type what the page says, beside the files that it offers; the folder with what was written."""
    monkeypatch.chdir(tmp_path)
    for name in ("rollout", "compare"):
        monkeypatch.setattr(f"experiments.figures.{name}.figures", lambda *_: {})
    monkeypatch.setattr("experiments.figures.ladder.ladder_figure", lambda *_, **__: Figure())

    def run(study, more=""):
        """The folder that the command has written."""
        for name, text in files(study).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        line = command(study) + more
        code, _, problem = desist(*line.split()[1:], "--no-store", "--threads", "1", "--out", "out")
        assert code == 0, problem
        return tmp_path / "out"

    return run


def assert_answers(result, folder):
    """Both answers in a folder are those of a result."""
    for language in ("en", "da"):
        name = f"answer_{language}.txt"
        assert stamps.without(name, (folder / name).read_bytes()).decode() == result.text(language) + "\n"


def test_a_plan_is_told_as_desist_rollout_tells_the_file_that_the_page_offers(typed):
    study, found = told()
    folder = typed(study)
    (sheet,) = found.sheets

    tables = {path.stem: path.read_text() for path in folder.glob("*.csv")}
    assert set(tables) - set(sheet.tables) == {*LEFT_OUT, "needs", "beyond", "beyond_money"}
    for name in set(tables) & set(sheet.tables):
        assert csv_of(sheet.tables[name]) == tables[name], name
    for language in ("en", "da"):  # the command also says what the plan adds to today's area
        whole = (folder / f"answer_{language}.txt").read_text(encoding="utf-8").splitlines()
        assert not set(sheet.result.text(language).splitlines()) - set(whole)


def test_two_plans_are_told_as_desist_compare_tells_them(typed):
    study, found = told(versus="as-it-comes")
    folder = typed(study)

    assert command(study).startswith("desist compare highest-risk-only.toml own-plan.toml")
    for name, table in found.between.items():
        assert csv_of(table) == (folder / f"{name}.csv").read_text(), name
    assert_answers(found.comparison, folder)


def test_a_plan_is_the_same_alone_and_beside_another():
    (_, alone), (_, beside) = told(), told(versus="as-it-comes")

    for name, table in alone.sheets[0].tables.items():
        assert csv_of(table) == csv_of(beside.sheets[0].tables[name]), name


def test_a_ladder_with_steps_clicked_away_is_that_of_desist_ladder(typed):
    wanted, _ = climbed()
    off = ["scaling", "value"]
    folder = typed(wanted, without(off))
    _, found = climbed()
    made = tables_of(found, tuple(name for name in all_steps() if name not in off))

    for name in ("points", "kroner", "left"):
        written = plain(pd.read_csv(folder / f"{name}.csv"))
        assert csv_of(plain(made[name])) == csv_of(written), name


def test_every_set_of_steps_has_its_ladder():
    _, found = climbed()

    assert len(tables_of(found, ())["points"]) == 1
    assert len(tables_of(found, ("price",))["kroner"]) == 2
    for name in ("small-trial", "definition", "prison-day"):
        assert name not in set(tables_of(found, tuple(each for each in all_steps() if each != name))["kroner"]["step"])


def test_the_big_numbers_are_those_of_the_tables():
    _, found = told()
    sheet, w = found.sheets[0], PageMessages("en")
    started, avoided, gain, probability = answers(w, sheet)
    summary = sheet.tables["summary"].set_index("outcome")
    public = sheet.tables["break_even"].set_index("payer").loc["public total"]

    assert float(started.value.replace(",", "")) == pytest.approx(summary.loc["started", "mean"], rel=0.005)
    assert float(avoided.value) == pytest.approx(summary.loc["reoffenders_any", "mean"], abs=0.5)
    assert float(gain.value.replace("−", "-")) == pytest.approx(public["gain"] / 1e6, rel=0.05)
    back = 100 * sheet.tables["per_krone"]["back"] / FEW
    assert probability.value.startswith(f"{back.min():.0f}")
    assert f"{back.max():.0f}\N{NO-BREAK SPACE}%" in probability.value
    assert probability.range == f"of {FEW} draws"


def test_a_study_says_how_far_it_has_come_and_keeps_what_the_next_needs():
    wanted = asked("plans", [told()[1].sheets[0].plan], draws=2, seed=77)
    first, again = list(steps(wanted)), list(steps(wanted))

    assert [step[:2] for step in first] == [(k, 5) for k in (1, 2, 3, 4, 5)]
    assert [step[2] is None for step in first] == [True] * 4 + [False]
    assert len(again) == 1
    assert csv_of(again[0][2].sheets[0].tables["summary"]) == csv_of(first[-1][2].sheets[0].tables["summary"])
