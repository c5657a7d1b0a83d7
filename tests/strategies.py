"""Scenarios as Hypothesis draws them: few people and months, but everything that a scenario can have."""

from __future__ import annotations

import tomli_w
from hypothesis import strategies as st

from experiments.verification.random_scenarios import not_listed
from simulation.programmes import UNLIMITED
from simulation.scenario import Scenario

SEEDS = st.integers(0, 2**64 - 1)
FACTORS = ("housing", "economy", "employment", "network", "education", "substance_use", "health")
"""The five that are built in, and two more."""
PLACES = (["Aarhus"], ["Fanø", "Odense", "Vejle"], ["Samsø", "Aarhus"], ["programme area"], ["all"])
SMALL, NAMED = ("Fanø", "Samsø"), ("Aarhus", "Odense", "Syddanmark", "Nordjylland")
"""Places that are never alone in a scenario, so that they may be given nothing; others that may be named."""


def numbers(low, high):
    """Ordinary numbers between two ends, which are included and often drawn."""
    return st.floats(low, high, allow_subnormal=False)


def chances(low=0.0, high=1.0):
    """Chances, shares and correlations."""
    return numbers(low, high)


@st.composite
def scenarios(
    draw,
    *,
    apart=False,
    supplied=None,
    programmes=(0, 3),
    signed_up=None,
    assignments=("everyone", "randomised"),
    returning=False,
):
    """Full scenarios that can be told in a moment.

    Parameters
    ----------
    apart
        Whether people are without influence on each other: no peers, no scarcity, no volunteers, room for all.
    supplied
        Whether volunteers carry a programme; None for either.
    programmes
        Fewest and most programmes.
    signed_up
        Whether only people who sign up are in it; None for either.
    assignments
        What may be drawn for ``trial.assignment`` where there is a programme.
    returning
        Whether people who return count among the releases, so that some of the people are left out; None for either.
    """
    names = draw(st.permutations(FACTORS))[: draw(st.integers(1, len(FACTORS)))]
    count = draw(st.integers(*programmes))
    carried = -1 if apart else draw(st.integers(0 if supplied else -1, count - 1))
    include = draw(st.sampled_from(PLACES))
    table = {f"help{k}": draw(_programmes(names, include, k == carried, apart)) for k in range(count)}
    trial = {"assignment": "nobody", "signed_up": False}
    if table:
        trial["assignment"] = draw(st.sampled_from(assignments))
        trial["signed_up"] = draw(st.booleans()) if signed_up is None else signed_up
    data = {
        "people": draw(_people()) | {"include_reentries": draw(st.booleans()) if returning is None else returning},
        "risk": draw(_risk()),
        "offending": draw(_offending()),
        "custody": {"parole_chance": draw(chances()), "parole_served": draw(chances(0.1))},
        "peers": draw(_peers()) if not apart else {"strength": 0.0},
        "trial": trial,
        "municipalities": {"include": include, "releases": draw(_released())},
        "volunteers": draw(_volunteers()),
        "factor": {name: draw(_factors(names, apart)) for name in names},
        "programme": table,
    }
    for section, rows in data.items():
        for row in rows.values() if section in ("factor", "programme") else (rows,):
            row |= {key: draw(numbers(*ends)) for key, ends in not_listed(section, row).items()}
    return Scenario.from_toml(tomli_w.dumps({"complete": True, **data}))


def _people():
    return st.fixed_dictionaries({
        "count": st.integers(15, 40) | st.integers(1, 3),
        "release_months": st.integers(1, 6),
        "follow_up_months": st.integers(8, 18) | st.integers(1, 3),
        "calendar_months": st.just(0) | st.integers(1, 24),
        "women_share": chances(),
        "sentence_log_sd": numbers(0.5, 2.0),
        "accepts_volunteers": chances(0.3),
        "accepts_system": chances(0.3),
        "acceptance_by_motivation": chances(0.0, 0.9),
        "problem_correlation": chances(0.0, 0.9),
        "problems_by_frailty": chances(0.0, 0.7),
    })  # fmt: skip


def _released():
    """Parts of the released people: everybody's, then some places' own; two small ones may have nobody."""
    own = {"all": numbers(0.5, 2.0), "Aarhus": numbers(0.1, 9.0), "Syddanmark": numbers(0.1, 3.0)}
    small = dict.fromkeys(SMALL, st.just(0.0) | numbers(0.5, 20.0))
    return st.just({}) | st.fixed_dictionaries(own, optional=small)


