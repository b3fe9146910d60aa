"""The studio through its door."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import joinedload

from contentshop.accounts.models import User
from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.media.models import Asset
from contentshop.posts.blocks import RELATIONS
from contentshop.posts.models import Post, Revision
from contentshop.posts.queries import list_problems
from tests.conftest import csrf_of, make_settings
from tests.factories import Factory

SignIn = Callable[[FlaskClient, Any], FlaskClient]


def picture(colour: str = "red", size: tuple[int, int] = (1400, 700)) -> BytesIO:
    data = BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    data.seek(0)
    return data


class Writer:
    """A creator's browser at the writing page of one post."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.key = ""

    def token(self) -> str:
        return csrf_of(self.client, "/studio/new")

    def post(self, url: str, **data: Any) -> Any:
        return self.client.post(url, data={"csrf_token": self.token(), **data})

    def begin(self, kind: str = "article", **data: Any) -> str:
        answer = self.post("/studio/new", **({"kind": kind, "title": "Lamps", "lang": "en"} | data))
        assert answer.status_code == 303, answer.text
        self.key = answer.location.rpartition("/")[2]
        return self.key

    def fields(self, **changes: Any) -> dict[str, Any]:
        post = self.stored()
        typed: dict[str, Any] = {
            "version": str(post.draft_version),
            "title": "Lamps",
            "summary": "",
            "source": "Words.",
            "lang": "en",
            "tested": "",
            "relation": "affiliate",
        }
        return typed | changes

    def save(self, **changes: Any) -> Any:
        return self.post(f"/studio/{self.key}", **self.fields(**changes))

    def publish(self, **changes: Any) -> Any:
        return self.post(f"/studio/{self.key}/publish", **self.fields(**changes))

    def stored(self) -> Post:
        # A context of its own: one that stays open would be shared by all requests, with what they remember.
        with self.client.application.app_context():
            return db.session.query(Post).options(joinedload(Post.draft)).filter_by(key=self.key).one()

    def draft(self) -> Revision:
        draft = self.stored().draft
        assert draft is not None
        return draft

    def asset(self) -> Asset:
        with self.client.application.app_context():
            return db.session.query(Asset).one()


@pytest.fixture
def author(make: Factory) -> User:
    return make.user("creator")


@pytest.fixture
def writer(client: FlaskClient, sign_in: SignIn, author: User) -> Writer:
    return Writer(sign_in(client, author))


def role_of(app: Flask, user: User) -> str:
    with app.app_context():
        return db.session.get_one(User, user.id).role


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class TestStarting:
    def test_a_visitor_is_asked_to_sign_in(self, client: FlaskClient) -> None:
        answer = client.get("/studio")

        assert (answer.status_code, answer.location) == (302, "/sign-in?next=/studio")

    def test_a_reader_becomes_a_creator_with_one_press(
        self, app: Flask, client: FlaskClient, make: Factory, sign_in: SignIn
    ) -> None:
        reader = make.user("reader")
        sign_in(client, reader)
        page = client.get("/studio")
        assert page.status_code == 200
        assert "Become a creator" in page.text
        assert client.get("/studio/new").status_code == 403

        answer = client.post("/studio/start", data={"csrf_token": csrf_of(client, "/studio")})

        assert (answer.status_code, answer.location) == (303, "/studio/new")
        assert client.get("/studio/new").status_code == 200
        assert role_of(app, reader) == "creator"

    def test_an_operator_keeps_the_role(self, app: Flask, client: FlaskClient, make: Factory, sign_in: SignIn) -> None:
        operator = make.user("operator")
        sign_in(client, operator)

        assert "Start writing" not in client.get("/studio").text
        token = csrf_of(client, "/account/password")
        answer = client.post("/studio/start", data={"csrf_token": token})
        assert (answer.status_code, answer.location) == (303, "/studio")
        assert "Ask them for a creator account" in client.get("/studio").text
        assert role_of(app, operator) == "operator"

    def test_the_first_visit_says_what_to_do(self, writer: Writer) -> None:
        page = writer.client.get("/studio").text

        assert "Nothing written yet" in page
        assert "Write your first post" in page

    def test_a_post_is_begun(self, writer: Writer, author: User) -> None:
        key = writer.begin("list", title="Three lamps", lang="zh")

        post = writer.stored()
        assert (post.kind, post.lang, post.state, post.author_id) == ("list", "zh", "draft", author.id)
        page = writer.client.get(f"/studio/{key}")
        assert page.status_code == 200
        assert ">Three lamps</textarea>" in page.text
        assert page.headers["Cache-Control"] == "private, no-store"

    def test_a_kind_that_does_not_exist_is_refused(self, writer: Writer) -> None:
        answer = writer.post("/studio/new", kind="poem", title="Kept", lang="en")

        assert answer.status_code == 422
        assert 'value="Kept"' in answer.text
        assert "Nothing written yet" in writer.client.get("/studio").text


