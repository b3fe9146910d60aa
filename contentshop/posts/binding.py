"""A text's references → what they lead to: cards get lasting keys, products and media are looked up.

Called with every change of a draft. What leads nowhere is listed, by line, and left out of what is shown. What is
known of a stored file never changes, so it is kept in the segments: readers need no statement for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from contentshop.core.ids import new_key
from contentshop.core.text import Problem
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.posts.blocks import CardRef
from contentshop.posts.heads import is_slug
from contentshop.posts.models import Card
from contentshop.posts.rendering import Segment
from contentshop.posts.segments import CARDS, asset_keys, mapped
from contentshop.products.queries import find_ids_by_slug

MEDIA = {"picture": "picture", "video": "video", "audio": "audio", "poster": "picture", "captions": "captions"}
"""Where a file may stand → the kind of file that it must be."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Segments and cards as a revision keeps them, what could not be found, and the cards that are new to the post."""

    segments: list[Segment]
    cards: list[dict[str, Any]]
    problems: tuple[Problem, ...]
    fresh: tuple[Card, ...]


def bind(session: AnySession, post_id: int, cards: Sequence[CardRef], segments: Sequence[Segment]) -> Bound:
    """Find what ``cards`` and ``segments`` of a post refer to; ``segments`` name cards by their place in ``cards``.

    Writes nothing: who keeps the text adds ``fresh``, cards of products that were not in the post before.
    """
    slugs = {slug for card in cards for slug in (card.product, card.alternative) if slug}
    products = find_ids_by_slug(session, slugs)
    keys, fresh = _card_keys(session, post_id, cards, products)
    files = _files(session, asset_keys(segments))
    binder = _Binder(cards, keys, files)
    bound = mapped(segments, binder.bind)
    problems = sorted([*_unknown(cards, products), *binder.problems], key=lambda problem: problem.line)
    return Bound(bound, _entries(cards, keys, products), tuple(problems), fresh)


def with_deal(
    cards: Sequence[CardRef], segments: Sequence[Segment], deal: Mapping[str, str]
) -> tuple[tuple[CardRef, ...], list[Segment]]:
    """A text's cards and segments with the product that a deal is about: a card that stands in no line (0), first."""
    product = deal.get("product", "")
    if not product:
        return tuple(cards), list(segments)
    return (*cards, CardRef("deal", product, 0)), [["deal", str(len(cards))], *segments]


def as_stored(problem: Problem) -> list[Any]:
    """Line, sentence and values apart, so that it can be said in any language later."""
    return [problem.line, problem.message.template, problem.message.values]


