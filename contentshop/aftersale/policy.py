"""What may become of an after-sale case: one table of legal steps, and pure questions about it.

The rules follow what large shops do (JD: no-reason return within seven days of receipt, price protection once for each
line); the numbers of days are settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from contentshop.accounts.policy import Duty
from contentshop.aftersale.inputs import ASKABLE, OUR_FAULT
from contentshop.aftersale.models import AfterSale, AfterSaleLine
from contentshop.core.words import say
from contentshop.orders.models import Order


class Verb(Enum):
    """What somebody does to a case."""

    APPROVE = "approve"
    REJECT = "reject"
    SEND = "send"
    RECEIVE = "receive"
    SETTLE = "settle"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Terms:
    """The shop's times: for returns without a reason and for faults, both from receipt; for price protection from
    payment; for staff to answer and for the buyer to send the goods."""

    no_reason: timedelta = timedelta(days=7)
    fault: timedelta = timedelta(days=30)
    protection: timedelta = timedelta(days=7)
    answer: timedelta = timedelta(days=2)
    send: timedelta = timedelta(days=7)
    confirm: timedelta = timedelta(days=10)


BACK = ("return", "exchange")
MONEY = ("refund", "protection")

# (state, verb) → (state after it, kinds it is legal for). Whatever is not here is refused.
STEPS: dict[tuple[str, Verb], tuple[str, tuple[str, ...]]] = {
    ("asked", Verb.APPROVE): ("approved", BACK + MONEY),
    ("asked", Verb.REJECT): ("rejected", BACK + MONEY),
    ("asked", Verb.WITHDRAW): ("withdrawn", BACK + MONEY),
    ("approved", Verb.SEND): ("sent", BACK),
    ("approved", Verb.RECEIVE): ("received", BACK),
    ("approved", Verb.WITHDRAW): ("withdrawn", BACK),
    ("approved", Verb.SETTLE): ("done", MONEY),
    ("sent", Verb.RECEIVE): ("received", BACK),
    ("received", Verb.SETTLE): ("done", BACK),
    # What came back is not what was to come back.
    ("received", Verb.REJECT): ("rejected", BACK),
}

REFUSALS: dict[tuple[str, Verb], str] = {
    ("asked", Verb.SEND): say("Please wait until we have agreed, then send the goods."),
    ("asked", Verb.RECEIVE): say("Agree to it first."),
    ("asked", Verb.SETTLE): say("Agree to it first."),
    ("approved", Verb.REJECT): say("It has been agreed to already."),
    ("approved", Verb.SETTLE): say("The goods have not come back yet."),
    ("sent", Verb.WITHDRAW): say("The goods are on their way back, so it cannot be withdrawn any more."),
    ("sent", Verb.REJECT): say("It has been agreed to already."),
    ("sent", Verb.SETTLE): say("The goods have not come back yet."),
    ("received", Verb.WITHDRAW): say("The goods have come back, so it cannot be withdrawn any more."),
}
UNNOTED = say("The carrier’s money for this order has not been noted yet. It can be paid back once it has been.")
CLOSED = frozenset({"done", "rejected", "withdrawn"})
OPEN = ("asked", "approved", "sent", "received")
# Whose work each of them is. Sending and withdrawing are the buyer's.
DUTY: dict[Verb, Duty] = {
    Verb.APPROVE: Duty.SERVE,
    Verb.REJECT: Duty.SERVE,
    Verb.RECEIVE: Duty.PACK,
    Verb.SETTLE: Duty.MONEY,
}

Next = Literal["shop", "buyer", "nobody"]


def find_step(state: str, verb: Verb, kind: str) -> str | None:
    """The state after ``verb``, or None when it is not legal."""
    found = STEPS.get((state, verb))
    return found[0] if found is not None and kind in found[1] else None


def possible(state: str, kind: str) -> tuple[Verb, ...]:
    """What can be done to a case now, in the order of the table."""
    return tuple(verb for verb in Verb if find_step(state, verb, kind) is not None)


def refusal(state: str, verb: Verb) -> str:
    """Why ``verb`` is not legal in ``state``, for the person who tried."""
    if state in CLOSED:
        return say("This case is closed.")
    return REFUSALS.get((state, verb), say("This cannot be done in the present state of the case."))


def is_to_settle(state: str, kind: str) -> bool:
    """Whether money goes back next."""
    return kind != "exchange" and find_step(state, Verb.SETTLE, kind) is not None


def agreed_units(case: AfterSale, line: AfterSaleLine) -> int:
    """How many units of a line may come back. Money for goods that stay is about all that were asked about."""
    return line.returned if case.kind in BACK else line.quantity


def is_less(case: AfterSale) -> bool:
    """Whether less was agreed than was asked for: less money, or fewer units."""
    fewer = any(agreed_units(case, line) < line.quantity for line in case.lines)
    return fewer or case.refund_minor < case.asked_minor


def whose_turn(state: str, kind: str) -> Next:
    """Who must act next."""
    if state in CLOSED:
        return "nobody"
    return "buyer" if state == "approved" and kind in BACK else "shop"


def due(state: str, kind: str, terms: Terms, now: datetime) -> datetime | None:
    """When whoever is next must have acted, from ``now`` on."""
    match whose_turn(state, kind):
        case "buyer":
            return now + terms.send
        case "shop":
            # A parcel on its way has its own time before anybody can answer it.
            return now + (terms.send if state == "sent" else terms.answer)
    return None


def refusal_to_apply(order: Order, reason: str, *, terms: Terms, now: datetime) -> str:
    """Why a buyer may not ask for anything of this order; empty when they may.

    A fault of ours may be told while the goods are on their way and for ``terms.fault`` after their receipt. Without
    a reason goods that may be sent back at all can go back for ``terms.no_reason`` after their receipt. What is paid at
    the door need not have been noted as paid.
    """
    if order.state == "cancelled":
        return say("This order is cancelled.")
    if order.state not in {"part_shipped", "shipped", "completed"}:
        return say("This order has not been shipped. You can cancel it instead.")
    if order.paid_at is None and not is_money_on_its_way(order):
        return say("This order is not paid yet.")
    within = terms.fault if reason in OUR_FAULT else terms.no_reason
    if order.completed_at is not None and now >= order.completed_at + within:
        days = within.days
        return say("The time to ask for this ended %(days)s days after the goods were received.", days=days)
    return ""


def is_money_on_its_way(order: Order) -> bool:
    """Whether the carrier took the money at the door, or will, and nobody here has noted it yet."""
    return order.payment_method == "on_delivery" and order.paid_at is None and order.state != "cancelled"


def kinds_for(*, digital: bool) -> tuple[str, ...]:
    """What can be asked for. Files and gift cards cannot be sent, neither back nor once more: they are paid back, and
    withdrawn by that."""
    return ("refund",) if digital else ASKABLE


def refusal_of_goods(kind: str, reason: str, *, digital: bool, returnable: bool) -> tuple[str, str]:
    """(field, sentence): why this cannot be asked for goods of this sort; ``kind`` is the field of what is wanted,
    ``units`` that of the goods. Both empty when it can."""
    if kind not in kinds_for(digital=digital):
        return "units", say("Files and gift cards are neither sent back nor exchanged. Ask for a refund of them alone.")
    if reason in OUR_FAULT:
        return "", ""
    if digital:
        wrong = say("This is paid back only when something is wrong with it.")
        return ("", "") if returnable else ("units", wrong)
    if kind == "refund":
        return "kind", say("Without a fault of ours the goods have to come back. Choose a return.")
    if not returnable:
        return "units", say("This can only be sent back when something is wrong with it.")
    return "", ""
