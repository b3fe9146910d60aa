"""What hosts write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentshop.core.errors import Invalid
from contentshop.live.inputs import SessionInput, parse_note, parse_second

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def parse(**values: Any) -> SessionInput:
    return SessionInput.parse(**({"title": "Lamps", "starts_at": "2026-11-21T20:00", "now": NOW} | values))


def refusal(**values: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        parse(**values)
    return refused.value.fields


def test_a_session_is_read() -> None:
    form = parse(stream="https://youtu.be/abcdefghijk?t=5", title="  Lamps \n of mine ")
    assert form == SessionInput(
        title="Lamps of mine",
        summary="",
        lang="en",
        relation="affiliate",
        stream="https://www.youtube.com/watch?v=abcdefghijk",
        video="",
        starts_at=datetime(2026, 11, 21, 20, 0, tzinfo=UTC),
    )
    there = parse(starts_at="2026-11-21T20:00", zone="Asia/Shanghai")
    assert (there.starts_at, there.zone, there.twice) == (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), there.zone, False)
    assert parse(starts_at="2027-10-31T02:30", zone="Europe/Berlin").twice


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 10_000}, "title"),
        ({"summary": "x" * 501}, "summary"),
        ({"lang": "klingon"}, "lang"),
        ({"relation": "friend"}, "relation"),
        ({"stream": "https://evil.example/live"}, "stream"),
        ({"stream": "javascript:alert(1)"}, "stream"),
        ({"starts_at": ""}, "starts_at"),
        ({"starts_at": "tonight"}, "starts_at"),
        ({"starts_at": "2026-11-20T12:00"}, "starts_at"),
        ({"starts_at": "2028-01-01T00:00"}, "starts_at"),
        ({"starts_at": "2026-11-21T20:00+08:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00", "zone": "Pacific/Kiritimati"}, "starts_at"),
        ({"starts_at": "2027-03-28T02:30", "zone": "Europe/Berlin"}, "starts_at"),
        ({"zone": "Middle/Earth"}, "zone"),
    ],
)
def test_what_is_wrong_is_told_by_field(values: dict[str, str], field: str) -> None:
    assert list(refusal(**values)) == [field]


def test_everything_is_told_at_once() -> None:
    assert set(refusal(title="", stream="x", starts_at="x", lang="")) == {"title", "stream", "starts_at", "lang"}


def test_an_hour_that_was_set_before_may_stay_when_it_is_over() -> None:
    before = NOW - timedelta(hours=1, seconds=-7)
    assert parse(starts_at=before.strftime("%Y-%m-%dT%H:%M"), keeps=before).starts_at == before
    assert list(refusal(starts_at="2026-11-20T10:59", keeps=before)) == ["starts_at"]


@pytest.mark.parametrize(("text", "second"), [("0:00", 0), ("1:23", 83), (" 01:02:03 ", 3723), ("24:00:00", 86_400)])
def test_times_of_a_recording(text: str, second: int) -> None:
    assert parse_second(text) == second


@pytest.mark.parametrize("text", ["", "83", "1:60", "1:2", "-1:00", "24:00:01", "99:59:59", "１:２３"])
def test_odd_times_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_second(text)
    assert list(refused.value.fields) == ["second"]


def test_notes() -> None:
    assert parse_note(" a\n b ") == "a b"
    with pytest.raises(Invalid):
        parse_note("x" * 301)
