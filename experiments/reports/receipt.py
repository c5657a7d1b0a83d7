"""What made a report: the command that makes it again, the receipt inside the page, and the lines that people read."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.execution.code_digest import code_of
from experiments.execution.environment import versions
from experiments.language.formatting import Language
from experiments.provenance.receipts import bare, inputs_of, sealed_page
from experiments.provenance.results_folder import digest_of, write_whole
from experiments.reports.catalogue import ReportMessages
from experiments.reports.run import PlanReport
from simulation.scenario import fingerprint

SHOWN = ("command", "study", "scenario", "digest", "plans", "seed", "draws", "grade_draws", "trials", "posterior",
         "prices")  # fmt: skip
"""What of a receipt is written out on the page, in this order."""
LABELS = {"study": "folder", "plans": "plan_digest"}


def command_of(
    names: Sequence[str], language: Language, *, draws: int, grade_draws: int, seed: int, posterior: Path | None,
    prices: Path | None,
) -> str:  # fmt: skip
    """The command that makes a report of plans again, with everything that decides it."""
    words = ["desist", "report", *names, "--language", language, "--draws", str(draws)]
    words += ["--grade-draws", str(grade_draws)] if len(names) == 1 else []
    words += ["--seed", str(seed)]
    for option, path in (("--posterior", posterior), ("--prices", prices)):
        words += [option, str(path)] if path is not None else []
    return shlex.join(words)


def about_plans(report: PlanReport, posterior: Path) -> dict[str, Any]:
    """The receipt of a report of plans."""
    request, scenario = report.request, report.result.scenario
    assert scenario is not None
    further = {"grade_draws": report.grade_draws} if len(request.plans) == 1 else {}
    return _with_code({
        "command": report.command, "scenario": scenario.name, "digest": scenario.digest,
        "plans": {plan.name: fingerprint(plan.model_dump())[:16] for plan, _ in request.plans}, "seed": report.seed,
        "draws": report.result.facts["draws"], **further,
        "posterior": {"file": posterior.name, "digest": digest_of(posterior)},
        "prices": fingerprint(request.prices.model_dump())[:16],
    })  # fmt: skip


def about_study(command: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt of a report of a study, from the manifest of the study's folder."""
    names = ("scenario", "digest", "seed", "trials", "draws")
    own = {key: manifest[key] for key in names if manifest.get(key) is not None}
    study = {"command": bare(manifest["command"]), "files": manifest.get("files", {})}
    return _with_code({"command": command, **own, "study": study})


def _with_code(about: dict[str, Any]) -> dict[str, Any]:
    command = about["command"]
    return {**about, "code": code_of("experiments.reports.study"), "inputs": inputs_of(command), "versions": versions()}


def receipt_rows(about: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    """What made it, as label and value; the digest of the code is in the receipt inside the page alone."""
    w, rows = ReportMessages(language), []
    for key in SHOWN:
        if key not in about:
            continue
        value = about[key]
        if key == "study":
            value = value["command"]
        elif isinstance(value, dict):
            value = ", ".join(str(each) for each in (value.values() if key == "posterior" else
                              (f"{name} {digest}" for name, digest in value.items())))  # fmt: skip
        rows.append((w(f"common.{LABELS.get(key, key)}"), str(value)))
    return [*rows, (w("common.version"), f"desist {about['versions']['desist']}, Python {about['versions']['python']}")]


def check_line(names: Sequence[str], language: Language) -> str:
    """How to check the file."""
    name = "-".join(Path(each).stem for each in names)[:80]
    return ReportMessages(language)("common.check", file=f"{name}-{language}.html")


def written(file: Path, page: str, about: Mapping[str, Any]) -> Path:
    """Write the page with its receipt, whole or not at all; a ``ParameterError`` if it cannot be written."""
    return write_whole(file, sealed_page(page, about).encode(), "--out")
