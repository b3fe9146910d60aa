"""Whole pages kept before the framework, each proved fresh by one SELECT before it is shown again.

A view that everybody sees alike calls ``keep`` with the rows its answer was made of. The middleware keeps the
finished bytes, plain and compressed, by path, page number, language, region and currency, and shows them to
visitors while the rows' versions are still the same (see ``freshness``): a price, a stock level or a sold-out
state is never stale. The clock ends an entry as well: words like "2 hours ago" hold for a minute, and a page says
when a price on it becomes too old or a featured list changes.

A way out of the shop is kept in the same way; what has to happen at each use of it (counting the click) goes with it.

Signed-in people pass by. Whatever sets a cookie, fails or is personal is never kept.
"""

from __future__ import annotations

import gzip
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.http import parse_cookie
from werkzeug.sansio.utils import host_is_trusted

from contentshop.config import LOCALES, Settings
from contentshop.core.db import db
from contentshop.web import freshness
from contentshop.web.freshness import Part, Proof, Prover
from contentshop.web.session import (
    CURRENCY_COOKIE,
    LANGUAGE_COOKIE,
    REGION_COOKIE,
    SIGNED_IN_COOKIE,
    negotiated_locale,
    negotiated_place,
    viewer,
)

if TYPE_CHECKING:
    from flask import Flask

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Again = Callable[[Environ], object]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]
Place = tuple[str, str, str]  # language, region, currency
Key = tuple[str, str, str, str, str]  # path, parameters, place

LONGEST = timedelta(seconds=60)
ROOM = 32 * 1024 * 1024  # bytes of one process
LARGEST_PAGE = 1024 * 1024  # bytes; a larger one is made anew each time
WORTH_PACKING = 1024  # bytes
PLACES = 1024  # different ways of asking for a language and a place that are remembered
PARAMETERS = frozenset({"page", "o", "show"})  # the only ones that kept answers read; others are ignored by them
TEXTUAL = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")
VARY = "Cookie, Accept-Language, Accept-Encoding"
PUBLIC = "public, max-age=0, must-revalidate"

# Where a request carries whether its answer may be kept, and the answer what it depends on.
SLOT = "contentshop.page_slot"


