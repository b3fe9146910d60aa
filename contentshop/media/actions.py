"""Changes to media. None commits; the door does.

Reading a file that was sent takes up to seconds, so a door calls ``prepare`` before it begins to write and hands
its result to ``keep_files``, and then, as it begins to write, to ``store``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO

import structlog
from sqlalchemy import delete as remove
from sqlalchemy import select

from contentshop.accounts.events import UserChanged
from contentshop.accounts.models import User
from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import Said, say
from contentshop.media import recordings
from contentshop.media.captions import MAX_BYTES as MAX_CAPTIONS
from contentshop.media.captions import Captions, looks_like_captions, read_captions
from contentshop.media.images import MAX_BYTES, EncodedPicture, digest_of, encode
from contentshop.media.inputs import MAX_ALT, Description, file_title
from contentshop.media.models import Asset, Portrait
from contentshop.media.port import Storage
from contentshop.media.queries import (
    PRIVATE,
    file_name,
    file_names,
    find_by_digest,
    is_used,
    private_name,
    recording_name,
)
from contentshop.media.recordings import Recording

KEY_LENGTH = 16
PRIVATE_WIDTH = 1280  # pixels
PIECE = 1024 * 1024  # bytes read at a time
LOST_AFTER = timedelta(days=1)
MOST_LOST = 20  # files that may go although they are most of what there is
LOOKED_UP = 500  # files looked up with one statement

log = structlog.get_logger("contentshop.media")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was sent, read and made safe. ``file`` is at the first byte that is to be kept.

    ``notes`` are sentences for who sent it: what was left out of it.
    """

    name: str
    digest: str
    content: EncodedPicture | Recording | Captions
    file: BinaryIO
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A medium whose files are in the storage: its key, and their size together."""

    key: str
    bytes: int


def prepare(file: BinaryIO, name: str, *, most: int) -> Prepared:
    """Tell by its content what ``file`` is, and make it safe. ``file`` may be written to. Without the database.

    ``most`` is the largest size of a video or sound in bytes; pictures and captions have limits of their own.
    Sizes are checked before anything is decoded. Raises Invalid (field ``file``).
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(64)
    if not head:
        raise _refused(say("Choose a file first: this one is empty."))
    if recordings.looks_like_one(head):
        return _recording(file, name, size, most)
    if recordings.is_still_of_a_phone(head):
        raise _refused(say("HEIC and AVIF pictures cannot be read here. Save it as JPEG and send that."))
    if looks_like_captions(head, name):
        _check_size(size, MAX_CAPTIONS)
        file.seek(0)
        data = file.read()
        captions = read_captions(data)
        return Prepared(file_title(name), digest_of(data), captions, BytesIO(captions.data))
    _check_size(size, MAX_BYTES)
    file.seek(0)
    return _picture(file.read(), name)


def _picture(data: bytes, name: str) -> Prepared:
    try:
        picture = encode(data)
    except Invalid as refusal:
        raise Invalid({"file": refusal.fields["picture"]}) from refusal
    notes = (
        (say("Of an animation only the first picture is kept. To keep it moving, send it as an MP4 or WebM video."),)
        if picture.moving
        else ()
    )
    return Prepared(file_title(name), picture.digest, picture, BytesIO(), notes)