class TestWriting:
    def test_a_draft_is_saved(self, writer: Writer, make: Factory) -> None:
        make.topic("audio")
        key = writer.begin()

        answer = writer.save(
            title="Lamps that stay",
            summary="Sum",
            source="## Why\r\n\r\nBecause.",
            tested="A month",
            relation="lent",
            topics=["audio"],
        )

        assert (answer.status_code, answer.location) == (303, f"/studio/{key}")
        draft = writer.draft()
        assert (draft.title, draft.summary, draft.source) == ("Lamps that stay", "Sum", "## Why\n\nBecause.")
        assert (draft.tested, draft.relation, draft.topics) == ("A month", "lent", ["audio"])
        page = writer.client.get(f"/studio/{key}").text
        assert "Draft saved." in page
        assert re.search(r'value="audio" checked', page)
        assert "## Why\n\nBecause.</textarea>" in page

    def test_preview_shows_what_was_just_written(self, writer: Writer, make: Factory) -> None:
        merchant = make.merchant("shop")
        make.product("lamp", affiliate=[{"merchant": merchant}])
        key = writer.begin()

        answer = writer.save(source="**Bright.**\n\n::card[lamp]", do="preview")

        assert (answer.status_code, answer.location) == (303, f"/studio/{key}/preview")
        page = writer.client.get(f"/studio/{key}/preview")
        assert page.status_code == 200
        assert "<strong>Bright.</strong>" in page.text
        assert "Only you see this:" in page.text
        assert '<meta name="robots" content="noindex' in page.text
        assert writer.client.get("/p/lamps").status_code == 404

    def test_preview_of_a_half_written_text_shows_all_that_can_be_read(self, writer: Writer, make: Factory) -> None:
        make.product("lamp", title="Desk lamp", own={"USD": 4900}, stock=3)
        key = writer.begin()
        writer.save(source="**Bright.**\n\n::card[lamp]\n\n::card(lamp)\n\n::card[nobody]\n")

        page = writer.client.get(f"/studio/{key}/preview").text

        assert "<strong>Bright.</strong>" in page
        assert page.count('class="card card-stock"') == 1
        assert [problem.line for problem in list_problems(writer.draft())] == [5, 7]

    def test_what_is_wrong_with_the_form_is_told_and_the_text_is_kept(self, writer: Writer) -> None:
        writer.begin()

        answer = writer.save(title="t" * 201, source="My words <b>&amp;", topics=["nope"], lang="?")

        assert answer.status_code == 422
        text = words(answer.text)
        assert "Use at most 200 characters (now 201)." in text
        assert "There is no topic “nope”." in text
        assert "My words &lt;b&gt;&amp;amp;</textarea>" in answer.text
        assert writer.draft().source == ""

    def test_the_second_window_is_told_and_sees_both_texts(self, writer: Writer) -> None:
        writer.begin()
        old = str(writer.stored().draft_version)
        writer.save(title="First window", source="Of the first.")

        answer = writer.save(version=old, title="Second window", source="Of the second.")

        assert answer.status_code == 303
        assert answer.location.startswith(f"/studio/{writer.key}/merge?copy=")
        assert writer.draft().source == "Of the first."
        page = writer.client.get(answer.location)
        assert "Of the <ins>" in page.text
        assert words(page.text).count("Of the added: second .") == 1
        assert words(page.text).count("Of the added: first .") == 1

    @pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "١"])
    def test_an_odd_version_is_a_conflict_not_a_crash(self, writer: Writer, version: str) -> None:
        writer.begin()

        answer = writer.save(version=version, source="Kept all the same.")

        assert answer.location.startswith(f"/studio/{writer.key}/merge?copy=")
        assert "Kept all the same." in writer.client.get(answer.location).text

    def test_a_text_that_is_too_long_comes_back_whole(self, writer: Writer) -> None:
        writer.begin()

        answer = writer.save(source="x" * 200_001)

        assert answer.status_code == 422
        assert "x" * 200_001 + "</textarea>" in answer.text

    def test_a_megabyte_of_brackets_is_answered(self, writer: Writer) -> None:
        writer.begin()

        assert writer.save(source="[" * 1_000_000).status_code == 422

    def test_each_card_tells_its_author_why(self, writer: Writer, make: Factory) -> None:
        make.product("lamp", own={"USD": 1999}, stock=3)
        key = writer.begin()
        writer.save(source="Words.\n\n::card[lamp]")

        page = words(writer.client.get(f"/studio/{key}").text)
        assert "Cards now" in page
        assert "In stock here Line 3 Lamp · $19.99 It is in our own stock." in page


