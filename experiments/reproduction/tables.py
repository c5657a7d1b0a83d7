"""The tables of the documents, line by line, each from tables of ``results/``; and how a number is written there."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any

import pandas as pd

from experiments.provenance.csv_tables import kept_table
from experiments.reproduction.headline_studies import STUDIES
from experiments.reproduction.times import format_seconds
from experiments.verification.stored_measurements import fault_summary
from simulation.parameters import ParameterError

Row = Mapping[str, Any]
HOW = re.compile(r"(%|P|M)?(-?\d)")
WIDTH = 127
"""Characters of a line of a paragraph."""
UNITS = {None: 1.0, "%": 100.0, "P": 100.0, "M": 1e-6}


def rows_of(table: pd.DataFrame) -> list[Row]:
    """Rows of a table, as they stand."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


@cache
def read(path: Path) -> pd.DataFrame:
    """A table of ``results/``, or facts as one row; raises ``ParameterError`` if it is not there."""
    if not path.is_file():
        study = path.parent.as_posix().rpartition("results/")[2]
        raise ParameterError(f"table [{path.name}] is not in results/{study}; run desist reproduce {study}")
    if path.suffix == ".json":
        return pd.json_normalize(json.loads(path.read_text(encoding="utf-8")))
    return kept_table(path)


def number(value: object, how: str = "") -> str:
    """A value as documents write it; a text as it is, and a dash where a number is not known.

    ``how`` is the digits after the point, as ``2``; ``-1`` rounds to tens. ``%1`` writes a share (0-1) in per cent,
    ``P1`` in points without a sign, ``M0`` kroner in millions. ``~`` gives two digits below 1 and one above; nothing
    gives as few as it takes. Raises ``ParameterError`` if there is no such form.

    >>> number(1234.5, "-1"), number(0.125, "%0"), number(0.333, "~"), number(-0.001, "1"), number(float("nan"), "1")
    ('1,230', '12 %', '0.33', '0.0', '–')
    """
    if not isinstance(value, (int, float)) and not hasattr(value, "dtype"):
        return str(value)
    amount = float(value)  # type: ignore[arg-type]
    if amount != amount:
        return "–"
    if how in ("", "~"):
        return f"{amount:g}" if not how else f"{amount:z.{2 if abs(amount) < 0.995 else 1}f}"
    match = HOW.fullmatch(how)
    if match is None:
        raise ParameterError(f"form is [{how}]; allowed is ~, or digits as in 2 and -1, with %, P or M before them")
    digits = int(match[2])
    return f"{round(amount * UNITS[match[1]], digits):z,.{max(0, digits)}f}{' %' if match[1] == '%' else ''}"


def span(row: Row, middle: str = "mean", how: str = "~", low: str = "low", high: str = "high") -> str:
    """A figure with its interval; alone where there is none."""
    text = number(row[middle], how)
    if row[low] != row[low] or row[low] == row[high]:
        return text
    return f"{text} ({number(row[low], how)} to {number(row[high], how)})"


