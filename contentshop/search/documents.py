"""Things → documents: the one place that decides what of a thing can be found, and who may find it.

Only what every visitor may see becomes a document. A document's ``version`` is a digest of its content, so that
comparing versions compares contents (``search check``).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot, Topic
from contentshop.posts.bargains import OWN_SHOP
from contentshop.posts.models import Card, Deal, Post, PostTopic, Revision
from contentshop.posts.queries import PUBLIC
from contentshop.products.inputs import gtin_forms
from contentshop.products.models import Merchant, Offer, Product, ProductRating, Stock, Variant
from contentshop.products.offers import Rating
from contentshop.reviews.queries import words_of
from contentshop.search.port import WAYS, Document, Way, kind_of_post
from contentshop.social.models import Discussion
from contentshop.social.queries import Said, said_of

BATCH = 500
# Availabilities under which an affiliate offer's price may be searched by.
OFFERED = ("in_stock", "preorder", "backorder", "special_order", "unknown")


@dataclass(frozen=True, slots=True)
class _Supply:
    """How products can be had: lowest live price for each currency, whether our own stock has some, from whom."""

    lowest: Mapping[str, int] = field(default_factory=dict)
    in_stock: bool = False
    merchants: frozenset[str] = frozenset()
    ways: frozenset[Way] = frozenset()

    def in_order(self) -> dict[str, Any]:
        """As fields of a document."""
        return {
            "price_minor": dict(sorted(self.lowest.items())),
            "in_stock": self.in_stock,
            "merchants": tuple(sorted(self.merchants)),
            "ways": tuple(way for way in WAYS if way in self.ways),
        }


def _sealed(document: Document) -> Document:
    content = json.dumps(asdict(document) | {"version": 0}, sort_keys=True, ensure_ascii=False)
    digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return replace(document, version=int.from_bytes(digest, "big"))


def _words(translations: Mapping[str, Any], *fields: str) -> list[str]:
    return [str(words[field]) for field in fields for words in translations.values() if words.get(field)]


def _supplies(session: AnySession, product_ids: Collection[int]) -> dict[int, _Supply]:
    """How each product can be had now, by product."""
    rows = session.execute(
        select(
            Offer.product_id,
            Offer.kind,
            Offer.currency,
            Offer.price_minor,
            Offer.availability,
            Offer.health,
            Merchant.key,
            Merchant.active,
            Stock.on_hand - Stock.reserved,
        )
        .join(Product, Product.id == Offer.product_id)
        .outerjoin(Merchant, Merchant.id == Offer.merchant_id)
        .outerjoin(Stock, Stock.variant_id == Offer.variant_id)
        .where(Offer.product_id.in_(product_ids), Offer.active, Product.discontinued.is_(False))
    )
    lowest: dict[int, dict[str, int]] = defaultdict(dict)
    merchants: dict[int, set[str]] = defaultdict(set)
    ways: dict[int, set[Way]] = defaultdict(set)
    for product_id, kind, currency, price, availability, health, merchant, merchant_active, available in rows:
        if kind == "own":
            if not available or available <= 0:
                continue
            ways[product_id].add("own")
        elif not merchant_active or health == "dead" or availability not in OFFERED:
            continue
        else:
            ways[product_id].add("elsewhere")
            merchants[product_id].add(merchant)
        if price is not None:
            known = lowest[product_id].get(currency)
            lowest[product_id][currency] = price if known is None else min(known, price)
    return {
        product_id: _Supply(
            lowest[product_id], "own" in ways[product_id], frozenset(merchants[product_id]), frozenset(ways[product_id])
        )
        for product_id in product_ids
    }


def _together(supplies: Sequence[_Supply]) -> _Supply:
    lowest: dict[str, int] = {}
    for supply in supplies:
        for currency, minor in supply.lowest.items():
            lowest[currency] = min(minor, lowest.get(currency, minor))
    return _Supply(
        lowest,
        any(supply.in_stock for supply in supplies),
        frozenset().union(*(supply.merchants for supply in supplies)),
        frozenset().union(*(supply.ways for supply in supplies)),
    )


def _recommendations(session: AnySession, product_ids: Collection[int]) -> dict[int, int]:
    """How many published posts recommend each product."""
    rows = session.execute(
        select(Card.product_id, func.count(Card.post_id.distinct()))
        .join(Post, Post.id == Card.post_id)
        .join(User, User.id == Post.author_id)
        .where(Card.product_id.in_(product_ids), Card.live, PUBLIC)
        .group_by(Card.product_id)
    )
    return {row[0]: row[1] for row in rows}


def _ratings(session: AnySession, product_ids: Collection[int]) -> dict[int, int]:
    """The mean of the buyers' reviews of each product, in tenths of a star; what lists or other sites say is apart."""
    stars = (ProductRating.one, ProductRating.two, ProductRating.three, ProductRating.four, ProductRating.five)
    rows = session.execute(select(ProductRating.product_id, *stars).where(ProductRating.product_id.in_(product_ids)))
    return {row[0]: rating.tenths for row in rows if (rating := Rating.of(row[1:]))}


