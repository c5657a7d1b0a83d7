"""What names of the first version are called now: an old name is answered in one line with the new one."""

from __future__ import annotations

RENAMED = {
    # verbs
    "worth": "voi", "rivals": "compare-models", "elsewhere": "validate", "falsify": "check-model",
    "verify": "check-results", "observe": "register", "life": "person", "runs": "store", "bench": "benchmark",
    "fit-settings": "fit-effects",
    # keys of scenarios
    "returns_count": "include_reentries", "clustering": "problem_correlation",
    "problems_by_propensity": "problems_by_frailty", "priors_by_propensity": "priors_by_frailty",
    "level": "hazard_multiplier", "monthly_hazard": "baseline_hazard", "propensity_sd": "frailty_sd",
    "never_share": "immune_share", "later_hazard": "long_run_hazard_ratio", "settling_months": "hazard_decay_months",
    "highest_share": "high_risk_share", "another_offence": "further_offence_chance", "usual_share": "reference_share",
    "places": "municipalities", "released": "releases", "tiring": "quit_increase_per_year",
    "lacked_at_release": "missing_at_release", "lacking_hazard_ratio": "missing_hazard_ratio",
    "destroyed_by_custody": "lost_in_custody", "carried_by": "delivered_by", "again": "re_eligible",
    "most_a_year": "max_per_year", "unplanned_exit": "dropout_chance", "direct_effect": "direct_hazard_ratio",
    "direct_effect_others": "direct_hazard_ratio_others", "support_effect": "support_hazard_ratio",
    "support_effect_others": "support_hazard_ratio_others", "gain_times": "gain_multiplier",
    "gain_times_others": "gain_multiplier_others", "helps": "gain_weights", "stays": "persistence",
    # keys of plans
    "beside": "other_schemes", "own_figures": "country_file",
    # axes of sweeps
    "effect.strength": "effect.hazard_ratio",
    # options
    "--highest-share": "--high-risk-share",
}  # fmt: skip
"""Old name and new name. A name that is both (a verb and a key) is ``municipalities`` in both."""
