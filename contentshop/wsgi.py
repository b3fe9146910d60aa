"""The site for a WSGI server: ``granian --interface wsgi --factory contentshop.wsgi:site``."""

from __future__ import annotations

from babel import localedata
from flask import Flask
from sqlalchemy.orm import configure_mappers

from contentshop.app import create_app
from contentshop.config import from_environment
from contentshop.web.chrome import BABEL_LOCALES


def site() -> Flask:
    """The site with the environment's settings."""
    return create_app(from_environment())


def preload() -> None:
    """Load what every process would load at its first page, so that forked ones share it."""
    configure_mappers()
    for name in BABEL_LOCALES.values():
        localedata.load(name)
