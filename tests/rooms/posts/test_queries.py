"""Reads of posts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import delete, update

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.media.models import Asset
from contentshop.posts import queries
from contentshop.posts.models import Card, Post, PostTopic, Revision
from contentshop.posts.policy import can_change, can_see_draft, can_unpublish
from contentshop.products.models import ProductPicture
from contentshop.products.offers import PictureFacts
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk

Statements = Callable[[], AbstractContextManager[list[str]]]


def cover(desk: Desk) -> int:
    with desk.unit():
        asset = Asset(key="abc", width=1200, height=800, widths=[320, 640], alt="A", digest="d", created_at=desk.now)
        desk.session.add(asset)
    return asset.id


class TestPublishedPost:
    def test_it_is_the_live_text_with_its_author_in_one_statement(
        self, desk: Desk, make: Factory, statements: Statements
    ) -> None:
        make.product("lamp")
        post = desk.publish(
            desk.begin(
                title="Lamps",
                summary="Sum",
                tested="Weeks",
                relation="lent",
                topics=["desk"],
                source="## One\n\n" + "word " * 120 + "\n\n::card[lamp]",
                cover_id=cover(desk),
                cover_alt="On a desk",
            )
        )
        desk.save(post, title="Next")

        with statements() as seen:
            found = queries.get_published(desk.session, "lamps")

        assert len(seen) == 1
        key = desk.cards(post)[0][0]
        assert (found.id, found.key, found.slug, found.kind, found.lang) == (
            post.id,
            post.key,
            "lamps",
            "article",
            "en",
        )
        assert (found.title, found.summary, found.tested, found.relation) == ("Lamps", "Sum", "Weeks", "lent")
        assert found.segments[-1] == ["card", key]
        assert found.headings == [[2, "h-one", "One"]]
        assert [card["key"] for card in found.cards] == [key]
        assert found.topics == ["desk"]
        assert found.cover == PictureFacts("abc", 1200, 800, (320, 640), "On a desk")
        assert (found.author_key, found.author_handle, found.author_name) == (
            desk.author.key,
            desk.author.handle,
            desk.author.name,
        )
        assert (found.author_version, found.version, found.words) == (1, 2, 100)
        assert (found.published_at, found.revised_at) == (post.published_at, None)

    def test_words_of_chinese_are_its_characters(self, desk: Desk) -> None:
        post = desk.publish(desk.begin(lang="zh", source="咖喱炒蟹的做法"))

        assert queries.get_published(desk.session, post.slug).words == 7

    def test_drafts_and_unpublished_posts_are_not_found(self, desk: Desk) -> None:
        draft = desk.begin()
        gone = desk.unpublish(desk.publish(desk.begin(title="Gone")))

        for slug in (draft.slug, gone.slug, "never", ""):
            with pytest.raises(NotFound):
                queries.get_published(desk.session, slug)


class TestLists:
    def test_newest_first_and_filtered(self, desk: Desk, make: Factory, statements: Statements) -> None:
        make.product("lamp")
        first = desk.publish(desk.begin(title="First", topics=["desk"], lang="zh"))
        item = ":::item[lamp]\n:::\n"
        second = desk.publish(desk.begin(title="Second", kind="list", topics=["desk", "home"], source=item * 2))
        third = desk.publish(desk.begin(title="Third"))
        desk.begin(title="Draft", topics=["desk"])
        desk.unpublish(desk.publish(desk.begin(title="Gone", topics=["desk"])))
        foreign = make.post(make.user("creator"), title="Foreign", topics=["home"])

        def titles(**filters: str) -> list[str]:
            with statements() as seen:
                found = queries.list_newest(desk.session, limit=10, **filters)
            assert len(seen) == 1
            return [tile.title for tile in found]

        assert titles() == ["Foreign", "Third", "Second", "First"]
        assert titles(topic="desk") == ["Second", "First"]
        assert titles(topic="home") == ["Foreign", "Second"]
        assert titles(kind="list") == ["Second"]
        assert titles(lang="zh") == ["First"]
        assert titles(author_key=desk.author.key) == ["Third", "Second", "First"]
        assert titles(author_key=desk.author.key, topic="desk", kind="article") == ["First"]
        assert titles(topic="nothing") == []
        assert [tile.title for tile in queries.list_newest(desk.session, limit=2, offset=1)] == [
            "Third",
            "Second",
        ]
        tiles = queries.tiles_by_id(desk.session, [first.id, second.id, 0])
        assert {number: tile.cards_count for number, tile in tiles.items()} == {first.id: 0, second.id: 1}, (
            "one product, twice"
        )
        assert tiles[second.id].author_handle == desk.author.handle
        by_id = queries.tiles_by_id(desk.session, [third.id, foreign.id])
        assert {tile.title for tile in by_id.values()} == {"Third", "Foreign"}
        assert queries.tiles_by_id(desk.session, []) == {}

    def test_tiles_carry_the_cover(self, desk: Desk) -> None:
        desk.publish(desk.begin(cover_id=cover(desk)))

        [tile] = queries.list_newest(desk.session, limit=5)
        assert tile.cover == PictureFacts("abc", 1200, 800, (320, 640), "A")

    def test_mentions_are_posts_that_show_the_product_now(self, desk: Desk, make: Factory) -> None:
        lamp, chair = make.product("lamp"), make.product("chair")
        one = desk.publish(desk.begin(title="One", source="::card[lamp]\n\n::card[lamp]"))
        two = desk.publish(desk.begin(title="Two", source="::card[lamp]\n\n::card[chair]"))
        desk.begin(title="Draft", source="::card[lamp]")
        desk.save(two, title="Two", source="::card[chair]")

        assert [tile.title for tile in queries.list_mentions(desk.session, lamp.id)] == ["Two", "One"]
        desk.publish(two)
        assert [tile.title for tile in queries.list_mentions(desk.session, lamp.id)] == ["One"]
        assert [tile.title for tile in queries.list_mentions(desk.session, chair.id)] == ["Two"]
        desk.unpublish(one)
        assert queries.list_mentions(desk.session, lamp.id) == []


class TestCards:
    def test_a_live_card_tells_whose_it_is(self, desk: Desk, make: Factory, statements: Statements) -> None:
        lamp, chair = make.product("lamp"), make.product("chair")
        post = desk.publish(desk.begin(source='::card[lamp]{alt="chair"}'))
        key = desk.cards(post)[0][0]

        with statements() as seen:
            found = queries.find_card(desk.session, key)

        assert len(seen) == 1
        assert found == queries.LiveCard(
            key=key,
            post_id=post.id,
            post_key=post.key,
            post_slug="three-lamps",
            author_id=desk.author.id,
            author_key=desk.author.key,
            product_id=lamp.id,
            alternative_id=chair.id,
        )
        assert queries.find_card(desk.session, "nope") is None

    def test_a_draft_card_is_not_found(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        post = desk.begin(source="::card[lamp]")

        assert queries.find_card(desk.session, desk.cards(post)[0][0]) is None

    def test_what_was_not_chosen_recommends_nothing(self, desk: Desk, make: Factory) -> None:
        lamp, chair = make.product("lamp"), make.product("chair")
        text = "::card[lamp]\n\n:::rejected[chair]\nWobbles.\n:::\n"
        post = desk.publish(desk.begin(source=text))

        assert [(product, live) for _key, product, live in desk.cards(post)] == [(lamp.id, True), (chair.id, False)]
        assert [tile.key for tile in queries.list_mentions(desk.session, lamp.id)] == [post.key]
        assert queries.list_mentions(desk.session, chair.id) == []
        assert queries.find_card(desk.session, desk.cards(post)[1][0]) is None
        assert queries.audit(desk.session) == []

        desk.publish(desk.save(post, source="::card[lamp]\n\n::card[chair]\n"))
        assert [tile.key for tile in queries.list_mentions(desk.session, chair.id)] == [post.key]

    def test_origins_are_told_of_posts_that_were_public_once(
        self, desk: Desk, make: Factory, statements: Statements
    ) -> None:
        make.product("lamp")
        public = desk.publish(desk.begin(title="Public", source="::card[lamp]"))
        gone = desk.unpublish(desk.publish(desk.begin(title="Gone", source="::card[lamp]")))
        secret = desk.begin(title="Secret", source="::card[lamp]")
        desk.save(public, title="Next title", source="Nothing.")
        keys = [desk.cards(post)[0][0] for post in (public, gone, secret)]

        with statements() as seen:
            found = queries.card_origins(desk.session, keys)

        author = (desk.author.name, desk.author.key)
        assert len(seen) == 1
        assert found == {
            keys[0]: queries.CardOrigin("Public", "public", *author, public.key, True),
            keys[1]: queries.CardOrigin("Gone", "gone", *author, gone.key, False),
        }
        assert queries.card_origins(desk.session, []) == {}


class TestStudio:
    def test_the_author_and_editors_find_a_draft_and_nobody_else(self, desk: Desk, make: Factory) -> None:
        post = desk.begin()

        assert queries.get_for_studio(desk.session, post.key, desk.author).id == post.id
        assert queries.get_for_studio(desk.session, post.key, desk.editor).id == post.id
        for person in (desk.other, make.user("reader"), make.user("operator"), None):
            with pytest.raises(NotFound):
                queries.get_for_studio(desk.session, post.key, person)
        with pytest.raises(NotFound):
            queries.get_for_studio(desk.session, "nope", desk.editor)

    def test_own_posts_last_changed_first(self, desk: Desk, make: Factory) -> None:
        draft = desk.begin(title="")
        live = desk.publish(desk.begin(title="Live"))
        gone = desk.unpublish(desk.publish(desk.begin(title="Gone")))
        make.post(desk.other)
        desk.save(live, title="Live, next", source="::card[foo]")
        gone_at = desk.fresh(gone).updated_at

        found = queries.list_for_author(desk.session, desk.author)

        assert [(p.key, p.state, p.title, p.problems, p.changed) for p in found] == [
            (live.key, "published", "Live, next", 1, True),
            (gone.key, "unpublished", "Gone", 0, False),
            (draft.key, "draft", "", 0, True),
        ]
        assert (found[1].slug, found[1].updated_at) == ("gone", gone_at)
        assert [p.key for p in queries.list_for_author(desk.session, desk.author, state="draft")] == [draft.key]
        assert queries.count_by_state(desk.session, desk.author) == {
            "draft": 1,
            "published": 1,
            "unpublished": 1,
        }
        assert queries.count_by_state(desk.session, desk.editor) == {}


ROLES = ("reader", "creator", "editor", "operator")


def test_who_may_do_what() -> None:
    post = Post(author_id=1)
    people = [User(id=number, role=role, blocked=False) for number in (1, 2) for role in ROLES]
    rights = {
        (user.id, user.role): (can_change(user, post), can_see_draft(user, post), can_unpublish(user, post))
        for user in people
    }
    nothing, look, everything = (False, False, False), (False, True, True), (True, True, True)

    assert rights == {
        (1, "reader"): nothing,
        (1, "creator"): everything,
        (1, "editor"): everything,
        (1, "operator"): nothing,
        (2, "reader"): nothing,
        (2, "creator"): nothing,
        (2, "editor"): look,
        (2, "operator"): nothing,
    }
    assert not can_see_draft(None, post)
    assert not can_see_draft(User(id=1, role="creator", blocked=True), post)


class TestAudit:
    @pytest.fixture
    def post(self, desk: Desk, make: Factory) -> Post:
        make.product("lamp")
        make.product("chair")
        source = "::card[lamp]\n\n:::item[chair]\nWords.\n\n::card[lamp]\n:::\n"
        post = desk.publish(desk.begin(topics=["desk"], source=source))
        desk.save(post, topics=["home"], source="::card[chair]")
        desk.unpublish(desk.publish(desk.begin(topics=["desk"], source="::card[lamp]")))
        desk.begin(source="::card[lamp]\n\n::card[nope]")
        desk.session.rollback()
        return desk.fresh(post)

    def test_what_the_actions_leave_is_whole(self, desk: Desk, post: Post, statements: Statements) -> None:
        with statements() as seen:
            assert queries.audit(desk.session) == []
        assert len(seen) == 3

    def test_every_kind_of_damage_is_named(self, desk: Desk, post: Post) -> None:
        assert post.live is not None
        keys = sorted(entry["key"] for entry in post.live.cards)

        def damaged(*statements: object) -> list[str]:
            try:
                for statement in statements:
                    desk.session.execute(statement)  # type: ignore[call-overload]
                return queries.audit(desk.session)
            finally:
                desk.session.rollback()

        mine = f"post {post.key}: "
        assert damaged(update(Card).where(Card.key == keys[0]).values(live=False)) == [
            f"{mine}live cards are {keys[1:]}, its text shows {keys}"
        ]
        entry = next(entry for entry in post.live.cards if entry["key"] == keys[0])
        wrong = update(Card).where(Card.key == keys[0]).values(product_id=3 - entry["product_id"])
        assert damaged(wrong) == [f"{mine}card {keys[0]} is missing or offers another product"]
        assert damaged(delete(PostTopic)) == [f"{mine}filed under [], should be ['desk']"]
        cut = update(Revision).where(Revision.id == post.live_id).values(segments=[["card", keys[0]]])
        assert damaged(cut) == [f"{mine}its text and its list of cards differ"]
        moved = update(Post).where(Post.id == post.id).values(live_id=post.id + 2)
        assert damaged(moved) == [f"{mine}its revision is missing or belongs to another post"]


def test_a_tile_without_a_cover_shows_its_first_product(desk: Desk, make: Factory) -> None:
    picture_id = cover(desk)
    make.product("plain")
    pictured = make.product("pictured")
    with desk.unit():
        desk.session.add(ProductPicture(product_id=pictured.id, asset_id=picture_id, position=0))
    make.post(source="::card[plain]\n\n::card[pictured]\n", slug="two")
    make.post(source="::card[plain]\n", slug="one")
    found = {tile.slug: tile.cover for tile in queries.list_newest(desk.session, limit=5)}
    assert found == {"two": PictureFacts("abc", 1200, 800, (320, 640), "A"), "one": None}
    assert queries.get_published(desk.session, "two").cover is None


def test_a_tile_without_a_cover_shows_the_first_picture_of_the_text_not_the_oldest(desk: Desk, make: Factory) -> None:
    with desk.unit():
        for key in ("1111111111111111", "2222222222222222"):
            desk.session.add(
                Asset(
                    key=key, kind="picture", form="webp", width=9, height=9, widths=[9], digest=key, created_at=desk.now
                )
            )
    make.post(source="::picture[2222222222222222]\n\n::picture[1111111111111111]\n", slug="newer-first")
    make.post(source="::picture[1111111111111111]\n\n::picture[2222222222222222]\n", slug="older-first")
    found = {tile.slug: tile.cover.key for tile in queries.list_newest(desk.session, limit=5) if tile.cover}
    assert found == {"newer-first": "2222222222222222", "older-first": "1111111111111111"}
