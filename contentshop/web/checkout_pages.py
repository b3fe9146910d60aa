"""What the cart and the three steps of the checkout show, in the buyer's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.delivery import places
from contentshop.delivery.rates import Destination, ShippingOption
from contentshop.orders import policy
from contentshop.orders import queries as orders
from contentshop.orders.pricing import reduction_of
from contentshop.orders.queries import Attribution, CartFacts, CartState, Line, Quote, Terms
from contentshop.posts.queries import CardOrigin
from contentshop.promotions.policy import persons
from contentshop.promotions.pricing import Refusal
from contentshop.web import destinations
from contentshop.web.chrome import current_babel_locale, day
from contentshop.web.chrome import money as in_words
from contentshop.web.origins import card_origins
from contentshop.web.pictures import picture
from contentshop.web.session import Viewer, engines, settings
from contentshop.web.shop_pages import LineView, TotalsView, method_words, origin_view
from contentshop.web.shop_sums import delivery_name, quote_totals, reduction_words
from contentshop.web.urls import product_url
from contentshop.web.words import translated, translated_errors

if TYPE_CHECKING:
    from contentshop.delivery.models import Address

NO_ERRORS: Mapping[str, list[str]] = {}
Origins = Mapping[str, CardOrigin]


@dataclass(frozen=True, slots=True)
class CodeView:
    """A coupon code in the cart; ``problem`` says why it takes nothing off, ``does`` what it does when it does."""

    code: str
    problem: str
    does: str = ""


@dataclass(frozen=True, slots=True)
class CreditView:
    """A gift card that pays, by its key, the end of its code, and what it pays."""

    key: str
    hint: str
    pays: Money


@dataclass(frozen=True, slots=True)
class QuoteView:
    """The lines that are paid in one currency. ``total`` is what is left to pay."""

    currency: str
    lines: Sequence[LineView]
    totals: TotalsView
    ready: bool
    shipped: bool
    codes: Sequence[CodeView]
    credits: Sequence[CreditView]
    checkout_url: str

    @property
    def total(self) -> Money:
        """What is left to pay."""
        return self.totals.total


@dataclass(frozen=True, slots=True)
class RefusedQuantity:
    """How many of a line somebody wanted, as they typed it, and why they cannot have it."""

    variant_key: str
    card_key: str
    typed: str
    message: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """Why nothing can be sent there, and the currency in which it could be paid, or an empty text."""

    words: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class CartPage:
    """The cart. ``problem`` says what was refused just now."""

    quotes: Sequence[QuoteView]
    gone: Sequence[LineView]
    count: int
    problem: str = ""
    code: str = ""
    code_problem: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of an address: its name, label, what the browser may fill in, and what can be chosen."""

    name: str
    label: str
    autocomplete: str
    required: bool
    choices: Sequence[tuple[str, str]] = ()
    known: Sequence[str] = ()
    blank: str = ""
    hint: str = ""
    limit: int = 80


@dataclass(frozen=True, slots=True)
class AddressForm:
    """The fields of an address in the order of its country, those beside each other in one row; ``phone`` says
    whether a number is needed."""

    country: str
    countries: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]
    phone: bool


@dataclass(frozen=True, slots=True)
class WhoPage:
    """The first step: who buys and where it goes. ``kept`` are saved addresses: (key, name, address, "").

    ``stuck`` says why nothing can be sent there. ``changed``: the fields follow another country since the page before.
    """

    quote: QuoteView
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    form: AddressForm
    kept: Sequence[tuple[str, str, str, str]]
    signed_in: bool
    problem: str = ""
    stuck: WayOut | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class HowPage:
    """The second step: how it is sent and paid. ``options`` and ``methods``: (value, label, hint, price)."""

    quote: QuoteView
    address: str
    email: str
    options: Sequence[tuple[str, str, str, str]]
    methods: Sequence[tuple[str, str, str, str]]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    code: str = ""
    code_problem: str = ""
    problem: str = ""
    stuck: WayOut | None = None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The last step. ``seen`` is the quote, signed; ``attempt`` names this try, so that a second press finds the first
    order. ``changed`` holds the total that was shown before, when it is another now."""

    quote: QuoteView
    address: Sequence[str]
    email: str
    phone: str
    note: str
    shipping: str
    method: str
    attempt: str
    seen: str
    pays_online: bool
    presale: str = ""
    changed: Money | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the buyer was shown when the last page was made."""

    currency: str
    total_minor: int
    fingerprint: str


@dataclass
class Credited:
    """Whose cards lines came from, as placing an order asks for it; keeps what it found for the page."""

    who: Viewer
    origins: dict[str, CardOrigin] = field(default_factory=dict)

    def __call__(self, cards: Collection[str]) -> Mapping[str, Attribution]:
        """Creators earn by what others buy, so one's own purchases name them and earn nothing."""
        self.origins = card_origins(db.session, cards)
        own = self.who.user.key if self.who.user else ""
        rate = settings().commission_ppm
        return {
            key: Attribution(found.author_key, 0 if found.author_key == own else rate)
            for key, found in self.origins.items()
        }


