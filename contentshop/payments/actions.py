"""Changes to payments and refunds. None commits, and none goes over a network: the worker does, in between."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, NotFound
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.ledger.actions import book
from contentshop.ledger.inputs import Entry
from contentshop.payments import credit, queries
from contentshop.payments.events import PaymentAsked, RefundAsked, RefundDone, RefundFailed
from contentshop.payments.inputs import REASON_LENGTH, GiftProductInput
from contentshop.payments.models import CreditUse, Payment, PaymentEvent, Refund, RefundPart
from contentshop.payments.port import Begun, GatewayEvent, PaymentGateway, RefundOrder, RefundResult
from contentshop.products import actions as products
from contentshop.products.inputs import OfferInput, ProductInput, VariantInput
from contentshop.products.models import Product

SYSTEM = "system"
# When to ask a provider that has told us nothing, and how the pause grows until we stop asking. One that does not
# answer at all is asked much sooner: a person waits.
FIRST_LOOK = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_RETRY = timedelta(minutes=10)
LOOK_FOR = timedelta(days=7)


class TooMuch(Conflict):
    """More is asked back than was paid and not given back yet."""

    def __init__(self) -> None:
        super().__init__(say("That is more than was paid and not yet refunded."))


# --- money that comes in -------------------------------------------------------------------------------------------


def ask_payment(
    session: AnySession,
    *,
    order_key: str,
    due: Money,
    method: str,
    gateway: PaymentGateway,
    attempt_key: str,
    now: datetime,
) -> Payment:
    """A try to pay ``due`` for an order with an online gateway; the worker tells the provider.

    The same ``attempt_key`` gives the same try, and so does an unfinished one of the same way and amount: pressing the
    button again, here or in another tab, never makes a second one. Raises Conflict for the key of another order.
    """
    known = session.scalar(select(Payment).where(Payment.attempt_key == attempt_key))
    if known is None:
        known = session.scalars(
            select(Payment)
            .where(
                Payment.order_key == order_key,
                Payment.gateway == gateway.name,
                Payment.method == method,
                Payment.minor == due.minor,
                Payment.currency == due.currency,
                Payment.state.in_(queries.OPEN),
            )
            .order_by(Payment.id.desc())
            .limit(1)
        ).first()
    if known is None:
        return _new_payment(session, order_key, due, method, gateway.name, attempt_key, now)
    if known.order_key != order_key:
        raise Conflict(say("This form has already been used for another payment. Please go back to your order."))
    if known.state == "new":
        # The worker may have given up on a provider that was away for long.
        known.look_at = now
        record(session, PaymentAsked(payment=known.key), now=now)
        session.flush()
    return known


def _new_payment(
    session: AnySession, order_key: str, due: Money, method: str, gateway: str, attempt_key: str, now: datetime
) -> Payment:
    payment = Payment(
        key=new_key(),
        order_key=order_key,
        gateway=gateway,
        method=method,
        currency=due.currency,
        minor=due.minor,
        attempt_key=attempt_key,
        created_at=now,
        look_at=now,
    )
    try:
        with session.begin_nested():
            session.add(payment)
            session.flush()
    except IntegrityError:
        # The same press of the button from elsewhere was faster; its payment is the one.
        return session.scalars(select(Payment).where(Payment.attempt_key == attempt_key)).one()
    record(session, PaymentAsked(payment=payment.key), now=now)
    return payment


def note_begun(session: AnySession, key: str, begun: Begun, *, now: datetime) -> Payment:
    """The provider knows the payment now. Doing it again changes nothing."""
    payment = lock_payment(session, key)
    if payment.state == "new":
        payment.state, payment.tries = "begun", 0
        payment.look_at = now + FIRST_LOOK
    payment.reference = payment.reference or begun.reference
    payment.redirect_url, payment.code = begun.redirect_url, begun.code
    payment.note = ""
    session.flush()
    return payment


def note_trouble(session: AnySession, key: str, text: str, *, now: datetime) -> None:
    """The provider did not answer, or not with sense: ask again later, and tell the person meanwhile."""
    payment = lock_payment(session, key)
    if payment.state == "new":
        payment.note = text[:300]
    payment.look_at = now + _retry_pause(payment.tries)
    payment.tries += 1
    session.flush()


def note_open(session: AnySession, key: str, *, now: datetime) -> None:
    """The provider was asked and the payment is still open."""
    payment = lock_payment(session, key)
    payment.tries += 1
    _look_later(payment, now)
    session.flush()


def _retry_pause(tries: int) -> timedelta:
    seconds = FIRST_RETRY.total_seconds() * (1 << min(tries, 20))
    return min(timedelta(seconds=seconds), LONGEST_RETRY)


def hurry(session: AnySession, payment: Payment, *, now: datetime) -> None:
    """Ask the provider now: the buyer has come back from it, or pressed the button once more."""
    session.execute(
        update(Payment).where(Payment.id == payment.id, Payment.state.in_(queries.OPEN)).values(look_at=now)
    )
    session.expire(payment)


def _look_later(payment: Payment, now: datetime) -> None:
    pause = min(FIRST_LOOK * 2 ** min(payment.tries, 10), LONGEST_PAUSE)
    payment.look_at = now + pause if now + pause < payment.created_at + LOOK_FOR else None


def note_failed(session: AnySession, payment: Payment, text: str) -> None:
    """This try will never be paid; nothing when it has been."""
    session.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.state.in_(queries.OPEN))
        .values(state="failed", note=text[:300], look_at=None)
    )
    session.expire(payment)


def note_declined(session: AnySession, payment: Payment, text: str) -> None:
    """The buyer's bank said no, but the buyer may try again with the same provider."""
    session.execute(
        update(Payment).where(Payment.id == payment.id, Payment.state.in_(queries.OPEN)).values(note=text[:300])
    )
    session.expire(payment)


