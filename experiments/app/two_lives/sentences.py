"""Two lives in words: who the person is, what happens month by month, where the lives part and why."""

from __future__ import annotations

from html import escape

from experiments.app.catalogue import PageMessages
from experiments.app.two_lives import facts
from experiments.app.two_lives.facts import Difference, Kind, Life, LifeEvent, LifePair

MOST_DECIMALS = 5
EXITS = {"planned": "planned", "unplanned": "unplanned", "volunteers gone": "gone", "custody": "custody"}


def person(w: PageMessages, life: Life) -> str:
    """Who lives twice: what can be seen at release."""
    row = life.film.history.people.iloc[life.number]
    lacks = [w(f"lives.factor.{name}") for name in life.film.scenario.factor if not row[f"has_{name}"]]
    who = "woman" if row["woman"] else "man"
    return " ".join([
        w(f"lives.person.{who}", age=int(row["age"].round()), place=row["place"]),
        w("lives.person.past", priors=int(row["priors"]), sentence=w.number(float(row["sentence"]), 1)),
        w("lives.person.highest" if row["group"] == "highest risk" else "lives.person.others"),
        w("lives.person.lacks", lacks=", ".join(lacks)) if lacks else w("lives.person.nothing"),
    ])  # fmt: skip


def unseen(w: PageMessages, life: Life) -> str:
    """The two things about a person that nobody can see."""
    row = life.film.history.people.iloc[life.number]
    return w("lives.device.unseen", **{key: w.number(float(row[key]), 1) for key in ("motivation", "propensity")})


def crime(w: PageMessages, life: Life) -> str:
    """New crime of a life in 24 months."""
    if not life.offences:
        return w("lives.crime.no")
    first = min(event.month for event in life.events if event.what == "offence")
    return w("lives.crime.one" if life.offences == 1 else "lives.crime.some", number=life.offences, first=first)


def verdict(w: PageMessages, kind: Kind, lives: tuple[Life, Life]) -> list[str]:
    """Whether it helped, and the new crime of both lives."""
    return [w(f"lives.verdict.{kind}"), w("lives.verdict.with", crime=crime(w, lives[0])),
            w("lives.verdict.without", crime=crime(w, lives[1]))]  # fmt: skip


# Where they part ----------------------------------------------------------------------------------------------


def parted(w: PageMessages, kind: Kind, lives: tuple[Life, Life]) -> tuple[str, list[str]]:
    """A heading, and why the two lives part: first at all, then (in a paragraph of its own) in new crime."""
    found = facts.parting(*lives)
    if found is None:
        return w("lives.part.never"), [w("lives.part.never_unmet" if kind == "unmet" else "lives.part.never_text")]
    month, differences = found
    sentences = [difference(w, each) for each in differences]
    sentences += [difference(w, each, when) for when, each in facts.crimes(kind, *lives) if when > month]
    return w("lives.part.title", month=month), sentences


def difference(w: PageMessages, each: Difference, month: int | None = None) -> str:
    """Something that happened in one life only: both chances, the one random number, and why the chances differ.

    The month is named if it is given.
    """
    arm = "with" if each.mentored else "without"
    what = w("lives.event.crime" if each.what == "offence" else f"lives.event.{each.what}.{each.detail}")
    when = {} if month is None else {"month": month}
    only = w(f"lives.part.{arm}_later" if when else f"lives.part.{arm}", what=what, **when)
    if each.shut:
        return f"{only} {w('lives.part.shut')}"
    digits = decimals(each.luck, max(each.with_mentors, each.without), min(each.with_mentors, each.without))
    said = {"with": w.percent(each.with_mentors, digits), "without": w.percent(each.without, digits)}
    causes = ", ".join(cause(w, name, times) for name, times in each.causes.items())
    kind = "chance" if each.what == "gain" else "risk"
    return f"{only} {w(f'lives.part.{kind}', luck=w.points(each.luck, digits), causes=causes, **said)}"


def decimals(luck: float, high: float, low: float) -> int:
    """As few decimals of per cent as show on which side of both chances the random number lies; at least one."""
    for digits in range(1, MOST_DECIMALS):
        if round(100 * low, digits) <= round(100 * luck, digits) < round(100 * high, digits):
            return digits
    return MOST_DECIMALS


