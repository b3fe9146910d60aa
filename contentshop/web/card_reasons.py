"""Why a card shows what it shows, in words for its author."""

from __future__ import annotations

from flask_babel import gettext as _

from contentshop.products.offers import OfferFacts, Resolution


def explain(resolution: Resolution) -> str:
    """Why a card shows what it shows, for its author: the verdict, then a line for each offer."""
    verdicts: dict[str, str] = {
        "own_stock": _("It is in our own stock."),
        "affiliate": _("We have none; this is the best offer for this region."),
        "out_of_stock": _("Nobody we know can deliver it now."),
        "discontinued": _("It is marked as no longer made."),
        "unlisted": _("It was taken out of the catalogue."),
        "draft": _("The shop has not put it on sale yet; readers see nothing of it."),
        "no_offers": _("It has no offers."),
    }
    verdict = verdicts.get(resolution.reason, resolution.reason)
    names = {offer.key: _offer_name(offer) for offer in resolution.product.offers}
    lines = [
        _("%(offer)s: %(why)s", offer=names.get(key, key), why=_verdict_word(why)) for key, why in resolution.trace
    ]
    return "\n".join([str(verdict), *map(str, lines)])


def _offer_name(offer: OfferFacts) -> str:
    if not offer.own:
        return offer.merchant_name
    currency = f", {offer.price.currency}" if offer.price else ""
    return str(_("Our stock (%(sku)s)", sku=f"{offer.sku}{currency}"))


def _verdict_word(code: str) -> str:
    words: dict[str, str] = {
        "chosen": _("shown"),
        "own_stock_first": _("our own stock goes first"),
        "worse_availability": _("delivers later"),
        "other_currency": _("another currency"),
        "no_fresh_price": _("price not known or too old"),
        "dearer": _("dearer"),
        "link_unsure": _("link not proved"),
        "tie": _("as good, listed later"),
        "unlisted": _("product not listed"),
        "inactive": _("switched off"),
        "other_region": _("another region"),
        "region_price": _("replaced by the price for this region"),
        "merchant_inactive": _("shop switched off"),
        "link_dead": _("link dead"),
        "out_of_stock": _("sold out"),
        "discontinued": _("no longer made"),
    }
    return words.get(code, code)
