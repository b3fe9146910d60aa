"""Promotions for categories of the tree: chosen at the desk, valid for everything below."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.products.models import Category, Product
from contentshop.promotions.models import Promotion
from contentshop.web.session import CART_COOKIE
from tests.factories import Factory
from tests.web.buyer import add, text_of

Post = Callable[..., Any]
SALE = {"name": "Sale", "kind": "percent", "percent": "10", "scope": "category", "scope_keys": ""}


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient], post_form: Post) -> FlaskClient:
    """An operator's browser in a shop with Home > Kitchen > Knives, and other Knives below Camping."""
    sign_in(client, make.user(role="operator"))
    for name, slug, parent in (
        ("Home", "home", ""),
        ("Kitchen", "kitchen", "home"),
        ("Knives", "knives", "kitchen"),
        ("Camping", "camping", ""),
        ("Knives", "camp-knives", "camping"),
    ):
        post_form(client, "/desk/categories/new", {"name": name, "slug": slug, "parent": parent})
    return client


Unit = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def put(session: Session, unit: Unit, make: Factory) -> Callable[[str, int, str], None]:
    """``put(slug, cents, category)``: a product in the category with this slug."""

    def do(slug: str, cents: int, category: str) -> None:
        key = make.product(slug, own={"USD": cents}, stock=90).key
        with unit():
            product = session.scalars(select(Product).where(Product.key == key)).one()
            product.category_id = session.scalars(select(Category.id).where(Category.slug == category)).one()

    return do


def off(desk: FlaskClient, *slugs: str) -> str:
    """What is taken off a new cart with one of each."""
    desk.delete_cookie(CART_COOKIE)
    for slug in slugs:
        assert add(desk, product=slug).status_code == 200
    found = re.search(r"Sale [^−]*?[−-]\$(\d+\.\d\d)", text_of(desk.get("/cart").text))
    return found.group(1) if found else ""


def chosen(page: str) -> list[str]:
    return re.findall(r'name="categories" value="([\w-]+)" checked', page)


def test_a_category_means_all_below_it_and_not_its_namesake(
    desk: FlaskClient, post_form: Post, make: Factory, put: Callable[[str, int, str], None]
) -> None:
    put("cleaver", 5000, "knives")
    put("folder", 3000, "camp-knives")
    make.product("plain", own={"USD": 1000}, stock=90)
    made = post_form(desk, "/desk/promotions/new", SALE | {"categories": ["home"]})
    assert made.status_code == 303
    assert (off(desk, "cleaver"), off(desk, "folder"), off(desk, "plain")) == ("5.00", "", "")
    assert chosen(desk.get(made.location).text) == ["home"]
    assert "Home › Kitchen › Knives" in desk.get(made.location).text
    version = re.search(r'name="version" value="(\d+)"', desk.get(made.location).text)
    assert version
    both = SALE | {"categories": ["camp-knives", "kitchen"], "version": version.group(1)}
    assert post_form(desk, made.location, both).status_code == 303
    assert off(desk, "cleaver", "folder") == "8.00"
    # A new name changes nothing, since the slug lasts; nor does a new place in the tree for what is below.
    post_form(desk, "/desk/categories/kitchen", {"name": "Cooking", "parent": "camping"})
    assert off(desk, "cleaver") == "5.00"


def test_only_what_is_in_the_tree_can_be_chosen(
    desk: FlaskClient, post_form: Post, session: Session, unit: Unit
) -> None:
    for slugs, words in (([], "Choose at least one category"), (["boats"], "There is no such category.")):
        page = post_form(desk, "/desk/promotions/new", SALE | {"categories": slugs})
        assert (page.status_code, 'id="f-categories-errors"' in page.text, words in page.text) == (422, True, True)
    session.rollback()
    assert session.scalars(select(Promotion)).all() == []
    at = post_form(desk, "/desk/promotions/new", SALE | {"categories": ["camp-knives"]}).location
    with unit():
        session.delete(session.scalars(select(Category).where(Category.slug == "camp-knives")).one())
    page = desk.get(at).text
    assert (chosen(page), "camp-knives (not there any more)" in page) == (["camp-knives"], True)


def test_a_cart_asks_for_the_tree_only_when_it_matters(
    desk: FlaskClient, post_form: Post, statements: Any, put: Callable[[str, int, str], None]
) -> None:
    put("cleaver", 5000, "knives")
    add(desk, product="cleaver")
    desk.get("/cart")
    with statements() as before:
        desk.get("/cart")
    assert not [one for one in before if "FROM category" in one]
    post_form(desk, "/desk/promotions/new", SALE | {"categories": ["knives"]})
    with statements() as after:
        desk.get("/cart")
    assert len([one for one in after if "FROM category" in one]) == 1
