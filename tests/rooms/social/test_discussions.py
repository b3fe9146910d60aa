"""What readers say of posts and products, and what of it is seen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.outbox import OutboxEvent
from contentshop.posts.queries import get_published
from contentshop.products.queries import get_product_page
from contentshop.social import actions, queries
from contentshop.social.inputs import MAX_TEXT, parse_note, parse_text, parse_vote
from contentshop.social.models import Comment, Discussion, WorthVote
from contentshop.social.queries import Subject, Talk
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]


class Scene:
    """A post of Ada's and a product, with what is said below them."""

    def __init__(self, session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
        self.session, self.unit, self.make, self.clock = session, unit, make, clock
        self.author = make.user("creator", handle="ada", name="Ada")
        make.product("lamp", own={"USD": 1000}, stock=1)
        make.post(self.author, slug="guide", source="Words.\n\n::card[lamp]\n")
        self.people = [make.user(handle=f"reader-{number}", name=f"Reader {number}") for number in range(7)]
        self.post = queries.find_post(session, "guide")
        self.product = queries.find_product(session, "lamp")

    def do(self, action: Callable[..., Any], *values: Any, by: User, **named: Any) -> Any:
        with self.unit():
            return action(self.session, *values, by=self.session.get_one(User, by.id), now=self.clock.now(), **named)

    def say(self, text: str, number: int = 0, *, about: Subject | None = None, parent: str = "") -> str:
        said = self.do(actions.say_something, about or self.post, text, by=self.people[number], parent_key=parent)
        key: str = said.key
        return key

    def vote(self, number: int, worth: bool | None, reason: str = "") -> None:
        self.do(actions.vote, self.post, worth, reason, by=self.people[number])

    def found(self, key: str) -> queries.Found:
        self.session.rollback()
        return queries.get_comment(self.session, key)

    def talk(self, user: User | None = None) -> Talk:
        """What a reader of the post's page gets."""
        self.session.rollback()
        return queries.read_talk(get_published(self.session, "guide", also=queries.talk_of_post(user)).also)

    def shown(self) -> list[tuple[str, list[str]]]:
        return [(line.text or line.state, [reply.text for reply in line.replies]) for line in self.talk().lines]

    def block(self, number: int) -> None:
        with self.unit():
            self.session.get_one(User, self.people[number].id).blocked = True

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(row.name, row.payload) for row in self.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))]


@pytest.fixture
def scene(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> Scene:
    return Scene(session, unit, make, clock)


def test_nothing_is_said_at_first(scene: Scene) -> None:
    assert scene.talk() == Talk()


def test_comments_and_replies_come_with_the_post(scene: Scene, clock: FixedClock) -> None:
    first = scene.say("It hums.\nA bit.")
    scene.say("Second", 1)
    reply = scene.say("Mine too", 2, parent=first)
    scene.say("And mine", 1, parent=reply)
    assert scene.shown() == [("Second", []), ("It hums.\nA bit.", ["Mine too", "And mine"])]
    talk = scene.talk()
    line = talk.lines[1]
    assert (talk.count, talk.more, line.author_name, line.author_handle) == (4, False, "Reader 0", "reader-0")
    assert (line.created_at, line.edited_at, line.by_shop) == (clock.now(), None, False)
    assert scene.events()[-1] == ("CommentChanged", {"post": scene.post.key})


def test_questions_come_with_the_product_and_the_shop_is_marked(scene: Scene, make: Factory) -> None:
    question = scene.say("Is it dimmable?", about=scene.product)
    scene.do(actions.say_something, scene.product, "Yes.", by=make.user("operator"), parent_key=question)
    scene.session.rollback()
    page = get_product_page(scene.session, "lamp", "en", also=queries.talk_of_product(None))
    (line,) = queries.read_talk(page.also).lines
    assert (line.text, line.by_shop) == ("Is it dimmable?", False)
    assert [(reply.text, reply.by_shop) for reply in line.replies] == [("Yes.", True)]
    assert scene.events()[-1] == ("QuestionChanged", {"product": scene.product.key})


def test_the_newest_threads_stand_on_the_first_page(scene: Scene) -> None:
    for number in range(queries.THREADS + 2):
        scene.say(f"No. {number}")
    first = scene.talk()
    assert (len(first.lines), first.more, first.lines[0].text) == (queries.THREADS, True, "No. 51")
    second = queries.get_talk(scene.session, scene.post, None, page=2)
    assert ([line.text for line in second.lines], second.more) == (["No. 1", "No. 0"], False)


def test_a_text_can_be_changed_for_a_quarter_of_an_hour(scene: Scene, clock: FixedClock) -> None:
    key = scene.say("Hmus")
    clock.advance(timedelta(minutes=14, seconds=59))
    scene.do(actions.change, scene.found(key), "Hums", by=scene.people[0])
    assert (scene.shown(), scene.talk().lines[0].edited_at) == ([("Hums", [])], clock.now())
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Conflict):
        scene.do(actions.change, scene.found(key), "Howls", by=scene.people[0])
    with pytest.raises(Forbidden):
        scene.do(actions.change, scene.found(key), "Howls", by=scene.people[1])
    assert scene.shown() == [("Hums", [])]


