"""Pictures made on the spot, for tests."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image


def picture(
    form: str = "JPEG",
    size: tuple[int, int] = (1000, 500),
    *,
    mode: str = "RGB",
    colour: Any = (200, 30, 30),
    **save: Any,
) -> bytes:
    """A file of one colour in the format ``form``."""
    out = BytesIO()
    Image.new(mode, size, colour).save(out, form, **save)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """A decoded picture."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
