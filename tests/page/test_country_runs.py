"""Studies in the queue of the page: each once, one at a time, none for nobody."""

from __future__ import annotations

import time
from threading import Event

import pytest

from experiments.app.country import runs as country_runs
from experiments.app.country.plans import RequestedPlan
from experiments.app.country.runs import Runs


def study(number):
    return RequestedPlan(kind="plans", plans=(str(number),), draws=12, seed=number)


class Teller:
    """Tells studies in three steps; ``gate`` holds them back, ``fail`` says which end badly, once."""

    def __init__(self, fail=None):
        self.begun, self.gate, self.fail, self.rests = [], Event(), fail or {}, 0
        self.gate.set()

    def __call__(self, asked):
        self.begun.append(asked.seed)
        for step in (1, 2):
            assert self.gate.wait(10)
            yield step, 3, None
        if problem := self.fail.pop(asked.seed, None):
            raise problem
        yield 3, 3, f"result {asked.seed}"

    def rest(self):
        self.rests += 1


@pytest.fixture
def queue():
    """Runs told by a ``Teller``."""

    def opened(**how):
        teller = Teller(**how)
        return Runs(compute=teller, rest=teller.rest), teller

    return opened


def until(check):
    for _ in range(500):
        if found := check():
            return found
        time.sleep(0.01)
    pytest.fail("nothing came of it")


def watched(runs, asked):
    """Ask again and again, as an open page does, until there is a result or a problem."""
    return until(lambda: ((status := runs.ask(asked)).result and status) or (status.problem and status))


def test_a_study_begins_when_it_has_been_asked_for_twice(queue):
    runs, teller = queue()

    runs.ask(study(1))
    time.sleep(0.1)
    assert teller.begun == []

    assert watched(runs, study(1)).result == "result 1"
    assert runs.known(study(1)) == "result 1"


def test_a_study_that_many_ask_for_is_told_once(queue):
    runs, teller = queue()

    for _ in range(20):
        runs.ask(study(1))
    watched(runs, study(1))
    watched(runs, study(1))

    assert teller.begun == [1]


def test_a_visitor_is_told_the_place_in_the_queue_and_how_far_a_study_has_come(queue):
    runs, teller = queue()
    teller.gate.clear()
    for number in (1, 2, 3):
        runs.ask(study(number))
        runs.ask(study(number))
    until(lambda: teller.begun)

    assert [runs.ask(study(number)).before for number in (1, 2, 3)] == [0, 1, 2]
    assert runs.ask(study(4)).before == 3
    assert runs.waiting() == 4

    teller.gate.set()
    assert watched(runs, study(3)).result == "result 3"
    assert teller.begun == [1, 2, 3]


def test_a_study_that_nobody_looks_at_is_dropped_before_it_begins_and_told_to_its_end_after(queue, monkeypatch):
    runs, teller = queue()
    teller.gate.clear()
    for number in (1, 2):
        runs.ask(study(number))
        runs.ask(study(number))
    until(lambda: teller.begun)
    monkeypatch.setattr(country_runs, "PATIENCE", 0.05)
    time.sleep(0.1)

    teller.gate.set()
    until(lambda: runs.known(study(1)))
    assert watched(runs, study(3)).result == "result 3"
    assert teller.begun == [1, 3]


def test_a_visitor_sees_the_steps(queue):
    runs, teller = queue()
    teller.gate.clear()
    runs.ask(study(1))
    runs.ask(study(1))
    until(lambda: teller.begun)

    assert runs.ask(study(1)).whole == 0
    teller.gate.set()
    assert (watched(runs, study(1)).done, runs.ask(study(1)).whole) == (3, 3)


def test_only_so_many_studies_wait(queue, monkeypatch):
    monkeypatch.setattr(country_runs, "WAITING", 2)
    runs, teller = queue()
    teller.gate.clear()

    assert not any(runs.ask(study(number)).full for number in (1, 2))
    assert runs.ask(study(3)).full
    teller.gate.set()


def test_only_the_latest_results_are_kept(queue, monkeypatch):
    monkeypatch.setattr(country_runs, "KEPT", 2)
    runs, _ = queue()

    for number in (1, 2, 3):
        watched(runs, study(number))

    assert [runs.known(study(number)) for number in (1, 2, 3)] == [None, "result 2", "result 3"]


def test_a_study_that_fails_is_told_holds_up_nobody_and_can_be_tried_again(queue, monkeypatch):
    runs, _ = queue(fail={1: ValueError("odd")})

    assert watched(runs, study(1)).problem == "ValueError: odd"
    assert watched(runs, study(2)).result == "result 2"

    monkeypatch.setattr(country_runs, "PATIENCE", 0.1)
    time.sleep(0.15)
    assert until(lambda: runs.ask(study(1)) and runs.known(study(1))) == "result 1"


def test_after_long_idleness_the_thread_rests_and_comes_back(queue, monkeypatch):
    monkeypatch.setattr(country_runs, "IDLE", 0.0)
    runs, teller = queue()

    watched(runs, study(1))
    until(lambda: teller.rests)
    assert watched(runs, study(2)).result == "result 2"
