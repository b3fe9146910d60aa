"""Styles, scripts and glyphs go out compressed: packed once for each version of a file, then kept in memory."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from contentshop.web.cache import takes_gzip

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/static/"
TEXTUAL = ("text/", "application/javascript", "image/svg+xml", "application/json")
LARGEST = 512 * 1024  # bytes; our own files are far smaller
MOST_FILES = 64


class PackedFiles:
    """Around the server of static files. Answers to ranges, refusals and "not modified" pass as they are."""

    def __init__(self, files: WsgiApp) -> None:
        self._files = files
        self._packed: dict[tuple[str, str], bytes] = {}
        self._lock = Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(PREFIX) or environ["REQUEST_METHOD"] != "GET" or "HTTP_RANGE" in environ:
            return self._files(environ, start_response)
        told: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], *_error: object) -> None:
            told[:] = [status, headers]

        body = self._files(environ, note)
        status, headers = told
        named = {name.lower(): value for name, value in headers}
        size = named.get("content-length", "")
        fit = size.isdigit() and int(size) <= LARGEST and named.get("content-type", "").startswith(TEXTUAL)
        if not fit or not status.startswith("200") or "content-encoding" in named:
            start_response(status, headers)
            return body
        kept = [pair for pair in headers if pair[0].lower() not in {"content-length", "vary"}]
        if not takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            start_response(status, [*kept, ("Content-Length", size), ("Vary", "Accept-Encoding")])
            return body
        packed = self._pack((path, named.get("etag", "")), body)
        more = [("Content-Length", str(len(packed))), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        start_response(status, kept + more)
        return [packed]

    def _pack(self, version: tuple[str, str], body: Iterable[bytes]) -> bytes:
        try:
            known = self._packed.get(version)
            if known is not None:
                return known
            packed = gzip.compress(b"".join(body), 9, mtime=0)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        with self._lock:
            if len(self._packed) >= MOST_FILES:
                self._packed.clear()
            self._packed[version] = packed
        return packed
