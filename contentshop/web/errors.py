"""Errors of the house → pages: each kind has one status, one plain page, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from werkzeug.exceptions import HTTPException

from contentshop.core.db import db, is_contention
from contentshop.core.errors import (
    Conflict,
    ContentshopError,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
)
from contentshop.web.door import SAFE_METHODS, show
from contentshop.web.words import refusal_text

log = structlog.get_logger("contentshop.web")

STATUS: dict[type[ContentshopError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Invalid: 422,
    Conflict: 409,
    Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page says: a title, what happened, what to do."""

    status: int
    title: str
    message: str


def _title(status: int) -> str:
    found: str = {
        400: _("This request could not be read"),
        403: _("You may not do this"),
        404: _("This page does not exist"),
        405: _("This page cannot be used that way"),
        409: _("Something has changed in the meantime"),
        413: _("This is too large"),
        422: _("Something needs another look"),
        429: _("Too many tries"),
        503: _("Please try again in a moment"),
    }.get(status, _("Something went wrong"))
    return found


def _advice(status: int) -> str:
    found: str = {
        404: _("The address may be mistyped, or the page was taken down. Search is a good way to find it."),
        413: _("What you sent is larger than we accept."),
        429: _("Please wait a little and try again."),
        500: _("It is our fault, and it has been written down. Nothing you entered was half-done."),
        503: _("Nothing was changed. Please try again in a moment."),
    }.get(status, "")
    return found


def error_page(status: int, message: str = "") -> Response:
    """The page for ``status``; ``message`` says what happened when that is known."""
    page = ErrorPage(status, _title(status), message or _advice(status))
    response = show("errors/error.html", page, status)
    response.headers["Cache-Control"] = "no-store"
    if status in {429, 503}:
        response.headers["Retry-After"] = "5"
    return response


def _refused(error: ContentshopError) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    return error_page(status, refusal_text(error))


def _http(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        # A limit that answers with a page of its own.
        return error.response
    return error_page(error.code or 500)


def _csrf(error: CSRFError) -> Response:
    return error_page(400, _("This form is no longer valid. Go back, reload the page and send it again."))


def _database(error: DBAPIError) -> Response:
    db.session.rollback()
    if is_contention(error):
        return error_page(503)
    if isinstance(error, DataError):
        # A sign that no text can hold (NUL) or a number too large: nothing is kept under such an address.
        return error_page(404 if request.method in SAFE_METHODS else 422)
    if isinstance(error, IntegrityError):
        log.warning("constraint refused a change", path=request.path, error=str(error.orig))
        return error_page(409, _("Somebody else was faster. Please look at the page again and retry."))
    log.error("database error", path=request.path, exc_info=error)
    return error_page(503)


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    log.error("unexpected error", path=request.path, method=request.method, exc_info=error)
    return error_page(500)


def attach(app: Flask) -> None:
    """Answer every error of ``app`` with a page."""
    app.register_error_handler(ContentshopError, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _unexpected)