def test_a_deleted_text_is_gone_and_leaves_a_mark_only_above_replies(scene: Scene) -> None:
    alone, above = scene.say("Alone"), scene.say("Above")
    scene.say("Below", 1, parent=above)
    with pytest.raises(Forbidden):
        scene.do(actions.remove, scene.found(alone), by=scene.author)
    for key in (alone, above):
        scene.do(actions.remove, scene.found(key), by=scene.people[0])
    assert scene.shown() == [("deleted", ["Below"])]
    assert scene.talk().lines[0].author_name == ""
    assert set(scene.session.scalars(select(Comment.text))) == {"", "Below"}
    with pytest.raises(NotFound):
        scene.say("Late", 2, parent=above)


def test_authors_and_editors_hide_with_a_reason(scene: Scene, make: Factory) -> None:
    key = scene.say("Buy at shop.example")
    scene.say("No thanks", 1, parent=key)
    with pytest.raises(Forbidden):
        scene.do(actions.hide, scene.found(key), "Advertising", by=scene.people[1])
    scene.do(actions.hide, scene.found(key), "Advertising", by=scene.author)
    (line,) = scene.talk().lines
    assert (line.state, line.text, line.note, line.author_name) == ("hidden", "", "Advertising", "")
    scene.do(actions.show_again, scene.found(key), by=make.user("editor"))
    assert scene.shown() == [("Buy at shop.example", ["No thanks"])]


def test_what_blocked_people_said_is_not_shown(scene: Scene) -> None:
    first = scene.say("Of the blocked", 3)
    scene.say("Of another", 1, parent=first)
    other = scene.say("Fine", 1)
    scene.say("Also of the blocked", 3, parent=other)
    scene.say("Alone and blocked", 3)
    scene.block(3)
    assert scene.shown() == [("Fine", []), ("blocked", ["Of another"])]
    with pytest.raises(NotFound):
        scene.found(first)
    with pytest.raises(Forbidden):
        scene.say("Again", 3)


def test_reports_wait_for_editors(scene: Scene) -> None:
    key, other = scene.say("Rude"), scene.say("Spam")
    for number, reason in ((1, "insult"), (1, "spam"), (2, "insult")):
        scene.do(actions.report, scene.found(key), reason, by=scene.people[number])
    scene.do(actions.report, scene.found(other), "spam", by=scene.people[1])
    reports = queries.list_reports(scene.session)
    assert [(one.text, one.reasons, one.slug) for one in reports] == [
        ("Rude", {"insult": 2}, "guide"),
        ("Spam", {"spam": 1}, "guide"),
    ]
    with scene.unit():
        actions.leave(scene.session, key, now=scene.clock.now())
    scene.do(actions.hide, scene.found(other), "Spam", by=scene.author)
    assert queries.list_reports(scene.session) == []
    with pytest.raises(Invalid):
        scene.do(actions.report, scene.found(key), "spam", by=scene.people[0])


