"""The six rounds of the coordinator's game: who is new on the list, how many pairs are free, what has happened."""

from __future__ import annotations

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.coordinator.facts import GamePerson, Year, begun, month_of, new_in, people, played, year
from experiments.app.coordinator.game import EACH, PICKS, RESULT, ROUND, ROUNDS, RULES, SEED, SPREAD, TOWNS, Spread

BEFORE = 2
"""Months from the waiting list to the release."""


def show(w: PageMessages, now: int) -> None:
    """Show a round (1 to 6)."""
    seed, spread = st.session_state[SEED.key], spread_now()
    picks = begun(seed, picks_now(), now)
    mine = year(seed, spread, begun(seed, picks, now - 1))
    first = month_of(now)
    here, released = ({"first": month(w, at), "last": month(w, at + EACH - 1)} for at in (first - BEFORE, first))
    st.subheader(w("carry.round.title", n=now, **here))
    if now > 1:
        st.markdown(since(w, seed, mine, picks, now))
    new = new_in(seed, now)
    marked = ", ".join(f".st-key-carry-tick-{person.number}" for person in new if person.highest)
    st.html(f"<style>{marked or '.none'} {{border-left-color: #b35806;}}</style>")
    st.markdown(w("carry.round.new", n=len(new), **released))
    for k, column in enumerate(st.columns(len(TOWNS), gap="small")):
        with column.container(border=True, key=f"carry-box-{k}"):
            _town(w, k, mine, first, [person for person in new if person.town == TOWNS[k]], picks)
    row = st.container(horizontal=True)
    onward = w("carry.round.last") if now == ROUNDS else w("carry.round.next")
    row.button(onward, type="primary", key="carry-next", on_click=go_on)
    row.button(w("carry.round.back") if now > 1 else w("carry.round.restart"), key="carry-back", on_click=go_back)
    with st.expander(w("carry.auto.title")):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        row.selectbox(w("carry.auto.rule"), RULES, index=1, key="carry-rule", width=260,
                      format_func=lambda rule: w(f"carry.rule.{rule}"))  # fmt: skip
        row.button(w("carry.auto.round"), key="carry-auto-round", on_click=_let_rule_play, args=(False,))
        row.button(w("carry.auto.rest"), key="carry-auto-rest", on_click=_let_rule_play, args=(True,))


def _town(w: PageMessages, k: int, mine: Year, first: int, new: list[GamePerson], picks: list[int]) -> None:
    """A town in a round: its volunteers, and a box to tick for everybody who is new on its list."""
    free, busy, training = (int(each[k, first]) for each in (mine.free, mine.busy, mine.training))
    pairs = free // 2
    st.markdown(f"#### {TOWNS[k]}: {counted(w, 'carry.round.free', pairs)}")
    st.markdown(f":small[{w('carry.round.state', busy=busy, free=free, training=training)}]")
    if not new:
        st.markdown(w("carry.round.nobody"))
    for person in new:
        key = f"carry-tick-{person.number}"
        if st.session_state.get(key) != (person.number in picks):
            st.session_state[key] = person.number in picks
        st.checkbox(label(w, person), key=key, on_change=_tick, args=(person.number,), wrap=True)
    numbers = {person.number for person in new}
    ticked = [pick for pick in picks if pick in numbers]
    if len(ticked) > pairs:
        st.markdown(f":small[{w('carry.round.over', order=', '.join(map(str, ticked)))}]")


def label(w: PageMessages, person: GamePerson) -> str:
    """What the coordinator sees of a person, in one line."""
    lacks = ", ".join(w(f"carry.lacks.{name}") for name in person.lacks)
    lacked = w("carry.person.lacks", what=lacks) if lacks else w("carry.person.nothing")
    parts = (
        w("carry.person.number", n=person.number), w(f"carry.person.{'highest' if person.highest else 'others'}"),
        w(f"carry.person.{'woman' if person.woman else 'man'}", age=person.age),
        counted(w, "carry.person.priors", person.priors), w("carry.person.sentence", n=person.sentence),
        w("carry.person.out", month=month(w, person.release)),
    )  # fmt: skip
    whole = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts]
    return "\N{NO-BREAK SPACE}· ".join([*whole, lacked])


