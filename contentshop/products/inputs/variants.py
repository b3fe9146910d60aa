"""One buyable form of a product, as somebody describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.inputs.codes import parse_gtin
from contentshop.products.inputs.fields import (
    Problems,
    line,
    note_problem,
    parse_flag,
    parse_moment,
    parse_names,
    parse_quantity,
)

# Which of a country's tax rates a variant is under; the rates themselves are the delivery room's.
TAX_CLASSES = ("standard", "reduced", "zero")
# What a description may say of a variant besides its names.
VARIANT_FACTS = (
    "gtin",
    "options",
    "weight_g",
    "tax_class",
    "purchase_limit",
    "releases_at",
    "digital",
    "returnable",
)


@dataclass(frozen=True, slots=True)
class VariantInput:
    """One form of a product. ``names`` maps a language to the variant's name in it; see ``Variant`` for the rest.

    ``given`` are the fields that were told of, so that what is silent leaves them as they are.
    """

    sku: str
    name: str = ""
    names: dict[str, str] = field(default_factory=dict)
    gtin: str | None = None
    options: tuple[str, ...] = ()
    weight_g: int = 0
    tax_class: str = "standard"
    purchase_limit: int | None = None
    releases_at: datetime | None = None
    digital: bool = False
    returnable: bool = True
    given: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> VariantInput:
        """Raises Invalid, by field."""
        problems: Problems = {}
        found = read_variant(data, problems, "")
        if problems:
            raise Invalid(problems)
        return found


def read_variant(data: Mapping[str, Any], problems: Problems, where: str) -> VariantInput:
    """One form of a product; ``where`` begins the names of its fields in ``problems``."""
    sku = line(data, "sku", 80, problems, where)
    if not sku and where + "sku" not in problems:
        note_problem(problems, where + "sku", say("Write a SKU."))
    options = data.get("options") or ()
    if not isinstance(options, Sequence) or isinstance(options, str):
        note_problem(problems, where + "options", say("This should be a list of entries."))
        options = ()
    limit = parse_quantity(data, "purchase_limit", problems, where)
    if limit == 0:
        note_problem(problems, where + "purchase_limit", say("Write a number from 1, or nothing."))
    return VariantInput(
        sku,
        line(data, "name", 120, problems, where),
        parse_names(data, problems, where, 120),
        gtin=parse_gtin(data, problems, where),
        options=tuple(" ".join(str(value).split())[:40] for value in options),
        weight_g=parse_quantity(data, "weight_g", problems, where) or 0,
        tax_class=_tax_class(data, problems, where),
        purchase_limit=limit or None,
        releases_at=parse_moment(data, "releases_at", problems, where),
        digital=parse_flag(data, "digital", problems, where=where),
        returnable=parse_flag(data, "returnable", problems, default=True, where=where),
        given=frozenset(name for name in VARIANT_FACTS if data.get(name) is not None),
    )


def _tax_class(data: Mapping[str, Any], problems: Problems, where: str) -> str:
    text = line(data, "tax_class", 20, problems, where).lower() or "standard"
    if text not in TAX_CLASSES:
        choices = ", ".join(TAX_CLASSES)
        note_problem(
            problems, where + "tax_class", say("“%(kind)s” is not one of %(choices)s.", kind=text, choices=choices)
        )
        return "standard"
    return text
