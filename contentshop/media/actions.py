"""Changes to pictures. None commits; the door does."""

from __future__ import annotations

from datetime import datetime

from contentshop.accounts.models import User
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.media.images import EncodedPicture, digest_of, encode
from contentshop.media.models import Asset
from contentshop.media.port import Storage
from contentshop.media.queries import find_by_digest

KEY_LENGTH = 16
MAX_ALT = 300


def file_name(key: str, width: int) -> str:
    """Where the storage keeps the file of one width."""
    return f"{key[:2]}/{key}-{width}.webp"


def store_picture(
    session: AnySession, storage: Storage, data: bytes, *, owner: User | None, alt: str = "", now: datetime
) -> Asset:
    """Keep a picture as it was sent. The same file is kept once, however often it comes.

    Decoding takes up to seconds; where that must not hold the database, ``images.encode`` first and then
    ``store_encoded``. Raises Invalid (field ``picture``) and Unavailable.
    """
    known = find_by_digest(session, digest_of(data))
    if known is not None and all(storage.exists(file_name(known.key, width)) for width in known.widths):
        return known
    return store_encoded(session, storage, encode(data), owner=owner, alt=alt, now=now)


def store_encoded(
    session: AnySession,
    storage: Storage,
    picture: EncodedPicture,
    *,
    owner: User | None,
    alt: str = "",
    now: datetime,
) -> Asset:
    """Keep a decoded picture: its files first, then its row, so that a row never lacks a file."""
    asset = find_by_digest(session, picture.digest)
    key = new_key(KEY_LENGTH) if asset is None else asset.key
    for width, content in picture.files.items():
        if not storage.exists(file_name(key, width)):
            storage.put(file_name(key, width), content)
    if asset is None:
        asset = Asset(
            key=key,
            owner_id=owner.id if owner else None,
            width=picture.width,
            height=picture.height,
            widths=picture.widths,
            alt=alt[:MAX_ALT],
            digest=picture.digest,
            created_at=now,
        )
        session.add(asset)
        session.flush()
    return asset
