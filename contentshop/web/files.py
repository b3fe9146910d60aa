"""Pictures, and the two pages that tell machines how we are."""

from __future__ import annotations

import mimetypes

import structlog
from flask import Response, jsonify, redirect, send_file
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from contentshop.core.db import db
from contentshop.web.chrome import static_url
from contentshop.web.door import Door
from contentshop.web.session import engines

bp = Door("files", __name__)
log = structlog.get_logger("contentshop.web")

# A stored file's name is never given to other bytes.
FOR_EVER = "public, max-age=31536000, immutable"
# Whatever a stored file turns out to be, it may not run, load or frame anything.
ALONE = "default-src 'none'; sandbox"


@bp.get("/media/<path:name>")
def media(name: str) -> Response:
    """A stored picture. Its type follows from its name, which we gave it."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = send_file(engines().storage.open(name), mimetype=kind, max_age=0, conditional=False, etag=False)
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Security-Policy"] = ALONE
    response.headers["Cross-Origin-Resource-Policy"] = "same-site"
    return response


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
