"""What may become of an order: one table of legal steps, and pure questions about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from contentshop.core.words import say
from contentshop.orders.inputs import PAYMENT_METHODS
from contentshop.orders.models import Order


class Verb(Enum):
    """What somebody does to an order."""

    PAY = "paid"
    SHIP = "shipped"
    CANCEL = "cancelled"


@dataclass(frozen=True, slots=True)
class Step:
    """A legal step: the state after it, and the payment methods it is legal for."""

    to: str
    methods: tuple[str, ...] = PAYMENT_METHODS


# (state, verb) → step. Whatever is not here is refused.
STEPS: dict[tuple[str, Verb], Step] = {
    ("placed", Verb.PAY): Step("paid"),
    ("placed", Verb.SHIP): Step("shipped", ("on_delivery",)),
    ("placed", Verb.CANCEL): Step("cancelled"),
    ("paid", Verb.SHIP): Step("shipped"),
    ("paid", Verb.CANCEL): Step("cancelled"),
    # The carrier brings back the money of a parcel that was paid at the door.
    ("shipped", Verb.PAY): Step("shipped", ("on_delivery",)),
    # Money that came too late: the order lives again if its goods can be promised once more.
    ("cancelled", Verb.PAY): Step("paid", ("bank_transfer",)),
}

REFUSALS: dict[tuple[str, Verb], str] = {
    ("placed", Verb.SHIP): say("This order is not paid yet, so it cannot be shipped."),
    ("shipped", Verb.CANCEL): say("This order has been shipped already, so it cannot be cancelled."),
    ("cancelled", Verb.SHIP): say("This order is cancelled, so it cannot be shipped."),
    ("cancelled", Verb.PAY): say("This order is cancelled and was to be paid on delivery, so nothing is due."),
}


def find_step(state: str, verb: Verb, method: str) -> Step | None:
    """The legal step from ``state``, or None."""
    step = STEPS.get((state, verb))
    return step if step is not None and method in step.methods else None


def is_done(order: Order, verb: Verb) -> bool:
    """Whether ``verb`` has had its effect already, so that doing it again changes nothing."""
    match verb:
        case Verb.PAY:
            return order.paid_at is not None and order.state != "cancelled"
        case Verb.SHIP:
            return order.state == "shipped"
        case Verb.CANCEL:
            return order.state == "cancelled"


def possible(order: Order) -> tuple[Verb, ...]:
    """What can be done to ``order`` now, in the order of the table."""
    return tuple(
        verb
        for verb in Verb
        if not is_done(order, verb) and find_step(order.state, verb, order.payment_method) is not None
    )


def refusal(state: str, verb: Verb) -> str:
    """Why ``verb`` is not legal in ``state``, for the person who tried."""
    return REFUSALS.get((state, verb), say("This cannot be done to the order in its present state."))
