"""What a reader types when saving a search, parsed and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.numbers import narrow, read_whole
from contentshop.core.words import say
from contentshop.core.zones import find_zone
from contentshop.search.analysis import MAX_QUERY_LENGTH, parse
from contentshop.search.matching import MAX_WORDS
from contentshop.search.port import Synonym

Kind = Literal["post", "list", "deal", "product", "creator"]
KINDS: tuple[Kind, ...] = ("post", "list", "deal", "product", "creator")
Mail = Literal["off", "now", "daily"]
MAILS: tuple[Mail, ...] = ("off", "now", "daily")
LANGS = ("en", "zh")

MOST = 50  # saved searches of one person
NAME_LENGTH = 80
PRICE_LENGTH = 15  # characters of a typed price
MOST_VOTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is waited for. Empty strings mean any; ``price_to`` is in minor units of ``currency``, inclusive.
    ``worth_from`` is the least worth rate in per cent, ``votes_from`` the least number of votes; only posts have them.

    ``synonyms`` are what editors say that the words also mean.
    """

    text: str
    kind: Kind | Literal[""]
    lang: str
    topic: str
    currency: str
    price_to: int | None
    in_stock: bool
    worth_from: int | None = None
    votes_from: int | None = None
    synonyms: tuple[Synonym, ...] = field(default=(), compare=False)

    @classmethod
    def parse(
        cls, form: Mapping[str, str], *, currencies: Collection[str], topics: Collection[str], currency: str
    ) -> Wanted:
        """Read the form of a search: ``q``, ``kind`` (as the port names kinds), ``lang``, ``topic``, ``to``,
        ``currency``, ``stock``, ``worth`` and ``votes``. Raises Invalid with every field that needs another look.
        """
        problems: dict[str, list[str]] = {}
        text = _text(form.get("q", ""), problems)
        kind = _one_of(form.get("kind", ""), KINDS, "kind", problems)
        found = cls(
            text=text,
            kind=cast(Kind, kind) if kind else "",
            lang=_one_of(form.get("lang", ""), LANGS, "lang", problems),
            topic=_one_of(form.get("topic", ""), topics, "topic", problems),
            currency=_one_of(form.get("currency", "") or currency, currencies, "currency", problems),
            price_to=None,
            in_stock=form.get("stock") == "1",
            worth_from=_number(form.get("worth", ""), 100, "worth", problems),
            votes_from=_number(form.get("votes", ""), MOST_VOTES, "votes", problems),
        )
        price = _price(form.get("to", ""), found.currency or currency, problems)
        found = replace(found, price_to=price)
        if not problems and not found.is_narrow:
            problems["q"] = [say("Write some words, or choose what to wait for.")]
        if found.kind == "creator" and (price is not None or found.in_stock):
            problems["kind"] = [say("People have no price and no stock; leave those out.")]
        if found.kind in ("creator", "product") and found.asks_readers:
            problems["kind"] = [say("Readers vote on articles, buying lists and deals only; leave the votes out.")]
        if problems:
            raise Invalid(problems)
        return found

    @property
    def asks_readers(self) -> bool:
        """Whether it waits for readers' votes."""
        return self.worth_from is not None or self.votes_from is not None

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for anything at all; what it leaves out alone does not count."""
        named = bool(parse(self.text).words)
        return named or bool(
            self.kind or self.lang or self.topic or self.price_to is not None or self.in_stock or self.asks_readers
        )


@dataclass(frozen=True, slots=True)
class Telling:
    """The name of a saved search and how its owner wants to be told. ``mail_hour`` is one of the clock in ``zone``,
    which becomes the person's zone; an empty one leaves it as it is.
    """

    name: str
    in_app: bool
    mail: Mail
    mail_hour: int
    feed: bool
    zone: str = ""

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> Telling:
        """Read ``name``, ``in_app``, ``mail``, ``mail_hour``, ``zone`` and ``feed``. An empty name is left to the
        caller.

        Raises Invalid.
        """
        problems: dict[str, list[str]] = {}
        name = clean_line(form.get("name", ""), NAME_LENGTH * 2)
        if len(name) > NAME_LENGTH:
            problems["name"] = [say("Use at most %(most)s characters.", most=NAME_LENGTH)]
        mail = form.get("mail", "") or "off"
        if mail not in MAILS:
            problems["mail"] = [say("Choose one of the ways.")]
        hour = form.get("mail_hour", "") or "7"
        if not (hour.isascii() and hour.isdigit() and len(hour) <= 2 and int(hour) <= 23):
            problems["mail_hour"] = [say("Choose an hour from 0 to 23.")]
        zone = form.get("zone", "")
        if zone and find_zone(zone) is None:
            problems["zone"] = [say("Choose your time zone.")]
        found_in_app, feed = form.get("in_app") == "1", form.get("feed") == "1"
        if not problems and not (found_in_app or feed) and mail == "off":
            problems["in_app"] = [say("Choose at least one way to be told, or pause the search.")]
        if problems:
            raise Invalid(problems)
        return cls(name=name, in_app=found_in_app, mail=cast(Mail, mail), mail_hour=int(hour), feed=feed, zone=zone)


def _text(typed: str, problems: dict[str, list[str]]) -> str:
    # Lone surrogates cannot be kept in a database; clean_line takes them out with other unprintable signs.
    text = clean_line(typed, MAX_QUERY_LENGTH * 2)
    understood = parse(text)
    if len(text) > MAX_QUERY_LENGTH:
        problems["q"] = [say("Use at most %(most)s characters.", most=MAX_QUERY_LENGTH)]
    elif len(understood.words) > MAX_WORDS:
        problems["q"] = [say("Use at most %(most)s words.", most=MAX_WORDS)]
    elif text and not (understood.words or understood.excluded or understood.excluded_phrases):
        problems["q"] = [say("There is nothing to search for in these signs; write words.")]
    return text


def _one_of(typed: str, known: Collection[str], field: str, problems: dict[str, list[str]]) -> str:
    if typed and typed not in known:
        problems[field] = [say("Choose one of the list.")]
        return ""
    return typed


def _number(typed: str, most: int, field: str, problems: dict[str, list[str]]) -> int | None:
    """A whole number from 1 to ``most``; None for none. A per cent sign may follow."""
    text = narrow(typed).removesuffix("%").strip()
    if not text:
        return None
    number = read_whole(text, least=1, most=most)
    if number is None:
        problems[field] = [say("Write a whole number from 1 to %(most)s.", most=most)]
    return number


def _price(typed: str, currency: str, problems: dict[str, list[str]]) -> int | None:
    if not typed.strip():
        return None
    if len(typed.strip()) > PRICE_LENGTH:
        problems["to"] = [say("Use at most %(most)s characters.", most=PRICE_LENGTH)]
        return None
    try:
        return Money.parse(typed, currency).minor
    except Invalid as refusal:
        problems["to"] = [text for texts in refusal.fields.values() for text in texts]
        return None
