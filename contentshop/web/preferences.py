"""What a browser keeps: the chosen language, region and currency, and a cart, whose count kept pages ask for."""

from __future__ import annotations

from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from contentshop.config import LOCALES
from contentshop.core.db import db
from contentshop.core.text_urls import safe_next
from contentshop.orders import actions as carts
from contentshop.orders import queries as orders
from contentshop.web.door import Door
from contentshop.web.session import (
    CART_COOKIE,
    CURRENCY_COOKIE,
    LANGUAGE_COOKIE,
    REGION_COOKIE,
    set_cookie,
    settings,
    viewer,
)

bp = Door("preferences", __name__)


@bp.post("/preferences")
def choose() -> BaseResponse:
    """Remember the reader's language, region and currency, and go back to where they were."""
    chosen = request.form
    response = redirect(safe_next(chosen.get("next", "")) or "/", 303)
    known = settings()
    if chosen.get("locale") in LOCALES:
        set_cookie(response, LANGUAGE_COOKIE, chosen["locale"])
    if chosen.get("region") in known.regions:
        set_cookie(response, REGION_COOKIE, chosen["region"])
        if chosen["region"] != viewer().region:
            key = request.cookies.get(CART_COOKIE, "")
            carts.leave_country(db.session, key, chosen["region"], now=viewer().now)
    if chosen.get("currency") in known.currencies:
        set_cookie(response, CURRENCY_COOKIE, chosen["currency"])
    elif "region" in chosen:
        # Without a wish of its own the currency follows the region.
        response.delete_cookie(CURRENCY_COOKIE, path="/", secure=known.secure, httponly=True, samesite="Lax")
    return response


@bp.get("/session.json")
def session_state() -> Response:
    """What a kept page cannot say: how many things are in this browser's cart."""
    key = request.cookies.get(CART_COOKIE, "")
    response = jsonify(cart=orders.count_units(db.session, key) if key else 0)
    response.headers["Cache-Control"] = "no-store"
    return response
