"""What has happened to payments, refunds and gift cards."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class PaymentAsked(Event):
    """A buyer wants to pay, so the provider has to be told."""

    payment: str


@dataclass(frozen=True, slots=True)
class PaymentEventKept(Event):
    """A provider told of something that we know nothing of yet, or have just come to know."""

    gateway: str
    reference: str
    payment: str


@dataclass(frozen=True, slots=True)
class RefundAsked(Event):
    """Money has to go back, so the provider has to be told."""

    refund: str


@dataclass(frozen=True, slots=True)
class RefundDone(Event):
    """Money has gone back to the buyer."""

    refund: str
    order: str


@dataclass(frozen=True, slots=True)
class RefundFailed(Event):
    """The provider will not send the money back; somebody has to do it by hand."""

    refund: str
    order: str


@dataclass(frozen=True, slots=True)
class PayoutAccountNamed(Event):
    """Somebody who may open the order has named the account its refund is to be sent to."""

    order: str
    account: str


@dataclass(frozen=True, slots=True)
class GiftCardIssued(Event):
    """A gift card exists and its owner can be told."""

    gift_card: str
