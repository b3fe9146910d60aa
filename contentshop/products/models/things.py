"""Tables of products, their variants, pictures and offers, and of merchants."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from contentshop.core.addresses import identity
from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.products.inputs import ACTIVE, AVAILABILITIES, HEALTHS, OFFER_KINDS, STATUSES, TAX_CLASSES

if TYPE_CHECKING:
    from contentshop.products.models.stock import Stock


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


class Category(Base):
    """A place in the tree of the catalogue. ``translations`` maps a language to ``{"name"}``; the slug lasts."""

    __tablename__ = "category"

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    parent_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("category.id"), index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[Moment]


class Product(Base):
    """A thing people recommend and buy, whoever sells it.

    ``version`` grows with every change of the product or of its offers. ``translations`` maps a language to
    ``{"title", "category", "summary", "body"}`` in it. ``source`` names where an import took it from, so that
    importing again updates instead of adding. ``attrs`` is a list of [name, value]. ``category`` repeats the name of
    the category ``category_id``, for cards and search. ``options`` is a list of ``{"name", "names", "values":
    [{"value", "names"}]}``. ``locks`` names fields that a person has set against what files and pages say.
    ``added_by`` is the public key of the creator who brought it in, if one did. ``status``: a ``draft`` is known to the
    desk alone, an ``active`` one is in the shop, an ``archived`` one has left it and only its address and its cards say
    so.
    """

    __tablename__ = "product"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    brand: Mapped[str] = mapped_column(String(120), default="")
    category: Mapped[str] = mapped_column(String(120), default="")
    category_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("category.id", ondelete="SET NULL"), index=True)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    gtin: Mapped[str | None] = mapped_column(String(14), unique=True)
    mpn: Mapped[str] = mapped_column(String(80), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    lang: Mapped[str] = mapped_column(String(10), default="en")
    attrs: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    alternative_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id", ondelete="SET NULL"))
    discontinued: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[str] = mapped_column(String(10), default=ACTIVE, server_default=ACTIVE)
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

    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        Index("ix_product_status_newest", "status", "created_at"),
    )

    @hybrid_property
    def listed(self) -> bool:
        """Whether readers find it and can buy it."""
        return self.status == ACTIVE

    @listed.inplace.expression
    @classmethod
    def _listed_expression(cls) -> ColumnElement[bool]:
        return cls.status == ACTIVE


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


class Offer(Base):
    """One way to get a product.

    ``price_minor`` is empty when the price is not known. ``region`` is an ISO 3166 country, empty for anywhere.
    ``checked_at`` is when price and availability were last seen; both are facts only as of then. An own offer's
    availability follows from its stock, so its column stays ``in_stock``. ``prior_minor`` is the lowest price of the
    30 days before its last reduction (Directive 98/6/EC, Article 6a), empty when the last change was none.
    ``address`` is what links to the same page share (``addresses.identity``); ``locks`` names fields that a person
    has set against what files and pages say.
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
    prior_minor: Mapped[Minor | None]

    product: Mapped[Product] = relationship(back_populates="offers")
    merchant: Mapped[Merchant | None] = relationship(lazy="joined")
    variant: Mapped[Variant | None] = relationship()

    @validates("url")
    def _keep_address(self, _name: str, url: str) -> str:
        self.address = identity(url)
        return url


class PriceChange(Base):
    """What an offer cost from ``changed_at`` on; empty when it was not known any more. Rows are never changed."""

    __tablename__ = "price_change"
    __table_args__ = (Index("ix_price_change_offer", "offer_id", "id"),)

    id: Mapped[PrimaryKey]
    offer_id: Mapped[int] = mapped_column(BigInt, ForeignKey("offer.id"))
    price_minor: Mapped[Minor | None]
    currency: Mapped[str] = mapped_column(String(3))
    actor: Mapped[str] = mapped_column(String(20), default="")
    changed_at: Mapped[Moment]
