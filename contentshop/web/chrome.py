"""What every page has around it: the frame's data and the words templates may use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_timedelta
from flask import Flask, current_app, g, request
from flask_babel import Babel, format_date, get_domain, get_locale, gettext
from jinja2 import StrictUndefined
from werkzeug.local import LocalProxy

from contentshop.accounts.policy import is_shop_staff
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.core.text import safe_next
from contentshop.curation import queries as curation
from contentshop.posts import notices
from contentshop.watching import queries as watching
from contentshop.web.session import moment, settings, viewer

if TYPE_CHECKING:
    from sqlalchemy import Select

    from contentshop.accounts.models import User

LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}
BABEL_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}


@dataclass(frozen=True, slots=True)
class Masthead:
    """Top of the frame: brand, search, cart."""

    site_name: str
    query: str
    moments: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicBar:
    """The topics under it; ``here`` is the address of the one that is open."""

    topics: tuple[tuple[str, str], ...]
    here: str
    moments: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Foot:
    """Bottom of the frame: what the site is, topics, language and region."""

    site_name: str
    nav_topics: tuple[tuple[str, str], ...]
    locale: str
    region: str
    regions: tuple[tuple[str, str], ...]
    path: str
    query: str
    moments: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Chrome:
    """The frame around a page. ``form_page`` is set on the answer to a form only: where that form can be opened."""

    site_name: str
    site_url: str
    locale: str
    lang_tag: str
    user: User | None
    path: str
    form_page: str
    query: str
    region: str
    currency: str
    regions: tuple[tuple[str, str], ...]
    currencies: tuple[str, ...]
    nav_topics: tuple[tuple[str, str], ...]
    can_write: bool
    can_edit: bool
    can_operate: bool
    has_desk: bool
    unread: int

    @property
    def masthead(self) -> Masthead:
        """The part that all pages share."""
        return Masthead(self.site_name, self.query)

    @property
    def topic_bar(self) -> TopicBar:
        """The part that pages of a topic share."""
        here = self.path if self.path == "/" or self.path.startswith("/topics/") else ""
        if self.path == "/deals" or self.path.startswith("/deals/"):
            here = "/deals"
        return TopicBar(self.nav_topics, here)

    @property
    def foot(self) -> Foot:
        """The part whose form leads back to this page."""
        here = self.form_page or self.path
        return Foot(self.site_name, self.nav_topics, self.locale, self.region, self.regions, here, self.query)


def referring_page() -> str:
    """The address of our page that this request was sent from; empty when it came from elsewhere or nobody says."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host:
        return ""
    return safe_next(before.path + (f"?{before.query}" if before.query else "")) or ""


def _form_page() -> str:
    """Where the page that answers this form can be opened again: where the form stood, as far as it opens by itself."""
    opens = current_app.create_url_adapter(request)
    for address in (referring_page(), request.path):
        if address and opens is not None and opens.test(address.partition("?")[0], "GET"):
            return address
    return "/"


def chrome() -> Chrome:
    """The frame of this request."""
    who = viewer()
    known = settings()
    return Chrome(
        site_name=known.site_name,
        site_url=known.site_url,
        locale=who.locale,
        lang_tag=LANGUAGE_TAGS[who.locale],
        user=who.user,
        path=request.path,
        form_page=_form_page() if request.method == "POST" else "",
        query=request.args.get("q", "")[:200] if request.endpoint == "search.search" else "",
        region=who.region,
        currency=who.currency,
        regions=_named_regions(tuple(known.regions), who.locale),
        currencies=tuple(known.currencies),
        nav_topics=tuple(_nav_topics()),
        can_write=who.can_write,
        can_edit=who.can_edit,
        can_operate=who.can_operate,
        has_desk=who.can_edit or is_shop_staff(who.user),
        unread=watching.count_unread(db.session, who.user, also=notices.unread_of(who.user)) if who.user else 0,
    )


def beside_nav_topics(also: Select[tuple[str]]) -> list[str]:
    """What ``also`` selects, brought along by the statement for the frame's topics. Before the frame is asked for."""
    g.nav_topics, found = curation.nav_topics_and(db.session, viewer().locale, also)
    return found


def _nav_topics() -> list[tuple[str, str]]:
    known: list[tuple[str, str]] | None = g.get("nav_topics")
    return curation.list_nav_topics(db.session, viewer().locale) if known is None else known


@lru_cache(maxsize=16)
def _named_regions(codes: tuple[str, ...], locale: str) -> tuple[tuple[str, str], ...]:
    territories = Locale.parse(_babel_locale(locale)).territories
    return tuple((code, str(territories.get(code, code))) for code in codes)


def _babel_locale(locale: str) -> str:
    return BABEL_LOCALES.get(locale, "en")


def language_tag(lang: str) -> str:
    """The BCP 47 tag of a text's language."""
    return LANGUAGE_TAGS.get(lang, lang)


def current_babel_locale() -> str:
    """The CLDR locale of this request's language."""
    return _babel_locale(viewer().locale)


def money(value: Money, starts: bool = False) -> str:
    """A price as the reader writes it; ``starts`` says that other versions cost more."""
    words = value.format(current_babel_locale())
    return gettext("from %(price)s", price=words) if starts else words


def ago(value: datetime) -> str:
    """How long ago, in words, to the nearest unit."""
    step = value - moment()
    if abs(step) < timedelta(seconds=1):
        return str(gettext("just now"))
    return _ago(int(step.total_seconds()), current_babel_locale())


@lru_cache(maxsize=4096)
def _ago(seconds: int, locale: str) -> str:
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale)


def day(value: datetime) -> str:
    """A date in words."""
    return str(format_date(value, "medium"))


def iso(value: datetime) -> str:
    """A time for machines."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=256)
def _static_version(folder: str, name: str, _stamp: int) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of a static file with its content's hash, so that it may be cached for ever."""
    # A page names the same few files dozens of times; each is looked at once a request.
    known: dict[str, str] = g.setdefault("static_urls", {})
    found = known.get(name)
    if found is None:
        folder = current_app.static_folder or ""
        version = _static_version(folder, name, (Path(folder) / name).stat().st_mtime_ns)
        # Not by url_for: error pages need it too when the request's host cannot be trusted.
        found = known[name] = f"{current_app.static_url_path}/{name}?v={version}"
    return found


def _translations() -> Any:
    """The messages of the present language; flask-babel would look for them again for every word."""
    locale = get_locale()
    found = g.get("translations")
    if found is None or found[0] is not locale:
        found = g.translations = (locale, get_domain().get_translations())
    return found[1]


def _gettext(message: str) -> str:
    return str(_translations().ugettext(message))


def _ngettext(one: str, many: str, count: int) -> str:
    return str(_translations().ungettext(one, many, count))


def attach(app: Flask) -> None:
    """Give ``app``'s templates their words."""
    Babel(
        app,
        default_locale="en",
        default_translation_directories=str(Path(__file__).parent.parent / "translations"),
        locale_selector=current_babel_locale,
        timezone_selector=lambda: "UTC",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(money=money, ago=ago, day=day, iso=iso)
    app.jinja_env.globals.update(static_url=static_url)
    app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["chrome"] = LocalProxy(current_chrome)


def current_chrome() -> Chrome:
    """The frame of this request, worked out once."""
    found: Chrome | None = g.get("chrome")
    if found is None:
        found = g.chrome = chrome()
    return found
