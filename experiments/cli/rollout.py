"""``desist rollout`` and ``desist compare``: plans for the whole country."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import command_line, echo_json, posterior_option, study_options

prices_option = click.option(
    "--prices", type=click.Path(path_type=Path), default=None, metavar="FILE",
    help="Prices that differ from those that come with Desist (TOML; docs/money.md).",
)  # fmt: skip
replicates_option = click.option(
    "--replicates", type=click.IntRange(1, 1000), default=None,
    help="How often each draw is told (default: once, every fourth twice).",
)  # fmt: skip
language_option = click.option(
    "--language", type=click.Choice(["en", "da"]), default="en", show_default=True,
    help="Language of the report that is printed; both are written.",
)  # fmt: skip


@click.command()
@click.argument("plan", default=None, required=False, metavar="PLAN")
@click.option("--list", "listed", is_flag=True, help="List the plans that come with Desist.")
@click.option("--show", is_flag=True, help="Print the plan in full, with what is doubted of it, and run nothing.")
@prices_option
@replicates_option
@language_option
@posterior_option
@study_options
def rollout(plan, listed, show, **options):  # type: ignore[no-untyped-def]
    """What does a plan do for the whole country, what does it cost whom, and how sure is that?

    PLAN is the name of a plan that comes with Desist (--list) or a TOML file. It is told at draws of everything that is
    doubted, beside Denmark without it, on the same luck. Intervals over what is not known and over chance are printed
    apart.

    \b
    desist rollout nationwide-at-once
    desist rollout mine.toml --language da
    """  # noqa: D301
    from experiments.studies.rollout import plan as plans

    if listed:
        for name in plans.names():
            each, _ = plans.load(name)
            click.echo(f"{name:28} {each.title}")
        return
    if plan is None:
        raise click.UsageError("no plan is given; name one, or see --list")
    wanted, country = plans.load(plan)
    if show:
        click.echo(_in_full(wanted, country))
        return
    _rollout(wanted, country, options)


def _in_full(plan, country):  # type: ignore[no-untyped-def]
    """The plan as TOML, and what is doubted of it."""
    import tomli_w

    from experiments.studies.rollout.plan import doubted
    from experiments.studies.rollout.plan_scenario import at_start, everybody, lost_in_scaling, recruiting, scenario_of

    everybody(plan)
    scenario_of(plan, country)
    data = {key: value for key, value in plan.model_dump().items() if value not in ("", [], {})}
    rows = doubted(plan)
    width = max((len(row.key) for row in rows), default=0)
    lines = [tomli_w.dumps(data).rstrip(), "", "# Doubted, since the file does not give it:"]
    lines += [f"# {row.key:{width}}  {row.prior:14} {row.what}" for row in rows]
    lines += [
        f"# Planned: {recruiting(plan, country).sum():.1f} people come forward a month once all campaigns have their "
        f"full strength, {at_start(plan, country).sum():.0f} volunteers are there when their places open;",
        f"# {100 * lost_in_scaling(plan, country):.0f} % of the effect is lost in scaling up.",
    ]
    return "\n".join(lines)


def _study(wanted, options, *, by_month=False):  # type: ignore[no-untyped-def]
    """Run plans at draws: the study, its prices and, if wanted, volunteers by municipality and month."""
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.studies.rollout.plan_study import needs, told
    from experiments.studies.rollout.simulate import DRAWS
    from simulation.prices import Prices, read_prices

    prices = Prices() if options["prices"] is None else read_prices(options["prices"])
    posterior = Posterior.read(SHIPPED if options["posterior"] is None else options["posterior"])
    draws, threads = options["draws"] or DRAWS, options["threads"]
    store = opened(options["store"], options["no_store"])
    runs = draws * (1 + len(wanted)) * 10
    with workers_of(options["cluster"], threads, runs=runs) as executor:
        compute = runner(store, executor, threads)
        study = told(wanted, posterior, compute, draws=draws, seed=options["seed"],
                     replicates=options["replicates"] or 0, command=command_line())  # fmt: skip
        months = needs(study, 0, compute, command=command_line()) if by_month else None
    return study, prices, months


def _rollout(plan, country, options):  # type: ignore[no-untyped-def]
    from experiments.execution.environment import RESULTS
    from experiments.provenance.results_folder import Folder
    from experiments.reports.plan_figures import plan_figures, report_of
    from experiments.studies.rollout.plan_study import tables

    folder = Folder(options["out"] or RESULTS / "rollout" / plan.name)
    study, prices, months = _study([(plan, country)], options, by_month=True)
    found = study.money(0, prices)
    made = tables(study, 0, found) | {"needs": months}
    for name, table in made.items():
        folder.table(name, table)
    reports = {language: report_of(study, 0, made, found, prices, language) for language in ("en", "da")}
    for language, text in reports.items():
        folder.text(f"report_{language}.txt", text + "\n")
    for name, figure in plan_figures(study, 0, made, found, options["language"]).items():
        folder.figure(name, figure)
    _manifest(folder, study, options, prices)
    if options["as_json"]:
        echo_json({"report": reports[options["language"]], "folder": str(folder.path),
                   **{name: made[name].to_dict("records") for name in ("summary", "by_year", "by_region", "by_group",
                                                                       "missing_out", "odds", "budget")}})  # fmt: skip
        return
    click.echo(reports[options["language"]])
    click.echo(f"\n{summary_text(made['summary'])}")
    click.echo(f"\n{split_text(made, 'by_')}")
    click.echo(f"\nReports, tables, figures and manifest: {folder.path}/")


def summary_text(table):  # type: ignore[no-untyped-def]
    """Outcomes with both intervals, as text."""
    lines = [f"{'':48} {'mean':>10}   {'95 % of what is not known':>26}   {'chance':>9}"]
    for row in table.itertuples():
        form = _percent if row.outcome == "matched" else (_two if row.outcome == "waited" else _whole)
        chance = "-" if row.chance != row.chance else f"± {form(1.959964 * row.chance)}"
        lines.append(
            f"{row.what:48} {form(row.mean):>10}   {form(row.low) + ' to ' + form(row.high):>26}   {chance:>9}"
        )
    return "\n".join(lines)


SPLIT = {"started": "mentored", "offences": "offences", "reoffenders_any": "reoffenders", "prison_days": "prison days"}
"""Outcomes that are printed by year, region and risk group."""


def split_text(made, prefix):  # type: ignore[no-untyped-def]
    """The outcomes of ``SPLIT`` by region, risk group and year, as text: mean, and 95 % of what is not known."""
    lines = [f"{'':16}" + "".join(f"{label:>28}" for label in SPLIT.values())]
    for name in ("region", "group", "year"):
        table = made[f"{prefix}{name}"]
        for key, rows in table.groupby(name, sort=False):
            told = rows.set_index("outcome")
            cells = [f"{_whole(told.loc[each, 'mean'])} ({_whole(told.loc[each, 'low'])} to "
                     f"{_whole(told.loc[each, 'high'])})" for each in SPLIT]  # fmt: skip
            lines.append(f"{key!s:16}" + "".join(f"{cell:>28}" for cell in cells))
    return "\n".join(lines)


def _whole(value):  # type: ignore[no-untyped-def]
    return f"{value:,.0f}"


def _two(value):  # type: ignore[no-untyped-def]
    return f"{value:.2f}"


def _percent(value):  # type: ignore[no-untyped-def]
    return f"{100 * value:.0f} %"


def _manifest(folder, study, options, prices):  # type: ignore[no-untyped-def]
    from experiments.inputs.posterior import SHIPPED
    from experiments.provenance.results_folder import digest_of
    from experiments.studies.rollout.plan_scenario import scenario_of
    from simulation.scenario import fingerprint

    file = SHIPPED if options["posterior"] is None else options["posterior"]
    scenario = scenario_of(study.plans[0], study.country)
    folder.manifest(
        scenario, seed=options["seed"], command=command_line(), plans=[plan.model_dump() for plan in study.plans],
        posterior={"file": file.name, "digest": digest_of(file)}, draws=len(study.doubts[0].seeds),
        replicates=options["replicates"] or "once, every fourth draw twice",
        prices=fingerprint(prices.model_dump())[:16],
    )  # fmt: skip


@click.command()
@click.argument("plan", nargs=-1, required=True, metavar="PLAN PLAN ...")
@prices_option
@replicates_option
@language_option
@posterior_option
@study_options
def compare(plan, **options):  # type: ignore[no-untyped-def]
    """How do plans differ, on the same luck? Every further plan is set against the first.

    Intervals over what is not known and over chance are printed apart.

    \b
    desist compare todays-area nationwide-over-five-years nationwide-at-once
    """  # noqa: D301
    from experiments.execution.environment import RESULTS
    from experiments.provenance.results_folder import Folder
    from experiments.reports.plan_figures import comparison_figures, comparisons
    from experiments.studies.rollout import plan as plans
    from experiments.studies.rollout.plan_study import compared

    if len(plan) < 2:
        raise click.UsageError("one plan is given; compare needs two or more (desist rollout tells one alone)")
    wanted = [plans.load(each) for each in plan]
    folder = Folder(options["out"] or RESULTS / "compare" / "-".join(each.name for each, _ in wanted)[:100])
    study, prices, _ = _study(wanted, options)
    made = compared(study, prices)
    for name, table in made.items():
        folder.table(name, table)
    texts = comparisons(study, made, prices)
    for language, text in texts.items():
        folder.text(f"report_{language}.txt", text + "\n")
    for name, figure in comparison_figures(study, made, options["language"]).items():
        folder.figure(name, figure)
    _manifest(folder, study, options, prices)
    if options["as_json"]:
        echo_json({"report": texts[options["language"]], "folder": str(folder.path),
                   **{name: table.to_dict("records") for name, table in made.items()
                      if name not in ("plane", "acceptability")}})  # fmt: skip
        return
    click.echo(texts[options["language"]])
    for name in dict.fromkeys(made["differences"]["plan"]):
        click.echo(f"\n{name} beyond {study.plans[0].name}:")
        click.echo(summary_text(made["differences"][made["differences"]["plan"] == name]))
        own = {key: table[table["plan"] == name] for key, table in made.items() if key.startswith("differences_by_")}
        click.echo(f"\n{split_text(own, 'differences_by_')}")
    click.echo(f"\nReports, tables, figures and manifest: {folder.path}/")
