"""``desist sensitivity``: which doubts matter most for an outcome."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, posterior_option, set_option, study_options
from experiments.execution.progress import progress

PARAMETERS, TRAJECTORIES, POINTS, DRAWS = 12, 12, 512, 2000
"""Doubts with an index of their own; walks of the screening; size of the Sobol' design; draws of a posterior."""
PEOPLE_A_POINT = 4000
"""People told at each point, about, where ``--trials`` is not given."""
SHOWN = 12
"""Most doubts of a posterior that are listed and drawn; all are in the table."""
HARDLY, FAR = 0.02, 0.2
"""Part of the variance below which a doubt hardly matters; part of the first's at which the second is far behind."""
NOISY = 0.1
"""Part of the variance that may be chance before more trials are asked for."""
NAMED = 5
"""Most doubts that are named as hardly mattering."""


@click.command()
@click.argument("name", default="trial", metavar="[SCENARIO]")
@click.option("--outcome", default=None, help="What is asked about: difference (default), control, mentored, hazard_ratio, difference_all, reoffended (default without two arms), prison, offences, treated.")  # noqa: E501
@click.option("--only", multiple=True, metavar="KEY", help="Doubt only this quantity; may be repeated.")
@click.option("--hold", multiple=True, metavar="KEY", help="Do not doubt this quantity: it is as the scenario says; may be repeated.")  # noqa: E501
@click.option("--parameters", type=click.IntRange(1, 1000), default=None, help=f"How many get an index of their own.  [default: {PARAMETERS}]")  # noqa: E501
@click.option("--trajectories", type=click.IntRange(2, 10_000), default=None, help=f"Walks of the screening.  [default: {TRAJECTORIES}]")  # noqa: E501
@click.option("--points", type=click.IntRange(2, 2**20), default=None, help=f"Size of the Sobol' design, a power of two.  [default: {POINTS}]")  # noqa: E501
@click.option("--trials", type=click.IntRange(1, 1_000_000), default=None, help=f"Replicates at each point.  [default: about {PEOPLE_A_POINT:,} people]")  # noqa: E501
@set_option
@posterior_option
@study_options
def sensitivity(name, outcome, only, hold, parameters, trajectories, points, trials, seed, changes, posterior, draws, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]  # noqa: E501
    """Which doubts matter most for an outcome, and which do not matter?

    Morris screening over all quantities of SCENARIO (default: trial) that have a prior, then Sobol' indices of those
    that matter most, and a tornado. All points are on the same luck. With --posterior: first-order indices over its
    draws, which go together.
    """
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import workers_of
    from experiments.inputs.scenario_files import change, load
    from experiments.provenance.results_folder import Folder
    from experiments.statistics.sobol_morris import check_points
    from experiments.studies.sensitivity.outcomes_at import Points, check
    from experiments.studies.sensitivity.uncertain_inputs import Doubts, over_draws, over_priors, size
    from simulation.parameters import ParameterError

    base = load(name, changes)
    asked = check(base, outcome or ("difference" if base.trial.assignment == "randomised" else "reoffended"))
    if posterior is None and draws is not None:
        raise ParameterError(f"--draws is [{draws}], but there is no --posterior to draw from; give its file")
    for option, value in (("--parameters", parameters), ("--trajectories", trajectories), ("--points", points)):
        if posterior is not None and value is not None:
            raise ParameterError(f"{option} is [{value}], but a --posterior has its own points; give --draws instead")
    sizes = {"trajectories": trajectories or TRAJECTORIES, "points": points or POINTS,
             "parameters": parameters or PARAMETERS}  # fmt: skip
    check_points(sizes["points"])
    doubts = Doubts.of(
        base, posterior=posterior, number=draws or DRAWS, only=only, hold=hold,
        fixed=[change(each)[0] for each in changes],
    )  # fmt: skip
    folder = Folder(out or RESULTS / "sensitivity")
    kept = opened(store, no_store)
    trials = trials or max(1, round(PEOPLE_A_POINT / base.people.count))
    points = size(doubts, **sizes)
    if not as_json:
        each = f"{trials:,} trial{'s' if trials > 1 else ''} of {base.people.count:,} people at each"
        click.echo(f"{points:,} points, {each} ...", err=True)
    with workers_of(cluster, threads, runs=points) as executor:
        runs = Points(base=base, keys=doubts.keys, seed=seed, trials=trials, store=kept, executor=executor,
                      threads=threads, command=command_line(), told=progress)  # fmt: skip
        found = over_draws(runs, doubts, asked) if posterior else over_priors(runs, doubts, asked, **sizes)
    more = {"draws": len(doubts.draws), "posterior": posterior.name} if posterior else sizes
    _report(found, doubts, runs, asked, folder, more, as_json)


# Telling it -----------------------------------------------------------------------------------------------------


