"""The model told again in plain Python from docs/odd.md and docs/odd-submodels.md, person by person.

It shares no rule, table or random number with ``simulation``: it reads a scenario's values, and the municipalities. The
reference population (20,000 people drawn as any others) is the code's. One programme, carried by volunteers or by places; no
stream of releases, no yearly limit, no list of the coordinator's own.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

from scipy.special import ndtri

from tests.twin_people import WORD, Released


def whole_parts(total, parts, rounding, nudge):
    """A whole divided among places as whole numbers."""
    cumulated = [rounding(total * sum(parts[: k + 1]) + nudge) for k in range(len(parts))]
    return [b - a for a, b in zip([0, *cumulated], cumulated, strict=False)]


class Twin(Released):
    """One replicate of a scenario; ``events`` are tuples of person, own month, event, detail, value."""

    def __init__(self, scenario, about, *, seed, replicate=0):
        self.s, self.seed, self.rep, self.events = scenario, seed, replicate, []
        self.factors = list(scenario.factor.items())
        self.name, self.prog = next(iter(scenario.programme.items()), ("", None))
        self.places = [p.number for p in scenario.selected_municipalities]
        inhabitants = [p.population for p in scenario.selected_municipalities]
        self.parts = [each / sum(inhabitants) for each in inhabitants]
        self.before = -self.prog.starts_month if self.prog else 0
        self.told_for = max(scenario.people.follow_up_months, self.prog.ends_month + 1 if self.prog else 0)
        self.calendar = self.before + scenario.people.release_months - 1 + scenario.people.follow_up_months
        self.about = about
        self.boosts = [self.boost(False), self.boost(True)] if self.prog else []
        self.people = [self.drawn(number) for number in range(scenario.people.count)]
        short = {
            name: f.openings / 100 / (f.missing_at_release * f.gain) for name, f in self.factors if f.openings < 100
        }
        self.first_room = {name: min(1.0, value) for name, value in short.items()}
        self.local = [
            SimpleNamespace(peers=1.0, room=dict(self.first_room), came=0, seats=[], limit=0) for _ in self.places
        ]
        if self.prog and self.prog.delivered_by == "volunteers":
            v = scenario.volunteers
            most = v.ceiling or max(2 * v.at_start, 12 * v.recruits_per_month)
            for place, number in zip(self.local, whole_parts(most, self.parts, math.ceil, -1e-9), strict=True):
                place.seats = [SimpleNamespace(state="empty", person=None) for _ in range(number)]
        elif self.prog:
            limits = whole_parts(self.prog.capacity, self.parts, math.floor, 1e-9)
            for place, number in zip(self.local, limits, strict=True):
                place.limit = number

    # The schedule

    def tell(self):
        """All months; returns the events of the follow-up, sorted."""
        for t in range(self.calendar):
            self.t = t
            here = [p for p in self.people if p.release - self.before <= t < p.release + self.told_for]
            for k, place in enumerate(self.local):
                place.demand = dict.fromkeys(self.first_room, 0)
                place.liberty = place.offending = 0
                if place.seats:
                    self.volunteers(place, self.places[k])
            if self.prog and self.s.trial.assignment != "nobody":
                self.waiting_list(here)
            for p in here:
                self.live(p)
            self.close()
        months = self.s.people.follow_up_months
        return sorted(each for each in self.events if each[2] == "sanction" or each[1] < months)

    def event(self, p, what, detail="", value=0, month=None):
        """Something happens to a person."""
        self.events.append((p.number, self.t - p.release if month is None else month, what, detail, value))

    # Volunteers and the list

    def volunteers(self, place, number):
        """The month of a place's volunteers."""
        v, t = self.s.volunteers, self.t
        word = self.words(0, self.rep, t + 1024, 3 * 2**24 + number)[0]
        part = self.parts[self.places.index(number)]
        if t == 0:
            new = int(v.at_start * part) + (word < (v.at_start * part) % 1 * WORD)
        else:
            rate = v.recruits_per_month * part * (min(1.0, t / v.campaign_months) if v.campaign_months else 1.0)
            new, chance = 0, math.exp(-rate)
            below = chance
            while word >= below * WORD:
                new += 1
                chance *= rate / new
                below += chance
        for seat in [each for each in place.seats if each.state == "empty"][:new]:
            vars(seat).update(state="training", name=place.came, ready=t if t == 0 else t + v.training_months, months=0)
            place.came += 1
        lost = []
        for seat in place.seats:
            if seat.state == "empty" or (seat.state == "training" and seat.ready > t):
                continue
            stop, stop_after, _, _ = self.words(seat.name, self.rep, number * 65536 + t + 1024, 2 * 2**24)
            p = seat.person
            matched = p is not None and p.status == "matched"
            seat.months += matched
            stops = stop < v.quit_chance * (1 + v.quit_increase_per_year * seat.months / 12) * WORD
            if p is not None and not matched:
                p.carried, seat.person = 0.0, None
                stops = stops or stop_after < v.quit_after_end * WORD
            elif p is not None and stops:
                lost.append(p)
                p.carried -= 1 / v.per_person
            seat.state = "free" if seat.person is None else "matched"
            if stops:
                seat.state, seat.person = "empty", None
        for p in lost:
            self.complete(p, place)
            if p.carried < 0.01 and p.status == "matched":
                p.status = "left"
                self.event(p, "exit", f"{self.name}: volunteers gone")
        for seat in place.seats:
            if seat.person is not None and seat.person.carried < 0.99:
                self.complete(seat.person, place)

    def complete(self, p, place):
        """Free volunteers of the place fill a gap."""
        for seat in place.seats:
            if p.carried <= 0.99 and seat.state == "free":
                seat.state, seat.person = "matched", p
                p.carried += 1 / self.s.volunteers.per_person

    def waiting_list(self, here):
        """Who is due joins, who is late leaves, the rest are matched in order."""
        row, t, offered = self.prog, self.t, self.s.trial.assignment
        waiting = []
        for p in here:
            first = p.anchor == p.release
            due = t == p.anchor + row.starts_month and p.inside and ((first and p.status == "aside") or
                                                                      (not first and row.re_eligible))  # fmt: skip
            if due and (offered == "everyone" or p.drawn) and p.yes[row.accepted_from]:
                long_enough = not first or p.sentence >= row.shortest_sentence_months
                if long_enough and p.score >= self.about.score_of(row.offered_share):
                    p.status = "waiting"
            if p.status == "waiting" and t - p.anchor >= row.deadline_month:
                p.status = "without"
                self.event(p, "unmatched", self.name)
            elif p.status == "waiting":
                waiting.append(p)
        sign = {"highest risk": -1, "lowest risk": 1}.get(row.allocation, 0)
        first = row.allocation == "first come"
        waiting.sort(
            key=lambda p: (
                first * p.anchor,
                sign * p.score,
                self.words(p.number, self.rep, 0, 4 * 2**24 + 1)[0],
                p.number,
            )
        )
        need = self.s.volunteers.per_person
        taken = [sum(p.status == "matched" and p.place == k for p in here) for k in range(len(self.places))]
        for p in waiting:
            free = [seat for seat in self.local[p.place].seats if seat.state == "free"][:need]
            if row.delivered_by == "volunteers" and len(free) == need:
                for seat in free:
                    seat.state, seat.person = "matched", p
                p.carried, p.status = 1.0, "matched"
                self.event(p, "match", self.name, need)
            elif row.delivered_by == "slots" and taken[p.place] < self.local[p.place].limit:
                taken[p.place] += 1
                p.carried, p.status = 1.0, "matched"
                self.event(p, "match", self.name)

    # A person's month

    def live(self, p):
        """One person lives a month."""
        t, s, place = self.t, self.s, self.local[p.place]
        month = t - p.release
        at = (p.number, self.rep, month + 1024)
        words = [word for block in range((3 + len(self.factors) + 3) // 4) for word in self.words(*at, block)]
        if t == p.turn:
            self.turn(p, at)
        level, met = self.relation(p, words) if self.prog else (0.0, False)
        before = dict(p.held)
        for k, (name, f) in enumerate(self.factors):
            times = self.boosts[p.highest][name] if met else 1.0
            gain = f.gain * math.prod(by for other, by in f.helped_by.items() if before[other]) * times
            if name in place.room:
                gain = min(1.0, gain)
                if not (before[name] or p.inside):
                    place.demand[name] += gain
                gain *= place.room[name]
            changed = words[3 + k] >= (1 - f.loss / times) * WORD if before[name] else words[3 + k] < gain * WORD
            if changed and not p.inside:
                p.held[name] = not before[name]
                self.event(p, "loss" if before[name] else "gain", name)
        fading = s.risk.long_run_hazard_ratio + (1 - s.risk.long_run_hazard_ratio) / (1 + (t - p.since) / s.risk.hazard_decay_months)
        hazard = p.baseline * fading * math.prod(f.missing_hazard_ratio for name, f in self.factors if not p.held[name])
        if self.prog:
            effect = self.prog.direct_hazard_ratio if p.highest else self.prog.direct_hazard_ratio_others
            hazard *= 1 - (1 - effect) * level
        hazard *= place.peers
        place.liberty += not p.inside
        if not p.inside and words[0] < (1 - math.exp(-hazard)) * WORD:
            place.offending += 1
            self.offend(p, at, month)

    def turn(self, p, at):
        """Release, or custody."""
        if p.inside:
            p.inside, p.since, p.turn = False, self.t, None
            self.event(p, "release" if self.t == p.release else "custody out")
            return
        p.inside, p.turn = True, self.t + p.waits
        p.anchor = p.turn
        self.event(p, "custody in", value=p.waits)
        p.waits = 0
        for k, (name, f) in enumerate(self.factors):
            if p.held[name] and self.words(*at, 72 + k)[0] < f.lost_in_custody * WORD:
                p.held[name] = False
                self.event(p, "loss", name, 1)
        if p.status == "matched":
            p.status = "custody"
            self.event(p, "exit", f"{self.name}: custody")
        elif p.status == "waiting":
            p.status = "without"
            self.event(p, "unmatched", self.name)

    def relation(self, p, words):
        """Level of the relationship this month, and whether they meet."""
        row = self.prog
        if p.status == "matched":
            planned = self.t - p.anchor >= row.ends_month
            if planned or words[2] < row.dropout_chance * WORD:
                p.status = "planned" if planned else "unplanned"
                self.event(p, "exit", f"{self.name}: {p.status}")
        met = p.status == "matched" and words[1] < row.contact_chance * p.carried * WORD
        fade = 0.5 ** (1 / row.half_life_months)
        level = 1.0 if met else p.echo * fade
        if met:
            p.met += 1
            p.echo = row.persistence * min(1.0, p.met / (row.ends_month - row.starts_month))
            self.event(p, "contact", self.name)
        else:
            p.echo *= fade
        return level, met

    def offend(self, p, at, month):
        """How many offences, and what follows."""
        o, c, recorded = self.s.offending, self.s.custody, month < self.s.people.follow_up_months
        burst, wait, sanction, quantile = self.words(*at, 64)
        number = 1
        while number < 20 and burst < o.further_offence_chance**number * WORD:
            number += 1
        mean = o.delay_mean_months
        phases = [math.log((half + 1) / 65536) / math.log(mean / (2 + mean)) for half in (wait >> 16, wait % 65536)]
        decided = month + sum(min(250, math.floor(each)) for each in phases)
        chance = min(1.0, o.prison_chance + o.prison_per_conviction * min(15, p.priors + p.cases))
        p.cases += 1
        what = "fine"
        if sanction < chance * WORD:
            what = "prison"
        elif sanction < (chance + (1 - chance) * o.suspended_chance) * WORD:
            what = "suspended"
        if recorded:
            self.event(p, "offence", "", number)
            self.event(p, "sanction", what, month, decided)
        if what != "prison":
            return
        parole, odd, _, _ = self.words(*at, 65)
        z = float(ndtri(((quantile >> 22) + 0.5) / 1024))
        time = min(192.0, o.sentence_median_months * math.exp(o.sentence_log_sd * z))
        if time >= c.parole_from_months and parole < c.parole_chance * WORD:
            time *= c.parole_served
        months = int(time) + (odd < time % 1 * WORD)
        if months:
            begins = p.release + max(month + 1, decided)
            p.begins = begins if p.waits == 0 else min(p.begins, begins)
            p.waits = min(1200, p.waits + months)
            p.turn = p.begins

    def close(self):
        """Openings and company of each place, for the next month."""
        peers = self.s.peers
        for place in self.local:
            share = (place.offending + peers.pseudo_people * peers.reference_share) / (place.liberty + peers.pseudo_people)
            place.peers = math.exp(peers.strength * (share - peers.reference_share))
            for name, wanted in place.demand.items():
                openings = self.s.factor[name].openings / 100
                place.room[name] = min(1.0, openings * place.liberty / wanted) if wanted else self.first_room[name]

    def boost(self, highest):
        """Times the chance of a gain for each factor, from the aim of the help."""
        row = self.prog
        aim = -math.log(row.support_hazard_ratio if highest else row.support_hazard_ratio_others)
        logs = [k / 599 * math.log(1000) for k in range(600)]
        fall = [self.fall(math.exp(each), highest) for each in logs]
        rise, best = [], 0.0
        for each in fall:
            best = max(best, each - fall[0])
            rise.append(best)
        if aim >= rise[-1]:
            found = logs[-1]
        else:
            k = max(i for i in range(600) if rise[i] <= aim)
            found = logs[k] + (logs[k + 1] - logs[k]) * (aim - rise[k]) / (rise[k + 1] - rise[k])
        return {name: math.exp(found * row.gain_weights.get(name, 0.0)) for name, _ in self.factors}

    def fall(self, times, highest):
        """Mean log hazard of lacking over twelve months of contact, with gains so many times likelier."""
        share = {name: 1 - lacked for (name, _), lacked in zip(self.factors, self.about.lacked[highest], strict=True)}
        total = 0.0
        for _ in range(12):
            before = dict(share)
            for name, f in self.factors:
                more = times ** self.prog.gain_weights.get(name, 0.0)
                gain = f.gain * math.prod(1 + before[other] * (by - 1) for other, by in f.helped_by.items()) * more
                share[name] = before[name] + (1 - before[name]) * min(1.0, gain) - before[name] * f.loss / more
                total += share[name] * math.log(f.missing_hazard_ratio) / 12
        return total
