"""Products that creators bring in by the address of a shop's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, false, or_, select
from sqlalchemy.exc import IntegrityError

from contentshop.accounts.models import User
from contentshop.core.addresses import host_of, identity, shop_domain, shop_key
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.products import policy
from contentshop.products.actions.changes import assign, lock_product, touch
from contentshop.products.actions.prices import keep_prices
from contentshop.products.actions.saving import free_slug, set_picture
from contentshop.products.events import ProductChanged
from contentshop.products.inputs import OFFER_LOCKS, PRODUCT_LOCKS, FoundInput
from contentshop.products.models import Merchant, Offer, OfferPage, PageReading, Product
from contentshop.products.pages import PageFacts
from contentshop.products.queries import find_by_pages, find_shop

KEEP_READINGS = timedelta(days=7)
MAX_FOUND_A_DAY = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a pasted page: its product, and whether it is new."""

    product: Product
    added: bool


def keep_reading(session: AnySession, facts: PageFacts, *, asset_key: str, by: User, now: datetime) -> None:
    """Remember what was read of a page, in place of what this person had read of it before."""
    address = identity(facts.url)
    session.execute(delete(PageReading).where(PageReading.reader_id == by.id, PageReading.address == address))
    kept = asdict(facts) | {"asset": asset_key}
    session.add(PageReading(reader_id=by.id, address=address, url=facts.url, facts=kept, read_at=now))
    session.flush()


def forget_readings(session: AnySession, *, now: datetime) -> int:
    """Drop what was read more than a week ago; returns how many."""
    old = delete(PageReading).where(PageReading.read_at < now - KEEP_READINGS)
    return int(getattr(session.execute(old), "rowcount", 0))


def add_found(
    session: AnySession,
    form: FoundInput,
    *,
    read: PageFacts | None,
    read_at: datetime | None,
    asset: Asset | None,
    lang: str,
    by: User,
    now: datetime,
) -> Found:
    """Make a product of a shop's page, or hand back the one that this page or this GTIN is already.

    ``read`` is what the page said, when it could be read; what ``form`` says otherwise is a person's word, and is
    kept against files and later looks. A shop that nobody knows is proposed to the operators. Raises Forbidden,
    Invalid (``url``) for a shop that was switched off, and Conflict after too many in a day.
    """
    if not policy.can_bring_in(by):
        raise Forbidden(say("Only creators may add products."))
    known = _known(session, form, read)
    if known is not None:
        return Found(known, False)
    _check_quota(session, by, now)
    _refuse_withdrawn(session, form)
    try:
        with session.begin_nested():
            product = _make(session, form, read, read_at, lang, by, now)
    except IntegrityError:
        # Somebody else made the same page a product at this very moment, or took the slug.
        known = _known(session, form, read)
        if known is not None:
            return Found(known, False)
        product = _make(session, form, read, read_at, lang, by, now)
    if asset is not None and form.with_picture:
        set_picture(session, product, asset, alt=form.title[:300], now=now)
    return Found(product, True)


def correct_found(session: AnySession, key: str, form: FoundInput, *, by: User, now: datetime) -> Product:
    """Change what somebody brought in: its words, its price, its locks. The page it came from stays.

    What differs from before was typed by a person, so it is locked, and its price was seen just now. Raises NotFound,
    Forbidden for the product of another.
    """
    product = lock_product(session, key)
    if not policy.can_correct(by, product):
        raise Forbidden(say("This product was added by somebody else. Ask an operator to change it."))
    words = {"title": form.title, "brand": form.brand, "gtin": form.gtin, "mpn": form.mpn}
    _check_gtin(session, product, form)
    typed = {name for name, value in words.items() if value and getattr(product, name) != value}
    locks = sorted(name for name in PRODUCT_LOCKS if name in form.locks or name in typed)
    changed = assign(product, {**words, "locks": locks})
    changed = _correct_offer(session, product, form, now) or changed
    keep_prices(session, now=now, actor=by.key)
    if changed:
        touch(session, product, now=now)
    session.flush()
    return product


def _correct_offer(session: AnySession, product: Product, form: FoundInput, now: datetime) -> bool:
    offer = session.scalar(
        select(Offer).join(OfferPage, OfferPage.offer_id == Offer.id).where(Offer.product_id == product.id).limit(1)
    )
    if offer is None:
        return False
    facts: dict[str, Any] = {
        "price_minor": form.price_minor,
        "currency": form.currency,
        "availability": form.availability,
    }
    before = (offer.price_minor, offer.currency)
    new_price = before != (form.price_minor, form.currency)
    new_state = offer.availability != form.availability
    typed = {name for name, is_new in (("price", new_price), ("availability", new_state)) if is_new}
    if typed:
        facts["checked_at"] = now
    locks = sorted(name for name in OFFER_LOCKS if name in form.locks or name in typed)
    return assign(offer, {**facts, "locks": locks})


