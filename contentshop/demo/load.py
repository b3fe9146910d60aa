"""Load the demo content: once, into a shop without products; everything goes through the rooms' own actions."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from flask import Flask

from contentshop.accounts import actions as accounts
from contentshop.accounts import queries as people
from contentshop.accounts.inputs import Profile, SignUp
from contentshop.affiliate import actions as affiliate
from contentshop.affiliate import queries as clicks
from contentshop.affiliate import spool
from contentshop.affiliate.inputs import ClickInput, ProgramInput
from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.uow import unit_of_work
from contentshop.curation import actions as curation
from contentshop.curation.inputs import FeaturedListInput, SlotInput
from contentshop.delivery import actions as delivery
from contentshop.delivery.inputs import MethodInput, TaxInput, ZoneInput
from contentshop.demo.accounts import PASSWORD
from contentshop.demo.catalogue import load_catalogue, load_past_prices
from contentshop.demo.reviews import load_reviews
from contentshop.discovery import actions as discovery
from contentshop.discovery import queries as trends
from contentshop.importing import import_posts, store_picture_file
from contentshop.media import actions as media
from contentshop.media.images import encode
from contentshop.posts import deals
from contentshop.posts.imports import read_post
from contentshop.products import actions as products
from contentshop.products import queries as catalogue
from contentshop.products.inputs import MerchantInput, ProductInput
from contentshop.promotions import actions as promotions
from contentshop.promotions.inputs import PromotionInput
from contentshop.search import actions as search
from contentshop.web.session import engines

FOLDER = Path(__file__).parent
PICTURES = FOLDER / "pictures"
SOLD_OUT = "deal-lodge-skillet"
VISITS_SEED = 20
VISITED_DAYS = 7


def load_demo(app: Flask, *, say: Callable[[str], None]) -> bool:
    """Fill an empty shop; returns False, and does nothing, when it has products already."""
    if catalogue.count_listed(db.session):
        return False
    db.session.rollback()
    now = engines().clock.now()
    say("Loading the demo content …")
    with unit_of_work(db.session):
        _load_people(app, now)
        _load_topics()
        _load_merchants(now)
    with unit_of_work(db.session):
        _load_pictures(now)
    with unit_of_work(db.session):
        _load_products(now)
    with unit_of_work(db.session):
        load_catalogue(now=now)
    with unit_of_work(db.session):
        _load_shop(now)
    import_posts(FOLDER / "posts", author=None, publish=True, pictures=PICTURES)
    with unit_of_work(db.session):
        _end_a_deal(now)
    with unit_of_work(db.session):
        _load_featured(now)
    with unit_of_work(db.session):
        handle = next(person["handle"] for person in _yaml("people.yaml") if person["role"] == "operator")
        load_reviews(app.extensions["contentshop"].passwords.hash(PASSWORD), operator=handle, now=now)
    with unit_of_work(db.session):
        _load_visits(now)
    engines().search.ensure()
    search.rebuild(db.session, engines().search, now=engines().clock.now())
    db.session.remove()
    return True


def _yaml(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found


def _lines(name: str) -> Iterator[dict[str, Any]]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _load_people(app: Flask, now: datetime) -> None:
    password_hash = app.extensions["contentshop"].passwords.hash(PASSWORD)
    for person in _yaml("people.yaml"):
        form = SignUp.parse(
            name=person["name"],
            handle=person["handle"],
            email=person["email"],
            password=PASSWORD,
            creator=False,
            locale=person["locale"],
        )
        user = accounts.sign_up(db.session, form, password_hash=password_hash, now=now)
        bio = person["bio_zh"] if person["locale"] == "zh" else person["bio"]
        accounts.change_profile(db.session, user, Profile.parse(name=person["name"], bio=bio), now=now)
        accounts.set_role(db.session, user, person["role"], now=now)


def _load_topics() -> None:
    for topic in _yaml("topics.yaml"):
        words = {"zh": {"title": topic["title_zh"], "intro": topic["intro_zh"]}}
        curation.ensure_topic(db.session, topic["slug"], topic["title"], intro=topic["intro"], translations=words)


def _load_merchants(now: datetime) -> None:
    for entry in _lines("merchants.jsonl"):
        merchant = products.save_merchant(db.session, MerchantInput.parse(entry), now=now)
        tag = "contentshop-demo" if "{tag}" in entry["link_template"] else ""
        program = ProgramInput.parse(entry | {"tag": tag})
        if program is not None:
            affiliate.join_program(db.session, program, merchant_id=merchant.id)


def _load_pictures(now: datetime) -> None:
    """Keep all pictures, encoded on all cores; products and posts find theirs by what is in the file."""
    uses: dict[str, tuple[Any, str]] = {
        entry["picture"]: (None, entry.get("picture_alt", "")) for entry in _lines("products.jsonl")
    }
    for path in sorted((FOLDER / "posts").glob("*.md")):
        post = read_post(path, root=FOLDER / "posts")
        if post.cover:
            uses[post.cover] = (people.get_by_handle(db.session, post.author), post.cover_alt)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pictures = pool.map(encode, ((PICTURES / name).read_bytes() for name in uses))
        for (owner, alt), picture in zip(uses.values(), pictures, strict=True):
            media.store_encoded(db.session, engines().storage, picture, owner=owner, alt=alt, now=now)


def _load_products(now: datetime) -> None:
    entries = list(_lines("products.jsonl"))
    rows = [ProductInput.parse(entry) for entry in entries]
    load_past_prices(rows, now=now)
    # Twice, since an alternative may stand further down; the second time only these links are new.
    for _round in range(2):
        for found in products.upsert_products(db.session, rows, now=now):
            if isinstance(found, Invalid):
                raise found
    for entry, row in zip(entries, rows, strict=True):
        product = products.upsert_product(db.session, row, now=now)
        alt = entry.get("picture_alt", "")
        products.set_picture(
            db.session,
            product,
            store_picture_file(PICTURES / entry["picture"], owner=None, alt=alt, now=now),
            alt=alt,
            now=now,
        )


def _load_shop(now: datetime) -> None:
    """Where parcels go and for how much, how places are taxed, and two coupons."""
    shop = yaml.safe_load((FOLDER / "shop.yaml").read_text(encoding="utf-8"))
    handle = next(person["handle"] for person in _yaml("people.yaml") if person["role"] == "operator")
    boss = people.get_by_handle(db.session, handle)
    for zone in shop["zones"]:
        key = delivery.save_zone(db.session, ZoneInput.parse(zone | {"areas": "\n".join(zone["areas"])}), by=boss)
        for method in zone["methods"]:
            least, most = method["days"]
            form = method | {"tiers": "\n".join(method["tiers"]), "min_days": str(least), "max_days": str(most)}
            delivery.save_method(db.session, key, MethodInput.parse(form), by=boss)
    states = shop["taxes"]["US"]
    for state, rate in states["states"].items():
        on_shipping = "yes" if state in states["ships"].split() else ""
        names = {"name": states["name"], "name_zh": states["name_zh"]}
        form = names | {"country": "US", "region": state, "rate_standard": str(rate)}
        delivery.save_tax(db.session, TaxInput.parse(form | {"on_shipping": on_shipping, "rate_zero": "0"}), by=boss)
    for country, (standard, reduced) in shop["taxes"]["VAT"].items():
        rates = {"rate_standard": str(standard), "rate_reduced": str(reduced), "rate_zero": "0"}
        names = {"name": "VAT", "name_zh": shop["taxes"]["name_zh"]}
        form = names | {"country": country, "included": "yes", "on_shipping": "yes"}
        delivery.save_tax(db.session, TaxInput.parse(form | rates), by=boss)
    for form in shop["promotions"]:
        promotions.save(db.session, PromotionInput.parse(form), by=boss, now=now)


def _end_a_deal(now: datetime) -> None:
    """One deal is sold out, so that it can be seen how that looks."""
    post = deals.get_public(db.session, SOLD_OUT)
    deals.settle(db.session, post, "sold_out", by=post.author, now=now)


def _load_featured(now: datetime) -> None:
    for entry in _yaml("featured.yaml"):
        editor = people.get_by_handle(db.session, entry["editor"])
        form = FeaturedListInput.parse(
            title=entry["title"],
            intro=entry["intro"],
            lang=entry["lang"],
            items=[(item["kind"], item["ref"], item["reason"]) for item in entry["items"]],
        )
        featured = curation.create_list(db.session, form, by=editor, now=now, slug=entry["slug"])
        days = entry["ends_in_days"]
        slot = SlotInput(
            position=entry["position"],
            starts_at=now - timedelta(days=entry["starts_days_ago"]),
            ends_at=now + timedelta(days=days) if days is not None else None,
        )
        curation.place(db.session, featured, slot, by=editor, now=now)


def _load_visits(now: datetime) -> None:
    """A week of made-up readers who followed cards up, so that the trending boards are not empty on the first day.

    The same each time. Each guide has its own number of readers, more of them lately.
    """
    chance = random.Random(VISITS_SEED)
    links = clicks.list_links(db.session)
    liked = {post: chance.randint(2, 14) for post in dict.fromkeys(link.post for link in links)}
    rows = []
    for link in links:
        for _reader in range(chance.randint(0, liked[link.post])):
            ago = timedelta(minutes=chance.randint(5, VISITED_DAYS * 24 * 60) * chance.random())
            visitor = f"{chance.getrandbits(128):032x}"
            rows.append(ClickInput(now - ago, link.card, link.offer, link.post, link.creator, visitor))
    spool.keep(db.session, rows)
    discovery.keep_boards(db.session, trends.work_out_boards(db.session, now=now))
