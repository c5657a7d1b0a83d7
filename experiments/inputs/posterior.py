"""A posterior as a file: equally probable draws of the uncertain parameters, and how a study runs over them.

``desist calibrate`` writes such a file (Parquet, one row a draw, one column a dotted key); every study takes it with
``--posterior``. ``risk.hazard_multiplier`` and ``trial.definition`` describe the people and the report of the trial:
they apply to scenarios of people who signed up (``trial.signed_up``), and leave others as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np
import pandas as pd

from experiments.inputs.parameter_points import at_point
from experiments.inputs.scenario_files import SHORT_AXES
from simulation.outcomes import DEFINITIONS
from simulation.parameters import ParameterError
from simulation.parquet_file import notes_of, read_parquet
from simulation.scenario import Scenario

SHIPPED = Path(str(files("experiments").joinpath("inputs/data/posterior.parquet")))
"""Every tenth of the 2,000 draws of ``desist calibrate`` (seed 1), for studies that are given no posterior."""
OF_THE_TRIAL = ("risk.hazard_multiplier", "trial.definition")
"""Keys that describe the trial's own people and report."""


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Equally probable draws: a table with one column a dotted key (columns that begin with ``_`` are results)."""

    table: pd.DataFrame
    about: dict[str, Any]
    """What made it: command, scenario digest, seed, versions, diagnostics."""

    @classmethod
    def read(cls, path: Path) -> Posterior:
        """Read a posterior file; raises ``ParameterError`` if it is missing or is not such a file."""
        read = read_parquet(Path(path), "--posterior", "desist calibrate writes one")
        about, table = notes_of(read), read.to_pandas()
        if about.get("kind") != "posterior" or table.empty:
            raise ParameterError(
                f"--posterior is [{path}], which holds no draws; desist calibrate writes posterior.parquet"
            )
        _check_columns(table, path)
        numbers = table.select_dtypes("number")
        broken = [name for name in numbers if not np.isfinite(numbers[name]).all()]
        if broken:
            raise ParameterError(f"--posterior is [{path}], in which {broken[0]} has values that are no numbers")
        return cls(table=table, about=about)

    @classmethod
    def given(cls, value: Any) -> tuple[Posterior, Path | None]:
        """Draws that are given as a value or as a file, or those that come with Desist; and their file, if any."""
        if isinstance(value, cls):
            return value, None
        path = SHIPPED if value is None else Path(value)
        return cls.read(path), path

    def write(self, path: Path) -> Path:
        """Write it whole or not at all."""
        import pyarrow as pa  # slow to import
        import pyarrow.parquet as pq  # slow to import

        made = pa.Table.from_pandas(self.table, preserve_index=False)
        made = made.replace_schema_metadata({"desist": json.dumps({"kind": "posterior", **self.about})})
        part = path.with_name(f".{uuid4().hex}.part")
        try:
            pq.write_table(made, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    @property
    def keys(self) -> list[str]:
        """What the draws decide."""
        return [name for name in self.table.columns if not name.startswith("_")]

    def draws(self, number: int | None = None) -> list[dict[str, Any]]:
        """Draws as points, evenly spaced over the file (all of them if ``number`` is None or larger)."""
        table = self.table[self.keys]
        if number is not None and number < len(table):
            table = table.iloc[np.linspace(0, len(table) - 1, number).round().astype(int)]
        return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]

    def scenarios(
        self, base: Scenario, number: int | None = None, *, but: Sequence[str] = ()
    ) -> list[tuple[dict[str, Any], Scenario]]:
        """Draws with the scenarios they make of ``base``; keys in ``but`` stay as they are there."""
        points = [fitting(base, draw, but=but) for draw in self.draws(number)]
        return [(point, at_point(base, point)) for point in points]


def _check_columns(table: pd.DataFrame, path: Path) -> None:
    """Refuse columns that are there twice, are the key of nothing, or hold what such a key cannot be."""
    named = f"--posterior is [{path}], in which"
    for name in table.columns:
        if list(table.columns).count(name) > 1:
            raise ParameterError(f"{named} the column [{name}] is there twice; remove one")
        section, _, rest = name.partition(".")
        known = {*Scenario.model_fields, *(key.partition(".")[0] for key in SHORT_AXES)}
        if not name.startswith("_") and not (section in known and rest):
            raise ParameterError(f"{named} the column [{name}] is no key of a scenario; name it as one")
        if name == "trial.definition":
            odd = [each for each in table[name].unique() if each not in DEFINITIONS]
            if odd:
                raise ParameterError(f"{named} {name} is [{odd[0]}]; allowed is {', '.join(DEFINITIONS)}")
        elif not pd.api.types.is_numeric_dtype(table[name]) or pd.api.types.is_bool_dtype(table[name]):
            raise ParameterError(f"{named} the column [{name}] holds no numbers; desist calibrate writes the file")


def fitting(base: Scenario, draw: dict[str, Any], *, but: Sequence[str] = ()) -> dict[str, Any]:
    """The part of a draw that concerns a scenario: its own programme and factors, its own people.

    ``but`` names keys that something else decides (axes of a sweep, changes of the user's). A direct or support
    effect in it rules out the draw's strength and route.
    """
    taken = {_bare(key, base) for key in but}
    if {"programme.direct_hazard_ratio", "programme.support_hazard_ratio"} & taken:
        taken |= set(SHORT_AXES[:2])
    if SHORT_AXES[2] in taken:
        taken.add("risk.hazard_multiplier")
    kept = {}
    for key, value in draw.items():
        if _bare(key, base) in taken or (key in OF_THE_TRIAL and not base.trial.signed_up):
            continue
        if key in SHORT_AXES[:2]:
            if len(base.programme) == 1:
                kept[key] = value
        elif _known(base, key):
            kept[key] = value
    return kept


def _known(base: Scenario, key: str) -> bool:
    try:
        return base.value(key) is not None
    except ParameterError:
        return False


def _bare(key: str, base: Scenario) -> str:
    alone = next(iter(base.programme), "")
    return key.replace(f"programme.{alone}.", "programme.")


class _OverDraws(Protocol):
    """A study that may run over draws."""

    @property
    def posterior(self) -> Any: ...
    @property
    def draws(self) -> int | None: ...


def posterior_of(study: _OverDraws) -> Posterior | None:
    """The posterior that a study is given, as a file or as a value; None if it is given none.

    Raises ``ParameterError`` if it cannot be read, or a number of draws is given without it.
    """
    if study.posterior is None:
        if study.draws is not None:
            raise ParameterError(f"--draws is [{study.draws}], but there is no --posterior to draw from; give its file")
        return None
    return study.posterior if isinstance(study.posterior, Posterior) else Posterior.read(Path(study.posterior))


def posterior_name(study: _OverDraws) -> str:
    """The name of the file that a study's draws are from; draws that are given as a value have the usual name."""
    return study.posterior.name if isinstance(study.posterior, Path) else SHIPPED.name


def draws_of(study: _OverDraws, base: Scenario, usual: int, *, but: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The points at which a study simulates ``base``: draws of its posterior, or one empty point without any.

    There are ``usual`` draws if the study gives no number; ``but`` are keys that something else decides. Raises
    ``ParameterError`` if nothing in the posterior is about this scenario, or something else decides all of it.
    """
    posterior = posterior_of(study)
    if posterior is None:
        return [{}]
    points = [fitting(base, draw, but=but) for draw in posterior.draws(study.draws or usual)]
    if not points[0]:
        raise ParameterError(
            f"--posterior is [{posterior_name(study)}], which decides nothing that scenario {base.name} leaves open; "
            "leave it out"
        )
    return points
