"""What is read and bought now: the signals, worked out by the worker, and the boards as they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, select

from contentshop.accounts.models import User
from contentshop.affiliate.models import Click
from contentshop.core.uow import AnySession
from contentshop.discovery.models import SearchPick, Trend
from contentshop.discovery.trends import BOARDS, LONGEST, Done, Period, Place, Signal, rank
from contentshop.orders.models import Cart, CartLine, Order, OrderLine
from contentshop.posts.models import Card, Post
from contentshop.posts.queries import PUBLIC
from contentshop.products.models import Offer, Product, Variant

Kind = Literal["post", "product"]
BoardKey = tuple[Period, Kind]


@dataclass(frozen=True, slots=True)
class Trending:
    """What stands on a board, by row numbers, best first, with how many visitors put each there."""

    posts: Mapping[int, int]
    products: Mapping[int, int]


def list_trending(session: AnySession, period: Period) -> Trending:
    """A board without what is not public any more; one statement."""
    rows = session.execute(
        select(Trend.kind, Post.id, Product.id, Trend.visitors)
        .outerjoin(Post, (Post.id == Trend.post_id) & (Post.state == "published"))
        .outerjoin(User, (User.id == Post.author_id) & User.blocked.is_(False))
        .outerjoin(Product, (Product.id == Trend.product_id) & Product.listed)
        .where(Trend.period == period, (User.id.is_not(None)) | (Product.id.is_not(None)))
        .order_by(Trend.kind, Trend.place)
    ).all()
    return Trending(
        posts={post_id: visitors for _kind, post_id, _product_id, visitors in rows if post_id is not None},
        products={product_id: visitors for _kind, _post_id, product_id, visitors in rows if product_id is not None},
    )


def work_out_boards(session: AnySession, *, now: datetime) -> dict[BoardKey, list[Place]]:
    """Every board as it should be now (see ``discovery.trends``); reads a month of signals in four statements."""
    posts: list[Signal] = []
    products: list[Signal] = []
    for at, visitor, done, post_id, author_id, product_id in _signals(session, now - LONGEST):
        author = (f"author {author_id}",) if author_id is not None else ()
        if post_id is not None:
            by = (f"product {product_id}",) if product_id is not None else ()
            posts.append(Signal(at, visitor, done, post_id, (*author, *by)))
        if product_id is not None:
            products.append(Signal(at, visitor, done, product_id, author))
    found: dict[BoardKey, list[Place]] = {}
    for period, board in BOARDS.items():
        found[period, "post"] = rank(posts, board, now=now)
        found[period, "product"] = rank(products, board, now=now)
    return found


AnySignal = tuple[datetime, str, Done, int | None, int | None, int | None]


def _signals(session: AnySession, since: datetime) -> Iterator[AnySignal]:
    """(when, who, what, post, its author, product); what is not public is None.

    Authors' clicks on their own cards are not in the tables; their orders for their own work are left out here.
    """
    for row in session.execute(_clicks().where(Click.clicked_at > since)):
        yield (row[0], row[1], "click", row[2], row[3], row[4])
    for row in session.execute(_reads().where(SearchPick.picked_at > since)):
        yield (row[0], row[1], "read", row[2], row[3], row[4])
    for row in session.execute(_carts().where(Cart.updated_at > since)):
        yield (row[0], f"cart {row[1]}", "cart", row[2], row[3], row[4])
    for at, email, user_id, post_id, author_id, product_id in session.execute(_orders().where(Order.placed_at > since)):
        if user_id is None or user_id != author_id:
            yield (at, f"buyer {email.lower()}", "order", post_id, author_id, product_id)


def _readable() -> Any:
    """Posts that everybody may read."""
    return select(Post.id, Post.key, Post.author_id).join(User, User.id == Post.author_id).where(PUBLIC).subquery()


def _clicks() -> Select[*tuple[Any, ...]]:
    post = _readable()
    return (
        select(Click.clicked_at, Click.visitor, post.c.id, post.c.author_id, Product.id)
        .outerjoin(post, post.c.key == Click.post_key)
        .outerjoin(Offer, Offer.key == Click.offer_key)
        .outerjoin(Product, (Product.id == Offer.product_id) & Product.listed)
    )


def _reads() -> Select[*tuple[Any, ...]]:
    """Results of searches that were opened."""
    post = _readable()
    return (
        select(SearchPick.picked_at, SearchPick.visitor, post.c.id, post.c.author_id, Product.id)
        .outerjoin(post, (post.c.key == SearchPick.target) & (SearchPick.kind == "post"))
        .outerjoin(Product, (Product.key == SearchPick.target) & (SearchPick.kind == "product") & Product.listed)
        .where(SearchPick.kind != "creator")
    )


def _carts() -> Select[*tuple[Any, ...]]:
    post = _readable()
    return (
        select(Cart.updated_at, Cart.id, post.c.id, post.c.author_id, Product.id)
        .join(CartLine, CartLine.cart_id == Cart.id)
        .join(Card, Card.key == CartLine.card_key)
        .join(Variant, Variant.id == CartLine.variant_id)
        .outerjoin(post, post.c.id == Card.post_id)
        .outerjoin(Product, (Product.id == Variant.product_id) & Product.listed)
    )


def _orders() -> Select[*tuple[Any, ...]]:
    post = _readable()
    return (
        select(Order.placed_at, Order.email, Order.user_id, post.c.id, post.c.author_id, Product.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Card, Card.key == OrderLine.card_key)
        .join(Variant, Variant.id == OrderLine.variant_id)
        .outerjoin(post, post.c.id == Card.post_id)
        .outerjoin(Product, (Product.id == Variant.product_id) & Product.listed)
        .where(Order.state != "cancelled")
    )
