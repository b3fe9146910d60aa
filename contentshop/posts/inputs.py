"""What creators write about a post, parsed and checked; used by the studio and by imports alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.text import MAX_SOURCE, fenced_lines
from contentshop.core.words import say
from contentshop.posts.bargains import DealInput

POST_KINDS = ("article", "list", "deal")
RELATIONS = ("none", "affiliate", "own", "gifted", "lent", "paid")

MAX_TITLE = 200
MAX_SUMMARY = 500
MAX_TESTED = 500
MAX_ALT = 300
MAX_TOPICS = 5
EARLIEST = date(1950, 1, 1)  # older than that, a date of testing or buying is a slip

# The language of a BCP 47 tag; scripts and regions do not matter to search and to the lang attribute.
LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE)

# Braces with nothing but an empty award or note behind a product, and the same among other words.
_EMPTY_WORDS = re.compile(
    r"""(?x) (?<=\]) \{ \s* (?:(?:award|note)="" \s*)+ \} (?=\s*$)
    | (?<=[{\s]) (?:award|note)="" \s+ (?=[\w-]+=) | \s+ (?:award|note)="" (?=\s*\}\s*$)"""
)

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class PostInput:
    """One version of a post as its author wrote it. ``source`` is Markdown with card directives.

    Title and text may be empty, since a draft begins with nothing; publishing asks for both. ``cover_id`` is
    the row of a stored picture. ``topics`` are slugs. ``tested_from`` to ``tested_to`` is when the things were tested,
    ``owned_since`` since when they are the author's; each may be unknown. A deal, and nothing else, has a ``deal``.
    """

    kind: str
    title: str
    summary: str
    source: str
    lang: str
    topics: tuple[str, ...]
    tested: str
    relation: str
    cover_id: int | None
    cover_alt: str
    tested_from: date | None = None
    tested_to: date | None = None
    owned_since: date | None = None
    deal: DealInput | None = None

    @classmethod
    def parse(
        cls,
        *,
        kind: str,
        title: str,
        summary: str = "",
        source: str = "",
        lang: str = "en",
        topics: Iterable[str] = (),
        tested: str = "",
        relation: str = "affiliate",
        cover_id: int | None = None,
        cover_alt: str = "",
        known_topics: Collection[str] | None = None,
        tested_from: date | str | None = None,
        tested_to: date | str | None = None,
        owned_since: date | str | None = None,
        deal: Mapping[str, Any] | None = None,
        today: date | None = None,
    ) -> PostInput:
        """Raises Invalid with every field that needs another look.

        ``known_topics`` are the slugs that exist; without it they are taken on trust (topics belong to a room
        above this one). Dates are ISO 8601 (``2026-05-31``) or empty, none of them after ``today`` if that is given.
        ``deal`` are the facts of a deal by name; they are left out for every other kind.
        """
        problems: Problems = {}
        form = cls(
            kind=_one_of(kind, POST_KINDS, "kind", problems),
            title=_line(title, MAX_TITLE, "title", problems),
            summary=_line(summary, MAX_SUMMARY, "summary", problems),
            source=_source(source, problems),
            lang=_language(lang, problems),
            topics=_topics(topics, known_topics, problems),
            tested=_line(tested, MAX_TESTED, "tested", problems),
            relation=_one_of(relation, RELATIONS, "relation", problems),
            cover_id=cover_id,
            cover_alt=_line(cover_alt, MAX_ALT, "cover_alt", problems),
            tested_from=_day(tested_from, today, "tested_from", problems),
            tested_to=_day(tested_to, today, "tested_to", problems),
            owned_since=_day(owned_since, today, "owned_since", problems),
            deal=DealInput.parse(deal or {}, problems) if kind == "deal" else None,
        )
        if form.tested_from and form.tested_to and form.tested_to < form.tested_from:
            problems["tested_to"] = [say("The tests end before they begin; look at both dates.")]
        if problems:
            raise Invalid(problems)
        return form


def _line(text: str, limit: int, field: str, problems: Problems) -> str:
    line = clean_line(text, len(text))
    if len(line) > limit:
        problems[field] = [say("Use at most %(limit)s characters (now %(count)s).", limit=limit, count=len(line))]
    return line


def _one_of(value: str, choices: tuple[str, ...], field: str, problems: Problems) -> str:
    if value not in choices:
        problems[field] = [
            say(
                "“%(value)s” is not a choice here; use one of %(choices)s.",
                value=value[:40],
                choices=", ".join(choices),
            )
        ]
    return value


def _language(text: str, problems: Problems) -> str:
    match = LANGUAGE.fullmatch(text.strip())
    if match is None or len(text) > 35:
        problems["lang"] = [say("“%(text)s” is not a language; write it like en or zh.", text=text[:40])]
        return ""
    return match[1].lower()


def _day(value: date | str | None, today: date | None, field: str, problems: Problems) -> date | None:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        # Of ISO 8601 only the long form: 20260531 and 2026-W22-7 are not what date fields send.
        try:
            value = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) else None
        except ValueError:
            value = None
        if value is None:
            problems[field] = [say("“%(text)s” is not a date; write it like 2026-05-31.", text=text[:40])]
            return None
    if value is not None and value < EARLIEST:
        problems[field] = [say("This date is too long ago; write it like 2026-05-31.")]
    elif value is not None and today is not None and value > today:
        problems[field] = [say("This date has not come yet.")]
    return value


def _source(text: str, problems: Problems) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_SOURCE:
        problems["source"] = [
            say(
                "The text has %(count)s characters; at most %(most)s are allowed. Split it into parts.",
                count=f"{len(text):,}",
                most=f"{MAX_SOURCE:,}",
            )
        ]
    # PostgreSQL keeps no NUL in a text, and half a surrogate pair cannot be encoded.
    return _without_empty_words(text.replace("\x00", "").encode("utf-8", "replace").decode())


def _without_empty_words(source: str) -> str:
    """The source without words of cards that were left empty, like the award that a new item begins with."""
    if '=""' not in source:
        return source
    lines = source.split("\n")
    return "\n".join(
        _EMPTY_WORDS.sub("", line) if line.startswith("::") and not code else line
        for line, code in zip(lines, fenced_lines(lines), strict=True)
    )


def _topics(slugs: Iterable[str], known: Collection[str] | None, problems: Problems) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(slug.strip() for slug in slugs if slug.strip()))
    if len(chosen) > MAX_TOPICS:
        problems["topics"] = [
            say("Choose at most %(most)s topics (now %(count)s).", most=MAX_TOPICS, count=len(chosen))
        ]
    elif known is not None and (strange := [slug for slug in chosen if slug not in known]):
        problems["topics"] = [say("There is no topic “%(slug)s”.", slug=slug[:60]) for slug in strange]
    return chosen
