"""Reads of payments, events, refunds and gift cards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import selectinload

from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.payments.models import CreditUse, GiftCard, GiftCardVariant, Payment, PaymentEvent, Refund, RefundPart
from contentshop.products.models import Offer, Product, Stock, Variant
from contentshop.products.queries import translated

OPEN = ("new", "begun")


def find_payment(session: AnySession, key: str) -> Payment | None:
    """The payment of this key."""
    return session.scalar(select(Payment).where(Payment.key == key))


def get_payment(session: AnySession, key: str) -> Payment:
    """The payment of this key. Raises NotFound."""
    payment = find_payment(session, key)
    if payment is None:
        raise NotFound(say("There is no such payment."))
    return payment


def list_payments(session: AnySession, order_key: str) -> list[Payment]:
    """All tries to pay an order, oldest first."""
    return list(session.scalars(select(Payment).where(Payment.order_key == order_key).order_by(Payment.id)))


def find_open(session: AnySession, order_key: str) -> Payment | None:
    """The newest try to pay an order that has not ended."""
    query = select(Payment).where(Payment.order_key == order_key, Payment.state.in_(OPEN))
    return session.scalars(query.order_by(Payment.id.desc()).limit(1)).first()


def list_to_look(session: AnySession, *, now: datetime, limit: int) -> list[str]:
    """Keys of payments whose provider has to be asked (again), the longest overdue first."""
    due = (Payment.state.in_(OPEN), Payment.look_at <= now)
    return list(session.scalars(select(Payment.key).where(*due).order_by(Payment.look_at).limit(limit)))


def list_waiting(session: AnySession, payment: Payment) -> list[PaymentEvent]:
    """Events of ``payment`` that came before we knew it, in the order of their coming."""
    mine = or_(
        PaymentEvent.payment_key == payment.key,
        and_(PaymentEvent.reference == payment.reference, PaymentEvent.reference != ""),
    )
    query = select(PaymentEvent).where(PaymentEvent.gateway == payment.gateway, PaymentEvent.state == "waiting", mine)
    return list(session.scalars(query.order_by(PaymentEvent.id)))


def find_of_event(session: AnySession, event: PaymentEvent) -> Payment | None:
    """The payment that an event is about: by our own key when it carries it, else by the provider's reference."""
    if event.payment_key:
        found = find_payment(session, event.payment_key)
        return found if found is not None and found.gateway == event.gateway else None
    if not event.reference:
        return None
    query = select(Payment).where(Payment.gateway == event.gateway, Payment.reference == event.reference)
    return session.scalars(query.order_by(Payment.id).limit(1)).first()


def list_unmatched(session: AnySession, *, limit: int) -> list[PaymentEvent]:
    """Events that belong to nothing we know, newest first."""
    query = select(PaymentEvent).where(PaymentEvent.state == "waiting")
    return list(session.scalars(query.order_by(PaymentEvent.id.desc()).limit(limit)))


def get_refund(session: AnySession, key: str) -> Refund:
    """The refund of this key with its parts. Raises NotFound."""
    refund = session.scalar(select(Refund).where(Refund.key == key).options(selectinload(Refund.parts)))
    if refund is None:
        raise NotFound(say("There is no such refund."))
    return refund


def get_refund_of_part(session: AnySession, part_key: str) -> Refund:
    """The refund that a part belongs to. Raises NotFound."""
    query = select(Refund).join(RefundPart).where(RefundPart.key == part_key).options(selectinload(Refund.parts))
    refund = session.scalar(query)
    if refund is None:
        raise NotFound(say("There is no such refund."))
    return refund


