"""A register extract as a history: what the model wrote comes back as it was, and dates mean what they say."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics.survival import cumulative_incidence
from experiments.studies.validation import cells
from experiments.studies.validation.dates import day, day_of, days, months_after
from experiments.studies.validation.register_extract import ExtractFormat, read_extract
from experiments.studies.validation.write import extract
from simulation import Scenario, simulate
from simulation.outcomes import DEFINITIONS, curve, offence_counts, shares, times
from tests.mistakes import assert_one_line
from tests.strategies import SEEDS, scenarios

STYLES = ("decisions", "events")
DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@pytest.fixture(autouse=True, scope="module")
def later_day():
    """A day by which everything is known that the model writes, which knows decisions for centuries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "today", lambda: np.datetime64("2999-12-31"))
        yield


def read(tmp_path, text, form=None):
    """A register from the text of a CSV file."""
    file = tmp_path / "mine.csv"
    file.write_text(text, encoding="utf-8")
    return read_extract(file, form)


def same_outcomes(history, register):
    """Whether a register gives the outcomes of a history, in all three definitions."""
    for definition in DEFINITIONS:
        model, seen = times(history, definition), times(register.history(definition), definition)

        assert model["time"].tolist() == seen["time"].tolist()
        assert model["known"].tolist() == seen["known"].tolist()
        for window in (3, 12, 24):
            assert shares(model, window=window, by=()).equals(shares(seen, window=window, by=()))
            assert offence_counts(history, window=window, among=definition).equals(
                offence_counts(_of_all(register, definition), window=window, among=definition)
            )
        assert curve(model, by=()).equals(curve(seen, by=()))


def _of_all(register, definition):
    return register.history("any" if definition != "sentence" else definition)


# What the model wrote -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_model_read_again_gives_its_own_outcomes(style, kind, tmp_path):
    """500 people of everyone, cut off by the calendar: written as a register and read back, nothing has changed."""
    plan = Scenario().replace(people__count=500, people__release_months=9, people__calendar_months=30)
    history = simulate(plan, seed=1)
    table, file = extract(history, style=style), tmp_path / f"extract.{kind}"
    table.to_csv(file, index=False) if kind == "csv" else table.to_parquet(file, index=False)

    same_outcomes(history, read_extract(file))


@settings(max_examples=40)
@given(scenarios(), SEEDS, st.sampled_from(STYLES), st.integers(0, 1_000), st.dates(date(1990, 1, 1), date(2030, 1, 1)))
def test_any_history_read_again_gives_its_own_outcomes(tmp_path_factory, scenario, seed, style, spread, first):
    """Whatever the scenario, the seed, the days within the months and the year."""
    history = simulate(scenario, seed=seed)
    file = tmp_path_factory.mktemp("extract") / "extract.csv"
    extract(history, style=style, spread=spread, first=first).to_csv(file, index=False)

    same_outcomes(history, read_extract(file))


def test_order_of_rows_and_columns_does_not_matter(tmp_path):
    """Rows in any order, columns in any order: the same shares."""
    history = simulate(Scenario().replace(people__count=200), seed=2)
    table = extract(history)
    other = table.sample(frac=1, random_state=5)[table.columns[::-1]]
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file, rows in zip(files, (table, other), strict=True):
        rows.to_csv(file, index=False)
    tables = [
        shares(times(read_extract(file).history(name), name), window=12, by=()) for file in files for name in DEFINITIONS
    ]

    assert all(a.equals(b) for a, b in zip(tables[:3], tables[3:], strict=True))


# Dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2019-05-31",
        "2019-5-31",
        "20190531",
        "31-05-2019",
        "31.05.2019",
        "31/5/2019",
        "2019-05-31 00:00:00",
    ],
)
def test_dates_are_read_as_they_are_written(text):
    """Year first, or day first as in Denmark; a time of day does not matter."""
    assert date(2019, 5, 31) == day(text)


@pytest.mark.parametrize(
    "text", ["", "31-05-19", "2019-13-01", "05/31/2019", "2019-02-29", "yesterday", "1019-05-31", "20190532"]
)
def test_what_is_no_date_is_none(text):
    """Two digits of a year, months first, and days that there are not, are refused rather than guessed."""
    assert day(text) is None
    assert not text or days([text])[1].all()


