"""Password hashes (argon2id by argon2-cffi) and tokens of sessions and resets."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from itsdangerous import BadSignature, URLSafeTimedSerializer

RESET_SECONDS = 30 * 60
_RESET_SALT = "contentshop.reset"


class Passwords:
    """Hashes and checks passwords at a set cost: ``standard`` (RFC 9106, low memory) or ``cheap`` for tests."""

    def __init__(self, cost: str = "standard") -> None:
        profile = CHEAPEST if cost == "cheap" else RFC_9106_LOW_MEMORY
        self._hasher = PasswordHasher.from_parameters(profile)
        # Checked when there is no such person, so that both answers take the same time.
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether ``password`` belongs to the hash; takes as long when there is no hash (None)."""
        try:
            return self._hasher.verify(password_hash or self._decoy, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def new_token() -> str:
    """A secret of 256 bits for a session."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def reset_token(secret_key: str, user_key: str, password_hash: str) -> str:
    """A link part that resets the password once: it dies with the password it was made for."""
    return _resets(secret_key).dumps([user_key, token_hash(password_hash)[:16]])


def read_reset_token(secret_key: str, token: str) -> tuple[str, str] | None:
    """(user key, mark of the password) of a token younger than 30 minutes, or None."""
    try:
        user_key, mark = _resets(secret_key).loads(token, max_age=RESET_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(user_key), str(mark)


def reset_mark(password_hash: str) -> str:
    """The mark that a reset token carries of the password it replaces."""
    return token_hash(password_hash)[:16]


def _resets(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_RESET_SALT)
