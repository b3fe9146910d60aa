"""The life of published deals: it runs by the clock until readers, its offer, its author or an editor end it.

Readers say that a deal is over; when ``ENOUGH_REPORTS`` of them have, it is shown as over and its author is told. A
look at the shop's offer may end it too, and let it go on when that was all. What its author or an editor says stands
until something new is known. Every change raises the deal's version; what lists show of it raises the post's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.money import Money
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.actions import amend_deal, reopen
from contentshop.posts.bargains import (
    COUPON_KINDS,
    ENOUGH_REPORTS,
    OPEN_FOR,
    OVER_KINDS,
    PREFIX,
    DealInput,
    Problems,
    asked,
    offers_of,
    phase_of,
    read_words,
    state_of,
)
from contentshop.posts.events import DealChanged, DealMerged
from contentshop.posts.models import Deal, DealReport, Post, PostMember, Revision
from contentshop.posts.notices import Kind, notify
from contentshop.posts.policy import can_report, can_settle
from contentshop.posts.queries import PUBLIC
from contentshop.products.models import Product
from contentshop.products.offers import ON_SALE, OfferFacts, ProductFacts
from contentshop.products.queries import load_facts

AT_ONCE = 200
VERDICTS = ("ended", "sold_out", "running")


@dataclass(frozen=True, slots=True)
class Mine:
    """What one person has said of a deal: one of OVER_KINDS and one of COUPON_KINDS, or empty."""

    over: str = ""
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deal that was ended by readers or by a look at its offer, for an editor to look at."""

    key: str
    slug: str
    title: str
    lang: str
    author_name: str
    price: Money
    closed_as: str
    closed_by: str
    closed_why: str
    closed_at: datetime
    reports: int


# ---- what readers say


def get_public(session: AnySession, slug: str) -> Post:
    """The published deal at this address. Raises NotFound, also for other kinds of posts."""
    query = select(Post).join(User, User.id == Post.author_id).where(Post.slug == slug, Post.kind == "deal", PUBLIC)
    post = session.scalar(query)
    if post is None:
        raise NotFound(say("There is no such post. It may have been taken down."))
    return post


def said_by(session: AnySession, post_id: int, user: User) -> Mine:
    """What this person has said of a deal."""
    rows = session.execute(
        select(DealReport.about, DealReport.kind).where(DealReport.post_id == post_id, DealReport.user_id == user.id)
    )
    return Mine(**{row.about: row.kind for row in rows})


def report_over(session: AnySession, post: Post, kind: str, *, by: User, now: datetime) -> None:
    """Say that a deal is over (one of OVER_KINDS), or take that back (empty).

    With the ``ENOUGH_REPORTS``-th person it is over, and its authors are told. Raises Forbidden for those who wrote it,
    Invalid, Conflict for a deal that is over.
    """
    deal = _said(session, post, "over", kind, OVER_KINDS, by=by, now=now)
    if kind and state_of(deal.closed_as, deal.starts_at, deal.until, now) not in ("running", "upcoming"):
        raise Conflict(say("This deal is over already. Thank you all the same."))
    kinds = Counter(
        session.scalars(
            select(DealReport.kind)
            .join(User, User.id == DealReport.user_id)
            .where(DealReport.post_id == post.id, DealReport.about == "over", User.blocked.is_(False))
        )
    )
    deal.reports = kinds.total()
    if deal.closed_as or deal.reports < ENOUGH_REPORTS:
        session.flush()
        return
    commonest = max(OVER_KINDS, key=lambda one: kinds[one])
    _close(session, post, deal, "sold_out" if commonest == "sold_out" else "ended", "readers", now=now)
    deal.closed_why = "price" if commonest == "price" else ""
    _tell_authors(session, post, "deal_reported", now=now)
    session.flush()


def report_coupon(session: AnySession, post: Post, kind: str, *, by: User, now: datetime) -> None:
    """Say whether the coupon worked (one of COUPON_KINDS), or take that back (empty). Raises as ``report_over``."""
    deal = _said(session, post, "coupon", kind, COUPON_KINDS, by=by, now=now)
    counts = Counter(
        session.scalars(
            select(DealReport.kind)
            .join(User, User.id == DealReport.user_id)
            .where(DealReport.post_id == post.id, DealReport.about == "coupon", User.blocked.is_(False))
        )
    )
    deal.works, deal.fails = counts["works"], counts["fails"]
    session.flush()


