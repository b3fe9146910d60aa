"""A published post → the page that shows it: its stored segments with live cards in their slots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from contentshop.discovery.queries import RelatedPost
from contentshop.posts.queries import PublishedPost, SeriesPlace
from contentshop.web import structured
from contentshop.web.blocks import Block, Item, Part, Reading
from contentshop.web.cards import CardView
from contentshop.web.chrome import language_tag
from contentshop.web.disclosures import labelled, paid_link_note, post_notice
from contentshop.web.pictures import largest, picture
from contentshop.web.reader_pages import Head, Picks, PostPage, Run, SeriesView, Suggestion
from contentshop.web.session import settings
from contentshop.web.tiles import tile
from contentshop.web.urls import creator_url, post_url, series_url

Step = tuple[str, str]

WORDS_A_MINUTE = {"zh": 400, "ja": 400}
OTHER_WORDS_A_MINUTE = 220
DEEPEST_CONTENTS = 3  # heading level


def post_page(
    post: PublishedPost, cards: Mapping[str, CardView], topics: Sequence[Step], related: Sequence[Suggestion] = ()
) -> PostPage:
    """The page of ``post``; ``topics`` are (title, address) of its topics, the first one on the way to it."""
    cards = labelled(cards, post.relation)
    notice = post_notice(post.relation, post.cards, cards)
    words = {entry["key"]: entry for entry in post.cards}
    parts = list(Reading(cards, words).parts(post.segments))
    blocks = list(_blocks(parts))
    items = [part.item for part in parts if part.item is not None]
    trail = [(_("Home"), "/"), *topics[:1], (post.title, "")]
    return PostPage(
        head=_head(post, items, trail),
        kind=post.kind,
        lang=language_tag(post.lang),
        title=post.title,
        summary=post.summary,
        trail=trail,
        topics=topics,
        cover=picture(post.cover, post.cover_alt),
        author_name=post.author_name,
        author_url=creator_url(post.author_handle),
        author_bio=post.author_bio,
        published_at=post.published_at,
        revised_at=post.revised_at if post.revised_at != post.published_at else None,
        minutes=max(1, round(post.words / WORDS_A_MINUTE.get(post.lang, OTHER_WORDS_A_MINUTE))),
        mark=notice.mark if cards else "",
        disclosure=notice.text if cards else "",
        tested=post.tested,
        evidence=_evidence(post),
        contents=_contents(post, items),
        picks=Picks(
            tuple(items) if post.kind == "list" else (),
            paid_link_note() if any(item.card.disclosure for item in items) else "",
        ),
        runs=list(_runs(parts)),
        products=_mentioned(parts) if not items else (),
        related=related,
        placed=any(block.kind == "toc" for block in blocks),
        plays=any(block.kind in ("video", "audio", "embed") for block in blocks),
        coauthors=[(one.name, creator_url(one.handle)) for one in post.coauthors],
        updates=[(one.at, one.note) for one in post.updates],
        series=_series(post.series) if post.series else None,
    )


def suggestions(found: Iterable[RelatedPost], titles: Mapping[str, str]) -> list[Suggestion]:
    """Related posts with their reasons; ``titles`` names topics by their slugs."""
    return [
        Suggestion(
            tile(one.tile),
            _("Also about %(product)s", product=one.product)
            if one.product
            else _("On the same subject")
            if one.alike
            else _("Also in %(topic)s", topic=titles.get(one.topic, one.topic)),
        )
        for one in found
    ]


def _series(place: SeriesPlace) -> SeriesView:
    before, after = ((part[1], post_url(part[0])) if part else None for part in (place.before, place.after))
    return SeriesView(place.title, series_url(place.slug), place.number, place.count, before, after)


def _blocks(parts: Iterable[Part]) -> Iterator[Block]:
    """Every block of a post, also those inside others."""
    for part in parts:
        found = part.block or part.item
        if part.block is not None:
            yield part.block
        yield from _blocks(getattr(found, "parts", ()))


def _evidence(post: PublishedPost) -> list[Step]:
    """When it was tested and since when it is owned, as (label, words)."""
    first, last = post.tested_from, post.tested_to
    found: list[Step] = []
    if first and last and first != last:
        found.append((_("Tested"), _("%(first)s to %(last)s", first=format_date(first), last=format_date(last))))
    elif first and not last:
        found.append((_("Tested since"), format_date(first)))
    elif one := first or last:
        found.append((_("Tested"), format_date(one)))
    if post.owned_since:
        found.append((_("Owned since"), format_date(post.owned_since)))
    return found


def _runs(parts: Iterable[Part]) -> Iterator[Run]:
    """Text and cards that follow each other stand together; each entry of a list stands alone."""
    text: list[Part] = []
    for part in parts:
        if part.item is None:
            text.append(part)
            continue
        if text:
            yield Run(text=text)
            text = []
        yield Run(item=part.item)
    if text:
        yield Run(text=text)


def _mentioned(parts: Iterable[Part]) -> list[CardView]:
    """Each product of an article once, in the order of its first card; none when there is only one."""
    found: dict[str, CardView] = {}
    for part in parts:
        if part.card is not None and part.card.url:
            found.setdefault(part.card.url, part.card)
    return list(found.values()) if len(found) > 1 else []


def _contents(post: PublishedPost, items: Sequence[Item]) -> list[tuple[str, str, int]]:
    """(anchor, words, level) of what the page holds, in reading order; nothing for a short one."""
    entries = [(anchor, words, level) for level, anchor, words in post.headings if level <= DEEPEST_CONTENTS]
    if items:
        tops = [entry for entry in entries if entry[2] == 2]
        places = _places(post.segments)
        ranked = [(places.get(f"#{number}", 0), item) for number, item in enumerate(items, start=1)]
        mixed = [(places.get(anchor, 0), (anchor, words, level)) for anchor, words, level in tops]
        mixed += [(place, (item.anchor, item.card.title, 2)) for place, item in ranked]
        entries = [entry for _place, entry in sorted(mixed, key=lambda pair: pair[0])]
    return entries if len(entries) > 2 else []


def _places(segments: Sequence[Sequence[Any]]) -> dict[str, int]:
    """Where each top-level heading (by its id) and each entry (by ``#`` and its number) stands."""
    found: dict[str, int] = {}
    number = 0
    place = 0
    for kind, value, *_rest in segments:
        if kind == "item":
            number += 1
            place += 1
            found[f"#{number}"] = place
        elif kind == "html":
            for piece in value.split(' id="')[1:]:
                place += 1
                found.setdefault(piece.partition('"')[0], place)
    return found


def _head(post: PublishedPost, items: Sequence[Item], trail: Sequence[Step]) -> Head:
    site = settings().site_url
    url = site + post_url(post.slug)
    image = site + largest(post.cover) if post.cover else ""
    data = [
        structured.article(
            title=post.title,
            url=url,
            summary=post.summary,
            lang=language_tag(post.lang),
            image=image,
            author=post.author_name,
            author_url=site + creator_url(post.author_handle),
            publisher=settings().site_name,
            published=post.published_at,
            revised=post.revised_at,
            coauthors=[(one.name, site + creator_url(one.handle)) for one in post.coauthors],
            series=(post.series.title, site + series_url(post.series.slug), post.series.number)
            if post.series
            else None,
        ),
        structured.breadcrumb(site, [(name, path or post_url(post.slug)) for name, path in trail]),
    ]
    if post.kind == "list" and items:
        ranked = [(item.card.title, f"{url}#{item.anchor}") for item in items]
        data.append(structured.item_list(post.title, ranked))
    data += [
        _review(post, item, f"{url}#{item.anchor}")
        for item in items
        if item.card.url and (item.ratings or item.pros or item.cons)
    ]
    return Head(
        title=post.title,
        description=post.summary,
        canonical=url,
        kind="article",
        image=image,
        data=tuple(structured.script(entry) for entry in data),
    )


def _review(post: PublishedPost, item: Item, url: str) -> structured.Json:
    """What the author says of one product: what the page shows of it, and no price, since others sell it."""
    site = settings().site_url
    return structured.review(
        product=item.card.title,
        brand=item.card.brand,
        image=site + item.card.picture.src if item.card.picture else "",
        url=url,
        author=post.author_name,
        author_url=site + creator_url(post.author_handle),
        published=post.published_at,
        rating=item.rating,
        pros=item.pros,
        cons=item.cons,
    )
