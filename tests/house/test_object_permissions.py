"""The permission table on real things: whose draft, order, list and product it is, for every kind of person.

Every row of the table with a parameter is tried by six people; what each gets is written down cell by cell. An
unsafe cell that is refused is shown to have had no effect by comparing the whole database before and after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.aftersale.models import AfterSale, AfterSaleLine, AfterSalePhoto
from contentshop.core.db import Base, db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.core.zones import Chosen
from contentshop.curation import actions as curation
from contentshop.curation.inputs import FeaturedListInput
from contentshop.delivery.models import Address, ShippingMethod, ShippingZone, TaxRegion
from contentshop.live.actions import schedule
from contentshop.live.inputs import SessionInput
from contentshop.media.actions import keep_private, store_picture
from contentshop.media.images import encode
from contentshop.orders.actions import paying, shipping
from contentshop.orders.models import Order
from contentshop.payments import credit
from contentshop.payments.models import Payment, Refund, RefundPart
from contentshop.posts import history, plans, series, sharing, teamwork
from contentshop.posts.merging import words_of
from contentshop.posts.models import Card, Post
from contentshop.posts.queries import get_for_studio
from contentshop.products import actions as products
from contentshop.products.actions.bulk import BulkInput
from contentshop.products.models import (
    AttributeDefinition,
    Category,
    DigitalFile,
    Download,
    Offer,
    Product,
    RestockWatch,
    StockLocation,
    Supplier,
)
from contentshop.promotions.models import Promotion
from contentshop.reviews.models import Review
from contentshop.social import actions as social
from contentshop.social.queries import find_post
from contentshop.watching import actions as watching
from contentshop.watching.inputs import Telling, Wanted
from contentshop.web import restock, review_links
from contentshop.web.addresses import claim_token
from contentshop.web.order_links import card_token, order_token
from contentshop.web.permissions import PERMISSIONS
from contentshop.web.watching_links import feed_url, stop_url
from tests.conftest import csrf_of
from tests.factories import Factory
from tests.rooms.media.pictures import picture
from tests.web.buyer import add, buy, checkout_form

PEOPLE = ("visitor", "reader", "owner", "other creator", "editor", "operator")
SIGN_IN, NO, GONE, OK = "sign in", "403", "404", "ok"

# endpoint → (values of the address, answer for each of PEOPLE). "ok" is anything below 400 or a form's 422.
EVERYBODY = (OK,) * 6
NOBODY = (GONE,) * 6
OPERATORS = (SIGN_IN, NO, NO, NO, NO, OK)
EDITORS = (SIGN_IN, NO, NO, NO, OK, NO)
DRAFT_SEEN = (SIGN_IN, NO, OK, GONE, OK, NO)
OWN = (SIGN_IN, GONE, OK, GONE, GONE, GONE)
# What reviewers, who need not be creators, may knock at: strangers are not told that there is a post.
SEEN = (SIGN_IN, GONE, OK, GONE, OK, GONE)
INVITED = (SIGN_IN, GONE, GONE, OK, GONE, GONE)
DRAFT_CHANGED = (SIGN_IN, NO, OK, GONE, NO, NO)

OWN_SERIES = (SIGN_IN, NO, OK, GONE, GONE, NO)
MEDIUM = (SIGN_IN, NO, OK, GONE, GONE, NO)
LIVE_SEEN = (SIGN_IN, NO, OK, GONE, OK, NO)
LIVE_CHANGED = (SIGN_IN, NO, OK, GONE, NO, NO)

# Who may speak, who wrote a comment, and who may hide it below the owner's post.
SPEAKERS = (SIGN_IN, OK, OK, OK, OK, OK)
SAID = (SIGN_IN, OK, GONE, GONE, GONE, GONE)
HIDDEN_BY = (SIGN_IN, GONE, OK, GONE, OK, GONE)

CELLS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "reader.post": ({"slug": "{published}"}, EVERYBODY),
    "reader.product": ({"slug": "{product}"}, EVERYBODY),
    "reader.topic": ({"slug": "{topic}"}, EVERYBODY),
    "reader.series": ({"slug": "{series}"}, EVERYBODY),
    "reader.creator_lists": ({"handle": "{handle}"}, EVERYBODY),
    "reader.creator": ({"handle": "{handle}"}, EVERYBODY),
    "reader.featured": ({"slug": "{unplaced}"}, NOBODY),
    "feeds.topic": ({"slug": "{topic}"}, EVERYBODY),
    "feeds.creator": ({"handle": "{handle}"}, EVERYBODY),
    "trending.board": ({"period": "day"}, EVERYBODY),
    "go.out": ({"card_key": "{card}"}, EVERYBODY),
    "go.offer": ({"offer_key": "{link}"}, EVERYBODY),
    "files.media": ({"name": "ab/nothing-320.webp"}, NOBODY),
    "shop.order": ({"token": "{token}"}, EVERYBODY),
    "account.reset": ({"token": "made-up"}, (NO,) * 6),
    "account.set_password": ({"token": "made-up"}, (NO,) * 6),
    "watching.edit": ({"key": "{saved}"}, OWN),
    "watching.change": ({"key": "{saved}"}, OWN),
    "watching.pause": ({"key": "{saved}"}, OWN),
    "watching.renew_feed": ({"key": "{saved}"}, OWN),
    "watching.delete": ({"key": "{saved}"}, OWN),
    "watching.feed": ({"token": "{feed}"}, EVERYBODY),
    "watching.unsubscribe": ({"token": "{stop}"}, EVERYBODY),
    "watching.stop_mails": ({"token": "{stop}"}, EVERYBODY),
    "talk.comments": ({"slug": "{published}"}, EVERYBODY),
    "talk.comment": ({"slug": "{published}"}, SPEAKERS),
    "talk.questions": ({"slug": "{product}"}, EVERYBODY),
    "talk.ask": ({"slug": "{product}"}, SPEAKERS),
    "talk.vote": ({"slug": "{published}"}, SPEAKERS),
    "talk.edit": ({"key": "{said}"}, SAID),
    "talk.change": ({"key": "{said}"}, SAID),
    "talk.report_page": ({"key": "{said}"}, SPEAKERS),
    "talk.report": ({"key": "{said}"}, SPEAKERS),
    "talk.hide_page": ({"key": "{said}"}, HIDDEN_BY),
    "talk.hide": ({"key": "{said}"}, HIDDEN_BY),
    "talk.show_again": ({"key": "{said}"}, HIDDEN_BY),
    "talk.settle": ({"key": "{said}"}, EDITORS),
    "talk.remove": ({"key": "{said}"}, SAID),
    "studio_linking.links": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_series.edit": ({"key": "{own_series}"}, OWN_SERIES),
    "studio_series.save": ({"key": "{own_series}"}, OWN_SERIES),
    "studio_series.arrange": ({"key": "{own_series}"}, OWN_SERIES),
    "studio_series.delete": ({"key": "{own_series}"}, OWN_SERIES),
    "studio_series.back": ({"key": "{own_series}", "verb": "parts"}, OWN_SERIES),
    "studio.edit": ({"key": "{draft}"}, DRAFT_SEEN),
    "studio.preview": ({"key": "{draft}"}, SEEN),
    "studio.back": ({"key": "{draft}", "verb": "publish"}, DRAFT_SEEN),
    "studio_preview.live": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_gate.repair": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_history.autosave": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_history.merge": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_history.settle": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_history.index": ({"key": "{draft}"}, SEEN),
    "studio_history.compare": ({"key": "{draft}", "number": "1"}, SEEN),
    "studio_history.restore": ({"key": "{draft}", "number": "1"}, DRAFT_CHANGED),
    "studio_history.restore_page": ({"key": "{draft}", "number": "1"}, DRAFT_CHANGED),
    "studio_plans.schedule": ({"key": "{draft}"}, DRAFT_SEEN),
    "studio_plans.plan": ({"key": "{draft}"}, DRAFT_SEEN),
    "studio_plans.cancel": ({"key": "{draft}", "plan": "{plan}"}, DRAFT_CHANGED),
    "studio_plans.cancel_page": ({"key": "{draft}", "plan": "{plan}"}, DRAFT_SEEN),
    "studio_sharing.share": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_sharing.make": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_sharing.close": ({"key": "{draft}", "link": "{preview_key}"}, DRAFT_CHANGED),
    "studio_sharing.close_page": ({"key": "{draft}", "link": "{preview_key}"}, DRAFT_CHANGED),
    "studio_sharing.shared": ({"token": "{preview}"}, EVERYBODY),
    "studio_team.team": ({"key": "{draft}"}, SEEN),
    "studio_team.invite": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_team.remove": ({"key": "{draft}", "member": "{member}"}, DRAFT_CHANGED),
    "studio_team.remove_page": ({"key": "{draft}", "member": "{member}"}, DRAFT_SEEN),
    "studio_team.leave": ({"key": "{draft}"}, (SIGN_IN, GONE, GONE, GONE, GONE, GONE)),
    "studio_team.invitation": ({"token": "{member}"}, INVITED),
    "studio_team.answer": ({"token": "{member}"}, INVITED),
    "studio_team.lock": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_team.unlock": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio_review.review": ({"key": "{draft}"}, SEEN),
    "studio_review.remark": ({"key": "{draft}"}, SEEN),
    "studio_review.reply": ({"key": "{draft}", "remark_key": "{remark}"}, SEEN),
    "studio_review.decide": (
        {"key": "{draft}", "remark_key": "{remark}", "verb": "resolve"},
        (SIGN_IN, GONE, OK, GONE, NO, GONE),
    ),
    "studio_review.decide_page": ({"key": "{draft}", "remark_key": "{remark}", "_verb": "reply"}, SEEN),
    "studio.save": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio.publish": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio.add_picture": ({"key": "{draft}"}, DRAFT_CHANGED),
    "studio.unpublish": ({"key": "{draft}"}, DRAFT_SEEN),
    "studio_media.one": ({"key": "{medium}"}, MEDIUM),
    "studio_media.describe": ({"key": "{medium}"}, MEDIUM),
    "studio_media.delete": ({"key": "{medium}"}, MEDIUM),
    "live.session": ({"key": "{live}"}, EVERYBODY),
    "live.play": ({"key": "{live}"}, EVERYBODY),
    "live.cards": ({"key": "{live}"}, EVERYBODY),
    "live.events": ({"key": "{live}"}, EVERYBODY),
    "studio_live.host": ({"key": "{live}"}, LIVE_SEEN),
    "studio_live.change": ({"key": "{live}"}, LIVE_CHANGED),
    "studio_live.turn": ({"key": "{live}"}, LIVE_SEEN),
    "studio_live.queue": ({"key": "{live}"}, LIVE_CHANGED),
    "studio_live.cancel": ({"key": "{live}"}, LIVE_SEEN),
    "studio_products.product": ({"slug": "{product}"}, (SIGN_IN, NO, OK, OK, OK, NO)),
    "studio_products.save": ({"slug": "{product}"}, (SIGN_IN, NO, OK, NO, NO, NO)),
    "editor.edit": ({"key": "{list}"}, EDITORS),
    "editor.save": ({"key": "{list}"}, EDITORS),
    "editor.place": ({"key": "{list}"}, EDITORS),
    "editor.unplace": ({"key": "{list}"}, EDITORS),
    "desk_search.remove_synonyms": ({"key": "nothing"}, EDITORS),
    "editor.delete": ({"key": "{list}"}, EDITORS),
    "desk.product": ({"key": "{product_key}"}, OPERATORS),
    "desk.save_product": ({"key": "{product_key}"}, OPERATORS),
    "desk.set_product_state": ({"key": "{product_key}"}, OPERATORS),
    "desk.add_picture": ({"key": "{product_key}"}, OPERATORS),
    "desk.new_variant": ({"key": "{product_key}"}, OPERATORS),
    "desk.create_variant": ({"key": "{product_key}"}, OPERATORS),
    "desk_variants.variant": ({"key": "{product_key}", "variant": "{variant}"}, OPERATORS),
    "desk_variants.choose_picture": ({"key": "{product_key}", "variant": "{variant}"}, OPERATORS),
    "desk_variants.add_picture": ({"key": "{product_key}", "variant": "{variant}"}, OPERATORS),
    "desk_variants.set_gift_card": ({"key": "{product_key}", "variant": "{variant}"}, OPERATORS),
    "desk.save_variant": ({"key": "{product_key}", "variant": "{variant}"}, OPERATORS),
    "desk.new_offer": ({"key": "{product_key}"}, OPERATORS),
    "desk.create_offer": ({"key": "{product_key}"}, OPERATORS),
    "desk.offer": ({"key": "{product_key}", "offer": "{link}"}, OPERATORS),
    "desk.save_offer": ({"key": "{product_key}", "offer": "{link}"}, OPERATORS),
    "desk.retire_offer": ({"key": "{product_key}", "offer": "{link}"}, OPERATORS),
    "desk.restore_offer": ({"key": "{product_key}", "offer": "{link}"}, OPERATORS),
    "desk.remove_picture": ({"key": "{product_key}", "asset": "nothing"}, (SIGN_IN, NO, NO, NO, NO, GONE)),
    "desk.stock_of": ({"variant": "{variant}"}, OPERATORS),
    "desk.receive_stock": ({"variant": "{variant}"}, OPERATORS),
    "desk.correct_stock": ({"variant": "{variant}"}, OPERATORS),
    "desk_merchants.merchant": ({"key": "mall"}, OPERATORS),
    "desk_merchants.save_merchant": ({"key": "mall"}, OPERATORS),
    "desk_merchants.set_merchant_state": ({"key": "mall"}, OPERATORS),
    "desk_merchants.approve_merchant": ({"key": "mall"}, OPERATORS),
    "desk_orders.order": ({"key": "{order}"}, OPERATORS),
    "desk_orders.mark_paid": ({"key": "{order}"}, OPERATORS),
    "desk_orders.mark_shipped": ({"key": "{order}"}, OPERATORS),
    "desk_orders.cancel": ({"key": "{order}"}, OPERATORS),
    "desk_orders.add_tracking": ({"key": "{order}", "number": "1"}, OPERATORS),
    "desk_orders.drop_rest": ({"key": "{order}"}, OPERATORS),
    "desk_orders.confirm": ({"key": "{order}"}, OPERATORS),
    "desk_orders.refund": ({"key": "{order}"}, OPERATORS),
    "desk_aftersale.case": ({"key": "{case}"}, OPERATORS),
    "desk_aftersale.photo": ({"key": "{case}", "photo": "{photo}"}, OPERATORS),
    "desk_aftersale.approve": ({"key": "{case}"}, OPERATORS),
    "desk_aftersale.reject": ({"key": "{case}"}, OPERATORS),
    "desk_aftersale.receive": ({"key": "{case}"}, OPERATORS),
    "desk_aftersale.settle": ({"key": "{case}"}, OPERATORS),
    "desk_aftersale.refund_instead": ({"key": "{case}"}, OPERATORS),
    "desk_people.person": ({"key": "{person}"}, OPERATORS),
    "desk_people.set_blocked": ({"key": "{person}"}, OPERATORS),
    "desk_customers.customer": ({"email": "ada@example.org"}, OPERATORS),
    "desk_customers.write": ({"email": "ada@example.org"}, OPERATORS),
    # Whoever holds the signed address of an order is its buyer; of a case, it has to be that order's.
    "orders.invoice": ({"token": "{token}"}, EVERYBODY),
    "orders.cancel": ({"token": "{token}"}, EVERYBODY),
    "orders.confirm": ({"token": "{token}"}, EVERYBODY),
    "orders.reorder": ({"token": "{token}"}, EVERYBODY),
    "aftersale.form": ({"token": "{token}"}, EVERYBODY),
    "aftersale.apply": ({"token": "{token}"}, EVERYBODY),
    "aftersale.case": ({"token": "{token}", "key": "{case}"}, EVERYBODY),
    "aftersale.photo": ({"token": "{token}", "key": "{case}", "photo": "{photo}"}, EVERYBODY),
    "aftersale.send": ({"token": "{token}", "key": "{case}"}, EVERYBODY),
    "aftersale.withdraw": ({"token": "{token}", "key": "{case}"}, EVERYBODY),
    "aftersale.protect": ({"token": "{token}"}, NOBODY),
    "payouts.name": ({"token": "{token}"}, EVERYBODY),
    # Who signs in adds a guest's order to their account; nobody can take it from them afterwards.
    "addresses.claim_order": ({"token": "{token}"}, SPEAKERS),
    "addresses.claim_page": ({"token": "{claim}"}, OWN),
    "addresses.claim": ({"token": "{claim}"}, OWN),
    "addresses.edit": ({"key": "{address}"}, OWN),
    "addresses.save": ({"key": "{address}"}, OWN),
    "addresses.delete": ({"key": "{address}"}, OWN),
    "deals.ordered": ({"order": "hot"}, EVERYBODY),
    "reader.creator_deals": ({"handle": "{handle}"}, EVERYBODY),
    # Whoever wrote a deal does not vote on it.
    "deals.coupon": ({"slug": "{deal}"}, (SIGN_IN, OK, NO, OK, OK, OK)),
    "deals.report": ({"slug": "{deal}"}, (SIGN_IN, OK, NO, OK, OK, OK)),
    "studio_deals.standing": ({"key": "{deal_key}"}, DRAFT_SEEN),
    "studio_deals.settle": ({"key": "{deal_key}"}, DRAFT_SEEN),
    "studio_deals.merge": ({"key": "{deal_key}"}, EDITORS),
    "studio_gate.checks": ({"key": "{draft}"}, DRAFT_CHANGED),
    # Reviews: the owner of the posts has bought the lamp and another thing, and reviewed the first.
    "reviews.every": ({"slug": "{product}"}, EVERYBODY),
    "reviews.write_page": ({"order_key": "{received}", "position": "2"}, OWN),
    "reviews.write": ({"order_key": "{received}", "position": "2"}, OWN),
    "reviews.edit": ({"key": "{review}"}, OWN),
    "reviews.change": ({"key": "{review}"}, OWN),
    "reviews.more_page": ({"key": "{review}"}, OWN),
    "reviews.add_more": ({"key": "{review}"}, OWN),
    "reviews.remove_page": ({"key": "{review}"}, OWN),
    "reviews.remove": ({"key": "{review}"}, OWN),
    "reviews.vote": ({"key": "{review}"}, SPEAKERS),
    "reviews.report_page": ({"key": "{review}"}, SPEAKERS),
    "reviews.report": ({"key": "{review}"}, SPEAKERS),
    "reviews.hide_page": ({"key": "{review}"}, EDITORS),
    "reviews.hide": ({"key": "{review}"}, EDITORS),
    "reviews.show_again": ({"key": "{review}"}, EDITORS),
    "reviews.settle": ({"key": "{review}"}, EDITORS),
    "reviews.reply": ({"key": "{review}"}, OPERATORS),
    "reviews.stop_page": ({"token": "{review_stop}"}, EVERYBODY),
    "reviews.stop": ({"token": "{review_stop}"}, EVERYBODY),
    "restock.form": ({"variant": "{variant}"}, EVERYBODY),
    "restock.ask": ({"variant": "{variant}"}, EVERYBODY),
    "restock.confirm": ({"token": "{restock_confirm}"}, EVERYBODY),
    "restock.confirmed": ({"token": "{restock_confirm}"}, EVERYBODY),
    "restock.stop": ({"token": "{restock_stop}"}, EVERYBODY),
    "restock.stopped": ({"token": "{restock_stop}"}, EVERYBODY),
    "downloads.listing": ({"token": "{token}"}, EVERYBODY),
    "downloads.fetch": ({"token": "{token}", "key": "{download}"}, EVERYBODY),
    "downloads.add": ({"key": "{product_key}", "variant": "{variant}"}, OPERATORS),
    "downloads.retire": ({"key": "{product_key}", "variant": "{variant}", "file": "{file}"}, OPERATORS),
    "gift_cards.bought": ({"token": "{token}"}, EVERYBODY),
    "gift_cards.reveal": ({"token": "{token}", "key": "{gift_card}"}, EVERYBODY),
    "gift_cards.given": ({"token": "{card_token}"}, EVERYBODY),
    "gift_cards.reveal_given": ({"token": "{card_token}"}, EVERYBODY),
    "paying.pay": ({"token": "{token}"}, EVERYBODY),
    "paying.begin": ({"token": "{token}"}, EVERYBODY),
    "paying.returned": ({"token": "{token}"}, EVERYBODY),
    "paying.state": ({"token": "{token}"}, EVERYBODY),
    "paying.hook": ({"gateway": "manual"}, NOBODY),  # no provider sends messages about what is paid by hand
    "desk.unlock": ({"key": "{product_key}"}, OPERATORS),
    "desk_catalogue.attribute": ({"key": "{attribute}"}, OPERATORS),
    "desk_catalogue.save_attribute": ({"key": "{attribute}"}, OPERATORS),
    "desk_catalogue.remove_attribute": ({"key": "{attribute}"}, OPERATORS),
    "desk_catalogue.category": ({"slug": "{category}"}, OPERATORS),
    "desk_catalogue.save_category": ({"slug": "{category}"}, OPERATORS),
    "desk_catalogue.remove_category": ({"slug": "{category}"}, OPERATORS),
    "desk_catalogue.options": ({"key": "{product_key}"}, OPERATORS),
    "desk_catalogue.save_options": ({"key": "{product_key}"}, OPERATORS),
    "desk_catalogue.changed": ({"key": "{bulk}"}, OPERATORS),
    "desk_catalogue.undo": ({"key": "{bulk}"}, OPERATORS),
    "desk_delivery.zone": ({"key": "{zone}"}, OPERATORS),
    "desk_delivery.save_zone": ({"key": "{zone}"}, OPERATORS),
    "desk_delivery.set_zone_state": ({"key": "{zone}"}, OPERATORS),
    "desk_delivery.new_method": ({"key": "{zone}"}, OPERATORS),
    "desk_delivery.create_method": ({"key": "{zone}"}, OPERATORS),
    "desk_delivery.method": ({"key": "{method}"}, OPERATORS),
    "desk_delivery.save_method": ({"key": "{method}"}, OPERATORS),
    "desk_delivery.set_method_state": ({"key": "{method}"}, OPERATORS),
    "desk_delivery.tax": ({"country": "NZ", "region": "-"}, OPERATORS),
    "desk_promotions.promotion": ({"key": "{promotion}"}, OPERATORS),
    "desk_promotions.save_promotion": ({"key": "{promotion}"}, OPERATORS),
    "desk_promotions.set_promotion_state": ({"key": "{promotion}"}, OPERATORS),
    "desk_stock.count": ({"key": "{count}"}, OPERATORS),
    "desk_stock.note_count": ({"key": "{count}"}, OPERATORS),
    "desk_stock.place": ({"key": "{place}"}, OPERATORS),
    "desk_stock.save_place": ({"key": "{place}"}, OPERATORS),
    "desk_stock.set_place_state": ({"key": "{place}"}, OPERATORS),
    "desk_stock.supplier": ({"key": "{supplier}"}, OPERATORS),
    "desk_stock.save_supplier": ({"key": "{supplier}"}, OPERATORS),
    "desk_stock.set_threshold": ({"variant": "{variant}"}, OPERATORS),
    "desk_stock.transfer": ({"variant": "{variant}"}, OPERATORS),
    "desk_payments.order": ({"key": "{order}"}, OPERATORS),
    "desk_payments.receipt": ({"key": "{order}"}, OPERATORS),
    "desk_payments.refund_again": ({"key": "{refund}"}, OPERATORS),
    "desk_payments.refund_sent": ({"key": "{whole_refund}"}, OPERATORS),
    "desk_gift_cards.card": ({"key": "{gift_card}"}, OPERATORS),
    "desk_gift_cards.reveal": ({"key": "{gift_card}"}, OPERATORS),
    "desk_gift_cards.set_state": ({"key": "{gift_card}"}, OPERATORS),
}


@dataclass
class Stage:
    """One of everything, and a browser for each person."""

    things: dict[str, str]
    browsers: dict[str, FlaskClient]


@pytest.fixture
def stage(app: Flask, make: Factory, sign_in: Callable[..., Any], session: Session) -> Stage:
    owner, editor = make.user("creator", handle="owner"), make.user("editor")
    make.topic("audio")
    lamp = make.product(
        "lamp", added_by=owner.key, own={"USD": 1999}, stock=9, affiliate=[{"merchant": make.merchant("mall")}]
    )
    only_there = make.product("chair", affiliate=[{"merchant": make.merchant("depot")}])
    published = make.post(owner, title="Seen", source="Text.\n\n::card[chair]\n", topics=["audio"])
    draft = make.post(owner, title="Unseen", published=False)
    with unit_of_work(session):
        featured = curation.create_list(
            session,
            FeaturedListInput.parse(title="L", intro="", lang="en", items=[("product", "lamp", "why")]),
            by=session.merge(editor),
            now=make.now,
        )
    assert buy(app.test_client(), lamp).status_code == 303
    link = session.scalars(select(Offer.key).where(Offer.kind == "affiliate", Offer.product_id == lamp.id)).one()
    order = session.scalars(select(Order.key)).one()
    card = session.scalars(select(Card.key).where(Card.product_id == only_there.id)).one()
    session.rollback()
    with app.app_context():
        token = order_token(order)
    with unit_of_work(session):
        wanted = Wanted.parse({"q": "lamp"}, currencies=("USD",), topics=(), currency="USD")
        telling = Telling.parse({"in_app": "1", "feed": "1", "mail": "now"})
        saved = watching.save(session, wanted, telling, by=session.merge(owner), name="Lamps", now=make.now)
        medium = store_picture(
            session, app.extensions["contentshop"].engines.storage, picture(), owner=session.merge(owner), now=make.now
        )
        hour = (make.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        announced = SessionInput.parse(title="Live", starts_at=hour, now=make.now)
        live = schedule(session, announced, by=session.merge(owner), now=make.now)
        part_of = series.make_series(
            session, series.SeriesInput.parse(title="Lamps, all of them"), by=session.merge(owner), now=make.now
        )
        series.put_in(session, part_of, published.key, by=session.merge(owner))
    other, team = make.user("creator"), worked_on_together(session, draft, owner, make)
    with unit_of_work(session):
        found = get_for_studio(session, draft.key, session.merge(owner))
        asked = teamwork.invite(session, found, other.handle, "coauthor", by=session.merge(owner), now=make.now)
    with app.test_request_context():
        feed, stop = feed_url(saved.key, saved.feed_serial), stop_url(owner.key, saved.key)
    people = {
        "reader": make.user("reader"),
        "owner": owner,
        "other creator": other,
        "editor": editor,
        "operator": make.user("operator"),
    }
    with unit_of_work(session):
        said = social.say_something(
            session,
            find_post(session, published.slug),
            "Well.",
            by=session.merge(people["reader"]),
            now=make.now,
        )
    browsers = {"visitor": app.test_client()}
    browsers |= {name: sign_in(app.test_client(), person) for name, person in people.items()}
    return Stage(
        {
            "published": published.slug,
            "draft": draft.key,
            "handle": "owner",
            "topic": "audio",
            "product": "lamp",
            "product_key": lamp.key,
            "variant": make.variant_of(lamp).key,
            "link": link,
            "list": featured.key,
            "unplaced": featured.slug,
            "order": order,
            "token": token,
            **case_of(app, session, order, make),
            **bought_by(owner, app, session, make, browsers["owner"]),
            **in_the_shop(app, session, order, lamp, owner, make),
            "saved": saved.key,
            "feed": feed.split("/")[-2],
            "stop": stop.split("/")[-1],
            "card": card,
            "member": asked.key,
            **team,
            "said": said.key,
            "medium": medium.key,
            "live": live.key,
            "series": part_of.slug,
            "own_series": part_of.key,
        },
        browsers,
    )


def bought_by(owner: User, app: Flask, session: Session, make: Factory, browser: FlaskClient) -> dict[str, str]:
    """What the owner has bought, received and half reviewed; what goes back to them; their ways out of mails."""
    things = [make.product(slug, own={"USD": 500}, stock=5) for slug in ("cup", "pot")]
    for product in things:
        assert add(browser, product=product.slug).status_code == 200
    assert browser.post("/checkout", data=checkout_form(browser)).status_code == 303
    staff = make.user("operator")
    with unit_of_work(session):
        order = session.scalars(select(Order).where(Order.user_id == owner.id)).one()
        by = session.merge(staff)
        paying.mark_paid(session, order.key, by=by, now=make.now)
        shipping.mark_shipped(session, order.key, by=by, now=make.now)
        shipping.confirm(session, order.key, by=by, now=make.now)
        review = Review(
            key=new_key(),
            product_id=things[0].id,
            order_line_id=order.lines[0].id,
            author_id=owner.id,
            lang="en",
            stars=4,
            text="It holds tea.",
            created_at=make.now,
        )
        address = Address(
            key=new_key(),
            user_id=owner.id,
            country="US",
            name="Ada",
            region="OR",
            city="Portland",
            address="12 Engine Street",
            postcode="97201",
            used_at=make.now,
        )
        payment = session.scalars(select(Payment).where(Payment.order_key == order.key)).one()
        part = RefundPart(key=new_key(), payment_id=payment.id, minor=100, state="asked")
        refund = Refund(
            key=new_key(),
            order_key=order.key,
            currency=order.currency,
            minor=100,
            reason="Kindness",
            request_key=new_key(),
            actor=staff.key,
            asked_at=make.now,
            parts=[part],
        )
        session.add_all([review, address, refund])
    with app.test_request_context():
        return {
            "received": order.key,
            "review": review.key,
            "review_stop": review_links.stop_url(owner.key).split("/")[-1],
            "address": address.key,
            "claim": claim_token(owner.key, owner.email),
            "refund": part.key,
            "whole_refund": refund.key,
            "person": make.user("reader").key,
        }


def in_the_shop(app: Flask, session: Session, order: str, lamp: Product, owner: User, make: Factory) -> dict[str, str]:
    """What only the shop's staff look after, and what the order holds besides its lines."""
    deal = make.post(
        owner,
        kind="deal",
        title="Lamp for 9",
        slug="lamp-for-9",
        deal={"product": "lamp", "price": "9.00", "currency": "USD", "shop": "mall", "coupon": "SAVE", "zone": "UTC"},
    )
    storage = app.extensions["contentshop"].engines.storage
    variant = make.variant_of(lamp)
    stored = products.keep_file(storage, BytesIO(b"how to mend it"))
    with unit_of_work(session):
        file = DigitalFile(
            key=new_key(),
            variant_id=variant.id,
            name="mending.txt",
            content_type="text/plain",
            size=14,
            stored=stored,
            added_at=make.now,
        )
        download = Download(
            key=new_key(),
            order_key=order,
            file=file,
            allowed=20,
            granted_at=make.now,
            expires_at=make.now + timedelta(days=1),
        )
        watch = RestockWatch(key=new_key(), variant_id=variant.id, email="ada@example.org", asked_at=make.now)
        card = credit.issue(
            session, amount=Money(500, "USD"), source_key="stage", actor="staff", now=make.now, order_key=order
        )
        category = Category(slug="lamps", name="Lamps", created_at=make.now)
        attribute = AttributeDefinition(key=new_key(), name="Power")
        form = BulkInput.parse([lamp.key], {"kind": "price_percent", "value": "10"})
        seen = products.digest_of(products.preview_bulk(session, form, fixed=frozenset))
        bulk = products.apply_bulk(session, form, seen=seen, fixed=frozenset, now=make.now, actor="staff")
        method = ShippingMethod(key=new_key(), name="Post", currency="USD", tiers=[[500, None, None]], max_days=3)
        zone = ShippingZone(key=new_key(), name="Islands", areas=[["NZ", "", []]], methods=[method])
        tax = TaxRegion(country="NZ", name="GST", included=True, on_shipping=True, rates={"standard": 150000})
        promotion = Promotion(key=new_key(), name="Tenth off", kind="percent", percent_ppm=100000, created_at=make.now)
        supplier = Supplier(key="maker", name="Maker", created_at=make.now)
        place = StockLocation(key="cellar", name="Cellar", supplier=supplier, created_at=make.now)
        session.add_all([file, download, watch, category, attribute, zone, tax, promotion, supplier, place])
        count = products.open_stocktake(session, "main", now=make.now, actor="staff")
    with app.test_request_context():
        confirm, stop = restock.confirm_url(watch.key), restock.stop_url(watch.key)
        given = card_token(card.key)
    return {
        "deal": deal.slug,
        "deal_key": deal.key,
        "file": file.key,
        "download": download.key,
        "restock_confirm": confirm.split("/")[-1],
        "restock_stop": stop.split("/")[-1],
        "gift_card": card.key,
        "card_token": given,
        "category": category.slug,
        "attribute": attribute.key,
        "bulk": bulk.key,
        "zone": zone.key,
        "method": method.key,
        "promotion": promotion.key,
        "supplier": supplier.key,
        "place": place.key,
        "count": count.key,
    }


