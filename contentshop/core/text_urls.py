"""The gate every address in a text passes: what a person may be sent to, and nothing else.

The rules follow the WHATWG URL standard as browsers apply it (tabs and line ends inside an address are
dropped, a backslash counts as a slash), and refuse whatever two readers could understand differently.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

MAX_URL = 2_000
"""Longest address kept, in characters: the shortest limit still found in browsers and mail programs."""

_SAFE = "!#$%&'()*+,/:;=?@[]~-._"
_EDGES = "".join(map(chr, range(0x21))) + "\x7f\x85\xa0\u200b\u200e\u200f\u2028\u2029\u2060\u3000\ufeff"
_WEB = re.compile(r"(https?)://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"([^\[\]:]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)
_MAIL = re.compile(
    r"mailto:([A-Za-z0-9.!#$&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)"
    r"(\?subject=(?:[A-Za-z0-9._~+-]|%(?!0[0-9A-Fa-f])[0-9A-Fa-f]{2})*)?",
    re.IGNORECASE,
)
_ENTITY_END = re.compile(r"(&#?\w+);")
_IMAGE = re.compile(r"/media/[A-Za-z0-9._~/%+,=-]+")


def safe_url(url: str, *, image: bool = False) -> str | None:
    """Return ``url`` in the one form that may be written into a page, or None if it may not.

    ``url`` is the plain value, its character references already resolved. Links may lead to ``http``,
    ``https`` (without a user name), ``mailto`` (with at most a subject), a path of this site or a place
    in the page; with ``image`` only ``/media/…`` of this site is let through. The result is ASCII but
    for the letters of a host name, and has no control character, space, quote, ``<`` or ``\\``.
    """
    text = re.sub(r"[\t\n\r]", "", url.strip(_EDGES))
    if not text or len(text) > MAX_URL or "\\" in text or any(_is_control(sign) for sign in text):
        return None
    if image:
        return _site_image(text)
    if text.startswith(("#", "/")):
        return None if text.startswith("//") else _encode(text)
    if mail := _MAIL.fullmatch(text):
        return _encode("mailto:" + mail[1] + (mail[2] or ""))
    return _web_url(text)


def safe_next(url: str) -> str | None:
    """Return ``url`` if a person may be redirected to it after signing in, else None.

    Only a path of this site: one leading slash, no second one anywhere before the query, no backslash,
    no control character and no space, so that no browser can take it for another host.
    """
    path = url.partition("?")[0].partition("#")[0]
    if not url.startswith("/") or "//" in path or "\\" in url or len(url) > MAX_URL:
        return None
    if any(_is_control(sign) or sign.isspace() for sign in url):
        return None
    return url


def is_external(url: str) -> bool:
    """Tell whether an address that passed ``safe_url`` leads to the web outside this site."""
    return url.startswith(("http://", "https://"))


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cs"}


def _encode(text: str) -> str:
    # A literal "&name;" would be read as a character reference once it stands in an attribute.
    return _ENTITY_END.sub(r"\1%3B", quote(text, safe=_SAFE))


def _web_url(text: str) -> str | None:
    match = _WEB.fullmatch(text)
    if match is None:
        return None
    scheme, place, rest = match.groups()
    host = _HOST.fullmatch(place)
    if host is None or not _host_is_plain(host[1]) or int((host[2] or ":1")[1:]) not in range(1, 65_536):
        return None
    return scheme.lower() + "://" + place.lower() + _encode(rest)


def _host_is_plain(host: str) -> bool:
    if host.startswith("["):
        return True
    labels = host.removesuffix(".").split(".")
    return all(labels) and all(
        sign.isalnum() or sign in "-_" or unicodedata.category(sign).startswith("M")
        for label in labels
        for sign in label
    )


def _site_image(text: str) -> str | None:
    if not _IMAGE.fullmatch(text):
        return None
    path = unquote(text)
    if "\\" in path or any(_is_control(sign) for sign in path):
        return None
    segments = path.split("/")[2:]
    return text if all(segment not in {"", ".", ".."} for segment in segments) else None
