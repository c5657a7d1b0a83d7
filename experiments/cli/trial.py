"""``desist trial``: what a trial of 97 people prints, under each setting of the effect."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, posterior_option, set_option, study_options
from experiments.execution.progress import progress

TRIALS, TRIALS_A_DRAW, DRAWS = 10_000, 1_000, 100
"""Trials of a setting; trials at each draw of a posterior; draws."""


@click.command()
@click.argument("settings", nargs=-1)
@click.option("--trials", type=click.IntRange(1, 10_000_000), default=None, help="How many (default: 10,000, or 1,000 a draw of --posterior).")  # noqa: E501
@set_option
@posterior_option
@study_options
def trial(settings, trials, seed, changes, posterior, draws, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]
    """Run the trial as it was designed, 10,000 times: 97 people, two arms, two years.

    SETTINGS are scenarios with two arms; default: as-reported, pooled and sceptical, and trial (no effect at all). With
    --posterior a setting (default: trial) is run over draws (100 by default), which decide all that the file has, the
    effect of mentoring too; chance and parameter doubt are told apart.
    """
    from itertools import chain

    from experiments.execution.cluster import executor_of
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import finish, opened
    from experiments.inputs.scenario_files import SETTINGS, change, load
    from experiments.provenance.results_folder import Folder
    from experiments.studies.trial.posterior_draws import Draws, trial_job, trials_in
    from simulation.parameters import ParameterError

    doubt = Draws.read(posterior, draws, DRAWS)
    number = trials or (TRIALS if doubt is None else TRIALS_A_DRAW)
    names = list(dict.fromkeys(settings or ((*SETTINGS, "trial") if doubt is None else ("trial",))))
    scenarios = {name: load(name, changes) for name in names}
    for scenario in scenarios.values():
        if scenario.trial.assignment != "randomised":
            raise ParameterError(
                f"trial.assignment is [{scenario.trial.assignment}] in scenario {scenario.name}; a trial has two arms: "
                "set it to randomised"
            )
    taken = [change(each)[0] for each in changes]
    points: dict[str, list] = {name: doubt.points(each, taken) if doubt else [{}] for name, each in scenarios.items()}
    jobs = {
        name: trial_job(name, each, seed=seed, trials=number, points=points[name], command=command_line())
        for name, each in scenarios.items()
    }
    folder = Folder(out or RESULTS / "trial")
    with executor_of(cluster) as executor:
        kept = opened(store, no_store)
        work = chain.from_iterable(
            finish(job, store=kept, executor=executor, threads=threads) for job in jobs.values()
        )
        tables = list(progress(work, sum(len(job.pieces) for job in jobs.values()), "trials"))
    counts = {}
    for name, job in jobs.items():
        counts[name], tables = trials_in(tables[: len(job.pieces)], len(points[name])), tables[len(job.pieces) :]
    about = {"trials": number, "digests": {name: each.digest for name, each in scenarios.items()}}
    if doubt is None:
        report = _settings_report(scenarios, counts, seed, number, folder)
    else:
        about |= {"posterior": doubt.about}
        report = _draws_report(scenarios, points, counts, doubt, number, folder)
    folder.manifest(scenarios[names[0]], seed=seed, command=command_line(), **about)
    text, rows = report
    folder.text("answer.txt", text + "\n")
    if as_json:
        echo_json({"trials": number, "seed": seed, "rows": rows.to_dict("records"), "folder": str(folder.path),
                   **({"posterior": doubt.about} if doubt else {})})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTable, figure and manifest: {folder.path}/")


def _settings_report(scenarios, counts, seed, trials, folder):  # type: ignore[no-untyped-def]
    """What each setting prints, in words and as a table; writes table and figure."""
    import pandas as pd

    from experiments.provenance.results_folder import percent, spelled
    from experiments.studies.trial.trial import Answer, best_possible, sizes_in_words
    from simulation.outcomes import RULES

    answers = {name: Answer(scenario=each, counts=counts[name][0], seed=seed) for name, each in scenarios.items()}
    rows = pd.concat([each.rows().assign(setting=name) for name, each in answers.items()], ignore_index=True)
    rows = rows[["setting", *rows.columns.drop("setting")]]
    folder.table("settings", rows)
    printed = {name: each.arms["as randomised"].printed_shares() for name, each in answers.items()}
    _draw(printed, {name: each.arms["as randomised"].risks for name, each in answers.items()}, folder)
    definition = next(iter(scenarios.values())).trial.definition
    lines = [_in_words(name, each.rows().iloc[0]) for name, each in answers.items()]
    short = rows.assign(
        mentored=[_range(row, "mentored") for row in rows.itertuples()],
        control=[_range(row, "control") for row in rows.itertuples()],
    )[["setting", "analysis", "mentored", "control", "at_most_29", "at_least_67", "as_far_apart", "exactly", "support"]]
    shown = spelled(short.rename(columns={"at_most_29": "<=29", "at_least_67": ">=67", "as_far_apart": "38 apart"}),
                    {"<=29": "%", ">=67": "%", "38 apart": "%", "exactly": "%", "support": ".2f"})  # fmt: skip
    error = float(rows[["mentored_error", "control_error"]].max().max())
    notes = [
        f"{trials:,} trials a setting on the same luck; reoffending: {definition} ({RULES[definition]}), two years.",
        "mentored, control: mean over trials, and the middle 95 % of what single trials print (highest-risk group).",
        f"Simulation error of the means: at most {100 * error:.2f} points. Exactly 29 and 67 is printed by at most "
        f"{percent(best_possible())} of trials under any pair of risks.",
        sizes_in_words(),
        "As treated leaves out the mentored who never met anyone; which way the report took is not known.",
    ]  # fmt: skip
    return "\n".join([*lines, "", shown, "", *notes]), rows


def _draws_report(scenarios, points, counts, doubt, trials, folder):  # type: ignore[no-untyped-def]
    """What trials print over draws, in words and as a table; writes tables and figure."""
    import pandas as pd

    from experiments.inputs.scenario_files import SHORT_AXES
    from experiments.provenance.results_folder import spelled
    from experiments.studies.trial.posterior_draws import QUANTITIES, apart, printed_over
    from experiments.studies.trial.trial import sizes_in_words

    found = {name: apart(each, points[name], counts[name]) for name, each in scenarios.items()}
    rows = pd.concat([table.assign(setting=name) for name, (table, _) in found.items()], ignore_index=True)
    each_draw = pd.concat([table.assign(setting=name) for name, (_, table) in found.items()], ignore_index=True)
    rows, each_draw = (table[["setting", *table.columns.drop("setting")]] for table in (rows, each_draw))
    folder.table("settings", rows)
    folder.table("draws", each_draw)
    printed = {}
    for name, scenario in scenarios.items():
        shares = printed_over(scenario, points[name], counts[name], treated=False)[0]
        printed[name] = (shares["mentored"].ravel(), shares["control"].ravel())
    means = {name: (table["mentored"].iloc[0], table["control"].iloc[0]) for name, (table, _) in found.items()}
    _draw(printed, means, folder)
    lines = [_doubt_in_words(name, table.iloc[0]) for name, (table, _) in found.items()]
    short = pd.DataFrame([
        {"setting": row["setting"], "analysis": row["analysis"], "": name, "mean": row[name],
         "doubt": _ends(row, f"{name}_doubt"), "chance": _ends(row, f"{name}_chance"), "both": _ends(row, name),
         "doubt's share": row[f"{name}_doubt_share"]}
        for _, row in rows.iterrows() for name in QUANTITIES
    ])  # fmt: skip
    decided = sorted({key for some in points.values() for key in some[0]}, key=lambda key: (key not in SHORT_AXES, key))
    notes = [
        f"{doubt.number} draws of {doubt.file}, {trials:,} trials at each on the same luck; highest-risk group, two "
        "years.",
        "doubt: the middle 95 % of the draws' risks. chance: of single trials within a draw. both: of all trials.",
        "doubt's share: of the variance between trials, how much goes when the parameters are known.",
        f"The draws decide {len(decided)} quantities: {', '.join(decided[:6])}{' ...' if len(decided) > 6 else '.'}",
        sizes_in_words(),
    ]  # fmt: skip
    shown = spelled(short, {"mean": "%", "doubt's share": "%"})
    return "\n".join([*lines, "", shown, "", *notes]), rows


def _draw(printed, means, folder):  # type: ignore[no-untyped-def]
    """What single trials print under each setting, as histograms."""
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.figures import printed_shares, style
    from experiments.provenance.results_folder import percent

    style()
    figure = Figure(figsize=(10, 3.4 * ((len(printed) + 1) // 2)))
    grid = figure.subplots((len(printed) + 1) // 2, 2 if len(printed) > 1 else 1, squeeze=False, sharey=True)
    for ax in list(grid.flat)[len(printed) :]:
        ax.set_visible(False)
    for ax, (name, (mentored, control)) in zip(grid.flat, printed.items(), strict=False):
        table = pd.concat([pd.DataFrame({"arm": arm, "share": shares}) for arm, shares in
                           (("control", control), ("mentored", mentored))])  # fmt: skip
        title = f"{name}: {percent(means[name][0])} against {percent(means[name][1])} on average"
        printed_shares(table.dropna(), ax, title=title)
    grid.flat[0].legend(frameon=False, title="arm", loc="upper right", bbox_to_anchor=(1.08, 0.85))
    folder.figure("shares", figure)


def _in_words(name, row):  # type: ignore[no-untyped-def]
    from experiments.inputs.trial_result import CLOSE, POSSIBLE

    verdict = "reproduces" if row.support >= CLOSE else "does not exclude" if row.support >= POSSIBLE else "excludes"
    return (
        f"{name}: {100 * row.mentored:.0f} % of the mentored against {100 * row.control:.0f} % of the controls on "
        f"average; {100 * row.as_far_apart:.1f} % of trials print a gap of 38 points or more. It {verdict} 29 / 67."
    )


def _doubt_in_words(name, row):  # type: ignore[no-untyped-def]
    return (
        f"{name}: {100 * row.mentored:.0f} % of the mentored against {100 * row.control:.0f} % of the controls on "
        f"average over {row.draws} draws. The difference is {100 * row.difference:.0f} points: "
        f"{_ends(row, 'difference_doubt')} from draw to draw (parameter doubt), {_ends(row, 'difference_chance')} from "
        f"trial to trial within a draw (chance). {100 * row.as_far_apart:.1f} % of trials print a gap of 38 points or "
        f"more; {100 * row.reproduced:.0f} % of draws reproduce 29 / 67, {100 * (1 - row.possible):.0f} % exclude it."
    )


def _ends(row, name):  # type: ignore[no-untyped-def]
    return f"{100 * row[f'{name}_low']:.0f} to {100 * row[f'{name}_high']:.0f}"


def _range(row, arm):  # type: ignore[no-untyped-def]
    low, high = getattr(row, f"{arm}_low"), getattr(row, f"{arm}_high")
    return f"{100 * getattr(row, arm):.1f} % ({100 * low:.0f}-{100 * high:.0f})"
