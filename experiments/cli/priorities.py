"""``desist priorities``: which waiting list first, which municipality next, in which order for a budget."""

from __future__ import annotations

from typing import Any

import click

from experiments.cli.main import command_line, echo_json, posterior_option, study_options
from experiments.cli.plan_options import replicates_option

OUTCOME_OF = {
    "offences": "offences", "relapses": "relapses_any", "reoffenders": "reoffenders_any", "prison": "custody_months",
}  # fmt: skip
PLURALS = {column: "prison months" if name == "prison" else name for name, column in OUTCOME_OF.items()}
SHOWN = 10
"""Municipalities that are printed."""


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--rules", is_flag=True, help="Only the allocation rules.")
@click.option("--volunteers", is_flag=True, help="Only what more volunteers do in each municipality.")
@click.option("--order", is_flag=True, help="Only the order of municipalities for a budget.")
@click.option("--outcome", type=click.Choice(list(OUTCOME_OF)), default="offences", show_default=True, help="What is to be avoided, on the map and in the order.")  # noqa: E501
@click.option("--capacity", "capacities", type=float, multiple=True, default=(0.1, 0.25, 0.5), show_default=True, help="Courses a year, part of what serves everybody; may be repeated.")  # noqa: E501
@click.option("--more", type=click.FloatRange(1, 1000), default=10.0, show_default=True, help="Volunteers more in each municipality.")  # noqa: E501
@click.option("--course-price", type=click.FloatRange(1, 10_000_000), default=None, help="Kroner a started course (default: about 33,000, doubted).")  # noqa: E501
@click.option("--open-price", type=click.FloatRange(0, 100_000_000), default=None, help="Kroner a year for an open municipality (default: about 50,000, doubted).")  # noqa: E501
@replicates_option
@posterior_option
@study_options
def priorities(plan, rules, volunteers, order, **options):  # type: ignore[no-untyped-def]
    """Whom to serve first where not all can be served, and which municipality first?

    PLAN is the name of a plan (desist rollout --list) or a TOML file. Three answers, each alone with its option: the
    allocation rules over horizons and capacities; what ten more volunteers do in each municipality; and the order in
    which to open municipalities for a budget, against naive orders. All on the same luck, over draws of what is
    doubted.

    \b
    desist priorities nationwide-at-once
    desist priorities nationwide-at-once --order --outcome prison --open-price 0
    """  # noqa: D301
    from experiments.execution.environment import RESULTS
    from experiments.execution.jobs import opened
    from experiments.execution.workers import runner, workers_of
    from experiments.figures import style
    from experiments.inputs.posterior import SHIPPED, Posterior
    from experiments.provenance.results_folder import Folder
    from experiments.studies.rollout import plan as plans
    from experiments.studies.rollout.municipality_order import Costs

    wanted, country = plans.load(plan)
    file = options["posterior"] or SHIPPED
    posterior = Posterior.read(file)
    costs = Costs.of(wanted, options["course_price"], options["open_price"])
    folder = Folder(options["out"] or RESULTS / "priorities" / wanted.name)
    asked = {name for name, flag in (("rules", rules), ("volunteers", volunteers), ("order", order)) if flag}
    asked = asked or {"rules", "volunteers", "order"}
    store, threads = opened(options["store"], options["no_store"]), options["threads"]
    style()
    answer, more = list[str](), dict[str, Any]()
    with workers_of(options["cluster"], threads, runs=10_000) as executor:
        study = {**options, "plan": wanted, "country": country, "posterior": posterior, "file": file, "folder": folder,
                 "compute": runner(store, executor, threads)}  # fmt: skip
        if "rules" in asked:
            more |= _rules(study, answer)
        if asked & {"volunteers", "order"}:
            more |= _places(study, asked, costs, answer)
    text = "\n".join(answer).strip()
    folder.text("answer.txt", text + "\n")
    _manifest(study, costs, asked)
    if options["as_json"]:
        echo_json({"answer": [line for line in answer if line], **more, "folder": str(folder.path)})
        return
    click.echo(text)
    click.echo(f"\nTables, figures and manifest: {folder.path}/")


