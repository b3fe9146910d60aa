"""Times as people choose them, in nights when clocks are changed too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contentshop.core.errors import Invalid
from contentshop.core.zones import find_zone, read_local, read_moment, show_local, zone_names


def refusal(text: str, zone: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        read_local(text, zone)
    return caught.value.fields


def test_a_time_is_meant_in_its_zone() -> None:
    chosen = read_local("2026-12-01T00:00", "Asia/Shanghai")

    assert (chosen.at, chosen.zone, chosen.twice) == (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "Asia/Shanghai", False)
    assert show_local(chosen.at, "Asia/Shanghai").isoformat() == "2026-12-01T00:00:00+08:00"


def test_summer_time_is_kept() -> None:
    assert read_local("2026-07-01T09:30", "Europe/Berlin").at == datetime(2026, 7, 1, 7, 30, tzinfo=UTC)
    assert read_local("2026-12-01T09:30", "Europe/Berlin").at == datetime(2026, 12, 1, 8, 30, tzinfo=UTC)


def test_an_hour_that_clocks_skip_is_refused_with_the_next_one_that_is() -> None:
    assert refusal("2027-03-28T02:30", "Europe/Berlin") == {
        "at": ["There is no 02:30 on that day in Europe/Berlin: clocks are set forward. Choose 03:30 or another time."]
    }
    assert read_local("2027-03-28T03:00", "Europe/Berlin").at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    chosen = read_local("2026-11-01T01:30", "America/New_York")

    assert (chosen.at, chosen.twice) == (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), True)
    assert read_local("2026-11-01T02:00", "America/New_York").twice is False


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01T00:00", "2026-02-30T10:00", "2026-12-01", "0001-01-01T00:00", "٢٠٢٦-12-01T00:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert refusal(text, "Asia/Shanghai") == {"at": ["Choose a day and a time."]}


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "posixrules", "EST5EDT"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    assert refusal("2026-12-01T00:00", zone) == {"zone": ["Choose your time zone."]}
    assert find_zone(zone) is None


def test_zones_are_places() -> None:
    assert {"UTC", "Asia/Shanghai", "Europe/London", "America/New_York"} <= set(zone_names())
    assert zone_names()[0] == "UTC"
    assert show_local(datetime(2026, 1, 1, tzinfo=UTC), "Gone/Away").tzinfo is UTC


def test_a_moment_of_a_form_or_a_file() -> None:
    assert read_moment(" ", "Asia/Shanghai", "ends_at") is None
    local = read_moment("2026-12-01T00:00", "Asia/Shanghai", "ends_at")
    assert local == read_moment("2026-12-01", "Asia/Shanghai", "ends_at") == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert read_moment("2026-12-01T00:00+01:00", "Asia/Shanghai", "ends_at") == datetime(2026, 11, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "sentence"),
    [
        ("tomorrow", "UTC", "Write the time like 2026-11-27 09:00."),
        ("0001-01-01T00:00+14:00", "UTC", "Write the time like 2026-11-27 09:00."),
        ("0001-01-01T00:00", "Asia/Shanghai", "Choose a day and a time."),
        ("2026-12-01T00:00", "Mars/Base", "Choose your time zone."),
        (
            "2027-03-28T02:30",
            "Europe/Berlin",
            "There is no 02:30 on that day in Europe/Berlin: clocks are set forward. Choose 03:30 or another time.",
        ),
    ],
)
def test_a_moment_that_cannot_be_is_refused_at_its_field(text: str, zone: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_moment(text, zone, "ends_at")
    assert caught.value.fields == {"ends_at": [sentence]}
