"""What is suggested while somebody types: public things by any word of their titles, Chinese ones by pinyin too.

The keys stand in a table that follows the index, so they need no engine and no memory of a web process.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, literal, select, union_all

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.curation.models import FeaturedList, Slot, Topic
from contentshop.posts.models import Post, Revision
from contentshop.posts.queries import PUBLIC
from contentshop.products.models import Product
from contentshop.search.analysis import normalise
from contentshop.search.chinese import is_chinese, pinyin_keys
from contentshop.search.models import SuggestionKey
from contentshop.search.port import Document, Kind

LONGEST_KEY = 80  # characters, as the column
STARTS = 8  # places in a title from which it may be typed
LOOKED_AT = 40  # keys of one answer
MOST = 8  # suggestions of one answer
MOST_OF_A_KIND = 4

_SPACE = re.compile(r"[^\w]+")
_KIND_BONUS = {"topic": 50, "product": 0, "creator": 20, "list": 5, "deal": 2, "post": 0, "featured": 10}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A public thing; ``name`` is the slug (or a creator's handle) of its address."""

    kind: Kind
    title: str
    name: str


def keys_of(document: Document) -> set[str]:
    """What may be typed to be led to a document: its title or a translated one from any word on, or in pinyin."""
    found: set[str] = set()
    titles = [document.title, *(document.codes if document.kind == "product" else ())]
    titles += document.tags if document.kind in {"topic", "product", "creator"} else ()
    for title in titles:
        found.update(_keys(title))
    return found


def _keys(title: str) -> Iterator[str]:
    plain = plain_key(title)
    starts = 0
    for at, character in enumerate(plain):
        if starts == STARTS:
            break
        if at == 0 or plain[at - 1] == " " or is_chinese(character):
            starts += 1
            yield plain[at : at + LONGEST_KEY]
    for key in pinyin_keys(plain, STARTS):
        yield key[:LONGEST_KEY]


def plain_key(text: str) -> str:
    """Text as keys are compared: normalised, one space between words."""
    return _SPACE.sub(" ", normalise(text)).strip()


def _head(key: str) -> str:
    return key[:1] if is_chinese(key[:1]) else key[:2]


def _stem(key: str) -> str:
    return key[:2] if is_chinese(key[:1]) else key[:4]


def keep(session: AnySession, documents: Collection[Document], gone: Iterable[str] = ()) -> None:
    """Make these documents, and no longer those that are gone, be suggested."""
    ids = [*gone, *(document.id for document in documents)]
    for start in range(0, len(ids), LOOKED_AT * 10):
        session.execute(delete(SuggestionKey).where(SuggestionKey.document.in_(ids[start : start + LOOKED_AT * 10])))
    rows = [
        {
            "document": document.id,
            "head": _head(key),
            "stem": _stem(key),
            "key": key,
            "rank": -(document.popularity * 10 + _KIND_BONUS[document.kind]),
        }
        for document in documents
        for key in sorted(keys_of(document))
    ]
    if rows:
        session.execute(insert(SuggestionKey), rows)


def forget_all(session: AnySession) -> None:
    """Empty the table, before it is filled anew."""
    session.execute(delete(SuggestionKey))


def suggest(session: AnySession, typed: str) -> list[Suggestion]:
    """Up to ``MOST`` public things whose title goes on from what is typed; two statements.

    From the first Chinese character or the second Latin letter. What is not public at this moment is left out,
    however the table lags.
    """
    key = plain_key(typed)[:LONGEST_KEY]
    head, stem = _head(key), _stem(key)
    if not key or (len(head) < 2 and not is_chinese(head)):
        return []
    long = len(stem) == 2 * len(head)
    rows = session.execute(
        select(SuggestionKey.document)
        .where(SuggestionKey.stem == stem if long else SuggestionKey.head == head)
        .where(func.substr(SuggestionKey.key, 1, len(key)) == key)
        .order_by(SuggestionKey.rank, SuggestionKey.key, SuggestionKey.document)
        .limit(LOOKED_AT)
    )
    ids = list(dict.fromkeys(row.document for row in rows))
    public = _public(session, ids)
    counts: dict[str, int] = {}
    found = []
    for document in ids:
        suggestion = public.get(document)
        if suggestion is None or counts.get(suggestion.kind, 0) == MOST_OF_A_KIND:
            continue
        counts[suggestion.kind] = counts.get(suggestion.kind, 0) + 1
        found.append(suggestion)
    return found[:MOST]


def _public(session: AnySession, ids: Sequence[str]) -> dict[str, Suggestion]:
    """Those of these documents that everybody may see now, with their present titles."""
    keys: dict[str, list[str]] = {}
    for document in ids:
        kind, key = document.split(":", 1)
        keys.setdefault("post" if kind in ("list", "deal") else kind, []).append(key)
    parts = []
    if "post" in keys:
        parts.append(
            select(Post.kind, Post.key, Post.slug, Revision.title)
            .join(Revision, Revision.id == Post.live_id)
            .join(User, User.id == Post.author_id)
            .where(Post.key.in_(keys["post"]), PUBLIC)
        )
    if "product" in keys:
        parts.append(
            select(literal("product"), Product.key, Product.slug, Product.title).where(
                Product.key.in_(keys["product"]), Product.listed
            )
        )
    if "creator" in keys:
        parts.append(
            select(literal("creator"), User.key, User.handle, User.name).where(
                User.key.in_(keys["creator"]), User.blocked.is_(False)
            )
        )
    if "topic" in keys:
        parts.append(select(literal("topic"), Topic.slug, Topic.slug, Topic.title).where(Topic.slug.in_(keys["topic"])))
    if "featured" in keys:
        parts.append(
            select(literal("featured"), FeaturedList.key, FeaturedList.slug, FeaturedList.title).where(
                FeaturedList.key.in_(keys["featured"]), FeaturedList.id.in_(select(Slot.list_id))
            )
        )
    if not parts:
        return {}
    found: dict[str, Suggestion] = {}
    for stored, key, name, title in session.execute(union_all(*parts)):
        kind = typing.cast(Kind, "post" if stored == "article" else stored)
        found[f"{kind}:{key}"] = Suggestion(kind, title, name)
    return found