def product_documents(session: AnySession, keys: Collection[str]) -> dict[str, Document]:
    """Documents of the listed products among ``keys``, by product key.

    What a creator brought in is found once a published post recommends it: a pasted page alone is no news.
    """
    products = session.execute(
        select(
            Product.id,
            Product.key,
            Product.title,
            Product.brand,
            Product.category,
            Product.gtin,
            Product.mpn,
            Product.summary,
            Product.body,
            Product.lang,
            Product.attrs,
            Product.translations,
            Product.created_at,
            Product.added_by,
        ).where(Product.key.in_(keys), Product.listed)
    ).all()
    ids = [row.id for row in products]
    supplies = _supplies(session, ids)
    recommended = _recommendations(session, ids)
    said = said_of(session, Discussion.product_id, ids)
    ratings = _ratings(session, ids)
    reviewed = words_of(session, ids)
    codes: dict[int, list[str]] = defaultdict(list)
    for product_id, sku in session.execute(
        select(Variant.product_id, Variant.sku).where(Variant.product_id.in_(ids)).order_by(Variant.sku)
    ):
        codes[product_id].append(sku)
    return {
        row.key: _sealed(
            Document(
                id=f"product:{row.key}",
                kind="product",
                version=0,
                title=row.title,
                lang=row.lang,
                brand=row.brand,
                tags=tuple(filter(None, [row.category, *_words(row.translations, "category", "title")])),
                body="\n".join(
                    filter(
                        None,
                        [
                            row.summary,
                            row.body,
                            *(f"{name} {value}" for name, value in row.attrs),
                            *(
                                f"{name} {value}"
                                for words in row.translations.values()
                                for name, value in words.get("attrs", ())
                            ),
                            *_words(row.translations, "summary"),
                            *_words(row.translations, "body"),
                        ],
                    )
                ),
                codes=tuple(filter(None, [*codes[row.id], *gtin_forms(row.gtin or ""), row.mpn])),
                published=int(row.created_at.timestamp()),
                popularity=recommended.get(row.id, 0),
                talk=(*said.get(row.id, Said()).texts, *reviewed.get(row.id, ())),
                rating=ratings.get(row.id),
                **supplies[row.id].in_order(),
            )
        )
        for row in products
        if not row.added_by or recommended.get(row.id)
    }


