"""What a text is made of besides Markdown: cards, pictures, players, comparisons, boxes. Pure.

``SPECS`` is the table of all directives; ``posts.cards`` reads them from a source, docs/writing.md explains them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contentshop.core.words import Said, say

MAX_CARDS = 500
MAX_BLOCKS = 300
MAX_DEPTH = 3
"""So many directives may be open inside each other."""

MAX_NOTE = 300
MAX_AWARD = 60
MAX_POINT = 200
MAX_POINTS = 12
MAX_TITLE = 120
MAX_SPOTS = 30
MAX_CHAPTERS = 100
MAX_PICTURES = 40
MAX_COLUMNS = 6
MAX_ATTRIBUTES = 30
MAX_RATINGS = 8
MAX_RATING = 50
"""The best rating, in tenths of a point."""

MAX_TIME = 24 * 3600

RELATIONS = ("bought", "gifted", "lent", "paid", "affiliate", "own")
"""How the author of a card came to its product."""

CardKind = Literal["card", "item", "spot", "chapter", "column", "rejected", "deal"]
Argument = Literal["product", "products", "asset", "address", "title", "none"]


@dataclass(frozen=True)
class CardRef:
    """One reference to a product, as written: ``line`` is where it begins (1 is the first).

    ``alternative`` is the product to show when the first cannot be had; ``body`` is the Markdown of an item without
    its pros, cons and ratings, "" for all others. ``ratings`` are (criterion, tenths of a point of five).
    ``relation`` is one of RELATIONS, or "" for that of the post. One that is ``optional`` may be no product at all:
    then its word belongs to the text beside it.
    """

    kind: CardKind
    product: str
    line: int
    note: str = ""
    award: str = ""
    alternative: str = ""
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()
    body: str = ""
    ratings: tuple[tuple[str, int], ...] = ()
    relation: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Slot:
    """The place of ``cards[index]`` (a card, an item or a rejected product); ``body`` holds the chunks inside it."""

    index: int
    body: tuple[Chunk, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A line ``@ …`` of a picture (``at`` is its place, in per cent from left and top) or of a player (the second).

    ``card`` is the place of its product in the cards, if it names one; ``title`` are its words.
    """

    at: tuple[float, ...]
    title: str = ""
    card: int | None = None


@dataclass(frozen=True)
class Block:
    """Anything else that stands between paragraphs.

    ``argument`` is what stood in the brackets, ``values`` what stood in the braces, ``cards`` the places of the
    products that are its columns, ``parts`` the pictures of a gallery.
    """

    kind: str
    line: int
    argument: str = ""
    values: tuple[tuple[str, str], ...] = ()
    marks: tuple[Mark, ...] = ()
    cards: tuple[int, ...] = ()
    parts: tuple[Block, ...] = ()
    body: tuple[Chunk, ...] = ()

    def value(self, name: str) -> str:
        """The attribute ``name``, "" if it was not given."""
        return dict(self.values).get(name, "")


Chunk = str | Slot | Block


@dataclass(frozen=True)
class Spec:
    """How a directive is written: with how many colons, what stands in its brackets and its braces.

    ``holds`` tells what stands between its line and ``:::``: any text, lines of its own, or nothing.
    """

    colons: tuple[int, ...]
    argument: Argument
    attributes: tuple[str, ...] = ()
    holds: Literal["text", "marks", "pictures", "nothing"] = "nothing"


SPECS: Mapping[str, Spec] = {
    "card": Spec((2,), "product", ("note", "alt", "relation")),
    "item": Spec((3,), "product", ("award", "note", "alt", "relation"), "text"),
    "rejected": Spec((3,), "product", ("note", "relation"), "text"),
    "compare": Spec((2, 3), "products", ("attributes", "best", "caption"), "text"),
    "picture": Spec((2, 3), "asset", ("alt", "caption"), "marks"),
    "gallery": Spec((3,), "none", ("caption",), "pictures"),
    "video": Spec((2, 3), "asset", ("caption", "poster", "captions"), "marks"),
    "audio": Spec((2, 3), "asset", ("caption", "captions"), "marks"),
    "embed": Spec((2,), "address", ("caption",)),
    "tip": Spec((3,), "title", (), "text"),
    "warning": Spec((3,), "title", (), "text"),
    "callout": Spec((3,), "title", (), "text"),
    "toggle": Spec((3,), "title", (), "text"),
    "toc": Spec((2,), "none"),
}

CALLOUTS = ("tip", "warning", "callout")

MOST: Mapping[str, int] = {
    "note": MAX_NOTE,
    "award": MAX_AWARD,
    "caption": MAX_NOTE,
    "alt": MAX_NOTE,
    "attributes": 1000,
}
"""Longest values of attributes, in characters; ``alt`` of a card is a product's name and shorter anyway."""


def sign(kind: str, colons: int = 0) -> str:
    """``::card``: a directive as it is written."""
    return ":" * (colons or SPECS[kind].colons[-1]) + kind


def example(kind: str) -> str:
    """The shortest right way to write a directive, for messages."""
    inside = {
        "product": "[name]",
        "products": "[name, other-name]",
        "asset": "[key]",
        "address": "[https://…]",
        "title": "[Title]",
        "none": "",
    }
    return sign(kind) + inside[SPECS[kind].argument]


def unclosed(kind: str) -> Said:
    """What to say of a directive without its end."""
    if kind == "item":
        return say("this item is not closed: end it with a line that is just :::")
    return say("this “%(word)s” is not closed: end it with a line that is just :::", word=sign(kind, 3))
