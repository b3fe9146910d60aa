"""Factories by hand: each makes one thing with sensible words, commits it, and returns it detached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from flask import Flask

from contentshop.accounts.models import User
from contentshop.accounts.passwords import Passwords
from contentshop.affiliate.models import Program
from contentshop.core.clock import Clock
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import unit_of_work
from contentshop.curation.models import Topic
from contentshop.products import stock as opening
from contentshop.products.actions.prices import keep_prices
from contentshop.products.events import ProductChanged
from contentshop.products.models import Merchant, Offer, Product, Variant

Thing = TypeVar("Thing")


class Factory:
    """Makes things in the database of an app."""

    PASSWORD = "correct horse battery"
    _hash: str = ""

    def __init__(self, app: Flask, clock: Clock, *, announce: bool = False, first: int = 1) -> None:
        """``announce``: tell of new products by an event, for sites whose worker runs; ``first`` numbers the things
        (another factory has filled the site before)."""
        self._announce = announce
        self._app = app
        self._clock = clock
        self._numbers = count(first)
        if not Factory._hash:
            Factory._hash = Passwords("cheap").hash(self.PASSWORD)

    @contextmanager
    def _unit(self) -> Iterator[None]:
        with self._app.app_context(), unit_of_work(db.session):
            yield

    def _add(self, thing: Thing) -> Thing:
        with self._unit():
            db.session.add(thing)
        return thing

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def user(self, role: str = "reader", **values: Any) -> User:
        number = next(self._numbers)
        defaults: dict[str, Any] = {
            "key": new_key(),
            "handle": f"{role}-{number}",
            "name": f"{role.title()} {number}",
            "email": f"{role}-{number}@example.org",
            "password_hash": self._hash,
            "role": role,
            "locale": "en",
            "created_at": self.now,
        }
        return self._add(User(**(defaults | values)))

    def merchant(self, key: str = "", **values: Any) -> Merchant:
        """A shop ``key`` at ``key.example`` with a program that takes a tag and our sub id."""
        key = key or f"shop{next(self._numbers)}"
        merchant = Merchant(**({"key": key, "name": key.title(), "domain": f"{key}.example"} | values))
        with self._unit():
            db.session.add(merchant)
            db.session.flush()
            db.session.add(Program(merchant_id=merchant.id, tag="cs-21", tag_param="tag", sub_id_param="subid"))
        return merchant

    def product(
        self,
        slug: str = "",
        *,
        own: dict[str, int] | None = None,
        stock: int = 0,
        affiliate: Sequence[dict[str, Any]] = (),
        **values: Any,
    ) -> Product:
        """A product. ``own`` maps a currency to our price in minor units (one variant, ``stock`` on hand);
        each entry of ``affiliate`` is an offer's columns with ``merchant`` as a Merchant."""
        slug = slug or f"product-{next(self._numbers)}"
        defaults: dict[str, Any] = {
            "key": new_key(),
            "slug": slug,
            "title": slug.replace("-", " ").title(),
            "created_at": self.now,
            "updated_at": self.now,
        }
        product = Product(**(defaults | values))
        with self._unit():
            db.session.add(product)
            db.session.flush()
            if own is not None:
                self._own(product, own, stock)
            for entry in affiliate:
                self._affiliate(product, dict(entry))
            keep_prices(db.session, now=self.now, actor="")
            if self._announce:
                record(db.session, ProductChanged(product=product.key), now=self.now)
        return product

    def _own(self, product: Product, prices: dict[str, int], quantity: int, **values: Any) -> Variant:
        variant = Variant(**({"key": new_key(), "product_id": product.id, "sku": product.slug.upper()[:60]} | values))
        db.session.add(variant)
        db.session.flush()
        opening.open_stock(db.session, {variant.id: quantity}, reason="received", now=self.now, actor="")
        for currency, price in prices.items():
            db.session.add(
                Offer(
                    key=new_key(),
                    product_id=product.id,
                    variant_id=variant.id,
                    kind="own",
                    price_minor=price,
                    currency=currency,
                    availability="in_stock",
                    checked_at=self.now,
                )
            )
        return variant

    def _affiliate(self, product: Product, values: dict[str, Any]) -> None:
        merchant = values.pop("merchant")
        defaults: dict[str, Any] = {
            "key": new_key(),
            "product_id": product.id,
            "kind": "affiliate",
            "merchant_id": merchant.id,
            "url": f"https://www.{merchant.domain}/item/{product.slug}",
            "price_minor": 9900,
            "currency": "USD",
            "availability": "in_stock",
            "checked_at": self.now - timedelta(hours=1),
        }
        db.session.add(Offer(**(defaults | values)))

    def variant_of(self, product: Product) -> Variant:
        """The first variant of a product."""
        with self._app.app_context():
            found = db.session.query(Variant).filter_by(product_id=product.id).order_by(Variant.id).first()
            assert found is not None
            return found

    def variant(self, product: Product, name: str, *, own: dict[str, int], stock: int = 0, **values: Any) -> Variant:
        """One more variant of a product."""
        place = next(self._numbers)
        defaults: dict[str, Any] = {"name": name, "sku": f"{product.slug.upper()[:50]}-{place}", "position": place}
        with self._unit():
            made = self._own(product, own, stock, **(defaults | values))
            keep_prices(db.session, now=self.now, actor="")
        return made

    def topic(self, slug: str = "", **values: Any) -> Topic:
        slug = slug or f"topic-{next(self._numbers)}"
        return self._add(Topic(**({"slug": slug, "title": slug.title(), "translations": {}} | values)))

    def post(self, author: User | None = None, *, published: bool = True, **values: Any) -> Any:
        """A post through the room's own actions. ``values`` are fields of the form (title, source, kind, …)."""
        from contentshop.posts import actions
        from contentshop.posts.inputs import PostInput

        author = author or self.user("creator")
        number = next(self._numbers)
        fields: dict[str, Any] = {
            "kind": "article",
            "title": f"Guide {number}",
            "summary": "What to buy and why.",
            "source": "Some words to read.",
            "lang": "en",
            "topics": [],
            "relation": "affiliate",
        }
        fields |= values
        slug = fields.pop("slug", None)
        form = PostInput.parse(**fields)
        with self._unit():
            person = db.session.merge(author)
            post = actions.create_draft(db.session, form, by=person, now=self.now, slug=slug)
            if published:
                actions.publish(db.session, post, by=person, now=self.now)
        return post

    def unit(self) -> Callable[[], Any]:
        """A committed unit of work in an app context."""
        return self._unit
