"""What the three steps of the checkout show, in the buyer's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.delivery import places
from contentshop.orders import policy
from contentshop.orders.queries import CartState, Quote
from contentshop.web.address_forms import NO_ERRORS, AddressForm, address_form
from contentshop.web.cart_loading import Loaded
from contentshop.web.cart_pages import QuoteView, quote_view
from contentshop.web.checkout_words import obstacle_words, option_words, presale_words, short_words
from contentshop.web.chrome import current_babel_locale
from contentshop.web.seen_quotes import Seen, sign_seen
from contentshop.web.session import Viewer, engines
from contentshop.web.shop_pages import method_words
from contentshop.web.shop_sums import delivery_name
from contentshop.web.words import translated_errors

if TYPE_CHECKING:
    from contentshop.delivery.models import Address


@dataclass(frozen=True, slots=True)
class WayOut:
    """Why nothing can be sent there, and the currency in which it could be paid, or an empty text."""

    words: str
    currency: str = ""


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


def who_page(
    loaded: Loaded,
    quote: Quote,
    values: Mapping[str, str],
    kept: Sequence[Address],
    *,
    who: Viewer,
    errors: Mapping[str, list[str]] = NO_ERRORS,
    by_region: bool = False,
    stuck: WayOut | None = None,
    changed: bool = False,
) -> WhoPage:
    """The first step; ``by_region`` asks where in the country the buyer of what is not sent lives."""
    return WhoPage(
        quote=quote_view(loaded, quote),
        values=values,
        errors=translated_errors(errors),
        form=address_form(values, shipped=quote.shipped, by_region=by_region),
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
    return tuple(
        method for method in methods if policy.may_pay_by(method, shipped=quote.shipped, presale=quote.presale)
    )


def draft_address(state: CartState, *, shipped: bool = True) -> list[str]:
    """Where it goes, as it will stand on the parcel; without one, the buyer and where they are taxed."""
    values = _address_values(state, shipped=shipped)
    if not shipped and not values["region"]:
        return [values["name"]]
    return places.lines(state.text("country"), values, locale=current_babel_locale())


def _address_values(state: CartState, *, shipped: bool) -> dict[str, str]:
    wanted = places.FIELDS if shipped else ("name", "region")
    return {name: state.text(name) if name in wanted else "" for name in places.FIELDS}


def _address_line(state: CartState, *, shipped: bool) -> str:
    """The same on one line."""
    values = _address_values(state, shipped=shipped)
    if not shipped and not values["region"]:
        return values["name"]
    return places.one_line(state.text("country"), values, locale=current_babel_locale())


def _short(address: Address) -> str:
    values = {name: getattr(address, name) for name in places.FIELDS}
    return places.one_line(address.country, values, locale=current_babel_locale(), with_name=False)
