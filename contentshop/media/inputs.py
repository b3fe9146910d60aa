"""Kinds of media, and what people say about one: its description, its point of focus, the language of captions."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.words import say

KINDS = ("picture", "video", "audio", "captions")
MAX_ALT = 300
MAX_NAME = 200

# Ending → the type it is served as (RFC 6381 calls what an MP4 file holds by codecs; players look for themselves).
TYPES = {
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "vtt": "text/vtt; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Description:
    """What a person says about a medium; ``focus_x`` and ``focus_y`` are per cent from the left and the top."""

    alt: str
    focus_x: int = 50
    focus_y: int = 50
    lang: str = ""

    @classmethod
    def parse(cls, *, alt: str, focus_x: str = "50", focus_y: str = "50", lang: str = "") -> Description:
        """Raises Invalid with every field that needs another look."""
        problems: dict[str, list[str]] = {}
        words = clean_line(alt, len(alt))
        if len(words) > MAX_ALT:
            problems["alt"] = [
                say("Use at most %(limit)s characters (now %(count)s).", limit=MAX_ALT, count=len(words))
            ]
        x, y = (_per_cent(text, field, problems) for text, field in ((focus_x, "focus_x"), (focus_y, "focus_y")))
        language = lang.strip().lower()
        if language and not (language.isascii() and language.isalpha() and 2 <= len(language) <= 3):
            problems["lang"] = [say("“%(text)s” is not a language; write it like en or zh.", text=lang[:40])]
        if problems:
            raise Invalid(problems)
        return cls(words, x, y, language)


def _per_cent(text: str, field: str, problems: dict[str, list[str]]) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        problems[field] = [say("Write a whole number from 0 to 100.")]
        return 50
    return int(text)


def file_title(name: str) -> str:
    """The name a file was sent with, without folders and control signs, to find it again by."""
    return clean_line(name.replace("\\", "/").rpartition("/")[2], MAX_NAME)
