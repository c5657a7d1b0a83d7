"""A scenario in and out: what is refused and in which words, what an override can do, what the digest names."""

from __future__ import annotations

import pytest
import tomli_w
from hypothesis import given

from experiments.inputs.scenario_files import load
from simulation import ParameterError, Scenario
from simulation.parameter_sections import Risk
from simulation.parameters import par, quantities
from tests.strategies import scenarios
from tests.worlds import complete, differing

HELP = '[programme.help]\ndelivered_by = "volunteers"\n'


def refusal(text, **options):
    """What is said about a TOML text that describes no scenario, without the name of the text."""
    with pytest.raises(ParameterError) as refused:
        Scenario.from_toml(text, **options)
    return str(refused.value).replace("the scenario: ", "")


# Messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[people]\ncuont = 3", "unknown key [people.cuont]; did you mean people.count?"),
        ("[peple]\ncount = 3", "unknown key [peple]; did you mean people?"),
        ("[people]\ncount = 0", "people.count is [0]; allowed 1 to 5000000 (people)"),
        ("[people]\ncount = 2.5", "people.count is [2.5]; a whole number is needed; allowed 1 to 5000000 (people)"),
        ('[people]\ncount = "many"', 'people.count is ["many"]; a whole number is needed; allowed 1 to 5000000 (people)'),
        ("[people]\nage_median = nan", "people.age_median is [nan]; a finite number is needed; allowed 15 to 80 (years)"),
        ("people = 5", "people is [5]; a table is needed"),
        ('[trial]\nassignment = "all"', 'trial.assignment is ["all"]; allowed is nobody, everyone, randomised'),
        (HELP + "direct_hazard_rato = 1.0", "unknown key [programme.help.direct_hazard_rato]; did you mean programme.help.direct_hazard_ratio?"),
        (HELP + "direct_hazard_ratio = 9.0", "programme.help.direct_hazard_ratio is [9.0]; allowed 0.001 to 5 (hazard ratio)"),
        ("[factor.housing]\ngain = -0.1", "factor.housing.gain is [-0.1]; allowed 0 to 1 (chance per month)"),
        ("municipalities.include = []", "municipalities.include is [[]]; at least one municipality is needed, or all"),
        (
            'municipalities.include = ["Arhus"]',
            "municipalities.include names [Arhus], which is not a Danish municipality or region; did you mean Aarhus?",
        ),
        (
            HELP + 'gain_weights = { houses = 1.0 }',
            "programme.help.gain_weights names [houses], which is no factor of this scenario; its factors are housing, economy, "
            "employment, network, education",
        ),
        (
            '[factor.housing]\nhelped_by = { luck = 2.0 }',
            "factor.housing.helped_by names [luck], which is no factor of this scenario; its factors are housing, economy, "
            "employment, network, education",
        ),
        ("extends = 3", "extends is [3]; a name, a path or a list of them is needed"),
        ('extends = "nowhere"', "scenario [nowhere] was not found; nothing is known here"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_is_allowed(text, expected):
    """One line: which key, which value, what is allowed, what to do."""
    assert expected == refusal(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HELP + "starts_month = 0", r"starts_month \[0\], deadline_month \[0\] and ends_month \[12\] must come in this order"),
        (HELP + '[programme.more]\ndelivered_by = "volunteers"', "two programmes are carried by volunteers"),
        ("[factor.prison]\ngain = 0.1", r"the name \[prison\] stands for two things"),
        ("[factor.help]\ngain = 0.1\n" + HELP, r"the name \[help\] stands for two things"),
        ('[trial]\nassignment = "everyone"', r"trial.assignment is \[everyone\].* the scenario has no programme"),
        ("[trial]\nsigned_up = true", "the scenario has no programme; add one or set them to nobody and false"),
        (HELP + "[people]\naccepts_volunteers = 0.0\n[trial]\nsigned_up = true", "fewer than 1 in 1,000 released people"),
        ("\n".join(f"[programme.p{k}]" for k in range(9)), "at most 16 factors and 8 programmes"),
        ("\n".join(f"[factor.f{k}]" for k in range(12)), "at most 16 factors and 8 programmes"),
    ],
)
def test_impossible_combinations_are_refused(text, expected):
    """Values that are allowed one by one, and mean nothing together."""
    with pytest.raises(ParameterError, match=expected):
        Scenario.from_toml(text)


