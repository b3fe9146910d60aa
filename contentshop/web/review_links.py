"""The signed way out of mails that ask for reviews. Nobody can make one up."""

from __future__ import annotations

from flask import url_for
from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.web.session import settings

_SALT = "contentshop.reviews.mail"


def stop_url(user_key: str) -> str:
    """The whole address that ends these mails for a person."""
    token = str(_signer().dumps(user_key))
    return settings().site_url + url_for("reviews.stop_page", token=token)


def stop_of(token: str) -> str | None:
    """The person's key in a link that we made, else None."""
    try:
        return str(_signer().loads(token))
    except BadSignature:
        return None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=_SALT)
