"""Reports of ``desist trial`` and ``desist sweep``: what a trial reports, and what must be true for 29 against 67 %."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.inputs.parameter_points import EFFECT, STRENGTH
from experiments.inputs.trial_result import (
    ANALYSES,
    CONTROL_PERCENT,
    MENTORED_PERCENT,
    REGION_67,
    REGION_95,
    no_effect,
)
from experiments.language.formatting import Language
from experiments.reports.catalogue import ReportMessages
from experiments.reports.figures import ranges, stacks
from experiments.reports.grades import for_receipt, read_table, tags_in, trial_parts, trial_uncertainty
from experiments.reports.names import sources
from experiments.reports.page import Grid, Page, Part, capitalised, picture
from simulation.parameters import Prior

SETTINGS = ("as-reported", "pooled", "sceptical", "trial")
HALF_LIFE = "programme.half_life_months"


def terms_of(w: ReportMessages, *more: str) -> list[tuple[str, str]]:
    """Terms that reports about the trial use, and what they mean."""
    names = ("study.risk", "study.controls", "common.points", *more)
    own = [(w("common.pm"), w("common.pm_means"))]
    return own + [(w(f"{name}_term") if w.has(f"{name}_term") else w(name), w(f"{name}_means")) for name in names]


def trial_report(
    name: str, w: ReportMessages, parts: list[Part], answer: list[str], *, people: str = "",
    further: tuple[str, ...] = (), terms: tuple[str, ...] = (), draws: Path | None = None,
) -> Page:  # fmt: skip
    """The page of a study of the trial: its own parts, then assumptions and what would change the answer.

    ``people`` is the number in the question; ``further`` are points that would change the answer; ``draws`` is the file
    by which the uncertainty is divided (None for the draws that come with Desist).
    """
    divided = trial_uncertainty(draws)
    parts = [*parts, *trial_parts(w, divided, further)]
    return Page(
        language=w.language, kind=w(f"{name}.kind"), title=w(f"{name}.title"),
        question=f"{w('study.trial_background')} {w(f'{name}.question', n=people)}", answer=answer, parts=parts,
        terms=terms_of(w, *terms), sources=sources(tags_in(parts)), grades=for_receipt(divided),
    )  # fmt: skip


# The trial ----------------------------------------------------------------------------------------------------


def trial_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist trial`` under the four settings of the effect."""
    w, table = ReportMessages(language), read_table(folder, "settings")
    rows = {str(row["setting"]): row for row in table[table["analysis"] == ANALYSES[0]].to_dict("records")}
    shown = {name: w(f"settings.{name}") for name in SETTINGS}
    figure = ranges(
        [(shown[name], [_ends(rows[name], arm) for arm in ("mentored", "control")]) for name in SETTINGS],
        names=[w("study.mentored"), w("study.control")], w=w, axis=w("study.reoffended"), unit=" %",
        dashed=[(MENTORED_PERCENT, w("study.reported", n=str(MENTORED_PERCENT))),
                (CONTROL_PERCENT, w("study.reported", n=str(CONTROL_PERCENT)))],
    )  # fmt: skip
    alt = w("trial.alt", rows="; ".join(
        w("trial.alt_row", name=shown[name], **{arm: w.percent(rows[name][arm]) for arm in ("mentored", "control")})
        for name in SETTINGS
    ))  # fmt: skip
    grid = Grid(
        caption=w("trial.table"),
        head=[w("trial.setting"), capitalised(w("study.mentored")), capitalised(w("study.control")), w("trial.far"),
              w("trial.fit")],
        rows=[[capitalised(shown[name]), _spanned(rows[name], "mentored", w), _spanned(rows[name], "control", w),
               w.percent(rows[name]["as_far_apart"]), w(f"trial.fit_{fit(rows[name]['relative_likelihood'])}")]
              for name in SETTINGS],
    )  # fmt: skip
    parts = [
        Part(title=w("common.figures"), pictures=[picture(figure, alt=alt, caption=w("trial.fig"))]),
        Part(title=w("common.uncertainty"), paragraphs=[
            w("trial.chance", trials=w.number(manifest.get("trials", 0), 0)), w("study.fits"),
        ], grids=[grid]),
    ]  # fmt: skip
    return trial_report("trial", w, parts, trial_answer(rows, w), further=(w("study.larger"),),
                        terms=("common.chance",))  # fmt: skip


def trial_answer(rows: Mapping[str, Mapping[Any, Any]], w: ReportMessages) -> list[str]:
    """Five sentences from the rows of the four settings."""
    pooled = rows["pooled"]
    found: dict[str, list[str]] = {"yes": [], "open": [], "no": []}
    for name in SETTINGS:
        found[fit(rows[name]["relative_likelihood"])].append(w(f"settings.{name}"))
    listed = {kind: ", ".join(names) or w("trial.nobody") for kind, names in found.items()}
    return [
        w("trial.no_effect", far=w.percent(rows["trial"]["as_far_apart"])),
        w("trial.pooled", far=w.percent(pooled["as_far_apart"]), mentored=w.percent(pooled["mentored"]),
          control=w.percent(pooled["control"])),
        w("trial.reported", far=w.percent(rows["as-reported"]["as_far_apart"])),
        w("trial.spread", low=fewer(pooled["difference_low"], w), high=fewer(pooled["difference_high"], w)),
        w("trial.verdict", fits=listed["yes"], open=listed["open"], out=listed["no"]),
    ]  # fmt: skip


