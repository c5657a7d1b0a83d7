"""Scenario discovery and value of information of a plan: what the studies answer, draw, write and refuse."""

from __future__ import annotations

import math
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.execution.context import RunContext
from experiments.execution.jobs import opened
from experiments.figures.discover import box_figure
from experiments.figures.voi import evppi_bars, evsi_curve
from experiments.inputs.posterior import SHIPPED, Posterior
from experiments.language.discover import answer, condition, label
from experiments.language.messages import Messages
from experiments.statistics.scenario_discovery import FEWEST, Box
from experiments.studies.catalogue import load_result
from experiments.studies.result import StudyResult, as_json
from experiments.studies.rollout.discover_study import DiscoverStudy, VoiStudy
from experiments.studies.rollout.discovery import PlannedRuns, conditions, draw_inputs
from experiments.studies.rollout.plan import load
from experiments.studies.rollout.plan_scenario import everybody
from simulation.parameters import ParameterError
from simulation.prices import Prices

needs = pytest.mark.skipif(find_spec("ema_workbench") is None, reason="needs the extra discovery")
PLAN = """
years = 3
releases_per_year = 2000.0

[[wave]]
municipalities = ["København", "Aarhus"]
starts = "2027-01"
volunteers_at_start = 10.0
"""
CHECK = {"end": "lowest", "pairs": 50, "inside": 0.5, "outside": 0.004, "confirmed": True}


METHODS = {"ratio": {"net": 1e6, "back": 0.55}, "marginal": {"net": -1e6, "back": 0.41}, "top_down": {"net": -2e6, "back": 0.3}}


def facts(*conditions, reason="", failures=900, **more):
    """Facts of 2,000 runs with these conditions (quantity, what it is, unit, lowest, highest, values)."""
    names = ("quantity", "what", "unit", "low", "high", "values")
    return {
        "plan": {"name": "small", "title": "", "title_da": "", "years": 5}, "programme": "primus_motor", "runs": 2_000,
        "failures": failures, "failing": failures / 2_000, "saving": "average", "counted": "ratio", "methods": METHODS, "method": "prim", "fewest": FEWEST,
        "reason": reason, "conditions": [dict(zip(names, each, strict=True)) for each in conditions],
        "held_out": {"density": 0.83, "coverage": 0.71}, "p_value": 0.001, "checks": [], **more,
    }  # fmt: skip


STRENGTH = ("effect.hazard_ratio", "hazard ratio", "hazard ratio", 0.8636, None, None)
COURSE = ("price.scheme.primus_motor.per_start", "cost of a started place", "DKK of 2021", None, 36_711.0, None)


# Conditions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("conditions", "english", "danish"), [
    ((STRENGTH, COURSE),
     "This happens most often where the hazard ratio of mentoring (highest-risk group, while they meet) is above 0.86 and the "
     "price of a course is below 36,700 kr.: there 83 % of the runs do not pay back, and they make up 71 % of all that do "
     "not.",
     "Det sker oftest, hvor mentorernes hazard ratio (gruppen med højeste risiko, mens de mødes) er over 0,86 og prisen på et "
     "forløb er under 36.700 kr.: Her tjener planen sig ikke ind i 83 % af kørslerne, og de udgør 71 % af alle de kørsler, "
     "hvor den ikke gør."),
    ((("people.accepts_volunteers", "share who say yes, of all", "share 0-1", 0.2, 0.35, None),
      ("trial.definition", "definition", "", None, None, ["any", "prison"])),
     "This happens most often where the share who say yes to volunteers is between 20 and 35 % and the trial's definition of "
     "reoffending is any new conviction or a new prison sentence: there 83 % of the runs do not pay back, and they make up 71 % "
     "of all that do not.",
     "Det sker oftest, hvor tilslutningen til frivillige er mellem 20 og 35 % og forsøgets definition af recidiv er en ny "
     "fældende afgørelse eller en ny fængselsdom: Her tjener planen sig ikke ind i 83 % af kørslerne, og de udgør 71 % af alle "
     "de kørsler, hvor den ikke gør."),
    ((("risk.hazard_decay_months", "months until half of the fall", "months", None, 4.8, None),),
     "This happens most often where the quantity “how fast the risk falls after release (months)” is below 4.8: there 83 % of "
     "the runs do not pay back, and they make up 71 % of all that do not.",
     "Det sker oftest, hvor størrelsen »hvor hurtigt risikoen falder efter løsladelsen (måneder)« er under 4,8: Her tjener "
     "planen sig ikke ind i 83 % af kørslerne, og de udgør 71 % af alle de kørsler, hvor den ikke gør."),
])  # fmt: skip
def test_conditions_in_sentences(conditions, english: str, danish: str) -> None:
    """How often, where, with the shares of the held-out half; both languages."""
    for language, text in (("en", english), ("da", danish)):
        sentences = answer(facts(*conditions), {}, Messages(language, "discover")).sentences
        assert sentences[1].replace("\N{NO-BREAK SPACE}", " ") == text
    assert "59 af 100 kørsler (post for post" in sentences[-1]
    assert "70 af 100 kørsler (enhedsbeløb" in sentences[-1]
    assert sentences[0].startswith("I 900 af 2.000 simulerede kørsler af planen small over 5 år")


