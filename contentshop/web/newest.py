"""Published posts a page at a time, newest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.posts import queries as posts
from contentshop.posts.queries import PostTile
from contentshop.web import freshness
from contentshop.web.reader_pages import Paging
from contentshop.web.session import Viewer
from contentshop.web.tiles import TileView, tile

TILES = 24  # posts of one page


class Newest:
    """One page of published posts, and whether there is another; on the first page ``also`` other posts, by id."""

    def __init__(
        self,
        number: int,
        *,
        topic: str | None = None,
        author_key: str | None = None,
        kind: str | None = None,
        also: Collection[int] = (),
    ) -> None:
        offset = (number - 1) * TILES
        self.also: dict[int, PostTile] = {}
        if also:
            found, self.also = posts.newest_and(db.session, also, limit=TILES + 1, author_key=author_key)
        else:
            found = posts.list_newest(
                db.session, limit=TILES + 1, offset=offset, topic=topic, author_key=author_key, kind=kind
            )
        self.tiles = found[:TILES]
        self.part = freshness.newest(limit=TILES + 1, offset=offset, topic=topic, author_key=author_key, kind=kind)
        self._number = number
        self._more = len(found) > TILES

    def paging(self, path: str) -> Paging:
        """The ways to newer and older posts."""
        number = self._number
        if number == 1 and not self._more:
            return Paging()
        return Paging(
            previous_url="" if number == 1 else path if number == 2 else f"{path}?page={number - 1}",
            next_url=f"{path}?page={number + 1}" if self._more else "",
            position=_("Page %(page)s", page=number),
        )


def readable_first(tiles: Iterable[PostTile], who: Viewer) -> list[TileView]:
    """Tiles with those in the reader's language first, each language newest first."""
    return [tile(entry) for entry in sorted(tiles, key=lambda entry: entry.lang != who.locale)]
