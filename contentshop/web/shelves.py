"""Featured lists → shelves of posts and product cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contentshop.core.db import db
from contentshop.curation.queries import Featured
from contentshop.posts.queries import PostTile
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.web.cards import product_card
from contentshop.web.chrome import language_tag
from contentshop.web.reader_pages import Entry, FeaturedShelf
from contentshop.web.session import Viewer
from contentshop.web.tiles import tile

SHELF = 12  # entries of a featured list on the home page


def shelves_of(
    lists: Sequence[Featured], who: Viewer, tiles: dict[int, PostTile], limit: int | None = SHELF
) -> tuple[list[FeaturedShelf], dict[int, ProductFacts]]:
    """Featured lists with their posts (``tiles``) and products; lists without anything public are left out."""
    entries = [entry for one in lists for entry in one.entries[:limit]]
    facts = products.load_facts(db.session, {entry.product_id for entry in entries if entry.product_id}, who.locale)
    shelves = []
    for one in lists:
        shown = [
            Entry(
                post=tile(tiles[entry.post_id]) if entry.post_id in tiles else None,
                card=product_card(facts[entry.product_id], who, known=facts) if entry.product_id in facts else None,
                reason=entry.reason,
            )
            for entry in one.entries[:limit]
            if entry.post_id in tiles or entry.product_id in facts
        ]
        if shown:
            shelves.append(
                FeaturedShelf(
                    one.title, one.intro, f"/featured/{one.slug}", f"list-{one.key}", language_tag(one.lang), shown
                )
            )
    return shelves, facts


def posts_of(lists: Iterable[Featured], limit: int | None = SHELF) -> set[int]:
    """The row numbers of the posts in featured lists."""
    return {entry.post_id for one in lists for entry in one.entries[:limit] if entry.post_id}
