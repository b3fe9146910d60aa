"""Changes to reviews. None commits; the door does.

Each begins by raising the version of the product's rating by a statement, so that whoever reviews the same product at
once follows one another, counts are never lost, and readers' pages see that something has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media import actions as media
from contentshop.media.models import Asset
from contentshop.orders.queries.received import ReceivedLine
from contentshop.products.models import Product, ProductRating
from contentshop.reviews.events import ReviewChanged, ReviewsInvited
from contentshop.reviews.inputs import MAX_PHOTOS, ReviewInput
from contentshop.reviews.models import (
    InvitationRefusal,
    Review,
    ReviewInvitation,
    ReviewPhoto,
    ReviewReport,
    ReviewVote,
)
from contentshop.reviews.policy import (
    can_add,
    can_change,
    can_hide,
    can_remove,
    can_reply,
    can_speak,
    can_vote,
    wrote,
)
from contentshop.reviews.queries import list_to_invite

KEY_LENGTH = 10
STARS = (ProductRating.one, ProductRating.two, ProductRating.three, ProductRating.four, ProductRating.five)

NOT_YOURS = say("This is not yours to change.")


def write(
    session: AnySession,
    line: ReceivedLine,
    said: ReviewInput,
    photos: Sequence[Asset] = (),
    *,
    by: User,
    now: datetime,
) -> Review:
    """Review what came with a line of one's order (the caller has asked ``orders`` whose it is and that it arrived).

    Raises Conflict when that line has been reviewed, also if the review was deleted since; Invalid (``photos``).
    """
    if not can_speak(by):
        raise Forbidden(say("Please sign in first."))
    _check_photos(len(photos))
    _touch(session, line.product_id)
    if session.scalar(select(Review.id).where(Review.order_line_id == line.id)) is not None:
        raise Conflict(say("You have reviewed this purchase already."))
    review = Review(
        key=new_key(KEY_LENGTH),
        product_id=line.product_id,
        order_line_id=line.id,
        author_id=by.id,
        variant_name=line.variant_name,
        lang=said.lang,
        stars=said.stars,
        title=said.title,
        text=said.text,
        created_at=now,
        photos=[ReviewPhoto(position=number, asset=asset) for number, asset in enumerate(photos)],
    )
    session.add(review)
    session.flush()
    _settle_rating(session, line.product_id, line.product_key, now)
    return review


def change(
    session: AnySession,
    review: Review,
    said: ReviewInput,
    *,
    dropped: Collection[str] = (),
    added: Sequence[Asset] = (),
    by: User,
    now: datetime,
) -> list[str]:
    """Put other words in place of one's own; readers see that it was edited.

    ``dropped`` are keys of photos to leave out, ``added`` come after those that stay. Returns the names of files that
    belong to nothing any more, for the door to delete once this is committed. Raises Forbidden, Conflict when it is too
    late, Invalid (``photos``) for too many.
    """
    if not wrote(by, review):
        raise Forbidden(NOT_YOURS)
    if not can_change(by, review, now=now):
        raise Conflict(say("A review can be changed for 30 days. Now you can only add something to it, or delete it."))
    kept = [photo.asset for photo in review.photos if photo.asset.key not in dropped]
    assets = list({asset.id: asset for asset in (*kept, *added)}.values())
    _check_photos(len(assets))
    _touch(session, review.product_id)
    review.stars, review.title, review.text, review.lang = said.stars, said.title, said.text, said.lang
    review.edited_at = now
    gone = _replace_photos(session, review, assets)
    _settle_rating(session, review.product_id, review.product.key, now)
    return gone


def add_more(session: AnySession, review: Review, text: str, *, by: User, now: datetime) -> None:
    """Add what one knows later; once. Raises Forbidden, Conflict."""
    if not wrote(by, review):
        raise Forbidden(NOT_YOURS)
    _touch(session, review.product_id)
    session.refresh(review, ["more_at", "state"])
    if not can_add(by, review, now=now):
        raise Conflict(say("Something can be added once, from the day after the review on."))
    review.more, review.more_at = text, now
    session.flush()
    record(session, ReviewChanged(product=review.product.key), now=now)


def remove(session: AnySession, review: Review, *, by: User, now: datetime) -> list[str]:
    """Delete one's own review for good: its words and pictures are gone, and the purchase stays reviewed.

    Returns the names of files that the door deletes once this is committed. Raises Forbidden.
    """
    if not can_remove(by, review):
        raise Forbidden(NOT_YOURS)
    _touch(session, review.product_id)
    review.state, review.note = "deleted", ""
    review.title = review.text = review.more = review.reply = ""
    review.replied_at = None
    gone = _replace_photos(session, review, [])
    session.execute(delete(ReviewVote).where(ReviewVote.review_id == review.id))
    review.helpful = 0
    _close_reports(session, review, now)
    _settle_rating(session, review.product_id, review.product.key, now)
    return gone


def reply(session: AnySession, review: Review, text: str, *, by: User, now: datetime) -> None:
    """Answer a review for the shop, in place of an earlier answer; an empty ``text`` takes it away. Raises Forbidden,
    Conflict when the review is not shown."""
    if not can_reply(by):
        raise Forbidden(say("Only support and operators answer for the shop."))
    if review.state != "shown":
        raise Conflict(say("This review is not shown any more."))
    _touch(session, review.product_id)
    review.reply, review.replied_at, review.replied_by = text, now if text else None, by.id if text else None
    session.flush()
    record(session, ReviewChanged(product=review.product.key), now=now)


def vote(session: AnySession, review: Review, helpful: bool, *, by: User, now: datetime) -> None:
    """Find a review helpful, or take that back. Again changes nothing. Raises Forbidden for one's own."""
    if not can_vote(by, review):
        raise Forbidden(say("Whoever wrote a review does not judge it."))
    _touch(session, review.product_id)
    if helpful:
        row = _dialect(session).insert(ReviewVote).values(review_id=review.id, user_id=by.id, voted_at=now)
        changed = session.scalar(row.on_conflict_do_nothing().returning(ReviewVote.user_id)) is not None
    else:
        mine = (ReviewVote.review_id == review.id, ReviewVote.user_id == by.id)
        changed = session.scalar(delete(ReviewVote).where(*mine).returning(ReviewVote.user_id)) is not None
    if changed:
        session.execute(
            update(Review)
            .where(Review.id == review.id)
            .values(helpful=Review.helpful + (1 if helpful else -1))
            .execution_options(synchronize_session=False)
        )


