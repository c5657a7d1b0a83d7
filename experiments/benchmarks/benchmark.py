"""The benchmark: what is measured, as tables and facts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from experiments.benchmarks.benchmark_study import BenchmarkStudy
from experiments.benchmarks.country import WAYS, measure_apart
from experiments.benchmarks.drivers import driver_speeds, start_up_seconds, store_costs, study_seconds
from experiments.execution.context import RunContext
from experiments.studies.result import StudyResult
from experiments.studies.trial.common_random_numbers import PEOPLE, REPLICATES, variance_ratios

SIZES, QUICK_SIZE = (1_000, 10_000, 100_000), (10_000,)
COUNTRY_RUNS = 200
"""Replicates of ten years of Denmark that are simulated."""


def run_benchmark(study: BenchmarkStudy, context: RunContext | None) -> StudyResult:
    """Measure the page, or everything else."""
    context = context or RunContext()
    return _page(study, context) if study.part == "page" else _machine(study, context)


def _machine(study: BenchmarkStudy, context: RunContext) -> StudyResult:
    sizes = study.people or (QUICK_SIZE if study.quick else SIZES)
    context.note(f"measuring both drivers at {len(sizes)} sizes ...")
    drivers = driver_speeds(sizes)
    tables = {"drivers": drivers}
    facts: dict[str, Any] = {"part": "machine", "quick": study.quick, "drivers": drivers.to_dict("records")}
    if not study.quick:
        context.note("measuring start-up and the headline studies (some minutes) ...")
        seconds = {"start_up": start_up_seconds(), "studies": study_seconds()}
        tables["seconds"] = pd.DataFrame([
            {"part": part, "what": what, "seconds": value}
            for part, each in seconds.items() for what, value in each.items()
        ])  # fmt: skip
        context.note("measuring ten years of Denmark ...")
        country = {way: measure_apart(way, COUNTRY_RUNS) for way in WAYS}
        tables["country"] = pd.DataFrame([{"way": way, **row} for way, row in country.items()])
        context.note("measuring the store of runs ...")
        store = store_costs()
        tables["store"] = pd.DataFrame([{"what": what, "value": value} for what, value in store.items()])
        context.note("measuring what common random numbers save ...")
        tables["common_random_numbers"] = ratios = variance_ratios()
        facts |= {**seconds, "country": country, "country_runs": COUNTRY_RUNS, "store": store, "people": PEOPLE,
                  "replicates": REPLICATES, "common_random_numbers": ratios.to_dict("records")}  # fmt: skip
    return StudyResult(study=study, tables=tables, facts=facts)


def _page(study: BenchmarkStudy, context: RunContext) -> StudyResult:
    from experiments.benchmarks.page import LIMITS, page_costs  # a browser and the page's server

    context.note("measuring the page in a browser, then a class (some minutes) ...")
    costs = page_costs(quick=study.quick)
    table = pd.DataFrame([{"what": what, **row} for what, row in costs.items()])
    facts = {"part": "page", "quick": study.quick, "page": costs, "limits": LIMITS}
    return StudyResult(study=study, tables={"page": table}, facts=facts)
