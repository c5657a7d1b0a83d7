"""Two lives: they are those that the command line tells, and what is said of them is true."""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest

from experiments.app.catalogue import LANGUAGES, PageMessages
from experiments.app.two_lives import chart, sentences
from experiments.app.two_lives.animation import scenario
from experiments.app.two_lives.facts import KINDS, OF_MENTORS, WINDOW, pair, parting
from experiments.provenance.csv_tables import csv_of
from simulation import simulate
from simulation.outcomes import times
from tests.test_cli import desist

SEEDS = (1, 4, 7)
"""On the second and the third somebody is worse off with mentors."""
DA, EN = PageMessages("da"), PageMessages("en")


@cache
def everybody():
    return [(seed, number, pair(seed).lives(number)) for seed in SEEDS for number in range(97)]


def as_the_command_tells(life):
    """The months of a life in the words of ``desist person``, from the facts behind the page."""
    label = life.film.scenario.programme["primus_motor"].label
    lines = []
    for month in dict.fromkeys(event.month for event in life.events):
        said = "; ".join(one(life, event, label) for event in life.events if event.month == month)
        if lines and lines[-1][2] == said == f"meets {label}" and lines[-1][1] == month - 1:
            lines[-1] = (lines[-1][0], month, said)
        else:
            lines.append((month, month, said))
    return [f"month{f' {b}' if b == e else f's {b} to {e}'}: {said}" for b, e, said in lines]


ENDINGS = {"planned": "as planned", "unplanned": "early", "volunteers gone": "the volunteers left", "custody": "custody"}


def one(life, event, label):
    if event.what == "offence":
        risk, luck = life.risk(event.month)
        parts = life.film.part[life.number, event.month + life.film.before]
        names = [label if name == "primus_motor" else name for name in life.film.parts]
        raised = [
            f"{name} × {times:.2f}" for name, times in list(zip(names, parts, strict=True))[1:] if abs(times - 1) > 0.005
        ]
        number = f"{event.value} offence{'' if event.value == 1 else 's'}"
        why = ", ".join(raised).replace("lacking", "missing") or "nothing changed it"
        return f"{number} (probability {100 * risk:.1f} %, random number {luck:.3f}; {why})"
    sanctions = {"fine": "a fine", "suspended": "a suspended sentence", "prison": "a prison sentence"}
    return {
        "release": "released", "custody out": "released from custody", "contact": f"meets {label}",
        "custody in": f"to custody for {event.value} month{'' if event.value == 1 else 's'}",
        "match": f"matched with {label} ({event.value} volunteers)",
        "unmatched": f"released without {label}: nobody was free in time",
        "exit": f"{label} ends ({ENDINGS.get(event.detail.partition(': ')[2])})", "gain": f"gains {event.detail}",
        "loss": f"loses {event.detail}{' because of custody' if event.value else ''}",
        "sanction": f"{sanctions.get(event.detail, '')} for the case of month {event.value}",
    }[event.what]  # fmt: skip


@pytest.mark.parametrize(("seed", "number"), [(1, 3), (1, 20), (4, 37), (7, 88), (7, 0)])
def test_the_two_lives_are_those_of_the_two_commands_to_the_letter(tmp_path, seed, number):
    file = tmp_path / "desist-two-lives.toml"
    file.write_text(scenario(mentors=True).to_toml(), encoding="utf-8")
    for life, more in zip(pair(seed).lives(number), ((), ("--without",)), strict=True):
        code, out, _ = desist("person", str(number), "--scenario", str(file), "--seed", str(seed), *more)
        told = [line.replace("\N{NO-BREAK SPACE}", " ") for line in out.splitlines() if line.startswith("month")]

        assert code == 0
        assert told == as_the_command_tells(life)
        number_of = f"{life.offences} offence{'' if life.offences == 1 else 's'}"
        assert f"At the end: {number_of}; has {', '.join(life.holds_at_end()) or 'nothing'}" in out


