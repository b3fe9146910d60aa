"""Parts of stored files, as players ask for them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.web.files import PART, UNSATISFIABLE, byte_range

NAME = "ab/abcdef0123.mp4"
URL = f"/media/{NAME}"
DATA = bytes(number % 251 for number in range(PART + 5000))
TAG = f'"{NAME}"'


@pytest.fixture(autouse=True)
def video(app: Flask) -> None:
    app.extensions["contentshop"].engines.storage.put(NAME, DATA)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("Bytes= 10-19", 10, 20),
        ("bytes=0-", 0, PART),
        (f"bytes=0-{len(DATA) * 9}", 0, PART),
        ("bytes=5000-", 5000, len(DATA)),
        (f"bytes={len(DATA) - 1}-", len(DATA) - 1, len(DATA)),
        ("bytes=-7", len(DATA) - 7, len(DATA)),
    ],
)
def test_a_part_is_answered(client: FlaskClient, asked: str, start: int, stop: int) -> None:
    answer = client.get(URL, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == DATA[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["ETag"] == TAG
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=-0", f"bytes={10**17}-{10**17 + 5}"])
def test_a_part_behind_the_end_is_refused(client: FlaskClient, asked: str) -> None:
    answer = client.get(URL, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"
    assert answer.data == b""


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-9", "bytes=9-5", "bytes=-", "bytes=a-b", "items=0-5", "bytes", "", "bytes=1e3-", "bytes=²-"]
)
def test_what_is_no_range_is_answered_with_the_whole(client: FlaskClient, asked: str) -> None:
    answer = client.get(URL, headers={"Range": asked.encode().decode("latin-1")})
    assert answer.status_code == 200
    assert answer.data == DATA
    assert "Content-Range" not in answer.headers


def test_a_part_of_something_else_is_answered_with_the_whole(client: FlaskClient) -> None:
    for word, status in ((TAG, 206), (f"W/{TAG}", 200), ('"other"', 200), ("Fri, 20 Nov 2026 12:00:00 GMT", 200)):
        answer = client.get(URL, headers={"Range": "bytes=0-9", "If-Range": word})
        assert (word, answer.status_code) == (word, status)
        answer.close()


def test_what_is_known_is_not_sent_again(client: FlaskClient) -> None:
    for headers in ({"If-None-Match": TAG}, {"If-None-Match": f'W/{TAG}, "x"', "Range": "bytes=0-9"}):
        answer = client.get(URL, headers=headers)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == TAG
    assert client.get(URL, headers={"If-None-Match": '"x"', "Range": "bytes=0-9"}).status_code == 206


def test_a_head_tells_the_size_and_reads_nothing(client: FlaskClient) -> None:
    answer = client.head(URL, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(DATA))


def test_the_rule_by_itself() -> None:
    assert byte_range("bytes=0-", 10, 4) == (0, 4)
    assert byte_range("bytes=-99", 10, 4) == (0, 10)
    assert byte_range("bytes=0-0", 0, 4) == UNSATISFIABLE
    assert byte_range("bytes=-5", 0, 4) == UNSATISFIABLE
