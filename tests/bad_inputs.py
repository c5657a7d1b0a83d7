"""A generator of bad inputs: commands whose files or options are broken in every way that was thought of.

``bad_inputs(seed, folder)`` gives the words of one command after another; ``refused`` runs one in this process up to
where computing would begin, and says what is wrong with how it answered. A command may turn out to be good.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.cli import main as command_line
from experiments.cli.command import command_of
from experiments.execution import context
from experiments.inputs.posterior import SHIPPED
from experiments.studies.catalogue import STUDIES, study_class
from simulation import engine

PIECES = ("/tmp/x", "../../x", "", " ", ".", "..", "CON", "nul.toml", "x" * 300, "æ" * 300, "a\0b", "\udcff\udcfe", "\t",
          "\n\n", "[x](http://x)", "=1+1", "-1", "0", "1e400", "nan", "inf", "-inf", "9" * 5_000, str(2**64), str(2**63),
          "1,1,1,2", "0.5:0.6:0", "1:1000000000", "true", "None", "null", "{}", "[" * 20_000, "'", '"', "\\", "%s", "{0}",
          "x" * 100_000, "٣", "½", "1_0", "0x10", "2027-13-45", "all", "Danmark", "\u202e", "\x1b[31m")  # fmt: skip
SHELVES = {"scenario": "scenarios/trial.toml", "sweep": "sweeps/effect.toml", "plan": "plans/nationwide-at-once.toml"}
INPUTS = Path(command_line.__file__).parents[1] / "inputs"
PRICES = 'price_year = 2026\n[prison]\nday = 2100\n[paid_by]\n"state: prison" = 1.0\n'
EXTRACT = "person;release;offence;decision;sanction;unit;followed\n" + "".join(
    f"{k};2015-0{1 + k % 9}-01;2015-11-01;2015-12-01;prison;A;2020-01-01\n" for k in range(30)
)
OWN = "number;name;recruiting\n101;København;1\n751;Aarhus;1,2\n"


class Began(BaseException):
    """The input was accepted, and computing would begin."""


def bad_inputs(seed: int, folder: Path) -> Iterator[list[str]]:
    """Words of commands without end; their files are written into ``folder``, each over the last of its kind."""
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    makers = [_options, _options, _study, _scenario, _plan, _prices, _sweep, _posterior, _extract, _own, _manifest, _chain]
    while True:
        yield draw.choice(makers)(draw, folder)


def refused(words: list[str], monkeypatch: object) -> str:
    """What is wrong with the answer to a command; empty if it is one clear line or more, or the command is good."""
    out, err = io.StringIO(), io.StringIO()
    argv, begun, code = sys.argv, time.process_time(), 0
    sys.argv = ["desist", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            command_line.main()
    except SystemExit as end:
        code = int(end.code or 0)
    except Began:
        code = 0
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"[:300]
    finally:
        sys.argv = argv
    return judged(code, err.getvalue(), time.process_time() - begun)


def judged(code: int, said: str, seconds: float = 0.0) -> str:
    """What is wrong with an exit code and the text on standard error."""
    lines = said.splitlines()
    if code not in (0, 1, 2):
        return f"exit code {code}: {said[-300:]}"
    if "Traceback" in said or any(len(line) > 300 for line in lines):
        return f"a traceback or a long line: {said[:300]}"
    if code == 2 and not all(line.startswith("desist: ") for line in lines if line):
        return f"not a line of desist: {said[:300]}"
    if code == 2 and not said.strip():
        return "exit code 2 without a word"
    return f"{seconds:.1f} seconds" if code == 2 and seconds > 2 else ""


def stop_before_computing(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Have everything that simulates raise ``Began``."""

    def begin(*_: object, **__: object) -> None:
        raise Began

    monkeypatch.setattr(context.RunContext, "computing", begin)
    monkeypatch.setattr(engine, "over_chunks", begin)
    monkeypatch.setattr(engine, "_tell_chunk", begin)


# Options ------------------------------------------------------------------------------------------------------

ARGUMENT = {"rollout": ["todays-area"], "compare": ["todays-area", "nationwide-at-once"], "priorities": ["todays-area"],
            "discover": ["todays-area"], "voi": ["todays-area"], "validate": ["life"]}  # fmt: skip
LEFT_OUT = ("benchmark", "check-model", "claim", "fit-effects")
"""They measure or check this machine, and compute without the engine's own doors."""


