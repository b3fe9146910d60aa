"""The payment port. The shop's own part (what is due, what was paid) stays in ``orders.actions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from contentshop.core.money import Money


@dataclass(frozen=True, slots=True)
class Instructions:
    """How a buyer pays: lines of plain text to show, in no language of ours (account numbers, references)."""

    lines: tuple[str, ...]
    reference: str


class PaymentGateway(Protocol):
    """Takes the money for an order."""

    methods: tuple[str, ...]

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        """What to tell the buyer who chose ``method``."""
