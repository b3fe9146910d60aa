"""Who may ask for what: one row for every endpoint of the site.

An endpoint that is missing here answers nobody; a test compares the table with the URL map. Rows say who may
knock. Whose post or order it is, is decided by the room's policy and query (a stranger gets 404, not 403).
"""

from __future__ import annotations

from enum import Enum

from flask import Flask, redirect, request, url_for
from werkzeug.wrappers import Response

from contentshop.accounts.policy import Duty, is_shop_staff, may
from contentshop.core.errors import Forbidden, NotFound
from contentshop.core.words import say
from contentshop.web.session import Viewer, viewer


class Access(Enum):
    """Who may knock."""

    PUBLIC = "everybody"
    SIGNED_IN = "anybody signed in"
    CREATOR = "creators and editors"
    EDITOR = "editors"
    OPERATOR = "operators"
    SUPPORT = "support and operators"
    WAREHOUSE = "warehouse and operators"
    FINANCE = "finance and operators"
    SERVICE = "support, finance and operators"
    SHOP = "everybody who works in the shop"
    STAFF = "editors and everybody who works in the shop"


# Whoever comes in by one of these works here, so what they do is kept in the audit log.
OFFICE = frozenset(
    {
        Access.EDITOR,
        Access.OPERATOR,
        Access.SUPPORT,
        Access.WAREHOUSE,
        Access.FINANCE,
        Access.SERVICE,
        Access.SHOP,
        Access.STAFF,
    }
)