@dataclass(frozen=True)
class Loaded:
    """A cart as this buyer sees it, with what was typed so far."""

    facts: CartFacts
    state: CartState
    origins: Origins

    @property
    def settled(self) -> bool:
        """Whether the buyer has said where it goes."""
        return bool(self.state.text("address"))

    def quote(self, currency: str) -> Quote | None:
        """The part that is paid in ``currency``, or the first part."""
        return self.facts.quote(currency) or next(iter(self.facts.quotes), None)


def load_cart(cart_key: str, who: Viewer, currency: str = "", state: CartState | None = None) -> Loaded:
    """The cart as this asker sees it, quotes of ``currency`` (else of the asker's own) first.

    Priced for the address that was typed in the checkout; until there is one, for the reader's country.
    """
    state = state or orders.get_state(db.session, cart_key)
    credited = Credited(who)
    terms = terms_of(state, who, credited)
    facts = orders.get_cart(
        db.session,
        cart_key,
        locale=who.locale,
        region=terms.to.country,
        currency=currency or state.text("currency") or who.currency,
        terms=terms,
    )
    return Loaded(facts, state, credited.origins)


def terms_of(state: CartState, who: Viewer, creators: orders.Creators) -> Terms:
    """What the price depends on besides the lines, as far as the buyer has said it."""
    asked = state.text("country")
    known = bool(asked) and asked in destinations.among(asked)
    country = asked if known else who.region
    return Terms(
        now=who.now,
        to=Destination(country, state.text("region"), state.text("postcode")) if known else Destination(country),
        postage=settings().shipping,
        shipping=state.text("shipping"),
        codes=state.codes,
        persons=buyer_names(state, who),
        gift_cards=state.gift_cards,
        creators=creators,
    )


def buyer_names(state: CartState, who: Viewer) -> tuple[str, ...]:
    """The names under which this buyer's purchases are counted, as far as they are known."""
    email = state.text("email") or (who.user.email if who.user else "")
    return persons(email, who.user.key if who.user else "")


def cart_page(
    loaded: Loaded,
    problem: str = "",
    code: str = "",
    code_problem: str = "",
    refused: RefusedQuantity | None = None,
) -> CartPage:
    """The cart's page. What is ``refused`` is told at its line; above all when the line is there no more."""
    facts = loaded.facts
    if refused is not None and not any(_is_of(refused, line) for quote in facts.quotes for line in quote.lines):
        problem = refused.message
    return CartPage(
        quotes=[quote_view(loaded, quote, refused) for quote in facts.quotes],
        gone=[line_view(line, loaded.origins) for line in facts.gone],
        count=facts.count,
        problem=problem,
        code=code,
        code_problem=code_problem,
    )


def who_page(
    loaded: Loaded,
    quote: Quote,
    values: Mapping[str, str],
    kept: Sequence[Address],
    *,
    who: Viewer,
    errors: Mapping[str, list[str]] = NO_ERRORS,
    stuck: WayOut | None = None,
    changed: bool = False,
) -> WhoPage:
    """The first step."""
    return WhoPage(
        quote=quote_view(loaded, quote),
        values=values,
        errors=translated_errors(errors),
        form=address_form(values, shipped=quote.shipped),
        kept=[(one.key, one.name, _short(one), "") for one in kept],
        signed_in=who.user is not None,
        problem=short_words(loaded.facts),
        stuck=stuck,
        changed=changed,
    )


def how_page(
    loaded: Loaded,
    quote: Quote,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, list[str]] = NO_ERRORS,
    code: str = "",
    code_problem: str = "",
) -> HowPage:
    """The second step. What is chosen already, or else the first of each, is marked."""
    methods = payment_methods(quote)
    chosen = {
        "shipping": values.get("shipping") or (quote.shipping.key if quote.shipping else ""),
        "payment_method": values.get("payment_method") or (methods[0] if methods else ""),
    }
    return HowPage(
        quote=quote_view(loaded, quote),
        address=_address_line(loaded.state, shipped=quote.shipped),
        email=loaded.state.text("email"),
        options=[option_words(option, quote.currency) for option in quote.options],
        methods=[(code, *method_words(code), "") for code in methods],
        values=chosen,
        errors=translated_errors(errors),
        code=code,
        code_problem=code_problem,
        problem=short_words(loaded.facts),
        stuck=WayOut(obstacle_words(quote)) if quote.obstacle else None,
    )