@dataclass(slots=True)
class Slot:
    """What a view tells the middleware about its answer. ``again`` is called at each later use of it."""

    proof: Proof | None = None
    until: datetime | None = None
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer: its bytes and headers for each encoding, and what it depends on."""

    proof: Proof
    made: datetime
    until: datetime
    plain: bytes
    packed: bytes
    plain_headers: Headers
    packed_headers: Headers
    plain_tag: str
    packed_tag: str
    status: str = "200 OK"
    again: Again | None = None

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.packed) + 2048


def keep(response: Response, parts: Sequence[Part], *, now: datetime, until: datetime | None = None) -> Response:
    """Let ``response`` be shown to every visitor of this language, region and currency while ``parts`` hold.

    ``until`` ends it earlier than the usual minute. For signed-in people it only sets the headers: their pages
    are their own.
    """
    response.headers["Vary"] = VARY
    if viewer().user is not None:
        response.headers["Cache-Control"] = "private, no-store"
        return response
    response.headers["Cache-Control"] = PUBLIC
    slot: Slot | None = request.environ.get(SLOT)
    if slot is not None:
        slot.proof = freshness.read(db.session(), [freshness.nav_topics(), *parts])
        turn = freshness.next_turn(slot.proof, now)
        slot.until = min(at for at in (now + LONGEST, until, turn) if at is not None)
    return response


def soonest(*moments: datetime | None) -> datetime | None:
    """The first of what may end a page, for ``until``."""
    return min((at for at in moments if at is not None), default=None)


def keep_redirect(parts: Sequence[Part], *, now: datetime, until: datetime | None, again: Again) -> None:
    """Let this redirect be used for every visitor of this language, region and currency while ``parts`` hold.

    ``again`` is called with each later request, before it is answered.
    """
    slot: Slot | None = request.environ.get(SLOT)
    if slot is not None:
        slot.proof = freshness.read(db.session(), parts)
        slot.until = min(at for at in (now + LONGEST, until) if at is not None)
        slot.again = again


def begin() -> None:
    """Call before the first read of a view that will ``keep`` its answer."""
    if SLOT in request.environ:
        freshness.begin_snapshot(db.session())


class PageCache:
    """WSGI middleware: answers from memory what is proved fresh, and compresses what is not kept."""

    def __init__(self, app: Flask, inner: WsgiApp) -> None:
        extension = app.extensions["contentshop"]
        self._inner = inner
        self._settings: Settings = extension.settings
        self._clock = extension.engines.clock
        with app.app_context():
            self._prover = Prover(db.engine)
        app.extensions["contentshop.prover"] = self._prover
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._size = 0
        self._lock = Lock()
        self._places: dict[tuple[str | None, str | None, str | None, str], Place] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._inner(environ, start_response)
        key = self._key(environ)
        if key is None:
            return self._pass(environ, start_response)
        entry = self._fresh(key)
        if entry is not None:
            return _answer(entry, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._inner(environ, start_response)
        return self._make(key, environ, start_response)

    def _key(self, environ: Environ) -> Key | None:
        """By what an answer is kept, or None when this request cannot have a kept one."""
        cookies = environ.get("HTTP_COOKIE", "")
        if SIGNED_IN_COOKIE + "=" in cookies or not self._is_ours(environ):
            return None
        query = _query(environ.get("QUERY_STRING", ""))
        if query is None:
            return None
        return (environ["PATH_INFO"], query, *self._place(cookies, environ.get("HTTP_ACCEPT_LANGUAGE", "")))

    def _place(self, cookies: str, accept: str) -> Place:
        """(language, region, currency) as ``session.viewer`` negotiates them."""
        chosen = parse_cookie(cookies) if "cs_" in cookies else {}
        asked = (chosen.get(LANGUAGE_COOKIE), chosen.get(REGION_COOKIE), chosen.get(CURRENCY_COOKIE), accept)
        found = self._places.get(asked)
        if found is None:
            language, region, currency, _ = asked
            spoken = accept or language in LOCALES
            locale = negotiated_locale(language, accept) if spoken else self._settings.locale
            found = (locale, *negotiated_place(self._settings, region, currency, locale))
            if len(self._places) >= PLACES:
                self._places.clear()
            self._places[asked] = found
        return found

    def _is_ours(self, environ: Environ) -> bool:
        trusted = self._settings.trusted_hosts
        return not trusted or host_is_trusted(environ.get("HTTP_HOST", ""), list(trusted))

    def _fresh(self, key: Key) -> Entry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
        if entry is None:
            return None
        if entry.made <= self._clock.now() < entry.until and self._prover.holds(entry.proof):
            return entry
        self._forget(key, entry)
        return None

    def _make(self, key: Key, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        slot = environ[SLOT] = Slot()
        made = self._clock.now()
        answer = _Answer.of(self._inner, environ)
        if slot.proof is None or slot.until is None or not answer.may_be_kept(slot):
            return answer.send(environ, start_response)
        if slot.again is not None:
            self.remember(key, _redirect(answer, slot.proof, made, slot.until, slot.again))
            return answer.send(environ, start_response)
        entry = _entry(answer, slot.proof, made, slot.until)
        if entry.size <= LARGEST_PAGE:
            self.remember(key, entry)
        return _answer(entry, environ, start_response)

    def _pass(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return _Answer.of(self._inner, environ).send(environ, start_response)

    @property
    def size(self) -> int:
        """Bytes of everything that is kept."""
        return self._size

    def keys(self) -> list[Key]:
        """What is kept, the longest unused first."""
        with self._lock:
            return list(self._entries)

    def remember(self, key: Key, entry: Entry) -> None:
        """Keep a page; the longest unused ones make room for it."""
        with self._lock:
            replaced = self._entries.pop(key, None)
            self._size += entry.size - (replaced.size if replaced else 0)
            self._entries[key] = entry
            while self._size > ROOM:
                _, oldest = self._entries.popitem(last=False)
                self._size -= oldest.size

    def _forget(self, key: Key, entry: Entry) -> None:
        with self._lock:
            if self._entries.get(key) is entry:
                del self._entries[key]
                self._size -= entry.size


@dataclass(slots=True)
class _Answer:
    """What the app answered, caught before it goes out. A streamed body is passed on as it is."""

    status: str
    headers: Headers
    body: Iterable[bytes]

    @classmethod
    def of(cls, inner: WsgiApp, environ: Environ) -> _Answer:
        caught: list[Any] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            caught[:] = [status, headers]
            return _no_write

        body = inner(environ, start)
        return cls(caught[0], caught[1], body)

    def header(self, name: str) -> str:
        return next((value for known, value in self.headers if known.lower() == name), "")

    def may_be_kept(self, slot: Slot) -> bool:
        if any(name.lower() == "set-cookie" for name, _ in self.headers):
            return False
        if slot.again is not None:
            return self.status == "302 FOUND"
        return self.status == "200 OK" and self.header("cache-control") == PUBLIC

    def read(self) -> bytes:
        """The whole body."""
        try:
            return b"".join(self.body)
        finally:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()

    def send(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Send it on, compressed when that is worth it."""
        length = self.header("content-length")
        worth = length.isdigit() and WORTH_PACKING < int(length) <= LARGEST_PAGE
        if not worth or self.header("content-encoding") or not self.header("content-type").startswith(TEXTUAL):
            start_response(self.status, self.headers)
            return self.body
        headers = _varied(self.headers)
        if not _takes_gzip(environ) or environ["REQUEST_METHOD"] == "HEAD":
            start_response(self.status, headers)
            return self.body
        packed = _packed(self.read(), padded=True)
        start_response(self.status, _replaced(headers, packed, ("Content-Encoding", "gzip")))
        return [packed]


