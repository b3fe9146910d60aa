"""Buyers name the account that a refund is sent to, where people have to send it.

Whoever holds the order's signed link may do so; the page answers with no more than the end of the number, and a mail
tells the buyer of it, in case it was somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.aftersale import actions, queries
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.orders import queries as orders
from contentshop.payments.inputs import PayoutInput
from contentshop.web.aftersale import buyer_case_page
from contentshop.web.aftersale_pages import extras_of
from contentshop.web.door import Door, show
from contentshop.web.limits import PAYOUTS, limiter
from contentshop.web.order_pages import order_page
from contentshop.web.orders import open_order, private
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.orders.models import Order

bp = Door("payouts", __name__)

FIELDS = ("payout_holder", "payout_number", "payout_bank")


@bp.post("/orders/<token>/payout")
@limiter.limit(PAYOUTS)
def name(token: str) -> Response:
    """Keep the account, and go back to the page it was asked on: the order's, or that of its case."""
    found = open_order(token)
    case = request.form.get("case", "")[:20]
    if case:
        queries.get_of_order(db.session, case, found.key)
    try:
        form = PayoutInput.parse(request.form)
        actions.name_account(db.session, found.key, form, now=viewer().now)
    except Invalid as refusal:
        db.session.rollback()
        return _again(orders.get_by_key(db.session, found.key), case, translated_errors(refusal.fields))
    except Conflict as refusal:
        db.session.rollback()
        flash(refusal_text(refusal), "error")
        return private(redirect(_back(token, case), 303))
    flash(_("Thank you. We send your refund to this account."), "success")
    return private(redirect(_back(token, case), 303))


def _back(token: str, case: str) -> str:
    return url_for("aftersale.case", token=token, key=case) if case else url_for("shop.order", token=token)


def _again(order: Order, case: str, errors: Mapping[str, list[str]]) -> Response:
    typed = {name: request.form.get(name, "")[:200] for name in FIELDS}
    if case:
        found = queries.get_of_order(db.session, case, order.key)
        return private(show("shop/aftersale_case.html", buyer_case_page(found, typed, errors), 422))
    page = order_page(order, extras=extras_of(order, typed, errors), errors=errors)
    return private(show("shop/order.html", page, 422))
