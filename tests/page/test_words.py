"""Both languages say the same things."""

from __future__ import annotations

from string import Formatter

import pytest

from experiments.app.address import Choice
from experiments.app.catalogue import LANGUAGES, PageMessages, catalogue
from experiments.app.page import every_setting


def placeholders(text):
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})


def test_both_catalogues_have_the_same_keys():
    assert set(catalogue("da")) == set(catalogue("en"))


def test_both_catalogues_have_the_same_placeholders_in_every_text():
    wrong = {key for key, text in catalogue("da").items() if placeholders(text) != placeholders(catalogue("en")[key])}

    assert not wrong


def test_texts_of_more_than_two_words_differ_between_the_languages():
    same = {key for key, text in catalogue("da").items() if text == catalogue("en")[key] and len(text.split()) > 2}

    assert not same


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_and_every_choice_has_a_name(language):
    own = [setting for setting in every_setting() if setting.key not in ("lang", "panel")]
    wanted = {f"set.{setting.key}.{part}" for setting in own for part in ("label", "help")}
    wanted |= {f"set.{setting.key}.{code}" for setting in own if isinstance(setting, Choice) for code in setting.codes}

    assert wanted <= set(catalogue(language))


def test_a_number_with_decimals_is_not_written_by_accident():
    with pytest.raises(TypeError, match="no whole number"):
        PageMessages("da")("page.refused", key="x", value=0.5, allowed="")


def test_numbers_are_danish_in_danish():
    assert PageMessages("da").number(1234.5, 1) == "1.234,5"
    assert PageMessages("en").number(1234.5, 1) == "1,234.5"
    assert PageMessages("da").percent(0.291, 1) == "29,1\N{NO-BREAK SPACE}%"