def settle(session: AnySession, payment: Payment, received: Money, reference: str, *, now: datetime) -> bool:
    """The money of ``payment`` has come: booked once, whoever tells it first. False when it had come before."""
    done = session.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.state != "paid")
        .values(
            state="paid",
            received_minor=received.minor,
            currency=received.currency,
            reference=reference or Payment.reference,
            paid_at=now,
            look_at=None,
            note="",
        )
    )
    session.expire(payment)
    if getattr(done, "rowcount", 0) != 1:
        return False
    _book_receipt(session, payment, now)
    return True


def take_by_hand(
    session: AnySession, *, order_key: str, method: str, received: Money, key: str, by: User | None, now: datetime
) -> tuple[Payment, bool]:
    """Money that a person says has arrived: (payment, whether it is new). The same ``key`` is the same money."""
    known = session.scalar(select(Payment).where(Payment.attempt_key == key))
    if known is not None:
        return known, False
    payment = Payment(
        key=new_key(),
        order_key=order_key,
        gateway="manual",
        method=method,
        currency=received.currency,
        minor=received.minor,
        state="paid",
        received_minor=received.minor,
        attempt_key=key,
        created_at=now,
        paid_at=now,
    )
    session.add(payment)
    session.flush()
    _book_receipt(session, payment, now, actor=by.key if by else SYSTEM)
    return payment, True


def _book_receipt(session: AnySession, payment: Payment, now: datetime, actor: str = SYSTEM) -> None:
    book(
        session,
        kind="payment",
        reference=payment.order_key,
        entries=[
            Entry(f"cash:{payment.gateway}", payment.received_minor),
            Entry("receivable", -payment.received_minor),
        ],
        currency=payment.currency,
        actor=actor,
        now=now,
        key=f"payment:{payment.key}",
    )


def lock_payment(session: AnySession, key: str) -> Payment:
    """The payment, held until the end of the transaction. Raises NotFound."""
    query = select(Payment).where(Payment.key == key).with_for_update()
    payment = session.scalar(query.execution_options(populate_existing=True))
    if payment is None:
        raise NotFound(say("There is no such payment."))
    return payment


# --- what providers tell -------------------------------------------------------------------------------------------


