"""A post's source to what is stored and shown: safe HTML with slots where its cards and other blocks go.

The main text is rendered as one document. Each directive is replaced by a paragraph with a random word,
which no author can write; if that is still a block of its own after sanitising, it becomes the slot. The body
of an item or a box is a document of its own. Prices, stock and links are no part of this: slots are filled on
reading.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from contentshop.core.embeds import find_embed
from contentshop.core.text import (
    RENDERER_VERSION,
    Document,
    Heading,
    Problem,
    check_markdown,
    plain_text,
    render_document,
)
from contentshop.core.words import say
from contentshop.posts.blocks import CALLOUTS, MAX_CARDS, Block, CardRef, Chunk, Mark, Slot
from contentshop.posts.cards import Parsed, parse
from contentshop.posts.heads import words_between_commas

Segment = list[Any]
"""One piece of a post, as JSON; ``posts.segments`` walks through them. The first entry is its kind:

- ``["html", markup]``, ``["card", key]``, ``["toc", ""]``
- ``["item", key, [segments of its body]]``, ``["rejected", key, [segments]]``
- ``["picture", {"line", "asset", "alt", "caption", "spots": [[key, x, y], …]}]``
- ``["gallery", {"caption", "pictures": [as in a picture, without spots]}]``
- ``["video" or "audio", {"line", "asset", "caption", "poster", "captions",
  "chapters": [[seconds, title, key or ""], …]}]``
- ``["embed", {"provider", "url", "player", "caption"}]``
- ``["compare", {"cards": [keys], "attributes": [names], "best": key or "", "caption"}, [segments]]``
- ``["callout", {"tone", "title"}, [segments]]``, ``["toggle", {"title"}, [segments]]``

