"""Where gift cards are bought, and what the warehouse is shown of stock that runs low."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.payments import actions as paying
from contentshop.payments.inputs import GiftProductInput
from contentshop.products import actions
from tests.factories import Factory


def test_gift_cards_are_bought_where_they_are_looked_at(
    client: FlaskClient, session: Session, clock: FixedClock
) -> None:
    assert "Buy a gift card" not in client.get("/gift-cards").text
    form = GiftProductInput.parse({"title": "Shop card", "values": "25 USD\n50 USD", "quantity": "9"})
    made = paying.make_gift_product(session, form, now=clock.now(), actor="")
    key, slug = made.key, made.slug
    session.commit()
    page = client.get("/gift-cards").text
    assert f'href="/products/{slug}"' in page
    assert "What is left on your gift card" in page
    actions.set_status(session, key, "draft", now=clock.now())
    session.commit()
    assert "Shop card" not in client.get("/gift-cards").text


def test_the_warehouse_sees_what_runs_low(
    client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]
) -> None:
    make.product("few", own={"USD": 1}, stock=3)
    page = sign_in(client, make.user(role="warehouse")).get("/desk").text
    assert "/desk/stock?only=low" in page
    assert page.count("Running low") == 1
