"""Reads the line of a directive: ``[what it is about]{name="value" …}``. Pure, and never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contentshop.core.embeds import PROVIDERS, find_embed
from contentshop.core.text import Problem
from contentshop.core.words import Said, say
from contentshop.posts.blocks import MAX_COLUMNS, MAX_TITLE, MOST, RELATIONS, SPECS, example

MAX_SLUG = 100  # as long as the column of products’ slugs
LONG_TITLE = say("the title may have at most %(most)s characters", most=MAX_TITLE)
"""What is said of a title that is too long."""

MAX_VALUES = 12  # attributes read of one line; no directive has as many

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ASSET = re.compile(r"[0-9a-z]{4,20}")
_NAME = re.compile(r"[\s,]*([\w-]{1,40})\s*=\s*")
_COMMAS = re.compile(r"[,，、;；]")
_OPENING_QUOTES = '"“”„＂'
_CURLY_CLOSING_QUOTES = "”“＂"


def is_slug(text: str) -> bool:
    """Whether ``text`` has the form of a product's name in a card."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def one_line(text: str) -> str:
    """``text`` with every stretch of white space as one space."""
    return " ".join(text.split())


def words_between_commas(text: str) -> list[str]:
    """The parts of ``text`` between commas of any script, without empty ones."""
    return [part for piece in _COMMAS.split(text) if (part := one_line(piece))]


@dataclass(frozen=True)
class Head:
    """What a directive's line says. ``products`` are the names in its brackets; ``ok`` tells whether they were read."""

    argument: str = ""
    products: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    ok: bool = True


class HeadReader:
    """Reads the rest of a directive's line from ``position`` on; what is wrong goes to ``problems``."""

    def __init__(self, number: int, kind: str, line: str, position: int, problems: list[Problem]) -> None:
        self.number = number
        self.kind = kind
        self.spec = SPECS[kind]
        self.line = line.rstrip()
        self.position = position
        self.problems = problems

    def read(self) -> Head:
        argument = self._argument()
        if argument is None:
            return Head(products=("",) if self.spec.argument == "product" else (), ok=False)
        products = self._products(argument)
        values = self._values()
        self._check(values)
        return Head(argument, products, values)

    def _problem(self, message: Said) -> None:
        self.problems.append(Problem(self.number, message))

    def _argument(self) -> str | None:
        """What stands in the brackets; None if it cannot be read."""
        rest = self.line[self.position :]
        wanted = self.spec.argument
        if wanted == "title" and rest[:1] not in ("[", "{"):
            self.position = len(self.line)
            return self._title(one_line(rest))
        if wanted == "none" and rest[:1] != "[":
            return ""
        end = self.line.find("]", self.position)
        if rest[:1] != "[" or end < 0 or wanted == "none":
            if not (wanted == "title" and rest[:1] == "{"):
                self._problem(self._without_brackets())
                return None
            return self._title("")
        argument = one_line(self.line[self.position + 1 : end])
        self.position = end + 1
        if wanted == "title":
            return self._title(argument)
        if wanted == "asset" and not _ASSET.fullmatch(argument):
            self._problem(say("“%(key)s” is not the key of a file in your media library", key=argument[:MAX_SLUG]))
            return None
        if wanted == "address" and find_embed(argument) is None:
            self._problem(say("only pages of these sites can be embedded: %(sites)s", sites=", ".join(PROVIDERS)))
            return None
        return argument

    def _without_brackets(self) -> Said:
        if self.spec.argument in ("product", "products"):
            return say("write the product's name in brackets, as in %(example)s", example=example(self.kind))
        return say("write it as in %(example)s", example=example(self.kind))

    def _title(self, title: str) -> str:
        if len(title) > MAX_TITLE:
            self._problem(LONG_TITLE)
        if not title and self.kind == "toggle":
            self._problem(self._without_brackets())
        return title[:MAX_TITLE]

    def _products(self, argument: str) -> tuple[str, ...]:
        if self.spec.argument == "product":
            self.check_slug(argument)
            return (argument,)
        if self.spec.argument != "products":
            return ()
        slugs = [slug for part in words_between_commas(argument) for slug in part.split(" ")]
        for slug in slugs[:MAX_COLUMNS]:
            self.check_slug(slug)
        if not 2 <= len(slugs) <= MAX_COLUMNS or len(set(slugs)) != len(slugs):
            self._problem(say("a comparison needs two to %(most)s different products", most=MAX_COLUMNS))
        return tuple(dict.fromkeys(slugs[:MAX_COLUMNS]))

    def check_slug(self, slug: str) -> None:
        """Note a problem if ``slug`` is no product's name."""
        if not is_slug(slug):
            self._problem(
                say(
                    "“%(slug)s” is not a product's name: use the small letters, digits and hyphens of its address",
                    slug=slug[:MAX_SLUG],
                )
            )

    def _check(self, values: Mapping[str, str]) -> None:
        for name, most in MOST.items():
            if len(values.get(name, "")) > most:
                self._problem(say("%(name)s may have at most %(most)s characters", name=name, most=most))
        if self.spec.argument == "product" and values.get("alt"):
            self.check_slug(values["alt"])
        if (relation := values.get("relation", "")) and relation not in RELATIONS:
            self._problem(
                say(
                    "“%(value)s” is no relation: use one of %(choices)s",
                    value=relation[:40],
                    choices=", ".join(RELATIONS),
                )
            )
        for name in ("poster", "captions"):
            if values.get(name) and not _ASSET.fullmatch(values[name]):
                self._problem(
                    say("“%(key)s” is not the key of a file in your media library", key=values[name][:MAX_SLUG])
                )

    def _values(self) -> dict[str, str]:
        """Read the attributes; stops at the first that cannot be read."""
        values: dict[str, str] = {}
        rest = self.line[self.position :]
        if not rest.strip():
            return values
        self.position += len(rest) - len(rest.lstrip())
        if self.line[self.position] != "{":
            self._problem(
                say("only attributes in { } may follow the product's name")
                if self.spec.argument in ("product", "products")
                else say("only attributes in { } may follow here")
            )
            return values
        self.position += 1
        count = 0
        while match := _NAME.match(self.line, self.position):
            self.position = match.end()
            value = self._quoted(match[1])
            if value is None:
                return values
            count += 1
            if count > MAX_VALUES:
                self._problem(say("too many attributes"))
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
                return one_line("".join(signs))
            if sign == "\\" and self.line[position + 1 : position + 2] in ("\\", *_OPENING_QUOTES):
                position += 1
                sign = self.line[position]
            signs.append(sign)
            position += 1
        self._problem(say("the quote after %(name)s= is never closed", name=name))
        return None

    def _keep(self, values: dict[str, str], name: str, value: str) -> None:
        known = self.spec.attributes
        if name not in known:
            self._problem(
                say(
                    "%(kind)s has no attribute “%(name)s”: use %(known)s",
                    kind=self.kind,
                    name=name,
                    known=", ".join(known),
                )
                if known
                else say("%(kind)s has no attributes", kind=self.kind)
            )
        elif name in values:
            self._problem(say("%(name)s is given twice", name=name))
        else:
            values[name] = value
