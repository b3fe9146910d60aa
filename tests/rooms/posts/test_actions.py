"""Saving, publishing and unpublishing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.text import RENDERER_VERSION, Problem
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.posts import actions, queries
from contentshop.posts.actions import EditConflict
from contentshop.posts.inputs import PostInput
from contentshop.posts.models import Card, Post, PostTopic, Revision
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk

LIST = """Before.

:::item[lamp]{award="Best for reading" note="Warm." alt="chair"}
+ Warm light
- Heavy

It stands still. ::card is only a word here.

::card[chair]{note="Goes with it"}
:::

:::item[chair]
:::

After.
"""


def reasons(caught: pytest.ExceptionInfo[Invalid]) -> dict[str, list[str]]:
    return caught.value.fields


class TestSaving:
    def test_a_new_draft_keeps_the_words_and_tells_nobody(self, desk: Desk) -> None:
        post = desk.begin(title="三盏灯", source="## Light\n\nIt **shines**.", lang="zh", summary="S")

        draft = desk.draft(post)
        assert (post.state, post.version, post.slug, post.lang) == ("draft", 1, post.key, "zh")
        assert (draft.number, draft.title, draft.source) == (1, "三盏灯", "## Light\n\nIt **shines**.")
        assert draft.segments == [["html", '<h2 id="h-light">Light</h2>\n<p>It <strong>shines</strong>.</p>']]
        assert draft.headings == [[2, "h-light", "Light"]]
        assert (draft.text, draft.cards, draft.problems) == ("Light\nIt shines.", [], [])
        assert (draft.renderer_version, draft.saved_by, draft.saved_at) == (
            RENDERER_VERSION,
            desk.author.id,
            desk.now,
        )
        assert desk.news() == []

    def test_cards_become_slots_with_lasting_keys(self, desk: Desk, make: Factory) -> None:
        lamp, chair = make.product("lamp"), make.product("chair")
        post = desk.begin(kind="list", source=LIST)

        keys = [key for key, _, _ in desk.cards(post)]
        assert [(product, live) for _, product, live in desk.cards(post)] == [
            (lamp.id, False),
            (chair.id, False),
            (chair.id, False),
        ]
        draft = desk.draft(post)
        assert draft.segments == [
            ["html", "<p>Before.</p>"],
            [
                "item",
                keys[0],
                [["html", "<p>It stands still. ::card is only a word here.</p>"], ["card", keys[1]]],
            ],
            ["item", keys[2], []],
            ["html", "<p>After.</p>"],
        ]
        assert draft.cards == [
            {
                "key": keys[0],
                "kind": "item",
                "product_id": lamp.id,
                "product_slug": "lamp",
                "alternative_id": chair.id,
                "note": "Warm.",
                "award": "Best for reading",
                "rank": 1,
                "pros": ["Warm light"],
                "cons": ["Heavy"],
                "line": 3,
            },
            {
                "key": keys[1],
                "kind": "card",
                "product_id": chair.id,
                "product_slug": "chair",
                "alternative_id": None,
                "note": "Goes with it",
                "award": "",
                "rank": None,
                "pros": [],
                "cons": [],
                "line": 9,
            },
            {
                "key": keys[2],
                "kind": "item",
                "product_id": chair.id,
                "product_slug": "chair",
                "alternative_id": None,
                "note": "",
                "award": "",
                "rank": 2,
                "pros": [],
                "cons": [],
                "line": 12,
            },
        ]

    def test_saving_a_draft_again_changes_it_in_place(self, desk: Desk) -> None:
        post = desk.begin()

        saved = desk.save(post, title="Four lamps", source="Other words.")

        assert (saved.version, saved.draft_version) == (1, 2)
        assert [(r.number, r.title) for r in desk.session.scalars(select(Revision))] == [(1, "Four lamps")]

    def test_saving_the_same_changes_nothing(self, desk: Desk) -> None:
        post = desk.begin(topics=["audio"], cover_alt="A lamp")
        before = desk.fresh(post).updated_at

        saved = desk.save(post, topics=["audio"], cover_alt="A lamp")

        assert (saved.version, saved.updated_at) == (1, before)

    def test_a_published_text_stays_while_the_next_one_is_written(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())

        desk.save(post, source="Next words.")
        desk.save(post, source="Next words, better.")

        fresh = desk.fresh(post)
        assert fresh.live is not None
        assert (fresh.live.number, fresh.live.source) == (1, "Words.")
        assert (desk.draft(post).number, desk.draft(post).source) == (3, "Next words, better.")
        assert queries.get_published(desk.session, post.slug).segments == [["html", "<p>Words.</p>"]]
        assert desk.fresh(post).version == 2
        assert desk.news() == [("PostPublished", post.key)]

    def test_another_language_is_read_from_the_next_publication_on(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())

        desk.save(post, lang="zh")

        assert queries.get_published(desk.session, post.slug).lang == "en"
        assert queries.get_preview(desk.session, desk.fresh(post), now=desk.now).lang == "zh"
        desk.publish(post)
        assert queries.get_published(desk.session, post.slug).lang == "zh"
        assert desk.fresh(post).lang == "zh"

    def test_the_second_of_two_writers_is_told_and_loses_nothing(self, desk: Desk) -> None:
        post = desk.begin()
        desk.save(post, version=1, title="First", source="Of the first window.")

        with pytest.raises(EditConflict) as caught:
            desk.save(post, version=1, title="Second", source="Of the second window.")

        assert caught.value.version == 2
        assert desk.draft(post).source == "Of the first window."
        assert desk.save(post, version=2, source="Of the second window.").draft_version == 3

    def test_a_double_click_is_no_conflict(self, desk: Desk) -> None:
        post = desk.begin()
        desk.save(post, version=1, source="Sent twice.")

        assert desk.save(post, version=1, source="Sent twice.").draft_version == 2

    def test_the_kind_is_fixed(self, desk: Desk) -> None:
        post = desk.begin(kind="article")

        with pytest.raises(Invalid) as caught:
            desk.save(post, kind="list")
        assert reasons(caught) == {"kind": ["A post stays what it was begun as: an article, a buying list or a deal."]}

    def test_only_the_author_saves(self, desk: Desk, make: Factory) -> None:
        post = desk.begin()

        for person in (desk.other, desk.editor, make.user("reader"), make.user("operator")):
            with pytest.raises(Forbidden):
                desk.save(post, by=person, source="Not mine.")
        assert desk.draft(post).source == "Words."

    def test_an_author_who_lost_the_role_saves_no_more(self, desk: Desk) -> None:
        post = desk.begin()
        with desk.unit():
            desk.author.role = "reader"

        with pytest.raises(Forbidden), desk.unit():
            actions.publish(desk.session, desk.session.get_one(Post, post.id), by=desk.author, now=desk.now)


class TestCardKeys:
    def test_a_card_keeps_its_key_when_the_words_around_it_change(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        make.product("chair")
        post = desk.begin(source="::card[lamp]\n\n::card[chair]\n\n::card[lamp]")
        lamp, chair, lamp_again = (entry["key"] for entry in desk.draft(post).cards)

        desk.save(post, source='::card[chair]{note="Moved up"}\n\nNew.\n\n::card[lamp]')

        assert [entry["key"] for entry in desk.draft(post).cards] == [chair, lamp]
        assert [key for key, _, _ in desk.cards(post)] == [lamp, chair, lamp_again]

        desk.save(post, source="::card[lamp]\n\n::card[lamp]\n\n::card[lamp]\n\n::card[chair]")

        keys = [entry["key"] for entry in desk.draft(post).cards]
        assert keys[:2] == [lamp, lamp_again]
        assert keys[3] == chair
        assert keys[2] not in {lamp, lamp_again, chair}

    def test_keys_are_each_posts_own(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        first, second = desk.begin(source="::card[lamp]"), desk.begin(source="::card[lamp]")

        assert desk.draft(first).cards[0]["key"] != desk.draft(second).cards[0]["key"]

    def test_only_cards_that_readers_see_are_live(self, desk: Desk, make: Factory) -> None:
        lamp, chair = make.product("lamp"), make.product("chair")
        post = desk.publish(desk.begin(source="::card[lamp]"))
        key = desk.draft(post).cards[0]["key"]
        assert desk.cards(post) == [(key, lamp.id, True)]

        desk.save(post, source='::card[chair]{alt="lamp"}')
        assert [(product, live) for _, product, live in desk.cards(post)] == [
            (lamp.id, True),
            (chair.id, False),
        ]

        desk.publish(post)
        assert [(product, live) for _, product, live in desk.cards(post)] == [
            (lamp.id, False),
            (chair.id, True),
        ]
        assert [card.alternative_id for card in desk.session.scalars(select(Card).order_by(Card.id))] == [
            None,
            lamp.id,
        ]

    def test_a_draft_does_not_change_the_alternative_readers_get(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        chair = make.product("chair")
        post = desk.publish(desk.begin(source='::card[lamp]{alt="chair"}'))

        desk.save(post, source="::card[lamp]")

        found = queries.find_card(desk.session, desk.draft(post).cards[0]["key"])
        assert found is not None
        assert found.alternative_id == chair.id


class TestProblems:
    def test_unknown_products_are_named_with_their_line_and_the_draft_is_kept(self, desk: Desk, make: Factory) -> None:
        lamp = make.product("lamp")
        source = 'One.\n\n::card[foo]\n\n::card[lamp]{alt="bar"}\n\n:::item[baz]\nIts words.\n:::\n'
        post = desk.begin(source=source)

        draft = desk.draft(post)
        assert draft.problems == [
            [3, "there is no product “%(slug)s”", {"slug": "foo"}],
            [5, "there is no product “%(slug)s”", {"slug": "bar"}],
            [7, "there is no product “%(slug)s”", {"slug": "baz"}],
        ]
        assert queries.list_problems(draft) == [
            Problem(3, say("there is no product “foo”")),
            Problem(5, say("there is no product “bar”")),
            Problem(7, say("there is no product “baz”")),
        ]
        assert draft.source == source
        assert [entry["product_id"] for entry in draft.cards] == [lamp.id]
        assert draft.segments == [
            ["html", "<p>One.</p>"],
            ["card", draft.cards[0]["key"]],
            ["html", "<p>Its words.</p>"],
        ]

        with pytest.raises(Invalid) as caught:
            desk.publish(post)
        assert reasons(caught) == {
            "source": [
                "Line 3: there is no product “foo”",
                "Line 5: there is no product “bar”",
                "Line 7: there is no product “baz”",
            ]
        }
        assert (desk.fresh(post).state, desk.draft(post).source) == ("draft", source)
        assert desk.news() == []

    def test_once_the_product_exists_saving_again_helps(self, desk: Desk, make: Factory) -> None:
        post = desk.begin(source="::card[foo]")
        make.product("foo")

        desk.save(post, source="::card[foo]")

        assert desk.draft(post).problems == []
        assert desk.publish(post).state == "published"

    @pytest.mark.parametrize(
        ("source", "line", "message"),
        [
            (":::item[lamp]", 1, "this item is not closed: end it with a line that is just :::"),
            ("[" * 190_000, 1, "more than 40,000 characters without a blank line between them"),
        ],
    )
    def test_a_text_that_cannot_be_rendered_is_kept_as_written(
        self, desk: Desk, source: str, line: int, message: str
    ) -> None:
        post = desk.begin(source=source)

        draft = desk.draft(post)
        assert (draft.source, draft.segments, draft.cards, draft.text) == (source, [], [], "")
        assert Problem(line, say(message)) in queries.list_problems(draft)
        with pytest.raises(Invalid) as caught:
            desk.publish(post)
        assert f"Line {line}: {message}" in reasons(caught)["source"]

    def test_what_is_found_only_while_rendering_has_its_line_too(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        post = desk.begin(source="Words.\n\n<div>\n\n::card[lamp]\n\n</div>")

        [problem] = queries.list_problems(desk.draft(post))
        assert problem.line == 5
        assert problem.message == "this card stands inside an HTML tag or comment: close that before it"


class TestPublishing:
    def test_a_post_is_published_under_an_address_made_from_its_title(self, desk: Desk) -> None:
        post = desk.publish(desk.begin(title="Drei Lämpchen für 咖喱"))

        assert (post.slug, post.state, post.version) == ("drei-lampchen-fur-ga-li", "published", 2)
        assert (post.published_at, post.revised_at) == (desk.now, None)
        assert post.live_id == post.draft_id
        assert desk.news() == [("PostPublished", post.key)]

    def test_addresses_are_never_shared_and_never_change(self, desk: Desk) -> None:
        first, second = desk.publish(desk.begin()), desk.publish(desk.begin())
        assert (first.slug, second.slug) == ("three-lamps", "three-lamps-2")

        desk.save(first, title="Four lamps")

        assert desk.publish(first).slug == "three-lamps"

    def test_publishing_anew_keeps_the_first_date(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        first = post.published_at
        desk.save(post, source="Better words.")

        post = desk.publish(post)

        assert (post.published_at, post.revised_at) == (first, desk.now)
        assert queries.get_published(desk.session, post.slug).segments == [["html", "<p>Better words.</p>"]]
        assert desk.news()[-1] == ("PostChanged", post.key)

    def test_publishing_twice_is_publishing_once(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())

        again = desk.publish(post)

        assert (again.version, again.revised_at) == (2, None)
        assert desk.news() == [("PostPublished", post.key)]

    def test_topics_of_the_live_text_are_filed(self, desk: Desk) -> None:
        post = desk.publish(desk.begin(topics=["audio", "desk"]))
        desk.save(post, topics=["travel"])
        filed = select(PostTopic.topic).order_by(PostTopic.topic)
        assert list(desk.session.scalars(filed)) == ["audio", "desk"]

        desk.publish(post)
        assert list(desk.session.scalars(filed)) == ["travel"]

        desk.unpublish(post)
        assert list(desk.session.scalars(filed)) == []

    def test_a_title_and_a_text_are_needed(self, desk: Desk) -> None:
        with pytest.raises(Invalid) as caught:
            desk.publish(desk.begin(title="", source="  \n"))

        assert reasons(caught) == {
            "title": ["Give the post a title."],
            "source": ["Write something first: there are no words yet."],
        }

    def test_a_list_needs_an_item(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        with pytest.raises(Invalid) as caught:
            desk.publish(desk.begin(kind="list", source="::card[lamp]"))

        assert reasons(caught) == {"source": ["A buying list needs at least one item, from :::item[…] to :::"]}

    def test_only_the_author_publishes(self, desk: Desk) -> None:
        post = desk.begin()
        for person in (desk.other, desk.editor):
            with pytest.raises(Forbidden):
                desk.publish(post, by=person)
        assert desk.fresh(post).state == "draft"

    def test_a_change_in_between_is_a_conflict(self, desk: Desk) -> None:
        post = desk.begin()
        with desk.unit():
            mine = desk.session.get_one(Post, post.id)
            # What another process does while we hold our copy.
            desk.session.connection().exec_driver_sql("UPDATE post SET version = 7")
            with pytest.raises(Conflict):
                actions.publish(desk.session, mine, by=desk.author, now=desk.now)
        assert (desk.fresh(post).state, desk.news()) == ("draft", [])


class TestUnpublishing:
    def test_an_unpublished_post_is_gone_for_readers_and_can_come_back(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        post = desk.publish(desk.begin(source="::card[lamp]"))
        published_at, [(key, _, _)] = post.published_at, desk.cards(post)

        post = desk.unpublish(post)

        assert (post.state, queries.find_card(desk.session, key)) == ("unpublished", None)
        assert [live for _, _, live in desk.cards(post)] == [False]

        post = desk.publish(post)

        assert (post.published_at, post.revised_at) == (published_at, None)
        assert [live for _, _, live in desk.cards(post)] == [True]
        assert desk.news() == [
            ("PostPublished", post.key),
            ("PostUnpublished", post.key),
            ("PostPublished", post.key),
        ]

    def test_an_editor_may_and_another_creator_may_not(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        with pytest.raises(Forbidden):
            desk.unpublish(post, by=desk.other)
        assert desk.fresh(post).state == "published"

        assert desk.unpublish(post, by=desk.editor).state == "unpublished"

    def test_what_is_not_published_needs_no_unpublishing(self, desk: Desk) -> None:
        post = desk.begin()

        assert desk.unpublish(post).version == 1
        assert desk.news() == []

    def test_a_change_in_between_is_a_conflict(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        with desk.unit():
            mine = desk.session.get_one(Post, post.id)
            desk.session.connection().exec_driver_sql("UPDATE post SET version = 7")
            with pytest.raises(Conflict):
                actions.unpublish(desk.session, mine, by=desk.author, now=desk.now)
        assert desk.fresh(post).state == "published"


def test_of_writers_at_the_same_moment_one_wins_and_the_others_are_told(app: Flask, desk: Desk) -> None:
    post = desk.begin()
    desk.session.rollback()
    forms = [desk.form(source=f"Of window {number}.") for number in range(4)]
    author_id, gate = desk.author.id, Barrier(len(forms))
    desk.session.rollback()

    def save(form: PostInput) -> str:
        with app.app_context():
            gate.wait()
            with unit_of_work(db.session):
                fresh = db.session.get_one(Post, post.id)
                author = db.session.get_one(User, author_id)
                try:
                    actions.save_draft(db.session, fresh, form, version=1, by=author, now=desk.now)
                except EditConflict as conflict:
                    return f"at {conflict.version}"
        return form.source

    with ThreadPoolExecutor(len(forms)) as pool:
        outcomes = sorted(pool.map(save, forms))

    kept = desk.draft(post).source
    assert outcomes == [kept] + ["at 2"] * 3
    assert desk.fresh(post).draft_version == 2
