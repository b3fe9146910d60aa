"""Page records of the media library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contentshop.web.pictures import PictureView
from contentshop.web.reader_pages import Paging


@dataclass(frozen=True, slots=True)
class MediumView:
    """One thing of the library. ``src`` is its file (a picture's plain size), ``facts`` what is told under it.

    ``markup`` is the line that shows it in a text; ``uses`` are (title, address) of the posts that use it now.
    """

    key: str
    kind: str
    name: str
    url: str
    src: str
    type: str
    picture: PictureView | None
    alt: str
    lang: str
    facts: tuple[str, ...]
    markup: str
    uses: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UploadForm:
    """The form that takes files. ``most`` is the largest video in bytes, ``most_text`` the same in words."""

    alt: str
    most: int
    most_text: str
    errors: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """The library. Each tab is (label, address, present, count)."""

    tabs: Sequence[tuple[str, str, bool, int]]
    query: str
    kind: str
    media: Sequence[MediumView]
    empty: bool
    paging: Paging
    upload: UploadForm


@dataclass(frozen=True, slots=True)
class MediumPage:
    """One thing of the library, to describe or delete. ``focus`` is in per cent; ``crop_width`` and ``crop_height``
    are the size of the picture that is pressed to set it, in pixels. ``kept_in_history``: older texts name it."""

    medium: MediumView
    values: Mapping[str, str]
    focus: tuple[int, int]
    crop_width: int
    crop_height: int
    other_uses: Sequence[str]
    kept_in_history: bool
    errors: Mapping[str, Sequence[str]]

    @property
    def may_delete(self) -> bool:
        """Whether nothing uses it."""
        return not self.medium.uses and not self.other_uses
