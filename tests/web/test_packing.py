"""Styles, scripts and glyphs: compressed for those who take it, the same bytes for everybody."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import contentshop

STATIC = Path(contentshop.__file__).parent / "static"
PACKED = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("name", ["css/site.css", "js/site.js", "icons.svg"])
def test_text_comes_packed_and_whole(client: FlaskClient, name: str) -> None:
    for _time in range(2):  # packed, then kept
        answer = client.get(f"/static/{name}", headers=PACKED)

        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.content_length == len(answer.data) < (STATIC / name).stat().st_size
        assert gzip.decompress(answer.data) == (STATIC / name).read_bytes()


def test_those_who_take_nothing_packed_get_the_file(client: FlaskClient) -> None:
    with client.get("/static/css/site.css", headers={"Accept-Encoding": "gzip;q=0"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.data == (STATIC / "css/site.css").read_bytes()


def test_a_kept_copy_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/static/css/site.css", headers=PACKED).headers["ETag"]

    again = client.get("/static/css/site.css", headers={**PACKED, "If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")


def test_parts_heads_and_missing_files_pass_as_they_are(client: FlaskClient) -> None:
    with client.get("/static/css/site.css", headers={**PACKED, "Range": "bytes=0-9"}) as part:
        assert (part.status_code, len(part.data), "Content-Encoding" in part.headers) == (206, 10, False)

    head = client.head("/static/css/site.css", headers=PACKED)
    missing = client.get("/static/css/none.css", headers=PACKED)

    assert (head.status_code, head.data) == (200, b"")
    assert missing.status_code == 404
