"""The calibration: closed forms of its parts, two methods against each other, and the whole in small."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from functools import partial

import numpy as np
import pandas as pd
import pytest
import tomli_w

from experiments.execution.jobs import finish
from experiments.figures.calibrate import check_figure
from experiments.inputs.parameter_points import STRENGTH, uncertain_quantities
from experiments.inputs.posterior import Posterior, fitting
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import Printed
from experiments.language.messages import Messages
from experiments.statistics.intervals import quantiles
from experiments.statistics.response_surface import Emulator
from experiments.studies.calibration import calibration, calibration_tables, register_fit, trial_fit
from experiments.studies.calibration.calibration import Calibration, CalibrationPlan, calibrated, systematic
from experiments.studies.calibration.coverage_check import printed_by, uniform_and_coverage
from experiments.studies.calibration.new_populations import new_groups
from experiments.studies.calibration.register_fit import RegisterFigures, coordinates, log_prior, prior_shares, sample
from experiments.studies.calibration.trial_fit import SimulationBank, effective
from simulation.parameters import ParameterError, Quantity
from simulation.scenario import Scenario

ALONE = partial(finish, threads=2)


def quantity(key: str, prior: str) -> Quantity:
    return Quantity(key=key, value=0.0, unit="", low=None, high=None, grade="assumed", prior=prior, what="", source="")


# Parts with closed forms ----------------------------------------------------------------------------------------


def test_an_emulator_recovers_what_is_quadratic() -> None:
    """Shares, ratios and numbers that are quadratic on their scale are reproduced exactly."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(120, 3))
    inner = 0.3 + x @ np.array([0.5, -0.2, 0.1]) + 0.1 * x[:, 0] * x[:, 2] - 0.05 * x[:, 1] ** 2
    y = np.column_stack([1 / (1 + np.exp(-inner)), np.exp(inner), inner])
    emulator = Emulator.fit(x, y, ["a", "b", "c"], ["share", "ratio", "number"])
    new = rng.normal(size=(50, 3))
    wanted = 0.3 + new @ np.array([0.5, -0.2, 0.1]) + 0.1 * new[:, 0] * new[:, 2] - 0.05 * new[:, 1] ** 2

    assert emulator(new)[:, 2] == pytest.approx(wanted, abs=1e-9)
    assert emulator(new)[:, 0] == pytest.approx(1 / (1 + np.exp(-wanted)), abs=1e-9)
    assert emulator.error.max() < 1e-9


def test_an_emulator_measures_its_error_on_points_it_has_not_seen() -> None:
    """The stated error is that of noise which the emulator cannot know."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(600, 2))
    emulator = Emulator.fit(x, x[:, :1] + 0.3 * rng.normal(size=(600, 1)), ["a"], ["number"])

    assert emulator.error[0] == pytest.approx(0.3, rel=0.2)


def test_coordinates_and_shares_are_inverse() -> None:
    """Shares of priors go to coordinates and back; the middle of every prior is 0, and its variance there 1."""
    rows = [quantity("a", "U(0, 1)"), quantity("b", "LN(1, 0.5)"), quantity("c", "B(2, 5)")]
    shares = np.random.default_rng(3).random((20_000, 3))
    where = coordinates(rows, shares)

    assert prior_shares(rows, where) == pytest.approx(shares, abs=1e-9)
    assert coordinates(rows, np.full((1, 3), 0.5)) == pytest.approx(np.zeros((1, 3)), abs=1e-12)
    assert where.var(axis=0) == pytest.approx(np.ones(3), abs=0.03)


def linear_toy() -> tuple[list[Quantity], Emulator, RegisterFigures, np.ndarray]:
    """Two normal parameters, three figures linear in them: the posterior is normal and known."""
    rows = [quantity("a", "N(0, 1)"), quantity("b", "N(0, 1)")]
    slope = np.array([[1.0, 0.5], [0.3, -1.0], [0.2, 0.2]])
    coefficients = np.zeros((6, 3))
    coefficients[1:3] = slope.T
    emulator = Emulator(
        names=("x", "y", "z"), kinds=("number",) * 3, coefficients=coefficients, error=np.zeros(3), noise=np.zeros(3)
    )
    return rows, emulator, RegisterFigures(names=("x", "y", "z"), observed=np.array([1.0, -0.5, 0.4]), sd=np.array([0.5, 0.8, 0.3])), slope


def test_the_sampler_finds_a_conjugate_posterior() -> None:
    """Normal priors, linear figures, normal errors: mean and covariance of the draws are those of the formula."""
    rows, emulator, known, slope = linear_toy()
    precision = np.eye(2) + slope.T @ np.diag(known.sd**-2) @ slope
    covariance = np.linalg.inv(precision)
    mean = covariance @ slope.T @ (known.observed / known.sd**2)
    density = register_fit.log_density(rows, emulator, known, sd=known.sd)
    chains = sample(density, np.random.default_rng(4).normal(size=(100, 2)), seed=5, steps=3_000, burn=300)
    error = np.sqrt(np.diag(covariance) / chains.effective)

    assert chains.r_hat < 1.01
    assert (np.abs(chains.flat.mean(axis=0) - mean) < 5 * error).all()
    assert np.cov(chains.flat.T) == pytest.approx(covariance, abs=0.02)


CHAINS = """
import numpy as np
from experiments.studies.calibration.register_fit import sample
from experiments.statistics.response_surface import Emulator

