"""What one page says of its product.

Three sources are asked, the surest first: JSON-LD, microdata, OpenGraph; the title alone may come from the page
itself. A price is taken only from data that the shop wrote for machines, only when all of it agrees, and only for
the page's own product. Everything else is "not known".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from lxml import html
from lxml.etree import LxmlError

from contentshop.core.addresses import host_of, identity
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.plain import plain_text
from contentshop.core.text_urls import safe_url
from contentshop.products.inputs import parse_availability, parse_gtin
from contentshop.products.pages.nodes import Blocks, Node, microdata, text_of, types_of
from contentshop.products.pages.prices import Amount, Place, lacks_only_currency, read_amount

Source = Literal["json-ld", "microdata", "opengraph", "page"]
Sure = Literal["high", "medium", "low"]
Problem = Literal["blocked", "no_product", "several_products", "no_price", "several_prices", "no_currency", "odd_price"]

FIELDS = ("title", "brand", "picture", "price", "currency", "availability", "shop", "gtin", "mpn")
LIMITS = {"title": 500, "brand": 120, "shop": 80, "mpn": 80, "picture": 2_000}
_PRODUCTS = frozenset({"product", "productgroup", "productmodel", "individualproduct", "book", "vehicle", "car"})
_OTHER_PRICES = frozenset(
    {"listprice", "strikethroughprice", "msrp", "srp", "regularprice", "invoiceprice", "minimumadvertisedprice"}
)
_USED = frozenset({"usedcondition", "refurbishedcondition", "damagedcondition"})
_GTINS = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn")
_WALL = re.compile(
    r"captcha|robot check|are you (?:a )?(?:human|robot)|just a moment|attention required|access denied"
    r"|access to this page has been denied|verify (?:that )?you|unusual traffic|pardon our interruption"
    r"|security check|forbidden|request blocked|zugriff verweigert|accès refusé|人机验证|安全验证|滑动验证|验证码"
    r"|访问验证|请完成验证|アクセスが拒否|로봇이 아닙니다",
    re.IGNORECASE,
)
_WALL_PARTS = re.compile(
    rb"captcha-delivery\.com|/cdn-cgi/challenge-platform|px-captcha|/_incapsula_resource|awswaf|geetest|nocaptcha|punish\?x5",
    re.IGNORECASE,
)

# What browsers read when a page names an older charset (WHATWG Encoding standard).
_CHARSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "iso-8859-9": "cp1254", "tis-620": "cp874", "windows-31j": "cp932",
}  # fmt: skip
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a page says, where, and how sure it is that the page means its product."""

    value: str
    source: Source
    sure: Sure


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What was read of a page. ``fields`` holds only what is known, by the names in ``FIELDS``.

    ``price`` is an amount of major units, exact, with its ``currency``; ``availability`` is one of our words.
    ``canonical`` is the address the page gives itself, if it is one on the same host.
    """

    url: str
    canonical: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def get(self, name: str) -> str:
        """The value of a field, or an empty string."""
        found = self.fields.get(name)
        return found.value if found else ""

    @property
    def money(self) -> Money | None:
        """The price, if one is known."""
        try:
            return Money.parse(self.get("price"), self.get("currency")) if self.get("price") else None
        except Invalid:
            return None

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> PageFacts:
        """What ``dataclasses.asdict`` made of it."""
        fields = {name: Field(**one) for name, one in kept["fields"].items()}
        return cls(kept["url"], kept["canonical"], fields, tuple(kept["problems"]))


@dataclass(slots=True)
class _Heard:
    """What one source says."""

    source: Source
    sure: Sure
    words: dict[str, str] = field(default_factory=dict)
    amounts: list[Amount] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)  # prices without a currency
    problems: list[Problem] = field(default_factory=list)
    availability: str = ""
    states_product: bool = False


def read_page(body: bytes, *, url: str, charset: str = "") -> PageFacts:
    """Read a page that came from ``url``; ``charset`` is what its HTTP header names. Never raises."""
    tree = _tree(decode(body, charset))
    if tree is None:
        return PageFacts(url, problems=("no_product",))
    meta = _meta(tree)
    place = Place(host_of(url).rpartition(".")[2], (tree.get("lang") or "").lower())
    canonical = _canonical(tree, meta, url)
    names = _names_of_page(tree, meta)
    blocks = Blocks([one.text or "" for one in tree.iter("script") if _is_json_ld(one)])
    heard = [
        _hear(blocks, blocks.nodes, "json-ld", url, canonical, names, place),
        _hear(Blocks([]), microdata(tree), "microdata", url, canonical, names, place),
        _hear_meta(meta, place),
    ]
    if not any(one.states_product for one in heard):
        if _is_wall(tree, body, names):
            return PageFacts(url, canonical, problems=("blocked",))
        heard[2].amounts, heard[2].availability = [], ""
    return _combine(url, canonical, heard, names, meta)


def decode(body: bytes, charset: str) -> str:
    """A page's text: by its byte order mark, its header, its own meta element, else UTF-8, else Western."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace").replace("\x00", "")
    named = _META_CHARSET.search(body[:4096])
    for name in (charset, named[1].decode("ascii", "ignore").lower() if named else "", "utf-8"):
        try:
            # A wrong name is more frequent than a wrong byte, so few bytes that do not fit are forgiven.
            text = body.decode(_CHARSETS.get(name, name) or "utf-8", "replace")
        except LookupError:
            continue
        if name and text.count("\ufffd") <= len(text) // 500:
            return text.replace("\x00", "")
    return body.decode("cp1252", "replace").replace("\x00", "")


