"""What the rules of the gate look at, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from contentshop.core.money import Money
from contentshop.core.text import Problem
from contentshop.core.words import Said
from contentshop.posts.bargains import DealInput
from contentshop.posts.gate.mending import Mend

State = Literal["buyable", "stood_in", "sold_out", "dead", "gone", "unsold"]
"""How a product can be had anywhere in the world: itself; only its stand-in; not now (or its stand-in not now); not by
any link, since all are dead; never again (withdrawn or discontinued); or nobody has offered it yet."""


@dataclass(frozen=True, slots=True)
class Named:
    """A product by its name in addresses and in words."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to get a product: ``earns`` by a link that pays us, ``ours`` from our own stock."""

    state: State
    stand_in: Named | None = None
    earns: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True)
class CardFact:
    """A card of the text, and the ways to get its product; ``about`` is the product's title, brand and category."""

    key: str
    kind: str
    line: int
    product: Named
    about: str
    ways: Ways
    relation: str = ""

    @property
    def sells(self) -> bool:
        """Whether readers can buy by it."""
        return self.kind != "rejected" and self.ways.state in ("buyable", "stood_in")


@dataclass(frozen=True, slots=True)
class PictureFact:
    """A picture in the text that has no words for those who cannot see it; ``library`` are those of the library."""

    key: str
    line: int | None
    library: str = ""


@dataclass(frozen=True, slots=True)
class Twin:
    """Another deal that readers see on the same product at the same shop, at ``slug``."""

    slug: str
    title: str
    price: Money


@dataclass(frozen=True, slots=True)
class DealFact:
    """A deal as written. ``now`` is the moment to judge by; ``product`` is known by this title, empty if it is not.

    ``sold``: its shop is known to sell the product. ``asked`` is what the shop asks without the deal, if that is known;
    ``twins`` are running deals like it.
    """

    written: DealInput
    now: datetime
    product: str = ""
    sold: bool = False
    asked: Money | None = None
    twins: tuple[Twin, ...] = ()


@dataclass(frozen=True)
class Facts:
    """One state of a post and of what it leads to, on one day.

    ``problems`` is what could not be read or found in the text, ``pictures`` those without words, ``dead_links`` (line,
    address) of plain links to pages that the worker found dead. ``dates`` are by field. ``opening`` are the first
    words of the text, short enough for a summary.
    """

    kind: str
    lang: str
    title: str
    summary: str
    source: str
    opening: str
    relation: str
    topics: tuple[str, ...]
    today: date
    empty: bool = False
    problems: tuple[Problem, ...] = ()
    has_cover: bool = False
    cover_alt: str = ""
    cards: tuple[CardFact, ...] = ()
    pictures: tuple[PictureFact, ...] = ()
    dead_links: tuple[tuple[int | None, str], ...] = ()
    dates: Mapping[str, date] | None = None
    deal: DealFact | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.source.split("\n")


@dataclass(frozen=True, slots=True)
class Repair:
    """One press of a button that mends what was found."""

    label: Said
    mend: Mend


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. ``blocking`` keeps the post from being published, otherwise it is advice.

    ``field`` is that of the form, ``line`` one of the text. ``target`` tells it from others of the same rule, and
    stays the same when lines move. ``post`` is the slug of a published post to look at.
    """

    rule: str
    blocking: bool
    text: Said
    reason: Said | None = None
    field: str = "source"
    line: int | None = None
    target: str = ""
    repair: Repair | None = None
    post: str = ""

    @property
    def name(self) -> str:
        """The finding by name, for the button that mends it."""
        return f"{self.rule}:{self.target}" if self.target else self.rule
