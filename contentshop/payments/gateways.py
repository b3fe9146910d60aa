"""All gateways of an installation, by name and by what buyers choose."""

from __future__ import annotations

from collections.abc import Sequence

from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.words import say
from contentshop.payments.port import Instructions, PaymentGateway


class Gateways:
    """Each method belongs to one gateway, the first that has it. Methods keep the order of the gateways, or that of
    ``offered``, which leaves out what is not in it; a gateway stays, for what was paid with it before."""

    def __init__(self, gateways: Sequence[PaymentGateway], offered: Sequence[str] = ()) -> None:
        self._named = {gateway.name: gateway for gateway in gateways}
        self._of: dict[str, PaymentGateway] = {}
        for gateway in gateways:
            for method in gateway.methods:
                self._of.setdefault(method, gateway)
        if offered:
            self._of = {method: self._of[method] for method in offered}

    @property
    def methods(self) -> tuple[str, ...]:
        """What buyers can choose from."""
        return tuple(self._of)

    def methods_for(self, currency: str) -> tuple[str, ...]:
        """What buyers who pay in ``currency`` can choose from."""
        return tuple(
            method
            for method, gateway in self._of.items()
            if gateway.currencies is None or currency in gateway.currencies
        )

    def is_online(self, method: str) -> bool:
        """Whether the buyer of ``method`` goes to a provider; False for what is not offered any more."""
        return method in self._of and self._of[method].online

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
