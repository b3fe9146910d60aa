"""Reviews as pages show them: the summary with its bars, single reviews, and the records of pages of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from contentshop.core.db import db
from contentshop.products.offers import PictureFacts, Rating
from contentshop.reviews import queries
from contentshop.reviews.inputs import LANGUAGES, SORTS
from contentshop.reviews.queries import DeskReview, Report, ReviewFacts, Summary, Wanted
from contentshop.web import structured
from contentshop.web.chrome import language_tag
from contentshop.web.pictures import PictureView, largest, picture
from contentshop.web.reader_pages import Head, Paging
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.urls import product_url

if TYPE_CHECKING:
    from contentshop.reviews.models import Review

ON_PRODUCT_PAGE = 4  # reviews below a product; the page of its reviews has all
MARKED_UP = 10  # told to search engines, of those that the page shows


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo in a review, and the address of its largest size."""

    picture: PictureView
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review as readers see it."""

    key: str
    stars: int
    title: str
    text: str
    lang: str
    variant: str
    author: str
    at: datetime
    edited: bool
    more: str
    more_at: datetime | None
    reply: str
    replied_at: datetime | None
    shop: str
    helpful: int
    voted: bool
    own: bool
    photos: Sequence[PhotoView]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave so many stars; ``url`` shows only those, ``selected`` tells that they are shown."""

    stars: int
    count: int
    percent: int
    url: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to order reviews, or one filter."""

    label: str
    url: str
    selected: bool


@dataclass(frozen=True, slots=True)
class ReviewsView:
    """The reviews of a product. ``rating`` is None while nobody has written one; ``whole`` on the page of its own."""

    path: str
    product_url: str
    rating: Rating | None
    bars: Sequence[Bar]
    sorts: Sequence[Choice]
    filters: Sequence[Choice]
    reviews: Sequence[ReviewView]
    more_url: str
    signed_in: bool
    whole: bool = False
    clear_url: str = ""


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """All reviews of a product."""

    head: Head
    title: str
    view: ReviewsView
    paging: Paging


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Something bought that can be reviewed."""

    title: str
    variant: str
    picture: PictureView | None
    received_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class OwnView:
    """A review of one's own; ``note`` says why it is hidden."""

    key: str
    product: str
    product_url: str
    stars: int
    title: str
    text: str
    at: datetime
    edited: bool
    more: str
    reply: str
    helpful: int
    hidden: bool
    note: str
    can_change: bool
    can_add: bool


@dataclass(frozen=True, slots=True)
class MinePage:
    """What a person can review, and what they have written."""

    waiting: Sequence[WaitingView]
    own: Sequence[OwnView]
    invited: bool


@dataclass(frozen=True, slots=True)
class WritePage:
    """The form of a review. ``key`` is empty for a new one; ``kept`` are (key, picture, whether it stays)."""

    product: str
    variant: str
    picture: PictureView | None
    action: str
    key: str
    values: Mapping[str, str]
    languages: Sequence[tuple[str, str]]
    kept: Sequence[tuple[str, PictureView | None, bool]]
    most_photos: int
    most_text: int
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepPage:
    """One review and what is to happen to it: ``what`` is "more", "delete", "report" or "hide"."""

    what: str
    key: str
    product: str
    stars: int
    title: str
    text: str
    author: str
    back_url: str
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StopPage:
    """The end of mails that ask for reviews."""

    token: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class DeskReviewsPage:
    """Reviews for those who answer for the shop. ``wrong`` is the key of one whose answer was refused."""

    tabs: Sequence[tuple[str, str, bool, None]]
    reviews: Sequence[DeskReview]
    paging: Paging
    wrong: str = ""
    value: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)


ReportedReview = tuple[Report, str, str]


def reviews_url(slug: str) -> str:
    """The address of all reviews of a product."""
    return f"{product_url(slug)}/reviews"


def review_url(slug: str, key: str) -> str:
    """The address where a review is found."""
    return f"{reviews_url(slug)}?{urlencode({'sort': 'newest'})}#r-{key}"


def language_names() -> dict[str, str]:
    """The languages reviews are written in, by their own names."""
    return dict(zip(LANGUAGES, ("English", "简体中文"), strict=True))


def stars_text(stars: int) -> str:
    """A number of stars in words, for those who do not see them."""
    return str(ngettext("%(num)s star of 5", "%(num)s stars of 5", stars))


def short_view(product_id: int, slug: str, rating: Rating | None) -> ReviewsView:
    """What stands on a product's page. Without any reviews nothing is read."""
    if rating is None:
        path = reviews_url(slug)
        return ReviewsView(path, product_url(slug), None, (), (), (), (), "", viewer().user is not None)
    view, more = _view(product_id, slug, Wanted(), size=ON_PRODUCT_PAGE)
    return view if not more else replace(view, more_url=view.path)


def whole_view(product_id: int, slug: str, wanted: Wanted, *, number: int) -> tuple[ReviewsView, bool]:
    """A page of all reviews of a product, and whether there are more."""
    view, more = _view(product_id, slug, wanted, number=number, size=queries.PAGE)
    clear = reviews_url(slug) if wanted != Wanted(sort=wanted.sort) else ""
    return replace(view, whole=True, clear_url=clear), more


