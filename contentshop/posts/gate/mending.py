"""Repairs as data, and what they make of a form. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from contentshop.posts.inputs import PostInput

_DIRECTIVE = re.compile(r"(?P<head>:{2,3}picture\[[^\]]*\])(?:\{(?P<values>.*)\})?\s*$")
_NO_ALT = re.compile(r'(?<![\w-])alt=(?:""|“”)\s*')
_TAG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_TAG_ALT = re.compile(r"""\salt=(?:""|'')""", re.IGNORECASE)
_CARD = re.compile(r"::card\[[^\]]*\]")
_SPOT = re.compile(r"(?P<place>@ *[\d.]+ +[\d.]+ +)\S+(?P<note>.*)$")
# Signs that would end a value, a tag, or a name in brackets.
_PLAIN = str.maketrans({'"': "'", "<": "(", ">": ")", "[": "(", "]": ")", "`": "'", "\\": "/", "&": "+"})


@dataclass(frozen=True, slots=True)
class SetField:
    """Fill in a field of the form; "" and None empty it."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class EditLines:
    """Put ``lines`` in the place of ``count`` lines of the text, from line ``first`` on (1 is the first)."""

    first: int
    count: int
    lines: tuple[str, ...] = ()


Mend = SetField | EditLines


def mended(form: PostInput, mend: Mend) -> PostInput:
    """The form with the repair made."""
    if isinstance(mend, SetField):
        changes: dict[str, Any] = {mend.name: mend.value}
        return replace(form, **changes)
    lines = form.source.split("\n")
    start = mend.first - 1
    return replace(form, source="\n".join([*lines[:start], *mend.lines, *lines[start + mend.count :]]))


def without_card(lines: Sequence[str], line: int) -> EditLines | None:
    """Take a card out that is a line of its own; None where words of the author's belong to it.

    Of two empty lines that would meet, one goes with it.
    """
    text = _line(lines, line)
    if not text.startswith(("::card[", "@")):
        return None
    alone = not _line(lines, line - 1).strip() and not _line(lines, line + 1).strip()
    return EditLines(line, 2 if alone and line < len(lines) and text.startswith(":") else 1)


def with_product(lines: Sequence[str], line: int, slug: str) -> EditLines | None:
    """Name another product in a card's line; None where the author's words are about the first one.

    What was said of the first product (its note, its stand-in, how it was come by) is not said of the other.
    """
    text = _line(lines, line)
    if _CARD.match(text):
        return EditLines(line, 1, (f"::card[{slug}]",))
    if spot := _SPOT.match(text):
        return EditLines(line, 1, (f"{spot['place']}{slug}",))
    return None


def with_alt(lines: Sequence[str], line: int, key: str, alt: str) -> EditLines | None:
    """Write into a picture's line what it shows; None where the line cannot be read."""
    text, words = _line(lines, line), " ".join(alt.translate(_PLAIN).split())
    if found := _DIRECTIVE.match(text):
        values = _NO_ALT.sub("", found["values"] or "").strip(" ,")
        inside = " ".join(filter(None, (f'alt="{words}"', values)))
        return EditLines(line, 1, (f"{found['head']}{{{inside}}}",))
    for tag in _TAG.findall(text):
        if key in tag:
            new = _TAG_ALT.sub(f' alt="{words}"', tag) if _TAG_ALT.search(tag) else f'{tag[:4]} alt="{words}"{tag[4:]}'
            return EditLines(line, 1, (text.replace(tag, new, 1),))
    bare = re.search(r"!\[\s*\](?=\([^)\s]*" + re.escape(key) + ")", text)
    if bare is None:
        return None
    return EditLines(line, 1, (f"{text[: bare.start()]}![{words}]{text[bare.end() :]}",))


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1] if 1 <= number <= len(lines) else ""
