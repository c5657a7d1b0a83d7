"""``desist discover`` and ``desist worth``: when does a plan not pay back, and what is it worth to know more?"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec

import click

from experiments.cli.main import command_line, echo_json, posterior_option, study_options
from experiments.cli.plan_options import language_option, prices_option


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--runs", type=click.IntRange(100, 100_000), default=None, help="Runs, each with the plan and without (default: 1,000).")  # noqa: E501
@click.option("--years", type=click.IntRange(1, 18), default=5, show_default=True, help="Years of the plan that are told; fewer are faster.")  # noqa: E501
@click.option("--saving", type=click.Choice(["average", "marginal", "top-down"]), default="average", show_default=True, help="Savings: prison days at their average price, at what one day less saves, or reoffenders avoided (SØM).")  # noqa: E501
@click.option("--method", type=click.Choice(["prim", "cart"]), default="prim", show_default=True, help="How conditions are looked for: by peeling, or by trees.")  # noqa: E501
@click.option("--pairs", type=click.IntRange(10, 10_000), default=50, show_default=True, help="Fresh pairs of runs at each threshold.")  # noqa: E501
@prices_option
@language_option
@posterior_option
@study_options
def discover(plan, runs, years, saving, method, pairs, **options):  # type: ignore[no-untyped-def]
    """Under which one or two conditions does a plan not pay back?

    A thousand runs over everything that is not known: the effect, who says yes, volunteers, prices ... Then the
    conditions that tell the runs that do not pay back from the others are looked for, said in words, and checked by
    fresh runs on either side. Needs the extra `discovery`.

    \b
    desist discover nationwide-at-once
    """  # noqa: D301
    from experiments.execution.environment import RESULTS
    from experiments.provenance.results_folder import Folder
    from experiments.studies.rollout.discovery import hold, spoken
    from experiments.studies.rollout.plan_scenario import everybody
    from simulation.parameters import ParameterError

    if find_spec("ema_workbench") is None:
        raise ParameterError("discover needs the EMA Workbench; install it with pip install 'desist[discovery]'")
    wanted, country, posterior, prices = _asked(plan, years, options)
    folder = Folder(options["out"] or RESULTS / "discover" / wanted.name)
    with _computing(runs, options) as (compute, number):
        held = hold(wanted, country, posterior, prices, compute, runs=number, saving=saving, pairs=pairs,
                    seed=options["seed"], method=method, command=command_line())  # fmt: skip
    words = spoken(wanted, everybody(wanted), prices, list(held.inputs))
    _write(folder, wanted, held, words, saving, options)


def _asked(plan, years, options):  # type: ignore[no-untyped-def]
    """The plan for so many years, its country, the posterior and the prices."""
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.studies.rollout import plan as plans
    from simulation.prices import Prices, read_prices

    wanted, country = plans.load(plan)
    prices = Prices() if options["prices"] is None else read_prices(options["prices"])
    posterior = Posterior.read(SHIPPED if options["posterior"] is None else options["posterior"])
    return plans.shortened(wanted, years), country, posterior, prices


@contextmanager
def _computing(runs, options):  # type: ignore[no-untyped-def]
    """Who computes the runs, and how many there are."""
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.studies.rollout.discovery import RUNS

    number, threads = runs or RUNS, options["threads"]
    store = opened(options["store"], options["no_store"])
    with workers_of(options["cluster"], threads, runs=10 * number) as executor:
        yield runner(store, executor, threads), number


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--runs", type=click.IntRange(100, 100_000), default=None, help="Runs, each with the plan and without (default: 1,000).")  # noqa: E501
@click.option("--years", type=click.IntRange(1, 18), default=5, show_default=True, help="Years of the plan that are told; fewer are faster.")  # noqa: E501
@click.option("--saving", type=click.Choice(["average", "marginal"]), default="average", show_default=True, help="Savings: prison days at their average price, or at what one day less saves.")  # noqa: E501
@prices_option
@posterior_option
@study_options
def worth(plan, runs, years, saving, **options):  # type: ignore[no-untyped-def]
    """What is it worth to know more before a plan is decided on?

    The worth of knowing everything, of knowing some things, and of a further trial by its size, in kroner for the whole
    plan. It rests on the runs of desist discover (the same ones, if those have been made).

    \b
    desist worth nationwide-at-once
    """  # noqa: D301
    import pandas as pd

    from experiments.execution.environment import RESULTS
    from experiments.figures import style
    from experiments.figures.value_of_information import worth_figure
    from experiments.provenance.results_folder import Folder
    from experiments.studies.rollout.discovery import drawn, outcomes_at, taken
    from experiments.studies.rollout.plan_scenario import everybody
    from experiments.studies.rollout.value_of_information import learned
    from simulation.parameters import ParameterError

    wanted, country, posterior, prices = _asked(plan, years, options)
    lacking = [name for name in ("_any_control", "_any_mentored") if name not in posterior.table]
    if lacking:
        raise ParameterError(f"--posterior has no column [{lacking[0]}], which says what a trial would show; "
                             "desist calibrate writes it")  # fmt: skip
    folder = Folder(options["out"] or RESULTS / "worth" / wanted.name)
    with _computing(runs, options) as (compute, number):
        inputs = drawn(wanted, posterior, prices, number, seed=options["seed"])
        results = outcomes_at(wanted, country, inputs, prices, compute, seed=options["seed"], command=command_line())
    rows = posterior.table.iloc[taken(posterior, number, seed=options["seed"])]
    risks = pd.DataFrame({"control": rows["_any_control"].to_numpy(), "mentored": rows["_any_mentored"].to_numpy()})
    net = results["net" if saving == "average" else "net_marginal"].to_numpy()
    found = learned(inputs, net, risks, course=prices.scheme["primus_motor"].per_start, seed=options["seed"])
    folder.table("groups", found.groups)
    folder.table("single", found.single)
    folder.table("trials", found.trials)
    style()
    units = ("worth for the plan", "for the plan")
    folder.figure("worth", worth_figure(found.groups, found.trials, everything=found.everything.value,
                                        ceiling=found.known.value, units=units))  # fmt: skip
    folder.manifest(everybody(wanted), seed=options["seed"], command=command_line(), plan=wanted.model_dump(),
                    runs=number, saving=saving)  # fmt: skip
    lines = _worth_in_words(wanted, found, net, number)
    folder.text("answer.txt", "\n".join(lines) + "\n")
    if options["as_json"]:
        echo_json({"answer": lines, "everything": found.everything.value, "groups": found.groups.to_dict("records"),
                   "trials": found.trials.to_dict("records"), "folder": str(folder.path)})  # fmt: skip
        return
    click.echo("\n".join(lines))
    click.echo(f"\nTables, figure and manifest: {folder.path}/")


def _worth_in_words(plan, found, net, runs):  # type: ignore[no-untyped-def]
    """What the plan is worth, and what knowing more is worth."""
    def million(value):  # type: ignore[no-untyped-def]
        return f"{value / 1e6:,.1f} million kr."

    good, best = float((net >= 0).mean()), found.trials[found.trials["best"]]
    lines = [
        f"{plan.name}, {plan.years} years, {runs:,} runs: the public purses gain {million(net.mean())} on average and "
        f"get their money back in {100 * good:.0f} %. Without knowing more, {found.chosen} is better.",
        f"Knowing everything first would be worth {million(found.everything.value)} (± "
        f"{million(2 * found.everything.error)}): so much, at most, is lost on average by deciding now; each draw is "
        "told once, and chance in it counts as if it could be known.",
        "Knowing one thing first would be worth:",
    ]
    lines += [f"  {row.what:32} {million(row.value):>18} ± {million(2 * row.error)}"
              for row in found.groups.itertuples()]  # fmt: skip
    lines.append(f"A further trial could at most be worth {million(found.known.value)} (both risks known for sure).")
    for row in found.trials.itertuples():
        if row.per_arm:
            lines.append(f"  {row.per_arm:4,.0f} in each arm: worth {million(row.gain)}, costs {million(row.cost)}, "
                         f"leaves {million(row.net)} (± {million(2 * row.net_error)})")  # fmt: skip
    if len(best):
        lines.append(f"Best of these sizes: {best.iloc[0]['per_arm']:,.0f} in each arm.")
    else:
        lines.append("No trial of these sizes pays for itself by this decision alone.")
    return lines


BACK = {"en": "kroner back for a krone (up to 8)", "da": "kroner tilbage for en krone (op til 8)"}


def _write(folder, plan, held, words, saving, options):  # type: ignore[no-untyped-def]
    from matplotlib.figure import Figure

    from experiments.figures import style
    from experiments.figures.decision import box_map
    from experiments.language.discovery_text import said
    from experiments.provenance.results_folder import percent
    from experiments.studies.rollout.plan_scenario import everybody

    texts = {}
    for language in ("en", "da"):
        lines = [said(held.found, words, language=language), *_checks(held, words, language)]
        texts[language] = "\n".join(lines)
        folder.text(f"answer_{language}.txt", texts[language] + "\n")
    folder.table("runs", held.inputs.assign(**{f"_{name}": held.results[name].to_numpy() for name in held.results
                                               if name != "draw"}, _fails=held.fails))  # fmt: skip
    folder.table("boxes", held.found.tried)
    folder.table("scores", held.found.scores)
    folder.table("stability", held.steady)
    folder.table("checks", held.checks)
    if held.found.box is not None:
        style()
        figure = Figure(figsize=(7.5, 6.2), layout="constrained")
        labels = {name: words[name].label[options["language"]] for name in held.found.box.limits}
        ax = figure.subplots()
        if len(labels) == 1:
            (name,) = labels
            ratio = "ratio" if saving == "average" else saving.replace("-", "_")
            shown = held.inputs[[name]].assign(back=held.results[ratio].clip(upper=8).to_numpy())
            box_map(shown, held.fails, held.found.box, ax, labels={**labels, "back": BACK[options["language"]]})
            ax.axhline(1, color="black", linewidth=0.8, linestyle="--")
        else:
            box_map(held.inputs, held.fails, held.found.box, ax, labels=labels)
        folder.figure("box", figure)
    folder.manifest(everybody(plan), seed=options["seed"], command=command_line(), plan=plan.model_dump(),
                    runs=len(held.inputs), saving=saving)  # fmt: skip
    share = float(held.fails.mean())
    head = (f"{plan.name}, {plan.years} years, {len(held.inputs):,} runs: {percent(share)} do not pay back "
            f"(savings: {saving}).")  # fmt: skip
    if options["as_json"]:
        echo_json({"answer": texts[options["language"]], "fails": share, "runs": len(held.inputs),
                   "scores": held.found.scores.to_dict("records"), "checks": held.checks.to_dict("records"),
                   "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(head)
    click.echo(texts[options["language"]])
    click.echo(f"\nRuns, boxes, checks and manifest: {folder.path}/")


def _checks(held, words, language):  # type: ignore[no-untyped-def]
    """What the fresh runs say of each threshold, a line each."""
    from experiments.language.discovery_text import share

    holds = {"en": {True: "holds", False: "does not hold"}, "da": {True: "holder", False: "holder ikke"}}[language]
    form = {
        "en": "Checked by {pairs} fresh pairs of runs on either side of the limit of {label}: {inside} fail inside, "
              "{outside} outside; it {holds}.",
        "da": "Prøvet med {pairs} nye par af kørsler på hver side af grænsen for {label}: {inside} slår fejl indenfor, "
              "{outside} udenfor; den {holds}.",
    }[language]  # fmt: skip
    for row in held.checks.itertuples():
        yield form.format(
            pairs=row.pairs, label=words[row.quantity].label[language], inside=share(row.inside),
            outside=share(row.outside), holds=holds[bool(row.holds)],
        )  # fmt: skip
