"""An order goes from state to state, by the table in ``policy``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from contentshop.accounts import policy as people
from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders import policy, queries
from contentshop.orders.actions.journal import tell
from contentshop.orders.actions.refunding import unwind
from contentshop.orders.events import OrderCancelled, OrderCompleted
from contentshop.orders.models import Order
from contentshop.orders.policy import Verb
from contentshop.products import stock
from contentshop.promotions import actions as promotions

EXPIRY_BATCH = 100


def cancel(session: AnySession, key: str, *, reason: str, by: User | None, actor: str = "", now: datetime) -> Order:
    """The order will not be delivered: its stock is free again. Doing it again changes nothing.

    ``by`` is staff; a buyer whom the door has let in is an ``actor``. Raises Conflict when some of it has been shipped,
    NotFound, Forbidden.
    """
    order = order_to_change(session, key, by, Verb.CANCEL)
    if policy.is_done(order, Verb.CANCEL):
        return order
    step(order, Verb.CANCEL)
    _cancelled(session, order, "cancelled", reason=reason, by=by, actor=actor, now=now)
    return order


def expire_unpaid(session: AnySession, *, now: datetime) -> list[str]:
    """Cancel orders whose time to pay is over at ``now`` and free their stock; returns their keys.

    At most 100 at a time, so that the transaction stays short; the worker comes back for the rest.
    """
    ended = []
    for key in queries.list_overdue(session, now=now)[:EXPIRY_BATCH]:
        order = order_to_change(session, key, None)
        # Asked again under the lock: it may have been paid a moment ago.
        if order.state != "placed" or order.pay_by is None or order.pay_by > now:
            continue
        step(order, Verb.CANCEL)
        _cancelled(session, order, "expired", reason="", by=None, actor="", now=now)
        ended.append(key)
    return ended


def end_without_goods(session: AnySession, order: Order, *, now: datetime) -> None:
    """Money came when the goods were somebody else's: the order, which the caller has locked, ends and it goes back."""
    step(order, Verb.CANCEL)
    _cancelled(session, order, "sold_out", reason="", by=None, actor="", now=now)


def order_to_change(session: AnySession, key: str, by: User | None, verb: Verb = Verb.CANCEL) -> Order:
    """The order, held until the end of the transaction. ``by`` None is the site itself, or a buyer who may."""
    if by is not None and not people.may(by, policy.DUTY[verb]):
        raise Forbidden(say("Your role does not do this to orders."))
    query = select(Order).where(Order.key == key).with_for_update()
    order = session.scalar(query.execution_options(populate_existing=True))
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def step(order: Order, verb: Verb) -> None:
    """Move the order along the table of legal steps. Raises Conflict with the reason when there is none."""
    found = policy.find_step(order.state, verb, order.payment_method)
    if found is None:
        raise Conflict(policy.refusal(order.state, verb))
    order.state = found.to
    order.version += 1


def complete(
    session: AnySession, order: Order, kind: str, *, by: User | None = None, actor: str = "", now: datetime
) -> None:
    """The buyer has the goods, or had them; ``kind`` is how that is known. Raises Conflict when it is not its turn."""
    step(order, Verb.COMPLETE)
    if order.paid_at is None:
        raise Conflict(say("This order is not paid yet, so its receipt cannot be confirmed."))
    order.completed_at = now
    order.confirm_by = None
    tell(session, order, kind, OrderCompleted(order=order.key), by=by, actor=actor, now=now)


def _cancelled(
    session: AnySession, order: Order, kind: str, *, reason: str, by: User | None, actor: str, now: datetime
) -> None:
    promotions.release(session, order.key, now=now)
    stock.release(session, order.key, now=now)
    order.cancelled_at = now
    order.pay_by = None
    # Before the news of it: whoever hears that an order is cancelled may say that the money is on its way.
    unwind(session, order, reason="order cancelled", by=by, now=now)
    tell(session, order, kind, OrderCancelled(order=order.key), by=by, actor=actor, now=now, note=reason)