def _tree(text: str) -> Any:
    """The parsed page, or None. libxml2, since html.parser takes time that grows with the square of some pages."""
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (LxmlError, ValueError, AssertionError):
        return None


def _is_json_ld(script: Any) -> bool:
    return (script.get("type") or "").partition(";")[0].strip().lower() == "application/ld+json"


def _meta(tree: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in tree.iter("meta"):
        name = (one.get("property") or one.get("name") or "").strip().lower()
        content = (one.get("content") or "").strip()
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _first(meta: Mapping[str, Sequence[str]], *names: str) -> str:
    return next((meta[name][0] for name in names if name in meta), "")


def _canonical(tree: Any, meta: Mapping[str, Sequence[str]], url: str) -> str:
    links = (
        one.get("href") or "" for one in tree.iter("link") if "canonical" in (one.get("rel") or "").lower().split()
    )
    for named in (next(links, ""), _first(meta, "og:url")):
        found = _joined(url, named)
        # A page that calls itself the front page, or another shop's, is mistaken.
        if found and host_of(found) == host_of(url) and urlsplit(found).path.strip("/"):
            return found
    return ""


def _joined(base: str, reference: str) -> str:
    try:
        return safe_url(urljoin(base, reference.strip())) or "" if reference.strip() else ""
    except ValueError:
        return ""


def _names_of_page(tree: Any, meta: Mapping[str, Sequence[str]]) -> list[str]:
    """What the page calls itself: OpenGraph's title, its first heading, its title."""
    heading, title = next(tree.iter("h1"), None), next(tree.iter("title"), None)
    texts = [_first(meta, "og:title", "twitter:title")]
    texts += ["".join(one.itertext()) if one is not None else "" for one in (heading, title)]
    return [_clean(text, 500) for text in texts]


def _clean(text: str, limit: int) -> str:
    return " ".join(plain_text(text).split())[:limit].strip()


def _is_wall(tree: Any, body: bytes, names: Sequence[str]) -> bool:
    """Whether this is a page that asks who we are, not the one that was asked for."""
    return (
        bool(_WALL_PARTS.search(body))
        or any(_WALL.search(name) for name in names)
        or bool(len(body) < 30_000 and _WALL.search(" ".join(tree.text_content().split())[:3_000]))
    )


# --- JSON-LD and microdata ---


def _hear(
    blocks: Blocks, nodes: Sequence[Node], source: Source, url: str, canonical: str, names: Sequence[str], place: Place
) -> _Heard:
    heard = _Heard(source, "high")
    products = [node for node in nodes if types_of(node) & _PRODUCTS]
    heard.states_product = bool(products)
    main = _main(blocks, products, url, canonical, names)
    if main is None:
        if products:
            heard.problems.append("several_products")
        return heard
    heard.words = _words(blocks, main, url)
    offers = _offers(blocks, main)
    _judge(heard, _fitting(offers, url), place)
    return heard


def _main(blocks: Blocks, products: Sequence[Node], url: str, canonical: str, names: Sequence[str]) -> Node | None:
    """The product the page is about; None when that cannot be told."""
    if len(products) == 1:
        return products[0]
    here = {identity(url), identity(canonical)} - {""}

    def is_here(one: Node) -> bool:
        return bool(here & {identity(_joined(url, text_of(one.get(name)))) for name in ("url", "@id")})

    def is_named_so(one: Node) -> bool:
        return any(_same_name(text_of(one.get("name")), name) for name in names[:2])

    def is_group(one: Node) -> bool:
        return "productgroup" in types_of(one)

    tests: tuple[Callable[[Node], bool], ...] = (is_here, is_named_so, is_group)
    for test in tests:
        fitting = [one for one in products if test(one)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting and _are_one(blocks, fitting):
            return fitting[0]
    return products[0] if products and _are_one(blocks, products) else None


def _are_one(blocks: Blocks, products: Sequence[Node]) -> bool:
    """Whether two descriptions tell the same of the same thing, as pages with two plug-ins have them."""
    told = {(text_of(one.get("name")).casefold(), tuple(map(_price_text, _offers(blocks, one)))) for one in products}
    return len(told) == 1


def _same_name(one: str, other: str) -> bool:
    return bool(one) and " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _words(blocks: Blocks, main: Node, url: str) -> dict[str, str]:
    pictures = blocks.all_of(main, "image")
    first = pictures[0] if pictures else ""
    if isinstance(first, dict):
        first = first.get("contentUrl") or first.get("url") or first.get("@id") or ""
    numbers = (parse_gtin({"gtin": text_of(main.get(name))}, {}) for name in _GTINS)
    return {
        "title": text_of(main.get("name")),
        "brand": text_of(blocks.all_of(main, "brand")),
        "picture": _joined(url, text_of(first)),
        "gtin": next(filter(None, numbers), ""),
        "mpn": text_of(main.get("mpn")),
    }


def _offers(blocks: Blocks, product: Node) -> list[dict[str, Any]]:
    """The offers of a product; for a group, of its variants. An AggregateOffer counts as its ends."""
    found: list[dict[str, Any]] = []
    for variant in blocks.all_of(product, "hasVariant"):
        if isinstance(variant, dict):
            for offer in blocks.all_of(variant, "offers"):
                if isinstance(offer, dict):
                    found += _ends(blocks, {"url": variant.get("url"), **offer})
    for offer in blocks.all_of(product, "offers"):
        if isinstance(offer, dict):
            found += _ends(blocks, offer)
    return found


def _ends(blocks: Blocks, offer: dict[str, Any]) -> list[dict[str, Any]]:
    if "aggregateoffer" not in types_of(offer):
        return [offer]
    nested = [one for one in blocks.all_of(offer, "offers") if isinstance(one, dict)]
    if nested:
        return [{"priceCurrency": offer.get("priceCurrency"), **one} for one in nested]
    low, high = text_of(offer.get("lowPrice")), text_of(offer.get("highPrice"))
    if not low and not high:
        return [offer]
    # One end alone says "from" or "up to", which is no price either: an end that is missing differs from all.
    return [{**offer, "price": low or "?"}, {**offer, "price": high or "?"}]


def _fitting(offers: list[dict[str, Any]], url: str) -> list[dict[str, Any]]:
    """The offers that this very address means, and new things rather than used ones, where the page tells."""
    here = identity(url)
    exact = [
        one for one in offers if text_of(one.get("url")) and identity(_joined(url, text_of(one.get("url")))) == here
    ]
    chosen = exact or offers
    new = [one for one in chosen if not _USED & {_last(text_of(one.get("itemCondition")))}]
    return new or chosen


def _last(text: str) -> str:
    return text.rpartition("/")[2].lower()


def _judge(heard: _Heard, offers: Sequence[dict[str, Any]], place: Place) -> None:
    """Take over the price and the availability that all offers agree on."""
    states = {parse_availability(text_of(one.get("availability")), {}) for one in offers}
    heard.availability = states.pop() if len(states) == 1 else ""
    read = [(text, read_amount(text, code, place), code) for text, code in map(_price_text, offers)]
    stated = [(text, amount, code) for text, amount, code in read if text]
    for text, amount, code in stated:
        if amount is None:
            _note_unread(heard, text, code)
        else:
            heard.amounts.append(amount)
    if any(text == "?" for text, _amount, _code in stated):
        heard.problems.append("several_prices")


def _note_unread(heard: _Heard, text: str, code: str) -> None:
    if not code and lacks_only_currency(text):
        heard.bare.append(text)
        heard.problems.append("no_currency")
    else:
        heard.problems.append("odd_price")


def _price_text(offer: dict[str, Any]) -> tuple[str, str]:
    """(price, currency) as written, never a crossed-out or a recommended one."""
    price, code = text_of(offer.get("price")), text_of(offer.get("priceCurrency"))
    specified = offer.get("priceSpecification")
    for one in specified if isinstance(specified, list) else [specified]:
        if price or not isinstance(one, dict) or one.get("referenceQuantity") or one.get("unitText"):
            continue
        if _last(text_of(one.get("priceType"))) in _OTHER_PRICES:
            continue
        price, code = text_of(one.get("price")), text_of(one.get("priceCurrency")) or code
    return price, code


# --- OpenGraph ---


def _hear_meta(meta: Mapping[str, Sequence[str]], place: Place) -> _Heard:
    heard = _Heard("opengraph", "medium")
    code = _first(meta, "product:sale_price:currency", "product:price:currency", "og:price:currency")
    texts = (
        meta.get("product:sale_price:amount") or meta.get("product:price:amount") or meta.get("og:price:amount") or []
    )
    kind = _first(meta, "og:type").lower()
    heard.states_product = bool(texts) or kind in {"product", "og:product", "product.item", "book", "books.book"}
    for text in texts:
        amount = read_amount(text, code, place)
        if amount is not None:
            heard.amounts.append(amount)
        elif text:
            _note_unread(heard, text, code)
    state = _first(meta, "product:availability", "og:availability")
    heard.availability = parse_availability(state, {}) if state else ""
    heard.words = {
        "title": _first(meta, "og:title", "twitter:title"),
        "brand": _first(meta, "product:brand", "og:brand"),
        "picture": _first(meta, "og:image:secure_url", "og:image", "og:image:url", "twitter:image"),
        "gtin": parse_gtin({"gtin": _first(meta, "product:ean", "product:gtin", "product:upc", "product:isbn")}, {})
        or "",
        "mpn": _first(meta, "product:mfr_part_no"),
    }
    return heard


# --- all together ---


def _combine(
    url: str, canonical: str, heard: Sequence[_Heard], names: Sequence[str], meta: Mapping[str, Sequence[str]]
) -> PageFacts:
    found: dict[str, Field] = {}
    for one in heard:
        for name, text in one.words.items():
            value = _joined(url, text) if name == "picture" else _clean(text, LIMITS.get(name, 80) + 1)
            if value and len(value) <= LIMITS.get(name, 80) and name not in found:
                found[name] = Field(value, one.source, one.sure)
    if "picture" in found and not found["picture"].value.startswith(("https://", "http://")):
        del found["picture"]
    if "title" not in found and (own := next(filter(None, names[1:]), "")):
        found["title"] = Field(own, "page", "low")
    if shop := _clean(_first(meta, "og:site_name"), LIMITS["shop"]):
        found["shop"] = Field(shop, "opengraph", "medium")
    found |= _agreed_state(heard)
    price, problems = _agreed_price(heard)
    states_product = any(one.states_product for one in heard)
    if not states_product:
        problems = ("no_product",)
        found = {name: Field(known.value, known.source, "low") for name, known in found.items() if name != "brand"}
    return PageFacts(url, canonical, found | price, problems)


def _agreed_state(heard: Sequence[_Heard]) -> dict[str, Field]:
    told = [one for one in heard if one.availability not in {"", "unknown"}]
    if len({one.availability for one in told}) != 1:
        return {}
    return {"availability": Field(told[0].availability, told[0].source, told[0].sure)}


def _agreed_price(heard: Sequence[_Heard]) -> tuple[dict[str, Field], tuple[Problem, ...]]:
    """The one price that everything agrees on, or why there is none."""
    problems: list[Problem] = [problem for one in heard for problem in one.problems]
    # Which of several products the page means is not known, so neither is whose price OpenGraph repeats.
    told = [(one, amount) for one in heard for amount in one.amounts]
    values = {(amount.value, amount.currency) for _one, amount in told}
    for currency in {amount.currency for _one, amount in told}:
        bare = (read_amount(text, currency, Place()) for one in heard for text in one.bare)
        values |= {(amount.value, currency) for amount in bare if amount is not None}
    if len(values) > 1:
        problems.append("several_prices")
    blocking = [problem for problem in problems if problem != "no_currency"]
    if not told or blocking:
        return {}, tuple(dict.fromkeys(problems or ["no_price"]))
    first, amount = told[0]
    money = amount.money
    if money is None or money.minor == 0:
        return {}, ("odd_price",)
    sure: Sure = "low" if amount.guessed else first.sure
    return {
        "price": Field(f"{money.amount:f}", first.source, sure),
        "currency": Field(money.currency, first.source, sure),
    }, ()
