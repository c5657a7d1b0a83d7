"""One krone saves eight: the claim itself, its steps, and the verb."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import finish
from experiments.figures.claim import claim_figure
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.language.messages import Messages
from experiments.studies.calibration.new_populations import new_groups
from experiments.studies.rollout.headline_study import ClaimStudy
from experiments.studies.rollout.published_claim import (
    SIGNED_UP,
    STEPS,
    Assumptions,
    PublishedClaim,
    break_even_effects,
    effects,
    like_the_trial,
    of_the_trial,
    signed_up,
    steps,
    summary,
)
from simulation.parameters import ParameterError
from simulation.prices import Prices, prices_from
from tests.test_cli import desist

PRICES = Prices()
DEFINITIONS = ("any", "prison", "sentence")


def posterior(number=12, seed=1):
    """A posterior of so many draws, drawn at random: risks of the trial's group, and three quantities of the model."""
    random = np.random.default_rng(seed)
    control = random.uniform(0.5, 0.9, number)
    return Posterior(about={"seed": 1}, table=pd.DataFrame({
        "effect.hazard_ratio": random.uniform(0.1, 0.9, number), "effect.support_share": random.uniform(0.2, 0.6, number),
        "people.accepts_volunteers": random.uniform(0.3, 0.6, number),
        "trial.definition": [DEFINITIONS[k % 3] for k in range(number)],
        "_control": control, "_mentored": control - random.uniform(0, 0.4, number),
        "_any_control": control + 0.05, "_any_mentored": control + 0.05 - random.uniform(0, 0.4, number),
    }))  # fmt: skip


def claimed(number=100, *, of=None, groups=None, prices=PRICES):
    """The claim at so many draws."""
    return PublishedClaim.of(prices, effects(of, groups, number), seed=1)


def row(table, step):
    """The row of a step."""
    return table[table["step"] == step].iloc[0]


# The claim ----------------------------------------------------------------------------------------------------


def test_the_claim_is_seven_point_nine() -> None:
    """38 points x 764,000 / 36,667 = 7.918, without any uncertainty."""
    first = steps(claimed()).iloc[0]

    assert first["ratio"] == pytest.approx(0.38 * 764_000 / (5_500_000 / 150))
    assert round(first["ratio"], 1) == 7.9
    assert first["low"] == pytest.approx(first["high"])
    assert first["net"] == pytest.approx(0.38 * 764_000 - 36_666.67, abs=0.01)
    assert first["break_even"] == pytest.approx(36_666.67 / 764_000, abs=1e-6)


def test_the_claim_does_not_follow_the_prices_of_a_file() -> None:
    """Other prices change the steps, never what was claimed; in another price year the ratio is the same."""
    dear = steps(claimed(prices=prices_from({"scheme": {"primus_motor": {"per_start": 66_000.0}}, "price_year": 2030})))

    assert dear["ratio"].iloc[0] == pytest.approx(steps(claimed())["ratio"].iloc[0])
    # The price that is given is in kroner of 2030, as the claim's value of 2021 then is.
    assert row(dear, "price")["alone"] == pytest.approx(0.38 * 764_000 * 1.02**9 / 66_000)


@pytest.mark.parametrize(("step", "expected"), [
    ("value", 0.38 * 505_300 / (5_500_000 / 150)),
    ("price", 0.38 * 764_000 / 33_000),
    ("discounting", 7.9178 * sum(1.035**-k for k in range(10)) / 10),
    ("prison-day", 7.9178 * (1 - 0.70 * (1 - 0.65))),
])  # fmt: skip
def test_each_step_alone_by_hand(step, expected) -> None:
    """The median of each step alone is the claim with that one number replaced."""
    assert row(steps(claimed(2_001)), step)["alone"] == pytest.approx(expected, rel=0.002)


