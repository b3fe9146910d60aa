"""What has changed, as documents: what every visitor may see of it now, and what is not there any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.posts.models import Card, Post
from contentshop.products.models import Product
from contentshop.search import documents
from contentshop.search.port import Document
from contentshop.watching.inputs import KINDS, Kind
from contentshop.watching.queries import Thing

# What has changed. ``product_posts``: the posts that recommend these products; ``post_author``: who wrote them.
Subject = Literal["post", "product", "creator", "product_posts", "post_author"]


@dataclass(frozen=True, slots=True)
class Present:
    """The documents of what is public now, and the things that are not."""

    documents: tuple[Document, ...]
    gone: tuple[Thing, ...]


def thing_of(document: Document) -> Thing:
    """Kind and key of a document."""
    return document.kind, document.id.split(":", 1)[1]


def read(session: AnySession, subject: Subject, keys: Sequence[str]) -> Present:
    """The present state of what has changed."""
    match subject:
        case "post":
            return _present(documents.post_documents(session, keys), keys, ("post", "list", "deal"))
        case "product":
            return _present(documents.product_documents(session, keys), keys, ("product",))
        case "creator":
            return _present(documents.creator_documents(session, keys), keys, ("creator",))
        case "product_posts":
            recommending = (
                select(Post.key)
                .join(Card, Card.post_id == Post.id)
                .join(Product, Product.id == Card.product_id)
                .where(Card.live, Post.state == "published", Product.key.in_(keys))
                .distinct()
            )
            return read(session, "post", list(session.scalars(recommending)))
        case "post_author":
            authors = select(User.key).join(Post, Post.author_id == User.id).where(Post.key.in_(keys)).distinct()
            return read(session, "creator", list(session.scalars(authors)))


def _present(found: dict[str, Document], keys: Iterable[str], kinds: Sequence[Kind]) -> Present:
    gone = tuple((kind, key) for key in keys if key not in found for kind in kinds)
    return Present(tuple(found.values()), gone)


def read_things(session: AnySession, things: Collection[Thing]) -> dict[Thing, Document]:
    """The documents of those things that are public now."""
    wanted = set(things)
    keys = {kind: [key for other, key in sorted(wanted) if other == kind] for kind in KINDS}
    found = [
        *documents.post_documents(session, [*keys["post"], *keys["list"], *keys["deal"]]).values(),
        *documents.product_documents(session, keys["product"]).values(),
        *documents.creator_documents(session, keys["creator"]).values(),
    ]
    return {thing_of(document): document for document in found if thing_of(document) in wanted}