def _said(
    session: AnySession, post: Post, about: str, kind: str, known: Sequence[str], *, by: User, now: datetime
) -> Deal:
    """Write down what somebody says, in place of what they said before; the deal, which is ours until the end."""
    if not can_report(by, post):
        raise Forbidden(say("Whoever wrote a deal does not report on it; say how it stands in the studio."))
    if kind and kind not in known:
        raise Invalid({about: [say("Choose one of the answers.")]})
    deal = _touch(session, post.id)
    mine = (DealReport.post_id == post.id, DealReport.user_id == by.id, DealReport.about == about)
    session.execute(delete(DealReport).where(*mine))
    if kind:
        row = _dialect(session).insert(DealReport).values(
            post_id=post.id, user_id=by.id, about=about, kind=kind, reported_at=now
        )  # fmt: skip
        # The primary key decides: one word of each person on each thing.
        session.execute(row.on_conflict_do_nothing())
    return deal


def _touch(session: AnySession, post_id: int) -> Deal:
    """The deal with its version raised; whoever changes it too waits here. Raises NotFound."""
    session.execute(
        update(Deal)
        .where(Deal.post_id == post_id)
        .values(version=Deal.version + 1)
        .execution_options(synchronize_session=False)
    )
    deal = session.get(Deal, post_id, populate_existing=True)
    if deal is None:
        raise NotFound(say("There is no such post. It may have been taken down."))
    return deal


# ---- what its author or an editor says


def settle(
    session: AnySession,
    post: Post,
    verdict: str,
    *,
    by: User,
    now: datetime,
    price: str = "",
    ends: str | None = None,
    note: str = "",
) -> None:
    """Say how a deal stands: "ended", "sold_out", or "running", then also at another ``price`` (as typed, in the deal's
    currency) or until another time (``ends``, by the clocks of the deal's zone; "" for nobody knows).

    What is new is published as a revision of its own under the words that readers see. Raises Forbidden, Invalid by
    field, Conflict when the deal is not published.
    """
    if not can_settle(by, post):
        raise Forbidden(say("Only the author and editors may say how a deal stands."))
    if post.state != "published" or post.live is None:
        raise Conflict(say("Readers do not see this deal now."))
    if verdict not in VERDICTS:
        raise Invalid({"verdict": [say("Choose one of the answers.")]})
    deal = _touch(session, post.id)
    if verdict == "running":
        _go_on(session, post, deal, _changed(post.live, price, ends, now), by=by, now=now, note=note)
    else:
        _close(session, post, deal, verdict, "author" if by.id == post.author_id else "editor", now=now)
        deal.confirmed = True
    if by.id != post.author_id:
        _tell_authors(session, post, "deal_settled", now=now, who=by)
    session.flush()


def _changed(live: Revision, price: str, ends: str | None, now: datetime) -> DealInput:
    """The facts of a deal that goes on. Raises Invalid."""
    words: dict[str, Any] = dict(live.deal)
    if price.strip():
        words["price"] = price
    if ends is not None:
        words["ends"] = ends
    before = read_words(live.deal)
    if ends is None and before.ends_at is not None and before.ends_at <= now:
        words["ends"] = ""
    problems: Problems = {}
    found = DealInput.parse(words, problems)
    if found.ends_at is not None and found.ends_at <= now:
        problems[PREFIX + "ends"] = [say("This time is over. Choose one that is still to come.")]
    if problems:
        raise Invalid({name.removeprefix(PREFIX): told for name, told in problems.items()})
    return found


def _go_on(
    session: AnySession, post: Post, deal: Deal, written: DealInput, *, by: User, now: datetime, note: str
) -> None:
    if post.live is not None and written != read_words(post.live.deal):
        amend_deal(session, post, written, by=by, now=now, note=note)
        session.refresh(deal)
    reopen(session, deal)
    deal.until = deal.ends_at or max(now, deal.starts_at or now) + OPEN_FOR
    # What the shop asks now is what somebody has just looked at.
    product = load_facts(session, [deal.product_id], "en").get(deal.product_id)
    price = asked(product, deal.shop, deal.region, deal.currency) if product is not None else None
    deal.base_minor = price.minor if price is not None else None
    _enter(session, post, deal, now=now)


# ---- what the clock and the offers say


