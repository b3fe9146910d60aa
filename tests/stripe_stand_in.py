"""Stripe's part, played by localstripe (a real server with state), and the one page that localstripe lacks: Checkout.

Whatever is asked of Checkout sessions is answered here and turned into what localstripe knows: a session is a
PaymentIntent; paying on its page attaches a card and confirms it. Everything else goes through to localstripe.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import requests

SECRET = "sk_test_contentshop"
WEBHOOK_SECRET = "whsec_contentshop"
GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000341"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class StripeStandIn:
    """Where it listens, and what has happened. ``mode``: well, down (no answer that helps), nonsense."""

    port: int
    behind: str
    mode: str = "well"
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        """Localstripe's own answer."""
        answer = requests.request(
            method, self.behind + path, data=data, headers={"Authorization": f"Bearer {SECRET}"}, timeout=30
        )
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found | {"status_code": answer.status_code}

    def send_messages_to(self, url: str) -> None:
        """Have localstripe tell ``url`` of everything, signed."""
        self.ask("POST", "/_config/webhooks/shop", {"url": url, "secret": WEBHOOK_SECRET})

    def pay(self, session_id: str, card: str = GOOD_CARD) -> bool:
        """What the page of Checkout does when the buyer types a card; whether the bank said yes."""
        intent = self.sessions[session_id]["payment_intent"]
        method = self.ask(
            "POST",
            "/v1/payment_methods",
            {
                "type": "card",
                "card[number]": card,
                "card[exp_month]": "12",
                "card[exp_year]": "2030",
                "card[cvc]": "123",
            },
        )
        self.ask("POST", f"/v1/payment_intents/{intent}", {"payment_method": method["id"]})
        return self.ask("POST", f"/v1/payment_intents/{intent}/confirm")["status_code"] == 200

    def begin_session(self, form: dict[str, str], idempotency_key: str) -> dict[str, Any]:
        """The same key gives the same session, as Stripe's does."""
        with self.lock:
            known = self.by_key.get(idempotency_key)
            if known:
                return self.sessions[known]
            data = {
                "amount": form["line_items[0][price_data][unit_amount]"],
                "currency": form["line_items[0][price_data][currency]"],
            }
            start = "payment_intent_data"
            data |= {
                name[len(start) + 1 :].replace("metadata]", "metadata", 1): value
                for name, value in form.items()
                if name.startswith(start)
            }
            intent = self.ask("POST", "/v1/payment_intents", data)
            number = f"cs_test_{len(self.sessions) + 1}"
            self.sessions[number] = {
                "id": number,
                "object": "checkout.session",
                "status": "open",
                "payment_intent": intent["id"],
                "url": f"{self.url}/pay/{number}",
                "success_url": form["success_url"],
            }
            self.by_key[idempotency_key] = number
            return self.sessions[number]


def _handler(stand_in: StripeStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: Any) -> None:
            """Nothing: the test's own output matters."""

        def _send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            stand_in.calls.append((self.command, self.path))
            if self.path.startswith("/pay/"):
                return self._page(body)
            if self.path == "/favicon.ico":
                return self._send(204, b"")
            if stand_in.mode == "down":
                return self._send(503, b'{"error": {"message": "down"}}')
            if stand_in.mode == "nonsense":
                return self._send(200, b"<html>Welcome to the airport Wi-Fi</html>", "text/html")
            if self.path == "/v1/checkout/sessions":
                form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                session = stand_in.begin_session(form, self.headers.get("Idempotency-Key", ""))
                return self._send(200, json.dumps(session).encode())
            if self.path.startswith("/v1/checkout/sessions/"):
                return self._send(200, json.dumps(stand_in.sessions[self.path.rsplit("/", 1)[1]]).encode())
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            answer = requests.request(
                self.command, stand_in.behind + self.path, data=body or None, headers=headers, timeout=30
            )
            return self._send(answer.status_code, answer.content)

        def _page(self, body: bytes) -> None:
            number = self.path.rsplit("/", 1)[1]
            if self.command == "GET":
                page = (
                    "<!doctype html><title>Checkout</title><h1>Pay here</h1><form method='post'>"
                    "<label>Card <input name='card' value='4242424242424242'></label><button>Pay</button></form>"
                )
                return self._send(200, page.encode(), "text/html; charset=utf-8")
            card = parse_qs(body.decode()).get("card", [GOOD_CARD])[0]
            if not stand_in.pay(number, card):
                return self._send(
                    200, b"<!doctype html><title>Checkout</title><p>Your card was declined.</p>", "text/html"
                )
            return self._send(303, b"", Location=stand_in.sessions[number]["success_url"])

        do_GET = do_POST = _answer

    return Handler


@contextmanager
def stripe_stand_in() -> Iterator[StripeStandIn]:
    """Both servers, running."""
    behind_port = free_port()
    behind = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(behind_port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found = StripeStandIn(free_port(), f"http://127.0.0.1:{behind_port}")
    server = ThreadingHTTPServer(("127.0.0.1", found.port), _handler(found))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                found.ask("GET", "/v1/customers?" + urlencode({"limit": 1}))
                break
            except requests.RequestException:
                if time.monotonic() > deadline or behind.poll() is not None:
                    raise
                time.sleep(0.1)
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
        behind.terminate()
        behind.wait(30)
