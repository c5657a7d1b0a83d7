"""Reports: what is said of welcome and unwelcome numbers, in both languages, and what every page must have."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from experiments.inputs.evidence import PRICE, ModelInputs
from experiments.language.compare import best_sentence, gap_sentence
from experiments.language.messages import LANGUAGES, Messages, part_of
from experiments.language.plan_text import VERDICTS, avoided, gain_range, pays, verdict
from experiments.reports.catalogue import ReportMessages
from experiments.reports.check_model import check_model_answer
from experiments.reports.effect import calibration_answer, mechanisms_answer
from experiments.reports.grades import GradedUncertainty, changes, graded_uncertainty, grades_part
from experiments.reports.ladder import ladder_answer
from experiments.reports.names import entry, name_of, source_of, sources
from experiments.reports.page import Page, html
from experiments.reports.power import power_answer
from experiments.reports.trial import fit, sweep_answer, trial_answer
from experiments.studies.rollout.costs import moves_kroner
from experiments.studies.rollout.plan import load, planned
from experiments.studies.rollout.plan_scenario import everybody
from simulation.parameters import ParameterError
from simulation.prices import Prices, prices_from
from tests.report_tools import read

WAYS = ("ratio", "marginal", "top_down")
BOTH = pytest.mark.parametrize("language", LANGUAGES)
EN, DA = ReportMessages("en"), ReportMessages("da")


def row(mean, low, high, chance=np.nan):
    """An outcome with both intervals; ``chance`` is half of the 95 % of chance alone."""
    return {"mean": mean, "low": low, "high": high, "stochastic_sd": chance / 1.959964}


def test_both_languages_say_the_same_things():
    """The same keys with the same places, and no text that is left in English."""
    english, danish = part_of("en", "report"), part_of("da", "report")

    def places(text):
        return sorted({name for _, name, _, _ in Formatter().parse(text) if name})

    assert set(english) == set(danish)
    assert {key: places(text) for key, text in english.items()} == {key: places(text) for key, text in danish.items()}
    same = {key for key in english if english[key] == danish[key]}
    assert same <= {"common.pm", "common.kr", "common.version", "common.question", "calibration.model", "check_model.model",
                    "study.n_fewer", "calibration.mean", "groups.sceptical"}  # fmt: skip


def test_every_doubted_quantity_has_a_name_and_a_source_in_both_languages():
    """Also the quantities of plans and prices; a Danish text has no English word of the declaration in it."""
    plan, _ = load("todays-area")
    inputs = ModelInputs.of(everybody(plan), plan, Prices())
    for key in sorted(inputs.uncertain):
        row = inputs.rows[key]
        assert entry(key) is not None, key
        assert name_of(key, row, EN) != name_of(key, row, DA), key
        assert "{" not in name_of(key, row, DA)
        assert source_of(key, row, DA)
        assert source_of(key, row, EN)


def test_sources_are_those_of_the_documents():
    with (Path(__file__).parents[1] / "docs/sources.md").open(encoding="utf-8") as file:
        known = dict(re.findall(r"^\| (S\d+) \| .*? \| (.*?) \|$", file.read(), re.MULTILINE))
    named = sources(["[S4][S26] and [S999]", "[S4]"])

    assert [tag for tag, _, _ in named] == ["S4", "S26"]
    assert all(known[tag] == address for tag, _, address in named)


# Welcome and unwelcome ----------------------------------------------------------------------------------------


def test_verdicts_are_as_wide_for_bad_news_as_for_good():
    """Seven steps, symmetrical about one half; the bad ones say not, the good ones do not."""
    limits = [least for least, _ in VERDICTS[:-1]]
    m = Messages("en")

    assert limits == pytest.approx([1 - each for each in reversed(limits)])
    said = {share: pays(dict.fromkeys(WAYS, share), m) for share in (1.0, 0.9, 0.7, 0.5, 0.3, 0.1, 0.0)}
    assert said[1.0].startswith("The plan pays back: the public gets its money back in 100 of 100 draws (")
    assert said[0.0].startswith("The plan does not pay back: the public gets its money back in 0 of 100 draws (")
    assert "cannot be said" in said[0.5]
    assert [" not " in said[share] for share in said] == [False, False, False, False, True, True, True]
    assert len({verdict(share) for share in said}) == 7
    assert "over 99" in pays(dict.fromkeys(WAYS, 0.999), Messages("da"))


@BOTH
def test_ways_of_counting_that_disagree_are_all_in_the_verdict(language):
    """None is the answer where one says that the plan pays back and another that it does not: no rosy headline."""
    m = Messages(language)

    def said(*shares):
        return pays(dict(zip(WAYS, shares, strict=True)), m)

    assert said(0.81, 0.73, 0.27) == m("plan.depends", range=m.to("27", "81"), ratio="81", marginal="73", top_down="27")
    assert said(0.21, 0.5, 0.75) == m("plan.depends", range=m.to("21", "75"), ratio="21", marginal="50", top_down="75")
    assert said(0.97, 0.9, 0.65).startswith(m("plan.back_likely"))
    assert said(0.02, 0.1, 0.35).startswith(m("plan.back_unlikely"))
    assert said(0.55, 0.2, 0.3).startswith(m("plan.back_open"))


@BOTH
def test_reoffenders_avoided_are_told_with_their_sign(language):
    """Fewer, more, uncertain for the parameters, uncertain for chance: different sentences, with all numbers."""
    m = Messages(language)
    told = [avoided(each, m) for each in (
        row(250, 40, 700, 20), row(-250, -700, -40, 20), row(30, -90, 200, 5), row(-30, -200, 90, 5), row(2, 1, 3, 9),
        row(-2, -3, -1, 9),
    )]  # fmt: skip

    assert len(set(told)) == 6
    assert all(number in told[0] and number in told[1] for number in ("250", "40", "700"))
    assert ("flere" if language == "da" else "more") in told[1]
    assert ("usikkert" if language == "da" else "uncertain") in told[2]
    assert told[2].index("90 ") < told[2].index("200")
    assert told[3].index("200") < told[3].index("90 ")


def test_a_loss_is_said_as_plainly_as_a_gain():
    m = Messages("en")

    assert gain_range(-20e6, 30e6, m) == (
        "from a loss of 20\N{NO-BREAK SPACE}million kr. to a gain of 30\N{NO-BREAK SPACE}million kr."
    )
    assert "one of 30" in gain_range(20e6, 30e6, m)
    assert gain_range(-30e6, -20e6, m).startswith("from a loss of 30")


def test_plans_are_compared_whichever_way_it_goes():
    names, m = ["one", "two"], Messages("en")

    def gap(low, high):
        return gap_sentence(row((low + high) / 2, low, high), names, m)

    assert "avoids 60 more" in gap(40, 80)
    assert "avoids 60 fewer" in gap(-80, -40)
    assert "fewer in practically every draw (40 to 80 in" in gap(-80, -40)
    assert "cannot be said" in gap(-40, 80)
    assert "cannot be said" in gap_sentence(row(1, 0.5, 2, 3), names, m)
    assert best_sentence({way: [1.0, 0.0, 0.0] for way in WAYS}, names, m) == (
        "In kroner no plan at all is best in 100 of 100 draws, whichever way savings are counted, so the choice is clear."
    )
    assert best_sentence({way: [0.0, 0.5, 0.5] for way in WAYS}, names, m).endswith("the choice is open.")
    differing = best_sentence(dict(zip(WAYS, ([0.1, 0.2, 0.7], [0.3, 0.6, 0.1], [0.8, 0.1, 0.1]), strict=True)), names, m)
    assert "“two” in 70 of 100 draws (item by item, prison days at their average price)" in differing
    assert "no plan at all in 80 of 100 draws (unit value" in differing


def settings(**far):
    base = {"as-reported": 0.3, "pooled": 0.5, "sceptical": 0.6, "trial": 0.67}
    likelihoods = {"as-reported": 0.9, "pooled": 0.1, "sceptical": 0.01, "trial": 0.01}
    return {name: {"mentored": mentored, "control": 0.67, "as_far_apart": far.get(name, 0.02), "relative_likelihood": likelihoods[name],
                   "difference_low": -0.14, "difference_high": 0.44} for name, mentored in base.items()}  # fmt: skip


@BOTH
def test_the_trial_in_five_sentences(language):
    w = ReportMessages(language)
    told = trial_answer(settings(), w)
    none = trial_answer({name: {**row, "relative_likelihood": 0.0} for name, row in settings().items()}, w)

    assert len(told) == 5
    assert w("study.n_more", n="14") in told[3]
    assert w("study.n_fewer", n="44") in told[3]
    assert w("trial.nobody") in none[4]
    assert [fit(each) for each in (1 / 3, 0.05, 0.049)] == ["yes", "open", "no"]


def points(strengths, likelihoods):
    return pd.DataFrame([
        {"effect.hazard_ratio": strength, "effect.support_share": 0.5, "programme.half_life_months": months,
         "relative_likelihood": likelihood}
        for strength, likelihood in zip(strengths, likelihoods, strict=True) for months in (3, 120)
    ])  # fmt: skip


def test_the_sweep_says_so_if_nothing_or_everything_fits():
    usual = sweep_answer(points([1.0, 0.5, 0.1], [0.0, 0.1, 0.9]), EN)
    nothing = sweep_answer(points([1.0, 0.5, 0.1], [0.0, 0.0, 0.01]), EN)
    weak = sweep_answer(points([1.0, 0.5, 0.1], [0.9, 0.9, 0.9]), EN)

    assert usual[0].startswith("Of 6 combinations of assumptions, 2 make the printed pair likely, 2 more")
    assert "10" in usual[1]
    assert "part of the printed gap was probably luck" in usual[4]
    assert nothing[1] == "No combination at all makes the printed pair likely."
    assert "It remains possible in 0 of the 2 combinations" in nothing[2]
    assert "even no effect at all" in weak[1]
    assert "It remains possible in 2 of the 2 combinations" in weak[2]
    assert all("disfavoured, not excluded" in each[2] for each in (usual, nothing, weak))
    assert "needs no luck" in weak[4]


def differences(low):
    groups = ("a new group like the trial's", "all who would sign up", "all released")
    return pd.DataFrame([{"group": group, "definition": "the trial's own", "difference": 0.187, "low": low, "high": 0.316,
                          "helps": 0.98 if low > 0 else 0.6, "survives": 49.0} for group in groups])  # fmt: skip


@BOTH
def test_the_calibration_says_if_help_cannot_be_told(language):
    w = ReportMessages(language)
    priors = pd.DataFrame(
        [{"prior": name, "difference": 0.1, "low": -0.01, "high": 0.2} for name in ("sceptical", "wide")]
    )
    about = pd.DataFrame([{"key": "programme.half_life_months", "prior_low": 6.8, "prior_high": 35.2,
                           "posterior_low": 6.7, "posterior_high": 35.4}])  # fmt: skip
    good, open_ = (calibration_answer(differences(low), priors, about, w) for low in (0.007, -0.02))

    assert len(good) == len(open_) == 5
    assert "49" in good[0]
    assert ("kan det ikke siges" if language == "da" else "cannot be told") in open_[0]
    assert "49" not in open_[0]


def test_mechanisms_that_cannot_be_distinguished_from_chance():
    def rows(low):
        parts = {"direct": 7.0, "housing": 1.0, "total": 8.0}
        return {(condition, name): {"points": value, "points_low": low, "points_high": 12.0, "share": value / 8}
                for condition in ("as is", "scarce") for name, value in parts.items()}  # fmt: skip

    told, open_ = (mechanisms_answer(rows(low), ["direct", "housing"], "pooled", EN) for low in (2.0, -2.0))

    assert "lowers two-year reoffending" in told[0]
    assert "no effect on reoffending can be distinguished from chance" in open_[0]
    assert "88 %" in told[1].replace("\N{NO-BREAK SPACE}", " ")


def test_a_trial_that_finds_nothing_or_is_never_large_enough():
    row = {"mentored": 0.52, "control": 0.67, "difference": 0.155, "difference_error": 0.002, "favour": 0.14,
           "exaggeration": 2.5, "reported": 0.39, "width": 0.53}  # fmt: skip
    sizes = pd.DataFrame([{"size": 97, "why": "planned", "power": 0.14}, {"size": 586, "why": "80 %", "power": 0.8}])
    told = power_answer(row, sizes, EN)
    nothing = power_answer({**row, "difference": 0.001, "favour": 0.016}, sizes.head(1), EN)

    assert "586 people, 6.0 times" in told[4]
    assert "2.5 times the truth" in told[2]
    assert "no true difference to find" in nothing[1]
    assert "nothing to exaggerate" in nothing[2]
    assert "No size that was tried" in nothing[4]


@pytest.mark.parametrize(
    ("odds", "said"), [(0.9, "probably pays"), (0.5, "cannot be told"), (0.1, "probably does not pay")]
)
def test_the_ladder_says_whether_it_pays(odds, said):
    def table(foot):
        rows = [("headline", 38.0, np.nan, np.nan), ("small-trial", 18.0, 0.47, 2.0), ("reach", foot, 0.02, 3.0)]
        return pd.DataFrame([{"step": name, "figure": figure, "low": 0.9 * figure, "high": 1.1 * figure, "factor": factor,
                              "without": without, "above_one": odds} for name, figure, factor, without in rows])  # fmt: skip

    told = ladder_answer({"points": table(0.4), "kroner": table(0.6)}, EN)

    assert said in told[3]
    assert "per released person" in told[0]
    assert told[4].endswith("then 3.0 kroner would be left.")


def test_the_checks_name_what_fails():
    checks = pd.DataFrame([
        {"kind": kind, "verdict": verdict, "fitted": fitted} for kind, verdict, fitted in (
            ("invariant", "holds", ""), ("analytical", "fails", ""), ("control", "holds", ""),
            ("pattern", "fails", "not fitted to"), ("pattern", "holds", "not fitted to"), ("pattern", "holds", "fitted to"))
    ])  # fmt: skip
    told = check_model_answer(checks, None, None, EN)

    assert "the model keeps 1, 1 fail and 0 are inconclusive" in told[0]
    assert "Of 3 observed patterns, 2 lie in their band, 1 do not" in told[2]
    assert "1 of 2 lie in it" in told[2]
    assert told[3:] == [EN("check_model.left_none"), EN("check_model.faults_none")]


def test_only_faults_that_change_something_are_counted():
    """Nine of ten noticed are 90 %, whatever number makes no difference or does not run; a wide prediction is told."""
    checks = pd.DataFrame([{"kind": "invariant", "verdict": "holds", "fitted": ""}])
    left = pd.DataFrame({"verdict": ["holds", "holds", "fails", "inconclusive"]})
    faults = pd.DataFrame({"file": "rules", "how": "", "outcome": 9 * ["noticed"] + ["missed"] + 4 * ["no difference"] + 7 * ["does not run"]})
    told = check_model_answer(checks, left, faults, EN)

    assert "2 came out as predicted, 1 did not, and for 1 the prediction is too wide to decide" in told[3]
    assert "Of 21 faults planted in the model, 10 change a result, and 90\xa0% of these were noticed" in told[4]


# Grades -------------------------------------------------------------------------------------------------------


def some_doubt(draws=400):
    plan, _ = load("todays-area")
    inputs = ModelInputs.of(everybody(plan), plan, Prices())
    rng = np.random.default_rng(2)
    drawn = pd.DataFrame({
        "effect.hazard_ratio": rng.lognormal(-0.8, 1.0, draws), "plan.volunteers.recruiting_reached": rng.lognormal(0, 0.3, draws),
        f"{PRICE}prison.day": rng.normal(1450, 200, draws),
    })  # fmt: skip
    back = 2 - np.log(drawn["effect.hazard_ratio"]) + 0.3 * rng.standard_normal(draws)
    return graded_uncertainty(inputs, drawn, {"krone": back.to_numpy(), "courses": drawn.iloc[:, 1].to_numpy()})


@BOTH
def test_what_the_numbers_rest_on(language):
    """Shares by grade, the heaviest quantity with its grade and source, and what would change the answer."""
    w, doubt = ReportMessages(language), some_doubt()
    assert isinstance(doubt, GradedUncertainty)
    part = grades_part(doubt, w, names={"krone": "kr", "courses": "forløb"}, census=doubt.inputs.census())
    cells = [cell for grid in part.grids for row in grid.rows for cell in row]
    told = changes(doubt, "krone", w, "plan.change_krone", "number")

    assert doubt.top(2) == ["plan.volunteers.recruiting_reached", "effect.hazard_ratio"]
    assert doubt.top(1, of="krone") == ["effect.hazard_ratio"]
    assert w("grades.judged") in cells
    assert any("[S30]" in cell for cell in cells)
    assert len(told) == 1
    assert name_of("effect.hazard_ratio", None, w) in told[0]
    assert part.grids[0].rows[0][2].startswith(w.percent(float(doubt.shares["krone"]["share"][1]), 0))


def test_few_draws_give_no_shares():
    assert some_doubt(8) is None


def test_prices_that_a_plan_does_not_use_are_left_out():
    """Parts of a course move the kroner, unless the price of a course is given; a budget is spent at that price."""
    plan, given = planned({"name": "own"}), prices_from({"scheme": {"primus_motor": {"per_start": 30_000.0}}})
    budget = planned({"name": "own", "offer": {"budget_a_year": 1e6}})
    course, parts = f"{PRICE}scheme.primus_motor.per_start", f"{PRICE}course.coordinator"
    names = ["effect.hazard_ratio", f"{PRICE}prison.day", f"{PRICE}scheme.paid_mentors.per_start", course, parts,
             f"{PRICE}course.hours", f"{PRICE}victims.scale"]  # fmt: skip

    def moving(plan, prices):
        return [name for name in names if moves_kroner(plan, prices)(name)]

    assert moving(plan, Prices()) == [*names[:2], parts]
    assert moving(budget, Prices()) == [*names[:2], course, parts]
    assert moving(plan, given) == [*names[:2], course]


# Pages --------------------------------------------------------------------------------------------------------


def page(**more):
    about = {"language": "en", "kind": "k", "title": "T", "question": "Q?", "answer": ["a"] * 5, "parts": []}
    return Page(**{**about, **more})


def test_an_answer_has_five_or_six_sentences():
    with pytest.raises(ParameterError, match=r"^the answer has \[4\] sentences; a report has 5 or 6$"):
        page(answer=["a"] * 4)


def test_what_comes_from_a_file_is_no_markup():
    """A title with a tag in it is text; the line about persons is on the front."""
    made = html(page(title="<script>alert(1)</script>", language="da"))

    assert "<script>alert" not in made
    assert "&lt;script&gt;" in made
    assert DA("common.never") in made.partition("<main>")[0]
    read(made)


def test_all_texts_are_used_or_kept_short():
    """No text has two spaces or ends without a mark where it is a sentence that begins with a capital letter."""
    for language in LANGUAGES:
        for key, text in part_of(language, "report").items():
            assert "  " not in text, key
            assert text == text.strip(), key
            assert not re.search(r"[.!?]{2}$", text), key
