"""Compiled code on disk: it is used again if it is whole, compiled anew if not, and kept where only its user writes."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numba
import pytest

from simulation.compiled import _prepare
from simulation.compiled_cache import is_private

SOURCE = "from simulation.compiled import loop\n\n\n@loop\ndef twice(x):\n    return 2 * x\n"


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Call a small loop, as a new process would; whether its code came from disk."""
    (tmp_path / "small.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))

    def call():
        about = importlib.util.spec_from_file_location("small", tmp_path / "small.py")
        module = importlib.util.module_from_spec(about)
        about.loader.exec_module(module)
        assert module.twice(21) == 42
        return bool(sum(module.twice.stats.cache_hits.values()))

    return call


def files(tmp_path, ending):
    return sorted((tmp_path / "cache").rglob(f"*.{ending}"))


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [lambda data: data[:0], lambda data: data[:30], lambda data: data[:-9] + b"\x80garbage!",
                                    lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:]],
                         ids=["empty", "cut off", "another end", "one bit"])  # fmt: skip
def test_a_damaged_file_is_compiled_anew(called, tmp_path, damage, ending):
    assert [called(), called()] == [False, True]
    (path,) = files(tmp_path, ending)
    path.write_bytes(damage(path.read_bytes()))

    assert [called(), called()] == [False, True]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders of a user are private there")
def test_a_folder_into_which_others_may_write_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "before")
    _prepare(tmp_path / "desist" / "0123456789abcdef")
    mine = numba.config.CACHE_DIR
    (tmp_path / "desist").chmod(0o777)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "before")
    _prepare(tmp_path / "desist" / "0123456789abcdef")

    assert Path(mine).stat().st_mode & 0o777 == 0o700
    assert numba.config.CACHE_DIR == "before"
    assert not is_private(tmp_path / "desist")
