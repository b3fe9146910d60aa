"""A published deal → what stands above its words: the price, what it usually costs, the coupon, and how it stands.

Nothing is claimed that is not known. A price is struck through only where the deal's own shop was seen to ask it, and
that as of when; what another shop asks stands beside it, also where that is less.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from babel import Locale
from flask import url_for
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.posts import deals
from contentshop.posts.bargains import ENOUGH_REPORTS, OWN_SHOP, DealFacts, DealInput
from contentshop.posts.deals import Mine
from contentshop.posts.queries import PublishedPost
from contentshop.products.offers import ProductFacts, Resolution
from contentshop.products.queries.prices import lowest_before
from contentshop.web import structured
from contentshop.web.cards import CardView, deal_card, product_card, shown_price
from contentshop.web.chrome import current_babel_locale
from contentshop.web.reader_pages import CouponView, DealView
from contentshop.web.session import Viewer, settings
from contentshop.web.urls import post_url
from contentshop.web.zones import in_words, zone_label


def deal_view(post: PublishedPost, facts: Mapping[int, ProductFacts], who: Viewer, *, live: bool = True) -> DealView:
    """What the page of a deal shows above its words; ``live`` tells that readers see it, so that they can report."""
    written = post.deal or DealInput()
    entry = next((card for card in post.cards if card["kind"] == "deal"), None)
    product = facts.get(entry["product_id"]) if entry is not None else None
    resolution, card = deal_card(product, written, entry["key"], who) if product and entry else (None, None)
    standing, wrote = post.standing, _wrote(post, who)
    mine = deals.said_by(db.session, post.id, who.user) if live and who.user is not None else Mine()
    usual, usual_at = _usual(post, resolution, written, who)
    price = written.price
    state = standing.state(who.now) if standing is not None else "running"
    return DealView(
        state=state,
        over=_over(standing, state) if standing is not None else "",
        price=price,
        note=written.note,
        shop=_shop(written, standing, card),
        region=_region(written.region),
        usual=usual,
        usual_at=usual_at,
        less=_less(price, usual),
        cheaper=_cheaper(product, written, who) if product is not None else None,
        card=card,
        coupon=_coupon(written, standing, mine.coupon),
        steps=written.steps,
        starts=_when(written.starts_at, written.zone),
        ends=_when(written.ends_at, written.zone),
        turns_at=_turn(standing, state),
        as_of=post.revised_at or post.published_at,
        reports=standing.reports if standing is not None else 0,
        enough=ENOUGH_REPORTS,
        mine=mine.over,
        judges=live and not wrote,
        signed_in=who.user is not None,
        action=url_for("deals.report", slug=post.slug) if live else "",
        coupon_action=url_for("deals.coupon", slug=post.slug) if live else "",
        standing_url=url_for("studio_deals.standing", key=post.key) if live and (wrote or who.can_edit) else "",
        path=post_url(post.slug),
    )


def offer_data(post: PublishedPost, view: DealView) -> structured.Json | None:
    """The deal for search engines: what the page says, and nothing without a price."""
    if view.price is None or view.card is None or post.deal is None:
        return None
    site = settings().site_url
    return structured.deal(
        view.price,
        product=view.card.title,
        brand=view.card.brand,
        image=site + view.card.picture.src if view.card.picture else "",
        url=site + post_url(post.slug),
        seller=view.shop,
        open_now=view.state == "running",
        starts=post.deal.starts_at,
        ends=post.deal.ends_at,
    )


def _wrote(post: PublishedPost, who: Viewer) -> bool:
    handles = {post.author_handle, *(one.handle for one in post.coauthors)}
    return who.user is not None and who.user.handle in handles


def _usual(
    post: PublishedPost, resolution: Resolution | None, written: DealInput, who: Viewer
) -> tuple[Money | None, datetime | None]:
    """What the deal's own shop asks without it, if that is more, and when that was seen (None for our own price).

    Of our own price every change is kept, so the usual one is the lowest of the 30 days before the deal began, and none
    without a price before that: one that was raised for the deal says nothing, one that the deal lowered still does
    (Directive 98/6/EC, Article 6a).
    """
    if resolution is None or resolution.offer is None or not written.shop or written.price is None:
        return None, None
    offer = resolution.offer
    price = shown_price(offer, who)
    if price is None or price.currency != written.currency:
        return None, None
    if offer.own and price.minor >= written.price.minor:
        begun = min(written.starts_at or post.published_at, who.now)
        price = lowest_before(db.session, offer.key, written.currency, at=begun)
    if price is None or price.minor <= written.price.minor:
        return None, None
    return price, None if offer.own else offer.checked_at


def _less(price: Money | None, usual: Money | None) -> int | None:
    """By how many per cent a deal is cheaper, rounded down; None for less than one."""
    if price is None or usual is None or not usual.minor:
        return None
    return (usual.minor - price.minor) * 100 // usual.minor or None


def _cheaper(product: ProductFacts, written: DealInput, who: Viewer) -> tuple[Money, str, str] | None:
    """The best other way to get the product, where that costs less than the deal."""
    if written.price is None or not written.shop:
        return None
    card = product_card(product, who)
    if card.price is None or card.price.currency != written.currency or card.price.minor >= written.price.minor:
        return None
    url = card.action_url if card.face == "elsewhere" else card.url
    return card.price, card.merchant or settings().site_name, url


def _coupon(written: DealInput, standing: DealFacts | None, mine: str) -> CouponView | None:
    if not (written.coupon or written.coupon_url):
        return None
    return CouponView(
        code=written.coupon,
        url=written.coupon_url,
        terms=written.terms,
        works=standing.works if standing is not None else 0,
        fails=standing.fails if standing is not None else 0,
        rate=standing.coupon_rate if standing is not None else None,
        mine=mine,
    )


def _shop(written: DealInput, standing: DealFacts | None, card: CardView | None) -> str:
    if written.shop == OWN_SHOP:
        return settings().site_name
    named = card.merchant if card is not None else ""
    if not named and standing is not None and written.shop:
        named = standing.shop_in(current_babel_locale()[:2])
    return named


def _region(code: str) -> str:
    return str(Locale.parse(current_babel_locale()).territories.get(code, code)) if code else ""


def _when(at: datetime | None, zone: str) -> str:
    return str(_("%(time)s (%(zone)s)", time=in_words(at, zone), zone=zone_label(zone))) if at is not None else ""


def _turn(standing: DealFacts | None, state: str) -> datetime | None:
    if standing is None:
        return None
    return {"upcoming": standing.starts_at, "running": standing.ends_at}.get(state)


def _over(standing: DealFacts, state: str) -> str:
    """Why a deal is over, as a sentence; empty while it is not."""
    if state not in ("ended", "sold_out"):
        return ""
    told: dict[tuple[str, str], str] = {
        ("", ""): _("Its time is over."),
        ("readers", ""): _("Readers say that it is over."),
        ("readers", "price"): _("Readers say that it costs more now."),
        ("offer", "price"): _("We have seen that the shop asks more now."),
        ("offer", "stock"): _("We have seen that the shop has none left."),
        ("author", ""): _("Its author says that it is over."),
        ("editor", ""): _("Our editors have seen that it is over."),
    }
    if standing.closed_as == "sold_out" and standing.closed_by == "readers":
        return str(_("Readers say that it is sold out."))
    if standing.closed_as == "sold_out" and standing.closed_by in ("author", "editor"):
        return str(_("Its author or our editors have seen that it is sold out."))
    if not standing.closed_as and standing.ends_at is None:
        return str(_("Nobody has confirmed it for 30 days, so it is taken for over."))
    return str(told.get((standing.closed_by, standing.closed_why), told["", ""]))
