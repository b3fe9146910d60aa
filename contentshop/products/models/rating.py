"""The table of what buyers' reviews make of products."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt


class ProductRating(Base):
    """How many buyers gave a product how many stars; only reviews that are shown count, and nothing from elsewhere.

    Kept here by the room of reviews, so that cards know it with the statement that reads products. ``version`` grows
    with everything readers see of the product's reviews.
    """

    __tablename__ = "product_rating"
    __table_args__ = (
        CheckConstraint("one >= 0 AND two >= 0 AND three >= 0 AND four >= 0 AND five >= 0", name="counts"),
    )

    product_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    one: Mapped[int] = mapped_column(Integer, default=0)
    two: Mapped[int] = mapped_column(Integer, default=0)
    three: Mapped[int] = mapped_column(Integer, default=0)
    four: Mapped[int] = mapped_column(Integer, default=0)
    five: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