class TestPublishing:
    def test_a_post_is_saved_and_published(self, writer: Writer) -> None:
        key = writer.begin()

        answer = writer.publish(title="Lamps that stay", source="Seen by all.")

        assert (answer.status_code, answer.location) == (303, f"/studio/{key}")
        page = writer.client.get(f"/studio/{key}").text
        assert "Published. Readers can see it now." in page
        assert 'href="/p/lamps-that-stay"' in page
        assert "Seen by all." in writer.client.get("/p/lamps-that-stay").text

    def test_a_card_to_an_unknown_product_keeps_the_draft(self, writer: Writer) -> None:
        writer.begin()
        source = "One.\n\nTwo.\n\n::card[foo]"

        answer = writer.publish(source=source)

        assert answer.status_code == 422
        assert "Line 5: there is no product “foo”" in words(answer.text)
        assert "Not published. The draft is saved." in words(answer.text)
        assert f"{source}</textarea>" in answer.text
        assert (writer.stored().state, writer.draft().source) == ("draft", source)
        assert writer.publish(source="One.").status_code == 303

    def test_a_list_without_items_and_a_post_without_words(self, writer: Writer) -> None:
        writer.begin("list")
        answer = writer.publish(source="Only words.")
        assert answer.status_code == 422
        assert "A buying list needs at least one item" in answer.text

        answer = writer.publish(title="", source="")
        assert answer.status_code == 422
        assert "Give the post a title." in answer.text
        assert "Write something first: there are no words yet." in answer.text

    def test_a_saved_draft_is_published_from_its_preview(self, writer: Writer) -> None:
        key = writer.begin()
        writer.save(source="Previewed.")

        assert writer.post(f"/studio/{key}/publish").status_code == 303
        assert "Previewed." in writer.client.get("/p/lamps").text

    def test_new_words_wait_until_they_are_published(self, writer: Writer, clock: FixedClock) -> None:
        key = writer.begin()
        writer.publish(source="First words.")
        clock.advance(timedelta(minutes=1))
        writer.save(source="Next words.")

        assert "First words." in writer.client.get("/p/lamps").text
        assert "New words waiting" in writer.client.get("/studio").text
        assert "Next words." in writer.client.get(f"/studio/{key}/preview").text
        writer.publish(source="Next words.")
        assert "Next words." in writer.client.get("/p/lamps").text

    def test_the_checklist_advises(self, writer: Writer, make: Factory) -> None:
        make.product("lamp", own={"USD": 100}, stock=1)
        key = writer.begin()
        writer.save(source="::card[lamp]", relation="none", cover=(picture(), "c.png"))

        page = words(writer.client.get(f"/studio/{key}").text)

        for advice in (
            "A summary helps readers to choose",
            "Describe the cover for those who cannot see it.",
            "Choose a topic, so that readers of it find the post.",
            "Say how the post is paid",
            "It can be published.",
        ):
            assert advice in page
        assert "stands above the first card" not in page

    def test_a_form_that_is_wrong_is_neither_saved_nor_published(self, writer: Writer) -> None:
        key = writer.begin()
        fields = writer.fields(title="t" * 201)

        assert writer.post(f"/studio/{key}/publish", **fields).status_code == 422
        picked = fields | {"picture": (picture(), "p.png")}
        assert writer.post(f"/studio/{key}/picture", **picked).status_code == 422
        assert (writer.stored().state, writer.draft().source) == ("draft", "")

    def test_a_post_is_taken_off_the_site(self, writer: Writer) -> None:
        key = writer.begin()
        writer.publish()

        answer = writer.post(f"/studio/{key}/unpublish")

        assert (answer.status_code, answer.location) == (303, f"/studio/{key}")
        assert writer.client.get("/p/lamps").status_code == 404
        assert writer.draft().source == "Words."


