"""How the files of a figure of the page carry their receipt.

Pictures carry it inside, as those of the command line do. A table stays plain, and a small file of the same name,
ending in ``.json``, goes with it; ``desist check-results`` reads both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from experiments.app.catalogue import PageMessages
from experiments.app.charts import QUIET, Spec, picture
from experiments.execution.environment import versions
from experiments.provenance.stamps import digest, in_a_line, sealed, stamped


def line(w: PageMessages, about: Mapping[str, Any]) -> str:
    """The receipt in one small line (HTML)."""
    style = f"font-size: .85rem; color: {QUIET}; overflow-wrap: anywhere"
    return f'<p style="{style}">{escape(in_a_line(about, w.language))}</p>'


def drawn(spec: Spec, kind: str, about: Mapping[str, Any]) -> bytes:
    """A chart as ``png`` or ``svg`` with its receipt inside."""
    return stamped(f"figure.{kind}", picture(spec, kind), about)


def beside(name: str, table: bytes, about: Mapping[str, Any]) -> bytes:
    """The receipt of a table as a file: with versions, and the digest of the table by the name of its file."""
    own = sealed({**about, "versions": versions(), "files": {name: digest(table)}})
    return (json.dumps(own, indent=2, ensure_ascii=False) + "\n").encode()
