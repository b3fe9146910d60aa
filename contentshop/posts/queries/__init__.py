"""Reads of posts. What reader pages use selects columns, in a constant number of statements."""

from contentshop.posts.queries.cards import card_origins, find_card
from contentshop.posts.queries.facts import (
    CardOrigin,
    CoAuthor,
    LiveCard,
    OwnPost,
    PostTile,
    PublishedPost,
    SeriesPlace,
    Update,
)
from contentshop.posts.queries.joining import DEAL_COLUMNS, PUBLIC, read_deal
from contentshop.posts.queries.own import (
    count_by_state,
    find_by_source,
    get_for_studio,
    list_for_author,
    list_problems,
    name_of,
    own_role,
    works_on,
)
from contentshop.posts.queries.proofs import audit
from contentshop.posts.queries.reading import estimated_words, get_preview, get_published
from contentshop.posts.queries.tiles import (
    list_addresses,
    list_mentions,
    list_newest,
    newest_and,
    read_tile,
    select_tiles,
    tiles_by_id,
)

__all__ = [
    "DEAL_COLUMNS",
    "PUBLIC",
    "CardOrigin",
    "CoAuthor",
    "LiveCard",
    "OwnPost",
    "PostTile",
    "PublishedPost",
    "SeriesPlace",
    "Update",
    "audit",
    "card_origins",
    "count_by_state",
    "estimated_words",
    "find_by_source",
    "find_card",
    "get_for_studio",
    "get_preview",
    "get_published",
    "list_addresses",
    "list_for_author",
    "list_mentions",
    "list_newest",
    "list_problems",
    "name_of",
    "newest_and",
    "own_role",
    "read_deal",
    "read_tile",
    "select_tiles",
    "tiles_by_id",
    "works_on",
]