def _check_gtin(session: AnySession, product: Product, form: FoundInput) -> None:
    if not form.gtin:
        return
    holder = session.execute(
        select(Product.title).where(Product.gtin == form.gtin, Product.id != product.id)
    ).one_or_none()
    if holder is not None:
        raise Invalid({"gtin": [say("This GTIN belongs to “%(title)s”.", title=holder.title)]})


def _known(session: AnySession, form: FoundInput, read: PageFacts | None) -> Product | None:
    urls = [form.url, *([read.url, read.canonical] if read else [])]
    found = find_by_pages(session, urls, gtin=form.gtin)
    return session.get(Product, found) if found is not None else None


def _refuse_withdrawn(session: AnySession, form: FoundInput) -> None:
    """What an operator took out of the catalogue is not brought back by pasting it again."""
    withdrawn = select(Product.id).where(
        Product.listed.is_(False),
        or_(
            Product.id.in_(select(Offer.product_id).where(Offer.address == identity(form.url))),
            Product.gtin == form.gtin if form.gtin else false(),
        ),
    )
    if session.scalar(withdrawn.limit(1)) is not None:
        raise Invalid({"url": [say("This product was taken out of the catalogue. Ask an operator about it.")]})


def _check_quota(session: AnySession, by: User, now: datetime) -> None:
    """No person finds so many products in a day; a program might."""
    since = now - timedelta(days=1)
    query = select(Product.id).where(Product.added_by == by.key, Product.created_at > since).limit(MAX_FOUND_A_DAY)
    if len(session.scalars(query).all()) >= MAX_FOUND_A_DAY:
        raise Conflict(say("You added %(most)s products since yesterday. Please go on tomorrow.", most=MAX_FOUND_A_DAY))


def _make(
    session: AnySession,
    form: FoundInput,
    read: PageFacts | None,
    read_at: datetime | None,
    lang: str,
    by: User,
    now: datetime,
) -> Product:
    merchant = _shop(session, form)
    locks = form.locks | _typed(form, read)
    product = Product(
        key=new_key(),
        slug=free_slug(session, form.title),
        title=form.title,
        brand=form.brand,
        gtin=form.gtin,
        mpn=form.mpn,
        lang=lang,
        locks=[name for name in PRODUCT_LOCKS if name in locks],
        added_by=by.key,
        created_at=now,
        updated_at=now,
    )
    session.add(product)
    session.flush()
    offer = Offer(
        key=new_key(),
        product_id=product.id,
        kind="affiliate",
        merchant_id=merchant.id,
        url=form.url,
        price_minor=form.price_minor,
        currency=form.currency,
        availability=form.availability,
        checked_at=now if "price" in locks or read_at is None else read_at,
        locks=[name for name in OFFER_LOCKS if name in locks],
    )
    session.add(offer)
    keep_prices(session, now=now, actor=by.key)
    first_look = now + timedelta(hours=merchant.check_hours)
    session.add(OfferPage(offer_id=offer.id, address=offer.address, check_at=first_look))
    record(session, ProductChanged(product=product.key), now=now)
    session.flush()
    return product


def _typed(form: FoundInput, read: PageFacts | None) -> frozenset[str]:
    """Fields in which the person says something that the page did not."""
    page: Mapping[str, str] = {name: read.get(name) for name in ("title", "brand", "gtin", "mpn")} if read else {}
    said = {"title": form.title, "brand": form.brand, "gtin": form.gtin or "", "mpn": form.mpn}
    typed = {name for name, value in said.items() if value and value != page.get(name, "")}
    if form.price_minor is not None and (form.price_minor, form.currency) != page_price(read):
        typed.add("price")
    if form.availability != "unknown" and form.availability != (read.get("availability") if read else ""):
        typed.add("availability")
    return frozenset(typed)


def page_price(read: PageFacts | None) -> tuple[int | None, str]:
    """The price a page said, in minor units with its currency."""
    if read is None or not read.get("price"):
        return None, ""
    money = read.money
    return (money.minor, money.currency) if money else (None, "")


def _shop(session: AnySession, form: FoundInput) -> Merchant:
    """The merchant a page belongs to; one that nobody knows is put before the operators."""
    found = find_shop(session, form.url)
    if found is not None:
        if not found.active:
            raise Invalid({"url": [say("This site does not link to %(shop)s.", shop=found.name)]})
        return found
    domain = shop_domain(form.url)[:120]
    key = shop_key(domain)
    if not key or key == "new" or session.scalar(select(Merchant.id).where(Merchant.key == key)):
        key = f"{key[:30]}-{new_key(6)}".strip("-")
    merchant = Merchant(key=key, name=form.shop or host_of(form.url), domain=domain, approved=False)
    session.add(merchant)
    session.flush()
    return merchant
