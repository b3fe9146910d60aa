"""Searching: ask the engine for ids, then read and check the few things that are shown.

A hit is shown only if the database says that it is public now, so an index that lags can hide something new but
never shows what was taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.posts.models import Post, Revision
from contentshop.products.models import Product
from contentshop.search.highlight import highlight, highlight_title
from contentshop.search.port import Kind, SearchBackend, SearchQuery

# Characters of a long text in which the fragment to show is looked for.
LOOKED_AT = 20_000

Pieces = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class ResultItem:
    """One result. ``name`` is the slug (or a creator's handle) for its address; ``title`` and ``fragment`` are
    (text, marked) pieces of plain text; ``picture`` is (asset key, width, height, widths)."""

    kind: Kind
    key: str
    name: str
    title: Pieces
    fragment: Pieces
    lang: str
    picture: tuple[str, int, int, list[int]] | None
    author: str
    published_at: datetime | None
    product_id: int | None


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results. ``degraded`` says that the engine did not answer and titles were looked through."""

    items: list[ResultItem]
    total: int
    kinds: Mapping[Kind, int]
    terms: tuple[str, ...]
    loosened: bool
    degraded: bool = False


def find(session: AnySession, backend: SearchBackend, query: SearchQuery, locale: str) -> Results:
    """Answer a query in at most three statements. Raises Unavailable or BadQuery like the port."""
    page = backend.search(query)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for hit in page.hits:
        kind, key = hit.id.split(":", 1)
        by_kind[kind].append(key)
    shown: dict[str, ResultItem] = {}
    shown |= _posts(session, [*by_kind["post"], *by_kind["list"]], page.terms)
    shown |= _products(session, by_kind["product"], page.terms, locale)
    shown |= _creators(session, by_kind["creator"], page.terms)
    items = [shown[hit.id] for hit in page.hits if hit.id in shown]
    return Results(items, page.total, page.kinds, page.terms, page.loosened)


def find_by_title(session: AnySession, query: SearchQuery, locale: str) -> Results:
    """The makeshift while the engine is away: titles that hold the text, newest first."""
    pattern = "%" + _escaped(query.text.strip()[:200].lower()) + "%"
    posts = list(
        session.scalars(
            select(Post.key)
            .join(Revision, Revision.id == Post.live_id)
            .where(Post.state == "published", func.lower(Revision.title).like(pattern, escape="\\"))
            .order_by(Post.published_at.desc(), Post.id.desc())
            .limit(query.limit)
        )
    )
    products = list(
        session.scalars(
            select(Product.key)
            .where(Product.listed, func.lower(Product.title).like(pattern, escape="\\"))
            .order_by(Product.created_at.desc(), Product.id.desc())
            .limit(query.limit)
        )
    )
    terms = tuple(query.text.split()[:12])
    kinds = set(query.kinds)
    found = [*_posts(session, posts, terms).values(), *_products(session, products, terms, locale).values()]
    items = [item for item in found if not kinds or item.kind in kinds][: query.limit]
    return Results(items, len(items), {}, terms, loosened=False, degraded=True)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _picture(row: Any) -> tuple[str, int, int, list[int]] | None:
    return (row.asset_key, row.width, row.height, row.widths) if row.asset_key else None


def _posts(session: AnySession, keys: Sequence[str], terms: Sequence[str]) -> dict[str, ResultItem]:
    if not keys:
        return {}
    rows = session.execute(
        select(
            Post.key,
            Post.slug,
            Post.kind,
            Post.lang,
            Post.published_at,
            Revision.title,
            Revision.summary,
            func.substr(Revision.text, 1, LOOKED_AT).label("text"),
            User.name.label("author"),
            Asset.key.label("asset_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
        )
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .outerjoin(Asset, Asset.id == Revision.cover_id)
        .where(Post.key.in_(keys), Post.state == "published", User.blocked.is_(False))
    )
    items = {}
    for row in rows:
        kind: Kind = "list" if row.kind == "list" else "post"
        items[f"{kind}:{row.key}"] = ResultItem(
            kind=kind,
            key=row.key,
            name=row.slug,
            title=highlight_title(row.title, terms),
            fragment=highlight(f"{row.summary}\n{row.text}", terms),
            lang=row.lang,
            picture=_picture(row),
            author=row.author,
            published_at=row.published_at,
            product_id=None,
        )
    return items


def _products(session: AnySession, keys: Sequence[str], terms: Sequence[str], locale: str) -> dict[str, ResultItem]:
    if not keys:
        return {}
    rows = session.execute(
        select(
            Product.id,
            Product.key,
            Product.slug,
            Product.title,
            Product.brand,
            Product.summary,
            Product.body,
            Product.lang,
            Product.translations,
        ).where(Product.key.in_(keys), Product.listed)
    )
    items = {}
    for row in rows:
        words = row.translations.get(locale) or {}
        title = words.get("title") or row.title
        text = "\n".join(filter(None, [words.get("summary") or row.summary, words.get("body") or row.body]))
        items[f"product:{row.key}"] = ResultItem(
            kind="product",
            key=row.key,
            name=row.slug,
            title=highlight_title(title, terms),
            fragment=highlight(text[:LOOKED_AT], terms),
            lang=locale if words else row.lang,
            picture=None,
            author=row.brand,
            published_at=None,
            product_id=row.id,
        )
    return items


def _creators(session: AnySession, keys: Sequence[str], terms: Sequence[str]) -> dict[str, ResultItem]:
    if not keys:
        return {}
    rows = session.execute(
        select(User.key, User.handle, User.name, User.bio).where(User.key.in_(keys), User.blocked.is_(False))
    )
    return {
        f"creator:{row.key}": ResultItem(
            kind="creator",
            key=row.key,
            name=row.handle,
            title=highlight_title(row.name, terms),
            fragment=highlight(row.bio, terms),
            lang="",
            picture=None,
            author="",
            published_at=None,
            product_id=None,
        )
        for row in rows
    }
