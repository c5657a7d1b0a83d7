"""Chance and who is released, told again from docs/odd-submodels.md (see ``twin``)."""

from __future__ import annotations

import math
from types import SimpleNamespace

from scipy.special import ndtri

WORD = 2**32


def philox(counter, seed):
    """Four words of Philox4x32-10."""
    a, b, c, d = counter
    k0, k1 = seed % WORD, seed // WORD
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q % WORD, (p >> 32) ^ d ^ k1, p % WORD
        k0, k1 = (k0 + 0x9E3779B9) % WORD, (k1 + 0xBB67AE85) % WORD
    return a, b, c, d


def normal(word):
    """A standard normal number."""
    return float(ndtri(((word >> 16) + 0.5) / 65536))


class Released:
    """Draws the people of a replicate; ``s`` is the scenario, ``prog`` its programme, ``about`` the risk groups."""

    def words(self, *counter):
        """The words at an address."""
        return philox(counter, self.seed)

    def drawn(self, number):
        """A person, in prison."""
        s, p = self.s, self.s.people
        attempt = 0
        while True:
            sentence, motivation, own, own_system = self.words(number, self.rep, attempt, 2**24)
            shared, age, sex, priors = self.words(number, self.rep, attempt, 2**24 + 1)
            sentence = min(192.0, p.sentence_median_months * math.exp(p.sentence_log_sd * normal(sentence)))
            motivation = normal(motivation)
            yes = {
                who: self.says_yes(motivation, normal(shared), normal(word), share)
                for who, word, share in (
                    ("volunteers", own, p.accepts_volunteers), ("system", own_system, p.accepts_system),
                )
            }  # fmt: skip
            wanted = self.prog and yes[self.prog.accepted_from] and sentence >= self.prog.shortest_sentence_months
            if wanted or not s.trial.signed_up:
                break
            attempt += 1
        propensity, place, month, never = self.words(number, self.rep, attempt, 2**24 + 2)
        problems = self.words(number, self.rep, attempt, 2**24 + 3)[0]
        age = min(80.0, max(18.0, p.age_median * math.exp(p.age_log_sd * normal(age))))
        propensity, r = normal(propensity), p.priors_by_frailty
        z = r * propensity + math.sqrt(1 - r * r) * normal(priors)
        career = ((age - 14) / 20) ** p.priors_by_age
        priors = int(min(30.0, p.priors_median * career * math.exp(p.priors_log_sd * z)))
        woman = sex < p.women_share * WORD
        score = (
            math.log(s.risk.age_hazard_ratio) * (age - 34) / 10
            + math.log(s.risk.women_hazard_ratio) * woman
            + math.log(s.risk.priors_hazard_ratio) * min(priors, 20)
        )
        a, b = math.log(p.motivation_hazard_ratio), s.risk.frailty_sd
        relative = math.exp(score + a * motivation - a * a / 2 + b * propensity - b * b / 2)
        centre = math.prod(f.missing_hazard_ratio**f.missing_at_release for _, f in self.factors)
        own = p.problems_by_frailty
        common = math.sqrt(max(0.0, p.problem_correlation - own * own))
        held = {}
        for k, (name, f) in enumerate(self.factors):
            word = self.words(number, self.rep, attempt, 2**24 + 4 + k // 4)[k % 4]
            latent = own * propensity + common * normal(problems) + math.sqrt(1 - own**2 - common**2) * normal(word)
            held[name] = not latent > ndtri(1 - f.missing_at_release)
        below = [math.floor(sum(self.parts[: k + 1]) * WORD) for k in range(len(self.parts))]
        below[-1] = WORD
        release = self.before + int(month * p.release_months / WORD)
        lot = self.words(number // 2, self.rep, 0, 4 * 2**24)[0] >> 31
        return SimpleNamespace(
            number=number, sentence=sentence, yes=yes, priors=priors, score=score, held=held, release=release,
            highest=score >= self.about.highest_from, place=next(k for k, top in enumerate(below) if place < top),
            drawn=(number + lot) % 2 == 1, inside=True, turn=release, anchor=release, since=0, waits=0, begins=None,
            cases=0, status="aside", met=0, echo=0.0, carried=0.0,
            baseline=0.0 if never < s.risk.immune_share * WORD
            else s.risk.hazard_multiplier * s.risk.baseline_hazard / centre * relative,
        )  # fmt: skip

    def says_yes(self, motivation, shared, own, share):
        """Whether a person says yes to a helper."""
        m, t = self.s.people.acceptance_by_motivation, self.s.people.trust_shared
        latent = m * motivation + math.sqrt(1 - m * m) * (math.sqrt(t) * shared + math.sqrt(1 - t) * own)
        return latent > ndtri(1 - share)