def test_steps_multiply_where_nothing_is_uncertain() -> None:
    """At the middle of each prior the last ratio is the product of what each step does."""
    sure = prices_from({"avoided": {"any": 505_301.0}, "scheme": {"primus_motor": {"per_start": 33_001.0}},
                        "prison": {"marginal_share": 0.6501}})  # fmt: skip
    table = steps(claimed(prices=sure))
    times = table["alone"].iloc[1:] / table["alone"].iloc[0]

    assert table["ratio"].iloc[-1] == pytest.approx(table["ratio"].iloc[0] * times.prod())
    assert (table["high"] - table["low"]).max() == pytest.approx(0)


def test_break_even_points() -> None:
    """36,667 / 505,300 is 7.3 points, 36,667 / 764,000 is 4.8, and 33,000 / 505,300 is 6.5."""
    found = break_even_effects(PRICES)["points"].round(1).tolist()

    assert found == [7.3, 4.8, 6.5, 4.3]


def test_at_the_break_even_a_course_pays_for_itself() -> None:
    """A risk lower by the step's own break-even leaves nothing."""
    result = claimed().at(Assumptions(value="any", discounted=True, marginal=True))
    again = claimed()
    risks = pd.DataFrame({"any_with": 0.5 - result["break_even"], "any_without": 0.5})
    even = PublishedClaim(prices=PRICES, fixed=again.fixed, drawn=again.drawn, risks={"the trial's": risks})

    net = even.at(Assumptions(value="any", discounted=True, marginal=True))["net"]
    np.testing.assert_allclose(net, 0, atol=1e-6)


# With a posterior ---------------------------------------------------------------------------------------------


def test_effects_of_the_posterior_are_priced_draw_by_draw() -> None:
    """A draw's own difference x 764,000 / 36,667; with the other value the difference by any new decision."""
    draws = posterior()
    claim = claimed(12, of=draws)
    own = draws.table["_control"] - draws.table["_mentored"]
    any_new = draws.table["_any_control"] - draws.table["_any_mentored"]

    np.testing.assert_allclose(claim.at(Assumptions(effect="like the trial's"))["ratio"], own * 764_000 * 150 / 5_500_000)
    found = claim.at(Assumptions(effect="like the trial's", value="any"))["ratio"]
    np.testing.assert_allclose(found, any_new * 505_300 * 150 / 5_500_000)


def test_all_who_would_sign_up_are_run_at_the_draws(tmp_path) -> None:
    """Each draw's risks are those of the new groups' own study: by any decision, and by the draw's own definition."""
    draws, trial = posterior(5), load("trial")
    few = 5

    def compute(job):
        return finish(job, store=None, threads=1)

    found = signed_up(draws, trial, compute, few)
    result = new_groups(trial, draws.table.to_dict("records"), compute, seed=1)
    mine = result[result["group"] == SIGNED_UP].set_index(["draw", "definition"])

    for draw, definition in enumerate(draws.table["trial.definition"]):
        assert found.loc[draw, "any_without"] == mine.loc[(draw, "any"), "none"]
        assert found.loc[draw, "any_with"] == mine.loc[(draw, "any"), "offered"]
        assert found.loc[draw, "serious_without"] == mine.loc[(draw, definition), "none"]
        assert found.loc[draw, "serious_with"] == mine.loc[(draw, definition), "offered"]
    assert (found["any_with"] < found["any_without"]).all()


def test_every_step_is_there_with_a_posterior_and_two_are_left_out_without() -> None:
    """Steps that rest on a calibration need one; the others follow the same order."""
    draws = posterior()
    with_ = steps(claimed(12, of=draws, groups=like_the_trial(draws, 12)))
    without = steps(claimed())

    assert with_["step"].tolist() == ["claim", *STEPS]
    assert without["step"].tolist() == ["claim", *(step for step, changes in STEPS.items() if "effect" not in changes)]


def test_probability_and_interval_are_those_of_the_draws() -> None:
    """Median, middle 95 %, mean over mean, and the share of draws that pay back."""
    result = pd.DataFrame({"cost": 10.0, "saving": np.arange(101.0), "net": np.arange(101.0) - 10, "break_even": 0.1})
    found = summary(result.assign(ratio=result["saving"] / result["cost"]))

    assert found["ratio"] == 5.0
    assert (found["low"], found["high"]) == (0.25, 9.75)
    assert found["expected"] == 5.0
    assert found["pays_back"] == 90 / 101


