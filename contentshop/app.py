"""The app factory: settings and engines in, a Flask app out."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from contentshop import wiring
from contentshop.accounts.passwords import Passwords
from contentshop.config import Settings
from contentshop.core.db import db, engine_options, prepare_engine
from contentshop.core.embeds import FRAME_SOURCES
from contentshop.core.ids import new_key
from contentshop.engines import Engines
from contentshop.web import (
    account,
    addresses,
    aftersale,
    audited,
    checkout,
    chrome,
    deals,
    desk,
    desk_aftersale,
    desk_audit,
    desk_catalogue,
    desk_customers,
    desk_delivery,
    desk_gift_cards,
    desk_ledger,
    desk_merchants,
    desk_nav,
    desk_orders,
    desk_packing,
    desk_payments,
    desk_people,
    desk_promotions,
    desk_search,
    desk_stock,
    desk_variants,
    downloads,
    editor,
    errors,
    feeds,
    files,
    following,
    fragments,
    gallery,
    gift_cards,
    go,
    home,
    live,
    orders,
    paying,
    payouts,
    permissions,
    preferences,
    reader,
    restock,
    reviews,
    search,
    searches,
    session,
    shop,
    studio,
    studio_deals,
    studio_gate,
    studio_history,
    studio_linking,
    studio_live,
    studio_media,
    studio_plans,
    studio_preview,
    studio_products,
    studio_refresh,
    studio_review,
    studio_series,
    studio_sharing,
    studio_team,
    suggest,
    talk,
    trending,
    watching,
    zones,
)
from contentshop.web.cache import PageCache
from contentshop.web.limits import limiter
from contentshop.web.packing import PackedFiles

PACKAGE = Path(__file__).parent
MAX_REQUEST = 12 * 1024 * 1024  # bytes; a large photograph fits

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src " + " ".join(FRAME_SOURCES),
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)

log = structlog.get_logger("contentshop.web")


@dataclass(frozen=True, slots=True)
class Extension:
    """What views find at ``app.extensions["contentshop"]``."""

    settings: Settings
    engines: Engines
    passwords: Passwords


def templates_folder() -> Path:
    """Where the templates are: inside an installed package, beside it in a checkout."""
    for folder in (PACKAGE / "templates", PACKAGE.parent / "templates"):
        if folder.is_dir():
            return folder
    raise RuntimeError("The templates folder is missing; install contentshop again.")


def configure_logging(settings: Settings) -> None:
    """One structured line for each thing worth knowing, to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def create_app(settings: Settings, engines: Engines | None = None) -> Flask:
    """Build the site. Engines are made from the settings unless tests hand theirs in."""
    configure_logging(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = Flask("contentshop", template_folder=str(templates_folder()), static_folder=str(PACKAGE / "static"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_NAME="__Host-cs_session" if settings.secure else "cs_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI="memory://",
        TEMPLATES_AUTO_RELOAD=not settings.production,
    )
    app.extensions["contentshop"] = Extension(
        settings, engines or wiring.build(settings), Passwords(settings.password_cost)
    )
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    limiter.init_app(app)
    _open_doors(app)
    _guard(app)
    _wrap(app, settings)
    return app


def _open_doors(app: Flask) -> None:
    session.attach(app)
    permissions.attach(app)
    audited.attach()
    desk_nav.attach(app)
    chrome.attach(app)
    fragments.attach(app)
    zones.attach(app)
    errors.attach(app)
    readers = (
        *(home, reader, search, preferences, talk, reviews, deals, trending, following, searches, suggest),
        *(
            go,
            shop,
            orders,
            aftersale,
            checkout,
            paying,
            payouts,
            gift_cards,
            account,
            addresses,
            watching,
            feeds,
            files,
            gallery,
        ),
    )
    creators = (
        studio,
        studio_deals,
        studio_series,
        studio_linking,
        studio_gate,
        studio_refresh,
        studio_preview,
        studio_products,
        studio_media,
        studio_live,
        studio_history,
        studio_plans,
        studio_sharing,
        studio_team,
        studio_review,
    )
    office = (
        *(desk, desk_variants, desk_audit, desk_merchants, desk_search, editor),
        *(desk_orders, desk_packing, desk_aftersale, desk_customers, desk_people),
        *(desk_promotions, desk_delivery, desk_stock, desk_catalogue, desk_payments, desk_gift_cards, desk_ledger),
    )
    for door in (*readers, live, restock, downloads, *creators, *office):
        app.register_blueprint(door.bp)


def _guard(app: Flask) -> None:
    """Request ids, logs and the headers that keep a page to itself."""

    @app.before_request
    def note_request() -> None:
        structlog.contextvars.clear_contextvars()
        g.request_id = new_key(12)
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        headers.setdefault("X-Request-Id", g.get("request_id", ""))
        if app.config["SESSION_COOKIE_SECURE"]:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if "Cache-Control" not in headers:
            # A page is private unless its view says otherwise.
            headers["Cache-Control"] = "private, no-store"
        if response.status_code >= 500 or request.method not in {"GET", "HEAD"}:
            log.info("request", method=request.method, path=request.path, status=response.status_code)
        return response


def _wrap(app: Flask, settings: Settings) -> None:
    """Put the middleware around the app, innermost first."""
    if settings.page_cache:
        app.wsgi_app = PageCache(app, app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    files = WhiteNoise(
        app.wsgi_app,
        root=str(PACKAGE / "static"),
        prefix="static/",
        autorefresh=not settings.production,
        max_age=365 * 24 * 3600 if settings.production else 0,
    )
    app.wsgi_app = PackedFiles(files)  # type: ignore[method-assign]
