"""Stored files, and the two pages that tell machines how we are."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator

import structlog
from flask import Response, jsonify, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.words import say
from contentshop.media.inputs import TYPES
from contentshop.media.port import Storage
from contentshop.media.queries import PRIVATE, is_used_beside
from contentshop.reviews import queries as reviews
from contentshop.reviews.policy import can_hide
from contentshop.web.chrome import static_url
from contentshop.web.door import Door
from contentshop.web.session import engines, viewer

bp = Door("files", __name__)
log = structlog.get_logger("contentshop.web")

# A stored file's name is never given to other bytes.
FOR_EVER = "public, max-age=31536000, immutable"
# A photo of a review may be hidden tomorrow, so whoever keeps it asks each time; of a hidden one nobody keeps anything.
ASK_AGAIN = "public, no-cache"
NOBODY_KEEPS = "private, no-store"
_PICTURE = re.compile(r"[0-9a-z]{2}/([0-9a-z]+)-[0-9]+\.webp")
# Whatever a stored file turns out to be, it may not run, load or frame anything.
ALONE = "default-src 'none'; sandbox"

PIECE = 256 * 1024  # bytes of one step of a whole file
PART = 2 * 1024 * 1024  # bytes of one answer to a range
_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE | re.ASCII)


@bp.get("/media/<path:name>")
def media(name: str) -> Response:
    """A stored file, or the part of it that is asked for. Its type follows from its name, which we gave it.

    Pictures come whole. Of a recording one answer holds at most ``PART`` bytes when only its beginning was named, so
    that a player who asks for all keeps no thread busy (RFC 9110, 15.3.7, lets a server send less). Answers 416 to a
    part that begins behind the end; several parts at once are answered with the whole.
    """
    storage = engines().storage
    if name.startswith(PRIVATE):
        raise NotFound(say("There is no such file."))
    keep = _how_kept(name)
    size = storage.size(name)
    ending = name.rpartition(".")[2]
    tag = f'"{name}"'
    if _is_known(tag):
        return _kept(Response(status=304), tag, keep)
    asked = request.headers.get("Range") if request.method == "GET" and _range_holds(tag) else None
    part = byte_range(asked, size, PART) if asked else None
    if part is UNSATISFIABLE:
        refused = Response(status=416)
        refused.headers["Content-Range"] = f"bytes */{size}"
        refused.headers["Cache-Control"] = "no-store"
        return refused
    start, stop = part or (0, size)
    if request.method == "HEAD":
        response = Response()
    elif stop - start <= PART:
        with storage.open(name) as file:
            file.seek(start)
            response = Response(file.read(stop - start), 206 if part else 200)
    else:
        response = Response(_pieces(storage, name), direct_passthrough=True)
    if part and request.method == "GET":
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.content_type = TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    response.headers["Content-Length"] = str(stop - start)
    return _kept(response, tag, keep)


def _how_kept(name: str) -> str:
    """How long caches may keep a file. Raises NotFound for a photo of hidden reviews alone, but to those who may still
    see it: whoever wrote one of them, and editors."""
    match = _PICTURE.fullmatch(name)
    sight = reviews.find_sight(db.session, match[1]) if match else None
    if match is None or sight is None:
        return FOR_EVER
    if sight.shown:
        return ASK_AGAIN
    who = viewer().user
    if can_hide(who) or (who is not None and who.id in sight.authors):
        return NOBODY_KEEPS
    if is_used_beside(db.session, match[1], "review_photo"):
        return ASK_AGAIN
    raise NotFound(say("There is no such file."))


def _kept(response: Response, tag: str, keep: str) -> Response:
    response.headers["Cache-Control"] = keep
    response.headers["Content-Security-Policy"] = ALONE
    response.headers["Cross-Origin-Resource-Policy"] = "same-site"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = tag
    return response


def _is_known(tag: str) -> bool:
    """Whether the asker has the file already."""
    return request.if_none_match.contains_weak(tag.strip('"')) if request.if_none_match else False


def _range_holds(tag: str) -> bool:
    """Whether an If-Range header, where there is one, names this file. No dates are told, so none holds."""
    word = request.headers.get("If-Range")
    return word is None or word.strip() == tag


def _pieces(storage: Storage, name: str) -> Iterator[bytes]:
    with storage.open(name) as file:
        while piece := file.read(PIECE):
            yield piece


UNSATISFIABLE = (-1, -1)


def byte_range(text: str, size: int, most: int) -> tuple[int, int] | None:
    """(start, stop) of the bytes that a Range header asks for; ``UNSATISFIABLE``, or None where it is to be ignored.

    RFC 9110, 14.1.2 and 14.2: what is no single, well-formed range of bytes is ignored. A range without an end is
    cut to ``most`` bytes.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size) if length else UNSATISFIABLE
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        return None
    if start >= size:
        return UNSATISFIABLE
    stop = min(int(match[2]) + 1, size) if match[2] else size
    return start, min(stop, start + most)


@bp.get("/favicon.ico")
def favicon() -> BaseResponse:
    """Where browsers look without being told."""
    response = redirect(static_url("icons/mark.svg"), 302)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@bp.get("/healthz")
def alive() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether this process can do its work: 200, or 503 with what is wrong."""
    problems = _database_problems()
    index = engines().search.health()
    if not index.ok:
        problems.append(f"search index: {index.reason or 'not usable'}")
    if problems:
        return jsonify(status="unavailable", problems=problems), 503
    return jsonify(status="ok", documents=index.documents), 200


def _database_problems() -> list[str]:
    # Imported here: the migration tool is large, and only this page of the site needs it.
    from contentshop.migrations import is_current

    try:
        if not is_current(db.session.connection()):
            return ["database: its tables are of another release; run `contentshop prepare`"]
    except SQLAlchemyError as error:
        db.session.rollback()
        log.error("the database does not answer", exc_info=error)
        return ["database: it does not answer"]
    return []
