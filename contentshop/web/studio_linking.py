"""What a draft could link to: published guides and products that read like it, found by search from its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import jsonify, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Unavailable
from contentshop.discovery.likeness import telling_words
from contentshop.search import queries as search
from contentshop.search.port import BadQuery, SearchQuery
from contentshop.web import studio
from contentshop.web.door import Door, show
from contentshop.web.finding import thing_url
from contentshop.web.session import engines, viewer
from contentshop.web.studio_saving import own_post, wants_json

bp = Door("studio_linking", __name__)

SHOWN = 5
ASKED = SHOWN * 3  # the draft itself, and what it links to already, are among what is found
MAX_WORDS = 700  # characters of a title and a summary
# Signs that would end the words of a link.
PLAIN = str.maketrans("[]\\\n", "()/ ")


@dataclass(frozen=True, slots=True)
class LinkView:
    """Something to link to. ``markup`` is the whole link as it is written in Markdown."""

    kind: str
    title: str
    url: str
    by: str

    @property
    def markup(self) -> str:
        """The link with the thing's title as its words."""
        return f"[{self.title.translate(PLAIN)}]({self.url})"


@dataclass(frozen=True, slots=True)
class LinksPage:
    """Suggestions for one post; ``problem`` says why there are none."""

    key: str
    title: str
    links: Sequence[LinkView]
    problem: str


@bp.get("/studio/<key>/links")
def links(key: str) -> Response:
    """What the post could link to: as JSON for the writing page, which sends the title and summary as they are now."""
    post = own_post(key)
    draft = studio.draft_of(post)
    title = request.args.get("title", draft.title)[:MAX_WORDS]
    words = telling_words(title, request.args.get("summary", draft.summary)[:MAX_WORDS])
    own = post.slug if post.state == "published" else ""
    found, problem = _find(words, leave={thing_url("post", own), *_linked(draft.source)})
    if wants_json():
        answer = jsonify(
            links=[{"kind": one.kind, "title": one.title, "url": one.url, "by": one.by} for one in found],
            problem=problem,
        )
        answer.headers["Cache-Control"] = "private, no-store"
        return answer
    return show("studio/links.html", LinksPage(key, draft.title or _("Untitled"), found, problem))


def _linked(source: str) -> set[str]:
    """The addresses of this site that a text links to already, as far as they stand in it plainly."""
    return {f"/{piece.partition(')')[0]}" for piece in source.split("](/")[1:]}


def _find(words: str, leave: set[str]) -> tuple[list[LinkView], str]:
    if not words:
        return [], _("Give the post a title first; its words say what to look for.")
    query = SearchQuery(words, kinds=("post", "list", "deal", "product"), limit=ASKED, verbatim=True)
    try:
        results = search.find(db.session, engines().search, query, viewer().locale)
    except (Unavailable, BadQuery):
        return [], _("Search does not answer now. Please try again in a minute.")
    kinds = {"post": _("Article"), "list": _("Buying list"), "deal": _("Deal"), "product": _("Product")}
    found = [
        LinkView(
            kind=kinds[item.kind],
            title="".join(text for text, _marked in item.title),
            url=thing_url(item.kind, item.name),
            by=item.author,
        )
        for item in results.items
        if item.kind in kinds
    ]
    shown = [link for link in found if link.url not in leave][:SHOWN]
    return shown, "" if shown else _("Nothing published reads like this yet.")
