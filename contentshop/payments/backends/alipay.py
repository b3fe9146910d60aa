"""Alipay (website payment), through python-alipay-sdk. Every message is signed both ways with RSA2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError
from alipay.utils import AliPayConfig

from contentshop.core.errors import Invalid, Unavailable
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

TIMEOUT = 15  # seconds
GATEWAY = "https://openapi.alipay.com/gateway.do"
PAID = {"TRADE_SUCCESS", "TRADE_FINISHED"}
# Answers after which asking again may help (opendocs.alipay.com, common error codes).
BUSY = {"20000", "ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error"}
UNKNOWN_TRADE = "ACQ.TRADE_NOT_EXIST"


class AlipayPaymentGateway:
    """``address`` is Alipay's gateway, or that of a stand-in in tests."""

    name = "alipay"
    online = True
    methods: tuple[str, ...] = ("alipay",)
    currencies: frozenset[str] | None = frozenset({"CNY"})

    def __init__(
        self, app_id: str, private_key: str, alipay_public_key: str, notify_url: str, address: str = ""
    ) -> None:
        self._app_id = app_id
        self._address = address or GATEWAY
        self._sdk = AliPay(
            appid=app_id,
            app_notify_url=notify_url,
            app_private_key_string=private_key,
            alipay_public_key_string=alipay_public_key,
            sign_type="RSA2",
            config=AliPayConfig(timeout=TIMEOUT),
        )
        self._sdk._gateway = self._address  # noqa: SLF001 - the library has no setting for it

    def instructions(self, method: str, order_key: str, due: Money) -> Instructions:
        return Instructions((), order_key.upper())

    def begin(self, attempt: Attempt) -> Begun:
        """Only signs an address: Alipay hears of the payment when the buyer goes there."""
        query = self._sdk.api_alipay_trade_page_pay(
            subject=attempt.title,
            out_trade_no=attempt.key,
            total_amount=str(attempt.due.amount),
            return_url=attempt.return_url,
        )
        return Begun(reference="", redirect_url=f"{self._address}?{query}")

    def look(self, attempt_key: str, reference: str) -> Sighting:
        answer = self._call("alipay.trade.query", {"out_trade_no": attempt_key})
        if answer.get("sub_code") == UNKNOWN_TRADE:
            return Sighting("open", reference)
        _check(answer)
        status = answer.get("trade_status")
        trade = str(answer.get("trade_no", reference))
        if status in PAID:
            return Sighting("paid", trade, _yuan(answer.get("total_amount")))
        return Sighting("failed" if status == "TRADE_CLOSED" else "open", trade)

    def verify(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        try:
            fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True))
            signature = fields.pop("sign")
            genuine = self._sdk.verify(dict(fields), signature)
        except (ValueError, KeyError, TypeError, AliPayException) as error:
            raise NotGenuine(f"this is no message of Alipay's: {error}") from None
        if not genuine or fields.get("app_id") != self._app_id:
            raise NotGenuine("the signature does not fit, or it is for another app")
        return _read_notice(fields)

    def receipt(self) -> Receipt:
        return Receipt("success")

    def refund(self, order: RefundOrder) -> RefundResult:
        """``out_request_no`` makes it one refund, however often it is asked for."""
        asked = {
            "out_trade_no": order.payment_key,
            "out_request_no": order.key,
            "refund_amount": str(order.amount.amount),
            "refund_reason": order.reason[:256],
        }
        answer = self._call("alipay.trade.refund", asked)
        if answer.get("code") != "10000" and not _is_busy(answer):
            return RefundResult("failed", "", str(answer.get("sub_msg") or answer.get("msg") or ""))
        _check(answer)
        if answer.get("fund_change") == "Y":
            return RefundResult("done", str(answer.get("trade_no", "")))
        # Asked before, or still on its way: what has become of it is another question.
        told = self._call(
            "alipay.trade.fastpay.refund.query", {"out_trade_no": order.payment_key, "out_request_no": order.key}
        )
        _check(told)
        state = "done" if told.get("refund_status") == "REFUND_SUCCESS" else "sent"
        return RefundResult(state, str(told.get("trade_no", "")))  # type: ignore[arg-type]

    def _call(self, method: str, content: dict[str, str]) -> dict[str, Any]:
        try:
            answer = self._sdk.server_api(method, content)
        except AliPayValidationError as error:
            raise Unavailable("Alipay's answer is not signed by Alipay.") from error
        except AliPayException as error:
            answer = _unsigned(error)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unavailable(f"Alipay does not answer: {type(error).__name__}") from error
        if not isinstance(answer, dict):
            raise Unavailable("Alipay answers what cannot be read.")
        return answer


def _unsigned(error: AliPayException) -> dict[str, Any]:
    """An error of Alipay's gateway, which it does not always sign; only ever read as a refusal."""
    try:
        whole = json.loads(str(error.message))
        found = next(part for part in whole.values() if isinstance(part, dict))
    except (ValueError, StopIteration, AttributeError) as unreadable:
        raise Unavailable("Alipay answers what cannot be read.") from unreadable
    if found.get("code") == "10000":
        raise Unavailable("Alipay's answer is not signed by Alipay.")
    return dict(found)


def _is_busy(answer: Mapping[str, Any]) -> bool:
    return answer.get("code") in BUSY or answer.get("sub_code") in BUSY


def _check(answer: Mapping[str, Any]) -> None:
    if _is_busy(answer):
        raise Unavailable(f"Alipay is busy: {answer.get('sub_msg') or answer.get('msg')}")
    if answer.get("code") != "10000":
        raise Refused(str(answer.get("sub_msg") or answer.get("msg") or "refused")[:300])


def _yuan(text: Any) -> Money:
    try:
        return Money.parse(str(text), "CNY")
    except Invalid as error:
        raise Unavailable("Alipay answers without an amount.") from error


def _read_notice(fields: Mapping[str, str]) -> GatewayEvent:
    status = fields.get("trade_status", "")
    kind: EventKind = "other"
    if status in PAID:
        kind = "paid"
    elif status == "TRADE_CLOSED" and Decimal(fields.get("refund_fee") or "0") == 0:
        # Closed after a full refund is no failure; the refund's own answer has told us.
        kind = "failed"
    try:
        amount = Money.parse(fields.get("total_amount", ""), "CNY") if kind == "paid" else None
    except Invalid as error:
        raise NotGenuine("without an amount") from error
    return GatewayEvent(
        id=fields.get("notify_id") or f"{fields.get('trade_no')}:{status}",
        kind=kind,
        name=status,
        reference=fields.get("trade_no", ""),
        payment_key=fields.get("out_trade_no", ""),
        amount=amount,
    )
