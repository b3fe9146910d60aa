"""Page records of the reader's door: exactly what each template may show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from contentshop.core.money import Money
from contentshop.web.blocks import Item, Part
from contentshop.web.cards import CardView
from contentshop.web.offer_rows import OfferRow
from contentshop.web.pictures import PictureView
from contentshop.web.price_history import PriceHistoryView
from contentshop.web.tiles import DealTile, TileView

if TYPE_CHECKING:
    from contentshop.web.live_pages import AnnouncedView
    from contentshop.web.review_pages import ReviewsView


@dataclass(frozen=True, slots=True)
class FollowState:
    """Whether the person who looks follows a creator or topic: ``kind`` says which, ``name`` is handle or slug."""

    kind: str
    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A post that somebody may like to read, with the reason."""

    post: TileView
    reason: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One text of a discussion and what the person who looks may do with it. ``gone`` says why there is none;
    ``by_shop`` is the shop's name if it speaks."""

    key: str
    text: str
    gone: str
    author: str
    author_url: str
    by_shop: str
    at: datetime
    edited: bool
    can_change: bool = False
    can_remove: bool = False
    can_hide: bool = False
    can_show: bool = False
    can_report: bool = False
    replies: Sequence[LineView] = ()


@dataclass(frozen=True, slots=True)
class WorthView:
    """Whether readers find a post worth it. ``rate`` is in per cent, None below five votes; ``votes`` is None while
    they are not told; ``mine`` is one's own answer, ``judges`` whether one may give any."""

    action: str
    rate: int | None
    votes: int | None
    mine: bool | None
    judges: bool
    reasons: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TalkView:
    """The discussion below a post or a product (``kind``), at ``path``. ``value`` is a text that was refused, meant
    as a reply to ``parent``."""

    kind: str
    path: str
    action: str
    lines: Sequence[LineView]
    count: int
    older_url: str
    worth: WorthView | None
    signed_in: bool
    most: int
    value: str = ""
    parent: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says of itself to browsers, search engines and other sites. ``canonical`` is a full address."""

    title: str
    description: str
    canonical: str
    kind: str = "website"
    image: str = ""
    data: tuple[Markup, ...] = ()
    noindex: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a featured list: a post or a product, with the editors' reason."""

    post: TileView | None
    card: CardView | None
    reason: str


@dataclass(frozen=True, slots=True)
class FeaturedShelf:
    """A featured list on a page."""

    title: str
    intro: str
    url: str
    anchor: str
    lang: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Paging:
    """The ways to the pages before and after; empty where there is none."""

    previous_url: str = ""
    next_url: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class HomePage:
    """The first page: what is live, what editors picked, deals that run, what is read most this week, what is new."""

    head: Head
    lead: Entry | None
    lead_kicker: str
    shelves: Sequence[FeaturedShelf]
    newest: Sequence[TileView]
    paging: Paging
    trending: Sequence[Suggestion] = ()
    deals: Sequence[TileView] = ()
    live: Sequence[AnnouncedView] = ()


@dataclass(frozen=True, slots=True)
class TilesPage:
    """A topic's posts."""

    head: Head
    title: str
    intro: str
    trail: Sequence[tuple[str, str]]
    tiles: Sequence[TileView]
    paging: Paging
    follow: FollowState


@dataclass(frozen=True, slots=True)
class CreatorPage:
    """A creator and what they wrote; ``live`` is what they show live now or next.

    ``key`` narrows a search to them. ``tabs`` choose among the posts. On the first page stand also the products they
    recommended last, what of theirs is read most, and their series, each (title, address, number of parts).
    """

    head: Head
    name: str
    handle: str
    key: str
    bio: str
    portrait: PictureView | None
    posts_count: int
    tabs: Sequence[tuple[str, str, bool, int]]
    tiles: Sequence[TileView]
    paging: Paging
    follow: FollowState | None
    live: Sequence[AnnouncedView]
    finds: Sequence[CardView] = ()
    popular: Sequence[TileView] = ()
    series: Sequence[tuple[str, str, int]] = ()


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series: its published parts in their order."""

    head: Head
    title: str
    intro: str
    lang: str
    author_name: str
    author_url: str
    trail: Sequence[tuple[str, str]]
    tiles: Sequence[TileView]


@dataclass(frozen=True, slots=True)
class FeaturedPage:
    """One featured list on a page of its own."""

    head: Head
    title: str
    intro: str
    editor_name: str
    lang: str
    trail: Sequence[tuple[str, str]]
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Picks:
    """The answer of a buying list: its entries in short. ``disclosure`` says what paid links are."""

    items: tuple[Item, ...]
    disclosure: str

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return tuple(moment for item in self.items for moment in item.card.moments)


@dataclass(frozen=True, slots=True)
class SeriesView:
    """Where a post stands in its series. ``before`` and ``after`` are (title, address) of the parts beside it."""

    title: str
    url: str
    number: int
    count: int
    before: tuple[str, str] | None
    after: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon: a code or a link, its condition, and for how many it worked (``rate`` in per cent, None for too few).

    ``mine`` is what the person who looks has said: "works", "fails" or nothing.
    """

    code: str
    url: str
    terms: str
    works: int
    fails: int
    rate: int | None
    mine: str


