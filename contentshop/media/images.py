"""Pictures decoded, made safe and small: whatever comes in, WebP files in a few widths go out.

Nothing of the file that was sent is kept: the pixels are decoded and encoded anew, so hidden scripts, places and
camera numbers stay behind. The size is checked before a single pixel is decoded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from contentshop.core.errors import Invalid
from contentshop.core.words import say

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
WIDTHS = (320, 640, 960, 1280, 1600)
MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 40_000_000
# Beyond this the smaller side of a scaled picture would hardly be seen (and WebP ends at 16,383 pixels a side).
MAX_RATIO = 8
QUALITY = 80
# Of WebP's 0 to 6. Against 4: two thirds of the time for 6 % more bytes, a quarter of a decibel (demo pictures).
EFFORT = 2

_UNREADABLE = say("This is not a picture we can read. Send a JPEG, PNG, WebP or GIF file.")
_DRAWING = say("An SVG drawing can carry programs, so we take none. Save it as PNG and send that.")
_DAMAGED = say("This picture is damaged or incomplete. Please save it again and send it once more.")
_TOO_LARGE = say("This picture is too large. Send one of at most %(most)s megapixels.", most=MAX_PIXELS // 1000000)


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture ready to be stored: full size in pixels, and its WebP files by width, ascending.

    ``digest`` is the SHA-256 of the file that was sent, by which the same picture is found again. ``moving`` tells
    that the file held an animation, of which only the first frame is kept.
    """

    width: int
    height: int
    files: dict[int, bytes]
    digest: str
    moving: bool = False

    @property
    def widths(self) -> list[int]:
        """The widths there are files of."""
        return sorted(self.files)


def digest_of(data: bytes) -> str:
    """What the same file is known by."""
    return hashlib.sha256(data).hexdigest()


def encode(data: bytes) -> EncodedPicture:
    """Decode a JPEG, PNG, WebP or GIF (first frame) and encode it in every width that it reaches.

    Raises Invalid (field ``picture``) for anything else, for damaged files and for more than 12 MB, 40
    megapixels or a side more than 8 times the other.
    """
    if len(data) > MAX_BYTES:
        raise _refused(say("This file is too large. Send at most %(most)s MB.", most=MAX_BYTES // 1024 // 1024))
    picture, moving = _decode(data)
    widths = [width for width in WIDTHS if width < picture.width]
    widths.append(min(picture.width, WIDTHS[-1]))
    files = {}
    small = picture
    # Each size from the next larger one, which is less to read and cannot be told from one step (over 55 dB).
    for width in reversed(widths):
        small = _resized(small, width, max(1, round(picture.height * width / picture.width)))
        files[width] = _webp(small)
    return EncodedPicture(picture.width, picture.height, dict(sorted(files.items())), digest_of(data), moving)


def _decode(data: bytes) -> tuple[Image.Image, bool]:
    """The picture, and whether it is the first of several."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            _check_size(*opened.size)
            moving = bool(getattr(opened, "is_animated", False))
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            return _plain_colours(upright, opened.info.get("icc_profile")), moving
    except UnidentifiedImageError:
        raise _refused(_DRAWING if b"<svg" in data[:1024].lower() else _UNREADABLE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused(_TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        # Pillow's decoders tell of broken files by any of these.
        raise _refused(_DAMAGED) from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _refused(_TOO_LARGE)
    if not 0 < max(width, height) <= MAX_RATIO * min(width, height):
        raise _refused(
            say("This picture is too narrow. One side may be at most %(most)s times the other.", most=MAX_RATIO)
        )


def _plain_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """8 bits of red, green and blue in the colours of the web, with transparency where there was some."""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    clear = image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        image = _web_colours(image, profile)
    return image.convert("RGBA" if clear else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey, which Pillow would cut off instead of scaling."""
    return image.convert("F").point(lambda value: value * (1 / 257) + 0.0).convert("L")


def _web_colours(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours of the embedded ICC profile in sRGB, since the profile itself is not kept."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        changed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that cannot be read or does not fit the pixels says nothing; browsers ignore it too.
        return image
    return changed or image


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    return picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)


def _webp(picture: Image.Image) -> bytes:
    out = BytesIO()
    # A copy without ``info`` leaves behind all that Pillow would write along.
    clean = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    clean.save(out, "WEBP", quality=QUALITY, method=EFFORT)
    return out.getvalue()


def _refused(message: str) -> Invalid:
    return Invalid({"picture": [message]})
