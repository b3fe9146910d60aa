"""ONE table: event → reactions. Everything that happens after a commit, on one screen.

A reaction runs in the worker, at least once, with the payloads of its jobs. It reads the present state, so that
repeats and wrong order do no harm, and it holds no transaction while it talks to another system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask

from contentshop.core.db import db
from contentshop.core.errors import Unavailable
from contentshop.core.mail import Message
from contentshop.core.uow import unit_of_work
from contentshop.discovery import likeness
from contentshop.orders import actions as orders
from contentshop.posts import deals
from contentshop.products import actions as stocking
from contentshop.products import queries as products
from contentshop.reviews import actions as reviews
from contentshop.search import actions as search
from contentshop.watching import actions as watching
from contentshop.watching.documents import Subject
from contentshop.web import (
    gift_card_mails,
    mails,
    order_mails,
    restock_mails,
    review_mails,
    studio_mails,
    watching_mails,
)
from contentshop.web.session import engines, settings

Payloads = Sequence[Mapping[str, Any]]
# A commit of the index costs by its terms more than by its documents, so an import's hundreds go together.
BATCH = 500
# Documents that are held against saved searches before what was found is written.
LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to do, for up to ``batch`` jobs at a time. One that sends mail takes one job at a time, so that a
    failure repeats nothing that has gone out."""

    run: Callable[[Payloads], None]
    batch: int = BATCH


def _index(kind: search.Subject, field: str) -> Reaction:
    def run(payloads: Payloads) -> None:
        keys = dict.fromkeys(str(payload[field]) for payload in payloads)
        search.sync(db.session, engines().search, kind, list(keys), now=engines().clock.now())

    return Reaction(run)


def _watch(kind: Subject, field: str) -> Reaction:
    """Apart from indexing, so that an engine that is away keeps nobody from being told."""

    def run(payloads: Payloads) -> None:
        keys = list(dict.fromkeys(str(payload[field]) for payload in payloads))
        for start in range(0, len(keys), LOOKED_AT):
            findings = watching.look(db.session, kind, keys[start : start + LOOKED_AT])
            if findings:
                with unit_of_work(db.session):
                    watching.tell(db.session, findings, now=engines().clock.now())

    return Reaction(run)


def _liken(payloads: Payloads) -> None:
    keys = dict.fromkeys(str(payload["post"]) for payload in payloads)
    found = [likeness.look_alike(db.session, engines().search, key) for key in keys]
    with unit_of_work(db.session):
        likeness.keep_alike(db.session, found)


def _check_deals(payloads: Payloads) -> None:
    keys = dict.fromkeys(str(payload["product"]) for payload in payloads)
    with unit_of_work(db.session):
        deals.check_offers(db.session, list(keys), now=engines().clock.now())


def _recount_reviews(payloads: Payloads) -> None:
    keys = dict.fromkeys(str(payload["user"]) for payload in payloads)
    with unit_of_work(db.session):
        reviews.recount(db.session, list(keys), now=engines().clock.now())


def _learn_search(payloads: Payloads) -> None:
    for key in dict.fromkeys(str(payload["saved_search"]) for payload in payloads):
        baseline = watching.learn(db.session, engines().search, key)
        if baseline is not None:
            with unit_of_work(db.session):
                watching.take_baseline(db.session, baseline)


def _mail_notifications(payloads: Payloads) -> None:
    for payload in payloads:
        message = watching_mails.notifications_mail(payload)
        db.session.rollback()
        if message is not None:
            engines().mail.send(message)
        with unit_of_work(db.session):
            watching.mark_mailed(db.session, payload["notifications"], now=engines().clock.now())


def _mail(build: Callable[[Mapping[str, Any]], Message | None]) -> Reaction:
    def run(payloads: Payloads) -> None:
        for payload in payloads:
            message = build(payload)
            db.session.rollback()
            if message is not None:
                engines().mail.send(message)

    return Reaction(run, batch=1)


def _mails(build: Callable[[Mapping[str, Any]], Sequence[Message]]) -> Reaction:
    def run(payloads: Payloads) -> None:
        for payload in payloads:
            messages = build(payload)
            db.session.rollback()
            for message in messages:
                engines().mail.send(message)

    return Reaction(run, batch=1)


def _order_mail(kind: str) -> Reaction:
    return _mail(lambda payload: order_mails.order_mail(payload, kind))


def _ship_digital(payloads: Payloads) -> None:
    """What needs no parcel leaves as soon as it is paid."""
    within = timedelta(days=settings().confirm_days)
    for key in dict.fromkeys(str(payload["order"]) for payload in payloads):
        with unit_of_work(db.session):
            orders.ship_digital(db.session, key, confirm_within=within, now=engines().clock.now())


def _grant_downloads(payloads: Payloads) -> None:
    for key in dict.fromkeys(str(payload["order"]) for payload in payloads):
        with unit_of_work(db.session):
            orders.grant_downloads(db.session, key, now=engines().clock.now())


def _tell_restock(payloads: Payloads) -> None:
    """Each person is marked as soon as the mail has gone, so that a mail server that stops in the middle tells nobody
    twice."""
    for payload in payloads:
        for key in products.list_waiting(db.session, str(payload["variant"])):
            message = restock_mails.arrived(key)
            db.session.rollback()
            if message is None:
                continue
            engines().mail.send(message)
            with unit_of_work(db.session):
                stocking.take_restock(db.session, key, now=engines().clock.now())


def _alert_low(payloads: Payloads) -> None:
    for payload in payloads:
        variant = str(payload["variant"])
        with unit_of_work(db.session):
            due = stocking.take_alert(db.session, variant, now=engines().clock.now())
        messages = restock_mails.running_low(variant) if due else ()
        db.session.rollback()
        try:
            for message in messages:
                engines().mail.send(message)
        except Unavailable:
            # The job is tried again, and has to find that nobody was told.
            with unit_of_work(db.session):
                stocking.drop_alert(db.session, variant)
            raise


