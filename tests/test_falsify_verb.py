"""``desist falsify`` as its users meet it: verdicts in words and for machines, exit codes, files.

Here with a few checks; all of them are tried by ``test_falsify_faults.py`` in a copy of the model, and by ``.ci/run`` on the
engine that is installed.
"""

from __future__ import annotations

import json

import pandas as pd
import pytest

from experiments.verification import stored_measurements, tasks
from experiments.verification.checks import Check, Finding
from experiments.verification.controls import CONTROLS
from experiments.verification.invariants import LAWS
from experiments.verification.patterns import checks
from tests.test_cli import desist


def made(name, value, *, kind="law", known=""):
    """A check that finds a value, of which at most 1 is allowed."""

    def look(ground):
        """A claim."""
        return Finding(value=value, low=0.0, high=1.0, looked=3, words="observed 0.5" if kind == "pattern" else "three")

    return Check(name=name, kind=kind, family="made up", claim=f"A claim about {name}.", look=look, known=known,
                 fitted="not fitted to" if kind == "pattern" else "-")  # fmt: skip


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A few quick checks instead of all, and no measured results."""
    some = [*(each for each in LAWS if each.family == "zero effect"), CONTROLS[0], *checks()[:2]]
    monkeypatch.setattr(tasks, "every_check", lambda: tuple(some))
    monkeypatch.setattr(stored_measurements, "SHIPPED", tmp_path / "nothing")
    monkeypatch.setattr(stored_measurements.read_faults, "__defaults__", (tmp_path / "nothing",))
    monkeypatch.setattr(stored_measurements.read_left_out, "__defaults__", (tmp_path / "nothing",))
    return some


def test_a_table_of_verdicts_is_printed_and_written(few, tmp_path):
    """Laws by family, patterns one by one, what was not measured; files beside a manifest; exit code 0."""
    code, out, _ = desist("falsify", "--quick", "--out", str(tmp_path / "out"))

    assert code == 0
    assert "zero effect        2 of 2 hold " in out
    assert "a programme without effect changes nobody" in out
    assert "1 of 1 are refused" in out
    assert "holds       D1" in out
    assert "fitted to" in out
    assert "Planted faults: not measured in this installation" in out
    assert "Nothing failed without a known reason." in out
    for name in ("verdicts.csv", "patterns.png", "patterns.svg", "answer.txt", "manifest.json", "scenario.toml"):
        assert (tmp_path / "out" / name).is_file()
    table = pd.read_csv(tmp_path / "out" / "verdicts.csv", keep_default_na=False)
    assert table["verdict"].tolist() == ["holds"] * len(few)


def test_a_failing_law_is_exit_code_one(few, tmp_path):
    """A law that fails is named with its first breach; so is one that the reader asked to see."""
    few.append(made("gravity", 2.0))
    code, out, _ = desist("falsify", "--quick", "--every", "--out", str(tmp_path / "out"))

    assert code == 1
    assert "fails       A claim about gravity: three" in out
    assert "FAILED: law [gravity]" in out
    assert "Help that does nothing brings matches" in out


def test_a_known_failure_of_a_pattern_is_told_and_does_not_stop(few, tmp_path):
    """A pattern outside its band with a reason leaves exit code 0; without one it is 1."""
    few.append(made("P1", 2.0, kind="pattern", known="another country"))
    code, out, _ = desist("falsify", "--quick", "--out", str(tmp_path / "out"))
    assert code == 0
    assert "known: another country" in out
    few.append(made("P2", 2.0, kind="pattern"))
    code, out, _ = desist("falsify", "--quick", "--out", str(tmp_path / "out"))

    assert code == 1
    assert "no reason is known" in out
    assert "FAILED: pattern [P2]" in out


def test_machines_get_the_same(few, tmp_path):
    """JSON holds every verdict with claim, figure, band and origin."""
    code, out, _ = desist("falsify", "--quick", "--json", "--out", str(tmp_path / "out"))
    found = json.loads(out)

    assert code == 0
    assert [] == found["failed"]
    assert {"claim", "value", "low", "high", "origin", "fitted", "verdict"} <= set(found["verdicts"][0])


def test_a_full_run_goes_on_where_it_stood(few, tmp_path):
    """The attacks are pieces of the store: a second run reads them, whatever became of the first."""
    options = ("--part", "attacks", "--size", "1", "--threads", "1", "--store", str(tmp_path / "runs"), "--out")
    first = desist("falsify", *options, str(tmp_path / "a"))
    begun = sorted(path.name for path in (tmp_path / "runs").rglob("*.arrow"))
    second = desist("falsify", *options, str(tmp_path / "b"))

    assert first[0] == second[0] == 0
    assert begun == sorted(path.name for path in (tmp_path / "runs").rglob("*.arrow"))
    assert len(begun) == 3
    assert (tmp_path / "a" / "verdicts.csv").read_text() == (tmp_path / "b" / "verdicts.csv").read_text()


def test_measured_results_are_printed_with_a_warning_if_the_code_changed(few, tmp_path):
    """Faults that were measured before are told with the share, the survivors, and whether they are of this code."""
    folder = tmp_path / "out"
    folder.mkdir()
    row = {"number": "1", "file": "rules", "line": 7, "kind": "sign turned", "before": "a - b", "after": "a + b", "words": "",
           "noticed": "a law", "how": "law", "seconds": 1.0}  # fmt: skip
    rows = [{**row, "outcome": "noticed"}] * 8 + [{**row, "outcome": "missed", "how": "", "noticed": ""}] * 2
    pd.DataFrame(rows).to_csv(folder / "faults.csv", index=False)
    (folder / "measured.json").write_text(json.dumps({"faults": {"code": "another", "seed": 2}}))
    code, out, _ = desist("falsify", "--quick", "--out", str(folder))

    assert code == 1
    assert "notice 8: 80.0 %" in out
    assert "rules.py:7  sign turned: a - b  became  a + b" in out
    assert "The code has changed since this was measured" in out
    assert "fewer than 90 %" in out


@pytest.mark.parametrize(
    ("options", "wanted"),
    [(["--faults", "3"], "--faults"), (["--size", "0"], "--size"), (["--part", "all"], "--part")],
)
def test_bad_options_are_one_line(options, wanted):
    """A mistake is exit code 2 and one line that names the option."""
    code, _, err = desist("falsify", *options)

    assert code == 2
    assert wanted in err
    assert 1 == len(err.strip().splitlines())
