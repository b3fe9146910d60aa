"""Alipay and WeChat Pay with keys of our own: signatures both ways, and a stand-in that answers as they do."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contentshop.core.errors import Unavailable
from contentshop.core.money import Money
from contentshop.payments.backends.alipay import AlipayPaymentGateway
from contentshop.payments.backends.wechat import WechatPaymentGateway
from contentshop.payments.port import Attempt, NotGenuine, RefundOrder, Refused

API_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0100000001"


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


@pytest.fixture(scope="module")
def ours() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def theirs() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


Answer = Callable[[str, str, dict[str, Any]], tuple[int, bytes, dict[str, str]]]


@pytest.fixture
def provider() -> Iterator[tuple[str, list[Answer]]]:
    """(address, [how it answers]): a server that a test tells what to say."""
    answers: list[Answer] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: Any) -> None:
            """Nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fields = json.loads(body) if body else {}
            status, content, headers = answers[-1](self.command, self.path, fields)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()
    thread.join(10)


def attempt(key: str) -> Attempt:
    due = Money(1234, "CNY")
    return Attempt(
        key, "order1", "alipay", due, "订单 ORDER1", "a@example.org", "zh", "http://s.test/b", "http://s.test/p"
    )


REFUND = RefundOrder("part1", "pay1", "trade1", Money(1234, "CNY"), Money(1000, "CNY"), "returned")

# --- Alipay --------------------------------------------------------------------------------------------------------


@pytest.fixture
def alipay(ours: Any, theirs: Any, provider: tuple[str, list[Answer]]) -> AlipayPaymentGateway:
    return AlipayPaymentGateway(
        "2026000000000001", pem(ours), public_pem(theirs), "http://s.test/hooks/payments/alipay", provider[0]
    )


def notice(key: rsa.RSAPrivateKey, **fields: str) -> bytes:
    values = {
        "app_id": "2026000000000001",
        "notify_id": "n1",
        "out_trade_no": "pay1",
        "trade_no": "trade1",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "12.34",
    } | fields
    signed = "&".join(f"{name}={values[name]}" for name in sorted(values))
    return urlencode(values | {"sign_type": "RSA2", "sign": sign(key, signed)}).encode()


def test_alipays_page_is_asked_for_with_our_signature(
    alipay: AlipayPaymentGateway, ours: Any, provider: tuple[str, list[Answer]]
) -> None:
    begun = alipay.begin(attempt("pay1"))
    assert begun.redirect_url.startswith(provider[0])
    fields = {name: values[0] for name, values in parse_qs(urlsplit(begun.redirect_url).query).items()}
    content = json.loads(fields["biz_content"])
    assert (content["out_trade_no"], content["total_amount"]) == ("pay1", "12.34")
    assert fields["notify_url"] == "http://s.test/hooks/payments/alipay"
    signature = fields.pop("sign")
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    ours.public_key().verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_alipays_notices_are_read_and_forged_ones_refused(alipay: AlipayPaymentGateway, ours: Any, theirs: Any) -> None:
    event = alipay.verify({}, notice(theirs))
    assert (event.id, event.kind, event.payment_key, event.reference) == ("n1", "paid", "pay1", "trade1")
    assert event.amount == Money(1234, "CNY")
    assert alipay.verify({}, notice(theirs, trade_status="TRADE_CLOSED")).kind == "failed"
    assert alipay.verify({}, notice(theirs, trade_status="TRADE_CLOSED", refund_fee="12.34")).kind == "other"
    assert alipay.verify({}, notice(theirs, trade_status="WAIT_BUYER_PAY")).kind == "other"
    assert alipay.receipt().body == "success"
    for forged in (
        notice(ours),
        notice(theirs, app_id="someone else"),
        notice(theirs).replace(b"12.34", b"99.99"),
        notice(theirs, total_amount="nonsense"),
        b"",
        b"no=signature",
        b"\xff\xfe",
        b"{}",
    ):
        with pytest.raises(NotGenuine):
            alipay.verify({}, forged)


def signed_answer(key: rsa.RSAPrivateKey, kind: str, **fields: str) -> Answer:
    content = json.dumps(fields, separators=(",", ":"))
    body = f'{{"{kind}":{content},"sign":"{sign(key, content)}"}}'.encode()
    return lambda *_asked: (200, body, {"Content-Type": "application/json"})


def test_alipay_is_asked_what_has_become_of_a_payment(
    alipay: AlipayPaymentGateway, ours: Any, theirs: Any, provider: tuple[str, list[Answer]]
) -> None:
    kind = "alipay_trade_query_response"
    good = {"code": "10000", "trade_no": "trade1", "total_amount": "12.34"}
    for status, outcome in (("TRADE_SUCCESS", "paid"), ("WAIT_BUYER_PAY", "open"), ("TRADE_CLOSED", "failed")):
        provider[1].append(signed_answer(theirs, kind, **good, trade_status=status))
        assert alipay.look("pay1", "").outcome == outcome
    provider[1].append(signed_answer(theirs, kind, code="40004", sub_code="ACQ.TRADE_NOT_EXIST"))
    assert alipay.look("pay1", "").outcome == "open"
    for bad in (
        signed_answer(ours, kind, **good, trade_status="TRADE_SUCCESS"),
        signed_answer(theirs, kind, code="20000", msg="busy"),
        lambda *_asked: (200, b"<html>", {}),
        lambda *_asked: (502, b"", {}),
    ):
        provider[1].append(bad)
        with pytest.raises(Unavailable):
            alipay.look("pay1", "")


