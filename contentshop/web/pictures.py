"""Stored pictures as pages show them: one address for each width that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

# The width of the file that browsers without ``srcset`` take, in pixels: the smallest kept one from here on.
PLAIN_WIDTH = 640
FACE_WIDTH = 160  # the same for a person's picture: twice the largest that is shown


class PictureFacts(Protocol):
    """What is known of a stored picture: its key, its size and the widths that are kept, in pixels; the point that
    must stay in sight where it is cropped, in per cent from the left and the top."""

    @property
    def key(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def widths(self) -> Sequence[int]: ...
    @property
    def alt(self) -> str: ...
    @property
    def focus(self) -> tuple[int, int]: ...


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture for the ``picture`` component. ``width`` and ``height`` give its shape, so nothing jumps.

    ``focus`` are the classes that keep its point of focus in sight where it is cropped; "" for the middle.
    """

    src: str
    srcset: str
    width: int
    height: int
    alt: str
    focus: str = ""


def media_url(key: str, width: int) -> str:
    """The address of one stored size of the picture with this key."""
    return f"/media/{key[:2]}/{key}-{width}.webp"


def recording_url(key: str, form: str) -> str:
    """The address of a stored video, sound or captions file."""
    return f"/media/{key[:2]}/{key}.{form}"


def focus_classes(focus: tuple[int, int]) -> str:
    """The classes of ``base.css`` for a point of focus, to the nearest tenth of the picture.

    The Content-Security-Policy lets no page say it in a style of its own.
    """
    x, y = (min(10, max(0, (value + 5) // 10)) for value in focus)
    return "" if (x, y) == (5, 5) else f"focus-x-{x} focus-y-{y}"


def largest(facts: PictureFacts) -> str:
    """The address of the largest stored size, for previews on other sites."""
    return media_url(facts.key, max(facts.widths))


def face(facts: PictureFacts | None) -> PictureView | None:
    """A person's picture, small; the name stands beside it, so it has no words of its own."""
    found = picture(facts)
    if facts is None or found is None:
        return None
    width = next((width for width in sorted(facts.widths) if width >= FACE_WIDTH), max(facts.widths))
    return replace(found, src=media_url(facts.key, width), srcset="", alt="")


def picture(facts: PictureFacts | None, alt: str = "") -> PictureView | None:
    """The picture to show, or None when there is none; ``alt`` takes the place of the picture's own words."""
    if facts is None or not facts.widths:
        return None
    widths = sorted(facts.widths)
    plain = next((width for width in widths if width >= PLAIN_WIDTH), widths[-1])
    return PictureView(
        src=media_url(facts.key, plain),
        srcset=", ".join(f"{media_url(facts.key, width)} {width}w" for width in widths) if widths[1:] else "",
        width=facts.width,
        height=facts.height,
        alt=alt or facts.alt,
        focus=focus_classes(facts.focus),
    )