def _by_place(low, high):
    """A number for each of some places, which may be nothing everywhere."""
    return st.just({}) | st.dictionaries(st.sampled_from(("all", *NAMED, *SMALL)), numbers(low, high), max_size=4)


def _risk():
    return st.fixed_dictionaries({
        "hazard_multiplier": numbers(0.5, 8.0),
        "immune_share": chances(0.0, 0.5),
        "frailty_sd": numbers(0.0, 1.5),
        "long_run_hazard_ratio": chances(),
        "hazard_decay_months": numbers(0.5, 20.0),
        "high_risk_share": chances(0.1, 0.9),
    })  # fmt: skip


def _offending():
    return st.fixed_dictionaries({
        "further_offence_chance": chances(0.0, 0.9),
        "delay_mean_months": numbers(0.0, 20.0),
        "prison_chance": chances(),
        "suspended_chance": chances(),
        "sentence_log_sd": numbers(0.0, 2.0),
    })  # fmt: skip


def _peers():
    return st.fixed_dictionaries(
        {"strength": st.just(0.0) | numbers(0.1, 8.0), "pseudo_people": numbers(0.0, 10.0), "reference_share": chances(0.0, 0.5)}
    )


def _volunteers():
    return st.fixed_dictionaries({
        "at_start": numbers(20.0, 200.0) | st.just(0.0),
        "recruits_per_month": st.just(0.0) | numbers(0.5, 20.0),
        "ceiling": st.just(0.0) | numbers(5.0, 200.0),
        "at_start_by": _by_place(0.0, 3.0),
        "recruits_by": _by_place(0.0, 3.0),
        "ceiling_by": _by_place(0.0, 3.0),
        "campaign_months": st.just(0.0) | numbers(0.5, 12.0),
        "coordinators": st.just(0.0) | numbers(0.2, 5.0),
        "training_months": st.integers(0, 3),
        "per_person": st.integers(1, 2),
        "quit_chance": chances(0.0, 0.3),
        "quit_increase_per_year": numbers(0.0, 5.0),
        "quit_after_end": chances(),
    })  # fmt: skip


def _factors(names, apart):
    return st.fixed_dictionaries({
        "missing_at_release": chances(),
        "gain": chances(0.0, 0.5),
        "loss": chances(0.0, 0.5),
        "missing_hazard_ratio": numbers(0.5, 3.0),
        "lost_in_custody": chances(),
        "openings": st.just(UNLIMITED) if apart else st.just(UNLIMITED) | numbers(0.0, 20.0),
        "openings_by": _by_place(0.0, 3.0),
        "helped_by": st.dictionaries(st.sampled_from(names), numbers(0.5, 3.0), max_size=2),
    })  # fmt: skip


@st.composite
def _programmes(draw, names, include, by_volunteers, apart):
    starts = draw(st.integers(-4, 0))
    deadline = draw(st.integers(starts + 1, 4))
    return {
        "delivered_by": "volunteers" if by_volunteers else "slots",
        "accepted_from": draw(st.sampled_from(["volunteers", "system"])),
        "starts_month": starts,
        "deadline_month": deadline,
        "ends_month": draw(st.integers(max(0, deadline), 14)),
        "shortest_sentence_months": draw(numbers(0.0, 3.0)),
        "allocation": draw(st.sampled_from(["first come", "highest risk", "lowest risk", "lottery"])),
        "capacity": 1_000_000.0 if apart else draw(numbers(0.0, 30.0)),
        "municipalities": draw(st.just([]) | st.lists(st.sampled_from(include), min_size=1, unique=True)),
        "opens": draw(st.dictionaries(st.sampled_from(["all", "Aarhus", "Syddanmark"]), st.integers(0, 4), max_size=2)),
        "closes_month": draw(st.just(0) | st.integers(3, 12)),
        "re_eligible": draw(st.booleans()),
        "offered_share": draw(st.just(1.0) | chances()),
        "max_per_year": 0.0 if apart else draw(st.just(0.0) | numbers(1.0, 100.0)),
        "contact_chance": draw(chances()),
        "dropout_chance": draw(chances(0.0, 0.2)),
        "direct_hazard_ratio": draw(numbers(0.05, 2.0)),
        "direct_hazard_ratio_others": draw(numbers(0.05, 2.0)),
        "support_hazard_ratio": draw(numbers(0.4, 1.0)),
        "support_hazard_ratio_others": draw(numbers(0.4, 1.0)),
        "gain_weights": draw(st.dictionaries(st.sampled_from(names), chances(), max_size=3)),
        "persistence": draw(chances()),
        "half_life_months": draw(numbers(0.5, 50.0)),
    }
