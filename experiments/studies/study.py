"""A study: everything that decides its result, as one frozen value.

A study is a Pydantic model whose fields are its options, each with unit, bounds and meaning. The command line, the TOML
form and the Python call are all made from these fields. ``run`` computes and returns a ``StudyResult``; it prints
nothing and writes nothing.

Modules that define studies are read for ``desist VERB --help``. They therefore import nothing heavy: ``run`` imports
what it computes with.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import NoneType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Self,
    TypedDict,
    Unpack,
    cast,
    get_args,
    get_origin,
    runtime_checkable,
)

import tomli_w
from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from experiments.inputs.named_files import named_in
from simulation.errors import explain
from simulation.parameters import ParameterError, Section
from simulation.scenario import Scenario, validated

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from experiments.execution.context import RunContext
    from experiments.language.answer import Answer
    from experiments.language.messages import Messages
    from experiments.studies.result import StudyResult

DRAWS = "posterior.parquet"
"""The file beside a saved study that holds draws which were given as a value."""


class OnCommandLine(TypedDict, total=False):
    """How the command line takes an option, where not as ``--its-name VALUE``."""

    argument: bool
    """By its position."""
    each: bool
    """Several values, each of which the bounds hold for."""
    name: str
    """By this name, not by its field's."""
    metavar: str
    """Its placeholder in the help."""


def option(
    default: Any = ..., unit: str = "", low: float | None = None, high: float | None = None, *, what: str,
    above: float | None = None, below: float | None = None, **shown: Unpack[OnCommandLine],
) -> Any:  # fmt: skip
    """Declare an option of a study; without ``default`` it is needed.

    ``unit`` is in words, and empty for a name, a choice or a flag; ``what`` is one line for command line, reference and
    messages. ``low`` and ``high`` are allowed themselves, ``above`` and ``below`` are not.
    """
    about = {"unit": unit, "low": low if above is None else above, "high": high if below is None else below,
             "open": [above is not None, below is not None], **shown}  # fmt: skip
    bounds: dict[str, Any] = {} if shown.get("each") else {"ge": low, "le": high, "gt": above, "lt": below}
    return Field(default, description=what, json_schema_extra=cast(Any, about), **bounds)


def about(field: FieldInfo) -> dict[str, Any]:
    """What ``option`` declares of a field, beside its bounds."""
    return cast(dict[str, Any], field.json_schema_extra or {})


def flag(name: str, field: FieldInfo) -> str:
    """The name of a field on the command line."""
    return about(field).get("name") or f"--{name.replace('_', '-')}"


def kinds(field: FieldInfo) -> tuple[Any, ...]:
    """The types that a field may have, without None."""
    kind = field.annotation
    found = (kind,) if get_origin(kind) in (tuple, Literal, None) else get_args(kind)
    return tuple(each for each in found if each is not NoneType)