@pytest.mark.parametrize(
    "text",
    [
        HELP + "gain_weights = { housing = 5.0 }", HELP + "gain_weights = { housing = -1.0 }",
        "[factor.housing]\nhelped_by = { economy = -1.0 }", '[factor.""]\ngain = 0.1',
    ],
)  # fmt: skip
def test_tables_within_a_table_have_bounds_too(text):
    """Weights lie from 0 to 1, times are not negative, and everything has a name."""
    assert "\n" not in refusal(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            HELP + '[programme.help.about]\ncapcity = { source = "x", grade = "judged" }',
            "programme.help: about.capcity describes no field of this table; did you mean capacity?",
        ),
        (
            HELP + '[programme.help.about]\npersistence = { source = "x", grade = "good" }',
            'programme.help.about.persistence.grade is ["good"]; allowed is measured, judged, assumed',
        ),
        (
            HELP + '[programme.help.about]\npersistence = { source = "x", grade = "judged", prior = "Q(1, 2)" }',
            "programme.help.about.persistence.prior: prior [Q(1, 2)] is not one of N(,) LN(,) B(,) U(,) or fixed",
        ),
    ],
)
def test_what_is_said_about_a_number_is_checked(text, expected):
    """An about table describes fields that exist, with a grade and a prior that can be read."""
    assert expected == refusal(text)


def test_a_missing_source_is_asked_for():
    """Whoever states a grade without a source is told that the source is needed."""
    message = refusal(HELP + '[programme.help.about]\npersistence = { grade = "judged" }')

    assert "programme.help.about.persistence.source is needed" in message


def test_every_mistake_has_its_line():
    """Three mistakes in three sections are told at once, in one line each."""
    lines = refusal('[people]\ncuont = 3\nage_median = 200.0\n[risk]\nhazard_multiplier = "x"').splitlines()

    assert {"unknown key [people.cuont]", "people.age_median is [200.0]", 'risk.hazard_multiplier is ["x"]'} == {
        line.split(";")[0] for line in lines
    }


