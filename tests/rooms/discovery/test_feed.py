"""The personal feed: followed people first, each post once with its reason, nothing that is not public."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.errors import Invalid, NotFound, Unavailable
from contentshop.core.uow import unit_of_work
from contentshop.discovery import actions, queries, spool
from contentshop.discovery.inputs import SearchInput
from contentshop.discovery.models import FeedChoice, FeedLess, FeedSearch, Follow
from contentshop.discovery.spool import Spool
from contentshop.posts.models import Post
from contentshop.search.port import Document, SearchPage, SearchQuery
from tests.factories import Factory
from tests.fakes import MemorySearchBackend


class Away(MemorySearchBackend):
    """An engine that cannot be reached."""

    def search(self, query: SearchQuery) -> SearchPage:
        raise Unavailable("away")


class Desk:
    """A reader, two creators, two topics; posts a day apart."""

    def __init__(self, make: Factory, clock: FixedClock, session: Session, search: MemorySearchBackend) -> None:
        self.make = make
        self.clock = clock
        self.session = session
        self.search = search
        self.reader = make.user("reader", key="reader-key")
        self.nora = make.user("creator", handle="nora", name="Nora")
        self.leo = make.user("creator", handle="leo", name="Leo")
        for topic in ("travel", "sound"):
            make.topic(topic, title=topic.title())

    def post(self, slug: str, author: User, *topics: str, **values: Any) -> Any:
        self.clock.advance(timedelta(days=1))
        post = self.make.post(author, slug=slug, title=slug.title(), topics=list(topics), **values)
        if values.get("published", True):
            document = Document(id=f"post:{post.key}", kind="post", version=1, title=slug)
            self.search.documents[document.id] = document
        return post

    def do(self, action: Callable[..., None], *values: Any, **options: Any) -> None:
        with unit_of_work(self.session):
            action(self.session, *values, by=self.session.merge(self.reader), **options)

    def follow(self, *things: User | str) -> None:
        for thing in things:
            action = actions.follow_topic if isinstance(thing, str) else actions.follow_creator
            self.do(action, thing, now=self.clock.now())

    def searched(self, words: str) -> None:
        with unit_of_work(self.session):
            self.session.add(FeedSearch(user_id=self.reader.id, words=words, searched_at=self.clock.now()))

    def read(self, search: MemorySearchBackend | None = None) -> queries.Feed:
        self.session.rollback()
        return queries.read_feed(
            self.session, search or self.search, user_id=self.reader.id, locale="en", now=self.clock.now()
        )

    def feed(self) -> list[tuple[str, str, str]]:
        return [(entry.tile.slug, entry.why, entry.what) for entry in self.read().entries]


@pytest.fixture
def desk(make: Factory, clock: FixedClock, session: Session, search: MemorySearchBackend) -> Desk:
    return Desk(make, clock, session, search)


def test_who_follows_nothing_has_an_empty_feed(desk: Desk) -> None:
    desk.post("one", desk.nora, "travel")
    feed = desk.read()
    assert (feed.entries, feed.follows, feed.searched, feed.by_date, feed.hidden) == ([], [], [], False, 0)


def test_new_posts_of_followed_people_come_first_then_topics_and_searches(desk: Desk) -> None:
    desk.post("hers", desk.nora)
    desk.post("kettle-test", desk.leo)
    desk.post("on-travel", desk.leo, "travel")
    desk.post("neither", desk.leo, "sound")
    desk.follow(desk.nora, "travel")
    desk.searched("kettle")
    assert desk.feed() == [
        ("hers", "creator", "Nora"),
        ("on-travel", "topic", "Travel"),
        ("kettle-test", "search", "kettle"),
    ]


def test_old_posts_of_followed_people_stand_among_the_others_by_date(desk: Desk) -> None:
    desk.post("old", desk.nora)
    desk.clock.advance(timedelta(days=40))
    desk.post("on-travel", desk.leo, "travel")
    desk.post("new", desk.nora)
    desk.follow(desk.nora, "travel")
    assert [slug for slug, *_ in desk.feed()] == ["new", "on-travel", "old"]


def test_by_date_the_newest_come_first_and_that_is_remembered(desk: Desk) -> None:
    desk.post("hers", desk.nora)
    desk.post("on-travel", desk.leo, "travel")
    desk.follow(desk.nora, "travel")
    desk.do(actions.choose_order, by_date=True)
    assert [slug for slug, *_ in desk.feed()] == ["on-travel", "hers"]
    assert desk.read().by_date
    desk.do(actions.choose_order, by_date=False)
    assert [slug for slug, *_ in desk.feed()] == ["hers", "on-travel"]


def test_a_post_stands_once_with_its_first_reason(desk: Desk) -> None:
    desk.post("travel-words", desk.nora, "travel")
    desk.follow(desk.nora, "travel")
    desk.searched("travel-words")
    assert desk.feed() == [("travel-words", "creator", "Nora")]


def test_less_like_this_hides_the_post_and_its_author_unless_followed(desk: Desk) -> None:
    for number in (1, 2):
        desk.post(f"leo-{number}", desk.leo, "travel")
        desk.post(f"nora-{number}", desk.nora, "travel")
    desk.follow(desk.nora, "travel")
    desk.do(actions.show_less, "leo-1")
    desk.do(actions.show_less, "nora-1")
    desk.do(actions.show_less, "nora-1")
    assert [slug for slug, *_ in desk.feed()] == ["nora-2"]
    assert desk.read().hidden == 2
    desk.searched("leo-2")
    assert [slug for slug, *_ in desk.feed()] == ["nora-2"]
    desk.do(actions.reset_feed)
    assert sorted(slug for slug, *_ in desk.feed()) == ["leo-1", "leo-2", "nora-1", "nora-2"]
    assert desk.read().searched == []


def test_less_of_what_is_not_public_is_refused(desk: Desk) -> None:
    desk.post("draft", desk.nora, published=False)
    for slug in ("draft", "nothing"):
        with pytest.raises(NotFound):
            desk.do(actions.show_less, slug)


def test_nothing_that_is_not_public(desk: Desk, make: Factory) -> None:
    blocked = make.user("creator")
    desk.post("draft", desk.nora, "travel", published=False)
    desk.post("gone", desk.nora, "travel")
    desk.post("blocked", blocked, "travel")
    desk.follow(desk.nora, blocked, "travel")
    for words in ("gone", "blocked"):
        desk.searched(words)
    with unit_of_work(desk.session):
        desk.session.execute(update(Post).where(Post.slug == "gone").values(state="unpublished"))
        desk.session.execute(update(User).where(User.id == blocked.id).values(blocked=True))
    assert desk.feed() == []
    assert [one.name for one in desk.read().follows] == ["nora", "travel"]


def test_own_posts_are_no_news(desk: Desk, make: Factory) -> None:
    desk.reader = make.user("creator", handle="me")
    desk.post("mine", desk.reader, "travel")
    desk.follow("travel")
    assert desk.feed() == []
    with pytest.raises(Invalid):
        desk.do(actions.follow_creator, desk.reader, now=desk.clock.now())


def test_following_twice_and_stopping_twice_is_harmless(desk: Desk) -> None:
    desk.follow(desk.nora, desk.nora, "travel", "travel")
    assert len(desk.session.scalars(select(Follow)).all()) == 2
    assert queries.follows_creator(desk.session, desk.reader.id, desk.nora.id)
    assert queries.follows_topic(desk.session, desk.reader.id, "travel")
    for _round in range(2):
        desk.do(actions.unfollow_creator, desk.nora)
        desk.do(actions.unfollow_topic, "travel")
    assert not queries.follows_creator(desk.session, desk.reader.id, desk.nora.id)
    assert not queries.follows_topic(desk.session, desk.reader.id, "travel")
    with pytest.raises(NotFound):
        desk.follow("no-such-topic")


def test_the_feed_does_without_the_search_engine(desk: Desk) -> None:
    desk.post("hers", desk.nora)
    desk.follow(desk.nora)
    desk.searched("hers")
    assert len(desk.read(Away()).entries) == 1


def test_only_what_signed_in_people_found_something_for_is_remembered(desk: Desk, tmp_path: Path) -> None:
    now = desk.clock.now()
    writer = Spool(tmp_path / "searches")
    for words, found, loosened, by in (
        ("lamp", 3, False, "reader-key"),
        ("nothing", 0, False, "reader-key"),
        ("half of it", 3, True, "reader-key"),
        ("visitor", 3, False, ""),
        ("ghost", 3, False, "no-such-key"),
    ):
        writer.add(SearchInput(now, words, "en", "v", found, loosened, by))
    with unit_of_work(desk.session):
        spool.drain(desk.session, tmp_path / "searches", now=now)
    assert desk.session.scalars(select(FeedSearch.words)).all() == ["lamp"]
    with unit_of_work(desk.session):
        spool.forget(desk.session, now=now + timedelta(days=31))
    assert desk.session.scalars(select(FeedSearch.words)).all() == []
    writer.close()


def test_everything_goes_with_the_account(desk: Desk, make: Factory) -> None:
    desk.post("hers", desk.nora)
    desk.follow(desk.nora, "travel")
    desk.searched("hers")
    desk.do(actions.choose_order, by_date=True)
    desk.do(actions.show_less, "hers")
    with unit_of_work(desk.session):
        desk.session.execute(delete(User).where(User.id == desk.reader.id))
    for table in (Follow, FeedChoice, FeedSearch, FeedLess):
        assert desk.session.scalars(select(table)).all() == []


def test_it_takes_a_constant_number_of_statements(
    desk: Desk, make: Factory, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    for number in range(12):
        author = make.user("creator")
        desk.post(f"post-{number}", author, "travel", "sound")
        desk.follow(author)
        desk.searched(f"post-{number}")
    desk.follow("travel", "sound")
    with statements() as seen:
        assert len(desk.feed()) == 12
    assert len(seen) <= 8, seen
