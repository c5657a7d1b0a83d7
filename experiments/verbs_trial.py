"""``desist trial``: what a trial of 97 people prints, under each setting of the effect."""

from __future__ import annotations

import click

from experiments.cli import (
    command_line,
    echo_json,
    json_option,
    out_option,
    progress,
    seed_option,
    set_option,
    threads_option,
)  # fmt: skip


@click.command()
@click.argument("settings", nargs=-1)
@click.option("--trials", type=click.IntRange(1, 10_000_000), default=10_000, show_default=True, help="How many.")
@seed_option
@set_option
@threads_option
@out_option
@json_option
def trial(settings, trials, seed, changes, threads, out, as_json):  # type: ignore[no-untyped-def]
    """Run the trial as it was designed, 10,000 times: 97 people, two arms, two years.

    SETTINGS are scenarios with two arms; default: as-reported, pooled and sceptical, and trial (no effect at all).
    """
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.figures import printed_shares, style
    from experiments.output import RESULTS, Folder, percent, spelled
    from experiments.shelf import SETTINGS, load
    from experiments.trial import answer, best_possible, sizes_in_words
    from simulation.outcomes import RULES
    from simulation.parameters import ParameterError

    names = settings or (*SETTINGS, "trial")
    scenarios = [load(name, changes) for name in names]
    for scenario in scenarios:
        if scenario.trial.assignment != "randomised":
            raise ParameterError(
                f"trial.assignment is [{scenario.trial.assignment}] in scenario {scenario.name}; a trial has two arms: "
                "set it to randomised"
            )
    folder = Folder(out or RESULTS / "trial")
    work = (answer(scenario, seed=seed, trials=trials, threads=threads) for scenario in scenarios)
    answers = list(progress(work, len(scenarios), "settings"))
    rows = pd.concat(
        [each.rows().assign(setting=name) for name, each in zip(names, answers, strict=True)], ignore_index=True
    )
    rows = rows[["setting", *rows.columns.drop("setting")]]
    style()
    figure = Figure(figsize=(10, 3.4 * ((len(answers) + 1) // 2)))
    grid = figure.subplots((len(answers) + 1) // 2, 2 if len(answers) > 1 else 1, squeeze=False, sharey=True)
    for ax in list(grid.flat)[len(answers) :]:
        ax.set_visible(False)
    for ax, name, each in zip(grid.flat, names, answers, strict=False):
        mentored, control = each.arms["as randomised"].printed_shares()
        table = pd.concat([pd.DataFrame({"arm": arm, "share": shares}) for arm, shares in
                           (("control", control), ("mentored", mentored))])  # fmt: skip
        printed_shares(table.dropna(), ax, title=f"{name}: {percent(each.arms['as randomised'].risks[0])} against "
                       f"{percent(each.arms['as randomised'].risks[1])} on average")  # fmt: skip
    grid.flat[0].legend(frameon=False, title="arm", loc="upper right", bbox_to_anchor=(1.08, 0.85))
    folder.table("settings", rows)
    folder.figure("shares", figure)
    definition = scenarios[0].trial.definition
    lines = [_in_words(name, each.rows().iloc[0]) for name, each in zip(names, answers, strict=True)]
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
    text = "\n".join([*lines, "", shown, "", *notes])
    folder.text("answer.txt", text + "\n")
    digests = {name: scenario.digest for name, scenario in zip(names, scenarios, strict=True)}
    folder.manifest(scenarios[0], seed=seed, command=command_line(), trials=trials, digests=digests)
    if as_json:
        echo_json({"trials": trials, "seed": seed, "rows": rows.to_dict("records"), "folder": str(folder.path)})
        return
    click.echo(text)
    click.echo(f"\nTable, figure and manifest: {folder.path}/")


def _in_words(name, row):  # type: ignore[no-untyped-def]
    from experiments.observed import CLOSE, POSSIBLE

    verdict = "reproduces" if row.support >= CLOSE else "does not exclude" if row.support >= POSSIBLE else "excludes"
    return (
        f"{name}: {100 * row.mentored:.0f} % of the mentored against {100 * row.control:.0f} % of the controls on "
        f"average; {100 * row.as_far_apart:.1f} % of trials print a gap of 38 points or more. It {verdict} 29 / 67."
    )


def _range(row, arm):  # type: ignore[no-untyped-def]
    low, high = getattr(row, f"{arm}_low"), getattr(row, f"{arm}_high")
    return f"{100 * getattr(row, arm):.1f} % ({100 * low:.0f}-{100 * high:.0f})"
