"""Video and sound files: told by their content, measured, and freed of what tells places.

Nothing is decoded. The boxes and chunks of a file are walked by their headers alone, so a file of any size takes
little memory; everything that could hold the place of recording is overwritten with nothing of the same length, so
that no offset in the file changes. Sources: ISO/IEC 14496-12 (MP4), RFC 8794 and RFC 9559 (EBML, WebM), RFC 3533
and RFC 7845 (Ogg, Opus), the ID3v2.4 structure document (MP3), the RIFF/WAVE description of Microsoft and IBM.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from contentshop.core.errors import Invalid
from contentshop.core.words import Said, say

_MOST_PARTS = 20_000  # boxes or chunks that are looked at; real files have some hundreds
_TAIL = 65_536  # bytes of an Ogg file's end in which its last page begins (RFC 3533: a page has at most 65,307)
_COMMENTS = 262_144  # bytes of an Ogg file's start in which its comments stand
_ZEROS = bytes(65_536)

_UNKNOWN = say(
    "This is not a picture, video or sound we can show. Send JPEG, PNG, WebP, GIF, MP4, WebM, MP3, M4A, Ogg or WAV."
)
_DAMAGED = say("This file is damaged or incomplete. Please save it again and send it once more.")
_PLACES = say(
    "This file carries a track of positions (GPS) that we cannot take out. Export it without and send it again."
)
_EMPTY = say("There is neither picture nor sound in this file.")


@dataclass(frozen=True, slots=True)
class Blank:
    """A stretch of the file to overwrite: ``head`` at ``start``, zeros from there to ``stop``."""

    start: int
    stop: int
    head: bytes


@dataclass(slots=True)
class Recording:
    """What a file is. ``duration`` is in milliseconds, None when it cannot be read; 1 by 1 without a picture.

    ``begin`` is where the part that is kept begins; ``blanks`` is what has to be overwritten in it.
    """

    kind: str
    form: str
    duration: int | None = None
    width: int = 1
    height: int = 1
    begin: int = 0
    blanks: list[Blank] = field(default_factory=list)


def looks_like_one(head: bytes) -> bool:
    """Whether the first bytes (64 are enough) are those of a recording, whole or broken."""
    return (
        (head[4:8] == b"ftyp" and head[8:12] not in _STILLS)
        or head[:4] in {b"\x1a\x45\xdf\xa3", b"OggS"}
        or head[:3] == b"ID3"
        or (head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE")
        or _frame(head[:4]) is not None
    )


def is_still_of_a_phone(head: bytes) -> bool:
    """Whether the first bytes are those of an HEIC or AVIF picture, which we do not read."""
    return head[4:8] == b"ftyp" and head[8:12] in _STILLS


def recognise(file: BinaryIO, size: int) -> Recording:
    """Read what ``file`` of ``size`` bytes is, by its content. Raises Invalid (field ``file``)."""
    file.seek(0)
    head = file.read(64)
    try:
        if head[4:8] == b"ftyp" and head[8:12] not in _STILLS:
            return _mp4(file, size, head[8:12])
        if head[:4] == b"\x1a\x45\xdf\xa3":
            return _webm(file, size)
        if head[:4] == b"OggS":
            return _ogg(file, size)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            return _wav(file, size)
        if head[:3] == b"ID3" or _frame(head[:4]) is not None:
            return _mp3(file, size, head)
    except (struct.error, IndexError):  # something ends in the middle of a field
        raise _refused(_DAMAGED) from None
    raise _refused(_UNKNOWN)


def clean(file: BinaryIO, recording: Recording) -> None:
    """Overwrite in ``file``, which must be ours to write, what tells places; leaves it at ``recording.begin``."""
    for blank in recording.blanks:
        file.seek(blank.start)
        file.write(blank.head)
        left = blank.stop - blank.start - len(blank.head)
        while left > 0:
            left -= file.write(_ZEROS[:left])
    file.seek(recording.begin)


def _refused(message: Said) -> Invalid:
    return Invalid({"file": [message]})


# ---- MP4, M4A, QuickTime

_STILLS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B "})
_TELLING = frozenset({b"udta", b"meta", b"uuid"})
_GPS_FORMATS = frozenset({b"gpmd", b"camm"})


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    body: int
    stop: int


def _boxes(file: BinaryIO, start: int, stop: int) -> Iterator[_Box]:
    at, count = start, 0
    while at + 8 <= stop:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        body = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        end = stop if size == 0 else at + size
        count += 1
        if end > stop or end < body or count > _MOST_PARTS:
            raise _refused(_DAMAGED)
        yield _Box(kind, at, body, end)
        at = end


def _mp4(file: BinaryIO, size: int, brand: bytes) -> Recording:
    found = Recording("audio", "m4a")
    tops = list(_boxes(file, 0, size))
    moov = next((box for box in tops if box.kind == b"moov"), None)
    if moov is None or not any(box.kind == b"mdat" for box in tops):
        raise _refused(_DAMAGED)
    found.blanks += [_free(box) for box in tops if box.kind in _TELLING]
    tracks = []
    for box in _boxes(file, moov.body, moov.stop):
        if box.kind in _TELLING:
            found.blanks.append(_free(box))
        elif box.kind == b"mvhd":
            found.duration = _mvhd(_content(file, box, 120))
        elif box.kind == b"trak":
            tracks.append(_track(file, box, found))
    if b"vide" in tracks:
        found.kind, found.form = "video", "mp4"
    elif b"soun" not in tracks:
        raise _refused(_EMPTY)
    if found.kind == "audio":
        found.width = found.height = 1
    elif brand in _SOUND_BRANDS:  # an album with its cover as a track
        found.form = "mp4"
    return found


def _free(box: _Box) -> Blank:
    return Blank(
        box.start + 4,
        box.stop,
        b"free" + (b"" if box.body - box.start == 8 else struct.pack(">Q", box.stop - box.start)),
    )


def _content(file: BinaryIO, box: _Box, most: int) -> bytes:
    file.seek(box.body)
    return file.read(min(most, box.stop - box.body))


def _mvhd(data: bytes) -> int | None:
    """Milliseconds of the movie header; None where it does not say."""
    scale, length = struct.unpack(">IQ", data[20:32]) if data[0] == 1 else struct.unpack(">II", data[12:20])
    return _milliseconds(length, scale) if length not in {2**32 - 1, 2**64 - 1} else None


def _milliseconds(length: float, per_second: float) -> int | None:
    if per_second <= 0 or length <= 0:
        return None
    told = round(length * 1000 / per_second)
    return told if told < 2**31 else None


def _track(file: BinaryIO, track: _Box, found: Recording) -> bytes:
    """The kind of a track (``vide``, ``soun``, …); notes its size and what in it tells places."""
    kind, shape, telling = b"", (0, 0), []
    for box in _boxes(file, track.body, track.stop):
        if box.kind in _TELLING:
            telling.append(_free(box))
        elif box.kind == b"tkhd":
            shape = _tkhd(_content(file, box, 104))
        elif box.kind == b"mdia":
            for inner in _boxes(file, box.body, box.stop):
                if inner.kind == b"hdlr":
                    kind = _content(file, inner, 12)[8:12]
    if kind == b"vide" and found.width == 1 and min(shape) > 0:
        found.width, found.height = shape
    if kind in {b"meta", b"camm", b"gpmd"}:
        _check_timed_words(file, track)
        found.blanks.append(_free(track))
    else:
        found.blanks += telling
    return kind


def _tkhd(data: bytes) -> tuple[int, int]:
    """Width and height as shown: 16.16 numbers at the end of the track header, swapped by a quarter turn."""
    at = 88 if data[0] == 1 else 76
    width, height = struct.unpack(">II", data[at : at + 8])
    a, b = struct.unpack(">i4x", data[at - 36 : at - 28])[0], struct.unpack(">i", data[at - 32 : at - 28])[0]
    wide, high = width >> 16, height >> 16
    return (high, wide) if a == 0 and b != 0 else (wide, high)


def _check_timed_words(file: BinaryIO, track: _Box) -> None:
    """Refuse a track that samples positions: its samples lie among the pictures, where they cannot be found."""
    file.seek(track.body)
    head = file.read(min(_COMMENTS, track.stop - track.body))
    if any(form in head for form in _GPS_FORMATS) or b"location" in head.lower():
        raise _refused(_PLACES)


# ---- WebM

_SEGMENT, _INFO, _TRACKS, _TAGS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1254C367, 0x1F43B675
_ATTACHMENTS = 0x1941A469
_UNKNOWN_SIZE = -1


@dataclass(frozen=True, slots=True)
class _Element:
    kind: int
    start: int
    body: int
    stop: int


def _elements(file: BinaryIO, start: int, stop: int) -> Iterator[_Element]:
    at, count = start, 0
    while at < stop:
        file.seek(at)
        raw = file.read(12)
        kind, taken = _vint(raw, keep_marker=True)
        size, more = _vint(raw[taken:])
        body = at + taken + more
        end = stop if size == _UNKNOWN_SIZE else body + size
        count += 1
        if end > stop or count > _MOST_PARTS:
            raise _refused(_DAMAGED)
        yield _Element(kind, at, body, end)
        at = end


def _vint(raw: bytes, *, keep_marker: bool = False) -> tuple[int, int]:
    """(value, bytes taken) of a variable-size integer."""
    length = 9 - raw[0].bit_length()
    if not 1 <= length <= 8 or len(raw) < length:
        raise _refused(_DAMAGED)
    value = int.from_bytes(raw[:length], "big")
    if keep_marker:
        return value, length
    mask = (1 << 7 * length) - 1
    return (_UNKNOWN_SIZE if value & mask == mask else value & mask), length


def _webm(file: BinaryIO, size: int) -> Recording:
    tops = _elements(file, 0, size)
    head = next(tops)
    file.seek(head.body)
    if b"\x42\x82\x84webm" not in file.read(min(head.stop - head.body, 512)):
        raise _refused(_UNKNOWN)
    segment = next((top for top in tops if top.kind == _SEGMENT), None)
    if segment is None:
        raise _refused(_DAMAGED)
    found, kinds = Recording("audio", "webm"), set()
    for part in _elements(file, segment.body, segment.stop):
        if part.kind == _INFO:
            found.duration = _webm_duration(file, part)
        elif part.kind == _TRACKS:
            kinds |= _webm_tracks(file, part, found)
        elif part.kind in {_TAGS, _ATTACHMENTS}:
            found.blanks.append(_void(part))
    if 1 in kinds:
        found.kind = "video"
    elif 2 not in kinds:
        raise _refused(_EMPTY)
    return found


def _void(part: _Element) -> Blank:
    """The same length as an element that says nothing (RFC 8794, 11.3.2)."""
    length = part.stop - part.start
    head = b"\xec" + bytes([0x80 | (length - 2)]) if length < 128 else b"\xec\x01" + (length - 9).to_bytes(7, "big")
    return Blank(part.start, part.stop, head)


def _webm_duration(file: BinaryIO, info: _Element) -> int | None:
    scale, length = 1_000_000, 0.0
    for part in _elements(file, info.body, info.stop):
        file.seek(part.body)
        data = file.read(min(8, part.stop - part.body))
        if part.kind == 0x2AD7B1:
            scale = int.from_bytes(data, "big")
        elif part.kind == 0x4489:
            (length,) = struct.unpack(">f" if len(data) == 4 else ">d", data)
    return _milliseconds(length * scale, 1_000_000_000) if 0 < length < 1e15 else None


def _webm_tracks(file: BinaryIO, tracks: _Element, found: Recording) -> set[int]:
    kinds = set()
    for entry in _elements(file, tracks.body, tracks.stop):
        if entry.kind != 0xAE:
            continue
        for part in _elements(file, entry.body, entry.stop):
            if part.kind == 0x83:
                kinds.add(_number(file, part))
            elif part.kind == 0xE0:
                shape = {inner.kind: inner for inner in _elements(file, part.body, part.stop)}
                if 0xB0 in shape and 0xBA in shape:
                    found.width = max(1, _number(file, shape[0xB0]))
                    found.height = max(1, _number(file, shape[0xBA]))
    return kinds


def _number(file: BinaryIO, part: _Element) -> int:
    file.seek(part.body)
    return int.from_bytes(file.read(min(4, part.stop - part.body)), "big")


# ---- Ogg


def _ogg(file: BinaryIO, size: int) -> Recording:
    file.seek(0)
    head = file.read(_COMMENTS)
    first = head[27 + head[26] :]
    if first[:8] == b"OpusHead":
        rate, lead = 48_000, struct.unpack("<H", first[10:12])[0]
    elif first[:7] == b"\x01vorbis":
        rate, lead = struct.unpack("<I", first[12:16])[0], 0
    elif first[:5] == b"\x7fFLAC":
        rate, lead = int.from_bytes(first[27:30], "big") >> 4, 0
    else:
        raise _refused(_UNKNOWN)
    words = head.lower()
    if b"location=" in words or b"geo_" in words or b"gps" in words[:8192]:
        raise _refused(_PLACES)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    last = tail.rfind(b"OggS")
    if last < 0:
        raise _refused(_DAMAGED)
    (samples,) = struct.unpack("<q", tail[last + 6 : last + 14])
    return Recording("audio", "ogg", _milliseconds(samples - lead, rate))


# ---- WAV


def _wav(file: BinaryIO, size: int) -> Recording:
    found, rate, length = Recording("audio", "wav"), 0, 0
    at, count = 12, 0
    while at + 8 <= size:
        file.seek(at)
        kind, long = struct.unpack("<4sI", file.read(8))
        stop = at + 8 + long
        count += 1
        if stop > size or count > _MOST_PARTS:
            raise _refused(_DAMAGED)
        if kind == b"fmt ":
            form, _channels, _samples, rate = struct.unpack("<HHII", file.read(12))
            if form not in {1, 3, 0xFFFE}:
                raise _refused(_UNKNOWN)
        elif kind == b"data":
            length = long
        elif kind != b"fact":
            found.blanks += [Blank(at, at + 4, b"JUNK"), Blank(at + 8, stop, b"")]
        at = stop + long % 2
    if not rate or not length:
        raise _refused(_DAMAGED)
    found.duration = _milliseconds(length, rate)
    return found


# ---- MP3

_BITRATES = {  # kbit/s of layer III by version 1, and 2 or 2.5
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


@dataclass(frozen=True, slots=True)
class _Frame:
    length: int
    bitrate: int
    rate: int
    samples: int


def _frame(head: bytes) -> _Frame | None:
    """The layer III frame that this header begins, if it does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, speed, pitch = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or pitch == 3 or not 0 < speed < 15:
        return None
    bitrate = _BITRATES[3 if version == 3 else 2][speed] * 1000
    rate, samples = _RATES[version][pitch], 1152 if version == 3 else 576
    return _Frame(samples // 8 * bitrate // rate + (head[2] >> 1 & 1), bitrate, rate, samples)


def _mp3(file: BinaryIO, size: int, head: bytes) -> Recording:
    begin = 0
    if head[:3] == b"ID3":
        if len(head) < 10:
            raise _refused(_DAMAGED)
        begin = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        begin += 10 if head[5] & 0x10 else 0
    file.seek(begin)
    data = file.read(8192)
    # Some writers leave zeros between the tag and the sound.
    lead = len(data) - len(data.lstrip(b"\0"))
    frame = _frame(data[lead : lead + 4])
    second = data[lead + frame.length : lead + frame.length + 4] if frame else b""
    if frame is None or (second and _frame(second) is None):
        raise _refused(_UNKNOWN if begin == 0 else _DAMAGED)
    begin += lead
    first = data[lead : lead + frame.length]
    place = max(first.find(b"Xing"), first.find(b"Info"))
    if place > 0 and first[place + 7] & 1:
        (frames,) = struct.unpack(">I", first[place + 8 : place + 12])
        duration = _milliseconds(frames * frame.samples, frame.rate)
    else:
        duration = _milliseconds((size - begin) * 8, frame.bitrate)
    return Recording("audio", "mp3", duration, begin=begin)
