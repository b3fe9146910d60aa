"""A published post → the page that shows it: its stored segments with live cards in their slots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from contentshop.discovery.queries import RelatedPost
from contentshop.posts.queries import PublishedPost
from contentshop.web import structured
from contentshop.web.cards import (
    CardView,
    creator_url,
    language_tag,
    paid_link_note,
    post_url,
    relation_note,
    tile,
)
from contentshop.web.pictures import largest, picture
from contentshop.web.reader_pages import Head, Item, Part, Picks, PostPage, Run, Suggestion
from contentshop.web.session import settings

Step = tuple[str, str]

WORDS_A_MINUTE = {"zh": 400, "ja": 400}
OTHER_WORDS_A_MINUTE = 220
DEEPEST_CONTENTS = 3  # heading level


def post_page(
    post: PublishedPost, cards: Mapping[str, CardView], topics: Sequence[Step], related: Sequence[Suggestion] = ()
) -> PostPage:
    """The page of ``post``; ``topics`` are (title, address) of its topics, the first one on the way to it."""
    parts = list(_parts(post.segments, post.cards, cards))
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
        disclosure=relation_note(post.relation) if cards else "",
        tested=post.tested,
        contents=_contents(post, items),
        picks=Picks(tuple(items), paid_link_note() if any(item.card.disclosure for item in items) else ""),
        runs=list(_runs(parts)),
        products=_mentioned(parts) if not items else (),
        related=related,
    )


def suggestions(found: Iterable[RelatedPost], titles: Mapping[str, str]) -> list[Suggestion]:
    """Related posts with their reasons; ``titles`` names topics by their slugs."""
    return [
        Suggestion(
            tile(one.tile),
            _("Also about %(product)s", product=one.product)
            if one.product
            else _("Also in %(topic)s", topic=titles.get(one.topic, one.topic)),
        )
        for one in found
    ]


def _parts(
    segments: Iterable[Sequence[Any]], words: Sequence[Mapping[str, Any]], cards: Mapping[str, CardView]
) -> Iterator[Part]:
    """Segments in reading order with their cards; the slot of a product that vanished stays empty."""
    entries = {entry["key"]: entry for entry in words}
    number = 0
    for kind, value, *inner in segments:
        if kind == "html":
            yield Part(html=Markup(value))  # noqa: S704 - made safe when it was saved (posts.rendering)
        elif not isinstance(value, str) or value not in cards:
            continue
        elif kind == "card":
            yield Part(card=cards[value])
        else:
            number += 1
            body = tuple(_parts(inner[0] if inner else (), words, cards))
            yield Part(item=_item(number, entries[value], cards[value], body))


def _item(number: int, words: Mapping[str, Any], card: CardView, body: tuple[Part, ...]) -> Item:
    return Item(
        rank=words.get("rank") or number,
        anchor=f"pick-{number}",
        award=card.award,
        verdict=card.note,
        pros=card.pros,
        cons=card.cons,
        # What the entry says itself is not said again by its card.
        card=replace(card, note="", award="", pros=(), cons=()),
        parts=body,
    )


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
        if part.card is not None:
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
        ),
        structured.breadcrumb(site, [(name, path or post_url(post.slug)) for name, path in trail]),
    ]
    if items:
        ranked = [(item.card.title, f"{url}#{item.anchor}") for item in items]
        data.append(structured.item_list(post.title, ranked))
    return Head(
        title=post.title,
        description=post.summary,
        canonical=url,
        kind="article",
        image=image,
        data=tuple(structured.script(entry) for entry in data),
    )
