"""What buyers may say, who sees it, and what it makes of a product's rating."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Forbidden, Invalid, NotFound
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import run_in_unit
from contentshop.media import actions as media
from contentshop.media.models import Asset
from contentshop.products.models import Product
from contentshop.products.offers import Rating
from contentshop.products.queries import load_facts
from contentshop.reviews import actions, queries
from contentshop.reviews.inputs import MAX_NOTE, MAX_REPLY, MAX_TEXT, ReviewInput, parse_note, parse_reply, parse_report
from contentshop.reviews.models import Review
from contentshop.reviews.queries import Wanted
from tests.factories import Factory
from tests.received import photo, received

Unit = Callable[[], AbstractContextManager[None]]
GOOD = {"stars": "4", "title": "Quiet", "text": "Hums a little.", "lang": "en"}


class Scene:
    """A lamp, people who bought it, an editor, and support."""

    def __init__(self, app: Flask, session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
        self.app, self.session, self.unit, self.make, self.clock = app, session, unit, make, clock
        self.lamp: Product = make.product("lamp", own={"USD": 1000}, stock=9)
        self.bea = make.user(handle="bea", name="Bea")
        self.cem = make.user(handle="cem", name="Cem")
        self.editor = make.user("editor", handle="edda")
        self.support = make.user("support", handle="sam")

    def do(self, action: Callable[..., Any], *values: Any, by: User, **named: Any) -> Any:
        with self.unit():
            return action(self.session, *values, by=self.session.get_one(User, by.id), now=self.clock.now(), **named)

    def on(self, action: Callable[..., Any], key: str, *values: Any, by: User, **named: Any) -> Any:
        """``action`` on the review ``key``."""
        with self.unit():
            review = queries.get_review(self.session, key)
            person = self.session.get_one(User, by.id)
            return action(self.session, review, *values, by=person, now=self.clock.now(), **named)

    def write(self, by: User, **words: str) -> str:
        order = received(self.make, by, self.lamp)
        with self.unit():
            line = queries.get_to_review(self.session, by.id, order, 1)
            person = self.session.get_one(User, by.id)
            review = actions.write(self.session, line, ReviewInput.parse(GOOD | words), by=person, now=self.clock.now())
        return review.key

    def shown(self, user: User | None = None, **wanted: Any) -> list[Any]:
        self.session.rollback()
        return queries.list_reviews(self.session, self.lamp.id, user, Wanted(**wanted))[0]

    def rating(self) -> Rating | None:
        """What cards know."""
        self.session.rollback()
        return load_facts(self.session, [self.lamp.id], "en")[self.lamp.id].rating

    def problems(self) -> list[str]:
        self.session.rollback()
        return queries.audit(self.session)


@pytest.fixture
def scene(app: Flask, session: Session, unit: Unit, make: Factory, clock: FixedClock) -> Scene:
    return Scene(app, session, unit, make, clock)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("stars", stars) for stars in ("", "0", "6", "4.5", "-1", "five", "١", "1e0", " 4")),
        ("text", ""),
        ("text", " \n\n "),
        ("text", "x" * 10_000),
        ("text", "x" * (MAX_TEXT + 1)),
        ("text", "\n".join("abc" for _ in range(61))),
        ("title", "x" * 121),
        ("lang", ""),
        ("lang", "fr"),
    ],
)
def test_bad_words_and_stars_are_refused_by_field(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ReviewInput.parse(GOOD | {field: value})
    assert list(refusal.value.fields) == [field]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        ReviewInput.parse({})
    assert set(refusal.value.fields) == {"stars", "text", "lang"}
    for parse, words in (
        (parse_reply, "x" * (MAX_REPLY + 1)),
        (parse_note, "x" * (MAX_NOTE + 1)),
        (parse_report, "bad"),
    ):
        for typed in (words, ""):
            with pytest.raises(Invalid):
                parse(typed)


def test_a_mean_is_rounded_half_up() -> None:
    assert Rating.of((0, 0, 0, 0, 0)) is None
    assert Rating.of((None,) * 5) is None
    for counts, tenths in (((0, 0, 0, 1, 1), 45), ((1, 0, 0, 0, 2), 37), ((19, 1, 0, 0, 0), 11), ((0, 0, 0, 0, 3), 50)):
        rating = Rating.of(counts)
        assert rating is not None
        assert (rating.tenths, rating.count) == (tenths, sum(counts))


def test_only_what_arrived_can_be_reviewed_once_by_its_buyer(scene: Scene) -> None:
    person = scene.bea
    arrived = received(scene.make, person, scene.lamp, scene.lamp)
    for state in ("placed", "paid", "part_shipped", "shipped", "cancelled"):
        order = received(scene.make, person, scene.lamp, state=state)
        with pytest.raises(NotFound):
            queries.get_to_review(scene.session, person.id, order, 1)
    given_up = received(scene.make, person, scene.lamp, cancelled=1)
    for buyer, order, position in (
        (person, given_up, 1),
        (scene.cem, arrived, 1),
        (person, arrived, 3),
        (person, "x", 1),
    ):
        with pytest.raises(NotFound):
            queries.get_to_review(scene.session, buyer.id, order, position)
    assert [(line.order_key, line.position) for line in queries.list_waiting(scene.session, person.id)] == [
        (arrived, 1),
        (arrived, 2),
    ]
    line = queries.get_to_review(scene.session, person.id, arrived, 2)
    scene.do(actions.write, line, ReviewInput.parse(GOOD), by=person)
    with pytest.raises(Conflict):
        queries.get_to_review(scene.session, person.id, arrived, 2)
    with pytest.raises(Conflict):
        scene.do(actions.write, line, ReviewInput.parse(GOOD), by=person)
    assert [one.position for one in queries.list_waiting(scene.session, person.id)] == [1]
    assert scene.rating() == Rating((0, 0, 0, 1, 0))


def test_a_review_is_changed_marked_and_too_late_after_30_days(scene: Scene) -> None:
    key = scene.write(scene.bea)
    with pytest.raises(Forbidden):
        scene.on(actions.change, key, ReviewInput.parse(GOOD), by=scene.cem)
    scene.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    scene.on(actions.change, key, ReviewInput.parse(GOOD | {"stars": "2", "text": "Broke."}), by=scene.bea)
    (one,) = scene.shown()
    assert (one.stars, one.text, one.edited_at, scene.rating()) == (
        2,
        "Broke.",
        scene.clock.now(),
        Rating((0, 1, 0, 0, 0)),
    )
    scene.clock.advance(timedelta(seconds=1))
    with pytest.raises(Conflict):
        scene.on(actions.change, key, ReviewInput.parse(GOOD), by=scene.bea)


def test_something_is_added_once_and_later(scene: Scene) -> None:
    key = scene.write(scene.bea)
    with pytest.raises(Conflict):
        scene.on(actions.add_more, key, "Too early", by=scene.bea)
    scene.clock.advance(timedelta(days=1))
    with pytest.raises(Forbidden):
        scene.on(actions.add_more, key, "Not mine", by=scene.cem)
    scene.on(actions.add_more, key, "Still hums.", by=scene.bea)
    with pytest.raises(Conflict):
        scene.on(actions.add_more, key, "Again", by=scene.bea)
    assert [(one.more, one.more_at) for one in scene.shown()] == [("Still hums.", scene.clock.now())]


def test_photos_stay_come_and_go(scene: Scene, app: Flask) -> None:
    with app.app_context():
        storage = app.extensions["contentshop"].engines.storage
    files = [media.prepare(photo(colour), "a.jpg", most=10**7) for colour in ("red", "green", "blue", "red")]
    with scene.unit():
        person = scene.session.get_one(User, scene.bea.id)
        assets = [
            media.store(scene.session, one, media.keep_files(storage, one), owner=person, now=scene.clock.now())
            for one in files
        ]
    order = received(scene.make, scene.bea, scene.lamp)
    line = queries.get_to_review(scene.session, scene.bea.id, order, 1)
    with scene.unit():
        own = [scene.session.get_one(Asset, one.id) for one in assets]
        person = scene.session.get_one(User, scene.bea.id)
        with pytest.raises(Invalid) as refusal:
            actions.write(scene.session, line, ReviewInput.parse(GOOD), own[:3] * 3, by=person, now=scene.clock.now())
        assert list(refusal.value.fields) == ["photos"]
        key = actions.write(scene.session, line, ReviewInput.parse(GOOD), own[:2], by=person, now=scene.clock.now()).key
    assert [shot.key for shot in scene.shown()[0].photos] == [assets[0].key, assets[1].key]
    with scene.unit():
        own = [scene.session.get_one(Asset, one.id) for one in assets]
        person = scene.session.get_one(User, scene.bea.id)
        actions.change(
            scene.session,
            queries.get_own(scene.session, key, person),
            ReviewInput.parse(GOOD),
            dropped={assets[0].key},
            added=own[2:],
            by=person,
            now=scene.clock.now(),
        )
    # The last file is the first one's copy: one medium, which has just been left out and comes again at the end.
    assert [shot.key for shot in scene.shown()[0].photos] == [assets[1].key, assets[2].key, assets[0].key]
    assert len(scene.shown(photos=True)) == 1
    scene.on(actions.remove, key, by=scene.bea)
    assert scene.shown() == []


def test_one_person_has_one_vote_and_none_for_their_own(scene: Scene) -> None:
    key = scene.write(scene.bea)
    with pytest.raises(Forbidden):
        scene.on(actions.vote, key, True, by=scene.bea)
    for _ in range(3):
        scene.on(actions.vote, key, True, by=scene.cem)
    assert [(one.helpful, one.voted) for one in scene.shown(scene.cem)] == [(1, True)]
    assert [(one.helpful, one.voted, one.own) for one in scene.shown(scene.bea)] == [(1, False, True)]
    for _ in range(2):
        scene.on(actions.vote, key, False, by=scene.cem)
    assert [(one.helpful, one.voted) for one in scene.shown(scene.cem)] == [(0, False)]
    assert scene.problems() == []


def test_the_shop_answers_by_support_alone(scene: Scene) -> None:
    key = scene.write(scene.bea, stars="1")
    for other in (scene.bea, scene.editor, scene.make.user("finance"), scene.make.user("warehouse")):
        with pytest.raises(Forbidden):
            scene.on(actions.reply, key, "Sorry", by=other)
    scene.on(actions.reply, key, "Sorry", by=scene.support)
    scene.on(actions.reply, key, "Very sorry", by=scene.make.user("operator"))
    assert [one.reply for one in scene.shown()] == ["Very sorry"]
    assert queries.page_desk(scene.session, "open") == ([], False)
    assert [one.key for one in queries.page_desk(scene.session, "all")[0]] == [key]
    scene.on(actions.reply, key, "", by=scene.support)
    assert [(one.reply, one.replied_at) for one in scene.shown()] == [("", None)]
    assert [one.key for one in queries.page_desk(scene.session, "low")[0]] == [key]


def test_editors_alone_hide_and_what_is_hidden_counts_nowhere(scene: Scene) -> None:
    key, other = scene.write(scene.bea, stars="1"), scene.write(scene.cem, stars="5")
    with pytest.raises(Invalid):
        scene.on(actions.report, key, "spam", by=scene.bea)
    for _ in range(2):
        scene.on(actions.report, key, "spam", by=scene.cem)
    scene.on(actions.report, key, "insult", by=scene.support)
    assert [(one.key, one.reasons) for one in queries.list_reports(scene.session)] == [(key, {"spam": 1, "insult": 1})]
    for nobody in (scene.bea, scene.support, scene.make.user("operator"), scene.make.user("creator")):
        with pytest.raises(Forbidden):
            scene.on(actions.hide, key, "No", by=nobody)
    scene.on(actions.hide, key, "Advertising", by=scene.editor)
    assert [one.key for one in scene.shown()] == [other]
    assert scene.rating() == Rating((0, 0, 0, 0, 1))
    assert queries.summarize(scene.session, scene.lamp.id).rating == Rating((0, 0, 0, 0, 1))
    assert queries.list_reports(scene.session) == []
    assert [(one.key, one.note) for one in queries.list_hidden(scene.session)] == [(key, "Advertising")]
    assert [(one.state, one.note) for one in queries.list_own(scene.session, scene.bea.id)] == [
        ("hidden", "Advertising")
    ]
    with pytest.raises(NotFound):
        queries.get_shown(scene.session, key)
    with pytest.raises(Forbidden):
        scene.on(actions.vote, key, True, by=scene.cem)
    scene.on(actions.show_again, key, by=scene.editor)
    assert scene.rating() == Rating((1, 0, 0, 0, 1))
    assert scene.problems() == []


def test_a_removed_review_is_gone_for_good(scene: Scene) -> None:
    key = scene.write(scene.bea)
    scene.on(actions.vote, key, True, by=scene.cem)
    with pytest.raises(Forbidden):
        scene.on(actions.remove, key, by=scene.cem)
    scene.on(actions.remove, key, by=scene.bea)
    kept = scene.session.execute(select(Review.text, Review.title, Review.helpful, Review.state)).one()
    assert tuple(kept) == ("", "", 0, "deleted")
    assert (scene.shown(), scene.rating(), queries.list_waiting(scene.session, scene.bea.id)) == ([], None, [])
    with pytest.raises(Conflict):
        scene.on(actions.show_again, key, by=scene.editor)
    assert scene.problems() == []


def test_what_a_blocked_person_said_is_nowhere(scene: Scene) -> None:
    key = scene.write(scene.bea, stars="1")
    scene.write(scene.cem, stars="5")
    with scene.unit():
        scene.session.get_one(User, scene.bea.id).blocked = True
    assert [one.stars for one in scene.shown()] == [5]
    assert queries.summarize(scene.session, scene.lamp.id).rating == Rating((0, 0, 0, 0, 1))
    with pytest.raises(NotFound):
        queries.get_shown(scene.session, key)
    with scene.unit():
        assert actions.recount(scene.session, [scene.bea.key], now=scene.clock.now()) == 1
    assert scene.rating() == Rating((0, 0, 0, 0, 1))
    assert scene.problems() == []


def test_orders_and_filters(scene: Scene) -> None:
    people = [scene.make.user() for _ in range(3)]
    first = scene.write(people[0], stars="5")
    second = scene.write(people[1], stars="1", lang="zh", text="会嗡嗡响")
    third = scene.write(people[2], stars="3")
    scene.on(actions.vote, second, True, by=scene.cem)
    assert [one.key for one in scene.shown()] == [second, third, first]
    assert [one.key for one in scene.shown(sort="newest")] == [third, second, first]
    assert [one.key for one in scene.shown(sort="lowest")] == [second, third, first]
    assert [one.key for one in scene.shown(stars=3)] == [third]
    assert [one.key for one in scene.shown(lang="zh")] == [second]
    assert scene.shown(photos=True) == []
    summary = queries.summarize(scene.session, scene.lamp.id)
    assert (summary.rating, summary.photos, summary.langs) == (Rating((1, 0, 1, 0, 1)), 0, {"en": 2, "zh": 1})
    page, more = queries.list_reviews(scene.session, scene.lamp.id, None, Wanted(), number=2, size=2)
    assert ([one.key for one in page], more) == ([first], False)
    nonsense = {"sort": "worst", "stars": "6", "lang": "xx", "photos": "yes"}
    assert Wanted.parse(nonsense) == Wanted()


def test_changes_tell_the_index_once_each(scene: Scene) -> None:
    key = scene.write(scene.bea)
    scene.on(actions.hide, key, "No", by=scene.editor)
    told = scene.session.execute(
        select(OutboxEvent.name, OutboxEvent.payload).where(OutboxEvent.name == "ReviewChanged")
    )
    assert [tuple(row) for row in told] == [("ReviewChanged", {"product": scene.lamp.key})] * 2


def test_an_order_invites_once_some_days_after_it_arrived(scene: Scene) -> None:
    order = received(scene.make, scene.bea, scene.lamp, at=scene.clock.now())
    received(scene.make, None, scene.lamp, at=scene.clock.now())
    received(scene.make, scene.cem, scene.lamp, at=scene.clock.now() - timedelta(days=40))
    invite = lambda: queries.list_to_invite(scene.session, now=scene.clock.now())  # noqa: E731
    scene.clock.advance(timedelta(days=5) - timedelta(seconds=1))
    assert invite() == []
    scene.clock.advance(timedelta(seconds=1))
    assert [key for _id, key in invite()] == [order]
    with scene.unit():
        actions.refuse_invitations(scene.session, scene.bea, now=scene.clock.now())
    assert invite() == []
    with scene.unit():
        actions.allow_invitations(scene.session, scene.bea)
    for expected in (1, 0):
        with scene.unit():
            assert actions.invite(scene.session, now=scene.clock.now()) == expected
    told = scene.session.scalars(select(OutboxEvent.payload).where(OutboxEvent.name == "ReviewsInvited"))
    assert list(told) == [{"order": order}]


def at_once(works: list[Callable[[], Any]], app: Flask) -> list[str]:
    """Run all at the same moment, each in a unit of its own; what each met."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> str:
        start.wait()
        with app.app_context():
            try:
                run_in_unit(db.session, work, keep=lambda _: True)
            except (ContentshopError, IntegrityError) as refusal:
                return type(refusal).__name__
            finally:
                db.session.remove()
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


