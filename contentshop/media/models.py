"""Tables of media."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey


class Asset(Base):
    """A stored picture, video, sound or captions file (``kind``, see ``media.inputs``).

    A picture is decoded and encoded anew: ``widths`` lists the sizes kept, in pixels, ascending, and ``focus_x`` and
    ``focus_y`` are the point that must stay in sight where it is cropped, in per cent from the left and the top.
    Everything else is one file with the ending ``form``; ``width`` and ``height`` are 1 for what has no picture.
    ``duration`` is in milliseconds where it could be read. ``name`` is the file's name as it was sent, ``bytes`` the
    size of all that is stored, ``digest`` the SHA-256 of the file that was sent. ``lang`` is that of captions.
    """

    __tablename__ = "asset"
    __table_args__ = (CheckConstraint("width > 0 AND height > 0", name="size"),)

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    owner_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(10), default="picture", server_default="picture")
    form: Mapped[str] = mapped_column(String(5), default="webp", server_default="webp")
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    bytes: Mapped[int] = mapped_column(BigInt, default=0, server_default="0")
    duration: Mapped[int | None] = mapped_column(Integer)
    lang: Mapped[str] = mapped_column(String(10), default="", server_default="")
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    widths: Mapped[list[int]] = mapped_column(JSON)
    alt: Mapped[str] = mapped_column(String(300), default="")
    focus_x: Mapped[int] = mapped_column(Integer, default=50, server_default="50")
    focus_y: Mapped[int] = mapped_column(Integer, default=50, server_default="50")
    digest: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[Moment]

    @property
    def focus(self) -> tuple[int, int]:
        """The point that must stay in sight, in per cent from the left and the top."""
        return (self.focus_x, self.focus_y)


class Portrait(Base):
    """The picture of a person; gone with the medium."""

    __tablename__ = "portrait"

    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    asset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("asset.id", ondelete="CASCADE"), index=True)
