"""``desist falsify``: the model attacks itself and prints a table of verdicts."""

from __future__ import annotations

import json

import click

from experiments.cli.main import command_line, echo_json, study_options
from experiments.execution.progress import progress

PARTS = ("attacks", "left-out", "faults")


@click.command()
@click.option(
    "--quick", is_flag=True, help="Under a minute: attacks at the smallest size; the rest as it was measured before."
)
@click.option(
    "--part",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    help="Carry out only this part; may be repeated (default: all three).",
)
@click.option(
    "--faults", type=click.IntRange(18, 4_000), default=216, show_default=True, help="Faults to plant, one at a time."
)
@click.option(
    "--fault-seed", type=click.IntRange(0, 2**31), default=3, show_default=True, help="Which faults are drawn."
)
@click.option(
    "--size",
    type=click.FloatRange(1, 100),
    default=4.0,
    show_default=True,
    help="Times as many worlds and people as --quick.",
)
@click.option("--every", is_flag=True, help="Print every law and closed form, not a line for each family.")
@study_options
@click.pass_context
def falsify(ctx, quick, parts, faults, fault_seed, size, every, seed, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]
    """The model attacks itself: laws, closed forms, observed patterns, patterns left out, planted faults.

    The exit code is 1 if a law or closed form fails, if a control is not refused, if an observed or left-out pattern
    fails without a known reason, or if fewer than 90 % of the planted faults are noticed. A full run can be interrupted
    and goes on where it stood; --threads says how many processes work.
    """
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.inputs.scenario_files import load
    from experiments.provenance.results_folder import Folder
    from experiments.verification.checks import Ground
    from experiments.verification.stored_measurements import (
        code_of_faults,
        code_of_left_out,
        read_faults,
        read_left_out,
    )
    from experiments.verification.tasks import full
    from experiments.verification.tasks import quick as at_once

    wanted = ("attacks",) if quick else parts or PARTS
    folder = Folder(out or RESULTS / ("falsify-quick" if quick else "falsify"))
    base, measured = load("everyone"), {}
    table = None
    if quick:
        table = at_once(Ground(seed=seed), progress)
    else:
        kept = opened(store, no_store)
        with workers_of(cluster, threads, runs=1_000_000) as executor:
            compute = runner(kept, executor, threads)
            if "attacks" in wanted:
                table = full(compute, seed=seed, size=size, command=command_line())
            if "left-out" in wanted:
                _left_out(folder, compute, base, seed)
                measured["left_out"] = {"code": code_of_left_out(), "seed": seed}
            if "faults" in wanted:
                _faults(folder, compute, faults, fault_seed)
                measured["faults"] = {"code": code_of_faults(), "seed": fault_seed}
        folder.text("measured.json", json.dumps(_measured(folder) | measured, indent=2) + "\n")
    predicted = read_left_out(folder.path) or read_left_out()
    planted = read_faults(folder.path) or read_faults()
    lines, stops = _told(table, predicted, planted, every)
    if table is not None:
        from experiments.figures.style import style
        from experiments.figures.verification import patterns_figure

        style()
        folder.table("verdicts", table)
        folder.figure("patterns", patterns_figure(table))
    folder.text("answer.txt", "\n".join(lines) + "\n")
    folder.manifest(base, seed=seed, command=command_line(), quick=quick, parts=list(wanted),
                    size=1.0 if quick else size, faults=faults, fault_seed=fault_seed)  # fmt: skip
    if as_json:
        echo_json(_for_machines(table, predicted, planted, stops) | {"folder": str(folder.path)})
    else:
        click.echo("\n".join(lines))
        click.echo(f"\nTables, figures and manifest: {folder.path}/")
    ctx.exit(1 if stops else 0)


def _measured(folder):  # type: ignore[no-untyped-def]
    path = folder.path / "measured.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _left_out(folder, compute, base, seed):  # type: ignore[no-untyped-def]
    """Predictions are written down first; what was observed is opened afterwards."""
    from experiments.figures.style import style
    from experiments.figures.verification import left_out_figure
    from experiments.studies.calibration.register_fit import register_figures
    from experiments.verification.left_out_patterns import Plan, compared, predict

    plan = Plan(population=base, seed=seed, command=command_line())
    predictions = predict(plan, register_figures(), compute)
    folder.table("left_out_predictions", predictions)
    table = compared(predictions, register_figures())
    folder.table("left_out", table)
    style()
    folder.figure("left_out", left_out_figure(table))


def _faults(folder, compute, number, seed):  # type: ignore[no-untyped-def]
    from experiments.verification.planted_faults import measured
    from experiments.verification.stored_measurements import Faults

    table = measured(compute, number, seed, command_line())
    folder.table("faults", table)
    folder.table("survivors", Faults(table=table, code="", seed=seed).missed)


def _told(table, predicted, planted, every):  # type: ignore[no-untyped-def]
    """The table of verdicts in lines, and the reasons for exit code 1."""
    from experiments.language import verification_text
    from experiments.verification.left_out_patterns import KNOWN
    from experiments.verification.stored_measurements import LEAST_NOTICED

    lines, stops = [], []
    if table is not None:
        lines += [*verification_text.attacks(table, every=every), "", *verification_text.patterns(table), ""]
        failed = table[(table["verdict"] == "fails") & (table["known"] == "")]
        stops += [f"{row['kind']} [{row['name']}]" for row in failed.to_dict("records")]
    if predicted is None:
        lines += ["Left out of the fitting: not predicted in this installation (desist falsify --part left-out).", ""]
    else:
        lines += [*verification_text.left_out(predicted[0], KNOWN), *_since(predicted[1]), ""]
        failed = predicted[0][predicted[0]["verdict"] == "fails"]["left_out"].unique()
        stops += [f"left-out pattern [{name}]" for name in failed if name not in KNOWN]
    if planted is None:
        lines += ["Planted faults: not measured in this installation (desist falsify --part faults).", ""]
    else:
        lines += [*verification_text.faults(planted), *_since(planted.changed), ""]
        stops += [] if planted.enough else [f"planted faults noticed: fewer than {100 * LEAST_NOTICED:.0f} %"]
    lines.append("Nothing failed without a known reason." if not stops else f"FAILED: {'; '.join(stops)}.")
    return lines, stops


def _since(changed):  # type: ignore[no-untyped-def]
    return (
        ["  The code has changed since this was measured: run desist falsify again to measure it anew."]
        if changed
        else []
    )


def _for_machines(table, predicted, planted, stops):  # type: ignore[no-untyped-def]
    found = {"failed": stops}
    if table is not None:
        found["verdicts"] = table.to_dict("records")
    if predicted is not None:
        found["left_out"] = {"code_changed": predicted[1], "predictions": predicted[0].to_dict("records")}
    if planted is not None:
        share, low, high = planted.share
        found["faults"] = {
            "code_changed": planted.changed, "planted": len(planted.table),
            "counted": len(planted.counted), "share": share, "low": low, "high": high,
            "outcomes": planted.table["outcome"].value_counts().to_dict(),
            "missed": planted.missed.to_dict("records"), "by_file": planted.by_file().to_dict("records"),
        }  # fmt: skip
    return found