def _view(product_id: int, slug: str, wanted: Wanted, *, number: int = 1, size: int) -> tuple[ReviewsView, bool]:
    who = viewer()
    summary = queries.summarize(db.session, product_id)
    found, more = queries.list_reviews(db.session, product_id, who.user, wanted, number=number, size=size)
    path = reviews_url(slug)
    return (
        ReviewsView(
            path=path,
            product_url=product_url(slug),
            rating=summary.rating,
            bars=_bars(summary.rating, path, wanted),
            sorts=_sorts(path, wanted),
            filters=_filters(summary, path, wanted),
            reviews=[_review(one, who) for one in found],
            more_url="",
            signed_in=who.user is not None,
        ),
        more,
    )


def address(path: str, wanted: Wanted, number: int = 1) -> str:
    """The address of ``wanted``; what is as usual is left out."""
    usual = Wanted()
    parts: list[tuple[str, str]] = []
    if wanted.sort != usual.sort:
        parts.append(("sort", wanted.sort))
    if wanted.stars:
        parts.append(("stars", str(wanted.stars)))
    if wanted.photos:
        parts.append(("photos", "1"))
    if wanted.lang:
        parts.append(("lang", wanted.lang))
    if number > 1:
        parts.append(("page", str(number)))
    return f"{path}?{urlencode(parts)}" if parts else path


def _bars(rating: Rating | None, path: str, wanted: Wanted) -> list[Bar]:
    if rating is None:
        return []
    return [
        Bar(
            stars=stars,
            count=rating.counts[stars - 1],
            percent=(200 * rating.counts[stars - 1] + rating.count) // (2 * rating.count),
            url=address(path, replace(wanted, stars=0 if wanted.stars == stars else stars)),
            selected=wanted.stars == stars,
        )
        for stars in range(5, 0, -1)
    ]


def _sorts(path: str, wanted: Wanted) -> list[Choice]:
    names = {"helpful": _("Most helpful"), "newest": _("Newest"), "lowest": _("Lowest rating")}
    return [Choice(names[sort], address(path, replace(wanted, sort=sort)), wanted.sort == sort) for sort in SORTS]


def _filters(summary: Summary, path: str, wanted: Wanted) -> list[Choice]:
    found = []
    if summary.photos or wanted.photos:
        label = _("With photos (%(number)s)", number=summary.photos)
        found.append(Choice(label, address(path, replace(wanted, photos=not wanted.photos)), wanted.photos))
    langs = summary.langs or {}
    if len(langs) > 1 or wanted.lang:
        for lang, name in language_names().items():
            if langs.get(lang) or wanted.lang == lang:
                url = address(path, replace(wanted, lang="" if wanted.lang == lang else lang))
                found.append(Choice(f"{name} ({langs.get(lang, 0)})", url, wanted.lang == lang))
    return found


def _review(one: ReviewFacts, who: Viewer) -> ReviewView:
    return ReviewView(
        key=one.key,
        stars=one.stars,
        title=one.title,
        text=one.text,
        lang=language_tag(one.lang),
        variant=one.variant_name,
        author=one.author_name,
        at=one.created_at,
        edited=one.edited_at is not None,
        more=one.more,
        more_at=one.more_at,
        reply=one.reply,
        replied_at=one.replied_at,
        shop=settings().site_name,
        helpful=one.helpful,
        voted=one.voted,
        own=one.own and who.user is not None,
        photos=photo_views(one.photos, one.author_name),
    )


def photo_views(photos: Sequence[PictureFacts], author: str) -> list[PhotoView]:
    """Photos that open in their largest size."""
    return [
        PhotoView(shown, largest(facts), label)
        for number, facts in enumerate(photos, start=1)
        if (shown := picture(facts, label := _("Photo %(number)s by %(author)s", number=number, author=author)))
    ]


def own_view(review: Review, *, can_change: bool, can_add: bool) -> OwnView:
    """A review of one's own."""
    return OwnView(
        key=review.key,
        product=review.product.title,
        product_url=product_url(review.product.slug),
        stars=review.stars,
        title=review.title,
        text=review.text,
        at=review.created_at,
        edited=review.edited_at is not None,
        more=review.more,
        reply=review.reply,
        helpful=review.helpful,
        hidden=review.state == "hidden",
        note=review.note,
        can_change=can_change,
        can_add=can_add,
    )


def marked_up(product: structured.Json, view: ReviewsView) -> structured.Json:
    """``product`` for search engines with its rating and the reviews that the page shows; as it is without any.

    Only buyers' own words from this site are told, as Google's rules for product ratings want.
    """
    if view.rating is None:
        return product
    told = [
        structured.buyers_review(
            author=one.author,
            stars=one.stars,
            title=one.title,
            text=one.text,
            written=one.at,
            lang=one.lang,
        )
        for one in view.reviews[:MARKED_UP]
    ]
    return structured.rated(product, mean=view.rating.tenths / 10, count=view.rating.count, reviews=told)


def page_of(title: str, view: ReviewsView, number: int, *, more: bool, wanted: Wanted) -> ReviewsPage:
    """The page of a product's reviews."""
    here = view.path
    return ReviewsPage(
        head=Head(
            title=_("Reviews of %(title)s", title=title),
            description="",
            canonical=settings().site_url + here,
            noindex=True,
        ),
        title=title,
        view=view,
        paging=Paging(
            previous_url=address(here, wanted, number - 1) if number > 1 else "",
            next_url=address(here, wanted, number + 1) if more else "",
            position=_("Page %(page)s", page=number) if more or number > 1 else "",
        ),
    )


def write_url(order_key: str, position: int) -> str:
    """Where the line of an order is reviewed."""
    return url_for("reviews.write_page", order_key=order_key, position=position)