def test_one_vote_for_each_person_that_can_be_taken_back(scene: Scene) -> None:
    scene.vote(0, True)
    scene.vote(0, True)
    scene.vote(1, False, "price")
    scene.vote(2, True)
    scene.vote(2, None)
    scene.vote(3, True)
    scene.vote(3, False, "advert")
    counts = scene.session.execute(select(Discussion.worth, Discussion.unworth)).one()
    assert tuple(counts) == (1, 2)
    assert len(list(scene.session.scalars(select(WorthVote.user_id)))) == 3
    assert (scene.talk(scene.people[0]).mine, scene.talk(scene.people[1]).mine) == (True, False)
    assert (scene.talk(scene.people[2]).mine, scene.talk().mine) == (None, None)
    assert scene.events()[-1] == ("WorthChanged", {"post": scene.post.key})


def test_who_wrote_a_post_does_not_judge_it(scene: Scene) -> None:
    with pytest.raises(Forbidden):
        scene.do(actions.vote, scene.post, True, "", by=scene.author)
    assert scene.session.scalar(select(Discussion.id)) is None


def test_votes_are_masked_for_ten_minutes_and_rated_from_five_on(scene: Scene, clock: FixedClock) -> None:
    for number in range(4):
        scene.vote(number, True)
    clock.advance(timedelta(minutes=9, seconds=59))
    with scene.unit():
        assert actions.open_counts(scene.session, now=clock.now()) == 0
    assert (scene.talk().votes, scene.talk().worth, scene.talk().rate) == (None, None, None)
    clock.advance(timedelta(seconds=1))
    with scene.unit():
        assert actions.open_counts(scene.session, now=clock.now()) == 1
        assert actions.open_counts(scene.session, now=clock.now()) == 0
    assert (scene.talk().votes, scene.talk().worth, scene.talk().rate) == (4, 4, None)
    scene.vote(4, False, "shallow")
    assert (scene.talk().votes, scene.talk().worth, scene.talk().rate) == (5, 4, 80)


def test_what_can_be_found_of_a_discussion(scene: Scene) -> None:
    scene.say("Seen")
    scene.do(actions.remove, scene.found(scene.say("Deleted")), by=scene.people[0])
    scene.do(actions.hide, scene.found(scene.say("Hidden")), "why", by=scene.author)
    scene.say("Blocked", 3)
    scene.block(3)
    for number in (0, 1, 2):
        scene.vote(number, True)
    said = queries.said_of(scene.session, Discussion.post_id, [scene.post.id])[scene.post.id]
    assert (said.texts, said.worth, said.votes) == (("Seen",), None, 0)
    assert queries.list_spoken(scene.session, [scene.people[3].key]) == ([scene.post.key], [])


@pytest.mark.parametrize(
    ("worth", "votes", "rate"),
    [(0, 4, None), (4, 4, None), (5, 5, 100), (0, 5, 0), (2, 3, None), (5, 8, 63), (1, 200, 1)],
)
def test_the_worth_rate_is_rounded_half_up(worth: int, votes: int, rate: int | None) -> None:
    assert queries.worth_rate(worth, votes) == rate


def test_texts_are_plain() -> None:
    assert parse_text("  a <b>bold</b>\r\n\r\n\r\n word\x00 \n") == "a <b>bold</b>\n\n word"
    for bad in ("", " \n ", "\u200b", "x" * (MAX_TEXT + 1), "x\n" * 61):
        with pytest.raises(Invalid):
            parse_text(bad)
    with pytest.raises(Invalid):
        parse_note(" ")


def test_no_needs_a_reason() -> None:
    assert parse_vote("yes", "price") == (True, "")
    assert parse_vote("none", "") == (None, "")
    assert parse_vote("no", "outdated") == (False, "outdated")
    for worth, reason in (("no", ""), ("no", "boring"), ("maybe", "")):
        with pytest.raises(Invalid):
            parse_vote(worth, reason)
