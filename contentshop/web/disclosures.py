"""What pages say of paid links and of how a post came about, for the reader's region and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from contentshop.posts import disclosure
from contentshop.web.cards import CardView
from contentshop.web.session import viewer


def paid_link_note() -> str:
    """The sentence beside a paid link, for the reader's region and language."""
    who = viewer()
    return disclosure.link_note(who.region, who.locale)


def relation_note(relation: str) -> str:
    """How a post is paid for, to stand above its first card, for the reader's region and language."""
    who = viewer()
    return disclosure.notice(who.region, who.locale, {relation}, buys=True, earns=False).text


def post_notice(relation: str, words: Sequence[Mapping[str, Any]], cards: Mapping[str, CardView]) -> disclosure.Notice:
    """What stands at the top of a post with these cards; ``words`` are their entries in its revision."""
    who = viewer()
    relations = {relation, *(entry["relation"] for entry in words if entry.get("relation"))}
    return disclosure.notice(
        who.region,
        who.locale,
        relations,
        buys=any(card.face in ("stock", "elsewhere") for card in cards.values()),
        earns=any(card.disclosure for card in cards.values()),
    )


def labelled(cards: Mapping[str, CardView], relation: str) -> Mapping[str, CardView]:
    """``cards`` of a post with this relation: those that say nothing of their own fall back to it."""
    who = viewer()
    label = disclosure.product_label(who.region, who.locale, relation)
    if not label:
        return cards
    return {key: card if card.relation else replace(card, relation=label) for key, card in cards.items()}
