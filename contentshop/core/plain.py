"""Plain text as people type it: what nobody can see goes, what scripts and emoji need stays."""

from __future__ import annotations

import re
import unicodedata

# Signs that move to another place of the line, and signs that end it (Unicode Standard, section 5.8).
_MOVED = str.maketrans("\t\v\f\r\x85\u2028\u2029", "   \n\n\n\n")
# Zero-width joiners and non-joiners shape Persian, Indic scripts and emoji (Unicode Standard, section 23.2). Each
# belongs to the visible sign before it; anywhere else they would only be names and titles of nothing.
JOINERS = "\u200c\u200d"
_STRAY_JOINERS = re.compile(rf"(?<![^\s{JOINERS}])[{JOINERS}]+")


def plain_text(text: str) -> str:
    """``text`` in NFC with lines ended by ``\\n``, without tabs, control, bidi, private and unknown signs.

    Half surrogate pairs and NUL, which no database takes, go too.
    """
    if text.isprintable():
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").translate(_MOVED)
    # Before the normal form: a sign that goes must not keep a letter from its accent.
    text = unicodedata.normalize("NFC", "".join(sign for sign in text if _is_kept(sign)))
    return text if text.isascii() else _STRAY_JOINERS.sub("", text)


def _is_kept(sign: str) -> bool:
    return sign.isprintable() or sign == "\n" or sign in JOINERS or unicodedata.category(sign) == "Zs"
