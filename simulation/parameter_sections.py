"""The sections of a scenario about people, risk, crime and its consequences: every number with its home.

Sources in brackets are listed in ``docs/sources.md``. "Fitted" means set by ``desist fit-baseline`` so that the
released population reproduces the Danish figures in ``docs/baseline.md``.
"""

from __future__ import annotations

from typing import Literal

from simulation.parameters import Section, par

Definition = Literal["any", "prison", "sentence"]
Assignment = Literal["nobody", "everyone", "randomised"]


class People(Section):
    """Who is released, and for how long each person is followed."""

    count: int = par(20_000, "people", 1, 5_000_000, what="people in one replicate",
        source="enough for a simulation error of a third of a point", grade="assumed")
    release_months: int = par(1, "months", 1, 600, what="months over which the releases are spread evenly",
        source="a cohort released at once", grade="assumed")
    include_reentries: bool = par(False, "true or false",
        what="people who return to prison while they are followed and are released again count among the releases, "
        "so that without a programme their number stays the same all the time (count is then that number)",
        source="7,030 releases a year include such returns [S2]", grade="judged")
    follow_up_months: int = par(24, "months", 1, 240, what="months after release in which offences count",
        source="two years, as Statistics Denmark and the trial [S2][S99]", grade="measured")
    calendar_months: int = par(0, "months", 0, 1_000,
        what="months after the first release in which observation stops (0: when "
        "the last person's follow-up has ended); people whose follow-up is cut short are censored",
        source="no early stop", grade="assumed")
    age_median: float = par(33.0, "years", 15, 80, what="median age at release",
        source="Danish prisons, general knowledge", grade="assumed", prior="N(33, 1.5)")
    age_log_sd: float = par(0.31, "sd of log", 0.0, 1.0, what="spread of age at release",
        source="general knowledge: a tenth under 22, a tenth over 50", grade="assumed")
    women_share: float = par(0.06, "share 0-1", 0, 1, what="share of women among the released",
        source="general knowledge, 5 to 7 %", grade="assumed", prior="B(6, 94)")
    priors_median: float = par(4.0, "convictions", 0, 50, what="median of earlier convictions at age 34",
        source="three in four inmates are repeat offenders [S75]; the spread is assumed", grade="assumed")
    priors_log_sd: float = par(0.8, "sd of log", 0, 3, what="spread of earlier convictions",
        source="as priors_median", grade="assumed")
    priors_by_age: float = par(0.7, "power", 0, 2, what="earlier convictions grow as (age - 14) to this power",
        source="careers slow down with age; assumed", grade="assumed")
    sentence_median_months: float = par(1.75, "months", 0.1, 120, what="median sentence",
        source="62 % of sentences at most 3 months, 7 % over 24, mean 6.8 [S16]", grade="measured")
    sentence_log_sd: float = par(1.78, "sd of log", 0, 3, what="spread of sentences",
        source="as sentence_median_months", grade="measured")
    motivation_hazard_ratio: float = par(0.85, "times per sd", 0.3, 1.0,
        what="hazard of offending for a person one standard deviation more motivated",
        source="those who sign up differ from those who do not; size assumed", grade="assumed",
        prior="U(0.7, 1.0)")
    accepts_volunteers: float = par(0.40, "share 0-1", 0, 1, what="share who say yes to help from volunteers",
        source="nothing Danish found; 30-50 % judged", grade="assumed", prior="B(4, 6)")
    accepts_system: float = par(0.30, "share 0-1", 0, 1, what="share who say yes to help from the system",
        source="many want nothing to do with the system (founding text [S2]); size assumed", grade="assumed",
        prior="B(3, 7)")
    acceptance_by_motivation: float = par(0.5, "correlation", 0, 0.99,
        what="how far motivation decides who says yes", source="assumed", grade="assumed", prior="U(0.2, 0.7)")
    trust_shared: float = par(0.3, "correlation", 0, 0.99,
        what="how far saying yes to volunteers and to the system go together, motivation apart",
        source="volunteers reach people who refuse the system [S2]; size assumed", grade="assumed")
    problem_correlation: float = par(0.38, "correlation", 0, 0.95, what="how far problems at release go together",
        source="93 % have at least one problem, Norway [S71]; "
        "the 51 % with three or more cannot be met with 75 % in debt", grade="judged", prior="U(0.2, 0.5)")
    problems_by_frailty: float = par(0.40, "correlation", 0, 0.95,
        what="how far problems at release go with the lasting difference between people",
        source="two thirds of the raw association is not effect [S23][S35]", grade="judged")
    priors_by_frailty: float = par(0.35, "correlation", 0, 0.95,
        what="how far earlier convictions go with the lasting difference between people",
        source="static factors predict best [S68]; size assumed", grade="assumed")


