"""Figures of the page carry what made them: in the fold, in pictures, and beside tables."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.table_receipts import beside, drawn, line
from experiments.app.trial.facts import one_trial
from experiments.execution.environment import versions
from experiments.provenance.csv_tables import csv_of
from experiments.provenance.stamps import digest, intact, stamp_of, untouched
from tests.page.test_trial_panel import USUAL
from tests.test_cli import desist

ABOUT = {
    "command": "desist run mine.toml --seed 7", "scenario": "mine", "digest": "ab" * 32, "seed": 7, "trials": 100,
    "page": "desist serve, ?lang=da&effect=67", "desist": versions()["desist"],
}  # fmt: skip
SPEC = {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x", "type": "quantitative"}}}


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_of_the_page_carry_their_receipt(kind, tmp_path):
    """Command, scenario, luck and the address of the view; ``desist check-results`` reads it, and finds a changed byte."""
    data = drawn(SPEC, kind, ABOUT)
    (tmp_path / f"x.{kind}").write_bytes(data)
    code, out, _ = desist("check-results", str(tmp_path / f"x.{kind}"))

    assert untouched(f"x.{kind}", data)
    assert stamp_of(f"x.{kind}", data)["page"] == "desist serve, ?lang=da&effect=67"
    assert code == 0
    assert "Receipt: desist run mine.toml --seed 7; scenario mine abababababababab; seed 7; trials 100; desist " in out


def test_a_table_of_the_page_is_verified_by_the_file_beside_it(tmp_path):
    """One changed digit, in either of the two, is found."""
    table = csv_of(pd.DataFrame({"month": [1, 2], "share": [0.25, 0.5]})).encode()
    own = beside("desist-x.csv", table, ABOUT)
    (tmp_path / "desist-x.json").write_bytes(own)
    (tmp_path / "desist-x.csv").write_bytes(table)

    assert intact(json.loads(own))
    assert json.loads(own)["files"] == {"desist-x.csv": digest(table)}
    assert desist("check-results", str(tmp_path / "desist-x.csv"))[0] == 0
    (tmp_path / "desist-x.csv").write_bytes(table.replace(b"0.25", b"0.26"))
    assert desist("check-results", str(tmp_path / "desist-x.csv"))[0] == 1
    (tmp_path / "desist-x.csv").write_bytes(table)
    (tmp_path / "desist-x.json").write_bytes(own.replace(b'"seed": 7', b'"seed": 8'))
    assert desist("check-results", str(tmp_path / "desist-x.csv"))[0] == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_line_is_in_the_language_of_the_page(language):
    """One line of text, whatever a scenario is called."""
    said = line(PageMessages(language), {**ABOUT, "scenario": "<b>"})

    assert ("Kvittering: " in said) == (language == "da")
    assert ("startværdi (seed) 7; forsøg 100" in said) == (language == "da")
    assert "<b>" not in said


def test_nothing_is_made_before_the_fold_is_opened(open_page, monkeypatch):
    """What made a figure is asked when its numbers are unfolded; then the line is there, and a button for the file."""
    asked = []
    monkeypatch.setattr("experiments.app.parts.figure.receipt", lambda *_, **__: asked.append(1) or ABOUT)
    page = open_page(panel="trial", guessed="yes", lang="en")
    assert not page.exception
    assert asked == []
    monkeypatch.undo()
    page.session_state["fold-trial"] = True
    page.run()
    said = [each.proto.body for each in page.get("html")]

    one = one_trial(USUAL, 1)
    assert any(f"Receipt: desist run {one.scenario.name}.toml --seed 1; scenario {one.scenario.name} {one.scenario.digest[:16]}" in each
               for each in said)  # fmt: skip
