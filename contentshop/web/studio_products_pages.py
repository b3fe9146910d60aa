"""Page records of the studio's products: exactly what each template may show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contentshop.web.cards import CardView
from contentshop.web.pictures import PictureView

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a field is: ``high``, ``medium`` or ``low``, and the same in words with where it comes from."""

    level: str
    words: str


@dataclass(frozen=True, slots=True)
class ProductForm:
    """The fields of a product of another shop.

    ``sure`` and ``problems`` tell how it was read, ``read_at`` when; all are empty for what a person fills in alone.
    ``shop_known``: its links may be paid. ``locks`` are the fields that are kept as they are.
    """

    values: Mapping[str, str]
    currencies: Sequence[Choice]
    availabilities: Sequence[Choice]
    sure: Mapping[str, Sureness]
    problems: Sequence[str]
    read_at: datetime | None
    picture: PictureView | None
    shop_known: bool
    locks: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewProductPage:
    """The page to paste an address into, and the form of what was read of it."""

    url: str
    form: ProductForm | None
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A product that cards can name; ``form`` only for who may correct it."""

    slug: str
    card: CardView
    markup: str
    form: ProductForm | None
    errors: Mapping[str, list[str]]
