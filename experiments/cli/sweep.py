"""``desist sweep``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from experiments.cli.main import (
    command_line,
    echo_json,
    json_option,
    out_option,
    posterior_option,
    set_option,
    store_options,
    threads_option,
)
from experiments.execution.progress import progress  # fmt: skip

DRAWS = 20
"""Draws of a posterior at each point."""


@click.command()
@click.argument("study", default="effect")
@click.option("--vary", multiple=True, metavar="KEY=LOW:HIGH:N", help="An axis: low:high:number[:log] or a,b,c; replaces the study's axes.")  # noqa: E501
@click.option("--design", type=click.Choice(["grid", "latin", "sobol"]), default=None, help="How the space is filled.")
@click.option("--points", type=int, default=None, help="Points of a Latin hypercube or Sobol' sequence.")
@click.option("--replicates", type=click.IntRange(1, 1_000_000), default=None, help="Trials at each point.")
@click.option("--scenario", "scenario_name", default=None, help="Scenario to start from (default: the study's).")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=None, help="Luck, the same at every point.")
@set_option
@posterior_option
@threads_option
@store_options
@out_option
@json_option
@click.pass_context
def sweep(ctx, study, vary, design, points, replicates, scenario_name, seed, changes, posterior, draws, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]  # noqa: E501
    """Under which assumptions about mentoring does the trial print 29 % against 67 %?

    STUDY is the name or file of a study (default: effect). Every point of its design is run on the same luck and
    checked against the observed pair; the exit code is 1 if none reproduces it. Three axes stand for several
    parameters: effect.strength, effect.support_share, trial.control_risk. Finished points are kept: an interrupted
    sweep goes on where it stood. With --posterior every point is run over draws (20 by default) of what does not vary.
    """
    from experiments.execution.cluster import executor_of
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.inputs.designs import Axis
    from experiments.inputs.designs import points as points_of
    from experiments.inputs.parameter_points import CONTROL_RISK, at_point, in_kind
    from experiments.inputs.scenario_files import change
    from experiments.provenance.results_folder import Folder
    from experiments.studies.trial.posterior_draws import Draws
    from experiments.studies.trial.sweep import Row, read_study, study_scenario
    from experiments.studies.trial.sweep import sweep as rows_of

    plan = read_study(study)
    update = {"design": design, "points": points, "replicates": replicates, "seed": seed, "scenario": scenario_name}
    plan = plan.model_copy(update={key: value for key, value in update.items() if value is not None})
    axes = [Axis.read(text) for text in vary] if vary else plan.axes()
    name = plan.name if not vary else "sweep"
    base = study_scenario(plan, changes, beside=Path(study).parent if study.endswith(".toml") else None)
    chosen = [in_kind(base, point) for point in points_of(axes, plan.design, plan.points, seed=plan.seed)]
    taken = [*(axis.key for axis in axes), *plan.set, *(change(each)[0] for each in changes)]
    doubt = Draws.read(posterior, draws, DRAWS)
    truths = doubt.points(base, taken) if doubt is not None else []
    folder = Folder(out or RESULTS / name)
    at_point(base, {key: value for key, value in chosen[0].items() if key != CONTROL_RISK})
    rows: list[Row] = []
    wanted, interrupted = len(chosen) * max(1, len(truths)), False
    with executor_of(cluster) as executor:
        kept = opened(store, no_store)
        if not as_json:
            size = f"{plan.replicates} trials of {base.people.count} people at each"
            over = f", over {len(truths)} draws" if truths else ""
            click.echo(f"{len(chosen)} points, {size}{over} ...", err=True)
        work = rows_of(
            base, chosen, seed=plan.seed, replicates=plan.replicates, threads=threads, draws=truths, store=kept,
            executor=executor, name="sweep" if vary else f"sweep {name}", command=command_line(),
        )  # fmt: skip
        try:
            rows.extend(progress(work, wanted, "sweep"))
        except KeyboardInterrupt:
            interrupted = True
            work.close()
    if interrupted and kept is not None:
        click.echo("desist: what is finished is in the store; the same command goes on from there", err=True)
    code = _report(rows, axes, plan, base, folder, wanted, as_json, interrupted, doubt, truths)
    ctx.exit(130 if interrupted else code)


def _report(rows, axes, plan, base, folder, wanted, as_json, interrupted, doubt, truths):  # type: ignore[no-untyped-def]
    """Write and print what was found; returns the exit code."""
    from experiments.figures import style
    from experiments.inputs.parameter_points import SHARE, STRENGTH, USUAL_SHARE, USUAL_STRENGTH
    from experiments.inputs.trial_result import RULE
    from experiments.provenance.results_folder import spelled
    from experiments.studies.trial.sweep import in_words, judged, table_of
    from experiments.studies.trial.trial import sizes_in_words

    if not rows:
        click.echo("desist: interrupted before the first point was finished; nothing was written", err=True)
        return 130
    table = table_of(rows)
    verdicts = judged(table)
    keys = [axis.key for axis in axes]
    words = in_words(table, keys)
    error = float(table[["mentored_error", "control_error"]].max().max())
    assumed = ((SHARE, STRENGTH, USUAL_STRENGTH), (STRENGTH, SHARE, USUAL_SHARE))
    for there, missing, value in assumed:
        if there in keys and missing not in keys and not any(missing in truth for truth in truths):
            words.append(f"{missing} did not vary; it is {value:g} at every point.")
    notes = [
        f"Simulation error of each rate: at most {100 * error:.1f} points ({plan.replicates} trials, the same luck).",
        f"Check: {RULE}.", sizes_in_words(),
    ]  # fmt: skip
    best = table.sort_values("support", ascending=False).head(5)
    forms = {"mentored": "%", "control": "%", "support": ".2f"}
    about = {}
    if doubt is not None:
        notes.insert(0, "mentored, control: mean over draws, and the middle 95 % of them. support: median over draws; "
                        "reproduced: share of draws.")  # fmt: skip
        forms = {"support": ".2f", "reproduced": "%"}
        about = {"posterior": doubt.about}
    columns = [*keys, "mentored", "control", "support", *(["reproduced"] if truths else [])]
    shown = spelled(_with_ends(best)[columns], forms)
    style()
    paths = [folder.table("points", table)]
    text = "\n".join([*words, "", "The five points that reproduce it best:", shown, "", *notes])
    paths.append(folder.text("answer.txt", text + "\n"))
    folder.manifest(
        base, seed=plan.seed, command=command_line(), study=plan.name, design=plan.design, replicates=plan.replicates,
        axes=[_axis(axis) for axis in axes], points=len(table), complete=len(rows) == wanted, **about,
    )  # fmt: skip
    paths.append(folder.figure("map", _figure(table, keys, grid=plan.design == "grid")))
    if interrupted:
        runs = "points" if not truths else "runs (points x draws)"
        click.echo(f"desist: interrupted after {len(rows)} of {wanted} {runs}; these are written", err=True)
    if as_json:
        echo_json({"answer": words, "reproduced": int(verdicts["reproduced"].sum()), "points": len(table),
                   "possible": int(verdicts["possible"].sum()), "simulation_error": error, "rule": RULE, **about,
                   "folder": str(folder.path), "best": best.to_dict("records")})  # fmt: skip
    else:
        click.echo(text)
        click.echo(f"\nTable, figure and manifest: {folder.path}/ ({', '.join(path.name for path in paths)})")
    sys.stdout.flush()
    return 0 if bool(verdicts["reproduced"].any()) else 1


def _with_ends(table):  # type: ignore[no-untyped-def]
    """The risks as text with the middle 95 % of draws, if there are draws."""
    if "draws" not in table.columns:
        return table
    return table.assign(**{
        arm: [f"{100 * mean:.1f} % ({100 * low:.0f}-{100 * high:.0f})" for mean, low, high in
              zip(table[arm], table[f"{arm}_low"], table[f"{arm}_high"], strict=True)]
        for arm in ("mentored", "control")
    })  # fmt: skip


def _figure(table, keys, *, grid):  # type: ignore[no-untyped-def]
    """The map; over draws the bars along a single axis span the middle 95 % of draws."""
    from experiments.figures import sweep_figure

    if "draws" not in table.columns:
        return sweep_figure(table, keys, grid=grid)
    half = {f"{arm}_error": (table[f"{arm}_high"] - table[f"{arm}_low"]) / 4 for arm in ("mentored", "control")}
    figure = sweep_figure(table.assign(**half), keys, grid=grid)
    for ax in figure.axes:
        if (legend := ax.get_legend()) is not None:
            legend.set_title("arm, mean and width of 95 % of draws")
    return figure


def _axis(axis):  # type: ignore[no-untyped-def]
    values = ",".join(map(str, axis.values))
    ends = f"{axis.low:g}:{axis.high:g}" + (f":{axis.number}" if axis.number else "") + (":log" if axis.log else "")
    return f"{axis.key}={values or ends}"