@dataclass(frozen=True, slots=True)
class DealView:
    """A deal above its words. ``state`` is upcoming, running, ended or sold_out; ``over`` says why it is over.

    ``price`` is None in a preview without one. ``usual`` is what its own shop was seen to ask without the deal, at
    ``usual_at`` (None for our own price); ``less`` by how many per cent the deal is cheaper. ``cheaper`` is (price,
    shop, address) of another shop that asks less. ``card`` leads to the shop. ``starts`` and ``ends`` are in words by
    the clocks of the deal's zone, ``turns_at`` is the next of them. ``mine`` is what the person who looks has said of
    its end; ``judges``: they may say something. ``standing_url`` is where its authors and editors say how it stands.
    """

    state: str
    over: str
    price: Money | None
    note: str
    shop: str
    region: str
    usual: Money | None
    usual_at: datetime | None
    less: int | None
    cheaper: tuple[Money, str, str] | None
    card: CardView | None
    coupon: CouponView | None
    steps: Sequence[str]
    starts: str
    ends: str
    turns_at: datetime | None
    as_of: datetime | None
    reports: int
    enough: int
    mine: str
    judges: bool
    signed_in: bool
    action: str
    coupon_action: str
    standing_url: str
    path: str


@dataclass(frozen=True, slots=True)
class PostPage:
    """An article, a buying list or a deal.

    ``mark`` is what the law wants on the title line (such as “广告”), ``disclosure`` says how the post is paid,
    ``evidence`` are (label, value) of how it was tested. ``placed``: the author chose where the contents stand.
    ``plays``: something in it needs the script for players. ``related`` is what to read next. ``coauthors`` are (name,
    address), ``updates`` what has changed and when, newest first.
    """

    head: Head
    kind: str
    lang: str
    title: str
    summary: str
    trail: Sequence[tuple[str, str]]
    topics: Sequence[tuple[str, str]]
    cover: PictureView | None
    author_name: str
    author_url: str
    author_bio: str
    published_at: datetime
    revised_at: datetime | None
    minutes: int
    mark: str
    disclosure: str
    tested: str
    evidence: Sequence[tuple[str, str]]
    contents: Sequence[tuple[str, str, int]]
    picks: Picks
    runs: Sequence[Run]
    products: Sequence[CardView]
    related: Sequence[Suggestion]
    placed: bool = False
    plays: bool = False
    coauthors: Sequence[tuple[str, str]] = ()
    updates: Sequence[tuple[datetime, str]] = ()
    talk: TalkView | None = None
    series: SeriesView | None = None
    deal: DealView | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Parts that stand together: running text with its cards, or one entry of a list."""

    text: Sequence[Part] = ()
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class GalleryPicture:
    """A further picture of a product; ``variants`` are the keys of those it stands for, ``caption`` their names."""

    view: PictureView
    variants: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product with every way to get it, ours first, and the guides that recommend it. A ``draft`` is shown to
    operators alone."""

    head: Head
    title: str
    brand: str
    summary: str
    lang: str
    trail: Sequence[tuple[str, str]]
    picture: PictureView | None
    gallery: Sequence[GalleryPicture]
    card: CardView
    offers: Sequence[OfferRow]
    disclosure: str
    body: Sequence[str]
    attributes: Sequence[tuple[str, str]]
    mentions: Sequence[TileView]
    reviews: ReviewsView
    talk: TalkView | None = None
    history: PriceHistoryView | None = None
    draft: bool = False


@dataclass(frozen=True, slots=True)
class DealsPage:
    """Deals in an order. ``orders`` and ``filters`` are (words, address, whether it is on, nothing)."""

    head: Head
    title: str
    orders: Sequence[tuple[str, str, bool, None]]
    filters: Sequence[tuple[str, str, bool]]
    tiles: Sequence[TileView]
    paging: Paging
    feed_url: str


@dataclass(frozen=True, slots=True)
class HitView:
    """One search result."""

    kind: str
    url: str
    title: Markup
    snippet: Markup
    picture: PictureView | None
    meta: str
    price: Money | None
    at: datetime | None
    lang: str
    why: str = ""
    deal: DealTile | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter value."""

    label: str
    value: str
    count: int | None
    selected: bool
    url: str


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What was asked, as it stands in the form again. Prices are as typed, in major units."""

    text: str
    kind: str = ""
    topics: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    price_from: str = ""
    price_to: str = ""
    in_stock: bool = False
    days: str = ""
    worth: str = ""
    rating: str = ""
    running: bool = False
    sort: str = ""
    verbatim: bool = False
    why: bool = False
    page: int = 1
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacetView:
    """One group of filters. ``folded`` shows its title only until it is opened."""

    name: str
    title: str
    choices: Sequence[Choice]
    folded: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """What the button "Save this search" sends: the fields of the search as the page read them. ``csrf`` is empty
    for a visitor, who is shown the way to sign in."""

    fields: Mapping[str, str]
    csrf: str = ""

    @property
    def url(self) -> str:
        """The form of a new saved search, filled in."""
        return "/account/searches/new?" + urlencode({name: value for name, value in self.fields.items() if value})


@dataclass(frozen=True, slots=True)
class SearchResultsPage:
    """Search results with their filters; ``newest`` fills a page without any.

    ``corrected`` is the text that was searched for instead of the typed one, which ``verbatim_url`` insists on;
    ``offered`` is one that would find more. ``chosen`` are the filters that are on, each with the way without it.
    """

    head: Head
    form: SearchForm
    currency: str
    filtered: bool
    clear_url: str
    kinds: Sequence[Choice]
    facets: Sequence[FacetView]
    chosen: Sequence[Choice]
    hidden: Sequence[tuple[str, str]]
    sorts: Sequence[Choice]
    corrected: str
    verbatim_url: str
    offered: str
    offered_url: str
    why_url: str
    saving: Saving | None
    hits: Sequence[HitView]
    total: int
    loosened: bool
    degraded: bool
    newest: Sequence[TileView]
    paging: Paging
    live: Sequence[AnnouncedView] = ()
