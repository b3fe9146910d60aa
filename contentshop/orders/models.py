"""Tables of carts and orders. All amounts are integer minor units of the order's currency."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.orders.inputs import MAX_QUANTITY, PAYMENT_METHODS

ORDER_STATES = ("placed", "paid", "shipped", "cancelled")


class Cart(Base):
    """What a visitor means to buy. Holds no prices: they are read when shown and when the order is placed."""

    __tablename__ = "cart"

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    lines: Mapped[list[CartLine]] = relationship(order_by="CartLine.id", cascade="all, delete-orphan")


class CartLine(Base):
    """So many of a variant, from one card (``card_key`` is empty when added on a product page)."""

    __tablename__ = "cart_line"
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id", "card_key"),
        CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
    )

    id: Mapped[PrimaryKey]
    cart_id: Mapped[int] = mapped_column(BigInt, ForeignKey("cart.id", ondelete="CASCADE"))
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"))
    card_key: Mapped[str] = mapped_column(String(20), default="")
    quantity: Mapped[int] = mapped_column(Integer)


class Order(Base):
    """A promise to deliver and to pay. ``attempt_key`` lets a second press of the button find the first."""

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint(f"state IN {ORDER_STATES!r}", name="state"),
        CheckConstraint(f"payment_method IN {PAYMENT_METHODS!r}", name="payment_method"),
        CheckConstraint("items_minor >= 0 AND shipping_minor >= 0", name="amounts"),
        CheckConstraint("total_minor = items_minor + shipping_minor", name="total"),
        Index("ix_shop_order_queue", "state", "placed_at"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="placed")
    payment_method: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    items_minor: Mapped[Minor]
    shipping_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(10), default="en")
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(40), default="")
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(80), default="")
    city: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(300))
    postcode: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    tracking: Mapped[str] = mapped_column(String(80), default="")
    attempt_key: Mapped[str] = mapped_column(String(40), unique=True)
    attempt_digest: Mapped[str] = mapped_column(String(64))
    placed_at: Mapped[Moment]
    pay_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)

    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id")
    events: Mapped[list[OrderEvent]] = relationship(order_by="OrderEvent.id")


class OrderLine(Base):
    """What was bought, in words and prices as they were at that moment."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_minor >= 0 AND total_minor = unit_minor * quantity", name="total"),
    )

    id: Mapped[PrimaryKey]
    order_id: Mapped[int] = mapped_column(BigInt, ForeignKey("shop_order.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id"))
    offer_id: Mapped[int] = mapped_column(BigInt, ForeignKey("offer.id"))
    sku: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(500))
    variant_name: Mapped[str] = mapped_column(String(120), default="")
    unit_minor: Mapped[Minor]
    quantity: Mapped[int] = mapped_column(Integer)
    total_minor: Mapped[Minor]
    card_key: Mapped[str] = mapped_column(String(20), default="", index=True)


class OrderEvent(Base):
    """One line of an order's timeline: what happened, when, by whom (a user's key, or ``system``)."""

    __tablename__ = "order_event"

    id: Mapped[PrimaryKey]
    order_id: Mapped[int] = mapped_column(BigInt, ForeignKey("shop_order.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300), default="")
    happened_at: Mapped[Moment]