def cause(w: PageMessages, name: str, times: float) -> str:
    """One part of a difference: how many times greater the chance is with mentors for this reason."""
    many = w.number(times, 1 if times >= 2 else 2)
    if name.startswith("lacking "):
        factor = w(f"lives.factor.{name.removeprefix('lacking ')}")
        return w("lives.cause.holds" if times < 1 else "lives.cause.lacks", factor=factor, times=many)
    keys = {
        "room": "fewer_seek" if times > 1 else "more_seek", "peers": "fewer_peers" if times < 1 else "more_peers",
        "time since release": "since",
    }  # fmt: skip
    return w(f"lives.cause.{keys.get(name, name)}", times=many)


# Month by month -----------------------------------------------------------------------------------------------


def sentence(w: PageMessages, life: Life, event: LifeEvent) -> str:
    """What happened, without a subject: the person is meant."""
    match event.what:
        case "offence":
            risk, luck = life.risk(event.month)
            digits = decimals(luck, risk, 0.0)
            key = "lives.event.offence" if event.value == 1 else "lives.event.offences"
            return w(key, number=event.value, risk=w.percent(risk, digits), luck=w.points(luck, digits))
        case "sanction" | "gain":
            return w(f"lives.event.{event.what}.{event.detail}", month=event.value)
        case "loss":
            return w(f"lives.event.{'ruin' if event.value else 'loss'}.{event.detail}")
        case "exit":
            return w(f"lives.event.exit.{EXITS[event.detail.partition(': ')[2]]}")
        case "custody in":
            return w("lives.event.in", months=w.months(event.value))
    return w(f"lives.event.{event.what.removeprefix('custody ')}", number=event.value)


def story(w: PageMessages, lives: tuple[Life, Life]) -> list[tuple[int, int, str, str]]:
    """Months in which something happens in a life: first, last, and both lives in HTML; what differs is strong.

    Months in a row with the same text are one.
    """
    with_them, without = lives
    rows: list[tuple[int, int, str, str]] = []
    for month in sorted({event.month for life in lives for event in life.events}):
        both = (_cell(w, with_them, without, month), _cell(w, without, with_them, month))
        if rows and rows[-1][1] == month - 1 and rows[-1][2:] == both:
            rows[-1] = (rows[-1][0], month, *both)
        else:
            rows.append((month, month, *both))
    return rows


def _cell(w: PageMessages, life: Life, other: Life, month: int) -> str:
    texts, here = [], [event for event in life.events if event.month == month]
    if any(event.what == "custody in" for event in here):
        here.sort(key=lambda event: event.what != "sanction")  # the decision comes before what it leads to
    for event in here:
        text = escape(sentence(w, life, event))
        own = event.what not in facts.OF_MENTORS and event not in other.events
        texts.append(f"<strong>{text}</strong>" if own else text)
    return "; ".join(texts)


def story_table(w: PageMessages, lives: tuple[Life, Life]) -> str:
    """Both lives month by month, side by side, as an HTML table to be read aloud."""
    quiet, body = f'<span class="quiet">{escape(w("lives.story.nothing"))}</span>', ""
    for first, last, left, right in story(w, lives):
        when = w.number(first, 0) if first == last else w("lives.story.months", begin=first, end=last)
        body += f'<tr><th scope="row">{escape(when)}</th><td>{left or quiet}</td><td>{right or quiet}</td></tr>'
    head = "".join(f'<th scope="col">{escape(w(f"lives.story.{key}"))}</th>' for key in ("month", "with", "without"))
    caption = f"<caption>{escape(w('lives.story.text'))}</caption>"
    return f'<table class="two-lives">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


# How often ----------------------------------------------------------------------------------------------------


def counts(both: LifePair) -> dict[str, int]:
    """How many people of each kind, and how many met their mentors."""
    found = {str(kind): both.kinds.count(kind) for kind in facts.KINDS}
    return {**found, "people": len(both.kinds), "met": len(both.kinds) - found["unmet"]}


def often(w: PageMessages, both: LifePair) -> str:
    """How often it helps with this seed."""
    n = counts(both)
    return w("lives.often.text", **{key: n[key] for key in ("met", "people", "helped", "worse")})
