"""Reads of reviews. What nobody may see — hidden, deleted, by blocked people — is left out by the database itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, literal, select
from sqlalchemy.orm import joinedload

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.orders.models import Order, OrderLine
from contentshop.orders.queries.received import ReceivedLine, list_received
from contentshop.products.models import Product, ProductRating
from contentshop.products.offers import PictureFacts, Rating
from contentshop.products.queries.facts import translated
from contentshop.reviews.inputs import LANGUAGES, SORTS
from contentshop.reviews.models import (
    InvitationRefusal,
    Review,
    ReviewInvitation,
    ReviewPhoto,
    ReviewReport,
    ReviewVote,
)
from contentshop.reviews.policy import INVITED_AFTER, INVITED_WITHIN

PAGE = 10  # reviews of one page
REPORTS = 50  # at the desk at once
INVITED_AT_ONCE = 200
FOUND_BY = 200  # reviews of a product whose words find it; more would say little new and make its document long
# No order takes longer from the last button to its arrival; it lets the timer read few rows.
LONGEST_WAY = timedelta(days=120)

# What everybody may read, in a query that joins the author.
VISIBLE = and_(Review.state == "shown", User.blocked.is_(False))
WITH_PHOTOS = exists().where(ReviewPhoto.review_id == Review.id)
GONE = say("There is no such review. It may have been taken away.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviews, in which order. ``stars`` 0, ``lang`` "" and ``photos`` False leave nothing out."""

    sort: str = "helpful"
    stars: int = 0
    photos: bool = False
    lang: str = ""

    @classmethod
    def parse(cls, args: Mapping[str, str]) -> Wanted:
        """From an address; what makes no sense is not asked for."""
        sort, stars, lang = (args.get(name, "") for name in ("sort", "stars", "lang"))
        return cls(
            sort=sort if sort in SORTS else SORTS[0],
            stars=int(stars) if stars in {"1", "2", "3", "4", "5"} else 0,
            photos=args.get("photos") == "1",
            lang=lang if lang in LANGUAGES else "",
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What all shown reviews of a product make together: the rating, how many have photos, how many are in each
    language."""

    rating: Rating | None
    photos: int = 0
    langs: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A review as readers see it. ``voted``: whether the asker found it helpful; ``own``: whether they wrote it."""

    id: int
    key: str
    stars: int
    title: str
    text: str
    lang: str
    variant_name: str
    author_key: str
    author_name: str
    created_at: datetime
    edited_at: datetime | None
    more: str
    more_at: datetime | None
    reply: str
    replied_at: datetime | None
    helpful: int
    voted: bool
    own: bool
    photos: tuple[PictureFacts, ...] = ()


def words_of(session: AnySession, product_ids: Collection[int], *, most: int = FOUND_BY) -> dict[int, tuple[str, ...]]:
    """What everybody may read in the reviews of these products, by product: of each the words of its ``most`` helpful
    ones, in the order they were written. One statement, however many products."""
    place = func.row_number().over(partition_by=Review.product_id, order_by=(Review.helpful.desc(), Review.id.desc()))
    chosen = (
        select(Review.id, Review.product_id, Review.title, Review.text, Review.more, place.label("place"))
        .join(User, User.id == Review.author_id)
        .where(Review.product_id.in_(product_ids), VISIBLE)
        .subquery()
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(select(chosen).where(chosen.c.place <= most).order_by(chosen.c.id)):
        found[row.product_id] += [words for words in (row.title, row.text, row.more) if words]
    return {product_id: tuple(words) for product_id, words in found.items()}


@dataclass(frozen=True, slots=True)
class Sight:
    """Who may see a photo of reviews: everybody when one of them is ``shown``, else whoever wrote one and editors."""

    shown: bool
    authors: frozenset[int]


# Asked for each picture that is fetched, so it is put together once.
_SIGHT = (
    select(VISIBLE.label("shown"), Review.author_id)
    .select_from(Asset)
    .join(ReviewPhoto, ReviewPhoto.asset_id == Asset.id)
    .join(Review, Review.id == ReviewPhoto.review_id)
    .join(User, User.id == Review.author_id)
    .where(Asset.key == bindparam("photo"))
)


def find_sight(session: AnySession, photo: str) -> Sight | None:
    """Who may see the picture with this key; None when it belongs to no review. One statement."""
    rows = session.execute(_SIGHT, {"photo": photo}).all()
    if not rows:
        return None
    return Sight(any(row.shown for row in rows), frozenset(row.author_id for row in rows))


def summarize(session: AnySession, product_id: int) -> Summary:
    """The shown reviews of a product, counted by one statement."""
    with_photos = WITH_PHOTOS.correlate(Review)
    rows = session.execute(
        select(Review.stars, Review.lang, with_photos.label("photos"), func.count().label("number"))
        .join(User, User.id == Review.author_id)
        .where(Review.product_id == product_id, VISIBLE)
        .group_by(Review.stars, Review.lang, with_photos)
    ).all()
    counts = [0] * 5
    langs: dict[str, int] = defaultdict(int)
    photos = 0
    for row in rows:
        counts[row.stars - 1] += row.number
        langs[row.lang] += row.number
        photos += row.number if row.photos else 0
    return Summary(Rating.of(counts), photos, dict(langs))


def list_reviews(
    session: AnySession, product_id: int, user: User | None, wanted: Wanted, *, number: int = 1, size: int = PAGE
) -> tuple[list[ReviewFacts], bool]:
    """A page of a product's reviews, and whether there are more; photos come with the same statement."""
    chosen = _chosen(product_id, wanted).limit(size + 1).offset((number - 1) * size).subquery("chosen")
    rows = session.execute(
        _columns(user)
        .add_columns(*PICTURE_COLUMNS)
        .join(chosen, chosen.c.id == Review.id)
        .outerjoin(ReviewPhoto, ReviewPhoto.review_id == Review.id)
        .outerjoin(Asset, Asset.id == ReviewPhoto.asset_id)
        .order_by(*_order(wanted.sort), ReviewPhoto.position)
    )
    groups: dict[int, list[Any]] = {}
    for row in rows:
        groups.setdefault(row.id, []).append(row)
    found = [_facts(group) for group in groups.values()]
    return found[:size], len(found) > size


def _chosen(product_id: int, wanted: Wanted) -> Select[int]:
    query = select(Review.id).join(User, User.id == Review.author_id).where(Review.product_id == product_id, VISIBLE)
    if wanted.stars:
        query = query.where(Review.stars == wanted.stars)
    if wanted.photos:
        query = query.where(WITH_PHOTOS)
    if wanted.lang:
        query = query.where(Review.lang == wanted.lang)
    return query.order_by(*_order(wanted.sort))


def _order(sort: str) -> tuple[Any, ...]:
    match sort:
        case "newest":
            return (Review.id.desc(),)
        case "lowest":
            return (Review.stars, Review.helpful.desc(), Review.id.desc())
    return (Review.helpful.desc(), Review.id.desc())


def _columns(user: User | None) -> Select[*tuple[Any, ...]]:
    voted: Any = literal(False)
    if user is not None:
        voted = exists().where(ReviewVote.review_id == Review.id, ReviewVote.user_id == user.id)
    return select(
        Review.id,
        Review.key,
        Review.stars,
        Review.title,
        Review.text,
        Review.lang,
        Review.variant_name,
        User.key.label("author_key"),
        User.name.label("author_name"),
        Review.created_at,
        Review.edited_at,
        Review.more,
        Review.more_at,
        Review.reply,
        Review.replied_at,
        Review.helpful,
        voted.label("voted"),
        (Review.author_id == (user.id if user is not None else 0)).label("own"),
    ).join(User, User.id == Review.author_id)


def _facts(rows: Sequence[Any]) -> ReviewFacts:
    first = rows[0]
    values = {name: getattr(first, name) for name in ReviewFacts.__slots__ if name != "photos"}
    photos = tuple(
        PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), row.asset_alt, (row.focus_x, row.focus_y))
        for row in rows
        if row.asset_key
    )
    return ReviewFacts(**(values | {"voted": bool(first.voted), "own": bool(first.own)}), photos=photos)