rng = np.random.default_rng(3)
x = rng.normal(size=(400, 9))
y = np.column_stack([x @ rng.normal(size=9) + 0.1 * rng.normal(size=400)])
emulator = Emulator.fit(x, y, ["y"], ["number"])
chains = sample(lambda z: -((emulator(z)[:, 0] - 0.3) ** 2) - (z**2).sum(axis=1) / 2, x, seed=1, steps=900, burn=100)
print(repr(float(chains.coordinates.sum())))
"""


@pytest.mark.long
def test_chains_do_not_depend_on_the_processors_linear_algebra() -> None:
    """As on processors of three kinds, whose matrix products differ in the last digit: the same draws, to the last one."""
    found = []
    for core in ("", "Haswell", "Prescott"):
        settings = {**os.environ, "OPENBLAS_CORETYPE": core}
        done = subprocess.run([sys.executable, "-c", CHAINS], env=settings, capture_output=True, text=True, check=True)
        found.append(done.stdout)

    assert len(set(found)) == 1, found


@pytest.mark.long
def test_two_methods_find_the_same_posterior() -> None:
    """emcee and dynesty (nested sampling) agree on a curved posterior with uniform and normal priors."""
    import warnings

    from dynesty import NestedSampler

    rows = [quantity("a", "U(0, 1)"), quantity("b", "N(0, 1)"), quantity("c", "LN(1, 0.5)")]
    coefficients = np.zeros((10, 2))
    coefficients[:, 0] = [0.1, 0.8, 0.3, -0.2, 0.3, 0.1, 0.0, -0.2, 0.1, 0.0]
    coefficients[:, 1] = [-0.3, 0.1, 0.5, 0.4, 0.0, 0.2, 0.1, 0.0, 0.0, 0.2]
    emulator = Emulator(
        names=("x", "y"), kinds=("share", "number"), coefficients=coefficients, error=np.zeros(2), noise=np.zeros(2)
    )
    known = RegisterFigures(names=("x", "y"), observed=np.array([0.7, 0.2]), sd=np.array([0.03, 0.3]))
    density = register_fit.log_density(rows, emulator, known, sd=known.sd)
    chains = sample(density, coordinates(rows, np.random.default_rng(6).random((200, 3))), seed=7, steps=3_000, burn=600)

    def likelihood(where: np.ndarray) -> float:
        return float(density(where[None, :])[0] - log_prior(rows, where[None, :])[0])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nested = NestedSampler(
            likelihood, lambda u: coordinates(rows, u[None, :])[0], 3, nlive=150, rstate=np.random.default_rng(8), bound="single"
        )
        nested.run_nested(print_progress=False, dlogz=0.2)
    found = nested.results
    weights = np.exp(found.logwt - found.logz[-1])
    for k in range(3):
        shares = (0.1, 0.5, 0.9)
        assert quantiles(chains.flat[:, k], shares) == pytest.approx(
            quantiles(found.samples[:, k], shares, weights), abs=0.2
        )


def test_chains_that_have_not_converged_are_noticed() -> None:
    """Two ensembles in two places have a large potential scale reduction."""
    rng = np.random.default_rng(9)
    apart = rng.normal(size=(2, 100, 8, 2)) + np.array([0.0, 3.0])[:, None, None, None]
    chains = register_fit.Chains(coordinates=apart, time=1.0, accepted=0.3)

    assert chains.r_hat > 1.5
    assert register_fit.Chains(coordinates=rng.normal(size=(2, 100, 8, 2)), time=1.0, accepted=0.3).r_hat < 1.02


def test_draws_are_in_proportion_to_weights() -> None:
    """Systematic resampling gives every row its share, to within one."""
    weights = np.array([0.1, 0.0, 0.4, 0.5])
    chosen = np.bincount(systematic(weights, 1_000, np.random.default_rng(1)), minlength=4)

    assert np.abs(chosen - 1_000 * weights).max() <= 1
    assert effective(np.array([1.0, 1.0, 0.0])) == pytest.approx(2.0)


def toy_bank(number: int = 40_000, people: int = 10**6) -> SimulationBank:
    """Risks straight from uniform priors, everybody at highest risk: the posterior is a product of two betas."""
    rng = np.random.default_rng(11)
    risks = rng.random((number, 2))
    counts = np.zeros((number, 2, 2, 2, 8), np.int64)
    counts[..., 1, 0] = people
    for arm in (0, 1):
        counts[:, :, arm, 1, 1:4] = np.round(people * risks[:, 1 - arm])[:, None, None]
    rows = (quantity("a", "U(0, 1)"), quantity("b", "U(0, 1)"))
    return SimulationBank(rows=rows, coordinates=coordinates(rows, risks), counts=counts)


def test_a_bank_weighted_by_the_trial_gives_the_conjugate_posterior() -> None:
    """29 % of 49 and 67 % of 48, nothing else known: 14 of 49 and 32 of 48, so Beta(15, 36) and Beta(33, 17)."""
    bank = toy_bank()
    weights = bank.likelihoods(Printed())[:, 0]
    risks = bank.risks()[:, 0]
    means = (weights[:, None] * risks).sum(axis=0) / weights.sum()
    error = 0.07 / np.sqrt(effective(weights))

    assert means == pytest.approx([15 / 51, 33 / 50], abs=5 * error)


# The check itself -----------------------------------------------------------------------------------------------


def toy_ranks(power: float, number: int = 150) -> pd.DataFrame:
    """Ranks of truths when the likelihood is raised to a power: 1 is right, 2 is twice too sure."""
    rng = np.random.default_rng(12)
    bank, rows = toy_bank(1_500), []
    for trial in range(number):
        truth = rng.random(2)
        hits = rng.binomial([49, 48], truth)
        counts = np.zeros((2, 2, 8), np.int64)
        counts[:, 1, 0] = 48, 49
        counts[:, 1, 1] = hits[::-1]
        weights = bank.likelihoods(printed_by(counts, "any"))[:, 0] ** power
        rank = float((weights * (bank.risks()[:, 0, 0] < truth[0])).sum() / weights.sum())
        rows.append(("trial", "mentored risk", trial, rank))
    return pd.DataFrame(rows, columns=["part", "quantity", "trial", "rank"])


def test_ranks_are_uniform_where_the_method_is_right_and_not_where_it_is_too_sure() -> None:
    """Simulation-based calibration passes the right likelihood and fails one that counts the data three times."""
    right, covered = uniform_and_coverage(toy_ranks(1.0))
    wrong, too_few = uniform_and_coverage(toy_ranks(3.0))

    assert right["p"].min() > 0.01
    assert wrong["p"].min() < 1e-3
    assert covered[covered["level"] == 0.8]["covered"].iloc[0] == pytest.approx(0.8, abs=0.1)
    assert too_few[too_few["level"] == 0.8]["covered"].iloc[0] < 0.7


def test_intervals_that_always_hold_the_truth_are_drawn() -> None:
    """Where every interval holds the truth, the upper limit of their share is a rounding error below 1."""
    ranks = pd.DataFrame({"part": "trial", "quantity": "difference", "trial": range(1_000), "rank": np.full(1_000, 0.5)})
    _, covered = uniform_and_coverage(ranks)
    assert covered["covered"].eq(1.0).all()

    covered["high"] = 1 - 1e-16
    assert check_figure(ranks, covered, Messages("en", "calibrate")).axes[1].get_title() == "Intervals that contain the truth"


def test_an_arm_without_anyone_at_highest_risk_prints_nothing() -> None:
    """No percentage can be printed of nobody."""
    counts = np.zeros((2, 2, 8), np.int64)
    counts[:, 0, 0] = 48

    assert printed_by(counts, "any") is None


# The whole in small ---------------------------------------------------------------------------------------------


def bare(name: str) -> Scenario:
    """A shipped scenario with one support factor, so that few parameters are uncertain."""
    data = tomllib.loads(load(name).to_toml())
    data["factor"] = {"housing": {**data["factor"]["housing"], "helped_by": {}}}
    data["factor"]["housing"]["about"].pop("helped_by", None)
    for row in data["programme"].values():
        row["gain_weights"] = {"housing": 1.0}
    return Scenario.from_toml(tomli_w.dumps(data))


@pytest.fixture(scope="module")
def small() -> Calibration:
    """A whole calibration with few points, people and draws."""
    plan = CalibrationPlan(
        population=bare("everyone"), trial=bare("trial"), points=340, near_points=300, people=1_500, steps=600, draws=300,
        trials=20, retained=200,
    )  # fmt: skip
    return calibrated(plan, ALONE)


def test_few_draws_are_refused(small) -> None:  # type: ignore[no-untyped-def]
    """With too few draws the posterior is refused, and the diagnostic is named."""
    assert "trial_draws" in {each["diagnostic"] for each in small.refusals()}


def test_what_is_good_enough_is_not_refused(small, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With the bars set lower the same calibration is accepted: the refusal is by the bars alone."""
    for name, value in (("MOST_R_HAT", 2.0), ("LEAST_EFFECTIVE", 20.0), ("MOST_BIAS", 5.0), ("MOST_STOCHASTIC", 5.0)):
        monkeypatch.setattr(calibration, name, value)

    assert small.refusals() == []


