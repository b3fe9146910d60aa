"""Addresses country by country: fields, their order, and postcodes that do not exist."""

from __future__ import annotations

import pytest

from contentshop.core.errors import Invalid
from contentshop.delivery import places
from contentshop.delivery.inputs import AddressInput

US = {
    "country": "US",
    "name": "Ada",
    "address": "12 Engine Street",
    "city": "Portland",
    "region": "OR",
    "postcode": "97201",
}
CN = {
    "country": "CN",
    "name": "阿达",
    "address": "科技路 1 号",
    "region": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "postcode": "",
}
COUNTRIES = ("US", "CN", "GB", "DE", "JP", "IE", "HK")


def read(form: dict[str, str], **changes: str) -> AddressInput:
    return AddressInput.parse(form | changes, countries=COUNTRIES)


def problems(form: dict[str, str], **changes: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        read(form, **changes)
    return refused.value.fields


@pytest.mark.parametrize(
    ("country", "rows"),
    [
        ("US", (("name",), ("address",), ("city", "region", "postcode"))),
        ("CN", (("name",), ("region", "city", "district"), ("address",), ("postcode",))),
        ("DE", (("name",), ("address",), ("postcode", "city"))),
        ("GB", (("name",), ("address",), ("city",), ("postcode",))),
        ("JP", (("name",), ("postcode",), ("region",), ("address",))),
    ],
)
def test_fields_stand_in_the_order_of_the_country(country: str, rows: tuple[tuple[str, ...], ...]) -> None:
    assert places.form(country).rows == rows


def test_places_are_named_in_the_readers_language() -> None:
    assert ("广东省", "Guangdong Sheng") in places.form("CN", locale="en").regions
    assert ("广东省", "广东省") in places.form("CN", locale="zh").regions
    assert ("CA", "California") in places.form("US").regions
    assert places.region_label("US", "CA", "en") == "California"
    assert "深圳市" in places.form("CN", region="广东").cities
    assert "南山区" in places.form("CN", region="广东省", city="深圳").districts


@pytest.mark.parametrize(
    ("country", "region", "postcode", "message"),
    [
        ("US", "OR", "9720", "“9720” is not a postcode there. They look like 95014."),
        ("US", "OR", "ABCDE", "“ABCDE” is not a postcode there. They look like 95014."),
        ("US", "OR", "10001", "There is no postcode “10001” in Oregon."),
        ("DE", "", "1234", "“1234” is not a postcode there. They look like 26133."),
        ("GB", "", "ZZ1 1ZZ", "“ZZ1 1ZZ” is not a postcode there. They look like EC1Y 8SY."),
    ],
)
def test_a_postcode_that_does_not_exist_is_told(country: str, region: str, postcode: str, message: str) -> None:
    assert problems(US, country=country, region=region, postcode=postcode) == {"postcode": [message]}


def test_postcodes_and_places_are_written_as_they_are_there() -> None:
    assert read(US, country="GB", city="London", region="", postcode=" sw1a  1aa ").postcode == "SW1A 1AA"
    found = read(CN, region="广东", city="Shenzhen Shi", district="南山")
    assert (found.region, found.city, found.district, found.postcode) == ("广东省", "深圳市", "南山区", "")
    assert read(US, region="oregon").region == "OR"


def test_what_a_country_does_not_know_is_emptied() -> None:
    found = read(US, country="DE", postcode="26133", district="x")
    assert (found.region, found.district) == ("", "")


def test_places_that_are_not_there_are_told() -> None:
    assert problems(CN, city="上海市") == {
        "city": ["“上海市” is not in 广东省. Places there are 潮州市、东莞市、佛山市."]
    }
    assert problems(CN, district="黄浦区") == {
        "district": ["“黄浦区” is not in 深圳市. Places there are 宝安区、福田区、光明区."]
    }
    assert problems(US, region="Atlantis") == {"region": ["Choose one from the list."]}


def test_what_is_missing_is_told_in_the_order_of_the_form() -> None:
    assert list(problems({"country": "CN"})) == ["name", "region", "city", "address"]
    assert list(problems({"country": "US", "phone": "call me"})) == [
        "name",
        "address",
        "city",
        "region",
        "postcode",
        "phone",
    ]
    assert problems({"country": "ZZ", "name": "A"})["country"] == ["Choose a country that we deliver to."]


def test_a_place_without_postcodes_needs_none() -> None:
    found = read(US, country="HK", region="Kowloon", city="Mong Kok", postcode="999077")
    assert found.postcode == ""


def test_an_address_stands_on_the_parcel_in_the_order_of_its_country() -> None:
    assert places.lines("US", US) == ["Ada", "12 Engine Street", "Portland OR 97201", "United States"]
    assert places.lines("CN", CN | {"postcode": "518000"}, locale="zh_Hans_CN") == [
        "518000",
        "广东省深圳市南山区",
        "科技路 1 号",
        "阿达",
        "中国",
    ]
