"""What buyers and operators type about carts and orders, parsed and checked; used by every door alike."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contentshop.accounts.inputs import check_email, clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.numbers import read_whole
from contentshop.core.words import say
from contentshop.delivery.inputs import AddressInput

PAYMENT_METHODS = ("bank_transfer", "on_delivery", "card", "alipay", "wechat_pay", "credit")
MAX_QUANTITY = 99
NOTE_LENGTH = 1000

# A key that the checkout page made; anything else was not made by us.
ATTEMPT = re.compile(r"[0-9a-z]{16,40}")


def parse_quantity(text: str, *, zero: bool = False) -> int:
    """A whole number from 1 to 99 (from 0 when ``zero``: it removes a line). Raises Invalid.

    Only digits are read (``core.numbers``): ``-5``, ``1.5``, ``1e9`` and the empty text are refused, not repaired.
    """
    number = read_whole(text, least=0 if zero else 1, most=MAX_QUANTITY)
    if number is None:
        raise Invalid({"quantity": [say("Choose a quantity from 1 to 99.")]})
    return number


def read_attempt(text: str) -> str:
    """The key of one try to order. Raises Invalid when it cannot have come from our checkout page."""
    if not ATTEMPT.fullmatch(text):
        raise Invalid({"": [say("This form is not complete. Please check your order and send it again.")]})
    return text


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys and where it goes: the first step of the checkout, as the buyer wrote it."""

    email: str
    address: AddressInput
    note: str

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The fields that are read from a form; everything else in it is ignored."""
        return ("email", "country", "name", "address", "city", "district", "region", "postcode", "phone", "note")

    @classmethod
    def parse(
        cls, form: Mapping[str, str], *, countries: Collection[str], shipped: bool = True, by_region: bool = False
    ) -> Buyer:
        """``countries``: where we deliver. Without anything to ship, no street is asked for, and the region only where
        taxes are ``by_region``.

        Raises Invalid with every bad field, in the order in which they are asked for.
        """
        problems: dict[str, list[str]] = {}
        email = check_email(form.get("email", "")[:1000], problems)
        address = None
        try:
            address = AddressInput.parse(form, countries=countries, shipped=shipped, by_region=by_region)
        except Invalid as refusal:
            problems |= refusal.fields
        note = clean_text(form.get("note", ""), NOTE_LENGTH)
        if len(note) > NOTE_LENGTH:
            problems["note"] = [say("Use at most 1000 characters.")]
        if address is None or problems:
            raise Invalid(problems)
        return cls(email, address, note)

    def values(self) -> dict[str, str]:
        """The fields by name."""
        return {"email": self.email, **self.address.values(), "note": self.note}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who buys, where it goes, how it is sent and how it is paid. ``shipping`` is the key of a way of shipping."""

    buyer: Buyer
    shipping: str
    payment_method: str

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The fields that are read from a form."""
        return (*Buyer.names(), "shipping", "payment_method")

    @classmethod
    def parse(
        cls,
        form: Mapping[str, str],
        *,
        countries: Collection[str],
        methods: Collection[str],
        shipped: bool = True,
    ) -> Delivery:
        """``methods``: how to pay. Raises Invalid with every bad field."""
        problems: dict[str, list[str]] = {}
        buyer = None
        try:
            buyer = Buyer.parse(form, countries=countries, shipped=shipped)
        except Invalid as refusal:
            problems |= refusal.fields
        method = form.get("payment_method", "")
        if method not in methods:
            problems["payment_method"] = [say("Choose how you want to pay.")]
        if buyer is None or problems:
            raise Invalid(problems)
        return cls(buyer, clean_line(form.get("shipping", ""), 40), method)

    def words(self) -> tuple[str, ...]:
        """All fields in a fixed order, for comparing two tries to order."""
        return (*self.buyer.values().values(), self.shipping, self.payment_method)


@dataclass(frozen=True, slots=True)
class Tracking:
    """What the carrier is called and what it calls the parcel; both may be empty."""

    number: str
    carrier: str = ""

    @classmethod
    def parse(cls, text: str, carrier: str = "") -> Tracking:
        """Raises Invalid when the number is longer than 80 characters, or the carrier's name than 60."""
        number, name = clean_line(text, 200), clean_line(carrier, 200)
        problems: dict[str, list[str]] = {}
        if len(number) > 80:
            problems["tracking"] = [say("Use at most 80 characters.")]
        if len(name) > 60:
            problems["carrier"] = [say("Use at most 60 characters.")]
        if problems:
            raise Invalid(problems)
        return cls(number, name)


MAX_TRACKING_ROWS = 1000
HEADINGS = ("order", "carrier", "tracking")


@dataclass(frozen=True, slots=True)
class TrackingRow:
    """A row of a file of tracking numbers; ``line`` counts from 1 as people count."""

    line: int
    order: str
    parcel: Tracking


def read_tracking_file(text: str) -> tuple[list[TrackingRow], list[str]]:
    """The rows of a CSV of order, carrier and tracking number, and what is wrong with the others, line by line.

    A first row of headings is known by its words and may have them in any order; commas, semicolons and tabs part the
    columns. An order that stands there twice is told. Raises Invalid (field ``file``) for a file without rows or with
    more than 1,000.
    """
    lines = text.lstrip("\ufeff").splitlines()
    sample = next((line for line in lines if line.strip()), "")
    mark = max(",;\t", key=sample.count)
    rows = [(number, row) for number, row in enumerate(csv.reader(lines, delimiter=mark), 1) if any(row)]
    if rows and {cell.strip().casefold() for cell in rows[0][1]} >= {"order", "tracking"}:
        places = {cell.strip().casefold(): at for at, cell in enumerate(rows[0][1])}
        rows = rows[1:]
    else:
        places = {name: at for at, name in enumerate(HEADINGS)}
    if not rows:
        raise Invalid({"file": [say("There are no rows in this file.")]})
    if len(rows) > MAX_TRACKING_ROWS:
        raise Invalid({"file": [say("Send at most %(most)s rows at once.", most=MAX_TRACKING_ROWS)]})
    return _tracking_rows(rows, places)


def _tracking_rows(rows: list[tuple[int, list[str]]], places: Mapping[str, int]) -> tuple[list[TrackingRow], list[str]]:
    found: list[TrackingRow] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        cells = {name: row[at] if at < len(row) else "" for name, at in places.items()}
        order = "".join(c for c in cells["order"].lower() if c.isascii() and c.isalnum())
        if not order:
            problems.append(say("Line %(line)s: there is no order number.", line=line))
        elif order in seen:
            first = seen[order]
            problems.append(
                say(
                    "Line %(line)s: order %(order)s stands in line %(first)s too.",
                    line=line,
                    order=order.upper(),
                    first=first,
                )
            )
        else:
            seen[order] = line
            try:
                found.append(TrackingRow(line, order[:20], Tracking.parse(cells["tracking"], cells.get("carrier", ""))))
            except Invalid as refusal:
                why = next(iter(refusal.fields.values()))[0]
                problems.append(say("Line %(line)s: %(why)s", line=line, why=why))
    return found, problems


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order is cancelled; the buyer reads it."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Reason:
        """Raises Invalid when it is empty or longer than 300 characters."""
        reason = clean_line(text, 400)
        if not reason:
            raise Invalid({"reason": [say("Write the reason; the buyer reads it.")]})
        if len(reason) > 300:
            raise Invalid({"reason": [say("Use at most 300 characters.")]})
        return cls(reason)
