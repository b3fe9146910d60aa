"""Signed links to orders and gift cards: whoever holds one may look, and nobody can make one up."""

from __future__ import annotations

from flask import url_for
from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.web.session import settings

_SALT = "contentshop.order"
_CARD_SALT = "contentshop.gift-card"


def order_token(order_key: str) -> str:
    """The part of the link that names the order and proves that we made it."""
    return str(URLSafeSerializer(settings().secret_key, salt=_SALT).dumps(order_key))


def order_of(token: str) -> str | None:
    """The order's key in a token that we made, else None."""
    try:
        return str(URLSafeSerializer(settings().secret_key, salt=_SALT).loads(token))
    except BadSignature:
        return None


def order_url(order_key: str) -> str:
    """The path of the order's page."""
    return url_for("shop.order", token=order_token(order_key))


def card_token(card_key: str) -> str:
    """The part of a link that names a gift card and proves that we made it."""
    return str(URLSafeSerializer(settings().secret_key, salt=_CARD_SALT).dumps(card_key))


def card_of(token: str) -> str | None:
    """The gift card's key in a token that we made, else None."""
    try:
        return str(URLSafeSerializer(settings().secret_key, salt=_CARD_SALT).loads(token))
    except BadSignature:
        return None