def test_every_uncertain_input_has_a_name_in_both_languages() -> None:
    """A noun phrase, or a plain name that is quoted as a quantity's: no key, no unit twice, and no English in Danish."""
    plan, _ = load("nationwide-at-once")
    scenario = everybody(plan)
    (programme,) = scenario.programme
    inputs = draw_inputs(plan, Posterior.read(SHIPPED), Prices(), 100, seed=1)
    limits = {str(name): (float(inputs[name].median()), math.inf) for name in inputs}
    asked = PlannedRuns(plan=plan, country=None, scenario=scenario, posterior=None, prices=Prices(), number=100)
    english, danish = (
        [condition(row, label(row, {"programme": programme}, m, quoted=True), m)
         for row in as_json(conditions(Box(limits=limits), asked))]
        for m in (Messages("en", "discover"), Messages("da", "discover"))
    )  # fmt: skip

    assert len(english) > 60
    for own, other in zip(english, danish, strict=True):
        assert own.startswith(("the ", "recruiting ")), own
        assert re.match(r"størrelsen »|mentorernes |den |(?:pris|hvervning|halveringstid|tilslutning|andel|sandsynlighed)en |tabet ",
                        other), other  # fmt: skip
        assert not re.search(r"\w\.\w+_|\bthe\b|\bshare\b|\(kr\.\)", other), other
        assert " is above " in own
        assert " er over " in other


def test_checks_in_sentences() -> None:
    """Whether new runs confirm the limit; none is said only where it is true."""
    for confirmed, start in ((True, "New runs confirm the limit"), (False, "New runs do not confirm the limit")):
        check = {**CHECK, "quantity": "effect.hazard_ratio", "confirmed": confirmed}
        text = answer(facts(STRENGTH, checks=[check]), {}, Messages("en", "discover")).sentences[2]
        assert text.startswith(start)
        assert "50\N{NO-BREAK SPACE}% do not pay back inside, against less than 1\N{NO-BREAK SPACE}% outside" in text


@pytest.mark.parametrize(("reason", "failures", "text"), [
    ("none fail", 0, "There is therefore no condition to look for."),
    ("all fail", 2_000, "The plan does not pay back under any conditions."),
    ("few fail", 12, f"These are too few to say under which conditions it happens ({FEWEST} are needed)."),
    ("few hold", 1_991, f"Only 9 runs pay back, too few to say under which conditions the plan does not ({FEWEST} are needed)."),
    ("nothing stands out", 900, "No condition stands out: none separates these runs clearly from the others."),
])  # fmt: skip
def test_no_condition_in_sentences(reason: str, failures: int, text: str) -> None:
    """Why there is none, after how often the plan does not pay back; in Danish as many sentences."""
    made = facts(reason=reason, failures=failures, held_out=None)

    assert answer(made, {}, Messages("en", "discover")).sentences[1:-1] == [text]
    assert len(answer(made, {}, Messages("da", "discover")).sentences) == 3


# Figures ------------------------------------------------------------------------------------------------------


def panel():
    """An empty one."""
    return Figure().subplots()


def texts(ax) -> str:
    """All that is written in a panel."""
    legend = [each.get_text() for each in ax.get_legend().get_texts()]
    names = [each.get_text() for each in ax.get_yticklabels()]
    return "\n".join([ax.get_title(), ax.get_title("left"), ax.get_xlabel(), ax.get_ylabel(), *legend, *names,
                      *(each.get_text() for each in ax.texts)])  # fmt: skip


