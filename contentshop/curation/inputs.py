"""What editors type, parsed and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contentshop.accounts.inputs import clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.core.zones import read_moment

MAX_ITEMS = 50
ItemKind = Literal["post", "product"]


@dataclass(frozen=True, slots=True)
class ItemInput:
    """One line of a featured list: the slug of a post or a product, and why it is here."""

    kind: ItemKind
    ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeaturedListInput:
    """A featured list as typed."""

    title: str
    intro: str
    lang: str
    items: tuple[ItemInput, ...]

    @classmethod
    def parse(cls, *, title: str, intro: str, lang: str, items: Sequence[tuple[str, str, str]]) -> FeaturedListInput:
        """``items`` are (kind, address or slug, reason); empty lines are left out.

        Raises Invalid; problems of the n-th item stand under ``items-<n>`` counted from 0.
        """
        problems: dict[str, list[str]] = {}
        title, intro = clean_line(title, 400), clean_text(intro, 500)
        if not title:
            problems["title"] = [say("Give the list a title.")]
        elif len(title) > 200:
            problems["title"] = [say("Use at most 200 characters.")]
        if len(intro) > 500:
            problems["intro"] = [say("Use at most 500 characters.")]
        if lang not in {"en", "zh"}:
            problems["lang"] = [say("Choose the language of the list.")]
        found: list[ItemInput] = []
        for number, (kind, ref, words) in enumerate(items):
            slug, reason = slug_of(clean_line(ref, 500)), clean_line(words, 400)
            if not slug and not reason:
                continue
            item_kind: ItemKind = "product" if kind == "product" or "/products/" in ref else "post"
            if not slug:
                problems[f"items-{number}"] = [say("Name a post or a product.")]
            elif len(reason) > 200:
                problems[f"items-{number}"] = [say("Use at most 200 characters for the reason.")]
            elif any(item.kind == item_kind and item.ref == slug for item in found):
                problems[f"items-{number}"] = [say("“%(slug)s” is in the list already.", slug=slug)]
            else:
                found.append(ItemInput(item_kind, slug, reason))
        if len(found) > MAX_ITEMS:
            problems["items"] = [say("A list holds at most %(most)s items.", most=MAX_ITEMS)]
        if not found and not any(name.startswith("items") for name in problems):
            problems["items"] = [say("Add at least one post or product.")]
        if problems:
            raise Invalid(problems)
        return cls(title, intro, lang, tuple(found))


def slug_of(ref: str) -> str:
    """The slug in what an editor pasted: a slug, or the address of a post or product page."""
    return ref.strip().split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class SlotInput:
    """Where and when a list is shown. Times are aware UTC; no end means until it is taken down."""

    position: int
    starts_at: datetime
    ends_at: datetime | None

    @classmethod
    def parse(cls, *, position: str, starts: str, ends: str, now: datetime, zone: str = "UTC") -> SlotInput:
        """``starts`` and ``ends`` as a browser's datetime-local field sends them, by clocks in ``zone``; no start means
        now.

        Raises Invalid.
        """
        problems: dict[str, list[str]] = {}
        starts_at = _time(starts, zone, "starts_at", problems) or now
        ends_at = _time(ends, zone, "ends_at", problems)
        if ends_at is not None and ends_at <= starts_at:
            problems["ends_at"] = [say("The end must be after the start.")]
        if not position.strip().isdigit() or int(position) > 1000:
            problems["position"] = [say("Use a whole number from 0 (top) to 1000.")]
        if problems:
            raise Invalid(problems)
        return cls(int(position), starts_at, ends_at)


def _time(text: str, zone: str, name: str, problems: dict[str, list[str]]) -> datetime | None:
    try:
        return read_moment(text, zone, name)
    except Invalid as refusal:
        problems[name] = list(refusal.fields[name])
        return None
