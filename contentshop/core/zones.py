"""Times of day as people choose them: in a time zone, where some nights have an hour too few or too many.

Zones are those of the IANA database, with its changes of summer time (``zoneinfo``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from contentshop.core.errors import Invalid
from contentshop.core.words import say

# What a browser's field for a date and a time sends; some add the seconds.
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?", re.ASCII)
# Zones are named by a place; the rest are old names of the same ones, and offsets that know no summer time.
_AREAS = frozenset(
    ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A moment somebody chose by the clock on their wall. ``twice``: that clock shows it twice; this is the first."""

    at: datetime
    zone: str
    twice: bool


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The zones one may choose, by name."""
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in _AREAS))


def find_zone(name: str) -> ZoneInfo | None:
    """The zone of this name, if it is one of ``zone_names``."""
    return ZoneInfo(name) if name in zone_names() else None


def read_zone(text: str) -> str:
    """The name of the zone that somebody typed: capitals do not matter, and its place is enough if it is the only one
    of that name. Raises Invalid for ``zone``.
    """
    wanted = "_".join(text.split()).casefold()
    exact = [name for name in zone_names() if name.casefold() == wanted]
    found = exact or [name for name in zone_names() if name.rpartition("/")[2].casefold() == wanted]
    if len(found) != 1:
        raise Invalid({"zone": [say("Choose your time zone.")]})
    return found[0]


def read_local(text: str, zone_name: str) -> Chosen:
    """The moment at which clocks in the zone show ``text`` (like ``2026-03-29T02:30``).

    Of an hour that comes twice when clocks are set back, the first is meant. Raises Invalid for ``zone`` or ``at``:
    also for an hour that clocks skip, since nobody can tell which other one was meant.
    """
    zone = find_zone(zone_name)
    if zone is None:
        raise Invalid({"zone": [say("Choose your time zone.")]})
    local = _parsed(text)
    if local is None:
        raise Invalid({"at": [say("Choose a day and a time.")]})
    aware = local.replace(tzinfo=zone)
    try:
        at = aware.astimezone(UTC)
        shown = at.astimezone(zone)
    except OverflowError:
        raise Invalid({"at": [say("Choose a day and a time.")]}) from None
    if shown.replace(tzinfo=None) != local:
        raise Invalid(
            {
                "at": [
                    say(
                        "There is no %(time)s on that day in %(zone)s: clocks are set forward. Choose %(other)s or "
                        "another time.",
                        time=f"{local:%H:%M}",
                        zone=zone_name,
                        other=f"{shown:%H:%M}",
                    )
                ]
            }
        )
    return Chosen(at, zone_name, aware.utcoffset() != aware.replace(fold=1).utcoffset())


def read_moment(text: str, zone_name: str, field: str) -> datetime | None:
    """A moment as the field of a form or a file has it; None for nothing.

    What has an offset of its own (``2026-12-24T10:00Z``) is meant so, anything else by the clocks in the zone; a day
    alone is its first minute. Raises Invalid (``field``).
    """
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid({field: [say("Write the time like 2026-11-27 09:00.")]}) from None
    try:
        return read_local(local_text(found), zone_name).at
    except Invalid as refusal:
        raise Invalid({field: [words for said in refusal.fields.values() for words in said]}) from None


def local_text(local: datetime) -> str:
    """Day and time as a browser's field has them: ``2026-11-27T09:00``."""
    return local.strftime("%Y-%m-%dT%H:%M")


def show_local(at: datetime, zone_name: str) -> datetime:
    """``at`` as clocks in the zone show it; in UTC when the zone is not known (any more)."""
    return at.astimezone(find_zone(zone_name) or UTC)


def next_hour(now: datetime, hour: int, zone_name: str) -> datetime:
    """When clocks in the zone (UTC when it is not known) next show the full ``hour``, after ``now``.

    Where they skip it on that night, an hour later; where they show it twice, the first time.
    """
    zone = find_zone(zone_name) or UTC
    today = now.astimezone(zone).replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    for at in (today, today + timedelta(days=1), today + timedelta(days=2)):
        if at.astimezone(UTC) > now:
            return at.astimezone(UTC)
    raise AssertionError("a day has passed within two")


def _parsed(text: str) -> datetime | None:
    if _LOCAL.fullmatch(text.strip()) is None:
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(second=0)
    except ValueError:
        return None
