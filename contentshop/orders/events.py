"""What has happened to orders."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """A buyer promised to pay and we promised to deliver."""

    order: str


@dataclass(frozen=True, slots=True)
class OrderPaid(Event):
    """The money of this order has arrived."""

    order: str


@dataclass(frozen=True, slots=True)
class OrderPartPaid(Event):
    """A part of this order's money has arrived, and the rest is still due."""

    order: str


@dataclass(frozen=True, slots=True)
class OrderRefunded(Event):
    """Money of this order has gone back."""

    order: str
    refund: str


@dataclass(frozen=True, slots=True)
class OrderShipped(Event):
    """A parcel of this order is on its way; ``shipment`` is its key."""

    order: str
    shipment: str = ""


@dataclass(frozen=True, slots=True)
class OrderCompleted(Event):
    """The goods have arrived, as the buyer said or as the time that has passed says."""

    order: str


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """This order will not be delivered; its stock is free again."""

    order: str


@dataclass(frozen=True, slots=True)
class ClaimAsked(Event):
    """This person asked for a link that adds what they ordered as a guest."""

    user: str
