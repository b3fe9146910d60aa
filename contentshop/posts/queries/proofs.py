"""Whether posts are whole."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from contentshop.core.uow import AnySession
from contentshop.posts.models import (
    Card,
    Post,
    PostTopic,
    Revision,
)
from contentshop.posts.queries.joining import AnyRow
from contentshop.posts.segments import card_keys, recommending


def audit(session: AnySession) -> list[str]:
    """What is not whole among posts; empty when all is well. A fixed number of statements."""
    cards = _cards_by_post(session)
    topics = _topics_by_post(session)
    findings: list[str] = []
    for row in session.execute(
        select(
            Post.id,
            Post.key,
            Post.state,
            Post.live_id,
            Revision.post_id.label("owner_id"),
            Revision.cards,
            Revision.segments,
            Revision.topics,
        )
        .outerjoin(Revision, Revision.id == func.coalesce(Post.live_id, Post.draft_id))
        .order_by(Post.id)
    ):
        findings += [f"post {row.key}: {text}" for text in _faults(row, cards, topics)]
    return findings


def _faults(row: AnyRow, cards: dict[int, dict[str, tuple[int, bool]]], topics: dict[int, set[str]]) -> Iterable[str]:
    if row.owner_id != row.id:
        yield "its revision is missing or belongs to another post"
        return
    known = cards.get(row.id, {})
    entries = {entry["key"]: entry["product_id"] for entry in row.cards}
    live = {key for key, (_, is_live) in known.items() if is_live}
    seen = {entry["key"] for entry in recommending(row.cards)} if row.state == "published" else set()
    if live != seen:
        yield f"live cards are {sorted(live)}, its text shows {sorted(seen)}"
    for key, product_id in entries.items():
        if key not in known or known[key][0] != product_id:
            yield f"card {key} is missing or offers another product"
    if set(card_keys(row.segments)) != set(entries):
        yield "its text and its list of cards differ"
    filed = topics.get(row.id, set())
    wanted = set(row.topics) if row.state == "published" else set()
    if filed != wanted:
        yield f"filed under {sorted(filed)}, should be {sorted(wanted)}"


def _cards_by_post(session: AnySession) -> dict[int, dict[str, tuple[int, bool]]]:
    found: dict[int, dict[str, tuple[int, bool]]] = {}
    for post_id, key, product_id, live in session.execute(select(Card.post_id, Card.key, Card.product_id, Card.live)):
        found.setdefault(post_id, {})[key] = (product_id, live)
    return found


def _topics_by_post(session: AnySession) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for post_id, topic in session.execute(select(PostTopic.post_id, PostTopic.topic)):
        found.setdefault(post_id, set()).add(topic)
    return found
