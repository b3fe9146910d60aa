"""The site for a WSGI server: ``granian --interface wsgi --factory contentshop.wsgi:site``."""

from __future__ import annotations

from flask import Flask

from contentshop.app import create_app
from contentshop.config import from_environment


def site() -> Flask:
    """The site with the environment's settings."""
    return create_app(from_environment())
