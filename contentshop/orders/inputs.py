"""What buyers and operators type about carts and orders, parsed and checked; used by every door alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, fields

from contentshop.accounts.inputs import check_email, clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.core.words import say

PAYMENT_METHODS = ("bank_transfer", "on_delivery", "card", "alipay", "wechat_pay", "credit")
MAX_QUANTITY = 99
NOTE_LENGTH = 1000

# A key that the checkout page made; anything else was not made by us.
ATTEMPT = re.compile(r"[0-9a-z]{16,40}")
PHONE = re.compile(r"\+?[0-9 ()./-]{5,40}")
# Places without postcodes, or where carriers deliver without one (Universal Postal Union).
POSTCODE_NOT_NEEDED = frozenset({"AE", "AO", "BS", "BZ", "CN", "FJ", "GH", "HK", "IE", "JM", "MO", "QA", "ZW"})


def parse_quantity(text: str, *, zero: bool = False) -> int:
    """A whole number from 1 to 99 (from 0 when ``zero``: it removes a line). Raises Invalid.

    Only ASCII digits are read: ``-5``, ``1.5``, ``1e9`` and the empty text are refused, not repaired.
    """
    text = text.strip()
    # Nine digits are far above the limit and cost nothing to convert.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
    if number == 0 and zero:
        return 0
    if not 1 <= number <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Choose a quantity from 1 to 99.")]})
    return number


def read_attempt(text: str) -> str:
    """The key of one try to order. Raises Invalid when it cannot have come from our checkout page."""
    if not ATTEMPT.fullmatch(text):
        raise Invalid({"": [say("This form is not complete. Please check your order and send it again.")]})
    return text


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who buys, where it goes and how it is paid, as the buyer wrote it.

    The fields stand in the order of the form, in which their mistakes are told.
    """

    email: str
    phone: str
    country: str
    name: str
    address: str
    city: str
    region: str
    postcode: str
    note: str
    payment_method: str

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The fields that are read from a form; everything else in it is ignored."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def parse(cls, form: Mapping[str, str], *, countries: Collection[str], methods: Collection[str]) -> Delivery:
        """``countries``: where we deliver; ``methods``: how to pay. Raises Invalid with every bad field."""
        problems: dict[str, list[str]] = {}
        values = {
            name: clean_line(form.get(name, ""), limit)
            for name, limit in (
                ("name", 120),
                ("city", 80),
                ("address", 300),
                ("region", 80),
                ("postcode", 20),
            )
        }
        email = check_email(form.get("email", "")[:1000], problems)
        for name, sentence in (
            ("name", say("Write the name for the parcel.")),
            ("address", say("Write the street and the house number.")),
            ("city", say("Write the city.")),
        ):
            if not values[name]:
                problems[name] = [sentence]
        country = form.get("country", "")
        if country not in countries:
            problems["country"] = [say("Choose a country that we deliver to.")]
        elif not values["postcode"] and country not in POSTCODE_NOT_NEEDED:
            problems["postcode"] = [say("Write the postcode.")]
        phone = clean_line(form.get("phone", ""), 60)
        if phone and not PHONE.fullmatch(phone):
            problems["phone"] = [say("Write the phone number with digits, like +1 555 0100.")]
        method = form.get("payment_method", "")
        if method not in methods:
            problems["payment_method"] = [say("Choose how you want to pay.")]
        note = clean_text(form.get("note", ""), NOTE_LENGTH)
        if len(note) > NOTE_LENGTH:
            problems["note"] = [say("Use at most 1000 characters.")]
        if problems:
            raise Invalid({name: problems[name] for name in cls.names() if name in problems})
        return cls(email=email, phone=phone, country=country, note=note, payment_method=method, **values)

    def words(self) -> tuple[str, ...]:
        """All fields in a fixed order, for comparing two tries to order."""
        return tuple(str(value) for value in astuple(self))


@dataclass(frozen=True, slots=True)
class Tracking:
    """What the carrier calls the parcel; may be empty."""

    number: str

    @classmethod
    def parse(cls, text: str) -> Tracking:
        """Raises Invalid when it is longer than 80 characters."""
        number = clean_line(text, 200)
        if len(number) > 80:
            raise Invalid({"tracking": [say("Use at most 80 characters.")]})
        return cls(number)


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
