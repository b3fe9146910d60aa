"""Drafts of products are known to the desk alone, wherever else a reader may look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.products import actions, queries
from contentshop.products.models import Product
from contentshop.search import documents
from contentshop.web.cards import NOT_YET
from tests.factories import Factory

SECRET = "quietmoth"
Post = Callable[..., Any]
SignIn = Callable[..., None]


@pytest.fixture
def operator(client: FlaskClient, make: Factory, sign_in: SignIn) -> FlaskClient:
    sign_in(client, make.user(role="operator"))
    return client


@pytest.fixture
def idea(make: Factory, session: Session, clock: FixedClock) -> Product:
    """What was sold and is a draft again, with everything a product has, and a guide with a card of it."""
    product = make.product(
        SECRET,
        title=f"The {SECRET} lamp",
        brand=f"{SECRET} works",
        category=f"{SECRET} things",
        summary=f"A {SECRET} for all.",
        attrs=[["Weight", f"{SECRET} g"]],
        own={"USD": 4321},
        stock=9,
    )
    author = make.user(role="creator", handle="mara")
    source = f"Words before.\n\n::card[{SECRET}]\n\nWords after.\n"
    make.post(author=author, kind="article", slug="guide", source=source, published=True)
    actions.set_status(session, product.key, "draft", now=clock.now())
    session.commit()
    return product


def test_a_new_product_is_a_draft_until_it_is_put_into_the_shop(
    operator: FlaskClient, session: Session, post_form: Post
) -> None:
    form = {"title": "Moth", "lang": "en", "other": "zh"}
    assert 'value="draft" checked' in operator.get("/desk/products/new").text
    made = post_form(operator, "/desk/products/new", form | {"status": "draft"})
    draft = session.scalars(select(Product)).one()
    assert (made.status_code, draft.status) == (303, "draft")
    assert post_form(operator, f"/desk/products/{draft.key}/state", {"do": "active"}).status_code == 303
    session.rollback()
    assert draft.status == "active"
    post_form(operator, "/desk/products/new", form | {"title": "Wasp", "status": "active"})
    session.rollback()
    assert session.scalar(select(Product.status).where(Product.title == "Wasp")) == "active"
    # Whatever a browser leaves out, nothing gets out by it.
    post_form(operator, "/desk/products/new", form | {"title": "Bee"})
    session.rollback()
    assert session.scalar(select(Product.status).where(Product.title == "Bee")) == "draft"


@pytest.mark.usefixtures("idea")
def test_readers_find_no_draft_anywhere(client: FlaskClient, session: Session) -> None:
    for address in (
        "/",
        "/p/guide",
        "/@mara",
        "/search?q=lamp&kind=product",
        "/search/suggest?q=quiet",
        "/sitemap.xml",
        "/feed.xml",
        "/@mara/feed.xml",
        "/trending",
        "/lists",
        "/deals",
    ):
        page = client.get(address).text
        assert SECRET not in page, address
        assert "43.21" not in page, address
    for path in ("", "/reviews", "/questions", "/talk"):
        assert client.get(f"/products/{SECRET}{path}").status_code == 404, path
    assert queries.search_catalogue(session, SECRET, 5) == []
    keys = session.scalars(select(Product.key)).all()
    assert documents.product_documents(session, keys) == {}


def test_a_card_of_a_draft_says_that_it_is_to_come(client: FlaskClient, idea: Product, session: Session) -> None:
    page = client.get("/p/guide").text
    assert "Not available yet" in page
    assert "Words after." in page
    facts = queries.load_facts(session, [idea.id], "en")[idea.id]
    assert (facts.draft, facts.title, facts.slug, facts.offers, facts.picture) == (True, "", "", (), None)
    assert NOT_YET == "not_yet"


def test_once_it_is_in_the_shop_its_card_sells(
    client: FlaskClient, idea: Product, session: Session, clock: FixedClock
) -> None:
    assert "43.21" not in client.get("/p/guide").text
    actions.set_status(session, idea.key, "active", now=clock.now())
    session.commit()
    page = client.get("/p/guide").text
    assert f"The {SECRET} lamp" in page
    assert "43.21" in page
    assert client.get(f"/products/{SECRET}").status_code == 200


@pytest.mark.parametrize("role", ["reader", "creator", "editor"])
def test_only_those_who_run_the_shop_see_its_page(
    role: str, client: FlaskClient, make: Factory, sign_in: SignIn, idea: Product
) -> None:
    sign_in(client, make.user(role=role))
    assert client.get(f"/products/{idea.slug}").status_code == 404


def test_its_page_is_shown_to_operators_as_it_will_be(operator: FlaskClient, idea: Product) -> None:
    answer = operator.get(f"/products/{idea.slug}")
    assert answer.status_code == 200
    assert "Only you and others who run the shop see this page." in answer.text
    assert "43.21" in answer.text
    assert 'content="noindex' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "application/ld+json" not in answer.text


def test_a_draft_cannot_be_bought(client: FlaskClient, idea: Product) -> None:
    client.post("/cart/add", data={"product": idea.slug, "quantity": "1"})
    assert SECRET not in client.get("/cart").text
