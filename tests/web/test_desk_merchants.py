"""The operators' desk: merchants, their programs, and switching them off and on."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.affiliate import queries as programs
from contentshop.affiliate.links import ProgramFacts
from contentshop.products.models import Merchant
from tests.factories import Factory

Post = Callable[..., Any]


@pytest.fixture
def operator(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """An operator's browser."""
    return sign_in(client, make.user("operator"))


def form(**values: str) -> dict[str, str]:
    """A merchant's form as the browser sends it."""
    names = ("key", "name_zh", "country", "link_template", "tag", "tag_param", "sub_id_param")
    return dict.fromkeys(names, "") | {"name": "Shop", "domain": "shop.example"} | values


def stored(session: Session, key: str) -> Merchant:
    session.rollback()
    query = select(Merchant).where(Merchant.key == key).execution_options(populate_existing=True)
    return session.scalars(query).one()


def problems(page: str) -> dict[str, str]:
    """What a page says at each field it marks as wrong."""
    found = re.findall(r'id="f-([\w.]+)-errors">.*?<span>(.*?)</span>', page, re.S)
    return {name: unescape(text) for name, text in found}


def cells(page: str) -> list[list[str]]:
    """The words of each row of the table."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("<tbody>")[1], re.S)
    found = [re.findall(r'<th scope="row".*?</th>|<span class="data-value">.*?</td>', row, re.S) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", " ", unescape(cell)).split()) for cell in row] for row in found]


def test_a_shop_without_merchants_leads_to_the_first(operator: FlaskClient, make: Factory) -> None:
    page = operator.get("/desk/merchants")
    assert page.status_code == 200
    assert "No merchants yet" in page.text
    lamp = make.product("lamp")
    page = operator.get(f"/desk/products/{lamp.key}/offers/new?kind=affiliate")
    assert '<a href="/desk/merchants/new">Add the first merchant</a>' in page.text
    make.merchant("shop")
    page = operator.get(f"/desk/products/{lamp.key}/offers/new?kind=affiliate")
    assert "Add the first merchant" not in page.text


def test_the_list(operator: FlaskClient, make: Factory, post_form: Post) -> None:
    acme = make.merchant("acme", country="US")
    make.merchant("bazaar", active=False, translations={"zh": {"name": "集市"}})
    make.product("lamp", affiliate=[{"merchant": acme}, {"merchant": acme, "region": "CN"}])
    make.product("desk", affiliate=[{"merchant": acme, "active": False}])
    post_form(operator, "/desk/merchants/new", form(name="Shop"))
    assert cells(operator.get("/desk/merchants").text) == [
        ["Acme", "acme.example", "United States", "2", "Set", "In use"],
        ["Bazaar", "bazaar.example", "–", "0", "Set", "Switched off"],
        ["Shop", "shop.example", "–", "0", "None", "In use"],
    ]
    assert 'href="/desk/merchants" aria-current="page"' in operator.get("/desk/merchants").text


def test_adding_a_merchant_with_its_program(operator: FlaskClient, session: Session, post_form: Post) -> None:
    assert operator.get("/desk/merchants/new").status_code == 200
    typed = form(
        name="JD",
        name_zh="京东",
        domain="www.JD.example",
        country="CN",
        link_template="{url}?by={tag}",
        tag="cs-21",
        sub_id_param="sub",
    )
    answer = post_form(operator, "/desk/merchants/new", typed)
    assert (answer.status_code, answer.location) == (303, "/desk/merchants/jd-example")
    jd = stored(session, "jd-example")
    assert (jd.name, jd.translations, jd.domain, jd.country, jd.active) == (
        "JD",
        {"zh": {"name": "京东"}},
        "jd.example",
        "CN",
        True,
    )
    assert programs.find_program(session, jd.id) == ProgramFacts("{url}?by={tag}", "cs-21", "", "sub")
    page = unescape(operator.get("/desk/merchants/jd-example").text)
    assert "https://jd.example/item?by=cs-21&sub=card" in page
    for name in ("name", "name_zh", "link_template", "tag", "sub_id_param"):
        assert f'name="{name}" type="text" value="{typed[name]}"' in page
    assert '<option value="CN" selected>' in page
    assert "Files of products name this shop “jd-example”." in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": " "}, {"name": "Write the shop's name."}),
        ({"domain": "https://shop.example/"}, {"domain": "Write the shop's domain, like shop.example."}),
        ({"domain": "-a.example"}, {"domain": "Write the shop's domain, like shop.example."}),
        ({"domain": f"{'a' * 64}.example"}, {"domain": "Write the shop's domain, like shop.example."}),
        ({"domain": "acme.example"}, {"domain": "acme.example belongs to the merchant “acme”."}),
        ({"country": "ZZZ"}, {"country": "“ZZZ” is not an ISO 3166 country, like US."}),
        ({"key": "a b"}, {"key": "Use letters a–z, digits and hyphens."}),
        ({"key": "new"}, {"key": "“new” is taken; choose another."}),
        ({"key": "acme"}, {"key": "“acme” is taken; choose another."}),
        ({"link_template": "https://{url}"}, {"link_template": "This template does not make a link."}),
        (
            {"name": "", "tag": "x"},
            {
                "name": "Write the shop's name.",
                "tag_param": "Say which parameter carries the tag, or put {tag} into the template.",
            },
        ),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    operator: FlaskClient,
    make: Factory,
    session: Session,
    post_form: Post,
    typed: dict[str, str],
    said: dict[str, str],
) -> None:
    make.merchant("acme")
    answer = post_form(operator, "/desk/merchants/new", form(sub_id_param="kept") | typed)
    assert answer.status_code == 422
    assert problems(answer.text) == said
    assert 'value="kept"' in answer.text
    session.rollback()
    assert session.scalars(select(Merchant.key)).all() == ["acme"]


def test_changing_a_merchant(operator: FlaskClient, make: Factory, session: Session, post_form: Post) -> None:
    acme = make.merchant("acme", translations={"zh": {"name": "旧"}, "fr": {"name": "Acmé"}})
    lamp = make.product("lamp", affiliate=[{"merchant": acme}])
    typed = form(name="Acme Ltd", name_zh="新", domain="acme.example", key="ignored")
    answer = post_form(operator, "/desk/merchants/acme", typed)
    assert (answer.status_code, answer.location) == (303, "/desk/merchants/acme")
    found = stored(session, "acme")
    assert (found.name, found.translations) == ("Acme Ltd", {"fr": {"name": "Acmé"}, "zh": {"name": "新"}})
    assert programs.find_program(session, acme.id) is None
    session.refresh(session.merge(lamp))
    page = operator.get("/products/lamp").text
    assert "Acme Ltd" in page
    assert operator.get("/desk/merchants/none").status_code == 404
    assert post_form(operator, "/desk/merchants/none", typed).status_code == 404


def test_a_domain_that_links_would_leave(
    operator: FlaskClient, make: Factory, session: Session, post_form: Post
) -> None:
    acme = make.merchant("acme")
    make.product("lamp", affiliate=[{"merchant": acme}])
    before = programs.find_program(session, acme.id)
    answer = post_form(operator, "/desk/merchants/acme", form(domain="other.example"))
    assert answer.status_code == 409
    assert problems(answer.text) == {
        "domain": "Existing links are not on other.example, for example https://www.acme.example/item/lamp."
    }
    assert stored(session, "acme").domain == "acme.example"
    assert programs.find_program(session, acme.id) == before


def test_switching_off_and_on(operator: FlaskClient, make: Factory, session: Session, post_form: Post) -> None:
    acme, mall = make.merchant("acme"), make.merchant("mall")
    lamp = make.product("lamp", affiliate=[{"merchant": acme}, {"merchant": mall}])
    make.product("chair", affiliate=[{"merchant": acme}])
    page = operator.get("/desk/merchants/acme").text
    assert "2 offers lead there." in page
    assert "1 product is offered nowhere else." in page
    assert "Switched off, its offers leave every card and every page at once." in page
    assert 'data-confirm="Take 2 offers of this merchant out of every card?"' in page
    assert "Acme" in operator.get("/products/lamp").text

    answer = post_form(operator, "/desk/merchants/acme/state", {"do": "off"})
    assert (answer.status_code, answer.location) == (303, "/desk/merchants/acme")
    assert not stored(session, "acme").active
    page = operator.get("/desk/merchants/acme").text
    assert "Nobody is sent there. 2 offers wait to be shown again." in page
    assert "Acme" not in operator.get("/products/lamp").text
    assert "Merchant switched off" in operator.get(f"/desk/products/{lamp.key}").text
    form_page = operator.get(f"/desk/products/{lamp.key}/offers/new?kind=affiliate").text
    assert '<option value="acme">Acme (switched off)</option>' in form_page

    post_form(operator, "/desk/merchants/acme/state", {"do": "on"})
    assert stored(session, "acme").active
    assert "Acme" in operator.get("/products/lamp").text
    assert post_form(operator, "/desk/merchants/acme/state", {"do": "sell"}).status_code == 422
    assert post_form(operator, "/desk/merchants/none/state", {"do": "off"}).status_code == 404
