"""Boxes by the EMA Workbench: PRIM's path from all runs to a few, and the branches of trees (CART).

The Workbench is an extra (``discovery``) and heavy: it is imported when it is used. Versions 2.5 and 3.0 differ in what
PRIM is asked and answer the same.

References
----------
Friedman & Fisher (1999), Statistics and Computing 9:123, doi:10.1023/A:1008894516817 (PRIM).
Kwakkel (2017), Environmental Modelling & Software 96:239, doi:10.1016/j.envsoft.2017.06.054 (the Workbench).
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Flags = npt.NDArray[np.bool_]
Limit = tuple[float, float] | frozenset[str]
"""Lowest and highest value of a number (infinite where there is no end), or the values of a category."""
Limits = dict[str, Limit]
PEEL = 0.05
"""Share of the runs in a box that one step of PRIM may take away; also the least share of all runs in a box."""
LEAVES = tuple(float(least) for least in np.arange(1, 10) / 20)
"""Least shares of all runs in a leaf: trees from fine to coarse."""


def prim_boxes(x: pd.DataFrame, y: Flags) -> list[Limits]:
    """Every box on PRIM's path, peeling and pasting, from all runs (no limits) to the smallest.

    ``x``: runs x quantities, numbers or texts of a category; ``y``: whether each run fails (some must, and some not).
    """
    prim, _ = _workbench()
    codes, levels = _coded(x)
    older = {"threshold": 1e-9} if "threshold" in inspect.signature(prim.Prim).parameters else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = prim.Prim(codes, y, peel_alpha=PEEL, paste_alpha=PEEL, mass_min=PEEL, **older).find_box()
    return [_limits(box, made.box_lims[0], levels) for box in made.box_lims]


def cart_boxes(x: pd.DataFrame, y: Flags) -> list[Limits]:
    """Every branch and leaf of trees (CART) from fine to coarse, each once; arguments as for ``prim_boxes``."""
    _, cart = _workbench()
    codes, levels = _coded(x)
    boxes: dict[tuple[tuple[str, Limit], ...], Limits] = {}
    state = np.random.get_state()  # noqa: NPY002  # trees break ties by it
    try:
        for least in LEAVES:
            np.random.seed(1)  # noqa: NPY002
            tree = cart.CART(codes, y, least)
            tree.build_tree()
            boxes |= {tuple(sorted(limits.items())): limits for limits in _branches(tree, levels)}
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return list(boxes.values())


def _branches(tree: Any, levels: Mapping[str, list[str]]) -> list[Limits]:
    """The boxes of a tree's nodes, the root apart; the Workbench itself gives leaves only."""
    nodes = tree.clf.tree_
    boxes: list[Limits] = []
    ahead: list[tuple[int, Limits]] = [(0, {})]
    while ahead:
        node, limits = ahead.pop()
        boxes += [limits] if limits else []
        below = nodes.children_left[node], nodes.children_right[node]
        if below[0] < 0:
            continue
        name, _, code = tree.feature_names[nodes.feature[node]].partition(tree.sep)
        held = limits.get(name)
        left: Limit
        right: Limit
        if name in levels:
            right = frozenset({levels[name][int(code)]})
            left = (held if isinstance(held, frozenset) else frozenset(levels[name])) - right
        else:
            cut, ends = float(nodes.threshold[node]), held if isinstance(held, tuple) else (-np.inf, np.inf)
            left, right = (ends[0], cut), (cut, ends[1])
        ahead += [(int(below[0]), {**limits, name: left}), (int(below[1]), {**limits, name: right})]
    return boxes


def _workbench() -> Any:
    """Its modules ``prim`` and ``cart``; importing them takes two seconds and would change the colours of figures."""
    import matplotlib as mpl  # slow to import

    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import cart, prim  # an extra, and slow to import
    return prim, cart


def _coded(x: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Categories as whole numbers: sets of these have an order that is the same in every process."""
    texts = {str(name): x[name].tolist() for name in x if not pd.api.types.is_numeric_dtype(x[name])}
    levels = {name: sorted(set(values)) for name, values in texts.items()}
    codes = {name: pd.Series([levels[name].index(value) for value in texts[name]], dtype=object) for name in texts}
    return x.reset_index(drop=True).assign(**codes), levels


def _limits(box: pd.DataFrame, start: pd.DataFrame, levels: Mapping[str, list[str]]) -> Limits:
    """A box of the Workbench (two rows, a column a quantity) as the conditions in it."""
    limits: Limits = {}
    for name in map(str, box):
        if name in levels:
            if box[name][0] != start[name][0]:
                limits[name] = frozenset(levels[name][int(code)] for code in box[name][0])
            continue
        low, high = (float(box[name][end]) for end in (0, 1))
        ends = (low if low > start[name][0] else -np.inf, high if high < start[name][1] else np.inf)
        if ends != (-np.inf, np.inf):
            limits[name] = ends
    return limits
