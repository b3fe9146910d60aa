"""What makes Markdown slow, found before any parser sees it.

Python-Markdown and html5lib are quadratic in a handful of shapes: brackets without an end, markup on
top of markup, headings crowded into one block, tables that fill themselves up with empty cells. Every
check here reads the source once, so a megabyte of brackets is refused at once; what is accepted is
small in each of the measures that cost time. The limits were found by measuring (docs/writing.md
tells creators of them) and are far above what a person writes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contentshop.core.words import Said, say

MAX_SOURCE = 200_000
"""Longest Markdown source of one text, in characters."""

MAX_PROBLEMS = 20
"""So many problems are reported at once: a person mends a few and asks again."""

MAX_MARKUP = 20_000
MAX_LINES = 6_000
MAX_BLOCK_LINES = 2_000
MAX_BLOCK_CHARACTERS = 40_000
MAX_LIST_ITEMS = 2_500
MAX_HEADINGS = 1_000
MAX_TABLE_COLUMNS = 40
MAX_TABLE_CELLS = 5_000
MAX_NESTING = 10
MAX_INDENT = 100
MAX_BACKTICKS = 10
MAX_FOOTNOTES = 300
MAX_TAGS = 1_500
MAX_STRAY_TAGS = 30
MAX_DECLARATIONS = 50
MAX_STRAY_FENCES = 30
MAX_ENTITY_DIGITS = 8
MAX_BRACKET_WORK = 1_000_000
MAX_LINK_WORK = 2_000_000
MAX_FORMAT_WORK = 20_000

_MUCH_MARKUP = say(
    'too many characters of markup (* _ ~ ` [ ] < > & \\ | "): at most %(most)s are allowed', most=f"{MAX_MARKUP:,}"
)
_MANY_FOOTNOTES = say("too many footnotes ([^): at most %(most)s are allowed", most=MAX_FOOTNOTES)
_MANY_DECLARATIONS = say(
    "too many HTML comments or declarations (<! and <?): at most %(most)s are allowed", most=MAX_DECLARATIONS
)
_MANY_LINES = say("too many lines of text outside fenced code: at most %(most)s are allowed", most=f"{MAX_LINES:,}")
_MANY_LIST_ITEMS = say("too many list items: at most %(most)s are allowed", most=f"{MAX_LIST_ITEMS:,}")
_MANY_HEADINGS = say("too many headings and rules: at most %(most)s are allowed", most=f"{MAX_HEADINGS:,}")
_MANY_STRAY_FENCES = say(
    "too many code fences (``` or ~~~) that are never closed: at most %(most)s are allowed", most=MAX_STRAY_FENCES
)
_LONG_BLOCK = say("more than %(most)s lines without a blank line between them", most=f"{MAX_BLOCK_LINES:,}")
_LARGE_BLOCK = say("more than %(most)s characters without a blank line between them", most=f"{MAX_BLOCK_CHARACTERS:,}")
_MANY_CELLS = say("the tables have too many cells: at most %(most)s are allowed", most=f"{MAX_TABLE_CELLS:,}")
_MANY_TAGS = say("too many HTML tags: at most %(most)s are allowed", most=f"{MAX_TAGS:,}")

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FENCE_LINE = re.compile(r"~{3,}|`{3,}")
_FENCE_OPEN = re.compile(
    r"(?P<fence>~{3,}|`{3,}) *(?:\{[^\n]*\}|\.?[\w#.+-]* *(?:hl_lines=(?:\"[^\"\n]*\"|'[^'\n]*') *)?)"
)
_FENCE_CLOSE = re.compile(r"(~{3,}|`{3,}) *")
_MARKUP = re.compile(r"[*_~`\[\]<>&\\|\"]")
_LIST_ITEM = re.compile(r" *(?:[-*+]|\d{1,9}[.)]) ")
_RULE = re.compile(r" *([-*_])(?: *\1)* *")
_PREFIX = re.compile(r" *(?:(?:[-*+]|\d{1,9}[.)])(?= )|>)")
_HEADING = re.compile(r"(?:#|=+ *$|-+ *$| {0,3}[-*_](?: *[-*_]){2,} *$)")
_TABLE_RULE = frozenset(" >:|-")
_BACKTICKS = re.compile(r"`+")
_LONG_ENTITY = re.compile(rf"&#[xX]?[0-9A-Fa-f]{{{MAX_ENTITY_DIGITS + 1}}}")
_FOOTNOTE = re.compile(r"\[\^")
_DECLARATION = re.compile(r"<[!?]")
_SIMPLE_TARGET = re.compile(r"\([^\s()<>\"'`\\\[\]]*\)")
_TAG_START = re.compile(r"/?[a-zA-Z]")
# The elements that html5lib opens again in the next block if they were left open.
_FORMATTING = re.compile(
    r"(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?![a-zA-Z0-9:-])", re.IGNORECASE
)


@dataclass(frozen=True)
class Problem:
    """One thing to mend in a source: its line (1 is the first) and what is wrong, in plain words."""

    line: int
    message: Said


@dataclass(frozen=True)
class _Block:
    """Lines between blank ones (or more: joining two blocks only makes the estimate stricter)."""

    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def normalise_source(source: str) -> str:
    """Return ``source`` as every reader of it sees it: ``\\n`` line ends, tabs expanded, no control
    characters (Python-Markdown keeps two of them for itself) and no lone surrogates."""
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).expandtabs(4)


def fenced_lines(lines: Sequence[str]) -> list[bool]:
    """Tell for each line whether it belongs to a fenced code block, its fences included.

    As Python-Markdown has it: the closing fence is as long as the opening one, both begin in the first
    column, and a fence that is never closed is ordinary text.
    """
    closings: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        if match := _FENCE_CLOSE.fullmatch(line):
            closings.setdefault(match[1], []).append(index)
    inside = [False] * len(lines)
    index = 0
    while index < len(lines):
        last = _closing_fence(lines[index], index, closings)
        if last is not None:
            inside[index : last + 1] = [True] * (last + 1 - index)
            index = last
        index += 1
    return inside


def _closing_fence(line: str, index: int, closings: dict[str, list[int]]) -> int | None:
    match = _FENCE_OPEN.fullmatch(line)
    if match is None:
        return None
    places = closings.get(match["fence"], [])
    place = bisect_right(places, index)
    return places[place] if place < len(places) else None


def check_markdown(source: str) -> list[Problem]:
    """Return what must change before ``source`` may be rendered; an empty list means that it may.

    Linear in the length of the source, and nothing is parsed. At most ``MAX_PROBLEMS`` are reported.
    """
    if len(source) > MAX_SOURCE:
        return [_too_long(len(source))]
    text = normalise_source(source)
    if len(text) > MAX_SOURCE:
        return [_too_long(len(text))]
    lines = text.split("\n")
    inside = fenced_lines(lines)
    problems = [*_check_whole(text), *_check_lines(lines, inside), *_check_blocks(lines, inside)]
    return sorted(problems, key=lambda problem: problem.line)[:MAX_PROBLEMS]


def _too_long(length: int) -> Problem:
    return Problem(
        1,
        say(
            "the text is %(length)s characters long; at most %(most)s are allowed",
            length=f"{length:,}",
            most=f"{MAX_SOURCE:,}",
        ),
    )


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _check_whole(text: str) -> Iterator[Problem]:
    if match := _LONG_ENTITY.search(text):
        yield Problem(_line_of(text, match.start()), say("a character number after &# has too many digits"))
    yield from _limit(text, _MARKUP, MAX_MARKUP, _MUCH_MARKUP)
    yield from _limit(text, _FOOTNOTE, MAX_FOOTNOTES, _MANY_FOOTNOTES)
    yield from _limit(text, _DECLARATION, MAX_DECLARATIONS, _MANY_DECLARATIONS)


def _limit(text: str, pattern: re.Pattern[str], most: int, message: Said) -> Iterator[Problem]:
    for count, match in enumerate(pattern.finditer(text), start=1):
        if count > most:
            yield Problem(_line_of(text, match.start()), message)
            return


def _check_lines(lines: Sequence[str], inside: Sequence[bool]) -> Iterator[Problem]:
    written = items = headings = stray = 0
    for number, (line, fenced) in enumerate(zip(lines, inside, strict=True), start=1):
        if fenced or not line.strip(" "):
            continue
        written += 1
        items += bool(_LIST_ITEM.match(line))
        headings += bool(_HEADING.match(line))
        stray += bool(_FENCE_LINE.match(line))
        yield from _check_line(number, line)
        for count, most, message in (
            (written, MAX_LINES, _MANY_LINES),
            (items, MAX_LIST_ITEMS, _MANY_LIST_ITEMS),
            (headings, MAX_HEADINGS, _MANY_HEADINGS),
            (stray, MAX_STRAY_FENCES, _MANY_STRAY_FENCES),
        ):
            if count > most:
                yield Problem(number, message)
                return


def _check_line(number: int, line: str) -> Iterator[Problem]:
    if line.count("|") > MAX_TABLE_COLUMNS + 1:
        yield Problem(number, say("a table may have at most %(most)s columns", most=MAX_TABLE_COLUMNS))
    depth, width = (0, 0) if _RULE.fullmatch(line) else _nesting(line)
    if depth > MAX_NESTING:
        yield Problem(number, say("quotes and lists may be nested at most %(most)s deep", most=MAX_NESTING))
    if width > MAX_INDENT:
        yield Problem(number, say("quotes and lists may be indented by at most %(most)s characters", most=MAX_INDENT))
    if "`" * (MAX_BACKTICKS + 1) in line and not _FENCE_LINE.match(line):
        yield Problem(number, say("at most %(most)s backticks may follow each other", most=MAX_BACKTICKS))


def _nesting(line: str) -> tuple[int, int]:
    """Return how many quote and list signs ``line`` begins with, and how many characters they take."""
    depth = position = 0
    while match := _PREFIX.match(line, position):
        depth += 1
        position = match.end()
    return depth, position


def _blocks(lines: Sequence[str], inside: Sequence[bool]) -> Iterator[_Block]:
    start, block = 1, list[str]()
    for number, (line, fenced) in enumerate(zip(lines, inside, strict=True), start=1):
        if fenced:
            continue
        if line.strip(" "):
            start = start if block else number
            block.append(line)
        elif block:
            yield _Block(start, block)
            block = []
    if block:
        yield _Block(start, block)


def _check_blocks(lines: Sequence[str], inside: Sequence[bool]) -> Iterator[Problem]:
    blocks = list(_blocks(lines, inside))
    for block in blocks:
        for size, most, message in (
            (len(block.lines), MAX_BLOCK_LINES, _LONG_BLOCK),
            (len(block.text), MAX_BLOCK_CHARACTERS, _LARGE_BLOCK),
        ):
            if size > most:
                yield Problem(block.line, message)
    for measure, most, message in (
        (_cells, MAX_TABLE_CELLS, _MANY_CELLS),
        (_bracket_work, MAX_BRACKET_WORK, say("too many [ are opened and not closed, or lie inside each other")),
        (_link_work, MAX_LINK_WORK, say("too many links are not closed by ) or have long titles")),
    ):
        total = 0
        for block in blocks:
            total += measure(block)
            if total > most:
                yield Problem(block.line, message)
                break
    yield from _check_tags(lines, inside)


def _cells(block: _Block) -> int:
    """Cells of the table in ``block``: short rows are filled up to the width of the widest."""
    if not any("-" in line and _TABLE_RULE.issuperset(line) for line in block.lines):
        return 0
    width = max(line.count("|") for line in block.lines)
    return (width + 1) * len(block.lines) if width else 0


def _hidden(text: str) -> list[tuple[int, int]]:
    """Return the stretches that code spans may hide, for certain to be at least those that they do."""
    runs = [(match.start(), match.end()) for match in _BACKTICKS.finditer(text)]
    if not runs:
        return []
    whole = [(runs[0][0], runs[-1][1])]
    if "\\`" in text:
        return whole
    places: dict[int, list[int]] = {}
    for index, (start, end) in enumerate(runs):
        places.setdefault(end - start, []).append(index)
    spans, index = list[tuple[int, int]](), 0
    while index < len(runs):
        same = places[runs[index][1] - runs[index][0]]
        place = bisect_right(same, index)
        if place == len(same):
            return whole
        spans.append((runs[index][0], runs[same[place]][1]))
        index = same[place] + 1
    return spans


def _bracket_work(block: _Block) -> int:
    """Sum of the distances from each ``[`` to its ``]``, or to the end of the block if it has none."""
    text = block.text
    if "[" not in text:
        return 0
    hidden, at, work = _hidden(text), 0, 0
    open_brackets: list[int] = []
    for match in re.finditer(r"\\.|[\[\]]", text):
        position, sign = match.start(), match[0]
        while at < len(hidden) and hidden[at][1] <= position:
            at += 1
        covered = at < len(hidden) and hidden[at][0] <= position
        if (sign == "[" and covered) or sign == "\\[":
            work += len(text) - position
        elif sign == "[":
            open_brackets.append(position)
        elif sign == "]" and not covered and open_brackets:
            work += position - open_brackets.pop()
    return work + sum(len(text) - position for position in open_brackets)


def _link_work(block: _Block) -> int:
    """Sum of what must be read after each ``](`` that is not a plain address followed by ``)``."""
    text = block.text
    return sum(
        len(text) - match.start()
        for match in re.finditer(r"\](?=\()", text)
        if not _SIMPLE_TARGET.match(text, match.end())
    )


def _check_tags(lines: Sequence[str], inside: Sequence[bool]) -> Iterator[Problem]:
    """Bound raw HTML: tags, tags without an end, and formatting that html5lib would open again and again.

    A formatting tag left open (``<b>`` without ``</b>``) is opened anew in each block after it, so the
    work is their number times the number of tags that follow. A closing tag counts only where no
    unfinished tag or quotation before it can hide it.
    """
    tags = stray = opened = work = 0
    before = ""
    for number, (line, fenced) in enumerate(zip(lines, inside, strict=True), start=1):
        if fenced:
            continue
        for piece in line.split("<")[1:]:
            if _TAG_START.match(piece):
                tags += 1
                stray += not _finished(piece)
                formatting = _FORMATTING.match(piece)
                if formatting and not formatting[1]:
                    opened += 1
                elif formatting and _finished(before) and _finished(piece):
                    opened = max(0, opened - 1)
                work += opened
            before = piece
        for count, most, message in (
            (tags, MAX_TAGS, _MANY_TAGS),
            (stray, MAX_STRAY_TAGS, say("too many HTML tags are opened by < and not closed by > on their line")),
            (work, MAX_FORMAT_WORK, say("too many HTML tags such as <b> or <i> are not closed")),
        ):
            if count > most:
                yield Problem(number, message)
                return


def _finished(piece: str) -> bool:
    """Tell whether the tag that begins ``piece`` ends in it, with its quotations closed."""
    head, end, _ = piece.partition(">")
    return bool(end) and head.count('"') % 2 == 0 and head.count("'") % 2 == 0
