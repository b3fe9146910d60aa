"""Which places an order's goods come from. Pure.

1. One place that has all of it: one in the buyer's country before others, then the one with most of it.
2. Else each variant from one place, by the same order; a place that sends something of this order anyway comes first
   among equals.
3. Only a variant that no place has enough of is split: from the same order of places, as few as do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """What can be had of a variant at an open place. ``country`` is ISO 3166, empty when not told."""

    variant_id: int
    location_id: int
    country: str
    free: int


@dataclass(frozen=True, slots=True)
class Part:
    """So many units of a variant from one place."""

    variant_id: int
    location_id: int
    quantity: int


def allocate(
    levels: Sequence[Level], wants: Mapping[int, int], *, country: str = "", used: Collection[int] = ()
) -> list[Part]:
    """Parts that make up ``wants`` (variant id → units), by variant and place; ``used`` are places that send anyway.

    Raises ValueError when the levels do not suffice: whoever asks has made sure of the sums before.
    """
    whole = _one_place(levels, wants, country, used)
    if whole is not None:
        return [Part(variant_id, whole, quantity) for variant_id, quantity in sorted(wants.items())]
    parts: list[Part] = []
    sending = set(used)
    for variant_id, quantity in sorted(wants.items()):
        found = _one_variant([one for one in levels if one.variant_id == variant_id], quantity, country, sending)
        sending |= {part.location_id for part in found}
        parts += found
    return sorted(parts, key=lambda part: (part.variant_id, part.location_id))


def _one_place(levels: Sequence[Level], wants: Mapping[int, int], country: str, used: Collection[int]) -> int | None:
    """The best place that has everything, if one has."""
    enough: dict[int, list[Level]] = {}
    for level in levels:
        if level.free >= wants.get(level.variant_id, 1 << 62):
            enough.setdefault(level.location_id, []).append(level)
    whole = [found for found in enough.values() if len(found) == len(wants)]
    if not whole:
        return None
    best = min(whole, key=lambda found: _rank(found[0], sum(one.free for one in found), country, used))
    return best[0].location_id


def _one_variant(levels: Sequence[Level], quantity: int, country: str, used: Collection[int]) -> list[Part]:
    order = sorted(levels, key=lambda level: _rank(level, level.free, country, used))
    whole = next((level for level in order if level.free >= quantity), None)
    if whole is not None:
        return [Part(whole.variant_id, whole.location_id, quantity)]
    parts: list[Part] = []
    for level in order:
        taken = min(level.free, quantity)
        if taken > 0:
            parts.append(Part(level.variant_id, level.location_id, taken))
            quantity -= taken
    if quantity:
        raise ValueError("the places have less than their sum says")
    return parts


def _rank(level: Level, free: int, country: str, used: Collection[int]) -> tuple[bool, bool, int, int]:
    """Smaller is better: near, sending anyway, full; then the older place."""
    return (not country or level.country != country, level.location_id not in used, -free, level.location_id)