REACTIONS: dict[str, Reaction] = {
    "index_post": _index("post", "post"),
    "index_product": _index("product", "product"),
    "index_product_posts": _index("product_posts", "product"),
    "index_creator": _index("creator", "user"),
    "index_creator_posts": _index("creator_posts", "user"),
    "index_post_author": _index("post_author", "post"),
    "index_post_topics": _index("post_topics", "post"),
    "index_post_products": _index("post_products", "post"),
    "index_creator_talks": _index("creator_talks", "user"),
    "index_featured": _index("featured", "featured_list"),
    "watch_post": _watch("post", "post"),
    "watch_product": _watch("product", "product"),
    "watch_product_posts": _watch("product_posts", "product"),
    "watch_creator": _watch("creator", "user"),
    "watch_post_author": _watch("post_author", "post"),
    "liken_post": Reaction(_liken, batch=20),
    "check_deals": Reaction(_check_deals, batch=100),
    "recount_reviews": Reaction(_recount_reviews, batch=50),
    "learn_search": Reaction(_learn_search, batch=10),
    "mail_notifications": Reaction(_mail_notifications, batch=1),
    "mail_password_reset": _mail(mails.password_reset),
    "mail_guest_orders": _mail(mails.guest_orders),
    "mail_plan_failed": _mails(studio_mails.failed_plan),
    "mail_deal_merged": _mails(studio_mails.deal_merged),
    "mail_invitation": _mail(studio_mails.invitation),
    "mail_review_invitation": _mail(review_mails.invitation),
    "mail_order_placed": _order_mail("placed"),
    "mail_order_paid": _order_mail("paid"),
    "mail_order_shipped": _order_mail("shipped"),
    "mail_order_cancelled": _order_mail("cancelled"),
    "mail_order_part_paid": _order_mail("part_paid"),
    "mail_order_refunded": _order_mail("refunded"),
    "mail_refund_account": _mail(order_mails.refund_mail),
    "mail_payout_account": _mail(order_mails.account_mail),
    "mail_gift_card": _mail(gift_card_mails.issued),
    "mail_after_sale": _mail(order_mails.case_mail),
    "ship_digital": Reaction(_ship_digital, batch=1),
    "grant_downloads": Reaction(_grant_downloads),
    "mail_downloads": _mail(lambda payload: restock_mails.downloads(str(payload["order"]))),
    "mail_restock_question": _mail(restock_mails.question),
    "mail_restock": Reaction(_tell_restock, batch=1),
    "mail_stock_low": Reaction(_alert_low, batch=1),
}

ON_EVENT: dict[str, tuple[str, ...]] = {
    "PostPublished": (
        "index_post",
        "index_post_author",
        "index_post_topics",
        "index_post_products",
        "liken_post",
        "watch_post",
        "watch_post_author",
    ),
    "PostUnpublished": (
        "index_post",
        "index_post_author",
        "index_post_topics",
        "index_post_products",
        "watch_post",
        "watch_post_author",
    ),
    "PostChanged": ("index_post", "index_post_topics", "index_post_products", "liken_post", "watch_post"),
    "ProductChanged": ("index_product", "index_product_posts", "watch_product", "watch_product_posts", "check_deals"),
    "StockChanged": ("index_product", "index_product_posts", "watch_product", "watch_product_posts", "check_deals"),
    "DealChanged": ("index_post", "watch_post"),
    "FeaturedListChanged": ("index_featured",),
    # Not the posts of a creator who has a new name: nobody waits for that.
    "UserChanged": ("index_creator", "index_creator_posts", "index_creator_talks", "watch_creator", "recount_reviews"),
    "CommentChanged": ("index_post", "watch_post"),
    "QuestionChanged": ("index_product", "watch_product"),
    "ReviewChanged": ("index_product", "watch_product"),
    "ReviewsInvited": ("mail_review_invitation",),
    "WorthChanged": ("index_post", "watch_post"),
    "SearchArmed": ("learn_search",),
    "NotificationsDue": ("mail_notifications",),
    "PasswordResetAsked": ("mail_password_reset",),
    "ClaimAsked": ("mail_guest_orders",),
    "PlanFailed": ("mail_plan_failed",),
    "DealMerged": ("mail_deal_merged",),
    "MemberInvited": ("mail_invitation",),
    "DownloadsGranted": ("mail_downloads",),
    "RestockAsked": ("mail_restock_question",),
    "StockArrived": ("mail_restock",),
    "StockLow": ("mail_stock_low",),
    "OrderPlaced": ("mail_order_placed",),
    "OrderPaid": ("mail_order_paid", "ship_digital", "grant_downloads"),
    "OrderPartPaid": ("mail_order_part_paid",),
    "OrderRefunded": ("mail_order_refunded",),
    "RefundAsked": ("mail_refund_account",),
    "RefundFailed": ("mail_refund_account",),
    "PayoutAccountNamed": ("mail_payout_account",),
    "GiftCardIssued": ("mail_gift_card",),
    "AfterSaleMoved": ("mail_after_sale",),
    "OrderShipped": ("mail_order_shipped",),
    "OrderCancelled": ("mail_order_cancelled",),
    # Kept as news only: what follows from these is found in their rows (``contentshop.web.paying``), or nothing does.
    "OrderCompleted": (),
    "PaymentAsked": (),
    "PaymentEventKept": (),
    "RefundDone": (),
}


def site_context(app: Flask) -> Any:
    """A request context on the site's own address, so that mails can carry links and the reader's language."""
    return app.test_request_context(base_url=app.extensions["contentshop"].settings.site_url)