PERMISSIONS: dict[str, Access] = {
    "static": Access.PUBLIC,
    "gallery.components": Access.PUBLIC,
    "gallery.products": Access.PUBLIC,
    # reader
    "home.home": Access.PUBLIC,
    "reader.post": Access.PUBLIC,
    "reader.product": Access.PUBLIC,
    "reader.topic": Access.PUBLIC,
    "reader.series": Access.PUBLIC,
    "reader.creator_lists": Access.PUBLIC,
    "reader.creator_deals": Access.PUBLIC,
    "reader.creator": Access.PUBLIC,
    "reader.featured": Access.PUBLIC,
    "search.search": Access.PUBLIC,
    "preferences.choose": Access.PUBLIC,
    "preferences.session_state": Access.PUBLIC,
    # what is read and bought now
    "trending.week": Access.PUBLIC,
    "trending.board": Access.PUBLIC,
    # deals
    "deals.newest": Access.PUBLIC,
    "deals.ordered": Access.PUBLIC,
    "deals.report": Access.SIGNED_IN,
    "deals.coupon": Access.SIGNED_IN,
    "studio_deals.standing": Access.CREATOR,
    "studio_deals.settle": Access.CREATOR,
    "studio_deals.waiting": Access.EDITOR,
    "studio_deals.merge": Access.EDITOR,
    # discussions
    "talk.comments": Access.PUBLIC,
    "talk.comment": Access.SIGNED_IN,
    "talk.questions": Access.PUBLIC,
    "talk.ask": Access.SIGNED_IN,
    "talk.edit": Access.SIGNED_IN,
    "talk.change": Access.SIGNED_IN,
    "talk.remove": Access.SIGNED_IN,
    "talk.report_page": Access.SIGNED_IN,
    "talk.report": Access.SIGNED_IN,
    "talk.hide_page": Access.SIGNED_IN,
    "talk.hide": Access.SIGNED_IN,
    "talk.show_again": Access.SIGNED_IN,
    "talk.vote": Access.SIGNED_IN,
    "talk.reports": Access.EDITOR,
    "talk.settle": Access.EDITOR,
    # reviews
    "reviews.every": Access.PUBLIC,
    "reviews.mine": Access.SIGNED_IN,
    "reviews.write_page": Access.SIGNED_IN,
    "reviews.write": Access.SIGNED_IN,
    "reviews.edit": Access.SIGNED_IN,
    "reviews.change": Access.SIGNED_IN,
    "reviews.more_page": Access.SIGNED_IN,
    "reviews.add_more": Access.SIGNED_IN,
    "reviews.remove_page": Access.SIGNED_IN,
    "reviews.remove": Access.SIGNED_IN,
    "reviews.vote": Access.SIGNED_IN,
    "reviews.report_page": Access.SIGNED_IN,
    "reviews.report": Access.SIGNED_IN,
    "reviews.mails": Access.SIGNED_IN,
    "reviews.stop_page": Access.PUBLIC,
    "reviews.stop": Access.PUBLIC,
    "reviews.hide_page": Access.EDITOR,
    "reviews.hide": Access.EDITOR,
    "reviews.show_again": Access.EDITOR,
    "reviews.settle": Access.EDITOR,
    "reviews.desk": Access.SUPPORT,
    "reviews.reply": Access.SUPPORT,
    # following
    "following.feed": Access.SIGNED_IN,
    "following.order": Access.SIGNED_IN,
    "following.less": Access.SIGNED_IN,
    "following.reset": Access.SIGNED_IN,
    "following.follow": Access.SIGNED_IN,
    # what is searched for
    "suggest.suggest": Access.PUBLIC,
    "searches.pick": Access.PUBLIC,
    "searches.report": Access.EDITOR,
    # go
    "go.out": Access.PUBLIC,
    "go.offer": Access.PUBLIC,
    # files
    "files.media": Access.PUBLIC,
    "files.favicon": Access.PUBLIC,
    "files.alive": Access.PUBLIC,
    "files.ready": Access.PUBLIC,
    # account
    "account.sign_up": Access.PUBLIC,
    "account.create_account": Access.PUBLIC,
    "account.sign_in": Access.PUBLIC,
    "account.start_session": Access.PUBLIC,
    "account.sign_out": Access.PUBLIC,
    "account.forgot": Access.PUBLIC,
    "account.ask_reset": Access.PUBLIC,
    "account.reset": Access.PUBLIC,
    "account.set_password": Access.PUBLIC,
    "account.home": Access.SIGNED_IN,
    "account.export": Access.SIGNED_IN,
    "account.export_page": Access.SIGNED_IN,
    "account.picture_page": Access.SIGNED_IN,
    "account.save_picture": Access.SIGNED_IN,
    "account.save_profile": Access.SIGNED_IN,
    "account.timezone_page": Access.SIGNED_IN,
    "account.save_timezone": Access.SIGNED_IN,
    "account.password": Access.SIGNED_IN,
    "account.change_password": Access.SIGNED_IN,
    "account.sign_out_everywhere": Access.SIGNED_IN,
    # saved searches
    "watching.searches": Access.SIGNED_IN,
    "watching.new": Access.SIGNED_IN,
    "watching.save": Access.SIGNED_IN,
    "watching.edit": Access.SIGNED_IN,
    "watching.change": Access.SIGNED_IN,
    "watching.pause": Access.SIGNED_IN,
    "watching.delete": Access.SIGNED_IN,
    "watching.renew_feed": Access.SIGNED_IN,
    "watching.notifications": Access.SIGNED_IN,
    "watching.mark_read": Access.SIGNED_IN,
    "watching.unsubscribe": Access.PUBLIC,
    "watching.stop_mails": Access.PUBLIC,
    "watching.feed": Access.PUBLIC,
    # back in stock
    "downloads.listing": Access.PUBLIC,
    "downloads.fetch": Access.PUBLIC,
    "downloads.add": Access.OPERATOR,
    "downloads.retire": Access.OPERATOR,
    "restock.form": Access.PUBLIC,
    "restock.ask": Access.PUBLIC,
    "restock.confirm": Access.PUBLIC,
    "restock.confirmed": Access.PUBLIC,
    "restock.stop": Access.PUBLIC,
    "restock.stopped": Access.PUBLIC,
    # shop
    "shop.cart": Access.PUBLIC,
    "shop.add_to_cart": Access.PUBLIC,
    "shop.update_cart": Access.PUBLIC,
    "shop.remove_from_cart": Access.PUBLIC,
    "checkout.who": Access.PUBLIC,
    "checkout.save_who": Access.PUBLIC,
    "checkout.how": Access.PUBLIC,
    "checkout.save_how": Access.PUBLIC,
    "checkout.use_code": Access.PUBLIC,
    "checkout.leave_code": Access.PUBLIC,
    "checkout.review": Access.PUBLIC,
    "checkout.place_order": Access.PUBLIC,
    "shop.order": Access.PUBLIC,
    # orders and what comes after them; the signed address is the key, so that guests get in
    "orders.index": Access.SIGNED_IN,
    "orders.invoice": Access.PUBLIC,
    "orders.cancel": Access.PUBLIC,
    "orders.confirm": Access.PUBLIC,
    "orders.reorder": Access.PUBLIC,
    "aftersale.form": Access.PUBLIC,
    "aftersale.apply": Access.PUBLIC,
    "aftersale.case": Access.PUBLIC,
    "aftersale.send": Access.PUBLIC,
    "aftersale.withdraw": Access.PUBLIC,
    "aftersale.protect": Access.PUBLIC,
    "payouts.name": Access.PUBLIC,
    "aftersale.photo": Access.PUBLIC,
    # paying: whoever holds an order's signed link, and providers by their signature
    "paying.pay": Access.PUBLIC,
    "paying.begin": Access.PUBLIC,
    "paying.returned": Access.PUBLIC,
    "paying.state": Access.PUBLIC,
    "paying.hook": Access.PUBLIC,
    # desk
    "desk.index": Access.STAFF,
    "desk.products": Access.OPERATOR,
    "desk.new_product": Access.OPERATOR,
    "desk.create_product": Access.OPERATOR,
    "desk.product": Access.OPERATOR,
    "desk.save_product": Access.OPERATOR,
    "desk.set_product_state": Access.OPERATOR,
    "desk.unlock": Access.OPERATOR,
    "desk.add_picture": Access.OPERATOR,
    "desk.remove_picture": Access.OPERATOR,
    "desk.new_variant": Access.OPERATOR,
    "desk.create_variant": Access.OPERATOR,
    "desk.save_variant": Access.OPERATOR,
    "desk.new_offer": Access.OPERATOR,
    "desk.create_offer": Access.OPERATOR,
    "desk.offer": Access.OPERATOR,
    "desk.save_offer": Access.OPERATOR,
    "desk.retire_offer": Access.OPERATOR,
    "desk.restore_offer": Access.OPERATOR,
    "desk.stock_list": Access.WAREHOUSE,
    "desk.stock_of": Access.WAREHOUSE,
    "desk.receive_stock": Access.WAREHOUSE,
    "desk.correct_stock": Access.WAREHOUSE,
    # desk_stock
    "desk_stock.places": Access.WAREHOUSE,
    "desk_stock.new_place": Access.OPERATOR,
    "desk_stock.create_place": Access.OPERATOR,
    "desk_stock.place": Access.OPERATOR,
    "desk_stock.save_place": Access.OPERATOR,
    "desk_stock.set_place_state": Access.OPERATOR,
    "desk_stock.new_supplier": Access.OPERATOR,
    "desk_stock.create_supplier": Access.OPERATOR,
    "desk_stock.supplier": Access.OPERATOR,
    "desk_stock.save_supplier": Access.OPERATOR,
    "desk_stock.transfer": Access.WAREHOUSE,
    "desk_stock.set_threshold": Access.WAREHOUSE,
    "desk_stock.counts": Access.WAREHOUSE,
    "desk_stock.open_count": Access.WAREHOUSE,
    "desk_stock.count": Access.WAREHOUSE,
    "desk_stock.note_count": Access.WAREHOUSE,
    # desk_catalogue
    "desk_catalogue.categories": Access.OPERATOR,
    "desk_catalogue.new_category": Access.OPERATOR,
    "desk_catalogue.create_category": Access.OPERATOR,
    "desk_catalogue.category": Access.OPERATOR,
    "desk_catalogue.save_category": Access.OPERATOR,
    "desk_catalogue.remove_category": Access.OPERATOR,
    "desk_catalogue.new_attribute": Access.OPERATOR,
    "desk_catalogue.create_attribute": Access.OPERATOR,
    "desk_catalogue.attribute": Access.OPERATOR,
    "desk_catalogue.save_attribute": Access.OPERATOR,
    "desk_catalogue.remove_attribute": Access.OPERATOR,
    "desk_catalogue.options": Access.OPERATOR,
    "desk_catalogue.save_options": Access.OPERATOR,
    "desk_catalogue.bulk": Access.OPERATOR,
    "desk_catalogue.preview": Access.OPERATOR,
    "desk_catalogue.changed": Access.OPERATOR,
    "desk_catalogue.undo": Access.OPERATOR,
    "desk_catalogue.export": Access.OPERATOR,
    "desk_catalogue.import_form": Access.OPERATOR,
    "desk_catalogue.import_file": Access.OPERATOR,
    # desk_merchants
    "desk_merchants.merchants": Access.OPERATOR,
    "desk_merchants.new_merchant": Access.OPERATOR,
    "desk_merchants.create_merchant": Access.OPERATOR,
    "desk_merchants.merchant": Access.OPERATOR,
    "desk_merchants.save_merchant": Access.OPERATOR,
    "desk_merchants.set_merchant_state": Access.OPERATOR,
    "desk_merchants.approve_merchant": Access.OPERATOR,
    # desk_orders
    "desk_orders.queue": Access.SHOP,
    "desk_orders.order": Access.SHOP,
    "desk_orders.mark_paid": Access.FINANCE,
    "desk_orders.mark_shipped": Access.WAREHOUSE,
    "desk_orders.add_tracking": Access.WAREHOUSE,
    "desk_orders.drop_rest": Access.SUPPORT,
    "desk_orders.confirm": Access.SUPPORT,
    "desk_orders.cancel": Access.SUPPORT,
    "desk_orders.refund": Access.FINANCE,
    # addresses
    "addresses.index": Access.SIGNED_IN,
    "addresses.new": Access.SIGNED_IN,
    "addresses.create": Access.SIGNED_IN,
    "addresses.edit": Access.SIGNED_IN,
    "addresses.save": Access.SIGNED_IN,
    "addresses.delete": Access.SIGNED_IN,
    "addresses.ask_claim": Access.SIGNED_IN,
    "addresses.claim_page": Access.SIGNED_IN,
    "addresses.claim": Access.SIGNED_IN,
    "addresses.claim_order": Access.SIGNED_IN,
    # desk_promotions, desk_delivery
    "desk_promotions.index": Access.OPERATOR,
    "desk_promotions.new_promotion": Access.OPERATOR,
    "desk_promotions.create_promotion": Access.OPERATOR,
    "desk_promotions.promotion": Access.OPERATOR,
    "desk_promotions.save_promotion": Access.OPERATOR,
    "desk_promotions.set_promotion_state": Access.OPERATOR,
    "desk_delivery.index": Access.OPERATOR,
    "desk_delivery.new_zone": Access.OPERATOR,
    "desk_delivery.create_zone": Access.OPERATOR,
    "desk_delivery.zone": Access.OPERATOR,
    "desk_delivery.save_zone": Access.OPERATOR,
    "desk_delivery.set_zone_state": Access.OPERATOR,
    "desk_delivery.new_method": Access.OPERATOR,
    "desk_delivery.create_method": Access.OPERATOR,
    "desk_delivery.method": Access.OPERATOR,
    "desk_delivery.save_method": Access.OPERATOR,
    "desk_delivery.set_method_state": Access.OPERATOR,
    "desk_delivery.new_tax": Access.OPERATOR,
    "desk_delivery.save_tax": Access.OPERATOR,
    "desk_delivery.tax": Access.OPERATOR,
    "desk_delivery.remove_tax": Access.OPERATOR,
    # desk_variants
    "desk_variants.variant": Access.OPERATOR,
    "desk_variants.choose_picture": Access.OPERATOR,
    "desk_variants.add_picture": Access.OPERATOR,
    "desk_variants.gift_products": Access.OPERATOR,
    "desk_variants.make_gift_product": Access.OPERATOR,
    "desk_variants.set_gift_card": Access.OPERATOR,
    # desk_packing
    "desk_packing.picking": Access.WAREHOUSE,
    "desk_packing.bulk": Access.WAREHOUSE,
    "desk_packing.ship_file": Access.WAREHOUSE,
    # desk_aftersale
    "desk_aftersale.queue": Access.SHOP,
    "desk_aftersale.case": Access.SHOP,
    "desk_aftersale.photo": Access.SHOP,
    "desk_aftersale.approve": Access.SUPPORT,
    "desk_aftersale.reject": Access.SUPPORT,
    "desk_aftersale.receive": Access.WAREHOUSE,
    "desk_aftersale.settle": Access.FINANCE,
    "desk_aftersale.refund_instead": Access.FINANCE,
    # desk_payments, desk_gift_cards, desk_ledger
    "desk_payments.index": Access.FINANCE,
    "desk_payments.order": Access.SHOP,
    "desk_payments.receipt": Access.FINANCE,
    "desk_payments.refund_sent": Access.FINANCE,
    "desk_payments.refund_again": Access.FINANCE,
    "desk_gift_cards.cards": Access.FINANCE,
    "desk_gift_cards.new_card": Access.FINANCE,
    "desk_gift_cards.issue": Access.FINANCE,
    "desk_gift_cards.card": Access.FINANCE,
    "desk_gift_cards.reveal": Access.FINANCE,
    "desk_gift_cards.set_state": Access.FINANCE,
    "desk_ledger.index": Access.FINANCE,
    "desk_ledger.entries": Access.FINANCE,
    "desk_ledger.file": Access.FINANCE,
    "desk_ledger.days": Access.FINANCE,
    # gift cards: whoever has a code
    "gift_cards.balance": Access.PUBLIC,
    "gift_cards.look_up": Access.PUBLIC,
    "gift_cards.bought": Access.PUBLIC,
    "gift_cards.reveal": Access.PUBLIC,
    "gift_cards.given": Access.PUBLIC,
    "gift_cards.reveal_given": Access.PUBLIC,
    # desk_customers
    "desk_customers.customers": Access.SERVICE,
    "desk_customers.customer": Access.SERVICE,
    "desk_customers.write": Access.SERVICE,
    # editors' desk
    # what staff did
    "desk_audit.index": Access.OPERATOR,
    "desk_people.index": Access.OPERATOR,
    "desk_people.person": Access.OPERATOR,
    "desk_people.set_blocked": Access.OPERATOR,
    "desk_search.synonyms": Access.EDITOR,
    "desk_search.add_synonyms": Access.EDITOR,
    "desk_search.remove_synonyms": Access.EDITOR,
    "editor.index": Access.EDITOR,
    "editor.new": Access.EDITOR,
    "editor.create": Access.EDITOR,
    "editor.edit": Access.EDITOR,
    "editor.save": Access.EDITOR,
    "editor.place": Access.EDITOR,
    "editor.unplace": Access.EDITOR,
    "editor.delete": Access.EDITOR,
    # studio
    "studio.home": Access.SIGNED_IN,
    "studio.start": Access.SIGNED_IN,
    "studio.new": Access.CREATOR,
    "studio.create": Access.CREATOR,
    "studio.find_products": Access.CREATOR,
    "studio.edit": Access.CREATOR,
    "studio.save": Access.CREATOR,
    "studio.publish": Access.CREATOR,
    "studio.unpublish": Access.CREATOR,
    "studio.add_picture": Access.CREATOR,
    # Reviewers need not be creators, so whoever is signed in may knock; the room knows who works on a post.
    "studio_linking.links": Access.CREATOR,
    "studio_series.index": Access.CREATOR,
    "studio_series.create": Access.CREATOR,
    "studio_series.edit": Access.CREATOR,
    "studio_series.save": Access.CREATOR,
    "studio_series.arrange": Access.CREATOR,
    "studio_series.delete": Access.CREATOR,
    "studio_series.back": Access.CREATOR,
    "studio.preview": Access.SIGNED_IN,
    "studio.back": Access.CREATOR,
    "studio_gate.checks": Access.CREATOR,
    "studio_gate.repair": Access.CREATOR,
    "studio_refresh.queue": Access.CREATOR,
    "studio_history.autosave": Access.CREATOR,
    "studio_history.merge": Access.CREATOR,
    "studio_history.settle": Access.CREATOR,
    "studio_history.index": Access.SIGNED_IN,
    "studio_history.compare": Access.SIGNED_IN,
    "studio_history.restore": Access.CREATOR,
    "studio_history.restore_page": Access.CREATOR,
    "studio_plans.schedule": Access.CREATOR,
    "studio_plans.plan": Access.CREATOR,
    "studio_plans.cancel": Access.CREATOR,
    "studio_plans.cancel_page": Access.CREATOR,
    "studio_sharing.share": Access.CREATOR,
    "studio_sharing.make": Access.CREATOR,
    "studio_sharing.close": Access.CREATOR,
    "studio_sharing.close_page": Access.CREATOR,
    "studio_sharing.shared": Access.PUBLIC,
    "studio_team.team": Access.SIGNED_IN,
    "studio_team.invite": Access.CREATOR,
    "studio_team.remove": Access.CREATOR,
    "studio_team.remove_page": Access.CREATOR,
    "studio_team.leave": Access.SIGNED_IN,
    "studio_team.invitation": Access.SIGNED_IN,
    "studio_team.answer": Access.SIGNED_IN,
    "studio_team.read_notices": Access.SIGNED_IN,
    "studio_team.lock": Access.CREATOR,
    "studio_team.unlock": Access.CREATOR,
    "studio_review.review": Access.SIGNED_IN,
    "studio_review.remark": Access.SIGNED_IN,
    "studio_review.reply": Access.SIGNED_IN,
    "studio_review.decide": Access.SIGNED_IN,
    "studio_review.decide_page": Access.SIGNED_IN,
    "studio_preview.live": Access.CREATOR,
    "studio_products.new": Access.CREATOR,
    "studio_products.read": Access.CREATOR,
    "studio_products.create": Access.CREATOR,
    "studio_products.product": Access.CREATOR,
    "studio_products.save": Access.CREATOR,
    # media library
    "studio_media.library": Access.CREATOR,
    "studio_media.choose": Access.CREATOR,
    "studio_media.upload": Access.CREATOR,
    "studio_media.one": Access.CREATOR,
    "studio_media.describe": Access.CREATOR,
    "studio_media.delete": Access.CREATOR,
    # live sessions
    "live.schedule": Access.PUBLIC,
    "live.session": Access.PUBLIC,
    "live.play": Access.PUBLIC,
    "live.cards": Access.PUBLIC,
    "live.events": Access.PUBLIC,
    "studio_live.sessions": Access.CREATOR,
    "studio_live.new": Access.CREATOR,
    "studio_live.create": Access.CREATOR,
    "studio_live.host": Access.CREATOR,
    "studio_live.change": Access.CREATOR,
    "studio_live.turn": Access.CREATOR,
    "studio_live.cancel": Access.CREATOR,
    "studio_live.queue": Access.CREATOR,
    # feeds
    "feeds.site": Access.PUBLIC,
    "feeds.topic": Access.PUBLIC,
    "feeds.creator": Access.PUBLIC,
    "feeds.deals": Access.PUBLIC,
    "feeds.sitemap": Access.PUBLIC,
    "feeds.robots": Access.PUBLIC,
}