def test_the_same_purchase_reviewed_by_eight_windows_at_once(scene: Scene) -> None:
    order = received(scene.make, scene.bea, scene.lamp)

    def work() -> None:
        user = db.session.get_one(User, scene.bea.id)
        line = queries.get_to_review(db.session, user.id, order, 1)
        actions.write(db.session, line, ReviewInput.parse(GOOD), by=user, now=scene.clock.now())

    assert at_once([work] * 8, scene.app) == ["Conflict"] * 7 + ["done"]
    assert scene.rating() == Rating((0, 0, 0, 1, 0))
    assert scene.problems() == []


def test_many_buyers_and_voters_at_once_lose_no_count(scene: Scene) -> None:
    buyers = [scene.make.user() for _ in range(8)]
    orders = [received(scene.make, buyer, scene.lamp) for buyer in buyers]

    def writing(number: int) -> Callable[[], None]:
        def work() -> None:
            user = db.session.get_one(User, buyers[number].id)
            line = queries.get_to_review(db.session, user.id, orders[number], 1)
            said = ReviewInput.parse(GOOD | {"stars": str(number % 5 + 1)})
            actions.write(db.session, line, said, by=user, now=scene.clock.now())

        return work

    assert at_once([writing(number) for number in range(8)], scene.app) == ["done"] * 8
    assert scene.rating() == Rating((2, 2, 2, 1, 1))
    key = next(one.key for one in scene.shown() if one.author_key == buyers[0].key)

    def voting(number: int) -> Callable[[], None]:
        def work() -> None:
            user = db.session.get_one(User, buyers[number].id)
            actions.vote(db.session, queries.get_shown(db.session, key), True, by=user, now=scene.clock.now())

        return work

    assert at_once([voting(number % 4 + 1) for number in range(12)], scene.app) == ["done"] * 12
    scene.session.rollback()
    assert scene.session.scalar(select(Review.helpful).where(Review.key == key)) == 4
    assert scene.session.scalar(select(func.count()).select_from(Review)) == 8
    assert scene.problems() == []