def test_the_registers_are_met(small) -> None:  # type: ignore[no-untyped-def]
    """At the draws the model's figures lie near the registers', nearer than at the priors' middle."""
    table = calibration_tables.registers(small).set_index("figure")

    assert np.abs(table.loc[["any_6", "any_12", "any_24"], "apart"]).max() < 2.5


def test_the_posterior_moves_toward_an_effect(small) -> None:  # type: ignore[no-untyped-def]
    """The printed pair makes a stronger effect more probable than other trials do."""
    about = calibration_tables.parameters(small).set_index("key")

    assert about.loc[STRENGTH, "posterior_median"] < about.loc[STRENGTH, "registers_median"]
    assert sum(small.definition_probabilities.values()) == pytest.approx(1.0)


@pytest.mark.long
def test_a_calibration_is_the_same_each_time_and_with_any_threads(small) -> None:  # type: ignore[no-untyped-def]
    """The same plan gives the same draws, with one thread and with two."""
    known = small.known
    again = calibration.simulation_bank(small.plan, known, partial(finish, threads=1))

    assert np.array_equal(again.counts, small.bank.counts)
    assert small.drawn().equals(small.drawn())


def test_a_definition_can_be_given(small) -> None:  # type: ignore[no-untyped-def]
    """Taken as known, the definition is what every draw says."""
    from dataclasses import replace

    given = Calibration(plan=replace(small.plan, definitions=(0.0, 0.0, 1.0)), known=small.known, bank=small.bank)

    assert set(given.drawn()["trial.definition"]) == {"sentence"}


