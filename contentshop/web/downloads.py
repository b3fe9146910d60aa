"""Files that were bought: listed behind the order's signed link, fetched by a button that counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response as AnyResponse

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.media.port import Storage
from contentshop.products import actions, queries
from contentshop.products.queries import DownloadRow
from contentshop.web import audited
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.order_links import order_of, order_url
from contentshop.web.session import engines, viewer
from contentshop.web.words import refusal_text, translated_errors

bp = Door("downloads", __name__)

PIECE = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class DownloadsPage:
    """What an order may fetch. ``rows`` are (file, size in words, whether it can be fetched now)."""

    token: str
    back_url: str
    rows: Sequence[tuple[DownloadRow, str, bool]]


@bp.get("/orders/<token>/downloads")
def listing(token: str) -> AnyResponse:
    """The files of an order."""
    key = _order(token)
    now = viewer().now
    rows = [
        (one, size_words(one.size), one.left > 0 and one.expires_at > now and one.withdrawn_at is None)
        for one in queries.list_downloads(db.session, key)
    ]
    return _private(show("shop/downloads.html", DownloadsPage(token, order_url(key), rows)))


@bp.post("/orders/<token>/downloads/<key>")
def fetch(token: str, key: str) -> AnyResponse:
    """One file, counted."""
    try:
        found = actions.use_download(db.session, _order(token), key, now=viewer().now)
    except Conflict as conflict:
        flash(refusal_text(conflict), "error")
        return _private(redirect(url_for("downloads.listing", token=token), 303))
    answer = Response(_pieces(engines().storage, found.stored), direct_passthrough=True)
    # Never shown in the browser, whatever it is: it comes from outside and this address is ours.
    answer.content_type = "application/octet-stream"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": found.name})
    answer.headers["Content-Length"] = str(found.size)
    return _private(answer)


def _order(token: str) -> str:
    key = order_of(token)
    if key is None:
        raise NotFound(say("There is no such order."))
    return key


def _pieces(storage: Storage, name: str) -> Iterator[bytes]:
    with storage.open(name) as file:
        while piece := file.read(PIECE):
            yield piece


def _private(answer: AnyResponse) -> AnyResponse:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def size_words(size: int) -> str:
    """``3.4 MB``."""
    if size < 1_000_000:
        return f"{max(size / 1000, 0.1):.1f} kB"
    return f"{size / 1_000_000:.1f} MB"


@bp.post("/desk/products/<key>/variants/<variant>/files")
@manages_own_units
def add(key: str, variant: str) -> AnyResponse:
    """Add a file to a digital variant. Kept before the database is held."""
    sent = request.files.get("file")
    back = url_for("desk_variants.variant", key=key, variant=variant)
    if sent is None or not sent.filename:
        flash(_("Choose a file first."), "error")
        return redirect(back, 303)
    now = viewer().now
    stored = actions.keep_file(engines().storage, sent.stream)  # type: ignore[arg-type]
    try:
        with unit_of_work(db.session):
            found = actions.add_file(
                db.session,
                variant,
                name=sent.filename,
                content_type=sent.mimetype,
                size=engines().storage.size(stored),
                stored=stored,
                now=now,
            )
            audited.told(f"product:{key} variant:{variant}", {}, {"file": found.name})
            audited.keep()
    except (Invalid, NotFound) as refusal:
        engines().storage.delete(stored)
        wrong = translated_errors(refusal.fields) if isinstance(refusal, Invalid) else {"": [refusal_text(refusal)]}
        flash(" ".join(text for texts in wrong.values() for text in texts), "error")
        return redirect(back, 303)
    flash(_("Buyers get the file from now on."), "success")
    return redirect(back, 303)


@bp.post("/desk/products/<key>/variants/<variant>/files/<file>/retire")
def retire(key: str, variant: str, file: str) -> AnyResponse:
    """Give a file to nobody from now on."""
    gone = [one.name for one in queries.list_files(db.session, variant) if one.key == file]
    actions.retire_file(db.session, file)
    audited.told(f"product:{key} variant:{variant}", {"file": gone})
    flash(_("New buyers do not get the file any more."), "success")
    return redirect(url_for("desk_variants.variant", key=key, variant=variant), 303)