def test_the_answer_says_what_was_found() -> None:
    """The claim, the last ratio, the break-even, and whose effect it still is; in Danish with commas."""
    result = ClaimStudy(no_posterior=True).run()
    english, danish = result.text("en"), result.text("da")
    last = result.facts["steps"][-1]["ratio"]

    assert "38 percentage points fewer reoffenders × 764,000 kr. each / 36,667 kr. a course = 7.9." in english
    assert f"one krone saves {last:.1f} (" in english
    assert "7.3 (36,667 / 505,300)" in english
    assert "The effect is still the trial's own 38 percentage points." in english
    assert "7,3 (36.667 / 505.300)" in danish


def test_a_posterior_without_the_trials_risks_is_refused(tmp_path) -> None:
    """One line that says what is missing and what writes it."""
    bare = Posterior(table=pd.DataFrame({"risk.hazard_multiplier": [1.0]}), about={})

    with pytest.raises(ParameterError, match=r"has no column \[_any_mentored\]; desist calibrate writes one that has"):
        of_the_trial(bare, tmp_path / "bare.parquet")


# Figures ------------------------------------------------------------------------------------------------------


def test_the_figure_has_a_label_for_every_step() -> None:
    """A bar and a label a step, in both languages."""
    table = steps(claimed())
    for language in ("en", "da"):
        (ax,) = claim_figure(table, Messages(language, "claim")).axes
        assert len(ax.get_yticks()) == len(table)


# The verb -----------------------------------------------------------------------------------------------------


def test_without_a_posterior_the_verb_says_how_to_have_one(tmp_path):
    """It prints the steps that need none, and one line on the rest; every file is written."""
    code, out, _ = desist("claim", "--no-posterior", "--out", str(tmp_path / "a"))

    assert code == 0
    assert "a course = 7.9" in out
    assert sum("desist calibrate" in line for line in out.splitlines()) == 1
    for name in ("answer_en.txt", "answer_da.txt", "steps.csv", "break_even.csv", "prices.csv", "claim.png", "claim.svg", "manifest.json"):
        assert (tmp_path / "a" / name).stat().st_size > 0


def test_with_a_posterior_the_verb_prints_every_step(tmp_path):
    """As JSON for machines; the manifest names the posterior; the same seed gives the same bytes."""
    file = posterior(10).write(tmp_path / "posterior.parquet")
    command = ["claim", "--posterior", str(file), "--draws", "5", "--threads", "1", "--json", "--out"]
    code, out, _ = desist(*command, str(tmp_path / "a"))
    result = json.loads(out)

    assert code == 0
    assert [each["step"] for each in result["steps"]] == ["claim", *STEPS]
    assert result["draws"] == 5
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["posterior"] == "posterior.parquet"
    desist(*command, str(tmp_path / "b"))
    assert (tmp_path / "a" / "steps.csv").read_bytes() == (tmp_path / "b" / "steps.csv").read_bytes()


BAD = [
    (["--no-posterior", "--draws", "5"], "--no-posterior is given with --posterior or --draws; leave one of them out"),
    (["--posterior", "none.parquet"], "--posterior is [none.parquet], which was not found"),
    (["--prices", "none.toml"], "prices [none.toml] was not found; check the name"),
    (["--prices", "bad.toml"], "bad.toml: prison.day is [-3.0]; allowed 0 to 20000"),
    (["--seed", "-1"], "-1"),
]


@pytest.mark.parametrize(("more", "wanted"), BAD, ids=[" ".join(more) for more, _ in BAD])
def test_bad_input_is_one_line(more, wanted, tmp_path, monkeypatch):
    """A mistake is one line that says what to do, with exit code 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("[prison]\nday = -3.0\n", encoding="utf-8")
    code, _, err = desist("claim", *more)
    lines = [line for line in err.splitlines() if line.startswith("desist: ")]

    assert code == 2
    assert len(lines) == 1
    assert wanted in lines[0]
