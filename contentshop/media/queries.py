"""Reads of pictures."""

from __future__ import annotations

from sqlalchemy import select

from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset


def find_asset(session: AnySession, key: str) -> Asset | None:
    """The picture with this public key, if there is one."""
    return session.scalar(select(Asset).where(Asset.key == key))


def get_asset(session: AnySession, key: str) -> Asset:
    """The picture with this public key. Raises NotFound."""
    found = find_asset(session, key)
    if found is None:
        raise NotFound(say("There is no such picture."))
    return found


def find_by_digest(session: AnySession, digest: str) -> Asset | None:
    """The oldest picture made from a file with this SHA-256."""
    return session.scalar(select(Asset).where(Asset.digest == digest).order_by(Asset.id).limit(1))


def list_assets(session: AnySession, owner_id: int, *, limit: int, offset: int = 0) -> list[Asset]:
    """The pictures a person sent, newest first."""
    query = select(Asset).where(Asset.owner_id == owner_id).order_by(Asset.id.desc()).limit(limit).offset(offset)
    return list(session.scalars(query))
