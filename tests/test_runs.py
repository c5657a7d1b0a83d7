"""The store of runs: what an address depends on, and who computes what, where and in which order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from experiments.execution import jobs
from experiments.execution.code_digest import code_of
from experiments.execution.jobs import AHEAD, Job, Store, finish
from experiments.execution.store import Contents
from simulation.parameters import ParameterError

HOME = Path(jobs.__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HOME)}


def work(context, payload):
    """A piece that does as it is told, and notes that it was asked."""
    if "log" in context:
        with Path(context["log"]).open("a", encoding="utf-8") as file:
            file.write(f"{payload['n']}\n")
    if payload["n"] in context.get("wrong", ()):
        raise ParameterError(f"n is [{payload['n']}]; allowed is another")
    if payload["n"] in context.get("deadly", ()):
        os._exit(1)
    time.sleep(payload.get("seconds", 0.0))
    n = payload["n"]
    return {
        "n": [n, n + 1], "share": [n / 7, float("nan")], "odd": [n % 2 == 1, None], "name": [f"ø{n}", str(payload)],
        "array": np.array([n, n], np.uint8), "number": [np.float32(n), np.float32(0.1)],
    }  # fmt: skip


def a_job(number=12, *, name="counting", pieces=None, **context):
    """A job of some pieces of ``work``."""
    return Job(
        name=name, work="tests.test_runs:work", context=context, command="desist count",
        pieces=[{"n": n, "pair": (n, n)} for n in range(number)] if pieces is None else pieces,
    )  # fmt: skip


def kept_in(path):
    """What a store keeps: paths within it, and so addresses and checksums."""
    return sorted(str(each.relative_to(path)) for each in (path / "pieces").rglob("*.arrow"))


def asked(log):
    """Numbers of the pieces that were computed, in order of number."""
    return sorted(map(int, log.read_text(encoding="utf-8").split())) if log.exists() else []


# Addresses ------------------------------------------------------------------------------------------------------


def test_an_address_depends_on_all_that_decides_a_piece(monkeypatch):
    """Work, context, payload and code each move the address."""
    job = a_job(1, scenario="a", seed=1)
    found = {job.addresses()[0]}
    found |= {each.addresses()[0] for each in (
        replace(job, work="tests.test_runs:a_job"), replace(job, context={"scenario": "b", "seed": 1}),
        replace(job, context={"scenario": "a", "seed": 2}), replace(job, pieces=[{"n": 1, "pair": (0, 0)}]),
        replace(job, pieces=[{"n": 0, "pair": (0, 1)}]),
    )}  # fmt: skip
    monkeypatch.setattr(jobs, "code_of", lambda _: "0" * 16)
    found.add(replace(job).addresses()[0])

    assert len(found) == 7


def test_an_address_depends_on_nothing_else(tmp_path):
    """Name, command, the order of keys and the other pieces move no address; nor does keeping it."""
    job = a_job(4, scenario="a", seed=1)
    other = Job(
        name="other", work=job.work, context={"seed": 1, "scenario": "a"}, command="else",
        pieces=[{"pair": [3, 3], "n": 3}, {"pair": (1, 1), "n": 1}],
    )  # fmt: skip
    list(finish(job, store=Store(tmp_path)))

    assert other.addresses() == [job.addresses()[3], job.addresses()[1]]
    assert a_job(4, scenario="a", seed=1).addresses() == job.addresses()
    assert len(set(job.addresses())) == 4


def test_code_is_all_that_the_work_rests_on(tmp_path, monkeypatch):
    """A change in the module, in what it imports (also late, relative, or as a package) moves the digest; no other does."""
    texts = {
        "__init__": "", "start": "from . import near\nimport pack.plain\ndef f():\n    from pack.late import x\n    import json\n",
        "near": "from .inner.deep import y\n", "plain": "", "late": "x = 1\n", "inner/__init__": "", "inner/deep": "from ..far import z\ny = z\n",
        "far": "z = 2\n", "unused": "",
    }  # fmt: skip
    for name, text in texts.items():
        file = tmp_path / "pack" / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    digest = code_of.__wrapped__
    before = digest("pack.start")
    moved = {}
    for name, text in texts.items():
        file = tmp_path / "pack" / f"{name}.py"
        file.write_text(text + "# changed\n", encoding="utf-8")
        moved[name] = digest("pack.start") != before
        file.write_text(text, encoding="utf-8")

    assert digest("pack.start") == before
    assert moved == {name: name != "unused" for name in texts}


def test_code_has_the_model_and_the_data_and_no_figures(tmp_path):
    """The rules, a table of the model, a register and the trial's code decide a sweep; figures and words about it do not."""
    for package in ("simulation", "experiments"):
        shutil.copytree(HOME / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    script = (
        "import sys\nfrom pathlib import Path\nfrom experiments.execution.code_digest import code_of, HERE\n"
        "assert HERE.parent == Path(sys.argv[1])\ndigest = code_of.__wrapped__\nbefore = digest('experiments.studies.trial.design_points')\n"
        "for name in sys.argv[2:]:\n"
        "    file = Path(sys.argv[1]) / name; text = file.read_bytes(); file.write_bytes(text + b'# changed\\n')\n"
        "    print(int(digest('experiments.studies.trial.design_points') != before)); file.write_bytes(text)\n"
        "assert digest('experiments.studies.trial.design_points') == before"
    )
    deciding = ["simulation/rules.py", "simulation/data/factors.toml", "simulation/trial_counts.py", "experiments/inputs/parameter_points.py",
                "experiments/inputs/trial_result.py", "experiments/inputs/data/baseline_targets.csv", "experiments/studies/trial/design_points.py"]  # fmt: skip
    idle = ["experiments/figures/__init__.py", "experiments/studies/trial/sweep.py", "experiments/execution/jobs.py", "experiments/cli/main.py"]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), *deciding, *idle], capture_output=True, text=True, check=True,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip

    assert list(map(int, done.stdout.split())) == [1] * len(deciding) + [0] * len(idle)