class Risk(Section):
    """The monthly hazard of offending, apart from support, peers and programmes."""

    hazard_multiplier: float = par(1.0, "times", 0.01, 20,
                                   what="multiplies everybody's hazard (1: all released in Denmark)",
        source="by definition", grade="assumed", prior="LN(1.0, 0.3)")
    baseline_hazard: float = par(0.0675, "per month", 0, 5,
        what="hazard in the first month of a man of 34 without earlier convictions, with average support",
        source="fitted to 39 / 53 / 66 % [S9][S10]", grade="judged", prior="LN(0.068, 0.1)")
    frailty_sd: float = par(0.535, "sd of log", 0, 3, what="lasting unobserved difference between people",
        source="fitted to timing and counts [S9][S10]", grade="judged", prior="U(0.2, 1.5)")
    immune_share: float = par(0.045, "share 0-1", 0, 0.9, what="share who never offend again, whatever happens",
        source="split-population model [S95][S96]; fitted, pulled down by the hazard of year 2", grade="judged",
        prior="U(0.0, 0.3)")
    long_run_hazard_ratio: float = par(0.592, "times", 0.0, 1.0,
                                       what="hazard long after release, part of the first month's",
        source="fitted", grade="judged", prior="U(0.1, 0.9)")
    hazard_decay_months: float = par(5.26, "months", 0.1, 60,
        what="months after which half of the fall from the first month's hazard to the later one has happened",
        source="fitted", grade="judged", prior="LN(6.0, 0.3)")
    age_hazard_ratio: float = par(0.676, "times per 10 years", 0.3, 1.2, what="hazard of a person ten years older",
        source="0.70 per ten years, North Carolina 1978 [S97]; 1.22 / 1 / 0.77 / 0.47 by age, Denmark [S7]",
        grade="judged", prior="LN(0.72, 0.07)")
    women_hazard_ratio: float = par(0.68, "times", 0.1, 1.5, what="hazard of women against men",
        source="35 and 18 % of all sanctioned [S13]; the log halved for the released", grade="judged",
        prior="LN(0.68, 0.15)")
    priors_hazard_ratio: float = par(1.095, "times per conviction", 0.9, 1.5,
        what="hazard for each earlier conviction more, up to 20",
        source="1.11 per earlier imprisonment, North Carolina 1978 [S97]; 17 / 27 / 89 %, Denmark [S14]; fitted",
        grade="judged", prior="LN(1.09, 0.02)")
    high_risk_share: float = par(0.45, "share 0-1", 0.01, 1.0,
        what="share of the scenario's people who count as the highest-risk group",
        source="not published; swept", grade="assumed", prior="U(0.3, 0.6)")


class Offending(Section):
    """What follows when a person offends: how many offences, when they are decided, what the sanction is."""

    further_offence_chance: float = par(0.4835, "share 0-1", 0, 0.95,
        what="chance that one offence is followed by another in the same month (bursts)",
        source="fitted: 21 % of the reoffenders one offence, 54 % four or more [S9]", grade="judged",
        prior="B(20, 20)")
    delay_mean_months: float = par(4.0, "months", 0, 24,
        what="mean time from offence to decision (investigation and court)",
        source="general knowledge, 3 to 6 months", grade="assumed", prior="LN(4.0, 0.25)")
    prison_chance: float = par(0.2715, "share 0-1", 0, 1,
        what="chance that a decision is prison, without earlier convictions",
        source="fitted: 40 % of the men back in prison within two years [S13]", grade="judged", prior="B(14, 86)")
    prison_per_conviction: float = par(0.012, "share 0-1 per conviction", 0, 0.2,
        what="added to that chance for each earlier conviction, up to 15", source="assumed", grade="assumed")
    suspended_chance: float = par(0.09, "share 0-1", 0, 1,
        what="chance that a decision which is not prison is a suspended sentence or community service",
        source="so that about a third have a new sentence decided within two years [S4][S5]", grade="judged",
        prior="B(15, 85)")
    sentence_median_months: float = par(1.75, "months", 0.1, 120, what="median new prison sentence",
        source="as for all sentences [S16]", grade="judged")
    sentence_log_sd: float = par(1.4, "sd of log", 0, 3, what="spread of new prison sentences",
        source="narrower than all sentences: most are for theft, violence and drugs; assumed", grade="assumed")


class Custody(Section):
    """How much of a sentence is served."""

    parole_chance: float = par(0.625, "share 0-1", 0, 1, what="share granted parole",
        source="62.5 % [S18]", grade="measured", prior="B(62, 38)")
    parole_from_months: float = par(3.0, "months", 0, 24, what="shortest sentence with parole",
        source="parole after two thirds, at least two months served; law", grade="measured")
    parole_served: float = par(2 / 3, "share 0-1", 0.1, 1, what="share of the sentence served before parole",
        source="two thirds; law", grade="measured")


class Peers(Section):
    """The company one is in: how many of the released people of the same place are offending."""

    strength: float = par(1.0, "log hazard per share", 0, 10,
        what="log hazard added if all one's peers offended last month rather than none",
        source="living with a recently convicted person: 1.34 times [S35]; spread over a share of peers; assumed",
        grade="assumed", prior="U(0.0, 2.0)")
    reference_share: float = par(0.083, "share 0-1", 0, 1, what="share offending at which peers make no difference",
        source="fitted: the mean of the first two years, so that peers do not move the baseline", grade="judged")
    pseudo_people: float = par(10.0, "people", 0, 1000,
        what="people at the usual share added to each place, so that small places do not swing",
        source="assumed", grade="assumed")


class Trial(Section):
    """Who is offered the programme that is under study, and whose yes is needed to be counted."""

    assignment: Assignment = par("nobody", "nobody, everyone or randomised",
        what="who is offered the programmes: nobody, everyone, or one of each two by lot",
        source="the trial drew half [S3]", grade="measured")
    signed_up: bool = par(False, "true or false",
        what="only people who are eligible and say yes are in the scenario, as in the trial",
        source="a trial of people who accepted [S1]", grade="measured")
    definition: Definition = par("any", "any, prison or sentence", what="definition of reoffending used in reports",
        source="the trial's own could not be established", grade="assumed")
