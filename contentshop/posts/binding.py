"""A text's references → what they lead to: cards get lasting keys, products and media are looked up.

Called with every change of a draft. What leads nowhere is listed, by line, and left out of what is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from contentshop.core.ids import new_key
from contentshop.core.text import Problem
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.cards import CardRef, is_slug
from contentshop.posts.models import Card
from contentshop.posts.rendering import Segment
from contentshop.products.queries import find_ids_by_slug


@dataclass(frozen=True, slots=True)
class Bound:
    """Segments and cards as a revision keeps them, and what could not be found."""

    segments: list[Segment]
    cards: list[dict[str, Any]]
    problems: tuple[Problem, ...]


def bind(session: AnySession, post_id: int, cards: Sequence[CardRef], segments: Sequence[Segment]) -> Bound:
    """Find what ``cards`` and ``segments`` of a post refer to; ``segments`` name cards by their place in ``cards``.

    Cards of products that were not in the post before are added to the session.
    """
    slugs = {slug for card in cards for slug in (card.product, card.alternative) if slug}
    products = find_ids_by_slug(session, slugs)
    keys = _card_keys(session, post_id, cards, products)
    return Bound(_keyed(segments, keys), _entries(cards, keys, products), tuple(_unknown(cards, products)))


def _unknown(cards: Iterable[CardRef], products: Collection[str]) -> Iterable[Problem]:
    for card in cards:
        for slug in (card.product, card.alternative):
            if is_slug(slug) and slug not in products:
                yield Problem(card.line, say("there is no product “%(slug)s”", slug=slug))


def _card_keys(
    session: AnySession, post_id: int, cards: Sequence[CardRef], products: Mapping[str, int]
) -> dict[str, str]:
    """Place in the text → lasting key, for every card whose product exists.

    The n-th card of a product keeps the key that the n-th card of this product has always had in this post.
    """
    known: dict[int, list[str]] = {}
    rows = session.execute(select(Card.product_id, Card.key).where(Card.post_id == post_id).order_by(Card.id))
    for product_id, key in rows:
        known.setdefault(product_id, []).append(key)
    keys: dict[str, str] = {}
    seen: Counter[int] = Counter()
    for place, card in enumerate(cards):
        product_id = products.get(card.product, 0)
        if not product_id:
            continue
        own = known.setdefault(product_id, [])
        if seen[product_id] == len(own):
            own.append(new_key())
            session.add(Card(key=own[-1], post_id=post_id, product_id=product_id))
        keys[str(place)] = own[seen[product_id]]
        seen[product_id] += 1
    return keys


def _keyed(segments: Iterable[Segment], keys: Mapping[str, str]) -> list[Segment]:
    """``segments`` with lasting keys; of an item whose product is unknown only its words are kept."""
    result: list[Segment] = []
    for kind, value, *inner in segments:
        body = _keyed(inner[0], keys) if inner else []
        if kind == "html":
            result.append([kind, value])
        elif value not in keys:
            result += body
        elif kind == "item":
            result.append([kind, keys[value], body])
        else:
            result.append([kind, keys[value]])
    return result


def _entries(cards: Sequence[CardRef], keys: Mapping[str, str], products: Mapping[str, int]) -> list[dict[str, Any]]:
    """The cards as a revision keeps them; items are ranked in the order they stand in."""
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
        )
    return entries
