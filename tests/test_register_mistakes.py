"""What is wrong with a register extract is said by row: which row and column, which value, what is allowed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.studies.validation.read import MOST
from experiments.studies.validation.register_extract import ExtractFormat, read_extract
from simulation.parameters import ParameterError
from tests.mistakes import assert_one_line

HEAD = "person,release,offence,decision,sanction,offences,followed,decided\n"
GOOD = "a,2018-01-01,2018-02-01,2018-03-01,fine,1,2020-12-31,2021-12-31\n"
EVENTS = "person,event,date,sanction,offence\n"


def written(tmp_path, text, name="mine.csv"):
    """A file with this text."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


BAD_ROWS = [
    (",2018-01-01,,,,,2020-12-31,", "row 3, person is []; each row needs the person's number or name"),
    ("b,,,,,,2020-12-31,", "row 3, release is []; this person has no release; one is needed"),
    ("b,01-2018,,,,,2020-12-31,", "row 3, release is [01-2018]; allowed is a date"),
    ("b,31/12/18,,,,,2020-12-31,", "row 3, release is [31/12/18]; allowed is a date"),
    ("b,2018-02-30,,,,,2020-12-31,", "row 3, release is [2018-02-30]; allowed is a date"),
    ("b,1018-02-03,,,,,2020-12-31,", "row 3, release is [1018-02-03]; allowed is a date from 1900 to 2999"),
    ("b,2018-01-01,soon,2018-03-01,fine,1,2020-12-31,", "row 3, offence is [soon]; allowed is a date"),
    ("b,2018-01-01,2018-02-01,3/1,fine,1,2020-12-31,", "row 3, decision is [3/1]; allowed is a date"),
    ("b,2018-01-01,2018-02-01,2018-01-31,fine,1,2020-12-31,", "row 3, decision is [2018-01-31]; before its offence on 2018-02-01"),
    ("b,2018-01-01,2018-02-01,2018-03-01,,1,2020-12-31,", "row 3, sanction is []; a decision needs one"),
    ("b,2018-01-01,2018-02-01,2018-03-01,jail,1,2020-12-31,", "row 3, sanction is [jail]; allowed is fine, suspended, prison"),
    ("b,2018-01-01,2018-02-01,,fine,1,2020-12-31,", "row 3, decision is []; a sanction needs the date"),
    ("b,2018-01-01,,2018-03-01,fine,1,2020-12-31,", "row 3, offence is []; a decision needs the date of its offence"),
    ("b,2018-01-01,2018-02-01,2018-03-01,fine,0,2020-12-31,", "row 3, offences is [0]; allowed is a whole number from 1 to 999"),
    ("b,2018-01-01,2018-02-01,2018-03-01,fine,2.5,2020-12-31,", "row 3, offences is [2.5]; allowed is a whole number"),
    ("b,2018-01-01,,,,,2017-12-30,", "row 3, followed is [2017-12-30]; before the release on 2018-01-01"),
    ("b,2018-01-01,,,,,2020-12-31,2017-06-01", "row 3, decided is [2017-06-01]; before the release on 2018-01-01"),
    ("b,2018-01-01,2998-02-01,,,,2020-12-31,", "row 3, offence is [2998-02-01]; later than today"),
    ("b,2018-01-01,,,,,2999-12-31,", "row 3, followed is [2999-12-31]; later than today"),
    ("b,2018-01-01T23:30:00+01:00,,,,,2020-12-31,", "row 3, release is [2018-01-01T23:30:00+01:00]; allowed is a date"),
    ("b,2018-01-01,,,,,later,", "row 3, followed is [later]; allowed is a date"),
    ("a,2018-01-01,,,,,2020-12-30,", "row 3, followed is [2020-12-30]; an earlier row of the same person says [2020-12-31]"),
    ("a,2018-06-01,,,,,2020-12-31,", "row 3, release is [2018-06-01]; the same person has an earlier release; say --releases first"),
    ("b,2018-01-01,,,,,2020-12-31,,,x", "row 3, number of cells is [10]; the heading has 8"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "wanted"), BAD_ROWS, ids=lambda each: each[:60])
def test_a_bad_row_is_named(row, wanted, tmp_path):
    """One line: file, row as a spreadsheet counts, column, value in brackets, what is allowed."""
    file = written(tmp_path, f"{HEAD}{GOOD}{row}\n")

    assert_one_line(lambda: read_extract(file), f"mine.csv: {wanted}")


BAD_EVENTS = [
    ("a,freed,2018-01-01,,", "row 3, event is [freed]; allowed is release, offence, sanction, followed, decided, died, entered"),
    ("a,release,,,", "row 3, date is []; needed is a date"),
    ("b,offence,2018-01-01,,", "row 3, event is []; this person has no release; one is needed"),
    ("a,sanction,2018-05-01,,2018-04-01", "row 3, sanction is []; a decision needs one"),
    ("a,sanction,2018-05-01,fine,", "row 3, offence is []; a decision needs the date of its offence"),
    ("a,sanction,2018-05-01,fine,2018-06-01", "row 3, date is [2018-05-01]; before its offence on 2018-06-01"),
    ("a,end,2017-05-01,,", "row 3, followed is [2017-05-01]; before the release on 2018-01-01"),
]


@pytest.mark.parametrize(("row", "wanted"), BAD_EVENTS, ids=lambda each: each[:60])
def test_a_bad_event_is_named(row, wanted, tmp_path):
    """The same in a table with a row an event."""
    file = written(tmp_path, f"{EVENTS}a,release,2018-01-01,,\n{row}\n")

    assert_one_line(lambda: read_extract(file, ExtractFormat(until=date(2020, 1, 1))), f"mine.csv: {wanted}")


