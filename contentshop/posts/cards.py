"""The card syntax: how a Markdown source refers to products. Pure; docs/writing.md explains it to creators.

A card is a line of its own::

    ::card[product-slug]{note="Best for flights" alt="other-slug"}

An item of a buying list is a container with a Markdown body, which may hold cards::

    :::item[product-slug]{award="Best for travel" note="…" alt="other-slug"}
    + a pro
    - a con

    The body.
    :::

Directives begin in the first column. In fenced or indented code they are ordinary text. The values of
attributes, the pros and the cons are plain text, never Markdown: templates escape them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from contentshop.core.text import Problem, fenced_lines, normalise_source
from contentshop.core.words import Said, say

MAX_CARDS = 500
MAX_NOTE = 300
MAX_AWARD = 60
MAX_POINT = 200
MAX_POINTS = 12
MAX_SLUG = 100  # as long as the column of products’ slugs

_KINDS: dict[str, Literal["card", "item"]] = {"card": "card", "item": "item"}
_ATTRIBUTES = {"card": ("note", "alt"), "item": ("award", "note", "alt")}
_COLONS = {"card": "::", "item": ":::"}
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEAD = re.compile(r"(:{2,})( *)([A-Za-z][\w-]*)(?=[\[{ ]|$)")
_WIDE_COLONS = re.compile(r"：{2,3} *(?:card|item)")
_OTHER_BRACKETS = re.compile(r":{2,3} *(card|item) *[(<（【［〔「]")
_MISPLACED = re.compile(r"(?: {1,3}| {0,3}(?:[>*+-]|\d{1,9}[.)])[ >]*):::?(?:card|item)\[")
_MANY_PROS = say("an item may have at most %(most)s pros", most=MAX_POINTS)
_MANY_CONS = say("an item may have at most %(most)s cons", most=MAX_POINTS)
_NAME = re.compile(r"[\s,]*([\w-]+)\s*=\s*")
_OPENING_QUOTES = '"“”„＂'
_CURLY_CLOSING_QUOTES = "”“＂"


@dataclass(frozen=True)
class CardRef:
    """One reference to a product, as written: ``line`` is where it begins (1 is the first).

    ``alternative`` is the product to show when the first cannot be had; ``body`` is the Markdown of an
    item without its pros and cons, "" for a card.
    """

    kind: Literal["card", "item"]
    product: str
    line: int
    note: str = ""
    award: str = ""
    alternative: str = ""
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True)
class Slot:
    """The place of ``cards[index]`` in the text; ``body`` holds the chunks of an item."""

    index: int
    body: tuple[str | Slot, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """A source taken apart.

    ``cards`` stand in reading order, those in an item's body right after the item. ``chunks`` are the
    Markdown between them, each ending with its line end, and the slots.
    """

    cards: tuple[CardRef, ...]
    problems: tuple[Problem, ...]
    chunks: tuple[str | Slot, ...]


def parse(source: str) -> Parsed:
    """Find the cards of ``source``. Never raises: what is wrong is listed in ``problems``, by line."""
    parser = _Parser(normalise_source(source).split("\n"))
    parser.run()
    problems = sorted(parser.problems, key=lambda problem: problem.line)
    return Parsed(tuple(card for card in parser.cards if card), tuple(problems), tuple(parser.main.chunks()))


def is_slug(text: str) -> bool:
    """Whether ``text`` has the form of a product's name in a card."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


@dataclass
class _Level:
    """The chunks of the main text or of one item while they are being collected."""

    parts: list[str | Slot] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add(self, slot: Slot) -> None:
        self.flush()
        self.parts.append(slot)

    def flush(self) -> None:
        if self.lines:
            self.parts.append("".join(f"{line}\n" for line in self.lines))
            self.lines = []

    def chunks(self) -> list[str | Slot]:
        self.flush()
        return self.parts


@dataclass
class _Item:
    """An open item: its place in the cards, its head, and what has been read of it."""

    index: int
    head: CardRef
    first_body_line: int
    level: _Level = field(default_factory=_Level)
    pros: list[str] = field(default_factory=list)
    cons: list[str] = field(default_factory=list)
    in_points: bool = True


