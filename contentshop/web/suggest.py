"""What is suggested while somebody types into the search box."""

from __future__ import annotations

from flask import Response, jsonify, request
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.discovery import queries as discovery
from contentshop.search import suggestions
from contentshop.web.door import Door
from contentshop.web.finding import LONGEST_TEXT, address, thing_url
from contentshop.web.reader_pages import SearchForm

bp = Door("suggest", __name__)

QUERIES = 3


@bp.get("/suggest.json")
def suggest() -> Response:
    """Public things and known queries that go on from ``q``, for the list under the search box."""
    typed = request.args.get("q", "")[:LONGEST_TEXT]
    labels = {
        "post": _("Article"),
        "list": _("Buying list"),
        "deal": _("Deal"),
        "product": _("Product"),
        "creator": _("Creator"),
        "featured": _("Featured list"),
        "topic": _("Topic"),
    }
    entries = [
        {"text": query, "kind": "query", "label": str(_("Search")), "url": address(SearchForm(text=query))}
        for query in discovery.known_queries(db.session, typed, QUERIES)
    ]
    entries += [
        {
            "text": found.title,
            "kind": found.kind,
            "label": str(labels[found.kind]),
            "url": thing_url(found.kind, found.name),
        }
        for found in suggestions.suggest(db.session, typed)
    ]
    answer = jsonify(entries=entries)
    answer.headers["Cache-Control"] = "private, max-age=30"
    return answer