def test_sizes_of_draws_can_be_printed(small) -> None:  # type: ignore[no-untyped-def]
    """Every drawn size can round to 29 % or 67 %."""
    drawn = small.drawn()

    assert set(drawn["_size_mentored"]) <= {7, 14, 17, 21, 24, 28, 31, 34, 35, 38, 41, 42, 45, 48, 49}
    assert all(any(round(100 * k / n) == 67 for k in range(n + 1)) for n in set(drawn["_size_control"]))


def test_a_posterior_file_is_read_back_and_run_over(small, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Draws go to a file and back; scenarios made of them differ as the draws say, each where it fits."""
    drawn = small.drawn()
    path = Posterior(table=drawn, about={"seed": 1}).write(tmp_path / "posterior.parquet")
    read = Posterior.read(path)
    base = load("pooled")
    points = read.scenarios(base, 5)

    assert read.table.equals(drawn)
    assert len(points) == 5
    for point, scenario in points:
        assert scenario.risk.hazard_multiplier == pytest.approx(point["risk.hazard_multiplier"])
        assert scenario.trial.definition == point["trial.definition"]


def test_what_describes_the_trial_leaves_other_scenarios_alone() -> None:
    """The level of risk of the trial's people is not that of everybody; an axis or change of the user's wins."""
    draw = {"risk.hazard_multiplier": 0.7, "trial.definition": "prison", "risk.baseline_hazard": 0.07, STRENGTH: 0.3,
            "effect.support_share": 0.4, "programme.half_life_months": 9.0}  # fmt: skip

    assert fitting(load("everyone"), draw) == {"risk.baseline_hazard": 0.07}
    assert "risk.hazard_multiplier" not in fitting(load("trial"), draw, but=["trial.control_risk"])
    assert STRENGTH not in fitting(load("trial"), draw, but=["programme.direct_hazard_ratio"])


def test_new_groups_are_paired(small) -> None:  # type: ignore[no-untyped-def]
    """Mentoring without any effect changes nothing for anybody: with and without are the same on the same rng."""
    drawn = small.drawn().head(2).drop(columns=["trial.definition"])
    drawn = drawn[[name for name in drawn if not name.startswith("_")]]
    drawn[STRENGTH] = 1.0
    drawn["programme.direct_hazard_ratio_others"] = 1.0
    drawn["programme.support_hazard_ratio_others"] = 1.0
    table = new_groups(small.plan.trial, drawn.to_dict("records"), ALONE, seed=1, people=2_000)

    assert (table["difference"] == 0).all()
    assert (table["people"] > 0).all()


def test_inference_data(small, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Where ArviZ is installed the draws are written as InferenceData too."""
    pytest.importorskip("arviz")
    from experiments.studies.calibration.calibrate import write_inference_data

    drawn = small.drawn()
    path = write_inference_data(Posterior(table=drawn, about={}), tmp_path / "posterior.nc")
    import xarray as xr

    with xr.open_dataset(path, group="posterior", engine="h5netcdf") as data:
        assert data[STRENGTH].to_numpy()[0].tolist() == drawn[STRENGTH].tolist()


@pytest.mark.long
def test_the_prior_of_the_effect_stands_for_other_trials() -> None:
    """Carried over to two years, the prior of the strength is the hazard ratio of other trials: LN(0.82, 0.30)."""
    rows = uncertain_quantities(load("trial"))
    rng = np.random.default_rng(13)
    tables = []
    for number in range(12):
        where = coordinates(rows, rng.random((10, len(rows))))
        order = [[row.key for row in rows].index(row.key) for row in trial_fit.uncertain_parameters(load("trial"))]
        context = {"scenario": load("trial").to_toml(), "trials": 40, "fixed": {}}
        tables.append(trial_fit.simulate_trials(context, {"coordinates": where[:, order].tolist(), "seeds": list(range(10 * number, 10 * number + 10))}))
    bank = SimulationBank.of(trial_fit.uncertain_parameters(load("trial")), np.zeros((120, len(rows))), tables)
    risks = bank.risks()[:, 0].clip(0.001, 0.999)
    log = np.log(np.log1p(-risks[:, 0]) / np.log1p(-risks[:, 1]))

    assert np.exp(np.median(log)) == pytest.approx(0.82, abs=0.1)
    assert log.std() == pytest.approx(0.30, abs=0.1)


def test_a_file_that_is_no_posterior_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A missing file, a text and another table are each refused in one line."""
    text, table = tmp_path / "a.parquet", tmp_path / "b.parquet"
    text.write_text("no parquet")
    pd.DataFrame({"risk.hazard_multiplier": [1.0]}).to_parquet(table)

    for path in (tmp_path / "missing.parquet", text, table):
        with pytest.raises(ParameterError, match=r"--posterior is \[.*desist calibrate"):
            Posterior.read(path)
