"""Text that people write: Markdown to safe HTML, HTML to plain text, and the gate for addresses.

The only file that imports the Markdown parser and the sanitiser. A text passes three stages:

1. ``check_markdown`` refuses what would be slow, before anything is parsed;
2. Python-Markdown renders it, and each block of the result passes the allow-list of bleach by itself,
   so an unclosed tag ends with its block;
3. our own pass looks at every token that is left: addresses, identifiers and classes, pictures, tables.

What the parser itself made (footnotes, alignment) carries a random mark that no author can know;
identifiers and classes without the mark never reach the page.
"""

from __future__ import annotations

import html
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import accumulate, takewhile
from typing import Any, cast
from xml.etree.ElementTree import Element

from bleach.html5lib_shim import convert_entities
from bleach.sanitizer import Cleaner
from markdown import Markdown
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.treeprocessors import Treeprocessor

from contentshop.core.errors import Invalid
from contentshop.core.text_guard import MAX_SOURCE, Problem, check_markdown, fenced_lines, normalise_source
from contentshop.core.text_urls import is_external, safe_next, safe_url
from contentshop.core.words import say

__all__ = [
    "MAX_SOURCE",
    "RENDERER_VERSION",
    "Document",
    "Heading",
    "Problem",
    "check_markdown",
    "describe",
    "excerpt",
    "fenced_lines",
    "normalise_source",
    "plain_text",
    "render_document",
    "render_markdown",
    "safe_next",
    "safe_url",
]

RENDERER_VERSION = 4
"""Raised whenever a source would give other HTML; stored texts of an older version are rendered anew."""