class _Parser:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.fenced = fenced_lines(lines)
        self.cards: list[CardRef | None] = []
        self.problems: list[Problem] = []
        self.main = _Level()
        self.item: _Item | None = None

    def run(self) -> None:
        for index, line in enumerate(self.lines):
            if self.fenced[index]:
                self._text(index, line)
            else:
                self._line(index, line)
        if self.item is not None:
            self._problem(self.item.head.line, say("this item is not closed: end it with a line that is just :::"))
            self._close_item(self.item, len(self.lines))

    def _line(self, index: int, line: str) -> None:
        head = _HEAD.match(line)
        if self.item is not None and self.item.in_points and self._point(self.item, index, line):
            return
        if line.rstrip() == ":::":
            self._closing(index)
        elif head and (head[3] in _KINDS or not (head[2] or line[head.end() :].startswith(" "))):
            self._directive(index, line, head)
        else:
            self._near_miss(index, line)
            self._text(index, line)

    def _near_miss(self, index: int, line: str) -> None:
        """Name what is surely meant as a card but would be shown as text."""
        if _MISPLACED.match(line):
            self._problem(index + 1, say("a card must begin at the start of its line, outside of lists and quotes"))
        elif other := _OTHER_BRACKETS.match(line):
            example = f"{_COLONS[other[1]]}{other[1]}[name]"
            self._problem(index + 1, say("write the product's name in brackets, as in %(example)s", example=example))
        elif _WIDE_COLONS.match(line):
            self._problem(index + 1, say("write the colons of a card as :: and not as ：："))

    def _problem(self, line: int, message: Said) -> None:
        self.problems.append(Problem(line, message))

    def _text(self, index: int, line: str) -> None:
        if self.item is None:
            self.main.lines.append(line)
            return
        if self.item.in_points:
            self.item.in_points = False
            self.item.first_body_line = index
        self.item.level.lines.append(line)

    def _point(self, item: _Item, index: int, line: str) -> bool:
        """Take ``line`` as a pro or con of ``item`` if it is one."""
        points = {"+ ": item.pros, "- ": item.cons}.get(line[:2])
        text = _one_line(line[2:])
        if points is None or not text:
            return False
        points.append(text)
        if len(text) > MAX_POINT:
            self._problem(index + 1, say("a pro or con may have at most %(most)s characters", most=MAX_POINT))
        if len(points) == MAX_POINTS + 1:
            self._problem(index + 1, _MANY_PROS if points is item.pros else _MANY_CONS)
        return True

    def _directive(self, index: int, line: str, head: re.Match[str]) -> None:
        number, colons, kind = index + 1, head[1], _KINDS.get(head[3])
        if kind is None:
            self._problem(
                number, say("“%(word)s” is not known: write ::card[…] or :::item[…]", word=f"{colons}{head[3]}")
            )
            return
        if colons != _COLONS[kind]:
            self._problem(
                number,
                say("write %(word)s, with %(count)s colons", word=f"{_COLONS[kind]}{kind}", count=len(_COLONS[kind])),
            )
        card = _Head(number, kind, line, head.end(), self.problems).read()
        if kind == "card":
            self._card(card)
        else:
            self._open_item(index, card)

    def _card(self, card: CardRef) -> None:
        slot = Slot(self._number(card.line))
        self.cards.append(card)
        if self.item is None:
            self.main.add(slot)
        else:
            self._text(card.line - 1, "")
            self.item.level.add(slot)

    def _number(self, line: int) -> int:
        if len(self.cards) == MAX_CARDS:
            self._problem(line, say("a text may have at most %(most)s cards", most=MAX_CARDS))
        return len(self.cards)

    def _open_item(self, index: int, head: CardRef) -> None:
        if self.item is not None:
            outer = self.item.head.line
            self._problem(
                head.line,
                say("an item cannot stand inside another: close that of line %(line)s with ::: first", line=outer),
            )
            self._close_item(self.item, index)
        self.item = _Item(self._number(head.line), head, index + 1)
        self.cards.append(None)

    def _closing(self, index: int) -> None:
        if self.item is None:
            self._problem(index + 1, say("there is no open item that this ::: could close"))
        else:
            self._close_item(self.item, index)

    def _close_item(self, item: _Item, end: int) -> None:
        start = end if item.in_points else item.first_body_line
        self.cards[item.index] = CardRef(
            kind="item",
            product=item.head.product,
            line=item.head.line,
            note=item.head.note,
            award=item.head.award,
            alternative=item.head.alternative,
            pros=tuple(item.pros),
            cons=tuple(item.cons),
            body="\n".join(self.lines[start:end]).strip("\n"),
        )
        self.main.add(Slot(item.index, tuple(item.level.chunks())))
        self.item = None