def _files(session: AnySession, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """What pages show of these files, by key."""
    if not keys:
        return {}
    columns = (Asset.key, Asset.kind, Asset.form, Asset.width, Asset.height, Asset.widths, Asset.alt)
    more = (Asset.duration, Asset.lang)
    rows = session.execute(select(*columns, *more).where(Asset.key.in_(keys)))
    return {
        row.key: {
            "kind": row.kind,
            "form": row.form,
            "width": row.width,
            "height": row.height,
            "widths": list(row.widths),
            "alt": row.alt,
            "duration": row.duration,
            "lang": row.lang,
        }
        for row in rows
    }


class _Binder:
    """Puts keys and files into segments; what is missing is listed in ``problems``."""

    def __init__(
        self, cards: Sequence[CardRef], keys: Mapping[str, str], files: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.cards = cards
        self.keys = keys
        self.files = files
        self.problems: list[Problem] = []

    def bind(self, segment: Sequence[Any]) -> Segment | None:
        """The segment as it is kept; None when its product or its file is unknown."""
        kind, value = segment[0], segment[1]
        if kind in CARDS:
            return [kind, self.keys[value]] if value in self.keys else None
        if kind == "picture":
            return _kept(kind, self._picture(value))
        if kind in ("video", "audio"):
            return _kept(kind, self._player(kind, value))
        if kind == "gallery":
            pictures = [found for picture in value["pictures"] if (found := self._picture(picture)) is not None]
            return _kept(kind, {**value, "pictures": pictures} if pictures else None)
        if kind == "compare":
            columns = [self.keys[place] for place in value["cards"] if place in self.keys]
            return [kind, {**value, "cards": columns, "best": self.keys.get(value["best"], "")}]
        return [kind, value]

    def _file(self, key: str, place: str, line: int) -> Mapping[str, Any] | None:
        """The file ``key`` if it may stand at ``place``, one of MEDIA."""
        found = self.files.get(key)
        if found is None:
            self.problems.append(Problem(line, say("there is no file “%(key)s” in the media library", key=key)))
        elif found["kind"] != MEDIA[place]:
            self.problems.append(
                Problem(
                    line,
                    say("“%(key)s” is not a file of the kind “%(kind)s”", key=key, kind=MEDIA[place]),
                )
            )
            return None
        return found

    def _picture(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        file = self._file(data["asset"], "picture", data["line"])
        if file is None:
            return None
        spots = [[self.keys[place], x, y] for place, x, y in data["spots"] if place in self.keys]
        return {**data, "alt": data["alt"] or file["alt"], "spots": spots, "file": _picture_facts(file)}

    def _player(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        file = self._file(data["asset"], kind, data["line"])
        poster = self._file(data["poster"], "poster", data["line"]) if data["poster"] else None
        captions = self._file(data["captions"], "captions", data["line"]) if data["captions"] else None
        if file is None:
            return None
        return {
            **data,
            "file": {name: file[name] for name in ("form", "width", "height", "duration")},
            "poster": data["poster"] if poster else "",
            "poster_file": _picture_facts(poster) if poster else None,
            "captions": data["captions"] if captions else "",
            "captions_lang": captions["lang"] if captions else "",
            "captions_form": captions["form"] if captions else "",
            "chapters": [self._chapter(*chapter) for chapter in data["chapters"]],
        }

    def _chapter(self, at: int, title: str, place: str) -> list[Any]:
        """A word that may name a product and does not is the first of the title."""
        card = self.cards[int(place)] if place else None
        if card is not None and card.optional and place not in self.keys:
            title = f"{card.product} {title}".strip()
        return [at, title, self.keys.get(place, "")]


def _kept(kind: str, data: dict[str, Any] | None) -> Segment | None:
    return None if data is None else [kind, data]


def _picture_facts(file: Mapping[str, Any]) -> dict[str, Any]:
    return {name: file[name] for name in ("width", "height", "widths")}


def _unknown(cards: Iterable[CardRef], products: Collection[str]) -> Iterator[Problem]:
    for card in cards:
        for slug in (card.product, card.alternative):
            if is_slug(slug) and slug not in products and not card.optional:
                yield Problem(card.line, say("there is no product “%(slug)s”", slug=slug))


def _card_keys(
    session: AnySession, post_id: int, cards: Sequence[CardRef], products: Mapping[str, int]
) -> tuple[dict[str, str], tuple[Card, ...]]:
    """Place in the text → lasting key, for every card whose product exists; and the cards that are new.

    The n-th card of a product keeps the key that the n-th card of this product has always had in this post.
    """
    known: dict[int, list[str]] = {}
    rows = session.execute(select(Card.product_id, Card.key).where(Card.post_id == post_id).order_by(Card.id))
    for product_id, key in rows:
        known.setdefault(product_id, []).append(key)
    keys: dict[str, str] = {}
    fresh: list[Card] = []
    seen: Counter[int] = Counter()
    for place, card in enumerate(cards):
        product_id = products.get(card.product, 0)
        if not product_id:
            continue
        own = known.setdefault(product_id, [])
        if seen[product_id] == len(own):
            own.append(new_key())
            fresh.append(Card(key=own[-1], post_id=post_id, product_id=product_id))
        keys[str(place)] = own[seen[product_id]]
        seen[product_id] += 1
    return keys, tuple(fresh)


def _entries(cards: Sequence[CardRef], keys: Mapping[str, str], products: Mapping[str, int]) -> list[dict[str, Any]]:
    """The cards as a revision keeps them; items are ranked in the order they stand in.

    "ratings" and "relation" are left out where nothing was said.
    """
    entries: list[dict[str, Any]] = []
    rank = 0
    for place, card in enumerate(cards):
        if str(place) not in keys:
            continue
        rank += card.kind == "item"
        entries.append(
            {
                "key": keys[str(place)],
                "kind": card.kind,
                "product_id": products[card.product],
                "product_slug": card.product,
                "alternative_id": products.get(card.alternative),
                "note": card.note,
                "award": card.award,
                "rank": rank if card.kind == "item" else None,
                "pros": list(card.pros),
                "cons": list(card.cons),
                "line": card.line,
            }
            | ({"ratings": [list(rating) for rating in card.ratings]} if card.ratings else {})
            | ({"relation": card.relation} if card.relation else {})
        )
    return entries