def post_documents(session: AnySession, keys: Collection[str]) -> dict[str, Document]:
    """Documents of the published posts among ``keys``, by post key."""
    posts = session.execute(
        select(
            Post.id,
            Post.key,
            Post.kind,
            Post.lang,
            Post.published_at,
            Revision.title,
            Revision.summary,
            Revision.text,
            Revision.deal,
            Deal.phase,
            Deal.price_minor,
            Deal.currency,
            Deal.shop,
            Merchant.name.label("shop_name"),
            Merchant.translations.label("shop_names"),
            User.key.label("author_key"),
            User.name.label("author_name"),
        )
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .outerjoin(Deal, Deal.post_id == Post.id)
        .outerjoin(Merchant, Merchant.key == Deal.shop)
        .where(Post.key.in_(keys), PUBLIC)
    ).all()
    ids = [row.id for row in posts]
    products: dict[int, list[tuple[int, str, Mapping[str, Any]]]] = defaultdict(list)
    for post_id, product_id, title, translations in session.execute(
        select(Card.post_id, Product.id, Product.title, Product.translations)
        .join(Product, Product.id == Card.product_id)
        .where(Card.post_id.in_(ids), Card.live)
        .order_by(Card.id)
    ):
        products[post_id].append((product_id, title, translations))
    topics: dict[int, list[str]] = defaultdict(list)
    titles: dict[int, list[str]] = defaultdict(list)
    for post_id, slug, title, translations in session.execute(
        select(PostTopic.post_id, PostTopic.topic, Topic.title, Topic.translations)
        .outerjoin(Topic, Topic.slug == PostTopic.topic)
        .where(PostTopic.post_id.in_(ids))
        .order_by(PostTopic.topic)
    ):
        topics[post_id].append(slug)
        if title:
            titles[post_id] += [title, *_words(translations, "title")]
    supplies = _supplies(session, {product_id for cards in products.values() for product_id, _, _ in cards})
    said = said_of(session, Discussion.post_id, ids)
    found = {}
    for row in posts:
        cards = products[row.id]
        talk = said.get(row.id, Said())
        named = [name for _, title, words in cards for name in (title, *_words(words, "title"))]
        supply = _together([supplies[product_id] for product_id, _, _ in cards])
        deal = row.deal if row.kind == "deal" else {}
        shop = [row.shop_name, *_words(row.shop_names, "name")] if row.shop_name else []
        kind = kind_of_post(row.kind)
        found[row.key] = _sealed(
            Document(
                id=f"{kind}:{row.key}",
                kind=kind,
                version=0,
                title=row.title,
                lang=row.lang,
                body="\n".join([row.summary, row.text, *(deal[name] for name in DEAL_TEXTS if deal.get(name))]),
                tags=tuple(dict.fromkeys([row.author_name, *titles[row.id], *shop])),
                codes=tuple(filter(None, [deal.get("coupon")])),
                cards=tuple(dict.fromkeys(named)),
                topics=tuple(topics[row.id]),
                creator=row.author_key,
                published=int(row.published_at.timestamp()),
                talk=talk.texts,
                worth=talk.worth,
                votes=talk.votes,
                phase=row.phase or "",
                **(_of_deal(row, supply) if row.phase else supply).in_order(),
            )
        )
    return found


# What of a deal's facts is searched as text.
DEAL_TEXTS = ("note", "terms", "steps")


def _of_deal(deal: Any, supply: _Supply) -> _Supply:
    """How a deal can be had: at its own price while it runs, by its own shop if it names one."""
    runs = deal.phase == "running"
    lowest = {deal.currency: deal.price_minor} if runs else {}
    own = runs and deal.shop in {"", OWN_SHOP} and supply.in_stock
    shops = supply.merchants if not deal.shop else supply.merchants & {deal.shop}
    had: dict[Way, bool] = {"own": own, "elsewhere": runs and bool(shops)}
    return _Supply(lowest, own, shops, frozenset(way for way, so in had.items() if so))


_WRITING = select(Post.author_id).where(Post.state == "published")


def creator_documents(session: AnySession, keys: Collection[str]) -> dict[str, Document]:
    """Documents of the people among ``keys`` who have something published, by user key."""
    rows = session.execute(
        select(User.key, User.handle, User.name, User.bio, User.created_at).where(
            User.key.in_(keys), User.blocked.is_(False), User.id.in_(_WRITING)
        )
    )
    return {
        row.key: _sealed(
            Document(
                id=f"creator:{row.key}",
                kind="creator",
                version=0,
                title=row.name,
                body=row.bio,
                tags=(row.handle,),
                creator=row.key,
                published=int(row.created_at.timestamp()),
            )
        )
        for row in rows
    }


