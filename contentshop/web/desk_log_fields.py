"""What the audit log calls the fields that staff change, and those of their values that are words of ours."""

from __future__ import annotations

from flask_babel import gettext as _

from contentshop.delivery import places
from contentshop.web.chrome import current_babel_locale
from contentshop.web.desk_pages import availability_names

# Fields that tell nothing of what was done: what a form remembers, and whose clocks its moments are by.
UNTOLD = frozenset(
    {"csrf_token", "attempt", "seen", "version", "known", "expected", "fields_of", "other", "zone", "asset"}
    | {"picture", "offer", "account", "p", "arrange"}
)
# Fields of which a form says that they are ticked, or nothing.
FLAGS = frozenset(
    {"combinable", "included", "on_shipping", "digital", "returnable", "discontinued", "gift_card", "listed", "more"}
)


def field_words(name: str) -> str:
    """The label of a field in the reader's language. Fields of lines and the like end with a number (``units-12``),
    translated ones with their language (``title_zh``); one that this release does not know is told by its name in
    words."""
    # A row of a change of many products is told by its SKU or title already.
    return find_words(name) or (name.replace("_", " ") if name.islower() else name)


def find_words(name: str) -> str:
    """The label of a field; empty for one without words."""
    labels = _of_shop() | _of_catalogue() | _of_settings()
    if name in labels:
        return labels[name]
    prefix, colon, own = name.partition(":")
    if colon and prefix == "attr":
        return str(_("Property “%(name)s”", name=own))
    if colon and prefix.startswith("attr_"):
        return _in_language(_("Property “%(name)s”", name=own), prefix.removeprefix("attr_"))
    if name.startswith("other_") and name.removeprefix("other_") in labels:
        return str(_("%(field)s in the other language", field=labels[name.removeprefix("other_")]))
    base, _line, language = name.rpartition("_")
    if base in labels and language in {"en", "zh"}:
        return _in_language(labels[base], language)
    first, _dash, rest = name.partition("-")
    return f"{labels[first]} ({rest})" if first in labels and rest else ""


def _in_language(label: str, language: str) -> str:
    words = {"en": _("%(field)s in English", field=label), "zh": _("%(field)s in Chinese", field=label)}
    return str(words.get(language, label))


def word_of(name: str, value: str) -> str:
    """A value in the reader's language where it is one of our own words, else as it stands."""
    name = name.partition("-")[0]
    if name in FLAGS:
        return str(_("yes") if value in {"1", "yes"} else _("no") if value in {"", "no"} else value)
    if name in {"state", "to", "status"}:
        return _states().get(value, value)
    if name == "scope":
        return _scopes().get(value, value)
    if name == "lang":
        return {"en": "English", "zh": "中文"}.get(value, value)
    if name == "kind":
        return _kinds().get(value, value)
    if name == "availability":
        return availability_names().get(value, value)
    if name == "tax_class":
        classes: dict[str, str] = {"standard": _("Standard"), "reduced": _("Reduced"), "zero": _("No tax")}
        return classes.get(value, value)
    if name == "country" and len(value) == 2:
        return str(places.country_name(value, current_babel_locale()))
    if name == "field":
        return field_words(value)
    if name == "do":
        return _decisions().get(value, "")  # of other buttons what they did is told
    return value


def _decisions() -> dict[str, str]:
    return {
        "hide": _("hidden"),
        "leave": _("left as it is"),
        "remove": _("taken away"),
        "renew": _("a new code"),
    }


def _states() -> dict[str, str]:
    return {
        "placed": _("placed"),
        "paid": _("paid"),
        "part_shipped": _("partly shipped"),
        "shipped": _("shipped"),
        "completed": _("received"),
        "cancelled": _("cancelled"),
        "asked": _("requested"),
        "approved": _("agreed"),
        "sent": _("sent back"),
        "received": _("came back"),
        "done": _("settled"),
        "rejected": _("not agreed"),
        "withdrawn": _("withdrawn"),
        "active": _("active"),
        "open": _("opened"),
        "closed": _("closed"),
        "dropped": _("given up"),
        "paused": _("paused"),
        "blocked": _("blocked"),
        "on": _("on"),
        "off": _("off"),
        "draft": _("draft"),
        "archived": _("archived"),
    }


def _scopes() -> dict[str, str]:
    return {
        "all": _("Everything"),
        "product": _("Certain products"),
        "category": _("Certain categories"),
        "creator": _("What is bought from certain creators’ cards"),
    }


def _kinds() -> dict[str, str]:
    return {
        "text": _("Free text"),
        "number": _("Number"),
        "choice": _("Choice"),
        "flag": _("Yes or no"),
        "percent": _("A part of the price"),
        "fixed": _("A fixed sum"),
        "bundle": _("Buy some, get some free"),
        "refund": _("Refund"),
        "return": _("Return and refund"),
        "exchange": _("Exchange"),
        "protection": _("Price protection"),
    }


