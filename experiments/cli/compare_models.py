"""``desist rivals``: rival explanations of the trial, their probabilities, and what evidence would separate them."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, study_options


@click.command()
@click.option("--draws", type=click.IntRange(50, 1_000_000), default=1_000, show_default=True, help="Draws for each rival at which the trial is re-run.")  # noqa: E501
@click.option("--trials", type=click.IntRange(2, 100_000), default=100, show_default=True, help="Trials at each draw.")
@click.option("--measured", "number", type=click.IntRange(20, 100_000), default=120, show_default=True, help="Draws for each rival at which further evidence is foreseen.")  # noqa: E501
@click.option("--points", type=click.IntRange(100, 1_000_000), default=2_000, show_default=True, help="As in desist calibrate.")  # noqa: E501
@click.option("--near-points", type=click.IntRange(100, 1_000_000), default=900, show_default=True, help="As in desist calibrate.")  # noqa: E501
@click.option("--people", type=click.IntRange(1_000, 1_000_000), default=10_000, show_default=True, help="As in desist calibrate.")  # noqa: E501
@click.option("--steps", type=click.IntRange(60, 1_000_000), default=2_400, show_default=True, help="As in desist calibrate.")  # noqa: E501
@click.option("--scenario", "scenario_name", default="trial", show_default=True, help="The trial.")
@click.option("--population", default="everyone", show_default=True, help="Everybody released: what the registers speak of.")  # noqa: E501
@study_options
def rivals(draws, trials, number, points, near_points, people, steps, scenario_name, population, seed, threads, store,
           no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]  # fmt: skip
    """Rival explanations of 29 against 67 %: all through support factors, all direct, both, or chance.

    Prints how probable each is after the trial, and which measurement with how many people would tell them apart. It
    begins with the registers' half of desist calibrate, which is read from the store if that was run before.
    """
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.figures.calibration import rivals_figure
    from experiments.figures.style import style
    from experiments.inputs.scenario_files import load
    from experiments.provenance.results_folder import Folder, spelled
    from experiments.studies.calibration.calibration import Plan, from_registers
    from experiments.studies.calibration.model_comparison import evidence, in_words, measured, rivals_of, separation

    plan = Plan(
        population=load(population), trial=load(scenario_name), seed=seed, points=points,
        near_points=near_points, people=people, steps=steps, draws=draws, trials=trials, command=command_line(),
    )  # fmt: skip
    folder = Folder(out or RESULTS / "rivals")
    kept = opened(store, no_store)
    with workers_of(cluster, threads, runs=points + draws) as executor:
        compute = runner(kept, executor, threads)
        found = rivals_of(plan, from_registers(plan, compute), compute)
        expected = measured(plan, found, compute, draws=number)
    table, apart = evidence(found), separation(expected)
    words = in_words(table, apart)
    style()
    folder.table("evidence", table)
    folder.table("separation", apart)
    folder.figure("rivals", rivals_figure(table, apart))
    shown = spelled(table[["prior", "what", "evidence", "error", "against_chance", "probability", "draws"]],
                    {"evidence": ".2e", "error": ".0e", "against_chance": ".2f", "probability": "%",
                     "draws": ".0f"})  # fmt: skip
    notes = [
        "prior: of the strength of the effect, cut at 1 (mentors do no harm): other trials LN(0.45, 1.20), sceptical "
        "LN(0.55, 0.58), wide LN(0.20, 2.00).",
        "evidence: probability that 97 people print 29 % and 67 %; against_chance: how many times that of no effect.",
        "A Bayes factor of 3 is worth a mention, one of 20 is strong (Kass & Raftery 1995).",
    ]  # fmt: skip
    text = "\n".join([*words, "", shown, "", *notes])
    folder.text("answer.txt", text + "\n")
    folder.manifest(plan.trial, seed=seed, command=command_line(), population=plan.population.digest, draws=draws,
                    trials=trials, measured=number, points=points, near_points=near_points, people=people,
                    steps=steps)  # fmt: skip
    if as_json:
        echo_json({"answer": words, "evidence": table.to_dict("records"), "separation": apart.to_dict("records"),
                   "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTables, figure and manifest: {folder.path}/")
