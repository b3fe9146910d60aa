"""Gift cards: when they are over."""

from __future__ import annotations

from datetime import datetime

import pytest

from contentshop.payments import credit


@pytest.mark.parametrize(
    ("issued", "months", "over"),
    [
        ("2026-11-23T08:00:00+00:00", 36, "2029-11-23T08:00:00+00:00"),
        ("2026-11-30T08:00:00+00:00", 3, "2027-02-28T08:00:00+00:00"),
        ("2027-11-30T08:00:00+00:00", 3, "2028-02-29T08:00:00+00:00"),
        ("2026-12-31T08:00:00+00:00", 12, "2027-12-31T08:00:00+00:00"),
        ("2026-11-23T08:00:00+00:00", 0, None),
    ],
)
def test_months_are_those_of_the_calendar(issued: str, months: int, over: str | None) -> None:
    found = credit.expiry(datetime.fromisoformat(issued), months)
    assert (found.isoformat() if found else None) == over