class _Head:
    """Reads ``[slug]{name="value" …}``, the rest of a directive's line."""

    def __init__(
        self, number: int, kind: Literal["card", "item"], line: str, position: int, problems: list[Problem]
    ) -> None:
        self.number = number
        self.kind: Literal["card", "item"] = kind
        self.line = line.rstrip()
        self.position = position
        self.problems = problems

    def read(self) -> CardRef:
        product = self._slug_in_brackets()
        values = self._values() if product is not None else {}
        for name, most in (("note", MAX_NOTE), ("award", MAX_AWARD)):
            if len(values.get(name, "")) > most:
                self._problem(say("%(name)s may have at most %(most)s characters", name=name, most=most))
        alternative = values.get("alt", "")
        if alternative:
            self._check_slug(alternative)
        return CardRef(
            kind=self.kind,
            product=product or "",
            line=self.number,
            note=values.get("note", ""),
            award=values.get("award", ""),
            alternative=alternative,
        )

    def _problem(self, message: Said) -> None:
        self.problems.append(Problem(self.number, message))

    def _slug_in_brackets(self) -> str | None:
        end = self.line.find("]", self.position)
        if self.line[self.position : self.position + 1] != "[" or end < 0:
            self._problem(
                say(
                    "write the product's name in brackets, as in %(example)s",
                    example=f"{_COLONS[self.kind]}{self.kind}[name]",
                )
            )
            return None
        slug = self.line[self.position + 1 : end].strip()
        self.position = end + 1
        self._check_slug(slug)
        return slug

    def _check_slug(self, slug: str) -> None:
        if not is_slug(slug):
            self._problem(
                say(
                    "“%(slug)s” is not a product's name: use the small letters, digits and hyphens of its address",
                    slug=slug[:MAX_SLUG],
                )
            )

    def _values(self) -> dict[str, str]:
        """Read the attributes; stops at the first that cannot be read."""
        values: dict[str, str] = {}
        rest = self.line[self.position :]
        if not rest.strip():
            return values
        self.position += len(rest) - len(rest.lstrip())
        if self.line[self.position] != "{":
            self._problem(say("only attributes in { } may follow the product's name"))
            return values
        self.position += 1
        while match := _NAME.match(self.line, self.position):
            self.position = match.end()
            value = self._quoted(match[1])
            if value is None:
                return values
            self._keep(values, match[1], value)
        if self.line[self.position :].lstrip(" ,") != "}":
            self._problem(say('write attributes as {note="…"}, with nothing after the closing }'))
        return values

    def _quoted(self, name: str) -> str | None:
        opening = self.line[self.position : self.position + 1]
        if not opening or opening not in _OPENING_QUOTES:
            self._problem(say('the value of %(name)s must stand in quotes, as in %(name)s="…"', name=name))
            return None
        closing = '"' if opening == '"' else _CURLY_CLOSING_QUOTES
        signs: list[str] = []
        position = self.position + 1
        while position < len(self.line):
            sign = self.line[position]
            if sign in closing:
                self.position = position + 1
                return _one_line("".join(signs))
            if sign == "\\" and self.line[position + 1 : position + 2] in ("\\", *_OPENING_QUOTES):
                position += 1
                sign = self.line[position]
            signs.append(sign)
            position += 1
        self._problem(say("the quote after %(name)s= is never closed", name=name))
        return None

    def _keep(self, values: dict[str, str], name: str, value: str) -> None:
        known = _ATTRIBUTES[self.kind]
        if name not in known:
            self._problem(
                say(
                    "%(kind)s has no attribute “%(name)s”: use %(known)s",
                    kind=self.kind,
                    name=name,
                    known=", ".join(known),
                )
            )
        elif name in values:
            self._problem(say("%(name)s is given twice", name=name))
        else:
            values[name] = value


def _one_line(text: str) -> str:
    return " ".join(text.split())
