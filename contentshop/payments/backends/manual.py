"""Payment without a provider: bank transfer, on delivery, or all of it by gift card. People say what has arrived."""

from __future__ import annotations

from collections.abc import Mapping

from contentshop.core.money import Money
from contentshop.payments.port import (
    Attempt,
    Begun,
    GatewayEvent,
    Instructions,
    NotGenuine,
    Receipt,
    RefundOrder,
    RefundResult,
    Refused,
    Sighting,
)


class ManualPaymentGateway:
    """Shows the bank details of the shop."""

    name = "manual"
    online = False
    methods: tuple[str, ...] = ("bank_transfer", "on_delivery")
    currencies: frozenset[str] | None = None

    def __init__(self, bank_details: str) -> None:
        self._lines = tuple(line.strip() for line in bank_details.splitlines() if line.strip())

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        lines = self._lines if method == "bank_transfer" else ()
        return Instructions(lines=lines, reference=order_key.upper())

    def begin(self, attempt: Attempt) -> Begun:
        raise Refused("people transfer the money themselves")

    def look(self, attempt_key: str, reference: str) -> Sighting:
        return Sighting("open", reference)

    def verify(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        raise NotGenuine("nobody sends messages about bank transfers")

    def receipt(self) -> Receipt:
        return Receipt("")

    def refund(self, order: RefundOrder) -> RefundResult:
        """Waits for the person who transfers it and says so at the desk."""
        return RefundResult("sent", "")
