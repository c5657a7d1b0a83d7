"""``desist elsewhere``: another trial and another country, told by the same engine."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, study_options

WHERE = ("life", "north-carolina")


@click.command()
@click.argument("where", type=click.Choice(WHERE))
@click.option(
    "--draws",
    type=click.IntRange(32, 100_000),
    default=512,
    show_default=True,
    help="Draws in each of four rounds of the fit.",
)
@click.option(
    "--people",
    type=click.IntRange(1_000, 5_000_000),
    default=60_000,
    show_default=True,
    help="People told at each draw.",
)
@click.option(
    "--predict",
    "only_predict",
    is_flag=True,
    help="life: stop when the prediction is written, before the aided men are read.",
)
@study_options
@click.pass_context
def elsewhere(ctx, where, draws, people, only_predict, seed, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]  # fmt: skip
    """Another trial, another country, the same engine.

    life: 432 men released in Maryland, half of them paid for 13 weeks. The men without aid are fitted, those with it
    are predicted, the prediction is written, and only then are they read (from the package lifelines).

    north-carolina: 1,445 people released in 1977-78. The return curve of one half is fitted, the other half is
    predicted by month, age and earlier imprisonments.

    The exit code is 1 if what was seen lies outside what was predicted.
    """
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.figures.style import style
    from experiments.provenance.results_folder import Folder

    if only_predict and where != "life":
        raise click.UsageError("--predict is for life; north-carolina is fitted and predicted in one step")
    folder = Folder(out or RESULTS / f"elsewhere-{where}")
    kept = opened(store, no_store)
    style()
    with workers_of(cluster, threads, runs=4 * draws) as executor:
        compute = runner(kept, executor, threads)
        asked = {"seed": seed, "draws": draws, "people": people}
        tell = _life if where == "life" else _carolina
        ctx.exit(tell(compute, folder, asked, as_json, only_predict))


def _life(compute, folder, asked, as_json, only_predict):  # type: ignore[no-untyped-def]
    from experiments.figures.validation import life_figure
    from experiments.inputs.scenario_files import load
    from experiments.language.validation_text import enough, judged, predicted
    from experiments.provenance.results_folder import digest_of, spelled
    from experiments.studies.validation import life_maryland

    found = life_maryland.predict(compute, **asked, command=command_line())
    enough(found.draws)
    said, numbers = life_maryland.curves(found), life_maryland.expected(found)
    doubts, shape = life_maryland.doubted(found), life_maryland.shape(found)
    path = folder.table("prediction", said)
    folder.table("doubts", doubts)
    folder.table("shape", shape)
    written = predicted(found) + _as_before(said)
    text = [*written, f"Written before the aided men are read: {path.name} (digest {digest_of(path)}).", "",
            "What was doubted, given the men without aid (fitted) or as believed before (not fitted):", "",
            spelled(doubts.drop(columns="what"), dict.fromkeys(("mean", "low", "high"), ".2f")), "",
            "First arrests of the men without aid by quarter (13 weeks), seen and expected of 216 men:", "",
            spelled(shape, {"expected": ".1f", "low": ".0f", "high": ".0f"})]  # fmt: skip
    folder.text("answer.txt", "\n".join(text) + "\n")
    _manifest(folder, load(life_maryland.SCENARIO), asked, found.draws)
    if not as_json:
        click.echo("\n".join(text))
    if only_predict:
        folder.figure("life", life_figure(said, None, numbers, None))
        if as_json:
            echo_json({"answer": written, "expected": numbers, "folder": str(folder.path)})
        return 0
    from experiments.studies.validation.life_aid import aided_weeks, compare, learned, seen_curves

    weeks = aided_weeks()
    seen, more = compare(found, weeks), learned(found, weeks)
    words = judged(seen, more)
    folder.table("seen", seen_curves(weeks))
    folder.table("learned", more)
    folder.figure("life", life_figure(said, seen_curves(weeks), numbers, seen))
    folder.text("answer.txt", "\n".join([*text, "", *words]) + "\n")
    if as_json:
        echo_json({"answer": written + words, "expected": numbers, "seen": seen.__dict__,
                   "compatible": seen.compatible, "folder": str(folder.path)})  # fmt: skip
    else:
        click.echo("\n" + "\n".join(words))
        click.echo(f"\nTables, figure and manifest: {folder.path}/")
    return 0 if seen.compatible else 1


def _as_before(said) -> list[str]:  # type: ignore[no-untyped-def]
    """How this prediction compares with the one that was written before the aided men were first read."""
    from experiments.studies.validation.life_maryland import frozen

    far = float((said["mean"] - frozen()["mean"]).abs().max())
    if far < 5e-7:
        return ["The prediction is the one that came with Desist before the aided men were first read, digit by digit."]
    return [f"It differs from the one that came with Desist before the aided men were first read by at most "
            f"{100 * far:.2f} points (other luck or draws)."]  # fmt: skip


def _carolina(compute, folder, asked, as_json, _):  # type: ignore[no-untyped-def]
    from experiments.figures.validation import carolina_figure
    from experiments.inputs.scenario_files import load
    from experiments.language.validation_text import carolina as in_words
    from experiments.language.validation_text import enough
    from experiments.provenance.results_folder import spelled
    from experiments.studies.validation import north_carolina

    found = north_carolina.fitted(compute, seed=asked["seed"], draws=asked["draws"], told=asked["people"],
                            command=command_line())  # fmt: skip
    enough(found.draws)
    groups, months = north_carolina.by_group(found), north_carolina.by_month(found)
    verdicts = north_carolina.verdicts(found)
    doubts = north_carolina.doubted(found)
    for name, table in (("groups", groups), ("months", months), ("verdicts", verdicts), ("doubts", doubts)):
        folder.table(name, table)
    words = [*in_words(verdicts, groups, north_carolina.by_group(found, 0)), north_carolina.recounted()]
    folder.figure("north-carolina", carolina_figure(months, groups))
    forms = dict.fromkeys(("mean", "people_low", "people_high", "seen"), "%")
    shown = groups[groups["months"].isin([24, 60])][["by", "group", "people", "months", *forms, "inside"]]
    text = [*words, "", "The held-out half, back in prison (mean of the model, middle 95 % of groups of that size):",
            "", spelled(shown, forms), "", "What was fitted:", "",
            spelled(doubts.drop(columns="what"), dict.fromkeys(("mean", "low", "high"), ".2f"))]  # fmt: skip
    folder.text("answer.txt", "\n".join(text) + "\n")
    _manifest(folder, load(north_carolina.SCENARIO), asked, found.draws)
    if as_json:
        echo_json({"answer": words, "verdicts": verdicts.to_dict("records"), "groups": groups.to_dict("records"),
                   "folder": str(folder.path)})  # fmt: skip
    else:
        click.echo("\n".join(text))
        click.echo(f"\nTables, figure and manifest: {folder.path}/")
    return 0 if verdicts["met"].all() else 1


def _manifest(folder, scenario, asked, draws):  # type: ignore[no-untyped-def]
    folder.manifest(scenario, command=command_line(), **asked, effective=round(draws.effective, 1))
