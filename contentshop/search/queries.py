"""Searching: ask the engine for ids, then read and check the few things that are shown.

A hit is shown only if the database says that it is public now, so an index that lags can hide something new but
never shows what was taken back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, null, select, union_all

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.curation.models import FeaturedList, Slot, Topic
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.posts.bargains import DealFacts
from contentshop.posts.models import Deal, Post, Revision
from contentshop.posts.queries import DEAL_COLUMNS, PUBLIC, read_deal
from contentshop.products.models import Merchant, Product, ProductPicture
from contentshop.search.highlight import highlight, highlight_title
from contentshop.search.models import SynonymRule
from contentshop.search.port import Facet, Kind, SearchBackend, SearchQuery, kind_of_post
from contentshop.search.synonyms import Book, Rule

# Characters of a long text in which the fragment to show is looked for.
LOOKED_AT = 20_000
MOST_VALUES = 12  # of a facet that are shown
NAMED_FACETS = frozenset({"topic", "creator", "merchant"})  # whose values are keys

Pieces = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class ResultItem:
    """One result. ``name`` is the slug (or a creator's handle) for its address; ``title`` and ``fragment`` are
    (text, marked) pieces of plain text; ``picture`` is (asset key, width, height, widths); ``parts`` say how its
    place came about, when that was asked for; ``deal`` is how a deal stands."""

    kind: Kind
    key: str
    name: str
    title: Pieces
    fragment: Pieces
    lang: str
    picture: tuple[str, int, int, list[int], tuple[int, int]] | None
    author: str
    published_at: datetime | None
    product_id: int | None
    parts: Mapping[str, float] = field(default_factory=dict)
    deal: DealFacts | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that results can be narrowed to: its name in the reader's language and how many results have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results. ``degraded`` says that the engine did not answer and titles were looked through."""

    items: list[ResultItem]
    total: int
    kinds: Mapping[Kind, int]
    terms: tuple[str, ...]
    loosened: bool
    degraded: bool = False
    facets: Mapping[Facet, Sequence[FacetValue]] = field(default_factory=dict)
    corrected: str = ""
    offered: str = ""


def find(session: AnySession, backend: SearchBackend, query: SearchQuery, locale: str) -> Results:
    """Answer a query in at most three statements. Raises Unavailable or BadQuery like the port."""
    page = backend.search(query)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for hit in page.hits:
        kind, key = hit.id.split(":", 1)
        by_kind[kind].append(key)
    counted = {facet: list(values)[:MOST_VALUES] for facet, values in page.facets.items()}
    chosen: dict[Facet, tuple[str, ...]] = {
        "topic": query.topics,
        "creator": query.creators,
        "merchant": query.merchants,
        "brand": query.brands,
    }
    for facet, values in counted.items():
        # What is chosen already can be taken off again, however rare it is.
        values += [value for value in chosen.get(facet, ()) if value not in values]
    named = _named(session, by_kind, counted, locale)
    shown: dict[str, ResultItem] = {}
    shown |= _posts(session, [*by_kind["post"], *by_kind["list"], *by_kind["deal"]], page.terms)
    shown |= _products(session, by_kind["product"], page.terms, locale)
    shown |= _named_items(named, by_kind, page.terms)
    items = [replace(shown[hit.id], parts=hit.parts) for hit in page.hits if hit.id in shown]
    facets = {facet: _values(facet, counted[facet], page.facets[facet], named) for facet in page.facets}
    return Results(
        items,
        page.total,
        page.kinds,
        page.terms,
        page.loosened,
        facets=facets,
        corrected=page.corrected,
        offered=page.offered,
    )


def _values(
    facet: Facet, values: Sequence[str], counts: Mapping[str, int], named: Mapping[tuple[str, str], _Named]
) -> list[FacetValue]:
    if facet not in NAMED_FACETS:
        return [FacetValue(value, value, counts.get(value, 0)) for value in values]
    return [
        FacetValue(value, named[facet, value].title, counts.get(value, 0))
        for value in values
        if (facet, value) in named
    ]


@dataclass(frozen=True, slots=True)
class _Named:
    """A thing with little more than a name: a topic, a creator, a merchant, a featured list."""

    name: str
    title: str
    text: str
    lang: str


def _named(
    session: AnySession, hits: Mapping[str, Sequence[str]], facets: Mapping[Facet, Sequence[str]], locale: str
) -> dict[tuple[str, str], _Named]:
    """(kind, key) → names of what was found and of what can be chosen, in one statement."""
    parts: list[Any] = []
    if topics := [*hits["topic"], *facets.get("topic", ())]:
        parts.append(
            _naming("topic", Topic.slug, Topic.slug, Topic.title, Topic.intro, "", Topic.translations).where(
                Topic.slug.in_(topics)
            )
        )
    if creators := [*hits["creator"], *facets.get("creator", ())]:
        parts.append(
            _naming("creator", User.key, User.handle, User.name, User.bio, "", None).where(
                User.key.in_(creators), User.blocked.is_(False)
            )
        )
    if merchants := list(facets.get("merchant", ())):
        parts.append(
            _naming("merchant", Merchant.key, Merchant.key, Merchant.name, "", "", Merchant.translations).where(
                Merchant.key.in_(merchants)
            )
        )
    if lists := hits["featured"]:
        placed = select(Slot.list_id)
        parts.append(
            _naming(
                "featured",
                FeaturedList.key,
                FeaturedList.slug,
                FeaturedList.title,
                FeaturedList.intro,
                FeaturedList.lang,
                None,
            ).where(FeaturedList.key.in_(lists), FeaturedList.id.in_(placed))
        )
    if not parts:
        return {}
    found: dict[tuple[str, str], _Named] = {}
    for kind, key, name, title, text, lang, translations in session.execute(union_all(*parts)):
        words = (json.loads(translations) if translations else {}).get(locale) or {}
        found[kind, key] = _Named(
            name,
            words.get("title") or words.get("name") or title,
            words.get("intro") or text,
            locale if words else lang,
        )
    return found


def _naming(kind: str, key: Any, name: Any, title: Any, text: Any, lang: Any, translations: Any) -> Any:
    def column(value: Any, label: str) -> ColumnElement[str]:
        return (cast(literal(value), Text) if isinstance(value, str) else cast(value, Text)).label(label)

    words = cast(translations, Text) if translations is not None else cast(null(), Text)
    return select(
        column(kind, "kind"),
        column(key, "key"),
        column(name, "name"),
        column(title, "title"),
        column(text, "text"),
        column(lang, "lang"),
        words.label("translations"),
    )


def _named_items(
    named: Mapping[tuple[str, str], _Named], hits: Mapping[str, Sequence[str]], terms: Sequence[str]
) -> dict[str, ResultItem]:
    kinds: tuple[Kind, ...] = ("topic", "creator", "featured")
    return {
        f"{kind}:{key}": ResultItem(
            kind=kind,
            key=key,
            name=thing.name,
            title=highlight_title(thing.title, terms),
            fragment=highlight(thing.text, terms),
            lang=thing.lang,
            picture=None,
            author="",
            published_at=None,
            product_id=None,
        )
        for kind in kinds
        for key in hits[kind]
        if (thing := named.get((kind, key))) is not None
    }


@dataclass(frozen=True, slots=True)
class SynonymLine:
    """A line of synonyms at the desk."""

    key: str
    line: str
    changed_by: str
    changed_at: datetime


def list_synonyms(session: AnySession) -> list[SynonymLine]:
    """All lines of synonyms, the newest first."""
    rows = session.execute(
        select(SynonymRule.key, SynonymRule.line, User.name, SynonymRule.changed_at)
        .join(User, User.id == SynonymRule.changed_by)
        .order_by(SynonymRule.id.desc())
    )
    return [SynonymLine(row[0], row[1], row[2], row[3]) for row in rows]


def synonym_book(session: AnySession) -> Book:
    """All synonyms, ready to be looked up."""
    rows = session.execute(select(SynonymRule.texts, SynonymRule.one_way).order_by(SynonymRule.id))
    return Book(Rule(tuple(texts), one_way) for texts, one_way in rows)


def find_creator_keys(session: AnySession, handles: Sequence[str]) -> list[str]:
    """The keys of those of these people who exist, by handle."""
    wanted = [handle.removeprefix("@").lower() for handle in handles]
    return list(session.scalars(select(User.key).where(User.handle.in_(wanted)).order_by(User.id))) if wanted else []


def find_by_title(session: AnySession, query: SearchQuery, locale: str) -> Results:
    """The makeshift while the engine is away: titles that hold the text, newest first."""
    pattern = "%" + _escaped(query.text.strip()[:200].lower()) + "%"
    posts = list(
        session.scalars(
            select(Post.key)
            .join(Revision, Revision.id == Post.live_id)
            .join(User, User.id == Post.author_id)
            .where(PUBLIC, func.lower(Revision.title).like(pattern, escape="\\"))
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


def _picture(row: Any) -> tuple[str, int, int, list[int], tuple[int, int]] | None:
    """Key, size, widths and point of focus."""
    if not row.asset_key:
        return None
    return (row.asset_key, row.width, row.height, row.widths, (row.focus_x, row.focus_y))


# A deal without a cover shows its product.
_DEAL_PICTURE = (
    select(ProductPicture.asset_id)
    .where(ProductPicture.product_id == Deal.product_id, ProductPicture.position == 0)
    .correlate(Deal)
    .scalar_subquery()
)


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
            *PICTURE_COLUMNS,
            *DEAL_COLUMNS,
        )
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .outerjoin(Deal, Deal.post_id == Post.id)
        .outerjoin(Merchant, Merchant.key == Deal.shop)
        .outerjoin(Asset, Asset.id == func.coalesce(Revision.cover_id, _DEAL_PICTURE))
        .where(Post.key.in_(keys), PUBLIC)
    )
    items = {}
    for row in rows:
        kind = kind_of_post(row.kind)
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
            deal=read_deal(row),
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
