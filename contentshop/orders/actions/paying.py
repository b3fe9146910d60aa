"""Money comes in for an order. Every gateway and the button of the desk end in ``receive``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, NotFound
from contentshop.core.money import Money
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.ledger import actions as ledger
from contentshop.ledger.inputs import Entry
from contentshop.orders import books, policy
from contentshop.orders.actions import journal
from contentshop.orders.actions.refunding import book_unearned, is_sold, send_back, tell_refunded
from contentshop.orders.actions.states import end_without_goods, order_to_change, step
from contentshop.orders.events import OrderPaid, OrderPartPaid
from contentshop.orders.models import Order, OrderEvent
from contentshop.orders.policy import Verb
from contentshop.payments import actions as payments
from contentshop.payments import credit, payouts
from contentshop.payments import queries as payment_queries
from contentshop.payments.models import Payment, PaymentEvent
from contentshop.payments.port import GatewayEvent, PaymentGateway, RefundResult, Sighting
from contentshop.products import stock

# What became of money: the order is paid by it, a part is still due, it goes back, or it had come before.
Fate = Literal["paid", "part", "returned", "known"]


def due_of(order: Order) -> Money:
    """What is still to be paid by money: without what gift cards pay, nothing for an order that is cancelled."""
    if order.state == "cancelled" or order.paid_at is not None:
        return Money(0, order.currency)
    return Money(max(order.total_minor - order.credit_minor - order.paid_minor, 0), order.currency)


def receive(
    session: AnySession,
    order_key: str,
    *,
    payment: Payment,
    minor: int,
    currency: str,
    now: datetime,
    by: User | None = None,
) -> Fate:
    """``minor`` units of ``payment`` have come for an order; the payment's own row says that it is for the first time.
    ``by`` is who has noted it; None when a provider told us.

    Compared with what is due: less leaves the order to pay, with the rest told; more goes back. An order whose time was
    over gets its goods once more or the money goes back, never neither; so does money in another currency, for an order
    that is paid already, or for one that was cancelled by hand. Raises NotFound.
    """
    order = order_to_change(session, order_key, None)
    if currency != order.currency:
        return _return_foreign(session, order, payment, now)
    order.paid_minor += minor
    session.flush()
    if order.state == "cancelled" or order.paid_at is not None:
        revived = order.state == "cancelled" and _may_revive(session, order) and _is_enough(order)
        if not revived or not _secure(session, order, now=now):
            _return(session, order, payment, minor, now)
            return "returned"
        over = _complete(session, order, by=by, now=now)
    elif not _is_enough(order):
        note = policy.part_note(Money(minor, currency), due_of(order))
        journal.write(session, order, "part_paid", actor=by.key if by else journal.SYSTEM, now=now, note=note)
        record(session, OrderPartPaid(order=order.key), now=now)
        return "part"
    elif not _secure(session, order, now=now):
        # Somebody else has the goods now: everything that was paid goes back, and the order ends.
        end_without_goods(session, order, now=now)
        return "returned"
    else:
        over = _complete(session, order, by=by, now=now)
    if over:
        _return(session, order, payment, over, now)
    return "paid"


def mark_paid(session: AnySession, key: str, *, by: User | None, now: datetime) -> Order:
    """The money that is due has arrived, says ``by``. Doing it again changes nothing.

    Money for a cancelled order brings it back when its goods can still be promised. Raises OutOfStock when they cannot
    (the money has to go back), Conflict when nothing is due, NotFound, Forbidden.
    """
    order = order_to_change(session, key, by, Verb.PAY)
    if policy.is_done(order, Verb.PAY):
        return order
    if policy.find_step(order.state, Verb.PAY, order.payment_method) is None:
        raise Conflict(policy.refusal(order.state, Verb.PAY))
    if is_sold(session, order):
        raise Conflict(say("The money of this order has been sent back, so it cannot live again. Place a new one."))
    open_minor = order.total_minor - order.credit_minor - (order.paid_minor - order.refunded_minor)
    with session.begin_nested():
        _reserve(session, order, now=now)
        if order.state == "cancelled" and order.credit_minor:
            credit.hold_again(session, order.key, now=now)
        if open_minor > 0:
            payments.take_by_hand(
                session,
                order_key=key,
                method=order.payment_method,
                received=Money(open_minor, order.currency),
                key=f"manual:{key}:{order.version}",
                by=by,
                now=now,
            )
            order.paid_minor += open_minor
            session.flush()
        _complete(session, order, by=by, now=now)
    return order


def record_receipt(
    session: AnySession, order_key: str, *, received: Money, key: str, by: User | None, now: datetime
) -> Fate:
    """Money of any amount has arrived by hand. The same ``key`` is the same money. Raises NotFound, Forbidden."""
    order = order_to_change(session, order_key, by, Verb.PAY)
    payment, new = payments.take_by_hand(
        session, order_key=order.key, method=order.payment_method, received=received, key=key, by=by, now=now
    )
    if not new:
        return "known"
    return receive(
        session, order.key, payment=payment, minor=received.minor, currency=received.currency, now=now, by=by
    )


def settle_nothing_due(session: AnySession, order: Order, *, now: datetime) -> bool:
    """Pay an order that gift cards and discounts cover, at once; False when something is due."""
    if order.state != "placed" or order.payment_method == "on_delivery" or due_of(order).minor:
        return False
    if not _secure(session, order, now=now):
        raise Conflict(say("Some of this is no longer in stock in the quantity you want."))
    _complete(session, order, by=None, now=now)
    return True


def begin(
    session: AnySession, order_key: str, *, method: str, gateway: PaymentGateway, attempt_key: str, now: datetime
) -> Payment:
    """The buyer presses the button: a try to pay what is due. Raises Conflict when nothing is, NotFound."""
    order = order_to_change(session, order_key, None)
    due = due_of(order)
    if not due.minor:
        raise Conflict(say("Nothing is due for this order."))
    return payments.ask_payment(
        session,
        order_key=order.key,
        due=due,
        method=method,
        gateway=gateway,
        attempt_key=attempt_key,
        now=now,
    )


# --- what providers tell -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: whether it was new, and whether it had an effect now."""

    new: bool
    applied: bool


