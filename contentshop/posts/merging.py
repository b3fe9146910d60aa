"""Two versions of a text side by side, and three made into one. Pure.

Texts are compared line by line, and what differs word by word: a paragraph is one line, and two people may well
have changed different sentences of it. Comparing is rapidfuzz's longest common subsequence.

A *step* leads from one version of a draft back to the one before it. It holds only the part that changed, so keeping
one for each automatic save costs next to nothing, and any text that a browser may still have begun from can be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal

from rapidfuzz.distance import LCSseq, Prefix

from contentshop.posts.bargains import DEAL_WORDS, PREFIX, DealInput
from contentshop.posts.inputs import PostInput

Words = dict[str, Any]
"""Everything an author writes about a post, as JSON: the fields of ``PostInput`` but its kind, a deal's one by one."""

POST_FIELDS = tuple(field.name for field in fields(PostInput) if field.name not in ("kind", "deal"))
DEAL_FIELDS = tuple(PREFIX + name for name in DEAL_WORDS)
FIELDS = POST_FIELDS + DEAL_FIELDS
TEXT = "source"

# Comparing costs the product of both lengths; beyond this (0.2 s) a passage counts as changed as a whole.
MOST_CELLS = 400_000_000
# Passages with less in common than this read better as "this instead of that" than word by word.
LEAST_COMMON = 0.35

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_NAMED = re.compile(r"^:{2,3}(?:card|item|compare|rejected)\[([^\]\n]*)\]", re.MULTILINE)
_LINE = re.compile(r"[^\n]*\n+|[^\n]+")
_WORD = re.compile(rf"\s+|[{_CJK}]|[^\W{_CJK}]+|[^\w\s]")

