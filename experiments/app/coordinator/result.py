"""The result of the coordinator's game: against the built-in rules in the same year, and over many years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from experiments.app.catalogue import PageMessages
from experiments.app.charts import MENTORED, OBSERVED, QUIET, Spec, chart, field, layer
from experiments.app.coordinator import facts
from experiments.app.coordinator.game import AGAINST, PICKS, RESULT, ROUND, RULES, SEED, scenario_of
from experiments.app.coordinator.rounds import go_back, picks_now, spread_now
from experiments.app.parts import figure
from experiments.app.parts.controls import choice

if TYPE_CHECKING:
    import pandas as pd

SPAN = "#c4c9d1"
"""Where nine of ten years lie."""


def show(w: PageMessages) -> None:
    """Show the result."""
    seed, spread = st.session_state[SEED.key], spread_now()
    picks = facts.begun(seed, picks_now(), RESULT)
    where = spread if st.session_state[AGAINST.key] == "mine" else None
    table = facts.results(seed, spread, picks, where)
    mine, alone = facts.year(seed, spread, picks), facts.year_of(seed, "nobody")
    plan = scenario_of("player", spread, picks)
    st.subheader(w("carry.result.title"))
    st.markdown(f"{_verdict(w, table)} {_yours(w, mine, alone)}")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.table(_shown(w, table), hide_index=True, border="horizontal")
        choice(w, AGAINST)
    with right:
        st.markdown(f"**{w('carry.chart.title')}**")
        spec = years_chart(w, table, facts.YEARS)
        figure.show("coordinator", spec)
        st.markdown(f":small[{w('carry.chart.key', years=facts.YEARS)}]")
        figure.downloads(w, "coordinator", spec, table, lambda: figure.receipt(plan, command(seed), seed))
    st.markdown(f"**{w('carry.result.lesson.title')}.** {lesson(w, table)}")
    places = facts.towns(seed, spread, mine)
    st.markdown(wrong_town(w, places))
    row = st.container(horizontal=True)
    row.button(w("carry.result.again"), type="primary", key="carry-again", on_click=_again, args=(1,))
    row.button(w("carry.result.same_again"), key="carry-same", on_click=_again, args=(0,))
    row.button(w("carry.result.back"), key="carry-undo", on_click=go_back)
    with st.expander(w("carry.table.towns")):
        names = {name: w(f"carry.table.{name}") for name in places.columns}
        st.table(places.rename(columns=names), hide_index=True, border="horizontal")
    figure.scenario_file(w, "coordinator", plan.to_toml(), command(seed))
    st.markdown(f":small[{w('carry.result.command')}]")


def command(seed: int) -> str:
    """The command that computes the player's numbers from the scenario's file."""
    return f"desist run coordinator.toml --seed {seed}"


def _verdict(w: PageMessages, table: pd.DataFrame) -> str:
    own = table.iloc[0]
    gap = int(own["fewer"])
    kind = "same" if gap == 0 else "fewer" if gap > 0 else "more"
    more = {"gap": abs(gap)} if gap else {}
    return "**" + w(f"carry.result.{kind}", courses=int(own["courses"]), n=int(own["reoffenders"]), **more) + "**"


def _yours(w: PageMessages, mine: facts.Year, alone: facts.Year) -> str:
    matched = mine.matched >= 0
    if not matched.any():
        return w("carry.result.none")
    how = [mine.how.count(kind) for kind in ("planned", "unplanned", "volunteers gone", "custody")]
    return w(
        "carry.result.yours", courses=mine.courses, n=int(mine.reoffended[matched].sum()),
        alone=int(alone.reoffended[matched].sum()), planned=how[0], broken=how[1] + how[2], custody=how[3],
    )  # fmt: skip


def _shown(w: PageMessages, table: pd.DataFrame) -> pd.DataFrame:
    """The four columns that are read aloud."""
    shown = table[["policy", "courses", "reoffenders", "offences"]]
    shown = shown.assign(policy=[w(f"carry.rule.{policy}") for policy in table["policy"]])
    return shown.set_axis([w(f"carry.table.{name}") for name in ("who", "courses", "reoffenders", "offences")], axis=1)


def lesson(w: PageMessages, table: pd.DataFrame) -> str:
    """What the rules do over many years, and what chance does to the best of them."""
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
    now = st.session_state[SEED.key] + step
    st.session_state[SEED.key] = now if now <= SEED.high else SEED.low
    st.session_state[PICKS.key], st.session_state[ROUND.key] = [], 0


def years_chart(w: PageMessages, table: pd.DataFrame, years: int) -> Spec:
    """Reoffenders fewer than without volunteers (``facts.results``): a dot for this year, and what rules do in many.

    A tick is the mean of the ``years``, and a bar holds nine of ten of them.
    """
    rows = table[table["policy"] != "nobody"]
    rules = rows[rows["policy"].isin(RULES)]
    names = {policy: w(f"carry.rule.{policy}") for policy in rows["policy"]}
    records = rows.to_dict("records")
    data = [
        {"who": names[row["policy"]], "fewer": int(row["fewer"]), "own": row["policy"] == "player"}
        | ({} if row["policy"] == "player" else {"mean": row["mean_fewer"], "low": row["low"], "high": row["high"]})
        for row in records
    ]
    year = ", ".join(w("carry.chart.each", rule=names[row["policy"]], n=int(row["fewer"])) for row in records)
    over = "; ".join(
        w("carry.chart.over", rule=names[row["policy"]], mean=w.number(row["mean_fewer"], 1), low=int(row["low"]),
          high=int(row["high"]))
        for row in rules.to_dict("records")
    )  # fmt: skip
    ends = [*rows["fewer"], *rules["low"], *rules["high"], 0]
    across: Spec = {"scale": {"domain": [min(ends) - 0.4, max(ends) + 0.4], "nice": False}}
    axis = {"title": w("carry.chart.axis"), "tickMinStep": 1, "format": "d", "tickCount": max(ends) - min(ends) + 1}
    fewer, low = (field(name, axis=axis, **across) for name in ("fewer", "low"))
    down = field("who", "nominal", sort=list(names.values()), axis={"title": None, "domain": False, "ticks": False})
    here, solid = {"x": fewer, "y": down}, dict[str, Any](filled=True, opacity=1)
    rules_only = {"transform": [{"filter": "!datum.own"}]}
    spec = {
        "data": {"values": data},
        "layer": [
            layer("rule", {"x": {"datum": 0, "type": "quantitative", **across}}, stroke=QUIET, strokeDash=[3, 3]),
            rules_only | layer("bar", {"x": low, "x2": {"field": "high"}, "y": down}, height=16, fill=SPAN,
                               cornerRadius=3),
            rules_only | layer("tick", {"x": field("mean", **across), "y": down}, thickness=3, size=24, color=OBSERVED),
            rules_only | layer("point", here, shape="circle", size=130, color=OBSERVED, **solid),
            {"transform": [{"filter": "datum.own"}]}
            | layer("point", here, shape="diamond", size=320, color=MENTORED, **solid),
        ],
    }  # fmt: skip
    return chart(w, w("carry.chart.describe", year=year, years=years, over=over), spec, height=240)