def case_of(app: Flask, session: Session, order_key: str, make: Factory) -> dict[str, str]:
    """An after-sale case of the order, with a picture that only its buyer and staff may see."""
    with unit_of_work(session):
        order = session.scalars(select(Order).where(Order.key == order_key)).one()
        photo = keep_private(app.extensions["contentshop"].engines.storage, encode(picture()))
        case = AfterSale(
            key=new_key(),
            order_id=order.id,
            kind="return",
            state="asked",
            reason="broken",
            wanted_minor=1999,
            asked_minor=1999,
            shipping_minor=0,
            refund_minor=1999,
            asked_at=make.now,
            lines=[AfterSaleLine(order_line_id=order.lines[0].id, quantity=1, minor=1999, returned=1)],
            photos=[AfterSalePhoto(key=photo.key, width=photo.width, height=photo.height)],
        )
        session.add(case)
    return {"case": case.key, "photo": photo.key}


def worked_on_together(session: Session, draft: Any, owner: Any, make: Factory) -> dict[str, str]:
    """A plan, a preview link, a remark and stray words of the owner at their draft."""
    with unit_of_work(session):
        person = session.merge(owner)
        post = get_for_studio(session, draft.key, person)
        assert post.draft is not None
        soon = Chosen(make.now + timedelta(days=1), "UTC", False)
        plan = plans.plan_publishing(session, post, soon, by=person, now=make.now)
        token = sharing.make_link(session, post, days=7, by=person, now=make.now)
        remark = teamwork.add_remark(session, post, quote="", body="?", instead=None, by=person, now=make.now)
        history.keep_copy(session, post, words_of(post.draft), version=0, window="", by=person, now=make.now)
        [link] = sharing.list_links(session, post, now=make.now)
        return {"plan": plan.key, "preview": token, "preview_key": link.key, "remark": remark.key}


