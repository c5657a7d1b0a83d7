"""A user's mistake in one line: which key, which value, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from simulation.renamed import RENAMED

NEEDED = {
    "float_type": "a number is needed",
    "int_type": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "bool_type": "true or false is needed",
    "string_type": "text in quotes is needed",
    "finite_number": "a finite number is needed",
    "dict_type": "a table is needed",
    "model_type": "a table is needed",
    "list_type": 'a list is needed, for example ["Aarhus"]',
}


def nearest(name: str, known: Iterable[str], above: Sequence[str] = ()) -> str:
    """A hint for an unknown name: what it is called now, the nearest known one with its path, or a few known ones."""
    names = list(known)
    prefix = "".join(f"{part}." for part in above)
    if RENAMED.get(name) in names:
        return f"it is now called {prefix}{RENAMED[name]}"
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {prefix}{near[0]}?"
    if not names:
        return "nothing is known here"
    return f"known here: {', '.join(prefix + each for each in names[:12])}{' ...' if len(names) > 12 else ''}"


def explain(mistakes: ValidationError, model: type[BaseModel], label: str) -> str:
    """One line for each mistake that the validation found."""
    return "\n".join(f"{label}: {_line(mistake, model)}" for mistake in mistakes.errors())


def _line(mistake: Any, model: type[BaseModel]) -> str:
    loc, above = mistake["loc"], ""
    path = [str(part) for part in loc]
    section, field = _declared(model, path)
    if len(loc) > 2 and isinstance(loc[1], int):  # a table of a list: people count from 1
        above, path = f"{loc[0]} {loc[1] + 1}: ", path[2:]
    named = path[:-1] if len(path) == 2 and path[-1].isdigit() else path  # an option that takes several values
    return above + _in_table(".".join(named), path, mistake, section, field)


def _in_table(key: str, path: list[str], mistake: Any, section: type[BaseModel], field: FieldInfo | None) -> str:
    """What is wrong with a key of a table, in one line."""
    value, kind = mistake["input"], mistake["type"]
    if kind == "extra_forbidden":
        return f"unknown key [{key}]; {nearest(path[-1], section.model_fields, path[:-1])}"
    if kind == "value_error":
        problem = str(mistake["ctx"]["error"])
        return f"{key}: {problem}" if key else problem
    if kind == "missing":
        return f"{key} is needed"
    extra = field.json_schema_extra if field is not None else None
    about = extra if isinstance(extra, dict) else {}
    needed = NEEDED.get(kind, "")
    allowed = "" if kind == "list_type" else _allowed(about, field)
    rest = "; ".join(part for part in (needed, allowed) if part) or mistake["msg"]
    return f"{key} is [{_short(value)}]; {rest}"


def _declared(model: type[BaseModel], path: list[str]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The section and field that a path leads to, through tables of sections."""
    field: FieldInfo | None = None
    for part in path:
        field = model.model_fields.get(part, field)
        inner = _section_in(field.annotation if field is not None else None)
        if part in model.model_fields and inner is not None:
            model = inner
    return model, field


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if (found := _section_in(argument)) is not None:
            return found
    return None


def _allowed(about: dict[str, Any], field: FieldInfo | None) -> str:
    choices = get_args(field.annotation) if field is not None else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        return f"allowed is {', '.join(choices)}"
    if about.get("low") is None and about.get("high") is None:
        return f"unit {about['unit']}" if "unit" in about else ""
    low, high = about["low"], about["high"]
    if high is None:
        return f"allowed from {low} ({about['unit']})"
    return f"allowed {low} to {high} ({about['unit']})"


def _short(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
