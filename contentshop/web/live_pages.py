"""Page records of live sessions, for readers and for hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contentshop.web.cards import CardView
from contentshop.web.pictures import PictureView
from contentshop.web.reader_pages import Head

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TimedCard:
    """A card of the queue. ``times`` are (second, the same in words) at which the recording shows it."""

    key: str
    view: CardView
    times: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Player:
    """What plays. Of another site's: its ``site``, the ``page`` there, and the address ``frame`` that the player
    is loaded from once the reader has asked for it (``open``). Of our own: ``video`` and its ``type``."""

    site: str = ""
    page: str = ""
    frame: str = ""
    open: bool = False
    video: str = ""
    type: str = ""

    def __bool__(self) -> bool:
        return bool(self.frame or self.video)


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A live session. ``cards_only``: just the cards, for a window beside the player or without script."""

    head: Head
    key: str
    state: str
    title: str
    summary: str
    lang: str
    host_name: str
    host_url: str
    starts_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    version: int
    disclosure: str
    player: Player
    pinned: TimedCard | None
    cards: Sequence[TimedCard]
    cards_only: bool

    @property
    def moments(self) -> Sequence[tuple[int, str, str]]:
        """The times of the recording in order: second, the same in words, the product's name."""
        return sorted((second, text, card.view.title) for card in self.cards for second, text in card.times)


@dataclass(frozen=True, slots=True)
class AnnouncedView:
    """A session in a list. ``when`` tells its time by the clock of whoever looks, if that is known."""

    url: str
    state: str
    title: str
    lang: str
    starts_at: datetime
    host_name: str
    host_url: str
    picture: PictureView | None = None
    when: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleListPage:
    """What is live and what comes next."""

    head: Head
    sessions: Sequence[AnnouncedView]


@dataclass(frozen=True, slots=True)
class HostListPage:
    """A host's sessions."""

    sessions: Sequence[AnnouncedView]


@dataclass(frozen=True, slots=True)
class SessionForm:
    """The words of a session as its form holds them. ``providers`` are the sites whose players can be shown."""

    values: Mapping[str, str]
    languages: Sequence[Choice]
    relations: Sequence[Choice]
    zones: Sequence[Choice]
    videos: Sequence[Choice]
    providers: str
    errors: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class NewSessionPage:
    """A session that is being announced."""

    form: SessionForm


@dataclass(frozen=True, slots=True)
class HostCard:
    """A card as its host sees it, with what may be done about it."""

    key: str
    title: str
    note: str
    pinned: bool
    times: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A product that the host's search found."""

    slug: str
    title: str
    brand: str


@dataclass(frozen=True, slots=True)
class HostPage:
    """Where a host prepares and runs a session. ``found`` are products for the words ``query``."""

    key: str
    state: str
    title: str
    url: str
    when: str
    form: SessionForm
    cards: Sequence[HostCard]
    query: str
    found: Sequence[Match]
    may_host: bool
    errors: Mapping[str, Sequence[str]]