# endpoint → what a co-author and a reviewer (who is a reader by trade) get who work on the post.
TEAM_CELLS = {
    "studio.edit": (OK, NO),
    "studio.save": (OK, NO),
    "studio.publish": (OK, NO),
    "studio.preview": (OK, OK),
    "studio_gate.repair": (OK, NO),
    "studio_history.autosave": (OK, NO),
    "studio_history.index": (OK, OK),
    "studio_history.compare": (OK, OK),
    "studio_history.restore": (OK, NO),
    "studio_history.settle": (GONE, NO),  # the words that went astray are the owner's
    "studio_plans.plan": (OK, NO),
    "studio_sharing.make": (OK, NO),
    "studio_team.team": (OK, OK),
    "studio_team.invite": (NO, NO),
    "studio_team.remove": (NO, NO),
    "studio_team.lock": (OK, NO),
    "studio_review.review": (OK, OK),
    "studio_review.remark": (OK, OK),
    "studio_review.reply": (OK, OK),
    "studio_review.decide": (OK, NO),
    "studio.unpublish": (OK, NO),
    "studio_team.leave": (OK, OK),
}


def test_who_works_on_a_post_gets_what_their_role_allows(
    app: Flask, stage: Stage, make: Factory, session: Session, sign_in: Callable[..., Any]
) -> None:
    people = {"coauthor": make.user("creator"), "reviewer": make.user("reader")}
    for role, person in people.items():
        with unit_of_work(session):
            post = session.scalars(select(Post).where(Post.key == stage.things["draft"])).one()
            member = teamwork.invite(session, post, person.handle, role, by=post.author, now=make.now)
            teamwork.answer(session, member, True, by=session.merge(person), now=make.now)
        stage.browsers[role] = sign_in(app.test_client(), person)
    for endpoint, cells in TEAM_CELLS.items():
        for role, wanted in zip(people, cells, strict=True):
            before = everything(app)
            got, request = knock(app, stage, endpoint, role)
            assert got == wanted, request
            assert wanted == OK or everything(app) == before, request