def topic_documents(session: AnySession, slugs: Collection[str]) -> dict[str, Document]:
    """Documents of the topics among ``slugs`` under which something is published, by slug."""
    used = (
        select(PostTopic.topic)
        .join(Post, Post.id == PostTopic.post_id)
        .join(User, User.id == Post.author_id)
        .where(PUBLIC)
    )
    rows = session.execute(
        select(Topic.slug, Topic.title, Topic.intro, Topic.translations).where(
            Topic.slug.in_(slugs), Topic.slug.in_(used)
        )
    )
    return {
        row.slug: _sealed(
            Document(
                id=f"topic:{row.slug}",
                kind="topic",
                version=0,
                title=row.title,
                body="\n".join(filter(None, [row.intro, *_words(row.translations, "intro")])),
                tags=tuple(_words(row.translations, "title")),
                topics=(row.slug,),
            )
        )
        for row in rows
    }


def _public_posts() -> Select[int]:
    return select(Post.id).join(User, User.id == Post.author_id).where(PUBLIC)


def featured_documents(session: AnySession, keys: Collection[str], *, now: datetime) -> dict[str, Document]:
    """Documents of the featured lists among ``keys`` whose time in some place has begun, by key."""
    shown = select(Slot.list_id).where(Slot.starts_at <= now)
    lists = session.execute(
        select(
            FeaturedList.id,
            FeaturedList.key,
            FeaturedList.title,
            FeaturedList.intro,
            FeaturedList.lang,
            FeaturedList.created_at,
        ).where(FeaturedList.key.in_(keys), FeaturedList.id.in_(shown))
    ).all()
    named: dict[int, list[str]] = defaultdict(list)
    reasons: dict[int, list[str]] = defaultdict(list)
    for list_id, reason, post, product in session.execute(
        select(FeaturedItem.list_id, FeaturedItem.reason, Revision.title, Product.title)
        .select_from(FeaturedItem)
        .outerjoin(Post, (Post.id == FeaturedItem.post_id) & Post.id.in_(_public_posts()))
        .outerjoin(Revision, Revision.id == Post.live_id)
        .outerjoin(Product, (Product.id == FeaturedItem.product_id) & Product.listed)
        .where(FeaturedItem.list_id.in_([row.id for row in lists]))
        .order_by(FeaturedItem.list_id, FeaturedItem.position)
    ):
        if post or product:
            named[list_id].append(post or product)
            reasons[list_id].append(reason)
    return {
        row.key: _sealed(
            Document(
                id=f"featured:{row.key}",
                kind="featured",
                version=0,
                title=row.title,
                lang=row.lang,
                body="\n".join(filter(None, [row.intro, *reasons[row.id]])),
                cards=tuple(dict.fromkeys(named[row.id])),
                published=int(row.created_at.timestamp()),
            )
        )
        for row in lists
    }


def every_document(session: AnySession, *, now: datetime) -> Iterator[Document]:
    """All documents there should be, read in batches."""

    def featured(session: AnySession, keys: Collection[str]) -> dict[str, Document]:
        return featured_documents(session, keys, now=now)

    sources: tuple[tuple[Select[str], Callable[[AnySession, Collection[str]], dict[str, Document]]], ...] = (
        (select(Post.key).where(Post.state == "published").order_by(Post.id), post_documents),
        (select(Product.key).where(Product.listed).order_by(Product.id), product_documents),
        # Whatever their role is now: who has written stays somebody's author.
        (select(User.key).where(User.id.in_(_WRITING)).order_by(User.id), creator_documents),
        (select(Topic.slug).order_by(Topic.id), topic_documents),
        (select(FeaturedList.key).order_by(FeaturedList.id), featured),
    )
    for query, build in sources:
        keys = list(session.scalars(query))
        for start in range(0, len(keys), BATCH):
            yield from build(session, keys[start : start + BATCH]).values()
            session.rollback()
