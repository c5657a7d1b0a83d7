"""The result of a study: tables, facts, and how they are shown and saved."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import pandas as pd
from matplotlib.figure import Figure

from experiments.execution.environment import versions
from experiments.figures.style import styled
from experiments.language.answer import Answer
from experiments.language.messages import LANGUAGES, Language, Messages
from experiments.language.spreadsheets import workbook
from experiments.provenance.csv_tables import TEXTS, table_of
from experiments.provenance.receipts import manifest_of, shown
from experiments.provenance.results_folder import Folder
from experiments.provenance.stamps import digest, in_rows
from experiments.studies.study import DRAWS, ParameterDraws, Study
from simulation.parameters import ParameterError
from simulation.scenario import Scenario

FACTS, STUDY, SCENARIO = "facts.json", "study.toml", "scenario.toml"
WRITTEN = (".csv", ".txt", ".png", ".svg")
"""Kinds of files that a result writes from its tables, answers and figures."""
NO_COUNTS = ("command", "scenario", "digest", "study", "seed", "language", "complete", "code", "inputs", "versions",
             "files", "receipt", TEXTS)  # fmt: skip
"""Keys of a manifest beside the counts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResult:
    """The result of a study. Every fact is an attribute too: ``result.power`` is ``result.facts["power"]``."""

    study: Study
    tables: Mapping[str, pd.DataFrame]
    """Tables by name; ``save`` writes each as ``NAME.csv``. docs/data.md explains every column."""
    facts: Mapping[str, Any]
    """The numbers that sentences are made from, as JSON has them (a number that is not finite is None)."""
    scenario: Scenario | None = None
    """What was simulated; None where nothing was."""
    counts: Mapping[str, Any] = field(default_factory=dict)
    """How much was simulated (trials, draws, replicates ...), for the manifest and the receipts."""
    files: Mapping[str, Callable[[Path], object]] = field(default_factory=dict)
    """Further files by name, each with a function that writes it to a path."""
    passed: bool = True
    """Whether the study's check against observed figures was passed; if not, the exit code is 1."""
    complete: bool = True
    """Whether the study came to its end, and was not interrupted."""
    refused: bool = False
    """Whether the study refuses to report, because its own diagnostics failed: the answer says why, there is nothing
    to save, and the exit code is 1."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", as_json(self.facts))

    def __getattr__(self, name: str) -> Any:
        """A fact by its name."""
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(f"{type(self).__name__} has no attribute and no fact [{name}]")

    # Shown ----------------------------------------------------------------------------------------------------

    def _messages(self, language: Language) -> Messages:
        return Messages(language, self.study.verb.replace("-", "_"))

    def answer(self, language: Language = "en") -> Answer:
        """The answer in sentences, tables and notes."""
        return self.study.answer(self.facts, self.tables, self._messages(language))

    def text(self, language: Language = "en") -> str:
        """The answer as plain text."""
        return self.answer(language).text()

    @property
    def figures(self) -> list[str]:
        """Names of its figures, the main one first."""
        return list(self.study.figures(self.facts, self.tables, self._messages("en")))

    def figure(self, name: str | None = None, language: Language = "en") -> Figure:
        """A figure by name, or the main one.

        Raises
        ------
        KeyError
            If the study has no such figure.
        """
        with styled():
            made = self.study.figures(self.facts, self.tables, self._messages(language))
            return made[next(iter(made)) if name is None else name]()

    def _repr_html_(self) -> str:
        """The result in a notebook: answer, main figure, main table."""
        parts = [f"<p>{'<br>'.join(map(escape, self.answer().sentences))}</p>"]
        if self.figures:
            buffer = io.BytesIO()
            try:
                with styled():
                    self.figure().savefig(buffer, format="png", dpi=100, bbox_inches="tight")
                data = base64.b64encode(buffer.getvalue()).decode()
                parts.append(f'<img alt="{escape(self.figures[0])}" src="data:image/png;base64,{data}">')
            except ParameterError as missing:
                parts.append(f"<p>{escape(str(missing))}</p>")
        if self.tables:
            parts.append(next(iter(self.tables.values())).head(10).to_html(index=False))
        return "\n".join(parts)

    def workbook(self, language: Language = "en") -> bytes:
        """All tables as an Excel workbook (.xlsx), with headings in the language and the receipt on its first sheet.

        Raises
        ------
        ParameterError
            If a table has more rows than a sheet can hold.
        """
        run = {} if self.scenario is None else {"scenario": self.scenario.name, "digest": self.scenario.digest}
        about = {"command": shown(self.study.command()), **run, "seed": self._seed, **self.counts,
                 "desist": versions()["desist"]}  # fmt: skip
        return workbook(self.tables, self._messages(language), verb=self.study.verb,
                        receipt=in_rows(about, language), sentences=self.answer(language).sentences)  # fmt: skip

    @property
    def _seed(self) -> int | None:
        seed: int | None = self.facts.get("seed", getattr(self.study, "seed", None))
        return seed

    # Saved ----------------------------------------------------------------------------------------------------

    @classmethod
    def restored(cls, folder: Path, **parts: Any) -> Self:  # noqa: ARG003  for results with further files
        """The result from what ``load`` read of its folder; a result that has more reads it here."""
        return cls(**parts)

    def save(self, folder: str | Path, language: Language = "en") -> Path:
        """Write everything into a folder: tables, figures, answers in both languages, facts, study, manifest.

        Parameters
        ----------
        folder
            Where to; it is made if it is not there.
        language
            Language of the figures.

        Returns
        -------
        The folder.

        Raises
        ------
        ParameterError
            If the folder cannot be written, or the study refused to report.
        """
        if self.refused:
            raise ParameterError("\n".join(self.answer(language).sentences))
        answers = {each: self.text(each) for each in LANGUAGES}  # a text that is missing must not leave half a folder
        out = Folder(Path(folder))
        for name, table in self.tables.items():
            out.table(name, table)
        for each, answer in answers.items():
            out.text(f"answer_{each}.txt", answer + "\n")
        out.text(FACTS, json.dumps(self.facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
        out.text(STUDY, self.study.to_toml())
        draws = next((value for _, value in self.study if isinstance(value, ParameterDraws)), None)
        for name, write in {**({DRAWS: draws.write} if draws is not None else {}), **self.files}.items():
            out.written(name, write)
        for name in self.figures:
            with styled():
                out.figure(name, self.figure(name, language))
        out.manifest(self.scenario, study=self.study.to_toml(), seed=self._seed, command=self.study.command(),
                     inputs=self.study.inputs(), module=_module_of(self.study), language=language,
                     complete=self.complete, **self.counts)  # fmt: skip
        return out.path


def _module_of(study: Study) -> str:
    """The module whose code decides a study; for a class of a script or notebook, that of the class it builds on."""
    return next(each.__module__ for each in type(study).__mro__ if each.__module__ != "__main__")


class _LoadedTables(dict[str, pd.DataFrame]):
    """Tables of a saved result. A large one may not have been kept: then its use raises ``ParameterError``."""

    missing: Mapping[str, str]
    """What to say of each table that is not there."""

    def __missing__(self, name: str) -> pd.DataFrame:
        if name in self.missing:
            raise ParameterError(self.missing[name])
        raise KeyError(name)


def load(folder: Path, study: Study) -> StudyResult:
    """A result as ``save`` wrote it, every file checked against the digest in the manifest.

    Tables that are not there are left out: only what is made from them cannot be shown or drawn.

    Raises
    ------
    ParameterError
        If there is no manifest, the facts are missing, or a file was changed.
    """
    manifest = manifest_of(folder)
    listed: Mapping[str, str] = manifest.get("files") or {}
    data: dict[str, bytes] = {}
    missing: dict[str, str] = {}
    files: dict[str, Callable[[Path], object]] = {}
    for name, recorded in listed.items():
        path, read = folder / name, name == FACTS or name.endswith(".csv")
        if not read and (path.suffix in WRITTEN or name in (STUDY, SCENARIO)):
            continue
        if not path.is_file():  # a large file may be gone
            missing[name.removesuffix(".csv")] = f"[{path}] is missing; make the result again: {study.command()}"
            continue
        content = path.read_bytes()
        if digest(content) != recorded:
            raise ParameterError(f"[{path}] was changed since it was written; make the result again: {study.command()}")
        if read:
            data[name] = content
        else:
            files[name] = partial(_copy, path)
    if FACTS not in data:
        raise ParameterError(missing.get(FACTS, f"[{folder / FACTS}] is missing; make the result again"))
    facts = _facts(data.pop(FACTS), folder)
    texts = manifest.get(TEXTS) or {}
    tables = _LoadedTables({name.removesuffix(".csv"): table_of(text, texts.get(name.removesuffix(".csv"), ()))
                            for name, text in data.items()})  # fmt: skip
    tables.missing = missing
    module, name = study.result_class.split(":")
    kind: type[StudyResult] = getattr(import_module(module), name)
    scenario = folder / SCENARIO
    return kind.restored(
        folder, study=study, tables=tables, facts=facts,
        scenario=Scenario.from_toml(scenario.read_text(encoding="utf-8")) if scenario.is_file() else None,
        counts={key: each for key, each in manifest.items() if key not in NO_COUNTS}, files=files,
        complete=manifest.get("complete", True),
    )  # fmt: skip


def _facts(data: bytes, folder: Path) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        if isinstance(found := json.loads(data), dict):
            return found
    raise ParameterError(f"[{folder / FACTS}] holds no facts; make the result again") from None


def _copy(source: Path, path: Path) -> None:
    path.write_bytes(source.read_bytes())


def as_json(value: Any) -> Any:
    """Data as JSON has it: numbers that are not finite become None, keys and everything unknown become text."""
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
