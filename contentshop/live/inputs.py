"""What hosts write about a live session, parsed and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from contentshop.accounts.inputs import clean_line
from contentshop.core.embeds import find_embed
from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.core.zones import read_local

STATES = ("scheduled", "live", "ended", "replay")
RELATIONS = ("none", "affiliate", "own", "gifted", "lent", "paid")

MAX_TITLE = 200
MAX_SUMMARY = 500
MAX_NOTE = 300
MAX_CARDS = 60
MAX_MOMENTS = 500
LONGEST_SESSION = 24 * 3600  # seconds
FURTHEST = timedelta(days=366)

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)", re.ASCII)

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SessionInput:
    """A session as its host describes it. ``video`` is the key of a video of the host's own, "" for none.

    ``zone`` is the time zone in which the host chose the hour; ``twice``: clocks there show it twice, and this is the
    first.
    """

    title: str
    summary: str
    lang: str
    relation: str
    stream: str
    video: str
    starts_at: datetime
    zone: str = "UTC"
    twice: bool = False

    @classmethod
    def parse(
        cls,
        *,
        title: str,
        starts_at: str,
        now: datetime,
        summary: str = "",
        lang: str = "en",
        relation: str = "affiliate",
        stream: str = "",
        video: str = "",
        zone: str = "UTC",
        keeps: datetime | None = None,
    ) -> SessionInput:
        """Raises Invalid with every field that needs another look.

        ``starts_at`` is a time as a browser's form writes it (``2026-11-30T20:00``) and as clocks in ``zone`` show
        it. It must lie ahead, unless it is ``keeps``, the time that was set before.
        """
        problems: Problems = {}
        at, twice = _moment(starts_at, zone, keeps, now, problems)
        form = cls(
            title=_line(title, MAX_TITLE, "title", problems),
            summary=_line(summary, MAX_SUMMARY, "summary", problems),
            lang=_language(lang, problems),
            relation=relation,
            stream=_stream(stream, problems),
            video=video.strip()[:20],
            starts_at=at,
            zone=zone,
            twice=twice,
        )
        if not form.title and "title" not in problems:
            problems["title"] = [say("Give the session a title.")]
        if relation not in RELATIONS:
            problems["relation"] = [
                say(
                    "“%(value)s” is not a choice here; use one of %(choices)s.",
                    value=relation[:40],
                    choices=", ".join(RELATIONS),
                )
            ]
        if problems:
            raise Invalid(problems)
        return form


def _line(text: str, limit: int, field: str, problems: Problems) -> str:
    line = clean_line(text, len(text))
    if len(line) > limit:
        problems[field] = [say("Use at most %(limit)s characters (now %(count)s).", limit=limit, count=len(line))]
    return line


def _language(text: str, problems: Problems) -> str:
    code = text.strip().lower()
    if _LANGUAGE.fullmatch(code) is None:
        problems["lang"] = [say("“%(text)s” is not a language; write it like en or zh.", text=text[:40])]
        return ""
    return code


def _stream(text: str, problems: Problems) -> str:
    """The address of the page of the stream, in the one form that we keep."""
    address = text.strip()
    if not address:
        return ""
    found = find_embed(address)
    if found is None:
        problems["stream"] = [say("This is not the address of a video at a site that we can show.")]
        return ""
    return found.url


def _moment(text: str, zone: str, keeps: datetime | None, now: datetime, problems: Problems) -> tuple[datetime, bool]:
    try:
        chosen = read_local(text, zone)
    except Invalid as refusal:
        for field, told in refusal.fields.items():
            problems["starts_at" if field == "at" else field] = told
        return now, False
    at = chosen.at
    if keeps is not None and at.replace(second=0, microsecond=0) == keeps.replace(second=0, microsecond=0):
        return keeps, False
    if at <= now:
        problems["starts_at"] = [say("This time is over. Choose one that lies ahead.")]
    elif at > now + FURTHEST:
        problems["starts_at"] = [say("Choose a time within a year.")]
    return at, chosen.twice


def parse_note(text: str) -> str:
    """The host's words beside a card. Raises Invalid (field ``note``)."""
    problems: Problems = {}
    note = _line(text, MAX_NOTE, "note", problems)
    if problems:
        raise Invalid(problems)
    return note


def parse_second(text: str) -> int:
    """A time of a recording (``1:23``, ``1:02:03``) in seconds. Raises Invalid (field ``second``)."""
    match = _CLOCK.fullmatch(text.strip())
    second = (
        sum(int(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else -1
    )
    if not 0 <= second <= LONGEST_SESSION:
        raise Invalid({"second": [say("Write the time of the recording like 1:23 or 1:02:03.")]})
    return second
