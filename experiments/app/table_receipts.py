"""What made the numbers behind a figure of the page, and how its files say so.

Pictures carry it inside, as those of the command line do. A table stays plain, and a small file of the same name,
ending in ``.json``, goes with it; ``desist check-results`` reads both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode

from experiments.app.catalogue import PageMessages
from experiments.app.charts import QUIET, Spec, picture
from experiments.execution.environment import versions
from experiments.provenance.stamps import digest, in_a_line, sealed, stamped

SMALL = f"font-size: .85rem; color: {QUIET}; overflow-wrap: anywhere"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What made the numbers of a figure."""

    command: str
    """What to type for the same numbers, or for those that the command line prints."""
    scenario: str
    """Name of the scenario."""
    digest: str
    """Digest of the scenario."""
    seed: int
    runs: Mapping[str, int] = field(default_factory=dict)
    """How much was run: replicates, trials or draws, where that is known."""

    def about(self, address: Mapping[str, str]) -> dict[str, Any]:
        """The receipt; ``address`` has the settings of the page, which open the same view."""
        return {
            "command": self.command, "scenario": self.scenario, "digest": self.digest, "seed": self.seed, **self.runs,
            "page": f"desist serve, ?{urlencode(address)}", "desist": versions()["desist"],
        }  # fmt: skip


Maker = Callable[[], Made]
"""Tells what made a figure; asked when its numbers are unfolded, not before."""


def line(w: PageMessages, about: Mapping[str, Any]) -> str:
    """The receipt in one small line (HTML)."""
    return f'<p style="{SMALL}">{escape(in_a_line(about, w.language))}</p>'


def drawn(spec: Spec, kind: str, about: Mapping[str, Any]) -> bytes:
    """A chart as ``png`` or ``svg`` with its receipt inside."""
    return stamped(f"figure.{kind}", picture(spec, kind), about)


def beside(name: str, table: bytes, about: Mapping[str, Any]) -> bytes:
    """The receipt of a table as a file: with versions, and the digest of the table by the name of its file."""
    own = sealed({**about, "versions": versions(), "files": {name: digest(table)}})
    return (json.dumps(own, indent=2, ensure_ascii=False) + "\n").encode()
