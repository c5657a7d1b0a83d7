"""``desist check-model`` as its users meet it: verdicts in sentences and for machines, exit codes, files.

Here with a few checks; all of them are carried out by ``test_checks.py``, and by ``.ci/run`` on the engine that is
installed.
"""

from __future__ import annotations

import json

import pandas as pd
import pytest

from experiments.studies.catalogue import load_result
from experiments.verification import check_model, stored_measurements
from experiments.verification.check_model_study import CheckModelStudy
from experiments.verification.checks import Check, Finding
from experiments.verification.controls import CONTROLS
from experiments.verification.lists import INVARIANTS
from experiments.verification.patterns import pattern_checks
from tests.test_cli import desist


def made(name, value, *, kind="invariant", known=""):
    """A check that finds a value, of which at most 1 is allowed."""

    def compare(context):
        """A claim."""
        return Finding(value=value, low=0.0, high=1.0, examined=3, detail="observed 0.5" if kind == "pattern" else "three")

    return Check(name=name, kind=kind, family="made up", claim=f"A claim about {name}.", function=compare, known=known,
                 fitted="not fitted to" if kind == "pattern" else "-")  # fmt: skip


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A few quick checks instead of all, and nothing measured before."""
    some = [*(each for each in INVARIANTS if each.family == "zero effect"), CONTROLS[0], *pattern_checks()[:2]]
    monkeypatch.setattr(check_model, "every_check", lambda: tuple(some))
    monkeypatch.setattr(stored_measurements, "STORED", tmp_path / "nothing")
    return some


def test_a_quick_run_prints_and_writes_its_verdicts(few, tmp_path):
    """Invariants by family, patterns one by one, what was not measured; files beside a manifest; exit code 0."""
    code, out, _ = desist("check-model", "--quick", "--out", str(tmp_path / "out"))

    assert code == 0
    assert "Of 2 rules that must hold in any scenario (invariants), the model keeps 2" in out
    assert "zero effect  2 of 2" in out
    assert "a programme without effect changes nobody" in out
    assert "Of 1 claims that are wrong on purpose, the checks refuse 1" in out
    assert "D1" in out
    assert "Planted faults are not measured in this installation" in out
    assert "Nothing failed without a known reason." in out
    for name in ("verdicts.csv", "patterns.png", "patterns.svg", "answer_da.txt", "manifest.json", "scenario.toml"):
        assert (tmp_path / "out" / name).is_file()
    again = load_result(tmp_path / "out")
    assert again.tables["verdicts"]["verdict"].tolist() == ["holds"] * len(few)
    assert "Intet mislykkedes uden en kendt grund." in again.text("da")


def test_a_failing_invariant_is_exit_code_one(few, tmp_path):
    """An invariant that fails is named with its first violation; --every shows each check."""
    few.append(made("gravity", 2.0))
    code, out, _ = desist("check-model", "--quick", "--every", "--out", str(tmp_path / "out"))

    assert code == 1
    assert "fails: A claim about gravity: three." in out
    assert "FAILED: invariant [gravity]" in out
    assert "Help that does nothing brings matches" in out


def test_a_known_failure_of_a_pattern_does_not_fail_the_run(few):
    """A pattern outside its band with a reason is shown with it; without one the run fails."""
    few.append(made("P1", 2.0, kind="pattern", known="another country"))
    result = CheckModelStudy(quick=True).run()
    assert result.passed
    assert "P1 is known to fail: another country." in result.text()
    few.append(made("P2", 2.0, kind="pattern"))
    result = CheckModelStudy(quick=True).run()

    assert not result.passed
    assert result.failed == [{"what": "pattern", "name": "P2"}]
    assert "P2 fails, and no reason is known." in result.text()
    assert "P2 holder ikke, og der kendes ingen grund." in result.text("da")


def test_machines_get_the_numbers(few, tmp_path):
    """JSON holds the facts; the table of verdicts holds claim, figure, band and origin."""
    code, out, _ = desist("check-model", "--quick", "--json", "--out", str(tmp_path / "out"))
    found = json.loads(out)

    assert code == 0
    assert [] == found["failed"]
    assert {"number": 2, "holds": 2, "fails": 0, "inconclusive": 0} == found["verdicts"]["invariant"]
    columns = pd.read_csv(tmp_path / "out" / "verdicts.csv").columns
    assert {"claim", "value", "low", "high", "origin", "fitted", "verdict"} <= set(columns)


def test_a_full_run_goes_on_where_it_stood(few, tmp_path):
    """The checks are tasks in the store: a second run reads them, whatever became of the first."""
    options = ("--part", "checks", "--size", "1", "--threads", "1", "--store", str(tmp_path / "runs"), "--out")
    first = desist("check-model", *options, str(tmp_path / "a"))
    begun = sorted(path.name for path in (tmp_path / "runs").rglob("*.arrow"))
    second = desist("check-model", *options, str(tmp_path / "b"))

    assert first[0] == second[0] == 0
    assert begun == sorted(path.name for path in (tmp_path / "runs").rglob("*.arrow"))
    assert len(begun) == 3
    assert (tmp_path / "a" / "verdicts.csv").read_text() == (tmp_path / "b" / "verdicts.csv").read_text()


def test_stored_measurements_are_shown_with_a_warning_if_the_code_changed(few, tmp_path):
    """Faults that were measured before are shown with the share, the survivors, and whether they are of this code."""
    folder = tmp_path / "nothing"
    folder.mkdir()
    row = {"number": "1", "file": "rules", "line": 7, "kind": "sign turned", "before": "a - b", "after": "a + b", "detail": "",
           "noticed": "an invariant", "how": "invariant", "seconds": 1.0}  # fmt: skip
    rows = [{**row, "outcome": "noticed"}] * 8 + [{**row, "outcome": "missed", "how": "", "noticed": ""}] * 2
    pd.DataFrame(rows).to_csv(folder / "faults.csv", index=False)
    (folder / "facts.json").write_text(json.dumps({"measured": {"faults": {"code": "another", "seed": 2}}}))
    result = CheckModelStudy(quick=True).run()
    text = result.text().replace("\N{NO-BREAK SPACE}", " ")

    assert not result.passed
    assert "notice 8 of these: 80.0 %" in text
    assert "rules.py:7  sign turned  a - b   a + b" in text
    assert "The code has changed since the planted faults were measured" in text
    assert "too few planted faults were noticed" in text
