"""What buyers and staff type about an after-sale case, parsed and checked; used by every door alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contentshop.accounts.inputs import clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.numbers import read_whole
from contentshop.core.words import say

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
MAX_UNITS = 99


@dataclass(frozen=True, slots=True)
class Application:
    """What a buyer asks for: order line id → units, and for an exchange order line id → variant key."""

    kind: str
    reason: str
    text: str
    units: Mapping[int, int]
    variants: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> Application:
        """Fields ``kind``, ``reason``, ``text``, and ``units-<line>``, ``variant-<line>``. Raises Invalid."""
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
        units = _units(form, problems)
        if problems:
            raise Invalid(problems)
        variants = {
            int(name.removeprefix("variant-")): value[:20]
            for name, value in form.items()
            if name.startswith("variant-") and name.removeprefix("variant-").isdecimal() and value
        }
        return cls(kind, reason, text, units, variants)


def _units(form: Mapping[str, str], problems: dict[str, list[str]]) -> dict[int, int]:
    units: dict[int, int] = {}
    for name, value in form.items():
        line = name.removeprefix("units-")
        if line == name or not (line.isascii() and line.isdecimal() and len(line) <= 18):
            continue
        number = read_whole(value.strip() or "0", most=MAX_UNITS)
        if number is None:
            problems["units"] = [say("Write how many as a whole number.")]
        elif number:
            units[int(line)] = number
    if not units and "units" not in problems:
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
    answer = clean_line(text, 400)
    if not answer:
        raise Invalid({"answer": [say("Write the reason; the buyer reads it.")]})
    if len(answer) > ANSWER_LENGTH:
        raise Invalid({"answer": [say("Use at most 300 characters.")]})
    return answer
