"""``desist sweep``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from experiments.cli import (
    command_line,
    echo_json,
    json_option,
    out_option,
    progress,
    set_option,
    threads_option,
)  # fmt: skip


@click.command()
@click.argument("study", default="effect")
@click.option("--vary", multiple=True, metavar="KEY=LOW:HIGH:N", help="An axis: low:high:number[:log] or a,b,c; replaces the study's axes.")  # noqa: E501
@click.option("--design", type=click.Choice(["grid", "latin", "sobol"]), default=None, help="How the space is filled.")
@click.option("--points", type=int, default=None, help="Points of a Latin hypercube or Sobol' sequence.")
@click.option("--replicates", type=click.IntRange(1, 1_000_000), default=None, help="Trials at each point.")
@click.option("--scenario", "scenario_name", default=None, help="Scenario to start from (default: the study's).")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=None, help="Luck, the same at every point.")
@set_option
@threads_option
@out_option
@json_option
@click.pass_context
def sweep(ctx, study, vary, design, points, replicates, scenario_name, seed, changes, threads, out, as_json):  # type: ignore[no-untyped-def]
    """Under which assumptions about mentoring does the trial print 29 % against 67 %?

    STUDY is the name or file of a study (default: effect). Every point of its design is run on the same luck and
    checked against the observed pair; the exit code is 1 if none reproduces it. Three axes stand for several
    parameters: effect.strength, effect.support_share, trial.control_risk.
    """
    from experiments.designs import Axis
    from experiments.designs import points as points_of
    from experiments.output import RESULTS, Folder
    from experiments.points import CONTROL_RISK, at_point, in_kind
    from experiments.sweep import Row, read_study, study_scenario
    from experiments.sweep import sweep as rows_of

    plan = read_study(study)
    update = {"design": design, "points": points, "replicates": replicates, "seed": seed, "scenario": scenario_name}
    plan = plan.model_copy(update={key: value for key, value in update.items() if value is not None})
    axes = [Axis.read(text) for text in vary] if vary else plan.axes()
    name = plan.name if not vary else "sweep"
    base = study_scenario(plan, changes, beside=Path(study).parent if study.endswith(".toml") else None)
    chosen = [in_kind(base, point) for point in points_of(axes, plan.design, plan.points, seed=plan.seed)]
    folder = Folder(out or RESULTS / name)
    at_point(base, {key: value for key, value in chosen[0].items() if key != CONTROL_RISK})
    rows: list[Row] = []
    interrupted = False
    if not as_json:
        size = f"{plan.replicates} trials of {base.people.count} people"
        click.echo(f"{len(chosen)} points, {size} at each ...", err=True)
    try:
        work = rows_of(base, chosen, seed=plan.seed, replicates=plan.replicates, threads=threads)
        rows.extend(progress(work, len(chosen), "sweep"))
    except KeyboardInterrupt:
        interrupted = True
    code = _report(rows, axes, plan, base, folder, len(chosen), as_json, interrupted)
    ctx.exit(130 if interrupted else code)


def _report(rows, axes, plan, base, folder, wanted, as_json, interrupted):  # type: ignore[no-untyped-def]
    """Write and print what was found; returns the exit code."""
    from experiments.figures import style, sweep_figure
    from experiments.observed import RULE
    from experiments.output import spelled
    from experiments.points import SHARE, STRENGTH, USUAL_SHARE, USUAL_STRENGTH
    from experiments.sweep import in_words, table_of
    from experiments.trial import sizes_in_words

    if not rows:
        click.echo("desist: interrupted before the first point was finished; nothing was written", err=True)
        return 130
    table = table_of(rows)
    keys = [axis.key for axis in axes]
    words = in_words(table, keys)
    error = float(table[["mentored_error", "control_error"]].max().max())
    assumed = ((SHARE, STRENGTH, USUAL_STRENGTH), (STRENGTH, SHARE, USUAL_SHARE))
    for there, missing, value in assumed:
        if there in keys and missing not in keys:
            words.append(f"{missing} did not vary; it is {value:g} at every point.")
    notes = [
        f"Simulation error of each rate: at most {100 * error:.1f} points ({plan.replicates} trials, the same luck).",
        f"Check: {RULE}.", sizes_in_words(),
    ]  # fmt: skip
    best = table.sort_values("support", ascending=False).head(5)
    shown = spelled(best[[*keys, "mentored", "control", "support"]],
                    {"mentored": "%", "control": "%", "support": ".2f"})  # fmt: skip
    style()
    paths = [folder.table("points", table)]
    text = "\n".join([*words, "", "The five points that reproduce it best:", shown, "", *notes])
    paths.append(folder.text("answer.txt", text + "\n"))
    folder.manifest(
        base, seed=plan.seed, command=command_line(), study=plan.name, design=plan.design, replicates=plan.replicates,
        axes=[_axis(axis) for axis in axes], points=len(rows), complete=len(rows) == wanted,
    )  # fmt: skip
    paths.append(folder.figure("map", sweep_figure(table, keys, grid=plan.design == "grid")))
    if interrupted:
        click.echo(f"desist: interrupted after {len(rows)} of {wanted} points; these are written", err=True)
    if as_json:
        echo_json({"answer": words, "reproduced": int(table["reproduced"].sum()), "points": len(table),
                   "possible": int(table["possible"].sum()), "simulation_error": error, "rule": RULE,
                   "folder": str(folder.path), "best": best.to_dict("records")})  # fmt: skip
    else:
        click.echo(text)
        click.echo(f"\nTable, figure and manifest: {folder.path}/ ({', '.join(path.name for path in paths)})")
    sys.stdout.flush()
    return 0 if bool(table["reproduced"].any()) else 1


def _axis(axis):  # type: ignore[no-untyped-def]
    values = ",".join(map(str, axis.values))
    ends = f"{axis.low:g}:{axis.high:g}" + (f":{axis.number}" if axis.number else "") + (":log" if axis.log else "")
    return f"{axis.key}={values or ends}"