def list_refunds(session: AnySession, order_key: str) -> list[Refund]:
    """All refunds of an order, oldest first."""
    query = select(Refund).where(Refund.order_key == order_key).options(selectinload(Refund.parts))
    return list(session.scalars(query.order_by(Refund.id)))


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of a refund that has not gone back yet. ``note`` says why it failed."""

    key: str
    refund_key: str
    order_key: str
    gateway: str
    method: str
    reference: str
    state: str
    amount: Money
    reason: str
    note: str
    asked_at: datetime


def list_open_parts(session: AnySession, *, limit: int) -> list[PartRow]:
    """Parts of refunds that wait for a provider or a person, oldest first."""
    query = (
        select(
            RefundPart.key,
            Refund.key,
            Refund.order_key,
            Payment.gateway,
            Payment.method,
            Payment.reference,
            RefundPart.state,
            RefundPart.minor,
            Refund.currency,
            Refund.reason,
            RefundPart.note,
            Refund.asked_at,
        )
        .join(Refund, Refund.id == RefundPart.refund_id)
        .join(Payment, Payment.id == RefundPart.payment_id)
        .where(RefundPart.state.in_(("asked", "sent", "failed")))
        .order_by(RefundPart.id)
        .limit(limit)
    )
    found = []
    for row in session.execute(query):
        key, refund, order, gateway, method, reference, state, minor, currency, reason, note, asked_at = row
        amount = Money(minor, currency)
        found.append(PartRow(key, refund, order, gateway, method, reference, state, amount, reason, note, asked_at))
    return found


def count_open(session: AnySession) -> dict[str, int]:
    """How much waits for a person: ``refunds`` not yet sent back, ``unmatched`` events."""
    refunds = session.scalar(
        select(func.count()).select_from(RefundPart).where(RefundPart.state.in_(("asked", "sent", "failed")))
    )
    events = session.scalar(select(func.count()).select_from(PaymentEvent).where(PaymentEvent.state == "waiting"))
    return {"refunds": refunds or 0, "unmatched": events or 0}


def list_parts_to_send(session: AnySession, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """(key, gateway) of parts of refunds whose provider has to be told or asked, the longest overdue first."""
    query = (
        select(RefundPart.key, Payment.gateway)
        .join(Payment, Payment.id == RefundPart.payment_id)
        .where(RefundPart.look_at <= now, RefundPart.state.in_(("asked", "sent")))
        .order_by(RefundPart.look_at)
        .limit(limit)
    )
    return [(key, gateway) for key, gateway in session.execute(query)]


def list_kept(session: AnySession, *, after: int, limit: int) -> list[PaymentEvent]:
    """Events that wait for what they are about, from row ``after`` on."""
    query = select(PaymentEvent).where(PaymentEvent.state == "waiting", PaymentEvent.id > after)
    return list(session.scalars(query.order_by(PaymentEvent.id).limit(limit)))


def find_kept(session: AnySession, event_id: int) -> PaymentEvent | None:
    """The event of this row, while it waits."""
    query = select(PaymentEvent).where(PaymentEvent.id == event_id, PaymentEvent.state == "waiting")
    return session.scalar(query.execution_options(populate_existing=True))


def list_gift_cards(session: AnySession, *, words: str = "", limit: int, offset: int = 0) -> list[GiftCard]:
    """Gift cards, newest first; those whose key, order, last characters or email contain ``words``."""
    query = select(GiftCard).order_by(GiftCard.id.desc()).limit(limit).offset(offset)
    if words:
        columns = (GiftCard.key, GiftCard.order_key, GiftCard.hint, GiftCard.email, GiftCard.note)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return list(session.scalars(query))


def count_gift_cards(session: AnySession) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(GiftCard)) or 0


def list_cards_of_order(session: AnySession, order_key: str) -> list[GiftCard]:
    """Gift cards that were bought with an order."""
    return list(session.scalars(select(GiftCard).where(GiftCard.order_key == order_key).order_by(GiftCard.id)))


def list_cards_of_orders(session: AnySession, order_keys: Collection[str]) -> list[GiftCard]:
    """Gift cards that were bought with these orders, oldest first."""
    return list(session.scalars(select(GiftCard).where(GiftCard.order_key.in_(order_keys)).order_by(GiftCard.id)))


def has_cards(session: AnySession, order_key: str) -> bool:
    """Whether an order has become gift cards."""
    return session.scalar(select(GiftCard.id).where(GiftCard.order_key == order_key).limit(1)) is not None


def list_uses(session: AnySession, holder: str) -> list[tuple[CreditUse, GiftCard]]:
    """What an order takes from gift cards, with the cards."""
    query = select(CreditUse, GiftCard).join(GiftCard, GiftCard.id == CreditUse.gift_card_id)
    rows = session.execute(query.where(CreditUse.holder == holder).order_by(CreditUse.id))
    return [(use, card) for use, card in rows]


def list_history(session: AnySession, gift_card_id: int) -> list[CreditUse]:
    """What was taken from a gift card, newest first."""
    query = select(CreditUse).where(CreditUse.gift_card_id == gift_card_id)
    return list(session.scalars(query.order_by(CreditUse.id.desc())))


@dataclass(frozen=True, slots=True)
class SoldCard:
    """A variant that is a gift card: its prices, and how many can still be sold."""

    product_key: str
    product_title: str
    variant_key: str
    sku: str
    name: str
    prices: tuple[Money, ...]
    available: int


def list_sold_cards(session: AnySession, locale: str = "en") -> list[SoldCard]:
    """Every gift card on sale, by product, with titles in ``locale`` where they are told in it."""
    rows = session.execute(
        select(
            Product.key.label("product_key"),
            translated("title", locale).label("title"),
            Variant.key,
            Variant.sku,
            Variant.name,
            func.coalesce(Stock.on_hand - Stock.reserved, 0).label("available"),
            Offer.price_minor,
            Offer.currency,
        )
        .join(Variant, Variant.product_id == Product.id)
        .join(GiftCardVariant, GiftCardVariant.variant_id == Variant.id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .outerjoin(Offer, and_(Offer.variant_id == Variant.id, Offer.kind == "own", Offer.active))
        .order_by(Product.id, Variant.position, Variant.id, Offer.id)
    ).all()
    prices: dict[str, tuple[Money, ...]] = {}
    for row in rows:
        price = (Money(row.price_minor, row.currency),) if row.price_minor is not None else ()
        prices[row.key] = prices.get(row.key, ()) + price
    firsts = {row.key: row for row in reversed(rows)}
    return [
        SoldCard(row.product_key, row.title, key, row.sku, row.name, prices[key], row.available)
        for key, row in reversed(firsts.items())
    ]


def list_card_products(session: AnySession) -> list[int]:
    """The ids of products that are gift cards, oldest first."""
    query = select(Variant.product_id).join(GiftCardVariant, GiftCardVariant.variant_id == Variant.id)
    return list(session.scalars(query.distinct().order_by(Variant.product_id)))


def list_card_variants(session: AnySession) -> frozenset[int]:
    """The ids of variants that are gift cards."""
    return frozenset(session.scalars(select(GiftCardVariant.variant_id)))


def is_sold_card(session: AnySession, variant_key: str) -> bool:
    """Whether this variant is a gift card."""
    query = select(GiftCardVariant.variant_id).join(Variant, Variant.id == GiftCardVariant.variant_id)
    return session.scalar(query.where(Variant.key == variant_key)) is not None
