"""Stripe, through its own library: the buyer pays on Stripe's page (Checkout), so no card number ever reaches us.

Our pages forbid foreign scripts, hence no form of Stripe's inside them. What a payment is, is Stripe's PaymentIntent;
the session of Checkout is only the way to it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

import stripe

from contentshop.core.errors import Unavailable
from contentshop.core.money import Money
from contentshop.payments.port import (
    Attempt,
    Begun,
    EventKind,
    GatewayEvent,
    Instructions,
    NotGenuine,
    Receipt,
    RefundOrder,
    RefundResult,
    Refused,
    Sighting,
)

Answer = TypeVar("Answer")

TIMEOUT = 15  # seconds
# How many decimals Stripe counts in, where that is not what CLDR says
# (docs.stripe.com/currencies, "zero-decimal currencies" and "special cases").
DECIMALS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"], 0
    ),
    **dict.fromkeys(["BHD", "JOD", "KWD", "OMR", "TND"], 3),
}
# Languages of Stripe's page, by ours.
LANGUAGES = {"en": "en", "zh": "zh"}

EVENTS: dict[str, EventKind] = {
    "payment_intent.succeeded": "paid",
    "payment_intent.payment_failed": "declined",
    "payment_intent.canceled": "failed",
    "checkout.session.expired": "failed",
    "charge.dispute.created": "disputed",
}
REFUND_EVENTS = {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
REFUND_STATES: dict[str, Literal["done", "sent", "failed"]] = {
    "succeeded": "done",
    "pending": "sent",
    "requires_action": "sent",
    "failed": "failed",
    "canceled": "failed",
}

logging.getLogger("stripe").setLevel(logging.WARNING)


class StripePaymentGateway:
    """``address`` is Stripe's own, or that of a stand-in in tests."""

    name = "stripe"
    online = True
    methods: tuple[str, ...] = ("card",)
    currencies: frozenset[str] | None = None

    def __init__(self, secret_key: str, webhook_secret: str, address: str = "") -> None:
        options: dict[str, Any] = {"base_addresses": {"api": address}} if address else {}
        self._client = stripe.StripeClient(
            secret_key,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            # The worker tries again by itself, with the same keys, and tells the person meanwhile.
            max_network_retries=0,
            **options,
        )
        self._webhook_secret = webhook_secret

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        return Instructions((), order_key.upper())

    def begin(self, attempt: Attempt) -> Begun:
        ours = {"payment": attempt.key, "order": attempt.order_key}
        session = self._ask(
            lambda: self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": attempt.due.currency.lower(),
                                "unit_amount": _to_stripe(attempt.due),
                                "product_data": {"name": attempt.title},
                            },
                        }
                    ],
                    "client_reference_id": attempt.key,
                    "customer_email": attempt.email,
                    "locale": LANGUAGES.get(attempt.locale, "auto"),
                    "metadata": ours,
                    "payment_intent_data": {"metadata": ours},
                    "success_url": attempt.return_url,
                    "cancel_url": attempt.back_url,
                },
                {"idempotency_key": f"begin-{attempt.key}"},
            )
        )
        return Begun(reference=_text(session, "id"), redirect_url=_text(session, "url"))

    def look(self, attempt_key: str, reference: str) -> Sighting:
        if reference.startswith("pi_"):
            return self._look_at_intent(reference)
        session = self._ask(lambda: self._client.v1.checkout.sessions.retrieve(reference))
        intent = _get(session, "payment_intent")
        if intent:
            return self._look_at_intent(str(intent))
        return Sighting("failed" if _get(session, "status") == "expired" else "open", reference)

    def _look_at_intent(self, reference: str) -> Sighting:
        intent = self._ask(lambda: self._client.v1.payment_intents.retrieve(reference))
        match _text(intent, "status"):
            case "succeeded":
                return Sighting("paid", reference, _received(intent))
            case "canceled":
                return Sighting("failed", reference, note=str(_get(intent, "cancellation_reason") or ""))
        return Sighting("open", reference)

    def verify(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        signature = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        try:
            event = stripe.Webhook.construct_event(body, signature, self._webhook_secret)
            return _read_event(event)
        except stripe.SignatureVerificationError as error:
            raise NotGenuine(str(error)) from None
        except (ValueError, KeyError, TypeError, AttributeError, Unavailable) as error:
            raise NotGenuine(f"this is no event of Stripe's: {error}") from None

    def receipt(self) -> Receipt:
        return Receipt("ok")

    def refund(self, order: RefundOrder) -> RefundResult:
        """Looked for before it is made: Stripe forgets idempotency keys after a day, and we may be away for longer."""
        known = self._ask(lambda: self._client.v1.refunds.list({"payment_intent": order.reference, "limit": 100}))
        for refund in _get(known, "data") or ():
            if _get(_get(refund, "metadata"), "part") == order.key:
                return _read_refund(refund)
        made = self._ask(
            lambda: self._client.v1.refunds.create(
                {
                    "payment_intent": order.reference,
                    "amount": _to_stripe(order.amount),
                    "metadata": {"part": order.key, "payment": order.payment_key},
                },
                {"idempotency_key": f"refund-{order.key}"},
            )
        )
        return _read_refund(made)

    @staticmethod
    def _ask(call: Callable[[], Answer]) -> Answer:
        """One call. Raises Unavailable when asking again may help, Refused when it will not."""
        try:
            return call()
        except (stripe.APIConnectionError, stripe.RateLimitError) as error:
            raise Unavailable(f"Stripe does not answer: {error.user_message or type(error).__name__}") from error
        except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise Refused(str(error.user_message or error)[:300]) from error
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            # A wrong key is mended by a person, and then everything that waited goes on.
            raise Unavailable("Stripe does not accept our key.") from error
        except (stripe.StripeError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"Stripe answers what cannot be read: {type(error).__name__}") from error


def _get(thing: Any, name: str) -> Any:
    try:
        return thing[name]
    except (KeyError, TypeError):
        return None


def _text(thing: Any, name: str) -> str:
    found = _get(thing, name)
    if not isinstance(found, str) or not found:
        raise Unavailable(f"Stripe answers without “{name}”.")
    return found


def _to_stripe(amount: Money) -> int:
    """The amount in the units that Stripe counts in. Raises Refused when it cannot be said in them."""
    scaled = amount.amount.scaleb(DECIMALS.get(amount.currency, 2))
    if scaled != scaled.to_integral_value():
        raise Refused(f"{amount.amount} {amount.currency} cannot be paid with Stripe")
    return int(scaled)


def _from_stripe(units: Any, currency: Any) -> Money:
    if type(units) is not int or not isinstance(currency, str):
        raise Unavailable("Stripe answers without an amount.")
    code = currency.upper()
    one = Money(1, code).amount  # the value of our smallest unit
    return Money(int((Money(0, code).amount + units).scaleb(-DECIMALS.get(code, 2)) / one), code)


def _received(intent: Any) -> Money:
    units = _get(intent, "amount_received")
    return _from_stripe(units if units is not None else _get(intent, "amount"), _get(intent, "currency"))


def _read_event(event: Any) -> GatewayEvent:
    name = _text(event, "type")
    thing = event["data"]["object"]
    metadata = _get(thing, "metadata") or {}
    if name in REFUND_EVENTS:
        state = REFUND_STATES.get(str(_get(thing, "status")), "sent")
        kind: EventKind = {"done": "refund_done", "failed": "refund_failed"}.get(state, "other")  # type: ignore[assignment]
        part = str(_get(metadata, "part") or "")
        return GatewayEvent(
            _text(event, "id"),
            kind,
            name,
            reference=str(_get(thing, "payment_intent") or ""),
            refund_key=part,
            amount=_from_stripe(_get(thing, "amount"), _get(thing, "currency")),
            note=str(_get(thing, "failure_reason") or ""),
        )
    kind = EVENTS.get(name, "other")
    is_intent = name.startswith("payment_intent.")
    error = _get(thing, "last_payment_error") or {}
    return GatewayEvent(
        _text(event, "id"),
        kind,
        name,
        reference=str((_get(thing, "id") if is_intent else _get(thing, "payment_intent")) or ""),
        payment_key=str(_get(metadata, "payment") or ""),
        amount=_received(thing) if kind == "paid" else None,
        note=str(_get(error, "message") or _get(thing, "reason") or ""),
    )


def _read_refund(refund: Any) -> RefundResult:
    state = REFUND_STATES.get(str(_get(refund, "status")), "sent")
    return RefundResult(state, _text(refund, "id"), str(_get(refund, "failure_reason") or ""))
