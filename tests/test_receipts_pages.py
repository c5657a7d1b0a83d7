"""Pages carry their receipt inside, and any sign that was changed is found."""

from __future__ import annotations

import pytest

from experiments.provenance.receipts import page_receipt, sealed_page, untouched_page
from experiments.provenance.stamps import receipt_of
from simulation.parameters import ParameterError

PAGE = "<html><body><h1>67 %</h1><p>blåbær</p></body></html>"
SEAL = {"command": "desist report trial", "digest": "ab", "seed": 1, "versions": {"desist": "1"}, "code": "c",
        "inputs": {}, "title": "</script><b>"}  # fmt: skip


def test_a_page_carries_its_receipt():
    """All that it was given, the digest of the rest of the page, and its own; nothing in it ends the element."""
    page = sealed_page(PAGE, SEAL)
    own = page_receipt(page)

    assert {key: own[key] for key in SEAL} == SEAL
    assert own["receipt"] == receipt_of(own)
    assert page.count("</script>") == 1
    assert untouched_page(page)
    assert sealed_page(page, SEAL) == page


def test_any_changed_sign_of_a_page_is_found():
    """Also in its receipt; a page without one says so."""
    page = sealed_page(PAGE, SEAL)
    for at in range(len(page)):
        other = page[:at] + ("8" if page[at] != "8" else "9") + page[at + 1 :]
        try:
            good = untouched_page(other)
        except ParameterError:
            good = False
        assert not good, page[max(0, at - 20) : at + 20]
    with pytest.raises(ParameterError, match="desist report writes one"):
        page_receipt(PAGE)
