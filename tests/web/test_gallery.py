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


def test_its_editor_finds_the_cards_of_the_gallery(client: FlaskClient) -> None:
    def found(text: str) -> list[dict[str, str]]:
        answer = client.get("/dev/products.json", query_string={"q": text})
        assert answer.status_code == 200
        return [dict(product) for product in (answer.json or {})["products"]]

    (sony,) = found("sony-wh-1000xm5")
    assert sony == {
        "key": "sony-wh-1000xm5",
        "title": "Sony WH-1000XM5",
        "brand": "Sony",
        "price": "$348.00",
        "picture": sony["picture"],
    }
    with client.get(sony["picture"]) as picture:
        assert picture.status_code == 200
    assert [product["title"] for product in found("POWER bank")] == ["Anker 737 Power Bank (PowerCore 24K)"]
    assert found("") == found("no such thing") == []


def test_it_is_for_development_only(tmp_path: Any, database_url: str, app: Flask) -> None:
    from contentshop.app import create_app
    from contentshop.core.db import db

    real = create_app(make_settings(tmp_path / "real", database_url, environment="production"), None)
    for path in ("/dev/components", "/dev/products.json?q=sony"):
        assert real.test_client().get(path).status_code == 404
    with real.app_context():
        db.engine.dispose()