def test_box_is_drawn_at_its_limits() -> None:
    """From the limit to the edge of the panel."""
    runs = pd.DataFrame({"effect": np.arange(20.0)[::-1], "_ratio": np.arange(20.0), "_fails": np.arange(20) < 10})
    conditions = facts(("effect", "strength", "", 9.5, None, None))
    (ax,) = box_figure(conditions, runs, Messages("en", "discover")).axes

    assert ax.patches[0].get_x() == 9.5
    assert ax.patches[0].get_x() + ax.patches[0].get_width() == ax.get_xlim()[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("strength", "kroner back for each krone (up to 8)")


@pytest.mark.parametrize(("conditions", "vertical"), [
    ((STRENGTH,), "kroner tilbage for hver krone (op til 8)"), ((STRENGTH, COURSE), "prisen på et forløb"),
])  # fmt: skip
def test_figure_is_made_from_table_and_facts(conditions, vertical: str) -> None:
    """One condition against the kroner back, two against each other; labels in Danish; none without a condition."""
    rng = np.random.default_rng(1)
    runs = pd.DataFrame({"effect.hazard_ratio": rng.random(60), COURSE[0]: 30_000 + 9_000 * rng.random(60),
                         "_ratio": 9 * rng.random(60), "_fails": rng.random(60) < 0.5})  # fmt: skip
    found = StudyResult(study=DiscoverStudy(plan="nationwide-at-once"), tables={"runs": runs}, facts=facts(*conditions))
    (ax,) = found.figure("box", "da").axes

    assert ax.get_ylabel() == vertical
    assert "tjener sig ikke ind" in texts(ax)
    assert not StudyResult(study=found.study, tables={}, facts=facts(reason="none fail")).figures


def test_values_of_information_are_drawn() -> None:
    """The best size is named; where none pays for itself, that is said; groups in the reader's language."""
    m, da = Messages("en", "voi"), Messages("da", "voi")
    parts = pd.DataFrame({"what": ["effect", "risk.x"], "value": [9e6, 1e5], "error": [3e5, 8e4], "floor": [5.0, 9.0]})
    trials = pd.DataFrame({"per_arm": [0, 100, 400], "gain": [0, 8e6, 9e6], "cost": [0, 3e6, 9.5e6],
                           "net": [0, 5e6, -5e5], "net_error": [0, 1e6, 1e6], "best": [False, True, False]})  # fmt: skip

    assert "EVPI: 9.5\N{NO-BREAK SPACE}million kr." in texts(evppi_bars(parts, panel(), evpi=9.5e6, m=m))
    for name in ("mentorernes virkning", "risk.x", "værdiløs (blandet) viden"):
        assert name in texts(evppi_bars(parts, panel(), evpi=9.5e6, m=da))
    assert "best of these sizes: 100 in each arm, 5.0\N{NO-BREAK SPACE}million kr. left" in texts(
        evsi_curve(trials, panel(), ceiling=1e7, m=m))
    assert "no size pays for itself" in texts(evsi_curve(trials.assign(best=False), panel(), ceiling=1e7, m=m))


# The studies --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Options of both studies, and where they are computed: one store for both."""
    home = tmp_path_factory.mktemp("plan")
    (home / "small.toml").write_text(PLAN, encoding="utf-8")
    options = {"plan": str(home / "small.toml"), "runs": 100, "years": 1, "seed": 7}
    return options, RunContext(store=opened(home / "store"), threads=1)


@needs
def test_discovery_of_a_plan(asked, tmp_path) -> None:
    """Runs with every uncertain input and the kroner of each; the result says the same when it is read again."""
    options, context = asked
    found = DiscoverStudy(**options, pairs=10).run(context)
    runs = found.tables["runs"]
    found.save(tmp_path)
    again = load_result(tmp_path)

    assert len(runs) == found.runs == 100
    assert {"effect.hazard_ratio", "price.prison.day", "_ratio", "_fails"} <= set(runs)
    assert runs["_fails"].sum() == found.failures
    assert (runs["_fails"] == (runs["_net"] < 0)).all()
    assert again.answer("da") == found.answer("da")
    assert [*again.tables["checks"].columns[:3]] == ["quantity", "end", "pairs"]


def test_value_of_information_of_a_plan(asked, tmp_path) -> None:
    """EVPI bounds every EVPPI within errors, EVSI is bounded by knowing both risks; answers in both languages."""
    options, context = asked
    found = VoiStudy(**options).run(context)
    groups, evpi = found.tables["groups"], found.evpi
    found.save(tmp_path)
    english, danish = found.answer("en"), load_result(tmp_path).answer("da")

    assert (groups["value"] <= evpi["value"] + 2 * (groups["error"] + evpi["error"])).all()
    assert set(groups["what"]) == {"effect", "uptake", "supply", "matches", "course price", "prison-day price"}
    assert english.sentences[2].startswith("This counts savings item by item, prison days at their average price")
    assert "expected value of perfect information (EVPI)" in english.sentences[3]
    assert len(english.sentences) == len(danish.sentences) == 6
    assert len(danish.tables[1].table) == 5
    assert (tmp_path / "voi.png").exists()


@needs
def test_the_runs_of_discovery_serve_the_value_of_information(asked) -> None:
    """They come from the store and are not simulated again."""
    options, context = asked
    DiscoverStudy(**options, pairs=10).run(context)

    def stored() -> list[Path]:
        return sorted((Path(options["plan"]).parent / "store").rglob("*.*"))

    before = stored()
    VoiStudy(**options, saving="marginal").run(context)

    assert stored() == before


def test_missing_workbench_is_one_line(monkeypatch) -> None:
    """What to install, before anything is simulated."""
    monkeypatch.setattr("experiments.studies.rollout.discovery.find_spec", lambda _: None)
    with pytest.raises(ParameterError, match=r"needs the EMA Workbench; install it with pip install 'desist\[discovery\]'$"):
        DiscoverStudy(plan="nationwide-at-once").run()


def test_a_programme_without_a_price_is_refused(tmp_path) -> None:
    """Nothing is run; the line names the key and what to give."""
    scenario = tmp_path / "new.toml"
    scenario.write_text('extends = "everyone"\n[programme.helpers]\nlabel = "Helpers"\n', encoding="utf-8")
    (tmp_path / "plan.toml").write_text(f'scenario = "{scenario}"\n', encoding="utf-8")

    with pytest.raises(ParameterError, match=r"no price of programme \[helpers\]; give \[scheme.helpers\] per_start"):
        VoiStudy(plan=str(tmp_path / "plan.toml"), runs=100).run()
