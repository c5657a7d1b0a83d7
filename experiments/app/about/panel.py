"""The panel about the page: what it is, for what it must not be used, how sure it is, what it rests on."""

from __future__ import annotations

import streamlit as st

from experiments.app.address import Setting
from experiments.app.catalogue import PageMessages

SETTINGS: tuple[Setting, ...] = ()


def show(w: PageMessages) -> None:
    """Show the panel."""
    from experiments.app.about.facts import GRADES, SOURCES, doubt, grades, versions

    st.header(w("about.title"))
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(w("about.what"))
        st.subheader(w("about.never.title"))
        st.markdown(w("about.never.text"))
        st.subheader(w("about.sure.title"))
        found = doubt()
        st.markdown(w("about.sure.text", printed=found.printed, points=w.number(found.points, 0),
                      low=w.number(found.low, 0), high=w.number(found.high, 0), lowers=w.percent(found.lowers),
                      draws=found.draws))  # fmt: skip
        st.subheader(w("about.limits.title"))
        st.markdown(w("about.limits.text"))
    with right:
        st.subheader(w("about.numbers.title"))
        columns = ("of", *GRADES)
        lines = [[w(f"about.numbers.{column}") for column in columns], ["---", "--:", "--:", "--:"]]
        lines += [[w(f"about.numbers.{name}"), *map(str, counts)] for name, counts in grades().items()]
        st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
        st.markdown(w("about.numbers.text"))
        st.subheader(w("about.sources.title"))
        st.markdown("\n".join(f"- [{title}]({place}). {w(f'about.sources.{tag}')} [{tag}]"
                              for tag, (title, place) in SOURCES.items()))  # fmt: skip
        st.markdown(w("about.sources.text"))
        st.subheader(w("about.same.title"))
        st.markdown(w("about.same.text", versions=versions()))
        st.code("desist run pooled --replicates 20\ndesist parameters\ndesist calibrate", language=None)
