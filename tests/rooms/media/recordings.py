"""Small video and sound files made on the spot, for tests: whole enough to be walked, with nothing to be heard."""

from __future__ import annotations

import struct
from io import BytesIO

PLACE = b"+52.5200+013.4050/"


def box(kind: bytes, *parts: bytes) -> bytes:
    """An MP4 box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def long_box(kind: bytes, body: bytes) -> bytes:
    """An MP4 box with a size of 64 bits."""
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def _track(handler: bytes, *, size: tuple[int, int] = (0, 0), turned: bool = False, words: bytes = b"") -> bytes:
    a, b = (0, 0x10000) if turned else (0x10000, 0)
    matrix = struct.pack(">9i", a, b, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    head = bytes(40) + matrix + struct.pack(">II", size[0] << 16, size[1] << 16)
    media = box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12)), box(b"minf", words))
    return box(b"trak", box(b"tkhd", head), media, box(b"udta", box(b"\xa9xyz", PLACE)))


def mp4(
    *,
    brand: bytes = b"isom",
    handlers: tuple[bytes, ...] = (b"vide", b"soun"),
    size: tuple[int, int] = (1280, 720),
    turned: bool = False,
    seconds: float = 83.5,
    words: bytes = b"",
    data: bytes = b"pictures",
    places: bool = True,
) -> bytes:
    """An MP4 file; with ``places`` where phones write them: in the movie's words, its tags and a box of its own."""
    header = bytes(12) + struct.pack(">II", 600, round(seconds * 600)) + bytes(80)
    telling = (
        [box(b"udta", box(b"\xa9xyz", PLACE)), box(b"meta", b"com.apple.quicktime.location.ISO6709", PLACE)]
        if places
        else []
    )
    tracks = [_track(kind, size=size if kind == b"vide" else (0, 0), turned=turned, words=words) for kind in handlers]
    moov = box(b"moov", box(b"mvhd", header), *tracks, *telling)
    tail = long_box(b"uuid", bytes(16) + b"<x:xmpmeta>" + PLACE) if places else b""
    return box(b"ftyp", brand, bytes(4), b"mp42") + moov + box(b"mdat", data) + tail


def element(kind: int, *parts: bytes, unknown: bool = False) -> bytes:
    """An EBML element."""
    body = b"".join(parts)
    name = kind.to_bytes((kind.bit_length() + 7) // 8, "big")
    size = b"\x01" + b"\xff" * 7 if unknown else b"\x01" + len(body).to_bytes(7, "big")
    return name + size + body


def webm(*, kinds: tuple[int, ...] = (1, 2), seconds: float = 12.0, kind: bytes = b"webm", tail: bytes = b"") -> bytes:
    """A WebM file with tags that tell a place."""
    head = element(0x1A45DFA3, b"\x42\x82" + bytes([0x80 | len(kind)]) + kind)
    info = element(
        0x1549A966,
        element(0x2AD7B1, (1_000_000).to_bytes(3, "big")),
        element(0x4489, struct.pack(">d", seconds * 1000)),
    )
    shape = element(0xE0, element(0xB0, (640).to_bytes(2, "big")), element(0xBA, (360).to_bytes(2, "big")))
    tracks = element(
        0x1654AE6B, *(element(0xAE, element(0x83, bytes([one])), shape if one == 1 else b"") for one in kinds)
    )
    tags = element(0x1254C367, b"LOCATION" + PLACE)
    return head + element(0x18538067, info, tracks, tags, element(0x1F43B675, b"frames"), tail)


def ogg(*, first: bytes = b"", words: bytes = b"title=x", samples: int = 48_000 * 5 + 312) -> bytes:
    """An Ogg file of Opus sound."""

    def page(granule: int, body: bytes) -> bytes:
        return b"OggS\0\0" + struct.pack("<q", granule) + bytes(12) + bytes([1, len(body)]) + body

    head = first or b"OpusHead\x01\x02" + struct.pack("<H", 312) + bytes(7)
    return page(0, head) + page(0, b"OpusTags" + words) + page(samples, b"sound")


def wav(*, seconds: int = 2, form: int = 1) -> bytes:
    """A WAV file with words that tell a place."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    body = (
        chunk(b"fmt ", struct.pack("<HHIIHH", form, 1, 8000, 8000, 1, 8))
        + chunk(b"LIST", b"INFO" + PLACE + b"x")
        + chunk(b"data", bytes(8000 * seconds))
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def mp3(*, frames: int = 10, tag: bytes = PLACE, counted: int = 0) -> bytes:
    """An MP3 file: 128 kbit/s, 44,100 Hz, behind a tag that tells a place; ``counted`` frames in a Xing header."""
    head = bytes([0xFF, 0xFB, 0x90, 0x00])
    frame = head + bytes(413)
    first = head + bytes(32) + b"Xing" + struct.pack(">II", 1, counted) + bytes(417 - 48)
    size = bytes((len(tag) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return (b"ID3\x04\0\0" + size + tag if tag else b"") + (first if counted else b"") + frame * frames


def as_file(data: bytes) -> BytesIO:
    """As it arrives from a form."""
    return BytesIO(data)
