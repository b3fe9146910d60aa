"""The mail port: the console, and SMTP against a real server."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from contentshop.core.backends.mail import ConsoleMailer, SmtpMailer
from contentshop.core.errors import Unavailable
from contentshop.core.mail import Message
from tests.inbox import Inbox, mail_server

MAIL = Message("robin@example.org", "您的订单 CS-1 ready", "Hello,\n你好。", "<p>Hello,<br>你好。</p>")
SENDER = "contentshop <no-reply@shop.example>"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[str]:
    with mail_server(inbox) as address:
        yield address


def test_a_mail_arrives_with_both_parts_and_its_letters(server: str, inbox: Inbox) -> None:
    SmtpMailer(server, SENDER).send(MAIL)
    ((to, content),) = inbox.mails
    mail = message_from_bytes(content, policy=policy.default)
    assert to == ["robin@example.org"]
    assert mail["To"] == "robin@example.org"
    assert mail["From"] == SENDER
    assert mail["Subject"] == "您的订单 CS-1 ready"
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert parts["text/plain"].replace("\r\n", "\n").strip() == MAIL.text
    assert parts["text/html"].strip() == MAIL.html


def test_who_wants_no_more_is_shown_the_way_by_their_mail_program(server: str, inbox: Inbox) -> None:
    """RFC 8058: both headers, the address whole on one line however long it is."""
    address = "https://shop.example/unsubscribe/" + "WyJrN3EybTR4OXAxIiwiYjhkNXQ3aDN4OSJd." * 3
    SmtpMailer(server, SENDER).send(replace(MAIL, unsubscribe=address))
    ((_to, content),) = inbox.mails
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["List-Unsubscribe"] == f"<{address}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"<{address}>".encode() in content


def test_a_mail_that_one_cannot_do_without_has_no_such_header(server: str, inbox: Inbox) -> None:
    SmtpMailer(server, SENDER).send(MAIL)
    ((_to, content),) = inbox.mails
    assert b"List-Unsubscribe" not in content


def test_a_refusal_is_told(server: str, inbox: Inbox) -> None:
    inbox.answer = "451 not now"
    with pytest.raises(Unavailable, match="does not take mail"):
        SmtpMailer(server, SENDER).send(MAIL)


def test_a_server_that_is_away_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable, match="does not take mail"):
        SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER).send(MAIL)


@pytest.mark.parametrize(
    "mail",
    [Message("a@b.example\nBcc: all@b.example", "x", "y"), Message("a@b.example", "x\r\nBcc: all@b.example", "y")],
)
def test_headers_cannot_be_slipped_in(server: str, inbox: Inbox, mail: Message) -> None:
    with pytest.raises(ValueError, match=r"linefeed|carriage"):
        SmtpMailer(server, SENDER).send(mail)
    assert inbox.mails == []


def test_the_console_prints_what_a_person_needs() -> None:
    stream = io.StringIO()
    ConsoleMailer(stream).send(MAIL)
    for part in (MAIL.to, MAIL.subject, "你好。"):
        assert part in stream.getvalue()
