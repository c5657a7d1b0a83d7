"""What a visitor can set: each a bounded number or a choice, kept in the address of the page.

The address holds every setting that differs from its default, and the language: a link shows a colleague the same page.
A value in an address that is not allowed is put aside, and one line says so. Settings live in the session under their
own names; a widget takes the name as its key, so that no setting is lost when the language or the panel changes.
``read`` gives the value of a text in an address (ValueError if it is not allowed), ``allowed`` says what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds."""

    key: str
    default: int
    low: int
    high: int
    step: int = 1

    def read(self, text: str) -> int:
        """The number in an address."""
        value = int(text)
        if not self.low <= value <= self.high or (value - self.low) % self.step:
            raise ValueError(text)
        return value

    @property
    def allowed(self) -> str:
        """What is allowed, to be read."""
        return f"{self.low} … {self.high}" + (f" (± {self.step})" if self.step > 1 else "")


@dataclass(frozen=True)
class Choice:
    """One of some codes; how a code is called is in the catalogues."""

    key: str
    default: str
    codes: tuple[str, ...]

    def read(self, text: str) -> str:
        """The code in an address."""
        if text not in self.codes:
            raise ValueError(text)
        return text

    @property
    def allowed(self) -> str:
        """What is allowed, to be read."""
        return ", ".join(self.codes)


@dataclass(frozen=True)
class Several:
    """Some of a set of codes, in the order of the set, written with dots."""

    key: str
    default: tuple[str, ...]
    codes: tuple[str, ...]

    def read(self, text: str) -> list[str]:
        """The codes in an address."""
        wanted = [each for each in text.split(".") if each]
        if not set(wanted) <= set(self.codes) or len(set(wanted)) < len(wanted):
            raise ValueError(text)
        return wanted

    @property
    def allowed(self) -> str:
        """What is allowed, to be read."""
        return ", ".join(self.codes[:8]) + (" …" if len(self.codes) > 8 else "")


Setting = Whole | Choice | Several


def written(value: Any) -> str:
    """A value as it stands in an address."""
    return ".".join(value) if isinstance(value, (list, tuple)) else str(value)


Refused = tuple[str, str, str]
"""Key, value and what is allowed instead; nothing is for a key that there is not."""
MARKUP = re.compile(r"([^\w\s])")


def plain_text(text: str) -> str:
    """A text from outside so that Markdown shows it as it stands: no link, picture or formula, and on one line."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def read_address(settings: Iterable[Setting], address: Mapping[str, str]) -> tuple[dict[str, Any], list[Refused]]:
    """Every setting by key, as the address or its default has it, and what had to be put aside."""
    settings = list(settings)
    values: dict[str, Any] = {}
    known = {setting.key for setting in settings}
    refused: list[Refused] = [(key[:40], value[:40], "") for key, value in address.items() if key not in known]
    for setting in settings:
        default = setting.default
        values[setting.key] = list(default) if isinstance(default, tuple) else default
        if setting.key in address:
            try:
                values[setting.key] = setting.read(address[setting.key])
            except ValueError:
                refused.append((setting.key, address[setting.key][:40], setting.allowed))
    return values, refused


def address_of(settings: Iterable[Setting], values: Mapping[str, Any], always: Sequence[str] = ()) -> dict[str, str]:
    """The address of a page: what differs from its default, and the keys of ``always``."""
    found = {setting.key: (written(values[setting.key]), written(setting.default)) for setting in settings}
    return {key: text for key, (text, default) in found.items() if key in always or text != default}