def keep_event(session: AnySession, gateway: str, event: GatewayEvent, *, now: datetime) -> PaymentEvent | None:
    """Write a message down once; None when it was kept before. Its effect goes into the same transaction."""
    row = PaymentEvent(
        gateway=gateway,
        event_id=event.id,
        kind=event.kind,
        name=event.name[:60],
        reference=event.reference,
        payment_key=event.payment_key,
        refund_key=event.refund_key,
        currency=event.amount.currency if event.amount else "",
        minor=event.amount.minor if event.amount else None,
        note=event.note[:300],
        received_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return None
    return row


def mark_event(session: AnySession, event: PaymentEvent, state: str, *, now: datetime) -> bool:
    """A waiting event has had its effect, or has none; False when somebody else was first."""
    done = session.execute(
        update(PaymentEvent)
        .where(PaymentEvent.id == event.id, PaymentEvent.state == "waiting")
        .values(state=state, applied_at=now)
    )
    session.expire(event)
    return getattr(done, "rowcount", 0) == 1


# --- money that goes back ------------------------------------------------------------------------------------------


def ask_refund(
    session: AnySession,
    *,
    order_key: str,
    minor: int,
    reason: str,
    key: str,
    by: User | None,
    now: datetime,
    currency: str,
    only: Payment | None = None,
) -> Refund:
    """Promise ``minor`` units back for an order; the worker tells the providers, people do what is by hand.

    What was paid with money goes back first, the oldest payment first, and then what gift cards paid. ``only`` names
    the one payment that it has to come from. The same ``key`` gives the same refund, however often it is pressed.
    Never more goes back than was paid: each payment's own row decides. The caller books what the refund is for
    against ``refunds:due``. Raises TooMuch, with nothing promised.
    """
    known = find_asked(session, key)
    if known is not None:
        return known
    if minor <= 0:
        raise TooMuch
    refund = Refund(
        key=new_key(),
        order_key=order_key,
        currency=currency,
        minor=minor,
        reason=reason[:REASON_LENGTH],
        request_key=key,
        actor=by.key if by else SYSTEM,
        asked_at=now,
        parts=[],
    )
    try:
        with session.begin_nested():
            session.add(refund)
            session.flush()
    except IntegrityError:
        known = find_asked(session, key)
        if known is None:
            raise
        return known
    with session.begin_nested():
        left = _promise_payments(session, refund, only)
        if left and only is None:
            left = _promise_credit(session, refund, left, now)
        if left:
            raise TooMuch
    session.flush()
    record(session, RefundAsked(refund=refund.key), now=now)
    _finish(session, refund, now=now)
    return refund


def find_asked(session: AnySession, key: str) -> Refund | None:
    """The refund that was asked for with this key, if it was."""
    query = select(Refund).where(Refund.request_key == key).options(selectinload(Refund.parts))
    return session.scalar(query)


def _promise_payments(session: AnySession, refund: Refund, only: Payment | None) -> int:
    """Take what is asked off the payments, oldest first; what is left over."""
    query = select(Payment.id, Payment.gateway).where(
        Payment.order_key == refund.order_key,
        Payment.currency == refund.currency,
        Payment.received_minor > Payment.refunded_minor,
    )
    if only is not None:
        query = query.where(Payment.id == only.id)
    left = refund.minor
    for payment_id, gateway in list(session.execute(query.order_by(Payment.id))):
        if not left:
            break
        free = session.scalar(
            select(Payment.received_minor - Payment.refunded_minor).where(Payment.id == payment_id).with_for_update()
        )
        part = min(left, free or 0)
        done = session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.received_minor - Payment.refunded_minor >= part)
            .values(refunded_minor=Payment.refunded_minor + part)
        )
        if part and getattr(done, "rowcount", 0) == 1:
            at = None if gateway == "manual" else refund.asked_at
            refund.parts.append(RefundPart(key=new_key(), payment_id=payment_id, minor=part, look_at=at))
            left -= part
    return left


def _promise_credit(session: AnySession, refund: Refund, left: int, now: datetime) -> int:
    """Put the rest back on the gift cards that the order was paid with, at once; what is left over."""
    uses = session.execute(
        select(CreditUse.id, CreditUse.minor - CreditUse.given_back_minor)
        .where(CreditUse.holder == refund.order_key, CreditUse.state == "captured")
        .order_by(CreditUse.id)
    )
    for use_id, free in list(uses):
        part = min(left, free)
        if part <= 0:
            continue
        card, done = credit.give_back(session, use_id, part)
        if not done or card.currency != refund.currency:
            raise TooMuch
        row = RefundPart(key=new_key(), credit_use_id=use_id, minor=part, state="done", done_at=now)
        refund.parts.append(row)
        _book_return(session, refund, row, credit.account(card), now)
        left -= part
    return left


def _book_return(session: AnySession, refund: Refund, part: RefundPart, account: str, now: datetime) -> None:
    book(
        session,
        kind="refund_paid",
        reference=refund.order_key,
        entries=[Entry("refunds:due", part.minor), Entry(account, -part.minor)],
        currency=refund.currency,
        actor=SYSTEM,
        now=now,
        key=f"refund-paid:{part.key}",
    )


