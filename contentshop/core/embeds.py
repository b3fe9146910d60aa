"""Players of other sites that a page may show: the allow-list, and the addresses a creator may paste.

Nothing of them is loaded before a reader asks for it (see ``static/js/blocks.js``); without script there is a link.
The Content-Security-Policy lets pages frame exactly ``FRAME_SOURCES``, which is built from the same list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_EMBED_URL = 500
"""Longest address read, in characters."""


@dataclass(frozen=True, slots=True)
class Embed:
    """One thing to play: ``provider`` is the site's name, ``url`` its page, ``player`` what goes into the frame."""

    provider: str
    url: str
    player: str


@dataclass(frozen=True, slots=True)
class _Provider:
    """A site: where its player is, and how the id of a video (and a second part) is read from an address."""

    name: str
    origin: str
    addresses: re.Pattern[str]
    build: Callable[[str, str], tuple[str, str]]


def _youtube(key: str, _more: str) -> tuple[str, str]:
    return f"https://www.youtube.com/watch?v={key}", f"https://www.youtube-nocookie.com/embed/{key}?autoplay=1"


def _bilibili(key: str, part: str) -> tuple[str, str]:
    page = f"?p={part}" if part else ""
    more = f"&p={part}" if part else ""
    return (
        f"https://www.bilibili.com/video/{key}/{page}",
        f"https://player.bilibili.com/player.html?bvid={key}{more}&autoplay=1&high_quality=1",
    )


def _vimeo(key: str, secret: str) -> tuple[str, str]:
    page = f"/{secret}" if secret else ""
    more = f"h={secret}&" if secret else ""
    return f"https://vimeo.com/{key}{page}", f"https://player.vimeo.com/video/{key}?{more}dnt=1&autoplay=1"


def _tencent(key: str, _more: str) -> tuple[str, str]:
    return f"https://v.qq.com/x/page/{key}.html", f"https://v.qq.com/txp/iframe/player.html?vid={key}&autoplay=true"


def _dailymotion(key: str, _more: str) -> tuple[str, str]:
    return f"https://www.dailymotion.com/video/{key}", f"https://geo.dailymotion.com/player.html?video={key}"


_PROVIDERS = (
    _Provider(
        "YouTube",
        "https://www.youtube-nocookie.com",
        re.compile(
            r"(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|(?:embed|shorts|live)/)|youtu\.be/)"
            r"(?P<key>[A-Za-z0-9_-]{11})(?P<more>)(?:[?&#/].*)?"
        ),
        _youtube,
    ),
    _Provider(
        "Bilibili",
        "https://player.bilibili.com",
        re.compile(
            r"(?:(?:www\.|m\.)?bilibili\.com/video/|player\.bilibili\.com/player\.html\?(?:[^#]*&)?bvid=)"
            r"(?P<key>BV[A-Za-z0-9]{10})/?(?:[?&](?:[^#]*&)?p=(?P<more>[1-9][0-9]{0,3})(?=&|#|$).*|[?&#].*)?"
        ),
        _bilibili,
    ),
    _Provider(
        "Vimeo",
        "https://player.vimeo.com",
        re.compile(
            r"(?:(?:www\.)?vimeo\.com/|player\.vimeo\.com/video/)(?P<key>[0-9]{5,12})"
            r"(?:(?:/|\?(?:[^#]*&)?h=)(?P<more>[0-9a-f]{6,20}))?/?(?:[?&#].*)?"
        ),
        _vimeo,
    ),
    _Provider(
        "Tencent Video",
        "https://v.qq.com",
        re.compile(
            r"v\.qq\.com/(?:x/(?:page|cover/[a-z0-9]{1,20})/|txp/iframe/player\.html\?(?:[^#]*&)?vid=)"
            r"(?P<key>[a-z0-9]{11})(?P<more>)(?:\.html)?(?:[?&#].*)?"
        ),
        _tencent,
    ),
    _Provider(
        "Dailymotion",
        "https://geo.dailymotion.com",
        re.compile(
            r"(?:(?:www\.)?dailymotion\.com/(?:embed/)?video/|dai\.ly/)(?P<key>x[a-z0-9]{5,9})(?P<more>)(?:[?&#].*)?"
        ),
        _dailymotion,
    ),
)

PROVIDERS = tuple(provider.name for provider in _PROVIDERS)
"""The names of the sites whose players may be shown."""

FRAME_SOURCES = tuple(provider.origin for provider in _PROVIDERS)
"""Where frames may come from, for the Content-Security-Policy."""

_WEB = re.compile(r"https?://", re.IGNORECASE | re.ASCII)


def find_embed(url: str) -> Embed | None:
    """What ``url`` (the address of a video's page, or its player) plays; None for any other site or form.

    The result is made of our own addresses and the video's id, so nothing else of ``url`` reaches a page.
    """
    match = _WEB.match(url)
    if match is None or len(url) > MAX_EMBED_URL or not url.isascii() or not url.isprintable():
        return None
    host, slash, rest = url[match.end() :].partition("/")
    for provider in _PROVIDERS:
        found = provider.addresses.fullmatch(host.lower() + slash + rest)
        if found is not None:
            page, player = provider.build(found["key"], found["more"] or "")
            return Embed(provider.name, page, player)
    return None
