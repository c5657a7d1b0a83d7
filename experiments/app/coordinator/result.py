"""The result of the coordinator's game: against the built-in rules on the same luck, and against other luck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.coordinator import facts
from experiments.app.coordinator.charts import luck_chart
from experiments.app.coordinator.game import AGAINST, LUCK, PICKS, RESULT, ROUND, RULES, by_hand
from experiments.app.coordinator.rounds import go_back, picks_now, spread_now
from experiments.app.parts import figure
from experiments.app.parts.controls import choice

if TYPE_CHECKING:
    import pandas as pd

    from experiments.app.table_receipts import Made
    from simulation.scenario import Scenario


def show(w: PageMessages) -> None:
    """Show the result."""
    luck, spread = st.session_state[LUCK.key], spread_now()
    picks = facts.begun(luck, picks_now(), RESULT)
    where = spread if st.session_state[AGAINST.key] == "mine" else None
    table = facts.results(luck, spread, picks, where)
    told, alone = facts.year(luck, spread, picks), facts.alone(luck)
    st.subheader(w("carry.result.title"))
    st.markdown(f"{_verdict(w, table)} {_yours(w, told, alone)}")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.table(_shown(w, table), hide_index=True, border="horizontal")
        choice(w, AGAINST)
    with right:
        st.markdown(f"**{w('carry.chart.title')}**")
        spec = luck_chart(w, table, facts.YEARS)
        figure.show("coordinator", spec)
        st.markdown(f":small[{w('carry.chart.key', years=facts.YEARS)}]")
        figure.downloads(w, "coordinator", spec, table, lambda: _made(by_hand(spread, picks), luck))
    st.markdown(f"**{w('carry.result.lesson.title')}.** {lesson(w, table)}")
    places = facts.towns(luck, spread, told)
    st.markdown(wrong_town(w, places))
    row = st.container(horizontal=True)
    row.button(w("carry.result.again"), type="primary", key="carry-again", on_click=_again, args=(1,))
    row.button(w("carry.result.same_again"), key="carry-same", on_click=_again, args=(0,))
    row.button(w("carry.result.back"), key="carry-undo", on_click=go_back)
    with st.expander(w("carry.table.towns")):
        names = {name: w(f"carry.table.{name}") for name in places.columns}
        st.table(places.rename(columns=names), hide_index=True, border="horizontal")
    figure.scenario_file(w, "coordinator", by_hand(spread, picks).to_toml(), command(luck))
    st.markdown(f":small[{w('carry.result.command')}]")


def _made(plan: Scenario, luck: int) -> Made:
    from experiments.app.table_receipts import Made

    return Made(command=command(luck), scenario=plan.name, digest=plan.digest, seed=luck)


def command(luck: int) -> str:
    """The command that computes the player's numbers from the scenario's file."""
    return f"desist run coordinator.toml --seed {luck}"


def _verdict(w: PageMessages, table: pd.DataFrame) -> str:
    own = table.iloc[0]
    gap = int(own["fewer"])
    kind = "same" if gap == 0 else "fewer" if gap > 0 else "more"
    more = {"gap": abs(gap)} if gap else {}
    return "**" + w(f"carry.result.{kind}", courses=int(own["courses"]), n=int(own["reoffenders"]), **more) + "**"


def _yours(w: PageMessages, told: facts.Year, alone: facts.Year) -> str:
    mine = told.matched >= 0
    if not mine.any():
        return w("carry.result.none")
    how = [told.how.count(kind) for kind in ("planned", "unplanned", "volunteers gone", "custody")]
    return w(
        "carry.result.yours", courses=told.courses, n=int(told.reoffended[mine].sum()),
        alone=int(alone.reoffended[mine].sum()), planned=how[0], broken=how[1] + how[2], custody=how[3],
    )  # fmt: skip


def _shown(w: PageMessages, table: pd.DataFrame) -> pd.DataFrame:
    """The four columns that are read aloud."""
    shown = table[["policy", "courses", "reoffenders", "offences"]]
    shown = shown.assign(policy=[w(f"carry.rule.{policy}") for policy in table["policy"]])
    return shown.set_axis([w(f"carry.table.{name}") for name in ("who", "courses", "reoffenders", "offences")], axis=1)


def lesson(w: PageMessages, table: pd.DataFrame) -> str:
    """What the rules do over many years, and what luck does to the best of them."""
    rules = table[table["policy"].isin(RULES)].set_index("policy")
    best, worst = str(rules["mean_fewer"].idxmax()), str(rules["mean_fewer"].idxmin())
    return w(
        "carry.result.lesson.text", years=facts.YEARS, best=w(f"carry.rule.{best}"), worst=w(f"carry.rule.{worst}"),
        most=_mean(w, rules.loc[best]), least=_mean(w, rules.loc[worst]),
        low=int(rules["low"][best]), high=int(rules["high"][best]),
    )  # fmt: skip


def _mean(w: PageMessages, row: Any) -> str:
    """A mean of years with the error of the simulation (95 %)."""
    return f"{w.number(row['mean_fewer'], 1)} ± {w.number(1.96 * row['error'], 1)}"


def wrong_town(w: PageMessages, places: pd.DataFrame) -> str:
    """Where pairs stood free while people elsewhere went without, or where most went without."""
    idle, short = (places.iloc[int(places[name].argmax())] for name in ("idle", "without"))
    if idle["idle"] > 0 and idle["town"] != short["town"] and short["without"] > 0:
        return w("carry.result.wrong", idle=idle["town"], months=w.months(int(idle["idle"])),
                 without=int(short["without"]), place=short["town"])  # fmt: skip
    number = int(places["without"].sum())
    return w("carry.result.right", without=number, most=int(short["without"]), place=short["town"])


def _again(step: int) -> None:
    now = st.session_state[LUCK.key] + step
    st.session_state[LUCK.key] = now if now <= LUCK.high else LUCK.low
    st.session_state[PICKS.key], st.session_state[ROUND.key] = [], 0
