"""Live sessions for readers: the page, its cards alone, and the line that tells of every change.

The line is made of server-sent events. A browser that is connected keeps a thread busy, and by default the server has
one for each process; so an answer ends at once and the browser comes back after ``BACK_AFTER``, which the standard has
browsers do by themselves. With ``CONTENTSHOP_LIVE_STREAMS`` a process keeps so many browsers connected, and answers
the rest in the first way. See docs/live.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from flask import Flask, Response, current_app, url_for
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.embeds import find_embed
from contentshop.core.errors import NotFound
from contentshop.core.words import say
from contentshop.live import queries
from contentshop.live.queries import Announcement, Session
from contentshop.media.inputs import TYPES
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.web import freshness, structured
from contentshop.web.cache import begin, keep
from contentshop.web.cards import next_stale, product_card
from contentshop.web.chrome import beside_nav_topics, language_tag
from contentshop.web.disclosures import relation_note
from contentshop.web.door import Door, show
from contentshop.web.live_pages import AnnouncedView, Player, ScheduleListPage, SessionPage, TimedCard
from contentshop.web.pictures import picture, recording_url
from contentshop.web.reader_pages import Head
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.urls import creator_url

bp = Door("live", __name__)

ANNOUNCED = 30  # sessions of the list
SHOWN = 3  # sessions on the home page and above search results
BACK_AFTER = 2000  # milliseconds until a browser asks again


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Of a browser that stays connected, in seconds: how often the database is looked at, after how much silence a
    word is sent so that a lost browser is noticed, and how long it stays at most."""

    look: float = 0.5
    heartbeat: float = 10.0
    stay: float = 30.0


@bp.get("/live")
def schedule() -> Response:
    """What is live now, and what comes next."""
    who = viewer()
    found = queries.list_announced(db.session, now=who.now, limit=ANNOUNCED)
    title = _("Live")
    page = ScheduleListPage(_head(title, "", "/live"), [announced(entry) for entry in found])
    return show("live/schedule.html", page)


@bp.get("/live/<key>")
def session(key: str) -> Response:
    """A session: what plays, the card that is shown now, and the queue."""
    return _answer(key)


@bp.get("/live/<key>/play")
def play(key: str) -> Response:
    """The same with another site's player in it, once the reader has asked for it."""
    response = _answer(key, playing=True)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/live/<key>/cards")
def cards(key: str) -> Response:
    """Only its cards; the page renews itself while the session is live."""
    return _answer(key, cards_only=True)


@bp.get("/live/<key>/events")
def events(key: str) -> Response:
    """The version of what readers see, each time it grows, as server-sent events."""
    begin()
    version = queries.find_version(db.session, key)
    if version is None:
        raise NotFound(say("There is no such live session."))
    seats = _seats()
    if seats is None or not seats.acquire(blocking=False):
        response = _event_response([_event(version)])
        return keep(response, [freshness.live_session(key)], now=viewer().now)
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    db.session.remove()  # nothing of the database is held while the browser waits
    seat = _Seat(seats)
    response = _event_response(connected(app, key, version, seat.leave))
    response.call_on_close(seat.leave)
    response.headers["Cache-Control"] = "no-store"
    return response


def announced(entry: Announcement) -> AnnouncedView:
    """A session as lists show it."""
    return AnnouncedView(
        url=url_for("live.session", key=entry.key),
        state=entry.state,
        title=entry.title,
        lang=language_tag(entry.lang),
        starts_at=entry.starts_at,
        host_name=entry.host_name,
        host_url=creator_url(entry.host_handle),
        picture=picture(entry.picture),
    )


def on_air(who: Viewer, text: str = "") -> list[Announcement]:
    """What is live now or announced, with all these words; no statement more than the frame asks."""
    return queries.read_lines(beside_nav_topics(queries.announced_lines(now=who.now, text=text, limit=SHOWN)))


def next_missed(found: Iterable[Announcement], now: datetime) -> datetime | None:
    """When the next of these goes off the listings because nobody has begun it."""
    waiting = (entry.starts_at + queries.MISSED for entry in found if entry.state == "scheduled")
    return min((at for at in waiting if at > now), default=None)