def test_alipay_sends_money_back(alipay: AlipayPaymentGateway, theirs: Any, provider: tuple[str, list[Answer]]) -> None:
    kind = "alipay_trade_refund_response"
    provider[1].append(signed_answer(theirs, kind, code="10000", fund_change="Y", trade_no="trade1"))
    assert alipay.refund(REFUND).state == "done"
    provider[1].append(
        signed_answer(theirs, kind, code="40004", sub_code="ACQ.SELLER_BALANCE_NOT_ENOUGH", sub_msg="poor")
    )
    assert (alipay.refund(REFUND).state, alipay.refund(REFUND).note) == ("failed", "poor")


# --- WeChat Pay ----------------------------------------------------------------------------------------------------


@pytest.fixture
def wechat(ours: Any, theirs: Any, provider: tuple[str, list[Answer]]) -> WechatPaymentGateway:
    return WechatPaymentGateway(
        merchant="1900000001",
        app_id="wx1",
        private_key=pem(ours),
        certificate_serial="444F4864EA9B34415",
        api_key=API_KEY,
        public_key=public_pem(theirs),
        public_key_id=KEY_ID,
        notify_url="http://s.test/hooks/payments/wechat_pay",
        address=provider[0],
    )


def signature(key: rsa.RSAPrivateKey, body: str, *, serial: str = KEY_ID) -> dict[str, str]:
    at, nonce = str(int(time.time())), "n0nce"
    return {
        "Wechatpay-Timestamp": at,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Signature": sign(key, f"{at}\n{nonce}\n{body}\n"),
    }


def says(key: rsa.RSAPrivateKey, http: int, /, **fields: Any) -> Answer:
    body = json.dumps(fields)
    headers = signature(key, body) | {"Content-Type": "application/json"}
    return lambda *_asked: (http, body.encode(), headers)


def telling(kind: str, resource: dict[str, Any], api_key: str = API_KEY) -> str:
    nonce, more = "0123456789ab", "transaction"
    secret = AESGCM(api_key.encode()).encrypt(nonce.encode(), json.dumps(resource).encode(), more.encode())
    return json.dumps(
        {
            "id": "msg1",
            "event_type": kind,
            "resource_type": "encrypt-resource",
            "resource": {
                "algorithm": "AEAD_AES_256_GCM",
                "nonce": nonce,
                "associated_data": more,
                "ciphertext": base64.b64encode(secret).decode(),
            },
        }
    )


PAID = {"out_trade_no": "pay1", "transaction_id": "t1", "amount": {"total": 1234, "currency": "CNY"}}


def test_wechats_messages_are_read_and_forged_ones_refused(
    wechat: WechatPaymentGateway, ours: Any, theirs: Any
) -> None:
    body = telling("TRANSACTION.SUCCESS", PAID)
    event = wechat.verify(signature(theirs, body), body.encode())
    assert (event.id, event.kind, event.payment_key, event.reference) == ("msg1", "paid", "pay1", "t1")
    assert event.amount == Money(1234, "CNY")
    back = telling("REFUND.SUCCESS", {"out_refund_no": "part1", "out_trade_no": "pay1"})
    event = wechat.verify(signature(theirs, back), back.encode())
    assert (event.kind, event.refund_key) == ("refund_done", "part1")
    other = telling("TRANSACTION.SUCCESS", PAID, api_key="f" * 32)
    for headers, forged in (
        (signature(ours, body), body),
        (signature(theirs, body, serial="ABCDEF"), body),
        (signature(theirs, body), body.replace("msg1", "msg2")),
        (signature(theirs, other), other),
        (signature(theirs, "{}"), "{}"),
        (signature(theirs, "nonsense"), "nonsense"),
        ({}, body),
    ):
        with pytest.raises(NotGenuine):
            wechat.verify(headers, forged.encode())


def test_wechat_is_told_of_payments_and_refunds(
    wechat: WechatPaymentGateway, theirs: Any, provider: tuple[str, list[Answer]]
) -> None:
    provider[1].append(says(theirs, 200, code_url="weixin://wxpay/bizpayurl?pr=abc"))
    assert wechat.begin(attempt("pay1")).code == "weixin://wxpay/bizpayurl?pr=abc"
    for state, outcome in (("SUCCESS", "paid"), ("NOTPAY", "open"), ("CLOSED", "failed")):
        provider[1].append(says(theirs, 200, trade_state=state, **PAID))
        assert wechat.look("pay1", "pay1").outcome == outcome
    provider[1].append(says(theirs, 404, code="ORDER_NOT_EXIST", message="none"))
    assert wechat.look("pay1", "pay1").outcome == "open"
    for status, state in (("SUCCESS", "done"), ("PROCESSING", "sent"), ("ABNORMAL", "failed")):
        provider[1].append(says(theirs, 200, status=status, refund_id="r1"))
        assert wechat.refund(REFUND).state == state


def test_wechat_that_is_away_or_says_no(
    wechat: WechatPaymentGateway, ours: Any, theirs: Any, provider: tuple[str, list[Answer]]
) -> None:
    for bad in (
        says(ours, 200, code_url="weixin://forged"),
        says(theirs, 200, nothing="here"),
        says(theirs, 500, code="SYSTEM_ERROR"),
        says(theirs, 429, code="FREQUENCY_LIMITED"),
        lambda *_asked: (200, b"<html>", {"Content-Type": "text/html"}),
    ):
        provider[1].append(bad)
        with pytest.raises(Unavailable):
            wechat.begin(attempt("pay1"))
    provider[1].append(says(theirs, 403, code="NO_AUTH", message="not allowed"))
    with pytest.raises(Refused, match="not allowed"):
        wechat.begin(attempt("pay1"))