def review_page(
    loaded: Loaded,
    quote: Quote,
    *,
    attempt: str = "",
    before: Seen | None = None,
    problem: str = "",
) -> ReviewPage:
    """The last step. ``before`` is what was shown last, when it may have changed since."""
    total, state = quote.totals.total, loaded.state
    changed = None
    if before is not None and before.currency == quote.currency and before.total_minor != total.minor:
        changed = Money(before.total_minor, before.currency)
    method = state.text("payment_method")
    return ReviewPage(
        quote=quote_view(loaded, quote),
        address=draft_address(state, shipped=quote.shipped),
        email=state.text("email"),
        phone=state.text("phone"),
        note=state.text("note"),
        shipping=delivery_name(quote.shipping.name) if quote.shipping else "",
        method=method_words(method)[0] if quote.totals.due.minor else _("Nothing to pay"),
        attempt=attempt or new_key(24),
        seen=sign_seen(Seen(quote.currency, total.minor, quote.fingerprint)),
        pays_online=bool(quote.totals.due.minor) and engines().payment.is_online(method),
        presale=presale_words(quote),
        changed=changed,
        problem=problem or short_words(loaded.facts),
    )


def payment_methods(quote: Quote) -> tuple[str, ...]:
    """How ``quote`` can be paid. Gift cards are not among them: they come on top."""
    methods = engines().payment.methods_for(quote.currency)
    return tuple(method for method in methods if policy.may_pay_by(method, shipped=quote.shipped))


def address_form(values: Mapping[str, str], *, shipped: bool) -> AddressForm:
    """The fields of an address in the country that is chosen; only the name when nothing is shipped."""
    locale = current_babel_locale()
    country = values.get("country", "")
    known = places.form(country, region=values.get("region", ""), city=values.get("city", ""), locale=locale[:2])
    rows = known.rows if shipped else (("name",),)
    cells = [[_cell(name, known) for name in row] for row in rows]
    return AddressForm(country, destinations.choices(), cells, known.phone)


def _cell(name: str, known: places.Form) -> Cell:
    labels = {
        "name": _("Full name"),
        "address": _("Street and number") if known.country != "CN" else _("Street, building, room"),
        "city": translated(known.city_word),
        "district": _("District"),
        "region": translated(known.region_word),
        "postcode": _("Postcode"),
    }
    fills = {
        "name": "name",
        "address": "street-address",
        "city": "address-level2",
        "district": "address-level3",
        "region": "address-level1",
        "postcode": "postal-code",
    }
    hint = _("Like %(example)s", example=known.example) if name == "postcode" and known.example else ""
    suggestions = {"city": known.cities, "district": known.districts}
    return Cell(
        name=name,
        label=labels[name],
        autocomplete=fills[name],
        required=name in known.required,
        choices=known.regions if name == "region" else (),
        known=suggestions.get(name, ()),
        blank=translated(known.choose) if name == "region" else "",
        hint=hint,
        limit={"name": 120, "address": 300, "postcode": 20}.get(name, 80),
    )


def draft_address(state: CartState, *, shipped: bool = True) -> list[str]:
    """Where it goes, as it will stand on the parcel."""
    values = {name: state.text(name) for name in places.FIELDS}
    if not shipped:
        return [values["name"]]
    return places.lines(state.text("country"), values, locale=current_babel_locale())


def _address_line(state: CartState, *, shipped: bool) -> str:
    """The same on one line."""
    if not shipped:
        return state.text("name")
    values = {name: state.text(name) for name in places.FIELDS}
    return places.one_line(state.text("country"), values, locale=current_babel_locale())


def obstacle_words(quote: Quote) -> str:
    """Why nothing of this can be sent there; empty when something can."""
    if quote.obstacle is None:
        return ""
    if quote.obstacle.why == "currency":
        country = places.country_name(quote.to.country, current_babel_locale())
        words = _(
            "We do not deliver to %(country)s what is paid in %(currency)s.", country=country, currency=quote.currency
        )
        return str(words)
    if quote.obstacle.why == "size":
        return str(_("This is more than one parcel to there can hold. Please order in smaller parts."))
    return str(_("We do not deliver to this place."))


def option_words(option: ShippingOption, currency: str) -> tuple[str, str, str, str]:
    """(key, name, how long it takes, price) of a way of shipping."""
    least, most = option.days
    time = ""
    if most and least == most:
        time = ngettext("%(num)s working day", "%(num)s working days", most)
    elif most:
        time = _("%(least)s–%(most)s working days", least=least, most=most)
    price = in_words(Money(option.minor, currency)) if option.minor else _("Free")
    return option.key, delivery_name(option.name), time, price


def presale_words(quote: Quote) -> str:
    """From when a presale is sent; empty when everything is here."""
    days = [line.releases_at for line in quote.lines if line.presale]
    latest = max((one for one in days if one is not None), default=None)
    if latest is None:
        return ""
    return str(_("Part of this is a presale: it is sent from %(day)s on.", day=day(latest)))


