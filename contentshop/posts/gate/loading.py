"""A revision and what it leads to, for the rules of the gate: at most three statements, four for a deal."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.core.addresses import identity
from contentshop.core.money import Money
from contentshop.core.text import excerpt
from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.posts.bargains import DealInput, asked, is_near, offers_of, read_words
from contentshop.posts.gate.facts import CardFact, DealFact, Facts, Finding, Named, PictureFact, State, Twin, Ways
from contentshop.posts.gate.rules import check
from contentshop.posts.models import Deal, Post, Revision
from contentshop.posts.queries import PUBLIC, list_problems
from contentshop.posts.segments import says_something
from contentshop.products.offers import ProductFacts, Reader, Resolution, resolve
from contentshop.products.queries import list_dead_addresses, load_facts

DAY_LINE = timedelta(hours=14)
"""How far the first place on Earth to begin a day is ahead of UTC."""

MOST_LINKS = 500
MOST_TWINS = 50
SUMMARY = 160  # characters of the first words that are offered as a summary

# As ``core.text`` writes them: its pictures are of this site and named by their asset.
_IMG = re.compile(r"<img\b[^>]*>")
_ASSET_KEY = re.compile(r'src="/media/[0-9a-z]{2}/([0-9a-z]+)-\d+\.webp"')
_HAS_ALT = re.compile(r'\balt="\s*[^"\s]')
_LINK = re.compile(r'<a\b[^>]*\bhref="(https?://[^"]+)"')


def inspect(session: AnySession, post: Post, revision: Revision, *, now: datetime) -> list[Finding]:
    """What the gate says of showing ``revision`` of ``post`` at ``now``."""
    return check(load_gate_facts(session, post, revision, now=now))


def load_gate_facts(session: AnySession, post: Post, revision: Revision, *, now: datetime) -> Facts:
    """What the rules look at, in at most three statements, four for a deal (and the cover, if not loaded yet)."""
    cover = revision.cover
    known = _products(session, revision)
    dates = {name: getattr(revision, name) for name in ("tested_from", "tested_to", "owned_since")}
    return Facts(
        kind=post.kind,
        lang=revision.lang,
        title=revision.title,
        summary=revision.summary,
        source=revision.source,
        opening=excerpt(revision.text.partition("\n")[0], SUMMARY),
        relation=revision.relation,
        topics=tuple(revision.topics),
        today=(now + DAY_LINE).date(),
        empty=not any(says_something(segment) for segment in revision.segments),
        problems=tuple(list_problems(revision)),
        has_cover=cover is not None,
        cover_alt=revision.cover_alt or (cover.alt if cover is not None else ""),
        cards=_cards(revision, known),
        pictures=_pictures(session, revision),
        dead_links=_dead_links(session, revision),
        dates={name: day for name, day in dates.items() if day is not None},
        deal=_deal(session, post, revision, known, now) if post.kind == "deal" else None,
    )


def ways_of(product: ProductFacts, known: Mapping[int, ProductFacts], named: int | None = None) -> Ways:
    """How readers anywhere can get ``product``; ``named`` is the card's stand-in, looked up in ``known``."""
    stand_in = known.get(named) if named else None
    fallback = known.get(product.alternative_id) if product.alternative_id else None
    regions = {offer.region for one in (product, stand_in, fallback) if one for offer in one.offers} | {""}
    found = [_resolved(product, stand_in, fallback, region) for region in sorted(regions)]
    here = [resolution for resolution in found if resolution.offer is not None]
    if here:
        return Ways("buyable", None, any(map(_earns, here)), any(map(_ours, here)))
    instead = [resolution.alternative for resolution in found if resolution.alternative is not None]
    if instead:
        other = instead[0].product
        earns, ours = any(map(_earns, instead)), any(map(_ours, instead))
        return Ways("stood_in", Named(other.slug, other.title), earns, ours)
    state = _without_offer(product)
    if state in ("gone", "dead") and any(_without_offer(one) == "sold_out" for one in (stand_in, fallback) if one):
        # What stands in may come back any day.
        return Ways("sold_out")
    return Ways(state)


def _without_offer(product: ProductFacts) -> State:
    """Why a product that cannot be had now cannot."""
    found = _resolved(product, None, None, "")
    if found.face == "gone":
        return "unsold" if found.reason == "no_offers" else "gone"
    return "dead" if _all_dead(product) else "sold_out"


def _resolved(
    product: ProductFacts, stand_in: ProductFacts | None, fallback: ProductFacts | None, region: str
) -> Resolution:
    """What readers in ``region`` get; prices do not matter here, so neither does their age."""
    reader, now = Reader(region, ""), datetime.max.replace(tzinfo=UTC)
    return resolve(product, reader, now=now, max_age=timedelta.max, alternative=stand_in, fallback=fallback)


def _earns(resolution: Resolution) -> bool:
    ways = (resolution.offer, *resolution.others)
    return any(offer is not None and not offer.own and not offer.plain_url for offer in ways)


def _ours(resolution: Resolution) -> bool:
    return any(offer is not None and offer.own for offer in (resolution.offer, *resolution.others))


