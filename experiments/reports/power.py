"""The report of ``desist power``: what a planned trial would find, and how large it must be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.language.formatting import Language
from experiments.reports.catalogue import ReportMessages
from experiments.reports.figures import curve
from experiments.reports.grades import read_table
from experiments.reports.page import Grid, Page, Part, picture
from experiments.reports.trial import trial_report

PLANNED, CURVE = "planned", "curve"
TARGETS = (0.8, 0.9)


def power_page(folder: Path, manifest: Mapping[str, Any], language: Language) -> Page:
    """The page of ``desist power`` on one truth."""
    w, found, sizes = ReportMessages(language), read_table(folder, "power"), read_table(folder, "sizes")
    planned, dots = sizes[sizes["why"] == PLANNED].iloc[0], sizes.dropna(subset=["simulated"])
    people = w.number(planned["size"], 0)
    figure = curve(
        list(zip(sizes["size"], sizes["power"], strict=True)),
        list(zip(dots["size"], dots["simulated"], dots["simulated_error"], strict=True)), w=w, axis=w("power.people"),
        up=w("power.found"), wanted=TARGETS, planned=(float(planned["size"]), f"{w('power.planned')}: {people}"),
    )  # fmt: skip
    shown = sizes[sizes["why"] != CURVE].to_dict("records")
    alt = w("power.alt", rows="; ".join(
        w("power.alt_row", n=w.number(each["size"], 0), p=w.percent(each["power"])) for each in shown
    ))  # fmt: skip
    grid = Grid(
        caption=w("power.table"),
        head=[w("power.size"), w("power.per_arm"), w("power.calculated"), w("power.simulated")],
        rows=[[w.number(each["size"], 0), w.number(each["per_arm"], 0), w.percent(each["power"]),
               f"{w.percent(each['simulated'])} ± {w.number(200 * each['simulated_error'], 1)}"
               if each["simulated"] == each["simulated"] else "–"] for each in shown],
    )  # fmt: skip
    level = w.percent(float(manifest.get("alpha", 0.05)), 0)
    parts = [
        Part(title=w("common.figures"), pictures=[picture(figure, alt=alt, caption=w("power.fig"))]),
        Part(title=w("common.uncertainty"), paragraphs=[w("power.how", level=level)], grids=[grid]),
    ]
    answer = power_answer(found.iloc[0].to_dict(), sizes, w)
    return trial_report("power", w, parts, answer, people=people, terms=("common.chance",))


def power_answer(row: Mapping[Any, Any], sizes: pd.DataFrame, w: ReportMessages) -> list[str]:
    """Five sentences: the truth, how often it is found, what is reported, how wide it is, how many people it takes."""
    planned = sizes[sizes["why"] == PLANNED]["size"].iloc[0]
    real = abs(row["difference"]) > 2 * row["difference_error"]
    finds = w("power.finds" if real else "power.no_truth", people=w.number(planned, 0), p=w.percent(row["favour"]),
              miss=w.percent(1 - row["favour"]))  # fmt: skip
    curse = w("power.no_curse")
    if real and row["exaggeration"] == row["exaggeration"]:
        curse = w("power.curse", n=w.points(row["reported"], 0), times=w.number(row["exaggeration"], 1))
    return [
        w("power.truth", mentored=w.percent(row["mentored"]), control=w.percent(row["control"]),
          n=w.points(row["difference"])),
        finds, curse, w("power.wide", n=w.points(row["width"], 0)), _needed(sizes, float(planned), w),
    ]  # fmt: skip


def _needed(sizes: pd.DataFrame, planned: float, w: ReportMessages) -> str:
    """How many people the first target takes, or that none of the sizes tried is enough."""
    target = w.percent(TARGETS[0], 0)
    wanted = sizes[sizes["why"] == f"{100 * TARGETS[0]:g} %"]
    if len(wanted):
        size = float(wanted["size"].iloc[0])
        return w("power.needed", target=target, n=w.number(size, 0), times=w.number(size / planned, 1))
    last = sizes.sort_values("size").iloc[-1]
    return w("power.impossible", target=target, n=w.number(last["size"], 0), p=w.percent(last["power"]))
