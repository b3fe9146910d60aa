"""The media library: sending, finding, describing, deleting."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from contentshop.config import Settings
from contentshop.core.uow import unit_of_work
from contentshop.media.models import Asset
from contentshop.posts.models import Post, RevisionAsset
from contentshop.products.models import ProductPicture
from tests.conftest import csrf_of, make_settings
from tests.factories import Factory
from tests.rooms.media.pictures import picture
from tests.rooms.media.recordings import PLACE, mp3, mp4

SignIn = Callable[[FlaskClient, Any], FlaskClient]
JSON = {"Accept": "application/json"}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url, media_max_mb=20)


@pytest.fixture
def creator(make: Factory) -> Any:
    return make.user("creator")


@pytest.fixture
def studio(client: FlaskClient, sign_in: SignIn, creator: Any) -> FlaskClient:
    return sign_in(client, creator)


def send(client: FlaskClient, *files: tuple[bytes, str], json: bool = True, **fields: str) -> Any:
    values = MultiDict({"csrf_token": csrf_of(client, "/studio/media"), **fields})
    for content, name in files:
        values.add("file", FileStorage(BytesIO(content), name))
    # Not by the client itself, which leaves open the temporary file that it puts a large form into.
    boundary, body = encode_multipart(values)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return client.post("/studio/media", data=body, headers=headers | (JSON if json else {}))


def stored(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.media_dir.rglob("*.*"))


def only(session: Session) -> Asset:
    session.rollback()
    return session.scalars(select(Asset)).one()


def test_a_picture_sent_by_a_script_is_answered_with_the_line_to_insert(
    studio: FlaskClient, session: Session, settings: Settings, creator: Any
) -> None:
    answer = send(studio, (picture(size=(800, 400)), "Lamp.jpg"), alt='A "warm" lamp')
    assert answer.status_code == 201
    asset = only(session)
    assert (asset.kind, asset.name, asset.alt, asset.owner_id) == ("picture", "Lamp.jpg", 'A "warm" lamp', creator.id)
    assert asset.bytes == sum(path.stat().st_size for path in settings.media_dir.rglob("*.webp"))
    assert answer.json == {
        "key": asset.key,
        "kind": "picture",
        "name": "Lamp.jpg",
        "url": f"/media/{asset.key[:2]}/{asset.key}-640.webp",
        "thumb": f"/media/{asset.key[:2]}/{asset.key}-640.webp",
        "width": 800,
        "height": 400,
        "alt": 'A "warm" lamp',
        "facts": ["800 × 400", f"{max(1, round(asset.bytes / 1024))} KB"],
        "markup": f'::picture[{asset.key}]{{alt="A ”warm” lamp"}}',
        "page": f"/studio/media/{asset.key}",
        "notes": [],
    }
    page = studio.get(answer.json["page"])
    assert page.status_code == 200
    assert "Nothing uses it now." in page.text


def test_a_video_is_kept_whole_but_for_its_places(
    studio: FlaskClient, session: Session, settings: Settings, client: FlaskClient
) -> None:
    data = mp4(data=bytes(range(256)) * 5000)
    answer = send(studio, (data, "walk.mov"))
    asset = only(session)
    assert (asset.kind, asset.form, asset.duration, asset.width, asset.height) == ("video", "mp4", 83_500, 1280, 720)
    assert answer.json["markup"] == f'::video[{asset.key}]{{caption=""}}'
    assert answer.json["facts"][:2] == ["1:23", "1280 × 720"]
    kept = (settings.media_dir / asset.key[:2] / f"{asset.key}.mp4").read_bytes()
    assert len(kept) == len(data) == asset.bytes
    assert PLACE in data
    assert PLACE not in kept
    assert bytes(range(256)) * 5000 in kept
    assert client.get(answer.json["url"], headers={"Range": "bytes=4-7"}).data == b"ftyp"


def test_sounds_and_captions(studio: FlaskClient, session: Session) -> None:
    sound = send(studio, (mp3(), "note.mp3")).json
    assert (sound["kind"], sound["markup"]) == ("audio", f'::audio[{sound["key"]}]{{caption=""}}')
    srt = b"1\n00:00:01,000 --> 00:00:02,000\nHello\n"
    captions = send(studio, (srt, "film.srt"), lang="EN").json
    assert (captions["kind"], captions["markup"]) == ("captions", f'captions="{captions["key"]}"')
    assert session.scalar(select(Asset.lang).where(Asset.key == captions["key"])) == "en"
    answer = studio.get(captions["url"])
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.data == b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"


def _bomb() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))


def _noise() -> bytes:
    out = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"<script>alert(1)</script>", "x.jpg", "This is not a picture we can read."),
        (b"#!/bin/sh\nrm -rf /\n", "x.png", "This is not a picture we can read."),
        (b"<svg onload='alert(1)'/>", "x.svg", "An SVG drawing can carry programs"),
        (_bomb(), "bomb.png", "This picture is too large. Send one of at most 40 megapixels."),
        (_noise()[:4000], "half.jpg", "This picture is damaged or incomplete."),
        (picture("PNG", (20_000, 500)), "wide.png", "This picture is too narrow."),
        (picture("PNG", (20_000, 2_600)), "wide.png", "This picture is too large."),
        (b"\0\0\0\x18ftypheic" + bytes(60), "x.heic", "HEIC and AVIF pictures cannot be read here."),
        (b"", "empty.jpg", "Choose a file first: this one is empty."),
        (mp4()[:200], "half.mp4", "This file is damaged or incomplete."),
        (mp4(data=bytes(20 * 1024 * 1024 + 1000)), "long.mp4", "This file is too large. Send at most 20 MB."),
        (b"\xff\xd8\xff" + bytes(13 * 1024 * 1024), "large.jpg", "This file is too large. Send at most 12 MB."),
        (b"WEBVTT\n\nno times", "x.vtt", "Line 3: a cue begins with its times"),
    ],
)
def test_what_cannot_be_taken_is_told_in_place_and_leaves_nothing(
    studio: FlaskClient, session: Session, settings: Settings, data: bytes, name: str, message: str
) -> None:
    answer = send(studio, (data, name))
    assert answer.status_code == 422
    (told,) = answer.json["errors"]["file"]
    assert told.startswith(message)
    page = send(studio, (data, name), json=False, alt="My words")
    assert page.status_code == 422
    # The form still holds what was typed, and the message stands at the field.
    assert 'value="My words"' in page.text
    assert 'aria-describedby="upload-hint f-file-errors"' in page.text
    assert message.split("“")[0].split("'")[0] in page.text
    assert session.scalars(select(Asset)).all() == []
    assert stored(settings) == []


def test_nobody_may_send_more_than_the_site_takes(
    studio: FlaskClient, make: Factory, app: Flask, sign_in: SignIn
) -> None:
    assert send(studio, (bytes(22 * 1024 * 1024), "x.mp4")).status_code == 413
    # Who may not write is held to the limit of every other form, before anything is read.
    reader = sign_in(app.test_client(), make.user("reader"))
    token = csrf_of(reader, "/account")
    boundary, body = encode_multipart({"csrf_token": token, "x": "x" * 13 * 1024 * 1024})
    sent = reader.post("/studio/media", data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert sent.status_code == 413
    assert reader.post("/studio/media", data={"csrf_token": token}).status_code == 403


def test_of_an_animation_the_first_picture_is_kept_and_that_is_said(studio: FlaskClient) -> None:
    out = BytesIO()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    answer = send(studio, (out.getvalue(), "moving.gif"))
    assert answer.status_code == 201
    assert answer.json["notes"] == [
        "Of an animation only the first picture is kept. To keep it moving, send it as an MP4 or WebM video."
    ]


def test_a_form_without_script_sends_several_and_says_which_failed(studio: FlaskClient, session: Session) -> None:
    answer = send(studio, (picture(), "one.jpg"), (b"junk", "two.jpg"), (mp4(), "three.mp4"), json=False)
    assert answer.status_code == 422
    assert "two.jpg: This is not a picture we can read." in answer.text
    assert sorted(session.scalars(select(Asset.name))) == ["one.jpg", "three.mp4"]
    answer = send(studio, (picture(colour=(1, 2, 3)), "four.jpg"), json=False)
    assert answer.status_code == 303
    session.rollback()
    key = session.scalar(select(Asset.key).where(Asset.name == "four.jpg"))
    assert answer.headers["Location"] == f"/studio/media/{key}"


def test_the_same_file_is_kept_once_a_person(
    studio: FlaskClient, session: Session, settings: Settings, make: Factory, app: Flask, sign_in: SignIn
) -> None:
    first = send(studio, (picture(), "one.jpg")).json["key"]
    before = stored(settings)
    again = send(studio, (picture(), "one-again.jpg"), alt="A lamp")
    assert (again.json["key"], again.json["alt"]) == (first, "A lamp")
    assert stored(settings) == before
    other = sign_in(app.test_client(), make.user("creator"))
    assert send(other, (picture(), "mine.jpg")).json["key"] != first
    assert session.scalars(select(Asset).order_by(Asset.id)).all()[1].name == "mine.jpg"


def test_the_library_is_searched_filtered_and_turned(studio: FlaskClient) -> None:
    keys = [send(studio, (picture(size=(100 + n, 50)), f"lamp-{n}.jpg")).json["key"] for n in range(25)]
    send(studio, (mp4(), "walk.mp4"), alt="A walk in the rain")
    page = studio.get("/studio/media")
    assert 'aria-current="page">All<span class="count">26</span>' in page.text
    assert page.text.count('<li class="medium">') == 24
    assert "Page 1 of 2" in page.text
    assert keys[0] in studio.get("/studio/media?page=2").text
    found = studio.get("/studio/media?q=RAIN").text
    assert found.count('<li class="medium">') == 1
    assert "A walk in the rain" in found
    assert studio.get("/studio/media?kind=video").text.count('<li class="medium">') == 1
    assert studio.get("/studio/media?q=100%25").text.count('<li class="medium">') == 0
    answer = studio.get("/studio/media.json?q=lamp-1&kind=picture").json
    names = [entry["name"] for entry in answer["media"]]
    assert names == [f"lamp-{n}.jpg" for n in (19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1)]
    assert answer["more"] is False


def test_pages_that_crop_the_picture_follow_its_focus_at_once(
    studio: FlaskClient, session: Session, make: Factory, creator: Any
) -> None:
    key = send(studio, (picture(size=(1000, 500)), "one.jpg")).json["key"]
    lamp = make.product("lamp", own={"USD": 1900}, stock=3)
    make.post(creator, slug="guide", source=f'::picture[{key}]{{alt="A lamp"}}\n\n::card[lamp]\n')
    with unit_of_work(session):
        session.add(ProductPicture(product_id=lamp.id, asset_id=only(session).id, position=0))
    reader = studio.application.test_client()
    paths = ("/products/lamp", "/p/guide", "/", "/search?q=lamp")
    assert [path for path in paths if "focus-x" in reader.get(path).text] == []
    assert 'alt="(' not in reader.get("/search?q=lamp").text
    url = f"/studio/media/{key}"
    answer = studio.post(url, data={"csrf_token": csrf_of(studio, url), "alt": "A", "focus_x": "20", "focus_y": "90"})
    assert answer.status_code == 303
    assert [path for path in paths if "focus-x-2 focus-y-9" not in reader.get(path).text] == []
    studio.post("/cart/add", data={"product": "lamp"}, headers={"Origin": "http://localhost"})
    assert "focus-x-2 focus-y-9" in studio.get("/cart").text


def test_words_and_focus_are_changed_by_numbers_or_by_pressing(studio: FlaskClient, session: Session) -> None:
    key = send(studio, (picture(size=(1000, 500)), "one.jpg")).json["key"]
    url = f"/studio/media/{key}"

    def change(**values: str) -> int:
        return studio.post(url, data={"csrf_token": csrf_of(studio, url), **values}).status_code

    assert change(alt="A lamp", focus_x="20", focus_y="90") == 303
    asset = only(session)
    assert (asset.alt, asset.focus) == ("A lamp", (20, 90))
    page = studio.get(url).text
    assert 'class="picture focus-x-2 focus-y-9"' in page
    assert '<svg class="focus-mark" viewBox="0 0 240 120"' in page
    assert '<circle cx="48.0" cy="108.0"' in page
    # Pressed at 60 of 240 and 30 of 120 pixels.
    assert change(alt="A lamp", **{"focus_x": "20", "focus_y": "90", "focus.x": "60", "focus.y": "30"}) == 303
    assert only(session).focus == (25, 25)
    assert change(alt="x" * 301, focus_x="101", focus_y="-1") == 422
    assert change(alt="A lamp", focus_x="50", focus_y="1e1") == 422
    assert only(session).focus == (25, 25)


def test_a_cover_is_cropped_around_its_focus(
    studio: FlaskClient, session: Session, make: Factory, creator: Any, app: Flask
) -> None:
    key = send(studio, (picture(size=(1000, 500)), "one.jpg")).json["key"]
    post = make.post(author=creator, published=True)
    with unit_of_work(session):
        found = session.get(Post, post.id)
        assert found is not None
        assert found.live is not None
        found.live.cover_id = session.scalar(select(Asset.id).where(Asset.key == key))
        session.execute(update(Asset).values(focus_x=94, focus_y=11))
    assert 'class="picture focus-x-9 focus-y-1"' in app.test_client().get("/").text


def test_what_is_used_says_where_and_cannot_be_deleted(
    studio: FlaskClient, session: Session, make: Factory, creator: Any, settings: Settings
) -> None:
    one = send(studio, (picture(), "one.jpg")).json["key"]
    clip = send(studio, (mp4(), "clip.mp4")).json["key"]
    source = (
        f'Words.\n\n<img src="/media/{one[:2]}/{one}-640.webp" alt="x" width="640" height="320">\n\nText {clip} end.'
    )
    post = make.post(author=creator, title="Lamps of my life", source=source, published=True)
    asset = session.scalars(select(Asset).where(Asset.key == one)).one()
    assert session.scalars(select(RevisionAsset.asset_id).order_by(RevisionAsset.asset_id)).all() == [
        asset.id,
        session.scalar(select(Asset.id).where(Asset.key == clip)),
    ]
    page = studio.get("/studio/media").text
    assert page.count("In 1 post") == 2
    url = f"/studio/media/{one}"
    text = studio.get(url).text
    assert f'<a href="/studio/{post.key}">Lamps of my life</a>' in text
    assert "Delete for good" not in text
    token = csrf_of(studio, url)
    assert studio.post(f"{url}/delete", data={"csrf_token": token}).status_code == 409
    assert session.scalar(select(Asset.id).where(Asset.key == one)) == asset.id
    assert f"{one}-640.webp" in stored(settings)


def test_what_only_an_older_version_names_can_be_deleted_with_its_files(
    studio: FlaskClient, session: Session, make: Factory, creator: Any, settings: Settings
) -> None:
    key = send(studio, (picture(), "one.jpg")).json["key"]
    post = make.post(author=creator, source=f"Words {key} here.", published=True)
    with unit_of_work(session):
        found = session.get(Post, post.id)
        assert found is not None
        revisions = session.scalars(select(RevisionAsset.revision_id)).all()
        assert revisions == [found.live_id]
        # As if the text had been written anew: neither the draft nor the live revision is this one.
        from contentshop.posts.models import Revision

        newer = Revision(post_id=post.id, number=99, title="New", saved_at=post.created_at)
        session.add(newer)
        session.flush()
        found.live_id = found.draft_id = newer.id
    url = f"/studio/media/{key}"
    page = studio.get(url).text
    assert "Nothing uses it now." in page
    assert "Older versions of a text name it" in page
    answer = studio.post(f"{url}/delete", data={"csrf_token": csrf_of(studio, url)})
    assert answer.status_code == 303
    session.rollback()
    assert session.scalars(select(Asset)).all() == []
    assert session.scalars(select(RevisionAsset)).all() == []
    assert stored(settings) == []


def test_what_another_person_sent_is_not_there(
    studio: FlaskClient, make: Factory, app: Flask, sign_in: SignIn, session: Session
) -> None:
    key = send(studio, (picture(), "one.jpg")).json["key"]
    other = sign_in(app.test_client(), make.user("editor"))
    token = csrf_of(other, "/studio/media")
    assert other.get(f"/studio/media/{key}").status_code == 404
    assert other.post(f"/studio/media/{key}", data={"csrf_token": token, "alt": "x"}).status_code == 404
    assert other.post(f"/studio/media/{key}/delete", data={"csrf_token": token}).status_code == 404
    assert other.get("/studio/media.json").json == {"media": [], "more": False}
    assert only(session).alt == ""


def test_hostile_words_stay_words(studio: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script>'
    answer = send(studio, (picture(), "<script>alert(2)<script>.jpg"), alt=hostile + "{}]\n::card[x]")
    assert answer.status_code == 201, answer.json
    assert answer.json["markup"].count("\n") == 0
    for page in ("/studio/media", answer.json["page"], "/studio/media?q=" + hostile):
        assert "<script>alert" not in studio.get(page).text


def test_without_a_token_nothing_is_taken(studio: FlaskClient, session: Session) -> None:
    answer = studio.post("/studio/media", data={"file": (BytesIO(picture()), "x.jpg")})
    assert answer.status_code == 400
    assert session.scalars(select(Asset)).all() == []
    # A script may send the token as a header.
    token = csrf_of(studio, "/studio/media")
    sent = {"file": (BytesIO(picture()), "x.jpg")}
    assert studio.post("/studio/media", data=sent, headers=JSON | {"X-CSRFToken": token}).status_code == 201
