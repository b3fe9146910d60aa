"""Tables of products, offers and stock.

A product has many offers. An *own* offer sells a variant from our stock; an *affiliate* offer sends the
reader to a merchant. Several own offers (one for each currency) may sell the same variant: stock belongs to
the variant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from contentshop.core.addresses import identity
from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.products.inputs import AVAILABILITIES, HEALTHS, OFFER_KINDS, TAX_CLASSES

RESERVATION_STATES = ("held", "taken", "released")


def _address_of_row(context: Any) -> str:
    """For rows written without an object."""
    return identity(context.get_current_parameters().get("url") or "")


class Merchant(Base):
    """A shop that readers are sent to. Links of its offers must be on ``domain`` or below it.

    One that a creator found is not ``approved`` until an operator says so: its links are plain ones, never paid.
    Pages of its offers are looked at every ``check_hours``, none of them before ``rest_until``.
    """

    __tablename__ = "merchant"

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    domain: Mapped[str] = mapped_column(String(120), unique=True)
    country: Mapped[str] = mapped_column(String(2), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    approved: Mapped[bool] = mapped_column(Boolean, default=True)
    check_hours: Mapped[int] = mapped_column(Integer, default=24)
    rest_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Product(Base):
    """A thing people recommend and buy, whoever sells it.

    ``version`` grows with every change of the product or of its offers. ``translations`` maps a language to
    ``{"title", "category", "summary", "body"}`` in it. ``source`` names where an import took it from, so that importing
    again updates instead of adding. ``attrs`` is a list of [name, value]. ``locks`` names fields that a person has
    set against what files and pages say. ``added_by`` is the public key of the creator who brought it in, if one did.
    """

    __tablename__ = "product"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    brand: Mapped[str] = mapped_column(String(120), default="")
    category: Mapped[str] = mapped_column(String(120), default="")
    gtin: Mapped[str | None] = mapped_column(String(14), unique=True)
    mpn: Mapped[str] = mapped_column(String(80), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    lang: Mapped[str] = mapped_column(String(10), default="en")
    attrs: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    alternative_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id", ondelete="SET NULL"))
    discontinued: Mapped[bool] = mapped_column(Boolean, default=False)
    listed: Mapped[bool] = mapped_column(Boolean, default=True)
    source: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)
    locks: Mapped[list[str]] = mapped_column(JSON, default=list)
    added_by: Mapped[str] = mapped_column(String(20), default="")

    variants: Mapped[list[Variant]] = relationship(order_by="Variant.position", back_populates="product")
    offers: Mapped[list[Offer]] = relationship(order_by="Offer.id", back_populates="product")
    pictures: Mapped[list[ProductPicture]] = relationship(order_by="ProductPicture.position")
    alternative: Mapped[Product | None] = relationship(remote_side="Product.id")

    __table_args__ = (Index("ix_product_listed_newest", "listed", "created_at"),)


class ProductPicture(Base):
    """A picture of a product; position 0 is the one cards show."""

    __tablename__ = "product_picture"

    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    asset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("asset.id"))
    alt: Mapped[str] = mapped_column(String(300), default="")


class Variant(Base):
    """One buyable form of a product (colour, size) with its own SKU. What we sell has at least one.

    ``options`` are its values of the product's options, in their order. ``weight_g`` is what is shipped, in grams.
    ``tax_class`` names the rate (``delivery``). ``purchase_limit`` is how many one person may ever buy, None without a
    limit. Before ``releases_at`` it is sold as a presale, paid in full. A ``digital`` one is delivered as files and
    never shipped. ``returnable`` ones may be sent back within seven days without a reason.
    """

    __tablename__ = "variant"
    __table_args__ = (
        CheckConstraint("weight_g >= 0", name="weight"),
        CheckConstraint("purchase_limit IS NULL OR purchase_limit > 0", name="purchase_limit"),
        CheckConstraint(f"tax_class IN {TAX_CLASSES!r}", name="tax_class"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    sku: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(Integer, default=0)
    gtin: Mapped[str | None] = mapped_column(String(14), unique=True)
    options: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    weight_g: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    tax_class: Mapped[str] = mapped_column(String(20), default="standard", server_default="standard")
    purchase_limit: Mapped[int | None] = mapped_column(Integer)
    releases_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digital: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    returnable: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())

    product: Mapped[Product] = relationship(back_populates="variants")
    stock: Mapped[Stock | None] = relationship(back_populates="variant")


class Supplier(Base):
    """Somebody whose goods we sell for them. ``share_ppm`` is their part of what is paid for a line, in millionths."""

    __tablename__ = "supplier"
    __table_args__ = (CheckConstraint("share_ppm BETWEEN 0 AND 1000000", name="share"),)

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), default="")
    share_ppm: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Moment]


class StockLocation(Base):
    """A place that goods are shipped from. Its goods are ours, or the supplier's who owns it.

    ``key`` lasts. Only active ones take part in selling; one with goods cannot be closed.
    """

    __tablename__ = "stock_location"

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    supplier_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("supplier.id"), index=True)
    created_at: Mapped[Moment]

    supplier: Mapped[Supplier | None] = relationship(lazy="joined")


class Stock(Base):
    """How many of a variant we have (``on_hand``) and how many of them are promised to orders (``reserved``).

    Only ``products.stock`` writes here, by conditional statements; the constraints are the net beneath them.
    """

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
    )

    variant_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)

    variant: Mapped[Variant] = relationship(back_populates="stock")

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


class StockMovement(Base):
    """Why ``on_hand`` changed. The sum of a variant's movements is its ``on_hand``, always."""

    __tablename__ = "stock_movement"

    id: Mapped[PrimaryKey]
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    delta: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(40))
    holder: Mapped[str] = mapped_column(String(40), default="")
    actor: Mapped[str] = mapped_column(String(20), default="")
    moved_at: Mapped[Moment]