class TestOthers:
    def test_the_draft_of_another_creator_does_not_exist(
        self, app: Flask, writer: Writer, make: Factory, sign_in: SignIn
    ) -> None:
        key = writer.begin()
        writer.save(source="Zyzzyva.")
        before = writer.stored().version
        stranger = Writer(sign_in(app.test_client(), make.user("creator")))
        stranger.key = key

        for url in (f"/studio/{key}", f"/studio/{key}/preview"):
            assert stranger.client.get(url).status_code == 404
        for verb in ("", "/publish", "/unpublish", "/picture"):
            assert stranger.post(f"/studio/{key}{verb}", **stranger.fields()).status_code == 404
        assert "Zyzzyva" not in stranger.client.get("/studio").text
        assert (writer.stored().version, writer.stored().state) == (before, "draft")

    def test_an_editor_reads_and_takes_down_but_changes_nothing(
        self, app: Flask, writer: Writer, make: Factory, sign_in: SignIn
    ) -> None:
        key = writer.begin()
        writer.publish(source="Published words.")
        editor = Writer(sign_in(app.test_client(), make.user("editor")))
        editor.key = key

        answer = editor.client.get(f"/studio/{key}")
        assert (answer.status_code, answer.location) == (302, f"/studio/{key}/preview")
        assert "Take off the site" in editor.client.get(f"/studio/{key}/preview").text
        for verb in ("", "/publish", "/picture"):
            assert editor.post(f"/studio/{key}{verb}", **editor.fields(source="No.")).status_code == 403
        assert writer.draft().source == "Published words."
        assert editor.post(f"/studio/{key}/unpublish").status_code == 303
        assert writer.stored().state == "unpublished"

    @pytest.mark.parametrize("verb", ["", "/publish", "/unpublish", "/picture"])
    def test_without_a_token_nothing_happens(self, writer: Writer, verb: str) -> None:
        key = writer.begin()
        before = writer.stored().version

        answer = writer.client.post(f"/studio/{key}{verb}", data=writer.fields(source="Forged."))

        assert (answer.status_code, writer.stored().version) == (400, before)


class TestMyPosts:
    def test_tabs_count_and_filter(self, writer: Writer, author: User, make: Factory) -> None:
        make.post(author, title="Live one")
        make.post(author, title="Draft one", published=False, source="::card[foo]")
        make.post(title="Of somebody else")

        page = writer.client.get("/studio").text
        assert "Of somebody else" not in page
        assert "Live one" in page
        assert "1 problem" in words(page)
        drafts = writer.client.get("/studio?state=draft").text
        assert "Draft one" in drafts
        assert "Live one" not in drafts
        assert "No posts here" in writer.client.get("/studio?state=unpublished").text
        assert "Live one" in writer.client.get("/studio?state=nonsense").text

    def test_fifty_posts_a_page(self, app: Flask, writer: Writer, author: User) -> None:
        with app.app_context():
            for number in range(51):
                post = Post(
                    key=f"k{number}", slug=f"k{number}", kind="article", author_id=author.id,
                    created_at=author.created_at, updated_at=author.created_at,
                )  # fmt: skip
                db.session.add(post)
                db.session.flush()
                post.draft = Revision(post_id=post.id, number=1, title=f"T{number:02}", saved_at=author.created_at)
            db.session.commit()

        first, second = writer.client.get("/studio").text, writer.client.get("/studio?page=2").text

        assert "T50" in first
        assert "T00" not in first
        assert 'href="/studio?page=2"' in first
        assert "T00" in second
        assert 'href="/studio"' in second


