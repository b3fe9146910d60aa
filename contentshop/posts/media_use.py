"""Which media a post's text uses, so that none is deleted under it.

A medium's key stands in a source in many ways: in a directive, as its poster or captions, in the address of a file.
Keys are random and long enough to be told from words, so every place that holds one counts as use.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import case, delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from contentshop.core.errors import Conflict
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.posts.models import Post, Revision, RevisionAsset

# ``media.actions.KEY_LENGTH`` signs of the alphabet of ``core.ids``.
_KEY = re.compile(r"(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{16}(?![0-9a-z])")
_MOST = 2000  # what SQLite takes in one statement with ease; no text of a sane size comes near


def asset_keys(source: str) -> list[str]:
    """What may be keys of media in ``source``, each once, in order. The database knows which are."""
    return list(dict.fromkeys(_KEY.findall(source)))[:_MOST]


def note_use(session: AnySession, revision: Revision) -> None:
    """Write down which media ``revision`` uses, in place of what was known. Call it whenever its words change.

    Flushes first, so that a new revision has its row.
    """
    session.flush()
    wanted = set(session.scalars(select(Asset.id).where(Asset.key.in_(asset_keys(revision.source)))))
    if revision.cover_id is not None:
        wanted.add(revision.cover_id)
    here = RevisionAsset.revision_id == revision.id
    known = set(session.scalars(select(RevisionAsset.asset_id).where(here)))
    if known - wanted:
        session.execute(delete(RevisionAsset).where(here, RevisionAsset.asset_id.in_(known - wanted)))
    if wanted - known:
        rows = [{"revision_id": revision.id, "asset_id": asset_id} for asset_id in sorted(wanted - known)]
        session.execute(insert(RevisionAsset), rows)


@dataclass(frozen=True, slots=True)
class Use:
    """A post that uses a medium. ``present``: in what readers see or what is being written, not only in history."""

    post_key: str
    title: str
    present: bool


def list_use(session: AnySession, asset_ids: Collection[int]) -> dict[int, list[Use]]:
    """The posts that use these media, last changed first, by the row of the medium; one statement (none without)."""
    if not asset_ids:
        return {}
    draft = aliased(Revision)
    present = or_(Post.draft_id == RevisionAsset.revision_id, Post.live_id == RevisionAsset.revision_id)
    rows = session.execute(
        select(
            RevisionAsset.asset_id,
            Post.key,
            draft.title,
            func.max(case((present, 1), else_=0)).label("present"),
        )
        .join(Revision, Revision.id == RevisionAsset.revision_id)
        .join(Post, Post.id == Revision.post_id)
        .outerjoin(draft, draft.id == Post.draft_id)
        .where(RevisionAsset.asset_id.in_(asset_ids))
        .group_by(RevisionAsset.asset_id, Post.id, Post.key, Post.updated_at, draft.title)
        .order_by(Post.updated_at.desc(), Post.id.desc())
    )
    found: dict[int, list[Use]] = {}
    for row in rows:
        found.setdefault(row.asset_id, []).append(Use(row.key, row.title or "", bool(row.present)))
    return found


def forget(session: AnySession, asset_id: int) -> None:
    """Let histories go without a medium that is about to be deleted. Raises Conflict while a post uses it."""
    if any(use.present for use in list_use(session, [asset_id]).get(asset_id, [])):
        raise Conflict(say("A post uses this. Take it out there first."))
    session.execute(delete(RevisionAsset).where(RevisionAsset.asset_id == asset_id))
    session.execute(update(Revision).where(Revision.cover_id == asset_id).values(cover_id=None))
