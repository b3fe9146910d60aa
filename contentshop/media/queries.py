"""Reads of media."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from contentshop.core.errors import NotFound
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset, Portrait

# What a picture is shown by, for statements that read it beside something else.
PICTURE_COLUMNS = (
    Asset.key.label("asset_key"),
    Asset.width,
    Asset.height,
    Asset.widths,
    Asset.focus_x,
    Asset.focus_y,
    Asset.alt.label("asset_alt"),
)


@dataclass(frozen=True, slots=True)
class MediumFacts:
    """A medium as pages show it; see ``media.models.Asset``."""

    id: int
    key: str
    kind: str
    form: str
    name: str
    bytes: int
    duration: int | None
    lang: str
    width: int
    height: int
    widths: tuple[int, ...]
    alt: str
    focus: tuple[int, int]


def file_name(key: str, width: int) -> str:
    """Where the storage keeps the file of one width of a picture."""
    return f"{key[:2]}/{key}-{width}.webp"


# Pictures that are not for everybody lie apart, under a name that no public key can have (keys know no "u").
PRIVATE = "uu/"


def private_name(key: str) -> str:
    """Where the storage keeps a picture that only some people may see."""
    return f"{PRIVATE}u{key}.webp"


def recording_name(key: str, form: str) -> str:
    """Where the storage keeps a video, sound or captions file."""
    return f"{key[:2]}/{key}.{form}"


def file_names(asset: Asset) -> list[str]:
    """All that the storage keeps of a medium."""
    if asset.kind == "picture":
        return [file_name(asset.key, width) for width in asset.widths]
    return [recording_name(asset.key, asset.form)]


def find_asset(session: AnySession, key: str) -> Asset | None:
    """The medium with this public key, if there is one."""
    return session.scalar(select(Asset).where(Asset.key == key))


def find_portrait(session: AnySession, user_id: int) -> Asset | None:
    """The picture of a person, if there is one."""
    return session.scalar(
        select(Asset).join(Portrait, Portrait.asset_id == Asset.id).where(Portrait.user_id == user_id)
    )


def get_own(session: AnySession, key: str, owner_id: int) -> Asset:
    """The medium with this public key that this person sent. Raises NotFound for everybody else's too."""
    found = find_asset(session, key)
    if found is None or found.owner_id != owner_id:
        raise NotFound(say("There is no such picture, video or sound among yours."))
    return found


def find_by_digest(session: AnySession, digest: str, *, owner_id: int | None = None) -> Asset | None:
    """The oldest medium made from a file with this SHA-256; only among this person's if given."""
    query = select(Asset).where(Asset.digest == digest).order_by(Asset.id).limit(1)
    return session.scalar(query if owner_id is None else query.where(Asset.owner_id == owner_id))


def page_own(
    session: AnySession, owner_id: int, *, text: str = "", kind: str = "", number: int = 1, size: int = 24
) -> Page[MediumFacts]:
    """A page of what a person sent, newest first; ``text`` is looked for in names, descriptions and keys."""
    query = _own(_facts(), owner_id, text, kind)
    total = session.scalar(_own(select(func.count()).select_from(Asset), owner_id, text, kind)) or 0
    rows = session.execute(query.order_by(Asset.id.desc()).limit(size).offset((number - 1) * size))
    return Page([_read(row) for row in rows], number, size, total)


def count_kinds(session: AnySession, owner_id: int) -> dict[str, int]:
    """How much of each kind a person sent."""
    rows = session.execute(
        select(Asset.kind, func.count().label("number")).where(Asset.owner_id == owner_id).group_by(Asset.kind)
    )
    return {row.kind: row.number for row in rows}


def load_media(session: AnySession, keys: Collection[str]) -> dict[str, MediumFacts]:
    """Media by their public keys, with one statement (none without keys)."""
    if not keys:
        return {}
    return {row.key: _read(row) for row in session.execute(_facts().where(Asset.key.in_(set(keys))))}


def facts_of(asset: Asset) -> MediumFacts:
    """What pages show of ``asset``."""
    return _read(asset)


def is_used(*, but: str = "") -> ColumnElement[bool]:
    """Whether a row of any table but ``but``, also of rooms above, refers to the medium of a query."""
    own = Asset.__table__.c.id
    return or_(
        *(
            exists().where(column == own)
            for table in Asset.metadata.tables.values()
            if table.name != but
            for column in table.columns
            if any(key.column is own for key in column.foreign_keys)
        )
    )


def is_used_beside(session: AnySession, key: str, table: str) -> bool:
    """Whether anything but the rows of ``table`` refers to the medium with this public key."""
    return session.scalar(select(Asset.id).where(Asset.key == key, is_used(but=table))) is not None


def _facts() -> Select[*tuple[Any, ...]]:
    return select(
        Asset.id,
        Asset.key,
        Asset.kind,
        Asset.form,
        Asset.name,
        Asset.bytes,
        Asset.duration,
        Asset.lang,
        Asset.width,
        Asset.height,
        Asset.widths,
        Asset.alt,
        Asset.focus_x,
        Asset.focus_y,
    )


def _own(query: Select[*tuple[Any, ...]], owner_id: int, text: str, kind: str) -> Select[*tuple[Any, ...]]:
    query = query.where(Asset.owner_id == owner_id)
    if kind:
        query = query.where(Asset.kind == kind)
    for word in text.split()[:8]:
        query = query.where(
            or_(*(column.icontains(word, autoescape=True) for column in (Asset.name, Asset.alt, Asset.key)))
        )
    return query


def _read(row: Any) -> MediumFacts:
    return MediumFacts(
        id=row.id,
        key=row.key,
        kind=row.kind,
        form=row.form,
        name=row.name,
        bytes=row.bytes,
        duration=row.duration,
        lang=row.lang,
        width=row.width,
        height=row.height,
        widths=tuple(row.widths),
        alt=row.alt,
        focus=(row.focus_x, row.focus_y),
    )
