"""``desist ladder``: what is left of 38 points and of 8:1 on the street."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import command_line, echo_json, posterior_option, study_options


@click.command()
@click.argument("plan", default="nationwide-at-once", metavar="PLAN")
@click.option("--without", multiple=True, metavar="RUNG", help="Leave a rung out; may be repeated (--list for the names).")  # noqa: E501
@click.option("--list", "listed", is_flag=True, help="List the rungs and run nothing.")
@click.option("--definition", type=click.Choice(["any", "prison", "sentence"]), default="any", show_default=True, help="Count of reoffending at the foot of the ladder of points.")  # noqa: E501
@click.option("--orders", is_flag=True, help="Also average each factor over all orders of the rungs (twice the runs).")
@click.option("--prices", type=click.Path(path_type=Path), default=None, metavar="FILE", help="Prices that differ from the built-in ones (TOML; docs/money.md).")  # noqa: E501
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True, help="Language of the figure.")  # noqa: E501
@posterior_option
@study_options
def ladder(plan, without, listed, **options):  # type: ignore[no-untyped-def]
    """From headline to street: what is left of 38 points fewer reoffenders, and of one krone that saves eight.

    One rung for each thing that the headline takes for granted, each computed by runs of its own at draws of what is
    doubted (40 unless --draws says otherwise). PLAN is a plan's name (desist rollout --list) or a TOML file. Without
    --posterior the draws are those that come with Desist.

    \b
    desist ladder
    desist ladder todays-area --without scaling --without average-risk
    """  # noqa: D301
    from experiments.figures.ladder import LABELS, said
    from experiments.studies.rollout import plan as plans
    from experiments.studies.rollout.headline_steps import RUNGS, kept

    if listed:
        for rung in RUNGS:
            label = said(LABELS[rung.name], options["language"]).replace("\n", " ")
            click.echo(f"{rung.name:13} {label} ({', '.join(rung.of)})")
        return
    rungs = kept(without)
    _ladder(*plans.load(plan), rungs, list(without), options)


def _ladder(plan, country, rungs, without, options):  # type: ignore[no-untyped-def]
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.figures.ladder import ladder_figure
    from experiments.figures.style import style
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.provenance.results_folder import Folder, digest_of
    from experiments.studies.rollout import headline_steps as study
    from experiments.studies.rollout.headline_runs import DRAWS, Setting, worlds
    from experiments.studies.rollout.plan_scenario import everybody
    from simulation.prices import Prices, read_prices

    seed, definition, orders, language = (options[name] for name in ("seed", "definition", "orders", "language"))
    base, prices = everybody(plan), Prices() if options["prices"] is None else read_prices(options["prices"])
    path = options["posterior"] or SHIPPED
    setting = Setting.of(plan, country, Posterior.read(path), draws=options["draws"] or DRAWS, seed=seed,
                         command=command_line())  # fmt: skip
    folder = Folder(options["out"] or RESULTS / "ladder" / plan.name)
    store = opened(options["store"], options["no_store"])
    with workers_of(options["cluster"], options["threads"], runs=0) as executor:
        compute = runner(store, executor, options["threads"])
        counts = setting.counts(worlds(study.sets_of(rungs, orders=orders)), compute)
    found = study.Found(setting=setting, counts=counts, prices=prices, definition=definition)
    tables, rest = study.ladders(found, rungs, orders=orders), study.left(found, rungs)
    words, title = in_words(tables, rest, setting.number), plan.title or plan.name
    style()
    for name, table in tables.items():
        folder.table(name, table)
    folder.table("left", rest)
    heading = (plan.title_da or title) if language == "da" else title
    folder.figure("ladder", ladder_figure(tables, title=heading, language=language))
    lines = [line for kind, table in tables.items() for line in told(kind, table)]
    text = "\n".join([f"Plan: {title}.", "", *words, "", *lines, *explained(tables)])
    folder.text("answer.txt", text + "\n")
    folder.manifest(base, seed=seed, command=command_line(), plan=plan.name, draws=setting.number,
                    trials=setting.trials, without=without, definition=definition, posterior=path.name,
                    posterior_digest=digest_of(path),
                    prices=None if options["prices"] is None else digest_of(options["prices"]))  # fmt: skip
    if options["as_json"]:
        echo_json({"plan": plan.name, "answer": words, **{kind: t.to_dict("records") for kind, t in tables.items()},
                   "left": rest.to_dict("records"), "draws": setting.number, "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTables, figure and manifest: {folder.path}/")


# In words -----------------------------------------------------------------------------------------------------


def in_words(tables, rest, draws):  # type: ignore[no-untyped-def]
    """The answer in sentences."""
    from experiments.studies.rollout.headline_steps import HEADLINE, KRONER, POINTS

    points, kroner = (tables[kind].iloc[-1] for kind in (POINTS, KRONER))
    foot = "released person" if points["rung"] == "reach" else "person who says yes"
    rows = {row["per"]: row for row in rest[rest["definition"] == "any"].to_dict("records")}
    course = rows.get("started course")
    also = "" if course is None else f", and {_figure(course)} per started course (any new decision)"
    words = [
        f"Of {HEADLINE} points {_figure(points)} are left per {foot}{also}; one krone brings back {_figure(kroner)}, "
        f"and more than itself in {100 * kroner['above_one']:.0f} % of the draws."
    ]
    words += [_steepest(kind, tables[kind]) for kind in (POINTS, KRONER) if len(tables[kind]) > 1]
    if (others := rows.get("released person, others too")) is not None:
        words.append(f"With what happens to everybody else in the same places (peers, flats, jobs), {_figure(others)} "
                     "points per released person by any new decision.")  # fmt: skip
    words.append(f"Means and the middle 95 % of {draws} draws of all that is doubted; kroner are mean saving over mean "
                 "cost of a course.")  # fmt: skip
    return words


def _steepest(kind, table):  # type: ignore[no-untyped-def]
    """The three steepest rungs, and the one without which the foot would move most."""
    from experiments.figures.ladder import number

    rungs, foot = table.iloc[1:], table["figure"].iloc[-1]
    steep = ", ".join(f"{row['rung']} (x {row['factor']:.2f})" for row in
                      rungs.dropna(subset="factor").sort_values("factor").head(3).to_dict("records"))  # fmt: skip
    moved = (rungs["without"] - foot).abs()
    words = f"In {kind} the steepest rungs are {steep or 'none'}"
    if moved.isna().all():
        return words + "."
    most = rungs.loc[moved.idxmax()]
    return f"{words}; the foot would move most without {most['rung']}, to {number(most['without'])}."


def told(kind, table):  # type: ignore[no-untyped-def]
    """A ladder as it is printed."""
    import pandas as pd

    from experiments.provenance.results_folder import spelled
    from experiments.studies.rollout.headline_steps import POINTS

    rows = table.to_dict("records")
    shared = [_times(row["over_orders"]) for row in rows]
    mean = {"over all orders": shared} if any(shared) else {}
    shown = pd.DataFrame({
        "rung": table["rung"], "left": [_figure(row) for row in rows], "error": [f"{row['error']:.2g}" for row in rows],
        "factor": [_times(row["factor"], row["factor_error"]) for row in rows], **mean,
        "foot without it": ["" if row["without"] != row["without"] else
                            _figure({name: row[f"without{end}"] for name, end in ENDS.items()}) for row in rows],
    })  # fmt: skip
    shown.loc[0, "error"] = ""
    heads = {POINTS: "Points fewer who reoffend within two years:"}
    return [heads.get(kind, "Kroner back for one krone (public purses):"), spelled(shown), ""]


def explained(tables):  # type: ignore[no-untyped-def]
    """What each rung replaces, and its source: a line a rung."""
    rows = {row["rung"]: row for table in tables.values() for row in table.iloc[1:].to_dict("records")}
    return [f"- {name}: {row['what']}. {row['source'][:1].upper()}{row['source'][1:]}." for name, row in rows.items()]


ENDS = {"figure": "", "low": "_low", "high": "_high"}


def _figure(row):  # type: ignore[no-untyped-def]
    """A figure with its interval."""
    from experiments.figures.ladder import number

    middle, low, high = (number(row[name]) for name in ENDS)
    return middle if row["low"] == row["high"] else f"{middle} ({low} to {high})"


def _times(factor, error=float("nan")):  # type: ignore[no-untyped-def]
    if factor != factor:
        return ""
    return f"x {factor:.2f}" + ("" if error != error else f" ± {error:.2f}")
