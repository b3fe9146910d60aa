"""What the last page showed of prices, sealed in its form: the order is compared with it."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.web.session import settings


@dataclass(frozen=True, slots=True)
class Seen:
    """What the buyer was shown when the last page was made."""

    currency: str
    total_minor: int
    fingerprint: str


def sign_seen(seen: Seen) -> str:
    """What the page showed, in a form field that cannot be made up."""
    return str(_seal().dumps([seen.currency, seen.total_minor, seen.fingerprint]))


def read_seen(text: str) -> Seen | None:
    """What an earlier page of ours showed, or None when the field is not ours."""
    try:
        currency, total_minor, fingerprint = _seal().loads(text)
    except (BadSignature, ValueError, TypeError):
        return None
    return Seen(str(currency), int(total_minor), str(fingerprint))


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="contentshop.seen")
