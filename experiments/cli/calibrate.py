"""``desist calibrate``: what 97 people can tell us; ``--check``: the proof that the method works."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, study_options


@click.command()
@click.option("--check", is_flag=True, help="Calibrate made-up trials whose truth is known (many minutes, resumable).")
@click.option("--trials-checked", type=click.IntRange(100, 100_000), default=1_000, show_default=True, help="Made-up trials of --check.")  # noqa: E501
@click.option("--registers-checked", type=click.IntRange(0, 10_000), default=200, show_default=True, help="Made-up registers of --check.")  # noqa: E501
@click.option("--points", type=click.IntRange(100, 1_000_000), default=2_000, show_default=True, help="Points of the design over the priors.")  # noqa: E501
@click.option("--near-points", type=click.IntRange(100, 1_000_000), default=900, show_default=True, help="Points of the design near the data.")  # noqa: E501
@click.option("--people", type=click.IntRange(1_000, 1_000_000), default=10_000, show_default=True, help="People told at each point.")  # noqa: E501
@click.option("--steps", type=click.IntRange(60, 1_000_000), default=2_400, show_default=True, help="Steps of the sampler.")  # noqa: E501
@click.option("--draws", type=click.IntRange(50, 1_000_000), default=4_000, show_default=True, help="Draws at which the trial is re-run.")  # noqa: E501
@click.option("--trials", type=click.IntRange(2, 100_000), default=100, show_default=True, help="Trials at each draw.")
@click.option("--kept", type=click.IntRange(10, 1_000_000), default=2_000, show_default=True, help="Equally probable draws written.")  # noqa: E501
@click.option("--groups", type=click.IntRange(10, 100_000), default=400, show_default=True, help="Draws at which new groups are told.")  # noqa: E501
@click.option("--definition", type=click.Choice(["any", "prison", "sentence"]), default=None, help="Take the trial's definition as known.")  # noqa: E501
@click.option("--scenario", "scenario_name", default="trial", show_default=True, help="The trial.")
@click.option("--population", default="everyone", show_default=True, help="Everybody released: what the registers speak of.")  # noqa: E501
@study_options
@click.pass_context
def calibrate(ctx, check, trials_checked, registers_checked, points, near_points, people, steps, draws, trials, kept,
              groups, definition, scenario_name, population, seed, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]  # fmt: skip
    """What 97 people can tell us: a posterior of what the trial and the registers leave open.

    Writes posterior.parquet, equally probable draws that every other study takes with --posterior. The exit code is 1,
    and no posterior is written, if a diagnostic says that it cannot be trusted.
    """
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.inputs.scenario_files import load
    from experiments.provenance.results_folder import Folder
    from experiments.studies.calibration.calibration import Plan
    from experiments.studies.calibration.calibration import calibrate as calibrated
    from simulation.outcomes import DEFINITIONS

    given = {} if definition is None else {"definitions": tuple(float(name == definition) for name in DEFINITIONS)}
    plan = Plan(
        population=load(population), trial=load(scenario_name), seed=seed, points=points,
        near_points=near_points, people=people, steps=steps, draws=draws, trials=trials, kept=kept,
        command=command_line(), **given,
    )  # fmt: skip
    folder = Folder(out or RESULTS / ("calibration-check" if check else "calibration"))
    kept_store = opened(store, no_store)
    with workers_of(cluster, threads, runs=points + draws) as executor:
        compute = runner(kept_store, executor, threads)
        if check:
            code = _checked(plan, compute, folder, trials_checked, registers_checked, as_json)
            ctx.exit(code)
        found = calibrated(plan, compute)
        why = found.refusals()
        if why:
            click.echo("\n".join(f"desist: not reported: {each}" for each in why), err=True)
            ctx.exit(1)
        _report(found, folder, compute, groups, as_json)


def by_grade(plan, drawn):  # type: ignore[no-untyped-def]
    """How the variance of the trial's difference divides by evidence grade (None with too few draws), and in words."""
    from experiments.inputs.evidence import ModelInputs
    from experiments.language.grades_text import grade_sentences
    from experiments.language.messages import Messages
    from experiments.statistics.variance_by_grade import shares_if_enough

    keys = [name for name in drawn if not name.startswith("_")]
    gap = drawn["_control"] - drawn["_mentored"]
    inputs = ModelInputs.of(plan.trial)
    shares = shares_if_enough(drawn[keys], gap, inputs.grade, seed=plan.seed)
    first, *others = grade_sentences(shares, inputs.census(), Messages("en"))
    return shares, [f"What the difference in a new group like the trial's rests on. {first}", *others]


