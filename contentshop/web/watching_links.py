"""Signed links of saved searches: private feeds, and the way out of mails. Nobody can make one up."""

from __future__ import annotations

from flask import url_for
from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.web.session import settings

_FEED, _MAIL = "contentshop.watching.feed", "contentshop.watching.mail"


def feed_url(search_key: str, serial: int) -> str:
    """The whole address of a saved search's feed; another serial makes another address."""
    token = _signer(_FEED).dumps([search_key, serial])
    return settings().site_url + url_for("watching.feed", token=token)


def feed_of(token: str) -> tuple[str, int] | None:
    """(key, serial) in a feed's address that we made, else None."""
    try:
        key, serial = _signer(_FEED).loads(token)
        return str(key), int(serial)
    except (BadSignature, ValueError, TypeError):
        return None


def stop_url(user_key: str, search_key: str = "") -> str:
    """The whole address that ends the mails of one saved search, or of all of a person."""
    token = _signer(_MAIL).dumps([user_key, search_key])
    return settings().site_url + url_for("watching.unsubscribe", token=token)


def stop_of(token: str) -> tuple[str, str] | None:
    """(user key, search key or "") in a mail's link that we made, else None."""
    try:
        user_key, search_key = _signer(_MAIL).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(user_key), str(search_key)


def _signer(salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=salt)