def _recording(file: BinaryIO, name: str, size: int, most: int) -> Prepared:
    _check_size(size, most)
    recording = recordings.recognise(file, size)
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE):
        digest.update(piece)
    recordings.clean(file, recording)
    return Prepared(file_title(name), digest.hexdigest(), recording, file)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise _refused(say("This file is too large. Send at most %(most)s MB.", most=most // 1024 // 1024))


def _refused(message: Said) -> Invalid:
    return Invalid({"file": [message]})


def keep_files(storage: Storage, prepared: Prepared, *, known: str | None = None) -> Kept:
    """Put the files of ``prepared`` into the storage, before any row and outside of any transaction.

    ``known`` is the key it has already; what is lost of it is put back. Raises Unavailable when the storage takes
    nothing. Files whose row is never written do no harm.
    """
    key, content = known or new_key(KEY_LENGTH), prepared.content
    if isinstance(content, EncodedPicture):
        names = [file_name(key, width) for width in content.widths]
        for name, data in zip(names, content.files.values(), strict=True):
            if not storage.exists(name):
                storage.put(name, data)
    else:
        names = [recording_name(key, "vtt" if isinstance(content, Captions) else content.form)]
        if not storage.exists(names[0]):
            storage.put_file(names[0], prepared.file)
    return Kept(key, sum(map(storage.size, names)))


def store(
    session: AnySession,
    prepared: Prepared,
    kept: Kept,
    *,
    owner: User,
    alt: str = "",
    lang: str = "",
    now: datetime,
) -> Asset:
    """Write down a medium whose files are kept. The same file of the same person is kept once; then ``alt`` fills
    what was empty."""
    known = find_by_digest(session, prepared.digest, owner_id=owner.id)
    if known is not None:
        known.alt = known.alt or alt[:MAX_ALT]
        session.flush()
        return known
    asset = _row(kept, prepared, owner=owner, alt=alt, lang=lang, now=now)
    session.add(asset)
    session.flush()
    return asset


def _row(kept: Kept, prepared: Prepared, *, owner: User, alt: str, lang: str, now: datetime) -> Asset:
    content = prepared.content
    asset = Asset(
        key=kept.key,
        owner_id=owner.id,
        name=prepared.name,
        bytes=kept.bytes,
        alt=alt[:MAX_ALT],
        lang=lang,
        digest=prepared.digest,
        created_at=now,
        width=1,
        height=1,
        widths=[],
    )
    if isinstance(content, EncodedPicture):
        asset.kind, asset.form, asset.widths = "picture", "webp", content.widths
        asset.width, asset.height = content.width, content.height
    elif isinstance(content, Captions):
        asset.kind, asset.form, asset.duration = "captions", "vtt", content.duration
    else:
        asset.kind, asset.form, asset.duration = content.kind, content.form, content.duration
        asset.width, asset.height = content.width, content.height
    return asset


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
            kind="picture",
            form="webp",
            bytes=sum(map(len, picture.files.values())),
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


@dataclass(frozen=True, slots=True)
class PrivatePicture:
    """A picture that only some people may see: its key and size in pixels. Who may, its room says."""

    key: str
    width: int
    height: int


def keep_private(storage: Storage, picture: EncodedPicture) -> PrivatePicture:
    """Put a picture where public ones are not, in one size. Its row is the caller's. Raises Unavailable."""
    width = max((one for one in picture.widths if one <= PRIVATE_WIDTH), default=picture.widths[0])
    kept = PrivatePicture(new_key(KEY_LENGTH), width, max(1, round(picture.height * width / picture.width)))
    storage.put(private_name(kept.key), picture.files[width])
    return kept


def describe(session: AnySession, asset: Asset, words: Description) -> None:
    """Change what is said about a medium, and where its point of focus lies."""
    asset.alt, asset.lang = words.alt, words.lang
    asset.focus_x, asset.focus_y = words.focus_x, words.focus_y
    session.flush()


def set_portrait(session: AnySession, user: User, asset: Asset | None, *, now: datetime) -> None:
    """Make ``asset`` the picture of a person, or take the present one away. Raises Invalid for what is no picture."""
    if asset is not None and asset.kind != "picture":
        raise Invalid({"picture": [say("Choose a picture.")]})
    session.execute(remove(Portrait).where(Portrait.user_id == user.id))
    if asset is not None:
        session.add(Portrait(user_id=user.id, asset_id=asset.id))
    user.version += 1
    record(session, UserChanged(user=user.key), now=now)
    session.flush()


def delete(session: AnySession, asset: Asset) -> list[str]:
    """Forget a medium that nothing uses (the caller has looked). Returns its files' names.

    The door deletes the files once this is committed; files without a row do no harm, a row without files would.
    """
    names = file_names(asset)
    session.delete(asset)
    session.flush()
    return names


def forget_unused(session: AnySession, asset_ids: Collection[int]) -> list[str]:
    """Forget those of these media that nothing refers to. Returns their files' names, for the door as ``delete``."""
    rows = session.scalars(select(Asset).where(Asset.id.in_(asset_ids), ~is_used()))
    return [name for asset in rows.all() for name in delete(session, asset)]


def sweep_files(session: AnySession, storage: Storage, *, now: datetime) -> int:
    """Delete files older than a day that no row knows; how many.

    Files are kept before their row is written, so one that is left without has lost its upload, and a day is longer
    than any upload takes. Each is looked up just before it goes, and may go twice: whoever is stopped in between has
    only not finished. If most files are unknown, this is another site's folder or database: nothing goes.
    """
    limit = now - LOST_AFTER
    names = [name for name in storage.names(before=limit) if not name.startswith(PRIVATE)]
    lost = [name for part in _parts(names) for name in _unknown(session, part)]
    if len(lost) > MOST_LOST and 2 * len(lost) > len(names):
        log.error("most media files are unknown to the database; none is deleted", files=len(names), unknown=len(lost))
        return 0
    for part in _parts(lost):
        for name in _unknown(session, part):
            storage.delete(name)
    return len(lost) + storage.clean(before=limit)


def sweep_rows(session: AnySession, storage: Storage, *, now: datetime) -> int:
    """Forget media older than a day of which no file is left and which nothing uses; how many."""
    rows = session.scalars(select(Asset).where(Asset.created_at < now - LOST_AFTER, ~is_used()))
    empty = [asset for asset in rows if not any(map(storage.exists, file_names(asset)))]
    for asset in empty:
        session.delete(asset)
    session.flush()
    return len(empty)


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + LOOKED_UP] for start in range(0, len(names), LOOKED_UP))


def _unknown(session: AnySession, names: Sequence[str]) -> list[str]:
    """Those of these files that belong to no row."""
    keys = {name: re.split("[-.]", name.rpartition("/")[2])[0] for name in names}
    known = set(session.scalars(select(Asset.key).where(Asset.key.in_(set(keys.values())))))
    return [name for name, key in keys.items() if key not in known]
