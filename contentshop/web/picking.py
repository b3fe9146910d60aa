"""Products for those who write: found as they are typed, also with slips of the finger and in pinyin."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.db import db
from contentshop.core.errors import Unavailable
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.search import queries as search
from contentshop.search.port import BadQuery, SearchQuery
from contentshop.web.session import Viewer, engines


@dataclass(frozen=True, slots=True)
class Picks:
    """Products in the order they are offered; ``known`` holds what stands in for them, too."""

    ids: tuple[int, ...]
    known: dict[int, ProductFacts]

    @property
    def found(self) -> list[ProductFacts]:
        """The products themselves."""
        return [self.known[product_id] for product_id in self.ids if product_id in self.known]


def pick_products(text: str, limit: int, who: Viewer) -> Picks:
    """Up to ``limit`` listed products for what is typed.

    First what the table has word for word, so that a product can be picked the moment it exists and whatever becomes
    of the index; then what the site's search makes of the words, which reads pinyin and corrects what nobody wrote.
    """
    if not text:
        return Picks((), {})
    ids = [hit.id for hit in products.search_catalogue(db.session, text, limit)]
    if len(ids) < limit:
        ids = list(dict.fromkeys([*ids, *_by_index(text, limit, who)]))[:limit]
    return Picks(tuple(ids), products.load_facts(db.session, ids, who.locale))


def _by_index(text: str, limit: int, who: Viewer) -> list[int]:
    query = SearchQuery(text=text, kinds=("product",), limit=limit)
    try:
        found = search.find(db.session, engines().search, query, who.locale)
    except (Unavailable, BadQuery):
        return []
    # Products that have only some of the words are no answer to somebody who knows which one they mean.
    return [] if found.loosened else [item.product_id for item in found.items if item.product_id is not None]