def _of_shop() -> dict[str, str]:
    return {
        "state": _("Status"),
        "paid": _("Paid"),
        "refunded": _("Paid back"),
        "refund": _("Refund"),
        "amount": _("Amount"),
        "currency": _("Currency"),
        "order": _("Order"),
        "more": _("More than was due"),
        "do": _("Decision"),
        "verdict": _("Decision"),
        "into": _("The deal that stays"),
        "parcel": _("Parcel"),
        "parcels": _("Parcels"),
        "tracking": _("Tracking number"),
        "carrier": _("Carrier"),
        "units": _("Units"),
        "returned": _("Given back"),
        "restocked": _("Back on the shelf"),
        "return_to": _("Where the goods go"),
        "reason": _("Reason"),
        "why": _("Reason"),
        "answer": _("Answer"),
        "note": _("Note"),
        "text": _("Text"),
        "reference": _("Reference of the transfer"),
        "parts": _("Transfers"),
        "part": _("Part of the refund"),
        "email": _("E-mail"),
        "reply": _("Answer of the shop"),
        "blocked": _("Blocked"),
        "role": _("Role"),
        "quantity": _("How many"),
        "on_hand": _("Counted on the shelf"),
        "low_at": _("Low from"),
        "location": _("Place"),
        "ending": _("Prices end in"),
        "source": _("Taken from"),
        "target": _("Brought to"),
        "transfer_note": _("Note"),
        "counted": _("Counted"),
        "n": _("Counted"),
        "delivery_zone": _("Delivery zone"),
        "updated": _("Updated"),
        "added": _("Added"),
        "unchanged": _("Unchanged"),
        "failed": _("Not taken"),
    }


def _of_catalogue() -> dict[str, str]:
    return {
        "title": _("Title"),
        "title_zh": _("Title in Chinese"),
        "name": _("Name"),
        "name_zh": _("Name in Chinese"),
        "key": _("Key"),
        "value": _("How much"),
        "attr": _("Properties"),
        "variants": _("Variants"),
        "gift_card": _("Sold as a gift card"),
        "checked_at": _("Price looked at"),
        "slug": _("Short name in the address"),
        "brand": _("Brand"),
        "category": _("Category"),
        "summary": _("Summary"),
        "body": _("Description"),
        "lang": _("Language"),
        "attrs": _("Other properties"),
        "alternative": _("Shown instead"),
        "status": _("Status"),
        "listed": _("In the shop"),
        "discontinued": _("Not made any more"),
        "variant": _("Variant"),
        "picture": _("Picture"),
        "alt": _("What the picture shows"),
        "file": _("File"),
        "sku": _("SKU"),
        "gtin": _("GTIN"),
        "mpn": _("Maker’s part number"),
        "price": _("Price"),
        "availability": _("Availability"),
        "merchant": _("Merchant"),
        "url": _("Link"),
        "region": _("Region"),
        "weight_g": _("Weight in grams"),
        "tax_class": _("Tax class"),
        "digital": _("Delivered as a file"),
        "returnable": _("May be returned"),
        "purchase_limit": _("At most for one person"),
        "releases_at": _("Out on"),
        "field": _("Field"),
        "kind": _("Kind"),
        "parent": _("Below"),
        "position": _("Place in the list"),
        "unit": _("Unit"),
        "choices": _("What can be chosen"),
        "values": _("Values"),
        "options": _("Options"),
        "supplier": _("Supplier"),
        "country": _("Country"),
    }


def _of_settings() -> dict[str, str]:
    return {
        "code": _("Code"),
        "percent": _("Per cent"),
        "buy": _("Bought"),
        "free": _("Of them free"),
        "categories": _("Which categories"),
        "valid_days": _("Days for each person"),
        "amounts": _("Fixed sum"),
        "caps": _("Most that is taken off"),
        "min_spend": _("From an amount on"),
        "scope": _("For which goods"),
        "scope_keys": _("Which ones"),
        "starts_at": _("From"),
        "ends_at": _("Until"),
        "total_limit": _("Uses in all"),
        "person_limit": _("Uses of one person"),
        "combinable": _("May be combined"),
        "areas": _("Areas"),
        "tiers": _("Prices"),
        "free_from": _("Free from"),
        "min_days": _("Working days, at least"),
        "max_days": _("Working days, at most"),
        "included": _("Tax is in the prices"),
        "on_shipping": _("Shipping is taxed"),
        "rate_standard": _("Standard rate"),
        "rate_reduced": _("Reduced rate"),
        "rate_zero": _("Zero rate"),
        "domain": _("Domain"),
        "link_template": _("Link template"),
        "tag": _("Tag"),
        "tag_param": _("Parameter of the tag"),
        "sub_id_param": _("Parameter of our own mark"),
        "items": _("Posts and products"),
        "share": _("Share in per cent"),
        "check_hours": _("Hours between looks"),
        "active": _("Active"),
        "rule": _("Line"),
        "intro": _("Introduction"),
        "item_kind": _("Kind"),
        "item_ref": _("Post or product"),
        "item_reason": _("Reason"),
        "place": _("Place"),
    }
