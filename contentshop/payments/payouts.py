"""Refunds that people send: the account that a buyer names for them, and that the money has gone there.

The account is kept while it is needed and no longer. Whole it is for those who send the money; everybody else, the
buyer too, sees the end of its number. Nothing of it is ever written into a log or into an event.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.payments.events import PayoutAccountNamed
from contentshop.payments.inputs import PayoutInput
from contentshop.payments.models import CreditUse, GiftCard, Payment, PayoutAccount, Refund, RefundPart

OPEN = ("asked", "sent", "failed")
# A part that a person has to send: it was paid by hand, or its provider will not send it back.
BY_HAND: ColumnElement[bool] = or_(
    and_(Payment.gateway == "manual", RefundPart.state.in_(OPEN)), RefundPart.state == "failed"
)


def find(session: AnySession, order_key: str) -> PayoutAccount | None:
    """The account that was named for an order, while it is kept."""
    return session.scalar(select(PayoutAccount).where(PayoutAccount.order_key == order_key))


def find_all(session: AnySession, order_keys: Collection[str]) -> dict[str, PayoutAccount]:
    """The accounts that are kept for these orders, by order key."""
    query = select(PayoutAccount).where(PayoutAccount.order_key.in_(order_keys))
    return {row.order_key: row for row in session.scalars(query)}


def name(session: AnySession, order_key: str, form: PayoutInput, *, now: datetime) -> PayoutAccount:
    """Keep the account for an order, in the place of one that was named before. The door has let the buyer in."""
    session.execute(delete(PayoutAccount).where(PayoutAccount.order_key == order_key))
    account = PayoutAccount(
        key=new_key(), order_key=order_key, holder=form.holder, number=form.number, bank=form.bank, named_at=now
    )
    session.add(account)
    session.flush()
    record(session, PayoutAccountNamed(order=order_key, account=account.key), now=now)
    return account


def would_be_by_hand(session: AnySession, order_key: str) -> bool:
    """Whether a refund would go back by hand, at least in part: something was paid that way and has not gone back."""
    query = select(Payment.id).where(
        Payment.order_key == order_key, Payment.gateway == "manual", Payment.received_minor > Payment.refunded_minor
    )
    return session.scalar(query.limit(1)) is not None


def waits(session: AnySession, order_key: str) -> bool:
    """Whether a part of a refund of an order waits for a person to send it."""
    query = (
        select(RefundPart.id)
        .join(Refund, Refund.id == RefundPart.refund_id)
        .join(Payment, Payment.id == RefundPart.payment_id)
        .where(Refund.order_key == order_key, BY_HAND)
    )
    return session.scalar(query.limit(1)) is not None


def list_idle(session: AnySession, *, limit: int) -> list[str]:
    """Orders with an account to which nothing has to be sent now; a case may still want it."""
    waiting = (
        select(RefundPart.id)
        .join(Refund, Refund.id == RefundPart.refund_id)
        .join(Payment, Payment.id == RefundPart.payment_id)
        .where(Refund.order_key == PayoutAccount.order_key, BY_HAND)
    )
    query = select(PayoutAccount.order_key).where(~waiting.exists()).order_by(PayoutAccount.id)
    return list(session.scalars(query.limit(limit)))


def forget(session: AnySession, order_keys: Collection[str]) -> None:
    """Delete the accounts of these orders."""
    session.execute(delete(PayoutAccount).where(PayoutAccount.order_key.in_(order_keys)))


def note_target(session: AnySession, refund_key: str, part_keys: Collection[str], *, account_key: str) -> list[str]:
    """Write down where a person has sent parts of a refund, all that wait for a person without ``part_keys``; the keys
    of the parts. ``account_key`` is the account they have looked at, "" for none.

    Raises Invalid for parts that are not of this refund or do not wait for a person, Conflict when the buyer has named
    another account since.
    """
    rows = session.execute(
        select(RefundPart.key, Refund.order_key)
        .join(Refund, Refund.id == RefundPart.refund_id)
        .join(Payment, Payment.id == RefundPart.payment_id)
        .where(Refund.key == refund_key, BY_HAND)
        .order_by(RefundPart.id)
    ).all()
    chosen = [row for row in rows if not part_keys or row.key in part_keys]
    if len(chosen) < len(set(part_keys)):
        raise Invalid({"part": [say("A part of this refund does not wait to be sent any more.")]})
    if not chosen:
        return []
    account = find(session, chosen[0].order_key)
    if account is not None and account.key != account_key:
        raise Conflict(say("The buyer has named another account since you looked. Check where the money went."))
    keys = [row.key for row in chosen]
    session.execute(
        update(RefundPart).where(RefundPart.key.in_(keys)).values(sent_to=account.ending if account else "")
    )
    return keys


# --- refunds as they are told --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A part of a refund. ``gateway`` is empty for one that goes to a gift card, whose code ends with ``card``;
    ``ending`` is the end of the account that a person sent it to."""

    key: str
    gateway: str
    method: str
    card: str
    amount: Money
    state: str
    reference: str
    note: str
    ending: str
    by_hand: bool


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """A refund with all its parts, however many payments and gift cards it goes back to."""

    key: str
    order_key: str
    amount: Money
    state: str
    reason: str
    asked_at: datetime
    done_at: datetime | None
    parts: tuple[PartFacts, ...]

    @property
    def by_hand(self) -> tuple[PartFacts, ...]:
        """Those that a person has to send."""
        return tuple(part for part in self.parts if part.by_hand)

    @property
    def gone(self) -> int:
        """What has gone back of it, in minor units."""
        return sum(part.amount.minor for part in self.parts if part.state == "done")