def since(w: PageMessages, seed: int, mine: Year, picks: list[int], now: int) -> str:
    """What has happened since the round before, and in all."""
    first, them = month_of(now), people(seed)
    lately = range(first - EACH, first)
    earlier, known = begun(seed, picks, now - 1), begun(seed, picks, now - 2)
    matched = [pick for pick in earlier if 0 <= mine.matched[pick] <= first]
    due = {pick: them[pick].release + BEFORE for pick in earlier if pick not in matched}
    groups = {
        "matched": [pick for pick in matched if pick not in known or mine.matched[pick] > first - EACH],
        "waiting": [pick for pick, month in due.items() if month > first],
        "missed": [pick for pick, month in due.items() if first - EACH < month <= first],
    }
    lines = [
        w(f"carry.since.{kind}.{'one' if len(who) == 1 else 'many'}", who=_listed(w, who))
        for kind, who in groups.items()
        if who
    ]
    over = [how == "planned" for how, end in zip(mine.how, mine.ended, strict=True) if end in lately]
    for kind, number in (("ended", over.count(False)), ("planned", over.count(True))):
        if number:
            lines.append(counted(w, f"carry.since.{kind}", number))
    running = len(matched) - int(((mine.ended >= 0) & (mine.ended < first)).sum())
    gone = [person.number for person in them if person.release + BEFORE <= first]
    left = len(gone) - len(set(gone) & set(matched))
    total = w("carry.since.so_far", started=len(matched), running=running, without=left)
    return f"**{w('carry.since.title')}** {' '.join(lines or [w('carry.since.nothing')])} {total}"


def _listed(w: PageMessages, numbers: list[int]) -> str:
    """Some people by number: Person 3, 7 and 9."""
    texts = [str(number) for number in numbers]
    who = f" {w('carry.since.and')} ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else texts[0]
    return w(f"carry.since.person.{'one' if len(texts) == 1 else 'many'}", who=who)


def counted(w: PageMessages, key: str, number: int) -> str:
    """A text about a number: KEY.none, KEY.one or KEY.many."""
    kind = {0: "none", 1: "one"}.get(number, "many")
    return w(f"{key}.{kind}", n=number)


def month(w: PageMessages, number: int) -> str:
    """Name of a month of release, 0 to 11; of the year before for negative numbers."""
    return w(f"carry.month.{number % 12 + 1}")


def spread_now() -> Spread:
    """Where the player's volunteers live."""
    return tuple(int(part) for part in st.session_state[SPREAD.key])


def picks_now() -> list[int]:
    """Whom the player has chosen so far, in order."""
    return [int(pick) for pick in st.session_state[PICKS.key]]


def _tick(number: int) -> None:
    picks = [pick for pick in st.session_state[PICKS.key] if pick != str(number)]
    chosen = st.session_state[f"carry-tick-{number}"]
    st.session_state[PICKS.key] = [*picks, str(number)] if chosen else picks


def go_on() -> None:
    """The next round, or the result; choices of people who are not due yet are dropped."""
    now = st.session_state[ROUND.key]
    _choose(begun(st.session_state[SEED.key], picks_now(), now), min(now + 1, RESULT))


def go_back() -> None:
    """The round before, with its choices to be changed; those of this round are dropped."""
    back = st.session_state[ROUND.key] - 1
    _choose(begun(st.session_state[SEED.key], picks_now(), back), back)


def _let_rule_play(to_the_end: bool) -> None:
    seed, now, rule = st.session_state[SEED.key], st.session_state[ROUND.key], st.session_state["carry-rule"]
    picks = played(rule, seed, spread_now(), picks_now(), now)
    _choose(picks if to_the_end else begun(seed, picks, now), RESULT if to_the_end else now)


def _choose(picks: list[int], now: int) -> None:
    st.session_state[PICKS.key] = [str(pick) for pick in picks]
    st.session_state[ROUND.key] = now