def _no_write(_data: bytes) -> object:
    raise NotImplementedError("the app returns its body")


def _lasting(headers: Headers) -> Headers:
    """Without the request id, which belongs to one request."""
    return [(name, value) for name, value in headers if name.lower() != "x-request-id"]


def _redirect(answer: _Answer, proof: Proof, made: datetime, until: datetime, again: Again) -> Entry:
    headers = _lasting(answer.headers)
    return Entry(proof, made, until, b"", b"", headers, headers, "", "", answer.status, again)


def _entry(answer: _Answer, proof: Proof, made: datetime, until: datetime) -> Entry:
    headers = _lasting(answer.headers)
    plain = answer.read()
    packed = _packed(plain)
    digest = blake2b(plain, digest_size=12).hexdigest()
    plain_tag, packed_tag = f'"{digest}"', f'"{digest}-gz"'
    return Entry(
        proof=proof,
        made=made,
        until=until,
        plain=plain,
        packed=packed,
        plain_headers=_replaced(headers, plain, ("ETag", plain_tag)),
        packed_headers=_replaced(headers, packed, ("ETag", packed_tag), ("Content-Encoding", "gzip")),
        plain_tag=plain_tag,
        packed_tag=packed_tag,
    )


def _answer(entry: Entry, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    if entry.again is not None:
        entry.again(environ)
        start_response(entry.status, list(entry.plain_headers))
        return []
    if _takes_gzip(environ):
        body, headers, tag = entry.packed, entry.packed_headers, entry.packed_tag
    else:
        body, headers, tag = entry.plain, entry.plain_headers, entry.plain_tag
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and (tag in known or known.strip() == "*"):
        start_response("304 NOT MODIFIED", [pair for pair in headers if pair[0] not in _OF_BODIES])
        return []
    start_response(entry.status, list(headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


_OF_BODIES = frozenset({"Content-Length", "Content-Type", "Content-Encoding"})


def _replaced(headers: Headers, body: bytes, *pairs: tuple[str, str]) -> Headers:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", str(len(body))), *pairs]


def _varied(headers: Headers) -> Headers:
    """The headers, saying that the encoding was chosen for the asker."""
    said = next((value for name, value in headers if name.lower() == "vary"), "")
    if "accept-encoding" in said.lower():
        return list(headers)
    kept = [(name, value) for name, value in headers if name.lower() != "vary"]
    return [*kept, ("Vary", f"{said}, Accept-Encoding" if said else "Accept-Encoding")]


def _packed(body: bytes, *, padded: bool = False) -> bytes:
    """``body`` compressed. A personal page may hold a secret beside words from the request: a file name of
    random length in the header hides from onlookers how well they compressed together (BREACH)."""
    target = BytesIO()
    name = secrets.token_hex(1 + secrets.randbelow(50)) if padded else ""
    with gzip.GzipFile(name, "wb", 6, target, mtime=0) as file:
        file.write(body)
    return target.getvalue()


def _takes_gzip(environ: Environ) -> bool:
    return takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header lets gzip through (RFC 9110, 12.5.3)."""
    for part in accepted.lower().split(","):
        name, _, options = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return options.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


@lru_cache(maxsize=512)
def _query(text: str) -> str | None:
    """The parameters that kept pages read, in one spelling; None for what no link of ours looks like."""
    if not text:
        return ""
    if len(text) > 500:
        return None
    pairs = [(name, value) for name, value in parse_qsl(text) if name in PARAMETERS]
    return "&".join(f"{name}={value}" for name, value in pairs)
