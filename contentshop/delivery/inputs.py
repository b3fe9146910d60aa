"""What operators type about zones, ways of shipping and taxes, and what people type as their addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.money import Money, is_currency
from contentshop.core.names import two_names
from contentshop.core.numbers import narrow, read_whole
from contentshop.core.words import say
from contentshop.delivery import places
from contentshop.delivery.rates import Area, Tier
from contentshop.delivery.taxes import MILLION
from contentshop.products.inputs import TAX_CLASSES

Problems = dict[str, list[str]]

PHONE = re.compile(r"\+?[0-9 ()./-]{5,40}")
# A mobile, a number with its area code (and an extension), or one from abroad.
CHINESE_PHONE = re.compile(r"(\+?86)?1[3-9][0-9]{9}|(\+?86)?0[0-9]{9,15}|\+(?!86)[0-9]{7,15}|400[0-9]{7}")
POSTCODES = re.compile(r"[A-Z0-9]+(\*|\.\.[A-Z0-9]+)?")
MAX_AREAS = 300
MAX_TIERS = 50
MAX_GRAMS = 1_000_000
MAX_DAYS = 365


@dataclass(frozen=True, slots=True)
class AddressInput:
    """Who gets a parcel and where, with places and postcode as they are written there."""

    country: str
    name: str
    phone: str
    region: str
    city: str
    district: str
    address: str
    postcode: str

    @classmethod
    def parse(
        cls, form: Mapping[str, str], *, countries: Collection[str], shipped: bool = True, by_region: bool = False
    ) -> AddressInput:
        """``countries``: where we deliver. Raises Invalid with every bad field, in the order of the country.

        Without anything to ship (``shipped`` False) only name and country are needed, for the invoice and the tax, and
        the region where taxes are ``by_region``. A region that is not there is never kept: it would be taxed nowhere.
        """
        problems: Problems = {}
        limits = {"name": 120, "city": 80, "district": 80, "address": 300, "region": 80, "postcode": 20}
        values = {name: clean_line(form.get(name, ""), limit) for name, limit in limits.items()}
        country = form.get("country", "")
        if country not in countries:
            problems["country"] = [say("Choose a country that we deliver to.")]
        elif shipped:
            values = places.check(country, values, problems)
        else:
            found: Problems = {}
            kept = {"name": values["name"], "region": values["region"]}
            values = places.check(country, dict.fromkeys(limits, "") | kept, found)
            if "region" in found:
                values["region"] = ""
            asked = {"name", "region"} if by_region else {"name"}
            problems |= {name: told for name, told in found.items() if name in asked}
            if by_region and not values["region"]:
                problems.setdefault("region", [places.MISSING["region"]])
        phone = clean_line(narrow(form.get("phone", "")), 60)
        if shipped and not phone and country in places.PHONE_NEEDED:
            problems["phone"] = [say("Write a phone number; the carrier needs it.")]
        elif phone and country == "CN" and not CHINESE_PHONE.fullmatch(re.sub(r"[ ()./-]", "", phone)):
            problems["phone"] = [say("Write a mobile number of eleven digits, or a number with its area code.")]
        elif phone and not PHONE.fullmatch(phone):
            problems["phone"] = [say("Write the phone number with digits, like +1 555 0100.")]
        if problems:
            order = ("country", *places.form(country).fields, "phone")
            raise Invalid({name: problems[name] for name in (*order, *problems) if name in problems})
        return cls(country=country, phone=phone, **values)

    def values(self) -> dict[str, str]:
        """The fields by name."""
        return {
            "country": self.country,
            "name": self.name,
            "phone": self.phone,
            "region": self.region,
            "city": self.city,
            "district": self.district,
            "address": self.address,
            "postcode": self.postcode,
        }


@dataclass(frozen=True, slots=True)
class ZoneInput:
    """A zone's names and its places."""

    name: str
    areas: tuple[Area, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> ZoneInput:
        """``areas`` has one place a line (see ``read_areas``). Raises Invalid."""
        problems: Problems = {}
        name, names = _names(form, 80, problems)
        areas = read_areas(form.get("areas", ""), problems)
        if problems:
            raise Invalid(problems)
        return cls(name, areas, names)


@dataclass(frozen=True, slots=True)
class MethodInput:
    """A way of shipping: names, currency, tiers, free from, days."""

    name: str
    names: Mapping[str, str]
    currency: str
    tiers: tuple[Tier, ...]
    free_from: int | None
    min_days: int
    max_days: int

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> MethodInput:
        """``tiers`` has one price a line (see ``read_tiers``). Raises Invalid."""
        problems: Problems = {}
        name, names = _names(form, 80, problems)
        currency = form.get("currency", "")
        tiers: tuple[Tier, ...] = ()
        free_from = None
        if not is_currency(currency):
            problems["currency"] = [say("Choose a currency.")]
        else:
            tiers = read_tiers(form.get("tiers", ""), currency, problems)
            if form.get("free_from", "").strip():
                free_from = _amount(form["free_from"], currency, "free_from", problems)
        min_days = _whole(form.get("min_days", ""), MAX_DAYS, "min_days", problems)
        max_days = _whole(form.get("max_days", ""), MAX_DAYS, "max_days", problems)
        if not problems and max_days < min_days:
            problems["max_days"] = [say("This cannot be less than the first day.")]
        if problems:
            raise Invalid(problems)
        return cls(name, names, currency, tiers, free_from, min_days, max_days)


@dataclass(frozen=True, slots=True)
class TaxInput:
    """How one place taxes."""

    country: str
    region: str
    name: str
    included: bool
    on_shipping: bool
    rates: Mapping[str, int]
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> TaxInput:
        """Rates are typed in per cent, one field ``rate_<class>`` each. Raises Invalid."""
        problems: Problems = {}
        country = form.get("country", "").strip().upper()
        region = clean_line(form.get("region", ""), 80)
        if not places.is_country(country):
            problems["country"] = [say("Choose a country.")]
        elif region:
            known = places.form(country)
            found = places.check(country, {"region": region}, {})["region"]
            if known.regions and found not in dict(known.regions):
                problems["region"] = [say("Write the region as it is in addresses there, like CA.")]
            region = found
        name, names = _names(form, 40, problems)
        rates = {}
        for tax_class in TAX_CLASSES:
            text = form.get(f"rate_{tax_class}", "").strip()
            if text or tax_class == "standard":
                rates[tax_class] = read_percent(text, f"rate_{tax_class}", problems)
        if problems:
            raise Invalid(problems)
        included, on_shipping = form.get("included") == "yes", form.get("on_shipping") == "yes"
        return cls(country, region, name, included, on_shipping, rates, names)


def read_percent(text: str, field: str, problems: Problems) -> int:
    """``8.875`` per cent in parts per million (88750); at most 100, at most four decimals."""
    try:
        ppm = Decimal(narrow(text).removesuffix("%").strip().replace(",", ".")) * MILLION / 100
    except InvalidOperation:
        ppm = Decimal("NaN")
    if not ppm.is_finite() or ppm != ppm.to_integral_value() or not 0 <= ppm <= MILLION:
        problems[field] = [say("Write a per cent from 0 to 100, like 8.875.")]
        return 0
    return int(ppm)


def read_areas(text: str, problems: Problems) -> tuple[Area, ...]:
    """Places, one a line: ``US``, ``US CA``, ``GB: ZE*, HS*``, ``DE: 10000..14999``, or ``*`` for anywhere."""
    areas = []
    for line in filter(None, map(str.strip, text.splitlines()[: MAX_AREAS + 1])):
        area = _area(line)
        if isinstance(area, Area):
            areas.append(area)
        else:
            problems.setdefault("areas", []).append(area)
    if not areas and "areas" not in problems:
        problems["areas"] = [say("Write at least one place.")]
    if len(areas) > MAX_AREAS:
        problems["areas"] = [say("Use at most 300 places.")]
    return tuple(areas)


def _area(line: str) -> Area | str:
    """The place of a line, or why there is none like it."""
    place, colon, patterns = line.partition(":")
    country, _, region = place.strip().partition(" ")
    codes = tuple(places.plain_postcode(narrow(one)) for one in patterns.split(",") if one.strip())
    country, region = country.upper(), region.strip()
    if country == "*":
        if region or colon:
            return say("“%(line)s”: * stands alone, for everywhere that no other zone names.", line=line)
        return Area(country)
    if not places.is_country(country) or not all(map(POSTCODES.fullmatch, codes)) or (colon and not codes):
        return say("“%(line)s” is not a place. Write it like US, US CA, GB: ZE*, HS* or DE: 10000..14999.", line=line)
    known = places.form(country)
    found = places.check(country, {"region": region}, {})["region"] if region else ""
    if region and not found:
        return say(
            "“%(line)s”: addresses in %(country)s name no region. Write %(country)s, or postcodes after a colon.",
            line=line,
            country=country,
        )
    if found and known.regions and found not in dict(known.regions):
        some = ", ".join(dict(known.regions[:3]))
        return say(
            "“%(line)s”: there is no “%(region)s” in %(country)s. Write it as addresses there do, like %(some)s.",
            line=line,
            region=region,
            country=country,
            some=some,
        )
    wrong = next(filter(None, (_wrong_postcodes(country, found, code) for code in codes)), None)
    return say("“%(line)s”: %(wrong)s", line=line, wrong=wrong) if wrong else Area(country, found, codes)


def _wrong_postcodes(country: str, region: str, pattern: str) -> str | None:
    """Why no postcode there can be meant by ``pattern``."""
    example = places.postcode_example(country, region)
    low, dots, high = pattern.partition("..")
    if not dots and not pattern.endswith("*"):
        if places.is_postcode(country, pattern, region):
            return None
        if not places.is_postcode(country, pattern) and places.may_begin_postcode(country, pattern):
            return say(
                "%(code)s is not a whole postcode there, like %(example)s. For all that begin so write %(code)s*.",
                code=pattern,
                example=example,
            )
        return say("%(code)s is no postcode there. They look like %(example)s.", code=pattern, example=example)
    for code in (low, high) if dots else (pattern[:-1],):
        if not places.may_begin_postcode(country, code):
            return say(
                "no postcode there begins with %(code)s. They look like %(example)s.", code=code, example=example
            )
    if dots and len(low) != len(high):
        return say("write both ends of %(range)s with as many characters.", range=pattern)
    if low > high and dots:
        return say(
            "the range %(range)s runs backwards. Write the lower end first: %(low)s..%(high)s.",
            range=pattern,
            low=high,
            high=low,
        )
    return None


def read_tiers(text: str, currency: str, problems: Problems) -> tuple[Tier, ...]:
    """Prices, one a line: ``1 kg = 5.99``, ``500 g = 3``, ``goods 50 = 4.99``, or ``* = 9.99`` for all the rest."""
    tiers = []
    for line in filter(None, map(str.strip, text.splitlines()[: MAX_TIERS + 1])):
        limit, sign, amount = line.partition("=")
        local: Problems = {}
        minor = _amount(amount, currency, "tiers", local)
        tier = _tier(limit.strip().lower(), minor, currency, local) if sign else None
        if tier is None or local:
            problems.setdefault("tiers", []).append(
                say("“%(line)s” is not a price. Write it like 1 kg = 5.99, goods 50 = 4.99 or * = 9.99.", line=line)
            )
            continue
        tiers.append(tier)
    if not tiers and "tiers" not in problems:
        problems["tiers"] = [say("Write at least one price, like * = 5.99.")]
    return tuple(tiers[:MAX_TIERS])


def write_areas(areas: Collection[Area]) -> str:
    """Places as ``read_areas`` reads them."""
    rows = (f"{area.country} {area.region}".strip() for area in areas)
    return "\n".join(
        f"{row}: {', '.join(area.postcodes)}" if area.postcodes else row for row, area in zip(rows, areas, strict=True)
    )


def write_tiers(tiers: Collection[Tier], currency: str) -> str:
    """Prices as ``read_tiers`` reads them."""

    def limit(tier: Tier) -> str:
        if tier.up_to_g is not None:
            return f"{tier.up_to_g} g" if tier.up_to_g % 1000 else f"{tier.up_to_g // 1000} kg"
        return f"goods {Money(tier.up_to_minor, currency).amount}" if tier.up_to_minor is not None else "*"

    return "\n".join(f"{limit(tier)} = {Money(tier.minor, currency).amount}" for tier in tiers)


def _tier(limit: str, minor: int, currency: str, problems: Problems) -> Tier | None:
    if limit == "*":
        return Tier(minor)
    if limit.startswith("goods "):
        return Tier(minor, up_to_minor=_amount(limit.removeprefix("goods "), currency, "tiers", problems))
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)\s*(kg|g)", narrow(limit))
    if not found:
        return None
    grams = Decimal(found[1]) * (1000 if found[2] == "kg" else 1)
    return Tier(minor, up_to_g=int(grams)) if 0 < grams <= MAX_GRAMS and grams == int(grams) else None


def _amount(text: str, currency: str, field: str, problems: Problems) -> int:
    try:
        return Money.parse(text.strip(), currency).minor
    except Invalid as refusal:
        problems[field] = [message for texts in refusal.fields.values() for message in texts]
        return 0


def _whole(text: str, most: int, field: str, problems: Problems) -> int:
    number = read_whole(text, most=most)
    if number is None:
        problems[field] = [say("Write a whole number from 0 to %(most)s.", most=most)]
        return 0
    return number


def _names(form: Mapping[str, str], most: int, problems: Problems) -> tuple[str, dict[str, str]]:
    """``name`` and ``name_zh``, of which one may be empty, as ``core.names`` keeps them."""
    typed = {where: clean_line(form.get(where, ""), 100) for where in ("name", "name_zh")}
    if not any(typed.values()):
        problems["name"] = [say("Give it a name.")]
    for where, name in typed.items():
        if len(name) > most:
            problems[where] = [say("Use at most %(most)s characters.", most=most)]
    return two_names(typed["name"], typed["name_zh"])