def _options(draw: random.Random, folder: Path) -> list[str]:
    verb = draw.choice([each for each in STUDIES if each not in LEFT_OUT])
    words = [verb, *([str(_file(folder, "extract.csv", EXTRACT))] if verb == "register" else ARGUMENT.get(verb, []))]
    options = [each for each in command_of(study_class(verb)).params if isinstance(each, click.Option)]
    for option in draw.sample(options, k=draw.choice((1, 1, 1, 2, 3))):
        if option.name in ("cluster", "store"):
            continue
        if option.name == "out":  # below the test's own folder, whatever it is called
            words += ["--out", str(folder / "outs") + "/" + _value(draw, "out").replace("/", "_").replace("..", "_")]
            continue
        words += [option.opts[0]] if option.is_flag else [option.opts[0], _value(draw, str(option.name))]
    if draw.random() < 0.1:
        words.append(_value(draw, ""))
    return [*words, "--no-store", "--out", str(folder / "out")] if "--out" not in words else [*words, "--no-store"]


def _value(draw: random.Random, name: str) -> str:
    """A value for an option; no system passes a NUL on in one."""
    keys = ("risk.hazard_multiplier", "people.count", "title", "factor.housing.openings", "volunteers.at_start_by", "x", "")
    piece = draw.choice([each for each in PIECES if "\0" not in each])
    if name in ("changes", "set"):
        return f"{draw.choice(keys)}={piece}"
    return f"{draw.choice(keys)}={piece}" if name == "vary" and not piece.isdigit() else piece


# Files --------------------------------------------------------------------------------------------------------


