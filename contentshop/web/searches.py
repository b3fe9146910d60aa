"""What people search for: kept as they search, counted by the worker, shown to editors.

A result's link is the thing's own address. That it was opened is told by a small request of ``site.js`` beside the
way there: the page that is opened may come from the page cache, which reads no referrer, and a redirect of ours
would stand in the address that people copy. It needs no cookie and no token, and who reads without script is
counted as one who searched, not as one who opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import current_app, make_response, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.affiliate.visitors import is_deliberate, is_robot, visitor_hash
from contentshop.core.db import db
from contentshop.discovery import queries
from contentshop.discovery.inputs import PickInput, SearchInput, normal_words, read_place, read_rank
from contentshop.discovery.queries import QueryRow, SearchTotals
from contentshop.discovery.spool import Spool
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.limits import PICKS, limiter
from contentshop.web.session import settings, viewer

bp = Door("searches", __name__)

PERIODS = (1, 7, 30)  # days
ROWS = 30  # of one table


@dataclass(frozen=True, slots=True)
class Line:
    """A query in a table of the report; ``url`` tries it, ``opened`` is the mean place of what was opened."""

    words: str
    url: str
    lang: str
    searches: int
    visitors: int
    fruitless: int
    loosened: int
    abandoned: int
    picks: int
    opened: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The editors' report. ``periods`` are tabs."""

    periods: Sequence[tuple[str, str, bool, None]]
    totals: SearchTotals
    top: Sequence[Line]
    fruitless: Sequence[Line]
    abandoned: Sequence[Line]


def log_search(text: str, *, found: int, loosened: bool) -> None:
    """Keep the search that this request is, if a person made it; nothing is written but a line of the spool.

    Call it for the first page of an unfiltered search: other pages and filters are the same search again.
    ``loosened``: what was found has only some of the words, or other ones.
    """
    words = normal_words(text)
    if not words or not is_deliberate(request.method, request.headers):
        return
    who = viewer()
    by = who.user.key if who.user else ""
    _spool().add(SearchInput(who.now, words, who.locale, _visitor(), found, loosened, by))


@bp.post("/search/picks")
@limiter.limit(PICKS)
@manages_own_units
def pick() -> Response:
    """Keep that a result was opened. Always the same empty answer."""
    place, rank = read_place(request.form.get("to", "")), read_rank(request.form.get("rank", ""))
    words = normal_words(request.form.get("q", ""))
    if place and rank and words and not is_robot(request.headers.get("User-Agent", "")):
        who = viewer()
        kind, name = place
        by = who.user.key if who.user else ""
        _spool().add(PickInput(who.now, words, who.locale, _visitor(), kind, name, rank, by))
    return make_response("", 204)


@bp.get("/desk/searches")
def report() -> Response:
    """What was searched for in the last day, week or month."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else PERIODS[1]
    now = viewer().now
    labels = {1: _("Today"), 7: _("7 days"), 30: _("30 days")}
    page = ReportPage(
        periods=[(labels[one], url_for("searches.report", days=one), one == days, None) for one in PERIODS],
        totals=queries.total_searches(db.session, days=days, now=now),
        top=_lines(queries.list_top(db.session, days=days, now=now, limit=ROWS)),
        fruitless=_lines(queries.list_fruitless(db.session, days=days, now=now, limit=ROWS)),
        abandoned=_lines(queries.list_abandoned(db.session, days=days, now=now, limit=ROWS)),
    )
    return show("desk/searches.html", page)


def _lines(rows: Sequence[QueryRow]) -> list[Line]:
    return [
        Line(
            words=row.words,
            url="/search?" + urlencode({"q": row.words}),
            lang=row.lang,
            searches=row.searches,
            visitors=row.visitors,
            fruitless=row.fruitless,
            loosened=row.loosened,
            abandoned=row.abandoned,
            picks=row.picks,
            opened="–" if row.rank is None else f"{row.rank:.1f}",
        )
        for row in rows
    ]


def _visitor() -> str:
    agent = request.headers.get("User-Agent", "")
    return visitor_hash(settings().secret_key, viewer().now, request.remote_addr or "", agent)


def _spool() -> Spool:
    """This process's search spool."""
    extensions = current_app.extensions
    found: Spool | None = extensions.get("contentshop.search_spool")
    if found is None:
        found = extensions.setdefault("contentshop.search_spool", Spool(settings().search_spool_dir))
    return found
