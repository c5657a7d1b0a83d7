"""Two plans or more as a report: from the result of ``desist compare`` to the page."""

from __future__ import annotations

from experiments.language.compare import SHOWN, plans_table, titles
from experiments.language.formatting import Language
from experiments.language.plan_text import background_text, outcome_text, shown_outcomes, spanned
from experiments.reports.catalogue import ReportMessages
from experiments.reports.grades import GradedUncertainty, changes, for_receipt, grades_part, tags_in
from experiments.reports.names import sources
from experiments.reports.page import Grid, Page, Part, Picture, picture
from experiments.reports.plan import Facts, grid_of, plan_terms
from experiments.studies.result import StudyResult

PEOPLE, KRONER = "gap", "kroner"


def compare_page(
    result: StudyResult, doubt: GradedUncertainty | None, language: Language, receipt: list[tuple[str, str]], check: str
) -> Page:
    """The page; ``doubt`` divides the uncertainty of the differences, if there are draws enough."""
    w, facts = ReportMessages(language), result.facts
    names, draws = titles(facts, w), w.number(facts["draws"], 0)
    kind = w(f"plan.two_kinds_{facts['programme']['delivered_by']}")
    parts = [
        Part(title=w("common.figures"), pictures=_pictures(result, names, w)),
        Part(title=w("common.uncertainty"), paragraphs=[kind], grids=[_grid(facts, names, w)]),
        _assumed(doubt, w, draws),
        Part(title=w("common.change"), points=_change(doubt, names, w)),
    ]
    quoted = [f"“{name}”" if language == "en" else f"»{name}«" for name in names]
    behind = w("compare.background", about=background_text(w, facts["programme"]), draws=draws)
    return Page(
        language=language, kind=w("compare.kind"),
        title=w("compare.title", first=names[0], others=w.listed(names[1:])),
        question=f"{w('compare.question', titles=w.listed(quoted))} {behind}",
        answer=result.answer(language).sentences, parts=parts, terms=plan_terms(facts, w),
        sources=sources(tags_in(parts)), receipt=receipt, check=[check], grades=for_receipt(doubt),
    )  # fmt: skip


def _pictures(result: StudyResult, names: list[str], w: ReportMessages) -> list[Picture]:
    facts = result.facts
    shown = shown_outcomes({name: {} for name in SHOWN}, facts["programme"]["carrier"])

    def said(outcomes: Facts, keys: list[str]) -> str:
        return ", ".join(f"{outcome_text(w, key)} {w.several(outcomes[key]['mean'])[0]}" for key in keys)

    each = ". ".join(f"{name}: {said(plan['outcomes'], ['started', 'reoffenders_any'])}"
                     for name, plan in zip(names, facts["plans"], strict=True))  # fmt: skip
    last = facts["differences"][facts["plans"][-1]["plan"]["name"]]
    return [
        picture(result.figure("rollout", w.language), alt=w("compare.alt_years", plans=f"{each}."),
                caption=w("compare.fig_years")),
        picture(result.figure("differences", w.language),
                alt=w("compare.alt_gaps", gaps=f"{names[-1]}: {said(last, [*shown])}."),
                caption=w("compare.fig_gaps", first=names[0])),
    ]  # fmt: skip


def _grid(facts: Facts, names: list[str], w: ReportMessages) -> Grid:
    """The plans beside each other, and the public gain of each further one beyond the first."""
    table = grid_of(plans_table(facts, names, w))
    rows = [list(row) for row in table.rows]
    for k, (name, plan) in enumerate(zip(names[1:], facts["plans"][1:], strict=True), start=1):
        gain = w("compare.table.gain")
        label = w("compare.gap", gain=gain[:1].upper() + gain[1:], name=name, first=names[0])
        own = spanned(facts["gains"][plan["plan"]["name"]]["net"], w, million=True)
        rows.append([label, *(own if at == k else "" for at in range(len(names)))])
    return Grid(caption=table.caption, head=table.head, rows=rows)


def _assumed(doubt: GradedUncertainty | None, w: ReportMessages, draws: str) -> Part:
    if doubt is None:
        few = w("grades.too_few", draws=draws).replace("--grade-draws", "--draws")
        return Part(title=w("grades.title"), paragraphs=[w("grades.what"), few])
    names = {PEOPLE: w("compare.of_gap"), KRONER: w("compare.of_kroner")}
    return grades_part(doubt, w, names=names, census=doubt.inputs.census())


def _change(doubt: GradedUncertainty | None, names: list[str], w: ReportMessages) -> list[str]:
    points = []
    if doubt is not None:
        found = changes(doubt, PEOPLE, w, "compare.change", "number", plan=names[1], first=names[0])
        points = [each[:1].upper() + each[1:] for each in found] or [w("compare.change_same")]
    return [*points, w("plan.structure")]
