"""Cards and tiles that were made before: the same bytes for the same content, never an old price."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.db import writing
from contentshop.products.models import Offer
from tests.factories import Factory


@pytest.fixture
def keeping(app: Flask) -> dict[Any, Any]:
    """The fragments of the app, which keeps them as in production."""
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    found: dict[Any, Any] = app.extensions["contentshop.fragments"]
    return found


def read(client: FlaskClient, path: str, language: str = "en") -> str:
    return client.get(path, headers={"Accept-Language": language}).get_data(as_text=True)


def cards(keeping: dict[Any, Any]) -> int:
    """How many fragments are kept beside those of the frame."""
    return sum(key[0] not in {"masthead", "topic_bar", "foot"} for key in keeping)


def write_post(make: Factory) -> None:
    shop = make.merchant("shop")
    make.product("kettle", own={"USD": 1900, "CNY": 12900}, stock=50)
    make.product("lamp", affiliate=[{"merchant": shop, "price_minor": 4200}])
    make.post(source="::card[kettle]\n\n::card[lamp]", slug="two")


def test_a_page_of_kept_cards_equals_the_first_one(client: FlaskClient, make: Factory, keeping: dict[Any, Any]) -> None:
    write_post(make)
    first = read(client, "/p/two?page=1")
    made = cards(keeping)
    assert made == 4  # two cards in the text, and the same two in the row below it
    assert read(client, "/p/two?page=2") == first
    assert cards(keeping) == made


def test_a_changed_price_makes_its_card_anew(
    client: FlaskClient, make: Factory, keeping: dict[Any, Any], session: Session
) -> None:
    write_post(make)
    assert "$19.00" in read(client, "/p/two?page=1")
    with writing():
        session.execute(update(Offer).where(Offer.currency == "USD", Offer.kind == "own").values(price_minor=2100))
        session.commit()
    page = read(client, "/p/two?page=2")
    assert "$21.00" in page
    assert "$19.00" not in page
    assert cards(keeping) == 6  # the lamp's were taken as they were


def test_a_language_has_its_own_cards(client: FlaskClient, make: Factory, keeping: dict[Any, Any]) -> None:
    write_post(make)
    english, chinese = read(client, "/p/two"), read(client, "/p/two", "zh")
    assert "$19.00" in english
    assert "¥129.00" in chinese
    assert read(client, "/p/two?page=2") == english
    assert cards(keeping) == 8


def test_words_for_times_move_on(
    client: FlaskClient, make: Factory, keeping: dict[Any, Any], clock: FixedClock
) -> None:
    write_post(make)
    assert "1 hour ago" in read(client, "/p/two?page=1")
    clock.advance(timedelta(hours=3))
    page = read(client, "/p/two?page=2")
    assert "4 hours ago" in page
    assert "1 hour ago" not in page


def test_a_full_memory_starts_again(client: FlaskClient, make: Factory, keeping: dict[Any, Any]) -> None:
    write_post(make)
    keeping.update(dict.fromkeys(range(2000)))
    first = read(client, "/p/two?page=1")
    assert cards(keeping) == 4
    assert read(client, "/p/two?page=2") == first


def test_templates_under_work_are_always_made_anew(client: FlaskClient, make: Factory, app: Flask) -> None:
    write_post(make)
    read(client, "/p/two")
    assert app.extensions["contentshop.fragments"] == {}