``posts.binding`` puts lasting keys in the place of numbers, and beside each "asset" what is known of the file.
"""

TOP_LEVEL = 2
"""The largest heading of the main text is ``h2``: the post's title is the page's ``h1``."""

LAST_LEVEL = 6


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


def render_draft(source: str) -> tuple[Rendered, tuple[CardRef, ...], list[Problem]]:
    """What can be rendered of ``source``, which may be half written, its cards, and what is wrong, by line.

    The keys of the cards are their places: "0", "1", … A card that cannot be read is left out; a text whose size
    or shape would cost too much is not rendered at all.
    """
    problems = check_markdown(source)
    parsed = Parsed((), (), ()) if problems else parse(source)
    if len(parsed.cards) > MAX_CARDS:
        parsed = Parsed((), parsed.problems, ())
    rendered, found = _rendered(parsed)
    problems = sorted([*problems, *parsed.problems, *found], key=lambda problem: problem.line)
    return rendered, parsed.cards, problems


def _rendered(parsed: Parsed) -> tuple[Rendered, list[Problem]]:
    renderer = _Renderer(parsed)
    segments = renderer.document(parsed.chunks, id_prefix="", top_level=TOP_LEVEL)
    text = "\n".join(part for part in renderer.text if part)
    headings = [(heading.level, heading.id, heading.text) for heading in renderer.headings]
    return Rendered(segments, text, headings, RENDERER_VERSION), renderer.problems


class _Renderer:
    """Collects the words, headings and problems of all documents of a post while it renders them."""

    def __init__(self, parsed: Parsed) -> None:
        self.cards = parsed.cards
        self.text: list[str] = []
        self.headings: list[Heading] = []
        self.problems: list[Problem] = []
        self.boxes = 0

    def document(self, chunks: Sequence[Chunk], *, id_prefix: str, top_level: int) -> list[Segment]:
        word = secrets.token_hex(16)
        slots: dict[str, Slot | Block] = {}
        source: list[str] = []
        for chunk in chunks:
            if isinstance(chunk, str):
                source.append(chunk)
                continue
            stand_in = f"{word}x{len(slots)}"
            slots[f"<p>{stand_in}</p>"] = chunk
            source.append(f"\n\n{stand_in}\n\n")
        rendered = render_document("".join(source), id_prefix=id_prefix, top_level=top_level)
        self._check(slots, rendered)
        lost = re.compile(word + r"x\d+")
        return list(self._segments(rendered, slots, lost, top_level))

    def _check(self, slots: Mapping[str, Slot | Block], rendered: Document) -> None:
        """Every slot must have become a block of its own: one that did not stands inside raw HTML."""
        found = set(rendered.blocks)
        for block, slot in slots.items():
            if block not in found:
                lost = self.cards[slot.index] if isinstance(slot, Slot) else slot
                message = say(
                    "this %(kind)s stands inside an HTML tag or comment: close that before it", kind=lost.kind
                )
                self.problems.append(Problem(lost.line, message))

    def _segments(
        self, rendered: Document, slots: Mapping[str, Slot | Block], lost: re.Pattern[str], top_level: int
    ) -> Iterator[Segment]:
        headings = list(rendered.headings)
        for is_slot, blocks in groupby(rendered.blocks, key=slots.__contains__):
            if is_slot:
                yield from (self._filled(slots[block], top_level) for block in blocks)
                continue
            markup = lost.sub("", "\n".join(blocks))
            while headings and f' id="{headings[0].id}"' in markup:
                self.headings.append(headings.pop(0))
            self.text.append(plain_text(markup))
            yield ["html", markup]

    def _filled(self, slot: Slot | Block, top_level: int) -> Segment:
        if isinstance(slot, Slot):
            return self._slot(slot, top_level)
        self.text.extend(_words_of(slot, self.cards))
        data = _DATA[slot.kind](slot, self)
        kind = "callout" if slot.kind in CALLOUTS else slot.kind
        if kind not in _WITH_BODY:
            return [kind, data]
        self.boxes += 1
        return [kind, data, self._inside(slot.body, f"b{self.boxes}--", top_level)]

    def _slot(self, slot: Slot, top_level: int) -> Segment:
        card, key = self.cards[slot.index], str(slot.index)
        self.text.extend(_words(card))
        if card.kind == "card":
            return ["card", key]
        return [card.kind, key, self._inside(slot.body, f"{slot.index + 1}--", top_level)]

    def _inside(self, body: Sequence[Chunk], id_prefix: str, top_level: int) -> list[Segment]:
        """The body of a block, as a document of its own.

        Its prefix ends in "--", which cannot stand in the identifier of a heading, so none of the main text can be
        equal to one.
        """
        if not body:
            return []
        return self.document(body, id_prefix=id_prefix, top_level=min(LAST_LEVEL, top_level + 1))

    def key(self, place: int | None) -> str:
        """The key of a card by its place, "" for none."""
        return "" if place is None else str(place)


def _picture(block: Block, renderer: _Renderer) -> dict[str, Any]:
    return {
        "line": block.line,
        "asset": block.argument,
        "alt": block.value("alt"),
        "caption": block.value("caption"),
        "spots": [[renderer.key(mark.card), *mark.at] for mark in block.marks],
    }


def _gallery(block: Block, renderer: _Renderer) -> dict[str, Any]:
    return {"caption": block.value("caption"), "pictures": [_picture(part, renderer) for part in block.parts]}


def _player(block: Block, renderer: _Renderer) -> dict[str, Any]:
    return {
        "line": block.line,
        "asset": block.argument,
        "caption": block.value("caption"),
        "poster": block.value("poster"),
        "captions": block.value("captions"),
        "chapters": [
            [int(mark.at[0]), mark.title, renderer.key(mark.card)] for mark in sorted(block.marks, key=_begin)
        ],
    }


def _begin(mark: Mark) -> float:
    return mark.at[0]


def _embed(block: Block, renderer: _Renderer) -> dict[str, Any]:
    found = find_embed(block.argument)
    if found is None:  # the parser has let none through
        raise ValueError(f"{block.argument!r} cannot be embedded")
    return {
        "provider": found.provider,
        "url": found.url,
        "player": found.player,
        "caption": block.value("caption"),
    }


def _compare(block: Block, renderer: _Renderer) -> dict[str, Any]:
    best = next((place for place in block.cards if renderer.cards[place].product == block.value("best")), None)
    return {
        "cards": [renderer.key(place) for place in block.cards],
        "attributes": words_between_commas(block.value("attributes")),
        "best": renderer.key(best),
        "caption": block.value("caption"),
    }


def _callout(block: Block, renderer: _Renderer) -> dict[str, Any]:
    return {"tone": block.kind, "title": block.argument}


def _toggle(block: Block, renderer: _Renderer) -> dict[str, Any]:
    return {"title": block.argument}


def _nothing(block: Block, renderer: _Renderer) -> str:
    return ""


_DATA: Mapping[str, Callable[[Block, _Renderer], Any]] = {
    "picture": _picture,
    "gallery": _gallery,
    "video": _player,
    "audio": _player,
    "embed": _embed,
    "compare": _compare,
    "toggle": _toggle,
    "toc": _nothing,
    **dict.fromkeys(CALLOUTS, _callout),
}
_WITH_BODY = frozenset({"compare", "callout", "toggle"})


def _words_of(block: Block, cards: Sequence[CardRef]) -> Iterator[str]:
    """The words of a block that are not in its body, for searching."""
    yield block.argument if block.kind in ("toggle", *CALLOUTS) else ""
    yield from (block.value(name) for name in ("alt", "caption"))
    for part in block.parts:
        yield from _words_of(part, cards)
    for mark in block.marks:
        yield mark.title
        yield cards[mark.card].note if mark.card is not None else ""


def _words(card: CardRef) -> list[str]:
    return [card.award, card.note, *card.pros, *card.cons, *(name for name, _ in card.ratings)]