def _report(found, folder, compute, groups, as_json):  # type: ignore[no-untyped-def]
    import numpy as np
    import pandas as pd

    from experiments.execution.environment import versions
    from experiments.figures import style
    from experiments.figures.calibration import calibration_figure
    from experiments.inputs.parameter_points import at_shares
    from experiments.inputs.posterior import Posterior
    from experiments.language import calibration_text
    from experiments.provenance.receipts import shown
    from experiments.provenance.results_folder import spelled
    from experiments.statistics.variance_by_grade import as_data
    from experiments.studies.calibration.arviz_export import write_inference_data
    from experiments.studies.calibration.new_populations import new_groups

    plan, drawn = found.plan, found.drawn()
    told = new_groups(plan.trial, drawn.head(groups).to_dict("records"), compute, seed=plan.seed, command=plan.command)
    about = calibration_text.parameters(found)
    table = calibration_text.differences(drawn, told, draws=found.diagnostics()["trial_draws"])
    ties, registers = calibration_text.correlations(found), calibration_text.figures(found)
    words, good = calibration_text.in_words(found, drawn, table, about), calibration_text.diagnosed(found.diagnostics())
    posterior = Posterior(table=drawn, about={
        "command": shown(plan.command), "scenario": plan.trial.name, "digest": plan.trial.digest, "seed": plan.seed,
        "diagnostics": found.diagnostics(), "versions": versions(),
    })  # fmt: skip
    path = folder.wrote(posterior.write(folder.path / "posterior.parquet"))
    paths = [path, folder.table("parameters", about), folder.table("differences", table),
             folder.table("registers", registers), folder.table("ties", ties),
             folder.table("by_prior", calibration_text.by_prior(found))]  # fmt: skip
    extra = write_inference_data(posterior, folder.path / "posterior.nc")
    paths += [folder.wrote(extra)] if extra else []
    style()
    luck = np.random.default_rng([plan.seed, 5])
    shares = luck.random((20_000, len(found.bank.rows)))
    prior = pd.DataFrame(at_shares(found.bank.rows, shares), columns=found.bank.keys)
    paths.append(folder.figure("calibration", calibration_figure(drawn, told, prior, found.definition_chances)))
    shown = spelled(table.drop(columns="survives"), {"without": "%", "with": "%", "difference": "%", "error": "%",
                                                     "low": "%", "high": "%", "helps": "%"})  # fmt: skip
    head = "Two-year reoffending without and with mentors offered (95 % of the posterior):"
    shares, told_by_grade = by_grade(plan, drawn)
    if shares is not None:
        paths.append(folder.table("grades", shares))
    text = "\n".join([*words, *told_by_grade, "", head, shown, "", *good])
    folder.text("answer.txt", text + "\n")
    folder.manifest(
        plan.trial, seed=plan.seed, command=plan.command, population=plan.population.digest, points=plan.points,
        near_points=plan.near_points, people=plan.people, steps=plan.steps, draws=plan.draws, trials=plan.trials,
        kept=plan.kept,
        groups=groups, diagnostics=found.diagnostics(),
        **({} if shares is None else {"grades": as_data(shares)}),
    )  # fmt: skip
    if as_json:
        echo_json({"answer": words, "differences": table.to_dict("records"), "definitions": found.definition_chances,
                   "parameters": about.to_dict("records"), "diagnostics": found.diagnostics(),
                   "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nPosterior, tables, figure and manifest: {folder.path}/ ({', '.join(each.name for each in paths)})")
    click.echo(f"Use it in any study: desist run pooled --posterior {path}")


def _checked(plan, compute, folder, trials, registers, as_json):  # type: ignore[no-untyped-def]
    from experiments.figures import style
    from experiments.figures.calibration import check_figure
    from experiments.provenance.results_folder import spelled
    from experiments.studies.calibration.coverage_check import check, check_in_words

    found = check(plan, compute, trials=trials, registers=registers)
    words = check_in_words(found)
    style()
    folder.table("ranks", found.ranks)
    folder.table("uniform", found.uniform)
    folder.table("coverage", found.coverage)
    folder.figure("check", check_figure(found.ranks, found.coverage))
    forms = {"covered": "%", "low": "%", "high": "%", "level": "%"}
    text = "\n".join([*words, "", spelled(found.uniform, {"p": ".3f", "distance": ".3f"}), "",
                      spelled(found.coverage, forms)])  # fmt: skip
    folder.text("answer.txt", text + "\n")
    folder.manifest(plan.trial, seed=plan.seed, command=plan.command, trials_checked=trials,
                    registers_checked=registers, points=plan.points, near_points=plan.near_points, steps=plan.steps,
                    people=plan.people, draws=plan.draws, trials=plan.trials)  # fmt: skip
    if as_json:
        echo_json({"answer": words, "uniform": found.uniform.to_dict("records"),
                   "coverage": found.coverage.to_dict("records"), "folder": str(folder.path)})  # fmt: skip
    else:
        click.echo(text)
        click.echo(f"\nTables, figure and manifest: {folder.path}/")
    return 0 if found.passed else 1
