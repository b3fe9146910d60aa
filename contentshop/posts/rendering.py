"""A post's source to what is stored and shown: safe HTML with slots where its cards go.

The main text is rendered as one document. Each directive is replaced by a paragraph with a random word,
which no author can write, and after sanitising that paragraph becomes the slot. An item's body is a
document of its own. Prices, stock and links are no part of this: slots are filled on reading.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.text import (
    RENDERER_VERSION,
    Document,
    Heading,
    Problem,
    check_markdown,
    describe,
    plain_text,
    render_document,
)
from contentshop.posts.cards import CardRef, Parsed, Slot, parse

Segment = list[Any]
"""``["html", markup]``, ``["card", key]`` or ``["item", key, [segments of its body]]``."""

TOP_LEVEL = 2
"""The largest heading of the main text is ``h2``: the post's title is the page's ``h1``."""

ITEM_TOP_LEVEL = 3
"""The largest heading of an item's body is ``h3``: the item's own title is an ``h2``."""

_VOID = frozenset({"br", "col", "hr", "img", "wbr"})


@dataclass(frozen=True)
class Rendered:
    """A rendered source.

    ``segments`` is JSON: each ``html`` among them is balanced by itself. ``text`` is every word for the
    search index: main text, bodies, notes, awards, pros and cons. ``headings`` are (level, id, words) in
    reading order. ``version`` is that of the renderer.
    """

    segments: list[Segment]
    text: str
    headings: list[tuple[int, str, str]]
    version: int


def find_problems(source: str) -> list[Problem]:
    """Return what keeps ``source`` from being rendered, by line: its size and shape, then its cards."""
    problems = check_markdown(source)
    return problems or list(parse(source).problems)


def render(source: str, keys: Sequence[str]) -> Rendered:
    """Render ``source``; ``keys`` are the public keys of its cards, in the order of ``parse(source).cards``.

    Raises ``Invalid`` for the field ``source``, one message with its line number for each problem.
    """
    _refuse(check_markdown(source))
    parsed = parse(source)
    _refuse(parsed.problems)
    if len(keys) != len(parsed.cards):
        raise ValueError(f"{len(keys)} keys for {len(parsed.cards)} cards")
    renderer = _Renderer(parsed, keys)
    segments = renderer.document(parsed.chunks, id_prefix="", top_level=TOP_LEVEL)
    _refuse(renderer.problems)
    text = "\n".join(part for part in renderer.text if part)
    headings = [(heading.level, heading.id, heading.text) for heading in renderer.headings]
    return Rendered(segments, text, headings, RENDERER_VERSION)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid({"source": describe(problems)})


class _Renderer:
    """Collects the words, headings and problems of all documents of a post while it renders them."""

    def __init__(self, parsed: Parsed, keys: Sequence[str]) -> None:
        self.cards = parsed.cards
        self.keys = keys
        self.text: list[str] = []
        self.headings: list[Heading] = []
        self.problems: list[Problem] = []

    def document(self, chunks: Sequence[str | Slot], *, id_prefix: str, top_level: int) -> list[Segment]:
        word = secrets.token_hex(16)
        slots = [chunk for chunk in chunks if isinstance(chunk, Slot)]
        source = "".join(
            chunk if isinstance(chunk, str) else f"\n\n{word}x{chunk.index}\n\n" for chunk in chunks
        )
        rendered = render_document(source, id_prefix=id_prefix, top_level=top_level)
        # With one group, split gives HTML and card numbers by turns.
        pieces = re.split(rf"<p>{word}x(\d+)</p>", rendered.html)
        self._check(slots, pieces)
        return list(self._segments(rendered, pieces, {slot.index: slot for slot in slots}))

    def _check(self, slots: Sequence[Slot], pieces: Sequence[str]) -> None:
        """Every slot must be there, once, and outside of any element: then each piece is balanced."""
        tags = _OpenTags()
        found: set[int] = set()
        for markup, number in zip(pieces[::2], pieces[1::2], strict=False):
            tags.feed(markup)
            found.add(int(number))
            if tags.open:
                self._misplaced(int(number), f"inside <{tags.open[-1]}>")
        for slot in slots:
            if slot.index not in found:
                self._misplaced(slot.index, "inside an HTML tag or comment")

    def _misplaced(self, index: int, where: str) -> None:
        card = self.cards[index]
        message = f"this {card.kind} stands {where}: close that before it, or put it elsewhere"
        self.problems.append(Problem(card.line, message))

    def _segments(
        self, rendered: Document, pieces: Sequence[str], slots: dict[int, Slot]
    ) -> Iterator[Segment]:
        headings = list(rendered.headings)
        for place, piece in enumerate(pieces):
            if place % 2:
                yield self._slot(slots[int(piece)])
                continue
            markup = piece.strip("\n")
            while headings and f' id="{headings[0].id}"' in markup:
                self.headings.append(headings.pop(0))
            if markup:
                self.text.append(plain_text(markup))
                yield ["html", markup]

    def _slot(self, slot: Slot) -> Segment:
        card, key = self.cards[slot.index], self.keys[slot.index]
        self.text.extend(_words(card))
        if card.kind == "card":
            return ["card", key]
        # "--" cannot stand in the identifier of a heading, so none of the main text can be equal to one.
        prefix = f"{slot.index + 1}--"
        return ["item", key, self.document(slot.body, id_prefix=prefix, top_level=ITEM_TOP_LEVEL)]


def _words(card: CardRef) -> list[str]:
    return [card.award, card.note, *card.pros, *card.cons]


class _OpenTags(HTMLParser):
    """The elements open at the end of what was fed so far; the sanitiser's output is well formed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()
