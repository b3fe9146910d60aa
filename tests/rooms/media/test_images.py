"""Decoding what people send."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from contentshop.core.errors import Invalid
from contentshop.media.images import MAX_BYTES, digest_of, encode
from tests.rooms.media.pictures import opened, picture


def refusal(data: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        encode(data)
    assert list(refused.value.fields) == ["picture"]
    (message,) = refused.value.fields["picture"]
    return message


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_format_becomes_webp_in_widths_up_to_its_own(form: str) -> None:
    data = picture(form)
    found = encode(data)
    assert (found.width, found.height, found.widths) == (1000, 500, [320, 640, 960, 1000])
    assert found.digest == digest_of(data)
    assert not found.moving
    for width, content in found.files.items():
        image = opened(content)
        assert (image.format, image.size) == ("WEBP", (width, round(width / 2)))
        red, green, blue = image.convert("RGB").getpixel((5, 5))
        assert (abs(red - 200) < 8, abs(green - 30) < 8, abs(blue - 30) < 8) == (True, True, True)


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        ((1, 1), [1]),
        ((320, 200), [320]),
        ((321, 200), [320, 321]),
        ((1600, 900), [320, 640, 960, 1280, 1600]),
        ((4000, 3000), [320, 640, 960, 1280, 1600]),
    ],
)
def test_no_width_is_above_the_original(size: tuple[int, int], widths: list[int]) -> None:
    found = encode(picture(size=size))
    assert found.widths == widths
    assert (found.width, found.height) == size


def test_the_picture_is_turned_upright_and_its_metadata_stay_behind() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010E] = "secret place"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    data = picture(size=(400, 200), exif=exif, comment=b"secret comment")
    assert b"secret" in data
    found = encode(data)
    assert (found.width, found.height) == (200, 400)
    for content in found.files.values():
        assert b"secret" not in content
        assert b"EXIF" not in content
        assert not opened(content).getexif()


def test_colours_of_a_wide_profile_are_kept_without_the_profile() -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (wide, plain, b"no profile at all"):
        found = encode(picture(icc_profile=profile))
        content = found.files[320]
        assert b"ICCP" not in content
        red, _, blue = opened(content).convert("RGB").getpixel((3, 3))
        assert red > 180
        assert blue < 50


@pytest.mark.parametrize(
    ("mode", "colour", "form"),
    [("RGBA", (10, 20, 30, 0), "PNG"), ("LA", (10, 0), "PNG"), ("RGBA", (10, 20, 30, 0), "WEBP")],
)
def test_transparency_stays(mode: str, colour: tuple[int, ...], form: str) -> None:
    image = opened(encode(picture(form, mode=mode, colour=colour)).files[320])
    assert image.mode == "RGBA"
    assert image.getpixel((1, 1))[3] == 0


def test_a_palette_with_a_clear_colour_stays_clear() -> None:
    out = BytesIO()
    image = Image.new("P", (50, 50), 3)
    image.putpalette([value for shade in range(8) for value in (shade * 30, 0, 0)])
    image.save(out, "PNG", transparency=3)
    assert opened(encode(out.getvalue()).files[50]).getpixel((1, 1))[3] == 0


@pytest.mark.parametrize(
    ("mode", "colour", "form", "grey"),
    [
        ("CMYK", (0, 0, 0, 0), "JPEG", 255),
        ("L", 128, "PNG", 128),
        ("1", 1, "PNG", 255),
        ("I;16", 128 * 257, "PNG", 128),
    ],
)
def test_other_ways_to_keep_colours_become_plain_ones(mode: str, colour: object, form: str, grey: int) -> None:
    image = opened(encode(picture(form, mode=mode, colour=colour)).files[320])
    assert image.mode == "RGB"
    assert all(abs(value - grey) <= 3 for value in image.getpixel((9, 9)))


def test_of_a_moving_picture_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    for form in ("GIF", "WEBP"):
        out = BytesIO()
        frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
        found = encode(out.getvalue())
        assert found.moving
        image = opened(found.files[40])
        assert getattr(image, "n_frames", 1) == 1
        assert image.convert("RGB").getpixel((20, 20))[0] > 200


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<script>alert(1)</script>",
        b"#!/bin/sh\necho hello\n",
        b"%PDF-1.7\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        bytes(1000),
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(data: bytes) -> None:
    message = refusal(data)
    assert message.startswith(("This is not a picture", "This picture is damaged"))


def test_a_drawing_with_programs_is_refused_with_what_to_do() -> None:
    message = refusal(b"<?xml version='1.0'?><SVG xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    assert message == "An SVG drawing can carry programs, so we take none. Save it as PNG and send that."


@pytest.mark.parametrize("form", ["TIFF", "BMP", "ICO", "PPM"])
def test_formats_outside_the_list_are_refused(form: str) -> None:
    assert refusal(picture(form, (64, 64))).startswith("This is not a picture")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_half_a_file_is_refused(form: str) -> None:
    noise = Image.effect_noise((300, 200), 90).convert("RGB")
    out = BytesIO()
    noise.save(out, form)
    data = out.getvalue()
    assert refusal(data[: len(data) // 2]).startswith("This picture is damaged")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("side", [6_400, 30_000, 100_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(1000)))
    assert refusal(bomb).startswith("This picture is too large")


@pytest.mark.parametrize("size", [(1, 9), (900, 100)])
def test_a_thread_of_a_picture_is_refused(size: tuple[int, int]) -> None:
    assert refusal(picture("PNG", size)).startswith("This picture is too narrow")


def test_too_many_bytes_are_refused() -> None:
    assert refusal(b"\xff\xd8\xff" + bytes(MAX_BYTES)).startswith("This file is too large")


@given(st.data())
@hypothesis_settings(max_examples=60, deadline=None)
def test_damaged_files_are_decoded_or_refused_but_never_break(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
    content = bytearray(picture(form, (40, 30)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        outcome = encode(bytes(content)).widths[-1] <= 1600
    except Invalid as refused:
        outcome = list(refused.fields) == ["picture"]
    assert outcome