def allowed(access: Access, who: Viewer) -> bool:
    """Whether ``who`` may knock at a door of this kind."""
    match access:
        case Access.PUBLIC:
            return True
        case Access.SIGNED_IN:
            return who.user is not None
        case Access.CREATOR:
            return who.can_write
        case Access.EDITOR:
            return who.can_edit
        case Access.OPERATOR:
            return who.can_operate
        case Access.SUPPORT:
            return may(who.user, Duty.SERVE)
        case Access.WAREHOUSE:
            return may(who.user, Duty.PACK)
        case Access.FINANCE:
            return may(who.user, Duty.MONEY)
        case Access.SERVICE:
            return may(who.user, Duty.SERVE, Duty.MONEY)
        case Access.SHOP:
            return is_shop_staff(who.user)
        case Access.STAFF:
            return who.can_edit or is_shop_staff(who.user)


def _check() -> Response | None:
    if request.endpoint is None:
        return None
    access = PERMISSIONS.get(request.endpoint)
    if access is None:
        raise NotFound(say("There is no such page."))
    if access is Access.PUBLIC:
        return None
    who = viewer()
    if allowed(access, who):
        return None
    if who.user is None and request.method == "GET":
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
    raise Forbidden(say("Your account may not do this.") if who.user else say("Please sign in first."))


def attach(app: Flask) -> None:
    """Have every request of ``app`` checked."""
    app.before_request(_check)
