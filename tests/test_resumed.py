"""Sweeps and trials on the store of runs, killed and resumed, and over draws of a posterior."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from experiments.execution.jobs import Store, finish
from experiments.execution.store import Contents
from experiments.inputs.posterior import Posterior
from experiments.inputs.scenario_files import load
from experiments.inputs.trial_result import ANALYSES
from experiments.studies.trial.sweep_study import SweepStudy
from experiments.studies.trial.trial_study import TrialStudy
from simulation.trial_counts import trial_counts
from tests.test_cli import desist
from tests.test_runs import ENVIRONMENT, kept_in

STRENGTHS = ("sweep", "--vary", "effect.hazard_ratio=0.05,0.2,0.6,1")
SWEEP = (*STRENGTHS, "--vary", "trial.control_risk=0.6,0.67,0.7")
PLAIN = (*STRENGTHS, "--vary", "programme.half_life_months=3,12,36")



@pytest.mark.long
def test_a_sweep_killed_again_and_again_ends_as_an_undisturbed_one(tmp_path, monkeypatch):
    """kill -9 after some pieces, three times; the resumed sweep's tables, answers, figures and manifest are the same bytes."""
    arguments = [*PLAIN, "--replicates", "150", "--store", "store", "--out", "out"]
    (tmp_path / "killed").mkdir()
    (tmp_path / "calm").mkdir()
    store = tmp_path / "killed" / "store"
    for number in (1, 4, 8):
        process = subprocess.Popen(
            [sys.executable, "-m", "experiments.cli.main", *arguments, "--threads", "2"], cwd=tmp_path / "killed",
            env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while process.poll() is None and len(kept_in(store)) < number:
                time.sleep(0.002)
        finally:
            process.kill()
            assert process.wait() == -signal.SIGKILL
        kept = Contents.of(store)
        assert number <= len(kept.pieces) < 12
        assert all(piece.whole() for piece in kept.files(kept.pieces))
    for folder in ("killed", "calm"):
        monkeypatch.chdir(tmp_path / folder)
        assert desist(*arguments)[0] in (0, 1)
    names = sorted(file.name for file in (tmp_path / "calm" / "out").iterdir())

    assert {"points.csv", "answer_en.txt", "answer_da.txt", "facts.json", "study.toml", "map.png", "map.svg", "manifest.json",
            "scenario.toml"} == set(names)  # fmt: skip
    for name in names:
        assert (tmp_path / "killed" / "out" / name).read_bytes() == (tmp_path / "calm" / "out" / name).read_bytes()
    assert kept_in(store) == kept_in(tmp_path / "calm" / "store")


def test_a_finished_sweep_simulates_nothing_again(tmp_path, monkeypatch):
    """Read back without a single trial, to the same bytes; other replicates or a new value are computed."""
    import experiments.studies.trial.design_points as module

    store = ["--store", str(tmp_path / "store")]
    desist(*SWEEP, "--replicates", "4", *store, "--out", str(tmp_path / "a"))
    desist(*SWEEP, "--replicates", "4", "--no-store", "--out", str(tmp_path / "b"))
    simulated = []
    whole = module.trial_counts

    def counted(*arguments, **options):
        simulated.append(arguments)
        return whole(*arguments, **options)

    monkeypatch.setattr(module, "trial_counts", counted)
    monkeypatch.setattr("experiments.inputs.control_risk._risk_by_level", None)
    desist(*SWEEP, "--replicates", "4", *store, "--out", str(tmp_path / "c"))
    assert simulated == []
    monkeypatch.undo()
    monkeypatch.setattr(module, "trial_counts", counted)
    desist(*STRENGTHS, "--vary", "trial.control_risk=0.6,0.67,0.7,0.75", "--replicates", "4", *store, "--out", str(tmp_path / "d"))
    assert len(simulated) == 4
    desist(*SWEEP, "--replicates", "5", *store, "--out", str(tmp_path / "e"))
    assert len(simulated) == 16
    for name in ("points.csv", "answer_en.txt", "map.svg"):
        assert len({(tmp_path / folder / name).read_bytes() for folder in "abc"}) == 1


def test_the_store_is_where_the_environment_says(tmp_path, monkeypatch):
    """DESIST_STORE names the folder; --no-store keeps nothing there."""
    monkeypatch.setenv("DESIST_STORE", str(tmp_path / "store"))
    desist(*SWEEP, "--replicates", "2", "--no-store", "--out", str(tmp_path / "out"))
    assert not (tmp_path / "store").exists()
    desist("trial", "pooled", "--trials", "10", "--out", str(tmp_path / "out"))
    assert len(kept_in(tmp_path / "store")) == 1


def test_damage_is_named_on_standard_error(tmp_path):
    """A verb that meets a damaged piece names it in one line, and goes on."""
    arguments = ["trial", "pooled", "--trials", "10", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out")]
    before = desist(*arguments)[1]
    file = tmp_path / "store" / kept_in(tmp_path / "store")[0]
    file.write_bytes(file.read_bytes()[:100])
    code, out, err = desist(*arguments)

    assert (code, out) == (0, before)
    assert err == f"desist: {file} is damaged; it is computed again\n"


def test_trials_in_pieces_are_the_trials(tmp_path, monkeypatch):
    """Cut into pieces, kept and read back, trials have the counts they have in one go."""
    from experiments.studies.trial import posterior_draws as draws

    monkeypatch.setattr(draws, "TASK_PEOPLE", 97 * 8)
    pooled = load("pooled")
    job = draws.trial_job("pooled", pooled, seed=3, trials=20)
    counts = draws.trials_in(list(finish(job, store=Store(tmp_path))))

    assert len(job.pieces) == 3
    assert np.array_equal(counts[0], trial_counts(pooled, seed=3, trials=20))


# Draws of a posterior ---------------------------------------------------------------------------------------------


def a_posterior(path, **columns):
    """A posterior file with these columns."""
    table = pd.DataFrame(columns)
    return str(Posterior(table=table, about={"command": "none"}).write(path / "posterior.parquet"))


def test_a_sweep_over_draws_has_means_and_shares(tmp_path):
    """Each point over the draws is the mean of sweeps with each draw set; the axis wins over the draw of its key."""
    strengths, halves = [0.05, 0.05, 1.0], [3.0, 60.0, 12.0]
    file = a_posterior(tmp_path, **{"effect.hazard_ratio": strengths, "programme.half_life_months": halves, "_logl": [0.0] * 3})
    axis = "programme.primus_motor.half_life_months=2,40"
    result = SweepStudy(vary=(axis,), replicates=30, posterior=file).run()
    table = result.tables["points"]
    alone = [SweepStudy(vary=(axis, f"effect.hazard_ratio={each}"), replicates=30).run().tables["points"] for each in strengths]
    manifest = json.loads((result.save(tmp_path / "over") / "manifest.json").read_text(encoding="utf-8"))

    assert table["draws"].tolist() == [3, 3]
    for name in ("mentored", "control", "difference"):
        each = np.array([one[name] for one in alone])
        assert table[name].to_numpy() == pytest.approx(each.mean(axis=0))
        assert table[f"{name}_low"].to_numpy() == pytest.approx(np.quantile(each, 0.025, axis=0))
        assert table[f"{name}_high"].to_numpy() == pytest.approx(np.quantile(each, 0.975, axis=0))
    assert table["inside_67"].to_numpy() == pytest.approx(np.mean([one["inside_67"] for one in alone], axis=0))
    likelihoods = [one["relative_likelihood"] for one in alone]
    assert table["relative_likelihood"].to_numpy() == pytest.approx(np.median(likelihoods, axis=0))
    assert manifest["draws"] == 3
    assert [len(digest) for digest in manifest["inputs"].values()] == [64]
    assert "by its median over 3 draws" in result.text()


def test_a_trial_over_draws_separates_stochastic_variation_from_parameter_uncertainty(tmp_path):
    """Equal draws leave stochastic variation only; where they differ much the parameters are most of the spread."""
    same = a_posterior(tmp_path, **{"effect.hazard_ratio": [0.4] * 5})
    row = TrialStudy(trials=40, posterior=same).run().settings[0]
    assert row["mentored_parameter_share"] == 0
    assert row["mentored_parameter_low"] == row["mentored_parameter_high"] == pytest.approx(row["mentored"])
    assert row["mentored_stochastic_low"] < row["mentored"] < row["mentored_stochastic_high"]
    apart = a_posterior(tmp_path, **{"risk.hazard_multiplier": [0.1, 0.2, 1.0, 4.0, 8.0], "trial.definition": ["any", "any", "prison", "any", "any"]})
    result = TrialStudy(trials=40, posterior=apart, draws=4).run()
    row = result.settings[0]
    assert row["draws"] == 4
    assert row["control_parameter_share"] > 0.6
    assert row["control_low"] <= row["control_stochastic_low"]
    draws = result.tables["draws"]
    assert draws[draws["analysis"] == ANALYSES[0]]["control"].is_monotonic_increasing


@pytest.mark.parametrize(("arguments", "message"), [
    (["--draws", "3"], "--draws is [3], but there is no --posterior to draw from; give its file"),
    (["--posterior", "missing.parquet"], "--posterior is [missing.parquet], which was not found"),
    (["--posterior", "POSTERIOR", "--set", "risk.hazard_multiplier=1.1"], "which decides nothing that scenario trial leaves open"),
])  # fmt: skip
def test_bad_posteriors_are_one_line(arguments, message, tmp_path):
    """A missing file, a number without a file, and draws that change nothing are refused."""
    file = a_posterior(tmp_path, **{"risk.hazard_multiplier": [1.0]})
    arguments = [file if each == "POSTERIOR" else each for each in arguments]
    code, _, err = desist("trial", "trial", *arguments, "--no-store", "--out", str(tmp_path / "out"))

    assert (code, err.count("\n")) == (2, 1)
    assert message in err
