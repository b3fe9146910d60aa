"""Mail engines: the console for development, SMTP for the rest."""

from __future__ import annotations

import smtplib
import sys
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, make_msgid
from typing import TextIO
from urllib.parse import parse_qs, unquote, urlsplit

from contentshop.core.errors import Unavailable
from contentshop.core.mail import Message
from contentshop.core.words import say

TIMEOUT = 15  # seconds
RULE = "-" * 72


UNSUBSCRIBE = "List-Unsubscribe"


class WholeAddresses(EmailPolicy):
    """The standard way to write a mail, but for one header: a long address would be encoded as if it were words
    (RFC 2047), and no mail program would know it again."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name == UNSUBSCRIBE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name == UNSUBSCRIBE else super().fold_binary(name, value)


class ConsoleMailer:
    """Prints mails where the worker runs, so that a new installation needs no mail server."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        stream = self._stream or sys.stdout
        stream.write(f"{RULE}\nTo: {message.to}\nSubject: {message.subject}\n\n{message.text}\n{RULE}\n")
        stream.flush()


class SmtpMailer:
    """Sends by SMTP: ``smtp://user:password@host:587?tls=start`` (``tls``: none, start or ssl)."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._sender = sender
        self._tls = parse_qs(parts.query).get("tls", ["none"])[0]
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls == "ssl" else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, message: Message) -> None:
        mail = EmailMessage(WholeAddresses())  # refuses line breaks in headers
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="contentshop.invalid")
        if message.unsubscribe:
            mail[UNSUBSCRIBE] = f"<{message.unsubscribe}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        try:
            with self._connect() as server:
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(say("The mail server does not take mail: %(reason)s", reason=error)) from error

    def _connect(self) -> smtplib.SMTP:
        if self._tls == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        if self._tls == "start":
            server.starttls()
        if self._user:
            server.login(self._user, self._password)
        return server
