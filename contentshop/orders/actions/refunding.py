"""Money goes back for an order: one transaction promises it, takes its share from everybody who got one, and books it.

The providers are told afterwards, by the worker (``payments``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict
from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.ledger import actions as ledger
from contentshop.ledger.inputs import Entry
from contentshop.ledger.models import LedgerEntry, LedgerTransaction
from contentshop.orders import books
from contentshop.orders.actions import journal
from contentshop.orders.events import OrderRefunded
from contentshop.orders.models import Order, OrderLine
from contentshop.payments import actions as payments
from contentshop.payments import credit
from contentshop.payments.actions import TooMuch
from contentshop.payments.models import Payment, Refund
from contentshop.products.actions import files

WHOLE = say("A gift card is paid back whole or not at all. Choose it in an after-sale case, or pay back everything.")


def give_back(
    session: AnySession,
    order: Order,
    *,
    minor: int | None = None,
    lines: Mapping[int, int] | None = None,
    shipping_minor: int = 0,
    reason: str,
    key: str,
    by: User | None,
    now: datetime,
) -> Refund:
    """Refund a paid order, which the caller has locked: ``lines`` (line id → units) and ``shipping_minor``, or
    ``minor`` units spread over everything that has not gone back.

    Everybody who got a share of it gives it back in the same transaction: revenue, tax, discount, creator, supplier.
    What units that have gone back (``books.units_back``) had become is withdrawn: gift cards, and the right to fetch
    files. The same ``key`` gives the same refund and changes nothing. Raises TooMuch when a line, the postage or the
    order has not that much left, Conflict when a gift card that was bought has been used or would go back in part.
    """
    known = payments.find_asked(session, key)
    if known is not None:
        return known
    postage_back = _postage_back(session, order)
    if lines is None:
        if minor is None:
            raise ValueError("say how much goes back")
        lines, shipping_minor = _spread(session, order, minor, postage_back)
    lines = {line_id: units for line_id, units in lines.items() if units}
    total = sum(lines.values()) + shipping_minor
    _check_left(order, lines, shipping_minor, postage_back)
    _count(session, order, total)
    refund = payments.ask_refund(
        session,
        order_key=order.key,
        minor=total,
        reason=reason,
        key=key,
        by=by,
        now=now,
        currency=order.currency,
    )
    cards = _withdraw_cards(session, order, lines, now=now)
    ledger.book(
        session,
        kind="refund",
        reference=order.key,
        entries=books.reversal(order, lines, (postage_back, shipping_minor), cards)
        + _clawed_back(session, order, lines),
        currency=order.currency,
        actor=by.key if by else journal.SYSTEM,
        now=now,
        key=f"refund:{refund.key}",
    )
    for line_id, units in lines.items():
        session.execute(
            update(OrderLine).where(OrderLine.id == line_id).values(refunded_minor=OrderLine.refunded_minor + units)
        )
    session.flush()
    session.refresh(order, ["refunded_minor", "lines"])
    for line in order.lines:
        session.refresh(line, ["refunded_minor"])
    withdraw_files(session, order, now=now)
    _tell_asked(session, order, refund, by=by, now=now)
    return refund


def withdraw_unpaid(session: AnySession, order: Order, *, now: datetime) -> None:
    """Withdraw what units that went back had become when no money goes back for them: a discount had paid them."""
    for line_id, taken in _withdraw_cards(session, order, {}, now=now).items():
        ledger.book(
            session,
            kind="credit_withdrawn",
            reference=order.key,
            entries=[Entry("discounts", -sum(taken.values()))]
            + [Entry(account, minor) for account, minor in taken.items()],
            currency=order.currency,
            actor=journal.SYSTEM,
            now=now,
            key=f"credit-withdrawn:{line_id}:{min(taken)}",
        )
    withdraw_files(session, order, now=now)


def withdraw_files(session: AnySession, order: Order, *, now: datetime) -> None:
    """Take away the right to fetch files of which no unit is left with the buyer."""
    digital = {line.variant_id for line in order.lines if line.digital}
    files.withdraw_downloads(session, order.key, digital & books.variants_back(order), now=now)


def send_back(
    session: AnySession,
    order: Order,
    *,
    minor: int,
    reason: str,
    key: str,
    by: User | None,
    now: datetime,
    only: Payment | None = None,
) -> Refund:
    """Refund money that was paid for nothing: too much of it, twice, or for an order that is not delivered.

    Raises TooMuch when that much has not been paid.
    """
    known = payments.find_asked(session, key)
    if known is not None:
        return known
    _count(session, order, minor)
    refund = payments.ask_refund(
        session,
        order_key=order.key,
        minor=minor,
        reason=reason,
        key=key,
        by=by,
        now=now,
        currency=order.currency,
        only=only,
    )
    book_unearned(session, order.key, refund, by=by, now=now)
    session.refresh(order, ["refunded_minor"])
    _tell_asked(session, order, refund, by=by, now=now)
    return refund


def _tell_asked(session: AnySession, order: Order, refund: Refund, *, by: User | None, now: datetime) -> None:
    amount = Money(refund.minor, refund.currency).amount
    note = f"{amount} {refund.currency}: {refund.reason}"[:300]
    journal.write(session, order, "refund_asked", actor=by.key if by else journal.SYSTEM, now=now, note=note)
    if refund.state == "done":  # all of it went back to gift cards
        tell_refunded(session, order, refund, now=now)


def tell_refunded(session: AnySession, order: Order, refund: Refund, *, now: datetime) -> None:
    """The money has gone back: the timeline says so, and the buyer is told."""
    note = f"{Money(refund.minor, refund.currency).amount} {refund.currency}"
    event = OrderRefunded(order=order.key, refund=refund.key)
    journal.tell(session, order, "refunded", event, by=None, now=now, note=note)


def book_unearned(session: AnySession, order_key: str, refund: Refund, *, by: User | None, now: datetime) -> None:
    """Book a refund of money that never became a sale."""
    ledger.book(
        session,
        kind="overpaid",
        reference=order_key,
        entries=[Entry(books.RECEIVABLE, refund.minor), Entry(books.REFUNDS_DUE, -refund.minor)],
        currency=refund.currency,
        actor=by.key if by else journal.SYSTEM,
        now=now,
        key=f"refund:{refund.key}",
    )


def unwind(session: AnySession, order: Order, *, reason: str, by: User | None, now: datetime) -> None:
    """The order is cancelled: free what it holds of gift cards and send back everything that was paid."""
    credit.release(session, order.key)
    key = f"cancel:{order.key}:{order.version}"
    if is_sold(session, order):
        left = order.total_minor - sold_back(session, order)
        if left > 0:
            give_back(session, order, minor=left, reason=reason, key=key, by=by, now=now)
        return
    open_minor = order.paid_minor - order.refunded_minor
    if open_minor > 0:
        send_back(session, order, minor=open_minor, reason=reason, key=key, by=by, now=now)


def is_sold(session: AnySession, order: Order) -> bool:
    """Whether the order's sale has been booked."""
    return ledger.is_booked(session, f"sale:{order.key}")


