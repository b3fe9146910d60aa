"""The numbers that name things the world over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contentshop.core.words import say
from contentshop.products.inputs.fields import (
    Problems,
    note_problem,
    plain,
)


def parse_gtin(data: Mapping[str, Any], problems: Problems, where: str = "") -> str | None:
    """The GTIN with 14 digits, however it was written (8, 12, 13 or 14), or None.

    Kept in one length so that a UPC and the EAN of the same thing are equal. The check digit is that of the
    GS1 General Specifications, section 7.9.
    """
    digits = re.sub(r"[\s-]", "", plain(data.get("gtin"), "gtin", problems, where))
    if not digits or where + "gtin" in problems:
        return None
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in {8, 12, 13, 14}:
        note_problem(problems, where + "gtin", say("A GTIN has 8, 12, 13 or 14 digits."))
        return None
    full = digits.zfill(14)
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(full))
    if total % 10 or not int(full):
        note_problem(
            problems,
            where + "gtin",
            say("The check digit of “%(digits)s” is wrong; please compare it with the packaging.", digits=digits),
        )
        return None
    return full


def gtin_forms(gtin: str | None) -> tuple[str, ...]:
    """Every way to write a stored GTIN: with 14 digits, 13 (EAN), 12 (UPC) and 8, as far as zeros allow."""
    if not gtin:
        return ()
    return tuple(gtin[-length:] for length in (14, 13, 12, 8) if not int(gtin[:-length] or "0"))


def gtin_shown(gtin: str | None) -> str:
    """A stored GTIN as packages have it: with 8, 12, 13 or 14 digits, without the zeros that only make it longer."""
    return (gtin_forms(gtin) or ("",))[-1]