def clock_text(seconds: int) -> str:
    """A time of a recording as players show it: 0:07, 12:34, 1:02:03."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


# ---- pages


def _answer(key: str, *, cards_only: bool = False, playing: bool = False) -> Response:
    begin()
    who = viewer()
    found = queries.get_session(db.session, key)
    ids = {card.product_id for card in found.cards}
    facts = products.load_facts(db.session, ids, who.locale)
    facts |= _alternatives(facts, who)
    page = _page(found, facts, who, cards_only=cards_only, playing=playing)
    response = show("live/session.html", page)
    if playing:
        return response
    parts = [freshness.live_session(key), *freshness.products(facts)]
    return keep(response, parts, now=who.now, until=next_stale(facts.values(), who.now))


def _alternatives(facts: dict[int, ProductFacts], who: Viewer) -> dict[int, ProductFacts]:
    """What may stand in for products that cannot be had; one statement more, whether there are any or not."""
    wanted = {fact.alternative_id for fact in facts.values() if fact.alternative_id} - set(facts)
    return products.load_facts(db.session, {id_ for id_ in wanted if id_}, who.locale)


def _page(
    found: Session, facts: dict[int, ProductFacts], who: Viewer, *, cards_only: bool, playing: bool
) -> SessionPage:
    timed = {card.key: _timed(card, facts, who) for card in found.cards if card.product_id in facts}
    pinned = next((card.key for card in found.cards if card.pinned), "")
    path = f"/live/{found.key}"
    return SessionPage(
        head=replace(_head(found.title, found.summary, path), noindex=cards_only or playing),
        key=found.key,
        state=found.state,
        title=found.title,
        summary=found.summary,
        lang=language_tag(found.lang),
        host_name=found.host_name,
        host_url=creator_url(found.host_handle),
        starts_at=found.starts_at,
        began_at=found.began_at,
        ended_at=found.ended_at,
        version=found.version,
        disclosure=relation_note(found.relation) if timed else "",
        player=Player() if cards_only or found.state in {"scheduled", "ended"} else player(found, playing=playing),
        pinned=timed.get(pinned),
        cards=tuple(timed.values()),
        cards_only=cards_only,
    )


def _timed(card: queries.CardLine, facts: dict[int, ProductFacts], who: Viewer) -> TimedCard:
    view = replace(product_card(facts[card.product_id], who, known=facts, key=card.key), note=card.note)
    return TimedCard(card.key, view, tuple((second, clock_text(second)) for second in card.seconds))


def player(found: Session, *, playing: bool) -> Player:
    """What plays: the stream at another site, else the host's own video."""
    embed = find_embed(found.stream) if found.stream else None
    if embed is not None:
        return Player(site=embed.provider, page=embed.url, frame=embed.player, open=playing)
    if found.video:
        return Player(video=recording_url(found.video, found.video_form), type=TYPES.get(found.video_form, ""))
    return Player()


def _head(title: str, words: str, path: str) -> Head:
    site = settings().site_url
    trail = [(_("Home"), "/"), (_("Live"), "/live"), (title, path)]
    return Head(
        title=title,
        description=words,
        canonical=site + path,
        kind="website",
        image="",
        data=(structured.script(structured.breadcrumb(site, trail if path != "/live" else trail[:2])),),
    )


# ---- events


class _Seat:
    """One connected browser's place; it is left once, however the connection ends."""

    def __init__(self, seats: threading.Semaphore) -> None:
        self._seats = seats
        self._lock = threading.Lock()
        self._taken = True

    def leave(self) -> None:
        with self._lock:
            if self._taken:
                self._taken = False
                self._seats.release()


def _seats() -> threading.Semaphore | None:
    """The places of this process, None when browsers are not kept connected."""
    count = settings().live_streams
    if not count:
        return None
    return cast(
        threading.Semaphore,
        current_app.extensions.setdefault("contentshop.live_seats", threading.BoundedSemaphore(count)),
    )


def _event(version: int) -> str:
    return f"id: {version}\nevent: version\ndata: {version}\n\n"


def _event_response(pieces: Sequence[str] | Iterator[str]) -> Response:
    lines = [f"retry: {BACK_AFTER}\n\n"]
    body: object = [*lines, *pieces] if isinstance(pieces, list) else _led(lines, cast(Iterator[str], pieces))
    response = Response(body, mimetype="text/event-stream")  # type: ignore[arg-type]
    response.headers["X-Accel-Buffering"] = "no"  # a proxy that collects answers would hold every change back
    return response


def _led(lines: Sequence[str], pieces: Iterator[str]) -> Iterator[str]:
    yield from lines
    yield from pieces


def connected(
    app: Flask, key: str, version: int, leave: Callable[[], None], rhythm: Rhythm = Rhythm()
) -> Iterator[str]:
    """Events for one browser, until it has gone or stayed long enough; calls ``leave`` at the end."""
    try:
        end = time.monotonic() + rhythm.stay
        silent_since = time.monotonic()
        yield _event(version)
        while time.monotonic() < end:
            time.sleep(rhythm.look)
            present = _look(app, key)
            if present is None:
                return
            if present != version:
                version = present
                yield _event(present)
            elif time.monotonic() - silent_since >= rhythm.heartbeat:
                yield ":\n\n"
            else:
                continue
            silent_since = time.monotonic()
    finally:
        leave()


def _look(app: Flask, key: str) -> int | None:
    """The present version, on a connection that goes back at once."""
    with app.app_context():
        return queries.find_version(db.session, key)
