"""What waits in the shop for each part of its work, as tiles of the desk's first page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from contentshop.accounts.policy import Duty, may
from contentshop.aftersale import queries as cases
from contentshop.core.db import db
from contentshop.orders import queries as orders
from contentshop.web.desk_pages import Tile

if TYPE_CHECKING:
    from contentshop.accounts.models import User


def shop_tiles(person: User | None) -> list[Tile]:
    """Queues of orders and after-sale cases in which this person has something to do."""
    tiles: list[Tile] = []
    if not may(person, *Duty):
        return tiles
    waiting, claims = orders.queue_counts(db.session), cases.queue_counts(db.session)

    def queue(name: str) -> str:
        return url_for("desk_orders.queue", queue=name)

    def claim(name: str) -> str:
        return url_for("desk_aftersale.queue", queue=name)

    if may(person, Duty.PACK):
        tiles.append(Tile(_("To ship"), waiting["to_ship"], queue("to_ship"), _("Paid, to be packed"), True, "truck"))
    if may(person, Duty.MONEY):
        tiles.append(Tile(_("To pay"), waiting["to_pay"], queue("to_pay"), _("Payments to look for"), False, "bank"))
        cash = waiting["to_collect"]
        tiles.append(Tile(_("Cash to come"), cash, queue("to_collect"), _("Sent, paid on delivery"), False, "card"))
    if may(person, Duty.SERVE):
        asked = claims["to_answer"]
        tiles.append(Tile(_("To answer"), asked, claim("to_answer"), _("After-sale requests"), True, "alert"))
    if may(person, Duty.PACK):
        back = claims["to_receive"]
        tiles.append(Tile(_("Coming back"), back, claim("to_receive"), _("Parcels to check"), False, "package"))
    if may(person, Duty.MONEY):
        owed = claims["to_settle"]
        tiles.append(Tile(_("To pay back"), owed, claim("to_settle"), _("Agreed after-sale cases"), True, "bank"))
    return tiles