BAD_FILES = [
    ("release,decision,sanction\n2018-01-01,,\n", ExtractFormat(), "has no column [person]"),
    ("person,decision,sanction\na,,\n", ExtractFormat(), "has no column [release], which is needed in a table with a row a decision; name yours with --release"),
    ("person,release\na,2018-01-01\n", ExtractFormat(), "has no column [decision]"),
    ("person,event\na,release\n", ExtractFormat(), "has no column [date], which is needed in a table with a row an event"),
    (HEAD, ExtractFormat(), "mine.csv has no rows"),
    ("\n", ExtractFormat(), "has an empty first row"),
    ("person,person,release\na,a,b\n", ExtractFormat(), "row 1, column [person]; the heading names this column twice"),
    (HEAD + GOOD, ExtractFormat(columns={"person": "persn"}), "--person is [persn], which is no column of mine.csv; did you mean person?"),
    (HEAD + GOOD, ExtractFormat(by="sex"), "--by is [sex], which is no column of mine.csv"),
    ("person,release,decision,sanction\na,2018-01-01,,\n", ExtractFormat(), "does not say until when people are followed; name a column with --followed"),
    ("PK\x03\x04", ExtractFormat(), "is no readable workbook; save the sheet as CSV"),
    ("PAR1 but no more", ExtractFormat(), "is no readable Parquet file"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "form", "wanted"), BAD_FILES, ids=lambda each: str(each)[:50])
def test_a_bad_file_is_one_line(text, form, wanted, tmp_path):
    """What is missing, and which option names it."""
    file = written(tmp_path, text)

    assert_one_line(lambda: read_extract(file, form), wanted)


def test_a_missing_file_is_one_line(tmp_path):
    """It is named."""
    assert_one_line(lambda: read_extract(tmp_path / "none.csv"), "none.csv] cannot be read (No such file or directory)")


def test_two_people_without_an_end_are_counted(tmp_path):
    """Where the file says it of some, the others are counted."""
    text = f"{HEAD}{GOOD}b,2018-01-01,,,,,,\nc,2018-01-01,,,,,,\n"

    assert_one_line(lambda: read_extract(written(tmp_path, text)), "does not say until when 2 people are followed")


def lines_of(file, form=None):
    """The lines of a refusal."""
    with pytest.raises(ParameterError) as told:
        read_extract(file, form)
    return str(told.value).splitlines()


def test_several_mistakes_are_told_in_the_order_of_the_rows(tmp_path):
    """Every kind at once, so that a file is corrected in one go."""
    rows = ["b,2018-01-01,2018-02-01,2018-01-31,jail,1,2020-12-31,", GOOD.strip(), ",2018-01-01,,,,,2020-12-31,"]
    lines = lines_of(written(tmp_path, HEAD + "\n".join(rows) + "\n"))

    assert 3 == len(lines)
    assert ["row 2", "row 2", "row 4"] == [line.split(", ")[0].removeprefix("mine.csv: ") for line in lines]


def test_twenty_mistakes_are_told_and_the_rest_counted(tmp_path):
    """Thirty different ones are twenty lines and a count."""
    rows = [f"p{k},2018-01-01,day {k},2018-03-01,fine,1,2020-12-31," for k in range(30)]
    lines = lines_of(written(tmp_path, HEAD + "\n".join(rows) + "\n"))

    assert MOST + 1 == len(lines)
    assert lines[-1] == "mine.csv: and 10 more mistakes"


def test_the_same_mistake_in_many_rows_is_one_line(tmp_path):
    """An unknown word for a sanction is told once, with the first rows."""
    rows = [f"p{k},2018-01-01,2018-02-01,2018-03-01,31,1,2020-12-31," for k in range(30)]
    lines = lines_of(written(tmp_path, HEAD + "\n".join(rows) + "\n"))

    assert 1 == len(lines)
    assert "rows 2, 3, 4, 5, 6 and 25 more, sanction is [31]" in lines[0]


def test_rows_of_parquet_are_counted_from_one(tmp_path):
    """It has no heading row."""
    import pandas as pd

    table = pd.DataFrame({"person": [1, 2], "release": ["2018-01-01", "x"], "decision": None, "sanction": None})
    table.to_parquet(tmp_path / "mine.parquet")

    assert_one_line(lambda: read_extract(tmp_path / "mine.parquet"), "mine.parquet: row 2, release is [x]")


def read_or_refused(file, form):
    """A register, or the lines of a refusal."""
    try:
        return read_extract(file, form), []
    except ParameterError as told:
        return None, str(told).splitlines()


CELLS = st.sampled_from(
    ["", "a", "b", "2018-01-01", "31-12-2019", "fine", "prison", "jail", "3", "x", "2017-05-05", "2021-01-01"]
)
ROWS = st.lists(st.lists(CELLS, min_size=8, max_size=8).map(",".join), min_size=1, max_size=6)


@given(ROWS, st.sampled_from([None, "first", "every"]))
def test_any_table_is_read_or_refused_by_row(tmp_path_factory, rows, releases):
    """Whatever stands in the cells: a register, or lines that name the file; never anything else."""
    file = written(tmp_path_factory.mktemp("any"), HEAD + "\n".join(rows) + "\n")
    register, lines = read_or_refused(file, ExtractFormat(until=date(2021, 12, 31), releases=releases))
    if register is None:
        assert lines
        assert all(line.startswith("mine.csv") for line in lines)
        return

    assert len(register.people) == register.people["person"].nunique() > 0
    assert (register.people[["followed", "decided"]] >= 0).all(axis=None)
    assert (register.events.loc[register.events["event"] == "sanction", "month"] >= 0).all()
    assert set(register.events["person"]) <= set(register.people["person"])