def sold_back(session: AnySession, order: Order) -> int:
    """How much of the sale has gone back, in minor units."""
    found = session.scalar(
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerTransaction.reference == order.key,
            LedgerTransaction.kind == "refund",
            LedgerEntry.account == books.REFUNDS_DUE,
        )
    )
    return -int(found or 0)


def _postage_back(session: AnySession, order: Order) -> int:
    return sold_back(session, order) - sum(line.refunded_minor for line in order.lines)


def _check_left(order: Order, lines: Mapping[int, int], shipping: int, postage_back: int) -> None:
    known = {line.id: line for line in order.lines}
    if shipping < 0 or shipping + postage_back > books.postage_share(order).paid or not lines.keys() <= known.keys():
        raise TooMuch
    for line_id, units in lines.items():
        line = known[line_id]
        if units < 0 or line.refunded_minor + units > books.line_share(order, line).paid:
            raise TooMuch


def _count(session: AnySession, order: Order, minor: int) -> None:
    """Add to what has been promised back, never beyond what was paid. Raises TooMuch."""
    done = session.execute(
        update(Order)
        .where(Order.id == order.id, Order.refunded_minor + minor <= Order.paid_minor + Order.credit_minor)
        .values(refunded_minor=Order.refunded_minor + minor)
    )
    if minor <= 0 or getattr(done, "rowcount", 0) != 1:
        raise TooMuch


def _spread(session: AnySession, order: Order, minor: int, postage_back: int) -> tuple[dict[int, int], int]:
    """Spread an amount over the order. Gift cards go back whole or not at all, so they take part only when everything
    that is left goes back. Raises TooMuch, and Conflict when a part of a card would have to go back."""
    left = sum(books.left_of(order, postage_back))
    if minor > left:
        raise TooMuch
    if minor == left:
        return books.spread(order, minor, postage_back)
    cards = credit.sold_by(session, order.key).keys()
    if minor > sum(books.left_of(order, postage_back, without=cards)):
        raise Conflict(WHOLE)
    return books.spread(order, minor, postage_back, without=cards)


def _withdraw_cards(
    session: AnySession, order: Order, lines: Mapping[int, int], *, now: datetime
) -> dict[int, dict[str, int]]:
    """Withdraw the gift cards of units that have gone back, with ``lines`` (line id → minor units) going back now:
    line id → account → what was on the card. Raises Conflict when so many unused ones are not there, or when money
    would go back for a card that stays."""
    cards = credit.sold_by(session, order.key)
    taken: dict[int, dict[str, int]] = {}
    for line in order.lines:
        sold = cards.get(line.id)
        if not sold:
            continue
        more = lines.get(line.id, 0)
        back = books.units_back(order, line, more)
        units = back - sum(card.withdrawn_at is not None for card in sold)
        if more and not units and back < line.quantity:
            raise Conflict(WHOLE)
        found = credit.withdraw(session, sold, units, now=now) if units > 0 else {}
        if found is None:
            raise Conflict(say("A gift card of this order has been used, so it cannot be paid back."))
        if found:
            taken[line.id] = found
    return taken


def _clawed_back(session: AnySession, order: Order, lines: Mapping[int, int]) -> list[Entry]:
    """Commissions that were paid out of the held account already come off what the creator has."""
    if not ledger.is_booked(session, f"released:{order.key}"):
        return []
    entries = []
    for line in order.lines:
        more = lines.get(line.id, 0)
        if more and line.creator_key:
            share = books.line_share(order, line)
            gone = share.at(line.refunded_minor + more).less(share.at(line.refunded_minor)).commission
            entries += [
                Entry(books.creator_account(line.creator_key), -gone),
                Entry(books.released_account(line.creator_key), gone),
            ]
    return entries