@given(DAYS, st.integers(-50, 400))
def test_a_month_begins_on_the_day_of_release(release, month):
    """Its first day is in it, the day before is not; counted by hand from the calendar."""
    begun = np.array([release], "datetime64[D]")
    first = day_of(begun, np.array([month]))

    assert months_after(begun, first).tolist() == [month]
    assert months_after(begun, first - np.timedelta64(1, "D")).tolist() == [month - 1]
    year, number = divmod(release.year * 12 + release.month - 1 + month, 12)
    last = (date(year + (number == 11), (number + 1) % 12 + 1, 1) - timedelta(days=1)).day
    assert date(year, number + 1, min(release.day, last)) == first[0].astype(object)


@given(DAYS, DAYS, DAYS)
def test_later_days_are_in_later_months(release, one, other):
    """Months after release never fall as days go by."""
    begun = np.array([release, release], "datetime64[D]")
    first, second = months_after(begun, np.array(sorted([one, other]), "datetime64[D]"))

    assert first <= second


# What counts --------------------------------------------------------------------------------------------------

HEAD = "person,release,offence,decision,sanction,followed\n"


@pytest.mark.parametrize(
    ("offence", "decision", "expected"),
    [
        ("2018-04-20", "2019-06-20", {"any": 6, "prison": 6, "sentence": 18}),  # the worked example: months 3 and 17
        ("2018-01-01", "2018-01-01", {"any": 1, "prison": 1, "sentence": 1}),
        ("2018-01-31", "2018-02-01", {"any": 1, "prison": 1, "sentence": 2}),
        ("2017-12-31", "2018-02-01", {"any": None, "prison": None, "sentence": 2}),
        ("2017-11-30", "2017-12-31", {"any": None, "prison": None, "sentence": None}),
    ],
)
def test_a_decision_counts_within_the_window_that_the_rule_says(offence, decision, expected, tmp_path):
    """Released on 1 January 2018, one prison sentence: the smallest window in months, by definition."""
    register = read(tmp_path, f"{HEAD}a,2018-01-01,{offence},{decision},prison,2025-12-31\n")
    found = {name: int(times(register.history(name), name)["time"].iloc[0]) for name in DEFINITIONS}

    assert expected == {name: None if value == 32_000 else value for name, value in found.items()}


@pytest.mark.parametrize(
    ("until", "known"), [("2019-12-31", 24), ("2019-12-30", 23), ("2018-01-30", 0), ("2017-12-31", 0)]
)
def test_the_last_day_known_counts_whole(until, known, tmp_path):
    """Released on 1 January 2018 and followed through the last day of 2019 are 24 months; a day less is 23."""
    register = read(tmp_path, f"{HEAD}a,2018-01-01,,,,{until}\n")

    assert known == int(times(register.history("sentence"), "sentence")["known"].iloc[0])
    assert max(0, known - 12) == int(times(register.history("any"), "any")["known"].iloc[0])


def test_the_day_of_the_extract_fills_what_the_file_does_not_say(tmp_path):
    """Whoever died has a day of their own; decisions are known until the extract."""
    text = f"{HEAD}a,2018-01-01,,,,2018-06-30\nb,2018-01-01,,,,\n"
    register = read(tmp_path, text, ExtractFormat(until=date(2020, 12, 31)))

    assert [6, 36] == register.people["followed"].tolist()
    assert [36, 36] == register.people["decided"].tolist()


def test_people_released_after_the_extract_are_censored(tmp_path):
    """Nothing is known of them; they do not count as successes."""
    register = read(tmp_path, f"{HEAD}a,2018-01-01,,,,\nb,2022-01-01,,,,\n", ExtractFormat(until=date(2020, 12, 31)))
    table = shares(times(register.history("any"), "any"), window=12, by=())

    assert (1, 1) == (table["people"].iloc[0], table["censored"].iloc[0])


def test_a_file_without_dates_of_offences_has_one_definition(tmp_path):
    """The prison service's own rule asks for the date of the decision only."""
    register = read(
        tmp_path, "person,release,decision,sanction,followed\na,2018-01-01,2018-03-05,betinget,2020-01-01\n"
    )

    assert ("sentence",) == register.definitions
    assert [3] == times(register.history("sentence"), "sentence")["time"].tolist()
    with pytest.raises(ValueError, match=r"definition is \[any\], but the file has no dates of offences"):
        register.history("any")


def test_own_words_and_danish_words_for_sanctions(tmp_path):
    """Codes are named by option; Danish words are known; acquittals count for nothing."""
    rows = "a,2018-01-01,2018-02-01,2018-02-01,{},2025-01-01\n"
    expected = {
        "Bøde": "fine",
        "31": "prison",
        "Samfundstjeneste": "suspended",
        "ubetinget": "prison",
        "frifundet": None,
        "x": None,
    }
    for word, kind in expected.items():
        register = read(tmp_path, HEAD + rows.format(word), ExtractFormat(codes={"31": "prison", "x": ""}))

        assert ([] if kind is None else [kind]) == register.events.loc[
            register.events["event"] == "sanction", "detail"
        ].tolist()
        assert (kind is not None) == bool((register.events["event"] == "offence").any())