# fmt: off
_BLOCK_TAGS = frozenset({
    "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "summary", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
})
_INLINE_TAGS = frozenset({
    "a", "abbr", "b", "cite", "code", "del", "em", "i", "img", "ins", "kbd", "mark", "q", "rp", "rt",
    "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "var",
})
# fmt: on
ALLOWED_TAGS = _BLOCK_TAGS | _INLINE_TAGS
ALLOWED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset({"href", "title"}),
    "abbr": frozenset({"title"}),
    "details": frozenset({"open"}),
    "img": frozenset({"src", "alt", "title", "width", "height"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
}
EXTERNAL_REL = "ugc nofollow noopener"

# Attributes whose value is checked against a pattern: numbers stay small enough to draw.
_VALUES = {
    "width": re.compile(r"[1-9][0-9]{0,3}"),
    "height": re.compile(r"[1-9][0-9]{0,3}"),
    "start": re.compile(r"[0-9]{1,6}"),
    "colspan": re.compile(r"[1-9]|[1-3][0-9]|40"),
    "rowspan": re.compile(r"[1-9]|[1-3][0-9]|40"),
    "scope": re.compile(r"row|col|rowgroup|colgroup"),
}
_CODE_CLASS = re.compile(r"language-[\w#.+-]{1,30}", re.ASCII)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TASK = re.compile(r"\[([ xX])\] ")
_Token = dict[str, Any]


@dataclass(frozen=True)
class Heading:
    """A heading of a rendered text: ``level`` 2 to 6, the ``id`` to link to, and its plain words."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Document:
    """Safe HTML: its blocks of the first level, each balanced by itself, and its headings in reading order."""

    blocks: tuple[str, ...]
    headings: tuple[Heading, ...]

    @property
    def html(self) -> str:
        return "\n".join(self.blocks)


def describe(problems: Iterable[Problem]) -> list[str]:
    """Return one sentence a problem, with its line number, for a form's field."""
    return [say("Line %(line)s: %(problem)s", line=problem.line, problem=problem.message) for problem in problems]


def render_markdown(source: str) -> str:
    """Return the safe HTML of a Markdown ``source``.

    Raises ``Invalid`` with a message for each problem that ``check_markdown`` finds.
    """
    return render_document(source).html


def render_document(source: str, *, id_prefix: str = "", top_level: int = 2) -> Document:
    """Render ``source`` as one document of its own; its largest heading becomes ``h<top_level>``.

    ``id_prefix`` keeps the identifiers of several documents on one page apart. Raises ``Invalid`` as
    ``render_markdown`` does.
    """
    problems = check_markdown(source)
    if problems:
        raise Invalid({"source": describe(problems)})
    mark = secrets.token_hex(16)
    blocks = _parse(normalise_source(source), mark, id_prefix, top_level)
    own_pass = _OwnPass(mark, id_prefix)
    cleaner = Cleaner(
        tags=ALLOWED_TAGS,
        attributes=_attribute_filter(mark),
        protocols={"http", "https", "mailto"},
        filters=[cast(Any, own_pass.filter)],
    )
    cleaned = [cleaner.clean(block).strip("\n") for block in blocks]
    return Document(tuple(block for block in cleaned if block), tuple(own_pass.headings))


def _parse(source: str, mark: str, id_prefix: str, top_level: int) -> list[str]:
    """Return the unsafe HTML of ``source``, one string for each block of the first level."""
    parser = Markdown(
        extensions=[
            TableExtension(use_align_attribute=True),
            FootnoteExtension(SEPARATOR=f":{mark}:"),
            FencedCodeExtension(lang_prefix="language-"),
            SaneListExtension(),
            "pymdownx.tilde",
        ],
        extension_configs={"pymdownx.tilde": {"subscript": False}},
        output_format="html",
    )
    parser.treeprocessors.register(_Tasks(parser), "tasks", 30)
    parser.treeprocessors.register(_Marks(parser, mark, id_prefix, top_level), "marks", 5)
    parser.serializer = _block_serializer(parser, mark)
    return parser.convert(source).split(mark + "\n")


def _block_serializer(parser: Markdown, mark: str) -> Callable[[Element], str]:
    """Return a serializer that puts ``mark`` between the blocks of the first level."""
    whole = parser.serializer

    def serialize(element: Element) -> str:
        if element.tag != parser.doc_tag:
            return whole(element)
        blocks = (mark + "\n").join(whole(child) for child in element)
        return f"<{parser.doc_tag}>{blocks}</{parser.doc_tag}>"

    return serialize


class _Tasks(Treeprocessor):
    """Turn ``- [ ] to do`` and ``- [x] done`` into drawn boxes: a form field would need a label."""

    def run(self, root: Element) -> None:
        for item in root.iter("li"):
            place = item[0] if len(item) and item[0].tag == "p" and not (item.text or "").strip() else item
            match = _TASK.match(place.text or "")
            if match:
                box = "\N{BALLOT BOX}" if match[1] == " " else "\N{BALLOT BOX WITH CHECK}"
                place.text = f"{box} {(place.text or '')[match.end() :]}"


class _Marks(Treeprocessor):
    """Stamp what the parser itself made with the mark, so that it can be told from an author's HTML.

    Raw HTML is not yet in the tree at this point: it is put back, as text, after this step.
    """

    def __init__(self, parser: Markdown, mark: str, id_prefix: str, top_level: int) -> None:
        super().__init__(parser)
        self.mark = mark
        self.id_prefix = id_prefix
        self.top_level = top_level
        self.notes: dict[str, int] = {}

    def run(self, root: Element) -> None:
        levels = [int(element.tag[1]) for element in root.iter() if element.tag in _HEADINGS]
        shift = self.top_level - min(levels, default=self.top_level)
        for element in root.iter():
            if element.tag in _HEADINGS:
                element.tag = f"h{min(6, int(element.tag[1]) + shift)}"
            self._stamp(element)

    def _stamp(self, element: Element) -> None:
        align = element.attrib.pop("align", None)
        if align in {"center", "right"}:
            element.set("class", f"{self.mark}align-{align}")
        elif element.get("class") in {"footnote", "footnote-ref", "footnote-backref"}:
            element.set("class", self.mark + element.attrib["class"])
        if element.get("class") == f"{self.mark}footnote-backref":
            element.attrib.pop("title", None)
        if self.mark in element.get("id", ""):
            element.set("id", self.mark + self._note(element.attrib["id"]))
        if self.mark in element.get("href", ""):
            element.set("href", "#" + self._note(element.attrib["href"].removeprefix("#")))

    def _note(self, identifier: str) -> str:
        """Return our identifier for one of the footnote extension: ``fn:MARK:label`` is ``fn-1``."""
        kind, _, label = identifier.partition(f":{self.mark}:")
        number = self.notes.setdefault(label, len(self.notes) + 1)
        return f"{kind}-{self.id_prefix}{number}"


def _attribute_filter(mark: str) -> Callable[[str, str, str], bool]:
    def allow(tag: str, name: str, value: str) -> bool:
        if name in {"id", "class"}:
            is_language = (tag, name) == ("code", "class") and _CODE_CLASS.fullmatch(value)
            return value.startswith(mark) or bool(is_language)
        if name in _VALUES and not _VALUES[name].fullmatch(value):
            return False
        return name in ALLOWED_ATTRIBUTES.get(tag, ())

    return allow


class _OwnPass:
    """Our second look, after the sanitiser and independent of it, at each token that is left."""

    def __init__(self, mark: str, id_prefix: str) -> None:
        self.mark = mark
        self.id_prefix = id_prefix
        self.headings: list[Heading] = []
        self.used: set[str] = set()
        self.links: list[bool] = []

    def filter(self, source: Iterable[_Token]) -> Iterator[_Token]:
        tokens = list(source)
        for index, token in enumerate(tokens):
            name = token.get("name")
            if token["type"] not in {"StartTag", "EmptyTag", "EndTag"}:
                yield token
            elif name == "a":
                yield from self._link(token)
            elif name == "img":
                yield from self._image(token)
            elif name == "table":
                yield from self._table(token)
            elif name in _HEADINGS:
                yield self._heading(token, tokens, index)
            else:
                yield self._own(token)

    def _own(self, token: _Token) -> _Token:
        """Take our mark off identifiers and classes."""
        if token["type"] != "EndTag":
            token["data"] = {key: value.removeprefix(self.mark) for key, value in token["data"].items()}
        return token

    def _link(self, token: _Token) -> Iterator[_Token]:
        """Keep a link only if its address passes the gate; its words stay in any case."""
        if token["type"] == "EndTag":
            if self.links.pop():
                yield token
            return
        attributes = self._own(token)["data"]
        url = safe_url(convert_entities(attributes.get((None, "href"), "")))
        self.links.append(url is not None)
        if url is not None:
            attributes[None, "href"] = html.escape(url)
            if is_external(url):
                attributes[None, "rel"] = EXTERNAL_REL
            yield token

    def _image(self, token: _Token) -> Iterator[_Token]:
        """Keep a picture of this site; one from elsewhere becomes a marked link, for it would be fetched."""
        attributes = self._own(token)["data"]
        source = convert_entities(attributes.get((None, "src"), ""))
        url = safe_url(source, image=True)
        if url is not None:
            alt = attributes.setdefault((None, "alt"), "")
            attributes.update({(None, "src"): url, (None, "alt"): alt})
            attributes.update({(None, "loading"): "lazy", (None, "decoding"): "async"})
            yield token
            return
        words = convert_entities(attributes.get((None, "alt"), ""))
        target = safe_url(source)
        if target is None or not is_external(target) or any(self.links):
            yield {"type": "Characters", "data": words}
            return
        yield _start_tag("a", {"class": "external-image", "href": html.escape(target), "rel": EXTERNAL_REL})
        yield {"type": "Characters", "data": words or target}
        yield {"type": "EndTag", "name": "a", "namespace": None}

    def _table(self, token: _Token) -> Iterator[_Token]:
        """Put a table into a box that scrolls by itself and can be reached by keyboard."""
        if token["type"] == "EndTag":
            yield token
            yield {"type": "EndTag", "name": "div", "namespace": None}
            return
        yield _start_tag("div", {"class": "table-scroll", "tabindex": "0", "role": "region"})
        yield self._own(token)

    def _heading(self, token: _Token, tokens: list[_Token], index: int) -> _Token:
        """Give a heading its identifier; the page's title is the only ``h1``."""
        token["name"] = "h2" if token["name"] == "h1" else token["name"]
        if token["type"] == "EndTag":
            return token
        words = _words(tokens, index)
        identifier = self._identifier(words)
        token["data"] = {(None, "id"): identifier}
        self.headings.append(Heading(int(token["name"][1]), identifier, words))
        return token

    def _identifier(self, words: str) -> str:
        letters = re.sub(r"[^\w]+", "-", words.lower()).strip("-")[:60].rstrip("-")
        base = f"h-{self.id_prefix}{letters or 'section'}"
        identifier, number = base, 1
        while identifier in self.used:
            number += 1
            identifier = f"{base}-{number}"
        self.used.add(identifier)
        return identifier


def _start_tag(name: str, attributes: dict[str, str]) -> _Token:
    data = {(None, key): value for key, value in attributes.items()}
    return {"type": "StartTag", "name": name, "namespace": None, "data": data}


def _words(tokens: list[_Token], index: int) -> str:
    """Return the plain words of the element that begins at ``index``."""
    rest = tokens[index:]
    depths = accumulate({"StartTag": 1, "EndTag": -1}.get(token["type"], 0) for token in rest)
    inside = (token for token, _ in takewhile(lambda pair: pair[1] > 0, zip(rest, depths, strict=True)))
    return " ".join("".join(map(_token_text, inside)).split())


def _token_text(token: _Token) -> str:
    if token["type"] in {"Characters", "SpaceCharacters"}:
        return str(token["data"])
    return html.unescape(f"&{token['name']};") if token["type"] == "Entity" else ""


def plain_text(markup: str) -> str:
    """Return the words of ``markup`` (HTML), one line a block, for searching and excerpts.

    Words of neighbouring blocks or cells never run together; the words of pictures (``alt``) are kept.
    """
    reader = _PlainText()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _PlainText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.in_note_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.in_note_link = (dict(attrs).get("class") or "").startswith("footnote-")
        if tag == "img":
            self.parts.append(f" {dict(attrs).get('alt') or ''} ")
        if tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.in_note_link = False
        if tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        # The number of a footnote is not part of the word before it.
        if not self.in_note_link:
            # A line end inside a paragraph is a space; only a block ends a line.
            self.parts.append(data.replace("\n", " "))


def excerpt(text: str, length: int) -> str:
    """Return the beginning of ``text`` on one line, at most ``length`` (> 0) characters with its "…".

    Cut between words where there are words, between characters in scripts without spaces, and never
    between a letter and its accent.
    """
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    end = length - 1
    space = line.rfind(" ", 0, end + 1)
    if space > end // 2:
        end = space
    while end > 0 and (_continues(line[end]) or line[end - 1] == "\N{ZERO WIDTH JOINER}"):
        end -= 1
    return line[:end].rstrip(" ,;:，、；：") + "…"


def _continues(sign: str) -> bool:
    """Tell whether ``sign`` belongs to the one before it: an accent, a joiner, a variation selector."""
    return unicodedata.category(sign) in {"Mn", "Mc", "Me", "Cf"}
