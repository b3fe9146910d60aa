"""Files that are sold: kept apart from public ones, granted to orders, fetched so many times."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.port import Storage
from contentshop.media.queries import PRIVATE
from contentshop.products.events import DownloadsGranted
from contentshop.products.models import DigitalFile, Download, Reservation, Variant

ALLOWED = 5  # times that one order may fetch a file
OPEN_FOR = timedelta(days=30)
_NAME = re.compile(r"[^\w.\- ()\[\]]+")


def keep_file(storage: Storage, source: BinaryIO) -> str:
    """Put a file where public ones are not; its name there. Before the database is held. Raises Unavailable."""
    name = f"{PRIVATE}d{new_key()}.bin"
    storage.put_file(name, source)
    return name


def add_file(
    session: AnySession, variant_key: str, *, name: str, content_type: str, size: int, stored: str, now: datetime
) -> DigitalFile:
    """Give buyers of a digital variant a further file. Raises NotFound, Invalid (``file``)."""
    variant = session.scalar(select(Variant).where(Variant.key == variant_key))
    if variant is None:
        raise NotFound(say("There is no such variant."))
    name = _NAME.sub("_", name.rpartition("/")[2].rpartition("\\")[2]).strip(" .")[:200]
    if not name or size <= 0:
        raise Invalid({"file": [say("Choose a file first.")]})
    if not variant.digital:
        raise Invalid({"file": [say("Only what is delivered as files can have some; say so above first.")]})
    found = DigitalFile(
        key=new_key(),
        variant_id=variant.id,
        name=name,
        content_type=content_type[:100] or "application/octet-stream",
        size=size,
        stored=stored,
        added_at=now,
    )
    session.add(found)
    session.flush()
    return found


def retire_file(session: AnySession, key: str) -> None:
    """Give it to nobody from now on; who has bought it keeps the right to it. Raises NotFound."""
    found = session.scalar(select(DigitalFile).where(DigitalFile.key == key).with_for_update())
    if found is None:
        raise NotFound(say("There is no such file."))
    found.active = False
    session.flush()


def grant_downloads(session: AnySession, order_key: str, *, without: Collection[int] = (), now: datetime) -> int:
    """Let a paid order fetch the files of the digital things it holds, but of the variants ``without``, which it has
    given back; how many are new. Again does nothing."""
    files = session.scalars(
        select(DigitalFile.id)
        .join(Variant, Variant.id == DigitalFile.variant_id)
        .join(Reservation, Reservation.variant_id == Variant.id)
        .where(
            Reservation.holder == order_key,
            Reservation.state != "released",
            Variant.digital,
            Variant.id.not_in(without),
            DigitalFile.active,
            ~select(Download.id).where(Download.order_key == order_key, Download.file_id == DigitalFile.id).exists(),
        )
        .distinct()
        .order_by(DigitalFile.id)
    ).all()
    granted = 0
    for file_id in files:
        row = Download(
            key=new_key(),
            order_key=order_key,
            file_id=file_id,
            allowed=ALLOWED,
            granted_at=now,
            expires_at=now + OPEN_FOR,
        )
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Granted by somebody else at the same moment.
            continue
        granted += 1
    if granted:
        record(session, DownloadsGranted(order=order_key), now=now)
    session.flush()
    return granted


def withdraw_downloads(session: AnySession, order_key: str, variant_ids: Collection[int], *, now: datetime) -> None:
    """Take the right to fetch the files of these variants, which were paid back, from an order. Again does nothing."""
    session.execute(
        update(Download)
        .where(
            Download.order_key == order_key,
            Download.withdrawn_at.is_(None),
            Download.file_id.in_(select(DigitalFile.id).where(DigitalFile.variant_id.in_(variant_ids))),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )


def use_download(session: AnySession, order_key: str, key: str, *, now: datetime) -> DigitalFile:
    """Count one more fetch; the file. Raises NotFound, and Conflict when the right is used up, over or withdrawn."""
    used = session.execute(
        update(Download)
        .where(
            Download.key == key,
            Download.order_key == order_key,
            Download.used < Download.allowed,
            Download.expires_at > now,
            Download.withdrawn_at.is_(None),
        )
        .values(used=Download.used + 1)
        .returning(Download.file_id)
    ).one_or_none()
    if used is not None:
        return session.get_one(DigitalFile, used.file_id)
    known = select(Download).where(Download.key == key, Download.order_key == order_key)
    row = session.scalar(known)
    if row is None:
        raise NotFound(say("There is no such file."))
    if row.withdrawn_at is not None:
        raise Conflict(say("This was paid back, so its files cannot be fetched any more."))
    raise Conflict(say("This download is used up or over. Write to us and we open it again."))
