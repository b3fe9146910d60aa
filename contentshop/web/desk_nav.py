"""The rooms of the desk, for whoever may enter them: the permission table decides, so that nobody is shown a door that
is closed to them."""

from __future__ import annotations

from flask import Flask, url_for
from flask_babel import gettext as _

from contentshop.web.permissions import PERMISSIONS, allowed
from contentshop.web.session import viewer

# Pages that stand below a room without standing below its address.
WITHIN = {
    "/desk/attributes": "/desk/products",
    "/desk/categories": "/desk/products",
    "/desk/counts": "/desk/stock",
    "/desk/places": "/desk/stock",
    "/desk/suppliers": "/desk/stock",
}


def room_of(path: str) -> str:
    """The path that tells in which room a page is: its own, or that of the room it belongs to."""
    return WITHIN.get("/".join(path.split("/")[:3]), path)


def rooms() -> list[tuple[str, str, str]]:
    """(label, address, glyph) of the rooms that are open to the person who asks."""
    who = viewer()
    known = [
        ("desk.index", _("Overview"), "desk"),
        ("desk_orders.queue", _("Orders"), "package"),
        ("desk_aftersale.queue", _("After-sale"), "refresh"),
        ("desk_customers.customers", _("Customers"), "user"),
        ("desk_people.index", _("Users"), "user"),
        ("reviews.desk", _("Reviews"), "star"),
        ("desk.products", _("Products"), "tag"),
        ("desk.stock_list", _("Stock"), "list"),
        ("desk_merchants.merchants", _("Merchants"), "store"),
        ("desk_promotions.index", _("Promotions"), "percent"),
        ("desk_delivery.index", _("Delivery and taxes"), "truck"),
        ("desk_payments.index", _("Payments"), "card"),
        ("desk_ledger.index", _("Ledger"), "bank"),
        ("desk_audit.index", _("Log"), "clock"),
        ("editor.index", _("Featured lists"), "award"),
        ("searches.report", _("Searches"), "search"),
        ("desk_search.synonyms", _("Synonyms"), "edit"),
        ("talk.reports", _("Reports"), "alert"),
        ("studio_deals.waiting", _("Deals"), "percent"),
    ]
    return [
        (label, url_for(endpoint), glyph)
        for endpoint, label, glyph in known
        if endpoint in PERMISSIONS and allowed(PERMISSIONS[endpoint], who)
    ]


def attach(app: Flask) -> None:
    """Give templates the rooms of the desk."""
    app.jinja_env.globals["desk_rooms"] = rooms
    app.jinja_env.globals["desk_room"] = room_of
