import pytest
from pathlib import Path
from tests.test_verbs_inference import *
from experiments.receipts import compare, manifest_of
def test_twice(files, monkeypatch, tmp_path):
    lower_bars(monkeypatch)
    for n in "ab":
        code, out, err = desist("calibrate", *small(files, "--draws", "60", "--kept", "40", "--groups", "10", "--no-store", "--out", str(tmp_path/n)))
        assert code == 0, err
    t = compare(tmp_path/"a", tmp_path/"b")
    print(t.to_string()); print(manifest_of(tmp_path/"a")["files"].keys(), manifest_of(tmp_path/"a")["inputs"])
    assert t["equal"].all()
