"""WeChat Pay (Native, API v3), through wechatpayv3. Buyers scan a code; answers and messages are signed by WeChat."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

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

TIMEOUT = (5, 15)  # seconds to connect, and to answer
EVENTS: dict[str, EventKind] = {
    "TRANSACTION.SUCCESS": "paid",
    "REFUND.SUCCESS": "refund_done",
    "REFUND.ABNORMAL": "refund_failed",
    "REFUND.CLOSED": "refund_failed",
}
REFUND_STATES: dict[str, Literal["done", "sent", "failed"]] = {
    "SUCCESS": "done",
    "PROCESSING": "sent",
    "CLOSED": "failed",
    "ABNORMAL": "failed",
}


class WechatPaymentGateway:
    """``address`` is WeChat Pay's own, or that of a stand-in in tests."""

    name = "wechat_pay"
    online = True
    methods: tuple[str, ...] = ("wechat_pay",)
    currencies: frozenset[str] | None = frozenset({"CNY"})

    def __init__(
        self,
        *,
        merchant: str,
        app_id: str,
        private_key: str,
        certificate_serial: str,
        api_key: str,
        public_key: str,
        public_key_id: str,
        notify_url: str,
        address: str = "",
    ) -> None:
        self._public_key_id = public_key_id
        self._sdk = WeChatPay(
            wechatpay_type=WeChatPayType.NATIVE,
            mchid=merchant,
            private_key=private_key,
            cert_serial_no=certificate_serial,
            appid=app_id,
            apiv3_key=api_key,
            notify_url=notify_url,
            timeout=TIMEOUT,
            public_key=public_key,
            public_key_id=public_key_id,
        )
        if address:
            self._sdk._core._gate_way = address  # noqa: SLF001 - the library has no setting for it

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        return Instructions((), order_key.upper())

    def begin(self, attempt: Attempt) -> Begun:
        """``out_trade_no`` makes it one payment, however often it is begun."""
        answer = self._call(
            lambda: self._sdk.pay(
                description=attempt.title[:127],
                out_trade_no=attempt.key,
                amount={"total": attempt.due.minor, "currency": "CNY"},
            )
        )
        return Begun(reference=attempt.key, code=_text(answer, "code_url"))

    def look(self, attempt_key: str, reference: str) -> Sighting:
        try:
            answer = self._call(lambda: self._sdk.query(out_trade_no=attempt_key))
        except _NotThere:
            return Sighting("open", reference)
        state = _text(answer, "trade_state")
        trade = str(answer.get("transaction_id") or reference)
        if state in {"SUCCESS", "REFUND"}:
            return Sighting("paid", trade, _fen(answer))
        closed = state in {"CLOSED", "REVOKED", "PAYERROR"}
        return Sighting("failed" if closed else "open", trade, note=str(answer.get("trade_state_desc", "")))

    def verify(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        plain = {name.lower(): value for name, value in headers.items() if name.lower().startswith("wechatpay-")}
        # With a key that it does not know the library would go and fetch others; a stranger must not make it.
        if plain.get("wechatpay-serial") != self._public_key_id:
            raise NotGenuine("signed with another key")
        try:
            told = self._sdk.callback(plain, body)
            if not told:
                raise NotGenuine("the signature does not fit")
            return _read_message(told)
        except NotGenuine:
            raise
        except Exception as error:  # noqa: BLE001 - the library raises bare exceptions
            raise NotGenuine(f"this is no message of WeChat's: {type(error).__name__}") from None

    def receipt(self) -> Receipt:
        return Receipt('{"code": "SUCCESS", "message": "OK"}', "application/json")

    def refund(self, order: RefundOrder) -> RefundResult:
        """``out_refund_no`` makes it one refund, however often it is asked for."""
        answer = self._call(
            lambda: self._sdk.refund(
                out_refund_no=order.key,
                out_trade_no=order.payment_key,
                amount={"refund": order.amount.minor, "total": order.paid.minor, "currency": "CNY"},
                reason=order.reason[:80],
            )
        )
        state = REFUND_STATES.get(str(answer.get("status")), "sent")
        return RefundResult(state, str(answer.get("refund_id", "")))

    @staticmethod
    def _call(ask: Callable[[], tuple[int, Any]]) -> dict[str, Any]:
        try:
            status, text = ask()
        except requests.RequestException as error:
            raise Unavailable(f"WeChat Pay does not answer: {type(error).__name__}") from error
        except Exception as error:  # it raises bare exceptions, also for an answer that is not signed
            raise Unavailable(f"WeChat Pay answers what cannot be read: {error}") from error
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise Unavailable(f"WeChat Pay answers what cannot be read ({status}).") from error
        if not isinstance(answer, dict) or status == 429 or status >= 500:
            raise Unavailable(f"WeChat Pay is busy ({status}).")
        if status == 404:
            raise _NotThere(str(answer.get("message", ""))[:300])
        if status >= 300:
            raise Refused(str(answer.get("message") or answer.get("code") or status)[:300])
        return answer


class _NotThere(Refused):
    """WeChat Pay does not know the payment (yet)."""


def _text(answer: Mapping[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise Unavailable(f"WeChat Pay answers without “{name}”.")
    return found


def _fen(answer: Mapping[str, Any]) -> Money:
    amount = answer.get("amount")
    total = amount.get("total") if isinstance(amount, dict) else None
    if type(total) is not int or not isinstance(amount, dict):
        raise Unavailable("WeChat Pay answers without an amount.")
    return Money(total, str(amount.get("currency") or "CNY"))


def _read_message(told: Mapping[str, Any]) -> GatewayEvent:
    name = str(told["event_type"])
    resource = told["resource"]
    kind = EVENTS.get(name, "other")
    return GatewayEvent(
        id=str(told["id"]),
        kind=kind,
        name=name,
        reference=str(resource.get("transaction_id") or ""),
        payment_key=str(resource.get("out_trade_no") or ""),
        refund_key=str(resource.get("out_refund_no") or ""),
        amount=_fen(resource) if kind == "paid" else None,
        note=str(resource.get("trade_state_desc") or resource.get("refund_status") or ""),
    )
