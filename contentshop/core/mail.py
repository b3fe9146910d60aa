"""The mail port: a message goes out or Unavailable is raised; jobs try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one person, as text and as HTML.

    ``unsubscribe`` is an address that ends mails like this one when it is posted to (RFC 8058); empty for mails
    that a person cannot do without.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    unsubscribe: str = ""


class Mailer(Protocol):
    """Sends mail."""

    def send(self, message: Message) -> None:
        """Hand ``message`` over. Raises Unavailable when the mail server does not take it now."""