def lined(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown: the head, the rule below it, and the rows."""
    first, *others = ["|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|" for cells in [head, *rows]]
    return [first, f"|{'---|' * len(head)}", *others]


TEXTS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""What the rows and columns of the tables are called, by their names in ``results/``."""

# The ladder ---------------------------------------------------------------------------------------------------

FULL = "ladder/nationwide-at-once"
LADDERS = (
    "todays-area", "nationwide-at-once", "nationwide-over-five-years", "highest-risk-only", "investment-fund-420",
)  # fmt: skip


def ladder(table: pd.DataFrame, head: str, top: Sequence[str]) -> list[str]:
    """A ladder: what is left after each step, its factor, the same over all orders, and the final value without it.

    ``top`` is what the headline is called, and the form of its figure.
    """
    rows = []
    for row in rows_of(table):
        if row["step"] == "headline":
            rows.append([top[0], number(row["figure"], top[1]), "", "", ""])
            continue
        error = row["factor_error"]
        times = number(row["factor"], "2") + (f" ± {number(error, '2')}" if error >= 0.005 else "")
        shared = number(row["over_orders"], "2")
        rows.append([f"`{row['step']}`", span(row, "figure"), times, shared, number(row["without"], "~")])
    return lined(["step", head, "factor", "over all orders", "final value without it"], rows)


def ladder_points(results: Path) -> list[str]:
    """The ladder of points, the whole country at once."""
    return ladder(read(results / FULL / "points.csv"), "points left", ("the trial as reported", "0"))


def ladder_kroner(results: Path) -> list[str]:
    """The ladder of kroner, the whole country at once."""
    top = ("38 points × 764,000 / 36,667", "1")
    return ladder(read(results / FULL / "kroner.csv"), "one krone brings back", top)


def ladder_plans(results: Path) -> list[str]:
    """What is left after all steps, plan by plan."""
    rows = []
    for plan in LADDERS:
        folder = results / "ladder" / plan
        points, kroner, left = (read(folder / f"{name}.csv") for name in ("points", "kroner", "left"))
        (course,) = rows_of(left[(left["per"] == "started course") & (left["definition"] == "any")])
        back, foot = rows_of(kroner)[-1], rows_of(points)[-1]
        rows.append([f"`{plan}`", span(foot, "figure"), span(course, "figure"), span(back, "figure"),
                     number(back["above_one"], "%0")])  # fmt: skip
    return lined(["plan", "points per released person", "per started course", "one krone brings back",
                  "more than itself in"], rows)  # fmt: skip


# Power --------------------------------------------------------------------------------------------------------

def power_truths(results: Path) -> list[str]:
    """What trials of 97 people find under four truths, and how many people are needed."""
    rows = []
    for name, words in TEXTS["truths"].items():
        (row,) = rows_of(read(results / "power" / name / "power.csv"))
        sizes = read(results / "power" / name / "sizes.csv").set_index("why")["size"]
        found = [number(100 * row["difference"], "1"), number(row["favour"], "%1"), number(row["against"], "%1"),
                 number(100 * row["width"], "0")]  # fmt: skip
        needed = [number(sizes[target], "0") if target in sizes else "none" for target in ("80 %", "90 %")]
        if row["exaggeration"] != row["exaggeration"]:
            rows.append([words, *found, "no truth to exaggerate", "", *needed])
            continue
        many = f"{number(100 * row['reported'], '0')} points, {number(row['exaggeration'], '1')} times the truth"
        rows.append([words, *found, many, number(row["wrong_sign"], "%1"), *needed])
    return lined([*TEXTS["power"].values()], rows)


# Plans --------------------------------------------------------------------------------------------------------

COMPARED = "compare/todays-area-nationwide-over-five-years-nationwide-at-once"


def plans(results: Path) -> list[str]:
    """Three plans beside each other: courses, reoffenders avoided, kroner, and the probability of paying back."""
    found, payers = read(results / COMPARED / "plans.csv"), read(results / COMPARED / "break_even.csv")
    named, rows = TEXTS["plans"], []
    for outcome, words in TEXTS["counted"].items():
        own = {row["plan"]: row for row in rows_of(found[found["outcome"] == outcome])}
        rows.append([words, *(span(own[plan], how="-1" if outcome == "started" else "0") for plan in named)])
    public = {row["plan"]: row for row in rows_of(payers[payers["payer"] == "public total"])}
    gains = [span(public[plan], "gain", "M0", "gain_low", "gain_high") for plan in named]
    rows.append(["public gain, million kr., item by item", *gains])
    ways = read(results / COMPARED / "per_krone.csv")
    for method, words in TEXTS["methods"].items():
        back = {row["plan"]: row["back"] / row["draws"] for row in rows_of(ways[ways["method"] == method])}
        rows.append([f"money back, of 100 draws: {words}", *(number(100 * back[plan], "0") for plan in named)])
    return lined(["", *named.values()], rows)


# Priorities ---------------------------------------------------------------------------------------------------

FIRST = "priorities/nationwide-at-once"
SERVED = 0.25


def rules(results: Path) -> list[str]:
    """What each rule avoids per course over the longest horizon; which is best over the shortest and the longest."""
    table = read(results / FIRST / "rules.csv")
    table = table[table["capacity"] == SERVED]
    soon, late = int(table["horizon"].min()), int(table["horizon"].max())
    names, rows = TEXTS["rules"], []
    for effect, believed in TEXTS["believed"].items():
        for outcome, words in TEXTS["outcomes"].items():
            own = table[(table["effect"] == effect) & (table["outcome"] == outcome)]
            far = {row["rule"]: row for row in rows_of(own[own["horizon"] == late])}
            best = [_best(own[own["horizon"] == horizon]) for horizon in (soon, late)]
            rows.append([f"{believed}: {words}", *(number(far[rule]["each_mean"], "2") for rule in names), *best])
    head = f"{number(SERVED, '%0')} served, avoided per course in {late} years"
    return lined([head, *names.values(), f"best, in {soon} years", f"in {late} years"], rows)


def _best(rows: pd.DataFrame) -> str:
    row = max(rows_of(rows), key=lambda row: row["best"])
    return f"{row['rule'].removesuffix(' risk')}, {number(row['best'], '%0')} of draws"


def orders(results: Path) -> list[str]:
    """How much less each naive order of municipalities avoids than the best, for half of the budget."""
    table = read(results / FIRST / "regret.csv")
    half = table[table["share"] == 0.5].sort_values("part")
    return lined(["against the best order, half of the budget", "offences less"],
                 [[str(row["order"]), f"{number(row['part'], '%1')} ± {number(200 * row['part_error'], '1')}"]
                  for row in rows_of(half)])  # fmt: skip


# Checks of the model -----------------------------------------------------------------------------------------

VERDICTS = ("holds", "fails", "inconclusive")


def checks(results: Path) -> list[str]:
    """How many invariants, analytical checks, controls and patterns hold."""
    table = read(results / "check-model" / "verdicts.csv")
    kinds = {words: table[table["kind"] == kind] for kind, words in TEXTS["checks"].items()}
    kinds["of these, not fitted to"] = table[(table["kind"] == "pattern") & (table["fitted"] == "not fitted to")]
    rows = [[words, number(len(rows)), *(number((rows["verdict"] == verdict).sum()) for verdict in VERDICTS)]
            for words, rows in kinds.items()]  # fmt: skip
    return lined(["", "checked", "hold", "fail", "inconclusive"], rows)


RATIOS = ("falling hazard", "age", "earlier convictions")
"""What is left out and no share."""


def left_out(results: Path) -> list[str]:
    """Each figure that was left out of the fitting: predicted, observed, and how probable that is."""
    rows = []
    for row in rows_of(read(results / "check-model" / "left_out.csv")):
        how = "2" if row["left_out"] in RATIOS else "%0"
        rows.append([row["left_out"], row["what"], span(row, "predicted", how), number(row["observed"], how),
                     number(row["p"], "3"), row["verdict"]])  # fmt: skip
    return lined(["left out", "figure", "predicted (95 %)", "observed", "p", ""], rows)


def planted_faults(results: Path) -> list[str]:
    """What became of the planted faults, and the share that is noticed."""
    found = fault_summary(read(results / "check-model" / "faults.csv"))
    outcomes = found["outcomes"]
    rows = [[words, number(found["how"].get(name, 0))] for name, words in TEXTS["noticed"].items()]
    share, low, high = (number(found[name], "%1") for name in ("share", "low", "high"))
    whole = f"**{found['noticed']} of {found['counted']}: {share} ({low} to {high})**"
    rows += [["missed", number(outcomes["missed"])], ["**noticed, of those that change something**", whole],
             ["not counted: no difference", number(outcomes["no difference"])],
             ["not counted: does not run", number(outcomes["does not run"])],
             ["noticed, if those without a difference were misses", number(found["least"], "%1")]]  # fmt: skip
    return lined(["planted faults", f"{found['planted']}"], rows)


# Times --------------------------------------------------------------------------------------------------------


def times(results: Path) -> list[str]:
    """How long each study took: by the clock, and of all processors."""
    rows = rows_of(read(results / "times.csv"))
    names = {study.name: study for study in STUDIES}
    spent = ("seconds", "processor_seconds")
    lines = [
        [f"`{row['study']}`", names[row["study"]].question, *(format_seconds(row[name]) for name in spent)]
        for row in rows if row["study"] in names
    ]  # fmt: skip
    both = (format_seconds(sum(row[name] for row in rows)) for name in spent)
    return lined(["study", "question", "by the clock", "of all processors"], [*lines, ["all of these", "", *both]])


CLAIM_STEPS = {
    "claim": "38 points × 764,000 / 36,667",
    "value": "505,300, LN(505300, 0.25), for no new crime",
    "price": "33,000, LN(33000, 0.30)",
    "like-the-trial": "the posterior's difference, in a group like the trial's",
    "signed-up": "the same, for all who would sign up, at every risk",
    "discounting": "3.5 % a year",
    "prison-day": "a part of a prison day's cost, U(0.3, 1.0)",
}
"""The steps of the claim of 8 : 1, as the document names them."""


def claim(results: Path) -> list[str]:
    """What one krone saves when one assumption of the claim after another is replaced."""

    def ratio(row: Row, middle: str) -> str:
        ends = ("low", "high") if middle == "ratio" else ("alone_low", "alone_high")
        fixed = row[ends[0]] == row[ends[1]]
        return number(row[middle], "1") if fixed else span(row, middle, "1", *ends)

    rows = [[CLAIM_STEPS[row["step"]], ratio(row, "ratio"), number(row["pays_back"], "%0"),
             number(row["break_even"], "P1"), ratio(row, "alone")]
            for row in rows_of(read(results / "claim/steps.csv"))]  # fmt: skip
    head = ["step, on top of those above", "one krone saves", "pays back", "break-even, points", "this step alone"]
    return lined(head, rows)


def sweep_found(results: Path) -> list[str]:
    """What the default sweep finds, as a paragraph: how many points fit well, and how strong an effect they need."""
    table = read(results / "effect" / "points.csv")
    good = table[table["inside_67"]]
    weakest = float(good["effect.hazard_ratio"].max())
    return fill(
        f"At {len(good)} of the {len(table)} points the reported result is inside the 67 % likelihood region. All of "
        f"them need a strong effect: a hazard ratio of {weakest:g} or less while mentor and mentee meet, that is, at "
        f"least {100 * (1 - weakest):.0f} % fewer offences.", WIDTH
    ).splitlines()  # fmt: skip


TABLES: dict[str, Callable[[Path], list[str]]] = {
    made.__name__: made
    for made in (claim, ladder_points, ladder_kroner, ladder_plans, power_truths, plans, rules, orders, checks,
                 left_out, planted_faults, sweep_found, times)
}
"""The tables by the names that documents call them."""
