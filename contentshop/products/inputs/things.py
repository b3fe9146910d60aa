"""What people, files and forms say about products, parsed and checked; used by every door alike.

One shape serves all: a mapping of names to values as JSON has them. Forms hand in text, files whatever they
hold. ``given`` remembers which names were there, so that a file without a column leaves that field alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.inputs.codes import parse_gtin
from contentshop.products.inputs.fields import (
    LANGUAGE,
    MAX_TITLE,
    Problems,
    entries,
    line,
    note_problem,
    paragraphs,
    parse_flag,
    parse_language,
    parse_slug,
)
from contentshop.products.inputs.offers import (
    OfferInput,
    read_offer,
)
from contentshop.products.inputs.prices import PriceUnit
from contentshop.products.inputs.properties import parse_attrs
from contentshop.products.inputs.variants import VariantInput, read_variant

MAX_CATEGORY = 120
MAX_SUMMARY = 1_000
MAX_BODY = 50_000
MAX_VARIANTS = 200
MAX_OFFERS = 500
MAX_OPTIONS = 5
# Their places are what changes of many products keep (actions.bulk); a new one goes to the end.
STATUSES = ("archived", "active", "draft")
ARCHIVED, ACTIVE, DRAFT = STATUSES
_STATUS_WORDS = {
    "archived": ARCHIVED,
    "active": ACTIVE,
    "draft": DRAFT,
    "归档": ARCHIVED,
    "已归档": ARCHIVED,
    "上架": ACTIVE,
    "已上架": ACTIVE,
    "草稿": DRAFT,
}


@dataclass(frozen=True, slots=True)
class ProductInput:
    """A product as somebody describes it. ``alternative`` is a slug, ``picture`` a file name.

    ``status`` is read from ``status``, or from what older files and other shops say: ``listed`` no is archived,
    ``published`` no a draft.
    """

    title: str
    given: frozenset[str]
    slug: str = ""
    brand: str = ""
    category: str = ""
    gtin: str | None = None
    mpn: str = ""
    summary: str = ""
    body: str = ""
    lang: str = "en"
    attrs: tuple[tuple[str, str], ...] = ()
    options: tuple[dict[str, Any], ...] = ()
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)
    alternative: str = ""
    discontinued: bool = False
    status: str = ACTIVE
    source: str | None = None
    picture: str = ""
    picture_alt: str = ""
    variants: tuple[VariantInput, ...] = ()
    offers: tuple[OfferInput, ...] = ()

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, currency: str = "", price_unit: PriceUnit | None = None) -> ProductInput:
        """Raises Invalid that names every field in need of another look (``offers.2.price`` for the second)."""
        problems: Problems = {}
        title = line(data, "title", MAX_TITLE, problems)
        if not title and "title" not in problems:
            problems["title"] = [say("Write a title.")]
        found = cls(
            title=title,
            given=_given(data),
            slug=parse_slug(data, "slug", problems),
            brand=line(data, "brand", 120, problems),
            category=line(data, "category", MAX_CATEGORY, problems),
            gtin=parse_gtin(data, problems),
            mpn=line(data, "mpn", 80, problems),
            summary=line(data, "summary", MAX_SUMMARY, problems),
            body=paragraphs(data, "body", MAX_BODY, problems),
            lang=parse_language(data, problems),
            attrs=parse_attrs(data.get("attrs"), problems),
            options=_options(data, problems),
            translations=_translations(data, problems),
            alternative=parse_slug(data, "alternative", problems),
            discontinued=parse_flag(data, "discontinued", problems),
            status=_status(data, problems),
            source=line(data, "source", 200, problems) or None,
            picture=line(data, "picture", 300, problems),
            picture_alt=line(data, "picture_alt", 300, problems),
            variants=tuple(
                read_variant(entry, problems, where)
                for entry, where in entries(data, "variants", MAX_VARIANTS, problems)
            ),
            offers=tuple(
                offer
                for entry, where in entries(data, "offers", MAX_OFFERS, problems)
                if (offer := read_offer(entry, problems, where, currency, price_unit)) is not None
            ),
        )
        _check_repeats(found, problems)
        if problems:
            raise Invalid(problems)
        return found


def _given(data: Mapping[str, Any]) -> frozenset[str]:
    """What is said at all; an empty cell of a status says nothing of it."""
    given = {name for name, value in data.items() if value is not None}
    if given & {"listed", "published"}:
        given.add("status")
    elif data.get("status") == "":
        given.discard("status")
    return frozenset(given)


def _status(data: Mapping[str, Any], problems: Problems) -> str:
    """What it says of being in the shop; of two sayings the one that shows less, so that nothing gets out by a file."""
    word = line(data, "status", 20, problems).lower()
    if word and word not in _STATUS_WORDS:
        note_problem(problems, "status", say("Write draft, active or archived."))
    said = {_STATUS_WORDS.get(word, ACTIVE)}
    if not parse_flag(data, "listed", problems, default=True):
        said.add(ARCHIVED)
    if not parse_flag(data, "published", problems, default=True):
        said.add(DRAFT)
    return next(one for one in (ARCHIVED, DRAFT, ACTIVE) if one in said)


def _translations(data: Mapping[str, Any], problems: Problems) -> dict[str, dict[str, Any]]:
    value = data.get("translations") or {}
    if not isinstance(value, Mapping) or not all(isinstance(words, Mapping) for words in value.values()):
        note_problem(
            problems,
            "translations",
            say("Write translations as a language with its title, category, summary, body and attrs."),
        )
        return {}
    found: dict[str, dict[str, Any]] = {}
    for language, words in value.items():
        where = f"translations.{language}."
        if not LANGUAGE.fullmatch(str(language)):
            note_problem(
                problems, "translations", say("“%(text)s” is not a language, like en or zh.", text=str(language)[:20])
            )
            continue
        texts: dict[str, Any] = {
            "title": line(words, "title", MAX_TITLE, problems, where),
            "category": line(words, "category", MAX_CATEGORY, problems, where),
            "summary": line(words, "summary", MAX_SUMMARY, problems, where),
            "body": paragraphs(words, "body", MAX_BODY, problems, where),
            "attrs": [list(pair) for pair in parse_attrs(words.get("attrs"), problems, where)],
        }
        if any(texts.values()):
            found[str(language)] = {name: text for name, text in texts.items() if text}
    return found


def _options(data: Mapping[str, Any], problems: Problems) -> tuple[dict[str, Any], ...]:
    """What variants differ in, as ``Product.options`` keeps it; values may be plain words."""
    found = []
    for entry, where in entries(data, "options", MAX_OPTIONS, problems):
        values = [_option_value(value) for value in entry.get("values") or ()]
        name = line(entry, "name", 40, problems, where)
        if not name or not values or not all(value["value"] for value in values):
            note_problem(problems, "options", say("An option needs a name and values."))
            continue
        found.append({"name": name, "names": _words(entry.get("names")), "values": values})
    return tuple(found)


def _option_value(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {"value": " ".join(str(value.get("value") or "").split())[:40], "names": _words(value.get("names"))}
    return {"value": " ".join(str(value).split())[:40], "names": {}}


def _words(names: Any) -> dict[str, str]:
    found = names.items() if isinstance(names, Mapping) else ()
    return {str(language)[:10]: " ".join(str(word).split())[:40] for language, word in sorted(found) if word}


def _check_repeats(found: ProductInput, problems: Problems) -> None:
    skus = [variant.sku for variant in found.variants]
    if len(set(skus)) < len(skus):
        note_problem(problems, "variants", say("Two variants have the same SKU."))
    gtins = [variant.gtin for variant in found.variants if variant.gtin]
    if len(set(gtins)) < len(gtins):
        note_problem(problems, "variants", say("Two variants have the same GTIN."))
    own = [(offer.sku, offer.currency, offer.region) for offer in found.offers if offer.kind == "own"]
    links = [(offer.merchant, offer.url, offer.region) for offer in found.offers if offer.kind == "affiliate"]
    if len(set(own)) < len(own) or len(set(links)) < len(links):
        note_problem(problems, "offers", say("Two offers are the same."))
