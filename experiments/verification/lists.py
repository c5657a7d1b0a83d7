"""The invariants and the analytical checks, in the order in which they are carried out: the lists of what must hold.

Invariants need no data and no tolerance: a single violation is a mistake in the model. They are checked in random
scenarios (``random_scenarios.py``) by ``desist check-model``, and in those of Hypothesis by ``tests/test_checks.py``.
Of what mathematics says, rules one by one and numbers have a tolerance (the finding is the largest deviation in units
of it); whole runs are judged by a p-value, with the rate of false alarms stated in ``checks.py``.
"""

from __future__ import annotations

from experiments.verification.analytical_numbers import NUMBERS
from experiments.verification.analytical_outcomes import OUTCOMES, STREAM
from experiments.verification.analytical_people import PEOPLE
from experiments.verification.analytical_rules import CHANCE, RULES
from experiments.verification.analytical_runs import RUNS
from experiments.verification.invariants_counts import CENSORING, CONSERVATION
from experiments.verification.invariants_environment import SUPPLY_AND_QUEUE
from experiments.verification.invariants_help import PROGRAMMES
from experiments.verification.invariants_lives import LIVES
from experiments.verification.invariants_money import MONEY
from experiments.verification.invariants_order import DOUBLED_PEOPLE, ORDER_OF_PEOPLE, RELABELLED_PLACES, ZERO_EFFECT
from experiments.verification.invariants_policy import MONOTONE_HELP, PAIRED_LIVES, SCARCITY

INVARIANTS = (
    *ZERO_EFFECT, *DOUBLED_PEOPLE, *RELABELLED_PLACES, *ORDER_OF_PEOPLE, *MONOTONE_HELP, *PAIRED_LIVES, *CONSERVATION,
    *LIVES, *PROGRAMMES, *SUPPLY_AND_QUEUE, *SCARCITY, *CENSORING, *MONEY,
)  # fmt: skip
ANALYTICAL_CHECKS = (*RULES, *CHANCE, *OUTCOMES, *PEOPLE, *NUMBERS, *RUNS, *STREAM)