class TestPictures:
    def test_a_cover_is_stored_described_and_removed(self, writer: Writer) -> None:
        key = writer.begin()

        assert writer.save(cover=(picture(), "c.png"), cover_alt="A red sheet").status_code == 303

        asset = writer.asset()
        assert (writer.draft().cover_id, writer.draft().cover_alt) == (asset.id, "A red sheet")
        page = writer.client.get(f"/studio/{key}").text
        assert f'name="cover_key" value="{asset.key}"' in page
        assert f"/media/{asset.key[:2]}/{asset.key}-" in page
        writer.save(cover_key=asset.key, cover_alt="A red sheet")
        assert writer.draft().cover_id == asset.id
        writer.save(cover_key=asset.key, no_cover="1")
        assert writer.draft().cover_id is None

    def test_a_cover_survives_a_form_that_is_refused(self, writer: Writer) -> None:
        writer.begin()

        answer = writer.save(cover=(picture(), "c.png"), title="t" * 201)

        asset = writer.asset()
        assert answer.status_code == 422
        assert f'name="cover_key" value="{asset.key}"' in answer.text

    def test_what_is_no_picture_is_refused_and_the_text_is_kept(self, writer: Writer) -> None:
        writer.begin()

        answer = writer.save(source="Kept.", cover=(BytesIO(b"<svg onload=alert(1)>"), "c.svg"))

        assert answer.status_code == 422
        assert "An SVG drawing can carry programs, so we take none." in answer.text
        assert "Kept.</textarea>" in answer.text

    def test_the_picture_of_another_cannot_be_taken(self, app: Flask, writer: Writer, make: Factory) -> None:
        writer.begin()
        other = make.user("creator")
        with app.app_context():
            db.session.add(
                Asset(
                    key="foreign",
                    owner_id=other.id,
                    width=9,
                    height=9,
                    widths=[9],
                    digest="d",
                    created_at=other.created_at,
                )
            )
            db.session.commit()

        writer.save(cover_key="foreign")

        assert writer.draft().cover_id is None

    def test_a_picture_is_put_at_the_end_of_the_text(self, writer: Writer) -> None:
        key = writer.begin()
        fields = writer.fields(
            source="Words.", picture=(picture(), "p.png"), picture_alt='A "red" [sheet](x) `y` \\ <b>'
        )

        answer = writer.post(f"/studio/{key}/picture", **fields)

        assert (answer.status_code, answer.location) == (303, f"/studio/{key}")
        asset = writer.asset()
        draft = writer.draft()
        alt = "A &#34;red&#34; (sheet)(x) &#39;y&#39; / &lt;b&gt;"
        address = f"/media/{asset.key[:2]}/{asset.key}-960.webp"
        assert draft.source == f'Words.\n\n<img src="{address}" alt="{alt}" width="960" height="480">\n'
        [[_, html]] = draft.segments
        assert f'src="{address}"' in html
        assert 'width="960" height="480"' in html

    def test_without_a_picture_nothing_is_added(self, writer: Writer) -> None:
        key = writer.begin()

        answer = writer.post(f"/studio/{key}/picture", **writer.fields(source="Typed."))

        assert answer.status_code == 422
        assert "Choose a picture first." in answer.text
        assert "Typed.</textarea>" in answer.text


class TestPicker:
    def test_products_are_found_for_a_card(self, writer: Writer, make: Factory) -> None:
        make.product("sony-wh-1000xm5", title="Sony WH-1000XM5", brand="Sony", own={"USD": 34800}, stock=2)
        make.product("desk-lamp", title="Desk lamp")

        assert writer.client.get("/studio/products.json?q=sony").json == {
            "products": [
                {
                    "key": "sony-wh-1000xm5",
                    "title": "Sony WH-1000XM5",
                    "brand": "Sony",
                    "price": "$348.00",
                    "picture": "",
                }
            ]
        }
        found = writer.client.get("/studio/products.json?q=desk-lamp").json
        assert [product["key"] for product in found["products"]] == ["desk-lamp"]

    def test_at_most_ten_and_none_for_nothing(self, writer: Writer, make: Factory) -> None:
        for number in range(12):
            make.product(f"lamp-{number}")

        assert len(writer.client.get("/studio/products.json?q=lamp").json["products"]) == 10
        for query in ("", "  ", "%", "_", "nothing like it", "x" * 10_000):
            assert writer.client.get("/studio/products.json", query_string={"q": query}).json == {"products": []}


def test_a_card_kept_its_key_through_the_studio(writer: Writer, make: Factory) -> None:
    make.product("lamp", own={"USD": 100}, stock=1)
    writer.begin()
    writer.publish(source="::card[lamp]")
    [card] = writer.draft().cards

    assert writer.publish(source="New words.\n\n::card[lamp]{note=Hello}").status_code == 422
    assert writer.publish(source='New words.\n\n::card[lamp]{note="Hello"}').status_code == 303

    [again] = writer.draft().cards
    assert (again["key"], again["note"]) == (card["key"], "Hello")
    assert f'data-card="{card["key"]}"' in writer.client.get("/p/lamps").text


class TestClosedSite:
    @pytest.fixture
    def settings(self, tmp_path: Path, database_url: str) -> Settings:
        return make_settings(tmp_path, database_url, open_creators=False)

    def test_nobody_becomes_a_creator_alone(
        self, app: Flask, client: FlaskClient, make: Factory, sign_in: SignIn
    ) -> None:
        reader = make.user("reader")
        sign_in(client, reader)

        assert "Start writing" not in client.get("/studio").text
        token = csrf_of(client, "/account/password")
        assert client.post("/studio/start", data={"csrf_token": token}).location == "/studio"
        assert role_of(app, reader) == "reader"


def test_every_relation_of_a_card_can_be_chosen_where_products_are_found(writer: Writer) -> None:
    page = writer.client.get(f"/studio/{writer.begin()}").text
    choices = page[page.index("data-relation>") : page.index("</select>", page.index("data-relation>"))]
    assert re.findall(r'value="(\w*)"', choices) == ["", *RELATIONS]
