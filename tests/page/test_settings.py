"""The address of the page."""

from __future__ import annotations

import pytest

from experiments.app.address import Choice, Several, Whole, address_of, read_address
from experiments.app.page import every_setting

SOME = (
    Whole("effect", 40, 0, 95, 5),
    Choice("route", "both", ("both", "direct")),
    Several("rungs", ("a",), ("a", "b", "c")),
)


def test_an_address_holds_only_what_differs_from_its_default():
    values, refused = read_address(SOME, {"effect": "45", "rungs": "a"})

    assert not refused
    assert address_of(SOME, values) == {"effect": "45"}


def test_what_an_address_says_is_read_back_as_it_was():
    values = {"effect": 95, "route": "direct", "rungs": ["c", "b"]}

    assert read_address(SOME, address_of(SOME, values)) == (values, [])


@pytest.mark.parametrize(
    ("key", "text"),
    [("effect", "96"), ("effect", "-5"), ("effect", "42"), ("effect", "1e9"), ("effect", "x"), ("effect", ""), ("route", "x"),
     ("rungs", "d"), ("rungs", "a.a")],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_put_aside_and_said(key, text):
    values, refused = read_address(SOME, {key: text})

    assert address_of(SOME, values) == {}
    assert [line[:2] for line in refused] == [(key, text)]


def test_no_two_settings_share_a_name():
    keys = [setting.key for setting in every_setting()]

    assert len(keys) == len(set(keys))


def test_every_default_is_allowed():
    for setting in every_setting():
        values, _ = read_address([setting], {})
        assert setting.read(address_of([setting], values, always=[setting.key])[setting.key]) == values[setting.key]
