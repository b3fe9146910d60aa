"""What may become of an order: one table of legal steps, and pure questions about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from contentshop.accounts.policy import Duty
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.words import say
from contentshop.orders.inputs import PAYMENT_METHODS
from contentshop.orders.models import Order, Shipment


class Verb(Enum):
    """What somebody does to an order."""

    PAY = "paid"
    SHIP = "shipped"
    DROP = "dropped"
    COMPLETE = "completed"
    CANCEL = "cancelled"


# Whose work each of them is. Buyers cancel and confirm their own orders without any duty.
DUTY: dict[Verb, Duty] = {
    Verb.PAY: Duty.MONEY,
    Verb.SHIP: Duty.PACK,
    Verb.DROP: Duty.SERVE,
    Verb.COMPLETE: Duty.SERVE,
    Verb.CANCEL: Duty.SERVE,
}

# Paid before anything leaves the house; money that comes too late brings the order back.
AHEAD = tuple(method for method in PAYMENT_METHODS if method != "on_delivery")


@dataclass(frozen=True, slots=True)
class Step:
    """A legal step: the state after it, and the payment methods it is legal for."""

    to: str
    methods: tuple[str, ...] = PAYMENT_METHODS


# (state, verb) → step. Whatever is not here is refused. A parcel that is not the last one leaves the order
# "part_shipped"; dropping what is left makes such an order "shipped".
STEPS: dict[tuple[str, Verb], Step] = {
    ("placed", Verb.PAY): Step("paid"),
    ("placed", Verb.SHIP): Step("shipped", ("on_delivery",)),
    ("placed", Verb.CANCEL): Step("cancelled"),
    ("paid", Verb.SHIP): Step("shipped"),
    ("paid", Verb.CANCEL): Step("cancelled"),
    ("part_shipped", Verb.SHIP): Step("shipped"),
    ("part_shipped", Verb.DROP): Step("shipped"),
    # The carrier brings back the money of a parcel that was paid at the door.
    ("part_shipped", Verb.PAY): Step("part_shipped", ("on_delivery",)),
    ("shipped", Verb.PAY): Step("shipped", ("on_delivery",)),
    ("shipped", Verb.COMPLETE): Step("completed"),
    ("completed", Verb.PAY): Step("completed", ("on_delivery",)),
    # Money that came too late: the order lives again if its goods can be promised once more.
    ("cancelled", Verb.PAY): Step("paid", AHEAD),
}

REFUSALS: dict[tuple[str, Verb], str] = {
    ("placed", Verb.SHIP): say("This order is not paid yet, so it cannot be shipped."),
    ("placed", Verb.DROP): say("Nothing of this order has been shipped. Cancel the whole order instead."),
    ("placed", Verb.COMPLETE): say("This order has not been shipped yet, so its receipt cannot be confirmed."),
    ("paid", Verb.DROP): say("Nothing of this order has been shipped. Cancel the whole order instead."),
    ("paid", Verb.COMPLETE): say("This order has not been shipped yet, so its receipt cannot be confirmed."),
    ("part_shipped", Verb.CANCEL): say("A part of this order has been shipped already, so it cannot be cancelled."),
    ("part_shipped", Verb.COMPLETE): say("A part of this order has still to be shipped."),
    ("shipped", Verb.CANCEL): say("This order has been shipped already, so it cannot be cancelled."),
    ("shipped", Verb.DROP): say("Everything in this order has been shipped already."),
    ("completed", Verb.SHIP): say("Everything in this order has been shipped already."),
    ("completed", Verb.DROP): say("Everything in this order has been shipped already."),
    ("completed", Verb.CANCEL): say("This order has been received already, so it cannot be cancelled."),
    ("cancelled", Verb.SHIP): say("This order is cancelled, so it cannot be shipped."),
    ("cancelled", Verb.DROP): say("This order is cancelled, so nothing of it is left to send."),
    ("cancelled", Verb.COMPLETE): say("This order is cancelled, so its receipt cannot be confirmed."),
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
        case Verb.COMPLETE:
            return order.state == "completed"
        case Verb.CANCEL:
            return order.state == "cancelled"
        case Verb.DROP:
            return False


def possible(order: Order) -> tuple[Verb, ...]:
    """What can be done to ``order`` now, in the order of the table."""
    return tuple(
        verb
        for verb in Verb
        if not is_done(order, verb)
        and find_step(order.state, verb, order.payment_method) is not None
        and (verb is not Verb.COMPLETE or order.paid_at is not None)
    )


def refusal(state: str, verb: Verb) -> str:
    """Why ``verb`` is not legal in ``state``, for the person who tried."""
    return REFUSALS.get((state, verb), say("This cannot be done to the order in its present state."))


def may_pay_by(method: str, *, shipped: bool, presale: bool) -> bool:
    """Whether an order can be paid by ``method``: at the door only what a carrier brings there, and no presale, which
    is paid when it is ordered."""
    return method != "on_delivery" or (shipped and not presale)


def part_note(received: Money, rest: Money) -> str:
    """What the timeline keeps of a part payment: ``10.00 15.98 USD``, what came and what is still due."""
    return f"{received.amount} {rest.amount} {rest.currency}"


def read_part_note(note: str) -> tuple[Money | None, Money] | None:
    """(what came, what is still due) of a part payment; notes of older releases know only the rest. None for others."""
    *amounts, currency = note.split(" ")
    try:
        found = [Money.parse(text, currency) for text in amounts]
    except Invalid:
        return None
    match found:
        case [received, rest]:
            return received, rest
        case [rest]:
            return None, rest
    return None


def needs_parcel(order: Order) -> bool:
    """Whether anything that was ordered is sent; files and gift cards are not."""
    return any(not line.digital for line in order.lines)


def parcels(order: Order) -> list[Shipment]:
    """What has left the house; a shipment of nothing but files and gift cards only says that they are there."""
    digital = {line.id for line in order.lines if line.digital}
    return [one for one in order.shipments if any(part.order_line_id not in digital for part in one.lines)]


def buyer_may_cancel(order: Order) -> bool:
    """Whether the buyer may cancel by themselves: until the first parcel leaves."""
    return find_step(order.state, Verb.CANCEL, order.payment_method) is not None


def buyer_may_confirm(order: Order) -> bool:
    """Whether the buyer may say that everything has arrived: after the last parcel left, once nothing is due."""
    return order.state == "shipped" and order.paid_at is not None


def is_given_back(order: Order) -> bool:
    """Whether nothing of it is left with its buyer: every unit was given back, or its money was."""
    return order.state in {"shipped", "completed"} and all(
        line.returned_quantity == line.quantity for line in order.lines
    )


def returnable_until(order: Order, within: timedelta) -> datetime | None:
    """The end of the time in which goods may be sent back without a reason; None before they have arrived.

    Counted from the day they were received: confirmed by the buyer or, failing that, by the timer.
    """
    return order.completed_at + within if order.completed_at is not None else None
