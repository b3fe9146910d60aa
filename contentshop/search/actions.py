"""Keeping the index equal to the database: catching up after an event, building anew, comparing, repairing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from sqlalchemy import delete, func, select

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession, unit_of_work
from contentshop.core.words import say
from contentshop.curation.models import FeaturedList, Slot
from contentshop.posts.models import Card, Post, PostTopic
from contentshop.products.models import Product
from contentshop.search import documents, suggestions
from contentshop.search.models import SynonymRule
from contentshop.search.port import Delete, Document, Operation, SearchBackend, Upsert
from contentshop.search.synonyms import MOST_RULES, Rule
from contentshop.social.queries import list_spoken

# What has changed. ``product_posts``: the posts that recommend these products, and so on.
Subject = Literal[
    "post",
    "product",
    "creator",
    "topic",
    "featured",
    "product_posts",
    "creator_posts",
    "post_author",
    "post_topics",
    "post_products",
    "creator_talks",
]
# A list is put into the index within this time of its beginning.
OPENING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Drift:
    """Where index and database differ, as document ids."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    surplus: tuple[str, ...]
    documents: int

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.surplus)


def add_synonyms(session: AnySession, rule: Rule, *, by: User, now: datetime) -> SynonymRule:
    """Let the words of ``rule`` be found by each other from now on. Raises Conflict for one that is there already."""
    line = rule.line()
    if session.scalar(select(SynonymRule.id).where(SynonymRule.line == line)):
        raise Conflict(say("This line is there already."))
    if (session.scalar(select(func.count()).select_from(SynonymRule)) or 0) >= MOST_RULES:
        raise Conflict(say("There are %(most)s lines already; take some away first.", most=MOST_RULES))
    added = SynonymRule(
        key=new_key(), line=line, texts=list(rule.texts), one_way=rule.one_way, changed_by=by.id, changed_at=now
    )
    session.add(added)
    session.flush()
    return added


def remove_synonyms(session: AnySession, key: str) -> None:
    """Forget a line of synonyms; harmless when it is gone."""
    session.execute(delete(SynonymRule).where(SynonymRule.key == key))


def sync(session: AnySession, backend: SearchBackend, subject: Subject, keys: Sequence[str], *, now: datetime) -> None:
    """Make the index say of these things what the database says now. Repeats do no harm.

    The suggestions are committed here, before the engine is asked: the one action that commits, since nothing may be
    held open while an engine works. Raises Unavailable when it cannot be reached; the next try does both again.
    """
    operations = _operations(session, subject, keys, now)
    session.rollback()
    if not operations:
        return
    with unit_of_work(session):
        gone = [operation.id for operation in operations if isinstance(operation, Delete)]
        suggestions.keep(session, [op.document for op in operations if isinstance(op, Upsert)], gone)
    backend.apply(operations)


def sync_openings(session: AnySession, backend: SearchBackend, *, now: datetime) -> int:
    """Put in the featured lists whose time has begun of late, which no event tells; returns their number."""
    begun = select(Slot.list_id).where(Slot.starts_at <= now, Slot.starts_at > now - OPENING)
    keys = list(session.scalars(select(FeaturedList.key).where(FeaturedList.id.in_(begun))))
    if keys:
        sync(session, backend, "featured", keys, now=now)
    session.rollback()
    return len(keys)