def find_product(session: AnySession, slug: str, locale: str) -> tuple[int, str]:
    """(id, title) of the listed product at this address. Raises NotFound."""
    row = session.execute(
        select(Product.id, translated("title", locale).label("title")).where(Product.slug == slug, Product.listed)
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such product."))
    return row.id, row.title


# ---- one review


def get_review(session: AnySession, key: str) -> Review:
    """A review in whatever state, of a person who is not blocked. Raises NotFound."""
    found = session.scalar(
        select(Review)
        .join(User, User.id == Review.author_id)
        .where(Review.key == key, User.blocked.is_(False))
        .options(joinedload(Review.author), joinedload(Review.product))
    )
    if found is None:
        raise NotFound(GONE)
    return found


def get_shown(session: AnySession, key: str) -> Review:
    """The same for one that everybody may read. Raises NotFound."""
    found = get_review(session, key)
    if found.state != "shown":
        raise NotFound(GONE)
    return found


def get_own(session: AnySession, key: str, user: User) -> Review:
    """A review of one's own that is not deleted. Raises NotFound for everybody else's."""
    found = get_review(session, key)
    if found.author_id != user.id or found.state == "deleted":
        raise NotFound(GONE)
    return found


def get_to_hide(session: AnySession, key: str) -> Review:
    """A review that is not deleted, for editors. Raises NotFound."""
    found = get_review(session, key)
    if found.state == "deleted":
        raise NotFound(GONE)
    return found


# ---- a person's own


def list_waiting(session: AnySession, user_id: int, *, order_key: str = "") -> list[ReceivedLine]:
    """What this person has received and not reviewed; of one order only if given."""
    received = list_received(session, user_id, order_key=order_key)
    done = _reviewed(session, [line.id for line in received])
    return [line for line in received if line.id not in done]


def get_to_review(session: AnySession, user_id: int, order_key: str, position: int) -> ReceivedLine:
    """One's own line of an order that has arrived. Raises NotFound for everything else, Conflict once reviewed."""
    lines = list_received(session, user_id, order_key=order_key)
    line = next((line for line in lines if line.position == position), None)
    if line is None:
        raise NotFound(say("You can review what you have bought here once it has arrived."))
    if _reviewed(session, [line.id]):
        raise Conflict(say("You have reviewed this purchase already."))
    return line


def _reviewed(session: AnySession, line_ids: Collection[int]) -> set[int]:
    if not line_ids:
        return set()
    return set(session.scalars(select(Review.order_line_id).where(Review.order_line_id.in_(line_ids))))


def list_own(session: AnySession, user_id: int, *, limit: int = 100) -> list[Review]:
    """What this person has written, newest first, also what is hidden."""
    return list(
        session.scalars(
            select(Review)
            .where(Review.author_id == user_id, Review.state != "deleted")
            .options(joinedload(Review.product))
            .order_by(Review.id.desc())
            .limit(limit)
        )
    )


def is_invited(session: AnySession, user_id: int) -> bool:
    """Whether this person may be asked for reviews by mail."""
    return session.get(InvitationRefusal, user_id) is None


# ---- mails


def find_invited(session: AnySession, order_key: str) -> User | None:
    """The buyer of this order, if they may be asked for reviews by mail."""
    return session.scalar(
        select(User)
        .join(Order, Order.user_id == User.id)
        .where(
            Order.key == order_key,
            User.blocked.is_(False),
            ~exists().where(InvitationRefusal.user_id == User.id),
        )
    )


def list_to_invite(session: AnySession, *, now: datetime) -> list[tuple[int, str]]:
    """(id, key) of orders that arrived some days ago and whose buyers were not asked for reviews, oldest first.

    Only those of people with an account who want such mails, and with something left to review.
    """
    reviewed = exists().where(Review.order_line_id == OrderLine.id)
    left = exists().where(OrderLine.order_id == Order.id, OrderLine.cancelled_quantity < OrderLine.quantity, ~reviewed)
    query = (
        select(Order.id, Order.key)
        .join(User, User.id == Order.user_id)
        .where(
            Order.state == "completed",
            Order.placed_at > now - INVITED_WITHIN - LONGEST_WAY,
            Order.completed_at <= now - INVITED_AFTER,
            Order.completed_at > now - INVITED_WITHIN,
            User.blocked.is_(False),
            ~exists().where(ReviewInvitation.order_id == Order.id),
            ~exists().where(InvitationRefusal.user_id == User.id),
            left,
        )
        .order_by(Order.completed_at, Order.id)
        .limit(INVITED_AT_ONCE)
    )
    return [(row.id, row.key) for row in session.execute(query)]


# ---- the desk


@dataclass(frozen=True, slots=True)
class Report:
    """A reported review at the desk: ``reasons`` are why, with how many people said so."""

    key: str
    stars: int
    title: str
    text: str
    more: str
    author_name: str
    product: str
    slug: str
    first_at: datetime
    reasons: Mapping[str, int]


def list_reports(session: AnySession) -> list[Report]:
    """The shown reviews that wait for an editor's look, the longest waiting first."""
    rows = session.execute(
        select(
            Review.key,
            Review.stars,
            Review.title,
            Review.text,
            Review.more,
            User.name.label("author_name"),
            Product.title.label("product"),
            Product.slug,
            func.min(ReviewReport.reported_at).label("first_at"),
            func.aggregate_strings(ReviewReport.reason, " ").label("reasons"),
        )
        .join(ReviewReport, ReviewReport.review_id == Review.id)
        .join(User, User.id == Review.author_id)
        .join(Product, Product.id == Review.product_id)
        .where(ReviewReport.settled_at.is_(None), Review.state == "shown")
        .group_by(Review.id, User.name, Product.title, Product.slug)
        .order_by(func.min(ReviewReport.id))
        .limit(REPORTS)
    )
    return [Report(**{**row._mapping, "reasons": _counted(row.reasons)}) for row in rows]  # noqa: SLF001


def _counted(reasons: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for reason in reasons.split():
        found[reason] = found.get(reason, 0) + 1
    return found


@dataclass(frozen=True, slots=True)
class DeskReview:
    """A review at the desk, with what the shop answered."""

    key: str
    stars: int
    title: str
    text: str
    lang: str
    more: str
    author_name: str
    product: str
    slug: str
    created_at: datetime
    reply: str
    replied_at: datetime | None


def page_desk(session: AnySession, show: str, *, number: int = 1, size: int = PAGE) -> tuple[list[DeskReview], bool]:
    """A page of shown reviews for the shop's staff, newest first, and whether there are more.

    ``show`` is "open" (without an answer), "low" (without one, of one to three stars) or "all".
    """
    query = (
        select(
            Review.key,
            Review.stars,
            Review.title,
            Review.text,
            Review.lang,
            Review.more,
            User.name.label("author_name"),
            Product.title.label("product"),
            Product.slug,
            Review.created_at,
            Review.reply,
            Review.replied_at,
        )
        .join(User, User.id == Review.author_id)
        .join(Product, Product.id == Review.product_id)
        .where(VISIBLE)
        .order_by(Review.id.desc())
        .limit(size + 1)
        .offset((number - 1) * size)
    )
    if show != "all":
        query = query.where(Review.replied_at.is_(None))
    if show == "low":
        query = query.where(Review.stars <= 3)
    rows = [DeskReview(**row._mapping) for row in session.execute(query)]  # noqa: SLF001
    return rows[:size], len(rows) > size


@dataclass(frozen=True, slots=True)
class HiddenReview:
    """A hidden review at the desk, with the reason."""

    key: str
    stars: int
    title: str
    text: str
    note: str
    author_name: str
    product: str
    slug: str


def list_hidden(session: AnySession) -> list[HiddenReview]:
    """The reviews that editors have hidden, the newest first."""
    rows = session.execute(
        select(
            Review.key,
            Review.stars,
            Review.title,
            Review.text,
            Review.note,
            User.name.label("author_name"),
            Product.title.label("product"),
            Product.slug,
        )
        .join(User, User.id == Review.author_id)
        .join(Product, Product.id == Review.product_id)
        .where(Review.state == "hidden", User.blocked.is_(False))
        .order_by(Review.id.desc())
        .limit(REPORTS)
    )
    return [HiddenReview(**row._mapping) for row in rows]  # noqa: SLF001


# ---- proofs


def audit(session: AnySession) -> list[str]:
    """Where kept ratings and votes are not what the reviews say, one sentence each; empty when all is well."""
    counts: dict[int, list[int]] = defaultdict(lambda: [0] * 5)
    for product_id, stars, number in session.execute(
        select(Review.product_id, Review.stars, func.count())
        .join(User, User.id == Review.author_id)
        .where(VISIBLE)
        .group_by(Review.product_id, Review.stars)
    ):
        counts[product_id][stars - 1] = number
    kept = {
        row.product_id: [row.one, row.two, row.three, row.four, row.five]
        for row in session.execute(select(*ProductRating.__table__.columns))
    }
    found = [
        f"Product {product_id} is kept with stars {kept.get(product_id)}, but its reviews say {counts[product_id]}."
        for product_id in sorted({*counts, *kept})
        if counts[product_id] != kept.get(product_id, [0] * 5)
    ]
    votes = select(func.count()).where(ReviewVote.review_id == Review.id).correlate(Review).scalar_subquery()
    wrong = session.execute(select(Review.key, Review.helpful, votes.label("votes")).where(Review.helpful != votes))
    return [*found, *(f"Review {row.key} says {row.helpful} votes, but has {row.votes}." for row in wrong)]
