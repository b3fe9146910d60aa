"""A slow line to a site: pages come through it in small pieces, as on a phone at the edge of its net."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PIECE = 300  # bytes of HTML, uncompressed; far less than a packet, so that a page is seen in many states
PAUSE = 0.025  # seconds between pieces; longer than a frame, so that each state is drawn


class _Line(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        super().__init__(("127.0.0.1", 0), _Request)


class _Request(socketserver.StreamRequestHandler):
    server: _Line

    def handle(self) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            asked += line
        asked = re.sub(rb"(?im)^(accept-encoding|connection|host):.*\r\n", b"", asked)
        host, port = self.server.upstream.split(":")
        with socket.create_connection((host, int(port))) as site:
            site.sendall(asked[:-2] + f"Host: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := site.recv(65536):
                answer += part
        head, gap, body = answer.partition(b"\r\n\r\n")
        slow = b"text/html" in head
        try:
            self.wfile.write(head + gap)
            for start in range(0, len(body), PIECE if slow else max(len(body), 1)):
                self.wfile.write(body[start : start + PIECE] if slow else body)
                time.sleep(PAUSE if slow else 0)
        except ConnectionError:
            return  # the reader has left


@contextmanager
def slow_line(upstream: str) -> Iterator[str]:
    """The address at which the pages of the site ``upstream`` come slowly; anything else comes at once."""
    with _Line(upstream) as line:
        thread = threading.Thread(target=line.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{line.server_address[1]}"
        line.shutdown()
        thread.join()
