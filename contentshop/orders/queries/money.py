"""What must be true of the money of all orders, for ``contentshop audit``: columns, payments and ledger agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, literal, or_, select

from contentshop.core.uow import AnySession
from contentshop.ledger.models import LedgerEntry, LedgerTransaction
from contentshop.orders import books
from contentshop.orders.models import Order, OrderLine
from contentshop.payments.models import CreditUse, Payment, PaymentEvent, Refund, RefundPart


def audit_money(session: AnySession) -> list[str]:
    """What is wrong with the money, one sentence each; empty when all is well."""
    return [
        *_columns(session),
        *_payments(session),
        *_parts(session),
        *_sales(session),
        *_receivable(session),
        *_due(session),
        *_lines(session),
        *_events(session),
    ]


def _sum(column: Any, *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.coalesce(func.sum(column), 0)).where(*where).scalar_subquery()


def _booked(kind: str, account: str, reference: Any) -> ScalarSelect[Any]:
    """What is booked on accounts that begin with ``account``, of one kind and reference."""
    query = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.reference == reference, LedgerEntry.account.startswith(account))
    )
    return (query.where(LedgerTransaction.kind == kind) if kind else query).scalar_subquery()


def _columns(session: AnySession) -> Iterable[str]:
    mine = (Payment.order_key == Order.key, Payment.currency == Order.currency)
    received = _sum(Payment.received_minor, *mine)
    refunds = _sum(Refund.minor, Refund.order_key == Order.key, Refund.currency == Order.currency)
    rows = session.execute(
        select(Order.key, Order.paid_minor, Order.refunded_minor, received.label("came"), refunds.label("back")).where(
            or_(
                Order.paid_minor != received,
                Order.refunded_minor != refunds,
                Order.refunded_minor > Order.paid_minor + Order.credit_minor,
            )
        )
    )
    for row in rows:
        yield (
            f"Order {row.key} says {row.paid_minor} paid and {row.refunded_minor} refunded, "
            f"but {row.came} came and {row.back} was promised back."
        )


def _payments(session: AnySession) -> Iterable[str]:
    booked = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerTransaction.key == literal("payment:") + Payment.key,
            LedgerEntry.account == literal("cash:") + Payment.gateway,
        )
        .scalar_subquery()
    )
    parts = _sum(RefundPart.minor, RefundPart.payment_id == Payment.id)
    rows = session.execute(
        select(
            Payment.key, Payment.received_minor, Payment.refunded_minor, booked.label("booked"), parts.label("parts")
        )
        .where(
            or_(
                Payment.received_minor != booked,
                Payment.refunded_minor != parts,
                Payment.refunded_minor > Payment.received_minor,
                and_(Payment.state == "paid", Payment.received_minor == 0),
                and_(Payment.state != "paid", Payment.received_minor != 0),
            )
        )
        .order_by(Payment.id)
    )
    for row in rows:
        yield (
            f"Payment {row.key}: {row.received_minor} came and {int(row.booked)} is booked; "
            f"{row.refunded_minor} was promised back, in parts of {int(row.parts)}."
        )


def _parts(session: AnySession) -> Iterable[str]:
    parts = _sum(RefundPart.minor, RefundPart.refund_id == Refund.id)
    for key in session.scalars(select(Refund.key).where(Refund.minor != parts)):
        yield f"Refund {key} is not the sum of its parts."
    given = _sum(RefundPart.minor, RefundPart.credit_use_id == CreditUse.id)
    for holder in session.scalars(select(CreditUse.holder).where(CreditUse.given_back_minor != given)):
        yield f"Order {holder}: what its gift card got back is not what was refunded to it."
    sent = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerTransaction.key == literal("refund-paid:") + RefundPart.key,
            LedgerEntry.account == books.REFUNDS_DUE,
        )
        .scalar_subquery()
    )
    owed = case((RefundPart.state == "done", RefundPart.minor), else_=0)
    for key in session.scalars(select(RefundPart.key).where(sent != owed)):
        yield f"Part {key} of a refund is not booked as it was sent."


def _sales(session: AnySession) -> Iterable[str]:
    sold = _booked("sale", books.RECEIVABLE, Order.key)
    paid = and_(Order.paid_at.is_not(None), Order.state != "cancelled")
    rows = session.execute(
        select(Order.key, Order.total_minor, sold.label("sold")).where(
            or_(and_(paid, sold != Order.total_minor), and_(sold != 0, sold != Order.total_minor))
        )
    )
    for row in rows:
        yield f"Order {row.key} of {row.total_minor} is paid, but {int(row.sold)} is booked as sold."


def _receivable(session: AnySession) -> Iterable[str]:
    """A sold order owes nothing, and of any other we hold exactly what was paid and has not gone back."""
    open_minor = _booked("", books.RECEIVABLE, Order.key)
    sold = _booked("sale", books.RECEIVABLE, Order.key)
    foreign = select(Payment.id).where(Payment.order_key == Order.key, Payment.currency != Order.currency).exists()
    rows = session.execute(
        select(Order.key, Order.paid_minor, Order.refunded_minor, open_minor.label("open"), sold.label("sold")).where(
            ~foreign,
            case((sold != 0, open_minor), else_=open_minor + Order.paid_minor - Order.refunded_minor) != 0,
        )
    )
    for row in rows:
        yield f"Order {row.key}: the ledger has {int(row.open)} open with its buyer, which does not fit what was paid."


def _due(session: AnySession) -> Iterable[str]:
    """What the ledger owes to buyers is what has been promised back and not sent."""
    waiting = dict(
        session.execute(
            select(Refund.currency, func.sum(RefundPart.minor))
            .join(RefundPart, RefundPart.refund_id == Refund.id)
            .where(RefundPart.state != "done")
            .group_by(Refund.currency)
        ).all()
    )
    booked = dict(
        session.execute(
            select(LedgerTransaction.currency, func.sum(LedgerEntry.minor))
            .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
            .where(LedgerEntry.account == books.REFUNDS_DUE)
            .group_by(LedgerTransaction.currency)
        ).all()
    )
    for currency in sorted(waiting.keys() | booked.keys()):
        if int(waiting.get(currency, 0)) != -int(booked.get(currency, 0)):
            yield (
                f"{int(waiting.get(currency, 0))} {currency} wait to be sent back, "
                f"but the ledger owes {-int(booked.get(currency, 0))}."
            )


def _lines(session: AnySession) -> Iterable[str]:
    paid = OrderLine.total_minor - OrderLine.discount_minor + case((Order.tax_included, 0), else_=OrderLine.tax_minor)
    rows = session.execute(
        select(Order.key, OrderLine.sku)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(or_(OrderLine.refunded_minor > paid, OrderLine.returned_quantity > OrderLine.quantity))
    )
    for row in rows:
        yield f"Order {row.key}: more of {row.sku} has come or gone back than was bought."


def _events(session: AnySession) -> Iterable[str]:
    """A message that says “paid” and was applied has a payment that is paid."""
    rows = session.scalars(
        select(PaymentEvent.event_id)
        .join(
            Payment,
            and_(
                Payment.gateway == PaymentEvent.gateway,
                or_(
                    Payment.key == PaymentEvent.payment_key,
                    and_(Payment.reference == PaymentEvent.reference, PaymentEvent.reference != ""),
                ),
            ),
        )
        .where(PaymentEvent.kind == "paid", PaymentEvent.state == "applied", Payment.state != "paid")
    )
    for event_id in rows:
        yield f"Message {event_id} says that a payment was made, but it is not."
