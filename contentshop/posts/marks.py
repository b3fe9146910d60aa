"""Reads the lines that begin with ``@``: products at a place of a picture, chapters at a time of a player. Pure."""

from __future__ import annotations

import re

from contentshop.core.words import Said, say
from contentshop.posts.blocks import MAX_CHAPTERS, MAX_NOTE, MAX_SPOTS, MAX_TIME, MAX_TITLE, CardRef, Mark
from contentshop.posts.heads import LONG_TITLE, is_slug, one_line

_SPOT = re.compile(
    r"@ *(?P<x>\d{1,3}(?:\.\d{1,3})?) *%?[ ,]+(?P<y>\d{1,3}(?:\.\d{1,3})?) *%? +\[?(?P<slug>[^\s\[\]]+)\]?(?P<note>.*)"
)
_CHAPTER = re.compile(r"@ *(?P<time>(?:\d{1,2}:)?\d{1,3}:[0-5]\d)(?!\d) *(?P<rest>.*)")
_IN_BRACKETS = re.compile(r"\[(?P<slug>[^\[\]]*)\](?P<title>.*)")

LONG_NOTE = say("%(name)s may have at most %(most)s characters", name="note", most=MAX_NOTE)

Reading = tuple[Mark | None, CardRef | None, Said | None]


def most_marks(kind: str) -> int:
    """How many lines with ``@`` a directive may hold."""
    return MAX_SPOTS if kind == "picture" else MAX_CHAPTERS


def read_mark(kind: str, number: int, line: str) -> Reading:
    """The mark on ``line``, the product it names, and what is wrong with it; either may be None."""
    return _spot(number, line) if kind == "picture" else _chapter(number, line)


def seconds(text: str) -> int:
    """``1:02:03`` or ``62:03`` in seconds."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def _spot(number: int, line: str) -> Reading:
    match = _SPOT.fullmatch(one_line(line))
    if match is None or not is_slug(match["slug"]):
        return (
            None,
            None,
            say("write a spot as “@ 30 60 name words”: per cent from the left and from the top, a product"),
        )
    x, y = float(match["x"]), float(match["y"])
    if x > 100 or y > 100:
        return None, None, say("a spot lies between 0 and 100 per cent")
    note = one_line(match["note"])
    problem = LONG_NOTE if len(note) > MAX_NOTE else None
    return Mark((x, y)), CardRef("spot", match["slug"], number, note=note[:MAX_NOTE]), problem


def _chapter(number: int, line: str) -> Reading:
    match = _CHAPTER.fullmatch(one_line(line))
    at = seconds(match["time"]) if match else 0
    if match is None or at > MAX_TIME:
        return None, None, say("write a chapter as “@ 1:23 Title” or “@ 1:23 name Title”: a time, a product, words")
    slug, title, sure = _product_of(one_line(match["rest"]))
    if sure and not is_slug(slug):
        return None, None, say("write a chapter as “@ 1:23 Title” or “@ 1:23 name Title”: a time, a product, words")
    if not slug and not title:
        return None, None, say("give the chapter a title or a product")
    problem = LONG_TITLE if len(title) > MAX_TITLE else None
    card = CardRef("chapter", slug, number, optional=not sure) if slug else None
    return Mark((float(at),), title[:MAX_TITLE]), card, problem


def _product_of(text: str) -> tuple[str, str, bool]:
    """(the product named at the beginning, the words after it, whether it must be a product).

    A name in brackets or with a hyphen is surely meant as one; another word in small letters only may be.
    """
    if match := _IN_BRACKETS.fullmatch(text):
        return match["slug"].strip(), one_line(match["title"]), True
    word, _, rest = text.partition(" ")
    if word.isascii() and is_slug(word):
        return word, one_line(rest), "-" in word
    return "", text, False
