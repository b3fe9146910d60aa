"""The countries that a buyer can choose: those of the site, and wherever the zones of the shop reach."""

from __future__ import annotations

from flask import g

from contentshop.core.db import db
from contentshop.delivery import places, queries
from contentshop.web.chrome import current_babel_locale
from contentshop.web.session import settings


def reached() -> tuple[str, ...]:
    """All of them, those of the site first; read once a request."""
    if "reached" not in g:
        g.reached = tuple(dict.fromkeys((*settings().regions, *queries.countries(db.session))))
    found: tuple[str, ...] = g.reached
    return found


def among(country: str) -> tuple[str, ...]:
    """Those that ``country`` is looked up in: most buyers live where the site is at home, and need no look at zones."""
    return settings().regions if not country or country in settings().regions else reached()


def choices() -> list[tuple[str, str]]:
    """Them for a list, by name, those of the site first."""
    return places.named_countries(reached(), current_babel_locale(), first=settings().regions)