def list_due(session: AnySession, *, now: datetime) -> list[int]:
    """Row numbers of deals that began or ended by the clock since the index was told, the first to turn first."""
    begun = and_(Deal.phase == "upcoming", Deal.starts_at <= now)
    over = and_(Deal.phase != "ended", Deal.until <= now)
    query = select(Deal.post_id).where(or_(begun, over)).order_by(Deal.until, Deal.post_id).limit(AT_ONCE)
    return list(session.scalars(query))


def keep_time(session: AnySession, ids: Collection[int], *, now: datetime) -> int:
    """Let it be known what the clock has made of these deals; returns how many have turned."""
    turned = 0
    for post_id in sorted(ids):
        deal = _touch(session, post_id)
        post = session.get_one(Post, post_id)
        was = deal.phase
        _enter(session, post, deal, now=now)
        turned += deal.phase != was
        if deal.phase == "ended" and was != "ended" and not deal.closed_as and deal.ends_at is None:
            _tell_authors(session, post, "deal_unsure", now=now)
    session.flush()
    return turned


def check_offers(session: AnySession, product_keys: Iterable[str], *, now: datetime) -> int:
    """End deals whose shop has none left or asks more than before, and let those go on that only this had ended.

    Looks at the published deals on these products that the clock lets run; returns how many turned.
    """
    rows = session.execute(
        select(Deal.post_id, Product.id, Revision.lang)
        .join(Product, Product.id == Deal.product_id)
        .join(Post, Post.id == Deal.post_id)
        .join(Revision, Revision.id == Post.live_id)
        .where(
            Product.key.in_(list(product_keys)),
            Post.state == "published",
            Deal.until > now,
            or_(Deal.starts_at.is_(None), Deal.starts_at <= now),
            or_(Deal.closed_as == "", Deal.closed_by == "offer"),
        )
        .order_by(Deal.post_id)
    ).all()
    known = load_facts(session, {row[1] for row in rows}, "en")
    return sum(_check_offer(session, post_id, known.get(product_id), now) for post_id, product_id, _lang in rows)


def _check_offer(session: AnySession, post_id: int, product: ProductFacts | None, now: datetime) -> bool:
    deal = session.get_one(Deal, post_id, populate_existing=True)
    why = _fault(deal, product)
    if bool(why) == bool(deal.closed_as) and (not why or why == deal.closed_why):
        return False
    post = session.get_one(Post, post_id)
    deal = _touch(session, post_id)
    if not why:
        reopen(session, deal)
        _enter(session, post, deal, now=now)
        _tell_authors(session, post, "deal_back", now=now)
        return True
    _close(session, post, deal, "sold_out" if why == "stock" else "ended", "offer", now=now)
    deal.closed_why = why
    _tell_authors(session, post, "deal_sold_out" if why == "stock" else "deal_price", now=now)
    session.flush()
    return True


def _fault(deal: Deal, product: ProductFacts | None) -> str:
    """What a look at the offers says against a deal: "stock", "price", or nothing."""
    if product is None or not product.listed or product.discontinued:
        return "stock"
    offers = [offer for offer in offers_of(product, deal.shop) if not deal.region or offer.region in {"", deal.region}]
    there = [offer for offer in offers if _can_be_had(offer)]
    if offers and not there:
        return "stock"
    prices = [offer.price.minor for offer in there if offer.price is not None and offer.price.currency == deal.currency]
    # With a code a shop asks more than the deal from the start, so only a rise above what it asked then counts.
    limit = max(deal.price_minor, deal.base_minor) if deal.base_minor is not None else None
    return "price" if prices and limit is not None and min(prices) > limit else ""


def _can_be_had(offer: OfferFacts) -> bool:
    if not offer.active:
        return False
    if offer.own:
        return (offer.available or 0) > 0
    return offer.merchant_active and offer.health != "dead" and offer.availability in ON_SALE


# ---- what follows


def _close(session: AnySession, post: Post, deal: Deal, closed_as: str, by: str, *, now: datetime) -> None:
    deal.closed_as, deal.closed_by, deal.closed_why, deal.closed_at = closed_as, by, "", now
    deal.confirmed = False
    _enter(session, post, deal, now=now)