def report(session: AnySession, review: Review, reason: str, *, by: User, now: datetime) -> None:
    """Ask editors to look at a review; once for each person. Raises Forbidden, Invalid for one's own."""
    if not can_speak(by):
        raise Forbidden(say("Please sign in first."))
    if wrote(by, review):
        raise Invalid({"reason": [say("This is yours; delete it instead.")]})
    row = _dialect(session).insert(ReviewReport).values(
        review_id=review.id, user_id=by.id, reason=reason, reported_at=now
    )  # fmt: skip
    session.execute(row.on_conflict_do_nothing())


def hide(session: AnySession, review: Review, note: str, *, by: User, now: datetime) -> None:
    """Show a review to nobody but its author, and say why. Raises Forbidden; Conflict when it has been deleted."""
    _allow_to_hide(by, review)
    _touch(session, review.product_id)
    review.state, review.note, review.hidden_by = "hidden", note, by.id
    _close_reports(session, review, now)
    _settle_rating(session, review.product_id, review.product.key, now)


def show_again(session: AnySession, review: Review, *, by: User, now: datetime) -> None:
    """Show a hidden review again. Raises Forbidden, Conflict."""
    _allow_to_hide(by, review)
    _touch(session, review.product_id)
    review.state, review.note, review.hidden_by = "shown", "", None
    _settle_rating(session, review.product_id, review.product.key, now)


def leave(session: AnySession, review_key: str, *, now: datetime) -> None:
    """An editor has looked at a reported review and leaves it. Harmless when it is gone."""
    review = session.scalar(select(Review).where(Review.key == review_key))
    if review is not None:
        _close_reports(session, review, now)


