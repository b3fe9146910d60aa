"""What buyers and the shop write about products, parsed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contentshop.accounts.inputs import clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.words import say

STATES = ("shown", "hidden", "deleted")
REPORT_REASONS = ("spam", "insult", "wrong", "private", "other")
SORTS = ("helpful", "newest", "lowest")
LANGUAGES = ("en", "zh")
MAX_STARS = 5
MAX_PHOTOS = 6
MAX_TITLE = 120
MAX_TEXT = 4000
MAX_LINES = 60
MAX_REPLY = 1000
MAX_NOTE = 200

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """Stars from 1 to 5, a title that may be missing, words, and the language they are in."""

    stars: int
    title: str
    text: str
    lang: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> ReviewInput:
        """Raises Invalid with every bad field."""
        problems: Problems = {}
        stars = form.get("stars", "")
        if stars not in {str(number) for number in range(1, MAX_STARS + 1)}:
            problems["stars"] = [say("Choose 1 to 5 stars.")]
        title = clean_line(form.get("title", ""), MAX_TITLE + 1)
        if len(title) > MAX_TITLE:
            problems["title"] = [say("Use at most %(limit)s characters.", limit=MAX_TITLE)]
        text = _collect("text", form.get("text", ""), MAX_TEXT, problems)
        lang = form.get("lang", "")
        if lang not in LANGUAGES:
            problems["lang"] = [say("Choose one of the languages.")]
        if problems:
            raise Invalid(problems)
        return cls(int(stars), title, text, lang)


def parse_more(typed: str) -> str:
    """What is added later. Raises Invalid (field ``more``)."""
    return _words("more", typed, MAX_TEXT)


def parse_reply(typed: str) -> str:
    """The shop's answer. Raises Invalid (field ``reply``)."""
    return _words("reply", typed, MAX_REPLY)


def parse_note(typed: str) -> str:
    """Why a review is hidden, for whoever wrote it. Raises Invalid (field ``reason``)."""
    note = clean_line(typed, MAX_NOTE + 1)
    if not note:
        raise Invalid({"reason": [say("Say why, in a few words; whoever wrote it sees it.")]})
    if len(note) > MAX_NOTE:
        raise Invalid({"reason": [say("Use at most %(limit)s characters.", limit=MAX_NOTE)]})
    return note


def parse_report(typed: str) -> str:
    """Why a review is reported. Raises Invalid (field ``reason``)."""
    if typed not in REPORT_REASONS:
        raise Invalid({"reason": [say("Choose one of the reasons.")]})
    return typed


def _words(field: str, typed: str, most: int) -> str:
    problems: Problems = {}
    text = _collect(field, typed, most, problems)
    if problems:
        raise Invalid(problems)
    return text


def _collect(field: str, typed: str, most: int, problems: Problems) -> str:
    """Plain text with line breaks, at most one of them empty in a row; what is wrong with it goes to ``problems``."""
    lines: list[str] = []
    for line in clean_text(typed, most + 1).split("\n"):
        if line or (lines and lines[-1]):
            lines.append(line)
    text = "\n".join(lines).strip()
    if not text:
        problems[field] = [say("Write something first.")]
    elif len(text) > most:
        problems[field] = [say("Use at most %(limit)s characters.", limit=most)]
    elif len(lines) > MAX_LINES:
        problems[field] = [say("Use at most %(limit)s lines.", limit=MAX_LINES)]
    return text