def sign_seen(seen: Seen) -> str:
    """What the page showed, in a form field that cannot be made up."""
    return str(_seal().dumps([seen.currency, seen.total_minor, seen.fingerprint]))


def read_seen(text: str) -> Seen | None:
    """What an earlier page of ours showed, or None when the field is not ours."""
    try:
        currency, total_minor, fingerprint = _seal().loads(text)
    except (BadSignature, ValueError, TypeError):
        return None
    return Seen(str(currency), int(total_minor), str(fingerprint))


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="contentshop.seen")


def problem_words(line: Line) -> str:
    """Why a cart line cannot be ordered as it is, and what to do; empty when it can."""
    if line.problem == "limit":
        return limit_words(line.may_buy or 0)
    if line.problem == "gone" and line.elsewhere:
        return str(_("We do not sell this to your country."))
    return left_words(line.available, line.problem)


def limit_words(left: int) -> str:
    """What to tell somebody who wants more than one person may buy."""
    if not left:
        return str(_("You have bought as many of this as one person may."))
    return str(ngettext("You may buy %(num)s more of this.", "You may buy %(num)s more of this.", left))


def left_words(available: int, problem: str = "short") -> str:
    """What to tell somebody who wants more than there is."""
    if problem == "":
        return ""
    if problem == "gone":
        return str(_("We do not sell this any more."))
    if available <= 0 or problem == "sold_out":
        return str(_("This is sold out."))
    return str(ngettext("Only %(num)s is left.", "Only %(num)s are left.", available))


def short_words(facts: CartFacts) -> str:
    """Which articles fall short, by name, and what is left of each; empty when none does."""
    told = dict.fromkeys(
        f"{line.title}: {problem_words(line)}"
        for line in facts.lines
        if line.problem in {"short", "sold_out", "limit"} or line.elsewhere
    )
    return " ".join(told)


def code_words(refusal: Refusal) -> str:
    """Why a code takes nothing off."""
    if refusal.why == "min_spend" and refusal.least is not None:
        return str(_("This code is for orders from %(amount)s on.", amount=in_words(refusal.least)))
    return {
        "unknown": str(_("We do not know this code. Please check how it is written.")),
        "early": str(_("This code is not valid yet.")),
        "ended": str(_("This code is not valid any more.")),
        "used_up": str(_("This code has been used up.")),
        "used": str(_("You have used this code already.")),
        "sign_in": str(_("Sign in to use this code.")),
        "currency": str(_("This code is not for orders in this currency.")),
        "scope": str(_("This code is not for what is in your cart.")),
        "beaten": str(_("It cannot be combined; you get the better offer already.")),
    }.get(refusal.why, "")


def quote_view(loaded: Loaded, quote: Quote, refused: RefusedQuantity | None = None) -> QuoteView:
    """The lines that are paid in one currency, with the codes that were typed."""
    unused = {one.code: code_words(one) for one in quote.discount.refused}
    used = [reduction_of(use, quote.currency) for use in quote.discount.uses if use.rule.code]
    return QuoteView(
        currency=quote.currency,
        lines=[
            line_view(line, loaded.origins, refused if refused is not None and _is_of(refused, line) else None)
            for line in quote.lines
        ],
        totals=quote_totals(quote, settled=loaded.settled),
        ready=quote.ready,
        shipped=quote.shipped,
        codes=[CodeView(one.code, "", reduction_words(one, quote.currency)) for one in used]
        + [CodeView(code, why) for code, why in unused.items()],
        credits=[CreditView(card.key, card.hint, Money(minor, quote.currency)) for card, minor in quote.credits],
        checkout_url=f"/checkout?currency={quote.currency}",
    )


def _is_of(refused: RefusedQuantity, line: Line) -> bool:
    return (refused.variant_key, refused.card_key) == (line.variant_key, line.card_key)


def line_view(line: Line, origins: Origins, refused: RefusedQuantity | None = None) -> LineView:
    """A line of the cart."""
    note = ""
    if line.presale and line.releases_at is not None:
        note = _("Presale: sent from %(day)s on", day=day(line.releases_at))
    elif line.digital:
        note = _("Digital: no delivery")
    return LineView(
        title=line.title,
        url=product_url(line.slug),
        picture=picture(line.picture),
        variant=line.variant_name,
        quantity=line.quantity,
        unit_price=line.unit,
        total=line.total,
        problem=problem_words(line),
        variant_key=line.variant_key,
        card_key=line.card_key,
        origin=origin_view(origins.get(line.card_key)),
        note=note,
        typed=refused.typed if refused else "",
        refused=refused.message if refused else "",
    )


def _short(address: Address) -> str:
    values = {name: getattr(address, name) for name in places.FIELDS}
    return places.one_line(address.country, values, locale=current_babel_locale(), with_name=False)
