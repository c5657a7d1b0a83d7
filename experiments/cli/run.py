"""``desist run`` and ``desist life``: one scenario with its history; one person with his or her story."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, posterior_option, seed_option, set_option, study_options
from experiments.execution.progress import progress


@click.command()
@click.argument("scenario", default="everyone")
@click.option("--replicates", type=click.IntRange(1, 100_000), default=None, help="How many runs (default: 1; with --posterior as many as make 4,000 people).")  # noqa: E501
@click.option("--window", type=click.IntRange(1, 240), default=24, show_default=True, help="Months after release.")
@click.option("--export", type=click.Choice(["validation"]), default=None, help="Tables for outside checks.")
@posterior_option
@set_option
@study_options
def run(scenario, replicates, window, export, posterior, draws, seed, changes, threads, store, no_store, cluster, out,
        as_json):  # type: ignore[no-untyped-def]  # fmt: skip
    """Run one scenario: its history, outcomes by arm with the definition named, and survival curves.

    SCENARIO is a name (desist scenario --list) or a TOML file. With --posterior it is run at draws of what is doubted
    (100 if --draws is not given), and no history is kept; --store, --cluster and --threads are of use only then.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.execution.environment import RESULTS
    from experiments.figures.run import survival
    from experiments.figures.style import style
    from experiments.inputs.scenario_files import load
    from experiments.provenance.results_folder import Folder, spelled
    from experiments.studies.validation.validation_tables import write_validation
    from simulation.history import History, simulate
    from simulation.outcomes import DEFINITIONS, RULES, curve, matches, offence_counts, shares, times
    from simulation.parameters import ParameterError

    plan = load(scenario, changes)
    longest = plan.people.follow_up_months
    if window > longest:
        raise ParameterError(
            f"--window is [{window}]; scenario {plan.name} follows people for {longest} months: name a "
            f"shorter window or set people.follow_up_months={window}"
        )
    folder = Folder(out or RESULTS / plan.name)
    if replicates is None:
        replicates = 1 if posterior is None else max(1, round(4_000 / plan.people.count))
    if posterior is not None:
        _over_draws(plan, posterior, draws, replicates, window, changes, seed, threads, store, no_store, cluster,
                    folder, as_json)  # fmt: skip
        return
    parts = [
        simulate(plan, seed=seed, first=number) for number in progress(range(replicates), replicates, "replicates")
    ]
    history = History(
        people=pd.concat([part.people for part in parts], ignore_index=True),
        events=pd.concat([part.events for part in parts], ignore_index=True),
        about={**parts[0].about, "replicates": replicates},
    )
    for path in history.write(folder.path):
        folder.wrote(path)
    split = ["arm", "group"] if plan.programme else ["arm"]
    rates = pd.concat(
        [shares(times(history, name), window=window, by=split).assign(definition=name) for name in DEFINITIONS],
        ignore_index=True,
    )
    rates = rates[["definition", *rates.columns.drop("definition")]]
    chosen = plan.trial.definition
    curves = curve(times(history, chosen))
    counts, found = offence_counts(history, window=window), matches(history)
    folder.table("outcomes", rates)
    folder.table("curves", curves)
    folder.table("offences", counts)
    if len(found):
        folder.table("matches", found)
    style()
    figure = Figure(figsize=(6.8, 4.6))
    survival(curves, figure.add_subplot(), definition=chosen).set_title(plan.title, fontsize=10, wrap=True)
    folder.figure("curves", figure)
    folder.manifest(plan, seed=seed, command=command_line(), replicates=replicates)
    if export:
        write_validation(folder, plan, seed=seed)
    if as_json:
        echo_json({"scenario": plan.name, "digest": plan.digest, "seed": seed, "outcomes": rates.to_dict("records"),
                   "offences": counts.to_dict("records"), "matches": found.to_dict("records"),
                   "folder": str(folder.path)})  # fmt: skip
        return
    who = f"{plan.people.count:,} people" + (f" in each of {replicates} replicates" if replicates > 1 else "")
    click.echo(f"{plan.title}: {who}, reoffending within {window} months of release.\n")
    click.echo(spelled(rates.drop(columns="censored" if not rates["censored"].any() else []),
                       {"share": "%", "low": "%", "high": "%"}))  # fmt: skip
    if not rates["people"].all():
        click.echo("\nRows of 0 people: nobody was followed long enough, people.calendar_months ends before.")
    click.echo("\n" + "\n".join(f"{name}: {RULES[name]}." for name in DEFINITIONS))
    click.echo("low and high: 95 % interval of one cohort of this size. Among those who reoffended (any), offences:\n")
    click.echo(spelled(counts, {"share": "%"}))
    if len(found):
        click.echo("\nMatches:\n" + spelled(found, {"people": ".1f"}))
    click.echo(f"\nHistory (people, events), tables, curves and manifest: {folder.path}/")


