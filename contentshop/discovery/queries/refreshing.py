"""What ``discovery.refresh`` needs to know of a creator's posts, in two statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select, union_all

from contentshop.accounts.models import User
from contentshop.affiliate.models import Click
from contentshop.core.uow import AnySession
from contentshop.discovery.models import SearchPick
from contentshop.discovery.refresh import BrokenCard, QueuedPost, Trouble, queue
from contentshop.posts.gate import Named, Ways, ways_of
from contentshop.posts.models import Post, Revision
from contentshop.posts.queries import own_role, works_on
from contentshop.products.offers import ProductFacts
from contentshop.products.queries import load_facts

READ_WITHIN = timedelta(days=30)
MOST_POSTS = 200  # those with most readers, then those that were revised longest ago
MOST_PRODUCTS = 5000
RECOMMENDED = frozenset({"card", "item", "spot", "chapter"})


def list_to_refresh(
    session: AnySession, user: User, *, locale: str, now: datetime, max_age: timedelta
) -> list[QueuedPost]:
    """Published posts that this person writes and that should be looked at again, the most worth while first.

    ``max_age`` is how old a price may be and still be told. Products are named in ``locale``.
    """
    rows = session.execute(_posts(user, now)).all()
    wanted = dict.fromkeys(id_ for row in rows for card in row.cards for id_ in _products_of(card))
    known = load_facts(session, list(wanted)[:MOST_PRODUCTS], locale)
    posts = (
        QueuedPost(
            key=row.key,
            slug=row.slug,
            title=row.title,
            lang=row.lang,
            readers=row.readers,
            looked_at=_looked_at(row.published_at, row.revised_at, row.tested_to or row.tested_from, now),
            changed=bool(row.changed),
            cards=tuple(_broken(row.cards, known, now - max_age)),
        )
        for row in rows
    )
    return queue(posts, now=now)


def _posts(user: User, now: datetime) -> Select[*tuple[Any, ...]]:
    mine = works_on(user) & (func.coalesce(own_role(user), "author") != "reviewer")
    keys = select(Post.key).where(Post.state == "published", mine)
    since = now - READ_WITHIN
    # A visitor's hash is another one every day, so this counts visitors of each day.
    seen = union_all(
        select(Click.post_key.label("key"), Click.visitor).where(Click.clicked_at > since, Click.post_key.in_(keys)),
        select(SearchPick.target.label("key"), SearchPick.visitor).where(
            SearchPick.picked_at > since, SearchPick.kind == "post", SearchPick.target.in_(keys)
        ),
    ).subquery()
    counted = select(seen.c.key, func.count(seen.c.visitor.distinct()).label("readers")).group_by(seen.c.key).subquery()
    readers = func.coalesce(counted.c.readers, 0)
    return (
        select(
            Post.key,
            Post.slug,
            Revision.title,
            Revision.lang,
            Revision.cards,
            Revision.tested_from,
            Revision.tested_to,
            Post.published_at,
            Post.revised_at,
            (Post.draft_id != Post.live_id).label("changed"),
            readers.label("readers"),
        )
        .join(Revision, Revision.id == Post.live_id)
        .outerjoin(counted, counted.c.key == Post.key)
        .where(Post.state == "published", mine)
        .order_by(readers.desc(), func.coalesce(Post.revised_at, Post.published_at), Post.id)
        .limit(MOST_POSTS)
    )


def _looked_at(published: datetime, revised: datetime | None, tested: date | None, now: datetime) -> datetime:
    tested_at = datetime.combine(tested, time(), UTC) if tested else published
    return min(now, max(published, revised or published, tested_at))


def _products_of(card: Mapping[str, Any]) -> Iterator[int]:
    if card["kind"] in RECOMMENDED:
        yield from (id_ for id_ in (card["product_id"], card.get("alternative_id")) if id_)


def _broken(cards: list[dict[str, Any]], known: Mapping[int, ProductFacts], fresh: datetime) -> Iterator[BrokenCard]:
    """The troubles of a post's cards, a product told once."""
    told: set[int] = set()
    for card in cards:
        product = known.get(card["product_id"])
        if product is None or card["kind"] not in RECOMMENDED or product.id in told:
            continue
        told.add(product.id)
        ways = ways_of(product, known, card.get("alternative_id"))
        trouble = _trouble(product, ways, fresh)
        if trouble is not None:
            yield BrokenCard(trouble, card["line"], Named(product.slug, product.title), ways.stand_in)


def _trouble(product: ProductFacts, ways: Ways, fresh: datetime) -> Trouble | None:
    if ways.state != "buyable":
        return ways.state
    if ways.ours or any(_told(offer.checked_at, fresh) for offer in product.offers if offer.active):
        return None
    return "stale"


def _told(checked_at: datetime | None, fresh: datetime) -> bool:
    return checked_at is not None and checked_at >= fresh
