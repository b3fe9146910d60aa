"""How single fields are read, whoever says them: plain text, numbers, names, moments, lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.core import get_global

from contentshop.core.names import two_names
from contentshop.core.numbers import narrow
from contentshop.core.plain import plain_text
from contentshop.core.words import say

Problems = dict[str, list[str]]
MAX_QUANTITY = 1_000_000
MAX_TITLE = 500
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")
_TRUE = frozenset({"1", "true", "yes", "y", "on", "是"})
_FALSE = frozenset({"", "0", "false", "no", "n", "off", "否"})


def line(data: Mapping[str, Any], name: str, limit: int, problems: Problems, where: str = "") -> str:
    """One line of plain text from ``data[name]``: NFC, no control characters, spaces folded."""
    text = " ".join(plain(data.get(name), name, problems, where).split())
    if len(text) > limit:
        note_problem(
            problems,
            where + name,
            say("Use at most %(limit)s characters (now %(count)s).", limit=limit, count=len(text)),
        )
        return ""
    return text


def parse_moment(data: Mapping[str, Any], name: str, problems: Problems, where: str) -> datetime | None:
    """A moment with its zone, or nothing."""
    value = data.get(name)
    if isinstance(value, datetime) or not is_present(value):
        return value if isinstance(value, datetime) else None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        note_problem(problems, where + name, say("Write the time with its zone, like 2026-05-01T12:00:00Z."))
        return None
    return found


def parse_quantity(data: Mapping[str, Any], name: str, problems: Problems, where: str = "") -> int | None:
    """A whole number from 0 to 1,000,000, or None when there is none."""
    if not is_present(data.get(name)):
        return None
    text = number_text(data[name])
    if not re.fullmatch(r"\d{1,7}(?:\.0+)?", text, re.ASCII) or int(text.partition(".")[0]) > MAX_QUANTITY:
        note_problem(problems, where + name, say("Write a whole number from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}"))
        return None
    return int(text.partition(".")[0])


def number_text(value: object) -> str:
    """A number of JSON as people would write it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return "?"
    if isinstance(value, float | Decimal):
        # Never in exponent form, which people and the patterns here do not write.
        return f"{Decimal(str(value)):f}" if Decimal(str(value)).is_finite() else "?"
    if isinstance(value, str):
        return narrow(value)
    return str(value) if abs(value) < 10**20 else "?"


def is_present(value: object) -> bool:
    """Whether a value says anything at all."""
    return value is not None and value != ""


def parse_region(data: Mapping[str, Any], name: str, problems: Problems, where: str = "") -> str:
    """An ISO 3166 country, or nothing."""
    code = line(data, name, 40, problems, where).upper()
    if code and (len(code) != 2 or code not in get_global("territory_languages")):
        note_problem(problems, where + name, say("“%(code)s” is not an ISO 3166 country, like US.", code=code))
        return ""
    return code


def parse_language(data: Mapping[str, Any], problems: Problems) -> str:
    """The language of the words, ``en`` when nothing is said."""
    text = line(data, "lang", 40, problems)
    match = LANGUAGE.fullmatch(text)
    if text and match is None:
        note_problem(problems, "lang", say("“%(text)s” is not a language, like en or zh.", text=text))
    return match[1].lower() if match else "en"


def parse_names(data: Mapping[str, Any], problems: Problems, where: str, limit: int) -> dict[str, str]:
    """``name_zh`` and the like, by language."""
    names = {
        key.removeprefix("name_"): line(data, key, limit, problems, where)
        for key in data
        if isinstance(key, str) and re.fullmatch(r"name_[a-z]{2}", key)
    }
    return {language: name for language, name in names.items() if name}


def parse_both_names(data: Mapping[str, Any], problems: Problems, limit: int) -> tuple[str, dict[str, str]]:
    """``name`` and ``name_zh``, of which one may be empty, as ``core.names`` keeps them."""
    english = line(data, "name", limit, problems)
    chinese = line(data, "name_zh", limit, problems)
    if not english and not chinese and not {"name", "name_zh"} & problems.keys():
        note_problem(problems, "name", say("Write a name."))
    return two_names(english, chinese)


def parse_slug(data: Mapping[str, Any], name: str, problems: Problems) -> str:
    """A part of an address: letters, digits and single hyphens."""
    text = line(data, name, 100, problems)
    if text and not SLUG.fullmatch(text):
        note_problem(problems, name, say("Use letters a–z, digits and single hyphens."))
        return ""
    return text


def parse_flag(
    data: Mapping[str, Any], name: str, problems: Problems, *, default: bool = False, where: str = ""
) -> bool:
    """Yes or no; ``default`` when nothing is said."""
    value = data.get(name)
    if value is None:
        return default
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text not in _FALSE:
        note_problem(problems, where + name, say("Write yes or no."))
    return False


def paragraphs(data: Mapping[str, Any], name: str, limit: int, problems: Problems, where: str = "") -> str:
    """Plain text of several lines, at most one of them empty between two others."""
    text = plain(data.get(name), name, problems, where)
    text = re.sub(r" *\n *", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    if len(text) > limit:
        note_problem(
            problems,
            where + name,
            say("Use at most %(limit)s characters (now %(count)s).", limit=limit, count=len(text)),
        )
        return ""
    return text


def plain(value: object, name: str, problems: Problems, where: str) -> str:
    """Text without what no database and no page wants (``core.plain``)."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | float):
        note_problem(problems, where + name, say("This should be text."))
        return ""
    return plain_text(number_text(value) if not isinstance(value, str) else value)


def entries(data: Mapping[str, Any], name: str, limit: int, problems: Problems) -> list[tuple[Mapping[str, Any], str]]:
    """The entries of a list with what begins the names of their fields (``offers.2.``)."""
    value = data.get(name) or ()
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(v, Mapping) for v in value):
        note_problem(problems, name, say("This should be a list of entries."))
        return []
    if len(value) > limit:
        note_problem(
            problems, name, say("Use at most %(limit)s entries (now %(count)s).", limit=limit, count=len(value))
        )
        return []
    return [(entry, f"{name}.{number}.") for number, entry in enumerate(value, start=1)]


def note_problem(problems: Problems, field_name: str, *messages: str) -> None:
    """Add to what is wrong with a field."""
    problems.setdefault(field_name, []).extend(messages)
