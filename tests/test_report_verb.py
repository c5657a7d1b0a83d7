"""``desist report`` as it is typed: whole pages of plans and studies, made twice, read from a folder, and refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest

from experiments.provenance.receipts import page_receipt, untouched_page
from experiments.reports.study import STUDIES, split, unfit
from experiments.studies.trial.trial_study import TrialStudy
from simulation.parameters import ParameterError
from tests.report_tools import PLAN, sound, typed

FEW = ["--draws", "3", "--grade-draws", "0", "--threads", "1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a small plan, and another that is offered to nobody but a few."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "small.toml").write_text(PLAN, encoding="utf-8")
    other = PLAN.replace('"small"', '"fewer"').replace("A small plan", "Fewer").replace("En lille plan", "Færre")
    (folder / "fewer.toml").write_text(other + "[offer]\nhighest_risk_share = 0.3\n", encoding="utf-8")
    return folder


@pytest.fixture
def given(place, monkeypatch):
    """``given("trial", ...)`` gives ``desist report`` there, with one store for all tests of the file."""
    monkeypatch.setenv("DESIST_STORE", str(place / "runs"))
    return lambda *words: typed(["report", *words], monkeypatch, place)


def test_a_plan_in_both_languages_is_whole_and_the_same_when_made_again(given, place):
    """One file each, which needs nothing, keeps its receipt, and has the same bytes wherever it is written."""
    pages = {}
    for language in ("en", "da"):
        printed = given("small.toml", *FEW, "--language", language)
        pages[language] = (place / f"results/report/small-{language}.html").read_text(encoding="utf-8")
        reader = sound(pages[language], language)

        assert len(reader.of("img")) == 4
        assert "5. " in printed
    given("small.toml", *FEW, "--language", "da", "--out", "again.html", "--no-store")

    assert (place / "again.html").read_text(encoding="utf-8") == pages["da"]
    assert untouched_page(pages["da"])
    assert not untouched_page(pages["da"].replace("januar 2027", "januar 2028", 1))
    receipt = page_receipt(pages["da"])
    assert receipt["command"] == "desist report small.toml --language da --draws 3 --grade-draws 0 --seed 1"
    assert "small.toml" in receipt["inputs"]
    assert "En lille plan: kun Aarhus" in pages["da"]
    assert "courses started" not in pages["da"]


def test_two_plans_are_compared(given, place):
    given("small.toml", "fewer.toml", "--draws", "3", "--threads", "1", "--language", "da")
    page = (place / "results/report/small-fewer-da.html").read_text(encoding="utf-8")

    assert len(sound(page, "da").of("img")) == 2
    assert "»Færre: " in page


def test_the_trial_is_run_once_and_then_read(given, place, capsys):
    """The second report reads what the first has made; a digit that was changed there is noticed."""
    for language, word in (("en", "Made anew"), ("da", "Read:")):
        given("trial", "--language", language, "--threads", "1", "--", "--trials", "20")
        assert word in capsys.readouterr().err
        sound((place / f"results/report/trial-{language}.html").read_text(encoding="utf-8"), language)
    folder, study = place / "results/report/trial", TrialStudy(trials=20)
    assert unfit(folder, study) == ""
    assert unfit(folder, TrialStudy()) == "it was made by desist trial --trials 20"
    table = folder / "settings.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("pooled", "Pooled", 1), encoding="utf-8")
    assert unfit(folder, study) == "settings.csv is not what was written"
    assert unfit(folder, study, ["settings.csv"]) == "settings.csv is not what was written"
    table.unlink()
    assert unfit(folder, study) == "settings.csv is not what was written"
    assert unfit(folder, study, ["settings.csv"]) == ""
    table.write_text(text, encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seed": 2}), encoding="utf-8")
    assert unfit(folder, study) == "its receipt does not hold"
    shutil.rmtree(folder)
    assert unfit(folder, study) == "it is not there"


@pytest.mark.parametrize("language", ["en", "da"])
def test_the_calibration_that_is_kept_makes_a_page(language):
    """The tables under version control, whatever code made them."""
    from experiments.reports.effect import calibration_page
    from experiments.reports.page import html
    from experiments.reports.receipt import sealed_page

    folder = Path(__file__).parents[1] / "results/calibration"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    page = html(calibration_page(folder, manifest, language))

    assert len(sound(sealed_page(page, {"command": "desist report calibration"}), language).of("img")) == 2


@pytest.mark.parametrize(("words", "said"), [
    (["trail"], r"^\[trail\] is neither a study nor a plan; .*trial"),
    (["trial", "--draws", "3"], r"^--draws is \[3\], which reports of plans take; options of desist trial follow --"),
    (["small.toml", "--", "--trials", "3"], r"^\[--trials\] follows --, which only a study takes; leave it out"),
    (["--", "--trials", "3"], r"^\[--trials\] is no study or plan; name one first"),
    (["check-model"], r"^the folder \[results/check-model\] cannot be used \(it is not there\)"),
    (["trial", "--", "--trials", "4", "--set", "people.count=40"], r"^people.count is \[40\] in scenario as-reported; the report"),
    (["sweep", "--", "--vary", "effect.hazard_ratio=0.5,1"], r"^a report of a sweep needs the axis \[effect.support_share\]"),
    (["mechanisms", "--", "--posterior", "draws.parquet"], r"^--posterior is given to mechanisms; a report is of one setting"),
    (["calibration", "--", "--check"], r"^--check is given to calibrate"),
    (["power", "--", "--trials", "20", "--follow-up", "12"], r"^people.follow_up_months is \[12\] in scenario pooled; two-year"),
    (["trial", "--out", "small.toml/x.html", "--", "--trials", "2"], r"^--out is \[small.toml/x.html\], which cannot be"),
])  # fmt: skip
def test_mistakes_are_told_in_one_line(given, words, said, monkeypatch):
    """Before any study is run."""
    for each in STUDIES.values():
        monkeypatch.setattr(type(each.study), "run", lambda *_: pytest.fail("run"))
    with pytest.raises(ParameterError, match=said) as mistake:
        given(*words)

    assert "\n" not in str(mistake.value)


def test_options_of_the_studys_own_verb_are_checked(given):
    with pytest.raises(click.BadParameter, match="0 is not in the range"):
        given("trial", "--", "--trials", "0")


def test_effect_is_the_sweep():
    assert split(["effect", "--points", "3"]) == (["sweep"], ["--points", "3"])
    assert list(STUDIES) == ["trial", "sweep", "calibration", "mechanisms", "power", "ladder", "check-model"]
