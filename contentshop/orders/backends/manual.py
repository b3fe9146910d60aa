"""Payment without a provider: bank transfer, or on delivery. An operator marks what has arrived."""

from __future__ import annotations

from contentshop.core.money import Money
from contentshop.orders.port import Instructions


class ManualPaymentGateway:
    """Shows the bank details of the shop."""

    methods: tuple[str, ...] = ("bank_transfer", "on_delivery")

    def __init__(self, bank_details: str) -> None:
        self._lines = tuple(line.strip() for line in bank_details.splitlines() if line.strip())

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        lines = self._lines if method == "bank_transfer" else ()
        return Instructions(lines=lines, reference=order_key.upper())
