"""Reads of files that are sold, and of who may fetch them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from contentshop.core.uow import AnySession
from contentshop.products.models import DigitalFile, Download, Variant


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a digital variant; ``size`` in bytes."""

    key: str
    name: str
    size: int
    active: bool


@dataclass(frozen=True, slots=True)
class DownloadRow:
    """The right of an order to fetch a file: how often still, until when, and when it was withdrawn by a refund."""

    key: str
    name: str
    size: int
    left: int
    expires_at: datetime
    withdrawn_at: datetime | None


def list_files(session: AnySession, variant_key: str) -> list[FileRow]:
    """The files of a variant, as they were added."""
    rows = session.execute(
        select(DigitalFile.key, DigitalFile.name, DigitalFile.size, DigitalFile.active)
        .join(Variant, Variant.id == DigitalFile.variant_id)
        .where(Variant.key == variant_key)
        .order_by(DigitalFile.id)
    )
    return [FileRow(*row) for row in rows]


def list_downloads(session: AnySession, order_key: str) -> list[DownloadRow]:
    """What an order may fetch."""
    rows = session.execute(
        select(
            Download.key,
            DigitalFile.name,
            DigitalFile.size,
            (Download.allowed - Download.used).label("left"),
            Download.expires_at,
            Download.withdrawn_at,
        )
        .join(DigitalFile, DigitalFile.id == Download.file_id)
        .where(Download.order_key == order_key)
        .order_by(Download.id)
    )
    return [DownloadRow(*row) for row in rows]
