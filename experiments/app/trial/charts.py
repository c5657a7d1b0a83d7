"""Pictures of the trial: the guess, what the animation needs, the curves, and what many trials print.

Nothing heavy is imported, since the guess is the first that anybody sees. Pairs are mentored, control, in per cent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, DASH, GUESS, INK, MENTORED, QUIET, Spec, chart, field, layer

if TYPE_CHECKING:
    from experiments.app.trial.facts import Many, One

ARMS = ("mentored", "control")
COLOUR = {"mentored": MENTORED, "control": CONTROL}
Pair = tuple[int, int]
MONTHS = 24
FAR = 70
"""Per cent from which a label stands to the left of its mark."""


def crowd(w: PageMessages, guess: Pair) -> str:
    """The guess as 100 figures an arm, as HTML."""
    halves = []
    for arm, name, number in zip(ARMS, ("with", "without"), guess, strict=True):
        title, shown = w(f"trial.guess.{name}"), w("trial.guess.number", n=number)
        heads = "".join("<i class=on></i>" if head < number else "<i></i>" for head in range(100))
        halves.append(
            f'<div class="{arm}" style="--tint: {COLOUR[arm]}"><h3><span>{title}</span> <b>{shown}</b></h3>'
            f'<div class="heads" role="img" aria-label="{w("trial.guess.picture", n=number)}">{heads}</div></div>'
        )
    return f'<div class="crowd">{"".join(halves)}</div>'


def film_data(w: PageMessages, one: One, guess: Pair, seen: Pair) -> dict[str, Any]:
    """What the film in the browser gets: one trial, and every word that it shows."""
    same = (
        "controls", "play", "pause", "back", "next", "slider", "pace", "slow", "normal", "fast", "highest", "others",
        "caption", "axis", "seen", "guess", "curve", "everyone", "with", "without", "inside", "meets", "offends",
        "again", "won", "lost",
    )  # fmt: skip
    words: dict[str, Any] = {name: w(f"trial.film.{name}") for name in same}
    months = [w("trial.film.before_two"), w("trial.film.before_one"), w("trial.film.release")]
    words["months"] = months + [w("trial.film.month", n=month) for month in range(1, MONTHS + 1)]
    words["arm"] = [w("trial.film.arm_control"), w("trial.film.arm_mentored")]
    words["armName"] = [w("trial.guess.without"), w("trial.guess.with")]
    words["factors"] = [w(f"trial.film.{name}") for name in one.film.factors]
    return {**one.film._asdict(), "words": words, "seen": [seen[1], seen[0]], "guess": [guess[1], guess[0]]}


def curves(w: PageMessages, one: One, guess: Pair, seen: Pair) -> Spec:
    """The curves of one trial as a chart to download."""
    table = one.curves[(one.curves["group"] == "highest risk") & (one.curves["people"] > 0)]
    names = {"mentored": w("trial.guess.with"), "control": w("trial.guess.without")}
    rows = [{"arm": names[arm], "month": int(month), "share": round(100 * float(share), 4)}
            for arm, month, share in zip(table["arm"], table["month"], table["share"], strict=True)]  # fmt: skip
    axis = {"values": [0, 6, 12, 18, 24], "grid": False}
    x = field("month", title=w("trial.film.axis"), scale={"domain": [0, 29]}, axis=axis)
    y = field("share", title=w("trial.curves.share"), scale={"domain": [0, 100]})
    looks = {"color": [MENTORED, CONTROL], "strokeDash": [DASH["mentored"] or [1, 0], DASH["control"]]}
    arms = {look: field("arm", "nominal", title=None, scale={"domain": [*names.values()], "range": values})
            for look, values in looks.items()}  # fmt: skip
    layers = [layer("line", {"x": x, "y": y, **arms}, rows, strokeWidth=3)]
    for kind, pair, colour, shape, dy in (("seen", seen, INK, "diamond", -9), ("guess", guess, GUESS, "circle", 9)):
        own = [{"month": MONTHS, "share": value, "text": _filled(w, kind, name, value)}
               for name, value in zip(("with", "without"), pair, strict=True)]  # fmt: skip
        layers += [
            layer("point", {"x": x, "y": y}, own, size=90, color=colour, filled=kind == "seen", shape=shape, opacity=1),
            layer("text", {"x": x, "y": y, "text": {"field": "text"}}, own, align="left", dx=9, dy=dy, color=colour),
        ]
    printed = ["–" if each is None else each for each in one.printed()]
    about = w("trial.curves.description", mentored=printed[0], control=printed[1], seen_mentored=seen[0],
             seen_control=seen[1], guess_mentored=guess[0], guess_control=guess[1])  # fmt: skip
    return chart(w, about, {"layer": layers}, height=360)


def _filled(w: PageMessages, kind: str, name: str, value: int) -> str:
    return f"{w(f'trial.film.{name}')}: {w(f'trial.film.{kind}', value=value)}"


def distribution(w: PageMessages, many: Many, one: One, guess: Pair, seen: Pair) -> Spec:
    """What many trials print: bars of the mentored upward, of the controls downward, with what is marked in them."""
    tallest = max(row["trials"] for row in many.bars)
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100, 200, 500) if each * 2.5 >= tallest)
    x = field("from", title=w("trial.many.axis"), scale={"domain": [0, 100]},
              axis={"values": list(range(0, 101, 10)), "grid": False})  # fmt: skip
    zero, up = (
        field(name, scale={"domain": [-1.95 * tallest, 1.95 * tallest]}, title=w("trial.many.bars"),
              axis={"values": [step * k for k in range(-2, 3)], "labelExpr": "format(abs(datum.value), ',')",
                    "domain": False, "ticks": False})
        for name in ("zero", "up")
    )  # fmt: skip
    layers: list[Spec] = []
    for at, (arm, name, side) in enumerate(zip(ARMS, ("with", "without"), (1, -1), strict=True)):
        bars = [
            {**row, "up": side * row["trials"], "zero": 0} for row in many.bars if row["arm"] == arm and row["trials"]
        ]
        title = {"from": 0, "up": side * 1.84 * tallest, "text": w(f"trial.guess.{name}")}
        marks = [("seen", seen[at]), ("guess", guess[at]), ("this", one.printed()[at])]
        bar, text = {"x2": {"field": "to"}, "y": zero, "y2": {"field": "up"}}, {"y": up, "text": {"field": "text"}}
        layers += [
            layer("rect", {"x": x, **bar}, bars, color=COLOUR[arm], opacity=0.75, stroke="white"),
            layer("text", {"x": x, **text}, [title], align="left", dx=6, fontWeight=600, color=COLOUR[arm]),
            *_marks(w, [(kind, value) for kind, value in marks if value is not None], side * tallest, x, zero, up),
        ]
    layers.append(layer("rule", {"y": zero}, [{"zero": 0}], color=QUIET))
    return chart(w, _description(w, many, guess, seen), {"layer": layers}, height=430)


def _marks(
    w: PageMessages, marks: list[tuple[str, int]], tallest: float, x: Spec, zero: Spec, up: Spec
) -> list[Spec]:
    """Marked percentages of one arm: lines of three heights, so that no line runs through another's label."""
    style = {"seen": (INK, []), "guess": (GUESS, [6, 3]), "this": (QUIET, [2, 2])}
    marks = sorted(marks, key=lambda mark: mark[1])
    aside = marks[-1][1] > FAR
    layers: list[Spec] = []
    for rank, (kind, value) in enumerate(marks):
        left = aside and value > 100 - FAR
        high = tallest * (1.14 + 0.22 * (rank if aside else len(marks) - 1 - rank))
        point = {"from": value, "zero": 0, "up": high, "text": w(f"trial.many.{kind}", n=value)}
        colour, dash = style[kind]
        aligned = {"align": "right", "dx": -5} if left else {"align": "left", "dx": 5}
        layers += [
            layer("rule", {"x": x, "y": zero, "y2": {"field": "up"}}, [point], color=colour, strokeWidth=2.5,
                  strokeDash=dash),
            layer("text", {"x": x, "y": up, "text": {"field": "text"}}, [point], color=colour, fontWeight=600,
                  dy=4 if tallest > 0 else -4, **aligned),
        ]  # fmt: skip
    return layers


def _description(w: PageMessages, many: Many, guess: Pair, seen: Pair) -> str:
    named = ("mentored", "control", "mentored_low", "mentored_high", "control_low", "control_high")
    numbers = {name: w.points(many.row[name]) for name in named}
    return w("trial.many.description", trials=many.trials, **numbers, apart=w.points(many.row["as_far_apart"], 1),
             gap=seen[1] - seen[0], seen_mentored=seen[0], seen_control=seen[1], guess_mentored=guess[0],
             guess_control=guess[1])  # fmt: skip