def claim_part(session: AnySession, part_key: str, *, now: datetime) -> RefundOrder | None:
    """What to tell the provider of a part of a refund; None when nothing is to be told any more.

    The next try is planned here, before the provider is told: whoever dies in between tells it again, with the same
    key, under which nothing is sent twice.
    """
    row = session.execute(
        select(RefundPart, Payment, Refund.reason, Refund.currency)
        .join(Refund, Refund.id == RefundPart.refund_id)
        .join(Payment, Payment.id == RefundPart.payment_id)
        .where(RefundPart.key == part_key, RefundPart.state.in_(("asked", "sent")))
        .with_for_update(of=RefundPart)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    part, payment, reason, currency = row
    part.look_at = now + (FIRST_LOOK if part.state == "sent" else _retry_pause(part.tries))
    part.tries += 1
    session.flush()
    return RefundOrder(
        key=part.key,
        payment_key=payment.key,
        reference=payment.reference,
        paid=Money(payment.received_minor, payment.currency),
        amount=Money(part.minor, currency),
        reason=reason,
    )


def note_refund_trouble(session: AnySession, part_key: str, text: str) -> None:
    """The provider did not answer; it is asked again at the time that was planned."""
    session.execute(
        update(RefundPart)
        .where(RefundPart.key == part_key, RefundPart.state.in_(("asked", "sent")))
        .values(note=text[:300])
    )


def note_refund(session: AnySession, part_key: str, result: RefundResult, *, now: datetime) -> bool:
    """What became of a part of a refund. Once it is done it stays done; False when nothing changed."""
    part = session.scalar(select(RefundPart).where(RefundPart.key == part_key))
    if part is None:
        raise NotFound(say("There is no such refund."))
    before = {"done": ("asked", "sent", "failed"), "failed": ("asked", "sent"), "sent": ("asked",)}[result.state]
    changed = session.execute(
        update(RefundPart)
        .where(RefundPart.id == part.id, RefundPart.state.in_(before))
        .values(
            state=result.state,
            reference=result.reference[:120] or RefundPart.reference,
            note=result.note[:300],
            look_at=now + FIRST_LOOK if result.state == "sent" else None,
            done_at=now if result.state == "done" else None,
        )
    )
    if getattr(changed, "rowcount", 0) != 1:
        return False
    refund = session.scalars(
        select(Refund).where(Refund.id == part.refund_id).execution_options(populate_existing=True)
    ).one()
    session.refresh(part)
    session.refresh(refund, ["parts"])
    if part.state == "done" and part.payment_id is not None:
        gateway = session.scalars(select(Payment.gateway).where(Payment.id == part.payment_id)).one()
        _book_return(session, refund, part, f"cash:{gateway}", now)
    _finish(session, refund, now=now)
    return True


def send_again(session: AnySession, part_key: str, *, now: datetime) -> None:
    """Ask the provider once more for a part that it had refused. Raises NotFound, Conflict when it is not refused."""
    done = session.execute(
        update(RefundPart)
        .where(RefundPart.key == part_key, RefundPart.state == "failed")
        .values(state="asked", note="", look_at=now)
    )
    if getattr(done, "rowcount", 0) != 1:
        raise Conflict(say("This part of the refund is not waiting for another try."))
    refund = session.scalars(
        select(Refund)
        .join(RefundPart)
        .where(RefundPart.key == part_key)
        .options(selectinload(Refund.parts))
        .execution_options(populate_existing=True)
    ).one()
    _finish(session, refund, now=now)
    record(session, RefundAsked(refund=refund.key), now=now)


def _finish(session: AnySession, refund: Refund, *, now: datetime) -> None:
    """Let the state of a refund follow from its parts."""
    states = {part.state for part in refund.parts}
    before = refund.state
    if states == {"done"}:
        refund.state = "done"
    elif "failed" in states:
        refund.state = "failed"
    elif "sent" in states:
        refund.state = "sent"
    else:
        refund.state = "asked"
    if refund.state == before:
        return
    if refund.state == "done":
        refund.done_at = now
        record(session, RefundDone(refund=refund.key, order=refund.order_key), now=now)
    elif refund.state == "failed":
        record(session, RefundFailed(refund=refund.key, order=refund.order_key), now=now)
    session.flush()


# --- gift cards that are sold ----------------------------------------------------------------------------------------


def make_gift_product(session: AnySession, form: GiftProductInput, *, now: datetime, actor: str) -> Product:
    """A product whose variants are gift cards, one of each value, with their prices and how many may be sold.

    Raises Invalid.
    """
    words = {"zh": {"title": form.title_zh}} if form.title_zh else {}
    described = ProductInput.parse({"title": form.title, "lang": "en", "translations": words})
    product = products.save_product(session, described, now=now)
    for value in form.values:
        prices = [Money(minor, code) for code, minor in value.items()]
        names = [f"{one.amount:f}".removesuffix(".00") + f" {one.currency}" for one in prices]
        # A key of its own in the SKU, since another product may be called the same.
        sku = f"GIFT-{prices[0].amount:f}-{prices[0].currency}-{product.key.upper()}"
        described_variant = VariantInput(sku, " / ".join(names))
        variant = products.save_variant(
            session, product.key, described_variant, quantity=form.quantity, now=now, actor=actor
        )
        for one in prices:
            offer = OfferInput("own", one.currency, one.minor, sku=sku)
            products.save_offer(session, product.key, offer, now=now, actor=actor)
        credit.sell(session, variant.id)
    return product