def recount(session: AnySession, user_keys: Collection[str], *, now: datetime) -> int:
    """Count the ratings anew of what these people have reviewed, since some may have been blocked; how many."""
    products = session.execute(
        select(Product.id, Product.key)
        .where(
            Product.id.in_(
                select(Review.product_id).join(User, User.id == Review.author_id).where(User.key.in_(user_keys))
            )
        )
        .order_by(Product.id)
    ).all()
    for product_id, product_key in products:
        _touch(session, product_id)
        _settle_rating(session, product_id, product_key, now)
    return len(products)


def invite(session: AnySession, *, now: datetime) -> int:
    """Have the buyers asked for reviews whose orders arrived some days ago, each order once; how many."""
    orders = list_to_invite(session, now=now)
    for order_id, order_key in orders:
        row = _dialect(session).insert(ReviewInvitation).values(order_id=order_id, invited_at=now)
        if session.scalar(row.on_conflict_do_nothing().returning(ReviewInvitation.order_id)) is not None:
            record(session, ReviewsInvited(order=order_key), now=now)
    return len(orders)


def refuse_invitations(session: AnySession, user: User, *, now: datetime) -> None:
    """Ask this person for no more reviews by mail."""
    row = _dialect(session).insert(InvitationRefusal).values(user_id=user.id, refused_at=now)
    session.execute(row.on_conflict_do_nothing())


def allow_invitations(session: AnySession, user: User) -> None:
    """Ask this person for reviews by mail again."""
    session.execute(delete(InvitationRefusal).where(InvitationRefusal.user_id == user.id))


def _check_photos(count: int) -> None:
    if count > MAX_PHOTOS:
        raise Invalid({"photos": [say("Send at most %(most)s photos.", most=MAX_PHOTOS)]})


def _replace_photos(session: AnySession, review: Review, assets: Sequence[Asset]) -> list[str]:
    """Put these photos in place of the review's. Returns the names of files that belong to nothing any more: what was
    sent for the review and is used nowhere else goes with it, what was in its author's library before stays there."""
    kept = {asset.id for asset in assets}
    left = [
        photo.asset_id
        for photo in review.photos
        if photo.asset_id not in kept and photo.asset.created_at >= review.created_at
    ]
    # Rows first, so that a photo may take another's place.
    review.photos.clear()
    session.flush()
    review.photos.extend(ReviewPhoto(position=number, asset=asset) for number, asset in enumerate(assets))
    session.flush()
    return media.forget_unused(session, left)


def _touch(session: AnySession, product_id: int) -> None:
    """Raise the version of a product's rating, which is begun if need be; whoever reviews it too waits here."""
    begun = _dialect(session).insert(ProductRating).values(
        product_id=product_id, one=0, two=0, three=0, four=0, five=0, version=0
    )  # fmt: skip
    session.execute(begun.on_conflict_do_nothing())
    session.execute(
        update(ProductRating)
        .where(ProductRating.product_id == product_id)
        .values(version=ProductRating.version + 1)
        .execution_options(synchronize_session=False)
    )


def _settle_rating(session: AnySession, product_id: int, product_key: str, now: datetime) -> None:
    """Count the shown reviews of a product and tell that they have changed."""
    session.flush()
    rows = session.execute(
        select(Review.stars, func.count())
        .join(User, User.id == Review.author_id)
        .where(Review.product_id == product_id, Review.state == "shown", User.blocked.is_(False))
        .group_by(Review.stars)
    )
    counted = {row[0]: row[1] for row in rows}
    session.execute(
        update(ProductRating)
        .where(ProductRating.product_id == product_id)
        .values({column: counted.get(stars, 0) for stars, column in enumerate(STARS, start=1)})
        .execution_options(synchronize_session=False)
    )
    record(session, ReviewChanged(product=product_key), now=now)


def _close_reports(session: AnySession, review: Review, now: datetime) -> None:
    session.execute(
        update(ReviewReport)
        .where(ReviewReport.review_id == review.id, ReviewReport.settled_at.is_(None))
        .values(settled_at=now)
    )
    session.flush()


def _allow_to_hide(by: User, review: Review) -> None:
    if not can_hide(by):
        raise Forbidden(say("Only editors may do this."))
    if review.state == "deleted":
        raise Conflict(say("Whoever wrote this has deleted it."))


def _dialect(session: AnySession) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