class Reservation(Base):
    """Units promised to one holder (an order's key). ``held`` → ``taken`` (shipped) or ``released``.

    A held reservation with an ``expires_at`` in the past no longer binds us and is released by the worker.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("holder", "variant_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint(f"state IN {RESERVATION_STATES!r}", name="state"),
        Index("ix_reservation_expiry", "state", "expires_at"),
    )

    id: Mapped[PrimaryKey]
    holder: Mapped[str] = mapped_column(String(40), index=True)
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="held")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Offer(Base):
    """One way to get a product.

    ``price_minor`` is empty when the price is not known. ``region`` is an ISO 3166 country, empty for
    anywhere. ``checked_at`` is when price and availability were last seen; both are facts only as of then. An
    own offer's availability follows from its stock, so its column stays ``in_stock``. ``address`` is what links to
    the same page share (``addresses.identity``); ``locks`` names fields that a person has set against what files and
    pages say.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(f"kind IN {OFFER_KINDS!r}", name="kind"),
        CheckConstraint(f"availability IN {AVAILABILITIES!r}", name="availability"),
        CheckConstraint(f"health IN {HEALTHS!r}", name="health"),
        CheckConstraint("price_minor IS NULL OR price_minor >= 0", name="price"),
        CheckConstraint(
            "(kind = 'own' AND variant_id IS NOT NULL AND merchant_id IS NULL AND price_minor IS NOT NULL)"
            " OR (kind = 'affiliate' AND merchant_id IS NOT NULL AND url <> '')",
            name="shape",
        ),
        Index(
            "uq_offer_own",
            "variant_id",
            "currency",
            "region",
            unique=True,
            sqlite_where=text("kind = 'own'"),
            postgresql_where=text("kind = 'own'"),
        ),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    merchant_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("merchant.id"), index=True)
    url: Mapped[str] = mapped_column(String(2000), default="")
    price_minor: Mapped[Minor | None]
    currency: Mapped[str] = mapped_column(String(3))
    region: Mapped[str] = mapped_column(String(2), default="")
    availability: Mapped[str] = mapped_column(String(20), default="unknown")
    health: Mapped[str] = mapped_column(String(20), default="alive")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    address: Mapped[str] = mapped_column(String(64), default=_address_of_row, index=True)
    locks: Mapped[list[str]] = mapped_column(JSON, default=list)
    price_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    product: Mapped[Product] = relationship(back_populates="offers")
    merchant: Mapped[Merchant | None] = relationship(lazy="joined")
    variant: Mapped[Variant | None] = relationship()

    @validates("url")
    def _keep_address(self, _name: str, url: str) -> str:
        self.address = identity(url)
        return url


class OfferPage(Base):
    """An offer that a creator brought in by its page, and when the worker looks at that page again.

    ``address`` is the offer's, unique, so that one page never becomes two products. ``failures`` counts looks in a
    row that told nothing; ``gone`` those in a row that the shop answered with "no such page".
    """

    __tablename__ = "offer_page"

    offer_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("offer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    address: Mapped[str] = mapped_column(String(64), unique=True)
    check_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    gone: Mapped[int] = mapped_column(Integer, default=0)

    offer: Mapped[Offer] = relationship()


class PageReading(Base):
    """What was read of a page that somebody pasted, until it is made a product or forgotten.

    Kept on our side, so that what a form says can be told from what the page said. ``facts`` is a ``PageFacts`` as
    JSON.
    """

    __tablename__ = "page_reading"

    id: Mapped[PrimaryKey]
    reader_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(2000))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (UniqueConstraint("reader_id", "address"),)


class ImportRun(Base):
    """How far one file has been imported, so that an interrupted import goes on where it stopped.

    ``digest`` names the file's content together with the options it is read by. ``last_line`` is written in the
    transaction of the rows up to it. ``pending`` holds [line, product id, slug] of alternatives that come later
    in the file.
    """

    __tablename__ = "import_run"

    id: Mapped[PrimaryKey]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    last_line: Mapped[int] = mapped_column(Integer, default=0)
    added: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    pending: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
