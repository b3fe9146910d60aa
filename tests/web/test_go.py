"""The way out: where a link leads, what is counted, and that it leads nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.affiliate import spool
from contentshop.affiliate.models import Click, Program
from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.posts.models import Card, Post
from contentshop.products.actions.shops import set_merchant_active
from contentshop.products.models import Merchant, Offer, Product, Stock
from tests.factories import Factory

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
PERSON = {"User-Agent": BROWSER}


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session apart from the requests': each request has an app context of its own, as when it is served."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as found:
        yield found


class Scene:
    """A guide with one card, whose product two shops sell."""

    def __init__(self, make: Factory, session: Session) -> None:
        self.make = make
        self.session = session
        self.acme = make.merchant("acme")
        self.bolt = make.merchant("bolt")
        self.lamp = make.product(
            "lamp",
            affiliate=[
                {"merchant": self.acme, "price_minor": 1000},
                {"merchant": self.bolt, "price_minor": 2000},
            ],
        )
        self.author = make.user("creator")
        self.post = make.post(self.author, slug="guide", source="Words.\n\n::card[lamp]\n")
        with unit_of_work(session):
            self.card = str(session.scalar(select(Card.key)))

    @property
    def url(self) -> str:
        return f"/go/{self.card}"

    def offer(self, merchant: Merchant) -> str:
        with unit_of_work(self.session):
            return str(self.session.scalar(select(Offer.key).where(Offer.merchant_id == merchant.id)))

    def offer_of(self, product: Product) -> str:
        with unit_of_work(self.session):
            return str(self.session.scalar(select(Offer.key).where(Offer.product_id == product.id)))

    def change(self, *statements: Any) -> None:
        """Do what the rooms' own actions would: change rows, and raise the product's version."""
        with unit_of_work(self.session):
            for statement in statements:
                self.session.execute(statement)
            self.session.execute(update(Product).values(version=Product.version + 1))


@pytest.fixture
def scene(make: Factory, session: Session) -> Scene:
    return Scene(make, session)


@pytest.fixture
def clicks(session: Session, settings: Settings, clock: FixedClock) -> Callable[[], list[Click]]:
    """Drain the spool and give every click of the table."""

    def all_clicks() -> list[Click]:
        while spool.waiting(settings.spool_dir):
            with unit_of_work(session):
                if not spool.drain(session, settings.spool_dir, now=clock.now()):
                    break
        with unit_of_work(session):
            return list(session.scalars(select(Click).order_by(Click.id)))

    return all_clicks


def test_a_click_leads_to_the_best_shop_by_a_paid_link_and_is_counted(
    client: FlaskClient, scene: Scene, clicks: Callable[[], list[Click]], clock: FixedClock
) -> None:
    answer = client.get(scene.url, headers=PERSON)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    assert (target.netloc, target.path) == ("www.acme.example", "/item/lamp")
    assert parse_qs(target.query) == {"tag": ["cs-21"], "subid": [scene.card]}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "Set-Cookie" not in answer.headers
    assert answer.data == b""
    (click,) = clicks()
    assert (click.card_key, click.offer_key) == (scene.card, scene.offer(scene.acme))
    assert (click.post_key, click.creator_key) == (scene.post.key, scene.author.key)
    assert click.clicked_at == clock.now()


def test_the_named_offer_is_taken(client: FlaskClient, scene: Scene, clicks: Callable[[], list[Click]]) -> None:
    bolt = scene.offer(scene.bolt)
    answer = client.get(f"{scene.url}?o={bolt}", headers=PERSON)
    assert urlsplit(answer.headers["Location"]).netloc == "www.bolt.example"
    assert [click.offer_key for click in clicks()] == [bolt]


def test_an_offer_on_a_products_page_needs_no_card(
    client: FlaskClient, scene: Scene, clicks: Callable[[], list[Click]]
) -> None:
    bolt = scene.offer(scene.bolt)
    answer = client.get(f"/go/offer/{bolt}", headers=PERSON)
    assert urlsplit(answer.headers["Location"]).netloc == "www.bolt.example"
    (click,) = clicks()
    assert (click.card_key, click.offer_key, click.post_key, click.creator_key) == ("", bolt, "", "")


@pytest.mark.parametrize(
    "path",
    [
        "/go/unknown",
        "/go/unknown?o=unknown",
        "/go/offer/unknown",
        "/go/" + "x" * 5000,
        "/go/https://evil.example/",
        "/go/offer/https%3A%2F%2Fevil.example",
        "/go/%00",
    ],
)
def test_an_unknown_link_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=PERSON)
    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_no_address_in_the_query_is_ever_followed(
    client: FlaskClient, scene: Scene, clicks: Callable[[], list[Click]]
) -> None:
    evil = "https://evil.example/"
    for name in ("url", "u", "to", "next", "target", "redirect"):
        answer = client.get(scene.url, query_string={name: evil}, headers=PERSON)
        assert urlsplit(answer.headers["Location"]).netloc == "www.acme.example"
    assert client.get(scene.url, query_string={"o": evil}, headers=PERSON).status_code == 404
    assert len(clicks()) == 1


def test_an_offer_of_another_product_is_not_reached_through_a_card(client: FlaskClient, scene: Scene) -> None:
    other = scene.make.product("desk", affiliate=[{"merchant": scene.acme}])
    key = scene.offer_of(other)
    assert client.get(f"{scene.url}?o={key}", headers=PERSON).status_code == 404


def test_our_own_offer_is_not_a_way_out(client: FlaskClient, scene: Scene) -> None:
    own = scene.make.product("cup", own={"USD": 500}, stock=3)
    key = scene.offer_of(own)
    assert client.get(f"/go/offer/{key}", headers=PERSON).status_code == 404


def test_a_card_of_a_draft_or_of_an_unpublished_post_leads_nowhere(
    client: FlaskClient, scene: Scene, make: Factory
) -> None:
    assert client.get(scene.url, headers=PERSON).status_code == 302
    with unit_of_work(scene.session):
        scene.session.execute(update(Post).values(state="unpublished", version=Post.version + 1))
    assert client.get(scene.url, headers=PERSON).status_code == 404
    make.post(scene.author, published=False, source="::card[lamp]\n")
    with unit_of_work(scene.session):
        keys = scene.session.scalars(select(Card.key).where(Card.live.is_(False))).all()
    assert keys
    for key in keys:
        assert client.get(f"/go/{key}", headers=PERSON).status_code == 404


def test_a_change_counts_at_the_next_click(client: FlaskClient, scene: Scene) -> None:
    def host() -> str:
        return urlsplit(client.get(scene.url, headers=PERSON).headers["Location"]).netloc

    acme = Offer.merchant_id == scene.acme.id
    assert host() == "www.acme.example"
    scene.change(update(Offer).where(acme).values(price_minor=3000))
    assert host() == "www.bolt.example"
    scene.change(update(Offer).where(acme).values(price_minor=1))
    assert host() == "www.acme.example"
    scene.change(update(Offer).where(acme).values(health="dead"))
    assert host() == "www.bolt.example"
    scene.change(update(Offer).where(acme).values(health="alive"))
    assert host() == "www.acme.example"


def test_a_shop_that_is_switched_off_gets_nobody_any_more(client: FlaskClient, scene: Scene) -> None:
    assert "acme" in client.get(scene.url, headers=PERSON).headers["Location"]
    with unit_of_work(scene.session):
        set_merchant_active(scene.session, "acme", False, now=scene.make.now)
    assert "bolt" in client.get(scene.url, headers=PERSON).headers["Location"]
    assert client.get(f"{scene.url}?o={scene.offer(scene.acme)}", headers=PERSON).status_code == 410


def test_a_changed_program_counts_at_the_next_click(client: FlaskClient, scene: Scene) -> None:
    assert "tag=cs-21" in client.get(scene.url, headers=PERSON).headers["Location"]
    with unit_of_work(scene.session):
        scene.session.execute(update(Program).values(tag="new-22"))
    assert "tag=new-22" in client.get(scene.url, headers=PERSON).headers["Location"]


def test_a_shop_without_a_program_is_reached_by_its_bare_link(client: FlaskClient, scene: Scene) -> None:
    with unit_of_work(scene.session):
        scene.session.query(Program).delete()
    assert client.get(scene.url, headers=PERSON).headers["Location"] == "https://www.acme.example/item/lamp"


def test_when_the_last_offer_is_gone_the_page_says_so_and_shows_what_is_left(
    client: FlaskClient, scene: Scene, clicks: Callable[[], list[Click]]
) -> None:
    stand_in = scene.make.product("torch", own={"USD": 700}, stock=2)
    scene.change(
        update(Offer).where(Offer.product_id == scene.lamp.id).values(availability="out_of_stock"),
        update(Product).where(Product.slug == "lamp").values(alternative_id=stand_in.id),
    )
    answer = client.get(scene.url, headers=PERSON)
    assert answer.status_code == 410
    assert answer.headers["Cache-Control"] == "no-store"
    assert "This offer is gone" in answer.text
    assert 'href="/products/lamp"' in answer.text
    assert 'href="/products/torch"' in answer.text
    assert 'href="/p/guide"' in answer.text
    assert clicks() == []


def test_what_came_into_our_stock_still_leads_to_the_shop_that_was_named(client: FlaskClient, scene: Scene) -> None:
    variant = scene.make.variant_of(scene.make.product("lamp-2", own={"USD": 900}, stock=4))
    with unit_of_work(scene.session):
        scene.session.execute(update(Offer).where(Offer.variant_id == variant.id).values(product_id=scene.lamp.id))
        scene.session.execute(update(Stock).values(product_id=scene.lamp.id))
        scene.session.execute(update(Product).values(version=Product.version + 1))
    assert "acme" in client.get(scene.url, headers=PERSON).headers["Location"]


def test_a_stored_link_that_leaves_its_shop_is_not_followed(client: FlaskClient, scene: Scene) -> None:
    scene.change(
        update(Offer).where(Offer.merchant_id == scene.acme.id).values(url="https://acme.example.evil.example/x")
    )
    answer = client.get(scene.url, headers=PERSON)
    assert answer.status_code == 410
    assert "evil" not in answer.text


def test_the_reader_of_another_region_is_led_to_a_shop_there(client: FlaskClient, scene: Scene) -> None:
    scene.change(update(Offer).where(Offer.merchant_id == scene.acme.id).values(region="US"))
    scene.change(update(Offer).where(Offer.merchant_id == scene.bolt.id).values(region="CN", currency="CNY"))
    assert "acme" in client.get(scene.url, headers=PERSON).headers["Location"]
    client.set_cookie("cs_region", "CN")
    assert "bolt" in client.get(scene.url, headers=PERSON).headers["Location"]


def test_clicks_are_counted_exactly(
    app: Flask,
    client: FlaskClient,
    scene: Scene,
    clicks: Callable[[], list[Click]],
    clock: FixedClock,
    sign_in: Callable[..., FlaskClient],
    settings: Settings,
) -> None:
    """26 robots, 12 people, HEAD, looks ahead, pictures, repeats, the creator; the sum is known beforehand."""

    def ask(method: str = "GET", address: str = "203.0.113.1", **headers: str) -> None:
        answer = app.test_client().open(
            scene.url, method=method, headers=PERSON | headers, environ_overrides={"REMOTE_ADDR": address}
        )
        assert answer.status_code == 302

    for entry in CRAWLER_USER_AGENTS_DATA[:26]:
        ask(**{"User-Agent": entry["instances"][0] if entry["instances"] else "curl/8.5.0"})
    for number in range(12):
        ask(address=f"198.51.{number}.7")
    for headers in ({"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}):
        ask(address="192.0.2.1", **headers)
    for kind in ("image", "iframe", "script", "empty"):
        ask(address="192.0.2.1", **{"Sec-Fetch-Dest": kind})
    ask("HEAD", address="192.0.2.1")
    for _ in range(100):
        ask(address="198.51.0.7")  # a person counted already
    assert len(clicks()) == 12
    clock.advance(timedelta(hours=1))
    for _ in range(5):
        ask(address="198.51.0.7")
    assert len(clicks()) == 13

    sign_in(client, scene.author)
    assert client.get(scene.url, headers=PERSON | {"X-Test": "own"}).status_code == 302
    assert len(clicks()) == 13
    other = app.test_client()
    sign_in(other, scene.make.user("reader"))
    other.get(scene.url, headers=PERSON, environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    found = clicks()
    assert len(found) == 14
    assert Counter(click.creator_key for click in found) == {scene.author.key: 14}
    kept = "".join(path.read_text() for path in settings.spool_dir.glob("*"))
    assert "198.51" not in kept
    assert "Mozilla" not in kept


def test_a_spool_that_cannot_be_written_still_leads_out(client: FlaskClient, scene: Scene, settings: Settings) -> None:
    settings.spool_dir.parent.mkdir(parents=True, exist_ok=True)
    Path(settings.spool_dir).write_text("a file stands in the way")
    assert client.get(scene.url, headers=PERSON).status_code == 302


def test_a_way_that_is_known_is_proved_not_worked_out_again(
    client: FlaskClient, scene: Scene, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with statements() as first:
        client.get(scene.url, headers=PERSON)
    assert len(first) == 4
    with statements() as second:
        client.get(scene.url, headers=PERSON)
    assert second == []


def test_a_kept_way_counts_each_visitor_and_asks_the_rooms_nothing(
    client: FlaskClient,
    scene: Scene,
    clicks: Callable[[], list[Click]],
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    first = client.get(scene.url, headers=PERSON)
    with statements() as seen:
        answers = [client.get(scene.url, headers={"User-Agent": f"{BROWSER} Visit/{number}"}) for number in range(3)]
        ahead = client.get(scene.url, headers=PERSON | {"Sec-Purpose": "prefetch"})
        client.head(scene.url, headers={"User-Agent": f"{BROWSER} Head"})
    assert seen == []
    for answer in (*answers, ahead):
        assert (answer.status_code, answer.data) == (302, b"")
        kept = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
        assert kept == {name: value for name, value in first.headers.items() if name != "X-Request-Id"}
    assert len({click.visitor for click in clicks()}) == 4
