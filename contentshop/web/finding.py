"""The search page: what was asked of it, and what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.products.offers import ProductFacts
from contentshop.search.port import Kind, SearchQuery, Sort
from contentshop.search.queries import ResultItem, Results
from contentshop.web.cards import creator_url, language_tag, post_url, product_card, product_url
from contentshop.web.pictures import picture
from contentshop.web.reader_pages import Choice, HitView, Paging, SearchForm
from contentshop.web.session import Viewer
from contentshop.web.words import refusal_text

RESULTS = 20  # of one page
LAST_PAGE = 50
LONGEST_TEXT = 200  # characters of a query; what the engine reads
LONGEST_PRICE = 15  # characters

KINDS: dict[str, Kind] = {"article": "post", "list": "list", "product": "product", "creator": "creator"}
NAMES: dict[Kind, str] = {kind: name for name, kind in KINDS.items()}
SORTS: dict[str, Sort] = {"newest": "newest", "price-up": "price_up", "price-down": "price_down"}

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


class StoredPicture(NamedTuple):
    """A picture as the search room hands it over."""

    key: str
    width: int
    height: int
    widths: list[int]
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
        price_from=args.get("from", "").strip()[:LONGEST_PRICE],
        price_to=args.get("to", "").strip()[:LONGEST_PRICE],
        in_stock=args.get("stock") == "1",
        sort=args.get("sort", "") if args.get("sort") in SORTS else "",
        page=min(page_number(args.get("page")), LAST_PAGE),
        errors=errors,
    )


def query_of(form: SearchForm, who: Viewer) -> SearchQuery:
    """The form as the engine is asked; without words everything that passes is listed, newest first."""
    return SearchQuery(
        text=form.text,
        kinds=(KINDS[form.kind],) if form.kind else (),
        in_stock=form.in_stock,
        currency=who.currency,
        price_from=None if "from" in form.errors else _price(form.price_from, who.currency),
        price_to=None if "to" in form.errors else _price(form.price_to, who.currency),
        sort=SORTS.get(form.sort, "relevance" if form.text else "newest"),
        offset=(form.page - 1) * RESULTS,
        limit=RESULTS,
    )


def _price(text: str, currency: str) -> int | None:
    """A typed amount in minor units; None for none. Raises Invalid."""
    return Money.parse(text[:LONGEST_PRICE], currency).minor if text.strip() else None


def address(form: SearchForm) -> str:
    """The address of a search, without what says nothing."""
    given = {
        "q": form.text,
        "kind": form.kind,
        "from": form.price_from,
        "to": form.price_to,
        "stock": "1" if form.in_stock else "",
        "sort": form.sort,
        "page": str(form.page) if form.page > 1 else "",
    }
    return "/search?" + urlencode({name: value for name, value in given.items() if value})


def is_filtered(form: SearchForm) -> bool:
    """Whether anything but the words narrows the search."""
    return bool(form.kind or form.price_from or form.price_to or form.in_stock)


def without_filters(form: SearchForm) -> SearchForm:
    """The same words, everywhere."""
    return SearchForm(text=form.text)


def kind_choices(form: SearchForm, counts: Mapping[Kind, int]) -> list[Choice]:
    """The kinds of things with how many of each were found."""
    labels = {
        "": _("Everything"),
        "article": _("Articles"),
        "list": _("Buying lists"),
        "product": _("Products"),
        "creator": _("Creators"),
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
    ]


def sort_choices() -> list[tuple[str, str]]:
    """(value, label) of the orders results may stand in."""
    return [
        ("", _("Best match")),
        ("newest", _("Newest first")),
        ("price-up", _("Cheapest first")),
        ("price-down", _("Dearest first")),
    ]


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
        url=_url(item),
        title=marked(item.title),
        snippet=marked(item.fragment),
        picture=picture(stored),
        meta=item.author,
        price=None,
        at=item.published_at,
        lang=language_tag(item.lang),
    )
    product = facts.get(item.product_id) if item.product_id else None
    if product is None:
        return view
    card = product_card(product, who, known=facts)
    return replace(view, picture=card.picture, price=card.price)


def _url(item: ResultItem) -> str:
    if item.kind == "product":
        return product_url(item.name)
    return creator_url(item.name) if item.kind == "creator" else post_url(item.name)


def marked(pieces: Iterable[tuple[str, bool]]) -> Markup:
    """Pieces of plain text as safe HTML, the searched words in ``<mark>``."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(text) if is_marked else escape(text) for text, is_marked in pieces
    )


def product_ids(items: Sequence[ResultItem]) -> set[int]:
    """The products among the results."""
    return {item.product_id for item in items if item.product_id is not None}
