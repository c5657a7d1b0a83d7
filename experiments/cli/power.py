"""``desist power``: what a planned trial would find, and how large it must be."""

from __future__ import annotations

import click

from experiments.cli.main import command_line, echo_json, posterior_option, set_option, study_options
from experiments.execution.progress import progress

ROUNDS = 3
"""How often a size may be corrected by what was simulated at it, for each target."""


@click.command()
@click.argument("name", default=None, required=False, metavar="[SCENARIO]")
@click.option("--size", type=click.IntRange(8, 20_000), default=None, help="People randomised (default: the scenario's, 97).")  # noqa: E501
@click.option("--highest-share", type=click.FloatRange(0.01, 1), default=None, help="Share of them at highest risk (default: the truth's).")  # noqa: E501
@click.option("--drop-out", type=click.FloatRange(0, 0.99), default=None, help="Chance that a match ends unplanned over its course (default: the truth's).")  # noqa: E501
@click.option("--follow-up", type=click.IntRange(1, 120), default=None, help="Months of follow-up (default: the scenario's, 24).")  # noqa: E501
@click.option("--definition", type=click.Choice(["any", "prison", "sentence"]), default=None, help="What counts as reoffending (default: the scenario's).")  # noqa: E501
@click.option("--group", type=click.Choice(["highest", "everyone"]), default=None, help="Who is analysed: those at highest risk (default) or everyone.")  # noqa: E501
@click.option("--lost", type=click.FloatRange(0, 0.95), default=0.0, show_default=True, help="Share lost to follow-up.")
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True), default=0.05, show_default=True, help="Level of the test.")  # noqa: E501
@click.option("--test", type=click.Choice(["fisher", "z"]), default="fisher", show_default=True, help="Fisher's exact test, or the z-test with a common share.")  # noqa: E501
@click.option("--target", "targets", type=click.FloatRange(0, 1, min_open=True, max_open=True), multiple=True, default=(0.8, 0.9), show_default=True, help="Power wanted; may be repeated.")  # noqa: E501
@click.option("--trials", type=click.IntRange(2, 1_000_000), default=None, help="Trials on each truth (default: 10,000, or 200 a draw).")  # noqa: E501
@click.option("--control", type=click.FloatRange(0, 1), default=None, help="A given truth, without the model: the controls' risk.")  # noqa: E501
@click.option("--difference", type=click.FloatRange(-1, 1), default=None, help="The same: by how much the mentored's is lower.")  # noqa: E501
@click.option("--per-arm", type=click.IntRange(4, 10_000), default=None, help="The same: people analysed in each arm.")
@set_option
@posterior_option
@study_options
def power(name, targets, seed, posterior, threads, store, no_store, cluster, out, as_json, **options):  # type: ignore[no-untyped-def]
    """What would a planned trial find, and how large must it be?

    The truth is SCENARIO (default: pooled), each draw of --posterior, or --control and --difference without the model.
    The planned trial is run many times on it: how often is it significant, how wide is its interval, what do its
    significant results report against the truth, and which size reaches the wanted power?
    """
    import pandas as pd

    from experiments.execution.cluster import executor_of
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import finish, opened
    from experiments.figures import style
    from experiments.figures.power import power_figure
    from experiments.provenance.results_folder import Folder
    from experiments.studies.trial.power import ELSEWHERE, Truth, arms_of, given, job, judged, summary
    from experiments.studies.trial.sample_size import Prospect

    asked = _asked(name, posterior, options)
    plan, base, points, fixed = asked["plan"], asked["base"], asked["points"], asked["fixed"]
    alpha, test = options["alpha"], options["test"]
    count = options["trials"] or (200 if len(points) > 1 else 10_000)
    folder = Folder(out or RESULTS / "power")
    kept = opened(store, no_store) if fixed is None else None

    with executor_of(cluster) as executor:

        def trials_of(size: int, each: int, first: int, what: str):  # type: ignore[no-untyped-def]
            if fixed is not None:
                return [given(fixed, size, seed=seed, trials=each, first=first)]
            work = job(base, plan.sized(size), points, seed=seed, trials=each, first=first, command=command_line())
            tables = progress(finish(work, store=kept, executor=executor, threads=threads), len(work.pieces), what)
            return arms_of(list(tables), len(points))

        if not as_json:
            click.echo(f"{count:,} trials of {plan.size:,} people{_draws(points)} ...", err=True)
        arms = trials_of(plan.size, count, 0, "trials")
        truths = [fixed] if fixed is not None else [Truth.of(each, plan.size) for each in arms]
        told = [judged(each, truth, alpha=alpha, test=test) for each, truth in zip(arms, truths, strict=True)]
        known = {plan.size: truths}
        again: dict[int, dict[str, float]] = {}
        wanted: dict[float, int | None] = {}
        ahead = Prospect(known=known, alpha=alpha, test=test)
        for target in sorted(set(targets)):
            wanted[target] = size = ahead.needed(target)
            while size and ahead.simulated_near(size) is None and len(again) < ROUNDS * len(set(targets)):
                each = max(2, min(2_000, max(200, 2_000_000 // size)) // len(truths))
                if not as_json:
                    click.echo(f"{each * len(truths):,} trials of {size:,} people ...", err=True)
                more = trials_of(size, each, (1 + len(again)) * ELSEWHERE, f"{size:,} people")
                known[size] = truths if fixed is not None else [Truth.of(few, size) for few in more]
                again[size] = summary(pd.concat([
                    judged(few, truth, alpha=alpha, test=test) for few, truth in zip(more, known[size], strict=True)
                ]))  # fmt: skip
                wanted[target] = size = ahead.needed(target)
            wanted[target] = ahead.simulated_near(size) if size else None
    found = _found(asked, truths, told, ahead, wanted, again, options)
    style()
    whole = pd.concat(told, ignore_index=True)
    folder.table("power", found["rows"])
    folder.table("sizes", found["sizes"])
    folder.figure("power", power_figure(
        found["sizes"], whole, planned=plan.size, targets=list(wanted), many=len(truths) > 1,
        truth=found["power"]["difference"], mean=found["power"]["reported"],
    ))  # fmt: skip
    text = "\n".join([*found["answer"], "", *found["notes"]])
    folder.text("answer.txt", text + "\n")
    made = {"command": command_line(), "seed": seed, "trials": count, "test": test, "alpha": alpha}
    if fixed is not None:
        folder.manifest(None, **made)
    else:
        name = None if posterior is None else posterior.name
        folder.manifest(plan.scenario(base), **made, draws=len(points) if posterior else 0, posterior=name)
    if as_json:
        echo_json({"answer": found["answer"], "power": found["power"], "calculated": found["calculated"],
                   "needed": found["needed"], "check": found["check"], "trials": count, "seed": seed,
                   "draws": len(points) if posterior else 0, "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTables, figure and manifest: {folder.path}/")


def _draws(points):  # type: ignore[no-untyped-def]
    return f" on each of {len(points)} draws" if len(points) > 1 else ""


def _asked(name, posterior, options):  # type: ignore[no-untyped-def]
    """The plan and its truth: scenario, points (one without a posterior), or two given risks."""
    from experiments.inputs.posterior import Posterior
    from experiments.inputs.scenario_files import change, load
    from experiments.studies.trial.power import LARGEST, SMALLEST, Plan, Truth
    from simulation.parameters import ParameterError

    control, difference, arm = options["control"], options["difference"], options["per_arm"]
    own = {key: options[key] for key in ("size", "follow_up", "definition", "group") if options[key] is not None}
    if control is None and difference is None:
        if arm is not None:
            raise ParameterError(f"--per-arm is [{arm}], which needs a given truth: add --control and --difference")
        if posterior is None and options["draws"] is not None:
            raise ParameterError(
                f"--draws is [{options['draws']}], but there is no --posterior to draw from; give its file"
            )
        base = load(name or "pooled", options["changes"])
        usual = {"size": base.people.count, "follow_up": base.people.follow_up_months,
                 "definition": base.trial.definition, "highest_share": options["highest_share"],
                 "drop_out": options["drop_out"], "lost": options["lost"]}  # fmt: skip
        plan = Plan(**{**usual, **own})
        if not SMALLEST <= plan.size <= LARGEST:
            raise ParameterError(
                f"people.count is [{plan.size}] in scenario {base.name}; a planned trial has {SMALLEST} to {LARGEST:,} "
                "people: give --size"
            )
        points: list[dict] = [{}]
        plan.scenario(base)
        if posterior is not None:
            taken = [*plan.decides(base), *(change(each)[0] for each in options["changes"])]
            taken += [key.replace(f"programme.{next(iter(base.programme))}.", "programme.") for key in taken]
            drawn = Posterior.read(posterior).scenarios(base, options["draws"] or 200, but=taken)
            points = [point for point, _ in drawn]
        return {"plan": plan, "base": base, "points": points, "fixed": None, "file": posterior}
    if control is None or difference is None:
        missing = "--difference" if difference is None else "--control"
        raise ParameterError(f"{missing} is missing; a truth without the model needs --control and --difference")
    needless = {
        "SCENARIO": name, "--posterior": posterior, "--draws": options["draws"], "--drop-out": options["drop_out"],
        "--follow-up": options["follow_up"], "--definition": options["definition"], "--set": options["changes"] or None,
        "--size": options["size"] if arm is not None else None,
        "--group": options["group"] if arm is not None else None,
        "--highest-share": options["highest_share"] if arm is not None else None,
    }  # fmt: skip
    for key, value in needless.items():
        if value is not None:
            beside = "--per-arm" if key in ("--size", "--group", "--highest-share") else "--control and --difference"
            raise ParameterError(f"{key} is [{value}], but {beside} already decides it; leave one of them out")
    if not 0 <= control - difference <= 1:
        raise ParameterError(
            f"--difference is [{difference:g}] and --control [{control:g}]; the mentored's risk would be "
            f"{control - difference:g}: allowed is {control - 1:g} to {control:g}"
        )
    base = load("pooled")
    everyone = arm is not None or options["group"] == "everyone"
    share = 1.0 if everyone else options["highest_share"] or base.risk.highest_share
    plan = Plan(size=2 * arm if arm is not None else options["size"] or Plan.size, lost=options["lost"],
                group="everyone" if everyone else "highest")  # fmt: skip
    fixed = Truth(mentored=control - difference, control=control, share=share * (1 - options["lost"]))
    return {"plan": plan, "base": base, "points": [{}], "fixed": fixed, "file": None}


def _found(asked, truths, told, ahead, wanted, again, options):  # type: ignore[no-untyped-def]
    """Everything that is written and printed."""
    import numpy as np
    import pandas as pd

    from experiments.statistics.two_proportions import check
    from experiments.studies.trial.power import doubt, summary
    from experiments.studies.trial.sample_size import calculated

    plan, many = asked["plan"], len(truths) > 1
    alpha, test = options["alpha"], options["test"]
    power = summary(pd.concat(told)) | {"doubt": doubt(told)}
    exact = None if many else calculated(truths[0], plan.size, alpha=alpha, test=test)
    by_truth = ahead.favour(plan.size) if exact is None else np.array([exact.favour])
    steps, along = ahead.curve()
    rows = [
        {"draw": number, "mentored": truth.mentored, "control": truth.control, "difference_error": truth.error,
         "per_arm": plan.size * truth.share / 2, "calculated": by_truth[number], **summary(each)}
        for number, (truth, each) in enumerate(zip(truths, told, strict=True))
    ]  # fmt: skip

    def per_arm(size):  # type: ignore[no-untyped-def]
        return float(np.mean([size * truth.share / 2 for truth in ahead.truths(size)]))

    def row(size, why, values, seen=None):  # type: ignore[no-untyped-def]
        low, high = np.quantile(values, [0.025, 0.975])
        return {"size": int(size), "per_arm": per_arm(size), "why": why, "power": float(np.mean(values)),
                "low": float(low), "high": float(high), "simulated": seen["favour"] if seen else float("nan"),
                "simulated_error": seen["error"] if seen else float("nan")}  # fmt: skip

    sizes = [row(int(size), "curve", along[:, k]) for k, size in enumerate(steps)]
    sizes.append(row(plan.size, "planned", by_truth, power))
    seen = {plan.size: power, **again}
    sizes += [row(size, f"{100 * target:g} %", ahead.favour(size), seen[size])
              for target, size in wanted.items() if size]  # fmt: skip
    found = {
        "rows": pd.DataFrame(rows), "sizes": pd.DataFrame(sizes).sort_values(["size", "why"]), "power": power,
        "calculated": {"favour": float(by_truth.mean()), "low": float(np.quantile(by_truth, 0.025)),
                       "high": float(np.quantile(by_truth, 0.975)), "width": exact.width if exact else None,
                       "exaggeration": exact.exaggeration if exact else None},
        "needed": [{"target": target, "size": size, "per_arm": per_arm(size) if size else None,
                    "difference": seen[size]["difference"] if size else None,
                    "simulated": seen[size]["favour"] if size else None,
                    "simulated_error": seen[size]["error"] if size else None} for target, size in wanted.items()],
        "largest": {"size": int(steps[-1]), "favour": float(along[:, -1].mean())},
        "check": check(alpha=alpha),
    }  # fmt: skip
    found["answer"] = _in_words(asked, truths, found)
    found["notes"] = _notes(asked, found, options)
    return found


def _in_words(asked, truths, found):  # type: ignore[no-untyped-def]
    """The answer: power, width, the winner's curse, the size needed."""
    from experiments.inputs.trial_result import GAP

    power, exact, many, plan = found["power"], found["calculated"], len(truths) > 1, asked["plan"]
    truth, points = truths[0], 100 * power["difference"]
    if many:
        good = sum(each.difference > 0 for each in truths) / len(truths)
        lines = [
            f"Truth: {len(truths)} draws of {asked['file'].name}; on average {points:.1f} points fewer of the mentored "
            f"reoffend than of the controls; fewer do in {100 * good:.0f} % of the draws.",
            f"Assurance {_percent(power['favour'])}: so many of {power['trials']:,.0f} trials are significant in "
            f"favour of mentoring (calculated {_percent(exact['favour'])}; {_percent(exact['low'])} to "
            f"{_percent(exact['high'])} in the middle 95 % of the draws). Significant against it are "
            f"{_percent(power['against'])}.",
        ]
    else:
        name = "given" if asked["fixed"] is not None else asked["base"].name
        error = f" (simulation error {100 * truth.error:.1f})" if truth.error else ""
        lines = [
            f"Truth ({name}): {_percent(truth.mentored)} of the mentored against {_percent(truth.control)} of the "
            f"controls reoffend, a difference of {points:.1f} points{error}.",
            f"Power {_percent(power['favour'])}: so many of {power['trials']:,.0f} trials are significant in favour of "
            f"mentoring (calculated {_percent(exact['favour'])}). Significant against it are "
            f"{_percent(power['against'])}.",
        ]
    lines.append(f"The 95 % interval of the difference is {100 * power['width']:.0f} points wide on average.")
    if power["exaggeration"] == power["exaggeration"]:
        behind = f"the truth behind them is {100 * power['behind']:.0f} points: " if many else ""
        lines.append(
            f"Winner's curse: the significant ones report {100 * power['reported']:.0f} points on average"
            f"{', whichever way; ' if many else ', '}{behind}{power['exaggeration']:.1f} times the truth. "
            f"{_percent(power['wrong_sign'])} of them have the wrong sign."
        )
    elif power["power"]:
        lines.append(
            f"There is no true difference to be seen: {_percent(power['power'])} of the trials are significant by "
            "chance alone."
        )
    lines.append(f"{_percent(power['as_far'])} of the trials print a gap of {GAP} points or more.")
    if many:
        lines.append(
            f"What one trial reports spreads by {100 * power['chance']:.0f} points (standard deviation) by chance, and "
            f"by {100 * power['doubt']:.0f} by doubt about the truth."
        )
    return [*lines, *_needed(found, plan, many)]


def _needed(found, plan, many):  # type: ignore[no-untyped-def]
    """The size for each target, or why there is none."""
    what, last = "assurance" if many else "power", found["largest"]
    for row in found["needed"]:
        target = f"For {100 * row['target']:g} % {what}"
        if row["size"] is None:
            yield (f"{target} no size is enough: with {last['size']:,} people it is {_percent(last['favour'])}, since "
                   f"mentoring does little or no good{' in many draws' if many else ''}.")  # fmt: skip
        else:
            yield (f"{target}: {row['size']:,} people ({row['per_arm']:.0f} analysed in each arm), "
                   f"{row['size'] / plan.size:.1f} times the plan. Simulated at that size: "
                   f"{_percent(row['simulated'])} ± {2 * 100 * row['simulated_error']:.1f}, on a true difference of "
                   f"{100 * row['difference']:.1f} points.")  # fmt: skip


def _notes(asked, found, options):  # type: ignore[no-untyped-def]
    """What was planned, and what the numbers rest on."""
    from experiments.statistics.two_proportions import TEST_NAMES
    from simulation.outcomes import RULES

    plan, check, rows = asked["plan"], found["check"], found["rows"]
    level, fixed = 100 * options["alpha"], asked["fixed"] is not None
    who = "the highest-risk group" if plan.group == "highest" else "everyone"
    lost = f", {_percent(plan.lost)} lost" if plan.lost else ""
    people = f"{plan.size:,} people randomised, {who} analysed ({rows['per_arm'].mean():.1f} in each arm{lost})"
    outcome = "" if fixed else f"; {plan.definition} ({RULES[plan.definition]}), {plan.follow_up} months"
    fisher, z = check["fisher"], check["z"]
    notes = [
        f"Planned: {people}{outcome}.",
        f"Significant: {TEST_NAMES[options['test']]}, {level:g} %. Interval: Newcombe's hybrid score. Calculated: "
        "every pair of counts, binomial.",
        "Power and assurance count what is significant in favour of mentoring.",
        f"Check by calculation, {check['per_arm']} per arm, {100 * check['control']:.0f} against "
        f"{100 * (check['control'] - check['difference']):.0f} %: power {_percent(fisher['power'])} by Fisher's test, "
        f"{_percent(z['power'])} by the z-test ({_percent(check['formula'])} by formula); interval "
        f"{100 * check['width']:.0f} points wide; the significant report {100 * fisher['reported']:.0f} points, "
        f"{fisher['exaggeration']:.1f} times the truth (z: {z['exaggeration']:.1f}).",
    ]
    if not fixed:
        notes.append("Volunteers grow with the size of the trial. The more there are, the fewer are in the wrong town: "
                     "the true difference of a larger trial can be larger.")  # fmt: skip
    if len(rows) > 1:
        notes.append(f"Draws decide the people and the effect; the plan decides the definition ({plan.definition}).")
    return notes


def _percent(share):  # type: ignore[no-untyped-def]
    from experiments.provenance.results_folder import percent

    return percent(share)
