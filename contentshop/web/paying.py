"""Paying an order: the buyer's page for it, the way back from a provider, and what providers tell us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import segno
import structlog
from flask import jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.orders import queries as orders
from contentshop.orders.actions import paying
from contentshop.orders.inputs import read_attempt
from contentshop.payments import actions as payments
from contentshop.payments import queries
from contentshop.payments.port import Instructions, NotGenuine
from contentshop.web.door import Door, show
from contentshop.web.limits import CHECKOUT, limiter
from contentshop.web.order_links import order_of, order_token, order_url
from contentshop.web.order_pages import labelled
from contentshop.web.session import engines, viewer
from contentshop.web.shop_pages import method_words
from contentshop.web.words import refusal_text

if TYPE_CHECKING:
    from contentshop.orders.models import Order
    from contentshop.payments.models import Payment

bp = Door("paying", __name__)

# No message of a provider comes near this; what is larger is not read at all.
LARGEST_MESSAGE = 256 * 1024
# A buyer who has come back looks at the page again and again; the provider is asked this often.
ASK_AGAIN = timedelta(seconds=5)

log = structlog.get_logger("contentshop.payments")


@dataclass(frozen=True, slots=True)
class PayPage:
    """How an order is paid. ``phase``: choose, connecting, trouble, ready, scan, waiting, by_hand, paid, nothing.

    ``refresh`` is after how many seconds a page without script looks again (None: never), ``state`` what a script
    compares, ``went_wrong`` why the last try ended, ``choices`` (code, name, explanation, nothing aside).
    """

    number: str
    phase: str
    due: Money
    paid: Money
    methods: Sequence[str]
    choices: Sequence[tuple[str, str, str, str]]
    method: str
    attempt: str
    provider_url: str
    picture: str
    instructions: Instructions | None
    went_wrong: str
    error: str
    refresh: int | None
    go: bool
    state: str
    state_url: str
    order_url: str
    pay_url: str


@bp.get("/orders/<token>/pay")
def pay(token: str) -> Response:
    """Where it stands with the money of an order, and how to pay it."""
    return _private(show("shop/pay.html", _page(token, go=request.args.get("go") == "1")))


@bp.get("/orders/<token>/pay/back")
def returned(token: str) -> Response:
    """The buyer has come back from the provider, which may not have told us yet: it is asked."""
    key = _key(token)
    found = queries.find_open(db.session, key)
    now = viewer().now
    if found is not None and found.state == "begun" and (found.look_at is None or found.look_at > now + ASK_AGAIN):
        with unit_of_work(db.session):
            payments.hurry(db.session, found, now=now)
    return _private(show("shop/pay.html", _page(token, back=True)))


@bp.get("/orders/<token>/pay/state")
def state(token: str) -> Response:
    """What a script compares with what the page shows."""
    return _private(jsonify(state=_page(token, back=request.args.get("back") == "1").state))


@bp.post("/orders/<token>/pay")
@limiter.limit(CHECKOUT)
def begin(token: str) -> Response:
    """The button: a try to pay, or the unfinished one again."""
    key = _key(token)
    method = request.form.get("method", "")[:20]
    try:
        gateway = engines().payment.of(method)
        order = orders.get_by_key(db.session, key)
        if not gateway.online or method not in engines().payment.methods_for(order.currency):
            raise NotFound(say("This way to pay is not set up."))
        paying.begin(
            db.session,
            key,
            method=method,
            gateway=gateway,
            attempt_key=read_attempt(request.form.get("attempt", "")),
            now=viewer().now,
        )
    except (Conflict, Invalid, NotFound) as refusal:
        db.session.rollback()
        status = 422 if isinstance(refusal, Invalid) else 409
        return _private(show("shop/pay.html", _page(token, error=refusal_text(refusal)), status))
    return redirect(url_for("paying.pay", token=token, go="1"), 303)


@bp.post("/hooks/payments/<gateway>")
def hook(gateway: str) -> Response:
    """A provider tells us something: verified, kept once, and its effect in the same transaction."""
    chosen = engines().payment.named(gateway)
    if not chosen.online:
        raise NotFound(say("There is no such page."))
    request.max_content_length = LARGEST_MESSAGE
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return make_response("too large", 413)
    try:
        event = chosen.verify(dict(request.headers.items()), body)
    except NotGenuine as refusal:
        log.warning("a message of a provider is not genuine", gateway=gateway, reason=refusal.message)
        return make_response("not genuine", 400)
    told = paying.take_event(db.session, gateway, event, now=viewer().now)
    log.info("a provider told us", gateway=gateway, message=event.name, new=told.new, applied=told.applied)
    receipt = chosen.receipt()
    answer = make_response(receipt.body, 200)
    answer.content_type = receipt.content_type
    return answer


def after_placing(order: Order) -> Response:
    """Where a buyer goes who has just ordered, in the same unit of work: to pay at once, or to the order's page."""
    ports = engines().payment
    if not ports.is_online(order.payment_method) or not paying.due_of(order).minor:
        return redirect(order_url(order.key), 303)
    paying.begin(
        db.session,
        order.key,
        method=order.payment_method,
        gateway=ports.of(order.payment_method),
        # Sending the order again is also the same payment again.
        attempt_key=f"order-{order.attempt_key}",
        now=viewer().now,
    )
    return redirect(url_for("paying.pay", token=order_token(order.key), go="1"), 303)


