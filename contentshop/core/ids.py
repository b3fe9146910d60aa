"""Public keys and slugs: what people see in an address instead of a row number."""

from __future__ import annotations

import re
import secrets
import unicodedata

# Crockford's base 32 in lower case: no i, l, o, u, so a key can be read aloud.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

SLUG_LENGTH = 80


def new_key(length: int = 10) -> str:
    """A random public key of ``length`` characters, 5 bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def slugify(text: str, *, fallback: str = "") -> str:
    """An ASCII slug of at most 80 characters: accents folded, Chinese as pinyin.

    Returns ``fallback``, or a random key, when nothing of the text can be kept.
    """
    # 400 characters are enough for any slug; pinyin of a whole book is not wanted.
    spelled = _spelled(text[:400])
    folded = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
    return slug[:SLUG_LENGTH].rstrip("-") or fallback or new_key()


def _spelled(text: str) -> str:
    """``text`` with Chinese as pinyin."""
    if text.isascii():
        return text
    # Its dictionaries take 55 MB and half a second, which most processes never need.
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(text))
