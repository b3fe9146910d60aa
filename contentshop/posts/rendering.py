"""A post's source to what is stored and shown: safe HTML with slots where its cards go.

The main text is rendered as one document. Each directive is replaced by a paragraph with a random word,
which no author can write; if that is still a block of its own after sanitising, it becomes the slot. An
item's body is a document of its own. Prices, stock and links are no part of this: slots are filled on
reading.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
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
from contentshop.core.words import say
from contentshop.posts.cards import MAX_CARDS, CardRef, Parsed, Slot, parse

Segment = list[Any]
"""``["html", markup]``, ``["card", key]`` or ``["item", key, [segments of its body]]``."""

TOP_LEVEL = 2
"""The largest heading of the main text is ``h2``: the post's title is the page's ``h1``."""

ITEM_TOP_LEVEL = 3
"""The largest heading of an item's body is ``h3``: the item's own title is an ``h2``."""


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
    problems = find_problems(source)
    parsed = Parsed((), (), ()) if problems else parse(source)
    if len(keys) != len(parsed.cards) and not problems:
        raise ValueError(f"{len(keys)} keys for {len(parsed.cards)} cards")
    rendered, found = _rendered(parsed, keys)
    if problems or found:
        raise Invalid({"source": describe([*problems, *found])})
    return rendered


def render_draft(source: str) -> tuple[Rendered, tuple[CardRef, ...], list[Problem]]:
    """What can be rendered of ``source``, which may be half written, its cards, and what is wrong, by line.

    The keys of the cards are their places: "0", "1", … A card that cannot be read is left out; a text whose size
    or shape would cost too much is not rendered at all.
    """
    problems = check_markdown(source)
    parsed = Parsed((), (), ()) if problems else parse(source)
    if len(parsed.cards) > MAX_CARDS:
        parsed = Parsed((), parsed.problems, ())
    rendered, found = _rendered(parsed, [str(place) for place in range(len(parsed.cards))])
    problems = sorted([*problems, *parsed.problems, *found], key=lambda problem: problem.line)
    return rendered, parsed.cards, problems


def _rendered(parsed: Parsed, keys: Sequence[str]) -> tuple[Rendered, list[Problem]]:
    renderer = _Renderer(parsed, keys)
    segments = renderer.document(parsed.chunks, id_prefix="", top_level=TOP_LEVEL)
    text = "\n".join(part for part in renderer.text if part)
    headings = [(heading.level, heading.id, heading.text) for heading in renderer.headings]
    return Rendered(segments, text, headings, RENDERER_VERSION), renderer.problems


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
        slots = {f"<p>{word}x{chunk.index}</p>": chunk for chunk in chunks if isinstance(chunk, Slot)}
        source = "".join(chunk if isinstance(chunk, str) else f"\n\n{word}x{chunk.index}\n\n" for chunk in chunks)
        rendered = render_document(source, id_prefix=id_prefix, top_level=top_level)
        self._check(slots, rendered)
        lost = re.compile(word + r"x\d+")
        return list(self._segments(rendered, slots, lost))

    def _check(self, slots: Mapping[str, Slot], rendered: Document) -> None:
        """Every slot must have become a block of its own: one that did not stands inside raw HTML."""
        found = set(rendered.blocks)
        for block, slot in slots.items():
            if block not in found:
                card = self.cards[slot.index]
                message = say(
                    "this %(kind)s stands inside an HTML tag or comment: close that before it", kind=card.kind
                )
                self.problems.append(Problem(card.line, message))

    def _segments(self, rendered: Document, slots: Mapping[str, Slot], lost: re.Pattern[str]) -> Iterator[Segment]:
        headings = list(rendered.headings)
        for is_slot, blocks in groupby(rendered.blocks, key=slots.__contains__):
            if is_slot:
                yield from (self._slot(slots[block]) for block in blocks)
                continue
            markup = lost.sub("", "\n".join(blocks))
            while headings and f' id="{headings[0].id}"' in markup:
                self.headings.append(headings.pop(0))
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
