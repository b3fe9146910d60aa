"""Zones, tiers and free shipping: pure."""

from __future__ import annotations

import pytest

from contentshop.delivery import places
from contentshop.delivery.inputs import read_areas
from contentshop.delivery.rates import (
    Area,
    Destination,
    Method,
    Parcel,
    ShippingOption,
    Tier,
    Zone,
    choose_zone,
    covers,
    offers,
    overlap,
    price,
)

POST = Method("post", "Post", "USD", (Tier(599, up_to_g=1000), Tier(1299, up_to_g=5000)), 4900, 3, 5)
EXPRESS = Method("express", "Express", "USD", (Tier(2500),), None, 1, 1)
EURO = Method("euro", "Post", "EUR", (Tier(500),), None, 3, 5)
HOME = Zone("home", (Area("US"),), (EXPRESS, POST, EURO))
FAR = Zone("far", (Area("US", "AK"), Area("US", "HI")), (EXPRESS,))
TOWN = Zone("town", (Area("US", "", ("97201", "972*", "10000..14999")),), (POST,))
WORLD = Zone("world", (Area("*"),), ())
ZONES = (WORLD, HOME, FAR, TOWN)


@pytest.mark.parametrize(("grams", "minor"), [(0, 599), (1000, 599), (1001, 1299), (5000, 1299), (5001, None)])
def test_the_first_tier_that_fits_counts(grams: int, minor: int | None) -> None:
    assert price(POST, Parcel(grams, 1000, "USD")) == minor


def test_free_from_an_amount_on_but_not_for_what_is_too_heavy() -> None:
    assert price(POST, Parcel(1000, 4899, "USD")) == 599
    assert price(POST, Parcel(1000, 4900, "USD")) == 0
    assert price(POST, Parcel(9000, 4900, "USD")) is None
    assert price(POST, Parcel(1000, 4900, "EUR")) is None


def test_tiers_by_goods() -> None:
    method = Method("m", "M", "USD", (Tier(900, up_to_minor=2000), Tier(400)), None, 0, 0)
    assert [price(method, Parcel(1, goods, "USD")) for goods in (0, 2000, 2001)] == [900, 900, 400]


@pytest.mark.parametrize(
    ("to", "zone"),
    [
        (Destination("US", "OR", "97301"), "home"),
        (Destination("US", "OR", "97201"), "town"),
        (Destination("US", "OR", "972 99"), "town"),
        (Destination("US", "NY", "12345"), "town"),
        (Destination("US", "NY", "15000"), "home"),
        (Destination("US", "AK", "99501"), "far"),
        (Destination("US"), "home"),
        (Destination("DE", "", "97201"), "world"),
    ],
)
def test_the_zone_that_names_the_place_most_exactly(to: Destination, zone: str) -> None:
    found = choose_zone(ZONES, to)
    assert found is not None
    assert found.key == zone


def test_no_zone_no_delivery() -> None:
    assert choose_zone((HOME,), Destination("DE")) is None
    assert offers((HOME,), Destination("DE"), Parcel(1, 1, "USD")) == ()
    assert offers(ZONES, Destination("DE"), Parcel(1, 1, "USD")) == ()


def test_options_are_those_of_the_currency_the_cheapest_first() -> None:
    found = offers(ZONES, Destination("US", "OR", "97301"), Parcel(500, 4000, "USD"))
    assert found == (
        ShippingOption("post", "Post", 599, (3, 5), 900),
        ShippingOption("express", "Express", 2500, (1, 1), None),
    )
    assert offers(ZONES, Destination("US", "OR", "97301"), Parcel(500, 4900, "USD"))[0] == ShippingOption(
        "post", "Post", 0, (3, 5), None
    )


@pytest.mark.parametrize(
    ("pattern", "postcode", "is_there"),
    [
        ("SW1A1AA", "sw1a 1aa", True),
        ("ZE*", "ZE1 0AA", True),
        ("ZE*", "ZZ1 0AA", False),
        ("100..199", "10115", True),
        ("100..199", "19999", True),
        ("100..199", "20000", False),
        ("10000..14999", "", False),
        ("154-0023", "1540023", True),
    ],
)
def test_postcodes_of_an_area(pattern: str, postcode: str, is_there: bool) -> None:
    assert covers([pattern], postcode) is is_there


def one_area(text: str) -> Area:
    problems: dict[str, list[str]] = {}
    (found,) = read_areas(text, problems) or (Area(""),)
    assert problems == {}
    return found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("*", "*", True),
        ("*", "US", False),
        ("US", "US", True),
        ("US", "US CA", False),
        ("US CA", "US OR", False),
        ("US CA", "US: 9*", False),
        ("US CA: 9*", "US: 9*", False),
        ("US: 9*", "US: 97201", True),
        ("US: 98101", "US: 972*, 98101", True),
        ("US: 972*", "US: 971*, 973*", False),
        ("US: 100..199", "US: 15000..15999", True),
        ("US: 100..199", "US: 200..299", False),
        ("US: 10000..14999", "US: 14999", True),
        ("US: 10000..14999", "US: 15*", False),
        ("GB: ZE*", "GB: Z*", True),
        ("DE: 10*", "AT: 10*", False),
    ],
)
def test_areas_of_two_zones_overlap_when_they_are_as_exact(one: str, other: str, same: bool) -> None:
    assert overlap(one_area(one), one_area(other)) is same
    assert overlap(one_area(other), one_area(one)) is same


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("US QQ", "there is no “QQ” in US. Write it as addresses there do, like AL, AK, AS."),
        ("DE Bayern", "addresses in DE name no region. Write DE, or postcodes after a colon."),
        ("DE: 99..10", "the range 99..10 runs backwards. Write the lower end first: 10..99."),
        ("DE: 100..1999", "write both ends of 100..1999 with as many characters."),
        ("DE: 1011", "1011 is not a whole postcode there, like 26133. For all that begin so write 1011*."),
        ("DE: 101171", "101171 is no postcode there. They look like 26133."),
        ("DE: 101171*", "no postcode there begins with 101171. They look like 26133."),
        ("DE: 10000..A9999", "no postcode there begins with A9999. They look like 26133."),
        ("CN 广东: 100000", "100000 is no postcode there. They look like 510000."),
        ("US CA: 10001", "10001 is no postcode there. They look like 90000."),
        ("* CA", "* stands alone, for everywhere that no other zone names."),
    ],
)
def test_areas_without_sense_are_refused(line: str, sentence: str) -> None:
    problems: dict[str, list[str]] = {}
    assert read_areas(line, problems) == ()
    assert problems == {"areas": [f"“{line}”: {sentence}"]}


def test_every_postcode_that_is_known_may_be_named() -> None:
    for country in places.countries():
        for example in places._rules(country).postal_code_examples:
            code = places.plain_postcode(example)
            lines = [f"{country}: {code}", *(f"{country}: {code[:end]}*" for end in range(1, len(code)))]
            problems: dict[str, list[str]] = {}
            assert len(read_areas("\n".join(lines), problems)) == len(lines)
            assert problems == {}
