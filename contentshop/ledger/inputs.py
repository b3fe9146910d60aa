"""One side of a booking."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Lower-case words separated by colons, the last of which may be a key or a country: "tax:DE", "creator:7k2…".
ACCOUNT = re.compile(r"[a-z]+(:[A-Za-z0-9_-]+)*")
ACCOUNT_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Entry:
    """So many minor units on an account: positive is debit, negative is credit."""

    account: str
    minor: int