def _operations(session: AnySession, subject: Subject, keys: Sequence[str], now: datetime) -> list[Operation]:
    match subject:
        case "post":
            found = documents.post_documents(session, keys)
            return _puts(found.values()) + _removals(keys, found, ("post", "list", "deal"))
        case "product":
            found = documents.product_documents(session, keys)
            return _puts(found.values()) + _removals(keys, found, ("product",))
        case "creator":
            found = documents.creator_documents(session, keys)
            return _puts(found.values()) + _removals(keys, found, ("creator",))
        case "topic":
            found = documents.topic_documents(session, keys)
            return _puts(found.values()) + _removals(keys, found, ("topic",))
        case "featured":
            found = documents.featured_documents(session, keys, now=now)
            return _puts(found.values()) + _removals(keys, found, ("featured",))
        case "post_topics":
            filed = (
                select(PostTopic.topic).join(Post, Post.id == PostTopic.post_id).where(Post.key.in_(keys)).distinct()
            )
            return _operations(session, "topic", list(session.scalars(filed)), now)
        case "post_products":
            named = (
                select(Product.key)
                .join(Card, Card.product_id == Product.id)
                .join(Post, Post.id == Card.post_id)
                .where(Post.key.in_(keys))
                .distinct()
            )
            return _operations(session, "product", list(session.scalars(named)), now)
        case "product_posts":
            cards = (
                select(Post.key)
                .join(Card, Card.post_id == Post.id)
                .join(Product, Product.id == Card.product_id)
                .where(Card.live, Post.state == "published", Product.key.in_(keys))
                .distinct()
            )
            return _operations(session, "post", list(session.scalars(cards)), now)
        case "creator_posts":
            written = (
                select(Post.key)
                .join(User, User.id == Post.author_id)
                .where(User.key.in_(keys), Post.live_id.is_not(None))
            )
            return _operations(session, "post", list(session.scalars(written)), now)
        case "creator_talks":
            posts, products = list_spoken(session, keys)
            return _operations(session, "post", posts, now) + _operations(session, "product", products, now)
        case "post_author":
            authors = select(User.key).join(Post, Post.author_id == User.id).where(Post.key.in_(keys)).distinct()
            return _operations(session, "creator", list(session.scalars(authors)), now)


def _puts(found: Collection[Document]) -> list[Operation]:
    return [Upsert(document) for document in found]


def _removals(keys: Sequence[str], found: Collection[str], kinds: Sequence[str]) -> list[Operation]:
    return [Delete(f"{kind}:{key}") for key in keys if key not in found for kind in kinds]


def rebuild(session: AnySession, backend: SearchBackend, *, now: datetime) -> int:
    """Build the whole index anew beside the old one and switch to it; returns the number of documents.

    What changed while it was being built is caught up with after the switch.
    """
    count = backend.rebuild(documents.every_document(session, now=now))
    _renew_suggestions(session, now=now)
    repair(session, backend, now=now)
    return count


def _renew_suggestions(session: AnySession, *, now: datetime) -> None:
    """Fill the table of suggestions anew, a batch at a time, so that nobody waits long to write."""
    with unit_of_work(session):
        suggestions.forget_all(session)
    found = documents.every_document(session, now=now)
    while batch := list(islice(found, documents.BATCH)):
        with unit_of_work(session):
            suggestions.keep(session, batch)


def check(session: AnySession, backend: SearchBackend, *, now: datetime) -> Drift:
    """Compare every document that should be there with what is there."""
    indexed = dict(backend.versions())
    missing, stale = [], []
    count = 0
    for document in documents.every_document(session, now=now):
        count += 1
        version = indexed.pop(document.id, None)
        if version is None:
            missing.append(document.id)
        elif version != document.version:
            stale.append(document.id)
    return Drift(tuple(missing), tuple(stale), tuple(sorted(indexed)), count)


def repair(session: AnySession, backend: SearchBackend, *, now: datetime) -> Drift:
    """Put right what ``check`` finds; returns what it was."""
    drift = check(session, backend, now=now)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for identity in (*drift.missing, *drift.stale):
        kind, key = identity.split(":", 1)
        by_kind["post" if kind in ("list", "deal") else kind].append(key)
    subjects: tuple[Subject, ...] = ("post", "product", "creator", "topic", "featured")
    for subject in subjects:
        if by_kind[subject]:
            sync(session, backend, subject, by_kind[subject], now=now)
    if drift.surplus:
        with unit_of_work(session):
            suggestions.keep(session, [], drift.surplus)
        backend.apply([Delete(identity) for identity in drift.surplus])
    return drift
