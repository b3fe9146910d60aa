"""Which media a post's text uses, so that none is deleted under it.

A medium's key stands in a source in many ways: in a directive, as its poster or captions, in the address of a file.
Keys are random and long enough to be told from words, so every place that holds one counts as use.
"""

from __future__ import annotations

import re

from sqlalchemy import delete, insert, select

from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.posts.models import Revision, RevisionAsset

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
