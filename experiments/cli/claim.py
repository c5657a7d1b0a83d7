"""``desist claim``: one krone saves eight: what gives that, and what it becomes."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.main import command_line, echo_json, posterior_option, study_options

HOW = ("Without a posterior the effects are the trial's own. Leave --no-posterior out to use the one that comes with "
       "Desist, or give one of desist calibrate with --posterior.")  # fmt: skip


@click.command()
@click.option("--prices", "file", type=click.Path(path_type=Path), default=None, metavar="FILE", help="Prices that differ from the built-in ones (TOML).")  # noqa: E501
@click.option("--no-posterior", is_flag=True, help="Leave out the steps that need a posterior.")
@posterior_option
@study_options
def claim(file, no_posterior, posterior, draws, seed, threads, store, no_store, cluster, out, as_json):  # type: ignore[no-untyped-def]
    """One krone saves eight: what gives that, and what it becomes as its assumptions are replaced.

    The claim is 38 points fewer reoffenders x 764,000 kr. / 36,667 kr. a course = 7.9. Each step replaces one
    assumption by a better-supported one, alone and on top of those before it. The effect for a new group comes from
    --posterior (by default the one that comes with Desist; at most 400 draws unless --draws says otherwise).
    """
    import pandas as pd

    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.figures.money import claim_figure
    from experiments.figures.style import style
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.inputs.scenario_files import load
    from experiments.provenance.results_folder import Folder, digest_of, spelled
    from experiments.studies.rollout import published_claim as study
    from simulation.parameters import ParameterError, quantities
    from simulation.prices import Prices, read_prices

    if no_posterior and (draws is not None or posterior is not None):
        raise ParameterError("--no-posterior is given with --posterior or --draws; leave one of them out")
    if posterior is None and not no_posterior:
        posterior = SHIPPED
    prices = Prices() if file is None else read_prices(file)
    trial, known, groups, number = load("trial"), None, None, study.PRICE_DRAWS
    if posterior is not None:
        known = study.of_the_trial(Posterior.read(posterior), posterior)
        number = min(draws or study.DRAWS, len(known.table))
    folder = Folder(out or RESULTS / "claim")
    if known is not None:
        kept = opened(store, no_store)
        if not as_json:
            click.echo(f"Everybody who would sign up, at {number:,} draws ...", err=True)
        with workers_of(cluster, threads, runs=2 * number) as executor:
            groups = study.signed_up(known, trial, runner(kept, executor, threads), number, command=command_line())
    told = study.Claim.of(prices, study.effects(known, groups, number), seed=seed)
    table, even, parts = study.steps(told), study.break_even(prices), study.course_by_parts(prices)
    style()
    folder.table("steps", table)
    folder.table("break_even", even)
    folder.table("prices", pd.DataFrame([vars(each) for each in quantities(prices)]))
    folder.figure("claim", claim_figure(table))
    words = study.in_words(table, even, parts)
    head = "Medians and 95 % of the draws, each step on top of those above it, and alone:"
    text = "\n".join([*words, "", head, spelled(study.listed(table)), "", *study.sources(table),
                      *([] if known else ["", HOW])])  # fmt: skip
    folder.text("answer.txt", text + "\n")
    used = {} if posterior is None else {"posterior": posterior.name, "posterior_digest": digest_of(posterior)}
    folder.manifest(trial, seed=seed, command=command_line(), draws=number, **used,
                    prices=None if file is None else digest_of(file))  # fmt: skip
    if as_json:
        echo_json({"answer": words, "steps": table.to_dict("records"), "break_even": even.to_dict("records"),
                   "course_by_parts": parts.to_dict(), "draws": number, "posterior": used or None,
                   "folder": str(folder.path)})  # fmt: skip
        return
    click.echo(text)
    click.echo(f"\nTables, figure and manifest: {folder.path}/")