def _doubts(study, usual):  # type: ignore[no-untyped-def]
    from experiments.studies.rollout.simulate import draw_uncertain
    from simulation.parameters import ParameterError

    number = study["draws"] or usual
    found = draw_uncertain(study["plan"], study["country"], study["posterior"], number, seed=study["seed"])
    if len(found.seeds) < 4:
        raise ParameterError(f"--draws is [{len(found.seeds)}]; 4 or more are needed, half to choose, half to judge by")
    return found


def _manifest(study, costs, asked):  # type: ignore[no-untyped-def]
    from experiments.provenance.results_folder import digest_of
    from experiments.studies.rollout.allocation_rules import DRAWS as RULES_DRAWS
    from experiments.studies.rollout.municipality_order import DRAWS as PLACES_DRAWS
    from experiments.studies.rollout.plan_scenario import scenario_of

    file, plan = study["file"], study["plan"]
    study["folder"].manifest(
        scenario_of(plan, study["country"]), seed=study["seed"], command=command_line(), plan=plan.model_dump(),
        parts=sorted(asked), posterior={"file": file.name, "digest": digest_of(file)}, prices=costs.model_dump(),
        draws=study["draws"] or {"rules": RULES_DRAWS, "places": PLACES_DRAWS},
        replicates=study["replicates"] or "once, every fourth draw twice",
    )  # fmt: skip


# Rules --------------------------------------------------------------------------------------------------------


def _rules(study, answer):  # type: ignore[no-untyped-def]
    """The allocation rules: tables, figures, words."""
    from experiments.figures.priorities import rules_figure
    from experiments.studies.rollout.allocation_rules import DRAWS, cumulated, horizons_of, job, rules_table, run, why

    plan, folder, doubts = study["plan"], study["folder"], _doubts(study, DRAWS)
    capacities = sorted(set(study["capacities"]))
    work = job(plan, study["country"], doubts, capacities=capacities, replicates=study["replicates"] or 0,
               command=command_line())  # fmt: skip
    told, horizons = run(work, doubts, study["compute"]), horizons_of(plan)
    table, reasons = rules_table(cumulated(told, horizons)), why(told, horizons)
    folder.table("rules", table)
    folder.table("why", reasons)
    head = f"{plan.name}: {len(doubts.seeds)} draws"
    folder.figure("rules", rules_figure(table, title=f"{head}; bands: 95 % of the draws, highest and lowest risk"))
    folder.figure("rules_best", rules_figure(table, title=f"{head}; how often each rule is the best", shares=True))
    at = min(capacities, key=lambda each: abs(each - 0.25))
    answer += ["WHICH RULE FIRST", *rules_in_words(table, horizons, at), "", winners(table, horizons, at), "",
               decides(table, reasons, at, horizons[0], horizons[-1]), ""]  # fmt: skip
    return {"rules": table.to_dict("records"), "why": reasons.to_dict("records")}


def _cell(table, effect, capacity, outcome, horizon):  # type: ignore[no-untyped-def]
    """The rules' rows in one cell, by rule, the best first."""
    rows = table[(table["effect"] == effect) & (table["capacity"] == capacity) & (table["outcome"] == outcome)
                 & (table["horizon"] == horizon)]  # fmt: skip
    return rows.set_index("rule").sort_values("mean", ascending=False)


def rules_in_words(table, horizons, at):  # type: ignore[no-untyped-def]
    """Who wins, and whether the pattern of the published study holds."""
    first, last, lines = horizons[0], horizons[-1], []
    for effect, words in (("own", "With the effect as believed (nearly none outside the highest-risk group)"),
                          ("same", "With the same effect for everybody")):  # fmt: skip
        found: dict[str, list[str]] = {}
        for outcome, plural in PLURALS.items():
            best = [_cell(table, effect, at, outcome, horizon) for horizon in (first, last)]
            names = [rows.index[0] for rows in best]
            one, other = (name.replace("risk", "risk first") for name in names)
            words_of = f"{one} over {first} to {last} years" if one == other else (
                f"{one} over {first} years, {other} over {last}")  # fmt: skip
            found.setdefault(words_of, []).append(plural)
        parts = [f"{_and(plurals)}: {words_of}" for words_of, plurals in found.items()]
        lines.append(f"{words}, {100 * at:.0f} % served, on average these avoid most {'; '.join(parts)}.")
    cells = table[table["best"].notna()].groupby(["effect", "capacity", "outcome"], sort=False)
    pairs = {name: [_winner(rows, horizon) for horizon in (first, last)] for name, rows in cells}
    held = [name for name, pair in pairs.items() if pair == ["highest risk", "lowest risk"]]
    low = [name for name, pair in pairs.items() if pair[1] == "lowest risk"]
    lines += [
        "In a neighbouring model the highest risk first was best over short horizons, the lowest risk first over long "
        f"ones. Here that holds in {len(held)} of {len(pairs)} combinations of effect, outcome and capacity"
        f"{_listed(held)}; over {last} years the lowest risk first is best in {len(low)}{_listed(low)}.",
    ]  # fmt: skip
    return lines


