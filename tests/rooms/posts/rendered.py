"""Texts rendered with keys of the test's own choice for their cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.text import describe
from contentshop.posts.rendering import Rendered, render_draft
from contentshop.posts.segments import CARDS, mapped


def render(source: str, keys: Sequence[str]) -> Rendered:
    """``source`` rendered; ``keys`` are those of its cards, in their order. Raises Invalid, one message a problem."""
    rendered, cards, problems = render_draft(source)
    if problems:
        raise Invalid({"source": describe(problems)})
    assert len(keys) == len(cards)
    return replace(rendered, segments=mapped(rendered.segments, lambda segment: _keyed(segment, keys)))


def _keyed(segment: Sequence[Any], keys: Sequence[str]) -> list[Any]:
    kind, value = segment[0], segment[1]
    if kind in CARDS:
        return [kind, keys[int(value)]]
    if kind == "picture":
        return [kind, {**value, "spots": [[keys[int(place)], x, y] for place, x, y in value["spots"]]}]
    if kind in ("video", "audio"):
        chapters = [[at, title, keys[int(place)] if place else ""] for at, title, place in value["chapters"]]
        return [kind, {**value, "chapters": chapters}]
    if kind == "compare":
        best = keys[int(value["best"])] if value["best"] else ""
        return [kind, {**value, "cards": [keys[int(place)] for place in value["cards"]], "best": best}]
    return [kind, value]
