"""Denmark as data: the table, what is expected and drawn from it, a user's own table, the other schemes, the verb."""

from __future__ import annotations

import csv
import json
import math
import random
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.inputs.municipalities import COLUMNS, ELIGIBLE, Differences, denmark, eligible_share, regions
from experiments.inputs.municipality_csv import read_own, written
from experiments.inputs.scenario_files import load
from simulation.history import simulate
from simulation.municipalities import chosen, municipalities
from simulation.parameter_sections import People
from simulation.parameters import ParameterError, quantities
from simulation.programmes import Programme
from tests import statistics
from tests.test_cli import desist

DENMARK = denmark()
NAMES = [place.name for place in DENMARK.places]
NAMED = {"Ishøj": 3.95, "Guldborgsund": 3.73, "Brøndby": 3.39, "Samsø": 0.53, "Ærø": 0.32}
FREE = ~np.isin(NAMES, list(NAMED))


def of(values, name):
    """One place's entry."""
    return values[NAMES.index(name)]


# The table ------------------------------------------------------------------------------------------------------


def test_the_table_has_the_models_municipalities():
    """98 rows with the numbers and names of the model's own table; 29, 17, 22, 19 and 11 to a region."""
    text = files("experiments").joinpath("inputs/data/country.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    counted = Counter(place.region for place in DENMARK.places)

    assert [(int(row["number"]), row["name"]) for row in rows] == [(place.number, place.name) for place in municipalities()]
    assert regions() == ("Hovedstaden", "Sjælland", "Syddanmark", "Midtjylland", "Nordjylland")
    assert [counted[region] for region in regions()] == [29, 17, 22, 19, 11]
    assert {row["name"]: float(row["sentences_per_1000"]) for row in rows if row["sentences_per_1000"]} == NAMED
    assert sum(row["branch"] == "1" for row in rows) == 8
    assert sum(bool(row["unemployment"]) for row in rows) == 20
    assert {row["name"] for row in rows if row["vacant_flats"] == "6.5"} == {"Aarhus", "Odense", "Aalborg"}


def test_every_number_has_a_home():
    """Columns and quantities have unit, meaning, source and grade, and say how many places they are known for."""
    rows = {row.key: row for row in (*COLUMNS, *quantities(Differences()))}

    assert len(rows) == 6 + 8
    assert all(row.unit and row.what and row.source and row.grade in ("measured", "judged", "assumed") for row in rows.values())
    assert rows["programme_area"].value == f"{sum(place.programme_area for place in DENMARK.places)} municipalities"
    assert {key for key, row in rows.items() if row.grade == "assumed"} == {"branch_strength", "flats_power", "jobs_power"}


def test_branches_recruit_more():
    """The eight places with a branch that runs the scheme have 1.25, all others 1."""
    branches = ("Aalborg", "Aarhus", "Vejle", "Fredericia", "Kolding", "Esbjerg", "Odense", "København")
    expected = [1.25 if name in branches else 1.0 for name in NAMES]

    assert DENMARK.strength.tolist() == expected


def test_flats_and_jobs_by_hand():
    """Ratios between places are those of their facts to the power; their mean over inhabitants is 1."""
    flats, jobs = DENMARK.flats, DENMARK.jobs

    assert of(flats, "Randers") / of(flats, "København") == pytest.approx((13.0 / 0.8) ** 0.25)
    assert of(flats, "Aarhus") / of(flats, "Roskilde") == pytest.approx((6.5 / 4.6) ** 0.25)
    assert of(jobs, "Skive") / of(jobs, "Ishøj") == pytest.approx(math.sqrt(5.3 / 1.3))
    assert of(jobs, "Roskilde") == of(jobs, "Varde") * math.sqrt(1.6 / 2.5595708170354006)
    for values in (flats, jobs):
        assert np.average(values, weights=DENMARK.population) == pytest.approx(1, abs=1e-12)
    none = denmark(differences=Differences(flats_power=0, jobs_power=0))
    np.testing.assert_allclose([none.flats, none.jobs], 1, rtol=1e-12)


# What is expected -------------------------------------------------------------------------------------------------


def test_expected_by_hand():
    """Population times ratio, scaled to 7,030; the mean of a log-normal ratio is exp(0.33² / 2)."""
    raw = [place.population * (NAMED[place.name] / 1.85 if place.name in NAMED else math.exp(0.33**2 / 2))
           for place in municipalities()]  # fmt: skip

    np.testing.assert_allclose(DENMARK.expected(), 7030 * np.array(raw) / sum(raw), rtol=1e-12)
    assert math.fsum(DENMARK.expected()) == pytest.approx(7030, abs=1e-9)


def test_regions_and_programme_area():
    """Inhabitants of the regions; the programme area has 41.6 % of them, and 2,925 of the released if proportional."""
    table = DENMARK.summary(seed=1, draws=200).set_index("region")
    whole = table.loc["Denmark"]
    even = denmark(differences=Differences(spread=0))
    even = replace(even, ratio=np.full(98, np.nan)).summary(seed=1, draws=10).set_index("region")

    assert table["population"].to_dict() == {
        "Hovedstaden": 1_845_939, "Sjælland": 837_359, "Syddanmark": 1_223_105, "Midtjylland": 1_326_340,
        "Nordjylland": 589_936, "Denmark": 5_822_763 - 84,
    }  # fmt: skip
    assert table["municipalities"].tolist() == [29, 17, 22, 19, 11, 98]
    assert table["today_municipalities"].tolist() == [1, 0, 22, 1, 1, 25]
    assert whole["today_population"] == 2_422_503
    assert f"{whole['today_share']:.1%}" == "41.6%"
    assert round(even.loc["Denmark", "today_releases"]) == 2_925
    assert whole["releases"] == pytest.approx(7030)
    assert whole["eligible"] == pytest.approx(7030 * eligible_share(People(), 2.3))
    for name in ("population", "releases", "eligible", "municipalities", "today_releases", "today_eligible"):
        assert table[name].iloc[:5].sum() == pytest.approx(whole[name])
    assert (table["low"].iloc[:5] < table["releases"].iloc[:5]).all()
    assert (table["high"].iloc[:5] > table["releases"].iloc[:5]).all()


# What is drawn ----------------------------------------------------------------------------------------------------


def z_of(drawn, spread):
    """The standard normal numbers behind drawn ratios: against Ishøj, whose ratio is known (normalising cancels)."""
    per_head = np.log(drawn / DENMARK.population)
    against = per_head - per_head[:, [NAMES.index("Ishøj")]] + math.log(3.95 / 1.85)
    return against[:, FREE] / spread


def test_draws_keep_the_total_and_what_is_known():
    """Each of 300 possible countries has 7,030 releases, and the five known places their ratios to each other."""
    drawn = DENMARK.drawn(300, seed=5)

    assert drawn.shape == (300, 98)
    np.testing.assert_allclose([math.fsum(row) for row in drawn], 7030, atol=1e-9)
    for name, rate in NAMED.items():
        ratio = (of(drawn.T, name) / of(DENMARK.population, name)) / (of(drawn.T, "Ishøj") / of(DENMARK.population, "Ishøj"))
        np.testing.assert_allclose(ratio, rate / 3.95, rtol=1e-12)


def test_draws_have_the_spread_that_is_said():
    """Before normalising, logs of the ratios are normal with standard deviation 0.33 and go together nowhere."""
    drawn = DENMARK.drawn(1_000, seed=2)
    z = z_of(drawn, 0.33)
    tenths = np.histogram(stats.norm.cdf(z), bins=10, range=(0, 1))[0]

    statistics.mean(z.ravel(), 0, 1)
    statistics.counts(tenths, [0.1] * 10)
    statistics.mean((z[:, 1:] * z[:, :-1]).ravel(), 0, 1)
    statistics.mean((z[1:] * z[:-1]).ravel(), 0, 1)
    with pytest.raises(statistics.Improbable):
        statistics.counts(np.histogram(stats.norm.cdf(z_of(drawn, 0.32)), bins=10, range=(0, 1))[0], [0.1] * 10)


def test_expected_is_the_mean_of_draws():
    """To a twentieth of the spread, and for the sum of the unknown places of a region to 1 %."""
    mean = DENMARK.drawn(2_000, seed=3).mean(axis=0)
    by_region = [place.region for place in DENMARK.places]
    found, expected = (pd.Series(values, by_region).groupby(level=0).sum() for values in (mean, DENMARK.expected()))

    np.testing.assert_allclose(mean, DENMARK.expected(), rtol=0.05)
    for region in regions():
        assert found[region] == pytest.approx(expected[region], rel=0.01)


def test_neither_order_nor_names_matter():
    """Another order of the places or other names: the same numbers, bit for bit; more draws leave the first ones."""
    order = random.Random(1).sample(range(98), 98)
    turned = replace(
        DENMARK, places=tuple(replace(DENMARK.places[k], name=f"Kommune {k}") for k in order),
        **{name: getattr(DENMARK, name)[order] for name in ("ratio", "own", "strength", "flats", "jobs")},
    )  # fmt: skip
    drawn = DENMARK.drawn(9, seed=4)

    assert np.array_equal(turned.expected(), DENMARK.expected()[order])
    assert np.array_equal(turned.drawn(9, seed=4), drawn[:, order])
    assert np.array_equal(turned.at(DENMARK.places), np.argsort(order))
    assert np.array_equal(DENMARK.drawn(30, seed=4)[:9], drawn)
    assert not np.array_equal(DENMARK.drawn(9, seed=5), drawn)
    assert DENMARK.drawn(0, seed=4).shape == (0, 98)


# Who has time -----------------------------------------------------------------------------------------------------


def test_eligible_share():
    """The share of a log-normal above the shortest sentence: 44 %, in the middle of B(44, 56), and as people are drawn."""
    share = eligible_share(People(), Programme().shortest_sentence_months)
    people = simulate(load("everyone", ["people.count=20000"]), seed=1).people

    assert share == pytest.approx(stats.lognorm.sf(2.3, s=1.78, scale=1.75), rel=1e-12)
    assert f"{share:.0%}" == "44%"
    assert 0.4 < stats.beta.cdf(share, ELIGIBLE.first, ELIGIBLE.second) < 0.6
    statistics.share((people["sentence"] >= 2.3).sum(), len(people), share)
    assert eligible_share(People(), 0) == 1
    assert eligible_share(People(sentence_log_sd=0), 1.75) == 1
    assert eligible_share(People(sentence_log_sd=0), 1.76) == 0


# A user's own table -----------------------------------------------------------------------------------------------


def saved(tmp_path, text, encoding="utf-8"):
    """A file with such text."""
    path = tmp_path / "own.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_what_is_written_is_read_again(tmp_path):
    """The table to edit opens in Danish spreadsheets (mark, semicolons, decimal commas) and gives the same country back."""
    text = written(DENMARK.table().drop(columns="per_1000"))
    again = denmark(read_own(saved(tmp_path, text)))

    assert text.startswith("\ufeffnumber;name;region;population;programme_area;releases_per_year;recruiting;flats;jobs\r\n101;København;")
    for name in ("strength", "flats", "jobs"):
        np.testing.assert_allclose(getattr(again, name), getattr(DENMARK, name), atol=1e-6)
    np.testing.assert_allclose(again.expected(), DENMARK.expected(), atol=1e-6)
    np.testing.assert_array_equal(again.drawn(3, seed=1), np.tile(again.expected(), (3, 1)))


SAVED = [
    ("name,flats,jobs\nÅrhus,0.5,1.5\nÆrø,1,2\n", "utf-8"),
    ("name,flats,jobs\nÅrhus,0.5,1.5\nÆrø,1,2\n", "utf-8-sig"),
    ("Navn;Boliger;Job\r\nAarhus Kommune;0,5;1,5\r\nÆrø Kommune;1;2\r\n", "cp1252"),
    ("sep=;\njobs;Kommunekode;flats\n1,5;0751;0,50\n;;\n2,0;492;1,0\n", "latin-1"),
    ("number\tname\tflats\tjobs\n751\tAarhus\t0,5\t1.5\n\n492\tÆrø\t1\t2\n", "utf-16"),
    ('"name","flats","jobs"\n"århus ","0,5"," 1.5"\n"ærø","1","2"\n', "utf-8"),
    ("flats,name,jobs,,\n0.5,Aarhus,1.5,,\n1,Ærø,2,,\n", "utf-8"),
]


@pytest.mark.parametrize(("text", "encoding"), SAVED)
def test_spreadsheets_are_understood(tmp_path, text, encoding):
    """Separators, decimal commas, byte order marks, encodings, spellings, Danish headings, any order, empty rows."""
    found = read_own(saved(tmp_path, text, encoding), needed=chosen(["Aarhus", "Ærø"]))

    assert found == {"flats": {751: 0.5, 492: 1.0}, "jobs": {751: 1.5, 492: 2.0}}


def test_own_figures_stand_and_leave_the_others(tmp_path):
    """Own releases of two places are certain; the others are as before, still uncertain, and keep their own sum."""
    path = saved(tmp_path, "name;releases_per_year;recruiting\nKøbenhavn;1000;2\nAarhus;0;0,5\n")
    found = denmark(read_own(path, needed=chosen(["Aarhus", "København"])))
    others = ~np.isin(NAMES, ["København", "Aarhus"])
    drawn = found.drawn(50, seed=1)

    assert (of(found.expected(), "København"), of(found.expected(), "Aarhus")) == (1000, 0)
    np.testing.assert_array_equal(found.expected()[others], DENMARK.expected()[others])
    np.testing.assert_array_equal(drawn[:, ~others], np.tile([1000.0, 0.0], (50, 1)))
    np.testing.assert_allclose(drawn.sum(axis=1), 1000 + DENMARK.expected()[others].sum())
    assert (drawn[:, others].std(axis=0) > 0).all()
    assert (of(found.strength, "København"), of(found.strength, "Aarhus"), of(found.strength, "Odense")) == (2, 0.5, 1.25)
    np.testing.assert_array_equal(found.flats, DENMARK.flats)


ONE = "name,flats\nAarhus,1\n"
BAD = [
    ("", "has an empty first row; column names are needed"),
    ("\n\n", "has an empty first row"),
    ("PK\x03\x04", "is a workbook or archive; save the sheet as CSV"),
    ("name,jbos\nAarhus,1\n", r"own.csv: row 1 names the column \[jbos\], which is not known; did you mean jobs\?"),
    ("name,flats,boliger\nAarhus,1,1\n", r"own.csv: row 1 names the column \[flats\] twice; remove one"),
    ("flats,jobs\n1,1\n", r"own.csv: row 1 is \[flats, jobs\]; a column number or name is needed"),
    ("number,name,region\n751,Aarhus,x\n", r"at least one of releases_per_year, recruiting, flats, jobs is needed"),
    ("name,flats\n", r"own.csv has no row for \[Aarhus\]; add one for each"),
    (ONE + "Odense,1\nÅrhus,2\n", r"own.csv: row 4 is \[Aarhus\], and so is row 2; remove one"),
    (ONE + "Odence,1\n", r"own.csv: row 3, name is \[Odence\], which is no Danish municipality; did you mean Odense\?"),
    (ONE + "Hele landet,1\n", r"own.csv: row 3, name is \[Hele landet\], which is no Danish municipality"),
    (ONE + "Syddanmark,1\n", r"own.csv: row 3, name is \[Syddanmark\], which is 22 municipalities; a row is needed for each"),
    (ONE + ",1\n", r"own.csv: row 3 names no municipality \[\]; give its number or name"),
    ("number,flats\n751,1\n999,1\n", r"own.csv: row 3, number is \[999\], which is no municipality; desist municipalities lists"),
    ("number,flats\n751,1\nx,1\n", r"own.csv: row 3, number is \[x\], which is no municipality"),
    ("number,name,flats\n751,Odense,1\n", r"row 2, number is \[751\], which is Aarhus, but name is \[Odense\]; correct one"),
    ("name,flats\nAarhus,-1\n", r"own.csv: row 2, flats is \[-1\]; allowed is a number from 0 to 10 \(times the country's mean\)"),
    ("name,flats\nAarhus,\n", r"own.csv: row 2, flats is \[\]; allowed"),
    ("name,flats\nAarhus\n", r"own.csv: row 2, flats is \[\]; allowed"),
    ("name,flats\nAarhus,many\n", r"own.csv: row 2, flats is \[many\]; allowed"),
    ("name,flats\nAarhus,nan\n", r"own.csv: row 2, flats is \[nan\]; allowed"),
    ("name,flats\nAarhus,inf\n", r"own.csv: row 2, flats is \[inf\]; allowed"),
    ("name,flats\nAarhus,11\n", r"own.csv: row 2, flats is \[11\]; allowed"),
    ("name,flats\nAarhus,1_0\n", r"own.csv: row 2, flats is \[1_0\]; allowed"),
    ("name,flats,jobs\nAarhus,0,5,1,5\n", r"row 2 has more cells \[5\] than the heading \[3\]; with decimal commas, separate"),
    ("name;releases_per_year\nAarhus;1.234\n", r"is \[1.234\], which may be thousands or decimals; write 1234 or 1.2340"),
    ('name,releases_per_year\nAarhus,"1,234"\n', r"is \[1,234\], which may be thousands or decimals; write 1234 or 1,2340"),
    ("name,releases_per_year\nAarhus,0\nOdense,0\n", r"releases_per_year is \[0\] in every row; give releases to at least one municipality"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_tables_are_refused_in_one_line(tmp_path, text, message):
    """Each mistake names file, row, column and value, and says what is allowed or what to do."""
    with pytest.raises(ParameterError, match=message) as refused:
        read_own(saved(tmp_path, text), needed=chosen(["Aarhus"]))

    assert len(str(refused.value).splitlines()) == 1


def test_all_mistakes_are_told(tmp_path):
    """One line each, at most ten and the number of the rest; missing places that are needed are counted, too."""
    twelve = "name,flats,jobs\n" + "".join(f"{name},-1,x\n" for name in NAMES[:6])
    with pytest.raises(ParameterError) as refused:
        read_own(saved(tmp_path, twelve))
    lines = str(refused.value).splitlines()

    assert len(lines) == 11
    assert lines[0].startswith("own.csv: row 2, flats is [-1]")
    assert lines[1].startswith("own.csv: row 2, jobs is [x]")
    assert lines[10] == "own.csv: and 2 more mistakes"
    with pytest.raises(ParameterError, match=r"own.csv has no row for \[København, Frederiksberg, Ballerup, Brøndby, Dragør\] and 92 more"):
        read_own(saved(tmp_path, ONE), needed=municipalities())
    with pytest.raises(ParameterError, match=r"file \[.*nothing.csv\] cannot be read \(No such file"):
        read_own(tmp_path / "nothing.csv")


# The other schemes ------------------------------------------------------------------------------------------------


def courses(programme):
    """Courses a year that the capacity of a programme allows, if each takes the whole window."""
    return programme.capacity * 12 / (programme.ends_month - programme.starts_month)


def test_the_other_schemes_are_of_a_possible_size():
    """Courses a year as the sources say, fewer than would come, all Red Cross schemes within the 1,700 it supports."""
    scenario = load("other-schemes")
    expected = {"prison_visits": 266, "group_activities": 300, "remand_effort": 100, "study_support": 80,
                "study_support_outside": 24, "paid_mentors": 390}  # fmt: skip
    people = scenario.people

    assert {key: round(courses(row)) for key, row in scenario.programme.items()} == pytest.approx(expected, abs=1)
    for row in scenario.programme.values():
        yes = people.accepts_volunteers if row.accepted_from == "volunteers" else people.accepts_system
        assert courses(row) < 7030 * yes * eligible_share(people, row.shortest_sentence_months)
        assert row.about["capacity"].prior.startswith("LN(")
        numbers = {name for name in ("direct_hazard_ratio", "direct_hazard_ratio_others", "support_hazard_ratio", "support_hazard_ratio_others")
                   if getattr(row, name) != 1}  # fmt: skip
        assert {*numbers, "starts_month", "ends_month"} <= set(row.about)
    assert sum(courses(row) for row in scenario.programme.values() if row.accepted_from == "volunteers") + 105 < 1_700


def test_the_other_schemes_meet_as_many_as_they_say():
    """In a stream of four years, after the first: courses a year within a quarter of what the sources say."""
    scenario = load("other-schemes", ["people.count=28120", "people.release_months=48", "people.follow_up_months=12"])
    history = simulate(scenario, seed=1)
    matches = history.events.query("event == 'match'").merge(history.people[["replicate", "person", "release"]])
    when = matches["month"] + matches["release"]
    yearly = matches[(when >= 12) & (when < 36)].groupby("detail", observed=True).size() / 2

    for name, row in scenario.programme.items():
        assert yearly[name] == pytest.approx(courses(row), rel=0.25)


# The verb ---------------------------------------------------------------------------------------------------------


def test_the_command_prints_regions_and_municipalities():
    """Regions with Denmark last; all municipalities; sources; the same as JSON; in Danish, too."""
    code, out, _ = desist("country", "--draws", "50")
    danish = desist("country", "--draws", "50", "--language", "da")[1]
    listed = desist("country", "--municipalities")[1].splitlines()
    rows = json.loads(desist("country", "--draws", "50", "--json")[1])

    assert code == 0
    assert ["Denmark", "98", "5,822,679", "7,030"] == out.splitlines()[-1].split()[:4]
    assert ["Danmark", "98", "5.822.679", "7.030"] == danish.splitlines()[-1].split()[:4]
    assert "25 municipalities with 2,422,503 inhabitants" in out
    assert "2,925 if they were spread as the inhabitants are" in out
    assert "43.9 % of the released (those who come up for ordinary parole are 34.5 % to 53.8 %)" in out.replace("\N{NO-BREAK SPACE}", " ")
    assert [row["region"] for row in rows] == [*regions(), "Denmark"]
    assert rows[-1]["releases"] == pytest.approx(7030)
    assert len(listed) == 99
    assert ["101", "København"] == listed[1].split()[:2]
    assert json.loads(desist("country", "--municipalities", "--json")[1])[0]["name"] == "København"
    assert "spread                 0.33" in desist("country", "--sources")[1]
    assert len(json.loads(desist("country", "--sources", "--json")[1])) == 14


def test_the_verb_writes_and_reads_a_table(tmp_path):
    """--csv writes a new file only; --own shows what is in it; a bad table is exit code 2 and one line."""
    path = tmp_path / "mine.csv"
    code, out, _ = desist("country", "--csv", str(path))
    kept = path.read_bytes()
    again, _, err = desist("country", "--csv", str(path))
    own = pd.DataFrame(json.loads(desist("country", "--own", str(path), "--municipalities", "--json")[1]))

    assert (code, again) == (0, 2)
    assert f"Written: {path}" in out
    assert err.strip() == f"desist: --csv is [{path}], which exists already; name a new file"
    assert path.read_bytes() == kept
    np.testing.assert_allclose(own["releases_per_year"], DENMARK.expected(), atol=1e-6)
    path.write_text("name,flats\nAarhus,1\n", encoding="utf-8")
    assert f"{path} has figures for 1 of 98 municipalities; the others keep" in desist("country", "--own", str(path))[1]
    path.write_text("name,flats\nAarhus,-1\n", encoding="utf-8")
    assert desist("country", "--own", str(path))[0] == 2
    assert len(desist("country", "--own", str(path))[2].splitlines()) == 1
    assert desist("country", "--csv", str(Path(tmp_path) / "none" / "x.csv"))[0] == 2
