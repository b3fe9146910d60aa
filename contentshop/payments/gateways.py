"""All gateways of an installation, by name and by what buyers choose."""

from __future__ import annotations

from collections.abc import Sequence

from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.words import say
from contentshop.payments.port import Instructions, PaymentGateway


class Gateways:
    """Each method belongs to one gateway, the first that has it. Methods keep the order of the gateways."""

    def __init__(self, gateways: Sequence[PaymentGateway]) -> None:
        self._named = {gateway.name: gateway for gateway in gateways}
        self._of: dict[str, PaymentGateway] = {}
        for gateway in gateways:
            for method in gateway.methods:
                self._of.setdefault(method, gateway)

    @property
    def methods(self) -> tuple[str, ...]:
        """What buyers can choose from."""
        return tuple(self._of)

    @property
    def names(self) -> tuple[str, ...]:
        """The gateways that are configured."""
        return tuple(self._named)

    def named(self, name: str) -> PaymentGateway:
        """The gateway of this name. Raises NotFound when none such is configured."""
        if name not in self._named:
            raise NotFound(say("This way to pay is not set up."))
        return self._named[name]

    def of(self, method: str) -> PaymentGateway:
        """The gateway that takes ``method``. Raises NotFound when none does."""
        if method not in self._of:
            raise NotFound(say("This way to pay is not set up."))
        return self._of[method]

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        """What to tell the buyer who chose ``method``; nothing when it is not offered any more."""
        gateway = self._of.get(method)
        if gateway is None:
            return Instructions((), order_key.upper())
        return gateway.instructions(method, order_key, due)
