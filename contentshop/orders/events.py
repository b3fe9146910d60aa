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
class OrderShipped(Event):
    """The goods of this order are on their way."""

    order: str


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """This order will not be delivered; its stock is free again."""

    order: str