def take_event(session: AnySession, gateway: str, event: GatewayEvent, *, now: datetime) -> Told:
    """Keep a message and let it have its effect, in one transaction, once; what it is about may be unknown yet."""
    row = payments.keep_event(session, gateway, event, now=now)
    if row is None:
        return Told(new=False, applied=False)
    return Told(new=True, applied=apply_event(session, row, now=now))


def apply_waiting(session: AnySession, payment: Payment, *, now: datetime) -> int:
    """Let events have their effect that came before ``payment`` was known; how many did."""
    return sum(apply_event(session, event, now=now) for event in payment_queries.list_waiting(session, payment))


def apply_event(session: AnySession, event: PaymentEvent, *, now: datetime) -> bool:
    """The effect of a kept event; False while what it is about is unknown. Its own row lets it happen once."""
    if event.kind == "other":
        return payments.mark_event(session, event, "ignored", now=now)
    if event.kind in {"refund_done", "refund_failed"}:
        return _apply_refund(session, event, now)
    payment = payment_queries.find_of_event(session, event)
    if payment is None or session.scalar(select(Order.id).where(Order.key == payment.order_key)) is None:
        return False
    # Orders before payments, as everywhere, so that nobody waits for each other.
    order = order_to_change(session, payment.order_key, None)
    payment = payments.lock_payment(session, payment.key)
    if not payments.mark_event(session, event, "applied", now=now):
        return False
    match event.kind:
        case "paid":
            amount = Money(event.minor or 0, event.currency or payment.currency)
            _settle(session, payment, amount, event.reference, now)
        case "failed":
            payments.note_failed(session, payment, event.note)
        case "declined":
            payments.note_declined(session, payment, event.note)
        case "disputed":
            journal.write(session, order, "disputed", actor=journal.SYSTEM, now=now, note=event.note)
    session.flush()
    return True


