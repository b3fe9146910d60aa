"""The payment port: what the shop asks of those who move its money. What is due and what was paid stays ours.

Every call that goes over a network raises Unavailable when the provider does not answer or answers nonsense (ask
again later, with the same key), and Refused when it has decided (asking again changes nothing). None is made while a
transaction is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from contentshop.core.errors import Conflict
from contentshop.core.money import Money

# What has become of a payment: not yet, all of it has come, never will.
Outcome = Literal["open", "paid", "failed"]
# What an event tells: of a payment that it is paid, declined for now, or failed for good; of a refund that it is done
# or failed; of a dispute
# that it was begun; "other" is none of our business.
EventKind = Literal["paid", "declined", "failed", "refund_done", "refund_failed", "disputed", "other"]


class Refused(Conflict):
    """The provider says no. The message is the provider's own, for operators."""


class NotGenuine(Refused):
    """A message that claims to be the provider's and is not, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """How a buyer pays: lines of plain text to show, in no language of ours (account numbers, references)."""

    lines: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay. ``key`` is its idempotency key: beginning it again is the same payment."""

    key: str
    order_key: str
    method: str
    due: Money
    title: str
    email: str
    locale: str
    return_url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The provider knows the attempt by ``reference``; the buyer pays at ``redirect_url``, or by the ``code`` of a QR
    picture when there is no address to go to."""

    reference: str
    redirect_url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the provider says of a payment when it is asked. ``received`` is None until it is paid."""

    outcome: Outcome
    reference: str
    received: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A genuine message of a provider. ``id`` is the same for every copy of it.

    ``payment_key`` is our own key when the message carries it; ``refund_key`` likewise for refunds.
    """

    id: str
    kind: EventKind
    name: str
    reference: str = ""
    payment_key: str = ""
    refund_key: str = ""
    amount: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A part of a payment to send back. ``key`` is its idempotency key."""

    key: str
    payment_key: str
    reference: str
    paid: Money
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RefundResult:
    """``state`` "sent" when the provider will tell later."""

    state: Literal["done", "sent", "failed"]
    reference: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider wants to be answered when its message was taken."""

    body: str
    content_type: str = "text/plain"


class PaymentGateway(Protocol):
    """Takes the money for an order and gives it back."""

    name: str
    methods: tuple[str, ...]
    # What it can be paid in; None is everything.
    currencies: frozenset[str] | None
    # Whether the buyer goes to the provider and it tells us; else people tell us what has arrived.
    online: bool

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        """What to tell the buyer who chose ``method``. Goes over no network."""

    def begin(self, attempt: Attempt) -> Begun:
        """Tell the provider of the attempt; again with the same key gives the same."""

    def look(self, attempt_key: str, reference: str) -> Sighting:
        """Ask the provider what has become of a payment."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        """Read a message that was sent to us. Raises NotGenuine. Goes over no network."""

    def receipt(self) -> Receipt:
        """The answer to a message that was taken."""

    def refund(self, order: RefundOrder) -> RefundResult:
        """Send back a part of a payment; again with the same key sends nothing twice."""