# Files --------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path):
    """The message says which file, and what to do."""
    with pytest.raises(ParameterError, match=r"nowhere\.toml\] was not found; check the name, or see desist scenario --list"):
        Scenario.read(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(("table", "meant"), [("programme.primusmotor", "programme.primus_motor"),
                                             ("factor.huosing", "factor.housing")])  # fmt: skip
def test_a_mistyped_table_is_no_new_one(tmp_path, table, meant):
    """A new programme or factor with nearly the name of another needs a label."""
    file = tmp_path / "mine.toml"
    file.write_text(f'extends = "pooled"\n[{table}]\n', encoding="utf-8")
    with pytest.raises(ParameterError, match=rf"mine.toml: unknown key \[{table}\]; did you mean {meant}\? \(a new"):
        load(str(file))
    file.write_text(f'extends = "pooled"\n[{table}]\nlabel = "another"\n', encoding="utf-8")

    assert len(load(str(file)).factor) + len(load(str(file)).programme) == 7


def test_a_folder_is_no_scenario(tmp_path):
    """Something that cannot be read is refused in one line."""
    with pytest.raises(ParameterError, match="could not be read"):
        Scenario.read(tmp_path)


def test_broken_toml_is_named_with_its_line(tmp_path):
    """The message names the file and the place in it."""
    (tmp_path / "broken.toml").write_text("[people]\ncount = \n")
    with pytest.raises(ParameterError, match=r"broken\.toml is not valid TOML: .*line 2"):
        Scenario.read(tmp_path / "broken.toml")


def shelf(folder, **texts):
    """Files of these names and texts in a folder."""
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def test_a_scenario_is_the_difference_from_what_it_extends(tmp_path):
    """Values come from the nearest file that states them, through any number of steps."""
    shelf(tmp_path, far="[people]\ncount = 7\nrelease_months = 3", near='extends = "far"\n[people]\ncount = 8')
    scenario = Scenario.from_toml('extends = "near"\n[risk]\nhazard_multiplier = 2.0', shelf=[tmp_path])

    assert (8, 3, 2.0) == (scenario.people.count, scenario.people.release_months, scenario.risk.hazard_multiplier)


def test_of_several_scenarios_the_later_one_counts(tmp_path):
    """A list is read from left to right; each adds its own differences."""
    shelf(tmp_path, one="[people]\ncount = 7\nrelease_months = 3", other="[people]\ncount = 9\n[risk]\nhazard_multiplier = 2.0")
    scenario = Scenario.from_toml('extends = ["one", "other"]', shelf=[tmp_path])

    assert (9, 3, 2.0) == (scenario.people.count, scenario.people.release_months, scenario.risk.hazard_multiplier)


def test_what_a_later_scenario_extends_counts_too(tmp_path):
    """Differences of the second of a list include those of the file that it extends itself."""
    shelf(tmp_path, one="[people]\ncount = 7", below="[risk]\nhazard_multiplier = 3.0", other='extends = "below"\n[people]\ncount = 9')
    scenario = Scenario.from_toml('extends = ["one", "other"]', shelf=[tmp_path])

    assert (9, 3.0) == (scenario.people.count, scenario.risk.hazard_multiplier)


def test_a_circle_of_scenarios_is_refused(tmp_path):
    """Two files that extend each other describe nothing."""
    shelf(tmp_path, one='extends = "other"', other='extends = "one"')
    with pytest.raises(ParameterError, match=r"extends goes in a circle through \[(one|other)\]"):
        Scenario.read(tmp_path / "one.toml")


def test_an_unknown_scenario_is_answered_with_the_nearest(tmp_path):
    """The message names what was probably meant of what there is on the shelf."""
    with pytest.raises(ParameterError, match=r"scenario \[trail\] was not found; did you mean trial\?"):
        Scenario.from_toml('extends = "trail"', shelf=[shelf(tmp_path, trial="", other="")])


def test_a_complete_scenario_has_only_its_own_factors():
    """With complete = true nothing is merged in from the built-in scenario's tables."""
    assert ["thing"] == list(complete(factor={"thing": {"gain": 0.1}}).factor)
    assert "housing" in differing(factor={"thing": {"gain": 0.1}}).factor


@given(scenarios())
def test_a_scenario_comes_back_from_toml(scenario):
    """Written as TOML and read again, a scenario is equal and has the same digest."""
    again = Scenario.from_toml(scenario.to_toml())

    assert scenario == again
    assert scenario.digest == again.digest


# Overrides ----------------------------------------------------------------------------------------------------


def test_the_name_of_a_single_programme_may_be_left_out():
    """programme.direct_hazard_ratio is that of the only programme; with two, or none, it is asked which."""
    one = differing(programme={"help": {}})
    two = differing(programme={"help": {}, "more": {}})

    assert 0.5 == one.replace(programme__direct_hazard_ratio=0.5).programme["help"].direct_hazard_ratio
    assert one.replace(programme__direct_hazard_ratio=0.5) == one.replace(programme__help__direct_hazard_ratio=0.5)
    with pytest.raises(ParameterError, match=r"unknown key \[programme.direct_hazard_ratio\]"):
        two.replace(programme__direct_hazard_ratio=0.5)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("people.cuont", r"unknown key \[people.cuont\]; did you mean people.count\?"),
        ("peple.count", r"unknown key \[peple.count\]; did you mean people\?"),
        ("programme.new.direct_hazard_ratio", r"unknown key \[programme.new.direct_hazard_ratio\]; known here: programme.help"),
        ("programme.new", r"unknown key \[programme.new\]; known here: programme.help"),
        ("programme.direct_hazard_rato", r"unknown key \[programme.direct_hazard_rato\]; did you mean programme.direct_hazard_ratio\?"),
        ("programme.gain_weights.hosing", r"names \[hosing\], which is no factor of this scenario"),
        ("people.count.more", r"unknown key \[people.count.more\]; .*people\.count"),
    ],
)
def test_an_override_changes_only_what_is_there(key, expected):
    """Unknown keys are refused with the nearest known one; an override creates no programme."""
    with pytest.raises(ParameterError, match=expected):
        differing(programme={"help": {}}).changed({key: 0.5})