def test_danish_headings_and_a_danish_spreadsheet(tmp_path):
    """Semicolons, Windows' Latin, day first, Danish headings, blank rows at the end: read as it is saved."""
    file = tmp_path / "udtræk.csv"
    text = "Personnr;Løsladelsesdato;Gerningsdato;Afgørelsesdato;Sanktion;Fulgt til\r\n7;01-01-2018;05-02-2018;09-03-2018;Bøde;31-12-2021\r\n;;;;;\r\n"
    file.write_bytes(text.encode("cp1252"))
    register = read_extract(file)

    assert [2] == times(register.history("any"), "any")["time"].tolist()
    assert [36] == times(register.history("any"), "any")["known"].tolist()


# Several releases ---------------------------------------------------------------------------------------------

TWICE = f"{HEAD}a,2018-01-01,2018-05-02,2018-06-01,prison,2025-01-01\na,2019-01-01,2018-05-02,2018-06-01,prison,2025-01-01\na,2019-01-01,2019-02-02,2019-03-01,fine,2025-01-01\n"


def test_the_first_release_has_all_decisions(tmp_path):
    """Whichever release a row names: decisions are the person's, and one that a join repeats happened once."""
    register = read(tmp_path, TWICE, ExtractFormat(releases="first"))
    counts = register.history("any").events["event"].value_counts()

    assert 1 == len(register.people)
    assert (2, 2) == (counts["offence"], counts["sanction"])


def test_every_release_can_be_followed_on_its_own(tmp_path):
    """Each with what came after it."""
    register = read(tmp_path, TWICE, ExtractFormat(releases="every"))

    assert [5, 2] == times(register.history("any"), "any")["time"].tolist()


def test_groups_are_the_users_own(tmp_path):
    """People are split by a column; a blank is a group of its own."""
    head, row = HEAD.replace("\n", ",sex\n"), ",2018-01-01,,,,2025-01-01,"
    register = read(tmp_path, f"{head}a{row}K\nb{row}M\nc{row}\n", ExtractFormat(by="sex"))

    assert ["K", "M", "(blank)"] == register.people["group"].tolist()


def test_nothing_of_a_person_is_kept(tmp_path):
    """The people of a register have numbers from 0, months, and a group if one was asked for."""
    register = read(tmp_path, f"{HEAD}010170-1234,2018-01-01,2018-02-01,2018-03-01,fine,2025-01-01\n")

    assert {"replicate", "person", "followed", "decided"} == set(register.people.columns)
    assert "1234" not in register.people.to_csv() + register.events.to_csv()


def test_a_month_of_a_clock_that_is_counted_by_hand(tmp_path):
    """Released on 31 January: 27 February is month 0, 28 February month 1, as is 30 March; 31 March is month 2."""
    begun = np.full(4, np.datetime64("2018-01-31"))
    when = np.array(["2018-02-27", "2018-02-28", "2018-03-30", "2018-03-31"], "datetime64[D]")

    assert [0, 1, 1, 2] == months_after(begun, when).tolist()


def test_what_does_not_count_is_counted(tmp_path):
    """Earlier convictions, old offences and decisions after the last day known, each by itself."""
    row = "{},2018-01-01,{},{},fine,2020-12-31\n"
    text = HEAD + "".join(row.format(f"p{k}", "2016-01-01", "2016-05-01") for k in range(6))
    text += row.format("p1", "2017-12-01", "2018-02-01") + row.format("p2", "2020-12-01", "2021-02-01")
    assert read(tmp_path, text).left_out == {"before": 6, "old_offence": 1, "late": 1}


# What registers hold beside decisions ------------------------------------------------------------------------------


FULL = "person,release,offence,decision,sanction,unit,followed,died,entered\n"


