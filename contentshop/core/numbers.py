"""Numbers as people type them, read in one way everywhere. Pure.

Input methods for Chinese and Japanese write digits and signs full-width (``１２．５``); they mean the same.
"""

from __future__ import annotations

# The forms of U+FF01–FF5E that numbers are made of, each the full-width one of an ASCII character.
_WIDE = {code + 0xFEE0: code for code in map(ord, "0123456789+-.,%")} | {0x3000: 0x20}


def narrow(text: str) -> str:
    """``text`` with full-width digits, signs and blanks as ASCII, without blanks around it."""
    return text.translate(_WIDE).strip()


def read_whole(text: str, *, least: int = 0, most: int) -> int | None:
    """A whole number from ``least`` to ``most``, written with digits alone; None for anything else.

    ``-5``, ``1.5``, ``1e9`` and the empty text are refused, not repaired. ``most`` has at most 15 digits.
    """
    digits = narrow(text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        return None
    number = int(digits)
    return number if least <= number <= most else None
