"""Captions: checked, converted, freed of styles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.errors import Invalid
from contentshop.media.captions import MAX_BYTES, looks_like_captions, read_captions

VTT = """WEBVTT - a title

STYLE
::cue { background: url(https://example.org/spy) }

NOTE nobody reads this

1
00:01.000 --> 00:04.500 align:start position:10% onclick:alert(1)
Hello <b>there</b> <script>alert(1)</script>
second line

01:00:05.000 --> 01:00:06.000
Later
"""


def refusal(data: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_captions(data)
    assert list(refused.value.fields) == ["file"]
    return refused.value.fields["file"][0]


def test_cues_are_kept_and_styles_are_not() -> None:
    found = read_captions(VTT.encode())
    assert found.data.decode() == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:04.500 align:start position:10%\n"
        "Hello <b>there</b> alert(1)\nsecond line\n\n"
        "01:00:05.000 --> 01:00:06.000\nLater\n"
    )
    assert (found.cues, found.duration) == (2, 3_606_000)
    assert read_captions(found.data) == found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_srt_becomes_webvtt_whatever_its_encoding(encoding: str) -> None:
    srt = (
        '1\r\n00:00:01,000 --> 00:00:02,250\r\n<font color="red">你好</font>\r\n\r\n'
        "2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}世界\r\n"
    )
    found = read_captions(srt.encode(encoding))
    assert found.data.decode() == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.250\n你好\n\n00:00:03.000 --> 00:00:04.000\n世界\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("WEBVTT\n\nno times here\n", "Line 3: a cue begins with its times, like 00:01.000 --> 00:04.000."),
        ("WEBVTT\n\n00:01.000 --> soon\nx\n", "Line 3: these times cannot be read"),
        ("WEBVTT\n\n00:04.000 --> 00:01.000\nx\n", "Line 3: a cue must end after it begins."),
        ("WEBVTT\n\n00:04.000 --> 00:05.000\nx\n\n00:01.000 --> 00:02.000\ny\n", "Line 6: this cue begins before"),
        ("WEBVTT\n", "There are no cues in this file."),
        ("", "There are no cues in this file."),
        ("1\n00:99:01,000 --> 00:00:02,250\nx", "Line 2: these times cannot be read"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, message: str) -> None:
    assert refusal(text.encode()).startswith(message)


def test_limits() -> None:
    assert refusal(b"WEBVTT\n\n" + b"x" * MAX_BYTES) == "A captions file may have at most 1 MB."
    cue = "\n00:00:01.000 --> 00:00:02.000\nx\n"
    assert refusal(("WEBVTT\n" + cue * 10_001).encode()) == "A captions file may have at most 10,000 cues."
    assert refusal(b"\xff\xff\xff\x80") == "The signs of this file cannot be read. Save it as UTF-8 and send it again."


def test_captions_are_told_by_content_and_name() -> None:
    assert looks_like_captions(b"WEBVTT", "x.txt")
    assert looks_like_captions(b"1\n00:00", "Film.SRT")
    assert looks_like_captions("1".encode("utf-16"), "film.srt")
    assert not looks_like_captions(b"1\n00:00", "film.txt")
    assert not looks_like_captions(b"\x89PNG\0\0", "film.srt")


def test_an_arrow_in_the_words_begins_no_cue() -> None:
    found = read_captions(b"WEBVTT\n\n00:01.000 --> 00:02.000\na --> b\n")
    assert found.data.endswith("\na → b\n".encode())


@given(st.binary(max_size=400), st.booleans())
def test_anything_is_read_or_refused(data: bytes, headed: bool) -> None:
    try:
        outcome = read_captions(b"WEBVTT\n\n" + data if headed else data).cues > 0
    except Invalid as refused:
        outcome = list(refused.fields) == ["file"]
    assert outcome
