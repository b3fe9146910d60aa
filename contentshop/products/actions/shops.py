"""Changes to merchants: the shops that readers are sent to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.actions.changes import assign, names_as_translations, touch
from contentshop.products.inputs import MerchantInput, check_offer_url
from contentshop.products.models import Merchant, Offer, Product


def save_merchant(session: AnySession, row: MerchantInput, *, new: bool = False, now: datetime) -> Merchant:
    """Add the merchant with this key, or change it. The same again changes nothing.

    ``new``: it must not be there yet. Raises Invalid when the key (if ``new``) or the domain is another
    merchant's, Conflict when existing links would leave the domain.
    """
    merchant = session.scalar(select(Merchant).where(Merchant.key == row.key).with_for_update())
    if new and merchant is not None:
        raise Invalid({"key": [say("“%(slug)s” is taken; choose another.", slug=row.key)]})
    holder = session.scalar(select(Merchant.key).where(Merchant.domain == row.domain))
    if holder is not None and holder != row.key:
        raise Invalid(
            {"domain": [say("%(domain)s belongs to the merchant “%(holder)s”.", domain=row.domain, holder=holder)]}
        )
    values: dict[str, Any] = {
        "name": row.name,
        "domain": row.domain,
        "country": row.country,
        "translations": names_as_translations(row.names),
    }
    if row.check_hours is not None:
        values["check_hours"] = row.check_hours
    if merchant is None:
        merchant = Merchant(key=row.key, active=True, **values)
        session.add(merchant)
        session.flush()
        return merchant
    if merchant.domain != row.domain:
        _check_links(session, merchant, row.domain)
    if assign(merchant, values):
        _touch_products(session, merchant, now)
    return merchant


def set_merchant_active(session: AnySession, key: str, active: bool, *, now: datetime) -> None:
    """Stop or resume sending readers to a merchant. Raises NotFound."""
    merchant = session.scalar(select(Merchant).where(Merchant.key == key).with_for_update())
    if merchant is None:
        raise NotFound(say("There is no such merchant."))
    if assign(merchant, {"active": active}):
        _touch_products(session, merchant, now)


def approve_merchant(session: AnySession, key: str, *, now: datetime) -> None:
    """Take over a shop that a creator found: its links count and are paid from now on. Raises NotFound."""
    merchant = session.scalar(select(Merchant).where(Merchant.key == key).with_for_update())
    if merchant is None:
        raise NotFound(say("There is no such merchant."))
    if assign(merchant, {"approved": True}):
        _touch_products(session, merchant, now)


def _check_links(session: AnySession, merchant: Merchant, domain: str) -> None:
    for url in session.scalars(select(Offer.url).where(Offer.merchant_id == merchant.id)):
        try:
            check_offer_url(url, domain)
        except Invalid as refused:
            raise Conflict(
                say("Existing links are not on %(domain)s, for example %(url)s.", domain=domain, url=url[:100])
            ) from refused


def _touch_products(session: AnySession, merchant: Merchant, now: datetime) -> None:
    """Everything that shows the merchant has changed."""
    selling = select(Offer.product_id).where(Offer.merchant_id == merchant.id)
    query = select(Product).where(Product.id.in_(selling)).order_by(Product.id).with_for_update()
    for product in session.scalars(query):
        touch(session, product, now=now)
