"""Stored pieces of a post → the blocks that components show. Cards come resolved; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup

from contentshop.media.inputs import TYPES
from contentshop.web.cards import CardView
from contentshop.web.pictures import PictureView, media_url, picture, recording_url

MOST_DEFAULT_ROWS = 12
"""Rows of a comparison whose author names no attributes."""

Cards = Mapping[str, CardView]
Words = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a post, in order: safe HTML, a card, an entry of a list, or a block. One of them is set."""

    html: Markup | None = None
    card: CardView | None = None
    item: Item | None = None
    block: Block | None = None

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        found = self.card or self.item or self.block
        return found.moments if found is not None else ()


@dataclass(frozen=True, slots=True)
class Item:
    """One ranked entry of a buying list. ``ratings`` are (criterion, points of five); ``rating`` is their mean."""

    rank: int
    anchor: str
    award: str
    verdict: str
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    card: CardView
    parts: tuple[Part, ...]
    ratings: tuple[tuple[str, float], ...] = ()

    @property
    def rating(self) -> float | None:
        """The mean of the ratings to one decimal, as it is shown; None without ratings."""
        if not self.ratings:
            return None
        tenths = sum(round(points * 10) for _name, points in self.ratings)
        return (2 * tenths + len(self.ratings)) // (2 * len(self.ratings)) / 10

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return (*self.card.moments, *_moments(self.parts))


@dataclass(frozen=True, slots=True)
class Spot:
    """A product on a picture: its number there, where it is (per cent from left and top), and its card."""

    number: int
    x: float
    y: float
    card: CardView


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture in the text, with the products on it."""

    picture: PictureView
    full_url: str
    caption: str = ""
    spots: tuple[Spot, ...] = ()
    anchor: str = ""
    kind: str = "picture"

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return tuple(moment for spot in self.spots for moment in spot.card.moments)


@dataclass(frozen=True, slots=True)
class Album:
    """Pictures side by side."""

    shots: tuple[Shot, ...]
    caption: str = ""
    kind: str = "gallery"

    @property
    def moments(self) -> tuple[datetime, ...]:
        """None: pictures of a gallery have no products."""
        return ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A moment of a recording: the second, the time as people say it, its words, and perhaps a product."""

    at: int
    clock: str
    title: str
    url: str
    card: CardView | None = None


@dataclass(frozen=True, slots=True)
class Player:
    """A video or sound of our own, with its chapters. ``poster`` and ``captions`` are addresses or ""."""

    kind: str
    src: str
    type: str
    width: int
    height: int
    poster: str
    captions: str
    captions_lang: str
    caption: str
    chapters: tuple[Chapter, ...]

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return tuple(moment for chapter in self.chapters if chapter.card for moment in chapter.card.moments)


@dataclass(frozen=True, slots=True)
class Embed:
    """A player of another site, loaded when the reader asks for it."""

    provider: str
    url: str
    player: str
    caption: str
    kind: str = "embed"
    moments: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A product that is compared. ``cheapest``: no other column's price is as low; ``best``: the author's choice."""

    card: CardView
    best: bool
    cheapest: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Products beside each other. A value of a row is "" where the catalogue states none."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    caption: str
    parts: tuple[Part, ...]
    kind: str = "compare"

    @property
    def disclosure(self) -> str:
        """What is said of links that earn, if there are any."""
        return next((column.card.disclosure for column in self.columns if column.card.disclosure), "")

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return (*(moment for column in self.columns for moment in column.card.moments), *_moments(self.parts))


@dataclass(frozen=True, slots=True)
class Box:
    """Text that is set apart: a tip, a warning, a remark (``tone``), or folded away (``kind`` is toggle)."""

    kind: str
    tone: str
    title: str
    parts: tuple[Part, ...]

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return _moments(self.parts)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A product that was considered and not chosen, and why."""

    card: CardView
    parts: tuple[Part, ...]
    kind: str = "rejected"

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        return _moments(self.parts)


@dataclass(frozen=True, slots=True)
class Contents:
    """The place that the author chose for the contents."""

    kind: str = "toc"
    moments: tuple[datetime, ...] = ()


