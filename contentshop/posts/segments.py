"""Walks through the stored pieces of a post; ``posts.rendering`` says what they look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

_HEADING = re.compile(r"<(h[1-6])\b.*?</\1>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")

CARDS = frozenset({"card", "item", "rejected", "deal"})
"""Kinds whose second entry is the key of a card."""


def card_keys(segments: Iterable[Sequence[Any]]) -> list[str]:
    """Keys of all cards in ``segments``, in reading order."""
    found: list[str] = []
    for kind, value, *inner in segments:
        if kind in CARDS:
            found.append(value)
        elif isinstance(value, dict):
            found += _own_keys(value)
        found += card_keys(inner[0]) if inner else []
    return found


def _own_keys(data: Mapping[str, Any]) -> Iterator[str]:
    yield from data.get("cards", ())
    yield from (spot[0] for spot in data.get("spots", ()))
    yield from (chapter[2] for chapter in data.get("chapters", ()) if chapter[2])


def recommending(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of a revision's cards that recommend or compare their product: all but the ones that tell why not."""
    return [entry for entry in entries if entry["kind"] != "rejected"]


def asset_keys(segments: Iterable[Sequence[Any]]) -> set[str]:
    """Keys of all media that ``segments`` show."""
    found: set[str] = set()
    for _kind, value, *inner in segments:
        if isinstance(value, dict):
            for part in (value, *value.get("pictures", ())):
                found |= {part[name] for name in ("asset", "poster", "captions") if part.get(name)}
        found |= asset_keys(inner[0]) if inner else set()
    return found


def says_something(segment: Sequence[Any]) -> bool:
    """Whether a piece of a text is more than a heading or the table of contents."""
    kind, value = segment[0], segment[1]
    if kind == "html":
        return "<img" in value or _MARKUP.sub("", _HEADING.sub("", value)).strip() != ""
    return bool(kind != "toc")


def mapped(segments: Iterable[Sequence[Any]], change: Callable[[Sequence[Any]], list[Any] | None]) -> list[list[Any]]:
    """``segments`` with ``change`` made to each; where it gives None, only what stands inside is kept."""
    result: list[list[Any]] = []
    for segment in segments:
        inner = [mapped(segment[2], change)] if len(segment) > 2 else []
        changed = change(segment)
        if changed is not None:
            result.append([*changed[:2], *inner])
        elif inner:
            result += inner[0]
    return result