def take_sighting(session: AnySession, payment_key: str, seen: Sighting, *, now: datetime) -> None:
    """The provider was asked and says this of a payment; the same effect as if it had told us."""
    payment = payment_queries.get_payment(session, payment_key)
    order_to_change(session, payment.order_key, None)
    payment = payments.lock_payment(session, payment_key)
    if seen.outcome == "paid" and seen.received is not None:
        _settle(session, payment, seen.received, seen.reference, now)
    elif seen.outcome == "failed":
        payments.note_failed(session, payment, seen.note)
    else:
        payments.note_open(session, payment_key, now=now)


def _settle(session: AnySession, payment: Payment, amount: Money, reference: str, now: datetime) -> None:
    if amount.minor > 0 and payments.settle(session, payment, amount, reference, now=now):
        receive(session, payment.order_key, payment=payment, minor=amount.minor, currency=amount.currency, now=now)


def _apply_refund(session: AnySession, event: PaymentEvent, now: datetime) -> bool:
    state: Literal["done", "failed"] = "done" if event.kind == "refund_done" else "failed"
    if not event.refund_key:
        # Sent back at the provider's own desk, not by us: somebody has to look.
        return False
    try:
        note_refund(session, event.refund_key, RefundResult(state, "", event.note), now=now)
    except NotFound:
        return False
    return payments.mark_event(session, event, "applied", now=now)


def note_refund(session: AnySession, part_key: str, result: RefundResult, *, now: datetime) -> None:
    """What became of a part of a refund, told by its provider or by the person who sent it. Raises NotFound."""
    if payments.note_refund(session, part_key, result, now=now):
        refund = payment_queries.get_refund_of_part(session, part_key)
        order = session.scalar(select(Order).where(Order.key == refund.order_key))
        if order is not None and refund.state == "done":
            tell_refunded(session, order, refund, now=now)


def send_by_hand(
    session: AnySession,
    refund_key: str,
    *,
    parts: Collection[str] = (),
    account_key: str,
    reference: str = "",
    now: datetime,
) -> int:
    """A person has sent these parts of a refund, or all that wait for one; how many are new, so that again changes
    nothing. Raises Invalid, Conflict (``payouts.note_target``), NotFound."""
    refund = payment_queries.get_refund(session, refund_key)
    # Orders before refunds, as everywhere, and one of two who press at once waits for the other.
    order_to_change(session, refund.order_key, None)
    sent = payouts.note_target(session, refund_key, parts, account_key=account_key)
    for key in sent:
        note_refund(session, key, RefundResult("done", reference), now=now)
    return len(sent)


# --- the order -----------------------------------------------------------------------------------------------------


def _is_enough(order: Order) -> bool:
    return order.paid_minor - order.refunded_minor >= order.total_minor - order.credit_minor


def _may_revive(session: AnySession, order: Order) -> bool:
    """Whether an order may come back by itself: its time was over, nobody had decided against it, nothing was sold.

    Its coupons are somebody else's by now, so one with coupons stays cancelled.
    """
    last = session.scalars(
        select(OrderEvent.kind)
        .where(OrderEvent.order_id == order.id, OrderEvent.kind.in_(("expired", "cancelled")))
        .order_by(OrderEvent.id.desc())
        .limit(1)
    ).first()
    legal = policy.find_step(order.state, Verb.PAY, order.payment_method) is not None
    return legal and last == "expired" and not order.codes and not is_sold(session, order)


def _reserve(session: AnySession, order: Order, *, now: datetime) -> None:
    """Promise the goods for good; what the order holds already counts. Raises OutOfStock."""
    if order.state in {"placed", "cancelled"}:
        wants: Counter[int] = Counter()
        for line in order.lines:
            wants[line.variant_id] += line.to_ship
        stock.reserve(
            session,
            order.key,
            {variant_id: units for variant_id, units in wants.items() if units},
            expires_at=None,
            now=now,
        )