Block = Shot | Album | Player | Embed | Comparison | Box | Rejected | Contents


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a segment keeps of a picture."""

    key: str
    width: int
    height: int
    widths: tuple[int, ...]
    alt: str
    focus: tuple[int, int] = (50, 50)


def _moments(parts: Iterable[Part]) -> tuple[datetime, ...]:
    return tuple(moment for part in parts for moment in part.moments)


class Reading:
    """Turns the segments of one post into parts; ``words`` are the entries of its cards by key."""

    def __init__(self, cards: Cards, words: Words) -> None:
        self.cards = cards
        self.words = words
        self.items = 0
        self.shots = 0

    def parts(self, segments: Iterable[Sequence[Any]]) -> Iterator[Part]:
        """Segments in reading order with their cards; the slot of a product that vanished stays empty."""
        for kind, value, *inner in segments:
            if kind == "html":
                yield Part(html=Markup(value))  # noqa: S704 - made safe when it was saved (posts.rendering)
            elif kind == "item":
                if value in self.cards:
                    yield Part(item=self._item(value, inner[0] if inner else ()))
            elif kind == "card":
                if value in self.cards:
                    yield Part(card=self.cards[value])
            elif (block := self._block(kind, value, inner[0] if inner else ())) is not None:
                yield Part(block=block)

    def _item(self, key: str, inner: Iterable[Sequence[Any]]) -> Item:
        self.items += 1
        number, card, words = self.items, self.cards[key], self.words[key]
        return Item(
            rank=words.get("rank") or number,
            anchor=f"pick-{number}",
            award=card.award,
            verdict=card.note,
            pros=card.pros,
            cons=card.cons,
            # What the entry says itself is not said again by its card.
            card=replace(card, note="", award="", pros=(), cons=()),
            parts=tuple(self.parts(inner)),
            ratings=tuple((name, tenths / 10) for name, tenths in words.get("ratings") or ()),
        )

    def _block(self, kind: str, value: Any, inner: Iterable[Sequence[Any]]) -> Block | None:
        if kind in ("video", "audio"):
            return self._player(kind, value)
        if kind in ("callout", "toggle"):
            return Box(kind, value.get("tone", ""), value["title"], tuple(self.parts(inner)))
        if kind == "compare":
            return self._comparison(value, tuple(self.parts(inner)))
        if kind == "rejected":
            return Rejected(self.cards[value], tuple(self.parts(inner))) if value in self.cards else None
        simple: Mapping[str, Callable[[Any], Block | None]] = {
            "picture": self._shot,
            "gallery": self._album,
            "embed": lambda data: Embed(data["provider"], data["url"], data["player"], data["caption"]),
            "toc": lambda _nothing: Contents(),
        }
        return simple[kind](value) if kind in simple else None

    def _shot(self, data: Mapping[str, Any]) -> Shot | None:
        shown = _picture(data["asset"], data.get("file"), data["alt"])
        if shown is None:
            return None
        self.shots += 1
        spots = [(x, y, self.cards[key]) for key, x, y in data["spots"] if key in self.cards]
        return Shot(
            picture=shown,
            full_url=media_url(data["asset"], max(data["file"]["widths"])),
            caption=data["caption"],
            spots=tuple(Spot(number, x, y, card) for number, (x, y, card) in enumerate(spots, start=1)),
            anchor=f"picture-{self.shots}",
        )

    def _album(self, data: Mapping[str, Any]) -> Album | None:
        shots = tuple(shot for one in data["pictures"] if (shot := self._shot(one)) is not None)
        return Album(shots, data["caption"]) if shots else None

    def _player(self, kind: str, data: Mapping[str, Any]) -> Player | None:
        file = data.get("file")
        if file is None:
            return None
        src = recording_url(data["asset"], file["form"])
        poster = data.get("poster_file")
        return Player(
            kind=kind,
            src=src,
            type=TYPES.get(file["form"], ""),
            width=file["width"],
            height=file["height"],
            poster=media_url(data["poster"], max(poster["widths"])) if poster else "",
            captions=recording_url(data["captions"], data["captions_form"]) if data["captions"] else "",
            captions_lang=data.get("captions_lang", ""),
            caption=data["caption"],
            chapters=tuple(
                Chapter(at, clock(at), title, f"{src}#t={at}", self.cards.get(key))
                for at, title, key in data["chapters"]
            ),
        )

    def _comparison(self, data: Mapping[str, Any], parts: tuple[Part, ...]) -> Comparison | None:
        cards = [self.cards[key] for key in data["cards"] if key in self.cards]
        if not cards:
            return None
        lowest = _lowest(cards)
        columns = tuple(Column(card, card.key == data["best"], card in lowest) for card in cards)
        return Comparison(columns, tuple(_rows(cards, data["attributes"])), data["caption"], parts)


def _picture(key: str, file: Mapping[str, Any] | None, alt: str) -> PictureView | None:
    if file is None:
        return None
    return picture(_Stored(key, file["width"], file["height"], tuple(file["widths"]), alt), alt)


def clock(at: int) -> str:
    """Seconds as people say them: ``1:23`` or ``1:02:03``."""
    hours, rest = divmod(at, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _lowest(cards: Sequence[CardView]) -> list[CardView]:
    """The one with the lowest price that can be paid now, if the others' prices can be compared with it."""
    priced = [card for card in cards if card.price is not None and card.face in ("stock", "elsewhere")]
    prices = [card.price for card in priced if card.price is not None]
    if len(priced) < 2 or len({price.currency for price in prices}) > 1:
        return []
    least = min(price.minor for price in prices)
    found = [card for card in priced if card.price is not None and card.price.minor == least]
    return found if len(found) == 1 else []


def _rows(cards: Sequence[CardView], wanted: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(attribute, its value for each card): those that were asked for, else those that two products state at least.

    An author may ask by the name that products use or by that in the language of the text; it is shown in the latter.
    """
    known = [{name.casefold(): value for name, value in card.attributes} for card in cards]
    spoken = {name: shown for card in cards for name, shown in card.attribute_names}
    for asked in wanted or _shared(cards):
        name = spoken.get(asked.casefold(), asked)
        yield name, tuple(values.get(name.casefold(), "") for values in known)


def _shared(cards: Sequence[CardView]) -> list[str]:
    spelled: dict[str, str] = {}
    count: dict[str, int] = {}
    for card in cards:
        for folded, name in {name.casefold(): name for name, _value in card.attributes}.items():
            spelled.setdefault(folded, name)
            count[folded] = count.get(folded, 0) + 1
    names = [spelled[folded] for folded in count if count[folded] > 1] or list(spelled.values())
    return names[:MOST_DEFAULT_ROWS]
