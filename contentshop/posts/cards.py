"""The directives of a Markdown source, read. Pure; docs/writing.md explains them to creators.

A card is a line of its own::

    ::card[product-slug]{note="Best for flights" alt="other-slug" relation="lent"}

An item of a buying list is a container with a Markdown body, which may hold cards and every other block::

    :::item[product-slug]{award="Best for travel" note="…" alt="other-slug"}
    + a pro
    - a con
    * Comfort: 4.5

    The body.
    :::

``posts.blocks.SPECS`` lists all of them. Directives begin in the first column. In fenced or indented code they are
ordinary text. The values of attributes, pros, cons, criteria and titles are plain text, never Markdown: templates
escape them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from contentshop.core.text import Problem, fenced_lines, normalise_source
from contentshop.core.words import Said, say
from contentshop.posts.blocks import (
    MAX_ATTRIBUTES,
    MAX_AWARD,
    MAX_BLOCKS,
    MAX_CARDS,
    MAX_DEPTH,
    MAX_NOTE,
    MAX_PICTURES,
    MAX_POINT,
    MAX_POINTS,
    MAX_RATING,
    MAX_RATINGS,
    SPECS,
    Block,
    CardKind,
    CardRef,
    Chunk,
    Mark,
    Slot,
    example,
    sign,
    unclosed,
)
from contentshop.posts.heads import MAX_SLUG, Head, HeadReader, is_slug, one_line, words_between_commas
from contentshop.posts.marks import most_marks, read_mark

__all__ = [
    "MAX_AWARD",
    "MAX_CARDS",
    "MAX_NOTE",
    "MAX_POINT",
    "MAX_POINTS",
    "MAX_SLUG",
    "Block",
    "CardRef",
    "Mark",
    "Parsed",
    "Slot",
    "is_slug",
    "parse",
]

MAX_PROBLEMS = 200
"""So many problems of one text are listed."""

_KINDS = "|".join(SPECS)
_HEAD = re.compile(r"(:{2,})( *)([A-Za-z][\w-]{0,40})(?=[\[{ ]|$)")
_WIDE_COLONS = re.compile(rf"：{{2,3}} *(?:{_KINDS})(?![\w-])")
_OTHER_BRACKETS = re.compile(rf":{{2,3}} *({_KINDS})[(<（【［〔「]")
_MISPLACED = re.compile(rf"(?: {{1,3}}| {{0,3}}(?:[>*+-]|\d{{1,9}}[.)])[ >]*):::?({_KINDS})\[")
_RATING = re.compile(r"\* (?P<name>[^:：]{1,200}?) ?[:：] ?(?P<rating>\d{1,3}(?:[.,]\d{1,9})?) ?(?:/ ?5)?")
_MANY_PROS = say("an item may have at most %(most)s pros", most=MAX_POINTS)
_MANY_CONS = say("an item may have at most %(most)s cons", most=MAX_POINTS)
_MANY_RATINGS = say("an item may have at most %(most)s ratings", most=MAX_RATINGS)


@dataclass(frozen=True)
class Parsed:
    """A source taken apart.

    ``cards`` stand in reading order, those in an item's body right after the item. ``chunks`` are the Markdown
    between the directives, each ending with its line end, the slots of cards, and the other blocks.
    """

    cards: tuple[CardRef, ...]
    problems: tuple[Problem, ...]
    chunks: tuple[Chunk, ...]


def parse(source: str) -> Parsed:
    """Find the directives of ``source``. Never raises: what is wrong is listed in ``problems``, by line."""
    parser = _Parser(normalise_source(source).split("\n"))
    parser.run()
    problems = sorted(parser.problems, key=lambda problem: problem.line)[:MAX_PROBLEMS]
    return Parsed(tuple(card for card in parser.cards if card), tuple(problems), tuple(parser.main.chunks()))


@dataclass
class _Level:
    """The chunks of the main text or of one container while they are being collected."""

    parts: list[Chunk] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add(self, chunk: Slot | Block) -> None:
        self.flush()
        self.parts.append(chunk)

    def flush(self) -> None:
        if self.lines:
            self.parts.append("".join(f"{line}\n" for line in self.lines))
            self.lines = []

    def chunks(self) -> list[Chunk]:
        self.flush()
        return self.parts


@dataclass
class _Open:
    """A container that is not closed yet, and what has been read of it. ``index`` is its place in the cards."""

    kind: str
    line: int
    head: Head
    index: int | None = None
    cards: tuple[int, ...] = ()
    first_body_line: int = 0
    level: _Level = field(default_factory=_Level)
    pros: list[str] = field(default_factory=list)
    cons: list[str] = field(default_factory=list)
    ratings: list[tuple[str, int]] = field(default_factory=list)
    in_points: bool = False
    marks: list[Mark] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)
    complained: bool = False

    @property
    def holds_text(self) -> bool:
        return SPECS[self.kind].holds == "text"


class _Parser:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.fenced = fenced_lines(lines)
        self.cards: list[CardRef | None] = []
        self.problems: list[Problem] = []
        self.main = _Level()
        self.stack: list[_Open] = []
        self.blocks = 0
        self.ignored = 0  # containers that could not be opened; their ends are skipped

    @property
    def top(self) -> _Open | None:
        return self.stack[-1] if self.stack else None

    def run(self) -> None:
        for index, line in enumerate(self.lines):
            if self.fenced[index]:
                self._text(index, line)
            else:
                self._line(index, line)
        while self.stack:
            self._problem(self.stack[-1].line, unclosed(self.stack[-1].kind))
            self._close(len(self.lines))

    def _line(self, index: int, line: str) -> None:
        top, head = self.top, _HEAD.match(line)
        if top is not None and top.in_points and self._point(top, index, line):
            return
        if line.rstrip() == ":::":
            self._closing(index)
        elif top is not None and not top.holds_text:
            self._inner(top, index, line, head)
        elif head and self._is_directive(line, head):
            self._directive(index, line, head)
        else:
            self._near_miss(index, line)
            self._text(index, line)

    @staticmethod
    def _is_directive(line: str, head: re.Match[str]) -> bool:
        """Words after the colons make a directive unless they read like prose, as in ``::: tip of the day``."""
        spaced = line[head.end() :].startswith(" ")
        if head[3] in ("card", "item"):
            return True
        if head[3] in SPECS:
            return not (head[2] and (spaced or head.end() == len(line.rstrip())))
        return not (head[2] or spaced)

    def _near_miss(self, index: int, line: str) -> None:
        """Name what is surely meant as a directive but would be shown as text."""
        if missed := _MISPLACED.match(line):
            self._problem(
                index + 1,
                say("a card must begin at the start of its line, outside of lists and quotes")
                if missed[1] in ("card", "item")
                else say(
                    "“%(word)s” must begin at the start of its line, outside of lists and quotes", word=sign(missed[1])
                ),
            )
        elif other := _OTHER_BRACKETS.match(line):
            self._problem(
                index + 1,
                say("write the product's name in brackets, as in %(example)s", example=example(other[1]))
                if SPECS[other[1]].argument.startswith("product")
                else say("write it as in %(example)s", example=example(other[1])),
            )
        elif _WIDE_COLONS.match(line):
            self._problem(index + 1, say("write the colons of a card as :: and not as ：："))

    def _problem(self, line: int, message: Said) -> None:
        self.problems.append(Problem(line, message))

    def _text(self, index: int, line: str) -> None:
        top = self.top
        if top is None:
            self.main.lines.append(line)
            return
        if not top.holds_text:
            self._complain(top, index)
            return
        if top.in_points:
            top.in_points = False
            top.first_body_line = index
        top.level.lines.append(line)

    def _complain(self, top: _Open, index: int) -> None:
        """Say once that something stands in ``top`` that cannot: of a text left open, every line would be wrong."""
        if top.complained:
            return
        top.complained = True
        lines = {"picture": "@ 30 60 name", "gallery": "::picture[key]"}.get(top.kind, "@ 1:23 Title")
        self._problem(
            index + 1,
            say("only lines like “%(lines)s” may stand in “%(word)s”, up to :::", lines=lines, word=sign(top.kind, 3)),
        )

    def _point(self, item: _Open, index: int, line: str) -> bool:
        """Take ``line`` as a pro, a con or a rating of ``item`` if it is one."""
        # Long stretches of spaces would be tried in every division of them.
        if line.startswith("* ") and (rating := _RATING.fullmatch(one_line(line))):
            self._rating(item, index, rating)
            return True
        if line.rstrip() in ("+", "-", "*"):
            return True  # a point that nothing was written to: Markdown would make headings of such lines
        points = {"+ ": item.pros, "- ": item.cons}.get(line[:2])
        text = one_line(line[2:])
        if points is None or not text:
            return False
        points.append(text)
        if len(text) > MAX_POINT:
            self._problem(index + 1, say("a pro or con may have at most %(most)s characters", most=MAX_POINT))
        if len(points) == MAX_POINTS + 1:
            self._problem(index + 1, _MANY_PROS if points is item.pros else _MANY_CONS)
        return True

    def _rating(self, item: _Open, index: int, found: re.Match[str]) -> None:
        name, written = one_line(found["name"]), found["rating"].replace(",", ".")
        tenths = float(written) * 10
        if tenths != int(tenths) or tenths > MAX_RATING:
            self._problem(index + 1, say("a rating is a number from 0 to 5 with at most one decimal, like 4.5"))
        elif len(name) > MAX_AWARD:
            self._problem(index + 1, say("the name of a rating may have at most %(most)s characters", most=MAX_AWARD))
        elif name in dict(item.ratings):
            self._problem(index + 1, say("%(name)s is given twice", name=name))
        elif len(item.ratings) == MAX_RATINGS:
            self._problem(index + 1, _MANY_RATINGS)
        else:
            item.ratings.append((name, int(tenths)))

    def _inner(self, top: _Open, index: int, line: str, head: re.Match[str] | None) -> None:
        """A line inside a picture, a player or a gallery."""
        if not line.strip():
            return
        if SPECS[top.kind].holds == "pictures" and head and head[1] == "::" and head[3] == "picture":
            self._picture_of(top, index, line, head)
        elif SPECS[top.kind].holds == "marks" and line.startswith("@"):
            self._mark(top, index, line)
        else:
            # Its own ::: must not close the one around it.
            self.ignored += bool(head and head[1] == ":::" and head[3] in SPECS)
            self._complain(top, index)

    def _picture_of(self, gallery: _Open, index: int, line: str, head: re.Match[str]) -> None:
        read = HeadReader(index + 1, "picture", line, head.end(), self.problems).read()
        if len(gallery.parts) == MAX_PICTURES:
            self._problem(index + 1, say("a gallery may have at most %(most)s pictures", most=MAX_PICTURES))
        elif read.ok:
            values = tuple(read.values.items())
            gallery.parts.append(Block("picture", index + 1, read.argument, values))

    def _mark(self, top: _Open, index: int, line: str) -> None:
        if len(top.marks) == most_marks(top.kind):
            self._problem(index + 1, say("at most %(most)s lines with @ may stand here", most=most_marks(top.kind)))
            return
        mark, card, problem = read_mark(top.kind, index + 1, line)
        if problem is not None:
            self._problem(index + 1, problem)
        if mark is None:
            return
        if card is not None:
            mark = replace(mark, card=self._number(index + 1))
            self.cards.append(card)
        top.marks.append(mark)

    def _directive(self, index: int, line: str, head: re.Match[str]) -> None:
        number, colons, kind = index + 1, len(head[1]), head[3]
        if kind not in SPECS:
            self._problem(number, _unknown(head[1], kind))
            return
        spec = SPECS[kind]
        if colons not in spec.colons:
            colons = spec.colons[-1]
            self._problem(number, say("write %(word)s, with %(count)s colons", word=sign(kind), count=colons))
        read = HeadReader(number, kind, line, head.end(), self.problems).read()
        if kind == "card":
            self._card(number, read)
        elif colons == 2:
            self._block(number, kind, read)
        else:
            self._open(index, kind, read)

    def _card(self, number: int, read: Head) -> None:
        slot = Slot(self._number(number))
        self.cards.append(_card_ref("card", number, read))
        self._put(number - 1, slot)

    def _put(self, index: int, chunk: Slot | Block) -> None:
        """Add a chunk that is whole to the text it stands in, as a block of its own."""
        if self.top is None:
            self.main.add(chunk)
        else:
            self._text(index, "")
            self.top.level.add(chunk)

    def _block(self, number: int, kind: str, read: Head) -> None:
        """A directive of one line that is no card."""
        cards = self._columns(number, kind, read)
        if read.ok and self._counted(number):
            self._put(number - 1, Block(kind, number, read.argument, self._settled(number, kind, read), cards=cards))

    def _settled(self, number: int, kind: str, read: Head) -> tuple[tuple[str, str], ...]:
        """The attributes of a block, looked at together with what stands in its brackets."""
        best = read.values.get("best", "")
        if kind == "compare" and best and best not in read.products:
            self._problem(number, say("the best product must be one of those that are compared"))
        if kind == "compare" and len(words_between_commas(read.values.get("attributes", ""))) > MAX_ATTRIBUTES:
            self._problem(number, say("a comparison may have at most %(most)s attributes", most=MAX_ATTRIBUTES))
        return tuple(read.values.items())

    def _columns(self, number: int, kind: str, read: Head) -> tuple[int, ...]:
        if kind != "compare":
            return ()
        places = []
        for product in read.products:
            places.append(self._number(number))
            self.cards.append(CardRef("column", product, number))
        return tuple(places)

    def _number(self, line: int) -> int:
        if len(self.cards) == MAX_CARDS:
            self._problem(line, say("a text may have at most %(most)s cards", most=MAX_CARDS))
        return len(self.cards)

    def _counted(self, line: int) -> bool:
        """Whether one more block may stand in the text."""
        self.blocks += 1
        if self.blocks == MAX_BLOCKS + 1:
            self._problem(line, say("a text may have at most %(most)s pictures, players and boxes", most=MAX_BLOCKS))
        return self.blocks <= MAX_BLOCKS

    def _open(self, index: int, kind: str, read: Head) -> None:
        number = index + 1
        if kind == "item":
            self._end_for_item(index)
        elif len(self.stack) == MAX_DEPTH:
            self._problem(number, say("at most %(most)s of these may stand inside each other", most=MAX_DEPTH))
            self.ignored += 1
            return
        if self.top is not None:
            self._text(index, "")
        place = None
        if SPECS[kind].argument == "product":
            place = self._number(number)
            self.cards.append(None)
        cards = self._columns(number, kind, read)
        self.stack.append(_Open(kind, number, read, place, cards, index + 1, in_points=kind == "item"))

    def _end_for_item(self, index: int) -> None:
        """An item stands on its own: whatever is still open ends before it."""
        if not self.stack:
            return
        self.ignored = 0
        item = next((opened for opened in self.stack if opened.kind == "item"), None)
        if item is not None:
            message = say(
                "an item cannot stand inside another: close that of line %(line)s with ::: first", line=item.line
            )
        else:
            message = say(
                "an item stands by itself: close the “%(word)s” of line %(line)s with ::: first",
                word=sign(self.stack[0].kind, 3),
                line=self.stack[0].line,
            )
        self._problem(index + 1, message)
        while self.stack:
            self._close(index)

    def _closing(self, index: int) -> None:
        if self.ignored:
            self.ignored -= 1
        elif not self.stack:
            self._problem(index + 1, say("there is no open item that this ::: could close"))
        else:
            self._close(index)

    def _close(self, end: int) -> None:
        """Close the innermost container; its last line is the one before ``end``."""
        opened = self.stack.pop()
        chunks = tuple(opened.level.chunks())
        if opened.index is not None:
            start = end if opened.in_points else opened.first_body_line
            body = "\n".join(self.lines[start:end]).strip("\n") if opened.kind == "item" else ""
            self.cards[opened.index] = replace(
                _card_ref("item" if opened.kind == "item" else "rejected", opened.line, opened.head),
                pros=tuple(opened.pros),
                cons=tuple(opened.cons),
                ratings=tuple(opened.ratings),
                body=body,
            )
            self._level().add(Slot(opened.index, chunks))
        elif opened.head.ok and self._counted(opened.line):
            self._level().add(
                Block(
                    opened.kind,
                    opened.line,
                    opened.head.argument,
                    self._settled(opened.line, opened.kind, opened.head),
                    tuple(opened.marks),
                    opened.cards,
                    tuple(opened.parts),
                    chunks,
                )
            )
        else:
            self._level().parts.extend(chunks)

    def _level(self) -> _Level:
        level = self.main if self.top is None else self.top.level
        level.flush()
        return level


def _unknown(colons: str, kind: str) -> Said:
    close = get_close_matches(kind.lower(), SPECS, 1)
    if close:
        return say("“%(word)s” is not known: did you mean %(close)s?", word=colons + kind, close=example(close[0]))
    return say("“%(word)s” is not known: the help lists what is, such as ::card[name]", word=colons + kind)


def _card_ref(kind: CardKind, line: int, read: Head) -> CardRef:
    values = read.values
    return CardRef(
        kind=kind,
        product=read.products[0] if read.products else "",
        line=line,
        note=values.get("note", ""),
        award=values.get("award", ""),
        alternative=values.get("alt", ""),
        relation=values.get("relation", ""),
    )