def _report(found, doubts, runs, asked, folder, sizes, as_json):  # type: ignore[no-untyped-def]
    """Write and print what was found."""
    from importlib.metadata import version

    from experiments.figures.sensitivity import sensitivity_figure
    from experiments.figures.style import style
    from experiments.statistics.sobol_morris import OTHERS
    from experiments.studies.sensitivity.variance_by_grade import as_data

    draws = bool(doubts.draws)
    parts, ends = (_described(table, doubts) for table in (found.parts, found.ends))
    shown = SHOWN if draws else len(parts)
    words = _in_words(found, doubts, runs.base, asked)
    folder.table("first_order" if draws else "sobol", parts)
    folder.table("tornado", ends)
    if found.screening is not None:
        folder.table("morris", _described(found.screening, doubts))
    style()
    folder.figure("tornado", sensitivity_figure(
        found.ends, found.parts.head(shown), outcome=asked, chance=found.ends_noise**0.5, draws=draws,
        title=f"{runs.base.name}: what the {asked.label} depends on",
    ))  # fmt: skip
    shares, told = _by_grade(found, doubts, runs)
    text = "\n".join([words, *told, "", _listed(found, asked, shown), "", *_notes(found, doubts, runs, asked)])
    folder.text("answer.txt", text + "\n")
    if shares is not None:
        folder.table("grades", shares)
    folder.manifest(
        runs.base, seed=runs.seed, command=command_line(), outcome=asked.name, trials=runs.trials, runs=found.runs,
        doubts=doubts.studied, **sizes, salib=version("SALib"), grades=as_data(shares) if shares is not None else None,
    )  # fmt: skip
    if as_json:
        variance = float(found.values.var())
        echo_json({
            "answer": words, "outcome": asked.name, "mean": float(found.values.mean()), "variance": variance,
            "chance": found.noise / variance if variance else None, "rows": parts.to_dict("records"),
            "grades": shares.to_dict("records") if shares is not None else None,
            "tornado": ends.to_dict("records"), "others": OTHERS, "trials": runs.trials, "runs": found.runs,
            "seed": runs.seed, "folder": str(folder.path),
        })  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTables, figure and manifest: {folder.path}/")


def _by_grade(found, doubts, runs):  # type: ignore[no-untyped-def]
    """Shares of the variance by evidence grade (None with too few draws), and what is said of them."""
    from dataclasses import replace

    import pandas as pd

    from experiments.language.grades_text import divided, lines
    from experiments.studies.sensitivity.variance_by_grade import Inputs, of_indices

    inputs = replace(Inputs.of(runs.base), doubted=frozenset(doubts.keys))
    if doubts.draws:
        return divided(inputs, pd.DataFrame(doubts.draws, columns=doubts.keys), found.values, seed=runs.seed)
    shares = of_indices(found.parts, inputs.grade)
    return shares, lines(shares, inputs.census())


def _described(table, doubts):  # type: ignore[no-untyped-def]
    """A table with what each key is, and its prior, beside the key."""
    out = table.copy()
    rows = [doubts.rows.get(key) for key in table["key"]]
    out.insert(1, "what", [row.what if row else "" for row in rows])
    if not doubts.draws:
        out.insert(2, "prior", [row.prior if row else "" for row in rows])
    return out


def _listed(found, asked, shown):  # type: ignore[no-untyped-def]
    """The parts as people read them, with the ends of the tornado."""
    import pandas as pd

    from experiments.figures.sensitivity import label, pair

    def part(row, name):  # type: ignore[no-untyped-def]
        low, high = (100 * row[f"{name}_{end}"] for end in ("low", "high"))
        return "-" if row[name] != row[name] else f"{_whole(row[name])} ({max(0.0, low):.0f} to {max(0.0, high):.0f})"

    ends = found.ends.set_index("key")
    lines = []
    for _, row in found.parts.head(shown).iterrows():
        line = {"doubt": label(row["key"]), **{name: part(row, name) for name in ("first", "total") if name in row}}
        if row["key"] in ends.index:
            bar = ends.loc[row["key"]]
            for end, text in zip(("low", "high"), pair(bar["low"], bar["high"]), strict=True):
                line[end] = f"{_valued(bar[f'outcome_{end}'], asked)} at {text}"
        lines.append(line)
    return str(pd.DataFrame(lines).fillna("").to_string(index=False))


def _notes(found, doubts, runs, asked):  # type: ignore[no-untyped-def]
    """What the numbers are."""
    from experiments.figures.sensitivity import ends_in_words

    draws = bool(doubts.draws)
    more = f" (low and high: {runs.trials * found.times:,})" if found.times > 1 else ""
    rule = "each draw's" if "trial.definition" in doubts.keys else runs.base.trial.definition
    trials = f"{runs.trials:,} trial{'s' if runs.trials > 1 else ''}"
    margin = 1.96 * found.error
    margin = f"{100 * margin:.1f} points" if asked.unit in ("points", "share") else f"{margin:.2f}"
    rest = (
        "The draws go together, so these parts overlap and need not add up to 1; there are no totals."
        if draws
        else "total: the part that would stay if all the others were known, its interactions with them included."
    )
    return [
        f"{asked.name}: {asked.what}{f'; definition of reoffending: {rule}' if asked.defined else ''}.",
        f"first: the part of the variance that would go if the doubt were known. {rest} In brackets: 95 %, bootstrap.",
        f"low, high: {'points, ' if asked.unit == 'points' else ''}{ends_in_words(draws)}.",
        f"{found.runs:,} points of {trials}{more}, all on the same luck (seed {runs.seed}); the value at one point is "
        f"known to {margin} (95 %).",
    ]


