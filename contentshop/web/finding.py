"""The search page: what was asked of it, and what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.products.offers import ProductFacts
from contentshop.search import grammar
from contentshop.search.port import RATING_STEPS, WAYS, WORTH_STEPS, Facet, Kind, SearchQuery, Sort
from contentshop.search.queries import FacetValue, ResultItem, Results
from contentshop.web.cards import product_card
from contentshop.web.chrome import current_babel_locale, language_tag
from contentshop.web.pictures import picture
from contentshop.web.reader_pages import Choice, FacetView, HitView, Paging, SearchForm
from contentshop.web.session import Viewer
from contentshop.web.tiles import deal_tile
from contentshop.web.urls import creator_url, post_url, product_url
from contentshop.web.words import refusal_text

RESULTS = 20  # of one page
LAST_PAGE = 50
LONGEST_TEXT = 200  # characters of a query; what the engine reads
LONGEST_PRICE = 15  # characters
LONGEST_VALUE = 120  # characters of a filter's value

KINDS: dict[str, Kind] = {
    "article": "post",
    "list": "list",
    "deal": "deal",
    "product": "product",
    "creator": "creator",
    "featured": "featured",
    "topic": "topic",
}
NAMES: dict[Kind, str] = {kind: name for name, kind in KINDS.items()}
SORTS: dict[str, Sort] = {
    "newest": "newest",
    "popular": "popular",
    "price-up": "price_up",
    "price-down": "price_down",
}
MANY = 8  # values of one filter that an address may name
AGES = (7, 30, 365)  # days
# Where ranges of prices meet, in major units of each currency; other currencies take the first line's.
PRICE_STEPS: dict[str, tuple[int, ...]] = {
    "": (25, 50, 100, 200, 500),
    "CNY": (100, 300, 500, 1000, 3000),
    "HKD": (200, 400, 800, 1500, 4000),
    "TWD": (500, 1000, 3000, 6000, 15000),
    "JPY": (3000, 5000, 10000, 20000, 50000),
}
COUNTED: tuple[Facet, ...] = (
    "topic", "brand", "price", "way", "merchant", "creator", "lang", "age", "stock", "worth", "rating", "running"
)  # fmt: skip

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


class StoredPicture(NamedTuple):
    """A picture as the search room hands it over."""

    key: str
    width: int
    height: int
    widths: list[int]
    focus: tuple[int, int] = (50, 50)
    alt: str = ""


def read_form(args: MultiDict[str, str], currency: str) -> SearchForm:
    """What an address asks for. Odd values count as not given; a price that is no amount is told."""
    errors: dict[str, list[str]] = {}
    for name in ("from", "to"):
        try:
            _price(args.get(name, ""), currency)
        except Invalid as error:
            errors[name] = [refusal_text(error)]
    return SearchForm(
        text=_CONTROLS.sub(" ", args.get("q", ""))[:LONGEST_TEXT].strip(),
        kind=args.get("kind", "") if args.get("kind") in KINDS else "",
        topics=_values(args, "topic"),
        brands=_values(args, "brand"),
        shops=_values(args, "shop"),
        creators=_values(args, "by"),
        langs=_values(args, "lang"),
        ways=tuple(way for way in WAYS if way in args.getlist("way")),
        price_from=args.get("from", "").strip()[:LONGEST_PRICE],
        price_to=args.get("to", "").strip()[:LONGEST_PRICE],
        in_stock=args.get("stock") == "1",
        days=next((str(days) for days in AGES if args.get("days") == str(days)), ""),
        worth=_step(args.get("worth"), WORTH_STEPS),
        rating=_step(args.get("rating"), RATING_STEPS),
        running=args.get("running") == "1",
        sort=args.get("sort", "") if args.get("sort") in SORTS else "",
        verbatim=args.get("exact") == "1",
        why=args.get("why") == "1",
        page=min(page_number(args.get("page")), LAST_PAGE),
        errors=errors,
    )


def _step(given: str | None, steps: Sequence[int]) -> str:
    return given if given is not None and given in {str(step) for step in steps} else ""


def _values(args: MultiDict[str, str], name: str) -> tuple[str, ...]:
    given = (_CONTROLS.sub(" ", value)[:LONGEST_VALUE].strip() for value in args.getlist(name))
    return tuple(dict.fromkeys(value for value in given if value))[:MANY]


def query_of(
    form: SearchForm, who: Viewer, *, creators: Callable[[Sequence[str]], Sequence[str]] = lambda _handles: ()
) -> SearchQuery:
    """The form as the engine is asked; without words everything that passes is listed, newest first.

    Fields in the text (``brand:sony``) narrow like filters; ``creators`` gives the keys of the people named so.
    """
    asked = grammar.read(form.text)
    fields = asked.fields
    handles = fields.get("by", ())
    kinds = [form.kind, *(kind for kind in fields.get("kind", ()) if kind in KINDS)]
    ages = tuple(int((who.now - timedelta(days=days)).timestamp()) for days in AGES)
    return SearchQuery(
        text=asked.words,
        kinds=tuple(dict.fromkeys(KINDS[kind] for kind in kinds if kind)),
        langs=form.langs + fields.get("lang", ()),
        topics=form.topics + fields.get("topic", ()),
        # Somebody who does not exist has written nothing.
        creators=form.creators + (tuple(creators(handles)) or handles),
        brands=form.brands + fields.get("brand", ()),
        merchants=form.shops + fields.get("shop", ()),
        ways=tuple(way for way in WAYS if way in form.ways),
        in_stock=form.in_stock or "stock" in fields.get("in", ()),
        currency=who.currency,
        price_from=None if "from" in form.errors else _price(form.price_from, who.currency),
        price_to=None if "to" in form.errors else _price(form.price_to, who.currency),
        published_from=ages[AGES.index(int(form.days))] if form.days else None,
        worth_from=int(form.worth) if form.worth else None,
        rating_from=int(form.rating) if form.rating else None,
        running=form.running or "running" in fields.get("in", ()),
        sort=SORTS.get(form.sort, "relevance" if asked.words else "newest"),
        offset=(form.page - 1) * RESULTS,
        limit=RESULTS,
        facets=COUNTED,
        price_edges=price_edges(who.currency),
        ages=ages,
        verbatim=form.verbatim,
        explain=form.why,
    )


def price_edges(currency: str) -> tuple[int, ...]:
    """Where ranges of prices meet, in minor units."""
    steps = PRICE_STEPS.get(currency, PRICE_STEPS[""])
    return tuple(Money.parse(str(step), currency).minor for step in steps)


def _price(text: str, currency: str) -> int | None:
    """A typed amount in minor units; None for none. Raises Invalid."""
    return Money.parse(text[:LONGEST_PRICE], currency).minor if text.strip() else None


def address(form: SearchForm) -> str:
    """The address of a search, without what says nothing."""
    pairs = [("q", form.text), *fields_of(form)]
    pairs += [("sort", form.sort), ("page", str(form.page) if form.page > 1 else "")]
    return "/search?" + urlencode([(name, value) for name, value in pairs if value])


def fields_of(form: SearchForm) -> list[tuple[str, str]]:
    """The filters of a form as (name, value), in one order."""
    pairs = [("kind", form.kind)]
    for name, values in (
        ("topic", form.topics),
        ("brand", form.brands),
        ("shop", form.shops),
        ("by", form.creators),
        ("lang", form.langs),
        ("way", form.ways),
    ):
        pairs += [(name, value) for value in values]
    pairs += [
        ("from", form.price_from),
        ("to", form.price_to),
        ("stock", "1" if form.in_stock else ""),
        ("days", form.days),
        ("worth", form.worth),
        ("rating", form.rating),
        ("running", "1" if form.running else ""),
        ("exact", "1" if form.verbatim else ""),
        ("why", "1" if form.why else ""),
    ]
    return [(name, value) for name, value in pairs if value]


def watched_fields(form: SearchForm, who: Viewer) -> dict[str, str]:
    """What of a search can be waited for, as the form of a saved search names it."""
    return {
        "q": grammar.read(form.text).words,
        "kind": form.kind if form.kind in {"article", "list", "deal", "product", "creator"} else "",
        "lang": form.langs[0] if len(form.langs) == 1 else "",
        "topic": form.topics[0] if len(form.topics) == 1 else "",
        "to": form.price_to,
        "currency": who.currency if form.price_to else "",
        "stock": "1" if form.in_stock else "",
        "worth": form.worth,
    }


def is_filtered(form: SearchForm) -> bool:
    """Whether anything but the words narrows the search."""
    return without_filters(form) != replace(form, sort="", page=1, verbatim=False, why=False, errors={})


def without_filters(form: SearchForm) -> SearchForm:
    """The same words, everywhere."""
    return SearchForm(text=form.text)


def kind_choices(form: SearchForm, counts: Mapping[Kind, int]) -> list[Choice]:
    """The kinds of things with how many of each were found; those without any only while they are chosen."""
    labels = {
        "": _("Everything"),
        "article": _("Articles"),
        "list": _("Buying lists"),
        "deal": _("Deals"),
        "product": _("Products"),
        "creator": _("Creators"),
        "featured": _("Featured lists"),
        "topic": _("Topics"),
    }
    return [
        Choice(
            label=label,
            value=name,
            count=(counts.get(KINDS[name], 0) if name else sum(counts.values())) if counts else None,
            selected=form.kind == name,
            url=address(replace(form, kind=name, page=1)),
        )
        for name, label in labels.items()
        if name in {"", "article", "list", "product", form.kind} or counts.get(KINDS[name], 0)
    ]


def facet_views(form: SearchForm, facets: Mapping[Facet, Sequence[FacetValue]], currency: str) -> list[FacetView]:
    """The groups of filters that can narrow these results, each value with its count and its address."""
    groups = (
        _several(form, "topic", "topics", _("Topic"), facets.get("topic", ())),
        _several(form, "brand", "brands", _("Brand"), facets.get("brand", ())),
        FacetView("price", _("Price"), _price_choices(form, facets.get("price", ()), currency), folded=False),
        FacetView("running", _("Deals"), _running_choices(form, facets.get("running", ())), folded=False),
        FacetView("way", _("Where to buy"), _way_choices(form, facets), folded=False),
        FacetView("worth", _("Worth it, readers say"), _worth_choices(form, facets.get("worth", ())), folded=False),
        FacetView("rating", _("Rating by buyers"), _rating_choices(form, facets.get("rating", ())), folded=False),
        _several(form, "shop", "shops", _("Shop"), facets.get("merchant", ())),
        _several(form, "by", "creators", _("Creator"), facets.get("creator", ())),
        _several(form, "lang", "langs", _("Language"), _languages(facets.get("lang", ()))),
        FacetView("days", _("Published"), _age_choices(form, facets.get("age", ())), folded=not form.days),
    )
    return [
        group
        for group in groups
        if group.name == "price"
        or (group.name in {"worth", "rating", "running"} and group.choices)
        or len(group.choices) > 1
        or any(choice.selected for choice in group.choices)
    ]


def _several(form: SearchForm, name: str, field: str, title: str, values: Sequence[FacetValue]) -> FacetView:
    """A group of which any number may be chosen at once."""
    chosen: tuple[str, ...] = getattr(form, field)

    def with_values(wanted: tuple[str, ...]) -> SearchForm:
        changes: dict[str, Any] = {field: wanted}
        return replace(form, page=1, **changes)

    choices = [
        Choice(
            label=value.label,
            value=value.value,
            count=value.count,
            selected=value.value in chosen,
            url=address(with_values(_toggled(chosen, value.value))),
        )
        for value in values
    ]
    return FacetView(name, title, choices, folded=name in {"by", "lang"} and not chosen)


def _toggled(chosen: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(other for other in chosen if other != value) if value in chosen else (*chosen, value)


def _languages(values: Sequence[FacetValue]) -> list[FacetValue]:
    names = {"en": "English", "zh": "中文"}
    return [replace(value, label=names.get(value.value, value.label)) for value in values]


def _price_choices(form: SearchForm, values: Sequence[FacetValue], currency: str) -> list[Choice]:
    edges = (0, *price_edges(currency))
    choices = []
    for value in sorted(values, key=lambda value: int(value.value)):
        at = int(value.value)
        low, high = Money(edges[at], currency), Money(edges[at + 1], currency) if at + 1 < len(edges) else None
        typed = _typed(low) if at else "", _typed(Money(high.minor - 1, currency)) if high else ""
        selected = typed == (form.price_from, form.price_to)
        to = ("", "") if selected else typed
        choices.append(
            Choice(
                label=_range_words(low if at else None, high),
                value=value.value,
                count=value.count,
                selected=selected,
                url=address(replace(form, page=1, price_from=to[0], price_to=to[1])),
            )
        )
    return choices


def _typed(value: Money) -> str:
    """An amount as a person would type it."""
    return str(value.amount).removesuffix(".00")


def _range_words(low: Money | None, high: Money | None) -> str:
    locale = current_babel_locale()
    if low is None and high is not None:
        return str(_("Under %(price)s", price=high.format_whole(locale)))
    if high is None and low is not None:
        return str(_("%(price)s and more", price=low.format_whole(locale)))
    return f"{low.format_whole(locale)} – {high.format_whole(locale)}" if low and high else ""


def _way_choices(form: SearchForm, facets: Mapping[Facet, Sequence[FacetValue]]) -> list[Choice]:
    names = {"own": _("Sold here"), "elsewhere": _("Sold by other shops")}
    counts = {value.value: value.count for value in facets.get("way", ())}
    choices = [
        Choice(
            label=label,
            value=way,
            count=counts.get(way, 0),
            selected=way in form.ways,
            url=address(replace(form, page=1, ways=_toggled(form.ways, way))),
        )
        for way, label in names.items()
        if counts.get(way) or way in form.ways
    ]
    stocked = sum(value.count for value in facets.get("stock", ()))
    if stocked or form.in_stock:
        choices.append(
            Choice(
                label=_("In stock here"),
                value="stock",
                count=stocked,
                selected=form.in_stock,
                url=address(replace(form, page=1, in_stock=not form.in_stock)),
            )
        )
    return choices


def _age_choices(form: SearchForm, values: Sequence[FacetValue]) -> list[Choice]:
    labels = {"7": _("Last 7 days"), "30": _("Last 30 days"), "365": _("Last year")}
    counts = {str(AGES[int(value.value)]): value.count for value in values}
    return [
        Choice(
            label=label,
            value=days,
            count=counts.get(days, 0),
            selected=form.days == days,
            url=address(replace(form, page=1, days="" if form.days == days else days)),
        )
        for days, label in labels.items()
        if counts.get(days) or form.days == days
    ]


def _worth_choices(form: SearchForm, values: Sequence[FacetValue]) -> list[Choice]:
    counts = {value.value: value.count for value in values}
    return [
        Choice(
            label=_("%(rate)s and up", rate=f"{step}%"),
            value=step,
            count=counts.get(step, 0),
            selected=form.worth == step,
            url=address(replace(form, page=1, worth="" if form.worth == step else step)),
        )
        for step in map(str, reversed(WORTH_STEPS))
        if counts.get(step) or form.worth == step
    ]


def _running_choices(form: SearchForm, values: Sequence[FacetValue]) -> list[Choice]:
    count = sum(value.count for value in values)
    if not count and not form.running:
        return []
    to = address(replace(form, page=1, running=not form.running))
    return [Choice(_("Running now"), "running", count, form.running, to)]


def _rating_choices(form: SearchForm, values: Sequence[FacetValue]) -> list[Choice]:
    counts = {value.value: value.count for value in values}
    return [
        Choice(
            label=_("%(points)s of 5 and up", points=f"{int(step) / 10:g}"),
            value=step,
            count=counts.get(step, 0),
            selected=form.rating == step,
            url=address(replace(form, page=1, rating="" if form.rating == step else step)),
        )
        for step in map(str, reversed(RATING_STEPS))
        if counts.get(step) or form.rating == step
    ]


def chosen_filters(form: SearchForm, kinds: Sequence[Choice], facets: Sequence[FacetView]) -> list[Choice]:
    """The filters that are on, each with the address without it."""
    found = [choice for group in facets for choice in group.choices if choice.selected]
    found += [
        replace(choice, url=address(replace(form, kind="", page=1)))
        for choice in kinds
        if choice.selected and choice.value
    ]
    in_range = any(choice.selected for group in facets if group.name == "price" for choice in group.choices)
    if (form.price_from or form.price_to) and not in_range:
        label = _("Price: %(range)s", range=f"{form.price_from or '0'} – {form.price_to or '…'}")
        found.append(Choice(label, "price", None, True, address(replace(form, price_from="", price_to="", page=1))))
    return found


def sort_choices(form: SearchForm) -> list[Choice]:
    """The orders results may stand in, each with its address."""
    labels = {
        "": _("Best match") if form.text else _("Newest first"),
        "newest": _("Newest first"),
        "popular": _("Most recommended"),
        "price-up": _("Cheapest first"),
        "price-down": _("Dearest first"),
    }
    return [
        Choice(label, name, None, form.sort == name, address(replace(form, sort=name, page=1)))
        for name, label in labels.items()
        if form.text or name != "newest"
    ]


def explained(parts: Mapping[str, float]) -> str:
    """Why a result stands where it stands; empty when nobody asked."""
    if not parts:
        return ""
    tiers = {3: _("a code fits exactly"), 2: _("the title fits exactly"), 1: _("has all words"), 0: _("has some words")}
    words = [str(tiers[int(parts["tier"])]), str(_("text %(score)s", score=f"{parts['text']:.2f}"))]
    names = {
        "popularity": _("recommended"),
        "freshness": _("new"),
        "availability": _("can be had"),
        "ended": _("over"),
    }
    words += [f"{name} ×{parts[part]:.2f}" for part, name in names.items() if abs(parts[part] - 1) > 0.004]
    return " · ".join(words)


def paging(form: SearchForm, total: int) -> Paging:
    """The ways to the pages before and after."""
    pages = min(LAST_PAGE, -(-total // RESULTS))
    if pages < 2:
        return Paging()
    return Paging(
        previous_url=address(replace(form, page=min(form.page - 1, pages))) if form.page > 1 else "",
        next_url=address(replace(form, page=form.page + 1)) if form.page < pages else "",
        position=_("Page %(page)s of %(pages)s", page=form.page, pages=pages),
    )


def hits(results: Results, facts: Mapping[int, ProductFacts], who: Viewer) -> list[HitView]:
    """The results as the page shows them; ``facts`` are of the products among them."""
    return [_hit(item, facts, who) for item in results.items]


def _hit(item: ResultItem, facts: Mapping[int, ProductFacts], who: Viewer) -> HitView:
    stored = StoredPicture(*item.picture) if item.picture else None
    view = HitView(
        kind=NAMES[item.kind],
        url=thing_url(item.kind, item.name),
        title=marked(item.title),
        snippet=marked(item.fragment),
        picture=picture(stored),
        meta=item.author,
        price=None,
        at=item.published_at,
        lang=language_tag(item.lang),
        why=explained(item.parts),
        deal=deal_tile(item.deal) if item.deal is not None else None,
    )
    product = facts.get(item.product_id) if item.product_id else None
    if product is None:
        return view
    card = product_card(product, who, known=facts)
    return replace(view, picture=card.picture, price=card.price)


def thing_url(kind: Kind, name: str) -> str:
    """The address of a public thing by its slug (or a creator's handle)."""
    match kind:
        case "product":
            return product_url(name)
        case "creator":
            return creator_url(name)
        case "featured":
            return f"/featured/{name}"
        case "topic":
            return f"/topics/{name}"
        case _:
            return post_url(name)


def marked(pieces: Iterable[tuple[str, bool]]) -> Markup:
    """Pieces of plain text as safe HTML, the searched words in ``<mark>``."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(text) if is_marked else escape(text) for text, is_marked in pieces
    )


def product_ids(items: Sequence[ResultItem]) -> set[int]:
    """The products among the results."""
    return {item.product_id for item in items if item.product_id is not None}
