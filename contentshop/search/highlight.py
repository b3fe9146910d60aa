"""Marking the searched words in a shown text: pure, plain text in, pieces of plain text out.

Pieces are (text, marked); the template escapes each and wraps the marked ones. Words are compared the way
the index compares them: "cables" marks "cable", 耳机 marks within a sentence, "wh1000xm5" marks "WH-1000XM5".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from contentshop.search.analysis import spans

Piece = tuple[str, bool]

ELLIPSIS = "…"
_SPACE = re.compile(r"\s+")
_NEAR = 24  # characters a cut may move to fall between two words
_LEAD = 0.25  # share of a fragment that comes before its first marked word


def highlight_title(text: str, terms: Collection[str]) -> list[Piece]:
    """The whole text as pieces, every place of a term marked."""
    text = _SPACE.sub(" ", text).strip()
    return _pieces(text, 0, len(text), [(start, end) for start, end, _ in _places(text, terms)])


def highlight(text: str, terms: Collection[str], length: int = 160) -> list[Piece]:
    """The best fragment of about ``length`` characters as pieces, with … where it was cut.

    Best is the stretch with the most different terms, then with the most places, then the first. Without any
    term in the text it is its beginning.
    """
    text = _SPACE.sub(" ", text).strip()
    places = _places(text, terms)
    begin, end = _cut(text, *_window(text, places, length))
    marks = [(start, stop) for start, stop, _ in places if start >= begin and stop <= end]
    pieces = _pieces(text, begin, end, marks)
    if begin > 0:
        pieces.insert(0, (ELLIPSIS, False))
    if end < len(text):
        pieces.append((ELLIPSIS, False))
    return _joined(pieces)


def _places(text: str, terms: Collection[str]) -> list[tuple[int, int, frozenset[str]]]:
    """(start, end, terms) of the places to mark; touching and overlapping ones are one."""
    wanted = frozenset(terms)
    found: list[tuple[int, int, frozenset[str]]] = []
    if not wanted:
        return found
    for span in spans(text, wanted):
        if found and span.start <= found[-1][1]:
            first, last, seen = found[-1]
            found[-1] = (first, max(last, span.end), seen | {span.term})
        else:
            found.append((span.start, span.end, frozenset({span.term})))
    return found


def _window(text: str, places: Sequence[tuple[int, int, frozenset[str]]], length: int) -> tuple[int, int]:
    """Where the best fragment begins and ends, before its ends are moved between words."""
    if not places or len(text) <= length:
        return 0, min(length, len(text))
    best, first, last = (0, 0), 0, 0
    stop = 0
    for at, (start, _, _) in enumerate(places):
        while stop < len(places) and (stop <= at or places[stop][1] <= start + length):
            stop += 1
        inside = places[at:stop]
        worth = (len(frozenset().union(*(terms for _, _, terms in inside))), len(inside))
        if worth > best:
            best, first, last = worth, at, stop - 1
    begin, end = places[first][0], places[last][1]
    room = max(length - (end - begin), 0)
    begin = max(0, begin - int(room * _LEAD))
    return max(0, min(begin, len(text) - length)), min(len(text), max(begin + length, end))


def _cut(text: str, begin: int, end: int) -> tuple[int, int]:
    """Move the ends inwards to the next space, if one is near; Chinese is cut where it is."""
    if begin > 0 and text[begin - 1] != " ":
        space = text.find(" ", begin, min(begin + _NEAR, end))
        begin = space + 1 if space >= 0 else begin
    if end < len(text) and text[end] != " ":
        space = text.rfind(" ", max(end - _NEAR, begin), end)
        end = space if space > begin else end
    return begin, end


def _pieces(text: str, begin: int, end: int, marks: Sequence[tuple[int, int]]) -> list[Piece]:
    return _joined(_cut_at(text, begin, end, marks))


def _cut_at(text: str, begin: int, end: int, marks: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = begin
    for start, stop in marks:
        yield text[at:start], False
        yield text[start:stop], True
        at = stop
    yield text[at:end], False


def _joined(pieces: Iterator[Piece] | list[Piece]) -> list[Piece]:
    """Without empty pieces, and neighbours of one sort in one."""
    joined: list[Piece] = []
    for text, marked in pieces:
        if joined and joined[-1][1] == marked:
            joined[-1] = (joined[-1][0] + text, marked)
        elif text:
            joined.append((text, marked))
    return joined
