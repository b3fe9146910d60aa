"""A shop on loopback that answers as shops do, and as shops should not."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["ShopRequest"], None]


class ShopRequest(BaseHTTPRequestHandler):
    """One request; what answers it is looked up by its path."""

    protocol_version = "HTTP/1.1"
    server: Shop

    def do_GET(self) -> None:
        self.server.seen.append((self.headers.get("Host", ""), self.path))
        self.server.headers_seen.append(dict(self.headers))
        answer = self.server.answers.get(self.path.partition("?")[0])
        with suppress(OSError):  # the other side hangs up, as it should
            if answer is None:
                self.send(404, b"gone")
            else:
                answer(self)

    def send(self, status: int, body: bytes, **headers: str) -> None:
        """An ordinary answer."""
        self.send_response(status)
        told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in (told | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Shop(ThreadingHTTPServer):
    """``answers`` maps a path to what answers it; ``seen`` lists (host, path) of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ShopRequest)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, str]] = []
        self.headers_seen: list[dict[str, str]] = []
        self.stopped = threading.Event()

    @property
    def place(self) -> tuple[str, int]:
        return "127.0.0.1", self.server_port

    def page(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.answers[path] = lambda request: request.send(status, content, **headers)

    def redirect(self, path: str, target: str) -> None:
        self.answers[path] = lambda request: request.send(302, b"", Location=target)


def endless(shop: Shop, chunk: bytes = b" " * 65_536) -> Answer:
    """A page of a gigabyte, which does not say so."""

    def answer(request: ShopRequest) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.end_headers()
        for _ in range(2**30 // len(chunk)):
            if shop.stopped.is_set():
                return
            request.wfile.write(chunk)

    return answer


def dripping(shop: Shop, *, headers: bool) -> Answer:
    """A byte every tenth of a second, for ever, in the header or in the body."""

    def answer(request: ShopRequest) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + (b"X-Slow: " if headers else b"\r\n"))
        while not shop.stopped.wait(0.1):
            request.wfile.write(b"a")

    return answer


def silent(shop: Shop) -> Answer:
    """Takes the request and says nothing."""
    return lambda _request: (shop.stopped.wait(60), None)[1]


def bomb(megabytes: int) -> bytes:
    """Zeros, packed a thousand to one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()


def packed(body: bytes) -> bytes:
    return gzip.compress(body)


@contextmanager
def running_shop() -> Iterator[Shop]:
    """A shop that answers until the end of the block."""
    shop = Shop()
    thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        shop.stopped.set()
        shop.shutdown()
        shop.server_close()
        time.sleep(0)
        thread.join(5)
