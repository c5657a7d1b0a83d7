"""What ``desist report`` does: which study or plan is meant, its page, and the file."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from experiments.cli.command import parse, run_context
from experiments.cli.main import echo_json
from experiments.execution.context import RunContext
from experiments.execution.environment import RESULTS
from experiments.inputs.posterior import SHIPPED
from experiments.language.formatting import Language
from experiments.provenance.results_folder import require_writable
from experiments.reports.page import Page, html
from experiments.reports.plan import compare_page, plan_page
from experiments.reports.receipt import about_plans, check_line, command_of, receipt_rows, written
from experiments.reports.run import PlanReport, uncertainty_of_gaps, uncertainty_of_plan
from experiments.reports.study import STUDIES, ReportedStudy, split
from experiments.studies.places import page_place_for
from experiments.studies.rollout.plan import names as plan_names
from experiments.studies.rollout.rollout import PlanRequest
from experiments.studies.rollout.rollout_study import CompareStudy, RolloutStudy
from experiments.studies.rollout.simulate import DRAWS
from simulation.parameters import ParameterError


def make_report(names: Sequence[str], out: Path | None, as_json: bool, **options: Any) -> None:
    """Write the page of a study or of plans, and print its answer."""
    language: Language = options["language"]
    named, extra = split(names)
    if out is not None:
        require_writable(out, "--out")
    context = run_context(**{name: options[name] for name in ("store", "no_store", "cluster", "threads")},
                          as_json=as_json)  # fmt: skip
    reported = STUDIES.get(named[0]) if len(named) == 1 else None
    if reported is not None:
        page, about = _of_study(reported, extra, language, context, options)
    else:
        page, about = _of_plans(named, extra, language, context, options)
    name = "-".join(Path(each).stem for each in named)[:80]
    file = out or page_place_for(RESULTS / "report" / f"{name}-{language}.html", about["command"])
    written(file, html(page), about | ({"grades": dict(page.grades)} if page.grades else {}))
    if as_json:
        echo_json({"title": page.title, "question": page.question, "answer": list(page.answer), "file": str(file)})
        return
    click.echo(f"{page.title}\n")
    for number, sentence in enumerate(page.answer, start=1):
        click.echo(f"{number}. {sentence}")
    click.echo(f"\nReport: {file}")


def _of_study(
    reported: ReportedStudy, extra: Sequence[str], language: Language, context: RunContext, options: dict[str, Any]
) -> tuple[Page, dict[str, Any]]:
    """The page of a study from its folder, which is read or made."""
    for option in ("prices", "posterior", "draws", "grade_draws"):
        if options[option] is not None:
            raise ParameterError(
                f"--{option.replace('_', '-')} is [{options[option]}], which reports of plans take; options of "
                f"desist {reported.study.verb} follow -- (desist report {reported.name} -- --option value)"
            )
    words = [*extra, *(["--seed", str(options["seed"])] if options["seed"] != 1 else [])]
    study = parse(type(reported.study), words) if words else reported.study
    return reported.page(study, words, language, context)


def _of_plans(
    named: Sequence[str], extra: Sequence[str], language: Language, context: RunContext, options: dict[str, Any]
) -> tuple[Page, dict[str, Any]]:
    """The page of one plan, or of several compared."""
    if extra:
        raise ParameterError(f"[{extra[0]}] follows --, which only a study takes; leave it out")
    for name in named:
        if name in STUDIES and len(named) > 1:
            raise ParameterError(f"[{name}] is a study, and a report is of one study alone; its options follow --")
        if not name.endswith(".toml") and name not in plan_names():
            near = get_close_matches(name, [*STUDIES, *plan_names()], n=1)
            hint = f"did you mean {near[0]}? Studies" if near else "studies"
            raise ParameterError(f"[{name}] is neither a study nor a plan; {hint} are {', '.join(STUDIES)}; plans are "
                                 f"{', '.join(plan_names())}, or a file that ends in .toml")  # fmt: skip
    further = options["grade_draws"] or 0
    draws, seed = options["draws"] or DRAWS, options["seed"]
    command = command_of(named, language, draws=draws, grade_draws=further, seed=seed, posterior=options["posterior"],
                         prices=options["prices"])  # fmt: skip
    same = {key: options[key] for key in ("posterior", "prices")} | {"draws": draws, "seed": seed}
    study = RolloutStudy(plan=named[0], **same) if len(named) == 1 else CompareStudy(plans=tuple(named), **same)
    report = PlanReport(request=PlanRequest.of(study, named), result=study.run(context), seed=seed,
                        grade_draws=further, command=command)  # fmt: skip
    about = about_plans(report, options["posterior"] or SHIPPED)
    rows, check = receipt_rows(about, language), check_line(named, language)
    if len(named) > 1:
        return compare_page(report.result, uncertainty_of_gaps(report), language, rows, check), about
    if further:
        context.note(f"The whole country once more, at {further:,} draws for the grades (a second each and core) ...")
    with context.computing(runs=10 * further) as compute:
        uncertainty = uncertainty_of_plan(report, compute)
    return plan_page(report.result, uncertainty, language, rows, check), about
