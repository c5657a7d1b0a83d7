"""Pictures of the trial: the guess, what the film needs, the curves, and what many trials print.

Nothing heavy is imported, since the guess is the first that anybody sees. Pairs are mentored, control, in per cent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import CONTROL, DASH, GUESS, INK, MENTORED, QUIET, Spec, chart

if TYPE_CHECKING:
    from experiments.app.trial.facts import Many, One

ARMS = ("mentored", "control")
COLOUR = {"mentored": MENTORED, "control": CONTROL}
Pair = tuple[int, int]
MONTHS = 24
FAR = 70
"""Per cent from which a label stands to the left of its mark."""
CROWD = f"""<style>
.crowd {{display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem;}}
.crowd h3 {{font-size: 1.15rem; font-weight: 600; padding: 0 0 0.15rem; margin: 0 0 0.7rem; border-bottom: 3px solid;
  display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 0.5rem;}}
.crowd .mentored {{--tint: {MENTORED}; color: {MENTORED};}}
.crowd .control {{--tint: {CONTROL}; color: {CONTROL};}}
.crowd .control h3 {{border-bottom-style: dashed;}}
.crowd .heads {{display: grid; grid-template-columns: repeat(10, 1fr); gap: 0.5rem 0;}}
.crowd i {{width: 1.3rem; height: 2.05rem; margin: auto; position: relative;}}
.crowd i::before, .crowd i::after {{content: ""; position: absolute; background: #d5dbe2;}}
.crowd i::before {{width: 60%; height: 38%; left: 20%; top: 0; border-radius: 50%;}}
.crowd i::after {{width: 100%; height: 57%; left: 0; bottom: 0; border-radius: 0.6rem 0.6rem 0 0;}}
.crowd i.on::before, .crowd i.on::after {{background: var(--tint);}}
@media (max-width: 640px) {{.crowd {{gap: 0 1rem;}} .crowd i {{width: 0.75rem; height: 1.2rem;}}}}
</style>"""


def crowd(w: PageMessages, guess: Pair) -> str:
    """The guess as 100 figures an arm, as HTML."""
    halves = []
    for arm, name, number in zip(ARMS, ("with", "without"), guess, strict=True):
        title, said = w(f"trial.guess.{name}"), w("trial.guess.number", n=number)
        heads = "".join("<i class=on></i>" if head < number else "<i></i>" for head in range(100))
        halves.append(
            f'<div class="{arm}"><h3><span>{title}</span> <b>{said}</b></h3>'
            f'<div class="heads" role="img" aria-label="{w("trial.guess.picture", n=number)}">{heads}</div></div>'
        )
    return f'{CROWD}<div class="crowd">{"".join(halves)}</div>'


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
    x = {"field": "month", "type": "quantitative", "title": w("trial.film.axis"), "scale": {"domain": [0, 29]},
         "axis": {"values": [0, 6, 12, 18, 24], "grid": False}}  # fmt: skip
    y = {"field": "share", "type": "quantitative", "title": w("trial.curves.share"), "scale": {"domain": [0, 100]}}
    arm = {"field": "arm", "type": "nominal", "title": None}
    both = list(names.values())
    style = {**arm, "scale": {"domain": both, "range": [MENTORED, CONTROL]}}
    dash = {**arm, "scale": {"domain": both, "range": [DASH["mentored"] or [1, 0], DASH["control"]]}}
    line = {"type": "line", "strokeWidth": 3}
    layers: list[Spec] = [{"data": {"values": rows}, "mark": line,
                           "encoding": {"x": x, "y": y, "color": style, "strokeDash": dash}}]  # fmt: skip
    for kind, pair, colour, shape, dy in (("seen", seen, INK, "diamond", -9), ("guess", guess, GUESS, "circle", 9)):
        own = [{"month": MONTHS, "share": value, "text": _filled(w, kind, name, value)}
               for name, value in zip(("with", "without"), pair, strict=True)]  # fmt: skip
        point = {"type": "point", "size": 90, "color": colour, "filled": kind == "seen", "shape": shape, "opacity": 1}
        text = {"type": "text", "align": "left", "dx": 9, "dy": dy, "color": colour}
        said = {"x": x, "y": y, "text": {"field": "text"}}
        layers += [{"data": {"values": own}, "mark": point, "encoding": {"x": x, "y": y}},
                   {"data": {"values": own}, "mark": text, "encoding": said}]  # fmt: skip
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
    x = {"field": "from", "type": "quantitative", "title": w("trial.many.axis"), "scale": {"domain": [0, 100]},
         "axis": {"values": list(range(0, 101, 10)), "grid": False}}  # fmt: skip
    y = {"type": "quantitative", "scale": {"domain": [-1.95 * tallest, 1.95 * tallest]}, "title": w("trial.many.bars"),
         "axis": {"values": [step * k for k in range(-2, 3)], "labelExpr": "format(abs(datum.value), ',')",
                  "domain": False, "ticks": False}}  # fmt: skip
    layers: list[Spec] = []
    for at, (arm, name, up) in enumerate(zip(ARMS, ("with", "without"), (1, -1), strict=True)):
        bars = [
            {**row, "up": up * row["trials"], "zero": 0} for row in many.bars if row["arm"] == arm and row["trials"]
        ]
        shape = {"type": "rect", "color": COLOUR[arm], "opacity": 0.75, "stroke": "white"}
        title = {"from": 0, "up": up * 1.84 * tallest, "text": w(f"trial.guess.{name}")}
        heading = {"type": "text", "align": "left", "dx": 6, "fontWeight": 600, "color": COLOUR[arm]}
        marks = [("seen", seen[at]), ("guess", guess[at]), ("this", one.printed()[at])]
        layers += [
            {"data": {"values": bars}, "mark": shape,
             "encoding": {"x": x, "x2": {"field": "to"}, "y": {**y, "field": "zero"}, "y2": {"field": "up"}}},
            {"data": {"values": [title]}, "mark": heading,
             "encoding": {"x": x, "y": {**y, "field": "up"}, "text": {"field": "text"}}},
            *_marks(w, [(kind, value) for kind, value in marks if value is not None], up * tallest, x, y),
        ]  # fmt: skip
    layers.append({"mark": {"type": "rule", "color": QUIET}, "data": {"values": [{"zero": 0}]},
                   "encoding": {"y": {**y, "field": "zero"}}})  # fmt: skip
    return chart(w, _description(w, many, guess, seen), {"layer": layers}, height=430)


def _marks(w: PageMessages, marks: list[tuple[str, int]], up: float, x: Spec, y: Spec) -> list[Spec]:
    """Marked percentages of one arm: lines of three heights, so that no line runs through another's label."""
    style = {"seen": (INK, []), "guess": (GUESS, [6, 3]), "this": (QUIET, [2, 2])}
    marks = sorted(marks, key=lambda mark: mark[1])
    aside = marks[-1][1] > FAR
    layers: list[Spec] = []
    for rank, (kind, value) in enumerate(marks):
        left = aside and value > 100 - FAR
        high = up * (1.14 + 0.22 * (rank if aside else len(marks) - 1 - rank))
        point = {"from": value, "zero": 0, "up": high, "text": w(f"trial.many.{kind}", n=value)}
        colour, dash = style[kind]
        rule = {"type": "rule", "color": colour, "strokeWidth": 2.5, "strokeDash": dash}
        text = {"type": "text", "align": "right" if left else "left", "color": colour, "dx": -5 if left else 5,
                "dy": 4 if up > 0 else -4, "fontWeight": 600}  # fmt: skip
        layers += [
            {"data": {"values": [point]}, "mark": rule,
             "encoding": {"x": x, "y": {**y, "field": "zero"}, "y2": {"field": "up"}}},
            {"data": {"values": [point]}, "mark": text,
             "encoding": {"x": x, "y": {**y, "field": "up"}, "text": {"field": "text"}}},
        ]  # fmt: skip
    return layers


def _description(w: PageMessages, many: Many, guess: Pair, seen: Pair) -> str:
    named = ("mentored", "control", "mentored_low", "mentored_high", "control_low", "control_high")
    numbers = {name: w.points(many.row[name]) for name in named}
    return w("trial.many.description", trials=many.trials, **numbers, apart=w.points(many.row["as_far_apart"], 1),
             gap=seen[1] - seen[0], seen_mentored=seen[0], seen_control=seen[1], guess_mentored=guess[0],
             guess_control=guess[1])  # fmt: skip