def fewer(gap: float, w: ReportMessages) -> str:
    """So many percentage points fewer, or more."""
    return w("study.n_fewer" if gap >= 0 else "study.n_more", n=w.points(abs(gap), 0))


def fit(likelihood: float) -> str:
    """Whether a relative likelihood fits, is open, or is unlikely: inside the 67 %, the 95 % region, or outside."""
    return "yes" if likelihood >= REGION_67 else "open" if likelihood >= REGION_95 else "no"


def _ends(row: Mapping[Any, Any], name: str) -> tuple[float, float, float]:
    return 100 * row[name], 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]


def _spanned(row: Mapping[Any, Any], name: str, w: ReportMessages) -> str:
    middle, low, high = _ends(row, name)
    return f"{w.percent(middle / 100)} ({w.to(w.number(low, 0), w.number(high, 0))})"


# The sweep ----------------------------------------------------------------------------------------------------


def sweep_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist sweep`` (the study ``effect``)."""
    w, table = ReportMessages(language), read_table(folder, "points")
    names = [w(f"sweep.{each}") for each in ("good", "open", "out")]
    by_strength, by_half_life = counted(table, STRENGTH), counted(table, HALF_LIFE)
    figure = stacks([(w.plain(value), parts) for value, parts in by_strength.items()], names=names, w=w,
                    axis=w("sweep.number"), across=w("sweep.axis"))  # fmt: skip
    alt = w("sweep.alt", rows="; ".join(
        w("sweep.alt_row", s=w.plain(value), **dict(zip(("good", "open", "out"), map(str, parts), strict=True)))
        for value, parts in by_strength.items()
    ))  # fmt: skip
    parts = [
        Part(title=w("common.figures"), pictures=[picture(figure, alt=alt, caption=w("sweep.fig"))]),
        Part(title=w("common.uncertainty"), paragraphs=[
            w("sweep.how", trials=w.number(manifest.get("replicates", 0), 0)), w("study.fits"),
        ], grids=[
            _counts(w("sweep.table"), w("sweep.strength"), by_strength, names, w),
            _counts(w("sweep.table_lasting"), w("sweep.months"), by_half_life, names, w),
        ]),
    ]  # fmt: skip
    return trial_report("sweep", w, parts, sweep_answer(table, w))


def counted(table: pd.DataFrame, key: str) -> dict[float, list[int]]:
    """Points inside the 67 % likelihood region, only inside the 95 % region, and outside, by the values of an axis."""
    kinds = table["relative_likelihood"].map(fit)
    found = pd.crosstab(table[key], kinds).reindex(columns=["yes", "open", "no"], fill_value=0)
    return {float(value): [int(n) for n in row] for value, row in zip(found.index, found.to_numpy(), strict=True)}


def sweep_answer(table: pd.DataFrame, w: ReportMessages) -> list[str]:
    """Five sentences from the points."""
    kinds, strength = table["relative_likelihood"].map(fit), table[STRENGTH]
    number = {kind: w.number(int((kinds == kind).sum()), 0) for kind in ("yes", "open", "no")}
    good, none = table[kinds == "yes"], kinds[strength == 1]
    if good.empty:
        strong = w("sweep.never")
    elif (good[STRENGTH] >= 1).any():
        strong = w("sweep.any_strength", n=w.number(int((good[STRENGTH] >= 1).sum()), 0))
    else:
        strong = w("sweep.strong", s=w.percent(float(good[STRENGTH].max())))
    against = no_effect()
    nothing = w("sweep.none", n=w.number(int((none != "no").sum()), 0), m=w.number(len(none), 0),
                risk=w.percent(against.risk, 0), likelihood=w.number(against.relative_likelihood),
                two_sided=w.number(against.two_sided), one_sided=w.number(against.one_sided))  # fmt: skip
    return [
        w("sweep.count", n=w.number(len(table), 0), good=number["yes"], open=number["open"], out=number["no"]), strong,
        nothing, _lasting(table, kinds, w), _usual(table, kinds, w),
    ]  # fmt: skip


def _lasting(table: pd.DataFrame, kinds: pd.Series, w: ReportMessages) -> str:
    ends = sorted(table[HALF_LIFE].unique())
    a, b = (float((kinds[table[HALF_LIFE] == end] == "yes").mean()) for end in (ends[0], ends[-1]))
    key = "sweep.lasting" if b > 1.25 * a else "sweep.lasting_same"
    return w(key, short=w.number(ends[0]), long=w.number(ends[-1]), a=w.percent(a), b=w.percent(b))


def _usual(table: pd.DataFrame, kinds: pd.Series, w: ReportMessages) -> str:
    """What the strength nearest to that of other trials gives."""
    wanted = Prior.read(EFFECT[0].prior).first
    values = np.sort(table[STRENGTH].unique())
    usual = float(values[np.abs(np.log(values / wanted)).argmin()])
    mine = kinds[table[STRENGTH] == usual]
    a, b = int((mine == "yes").sum()), int((mine == "open").sum())
    key = "sweep.usual_good" if a > len(mine) / 2 else "sweep.usual"
    return w(key, s=w.percent(usual), a=w.number(a, 0), b=w.number(b, 0), m=w.number(len(mine), 0))


def _counts(caption: str, first: str, rows: Mapping[float, list[int]], names: list[str], w: ReportMessages) -> Grid:
    return Grid(caption=caption, head=[first, *map(capitalised, names)], rows=[
        [w.plain(value), *(w.number(n, 0) for n in parts)] for value, parts in rows.items()
    ])  # fmt: skip
