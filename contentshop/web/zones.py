"""Time zones as people know them: chosen by place, in their language, by typing a part of it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from babel.dates import format_datetime, get_timezone, get_timezone_location
from flask import Flask
from flask_babel import gettext as _

from contentshop.core.zones import local_text, read_zone, show_local, zone_names
from contentshop.web.chrome import current_babel_locale
from contentshop.web.session import viewer

PATTERNS = {"zh_Hans_CN": "y年M月d日 EEE HH:mm"}


def in_words(at: datetime, zone: str) -> str:
    """A moment as the clocks of a zone show it, in the person's language."""
    locale = current_babel_locale()
    return format_datetime(show_local(at, zone), PATTERNS.get(locale, "EEE d MMM y, HH:mm"), locale=locale)


def until_words(at: datetime, zone: str, locale: str = "") -> str:
    """A moment that something ends at, with hour and zone: ``Mon 23 Nov 2026, 12:00 (UTC)``.

    ``zone`` may be empty for somebody who chose none; ``locale`` is for mails, which are in the language of an order.
    """
    locale = locale or current_babel_locale()
    pattern = PATTERNS.get(locale, "EEE d MMM y, HH:mm")
    moment = format_datetime(show_local(at, zone or "UTC"), pattern, locale=locale)
    return str(_("%(moment)s (%(zone)s)", moment=moment, zone=zone_label(zone, locale) if zone else "UTC"))


def readers_zone() -> str:
    """The zone that whoever looks has chosen; empty for guests and for who chose none."""
    user = viewer().user
    return user.timezone if user is not None else ""


def own_zone() -> str:
    """The zone of the person who looks; UTC until they have chosen one."""
    return viewer().person().timezone or "UTC"


def moment_text(at: datetime | None, zone: str) -> str:
    """A moment as the clocks of a zone show it, for a browser's field; empty for none."""
    return local_text(show_local(at, zone)) if at is not None else ""


def attach(app: Flask) -> None:
    """Give templates the names of zones."""
    app.jinja_env.filters["zone_label"] = zone_label


def zone_label(zone: str, locale: str = "") -> str:
    """A zone's name as people write it: part of the world and place, in the person's language as CLDR knows them."""
    area, _slash, rest = zone.partition("/")
    return f"{_area(area)} / {_place(zone, locale or current_babel_locale())}" if rest else zone


def zone_choices() -> list[tuple[str, str]]:
    """(name, label) of all zones, by label."""
    return sorted(
        ((name, label) for label, name in _by_label(current_babel_locale()).items()), key=lambda zone: zone[1]
    )


def typed_zone(text: str) -> str:
    """The name of the zone that somebody typed or chose: its label, its name, or just its place.

    Raises Invalid (field ``zone``).
    """
    wanted = " ".join(text.split()).casefold()
    labels = {label.casefold(): name for label, name in _by_label(current_babel_locale()).items()}
    named = [name for label, name in labels.items() if wanted in (label, label.rpartition(" / ")[2])]
    return named[0] if len(named) == 1 else read_zone(text)


@lru_cache(maxsize=4)
def _by_label(locale: str) -> dict[str, str]:
    """Label → name. Of several names for one place (Asia/Calcutta, Asia/Kolkata) the one that is called so today."""
    found: dict[str, str] = {}
    for name in zone_names():
        label = zone_label(name)
        if label not in found or _is_todays(name):
            found[label] = name
    return found


def _is_todays(name: str) -> bool:
    return name.rpartition("/")[2].replace("_", " ").casefold() == _place(name, "en").casefold()


@lru_cache(maxsize=2000)
def _place(zone: str, locale: str) -> str:
    return str(get_timezone_location(get_timezone(zone), locale=locale, return_city=True))


def _area(area: str) -> str:
    areas: dict[str, str] = {
        "Africa": _("Africa"),
        "America": _("America"),
        "Antarctica": _("Antarctica"),
        "Arctic": _("Arctic"),
        "Asia": _("Asia"),
        "Atlantic": _("Atlantic"),
        "Australia": _("Australia"),
        "Europe": _("Europe"),
        "Indian": _("Indian Ocean"),
        "Pacific": _("Pacific"),
    }
    return areas.get(area, area)