class Study(Section):
    """Everything that decides a result. ``run`` computes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False,
                              arbitrary_types_allowed=True)  # fmt: skip
    verb: ClassVar[str]
    """The command, and the name of the study's modules in ``language`` and ``figures`` (with ``_`` for ``-``)."""
    result_class: ClassVar[str] = "experiments.studies.result:StudyResult"
    """Module and class of what ``run`` gives; a saved result is loaded as one."""
    by_position: ClassVar[tuple[str, ...]] = ()
    """Options that the Python call takes by position, if they are not the arguments of the command."""
    saved_unasked: ClassVar[bool] = True
    """Whether its command writes a folder below ``results/`` where no ``--out`` is given."""

    if not TYPE_CHECKING:

        def __init__(self, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as mistakes:
                raise ParameterError(explain(mistakes, type(self), self.verb)) from None

    @model_validator(mode="before")
    @classmethod
    def _fromplain(cls, values: Any) -> Any:
        """Lists and single values become tuples, and texts become paths, where a field is one."""
        if not isinstance(values, dict):
            return values
        given = {name: getattr(value, "draws_of_parameters", value) for name, value in values.items()}
        for name, value in given.items():
            types = kinds(cls.model_fields[name]) if name in cls.model_fields else ()
            if Scenario in types and isinstance(value, dict):
                given[name] = value = validated(value)
            if any(get_origin(each) is tuple for each in types) and value is not None:
                inner = get_args(next(each for each in types if get_origin(each) is tuple))[0]
                several = value if isinstance(value, (list, tuple)) else [value]
                given[name] = tuple(
                    Path(each) if inner is Path and isinstance(each, str) else
                    validated(each) if isinstance(each, dict) and Scenario in get_args(inner) else each
                    for each in several
                )  # fmt: skip
            elif Path in types and str not in types and isinstance(value, str):
                given[name] = Path(value)
        return given

    @model_validator(mode="after")
    def _each_in_bounds(self) -> Self:
        """Bounds that hold for each of several values."""
        for name, field in type(self).model_fields.items():
            extra = about(field)
            if extra.get("each"):
                low, high, (above, below) = extra["low"], extra["high"], extra["open"]
                for value in getattr(self, name) or ():
                    if (low is not None and (value < low or (above and value == low))) or \
                            (high is not None and (value > high or (below and value == high))):  # fmt: skip
                        ends = f"{'more than ' if above else ''}{low:g} to {'less than ' if below else ''}{high:g}"
                        raise ParameterError(f"{name} is [{value:g}]; allowed {ends} ({extra['unit']})")
        return self

    @classmethod
    def call(cls, *values: Any, context: RunContext | None = None, **options: Any) -> StudyResult:
        """Run the study with these options: the arguments of its command by position, others by name."""
        arguments = [name for name, field in cls.model_fields.items() if about(field).get("argument")]
        names = cls.by_position or arguments
        if len(values) > len(names):
            raise ParameterError(f"{cls.verb} takes by position only {', '.join(names)}; name what else is given")
        return cls(**dict(zip(names, values, strict=False)), **options).run(context)

    def run(self, context: RunContext | None = None) -> StudyResult:
        """Compute the result.

        Parameters
        ----------
        context
            Store, workers and progress; None to keep nothing, use every core and show nothing.

        Raises
        ------
        ParameterError
            If the options do not fit together or a file cannot be used; one line for the user.
        """
        raise NotImplementedError

    def answer(self, facts: Mapping[str, Any], tables: Mapping[str, DataFrame], m: Messages) -> Answer:
        """A result's sentences, tables and notes: by default the function ``answer`` of its module in ``language``."""
        answer: Answer = import_module(f"experiments.language.{self.verb.replace('-', '_')}").answer(facts, tables, m)
        return answer

    def figures(
        self, facts: Mapping[str, Any], tables: Mapping[str, DataFrame], m: Messages
    ) -> dict[str, Callable[[], Figure]]:
        """What a result draws: by default the function ``figures`` of the study's module in ``figures``, if it has one.

        Returns
        -------
        A function without arguments for each figure by its name, the main one first.
        """
        module = f"experiments.figures.{self.verb.replace('-', '_')}"
        if find_spec(module) is None:
            return {}
        found: dict[str, Callable[[], Figure]] = import_module(module).figures(facts, tables, m)
        return found

    @property
    def folder(self) -> str:
        """The folder of its results, below ``results/``."""
        return self.verb

    def inputs(self) -> list[Path]:
        """The files that its options name, as they are given: scenarios, plans, prices, draws, extracts."""
        values = [each for _, value in self for each in (value if isinstance(value, tuple) else (value,))]
        named = [Path(each) for each in values
                 if isinstance(each, Path) or (isinstance(each, str) and each.endswith(".toml"))]  # fmt: skip
        found: list[Path] = []
        for path in named:
            if path.is_file() and path not in found:
                found += [path, *(each for each in named_in(path) if each not in found)]
        return found

    # As TOML and as a command ---------------------------------------------------------------------------------

    def to_toml(self) -> str:
        """The study as TOML: its verb under ``study``, and every option that has a value."""
        values = {name: plain(value) for name, value in self if value is not None}
        return tomli_w.dumps({"study": self.verb, **values})

    def command(self) -> str:
        """The command that gives this study, with options that differ from their defaults.

        A study that holds a scenario of its own (not a name or a file) can only be given as a file: ``desist study``.
        """
        arguments: list[str] = []
        options: list[str] = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is None or value == field.get_default(call_default_factory=True):
                continue
            several = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(each, (str, int, float, Path)) for each in several):
                return "desist study study.toml"
            if about(field).get("argument"):
                arguments += [str(each) for each in several]
            elif isinstance(value, bool):
                options.append(flag(name, field))
            else:
                options += [word for each in several for word in (flag(name, field), _word(each))]
        dashes = ["--"] if any(each.startswith("-") for each in arguments) else []
        return shlex.join(["desist", self.verb, *options, *dashes, *arguments] if dashes else
                          ["desist", self.verb, *arguments, *options])  # fmt: skip


class Seeded(Study):
    """A study with random numbers of its own."""

    seed: int = option(1, "", 0, 2**64 - 1, what="Seed of the random numbers")


class OnScenario(Study):
    """A study of one scenario, with changes."""

    scenario: str | Scenario | None = option(
        None, what="Name or file of a scenario", argument=True, metavar="[SCENARIO]"
    )
    set: tuple[str, ...] = option(
        (), what="Change the scenario, for example risk.hazard_multiplier=1.1; may be repeated", metavar="KEY=VALUE"
    )


@runtime_checkable
class ParameterDraws(Protocol):
    """Draws of uncertain parameters, as ``experiments.inputs.posterior.Posterior`` holds them."""

    table: Any
    about: dict[str, Any]

    def write(self, path: Path) -> Path:
        """Write them to a file."""


class OverDraws(Study):
    """A study that may run over draws of the uncertain parameters."""

    posterior: Path | ParameterDraws | None = option(
        None, metavar="FILE",
        what="Run over the draws in a file of desist calibrate, so that parameter uncertainty reaches the result",
    )  # fmt: skip
    draws: int | None = option(None, "draws", 1, 100_000, what="How many draws of --posterior (default: the study's)")


def _word(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) and float(f"{value:g}") != value else \
        f"{value:g}" if isinstance(value, float) else str(value)  # fmt: skip


def plain(value: Any) -> Any:
    """A value as TOML has it."""
    if isinstance(value, Scenario):
        return {"complete": True, **value.model_dump()}
    if isinstance(value, ParameterDraws):
        return DRAWS
    if isinstance(value, Section):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
