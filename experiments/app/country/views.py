"""The views of the panel "The whole country": what is laid out where. Numbers and pictures are made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.charts import Spec
from experiments.app.country import charts, facts, kroner, plans
from experiments.app.country import map as maps
from experiments.app.country import municipalities as places
from experiments.app.country.panel import CURVE, OF, RUNGS, SHAPE, SHOWN, VIEW
from experiments.app.country.runs import RUNS
from experiments.app.country.study import Plans, PlanSheet, all_steps
from experiments.app.parts import figure
from experiments.app.parts.controls import choice
from experiments.language.plan_text import title_text
from experiments.studies.rollout.plan import RolloutPlan

if TYPE_CHECKING:
    import pandas as pd

    from experiments.app.country.plans import RequestedPlan

OFTEN, MORE, SELDOM = 0.5, 0.1, 3.0
"""Seconds between two looks at a study that is computed, so many more for each that waits, and at most."""


def show(w: PageMessages, both: Sequence[RolloutPlan], *, draws: int, seed: int) -> None:
    """Everything beside the controls: the answers, and the view that was chosen."""
    asked = plans.asked("plans", both, draws=draws, seed=seed)
    study = RUNS.known(asked)
    if study is None:
        _wait(w, asked)
    else:
        st.html(facts.cards(w, study))
    view: Any = st.segmented_control(
        w("country.views"), VIEW.codes, key=VIEW.key, format_func=lambda code: w(f"set.cview.{code}"),
        label_visibility="collapsed", required=True, wrap=True,
    )  # fmt: skip
    if view == "map":
        mapped(w, both, asked, study)
    elif view == "ladder":
        ladder(w, both[0], draws=draws, seed=seed)
    elif view == "compare" and len(both) < 2:
        st.info(w("country.compare.choose"))
    elif study is None:
        st.info(w("country.wait.not-yet"))
    else:
        VIEWS[view](w, asked, study)
    st.caption(w("country.intervals", n=draws))


def _wait(w: PageMessages, asked: RequestedPlan) -> None:
    """How far a study has come, looked at again and again; the page is run anew when it is there."""

    @st.fragment(run_every=min(SELDOM, OFTEN + MORE * RUNS.waiting()))
    def look() -> None:
        status = RUNS.ask(asked)
        if status.result is not None:
            st.rerun()
        if status.problem:
            st.error(w("country.wait.problem", problem=status.problem))
            return
        kind = "full" if status.full else "queue" if status.before else "runs" if status.whole else "begins"
        text = w(f"country.wait.{kind}", n=status.before, done=status.done, whole=status.whole)
        st.progress(status.done / status.whole if status.whole else 0.0, text=text)

    look()


def _numbers(w: PageMessages, asked: RequestedPlan, name: str, spec: Spec | None, table: pd.DataFrame) -> None:
    figure.downloads(w, name, spec, facts.plain(table), partial(facts.made, asked))


def _show(w: PageMessages, asked: RequestedPlan, name: str, spec: Spec, table: pd.DataFrame, more: str = "") -> None:
    figure.with_numbers(w, name, spec, facts.plain(table), partial(facts.made, asked, more))


def _side_by_side(w: PageMessages, study: Plans, draw: Callable[[PlanSheet, str], None]) -> None:
    """Draw each plan of a study, two beside each other."""
    columns = st.columns(len(study.sheets))
    for column, sheet, title in zip(columns, study.sheets, facts.titles_of(w, study), strict=True):
        with column:
            draw(sheet, title)


def _files(w: PageMessages, asked: RequestedPlan, more: str = "") -> None:
    """The plans as files, and the command that computes the same numbers."""
    with st.expander(w("country.files.title")):
        st.markdown(w("country.files.text"))
        st.code(facts.command(asked) + more, language=None)
        row = st.container(horizontal=True)
        for name, text in facts.files(asked).items():
            row.download_button(w("country.files.button", name=name), text, name, "application/toml",
                                key=f"file-{asked.kind}-{name}", on_click="ignore")  # fmt: skip
        if not facts.files(asked):
            st.markdown(w("country.files.shipped"))


# Views ---------------------------------------------------------------------------------------------------------


def mapped(w: PageMessages, both: Sequence[RolloutPlan], asked: RequestedPlan, study: Plans | None) -> None:
    """The map by municipality, or the map of tiles, of each plan; what a plan intends until it is computed."""
    wide, narrow = st.columns([2, 1], vertical_alignment="bottom")
    chosen, shape = choice(w, SHOWN, across=False, on=wide), choice(w, SHAPE, on=narrow)
    what = chosen if study is not None or chosen in places.PLANNED else "opens"
    if what != chosen:
        st.caption(w("country.map.meanwhile"))
    sheets: Sequence[PlanSheet | None] = study.sheets if study is not None else [None] * len(both)
    intends = [plans.intended(text) for text in asked.plans]
    own = [places.values(what, sheet, each) for sheet, each in zip(sheets, intends, strict=True)]
    every = [value for values in own for value in values.values()]
    cells = [places.cells_of(w, what, plan, values, every) for plan, values in zip(both, own, strict=True)]
    names, title = [facts.title_of(w, plan) for plan in both], w(f"country.map.title.{what}")
    st.html(places.key(cells, title))
    for k, (name, each) in enumerate(zip(names, cells, strict=True)):
        if len(both) > 1:
            st.subheader(name)
        file = _picture(w, what, each, title, shape, f"country-map-{k}")
        if study is not None:
            _numbers(w, asked, f"country-map-{k}", file, study.sheets[k].tables["by_municipality"])
    with st.expander(w("country.map.every")):
        st.table(places.listed(w, what, dict(zip(names, cells, strict=True))), border="horizontal")
    if study is not None:
        _files(w, asked)


def _picture(w: PageMessages, what: str, cells: places.Cells, title: str, shape: str, name: str) -> Spec:
    """One map on the page; the specification of its file, which has a legend."""
    about = places.described(w, what, cells)
    if shape == "tiles":
        for half, column in zip(maps.HALVES, st.columns([len(half) for half in maps.HALVES]), strict=True):
            spec = maps.tiles(w, cells, what, title, about, columns=half)
            figure.show(f"{name}-{half.start}", spec, on=column)
        return maps.tiles(w, cells, what, title, about, legend=True)
    wide, narrow = st.columns([1.3, 1])
    figure.show(name, maps.land(w, cells, title, about), on=wide)
    figure.show(f"{name}-near", maps.land(w, cells, title, about, near=True), on=narrow)
    return maps.whole_map(w, cells, title, about)


def in_words(w: PageMessages, asked: RequestedPlan, study: Plans) -> None:
    """The answer on each plan, as the command line writes it."""
    for sheet in study.sheets:
        answer = sheet.result.answer(w.language)
        text = answer.text()
        st.subheader(title_text(sheet.plan, w))
        st.caption(w("country.of-hundred", n=study.draws))
        for paragraph in (*answer.sentences, *answer.notes):
            st.markdown(paragraph)
        file = f"desist-{sheet.plan.name}-{w.language}.txt"
        row = st.container(horizontal=True)
        row.download_button(w("country.report"), partial(_report, asked, file, text), file, "text/plain", key=file,
                            on_click="ignore")  # fmt: skip
        book = file.replace(".txt", ".xlsx")
        row.download_button(w("country.workbook"), partial(sheet.result.workbook, w.language), book, figure.XLSX,
                            key=book, on_click="ignore")  # fmt: skip
    _files(w, asked)
    for sheet in study.sheets:
        _numbers(w, asked, f"country-summary-{sheet.plan.name}", None, sheet.tables["summary"])


def _report(asked: RequestedPlan, file: str, text: str) -> bytes:
    """The file of a report, with its receipt as the last line."""
    from experiments.provenance.stamps import stamped

    return stamped(file, f"{text}\n".encode(), facts.made(asked))


def volunteers(w: PageMessages, asked: RequestedPlan, study: Plans) -> None:
    """Volunteers there and needed, and below them the people who are matched and who wait."""

    def draw(sheet: PlanSheet, title: str, *, name: str, columns: Sequence[str], top: float) -> None:
        spec = charts.supply(w, sheet, columns, title=title, top=top)
        _show(w, asked, f"country-{name}-{sheet.plan.name}", spec, sheet.tables["supply"])

    for name, columns in (("crew", charts.CREW), ("queue", charts.PEOPLE)):
        top = charts.highest(study.sheets, columns)
        st.subheader(w(f"country.supply.{name}"))
        _side_by_side(w, study, partial(draw, name=name, columns=columns, top=top))
    st.caption(w("country.supply.bands"))


def people(w: PageMessages, asked: RequestedPlan, study: Plans) -> None:
    """What happens by year, and why people miss out."""
    sheets, titles = study.sheets, facts.titles_of(w, study)
    outcome = choice(w, CURVE)
    spec = charts.curves(w, sheets, titles, outcome)
    _show(w, asked, "country-years", spec, facts.joined(study, "by_year"))
    st.caption(w("country.bands"))
    spec = charts.reasons(w, sheets, titles)
    _show(w, asked, "country-reasons", spec, facts.joined(study, "missing_out"))

    def draw(sheet: PlanSheet, title: str) -> None:
        spec = charts.reasons_by_year(w, sheet, title=w("country.reasons.by-year", plan=title))
        _show(w, asked, f"country-reasons-{sheet.plan.name}", spec, sheet.tables["missing_out_by_year"])

    _side_by_side(w, study, draw)


def money(w: PageMessages, asked: RequestedPlan, study: Plans) -> None:
    """Kroner by payer, what one krone saves in three ways, and the gain by year."""
    sheets, ends = study.sheets, kroner.payer_ends(study.sheets)

    def draw(sheet: PlanSheet, title: str) -> None:
        spec = kroner.payer_bars(w, sheet, title=title, ends=ends)
        _show(w, asked, f"country-payers-{sheet.plan.name}", spec, sheet.tables["payers"])

    st.subheader(w("country.kroner.title"))
    _side_by_side(w, study, draw)
    st.subheader(w("country.ways.title"))
    for sheet, title in zip(sheets, facts.titles_of(w, study), strict=True):
        if len(sheets) > 1:
            st.markdown(f"**{title}**")
        st.table(facts.ways_table(w, sheet), border="horizontal")
    st.caption(w("country.ways.text"))
    spec = kroner.budget(w, sheets, facts.titles_of(w, study))
    _show(w, asked, "country-budget", spec, facts.joined(study, "budget"))


def compare(w: PageMessages, asked: RequestedPlan, study: Plans) -> None:
    """The plan against the one beside it, with common random numbers."""
    titles = facts.titles_of(w, study)
    st.subheader(w("country.compare.title", plan=titles[0], other=titles[1]))
    _show(w, asked, "country-differences", kroner.forest(w, study, titles), study.between["differences"])
    st.caption(w("country.compare.bands"))
    st.markdown(facts.gain_between(w, study))
    assert study.comparison is not None
    st.caption(w("country.of-hundred", n=study.draws))
    st.markdown("\n".join(f"- {line}" for line in study.comparison.answer(w.language).sentences))
    _files(w, asked)


def ladder(w: PageMessages, plan: RolloutPlan, *, draws: int, seed: int) -> None:
    """The ladder from headline to street; rungs can be clicked away."""
    from experiments.app.country import ladder as steps

    asked = plans.asked("ladder", [plan], draws=draws, seed=seed)
    found = RUNS.known(asked)
    kind = choice(w, OF)
    chosen: Any = st.pills(
        w("set.crungs.label"), RUNGS.codes, selection_mode="multi", key=RUNGS.key, help=w("set.crungs.help"), wrap=True,
        format_func=lambda name: w(f"country.rung.{name}"),
    )  # fmt: skip
    if found is None:
        _wait(w, asked)
        return
    rungs = tuple(name for name in all_steps() if name in chosen)
    made = steps.tables_of(found, rungs)
    more = facts.without([name for name in all_steps() if name not in rungs])
    _show(w, asked, "country-ladder", steps.waterfall(w, made[kind], kind), made[kind], more)
    st.caption(w("country.ladder.note", n=draws))
    _files(w, asked, more)


VIEWS: dict[str, Callable[[PageMessages, RequestedPlan, Plans], None]] = {
    "words": in_words, "volunteers": volunteers, "people": people, "kroner": money, "compare": compare,
}  # fmt: skip
