"""Every change of an offer's price is kept, by whoever writes prices, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, inspect, or_, select
from sqlalchemy.orm.attributes import History

from contentshop.core.uow import AnySession
from contentshop.products.models import Offer, PriceChange
from contentshop.products.pricing import WINDOW, PricePoint, prior_minor


def keep_prices(session: AnySession, *, now: datetime, actor: str) -> None:
    """Write down the prices of new offers and of those whose price was set since the last flush, and flush.

    Called by every action that sets prices, before anything is asked of the database again. A reduction gets the
    lowest price of the 30 days before it; any other change takes that away.
    """
    changed = [offer for offer in (*session.new, *session.dirty) if isinstance(offer, Offer) and _is_repriced(offer)]
    reduced = [offer for offer in changed if _is_reduced(offer)]
    befores = {offer.id: _before(offer) for offer in reduced}
    with session.no_autoflush:
        histories = _read_histories(session, reduced, now)
    for offer in changed:
        if _before(offer) is not None and offer.price_minor is not None:
            offer.price_changed_at = now
        offer.prior_minor = None
    for offer in reduced:
        offer.prior_minor = prior_minor(histories.get(offer.id, ()), befores[offer.id] or 0, now=now)
    session.flush()
    keep_new_prices(session, [(one.id, one.price_minor, one.currency) for one in changed], now=now, actor=actor)


def keep_new_prices(
    session: AnySession, offers: Iterable[tuple[int, int | None, str]], *, now: datetime, actor: str
) -> None:
    """Write down what these offers (id, minor units, currency) cost from now on, in one statement."""
    rows = [
        {"offer_id": offer_id, "price_minor": minor, "currency": currency, "actor": actor, "changed_at": now}
        for offer_id, minor, currency in offers
    ]
    if rows:
        session.execute(insert(PriceChange), rows)


def _history(offer: Offer, name: str) -> History:
    found: History = inspect(offer).attrs[name].history
    return found


def _is_repriced(offer: Offer) -> bool:
    state: Any = inspect(offer)
    if state.pending:
        return offer.price_minor is not None
    if _history(offer, "price_minor").has_changes():
        return True
    return offer.price_minor is not None and _history(offer, "currency").has_changes()


def _before(offer: Offer) -> int | None:
    """What was asked until now; None when that was not known."""
    if inspect(offer).pending:
        return None
    was = _history(offer, "price_minor")
    found: int | None = (was.deleted or was.unchanged or [None])[0]
    return found


def _is_reduced(offer: Offer) -> bool:
    if inspect(offer).pending or _history(offer, "currency").has_changes():
        return False
    before = _before(offer)
    return before is not None and offer.price_minor is not None and offer.price_minor < before


def _read_histories(session: AnySession, offers: Sequence[Offer], now: datetime) -> dict[int, list[PricePoint]]:
    """Of each offer what was asked in the last 30 days, with the price in force when they began."""
    if not offers:
        return {}
    ids = [offer.id for offer in offers]
    currencies = {offer.id: offer.currency for offer in offers}
    last_before = (
        select(func.max(PriceChange.id))
        .where(PriceChange.offer_id.in_(ids), PriceChange.changed_at <= now - WINDOW)
        .group_by(PriceChange.offer_id)
    )
    recent = and_(PriceChange.offer_id.in_(ids), PriceChange.changed_at > now - WINDOW)
    rows = session.execute(
        select(PriceChange.offer_id, PriceChange.changed_at, PriceChange.price_minor, PriceChange.currency)
        .where(or_(recent, PriceChange.id.in_(last_before)))
        .order_by(PriceChange.id)
    )
    found: dict[int, list[PricePoint]] = {}
    for row in rows:
        minor = row.price_minor if row.currency == currencies[row.offer_id] else None
        found.setdefault(row.offer_id, []).append(PricePoint(row.changed_at, minor))
    return found
