"""Addresses country by country: fields, their order, and postcodes that do not exist."""

from __future__ import annotations

import pytest

from contentshop.core.errors import Invalid
from contentshop.delivery import places, postcodes
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
    "phone": "139 0000 0000",
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
        ("US", "OR", "9720", "“9720” is not a postcode there. They look like 97000."),
        ("US", "OR", "ABCDE", "“ABCDE” is not a postcode there. They look like 97000."),
        ("US", "OR", "10001", "There is no postcode “10001” in Oregon. There they look like 97000."),
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


def test_all_countries_are_those_that_addresses_name() -> None:
    codes = places.countries()
    assert {"US", "CN", "HK", "MO", "TW", "GB", "DE", "JP", "AU", "BR", "ZA"} <= set(codes)
    assert not {"ZZ", "IC", "AQ", "PR"} & set(codes)  # nowhere, a part of Spain, nobody's, a state in addresses
    assert list(codes) == sorted(codes)


@pytest.mark.parametrize(
    ("locale", "names"),
    [
        ("en", ["United States", "China", "Åland Islands", "Albania", "Germany", "Zimbabwe"]),
        ("zh_Hans_CN", ["美国", "中国", "阿尔巴尼亚", "奥兰群岛", "德国", "津巴布韦"]),
    ],
)
def test_countries_stand_as_people_look_them_up(locale: str, names: list[str]) -> None:
    found = places.named_countries(("ZW", "DE", "CN", "AL", "AX", "US"), locale, first=("US", "CN"))
    assert [name for _code, name in found] == names


def test_what_a_country_does_not_know_is_emptied() -> None:
    found = read(US, country="DE", postcode="26133", district="x")
    assert (found.region, found.district) == ("", "")


def test_places_that_are_not_there_are_told() -> None:
    assert problems(CN, city="上海市") == {
        "city": ["We do not know “上海市” in 广东省. Write its full name, as in 潮州市、东莞市、佛山市."]
    }
    assert problems(CN, district="黄浦区") == {
        "district": ["We do not know “黄浦区” in 深圳市. Write its full name, as in 宝安区、福田区、光明区."]
    }
    assert problems(US, region="Atlantis") == {"region": ["Choose one from the list."]}


def test_places_younger_than_the_data_are_taken_as_they_are_written() -> None:
    assert read(CN, region="浙江省", city="杭州市", district="临平区", postcode="").district == "临平区"
    found = read(CN, region="北京市", city="北京市", district="密云区", postcode="")
    assert (found.city, found.district) == ("密云区", "")
    # It was a town of 日喀则地区, which the data still knows.
    assert read(CN, region="西藏自治区", city="日喀则市", district="桑珠孜区", postcode="").city == "日喀则市"
    # Half a name, or a whole one that lies elsewhere, is a mistake.
    assert "district" in problems(CN, district="南珊")
    assert "district" in problems(CN, district="西湖区")


def test_what_has_a_post_of_its_own_is_no_province() -> None:
    regions = [code for code, _label in places.form("CN").regions]
    assert (len(regions), {"香港", "澳门", "台湾"} & set(regions)) == (31, set())
    assert problems(CN, region="香港", city="香港", district="中西区")["region"] == ["Choose one from the list."]


@pytest.mark.parametrize("phone", ["12345", "1390000000", "139000000000", "+86 10"])
def test_a_chinese_number_has_all_its_digits(phone: str) -> None:
    told = "Write a mobile number of eleven digits, or a number with its area code."
    assert problems(CN, phone=phone) == {"phone": [told]}


@pytest.mark.parametrize("phone", ["13900000000", "+86 139 0000 0000", "010-6505 1234", "+852 2345 6789"])
def test_a_chinese_number_may_be_written_in_many_ways(phone: str) -> None:
    assert read(CN, phone=phone).phone == phone


def test_what_is_missing_is_told_in_the_order_of_the_form() -> None:
    assert list(problems({"country": "CN"})) == ["name", "region", "city", "district", "address", "phone"]
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


