"""Video and sound files: told, measured, freed of places."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contentshop.core.errors import Invalid
from contentshop.media.recordings import clean, is_still_of_a_phone, looks_like_one, recognise
from tests.rooms.media.recordings import PLACE, box, element, mp3, mp4, ogg, wav, webm

DAMAGED, UNKNOWN, PLACES = "This file is damaged", "This is not a picture, video or sound", "This file carries a track"


def told(data: bytes) -> tuple[str, str, int | None, int, int]:
    found = recognise(BytesIO(data), len(data))
    return (found.kind, found.form, found.duration, found.width, found.height)


def cleaned(data: bytes) -> bytes:
    file = BytesIO(data)
    clean(file, recognise(file, len(data)))
    return file.read()


def refusal(data: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        recognise(BytesIO(data), len(data))
    assert list(refused.value.fields) == ["file"]
    (message,) = refused.value.fields["file"]
    return message


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (mp4(), ("video", "mp4", 83_500, 1280, 720)),
        (mp4(turned=True), ("video", "mp4", 83_500, 720, 1280)),
        (mp4(brand=b"qt  "), ("video", "mp4", 83_500, 1280, 720)),
        (mp4(seconds=0), ("video", "mp4", None, 1280, 720)),
        (mp4(brand=b"M4A ", handlers=(b"soun",)), ("audio", "m4a", 83_500, 1, 1)),
        (mp4(handlers=(b"soun",)), ("audio", "m4a", 83_500, 1, 1)),
        (mp4(brand=b"M4A "), ("video", "mp4", 83_500, 1280, 720)),
        (webm(), ("video", "webm", 12_000, 640, 360)),
        (webm(kinds=(2,)), ("audio", "webm", 12_000, 1, 1)),
        (ogg(), ("audio", "ogg", 5_000, 1, 1)),
        (
            ogg(first=b"\x01vorbis" + bytes(5) + struct.pack("<I", 44_100) + bytes(10), samples=88_200),
            ("audio", "ogg", 2_000, 1, 1),
        ),
        (wav(), ("audio", "wav", 2_000, 1, 1)),
        (mp3(tag=b""), ("audio", "mp3", 261, 1, 1)),
        (mp3(), ("audio", "mp3", 261, 1, 1)),
        (mp3(counted=3828), ("audio", "mp3", 99_997, 1, 1)),
    ],
)
def test_a_file_is_told_by_its_content(data: bytes, facts: tuple[object, ...]) -> None:
    assert looks_like_one(data[:64])
    assert told(data) == facts


@pytest.mark.parametrize(
    "data",
    [mp4(), mp4(brand=b"qt  ", handlers=(b"vide", b"meta")), webm(), wav(), mp3()],
    ids=["mp4", "qt", "webm", "wav", "mp3"],
)
def test_places_are_taken_out_and_the_rest_stays_where_it_was(data: bytes) -> None:
    assert PLACE in data
    kept = cleaned(data)
    assert PLACE not in kept
    assert told(kept) == told(data)
    tag = len(data) - len(kept)
    assert tag == (10 + len(PLACE) if data[:3] == b"ID3" else 0)
    for part in (b"pictures", b"frames"):
        assert data.find(part) == kept.find(part)
    assert cleaned(kept) == kept


def test_a_track_of_positions_is_refused() -> None:
    for words in (box(b"stsd", b"gpmd"), box(b"stsd", b"camm"), b"mdta.com.apple.quicktime.Location.ISO6709"):
        assert refusal(mp4(handlers=(b"vide", b"meta"), words=words)).startswith(PLACES)
    assert refusal(ogg(words=b"LOCATION=Berlin")).startswith(PLACES)


@pytest.mark.parametrize("data", [mp4(), webm(), wav()], ids=["mp4", "webm", "wav"])
def test_half_a_file_is_refused(data: bytes) -> None:
    for part in (len(data) // 3, len(data) * 2 // 3, len(data) - 3):
        assert refusal(data[:part]).startswith((DAMAGED, UNKNOWN))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", UNKNOWN),
        (b"<script>alert(1)</script>", UNKNOWN),
        (b"#!/bin/sh\n", UNKNOWN),
        (mp4(handlers=()), "There is neither picture nor sound"),
        (mp4(handlers=(b"text",)), "There is neither picture nor sound"),
        (box(b"ftyp", b"isom"), DAMAGED),
        (box(b"ftyp", b"isom") + struct.pack(">I4s", 4, b"moov"), DAMAGED),
        (box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"moov", 2**62), DAMAGED),
        (box(b"ftyp", b"isom") + box(b"free") * 25_000, DAMAGED),
        (webm(kind=b"matroska"), UNKNOWN),
        (webm(kinds=(17,)), "There is neither picture nor sound"),
        (webm()[:40], DAMAGED),
        (b"\x1a\x45\xdf\xa3\x00", DAMAGED),
        (ogg(first=b"\x80theora" + bytes(40)), UNKNOWN),
        (wav(form=0x55), UNKNOWN),
        (b"RIFF\x04\0\0\0WAVE", DAMAGED),
        (b"RIFF\x04\0\0\0AVI LIST", UNKNOWN),
        (b"\xff\xfb\x90\x00" + b"x" * 5000, UNKNOWN),
        (b"ID3\x04\0\0\0\0\0\x02xx<script>", DAMAGED),
        (b"ID3\x04", DAMAGED),
    ],
)
def test_what_cannot_be_shown_is_refused(data: bytes, message: str) -> None:
    assert refusal(data).startswith(message)


def test_stills_of_phones_are_told_apart() -> None:
    for brand in (b"heic", b"mif1", b"avif"):
        head = box(b"ftyp", brand)
        assert is_still_of_a_phone(head)
        assert not looks_like_one(head)
        assert refusal(head).startswith(UNKNOWN)


def test_an_endless_stream_of_a_browser_is_taken() -> None:
    data = webm()
    start = data.index(b"\x18\x53\x80\x67")
    head, segment = data[:start], data[start + 12 :]
    endless = head + element(0x18538067, segment, unknown=True)
    assert told(endless) == ("video", "webm", 12_000, 640, 360)


@given(st.data())
@hypothesis_settings(max_examples=150, deadline=None)
def test_damaged_files_are_taken_or_refused_but_never_break(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([mp4(), webm(), ogg(), wav(), mp3(), mp3(counted=9)])))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    size = len(content)
    file = BytesIO(bytes(content))
    try:
        clean(file, recognise(file, size))
        outcome = len(file.getvalue()) == size
    except Invalid as refused:
        outcome = list(refused.fields) == ["file"]
    assert outcome
