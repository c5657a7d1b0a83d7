"""The trial's panel without a browser: guess, film, many trials, presets, both languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from experiments.app.catalogue import LANGUAGES, PageMessages, catalogue
from experiments.app.charts import picture
from experiments.app.trial.charts import crowd, curves, distribution, film_data
from experiments.app.trial.facts import Levers, many_trials, one_trial
from experiments.app.trial.panel import PRESETS
from tests.page.conftest import told

USUAL = Levers(effect=67, route=40, half_life=18, dropout=45, people=97)
SEEN = (29, 67)


def film(at):
    """What the browser is given to play."""
    return json.loads(at.get("bidi_component")[0].proto.json)


def chart(at):
    """The only chart of the page."""
    return json.loads(at.get("vega_lite_chart")[0].proto.spec)


def labels(spec):
    """Texts in a chart, with where they stand: value, height."""
    return {value["text"]: (value["from"], value["up"]) for layer in spec["layer"] for value in layer["data"]["values"]
            if "text" in value}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_shown_before_the_guess(open_page, language):
    at = open_page(panel="trial", lang=language)
    words = re.sub("<style>.*?</style>", "", told(at), flags=re.DOTALL)

    assert "29" not in words
    assert "67" not in words
    assert not at.get("bidi_component")
    assert not at.get("vega_lite_chart")


def test_the_guess_is_asked_for_without_the_engine():
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; from experiments.app.serving import PAGE; "
        "at = AppTest.from_file(str(PAGE), default_timeout=60).run(); assert at.header and not at.exception; "
        "assert at.button(key='trial-show'); "
        "print([name for name in ('numba', 'simulation.engine', 'experiments.studies.trial.trial') if name in sys.modules])"
    )
    told_by = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told_by.stdout.strip().splitlines()[-1] == "[]"


def test_the_guess_is_drawn_as_so_many_of_a_hundred():
    drawn = crowd(PageMessages("en"), (30, 0))

    assert drawn.count("<i") == 200
    assert drawn.count("<i class=on>") == 30
    assert 'aria-label="Your guess: 30 of 100 commit new crime within two years."' in drawn


@pytest.mark.parametrize("language", LANGUAGES)
def test_show_me_shows_the_trial_with_the_guess_in_it(open_page, language):
    at = open_page(panel="trial", lang=language)
    at.slider(key="guess_with").set_value(25)
    at.slider(key="guess_without").set_value(80)
    at.button(key="trial-show").click().run()
    told(at)
    data = film(at)

    assert data["guess"] == [80, 25]
    assert data["seen"] == [67, 29]
    assert data["again"] == one_trial(USUAL, 1).film.again
    assert at.query_params["guessed"] == "yes"
    assert at.query_params["guess_with"] == "25"


def test_a_link_restores_the_trial(open_page):
    at = open_page(panel="trial", lang="en", guessed="yes", guess_with=10, effect=90, route=75, half_life=30, dropout=20,
                   trial_people=150, trial_seed=12)  # fmt: skip
    one = one_trial(Levers(90, 75, 30, 20, 150), 12)

    assert film(at) == film_data(PageMessages("en"), one, (10, 50), SEEN)
    assert one.scenario.digest != one_trial(USUAL, 12).scenario.digest


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_the_sliders(open_page, name):
    at = open_page(panel="trial", guessed="yes", effect=11, route=5, half_life=3, dropout=10)
    at.button(key=f"trial-{name}").click().run()
    told(at)

    assert {key: at.slider(key=key).value for key in PRESETS[name]} == PRESETS[name]
    assert film(at)["again"] == one_trial(USUAL._replace(**PRESETS[name]), 1).film.again


def test_run_it_again_is_the_next_seed(open_page):
    at = open_page(panel="trial", guessed="yes")
    at.button(key="trial_seed-again").click().run()
    told(at)

    assert at.query_params["trial_seed"] == "2"
    assert film(at)["again"] == one_trial(USUAL, 2).film.again != one_trial(USUAL, 1).film.again


def test_another_language_keeps_the_trial(open_page):
    at = open_page(panel="trial", lang="da", guessed="yes", effect=80, trial_seed=3)
    before = film(at)
    at.button_group(key="lang").set_value("en").run()
    told(at)
    after = film(at)

    assert before.pop("words") != after.pop("words")
    assert before == after


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_trials_say_what_the_engine_counted(open_page, language):
    at = open_page(panel="trial", lang=language, guessed="yes", times="many", effect=80, guess_with=44)
    words, w = told(at), PageMessages(language)
    levers = USUAL._replace(effect=80)
    many, one = many_trials(levers, 1), one_trial(levers, 1)

    assert w.percent(many.row["mentored"], 1) in words
    assert w.percent(many.row["control"], 1) in words
    assert w.percent(many.row["as_far_apart"], 1) in words
    error = w.points(max(many.row["mentored_error"], many.row["control_error"]), 2)
    assert w("trial.many.error", trials=1000, people=97, error=error) in words
    assert {w("trial.many.seen", n=29), w("trial.many.guess", n=44), w("trial.many.this", n=one.printed()[0])} <= set(
        labels(chart(at))
    )


def test_larger_groups_say_that_fewer_trials_are_told(open_page):
    at = open_page(panel="trial", lang="en", guessed="yes", times="many", trial_people=400)

    assert "400 trials of 400 simulated people each" in told(at)
    assert catalogue("en")["trial.many.less"] in told(at)
    assert "desist trial trial-on-the-page.toml --trials 400 --seed 1" in at.code[0].value


@pytest.mark.parametrize("guess", [(29, 67), (28, 66), (0, 100), (53, 64), (95, 3), (100, 0), (31, 70)])
def test_no_mark_runs_through_the_label_of_another(guess):
    w, many, one = PageMessages("da"), many_trials(USUAL, 1), one_trial(USUAL, 1)
    spec = distribution(w, many, one, guess, SEEN)
    texts = [(layer["mark"], value) for layer in spec["layer"] if layer["mark"]["type"] == "text"
             for value in layer["data"]["values"] if "zero" in value]  # fmt: skip
    assert len(texts) == 6
    for mark, value in texts:
        reach = 13 if mark["align"] == "left" else -13  # a label is at most 13 points of the axis long at 1280 px
        low, high = sorted((value["from"], value["from"] + reach))
        assert low > -3
        assert high < 113
        for _, other in texts:
            if other is value or other["up"] * value["up"] < 0 or not low < other["from"] < high:
                continue
            assert abs(other["up"]) < abs(value["up"]) or other["from"] == value["from"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_are_described_with_their_numbers(language):
    w, many, one = PageMessages(language), many_trials(USUAL, 1), one_trial(USUAL, 1)
    many_said = distribution(w, many, one, (20, 60), SEEN)["description"]
    one_said = curves(w, one, (20, 60), SEEN)["description"]

    assert w.points(many.row["mentored"]) in many_said
    assert all(str(number) in one_said for number in (*one.printed(), 20, 60, 29, 67))


def test_the_curves_can_be_downloaded_as_a_picture():
    svg = picture(curves(PageMessages("da"), one_trial(USUAL, 1), (20, 60), SEEN), "svg").decode()

    assert "med: målt 29 %" in svg
    assert "uden: gæt 60 %" in svg


def test_the_largest_film_is_small_enough_for_thirty_visitors():
    data = film_data(PageMessages("da"), one_trial(USUAL._replace(people=400), 1), (20, 60), SEEN)

    assert len(json.dumps(data)) < 30_000


def test_a_trial_without_anybody_at_highest_risk_is_shown_with_a_dash(open_page):
    small = USUAL._replace(people=20)
    assert None in one_trial(small, 83).printed()
    for times in ("one", "many"):
        told(open_page(panel="trial", guessed="yes", trial_people=20, trial_seed=83, times=times))
