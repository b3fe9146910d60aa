"""What buyers type: quantities, addresses, reasons."""

from __future__ import annotations

import pytest

from contentshop.core.errors import Invalid
from contentshop.orders.inputs import Buyer, Delivery, Reason, Tracking, parse_quantity, read_attempt
from tests.rooms.orders.conftest import CHINA, delivery


@pytest.mark.parametrize(("text", "number"), [("1", 1), (" 7 ", 7), ("１２", 12), ("99", 99), ("007", 7)])
def test_quantities(text: str, number: int) -> None:
    assert parse_quantity(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-5",
        "100",
        "1000000000",
        "10" * 50,
        "1.5",
        "1,5",
        "",
        "  ",
        "abc",
        "1e3",
        "٣",
        "３．５",
        "0x1",
        "+1",
        "1_0",
    ],
)
def test_odd_quantities_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_quantity(text)
    assert refused.value.fields == {"quantity": ["Choose a quantity from 1 to 99."]}


def test_zero_is_allowed_where_it_removes() -> None:
    assert parse_quantity("0", zero=True) == 0
    with pytest.raises(Invalid):
        parse_quantity("-1", zero=True)


@pytest.mark.parametrize("text", ["", "short", "UPPERCASE0123456789", "a" * 41, "../../etc/passwd0", "é" * 20])
def test_attempts_that_we_did_not_make(text: str) -> None:
    with pytest.raises(Invalid):
        read_attempt(text)


def test_attempt_of_ours() -> None:
    assert read_attempt("0123456789abcdefghjk") == "0123456789abcdefghjk"


def test_delivery_is_cleaned() -> None:
    found = delivery(
        name="  Ada \t Lovelace ",
        email=" Ada@Example.ORG ",
        phone="+1 (555) 0100",
        note="Ring twice.\r\n\x00Leave it\x07 here.\n\n",
    )
    assert found.buyer.values() == {
        "email": "ada@example.org",
        "country": "US",
        "name": "Ada Lovelace",
        "phone": "+1 (555) 0100",
        "region": "OR",
        "city": "Portland",
        "district": "",
        "address": "12 Engine Street",
        "postcode": "97201",
        "note": "Ring twice.\nLeave it here.",
    }
    assert (found.shipping, found.payment_method) == ("", "bank_transfer")


def test_every_bad_field_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        Delivery.parse(
            {"country": "US", "phone": "call me", "note": "x" * 1001}, countries=("US",), methods=("on_delivery",)
        )
    # As they stand in the form, so that reading down the list leads down the page.
    assert list(refused.value.fields.items()) == [
        ("email", ["Write your e-mail address, like name@example.org."]),
        ("name", ["Write the name for the parcel."]),
        ("address", ["Write the street and the house number."]),
        ("city", ["Write the city."]),
        ("region", ["Choose a state."]),
        ("postcode", ["Write the postcode."]),
        ("phone", ["Write the phone number with digits, like +1 555 0100."]),
        ("note", ["Use at most 1000 characters."]),
        ("payment_method", ["Choose how you want to pay."]),
    ]


def test_a_postcode_is_needed_where_carriers_go_by_it() -> None:
    with pytest.raises(Invalid) as refused:
        delivery(postcode="")
    assert refused.value.fields == {"postcode": ["Write the postcode."]}
    assert delivery(**CHINA | {"postcode": ""}).buyer.address.postcode == ""


def test_what_is_not_shipped_needs_a_name_and_a_country_only() -> None:
    form = {"email": "ada@example.org", "name": "Ada", "country": "US"}
    assert Buyer.parse(form, countries=("US",), shipped=False).address.name == "Ada"
    with pytest.raises(Invalid) as refused:
        Buyer.parse(form, countries=("US",))
    assert set(refused.value.fields) == {"address", "city", "region", "postcode"}


def test_country_and_method_come_from_our_lists() -> None:
    with pytest.raises(Invalid) as refused:
        delivery(country="ZZ", payment_method="free")
    assert set(refused.value.fields) == {"country", "payment_method"}


def test_tracking_and_reason() -> None:
    assert Tracking.parse("  1Z 999 ").number == "1Z 999"
    assert Tracking.parse("").number == ""
    assert Reason.parse(" out of  print\n").text == "out of print"
    for wrong in ("", "   ", "x" * 301):
        with pytest.raises(Invalid):
            Reason.parse(wrong)
    with pytest.raises(Invalid):
        Tracking.parse("x" * 81)
