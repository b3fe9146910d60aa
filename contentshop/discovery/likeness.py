"""Which posts read alike: what the search engine finds for the words that a post's title and summary are about.

The engine is asked when a post is published or changed, and its answer kept, so that reading a page asks nobody. What
is found is held against the post itself, which its own words find best; others whose texts come to ``NEAR`` of that are
kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.discovery.models import Likeness
from contentshop.posts.models import Post, Revision
from contentshop.posts.queries import PUBLIC
from contentshop.search.analysis import parse, terms
from contentshop.search.port import SearchBackend, SearchQuery

NEAR = 0.3
KEPT = 8
WORDS = 9  # that the engine is asked for
SHORTEST_LATIN = 4


@dataclass(frozen=True, slots=True)
class Alike:
    """What reads like the post with this key: others' keys, the closest first, each with its closeness."""

    key: str
    others: tuple[tuple[str, float], ...]


def look_alike(session: AnySession, backend: SearchBackend, key: str) -> Alike:
    """Ask the engine; nothing is held open meanwhile. A post that is not public is like none. Raises Unavailable."""
    row = session.execute(
        select(Revision.title, Revision.summary, Post.lang)
        .join(Post, Post.live_id == Revision.id)
        .join(User, User.id == Post.author_id)
        .where(Post.key == key, PUBLIC)
    ).one_or_none()
    session.rollback()
    if row is None:
        return Alike(key, ())
    query = SearchQuery(
        telling_words(row.title, row.summary),
        kinds=("post", "list", "deal"),
        langs=(row.lang,),
        limit=KEPT * 2,
        verbatim=True,
        explain=True,
    )
    scores = {hit.id.partition(":")[2]: hit.parts.get("text", 0.0) for hit in backend.search(query).hits}
    own = scores.pop(key, 0.0) or max(scores.values(), default=0.0)
    near = [(other, min(1.0, score / own)) for other, score in scores.items() if own and score >= NEAR * own]
    return Alike(key, tuple(sorted(near, key=lambda other: (-other[1], other[0]))[:KEPT]))


def telling_words(title: str, summary: str) -> str:
    """The words of a title and its summary that say most: those that come most often, the title's first."""
    counts: Counter[str] = Counter()
    for text, weight in ((title, 3), (summary, 2)):
        for term in terms(text):
            counts[term] += weight
    telling = [term for term in counts if _says_something(term)]
    return " ".join(sorted(telling, key=lambda term: (-counts[term], term))[:WORDS])


def _says_something(term: str) -> bool:
    long = len(term) >= SHORTEST_LATIN if term.isascii() else len(term) > 1
    return long and not term.isdigit() and all(word.needed for word in parse(term).words)


def keep_alike(session: AnySession, found: Sequence[Alike]) -> None:
    """Write down what was found, instead of what was known of these posts."""
    keys = {one.key for one in found} | {other for one in found for other, _closeness in one.others}
    rows_of = session.execute(select(Post.key, Post.id).where(Post.key.in_(sorted(keys))))
    ids = {row.key: row.id for row in rows_of}
    session.execute(delete(Likeness).where(Likeness.post_id.in_([ids[one.key] for one in found if one.key in ids])))
    rows = [
        {"post_id": ids[one.key], "other_id": ids[other], "closeness": closeness}
        for one in found
        if one.key in ids
        for other, closeness in one.others
        if other in ids
    ]
    if rows:
        session.execute(insert(Likeness), rows)
