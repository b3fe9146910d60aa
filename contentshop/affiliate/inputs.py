"""Typed records of programs and clicks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.inputs import line

_PARAMETER = re.compile(r"[A-Za-z0-9_.-]+")
_PLACE = re.compile(r"\{[^}]*\}?|\}")


@dataclass(frozen=True, slots=True)
class ProgramInput:
    """How a merchant pays, as somebody describes it (see ``affiliate.models.Program``)."""

    link_template: str = "{url}"
    tag: str = ""
    tag_param: str = ""
    sub_id_param: str = ""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> ProgramInput | None:
        """The program, or None when it asks for nothing. Without a template the link stays as it is.

        Raises Invalid (``link_template``, ``tag``, ``tag_param``, ``sub_id_param``), also for a tag that would
        go nowhere.
        """
        problems: dict[str, list[str]] = {}
        template = line(data, "link_template", 500, problems)
        tag = line(data, "tag", 80, problems)
        tag_param, sub_id_param = (line(data, name, 40, problems) for name in ("tag_param", "sub_id_param"))
        template = template or "{url}"
        if not problems and (template, tag, tag_param, sub_id_param) == ("{url}", "", "", ""):
            return None
        if "link_template" not in problems and (refusal := _refused_template(template)):
            problems["link_template"] = [refusal]
        for name, value in (("tag_param", tag_param), ("sub_id_param", sub_id_param)):
            if value and not _PARAMETER.fullmatch(value):
                problems[name] = [say("Use letters a–z, digits, hyphens, dots and underscores.")]
        if tag and not tag_param and "{tag}" not in template:
            problems.setdefault("tag_param", []).append(
                say("Say which parameter carries the tag, or put {tag} into the template.")
            )
        if sub_id_param and sub_id_param == tag_param:
            problems.setdefault("sub_id_param", []).append(say("This parameter carries the tag already."))
        if problems:
            raise Invalid(problems)
        return cls(template, tag, tag_param, sub_id_param)


def _refused_template(template: str) -> str:
    """Why no link can be made of the template, or an empty string."""
    places = _PLACE.findall(template)
    if places.count("{url}") != 1 or not template.startswith(("{url}", "https://")):
        return say("Start the template with {url}, or with https:// and {url} in its query.")
    if set(places) - {"{url}", "{tag}"}:
        return say("Only {url} and {tag} can be filled in.")
    return ""


@dataclass(frozen=True, slots=True)
class ClickInput:
    """One counted click. ``card`` and ``post`` are empty for a link on a product's own page.

    ``visitor`` is the day's hash; ``hour`` counts hours since 1970, UTC.
    """

    at: datetime
    card: str
    offer: str
    post: str
    creator: str
    visitor: str

    @property
    def hour(self) -> int:
        return int(self.at.timestamp()) // 3600
