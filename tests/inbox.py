"""A mail server that keeps what it is given (aiosmtpd), and how a person reads it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with both its parts."""

    to: str
    subject: str
    text: str
    html: str


class Inbox:
    """Keeps what the server was given. ``answer`` is what the server says to the next mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, envelope.content))
        return self.answer

    def letters(self, to: str = "") -> list[Letter]:
        """What has arrived, oldest first; every mail has a text and an HTML part."""
        found = []
        for receivers, content in list(self.mails):
            mail: Any = message_from_bytes(content, policy=policy.default)
            parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
            assert set(parts) == {"text/plain", "text/html"}
            if to in {"", receivers[0]}:
                found.append(Letter(receivers[0], mail["Subject"], parts["text/plain"], parts["text/html"]))
        return found


@contextmanager
def mail_server(inbox: Inbox) -> Iterator[str]:
    """The address of a server that puts mails into ``inbox``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
