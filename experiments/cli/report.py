"""``desist report``: a study or a plan as one file for people who read no tables."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import echo_json, posterior_option, seed_option, store_options, threads_option
from experiments.cli.plan_options import prices_option


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="STUDY|PLAN ...")
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True, help="Language of the report.")  # noqa: E501
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE.html", help="The file (default: results/report/NAME-LANGUAGE.html).")  # noqa: E501
@click.option("--grade-draws", type=click.IntRange(0, 100_000), default=None, help="Plans: draws by which the doubt is divided, where --draws are too few (default: 240; 0: none).")  # noqa: E501
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of words.")
@prices_option
@posterior_option
@seed_option
@threads_option
@store_options
def report(names, language, out, as_json, **options):  # type: ignore[no-untyped-def]
    """One file that a civil servant can read, on a screen or on paper, in English or Danish.

    STUDY is trial, sweep, calibration, mechanisms, power, ladder or check-model: its folder under results/ is read
    if it was made by the same code with the usual options, and the study is run otherwise. What follows -- are
    options of the study's own verb. PLAN is the name or file of a plan for the whole country, as for desist rollout;
    with two or more they are compared on the same luck.

    \b
    desist report trial --language da
    desist report nationwide-at-once --language da
    desist report todays-area nationwide-at-once
    desist report power -- --size 400
    """  # noqa: D301
    from experiments.execution.environment import RESULTS
    from experiments.reports.page import html
    from experiments.reports.receipt import written
    from experiments.reports.study import STUDIES, split

    named, extra = split(names)
    study = STUDIES.get(named[0]) if len(named) == 1 else None
    if study is not None:
        page, about = _of_study(study, extra, language, options)
    else:
        page, about = _of_plans(named, extra, language, options)
    name = "-".join(Path(each).stem for each in named)[:80]
    file = out or RESULTS / "report" / f"{name}-{language}.html"
    written(file, html(page), about | ({"grades": dict(page.grades)} if page.grades else {}))
    if as_json:
        echo_json({"title": page.title, "question": page.question, "answer": list(page.answer), "file": str(file)})
        return
    click.echo(f"{page.title}\n")
    for number, sentence in enumerate(page.answer, start=1):
        click.echo(f"{number}. {sentence}")
    click.echo(f"\nReport: {file}")


def _of_study(study, extra, language, options):  # type: ignore[no-untyped-def]
    """The page of a study from its folder, which is read or made."""
    from simulation.parameters import ParameterError

    for option in ("prices", "posterior", "draws", "grade_draws"):
        if options[option] is not None:
            raise ParameterError(
                f"--{option.replace('_', '-')} is [{options[option]}], which reports of plans take; options of "
                f"desist {study.verb} follow -- (desist report {study.name} -- --option value)"
            )
    if options["seed"] != 1:
        extra = [*extra, "--seed", str(options["seed"])]
    return study.page(extra, language, options)


def _of_plans(named, extra, language, options):  # type: ignore[no-untyped-def]
    """The page of one plan, or of several compared."""
    from difflib import get_close_matches

    from experiments.execution.context import RunContext
    from experiments.execution.jobs import opened
    from experiments.inputs.posterior import SHIPPED
    from experiments.reports.compare import compare_page
    from experiments.reports.plan import plan_page
    from experiments.reports.receipt import about_plans, check_line, command_of, receipt_rows
    from experiments.reports.run import GRADE_DRAWS, PlanReport, doubt_of_gaps, doubt_of_plan
    from experiments.reports.study import STUDIES
    from experiments.studies.rollout.compare_study import CompareStudy
    from experiments.studies.rollout.plan import names
    from experiments.studies.rollout.rollout import PlanRequest
    from experiments.studies.rollout.rollout_study import RolloutStudy
    from experiments.studies.rollout.simulate import DRAWS
    from simulation.parameters import ParameterError

    if extra:
        raise ParameterError(f"[{extra[0]}] follows --, which only a study's own verb takes; leave it out")
    for name in named:
        if not name.endswith(".toml") and name not in names():
            near = get_close_matches(name, [*STUDIES, *names()], n=1)
            hint = f"did you mean {near[0]}? Studies" if near else "studies"
            raise ParameterError(f"[{name}] is neither a study nor a plan; {hint} are {', '.join(STUDIES)}; plans are "
                                 f"{', '.join(names())}, or a file that ends in .toml")  # fmt: skip
    further = GRADE_DRAWS if options["grade_draws"] is None else options["grade_draws"]
    draws, seed = options["draws"] or DRAWS, options["seed"]
    command = command_of(named, language, draws=draws, grade_draws=further, seed=seed, posterior=options["posterior"],
                         prices=options["prices"])  # fmt: skip
    same = {key: options[key] for key in ("posterior", "prices")} | {"draws": draws, "seed": seed}
    study = RolloutStudy(plan=named[0], **same) if len(named) == 1 else CompareStudy(plans=tuple(named), **same)
    context = RunContext(store=opened(options["store"], options["no_store"]), cluster=options["cluster"],
                         threads=options["threads"])  # fmt: skip
    report = PlanReport(request=PlanRequest.of(study, named), result=study.run(context), seed=seed,
                        grade_draws=further, command=command)  # fmt: skip
    about = about_plans(report, options["posterior"] or SHIPPED)
    rows, check = receipt_rows(about, language), check_line(named, language)
    if len(named) > 1:
        return compare_page(report.result, doubt_of_gaps(report), language, rows, check), about
    with context.computing(runs=10 * further) as compute:
        doubt = doubt_of_plan(report, compute)
    return plan_page(report.result, doubt, language, rows, check), about
