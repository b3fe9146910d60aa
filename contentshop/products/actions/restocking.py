"""Word for people who wait until something can be had again, and for operators when little is left."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.events import RestockAsked
from contentshop.products.models import Product, RestockWatch, Stock, Variant

_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,180}\.[^\s@<>,;.]{2,60}")
MOST_WAITING = 50  # of one address
ALERT_PAUSE = timedelta(days=1)


def ask_restock(
    session: AnySession, variant_key: str, email: str, *, user: User | None, locale: str, now: datetime
) -> RestockWatch:
    """Somebody wants to hear when this variant is back.

    The address of whoever is signed in is known to be theirs; any other is asked by a mail first, whose link makes it
    wait. Asking again changes nothing while it waits. Raises Invalid (``email``), NotFound, and Conflict when the
    variant can be had now.
    """
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise Invalid({"email": [say("Write a mail address, like name@example.org.")]})
    row = session.execute(
        select(Variant.id, (Stock.on_hand - Stock.reserved).label("free"))
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .where(Variant.key == variant_key, Product.listed)
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such variant."))
    if (row.free or 0) > 0:
        raise Conflict(say("It is in stock now."))
    proved = user is not None and user.email.lower() == email
    mine = (RestockWatch.variant_id == row.id, RestockWatch.email == email)
    found = session.scalar(select(RestockWatch).where(*mine).with_for_update())
    if found is not None and found.state == "waiting":
        return found
    if found is None:
        _refuse_many(session, email)
        found = RestockWatch(key=new_key(), variant_id=row.id, email=email)
        session.add(found)
    elif found.state == "asked" and not proved and found.asked_at > now - ALERT_PAUSE:
        # The question is on its way; a second mail in a day would only be a nuisance to whoever it goes to.
        return found
    found.user_id = user.id if user is not None and proved else None
    found.locale, found.asked_at, found.told_at = locale, now, None
    found.state = "waiting" if proved else "asked"
    session.flush()
    if not proved:
        record(session, RestockAsked(watch=found.key), now=now)
    return found


def confirm_restock(session: AnySession, key: str) -> None:
    """The address is proved. Again does nothing. Raises NotFound."""
    found = _get(session, key)
    if found.state == "asked":
        found.state = "waiting"
    session.flush()


def stop_restock(session: AnySession, key: str) -> None:
    """They do not want to hear of it any more. Raises NotFound."""
    _get(session, key).state = "stopped"
    session.flush()


def take_restock(session: AnySession, key: str, *, now: datetime) -> bool:
    """Whether this person is to be told now; they are only once, so nobody else tells them."""
    told = session.execute(
        update(RestockWatch)
        .where(RestockWatch.key == key, RestockWatch.state == "waiting")
        .values(state="told", told_at=now)
        .returning(RestockWatch.id)
    ).one_or_none()
    return told is not None


def take_alert(session: AnySession, variant_key: str, *, now: datetime) -> bool:
    """Whether operators are to be told now that little is left of a variant: once a day, and only if it is still so."""
    variant = select(Variant.id).where(Variant.key == variant_key).scalar_subquery()
    told = session.execute(
        update(Stock)
        .where(
            Stock.variant_id == variant,
            Stock.on_hand - Stock.reserved <= Stock.low_at,
            or_(Stock.alerted_at.is_(None), Stock.alerted_at <= now - ALERT_PAUSE),
        )
        .values(alerted_at=now)
        .returning(Stock.variant_id)
    ).one_or_none()
    return told is not None


def drop_alert(session: AnySession, variant_key: str) -> None:
    """Nobody was told after all."""
    variant = select(Variant.id).where(Variant.key == variant_key).scalar_subquery()
    session.execute(update(Stock).where(Stock.variant_id == variant).values(alerted_at=None))


def _get(session: AnySession, key: str) -> RestockWatch:
    found = session.scalar(select(RestockWatch).where(RestockWatch.key == key).with_for_update())
    if found is None:
        raise NotFound(say("This link is not whole."))
    return found


def _refuse_many(session: AnySession, email: str) -> None:
    waiting = select(RestockWatch.id).where(RestockWatch.email == email, RestockWatch.state.in_(("asked", "waiting")))
    if len(session.scalars(waiting.limit(MOST_WAITING)).all()) >= MOST_WAITING:
        raise Invalid({"email": [say("This address waits for many things already.")]})