def test_an_attribute_may_change_between_releases(tmp_path):
    """Each release has its own; one that says nothing has the person's first; follow-up may differ as well."""
    text = (f"{FULL}a,2016-01-01,,,,East,2017-01-31,,\na,2017-02-01,,,,West,2018-12-31,,\n"
            "a,2019-01-01,,,,,2019-12-31,,\nb,2016-01-01,,,,West,2018-12-31,,\n")  # fmt: skip
    every = read(tmp_path, text, ExtractFormat(by="unit", releases="every")).people

    assert every["group"].tolist() == ["East", "West", "East", "West"]
    assert every["followed"].tolist() == [13, 23, 12, 36]
    assert read(tmp_path, text, ExtractFormat(by="unit", releases="first")).people["group"].tolist() == ["East", "West"]
    events = "person,event,date,unit\na,release,2016-01-01,East\na,release,2017-02-01,West\na,end,2018-12-31,North\n"
    assert read(tmp_path, events, ExtractFormat(by="unit", releases="every")).people["group"].tolist() == ["East", "West"]


def test_identical_rows_are_noted_and_may_count_once(tmp_path):
    """Two persons with each row twice: two offences each, or one."""
    row = "2016-01-05,2016-02-10,2016-05-01,fine,,2018-12-31,,\n"
    text = f"{FULL}a,{row}a,{row}b,{row}b,{row}"
    both = read(tmp_path, text)
    once = read(tmp_path, text, ExtractFormat(drop_identical=True))

    assert (both.left_out["repeated"], "repeated" in once.left_out) == (2, False)
    assert [len(each.events) for each in (both, once)] == [8, 4]


def test_death_ends_follow_up_and_late_entry_leaves_a_release_out(tmp_path):
    """Whoever died before the end of follow-up is known to that day; whoever is known from later on is not counted."""
    text = (f"{FULL}a,2016-01-01,,,,,2018-12-31,2016-12-31,\nb,2016-01-01,,,,,2018-12-31,2020-01-01,\n"
            "c,2016-01-01,,,,,2018-12-31,,2016-01-02\nd,2016-01-01,,,,,,2016-06-30,2015-01-01\n")  # fmt: skip
    found = read(tmp_path, text)

    assert found.people["followed"].tolist() == [12, 36, 6]
    assert found.people["died"].tolist() == [True, False, True]
    assert {key: found.left_out[key] for key in ("entered", "died")} == {"entered": 1, "died": 2}


def test_cumulative_incidence_is_that_of_lifelines():
    """Deaths come after the offences of their month."""
    from lifelines import AalenJohansenFitter

    rng = np.random.default_rng(1)
    time, known, died = rng.integers(1, 40, 400), rng.integers(0, 30, 400), rng.random(400) < 0.4
    hit = time <= known
    fitter = AalenJohansenFitter(calculate_variance=False)
    later = np.where(hit, time, known + 0.5)
    fitter.fit(later, np.where(hit, 1, np.where(died, 2, 0)), event_of_interest=1)
    expected = fitter.cumulative_density_.iloc[:, 0]
    found = cumulative_incidence(time, known, died)
    at = np.searchsorted(expected.index.to_numpy(), np.arange(len(found)), side="right") - 1

    assert found == pytest.approx(expected.to_numpy()[at])
    assert cumulative_incidence(time, known, died & False) == pytest.approx(
        curve(pd.DataFrame({"time": time, "known": known}), by=())["share"].to_numpy())


@pytest.mark.parametrize(("begins", "said"), [
    (b"\x1f\x8b\x08", "is compressed (gzip)"), (b"ARROW1", "is a Feather file"), (b"\xd0\xcf\x11\xe0", "of the old kind (.xls)"),
    (b"<stata_dta>nothing", "is no readable Stata file"), (b"PK\x03\x04 nothing", "is no readable workbook"),
])  # fmt: skip
def test_what_is_not_read_is_called_what_it_is(begins, said, tmp_path):
    (tmp_path / "mine.csv").write_bytes(begins + bytes(40))

    assert_one_line(lambda: read_extract(tmp_path / "mine.csv"), said)


def test_workbooks_and_stata_files_are_read_like_csv(tmp_path):
    """Dates as dates, numbers as numbers, blanks as blanks."""
    rows = pd.DataFrame({"person": [1, 2], "release": pd.to_datetime(["2016-01-01", "2016-02-01"]),
                         "decision": pd.to_datetime(["2016-05-01", None]), "sanction": ["fine", ""]})  # fmt: skip
    rows.to_excel(tmp_path / "mine.xlsx", index=False)
    rows.to_stata(tmp_path / "mine.dta", write_index=False, convert_dates={"release": "td", "decision": "td"})
    rows.to_csv(tmp_path / "mine.csv", index=False)
    form = ExtractFormat(until=date(2018, 1, 1))
    plain = read_extract(tmp_path / "mine.csv", form)

    for name in ("mine.xlsx", "mine.dta"):
        found = read_extract(tmp_path / name, form)
        assert found.people.equals(plain.people)
        assert found.events.equals(plain.events)
