"""Texts of an older renderer are made anew, and readers never get less by it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from contentshop.core.text import RENDERER_VERSION
from contentshop.core.uow import unit_of_work
from contentshop.posts import queries, renewing
from contentshop.posts.actions import prepare_text
from contentshop.posts.models import Card, Post, Revision
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk


def age(desk: Desk, post: Post, **values: Any) -> int:
    """Let the post's draft be of an older release; its row number."""
    draft = desk.draft(post)
    with desk.unit():
        desk.session.execute(update(Revision).where(Revision.id == draft.id).values(renderer_version=1, **values))
    desk.session.expire_all()
    return draft.id


def renew(desk: Desk, revision_id: int) -> bool:
    source = renewing.source_of(desk.session, revision_id)
    assert source is not None
    desk.session.rollback()
    with unit_of_work(desk.session):
        return renewing.renew(desk.session, revision_id, prepare_text(source), now=desk.now)


def test_a_published_text_is_made_anew_with_the_same_cards(desk: Desk, make: Factory) -> None:
    make.product("lamp")
    post = desk.publish(desk.begin(source="Words.\n\n::card[lamp]\n"))
    version, cards = post.version, desk.cards(post)
    revision = age(desk, post, segments=[["html", "<p>Old.</p>"]])
    assert renewing.list_outdated(desk.session) == [revision]

    assert renew(desk, revision)

    assert renewing.list_outdated(desk.session) == []
    found = queries.get_published(desk.session, post.slug)
    assert found.segments == [["html", "<p>Words.</p>"], ["card", cards[0][0]]]
    assert (found.version, desk.cards(post)) == (version + 1, cards)
    assert desk.news()[-1] == ("PostChanged", post.key)
    assert not renew(desk, revision)


def test_what_was_not_chosen_stops_recommending(desk: Desk, make: Factory) -> None:
    make.product("lamp")
    post = desk.publish(desk.begin(source="Words.\n\n:::rejected[lamp]\nToo dim.\n:::\n"))
    with unit_of_work(desk.session):
        desk.session.execute(update(Card).where(Card.post_id == post.id).values(live=True))
    revision = age(desk, post)

    assert renew(desk, revision)

    assert [live for _key, _product, live in desk.cards(post)] == [False]


def test_a_published_text_that_has_become_wrong_stays_as_it_was(desk: Desk) -> None:
    post = desk.publish(desk.begin(source="Words.\n"))
    old = [["html", "<p>:::tipp</p>"]]
    revision = age(desk, post, source=":::tipp\n", segments=old)

    assert renew(desk, revision)

    assert queries.get_published(desk.session, post.slug).segments == old
    assert desk.draft(post).renderer_version == RENDERER_VERSION


def test_a_draft_that_has_become_wrong_says_so(desk: Desk) -> None:
    post = desk.begin(source="Words.\n")
    revision = age(desk, post, source="a\n:::tipp\n")

    assert renew(desk, revision)

    assert [problem.line for problem in queries.list_problems(desk.draft(post))] == [2]


def test_what_was_changed_meanwhile_is_left_alone(desk: Desk) -> None:
    post = desk.begin(source="Words.\n")
    revision = age(desk, post)

    with desk.unit():
        assert not renewing.renew(desk.session, revision, prepare_text("Other words.\n"), now=desk.now)
    assert renewing.list_outdated(desk.session) == [revision]
    assert renewing.source_of(desk.session, 0) is None