def refunds_of(session: AnySession, order_key: str) -> list[RefundFacts]:
    """All refunds of an order, oldest first."""
    return _facts(session, Refund.order_key == order_key)


def refunds_by_key(session: AnySession, keys: Sequence[str]) -> list[RefundFacts]:
    """The refunds of these keys, oldest first; unknown keys are left out."""
    return _facts(session, Refund.key.in_(keys)) if keys else []


def open_refunds(session: AnySession, *, limit: int) -> list[RefundFacts]:
    """Refunds of which something waits for a provider or a person, oldest first."""
    query = select(Refund.id).where(Refund.state != "done").order_by(Refund.id).limit(limit)
    return _facts(session, Refund.id.in_(list(session.scalars(query))))


def _facts(session: AnySession, wanted: ColumnElement[bool]) -> list[RefundFacts]:
    rows = session.execute(
        select(Refund, RefundPart, Payment.gateway, Payment.method, GiftCard.hint, BY_HAND.label("by_hand"))
        .join(RefundPart, RefundPart.refund_id == Refund.id)
        .outerjoin(Payment, Payment.id == RefundPart.payment_id)
        .outerjoin(CreditUse, CreditUse.id == RefundPart.credit_use_id)
        .outerjoin(GiftCard, GiftCard.id == CreditUse.gift_card_id)
        .where(wanted)
        .order_by(Refund.id, RefundPart.id)
        .execution_options(populate_existing=True)
    )
    parts: dict[str, list[PartFacts]] = {}
    refunds: dict[str, Refund] = {}
    for refund, part, gateway, method, hint, by_hand in rows:
        refunds[refund.key] = refund
        parts.setdefault(refund.key, []).append(
            PartFacts(
                key=part.key,
                gateway=gateway or "",
                method=method or "",
                card=hint or "",
                amount=Money(part.minor, refund.currency),
                state=part.state,
                reference=part.reference,
                note=part.note,
                ending=part.sent_to,
                by_hand=bool(by_hand),
            )
        )
    return [
        RefundFacts(
            key=key,
            order_key=refund.order_key,
            amount=Money(refund.minor, refund.currency),
            state=refund.state,
            reason=refund.reason,
            asked_at=refund.asked_at,
            done_at=refund.done_at,
            parts=tuple(parts[key]),
        )
        for key, refund in refunds.items()
    ]