def _listed(cells):  # type: ignore[no-untyped-def]
    """Combinations in brackets: effect and outcome, with their capacities."""
    found: dict[str, list[str]] = {}
    for effect, capacity, outcome in cells:
        whose = "effect as believed" if effect == "own" else "same effect"
        found.setdefault(f"{whose}, {PLURALS[outcome]}", []).append(f"{100 * capacity:.0f}")
    return f" ({'; '.join(f'{name}, {_and(each)} % served' for name, each in found.items())})" if found else ""


def _and(names):  # type: ignore[no-untyped-def]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)


def _winner(rows, horizon):  # type: ignore[no-untyped-def]
    own = rows[rows["horizon"] == horizon]
    return own.loc[own["mean"].idxmax(), "rule"]


def winners(table, horizons, at):  # type: ignore[no-untyped-def]
    """Which rule avoids most on average, by how much, and in how many draws: as text, one row an effect and outcome."""
    steps = sorted({horizons[0], horizons[len(horizons) // 2], horizons[-1]})
    head = f"{'':21}{'':13}" + "".join(f"{f'over {step} years':>26}" for step in steps)
    lines = [f"Best rule, {100 * at:.0f} % served: avoided per course (by lot), share of draws in which it is best",
             head]  # fmt: skip
    for effect, words in (("own", "effect as believed"), ("same", "same for everybody")):
        for outcome, plural in PLURALS.items():
            cells = []
            for step in steps:
                rows = _cell(table, effect, at, outcome, step)
                best, lot = rows.iloc[0], rows.loc["lottery"]
                cells.append(f"{rows.index[0].removesuffix(' risk')} {best['each_mean']:.2f} ({lot['each_mean']:.2f}) "
                             f"{100 * best['best']:.0f} %")  # fmt: skip
            lines.append(f"{words:21}{plural:13}" + "".join(f"{cell:>26}" for cell in cells))
    return "\n".join(lines)


def decides(table, reasons, at, first, last):  # type: ignore[no-untyped-def]
    """One paragraph on what decides which rule wins, in numbers of the highest-risk group and of the others."""
    rows = reasons.set_index(["effect", "group"])
    high, low = (rows.loc[("same", group)].to_dict() for group in ("highest risk", "others"))
    cell = _cell(table, "same", at, "offences", last).loc[["highest risk", "first come", "lowest risk"]]
    fewer, offences = f"reoffenders_any_{last}", f"offences_{last}"

    def pair(key, form):  # type: ignore[no-untyped-def]
        return " and ".join(f"{100 * each[key]:.0f}" if form == "%" else f"{each[key]:{form}}" for each in (high, low))

    own = " and ".join(f"{rows.loc[('own', group), offences]:.2f}" for group in ("highest risk", "others"))
    parts = {key: ", ".join(f"{100 * share:.0f}" for share in cell[key]) for key in ("highest", "first")}
    soon, late = (pair(f"relapses_any_{horizon}", ".2f") for horizon in (first, last))
    return (
        f"What decides (highest-risk group, then the others). Whether a course does anything: as believed it avoids "
        f"{own} offences in {last} years. The base rate: without courses {pair('offences', '.1f')} offences and "
        f"{pair('custody_months', '.1f')} months back in prison a release, so that the same effect avoids "
        f"{pair(offences, '.1f')} offences a course. Returns: {pair('relapses', '%')} % of the releases are followed "
        f"by new crime within two years; the same effect avoids {soon} relapses a course in {first} years, {late} in "
        f"{last}. The dose: {pair('months', '.1f')} months matched; custody ends {pair('in_custody', '%')} % of the "
        f"courses. The list: a rule orders only those who wait together; {parts['highest']} % of the courses go to the "
        "highest-risk group if it comes first, if time decides, if it comes last. What is counted: reoffenders are "
        f"people, counted after their first release; a course around it makes {pair(fewer, '.3f')} of them fewer, and "
        f"{parts['first']} % of the courses are around it under these three rules; all else counts after every release."
    )


# Places -------------------------------------------------------------------------------------------------------


def _places(study, asked, costs, answer):  # type: ignore[no-untyped-def]
    """More volunteers in each municipality, and the order of municipalities."""
    from experiments.studies.rollout.allocation_rules import alone, at_once
    from experiments.studies.rollout.municipality_order import DRAWS, ByPlace, run_more
    from experiments.studies.rollout.simulate import run_plan
    from experiments.studies.rollout.tables import carried

    plan, country, doubts = alone(study["plan"]), study["country"], _doubts(study, DRAWS)
    found: dict[str, Any] = {}
    common: dict[str, Any] = {"replicates": study["replicates"] or 0, "command": command_line()}
    none = run_plan(plan, country, doubts, study["compute"], none=True, **common)
    here = [place for place in country.places if place.number in plan.opens()]
    names = [place.name for place in here]
    limits = {"offer.most_a_year": plan.offer.most_a_year, "offer.budget_a_year": plan.offer.budget_a_year,
              "volunteers.coordinators": plan.volunteers.coordinators}  # fmt: skip
    if links := _and([key for key, value in limits.items() if value > 0]):
        answer += [f"Beware: {links}: places depend on one another; what follows takes them as independent.", ""]
    if "volunteers" in asked:
        base = run_plan(plan, country, doubts, study["compute"], **common)
        extra = run_more(plan, country, doubts, study["compute"], more=study["more"], **common)
        name = carried(base)
        more, whole = ByPlace.between(extra, base, names, name), ByPlace.between(base, none, names, name)
        found |= _volunteers(study, more, whole, here, answer)
    if "order" in asked:
        base = run_plan(at_once(plan), country, doubts, study["compute"], **common)
        whole = ByPlace.between(base, none, names, carried(base))
        found |= _order(study, whole, none, costs, here, answer)
    return found


def _volunteers(study, more, whole, here, answer):  # type: ignore[no-untyped-def]
    import pandas as pd

    from experiments.figures.priorities import volunteers_map
    from experiments.studies.rollout.municipality_order import marginal

    outcome, number = OUTCOME_OF[study["outcome"]], study["more"]
    table, checks = marginal(more, whole, here)
    check = checks.set_index("outcome").loc[outcome]
    table = table.sort_values(outcome, ascending=False, ignore_index=True)
    folder, worst = study["folder"], table.iloc[-1]
    folder.table("volunteers", table)
    folder.table("volunteers_checks", checks)
    folder.figure("volunteers", volunteers_map(table, outcome=outcome, more=number))
    plural, middle = PLURALS[outcome], table[outcome].median()
    lines = [
        f"{number:g} more trained volunteers in a municipality when it opens, who tire and stop as others do, make "
        f"{table['courses'].median():.1f} more courses in the middle municipality ({table['courses'].min():.1f} to "
        f"{table['courses'].max():.1f}) and avoid {middle:.2g} {plural} ({worst[outcome]:.1f} in {worst['place']}, "
        f"{table[outcome].iloc[0]:.2g} in {table['place'].iloc[0]}).",
        f"A further course is worth {check['ratio']:.2f} times the plan's average one ({plural}). Simulation error of "
        f"a municipality's number: {table[f'{outcome}_error'].median():.2g} in the middle one, and "
        f"{table[f'{outcome}_simulated_error'].median():.2g} by its own runs alone. The ranks of the municipalities by "
        f"two halves of the draws have a correlation of {check['alike']:.2f}.",
    ]  # fmt: skip
    top = table.head(SHOWN)
    listed = pd.DataFrame({"place": top["place"]})
    for name, words in {"courses": "courses", **PLURALS}.items():
        ends = zip(top[name], top[f"{name}_low"], top[f"{name}_high"], strict=True)
        listed[words] = [_range(*row, 2 if name == "reoffenders_any" else 1) for row in ends]
    head = f"The first {len(top)} (in brackets 95 % of the draws):"
    answer += ["WHICH MUNICIPALITY NEXT", *lines, "", head, listed.to_string(index=False), ""]
    return {"volunteers": table.to_dict("records"), "checks": checks.to_dict("records")}


def _range(mean, low, high, digits):  # type: ignore[no-untyped-def]
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})".replace("-", "−")


def _order(study, whole, none, costs, here, answer):  # type: ignore[no-untyped-def]
    import numpy as np

    from experiments.figures.priorities import orders_figure
    from experiments.studies.rollout.municipality_order import BEST, RAW, cube, judged, naive_orders, order_table

    outcome, plan, country, folder = OUTCOME_OF[study["outcome"]], study["plan"], study["country"], study["folder"]
    years = plan.offer.last_year or plan.years
    drawn = costs.drawn(len(set(whole.draws.tolist())), seed=study["seed"])
    course, open_a_year = (drawn[key][whole.draws][:, None] for key in ("course", "open_a_year"))
    cost = whole.courses["started"].sum(axis=2) * course + years * open_a_year
    value, expected = whole.avoided[outcome].sum(axis=2), whole.expected(outcome, whole.worth(outcome))
    naive = naive_orders(here, country.expected()[country.at(here)])
    released = cube(none, ["released"], [place.name for place in here])[1]["released"]
    richest = released[:, :, 1] / np.maximum(1.0, released.sum(axis=2))
    found = judged(value, expected, cost, richest, naive, whole.draws, seed=study["seed"])
    table = order_table(found, value, expected, cost, whole, here)
    curves, regret, promised = found.curves(), found.regret(), found.exaggerated()
    for name, each in (("order", table), ("budget", curves), ("regret", regret), ("promised", promised)):
        folder.table(name, each)
    price, plural = f"{found.budgets[-1] / 1e6:,.0f} million kr.", PLURALS[outcome]
    title = f"{plan.name}: everything open costs {price}"
    folder.figure("order", orders_figure(curves, regret, outcome=outcome, title=title))
    best = curves[(curves["order"] == BEST) & (curves["share"] == 0.5)].iloc[0]
    lost = regret[regret["share"] == 0.5].sort_values("part").to_dict("records")
    tied = [row["order"] for row in lost if row["part"] < 2 * row["part_error"]]
    less = {row["order"]: f"{row['order']} {100 * row['part']:.1f} % (± {200 * row['part_error']:.1f})" for row in lost}
    rest = [words for name, words in less.items() if name not in tied]
    lines = [
        f"Everything open costs {price} over {years} years. By value per krone: "
        f"{', '.join(table['place'].head(SHOWN))} ... and last {', '.join(table['place'].tail(3))}.",
        f"For half of that this order avoids {best['mean']:,.0f} {plural} (95 % of the draws {best['low']:,.0f} to "
        f"{best['high']:,.0f}; simulation error {best['error']:,.0f}), judged by draws that did not choose it.",
        f"Not worse, as far as the simulation can tell: {_and(tied) if tied else 'none of the naive orders'}."
        f"{f' Worse: {_and(rest)}.' if rest else ''}",
        *(_luck(row, words) for row in promised[promised["share"] == 0.5].to_dict("records") for name, words in (
            (RAW, "as simulated"), (BEST, "with small places pulled together")) if row["order"] == name),
    ]  # fmt: skip
    answer += ["WHICH MUNICIPALITIES FIRST, FOR A BUDGET", *lines, ""]
    return {"order": table.to_dict("records"), "regret": regret.to_dict("records"),
            "promised": promised.to_dict("records"), "budget": curves.to_dict("records")}  # fmt: skip


def _luck(row, words):  # type: ignore[no-untyped-def]
    """How far choosing and judging by the same runs would have exaggerated."""
    promised, kept, lot = row["promised"], row["kept"], row["lot"]
    if kept <= max(0.0, lot):
        return f"The order {words} wins nothing over one by lot; by the runs that chose it {promised - lot:.2g}."
    over, gain = f"{100 * (promised / kept - 1):.1f} %", f"{(promised - lot) / (kept - lot):.2f}"
    return (f"Judged by the very runs that chose it, the order {words} would have promised {over} more than it keeps: "
            f"{gain} times what it wins over one by lot.")  # fmt: skip