def test_a_person_is_the_one_whom_the_command_names(tmp_path):
    out = desist("person", "3", "--set", "trial.assignment=everyone", "--set", "volunteers.at_start=600")[1]
    said = sentences.person(EN, pair(1).lives(3)[0])

    assert out.startswith(
        "Person 3: a man of 33 from København, 8 earlier convictions, sentence 39.5 months; in the highest"
    )
    assert said.startswith(
        "A man of 33 from København. Earlier convictions: 8. The latest sentence: 39.5 months in prison."
    )
    assert "Missing at release: housing, economy, employment, network, education." in out
    assert said.endswith("Lacks at release: housing, economy, employment, network, education.")
    assert "Motivation −0.1 sd, lasting difference (frailty) −0.8 sd" in out
    assert "(−0.1)" in sentences.unseen(EN, pair(1).lives(3)[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_every_support_factor_comes_and_goes_by_the_chance_and_the_luck_that_are_told(seed):
    """For everybody, every month and factor: it happened exactly if the luck was below the chance."""
    for world in (pair(seed).mentored, pair(seed).alone):
        changed, decided = world.opened != world.held, 0
        for number, at, factor in product(range(97), range(world.before, world.held.shape[1]), range(changed.shape[2])):
            if world.inside[number, at]:
                assert not changed[number, at, factor]
                continue
            told = world.chance(number, at - world.before, factor)
            assert (told.luck < told.chance) == changed[number, at, factor]
            decided += changed[number, at, factor]

        assert decided > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_offences_happen_at_liberty_exactly_where_the_luck_is_below_the_risk(seed):
    for world in (pair(seed).mentored, pair(seed).alone):
        events = world.history.events
        rows = events[events["event"] == "offence"]
        offended = np.zeros(world.hazard.shape, bool)
        offended[rows["person"], rows["month"] + world.before] = True

        assert (offended == (~world.inside & (world.luck < -np.expm1(-world.hazard)))).all()
        assert np.allclose(world.part.prod(axis=-1), world.hazard, rtol=1e-12)


def test_before_the_month_in_which_they_part_both_lives_are_the_same_but_for_the_mentors():
    never = 0
    for _, _, lives in everybody():
        found = parting(*lives)
        end = math.inf if found is None else found[0]
        never += found is None
        before = [{e for e in life.events if e.month < end and e.what not in OF_MENTORS} for life in lives]
        at = [{e for e in life.events if e.month == end and e.what not in OF_MENTORS} for life in lives]

        assert before[0] == before[1]
        assert found is None or at[0] != at[1]
    assert 50 < never < 250


def test_lives_part_because_the_one_luck_lies_between_two_chances_whose_ratio_is_explained():
    seen = set()
    for _, _, lives in everybody():
        found = parting(*lives)
        if found is None:
            continue
        month, differences = found
        assert differences
        for each in differences:
            happens = [each.luck < chance for chance in (each.with_mentors, each.without)]
            assert happens == [each.mentored, not each.mentored]
            odds = [-math.log1p(-c) if each.what == "offence" else c for c in (each.with_mentors, each.without)]
            assert math.prod(each.causes.values()) == pytest.approx(odds[0] / odds[1], rel=0.02)
            assert ("contact" in each.causes) <= lives[0].film.met[lives[0].number, month + 2].any()
            seen |= {each.what, *each.causes}
    assert {"gain", "loss", "offence", "contact", "room", "peers"} <= seen


def test_whom_it_helped_is_counted_as_the_engine_tells_it():
    for seed in SEEDS:
        worlds = [simulate(scenario(mentors=mentors), seed=seed) for mentors in (True, False)]
        again = [times(world)["time"].clip(upper=WINDOW + 1) for world in worlds]
        offences = [
            world.events[world.events["event"] == "offence"].groupby("person")["value"].sum() for world in worlds
        ]
        met = set(worlds[0].events.loc[worlds[0].events["event"] == "contact", "person"])
        for number, kind in enumerate(pair(seed).kinds):
            when = [int(each[number]) for each in again]
            how_many = [int(each.get(number, 0)) for each in offences]
            less = (when[0] > WINDOW) - (when[1] > WINDOW) or how_many[1] - how_many[0] or when[0] - when[1]
            expected = "same" if when[0] <= WINDOW else "none"
            if less:
                expected = "helped" if less > 0 else "worse"

            assert kind == (expected if number in met else "unmet")


def test_the_next_of_a_kind_is_the_next_and_all_are_found_in_a_round():
    for seed, kind in product(SEEDS, KINDS):
        both, number, found = pair(seed), 50, []
        while (number := both.next_of(kind, number)) is not None and number not in found:
            found.append(number)

        everyone = [each for each, of in enumerate(both.kinds) if of == kind and each != 50]
        assert sorted(set(found) - {50}) == everyone or (not found and everyone in ([], [50]))
        assert len(found) < 2 or (np.diff(found) < 0).sum() <= 1


@pytest.mark.parametrize(("luck", "high", "low", "digits"), [
    (0.333, 0.352, 0.06, 1), (0.07763, 0.07890, 0.07731, 1), (0.0788999, 0.0789001, 0.06, 5), (0.2007, 0.2018, 0.1982, 1),
    (0.01404, 0.01408, 0.00799, 2), (0.0604, 0.07, 0.0604, 1),
])  # fmt: skip
def test_numbers_are_written_so_that_the_luck_is_seen_on_its_side_of_both_chances(luck, high, low, digits):
    assert sentences.decimals(luck, high, low) == digits


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_can_be_told_in_words_without_a_gap(language):
    w = PageMessages(language)
    for seed, number, lives in everybody():
        kind = pair(seed).kinds[number]
        title, told = sentences.parted(w, kind, lives)
        texts = [title, *told, sentences.person(w, lives[0]), *sentences.verdict(w, kind, lives),
                 sentences.story_table(w, lives), chart.description(w, lives)]  # fmt: skip

        assert told
        assert not [text for text in texts if re.search(r"[{}]|None|nan|primus_motor|, \.|\(\)", text)]


def test_bold_is_exactly_what_happens_in_one_life_only_and_is_no_contact():
    for _, _, lives in everybody():
        table = sentences.story_table(EN, lives)
        own = [e for e in set(lives[0].events) ^ set(lives[1].events) if e.what not in OF_MENTORS]

        assert table.count("<strong>") == len(own)
        assert not re.search(r"<strong>[^<]*(meets|mentors|mentoring)", table)


def test_the_story_has_every_event_of_both_lives_in_its_month():
    for lives in (pair(7).lives(88), pair(1).lives(3)):
        rows = list(sentences.story(DA, lives))
        for which, life in enumerate(lives):
            for event in life.events:
                cells = [row[2 + which] for row in rows if row[0] <= event.month <= row[1]]

                assert len(cells) == 1
                assert sentences.sentence(DA, life, event) in re.sub("<.*?>", "", cells[0])


def test_the_explanation_of_a_person_says_the_numbers_that_decided():
    title, told = sentences.parted(EN, "helped", pair(1).lives(3))

    assert title == "The two lives part in month 0"
    assert told[0].replace("\N{NO-BREAK SPACE}", " ") == (
        "Only with mentors: finds housing. Chance 35.2 % with, 6.0 % without, luck 33.3 (the mentors × 5.9)."
    )
    assert told[2].startswith("Month 7, only without mentors: offends. Risk 2.2")


def test_who_was_in_prison_in_the_other_life_is_said():
    """On luck 7 person 88 offends less without mentors: he is in prison for what mentors kept him from."""
    told = sentences.parted(EN, "worse", pair(7).lives(88))[1]

    assert told[-1] == "Month 6, only with mentors: offends. In the other life the person was in prison that month."


def test_the_table_of_a_figure_adds_up_to_the_lives():
    for _, _, lives in everybody()[::5]:
        table = chart.table(lives)
        for arm, life in zip(chart.ARMS, lives, strict=True):
            rows = table[table["life"] == arm].set_index("month")
            assert rows["offences"].sum() == life.offences
            assert rows["decision"].ne("").sum() == len({e.month for e in life.events if e.what == "sanction"})
            assert [
                name for name in life.film.scenario.factor if rows.loc[WINDOW - 1, name] == 1
            ] == life.holds_at_end()
            assert (rows["in_prison"].eq(1) == rows["luck"].isna())[: WINDOW - 1].all()
    read = pd.read_csv(pd.io.common.StringIO(csv_of(chart.table(pair(1).lives(3)))))
    assert read.loc[(read["life"] == "without") & (read["month"] == 7), "luck"].item() == pytest.approx(0.033, abs=5e-4)


def test_what_is_grey_in_the_picture_is_the_same_in_both_lives():
    for _, _, lives in everybody()[::7]:
        bars = chart._bars(lives)
        for arm, (life, other) in zip(chart.ARMS, (lives, lives[::-1]), strict=True):
            shown = {(bar["row"].split()[1], month): bar["colour"] for bar in bars if bar["row"].startswith(f"{arm} ")
                     for month in range(bar["begin"], bar["end"])}  # fmt: skip
            for f, name in enumerate(life.film.scenario.factor):
                for month in range(WINDOW):
                    held, its = (bool(each.film.held[each.number, month + 2, f]) for each in (life, other))
                    assert shown.get((name, month)) == ((arm if held != its else "same") if held else None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_can_be_saved(language):
    from experiments.app.charts import picture

    w, both = PageMessages(language), pair(7)
    drawing = picture(chart.timelines(w, both.lives(88), seed=7), "svg").decode()

    assert w("lives.chart.with") in drawing
    assert w("lives.part.mark", month=3) in drawing
    assert w("lives.sanction.suspended") in drawing
    assert picture(chart.strip(w, both, 88), "png").startswith(b"\x89PNG")


def test_the_strip_has_a_mark_for_each_person_and_counts_them():
    spec = chart.strip(DA, pair(4), 37)
    marks = spec["layer"][1]["data"]["values"]

    assert [mark["person"] for mark in marks] == list(range(97))
    assert len({(mark["x"], mark["y"]) for mark in marks}) == 97
    assert spec["layer"][0]["data"]["values"][0]["kind"] == "worse"
    assert sum(sentences.counts(pair(4))[kind] for kind in KINDS) == 97
