"""Stripe's gateway against localstripe: a real server, Stripe's own library, signed messages."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from contentshop.core.errors import Unavailable
from contentshop.core.money import Money
from contentshop.payments.backends.stripe import StripePaymentGateway, _from_stripe, _to_stripe
from contentshop.payments.port import Attempt, NotGenuine, RefundOrder, Refused
from tests.stripe_stand_in import DECLINED_CARD, SECRET, WEBHOOK_SECRET, StripeStandIn, stripe_stand_in

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeStandIn]:
    with stripe_stand_in() as found:
        yield found


@pytest.fixture
def gateway(stripe: StripeStandIn) -> StripePaymentGateway:
    stripe.mode = "well"
    return StripePaymentGateway(SECRET, WEBHOOK_SECRET, stripe.url)


def attempt(key: str, due: Money) -> Attempt:
    return Attempt(
        key=key,
        order_key="order1",
        method="card",
        due=due,
        title="Order ORDER1",
        email="ada@example.org",
        locale="en",
        return_url="http://shop.test/back",
        back_url="http://shop.test/pay",
    )


def test_a_payment_from_beginning_to_refund(stripe: StripeStandIn, gateway: StripePaymentGateway) -> None:
    begun = gateway.begin(attempt("pay1", Money(2598, "USD")))
    assert begun.redirect_url == f"{stripe.url}/pay/{begun.reference}"
    assert gateway.begin(attempt("pay1", Money(2598, "USD"))) == begun
    assert gateway.look("pay1", begun.reference).outcome == "open"
    assert stripe.pay(begun.reference)
    seen = gateway.look("pay1", begun.reference)
    assert (seen.outcome, seen.received) == ("paid", Money(2598, "USD"))
    assert gateway.look("pay1", seen.reference) == seen

    order = RefundOrder("part1", "pay1", seen.reference, Money(2598, "USD"), Money(1000, "USD"), "returned")
    first = gateway.refund(order)
    assert first.state == "done"
    # localstripe forgets idempotency keys at once; what was sent is found and not sent again.
    assert [gateway.refund(order) for _again in range(5)] == [first] * 5
    listed = stripe.ask("GET", f"/v1/refunds?payment_intent={seen.reference}")["data"]
    assert [refund["amount"] for refund in listed] == [1000]


def test_a_card_that_is_declined_leaves_the_payment_open(stripe: StripeStandIn, gateway: StripePaymentGateway) -> None:
    begun = gateway.begin(attempt("pay9", Money(500, "USD")))
    assert not stripe.pay(begun.reference, DECLINED_CARD)
    assert gateway.look("pay9", begun.reference).outcome == "open"


def test_a_refund_of_what_was_not_paid_is_refused(gateway: StripePaymentGateway) -> None:
    begun = gateway.begin(attempt("pay2", Money(500, "USD")))
    assert begun.reference
    with pytest.raises(Refused):
        gateway.refund(RefundOrder("part2", "pay2", "pi_nothere", Money(500, "USD"), Money(500, "USD"), "x"))


@pytest.mark.parametrize("mode", ["down", "nonsense"])
def test_what_does_not_help_is_asked_again_later(
    stripe: StripeStandIn, gateway: StripePaymentGateway, mode: str
) -> None:
    stripe.mode = mode
    with pytest.raises(Unavailable):
        gateway.begin(attempt("pay3", Money(500, "USD")))
    with pytest.raises(Unavailable):
        gateway.look("pay3", "pi_1")
    with pytest.raises(Unavailable):
        gateway.refund(RefundOrder("part3", "pay3", "pi_1", Money(500, "USD"), Money(500, "USD"), "x"))


def test_nobody_there_is_asked_again_later() -> None:
    with pytest.raises(Unavailable):
        StripePaymentGateway(SECRET, WEBHOOK_SECRET, "http://127.0.0.1:9").begin(attempt("pay4", Money(500, "USD")))


def message(kind: str, thing: dict[str, Any], *, number: str = "evt_1") -> bytes:
    return json.dumps({"id": number, "object": "event", "type": kind, "data": {"object": thing}}).encode()


def sign(body: bytes, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> dict[str, str]:
    at = int(time.time()) if at is None else at
    signature = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={signature}"}


INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 2598,
    "amount_received": 2598,
    "currency": "usd",
    "metadata": {"payment": "pay1", "order": "order1"},
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 1000,
    "currency": "usd",
    "payment_intent": "pi_1",
    "metadata": {"part": "part1"},
}


def test_messages_are_read(gateway: StripePaymentGateway) -> None:
    body = message("payment_intent.succeeded", INTENT)
    event = gateway.verify(sign(body), body)
    assert (event.id, event.kind, event.reference) == ("evt_1", "paid", "pi_1")
    assert (event.payment_key, event.amount) == ("pay1", Money(2598, "USD"))
    failed = INTENT | {"last_payment_error": {"message": "Your card was declined."}}
    body = message("payment_intent.payment_failed", failed)
    event = gateway.verify(sign(body), body)
    assert (event.kind, event.note, event.amount) == ("declined", "Your card was declined.", None)
    body = message("checkout.session.expired", {"id": "cs_1", "metadata": {"payment": "pay1"}})
    event = gateway.verify(sign(body), body)
    assert (event.kind, event.payment_key) == ("failed", "pay1")
    for status, kind in (("succeeded", "refund_done"), ("failed", "refund_failed"), ("pending", "other")):
        body = message("refund.updated", REFUND | {"status": status})
        event = gateway.verify(sign(body), body)
        assert (event.kind, event.refund_key) == (kind, "part1")
    body = message("customer.created", {"id": "cus_1"})
    assert gateway.verify(sign(body), body).kind == "other"


def test_forged_and_old_messages_are_not_genuine(gateway: StripePaymentGateway) -> None:
    body = message("payment_intent.succeeded", INTENT)
    good = sign(body)
    changed = body.replace(b"2598", b"9999")
    for headers, sent in (
        ({}, body),
        ({"Stripe-Signature": "nonsense"}, body),
        (sign(body, secret="whsec_other"), body),
        (sign(body, at=int(time.time()) - 3600), body),
        (good, changed),
        (sign(b"not json"), b"not json"),
        (sign(b"[]"), b"[]"),
        (sign(b"\xff\xfe"), b"\xff\xfe"),
        (sign(b'{"object": "event"}'), b'{"object": "event"}'),
    ):
        with pytest.raises(NotGenuine):
            gateway.verify(headers, sent)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(Money(500, "JPY"), 500), (Money(1999, "USD"), 1999), (Money(1500, "KWD"), 1500)]
)
def test_amounts_are_counted_as_stripe_does(ours: Money, theirs: int) -> None:
    assert _to_stripe(ours) == theirs
    assert _from_stripe(theirs, ours.currency.lower()) == ours