def _secure(session: AnySession, order: Order, *, now: datetime) -> bool:
    """Whether the order has its goods, and what it takes from gift cards, for good."""
    try:
        with session.begin_nested():
            _reserve(session, order, now=now)
            if order.state == "cancelled" and order.credit_minor:
                credit.hold_again(session, order.key, now=now)
    except Conflict:
        return False
    return True


def _complete(session: AnySession, order: Order, *, by: User | None, now: datetime) -> int:
    """The order is paid: spend its gift cards, book the sale, tell everybody; how much was paid too much."""
    revived = order.state == "cancelled"
    step(order, Verb.PAY)
    order.cancelled_at = None
    order.paid_at = now
    order.pay_by = None
    session.flush()
    credit.capture(session, order.key, now=now)
    ledger.book(
        session,
        kind="sale",
        reference=order.key,
        entries=books.sale(order, _issue_cards(session, order, now)),
        currency=order.currency,
        actor=by.key if by else journal.SYSTEM,
        now=now,
        key=f"sale:{order.key}",
    )
    journal.tell(session, order, "revived" if revived else "paid", OrderPaid(order=order.key), by=by, now=now)
    return order.paid_minor - order.refunded_minor - (order.total_minor - order.credit_minor)


def _issue_cards(session: AnySession, order: Order, now: datetime) -> dict[int, dict[str, int]]:
    """Make the gift cards that were bought; line id → account → face value."""
    sold = credit.variants_sold(session, [line.variant_id for line in order.lines])
    made: dict[int, dict[str, int]] = {}
    for line in order.lines:
        if line.variant_id not in sold or not line.unit_minor:
            continue
        for unit in range(line.quantity):
            card = credit.issue(
                session,
                amount=Money(line.unit_minor, order.currency),
                source_key=credit.sold_key(order.key, line.id, unit),
                order_key=order.key,
                email=order.email,
                actor=journal.SYSTEM,
                now=now,
                against="",
            )
            made.setdefault(line.id, {})[credit.account(card)] = line.unit_minor
    return made


def _return(session: AnySession, order: Order, payment: Payment, minor: int, now: datetime) -> None:
    send_back(
        session,
        order,
        minor=minor,
        reason="paid too much or too late",
        key=f"over:{payment.key}",
        by=None,
        now=now,
        only=payment,
    )


def _return_foreign(session: AnySession, order: Order, payment: Payment, now: datetime) -> Fate:
    """Money in another currency than the order's cannot be counted; it goes back whole."""
    refund = payments.ask_refund(
        session,
        order_key=order.key,
        minor=payment.received_minor,
        reason="paid in another currency",
        key=f"over:{payment.key}",
        by=None,
        now=now,
        currency=payment.currency,
        only=payment,
    )
    book_unearned(session, order.key, refund, by=None, now=now)
    journal.write(session, order, "refund_asked", actor=journal.SYSTEM, now=now, note="paid in another currency")
    return "returned"


# --- commissions ---------------------------------------------------------------------------------------------------


def release_commissions(session: AnySession, *, before: datetime, now: datetime, limit: int = 100) -> int:
    """Let creators have the commissions of orders that were received ``before`` and cannot be returned any more.

    Returns how many orders. What was refunded meanwhile has come off already.
    """
    done = 0
    orders = session.scalars(
        select(Order)
        .where(Order.completed_at <= before, Order.commission_released_at.is_(None))
        .order_by(Order.completed_at)
        .limit(limit)
        .with_for_update()
    )
    for order in list(orders):
        entries = []
        for line in order.lines:
            share = books.line_share(order, line)
            kept = share.less(share.at(line.refunded_minor)).commission
            if line.creator_key and kept:
                entries += [
                    Entry(books.creator_account(line.creator_key), kept),
                    Entry(books.released_account(line.creator_key), -kept),
                ]
        ledger.book(
            session,
            kind="commission_released",
            reference=order.key,
            entries=entries,
            currency=order.currency,
            actor=journal.SYSTEM,
            now=now,
            key=f"released:{order.key}",
        )
        session.execute(update(Order).where(Order.id == order.id).values(commission_released_at=now))
        done += 1
    return done
