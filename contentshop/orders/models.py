"""Tables of carts and orders. All amounts are integer minor units of the order's currency."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.orders.inputs import MAX_QUANTITY, PAYMENT_METHODS

ORDER_STATES = ("placed", "paid", "part_shipped", "shipped", "completed", "cancelled")

# An amount in minor units, and a count, of which older rows have none.
Share = Annotated[int, mapped_column(BigInt, default=0, server_default=text("0"))]
Count = Annotated[int, mapped_column(Integer, default=0, server_default=text("0"))]


class Cart(Base):
    """What a visitor means to buy. Holds no prices: they are read when shown and when the order is placed.

    ``codes`` are the coupon codes typed so far; ``draft`` is what was typed in the steps of the checkout.
    """

    __tablename__ = "cart"

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    codes: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default=text("'{}'"))

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
    """A promise to deliver and to pay. ``attempt_key`` lets a second press of the button find the first.

    ``discount_minor`` is the sum of the lines' own; ``tax_minor`` of the lines' and of ``shipping_tax_minor``, and is
    part of the prices when ``tax_included``. ``credit_minor`` is what gift cards paid, so the provider owes
    ``total_minor - credit_minor``. ``tax_parts`` names the rates: [name, rate in parts per million, tax]. ``codes`` are
    the coupons used, ``discount_parts`` what each promotion took off (``pricing.Reduction``), ``credit_parts`` what
    each gift card pays: [end of its code, amount]; both empty in orders from before they were kept. A shipped order is
    confirmed by itself at ``confirm_by``. ``exchange_of`` is the order whose goods this one replaces.
    """

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint(f"state IN {ORDER_STATES!r}", name="state"),
        CheckConstraint(f"payment_method IN {PAYMENT_METHODS!r}", name="payment_method"),
        CheckConstraint(
            "items_minor >= 0 AND shipping_minor >= 0 AND discount_minor >= 0 AND discount_minor <= items_minor"
            " AND tax_minor >= 0 AND shipping_tax_minor >= 0 AND shipping_tax_minor <= tax_minor",
            name="amounts",
        ),
        CheckConstraint(
            "total_minor = items_minor - discount_minor + shipping_minor"
            " + CASE WHEN tax_included THEN 0 ELSE tax_minor END",
            name="total",
        ),
        CheckConstraint(
            "credit_minor >= 0 AND credit_minor <= total_minor AND paid_minor >= 0"
            " AND refunded_minor >= 0 AND refunded_minor <= paid_minor + credit_minor",
            name="money",
        ),
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
    discount_minor: Mapped[Share]
    tax_minor: Mapped[Share]
    shipping_tax_minor: Mapped[Share]
    tax_included: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    tax_parts: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    total_minor: Mapped[Minor]
    credit_minor: Mapped[Share]
    paid_minor: Mapped[Share]
    refunded_minor: Mapped[Share]
    codes: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    discount_parts: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    credit_parts: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    shipping_key: Mapped[str] = mapped_column(String(20), default="", server_default="")
    shipping_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(10), default="en")
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(40), default="")
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(80), default="")
    city: Mapped[str] = mapped_column(String(80))
    district: Mapped[str] = mapped_column(String(80), default="", server_default="")
    address: Mapped[str] = mapped_column(String(300))
    postcode: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    tracking: Mapped[str] = mapped_column(String(80), default="")
    exchange_of: Mapped[str] = mapped_column(String(20), default="", server_default="", index=True)
    attempt_key: Mapped[str] = mapped_column(String(40), unique=True)
    attempt_digest: Mapped[str] = mapped_column(String(64))
    placed_at: Mapped[Moment]
    pay_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirm_by: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    commission_released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)

    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id")
    events: Mapped[list[OrderEvent]] = relationship(order_by="OrderEvent.id")
    shipments: Mapped[list[Shipment]] = relationship(order_by="Shipment.number")


class OrderLine(Base):
    """What was bought, in words and prices as they were at that moment.

    The buyer pays ``total_minor - discount_minor`` (``net_minor``), and ``tax_minor`` on top when the order's prices
    are without tax; ``tax_rate`` is in parts per million. ``creator_key`` is whose card it came from and
    ``commission_minor`` what they get of it. ``supplier_key`` is whose goods they are (empty: ours) and
    ``supplier_minor`` the supplier's part. ``cancelled_quantity`` will not be sent after all; ``returned_quantity``
    and ``refunded_minor`` count what was given back, ``withheld_minor`` what was kept of the money for units that came
    back; ``digital`` needs no parcel. ``releases_at`` is from when it is sent, as the buyer of a presale was told.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_minor >= 0 AND total_minor = unit_minor * quantity", name="total"),
        CheckConstraint(
            "discount_minor >= 0 AND discount_minor <= total_minor AND tax_minor >= 0 AND tax_rate >= 0"
            " AND commission_minor >= 0 AND supplier_minor >= 0 AND refunded_minor >= 0",
            name="shares",
        ),
        CheckConstraint(
            "shipped_quantity >= 0 AND cancelled_quantity >= 0 AND shipped_quantity + cancelled_quantity <= quantity",
            name="shipped",
        ),
        CheckConstraint("returned_quantity >= 0 AND returned_quantity <= quantity", name="returned"),
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
    discount_minor: Mapped[Share]
    tax_minor: Mapped[Share]
    tax_rate: Mapped[Count]
    digital: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    releases_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shipped_quantity: Mapped[Count]
    cancelled_quantity: Mapped[Count]
    returned_quantity: Mapped[Count]
    refunded_minor: Mapped[Share]
    withheld_minor: Mapped[Share]
    creator_key: Mapped[str] = mapped_column(String(20), default="", server_default="", index=True)
    commission_minor: Mapped[Share]
    supplier_key: Mapped[str] = mapped_column(String(40), default="", server_default="", index=True)
    supplier_minor: Mapped[Share]

    @property
    def net_minor(self) -> int:
        """What the buyer pays for the line, without tax that comes on top."""
        return self.total_minor - self.discount_minor

    @property
    def to_ship(self) -> int:
        """How many still have to leave the house."""
        return self.quantity - self.shipped_quantity - self.cancelled_quantity


class OrderEvent(Base):
    """One line of an order's timeline: what happened, when, by whom (a user's key, or ``system``)."""

    __tablename__ = "order_event"

    id: Mapped[PrimaryKey]
    order_id: Mapped[int] = mapped_column(BigInt, ForeignKey("shop_order.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300), default="")
    happened_at: Mapped[Moment]


class Shipment(Base):
    """One parcel of an order. ``key`` is the order's key and the parcel's number in it."""

    __tablename__ = "shipment"
    __table_args__ = (UniqueConstraint("order_id", "number"),)

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[int] = mapped_column(BigInt, ForeignKey("shop_order.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking: Mapped[str] = mapped_column(String(80), default="", index=True)
    actor: Mapped[str] = mapped_column(String(20))
    shipped_at: Mapped[Moment]

    lines: Mapped[list[ShipmentLine]] = relationship(order_by="ShipmentLine.order_line_id")


class ShipmentLine(Base):
    """So many of a line of the order, in one parcel."""

    __tablename__ = "shipment_line"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    shipment_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("shipment.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    order_line_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("order_line.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    quantity: Mapped[int] = mapped_column(Integer)


class CustomerNote(Base):
    """What staff know about a buyer, by e-mail address, since many buy without an account."""

    __tablename__ = "customer_note"

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(254), index=True)
    text: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(20))
    written_at: Mapped[Moment]
