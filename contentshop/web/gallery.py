"""Every component with sample data on one page, in development only."""

from __future__ import annotations

from flask import jsonify, request
from werkzeug.wrappers import Response

from contentshop.core.errors import NotFound
from contentshop.core.words import say
from contentshop.web.chrome import money
from contentshop.web.door import Door, show
from contentshop.web.samples import cards, samples
from contentshop.web.session import moment, settings

bp = Door("gallery", __name__)


@bp.get("/dev/components")
def components() -> Response:
    """The gallery. Raises NotFound in production."""
    _in_development()
    return show("components/gallery.html", samples(moment()))


@bp.get("/dev/products.json")
def products() -> Response:
    """What the product search of the gallery's editor finds: cards of the gallery. Raises NotFound in production."""
    _in_development()
    text = request.args.get("q", "").strip().casefold()
    found = [card for card in vars(cards(moment())).values() if text and text in f"{card.key} {card.title}".casefold()]
    return jsonify(
        products=[
            {
                "key": card.key,
                "title": card.title,
                "brand": card.brand,
                "price": money(card.price) if card.price else "",
                "picture": card.picture.src if card.picture else "",
            }
            for card in found
        ]
    )


def _in_development() -> None:
    if settings().production:
        raise NotFound(say("There is no such page."))
