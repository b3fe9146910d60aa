"""What the audit log calls the things staff do, and the values it compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from contentshop.core.money import Money, is_currency
from contentshop.web.chrome import money

# Values of an entry that are minor units of the entry's own "currency".
AMOUNTS = frozenset({"paid", "refunded", "refund", "amount", "price", "free_from"})
# What older entries call endpoints that have other names now: the log itself is never altered.
MOVED = {f"desk_payments.{name}": f"desk_gift_cards.{name}" for name in ("issue", "reveal", "set_state")}


def action_words(endpoint: str) -> str:
    """What was done, in the reader's language; the endpoint itself for one that is gone from the site."""
    words = {**_catalogue(), **_stock(), **_orders(), **_money(), **_settings(), **_content()}
    return words.get(MOVED.get(endpoint, endpoint), endpoint)


def value_words(name: str, values: Mapping[str, Any]) -> Any:
    """The value ``name`` of one side of an entry: an amount as money where its currency was noted with it."""
    value, currency = values.get(name, ""), values.get("currency")
    if name in AMOUNTS and isinstance(value, int) and isinstance(currency, str) and is_currency(currency):
        return money(Money(value, currency))
    return value


def _catalogue() -> dict[str, str]:
    return {
        "desk.create_product": _("Added a product"),
        "desk.save_product": _("Changed a product"),
        "desk.set_product_state": _("Changed the state of a product"),
        "desk.unlock": _("Unlocked a field of a product"),
        "desk.add_picture": _("Added a picture to a product"),
        "desk.remove_picture": _("Took a picture off a product"),
        "desk.create_variant": _("Added a variant"),
        "desk.save_variant": _("Changed a variant"),
        "desk.create_offer": _("Added an offer"),
        "desk.save_offer": _("Changed an offer"),
        "desk.retire_offer": _("Took an offer off"),
        "desk.restore_offer": _("Brought an offer back"),
        "desk_variants.choose_picture": _("Chose the picture of a variant"),
        "desk_variants.add_picture": _("Added a picture to a variant"),
        "desk_variants.make_gift_product": _("Put a gift card on sale"),
        "desk_variants.set_gift_card": _("Changed whether a variant is a gift card"),
        "downloads.add": _("Added a file to a variant"),
        "downloads.retire": _("Took a file off a variant"),
        "desk_catalogue.create_category": _("Added a category"),
        "desk_catalogue.save_category": _("Changed a category"),
        "desk_catalogue.remove_category": _("Removed a category"),
        "desk_catalogue.create_attribute": _("Added a property"),
        "desk_catalogue.save_attribute": _("Changed a property"),
        "desk_catalogue.remove_attribute": _("Removed a property"),
        "desk_catalogue.save_options": _("Changed the options of a product"),
        # The preview itself is not logged; what is, is the change that was made from it.
        "desk_catalogue.preview": _("Changed many products"),
        "desk_catalogue.undo": _("Took a change of many products back"),
        "desk_catalogue.import_file": _("Imported a file of products"),
    }


def _stock() -> dict[str, str]:
    return {
        "desk.receive_stock": _("Received stock"),
        "desk.correct_stock": _("Corrected the stock"),
        "desk_stock.create_place": _("Added a place"),
        "desk_stock.save_place": _("Changed a place"),
        "desk_stock.set_place_state": _("Opened or closed a place"),
        "desk_stock.create_supplier": _("Added a supplier"),
        "desk_stock.save_supplier": _("Changed a supplier"),
        "desk_stock.transfer": _("Moved stock to another place"),
        "desk_stock.set_threshold": _("Changed when low stock is told"),
        "desk_stock.open_count": _("Began a stock count"),
        "desk_stock.note_count": _("Noted a stock count"),
    }


def _orders() -> dict[str, str]:
    return {
        "desk_orders.mark_paid": _("Marked an order as paid"),
        "desk_orders.mark_shipped": _("Shipped an order"),
        "desk_orders.add_tracking": _("Noted a tracking number"),
        "desk_orders.drop_rest": _("Gave up the rest of an order"),
        "desk_orders.confirm": _("Marked an order as received"),
        "desk_orders.cancel": _("Cancelled an order"),
        "desk_orders.refund": _("Refunded a part of an order"),
        "desk_packing.ship_file": _("Shipped an order from a file"),
        "desk_aftersale.approve": _("Agreed to an after-sale case"),
        "desk_aftersale.reject": _("Refused an after-sale case"),
        "desk_aftersale.receive": _("Received returned goods"),
        "desk_aftersale.settle": _("Settled an after-sale case"),
        "desk_aftersale.refund_instead": _("Refunded instead of an exchange"),
        "desk_people.set_blocked": _("Blocked or unblocked a person"),
        "desk_customers.write": _("Wrote a note about a customer"),
    }


def _money() -> dict[str, str]:
    return {
        "desk_payments.receipt": _("Noted money received"),
        "desk_payments.refund_sent": _("Noted a refund as sent"),
        "desk_payments.refund_again": _("Asked the provider for a refund again"),
        "desk_gift_cards.issue": _("Issued a gift card"),
        "desk_gift_cards.reveal": _("Showed the code of a gift card"),
        "desk_gift_cards.set_state": _("Blocked or unblocked a gift card"),
    }


def _settings() -> dict[str, str]:
    return {
        "desk_promotions.create_promotion": _("Added a promotion"),
        "desk_promotions.save_promotion": _("Changed a promotion"),
        "desk_promotions.set_promotion_state": _("Paused or resumed a promotion"),
        "desk_delivery.create_zone": _("Added a delivery zone"),
        "desk_delivery.save_zone": _("Changed a delivery zone"),
        "desk_delivery.set_zone_state": _("Switched a delivery zone on or off"),
        "desk_delivery.create_method": _("Added a way of shipping"),
        "desk_delivery.save_method": _("Changed a way of shipping"),
        "desk_delivery.set_method_state": _("Switched a way of shipping on or off"),
        "desk_delivery.save_tax": _("Changed a tax rate"),
        "desk_delivery.remove_tax": _("Removed a tax rate"),
        "desk_merchants.create_merchant": _("Added a merchant"),
        "desk_merchants.save_merchant": _("Changed a merchant"),
        "desk_merchants.set_merchant_state": _("Switched a merchant on or off"),
        "desk_merchants.approve_merchant": _("Approved a merchant"),
    }


def _content() -> dict[str, str]:
    return {
        "talk.settle": _("Settled a report about a comment"),
        "studio_deals.merge": _("Merged two deals"),
        "reviews.hide": _("Hid a review"),
        "reviews.show_again": _("Showed a review again"),
        "reviews.reply": _("Answered a review"),
        "reviews.settle": _("Settled a report about a review"),
        "desk_search.add_synonyms": _("Added synonyms"),
        "desk_search.remove_synonyms": _("Removed synonyms"),
        "editor.create": _("Added a featured list"),
        "editor.save": _("Changed a featured list"),
        "editor.place": _("Put a featured list on the home page"),
        "editor.unplace": _("Took a featured list off the home page"),
        "editor.delete": _("Deleted a featured list"),
    }
