"""Planted faults: what is changed, what a fault becomes, what is counted."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache

import pandas as pd
import pytest

from experiments.verification.mutations import KINDS, Mutation, mutated, mutations_of, sample_mutations
from experiments.verification.planted_faults import (
    HERE,
    RULE_FILES,
    MutantBench,
    _dependants,
    all_mutations,
    mutation_job,
)
from experiments.verification.stored_measurements import code_of, fault_summary

all_mutations = cache(all_mutations)
TEXT = '''"""About."""
MOST, LEAST = 3, 1


def rule(a: int = 1, b: float = 2.0) -> float:
    """Words 7."""
    if a < b and not a:
        raise ValueError(f"a is {a + 1}")
    x = [0, 1]
    x[0] = min(a, b) + MOST
    x[a] += 1
    for i in range(a):
        if x[i] == LEAST:
            continue
    work(a, b)
    return -x[1] if a else b
'''


def of_kind(kind):
    """Before and after of the faults of a kind in the text above."""
    return {(each.before, each.after) for each in mutations_of("rule", TEXT) if each.kind == kind}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("comparison turned", {("a < b", "(a >= b)"), ("x[i] == LEAST", "(x[i] != LEAST)")}),
        ("boundary moved", {("a < b", "(a <= b)")}),
        ("operator exchanged", {("min(a, b) + MOST", "(min(a, b) - MOST)")}),
        ("and for or", {("a < b and not a", "(a < b or not a)")}),
        ("not removed", {("not a", "(a)")}),
        ("min for max", {("min(a, b)", "(max(a, b))")}),
        ("arguments exchanged", {("work(a, b)", "(work(b, a))")}),
        ("index shifted", {("x[i]", "(x[i - 1])")}),
        ("constant's name exchanged", {("MOST", "(LEAST)"), ("LEAST", "(MOST)")}),
        ("condition negated", {("a < b and not a", "(not (a < b and (not a)))"), ("x[i] == LEAST", "(not x[i] == LEAST)"),
                               ("a", "(not a)")}),
        ("statement dropped", {("x[0] = min(a, b) + MOST", "pass"), ("x[a] += 1", "pass"), ("continue", "pass"),
                               ("work(a, b)", "pass")}),
        ("sign turned", {("x[a] += 1", "x[a] -= 1"), ("-x[1]", "(x[1])")}),
    ],
)  # fmt: skip
def test_each_kind_of_fault_is_what_its_name_says(kind, expected):
    """One small change each, and no other of that kind."""
    assert expected == of_kind(kind)


def test_docstrings_types_and_messages_are_left_alone():
    """No fault is in a docstring, a type, the message of a mistake or the names of arguments."""
    changed = {each.line for each in mutations_of("rule", TEXT)}

    assert not changed & {1, 6, 8}
    assert ("1", "(2)") in of_kind("constant nudged")
    assert ("2.0", "(2.2)") in of_kind("constant nudged")


def test_a_planted_fault_changes_one_place():
    """The rest of the file stays as it is, letter by letter, and can still be read."""
    for mutation in mutations_of("rule", TEXT):
        text = mutated(TEXT, mutation)
        ast.parse(text)

        assert text != TEXT
        assert text.replace(mutation.after, "", 1).replace(mutation.before, "", 1) != text
        assert text[: TEXT.index(mutation.before)][:20] == TEXT[: TEXT.index(mutation.before)][:20]


def test_every_rule_file_has_faults_of_many_kinds():
    """All files named are there, each fault can be planted and read, and each kind is somewhere."""
    found = all_mutations()

    assert set(found) == set(RULE_FILES)
    assert all(len(each) >= 30 for each in found.values())
    assert {fault.kind for each in found.values() for fault in each} == set(KINDS)
    for name, faults in found.items():
        text = (HERE / RULE_FILES[name]).read_text(encoding="utf-8")
        for mutation in faults[::17]:
            ast.parse(mutated(text, mutation))


def test_faults_are_drawn_evenly_and_a_few_are_the_start_of_many():
    """Files in turn, kinds in turn; the same seed draws the same; none is drawn twice."""
    found = all_mutations()
    few, many = sample_mutations(found, 36, 3), sample_mutations(found, 180, 3)

    assert few == many[:36]
    assert len({fault.number for fault in many}) == 180
    assert {sum(fault.file == name for fault in many) for name in RULE_FILES} == {10}
    assert len({fault.kind for fault in many}) == len(KINDS)
    assert few != sample_mutations(found, 36, 4)


def test_what_rests_on_a_file_is_compiled_again():
    """Rules are inlined into the months and the volunteers, prices into nothing."""
    rests = _dependants(HERE / "simulation")

    assert {"rules", "month", "vector_rules", "volunteers", "waiting"} <= rests["rules"]
    assert rests["economics"] == {"economics"}
    assert "month" not in rests["population"]


def test_a_job_has_one_piece_a_fault():
    """Each fault is a piece of its own, so that an interrupted measurement goes on."""
    pieces = mutation_job(36, 2, "").pieces

    assert 36 == len(pieces)
    assert Mutation(**pieces[0]) in all_mutations()[pieces[0]["file"]]


# What is counted ----------------------------------------------------------------------------------------------


def measured(**outcomes):
    """A table with so many faults of each outcome."""
    rows = [
        {"file": "rules", "outcome": name.replace("_", " ")} for name, number in outcomes.items() for _ in range(number)
    ]
    return fault_summary(pd.DataFrame(rows).assign(how=""))


def test_the_share_is_of_faults_that_change_something():
    """What changes no byte or does not run is not counted; with the former as misses the share is lower."""
    found = measured(noticed=95, missed=5, no_difference=20, does_not_run=30)

    assert 0.95 == found["share"]
    assert found["low"] < 0.95 < found["high"]
    assert 95 / 120 == pytest.approx(found["least"])
    assert found["enough"]
    assert not measured(noticed=89, missed=11)["enough"]


def test_the_digest_is_of_the_model_and_its_checks():
    """The same code gives the same sixteen digits."""
    assert code_of("faults") == code_of("faults") != code_of("left_out")
    assert 16 == len(code_of("faults"))


# One fault, from planting to verdict --------------------------------------------------------------------------


class SmallBench(MutantBench):
    """A bench that examines fewer scenarios than a measurement does."""

    def _run(self, what, file):
        child = self.folder / "experiments" / "verification" / "mutant_process.py"
        text = child.read_text(encoding="utf-8")
        for before, after in (("SCENARIOS = 16\n", "SCENARIOS = 2\n"), ("Context(seed=1)", "Context(seed=1, size=0.5)")):
            assert before in text or after in text
            text = text.replace(before, after)
        child.write_text(text, encoding="utf-8")
        return super()._run(what, file)


def fault(file, kind, before):
    """The first fault of a file that is of a kind and changes this text."""
    return next(each for each in all_mutations()[file] if (each.kind, each.before) == (kind, before))


def by_hand(file, text, after):
    """A fault that no kind makes: another text in its place."""
    lines = (HERE / "simulation" / f"{file}.py").read_text(encoding="utf-8").splitlines()
    (number,) = [k for k, line in enumerate(lines, start=1) if text in line]
    begin = lines[number - 1].index(text)
    return Mutation(file, number, begin, "by hand", text, after, number, begin + len(text))


@pytest.mark.long
def test_faults_are_noticed_missed_or_do_not_run(tmp_path):
    """A turned sign in the kroner is noticed, as are volunteers who always or never stop after a match; a block of another
    size makes no difference, and a model that does not run is not counted. The files are put back each time.

    One test, since making the bench, in which the checks must hold without a fault, takes longer than any of them.
    """
    stops = "stops = stops or happens(words[1, seat], quits_after)"
    bench = SmallBench(tmp_path)
    for planted_one, outcome, how in (
        (fault("economics", "sign turned", '-fewer.count("holds_employment")'), "noticed", "invariant"),
        (by_hand("volunteers", stops, "stops = True"), "noticed", "invariant"),
        (by_hand("volunteers", stops, "pass"), "noticed", "invariant"),
        (fault("cohort", "constant nudged", "150_000_000"), "no difference", ""),
        (fault("cohort", "index shifted", "_kept[key]"), "does not run", ""),
    ):
        found = bench.try_mutation(planted_one)

        assert (outcome, how) == (found["outcome"], found["how"]), planted_one
        assert bool(found["noticed"]) == (how == "invariant")
        name = RULE_FILES[planted_one.file]
        assert (bench.folder / name).read_bytes() == (HERE / name).read_bytes()


def test_the_process_fails_without_a_task():
    """Started without a task, a process fails loudly."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.verification.mutant_process"], cwd=HERE, capture_output=True, check=False
    )

    assert done.returncode != 0
