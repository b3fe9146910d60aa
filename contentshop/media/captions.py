"""Captions: WebVTT checked and written anew, SRT turned into it.

What is kept are times and words. Styles, regions and notes of a WebVTT file stay behind, since a style may load
things from elsewhere. Source: the W3C's WebVTT description; SRT has none, its form is the one that players share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from contentshop.core.errors import Invalid
from contentshop.core.words import Said, say

MAX_BYTES = 1024 * 1024
MAX_CUES = 10_000

_TIME = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t]+(.*))?")
_SETTING = re.compile(r"(?:align:(?:start|center|end|left|right)|(?:line|position|size):[\d.,%a-z-]{1,20})")
_FOREIGN_TAG = re.compile(r"<(?!/?(?:b|i|u|v|c|ruby|rt)\b)[^<>]*>|\{\\[^}]*\}", re.IGNORECASE)
_ENCODINGS = ("utf-8-sig", "utf-16", "gb18030")


@dataclass(frozen=True, slots=True)
class Captions:
    """Cues as a WebVTT file; ``duration`` is the end of the last one, in milliseconds."""

    data: bytes
    cues: int
    duration: int


def looks_like_captions(head: bytes, name: str) -> bool:
    """Whether the first bytes or, where these are text, the name are those of captions."""
    if head.startswith((b"WEBVTT", b"\xef\xbb\xbfWEBVTT")):
        return True
    return name.lower().endswith((".vtt", ".srt")) and (b"\0" not in head or head[:2] in {b"\xff\xfe", b"\xfe\xff"})


def read_captions(data: bytes) -> Captions:
    """Read WebVTT or SRT. Raises Invalid (field ``file``) that names the line that cannot be read."""
    if len(data) > MAX_BYTES:
        raise _refused(say("A captions file may have at most %(most)s MB.", most=MAX_BYTES // 1024 // 1024))
    lines = _text(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    out, cues, before, last = ["WEBVTT", ""], 0, 0, 0
    at = _after_header(lines)
    while at < len(lines):
        at, block = _block(lines, at)
        if not block or block[0][1].startswith(("NOTE", "STYLE", "REGION")):
            continue
        timing = next(((number, line) for number, line in block[:2] if "-->" in line), None)
        if timing is None:
            raise _at(block[0][0], say("a cue begins with its times, like 00:01.000 --> 00:04.000"))
        begin, end, settings = _times(*timing)
        if begin < before:
            raise _at(timing[0], say("this cue begins before the one above it"))
        words = [line for number, line in block if number > timing[0]]
        before, last, cues = begin, max(last, end), cues + 1
        if cues > MAX_CUES:
            raise _refused(say("A captions file may have at most %(most)s cues.", most=f"{MAX_CUES:,}"))
        out += [f"{_stamp(begin)} --> {_stamp(end)}{settings}", *(_words(line) for line in words), ""]
    if not cues:
        raise _refused(say("There are no cues in this file."))
    return Captions("\n".join(out).encode(), cues, last)


def _text(data: bytes) -> str:
    for encoding in _ENCODINGS:
        if encoding == "utf-16" and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
            continue
        try:
            return data.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise _refused(say("The signs of this file cannot be read. Save it as UTF-8 and send it again."))


def _after_header(lines: list[str]) -> int:
    """The first line behind the header of a WebVTT file, which ends with an empty line; SRT has none."""
    if not lines[0].startswith("WEBVTT"):
        return 0
    return next((number for number, line in enumerate(lines) if not line.strip()), len(lines))


def _block(lines: list[str], at: int) -> tuple[int, list[tuple[int, str]]]:
    """(where to go on, [(line number, line)] up to the next empty line)."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    block = []
    while at < len(lines) and lines[at].strip():
        block.append((at + 1, lines[at]))
        at += 1
    return at, block


def _times(number: int, line: str) -> tuple[int, int, str]:
    match = _TIMING.fullmatch(line.rstrip())
    if match is None:
        raise _at(number, say("these times cannot be read; write them like 00:01.000 --> 00:04.000"))
    begin, end = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:8])
    if end <= begin:
        raise _at(number, say("a cue must end after it begins"))
    kept = [setting for setting in (match[9] or "").split() if _SETTING.fullmatch(setting)]
    return begin, end, "".join(f" {setting}" for setting in kept)


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _stamp(moment: int) -> str:
    seconds, rest = divmod(moment, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _words(line: str) -> str:
    """A line of a cue without what only other players know; an arrow would begin another cue."""
    return _FOREIGN_TAG.sub("", line).replace("-->", "→").strip() or "\u00a0"


def _at(number: int, message: Said) -> Invalid:
    return _refused(say("Line %(line)s: %(message)s.", line=number, message=message))


def _refused(message: str) -> Invalid:
    return Invalid({"file": [message]})