def _valued(value, asked, *, unit=False):  # type: ignore[no-untyped-def]
    """A value of the outcome as people write it."""
    text = {"points": f"{100 * value:.1f}", "share": f"{100 * value:.1f} %"}.get(asked.unit, f"{value:.2f}")
    text = text.removeprefix("-") if text in ("-0.0", "-0.0 %", "-0.00") else text
    return f"{text} points" if unit and asked.unit == "points" else text


def _whole(share):  # type: ignore[no-untyped-def]
    """A part of the variance as people write it; what an estimate puts below nothing is nothing."""
    return f"{100 * max(0.0, share):.0f} %"


def _in_words(found, doubts, base, asked):  # type: ignore[no-untyped-def]
    """One paragraph: how much is in doubt, what it hangs on, what hardly matters, what is chance."""
    import numpy as np

    from experiments.figures.sensitivity import label, pair
    from experiments.statistics.sobol_morris import OTHERS

    low, high = np.quantile(found.values, (0.025, 0.975))
    where = f"{len(doubts.draws):,} draws" if doubts.draws else f"the priors of {len(doubts.keys)} quantities"
    lines = [
        f"Over {where}, the {asked.label} in {base.name} is {_valued(found.values.mean(), asked, unit=True)} on "
        f"average and lies between {_valued(low, asked)} and {_valued(high, asked, unit=True)} at 95 % of the points."
    ]
    own = found.parts[found.parts["key"] != OTHERS]
    if own["first"].isna().all():
        return f"{lines[0]} It is the same everywhere: nothing that is doubted changes it."
    top = own.head(3)
    size = "first" if doubts.draws else "total"
    parts = [
        f"{label(row.key)}: {_whole(row.first)}" + ("" if doubts.draws else f" and {_whole(row.total)}")
        for row in top.itertuples()
    ]  # fmt: skip
    far = ", far behind," if len(top) > 1 and top[size].iloc[1] < FAR * top[size].iloc[0] else ""
    parts[1:2] = [f"then{far} {part}" for part in parts[1:2]]
    ways = "by itself" if doubts.draws else "by itself and with its interactions"
    lines.append(f"What matters most (part of the variance {ways}): {'; '.join(parts)}.")
    bar = found.ends.set_index("key").loc[top["key"].iloc[0]]
    least, most = pair(bar["low"], bar["high"])
    lines.append(
        f"Between {least} and {most}, the first takes it from {_valued(bar['outcome_low'], asked)} to "
        f"{_valued(bar['outcome_high'], asked, unit=True)}."
    )
    if doubts.draws:
        lines.append("The draws go together: each part is of that doubt with all that it tells of the others.")
    share = found.noise / float(found.values.var())
    if not doubts.draws:
        lines += _together(found, own, share)
    much, more = _whole(share) if share >= 0.005 else "less than 1 %", "; give more --trials" if share > NOISY else ""
    less = "" if doubts.draws or share < 0.005 else ", so interactions of that size may be nothing else"
    lines.append(f"Chance in the simulation is {much} of the variance{less}{more}.")
    return " ".join(lines)


def _together(found, own, share):  # type: ignore[no-untyped-def]
    """What the first three explain, what is interaction, and what hardly matters."""
    from experiments.figures.sensitivity import label
    from experiments.statistics.sobol_morris import OTHERS

    lines = []
    if len(own) > 3:
        lines.append(f"These three explain {_whole(own['first'].head(3).sum())} by themselves.")
    parts = found.parts
    rest = 1.0 - float(parts["first"].sum())
    half = float(((parts["first_high"] - parts["first"]) ** 2).sum()) ** 0.5
    lines.append(
        f"About {_whole(rest)} ({100 * max(0.0, rest - half):.0f} to {_whole(rest + half)}) is due to no doubt alone, "
        "but to doubts acting together and to chance."
        if rest + half >= HARDLY
        else "Hardly anything is due to doubts acting together."
    )
    left = found.parts[found.parts["key"] == OTHERS]
    if len(left):
        number = len(found.screening) - len(own)
        lines.append(f"The {number} that the screening put last make up {_whole(left['total'].iloc[0])} all together.")
    small = [label(row.key) for row in own[3:].itertuples() if row.total < HARDLY + share]
    if small and share <= NOISY:
        named = "; ".join(small[:NAMED]) + (f" and {len(small) - NAMED} more" if len(small) > NAMED else "")
        lines.append(f"Of the others, these hardly matter (below {_whole(HARDLY + share)}): {named}.")
    return lines