def test_every_endpoint_with_a_parameter_has_its_cells(app: Flask) -> None:
    with_parameters = {rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments}
    assert set(CELLS) == with_parameters - {"static"}
    assert set(CELLS) <= set(PERMISSIONS)


def everything(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the sessions of browsers."""
    with app.app_context():
        found = {
            table.name: sorted(map(tuple, db.session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name != "user_session"
        }
        db.session.remove()
    return found


def told(status: int, location: str) -> str:
    if status == 302 and location.startswith("/sign-in"):
        return SIGN_IN
    return {403: NO, 404: GONE}.get(status, OK if status < 400 or status in {409, 422} else str(status))


def knock(app: Flask, stage: Stage, endpoint: str, person: str) -> tuple[str, str]:
    """(what the person gets, the request in words)."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    method = "POST" if "POST" in (rule.methods or ()) else "GET"
    values = {name: value.format(**stage.things) for name, value in CELLS[endpoint][0].items()}
    path = app.url_map.bind("localhost").build(endpoint, values)
    client = stage.browsers[person]
    form: dict[str, Any] = {}
    if method == "POST":
        form = {"data": {"csrf_token": csrf_of(client, "/forgot")}}
    answer = client.open(path, method=method, **form)
    answer.close()
    location = answer.headers.get("Location", "")
    got = told(answer.status_code, location)
    if method == "POST" and got == NO and person == "visitor":
        got = SIGN_IN  # a form cannot be sent again after signing in, so it is refused at once
    return got, f"{method} {path} as {person}: {answer.status_code} {location}"


@pytest.mark.timeout(600)
def test_who_is_refused_gets_nothing_and_changes_nothing(app: Flask, stage: Stage) -> None:
    before = everything(app)
    for endpoint, (_values, cells) in CELLS.items():
        for person, wanted in zip(PEOPLE, cells, strict=True):
            if wanted != OK:
                got, request = knock(app, stage, endpoint, person)
                refusal = {NO, SIGN_IN} if wanted in {NO, SIGN_IN} and person == "visitor" else {wanted}
                assert got in refusal, f"{request}, not {wanted}"
    assert everything(app) == before


# What ends a thing comes after everything else that is done to it.
LAST = (
    "addresses.claim_order",
    "addresses.delete",
    "downloads.retire",
    "desk_catalogue.remove_attribute",
    "desk_catalogue.remove_category",
    "desk_catalogue.undo",
    "reviews.hide",
    "reviews.remove",
    "desk.retire_offer",
    "editor.unplace",
    "studio.unpublish",
    "studio_plans.cancel",
    "studio_sharing.close",
    "studio_team.remove",
    "studio_team.answer",
    "desk_aftersale.reject",
    "aftersale.withdraw",
    "orders.cancel",
    "desk_orders.cancel",
    "editor.delete",
    "studio_media.delete",
    "studio_series.delete",
    "studio_live.cancel",
    "talk.remove",
    "watching.renew_feed",
    "watching.delete",
)


@pytest.mark.timeout(600)
def test_who_is_allowed_gets_in(app: Flask, stage: Stage) -> None:
    for endpoint in sorted(CELLS, key=lambda name: (LAST.index(name) if name in LAST else -1, name)):
        allowed = [person for person, cell in zip(PEOPLE, CELLS[endpoint][1], strict=True) if cell == OK]
        for person in allowed[:1] if endpoint in LAST else allowed:
            got, request = knock(app, stage, endpoint, person)
            assert got == OK, request
