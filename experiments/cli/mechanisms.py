"""``desist mechanisms``: what the effect of mentoring is made of."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, posterior_option, set_option, study_options
from experiments.execution.progress import progress

THINGS = {"housing": "flats", "employment": "jobs"}
"""What comes up as an opening, where it has a name."""


@click.command()
@click.argument("name", default="pooled", metavar="[SCENARIO]")
@click.option("--trials", type=click.IntRange(1, 10_000_000), default=None, help="Trials of each coalition (default: 1,500, or 100 a draw of --posterior).")  # noqa: E501
@click.option("--group", type=click.Choice(["highest", "everyone"]), default="highest", show_default=True, help="Whose reoffending: the highest-risk group's, or everyone's.")  # noqa: E501
@click.option("--scarce", multiple=True, metavar="FACTOR", help="What is scarce in the second condition (default: housing); may be repeated.")  # noqa: E501
@click.option("--openings", type=click.FloatRange(0, 100, max_open=True), default=0.0, show_default=True, help="How scarce: openings per 100 people and month.")  # noqa: E501
@click.option("--no-scarce", is_flag=True, help="Leave the second condition out.")
@set_option
@posterior_option
@study_options
def mechanisms(name, trials, group, scarce, openings, no_scarce, seed, changes, posterior, draws, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]  # noqa: E501
    """How much of the effect runs through housing, work ... and how much is the relationship itself?

    Every set of routes is switched on and off on the same luck (64 for five support factors and the direct route);
    each route gets its Shapley value, and they add up to the whole effect. And the same where there are no flats.
    SCENARIO is a trial with one programme (default: pooled).
    """
    from experiments.execution.cluster import executor_of
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import finish, opened
    from experiments.figures.mechanisms import mechanisms_figure
    from experiments.figures.style import style
    from experiments.inputs.posterior import Posterior
    from experiments.inputs.scenario_files import change, load
    from experiments.provenance.results_folder import Folder
    from experiments.studies.trial.mechanisms import (
        AS_IS,
        DRAWS,
        SCARCE,
        TRIALS,
        TRIALS_A_DRAW,
        Study,
        players_of,
        scarcer,
    )
    from experiments.studies.trial.shapley import GROUPS, Parts, label_of
    from simulation.parameters import ParameterError

    if scarce and no_scarce:
        raise ParameterError(f"--scarce is [{scarce[0]}] and --no-scarce is given; give one of them")
    scenario = load(name, changes)
    players_of(scenario)
    less = {} if no_scarce else scarcer(scenario, scarce, openings)
    points: list[dict] = [{}]
    if posterior is not None:
        taken = [change(each)[0] for each in changes]
        drawn = Posterior.read(posterior).scenarios(scenario, draws or DRAWS, but=taken)
        points = [point for point, _ in drawn]
    elif draws is not None:
        raise ParameterError(f"--draws is [{draws}], but there is no --posterior to draw from; give its file")
    study = Study(
        scenario=scenario, scarce=less, points=points, seed=seed,
        trials=trials or (TRIALS if posterior is None else TRIALS_A_DRAW),
    )  # fmt: skip
    folder = Folder(out or RESULTS / "mechanisms")
    job = study.job(command_line())
    if not as_json:
        size = f"{2 ** len(study.players)} coalitions, {study.trials:,} trials of each"
        click.echo(f"{size}{f', {len(points)} draws' if posterior else ''} ...", err=True)
    with executor_of(cluster) as executor:
        work = finish(job, store=opened(store, no_store), executor=executor, threads=threads)
        parts = Parts.gathered(study, progress(work, len(job.pieces), "pieces"), group)
    table = parts.table()
    rows = table.set_index(["condition", "mechanism"])
    shown = {AS_IS: "as it is", **({SCARCE: _scarcity(scenario, less)} if less else {})}
    lines = _in_words(study, rows, GROUPS[group], shown)
    whole = ", ".join(f"{_number(rows.loc[(key, 'total'), 'points'])} points {words}" for key, words in shown.items())
    style()
    folder.table("shares", table)
    folder.table("coalitions", parts.coalitions())
    folder.figure("mechanisms", mechanisms_figure(
        table, conditions=shown, group=GROUPS[group], title=f"{scenario.name}: in all {whole}",
        interval="95 % by chance" if posterior is None else "middle 95 % of draws",
    ))  # fmt: skip
    text = "\n".join([*lines, "", _listed(table, shown), "", *_notes(parts, scenario, posterior, less)])
    folder.text("answer.txt", text + "\n")
    folder.manifest(
        scenario, seed=seed, command=command_line(), trials=study.trials, draws=len(points) if posterior else 0,
        posterior=None if posterior is None else posterior.name, group=group, scarce=less,
        players={each: label_of(scenario, each) for each in study.players},
    )  # fmt: skip
    if as_json:
        echo_json({"answer": lines, "rows": table.to_dict("records"), "players": study.players, "scarce": less,
                   "trials": study.trials, "draws": len(points) if posterior else 0, "seed": seed, "group": group,
                   "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTables, figure and manifest: {folder.path}/")


def _in_words(study, rows, group, shown):  # type: ignore[no-untyped-def]
    """The answer: the whole effect, its parts from the largest, and what scarcity leaves of it."""
    from experiments.studies.trial.mechanisms import AS_IS, DIRECT, SCARCE
    from experiments.studies.trial.shapley import DIFFERENCE, TOTAL

    scenario = study.scenario
    (programme,) = scenario.programme.values()
    who = programme.label or next(iter(scenario.programme))
    drawn = {key for point in study.points for key in point}
    definition = "each draw's definition" if "trial.definition" in drawn else f"definition: {scenario.trial.definition}"
    what = f"two-year reoffending ({definition}) in {group}"
    mean = f" on average over {len(study.points)} draws" if len(study.points) > 1 else ""
    total, parts = rows.loc[(AS_IS, TOTAL)], rows.loc[AS_IS].drop(TOTAL)
    verb, sign = ("lowers", 1) if total["points"] >= 0 else ("raises", -1)
    if not rows["points"].any():
        return [f"Under {scenario.name}, {who} has no effect on {what}: every part is zero."]
    if total["share"] != total["share"]:
        why = "in no draw does it lower it beyond chance" if mean else "this cannot be told from nothing"
        lines = [
            f"Under {scenario.name}, {who} {verb} {what} by {_points(total, sign)}{mean}: {why}; there are no shares."
        ]
    else:
        ranked = parts.sort_values("points", ascending=sign < 0, kind="stable")
        told = [
            f"{'directly' if key == DIRECT else f'through {key}'} {_number(sign * row['points'])}"
            + ("" if mean else f" ({_number(100 * row['share'], 0)} %)")
            for key, row in ranked.iterrows()
        ]  # fmt: skip
        lines = [f"Under {scenario.name}, {who} {verb} {what} by {_points(total, sign)}{mean}: {', '.join(told)}."]
    if SCARCE in shown:
        left, gone = rows.loc[(SCARCE, TOTAL)], rows.loc[(DIFFERENCE, TOTAL)]
        now, then = (sign * rows.loc[each, "points"] for each in (SCARCE, AS_IS))
        own = ", ".join(f"{_number(now[key])} of {_number(then[key])} through {key}" for key in study.scarce)
        lines.append(
            f"{shown[SCARCE].capitalize()}, {_points(left, sign)} are left ({own}); scarcity takes "
            f"{_points(gone, sign)}{mean}."
        )
    return lines


def _listed(table, shown):  # type: ignore[no-untyped-def]
    """The table as people read it."""
    import pandas as pd

    from experiments.studies.trial.mechanisms import AS_IS

    columns = {}
    for condition, words in shown.items():
        own = table[table["condition"] == condition].set_index("label")
        ends = "" if condition == AS_IS else f" {words}"
        columns[f"points{ends}"] = [_points(row, unit="") for _, row in own.iterrows()]
        columns[f"share{ends}"] = [_share(row) for _, row in own.iterrows()]
    labels = table.loc[table["condition"] == AS_IS, "label"]
    return str(pd.DataFrame({"mechanism": list(labels), **columns}).to_string(index=False))


def _notes(parts, scenario, posterior, less):  # type: ignore[no-untyped-def]
    """What the numbers are, and what they rest on."""
    study = parts.study
    control = 100 * parts.risks()[:, 0, :, 0].mean(axis=0)
    (programme,) = scenario.programme.values()
    keys = {key for point in study.points for key in point}
    if posterior is None:
        doubt = (
            f"{study.trials:,} trials of each coalition, all on the same luck. In brackets: 95 % by chance of the "
            "simulation; doubt about parameters is not in it (--posterior FILE)."
        )
        division = (
            "How the effect divides between the direct route and the support factors is assumed by the scenario "
            f"(direct_effect {programme.direct_effect:g}, support_effect {programme.support_effect:g}), not found; "
            "within the latter the model computes each factor's part."
        )
    else:
        lower, clearly = parts.lowering()
        doubt = (
            f"{len(study.points)} draws of {posterior.name}, {study.trials:,} trials of each coalition and draw. The "
            f"programme lowers reoffending in {lower} of them, in {clearly} beyond chance; shares are over the latter. "
            "In brackets: the middle 95 % of draws, freed of chance (chance alone is in shares.csv)."
        )
        division = (
            "How the effect divides between the direct route and the support factors is "
            + ("as doubtful as the draws say (effect.support_share)" if "effect.support_share" in keys
               else "assumed by the scenario (the draws leave it as it is)")
            + "; within the latter the model computes each factor's part."
        )  # fmt: skip
    notes = [
        doubt,
        "points: percentage points of the risk of the controls less that of the mentored, as randomised. Each part is "
        "a Shapley value: the mean, over all orders in which routes could be switched on, of what it adds (as the "
        "first and as the last: shares.csv).",
        division,
        f"Both arms share flats, jobs and peers: {control[0]:.1f} % of the controls reoffend if nobody is helped, and "
        f"{control[-1]:.1f} % if all routes are on.",
    ]
    if less:
        level = next(iter(less.values()))
        notes.append(
            f"{_scarcity(scenario, less).capitalize()}: {level:g} openings per 100 people and month in "
            f"{' and '.join(less)}, for both arms. Help still keeps what is held from being lost."
        )
    return notes


def _scarcity(scenario, less):  # type: ignore[no-untyped-def]
    """The second condition in a few words."""
    level = next(iter(less.values()))
    things = " and ".join(THINGS.get(name, f"openings in {scenario.factor[name].label or name}") for name in less)
    return f"without {things}" if level == 0 else f"with few {things}"


def _number(value, digits=1):  # type: ignore[no-untyped-def]
    """A number in words, without a minus where it rounds to zero."""
    text = f"{value:.{digits}f}"
    return text if float(text) else text.removeprefix("-")


def _share(row):  # type: ignore[no-untyped-def]
    """A share with its interval, as percentages; a dash where there is nothing to divide."""
    if row["share"] != row["share"]:
        return "-"
    low, high = row["share_low"], row["share_high"]
    ends = f" ({_number(100 * low, 0)} to {_number(100 * high, 0)})"
    return f"{_number(100 * row['share'], 0)} %{'' if low != low or row['mechanism'] == 'total' else ends}"


def _points(row, sign=1, *, unit=" points"):  # type: ignore[no-untyped-def]
    """Points with their interval, turned round if ``sign`` is -1."""
    ends = sorted((sign * row["points_low"], sign * row["points_high"]))
    known = "" if ends[0] != ends[0] else f" ({_number(ends[0])} to {_number(ends[1])})"
    return f"{_number(sign * row['points'])}{unit}{known}"
