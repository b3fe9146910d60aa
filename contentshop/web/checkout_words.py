"""Sentences of the cart and the checkout: what cannot be bought or sent and why, how it is sent and when."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from contentshop.core.money import Money
from contentshop.delivery import places
from contentshop.delivery.rates import ShippingOption
from contentshop.orders.queries import CartFacts, Line, Quote
from contentshop.promotions.pricing import Refusal
from contentshop.web.chrome import current_babel_locale, day
from contentshop.web.chrome import money as in_words
from contentshop.web.shop_sums import delivery_name
from contentshop.web.zones import readers_zone, until_words


def problem_words(line: Line) -> str:
    """Why a cart line cannot be ordered as it is, and what to do; empty when it can."""
    if line.problem == "limit":
        return limit_words(line.limit or 0, line.had, line.may_buy)
    if line.problem == "gone" and line.elsewhere:
        return str(_("We do not sell this to your country."))
    return left_words(line.available, line.problem)


def limit_words(limit: int, had: int = 0, left: int | None = None) -> str:
    """What to tell somebody who wants more than one person may buy: ``limit`` in all, of which they ``had`` some
    before; ``left`` is how many they still can, None when that is not known."""
    if not had:
        return str(ngettext("One person may buy %(num)s of this.", "One person may buy %(num)s of this.", limit))
    return str(
        _(
            "One person may buy %(num)s of this; you have bought %(had)s and can buy %(left)s more.",
            num=limit,
            had=had,
            left=left or 0,
        )
    )


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
    if refusal.why == "early" and refusal.begins is not None:
        return str(_("This code is valid from %(moment)s on.", moment=until_words(refusal.begins, readers_zone())))
    return {
        "unknown": str(_("We do not know this code. Please check how it is written.")),
        "ended": str(_("This code is not valid any more.")),
        "used_up": str(_("This code has been used up.")),
        "used": str(_("You have used this code already.")),
        "sign_in": str(_("Sign in to use this code.")),
        "currency": str(_("This code is not for orders in this currency.")),
        "scope": str(_("This code is not for what is in your cart.")),
        "beaten": str(_("It cannot be combined; you get the better offer already.")),
    }.get(refusal.why, "")


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
