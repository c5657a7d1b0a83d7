"""Settings that all tests share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "desist",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("desist")


@pytest.fixture(autouse=True)
def _own_store(tmp_path_factory, monkeypatch):  # type: ignore[no-untyped-def]
    """Finished runs of a test are kept in a folder of its own, never among the user's."""
    monkeypatch.setenv("DESIST_STORE", str(tmp_path_factory.mktemp("runs")))