def _key(token: str) -> str:
    key = order_of(token)
    if key is None:
        raise NotFound(say("There is no such order. Please use the link in your mail."))
    return key


def _page(token: str, *, go: bool = False, back: bool = False, error: str = "") -> PayPage:
    key = _key(token)
    order = orders.get_by_key(db.session, key)
    ports = engines().payment
    due = paying.due_of(order)
    tries = queries.list_payments(db.session, key)
    newest = next((one for one in reversed(tries) if one.state in queries.OPEN), None)
    ways = [method for method in ports.methods_for(order.currency) if ports.is_online(method)]
    phase = _phase(order.state, order.paid_at is not None, due, newest, ways, back)
    failed = next((one for one in reversed(tries) if one.state == "failed"), None)
    went_wrong = newest.note if newest is not None and newest.state == "begun" else ""
    if newest is None and failed is not None and phase == "choose":
        went_wrong = failed.note or _("The payment was not completed.")
    method = newest.method if newest is not None else order.payment_method
    provider = newest.redirect_url if newest is not None and phase in {"ready", "waiting"} else ""
    return PayPage(
        number=order.key.upper(),
        phase=phase,
        due=due,
        paid=Money(order.paid_minor - order.refunded_minor, order.currency),
        methods=ways,
        choices=[(code, *method_words(code), "") for code in ways],
        method=method if method in ways else (ways[0] if ways else ""),
        attempt=newest.attempt_key if newest is not None and newest.state == "new" else new_key(24),
        provider_url=provider,
        picture=segno.make(newest.code, error="m").svg_data_uri(scale=6, border=3)
        if newest is not None and phase == "scan"
        else "",
        instructions=labelled(ports.instructions(order.payment_method, order.key, due)) if phase == "by_hand" else None,
        went_wrong=went_wrong,
        error=error,
        refresh={"connecting": 1, "trouble": 5, "scan": 3, "waiting": 3}.get(phase),
        go=go and phase == "ready",
        state=f"{phase}:{newest.key if newest else ''}:{due.minor}:{went_wrong}",
        state_url=url_for("paying.state", token=token, back="1" if back else None),
        order_url=order_url(key),
        pay_url=url_for("paying.pay", token=token),
    )


def _phase(state: str, paid: bool, due: Money, newest: Payment | None, ways: Sequence[str], back: bool) -> str:
    if paid:
        return "paid"
    if not due.minor:
        return "nothing"
    if newest is None:
        return "choose" if ways else "by_hand"
    if newest.state == "new":
        return "trouble" if newest.note else "connecting"
    if newest.code:
        return "scan"
    return "waiting" if back else "ready"


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    # The address itself is the key to this page, so it is told to no other site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