def test_overrides_are_checked_together():
    """Two bad values are told in two lines."""
    with pytest.raises(ParameterError) as refused:
        Scenario().changed({"people.count": 0, "risk.hazard_multiplier": -1.0})

    assert 2 == len(str(refused.value).splitlines())


def test_a_factor_may_begin_to_help_another():
    """Tables of factors are open: a weight can be set that was not there."""
    scenario = Scenario().changed({"factor.housing.helped_by.network": 1.5})

    assert 1.5 == scenario.factor["housing"].helped_by["network"]
    assert "network" not in Scenario().factor["housing"].helped_by


# The digest ---------------------------------------------------------------------------------------------------


WORDS = {"assignment": "everyone", "definition": "prison", "delivered_by": "volunteers", "accepted_from": "system",
         "allocation": "lottery", "helped_by": {"network": 3.0}, "gain_weights": {"network": 0.5}, "include": ["Aarhus"],
         "municipalities": ["Aarhus"], "opens": {"Aarhus": 2},
         **{key: {"Aarhus": 1.0} for key in ("releases", "openings_by", "at_start_by", "recruits_by", "ceiling_by")}}  # fmt: skip


def other_value(quantity):
    """Another allowed value of a quantity."""
    if isinstance(quantity.value, bool):
        return not quantity.value
    if isinstance(quantity.value, int):
        return quantity.value + (1 if quantity.value < quantity.high else -1)
    if isinstance(quantity.value, float):
        return quantity.value + (0.001 if quantity.value + 0.001 <= quantity.high else -0.001)
    return WORDS[quantity.key.rpartition(".")[2]]


def test_every_quantity_is_part_of_the_digest():
    """Changing any one number of a scenario changes its name."""
    scenario = differing(programme={"help": {"starts_month": -3, "deadline_month": -1, "gain_multiplier": 2.0, "gain_multiplier_others": 2.0}})
    digests = [scenario.changed({each.key: other_value(each)}).digest for each in quantities(scenario)]

    assert len(digests) > 100
    assert len({scenario.digest, *digests}) == 1 + len(digests)


@pytest.mark.parametrize("name", ["label", "title", "name", "about"])
def test_a_factor_of_any_name_is_part_of_the_digest(name):
    """Words about a scenario are left out of the digest by their place, not by what they are called."""
    once, again = (complete(factor={name: {"missing_at_release": 0.5, "gain": gain}}) for gain in (0.1, 0.2))

    assert once.digest != again.digest


TWO = {"one": {"missing_at_release": 0.2}, "other": {"missing_at_release": 0.7}}
HELPS = {"one": 0.5, "other": 1.0}


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ({"factor": TWO}, {"factor": dict(reversed(TWO.items()))}),
        (
            {"factor": TWO, "programme": {"help": {"gain_weights": HELPS}}},
            {"factor": TWO, "programme": {"help": {"gain_weights": dict(reversed(HELPS.items()))}}},
        ),
    ],
)
def test_equal_scenarios_have_equal_digests(there, back):
    """However the tables are ordered: what is called equal has one digest, and what has two is not equal."""
    there, back = complete(**there), complete(**back)

    assert (there == back) == (there.digest == back.digest)


def test_whole_numbers_are_the_same_as_their_decimals():
    """1 and 1.0 are one value of a quantity that need not be whole."""
    once, again = (Scenario.from_toml(tomli_w.dumps({"risk": {"hazard_multiplier": level}})) for level in (1, 1.0))

    assert once.digest == again.digest


def test_a_new_key_that_is_off_changes_no_digest():
    """A quantity that a later version adds leaves the digest as it is until it is set."""

    class LaterRisk(Risk):
        again: float = par(0.0, "times", 0, 1, what="a new mechanism", source="none", grade="assumed")

    class LaterScenario(Scenario):
        risk: LaterRisk = LaterRisk()

    kept = {key: value for key, value in Scenario().model_dump().items() if key != "risk"}
    assert LaterScenario(**kept).digest == Scenario().digest
    assert LaterScenario(**kept, risk=LaterRisk(again=0.5)).digest != Scenario().digest
