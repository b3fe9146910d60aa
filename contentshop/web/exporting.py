"""What a person takes away with them: one ZIP file of what they told us and bought here, with their own pictures.

``account.json`` is for people and programs alike: plain names, amounts as decimal numbers beside their currency, times
in UTC (ISO 8601). The pictures lie beside it under the names that it gives. Codes of gift cards are in nobody's hands
but their owner's, so only their last characters are told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from contentshop.aftersale import queries as cases
from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.delivery import queries as delivery
from contentshop.media.port import Storage
from contentshop.media.queries import file_name, private_name
from contentshop.orders.queries.exporting import list_bought
from contentshop.payments import queries as payments
from contentshop.reviews import queries as reviews

if TYPE_CHECKING:
    from contentshop.accounts.models import User
    from contentshop.aftersale.models import AfterSale
    from contentshop.delivery.models import Address
    from contentshop.orders.models import Order
    from contentshop.payments.models import GiftCard
    from contentshop.reviews.models import Review

IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger file lies on the disk until it is sent
PIECE = 256 * 1024  # bytes
Pictures = dict[str, str]  # name in the ZIP file → name in the storage


def archive_of(person: User, storage: Storage) -> Iterator[bytes]:
    """The file, piece by piece. What it tells is read before the first piece is asked for."""
    pictures: Pictures = {}
    told = _account(person, pictures)
    db.session.rollback()
    return _pieces(told, pictures, storage)


def _pieces(told: Mapping[str, Any], pictures: Pictures, storage: Storage) -> Iterator[bytes]:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as archive:
        _write(archive, told, pictures, storage)
        archive.seek(0)
        while piece := archive.read(PIECE):
            yield piece


def _write(archive: IO[bytes], told: Mapping[str, Any], pictures: Pictures, storage: Storage) -> None:
    with ZipFile(archive, "w", ZIP_DEFLATED) as file:
        file.writestr("account.json", json.dumps(told, ensure_ascii=False, indent=2))
        for name, stored in pictures.items():
            try:
                with storage.open(stored) as picture:
                    file.writestr(name, picture.read(), ZIP_STORED)
            except NotFound:
                continue  # lost on the disk; its words are told all the same


def _account(person: User, pictures: Pictures) -> Mapping[str, Any]:
    orders = list_bought(db.session, person.id)
    return {
        "profile": {
            "name": person.name,
            "handle": person.handle,
            "email": person.email,
            "about": person.bio,
            "language": person.locale,
            "time_zone": person.timezone,
            "since": _time(person.created_at),
        },
        "addresses": [_address(one) for one in delivery.list_addresses(db.session, person.id)],
        "orders": [_order(one) for one in orders],
        "after_sale": [_case(one, pictures) for one in cases.list_of_user(db.session, person.id)],
        "gift_cards": [_card(one) for one in payments.list_cards_of_orders(db.session, [one.key for one in orders])],
        "reviews": [_review(one, pictures) for one in reviews.list_own(db.session, person.id, limit=10_000)],
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).amount:f}"


_PLACE = ("name", "phone", "country", "region", "city", "district", "address", "postcode")


def _address(one: Address | Order) -> dict[str, str]:
    return {name: getattr(one, name) for name in _PLACE}


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.key.upper(),
        "state": order.state,
        "placed_at": _time(order.placed_at),
        "email": order.email,
        "deliver_to": _address(order),
        "note": order.note,
        "currency": order.currency,
        "total": _amount(order.total_minor, order.currency),
        "paid_back": _amount(order.refunded_minor, order.currency),
        "lines": [
            {
                "title": line.title,
                "variant": line.variant_name,
                "sku": line.sku,
                "quantity": line.quantity,
                "price": _amount(line.unit_minor, order.currency),
            }
            for line in order.lines
        ],
    }


def _case(case: AfterSale, pictures: Pictures) -> dict[str, Any]:
    currency = case.order.currency
    return {
        "number": case.key.upper(),
        "order": case.order.key.upper(),
        "kind": case.kind,
        "state": case.state,
        "reason": case.reason,
        "words": case.text,
        "answer": case.answer,
        "asked_at": _time(case.asked_at),
        "closed_at": _time(case.closed_at),
        "currency": currency,
        "asked": _amount(case.asked_minor, currency),
        "refund": _amount(case.refund_minor, currency),
        "lines": [{"title": line.order_line.title, "quantity": line.quantity} for line in case.lines],
        "photos": _photos(pictures, f"after-sale/{case.key}", [private_name(photo.key) for photo in case.photos]),
    }


def _card(card: GiftCard) -> dict[str, Any]:
    return {
        "order": card.order_key.upper(),
        "code_ends_with": card.hint,
        "currency": card.currency,
        "issued": _amount(card.issued_minor, card.currency),
        "left": _amount(card.balance_minor, card.currency),
        "issued_at": _time(card.issued_at),
        "expires_at": _time(card.expires_at),
        "withdrawn_at": _time(card.withdrawn_at),
    }


def _review(review: Review, pictures: Pictures) -> dict[str, Any]:
    stored = [file_name(photo.asset.key, max(photo.asset.widths)) for photo in review.photos]
    return {
        "product": review.product.title,
        "stars": review.stars,
        "title": review.title,
        "words": review.text,
        "language": review.lang,
        "added_later": review.more,
        "reply_of_the_shop": review.reply,
        "shown": review.state == "shown",
        "hidden_because": review.note,
        "written_at": _time(review.created_at),
        "edited_at": _time(review.edited_at),
        "photos": _photos(pictures, f"reviews/{review.key}", stored),
    }


def _photos(pictures: Pictures, folder: str, stored: Sequence[str]) -> list[str]:
    names = [f"{folder}-{number}.webp" for number, _name in enumerate(stored, start=1)]
    pictures.update(zip(names, stored, strict=True))
    return names
