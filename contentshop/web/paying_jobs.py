"""What the worker does about payments: tells providers, asks them, and carries on where it was killed.

What there is to do stands in the rows of payments and refunds themselves, with the time of the next try, so that
nothing is lost and nothing waits behind a provider that is away. No transaction is open while a provider is called.
"""

from __future__ import annotations

import structlog
from flask import url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.errors import NotFound, Unavailable
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.orders import queries as orders
from contentshop.orders.actions import paying
from contentshop.payments import actions as payments
from contentshop.payments import queries
from contentshop.payments.port import Attempt, RefundResult, Refused
from contentshop.web.order_links import order_token
from contentshop.web.session import engines, settings

AT_ONCE = 20
EVENTS_AT_ONCE = 200

log = structlog.get_logger("contentshop.payments")


def work() -> int:
    """Everything that is due now; returns how many things were done."""
    now = engines().clock.now()
    keys = queries.list_to_look(db.session, now=now, limit=AT_ONCE)
    parts = queries.list_parts_to_send(db.session, now=now, limit=AT_ONCE)
    db.session.rollback()
    for key in keys:
        carry_on(key)
    for part, gateway in parts:
        send_refund(part, gateway)
    return len(keys) + len(parts)


def carry_on(key: str) -> None:
    """Tell the provider of a payment, or ask what has become of it."""
    payment = queries.find_payment(db.session, key)
    db.session.rollback()
    if payment is None or payment.state not in queries.OPEN:
        return
    try:
        gateway = engines().payment.named(payment.gateway)
        if payment.state == "new":
            begun = gateway.begin(_attempt(key))
            with unit_of_work(db.session):
                now = engines().clock.now()
                payment = payments.note_begun(db.session, key, begun, now=now)
                paying.apply_waiting(db.session, payment, now=now)
            return
        seen = gateway.look(key, payment.reference)
        with unit_of_work(db.session):
            paying.take_sighting(db.session, key, seen, now=engines().clock.now())
    except (Unavailable, NotFound) as error:
        log.warning("a payment waits for its provider", payment=key, reason=error.message)
        with unit_of_work(db.session):
            payments.note_trouble(db.session, key, error.message, now=engines().clock.now())
    except Refused as error:
        log.warning("a payment was refused", payment=key, reason=error.message)
        with unit_of_work(db.session):
            found = queries.get_payment(db.session, key)
            payments.note_failed(db.session, found, error.message)


def _attempt(key: str) -> Attempt:
    """What the provider is told of a payment. Ends the transaction that it reads in."""
    payment = queries.get_payment(db.session, key)
    order = orders.get_by_key(db.session, payment.order_key)
    token = order_token(order.key)
    with force_locale(order.locale):
        title = _("Order %(number)s at %(shop)s", number=order.key.upper(), shop=settings().site_name)
    attempt = Attempt(
        key=payment.key,
        order_key=order.key,
        method=payment.method,
        due=Money(payment.minor, payment.currency),
        title=title,
        email=order.email,
        locale=order.locale,
        return_url=url_for("paying.returned", token=token, _external=True),
        back_url=url_for("paying.pay", token=token, _external=True),
    )
    db.session.rollback()
    return attempt


def send_refund(part_key: str, gateway_name: str) -> None:
    """Tell the provider of a part of a refund, or ask what has become of it: both are the same call."""
    now = engines().clock.now()
    with unit_of_work(db.session):
        order = payments.claim_part(db.session, part_key, now=now)
    if order is None:
        return
    try:
        result = engines().payment.named(gateway_name).refund(order)
    except (Unavailable, NotFound) as error:
        log.warning("a refund waits for its provider", part=part_key, reason=error.message)
        with unit_of_work(db.session):
            payments.note_refund_trouble(db.session, part_key, error.message)
        return
    except Refused as error:
        result = RefundResult("failed", "", error.message)
    with unit_of_work(db.session):
        paying.note_refund(db.session, part_key, result, now=engines().clock.now())


def apply_kept() -> int:
    """Let kept events have their effect whose payment we have come to know since; returns how many did."""
    done = after = 0
    while events := queries.list_kept(db.session, after=after, limit=EVENTS_AT_ONCE):
        after = events[-1].id
        ids = [event.id for event in events]
        db.session.rollback()
        for event_id in ids:
            with unit_of_work(db.session):
                event = queries.find_kept(db.session, event_id)
                if event is not None:
                    done += paying.apply_event(db.session, event, now=engines().clock.now())
    db.session.rollback()
    return done