@pytest.mark.parametrize("module", ["__main__", "experiments.nothing", "nowhere.at_all", ""])
def test_work_that_nobody_could_import_is_refused(module):
    """A job's work must be in a file that other processes find."""
    with pytest.raises(ParameterError, match=r"other processes cannot import"):
        Job(name="a", work=f"{module}:f", context={}, pieces=[])


# Results --------------------------------------------------------------------------------------------------------


def test_results_are_in_order_whoever_is_first():
    """Pieces that take longer come no later; any number of threads."""
    pieces = [{"n": n, "seconds": 0.03 if n % 3 == 0 else 0.0} for n in range(20)]
    for threads in (1, 2, 8):
        assert [table["n"][0] for table in finish(a_job(pieces=pieces), threads=threads)] == list(range(20))
    assert list(finish(a_job(0))) == []


def test_threads_processes_and_no_store_give_the_same_bytes(tmp_path):
    """Tables are the same values of the same types, and files the same bytes, whoever computed them."""
    job = a_job(30)
    plain = repr(list(finish(job)))
    told = {"threads": repr(list(finish(job, store=Store(tmp_path / "threads"), threads=3)))}
    with ThreadPoolExecutor(2) as pool:
        told["pool"] = repr(list(finish(job, store=Store(tmp_path / "pool"), executor=pool)))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        told["processes"] = repr(list(finish(job, store=Store(tmp_path / "processes"), executor=pool)))
    for name, text in told.items():
        assert text == plain
        assert repr(list(finish(job, store=Store(tmp_path / name)))) == plain
        assert kept_in(tmp_path / name) == kept_in(tmp_path / "threads")


def test_only_what_is_missing_is_computed(tmp_path):
    """A finished study asks for nothing; a longer one for what is new; one that lost a piece for that piece."""
    log, store = tmp_path / "log", tmp_path / "store"
    first = list(finish(a_job(8, log=str(log)), store=Store(store)))
    assert asked(log) == list(range(8))
    log.unlink()
    assert repr(list(finish(a_job(8, log=str(log)), store=Store(store)))) == repr(first)
    assert asked(log) == []
    list(finish(a_job(11, log=str(log)), store=Store(store)))
    assert asked(log) == [8, 9, 10]
    log.unlink()
    job = a_job(8, log=str(log))
    Path(Contents.of(store).pieces[job.addresses()[5]][0].path).unlink()
    assert repr(list(finish(job, store=Store(store)))) == repr(first)
    assert asked(log) == [5]


def test_results_are_kept_when_they_arrive(tmp_path):
    """Pieces are in the store although nobody has asked for them, with threads and with an executor."""
    with ThreadPoolExecutor(2) as pool:
        for name, options in (("threads", {"threads": 2}), ("pool", {"executor": pool})):
            tables = finish(a_job(), store=Store(tmp_path / name), **options)
            next(tables)
            until = time.monotonic() + 600
            while len(kept_in(tmp_path / name)) < 4 and time.monotonic() < until:
                time.sleep(0.01)

            assert len(kept_in(tmp_path / name)) >= 4
            tables.close()


def test_no_more_is_sent_than_is_soon_asked_for(tmp_path):
    """Of many pieces only a few tasks for each worker are under way."""
    log = tmp_path / "log"
    tables = finish(a_job(400, log=str(log)), threads=2)
    next(tables)
    time.sleep(0.3)
    tables.close()

    assert len(asked(log)) <= 2 * AHEAD + 2


def test_a_mistake_is_told_in_its_turn_and_the_rest_is_kept(tmp_path):
    """What comes before the mistaken piece is given, then the mistake is raised; what was finished is in the store."""
    job = a_job(6, wrong=[3])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for name, options in (("threads", {"threads": 2}), ("processes", {"executor": pool})):
            tables = finish(job, store=Store(tmp_path / name), **options)
            assert [next(tables)["n"][0] for _ in range(3)] == [0, 1, 2]
            with pytest.raises(ParameterError, match=r"n is \[3\]"):
                next(tables)
            kept = Contents.of(tmp_path / name)
            assert {job.addresses()[k] for k in range(3)} <= set(kept.pieces)
            assert job.addresses()[3] not in kept.pieces


def test_a_process_that_dies_costs_one_line(tmp_path):
    """Workers that are lost are told in one line that says what to do; what was finished stays."""
    job = a_job(6, deadly=[4])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(ParameterError) as told:
        list(finish(job, store=Store(tmp_path), executor=pool))

    assert str(told.value) == (
        "the workers were lost (BrokenProcessPool); what was finished is in the store: start the command again to go on"
    )
    assert 1 <= len(kept_in(tmp_path)) <= 4


def test_other_code_is_refused(monkeypatch):
    """A worker whose code is another's computes nothing."""
    job = a_job(2)
    monkeypatch.setattr(jobs, "code_of", lambda _: "f" * 16)

    with pytest.raises(ParameterError, match=rf"other code \[{'f' * 16}\] than this machine \[{job.code}\]"):
        list(finish(job))