Op = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that both texts have, or only the older (``gone``) or the newer one (``new``)."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines: alike in both texts, or changed, then as ``pieces``. ``line`` counts in the newer text from 1."""

    same: bool
    line: int
    text: str
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a merged text. ``clash``: both sides changed it, each in its own way; else ``mine`` is what it says."""

    clash: bool
    mine: str
    theirs: str = ""
    base: str = ""


def words_of(thing: Any) -> Words:
    """What stands in a ``PostInput`` or a revision, as JSON."""
    deal = thing.deal.words() if isinstance(thing.deal, DealInput) else thing.deal or {}
    words = {name: _plain(getattr(thing, name)) for name in POST_FIELDS}
    return words | {PREFIX + name: deal.get(name, "") for name in DEAL_WORDS}


def form_of(words: Mapping[str, Any], kind: str) -> PostInput:
    """The form that ``words`` fill in. Raises Invalid, as ``PostInput.parse`` does."""
    deal = {name: words.get(PREFIX + name, "") for name in DEAL_WORDS} if kind == "deal" else None
    return PostInput.parse(kind=kind, deal=deal, **{name: words[name] for name in POST_FIELDS if name in words})


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


# ---- back in time


def step_back(now: Words, before: Words) -> dict[str, Any]:
    """What leads from ``now`` back to ``before``: fields as they were; of the text only the part that differs."""
    changes = {name: before[name] for name in FIELDS if name != TEXT and now[name] != before[name]}
    if now[TEXT] != before[TEXT]:
        start, end = _ends(now[TEXT], before[TEXT])
        changes[TEXT] = [start, end, before[TEXT][start : len(before[TEXT]) - end]]
    return changes


def go_back(now: Words, changes: Mapping[str, Any]) -> Words:
    """The words before a step; the opposite of ``step_back``."""
    before = {**now, **{name: value for name, value in changes.items() if name in FIELDS}}
    if TEXT in changes:
        start, end, middle = changes[TEXT]
        text = now[TEXT]
        before[TEXT] = text[:start] + middle + text[len(text) - end :]
    return before


def _ends(one: str, other: str) -> tuple[int, int]:
    """How many characters two texts share at their start, and at their end behind that."""
    start = Prefix.similarity(one, other)
    return start, Prefix.similarity(one[start:][::-1], other[start:][::-1])


# ---- two texts


def compare(old: str, new: str) -> list[Block]:
    """Both texts, as lines that are alike and lines that changed, in order."""
    blocks: list[Block] = []
    line = 1
    old_lines, new_lines = _lines(old), _lines(new)
    for same, old_part, new_part in _parts(old_lines, new_lines):
        before, after = "".join(old_part), "".join(new_part)
        blocks.append(Block(same, line, after, () if same else tuple(compare_words(before, after))))
        line += after.count("\n")
    return blocks


def compare_words(old: str, new: str) -> list[Piece]:
    """Both texts as pieces of words, in order; what has little in common is exchanged as a whole."""
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    pieces: list[Piece] = []
    common = 0
    for same, gone, added in _parts(old_words, new_words):
        if same:
            pieces.append(Piece("same", "".join(added)))
            common += sum(len(word) for word in added if not word.isspace())
        else:
            pieces += [Piece("gone", "".join(gone))] if gone else []
            pieces += [Piece("new", "".join(added))] if added else []
    shortest = max(1, min(len("".join(text.split())) for text in (old, new)))
    if old and new and common / shortest < LEAST_COMMON:
        return [Piece("gone", old), Piece("new", new)]
    return _tidied(pieces)


def count_words(text: str) -> int:
    """How many words ``text`` has; a Chinese character is one, spaces and signs are none."""
    return sum(1 for word in _WORD.findall(text) if word[0].isalnum())


def products_named(text: str) -> list[str]:
    """Slugs of the products whose cards begin in these lines, each once."""
    slugs = (slug.strip() for found in _NAMED.findall(text) for slug in found.split(","))
    return list(dict.fromkeys(slug for slug in slugs if slug))


def _tidied(pieces: Sequence[Piece]) -> list[Piece]:
    """``pieces`` with a space between two changes made part of them, and equal neighbours joined."""
    gone, new, found = "", "", list[Piece]()

    def flush() -> None:
        nonlocal gone, new
        found.extend(piece for piece in (Piece("gone", gone), Piece("new", new)) if piece.text)
        gone = new = ""

    for place, piece in enumerate(pieces):
        if piece.op == "gone":
            gone += piece.text
        elif piece.op == "new":
            new += piece.text
        elif piece.text.isspace() and "\n" not in piece.text and (gone or new) and place + 1 < len(pieces):
            gone, new = gone + piece.text, new + piece.text
        else:
            flush()
            found.append(piece)
    flush()
    return found


def _lines(text: str) -> list[str]:
    """The lines of a text, each with the empty lines behind it: those are alike everywhere, and match nothing."""
    return _LINE.findall(text)


def _parts(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """(alike, old part, new part) in order; parts that differ stand between parts that are alike."""
    at_old = at_new = 0
    for start_old, start_new, size in _matches(old, new):
        if start_old > at_old or start_new > at_new:
            yield False, old[at_old:start_old], new[at_new:start_new]
        yield True, old[start_old : start_old + size], new[start_new : start_new + size]
        at_old, at_new = start_old + size, start_new + size
    if at_old < len(old) or at_new < len(new):
        yield False, old[at_old:], new[at_new:]


def _matches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """(place in ``old``, place in ``new``, size) of the longest common subsequence, in order."""
    start = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    room = min(len(old), len(new)) - start
    end = next((place for place in range(room) if old[-1 - place] != new[-1 - place]), room)
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    found = [(0, 0, start)] if start else []
    if middle_old and middle_new and len(middle_old) * len(middle_new) <= MOST_CELLS:
        found += [
            (start + code.src_start, start + code.dest_start, code.src_end - code.src_start)
            for code in LCSseq.opcodes(middle_old, middle_new)
            if code.tag == "equal"
        ]
    if end:
        found.append((len(old) - end, len(new) - end, end))
    return found


# ---- three texts


def merge(base: str | None, mine: str, theirs: str) -> list[Chunk]:
    """Both changes of ``base`` in one text; where both changed the same words, a clash.

    Without a ``base`` nobody can tell who changed what, so every difference is a clash.
    """
    if base is None:
        return [
            Chunk(False, "".join(new)) if same else Chunk(True, "".join(old), "".join(new))
            for same, old, new in _parts(_lines(mine), _lines(theirs))
        ]
    chunks: list[Chunk] = []
    for chunk in _merged(_lines(base), _lines(mine), _lines(theirs)):
        chunks.extend(_by_words(chunk) if chunk.clash else [chunk])
    return _joined(chunks)


def merge_field(base: Any, mine: Any, theirs: Any, *, known: bool = True) -> tuple[bool, Any]:
    """(whether both sides differ for good, the value otherwise) of a field that is taken as a whole."""
    if mine == theirs or (known and theirs == base):
        return False, mine
    if known and mine == base:
        return False, theirs
    return True, mine


def _by_words(clash: Chunk) -> Iterable[Chunk]:
    """A clash of lines, merged if both sides changed different words of it; else as it is."""
    parts = list(_merged(*(_WORD.findall(text) for text in (clash.base, clash.mine, clash.theirs))))
    if any(part.clash for part in parts):
        return [clash]
    return [Chunk(False, "".join(part.mine for part in parts))]


def _merged(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Chunk]:
    """The classic three-way merge: what stands in all three keeps both sides in step; in between, who changed it."""
    at_base = at_mine = at_theirs = 0
    for start, place_mine, place_theirs, size in [*_common(base, mine, theirs), (len(base), len(mine), len(theirs), 0)]:
        yield from _decided(
            "".join(base[at_base:start]),
            "".join(mine[at_mine:place_mine]),
            "".join(theirs[at_theirs:place_theirs]),
        )
        if size:
            yield Chunk(False, "".join(base[start : start + size]))
        at_base, at_mine, at_theirs = start + size, place_mine + size, place_theirs + size


def _decided(base: str, mine: str, theirs: str) -> Iterator[Chunk]:
    if mine == theirs or theirs == base:
        yield Chunk(False, mine)
    elif mine == base:
        yield Chunk(False, theirs)
    else:
        yield Chunk(True, mine, theirs, base)


def _common(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """(place in base, in mine, in theirs, size) of what all three have in common, in order."""
    one, other = _matches(base, mine), _matches(base, theirs)
    first = second = 0
    while first < len(one) and second < len(other):
        (base_one, place_mine, size_one), (base_other, place_theirs, size_other) = one[first], other[second]
        start, end = max(base_one, base_other), min(base_one + size_one, base_other + size_other)
        if start < end:
            yield start, place_mine + start - base_one, place_theirs + start - base_other, end - start
        if base_one + size_one <= base_other + size_other:
            first += 1
        else:
            second += 1


def _joined(chunks: Iterable[Chunk]) -> list[Chunk]:
    found: list[Chunk] = []
    for chunk in chunks:
        if not chunk.clash and not chunk.mine:
            continue
        if found and not chunk.clash and not found[-1].clash:
            found[-1] = Chunk(False, found[-1].mine + chunk.mine)
        else:
            found.append(chunk)
    return found
