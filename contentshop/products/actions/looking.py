"""What a later look at a shop's page tells of its offer.

Three states: alive, dead, inconclusive. Only the shop itself can say that a page is gone, and it has to say so twice; a
wall, a captcha or silence proves nothing. What a page does not say any more becomes unknown; what could not be
read stays as it was and grows old, until cards hide it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from contentshop.core.addresses import host_of
from contentshop.core.fetch import NotFetched
from contentshop.core.uow import AnySession
from contentshop.products.actions.changes import assign, lock_product, touch, unlocked
from contentshop.products.actions.prices import keep_prices
from contentshop.products.models import Merchant, Offer, OfferPage, Product
from contentshop.products.pages import PageFacts

PAUSE = timedelta(seconds=30)  # between two pages of one shop
REST = timedelta(hours=1)  # after a wall; doubled with each one in a row
LONGEST = timedelta(days=14)
GONE_TIMES = 2
_UNTOLD = frozenset({"blocked", "no_product", "several_products"})


def note_look(session: AnySession, offer_id: int, look: PageFacts | NotFetched, *, now: datetime) -> str:
    """Take over what the page said, plan the next look; the offer's health, or nothing if it has vanished."""
    key = session.scalar(select(Product.key).join(Offer, Offer.product_id == Product.id).where(Offer.id == offer_id))
    page = session.get(OfferPage, offer_id)
    if key is None or page is None:
        return ""
    product = lock_product(session, key)
    offer = session.get_one(Offer, offer_id, populate_existing=True)
    merchant = session.get_one(Merchant, offer.merchant_id)
    _let_rest(merchant, page, look, now)
    if isinstance(look, NotFetched):
        changed = _note_silence(offer, page, is_gone=look.why == "gone")
    elif _leads_home(look, offer, merchant):
        changed = _note_silence(offer, page, is_gone=True)
    elif _tells_nothing(look, product, offer, merchant):
        changed = _note_silence(offer, page, is_gone=False)
    else:
        page.failures = page.gone = 0
        changed = assign(offer, _facts(look, offer, now))
        keep_prices(session, now=now, actor="")
    page.check_at = now + min(timedelta(hours=merchant.check_hours) * 2 ** min(page.failures, 8), LONGEST)
    if changed:
        touch(session, product, now=now)
    session.flush()
    return offer.health


def _facts(look: PageFacts, offer: Offer, now: datetime) -> dict[str, Any]:
    """What the page says now. A price it does not say is unknown from now on."""
    money = look.money
    seen: dict[str, Any] = {"availability": look.get("availability") or "unknown"}
    seen |= {"price_minor": money.minor, "currency": money.currency} if money else {"price_minor": None}
    # A locked price was not seen now, so it does not become younger.
    when = {} if "price" in offer.locks else {"checked_at": now}
    return unlocked(offer, seen) | when | {"health": "alive"}


def _tells_nothing(look: PageFacts, product: Product, offer: Offer, merchant: Merchant) -> bool:
    """Whether the page is not (or not surely) the one of this product, or its price is meant for another country."""
    if _UNTOLD & set(look.problems) or not _is_on(look.url, merchant):
        return True
    if look.get("gtin") and product.gtin and look.get("gtin") != product.gtin:
        return True
    return bool(look.money and offer.price_minor is not None and look.money.currency != offer.currency)


def _leads_home(look: PageFacts, offer: Offer, merchant: Merchant) -> bool:
    """Shops that take a product down often send people to their front page, with a cheerful 200."""
    here, there = urlsplit(offer.url).path.strip("/"), urlsplit(look.url).path.strip("/")
    return bool(here) and not there and _is_on(look.url, merchant)


def _is_on(url: str, merchant: Merchant) -> bool:
    host = host_of(url)
    return host == merchant.domain or host.endswith("." + merchant.domain)


def _note_silence(offer: Offer, page: OfferPage, *, is_gone: bool) -> bool:
    page.failures += 1
    page.gone = page.gone + 1 if is_gone else page.gone
    if page.gone >= GONE_TIMES:
        return assign(offer, {"health": "dead"})
    return offer.health != "dead" and assign(offer, {"health": "inconclusive"})


def _let_rest(merchant: Merchant, page: OfferPage, look: PageFacts | NotFetched, now: datetime) -> None:
    """Leave the shop alone: a moment after every look, for long where it put up a wall."""
    rest = PAUSE
    if isinstance(look, NotFetched) and (look.why in {"blocked", "broken"} or look.retry_after):
        asked = timedelta(seconds=look.retry_after or 0)
        rest = max(asked, min(REST * 2 ** min(page.failures, 8), LONGEST))
    until = now + rest
    if merchant.rest_until is None or merchant.rest_until < until:
        merchant.rest_until = until