def _over_draws(plan, posterior, draws, replicates, window, changes, seed, threads, store, no_store, cluster, folder,
                as_json):  # type: ignore[no-untyped-def]  # fmt: skip
    """Run a scenario at draws of a posterior and report its outcomes with their doubt."""
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.inputs.posterior import Posterior, fitting
    from experiments.inputs.scenario_files import change
    from experiments.provenance.results_folder import digest_of, spelled
    from experiments.studies.trial.scenario_over_draws import over_draws, summary
    from simulation.outcomes import RULES

    read, kept = Posterior.read(posterior), opened(store, no_store)
    but = [change(each)[0] for each in changes]
    number = min(draws or 100, len(read.table))
    with workers_of(cluster, threads, runs=number) as executor:
        compute = runner(kept, executor, threads, label=lambda _: "draws")
        table = over_draws(plan, read, number, compute, seed=seed, replicates=replicates, window=window, but=but,
                           command=command_line())  # fmt: skip
    shares = summary(table, by=("arm", "group") if plan.programme else ("arm",))
    folder.table("draws", table)
    folder.table("outcomes_over_draws", shares)
    folder.manifest(plan, seed=seed, command=command_line(), replicates=replicates, draws=number,
                    posterior=digest_of(posterior))  # fmt: skip
    if as_json:
        echo_json({"scenario": plan.name, "digest": plan.digest, "seed": seed, "draws": number,
                   "outcomes": shares.to_dict("records"), "folder": str(folder.path)})  # fmt: skip
        return
    taken = len(fitting(plan, read.draws(1)[0], but=but))
    click.echo(f"{plan.name}: {plan.people.count:,} people in each of {replicates} replicates, at each of {number} "
               f"draws, reoffending within {window} months of release. {taken} quantities follow the draws, "
               f"{'the effect among them' if plan.programme else 'none of them a programme'}.\n")  # fmt: skip
    form = dict.fromkeys(("share", "low", "high", "chance", "doubt"), "%")
    click.echo(spelled(shares, {**form, "people": ".0f"}))
    click.echo("\n" + "\n".join(f"{name}: {RULES[name]}." for name in RULES))
    click.echo("low and high: the middle 95 % of the draws; doubt: standard deviation over draws; chance: what the "
               "runs of one draw add to it (more --replicates make it smaller).")  # fmt: skip
    click.echo(f"\nTables and manifest: {folder.path}/")


@click.command()
@click.argument("person", type=int)
@click.option("--scenario", default="pooled", show_default=True, help="Scenario the person lives in.")
@click.option("--replicate", type=click.IntRange(0), default=0, show_default=True, help="Which run.")
@click.option("--without", is_flag=True, help="The same person on the same luck, without the programme.")
@seed_option
@set_option
def life(person, scenario, replicate, without, seed, changes):  # type: ignore[no-untyped-def]
    """Tell the life of PERSON (a number from 0), month by month: what happened, and why."""
    from experiments.inputs.scenario_files import load
    from experiments.studies.trial.life_history import story

    plan = load(scenario, (*changes, *(["trial.assignment=nobody"] if without else [])))
    click.echo("\n".join(story(plan, person, seed=seed, replicate=replicate)))