@pytest.mark.parametrize(
    ("region", "postcode", "example"),
    [
        ("广东省", "999999", "510000"),
        ("广东省", "100000", "510000"),
        ("北京市", "518000", "100000"),
        ("内蒙古自治区", "736000", "010000"),
    ],
)
def test_a_chinese_postcode_lies_in_its_province(region: str, postcode: str, example: str) -> None:
    said: dict[str, list[str]] = {}
    places.check("CN", {"region": region, "postcode": postcode}, said)
    label = places.region_label("CN", region, "zh")
    assert said["postcode"] == [f"There is no postcode “{postcode}” in {label}. There they look like {example}."]


@pytest.mark.parametrize(
    ("region", "postcode"),
    [
        ("广东", "518057"),
        ("海南省", "573199"),
        ("西藏自治区", "860000"),
        # Counties whose mail goes through the neighbour.
        ("内蒙古自治区", "735400"),
        ("内蒙古自治区", "165450"),
        ("内蒙古自治区", "137401"),
        ("", "999999"),
    ],
)
def test_a_chinese_postcode_of_the_province_is_taken(region: str, postcode: str) -> None:
    said: dict[str, list[str]] = {}
    assert places.check("CN", {"region": region, "postcode": postcode}, said)["postcode"] == postcode
    assert "postcode" not in said


def test_every_chinese_province_has_its_postcodes() -> None:
    assert {code for code, _label in places.form("CN").regions} == postcodes.CHINA.keys()
    assert all(code.startswith(starts) and len(code) == 6 for starts, code in postcodes.CHINA.values())


def test_the_example_is_of_the_chosen_place() -> None:
    assert places.form("CN", region="广东").example == "510000"
    assert places.form("US", region="NY").example == "10000"
    assert places.form("US").example == "95014"


def test_full_width_digits_are_digits() -> None:
    found = read(CN, postcode="５１８０００", phone="１３９００００００００")
    assert (found.postcode, found.phone) == ("518000", "13900000000")


def test_carriers_in_china_need_phone_and_district() -> None:
    assert problems(CN, phone="") == {"phone": ["Write a phone number; the carrier needs it."]}
    assert problems(CN, district="") == {"district": ["Write the district."]}
    assert read(US, phone="").phone == ""
    # Nothing is sent, so nobody rings.
    assert AddressInput.parse({"country": "CN", "name": "阿达"}, countries=COUNTRIES, shipped=False).phone == ""
    # Dongguan has towns, and no districts.
    assert read(CN, city="东莞市", district="").city == "东莞市"


def test_a_city_that_is_a_province_may_be_written_twice() -> None:
    beijing = {"region": "北京市", "city": "北京市", "district": "海淀区", "postcode": "100080"}
    found = read(CN, **beijing)
    assert (found.region, found.city, found.district) == ("北京市", "海淀区", "")
    assert problems(CN, **beijing | {"district": ""}) == {"district": ["Write the district."]}
    assert problems(CN, **beijing | {"district": "黄浦区"}) == {
        "district": ["We do not know “黄浦区” in 北京市. Write its full name, as in 昌平区、朝阳区、大兴区."]
    }


def test_an_address_stands_on_the_parcel_in_the_order_of_its_country() -> None:
    assert places.lines("US", US) == ["Ada", "12 Engine Street", "Portland, OR 97201", "United States"]
    assert places.lines("US", US | {"region": ""}) == ["Ada", "12 Engine Street", "Portland 97201", "United States"]
    japan = {"name": "山田", "address": "千代田1-1", "region": "東京都", "postcode": "100-0001"}
    assert places.lines("JP", japan) == ["〒100-0001", "東京都", "千代田1-1", "山田", "Japan"]
    assert places.lines("CN", CN | {"postcode": "518000"}, locale="zh_Hans_CN") == [
        "中国",
        "518000",
        "广东省深圳市南山区科技路 1 号",
        "阿达",
    ]


def test_an_address_on_one_line_has_the_signs_of_its_script() -> None:
    assert places.one_line("US", US) == "Ada, 12 Engine Street, Portland, OR 97201, United States"
    filled = CN | {"postcode": "518000"}
    assert places.one_line("CN", filled, locale="zh_Hans_CN") == "中国广东省深圳市南山区科技路 1 号，518000，阿达"
    assert places.one_line("CN", CN, with_name=False) == "China 广东省深圳市南山区科技路 1 号"