def _all_dead(product: ProductFacts) -> bool:
    """Whether dead links are all there is; what we sell ourselves comes back into stock."""
    offers = [offer for offer in product.offers if offer.active]
    return all(not offer.own and offer.health == "dead" for offer in offers)


def _products(session: AnySession, revision: Revision) -> dict[int, ProductFacts]:
    """Everything that the cards name, by id."""
    entries = revision.cards
    wanted = {entry["product_id"] for entry in entries} | {entry.get("alternative_id") for entry in entries}
    return load_facts(session, {product for product in wanted if product}, revision.lang)


def _deal(
    session: AnySession, post: Post, revision: Revision, known: Mapping[int, ProductFacts], now: datetime
) -> DealFact:
    written = read_words(revision.deal)
    entry = next((entry for entry in revision.cards if entry["kind"] == "deal"), None)
    product = known.get(entry["product_id"]) if entry is not None else None
    if product is None:
        return DealFact(written, now)
    return DealFact(
        written,
        now,
        product=product.title,
        sold=not written.shop or bool(offers_of(product, written.shop)),
        asked=asked(product, written.shop, written.region, written.currency),
        twins=tuple(_twins(session, post, written, product.id, now)),
    )


def _twins(session: AnySession, post: Post, written: DealInput, product_id: int, now: datetime) -> Iterator[Twin]:
    """Deals on the same product at the same shop that readers can still use, at about the same price."""
    if written.price is None:
        return
    rows = session.execute(
        select(Post.slug, Revision.title, Deal.price_minor, Deal.region)
        .join(Deal, Deal.post_id == Post.id)
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .where(
            PUBLIC,
            Post.id != post.id,
            Deal.product_id == product_id,
            Deal.shop == written.shop,
            Deal.currency == written.currency,
            Deal.closed_as == "",
            Deal.until > now,
        )
        .order_by(Post.id)
        .limit(MOST_TWINS)
    )
    for slug, title, price, region in rows:
        if is_near(price, written.price.minor) and (not region or not written.region or region == written.region):
            yield Twin(slug, title, Money(price, written.currency))


def _cards(revision: Revision, known: Mapping[int, ProductFacts]) -> tuple[CardFact, ...]:
    entries = revision.cards
    ways: dict[tuple[int, int | None], Ways] = {}
    cards = []
    for entry in entries:
        product = known.get(entry["product_id"])
        if product is None:
            continue
        pair = (product.id, entry.get("alternative_id"))
        if pair not in ways:
            ways[pair] = ways_of(product, known, pair[1])
        cards.append(
            CardFact(
                key=entry["key"],
                kind=entry["kind"],
                line=entry["line"],
                product=Named(product.slug, product.title),
                about=f"{product.title}\n{product.brand}\n{product.category}",
                ways=ways[pair],
                relation=entry.get("relation") or "",
            )
        )
    return tuple(cards)


def _pictures(session: AnySession, revision: Revision) -> tuple[PictureFact, ...]:
    """Pictures without words, each place once, with what the library says of them by now."""
    places = list(_wordless(revision.segments, revision.source.split("\n")))
    keys = {key for key, _line in places}
    if not keys:
        return ()
    rows = session.execute(select(Asset.key, Asset.alt).where(Asset.key.in_(keys)))
    library = {row.key: row.alt for row in rows}
    return tuple(PictureFact(key, line, library.get(key, "")) for key, line in places)


def _wordless(segments: Iterable[Sequence[Any]], lines: Sequence[str]) -> Iterator[tuple[str, int | None]]:
    for kind, value, *inner in segments:
        if kind == "html":
            for tag in _IMG.findall(value):
                key = _ASSET_KEY.search(tag)
                if key and not _HAS_ALT.search(tag):
                    yield key[1], _line_with(lines, key[1])
        elif isinstance(value, dict):
            for picture in (value, *value.get("pictures", ())) if kind in ("picture", "gallery") else ():
                if picture.get("asset") and not picture.get("alt"):
                    yield picture["asset"], picture["line"]
        if inner:
            yield from _wordless(inner[0], lines)


def _dead_links(session: AnySession, revision: Revision) -> tuple[tuple[int | None, str], ...]:
    """Plain links to pages that the worker looked at for our own offers and found dead."""
    urls = list(dict.fromkeys(html.unescape(url) for url in _links(revision.segments)))[:MOST_LINKS]
    if not urls:
        return ()
    addresses = {url: identity(url) for url in urls}
    dead = list_dead_addresses(session, set(addresses.values()) - {""})
    lines = revision.source.split("\n") if dead else []
    return tuple((_line_with(lines, url), url) for url in urls if addresses[url] in dead)


def _links(segments: Iterable[Sequence[Any]]) -> Iterator[str]:
    for kind, value, *inner in segments:
        if kind == "html":
            yield from _LINK.findall(value)
        if inner:
            yield from _links(inner[0])


def _line_with(lines: Sequence[str], words: str) -> int | None:
    return next((number for number, line in enumerate(lines, 1) if words in line), None)
