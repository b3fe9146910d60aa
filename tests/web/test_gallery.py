"""The page of all components."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import make_settings


def test_every_component_is_shown(client: FlaskClient) -> None:
    answer = client.get("/dev/components")
    assert answer.status_code == 200
    for face in ("stock", "elsewhere", "sold_out", "gone"):
        assert face.replace("_", "-") in answer.text


def test_it_is_for_development_only(tmp_path: Any, database_url: str, app: Flask) -> None:
    from contentshop.app import create_app
    from contentshop.core.db import db

    real = create_app(make_settings(tmp_path / "real", database_url, environment="production"), None)
    assert real.test_client().get("/dev/components").status_code == 404
    with real.app_context():
        db.engine.dispose()