def _enter(session: AnySession, post: Post, deal: Deal, *, now: datetime) -> None:
    """Note how the deal stands now, for the index and for every list that shows it."""
    deal.phase = phase_of(state_of(deal.closed_as, deal.starts_at, deal.until, now))
    session.flush()
    session.execute(
        update(Post)
        .where(Post.id == post.id)
        .values(version=Post.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(post, ["version"])
    if post.state == "published":
        record(session, DealChanged(post=post.key), now=now)


def _tell_authors(session: AnySession, post: Post, kind: Kind, *, now: datetime, who: User | None = None) -> None:
    writing = select(PostMember.user_id).where(
        PostMember.post_id == post.id, PostMember.state == "accepted", PostMember.role == "coauthor"
    )
    people = [post.author_id, *(user_id for user_id in session.scalars(writing) if user_id is not None)]
    notify(session, people, post, kind, now=now, who=who)


def note_merged(session: AnySession, post: Post, kept: Post, *, by: User, now: datetime) -> None:
    """Let the address of a deal that is there twice lead to the one that stays, and tell its authors."""
    session.execute(update(Deal).where(Deal.merged_into_id == post.id).values(merged_into_id=kept.id))
    get_standing(session, post).merged_into_id = kept.id
    _tell_authors(session, post, "deal_merged", now=now, who=by)
    record(session, DealMerged(post=post.key), now=now)


def find_merged(session: AnySession, slug: str) -> str | None:
    """The address of the published deal that the one at ``slug`` was merged into, if it was."""
    kept = aliased(Post)
    return session.scalar(
        select(kept.slug)
        .join(Deal, Deal.merged_into_id == kept.id)
        .join(Post, Post.id == Deal.post_id)
        .where(Post.slug == slug, Post.state == "unpublished", kept.state == "published")
    )


@dataclass(frozen=True, slots=True)
class Merged:
    """A deal that was merged: its title, the address of the one that stays, and who wrote it."""

    title: str
    kept_slug: str
    kept_title: str
    authors: tuple[User, ...]


def get_merged(session: AnySession, key: str) -> Merged | None:
    """What its authors are told of a deal that was merged; None when there is nothing to tell any more."""
    post = session.scalar(select(Post).where(Post.key == key))
    deal = session.get(Deal, post.id) if post is not None else None
    kept = session.get(Post, deal.merged_into_id) if deal is not None and deal.merged_into_id is not None else None
    if post is None or kept is None:
        return None
    writing = select(PostMember.user_id).where(
        PostMember.post_id == post.id, PostMember.state == "accepted", PostMember.role == "coauthor"
    )
    authors = session.scalars(
        select(User).where(or_(User.id == post.author_id, User.id.in_(writing)), User.blocked.is_(False))
    )
    title, kept_title = (one.live.title if one.live else "" for one in (post, kept))
    return Merged(title, kept.slug, kept_title, tuple(authors))


def get_standing(session: AnySession, post: Post) -> Deal:
    """How a deal that was published stands. Raises NotFound for one that never was."""
    deal = session.get(Deal, post.id)
    if deal is None:
        raise NotFound(say("This deal was never published."))
    return deal


def count_reports(session: AnySession, post_id: int) -> Mapping[str, int]:
    """How many people say what of a deal's end."""
    rows = session.execute(
        select(DealReport.kind, func.count().label("number"))
        .join(User, User.id == DealReport.user_id)
        .where(DealReport.post_id == post_id, DealReport.about == "over", User.blocked.is_(False))
        .group_by(DealReport.kind)
    )
    return {row.kind: row.number for row in rows}


def list_waiting(session: AnySession, *, limit: int = 100) -> list[Waiting]:
    """Deals that readers or a look at the offer have ended and nobody has confirmed, the longest waiting first."""
    rows = session.execute(
        select(
            Post.key,
            Post.slug,
            Revision.title,
            Revision.lang,
            User.name.label("author_name"),
            Deal.price_minor,
            Deal.currency,
            Deal.closed_as,
            Deal.closed_by,
            Deal.closed_why,
            Deal.closed_at,
            Deal.reports,
        )
        .join(Deal, Deal.post_id == Post.id)
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .where(PUBLIC, Deal.closed_by.in_(("readers", "offer")), Deal.confirmed.is_(False))
        .order_by(Deal.closed_at, Deal.post_id)
        .limit(limit)
    )
    found = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name not in ("price_minor", "currency")}  # noqa: SLF001
        found.append(Waiting(**values, price=Money(row.price_minor, row.currency)))
    return found


def _dialect(session: AnySession) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
