"""Posts as files: Markdown with YAML front matter, as other systems write it.

Reading is pure; ``posts.actions.import_post`` puts what was read into the database.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from contentshop.core.errors import Invalid
from contentshop.core.ids import slugify
from contentshop.core.zones import show_local
from contentshop.posts.bargains import DEAL_WORDS

MAX_FILE = 2_000_000
"""Largest file read, in bytes; the longest text we take is smaller in every encoding."""

MAX_FRONT_MATTER = 20_000

IN_DAYS = {"starts_in_days": "starts", "ends_in_days": "ends"}
"""Facts of a deal that a file may give from the moment of the import on, in whole days."""

_FENCE = re.compile(r"---[ \t]*")
_FENCE_END = re.compile(r"(?:---|\.\.\.)[ \t]*")
_HEADING = re.compile(r"#[ \t]+(?P<words>.+?)[ \t]*#*[ \t]*")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic as a file names it, and the slug it goes by here."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class PostFile:
    """One file, read.

    ``source_id`` tells the file from others of its folder and stays the same when its text changes;
    ``digest`` changes with every byte. ``first_line`` is the file's line on which ``body`` begins. ``cover``
    is as written: a path relative to the file. ``deal`` are the facts of a deal as written, by the names of
    ``posts.bargains``, empty for other kinds.
    """

    path: Path
    source_id: str
    digest: str
    title: str
    slug: str
    kind: str
    lang: str
    author: str
    topics: tuple[TopicName, ...]
    summary: str
    cover: str
    cover_alt: str
    tested: str
    tested_from: str
    tested_to: str
    owned_since: str
    relation: str
    date: datetime | None
    days_ago: int | None
    deal: Mapping[str, Any]
    body: str
    first_line: int

    def published_at(self, now: datetime) -> datetime:
        """When the file says that it was published, never later than ``now``; ``now`` if it does not say."""
        if self.days_ago is not None:
            return now - timedelta(days=self.days_ago)
        return min(self.date or now, now)

    def deal_words(self, now: datetime) -> dict[str, Any]:
        """The facts of a deal, with times instead of days from ``now``."""
        words = {name: value for name, value in self.deal.items() if name not in IN_DAYS}
        for name, moment in IN_DAYS.items():
            if name in self.deal:
                at = show_local(now + timedelta(days=int(self.deal[name])), str(words.get("zone") or "UTC"))
                words[moment] = f"{at:%Y-%m-%dT%H:%M}"
        return words


def read_post(path: Path, *, root: Path | None = None, lang: str = "") -> PostFile:
    """Read one Markdown file; ``root`` is the folder being imported, ``lang`` the language if it names none.

    UTF-8, UTF-16 and GB18030 are told apart. Without front matter the title is the first heading or the
    file's name. Raises Invalid, whose message says what is wrong with the file.
    """
    data = _bytes(path)
    text = unicodedata.normalize("NFC", _decode(data)).replace("\r\n", "\n").replace("\r", "\n")
    matter, body, first_line = _split(text)
    title = _string(matter, "title")
    if not title:
        title, body, first_line = _title_from(body, first_line, path)
    relative = path.resolve().relative_to(root.resolve().parent) if root is not None else Path(path.name)
    return PostFile(
        path=path,
        source_id=_source_id(relative.as_posix()),
        digest=hashlib.sha256(data).hexdigest()[:16],
        title=title,
        slug=slugify(_string(matter, "slug")) if _string(matter, "slug") else "",
        kind=_string(matter, "kind") or "article",
        lang=_string(matter, "lang") or lang or _language_of(body),
        author=_string(matter, "author"),
        topics=_topics(matter),
        summary=_string(matter, "summary"),
        cover=_string(matter, "cover"),
        cover_alt=_string(matter, "cover_alt"),
        tested=_string(matter, "tested"),
        tested_from=_string(matter, "tested_from"),
        tested_to=_string(matter, "tested_to"),
        owned_since=_string(matter, "owned_since"),
        relation=_string(matter, "relation") or "affiliate",
        date=_date(matter),
        days_ago=_days_ago(matter),
        deal=_deal(matter),
        body=body,
        first_line=first_line,
    )


def _refuse(message: str) -> Invalid:
    return Invalid({"file": [message]})


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _refuse(f"The file could not be read: {error.strerror}.") from error
    if len(data) > MAX_FILE:
        raise _refuse(f"The file is larger than {MAX_FILE:,} bytes.")
    return data


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data:
        # Latin letters and line ends leave their zero bytes on one side; a text file has no others.
        encodings = ["utf-16-le" if data[1::2].count(0) >= data[0::2].count(0) else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _refuse("This is not a text in UTF-8, UTF-16 or GB18030.")


def _split(text: str) -> tuple[Mapping[str, Any], str, int]:
    """(front matter, body, the file's line on which the body begins)."""
    lines = text.split("\n")
    if not _FENCE.fullmatch(lines[0]):
        return {}, text, 1
    end = next((number for number, line in enumerate(lines[1:], 1) if _FENCE_END.fullmatch(line)), None)
    if end is None:
        raise _refuse("Line 1: the front matter is opened by --- and never closed.")
    return _matter("\n".join(lines[1:end])), "\n".join(lines[end + 1 :]), end + 2


def _matter(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_FRONT_MATTER:
        raise _refuse(f"The front matter is longer than {MAX_FRONT_MATTER:,} characters.")
    try:
        # BaseLoader builds nothing but strings, lists and mappings: “no” stays Norwegian, 007 stays 007.
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - safer than SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"Line {mark.line + 2}: " if mark else ""
        reason = getattr(error, "problem", None) or error
        raise _refuse(f"{place}the front matter is not YAML: {reason}.") from None
    if found in (None, ""):
        return {}
    if not isinstance(found, dict):
        raise _refuse("Line 2: the front matter is not a list of “name: value” lines.")
    return found


def _string(matter: Mapping[str, Any], name: str) -> str:
    value = matter.get(name, "")
    if not isinstance(value, str):
        raise _refuse(f"The front matter’s “{name}” is not one piece of text.")
    return value.strip()


def _topics(matter: Mapping[str, Any]) -> tuple[TopicName, ...]:
    value = matter.get("topics", [])
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _refuse("The front matter’s “topics” is not a list like [Audio, Travel].")
    titles = [name.strip()[:80] for name in names if name.strip()]
    topics = {slug: TopicName(slug, title) for title in titles if (slug := slugify(title)[:60].rstrip("-"))}
    return tuple(topics.values())


def _date(matter: Mapping[str, Any]) -> datetime | None:
    text = _string(matter, "date")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise _refuse(f"The front matter’s “date” “{text[:40]}” is not a date like 2026-05-31.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _days_ago(matter: Mapping[str, Any]) -> int | None:
    text = _string(matter, "days_ago")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII):
        raise _refuse(f"The front matter’s “days_ago” “{text[:40]}” is not a number of days.")
    return int(text)


def _deal(matter: Mapping[str, Any]) -> dict[str, Any]:
    """The facts below ``deal:``; ``steps`` may be a list, ``ends_in_days`` stands for a time from now."""
    found = matter.get("deal") or {}
    if not isinstance(found, dict):
        raise _refuse("The front matter’s “deal” is not a list of “name: value” lines.")
    strange = [name for name in found if name not in (*DEAL_WORDS, *IN_DAYS)]
    if strange:
        raise _refuse(f"The front matter’s “deal” has no “{strange[0]}”; use {', '.join(DEAL_WORDS)}.")
    for name, value in found.items():
        is_list = name == "steps" and isinstance(value, list) and all(isinstance(step, str) for step in value)
        if not isinstance(value, str) and not is_list:
            raise _refuse(f"The front matter’s “{name}” is not one piece of text.")
        if name in IN_DAYS and not re.fullmatch(r"-?[0-9]{1,4}", value.strip(), re.ASCII):
            raise _refuse(f"The front matter’s “{name}” “{value[:40]}” is not a number of days.")
    return found


def _title_from(body: str, first_line: int, path: Path) -> tuple[str, str, int]:
    """The title is the first heading, if the text begins with one (it is taken out), else the file's name."""
    lines = body.split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), None)
    heading = _HEADING.fullmatch(lines[start]) if start is not None else None
    if start is None or heading is None:
        return path.stem.replace("_", " ").strip(), body, first_line
    return heading["words"], "\n".join(lines[start + 1 :]), first_line + start + 1


def _language_of(body: str) -> str:
    """Chinese when a fifth of the first letters are: names and units are in Latin letters anyway."""
    letters = [sign for sign in body[:4000] if sign.isalpha()]
    chinese = sum(1 for sign in letters if _CHINESE.match(sign))
    return "zh" if letters and chinese * 5 >= len(letters) else "en"


def _source_id(path: str) -> str:
    """A name of at most 150 characters for ``path``, the same whenever the folder is imported again."""
    if len(path) <= 150:
        return path
    return f"{path[:100]}~{hashlib.sha256(path.encode()).hexdigest()[:32]}"
