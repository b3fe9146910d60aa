"""The few words with a colon that narrow a search as a filter would: ``brand:sony``, ``topic:travel``. Pure.

Only the names below are read; any other word with a colon, and one without a value, is plain text. A value with
spaces stands in quotes: ``brand:"de'longhi"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contentshop.search.analysis import MAX_QUERY_LENGTH

FIELDS = ("kind", "topic", "lang", "by", "brand", "shop", "in")

_FIELD = re.compile(rf'(?<!\S)(?P<name>{"|".join(FIELDS)})[:：](?P<value>"[^"\s][^"]*"|[^\s"]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A visitor's text taken apart: the words, and the values of each field in the order they were typed."""

    words: str
    fields: Mapping[str, tuple[str, ...]]


def read(text: str) -> Asked:
    """Take the fields out of a visitor's text. Never raises."""
    found: dict[str, list[str]] = {}

    def take(match: re.Match[str]) -> str:
        found.setdefault(match["name"].lower(), []).append(match["value"].strip('"'))
        return ""

    words = " ".join(_FIELD.sub(take, text[:MAX_QUERY_LENGTH]).split())
    return Asked(words, {name: tuple(dict.fromkeys(values)) for name, values in found.items()})
