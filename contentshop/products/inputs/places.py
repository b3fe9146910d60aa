"""What operators say of places, suppliers and counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.inputs.fields import KEY, Problems, line, note_problem, parse_both_names, parse_region

PPM = 1_000_000
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,4})?")
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+")


def parse_key(data: Mapping[str, Any], problems: Problems) -> str:
    """A short key of letters, digits and hyphens that is not the address of a form."""
    key = line(data, "key", 40, problems).lower()
    if not KEY.fullmatch(key):
        note_problem(problems, "key", say("Use letters a–z, digits and hyphens."))
    elif key == "new":
        note_problem(problems, "key", say("“%(slug)s” is taken; choose another.", slug=key))
    return key


@dataclass(frozen=True, slots=True)
class LocationInput:
    """A place goods are at; ``supplier`` is the key of its owner, empty when its goods are ours."""

    key: str
    name: str
    country: str = ""
    supplier: str = ""
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> LocationInput:
        """Raises Invalid (``key``, ``name``, ``country``)."""
        problems: Problems = {}
        name, names = parse_both_names(data, problems, 120)
        found = cls(
            key=parse_key(data, problems),
            name=name,
            names=names,
            country=parse_region(data, "country", problems),
            supplier=line(data, "supplier", 40, problems),
        )
        if problems:
            raise Invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class SupplierInput:
    """Somebody whose goods we sell; ``share_ppm`` is their part of a line in millionths, typed as per cent."""

    key: str
    name: str
    email: str = ""
    share_ppm: int = 0

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> SupplierInput:
        """Raises Invalid (``key``, ``name``, ``email``, ``share``)."""
        problems: Problems = {}
        name = line(data, "name", 120, problems)
        if not name:
            note_problem(problems, "name", say("Write a name."))
        email = line(data, "email", 254, problems)
        if email and not _EMAIL.fullmatch(email):
            note_problem(problems, "email", say("Write a mail address, like name@example.org."))
        found = cls(parse_key(data, problems), name, email, _share(data, problems))
        if problems:
            raise Invalid(problems)
        return found


def _share(data: Mapping[str, Any], problems: Problems) -> int:
    text = line(data, "share", 20, problems).removesuffix("%").strip()
    if not text:
        return 0
    if not _PERCENT.fullmatch(text):
        note_problem(problems, "share", say("Write a number of per cent from 0 to 100."))
        return 0
    whole, _dot, rest = text.partition(".")
    share = int(whole) * 10_000 + int(rest.ljust(4, "0") or "0")
    if share > PPM:
        note_problem(problems, "share", say("Write a number of per cent from 0 to 100."))
    return share
