"""What buyers and staff type about an after-sale case, parsed and checked; used by every door alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contentshop.accounts.inputs import clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.numbers import read_whole
from contentshop.core.words import Said, say

KINDS = ("refund", "return", "exchange", "protection")
STATES = ("asked", "approved", "sent", "received", "done", "rejected", "withdrawn")
REASONS = ("broken", "wrong", "missing", "unlike", "unwanted", "price", "other")
# Where the fault is ours, so that the postage goes back as well and the time is longer.
OUR_FAULT = frozenset({"broken", "wrong", "missing", "unlike"})
# What a buyer can choose; "price" belongs to price protection alone.
ASKABLE = ("refund", "return", "exchange")
TEXT_LENGTH = 1000
ANSWER_LENGTH = 300
MAX_PHOTOS = 6


@dataclass(frozen=True, slots=True)
class Application:
    """What a buyer asks for: order line id → units, and for an exchange order line id → variant key. ``received``:
    they say that they have the goods and have paid at the door."""

    kind: str
    reason: str
    text: str
    units: Mapping[int, int]
    variants: Mapping[int, str] = field(default_factory=dict)
    received: bool = False

    @classmethod
    def parse(cls, form: Mapping[str, str], left: Mapping[int, int]) -> Application:
        """Fields ``kind``, ``reason``, ``text``, and ``units-<line>``, ``variant-<line>``; ``left`` is how many of each
        line can be asked about. Raises Invalid, with what is wrong about a line at the field of that line."""
        problems: dict[str, list[str]] = {}
        kind, reason = form.get("kind", ""), form.get("reason", "")
        if kind not in ASKABLE:
            problems["kind"] = [say("Choose what you want.")]
        if reason not in REASONS or reason == "price":
            problems["reason"] = [say("Choose the reason.")]
        text = clean_text(form.get("text", ""), TEXT_LENGTH + 1)
        if len(text) > TEXT_LENGTH:
            problems["text"] = [say("Use at most 1000 characters.")]
        elif reason == "other" and not text:
            problems["text"] = [say("Write what is the matter.")]
        units = _units(form, left, problems)
        if problems:
            raise Invalid(problems)
        variants = {
            int(name.removeprefix("variant-")): value[:20]
            for name, value in form.items()
            if name.startswith("variant-") and name.removeprefix("variant-").isdecimal() and value
        }
        return cls(kind, reason, text, units, variants, received=form.get("received") == "1")


def wrong_units(line_id: int, left: Mapping[int, int]) -> tuple[str, Said]:
    """(field, sentence) for a number of units that cannot be asked about; a line of which nothing is left has no field
    of its own."""
    most = left.get(line_id, 0)
    if not most:
        return "units", say("What you chose was not sent, or it is part of another case.")
    words = say("Write a whole number from 0 to %(most)s: that is how many of this you can ask about.", most=most)
    return f"units-{line_id}", words


def _units(form: Mapping[str, str], left: Mapping[int, int], problems: dict[str, list[str]]) -> dict[int, int]:
    units: dict[int, int] = {}
    before = len(problems)
    for name, value in form.items():
        line = name.removeprefix("units-")
        if line == name or not (line.isascii() and line.isdecimal() and len(line) <= 18):
            continue
        number = read_whole(value.strip() or "0", most=left.get(int(line), 0))
        if number is None:
            where, words = wrong_units(int(line), left)
            problems[where] = [words]
        elif number:
            units[int(line)] = number
    if not units and len(problems) == before:
        problems["units"] = [say("Choose what it is about.")]
    return units


@dataclass(frozen=True, slots=True)
class ReturnParcel:
    """The parcel that the buyer sends back."""

    carrier: str
    tracking: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> ReturnParcel:
        """Raises Invalid when there is no number, or one of them is too long."""
        carrier, tracking = clean_line(form.get("carrier", ""), 200), clean_line(form.get("tracking", ""), 200)
        problems: dict[str, list[str]] = {}
        if len(carrier) > 60:
            problems["carrier"] = [say("Use at most 60 characters.")]
        if not tracking:
            problems["tracking"] = [say("Write the tracking number of the parcel.")]
        elif len(tracking) > 80:
            problems["tracking"] = [say("Use at most 80 characters.")]
        if problems:
            raise Invalid(problems)
        return cls(carrier, tracking)


def parse_answer(text: str) -> str:
    """Why something is refused; the buyer reads it. Raises Invalid when it is empty or too long."""
    answer = parse_why(text, field="answer")
    if not answer:
        raise Invalid({"answer": [say("Write the reason; the buyer reads it.")]})
    return answer


def parse_why(text: str, *, field: str = "why") -> str:
    """Why it is less than was asked for, or nothing. Raises Invalid when it is too long."""
    why = clean_line(text, 400)
    if len(why) > ANSWER_LENGTH:
        raise Invalid({field: [say("Use at most 300 characters.")]})
    return why
