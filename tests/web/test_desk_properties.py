"""The product form asks for what its category asks for, and loses nothing that was typed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.products.models import Category, Product
from tests.factories import Factory

Post = Callable[..., Any]


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient], post_form: Post) -> FlaskClient:
    """An operator's browser in a shop with Home > Lamps and Kettles, and what they ask for."""
    sign_in(client, make.user(role="operator"))
    for name, parent in (("Home", ""), ("Lamps", "home"), ("Kettles", "")):
        post_form(client, "/desk/categories/new", {"name": name, "parent": parent})
    for data in (
        {"name": "Colour", "name_zh": "颜色", "kind": "choice", "choices": "Red\nBlue", "category": "home"},
        {"name": "Power", "kind": "number", "unit": "W", "category": "lamps"},
        {"name": "Dims", "kind": "flag", "category": "lamps"},
        {"name": "Power", "kind": "number", "unit": "kW", "category": "kettles"},
        {"name": "Maker", "kind": "text"},
    ):
        assert post_form(client, "/desk/attributes/new", data).status_code == 303
    return client


def fields(page: str) -> dict[str, str]:
    """Every property field with what stands in it, and the lines below."""
    found = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(
            r'<input class="input" id="f-attr-\w+" name="attr:([^"]+)"[^>]* value="([^"]*)"', page
        )
    }
    for name, options in re.findall(r'<select[^>]* name="attr:([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    lines = re.search(r'name="attrs"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert lines
    return found | {"": html.unescape(lines.group(1))}


def attrs(session: Session) -> list[list[str]]:
    session.rollback()
    return session.scalars(select(Product.attrs)).one()


def typed(**values: str) -> dict[str, str]:
    names = ("slug", "brand", "category", "gtin", "mpn", "summary", "body", "attrs", "alternative")
    return dict.fromkeys(names, "") | {"title": "Lamp", "lang": "en", "other": "zh"} | values


def test_the_form_has_a_field_for_each_and_keeps_values_by_kind(
    desk: FlaskClient, post_form: Post, session: Session
) -> None:
    new = desk.get("/desk/products/new").text
    assert fields(new) == {"Maker": "", "": ""}
    assert '<option value="Home &gt; Lamps">' in new
    shown = post_form(desk, "/desk/products/new", typed(category="Lamps") | {"do": "fields", "attr:Maker": "me"})
    assert shown.status_code == 200
    assert fields(shown.text) == {"Maker": "me", "Colour": "", "Power": "", "Dims": "", "": ""}
    assert session.scalars(select(Product)).all() == []
    said = {"attr:Maker": "me", "attr:Colour": "Blue", "attr:Power": "20", "attr:Dims": "Yes"}
    assert post_form(desk, "/desk/products/new", typed(category="Lamps", attrs="Cable: 2 m") | said).status_code == 303
    assert attrs(session) == [["Maker", "me"], ["Colour", "Blue"], ["Power", "20 W"], ["Dims", "Yes"], ["Cable", "2 m"]]
    key = session.scalars(select(Product.key)).one()
    page = desk.get(f"/desk/products/{key}").text
    assert fields(page) == {"Maker": "me", "Colour": "Blue", "Power": "20", "Dims": "Yes", "": "Cable: 2 m"}
    assert 'name="category" type="text" value="Home &gt; Lamps"' in page
    # Saving what is shown changes nothing, though another place of the tree has the same name by now.
    post_form(desk, "/desk/categories/new", {"name": "Lamps", "slug": "other-lamps", "parent": "kettles"})
    shown = fields(page)
    shown_fields = {f"attr:{name}": shown[name] for name in ("Maker", "Colour", "Power", "Dims")}
    again = typed(category="Home > Lamps", attrs="Cable: 2 m", version="1") | shown_fields
    assert post_form(desk, f"/desk/products/{key}", again).status_code == 303
    session.rollback()
    assert session.scalars(select(Product.version)).one() == 1


def test_another_category_shows_its_fields_and_loses_nothing(
    desk: FlaskClient, post_form: Post, make: Factory, session: Session
) -> None:
    key = make.product("lamp").key
    at = f"/desk/products/{key}"
    said = {"attr:Colour": "Red", "attr:Power": "2 hp", "attr:Dims": "No", "attr:Gone": "before", "version": "1"}
    words = typed(category="Kettles", title="Typed", attrs="maker: me\nno colon\nCable: 1 m", summary="mine")
    page = post_form(desk, at, words | said | {"do": "fields"}).text
    assert fields(page) == {
        "Maker": "me",
        "Power": "2 hp",
        "": "Colour: Red\nDims: No\nGone: before\nno colon\nCable: 1 m",
    }
    assert ('value="Typed"' in page, ">\nmine</textarea>" in page, 'name="version" value="1"' in page) == (True,) * 3
    back = typed(category="Home > Lamps", attrs="Colour: Red\nDims: No\nGone: before\nCable: 1 m", fields_of="Kettles")
    page = post_form(desk, at, back | {"attr:Maker": "me", "attr:Power": "2", "version": "1", "do": "fields"}).text
    assert fields(page) == {
        "Maker": "me",
        "Colour": "Red",
        "Power": "2 kW",
        "Dims": "No",
        "": "Gone: before\nCable: 1 m",
    }
    assert attrs(session) == []
    # Out of a field a number takes its unit along, also when it is saved at once.
    assert 'name="fields_of" value="Home &gt; Lamps"' in page
    away = typed(category="", fields_of="Lamps", version="1") | {"attr:Power": "20", "attr:Dims": "No"}
    assert fields(post_form(desk, at, away | {"do": "fields"}).text)[""] == "Power: 20 W\nDims: No"
    assert post_form(desk, at, away).status_code == 303
    assert attrs(session) == [["Power", "20 W"], ["Dims", "No"]]


def test_wrong_values_are_told_beside_their_field(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    said = {"attr:Colour": "Green", "attr:Power": "1,5", "attr:Dims": "maybe"}
    page = post_form(desk, "/desk/products/new", typed(category="Home > Lamps") | said)
    assert page.status_code == 422
    wrong = re.findall(r'<a href="#(f-attr-\w+)">([^<]+)</a>', page.text)
    assert [text for _id, text in wrong] == [
        "“Green” is not one of Red, Blue.",
        "“1,5” is not a number of W. Write it like 2.5.",
        "Write yes or no.",
    ]
    assert all(f'id="{name}"' in page.text for name, _text in wrong)
    assert fields(page.text) == {"Maker": "", "Colour": "Green", "Power": "1,5", "Dims": "maybe", "": ""}
    line = post_form(desk, "/desk/products/new", typed(category="Home > Lamps", attrs="power: strong"))
    assert (line.status_code, fields(line.text)["Power"]) == (422, "strong")
    assert session.scalars(select(Product)).all() == []
    # A wrong value makes no category either.
    post_form(desk, "/desk/products/new", typed(category="Home > Lamps > Floor") | said)
    session.rollback()
    assert session.scalar(select(Category.id).where(Category.name == "Floor")) is None


def test_names_of_properties_are_in_the_operators_language(desk: FlaskClient, make: Factory) -> None:
    key = make.product("lamp", category="Home").key
    page = desk.get(f"/desk/products/{key}", headers={"Accept-Language": "zh"}).text
    assert re.findall(r'<label class="label" for="f-attr-\w+">([^< ]+)', page) == ["Maker", "颜色"]