def _file(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
    return path


def _broken(draw: random.Random, text: str) -> bytes:
    """A text with one thing or several changed."""
    data = text
    for _ in range(draw.choice((1, 1, 2, 4))):
        lines = data.splitlines() or [""]
        k = draw.randrange(len(lines))
        how = draw.randrange(8)
        if how == 0:
            lines[k] = lines[k].partition("=")[0] + "= " + draw.choice((*PIECES, *map(repr, PIECES[:20])))
        elif how == 1:
            lines[k] = draw.choice(PIECES) + lines[k]
        elif how == 2:
            lines.insert(k, lines[k])
        elif how == 3:
            del lines[k]
        elif how == 4:
            lines[k] = f"deep = {'[' * draw.choice((50, 900, 20_000))}"
        elif how == 5:
            lines[k] = "".join(draw.sample(lines[k], len(lines[k])))
        elif how == 6:
            lines.insert(k, f"{draw.choice(('name', 'title', 'seed', 'x', 'years'))} = {draw.choice(('9' * 5_000, 2**64))}")
        else:
            cells = lines[k].split(";")
            cells[draw.randrange(len(cells))] = draw.choice(PIECES)
            lines[k] = ";".join(cells)
        data = "\n".join(lines)
    raw = data.encode("utf-8", "surrogateescape")
    return draw.choice((raw, raw, raw, raw[: draw.randrange(len(raw) + 1)], data.encode("utf-16", "replace"), b"PK" + raw,
                        b"PAR1" + raw, b"\0" * 100 + raw, b"\xef\xbb\xbf" + raw))  # fmt: skip


def _out(folder: Path) -> list[str]:
    return ["--no-store", "--out", str(folder / "out")]


def _study(draw: random.Random, folder: Path) -> list[str]:
    text = f'study = "{draw.choice(list(STUDIES))}"\nseed = 1\nplan = "todays-area"\ndraws = 4\nname = "x"\n'
    return ["study", str(_file(folder, "study.toml", _broken(draw, text))), *_out(folder)]


def _scenario(draw: random.Random, folder: Path) -> list[str]:
    text = (INPUTS / SHELVES["scenario"]).read_text(encoding="utf-8")
    path = str(_file(folder, "own.toml", _broken(draw, text)))
    return draw.choice((["scenario", path], ["run", path, *_out(folder)], ["sensitivity", path, *_out(folder)]))


def _plan(draw: random.Random, folder: Path) -> list[str]:
    text = (INPUTS / SHELVES["plan"]).read_text(encoding="utf-8")
    path = str(_file(folder, "plan.toml", _broken(draw, text)))
    return draw.choice((["rollout", path], ["compare", path, "todays-area"], ["report", path], ["voi", path])) + _out(folder)


def _prices(draw: random.Random, folder: Path) -> list[str]:
    path = str(_file(folder, "prices.toml", _broken(draw, PRICES)))
    return [draw.choice(("rollout", "voi", "discover")), "todays-area", "--prices", path, *_out(folder)]


def _sweep(draw: random.Random, folder: Path) -> list[str]:
    text = (INPUTS / SHELVES["sweep"]).read_text(encoding="utf-8")
    return ["sweep", str(_file(folder, "sweep.toml", _broken(draw, text))), *_out(folder)]


def _posterior(draw: random.Random, folder: Path) -> list[str]:
    table = pq.read_table(SHIPPED).slice(0, 20)
    names, notes = list(table.column_names), dict(table.schema.metadata or {})
    how = draw.randrange(5)
    if how == 0:
        notes[b"desist"] = draw.choice((b"", b"{", b"[]", b"[" * 20_000, b'{"kind": 1}', b"\xff", b'{"kind": "posterior"}'))
        notes[b"pandas"] = draw.choice((b"", b"{", b"[" * 20_000, b"{}"))
    elif how == 1:
        k = draw.randrange(len(names))
        names[k] = draw.choice((*PIECES, "risk", "risk.", "factor.x.y", "trial.definition", names[0]))
        with contextlib.suppress(UnicodeEncodeError):
            table = table.rename_columns(names)
    elif how == 2:
        odd = draw.choice(([None] * 20, ["x"] * 20, [float("nan")] * 20, [1e308] * 20, [-1] * 20, [[1]] * 20, [True] * 20))
        table = table.set_column(draw.randrange(len(names)), draw.choice(names), pa.array(odd))
    elif how == 3:
        table = table.slice(0, 0) if draw.random() < 0.5 else table.drop_columns(draw.sample(names, draw.randrange(1, 50)))
    path = folder / "posterior.parquet"
    pq.write_table(table.replace_schema_metadata(notes), path)
    if how == 4:
        data = bytearray(path.read_bytes())
        for _ in range(draw.choice((1, 5, 50))):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(bytes(data[: draw.choice((len(data), draw.randrange(len(data)))) ]))
    verb = draw.choice((["sweep"], ["trial"], ["rollout", "todays-area"], ["power"], ["voi", "todays-area"]))
    return [*verb, "--posterior", str(path), *_out(folder)]


def _extract(draw: random.Random, folder: Path) -> list[str]:
    path = str(_file(folder, "extract.csv", _broken(draw, EXTRACT)))
    return ["register", path, *draw.choice(([], ["--by", "unit"], ["--by", _value(draw, "by")])), *_out(folder)]


def _own(draw: random.Random, folder: Path) -> list[str]:
    return ["country", "--own", str(_file(folder, "own.csv", _broken(draw, OWN)))]


def _manifest(draw: random.Random, folder: Path) -> list[str]:
    here = folder / "result"
    here.mkdir(exist_ok=True)
    _file(here, "study.toml", 'study = "power"\nseed = 1\n')
    good = {"command": "desist power", "versions": {"desist": "1"}, "files": {"facts.json": "x"}, "seed": 1, "code": "x",
            "inputs": {}}  # fmt: skip
    odd = draw.choice((None, 1, [], {}, "x" * 500, [[]], {"../../x": "y"}, {"a\0b": "x"}, {"x": 1}, -1, True))
    data = json.dumps({**good, draw.choice(list(good)): odd}, indent=1)
    _file(here, "manifest.json", draw.choice((data.encode(), _broken(draw, data), b"[" * 20_000, b"")))
    return draw.choice((["check-results", str(here), "--quick"], ["study", str(here), *_out(folder)]))


def _chain(draw: random.Random, folder: Path) -> list[str]:
    """Scenarios that extend one another in a chain or a circle, or double at each step."""
    number, twice = draw.choice(((30, True), (60, False), (3, False))), draw.random() < 0.5
    shelf = folder / "chain"
    shelf.mkdir(exist_ok=True)
    for k in range(number[0]):
        below = [f"s{k + 1}.toml"] * (2 if number[1] or twice else 1)
        _file(shelf, f"s{k}.toml", f"extends = {json.dumps(below)}\n")
    _file(shelf, f"s{number[0]}.toml", draw.choice(('title = "end"\n', 'extends = "s0.toml"\n')))
    return ["scenario", str(shelf / "s0.toml")]
