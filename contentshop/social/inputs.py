"""What readers write in discussions, parsed and checked."""

from __future__ import annotations

from contentshop.accounts.inputs import clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.words import say

STATES = ("shown", "deleted", "hidden")
# Why somebody would not recommend a post; an answer "no" needs one of them.
WORTH_REASONS = ("price", "wrong", "shallow", "outdated", "advert")
REPORT_REASONS = ("spam", "insult", "wrong", "private", "other")

MAX_TEXT = 4000
MAX_LINES = 60
MAX_NOTE = 200

Problems = dict[str, list[str]]


def parse_text(typed: str) -> str:
    """Plain text with line breaks, at most one of them empty in a row. Raises Invalid (field ``text``)."""
    lines: list[str] = []
    for line in clean_text(typed, MAX_TEXT + 1).split("\n"):
        if line or (lines and lines[-1]):
            lines.append(line)
    text = "\n".join(lines).strip()
    if not text:
        raise Invalid({"text": [say("Write something first.")]})
    if len(text) > MAX_TEXT:
        raise Invalid({"text": [say("Use at most %(limit)s characters.", limit=MAX_TEXT)]})
    if len(lines) > MAX_LINES:
        raise Invalid({"text": [say("Use at most %(limit)s lines.", limit=MAX_LINES)]})
    return text


def parse_note(typed: str) -> str:
    """Why a text is hidden, for those who read that it is. Raises Invalid (field ``reason``)."""
    note = clean_line(typed, MAX_NOTE + 1)
    if not note:
        raise Invalid({"reason": [say("Say why, in a few words; readers see it.")]})
    if len(note) > MAX_NOTE:
        raise Invalid({"reason": [say("Use at most %(limit)s characters.", limit=MAX_NOTE)]})
    return note


def parse_report(typed: str) -> str:
    """Why a text is reported. Raises Invalid (field ``reason``)."""
    if typed not in REPORT_REASONS:
        raise Invalid({"reason": [say("Choose one of the reasons.")]})
    return typed


def parse_vote(worth: str, reason: str) -> tuple[bool | None, str]:
    """(worth it or not, why not); None takes a vote back. Raises Invalid (fields ``worth`` and ``reason``)."""
    if worth in ("yes", "none"):
        return (True if worth == "yes" else None), ""
    if worth != "no":
        raise Invalid({"worth": [say("Choose one of the answers.")]})
    if reason not in WORTH_REASONS:
        raise Invalid({"reason": [say("Say why it is not worth it: choose one of the reasons.")]})
    return False, reason
