"""From a change to a notification and a mail: the real outbox, the real worker, the real tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.errors import Unavailable
from contentshop.core.mail import Message
from contentshop.core.outbox import record
from contentshop.core.uow import unit_of_work
from contentshop.core.zones import next_hour
from contentshop.posts import actions as posts
from contentshop.posts.inputs import PostInput
from contentshop.posts.models import Post
from contentshop.products import stock
from contentshop.products.events import ProductChanged
from contentshop.products.models import Offer, Product
from contentshop.search import actions as search_actions
from contentshop.search.port import Operation
from contentshop.search.synonyms import Rule
from contentshop.watching import actions, queries
from contentshop.watching.inputs import Telling, Wanted
from contentshop.watching.models import Notification, SavedSearch, Sighting
from tests.factories import Factory
from tests.fakes import MemorySearchBackend

HOUR = timedelta(hours=1)


class World:
    """A reader who saves searches, a creator who publishes, and the worker in between."""

    def __init__(self, app: Flask, make: Factory, session: Session, clock: FixedClock) -> None:
        self.app, self.make, self.session, self.clock = app, make, session, clock
        self.reader = make.user("reader", name="Rea Der", email="rea@example.org")
        self.creator = make.user("creator", name="Cre Ator")

    def save(self, q: str = "", *, owner: User | None = None, name: str = "", **form: str) -> SavedSearch:
        """Save a search, let the worker learn what fits already, and go on an hour later."""
        told = {"in_app": "1", "mail": form.pop("mail", "off"), "mail_hour": form.pop("mail_hour", "7")} | form
        wanted = Wanted.parse({"q": q, **form}, currencies=("USD", "CNY"), topics=("audio",), currency="USD")
        with unit_of_work(self.session):
            person = self.session.merge(owner or self.reader)
            found = actions.save(
                self.session, wanted, Telling.parse(told), by=person, name=name or q or "All", now=self.clock.now()
            )
        self.settle()
        self.clock.advance(HOUR)
        return found

    def say_same(self, line: str) -> str:
        """Add a line of synonyms as the desk does; its key."""
        with unit_of_work(self.session):
            editor = self.session.merge(self.make.user("editor"))
            rule = search_actions.add_synonyms(self.session, Rule.parse(line), by=editor, now=self.clock.now())
            actions.loosen(self.session)
        return rule.key

    def settle(self) -> None:
        self.session.rollback()
        worker.settle(self.app)

    def publish(self, title: str, **form: Any) -> Post:
        post: Post = self.make.post(form.pop("author", self.creator), title=title, **form)
        self.settle()
        return post

    def edit(self, post: Post, **form: Any) -> None:
        """Publish new words of a post."""
        fields = {"kind": post.kind, "title": "Title", "summary": "S.", "source": "Text.", "lang": "en", "topics": []}
        with unit_of_work(self.session):
            stored = self.session.scalars(select(Post).where(Post.key == post.key)).one()
            typed = PostInput.parse(**(fields | form))
            posts.save_draft(
                self.session, stored, typed, by=stored.author, version=stored.draft_version, now=self.clock.now()
            )
            posts.publish(self.session, stored, by=stored.author, now=self.clock.now())
        self.settle()

    def unpublish(self, post: Post) -> None:
        with unit_of_work(self.session):
            stored = self.session.scalars(select(Post).where(Post.key == post.key)).one()
            posts.unpublish(self.session, stored, by=stored.author, now=self.clock.now())
        self.settle()

    def product(self, title: str, **values: Any) -> Product:
        product = self.make.product(title=title, **values)
        self.announce(product)
        return product

    def announce(self, product: Product) -> None:
        with unit_of_work(self.session):
            record(self.session, ProductChanged(product=product.key), now=self.clock.now())
        self.settle()

    def price(self, product: Product, minor: int) -> None:
        with unit_of_work(self.session):
            self.session.execute(update(Offer).where(Offer.product_id == product.id).values(price_minor=minor))
        self.announce(product)

    def told(self, user: User | None = None) -> list[tuple[str, str]]:
        """(reason, key of the thing) of everything a person was told, oldest first."""
        self.session.rollback()
        query = select(Notification).where(Notification.user_id == (user or self.reader).id).order_by(Notification.id)
        return [(one.reason, one.key) for one in self.session.scalars(query)]


@pytest.fixture
def world(app: Flask, make: Factory, session: Session, clock: FixedClock) -> World:
    return World(app, make, session, clock)


class TestOnce:
    def test_what_is_published_is_told_once_however_often_it_is_edited(self, world: World) -> None:
        world.save("gooseneck kettle")
        post = world.publish("The best gooseneck kettles")
        assert world.told() == [("new", post.key)]
        world.clock.advance(HOUR)
        world.edit(post, title="The very best gooseneck kettles")
        world.edit(post, title="Something else")
        world.edit(post, title="A gooseneck kettle again")
        world.unpublish(post)
        with unit_of_work(world.session):
            stored = world.session.scalars(select(Post).where(Post.key == post.key)).one()
            posts.publish(world.session, stored, by=stored.author, now=world.clock.now())
        world.settle()
        assert world.told() == [("new", post.key)]

    def test_what_does_not_fit_is_not_told(self, world: World) -> None:
        world.save("gooseneck kettle")
        world.publish("The best kettles")
        world.publish("A gooseneck kettle, some day", published=False)
        assert world.told() == []

    def test_what_was_there_before_is_no_news(self, world: World) -> None:
        post = world.publish("A kettle")
        world.clock.advance(HOUR)
        world.save("kettle")
        assert world.session.scalars(select(SavedSearch.baseline)).one() == "known"
        assert world.session.scalar(select(func.count()).select_from(Sighting)) == 1
        world.edit(post, title="A better kettle")
        assert world.told() == []

    def test_an_old_post_that_comes_to_fit_is_told(self, world: World) -> None:
        post = world.publish("A teapot")
        world.clock.advance(HOUR)
        world.save("kettle")
        world.edit(post, title="A teapot and a kettle")
        assert world.told() == [("words", post.key)]

    def test_a_card_is_among_the_words_of_a_post(self, world: World) -> None:
        world.make.product("lamp", title="Zephyr lamp", own={"USD": 1999}, stock=1)
        world.save("zephyr", kind="post")
        post = world.publish("Light", source="See.\n\n::card[lamp]\n")
        assert world.told() == [("new", post.key)]

    def test_one_does_not_hear_of_ones_own_posts(self, world: World) -> None:
        world.save("kettle", owner=world.creator)
        world.publish("A kettle")
        assert world.told(world.creator) == []

    def test_everybody_who_waits_is_told(self, world: World) -> None:
        others = [world.make.user("reader") for _ in range(3)]
        for person in others:
            world.save("kettle", owner=person)
        world.publish("A kettle")
        assert [len(world.told(person)) for person in others] == [1, 1, 1]

    def test_a_new_creator_is_told(self, world: World) -> None:
        world.save("Zebedee", kind="creator")
        author = world.make.user("creator", name="Zebedee Quill")
        world.publish("Anything", author=author)
        assert world.told() == [("new", author.key)]


class TestThresholds:
    def test_each_fall_below_the_limit_is_told_and_nothing_else(self, world: World) -> None:
        product = world.product("Steel kettle", own={"USD": 12000}, stock=3)
        world.clock.advance(HOUR)
        world.save("kettle", to="100")
        world.price(product, 11000)
        assert world.told() == []
        world.price(product, 9900)
        assert world.told() == [("price", product.key)]
        world.price(product, 9500)
        world.announce(product)
        assert world.told() == [("price", product.key)]
        world.price(product, 10100)
        world.price(product, 10000)
        assert world.told() == [("price", product.key)] * 2
        price_then = world.session.scalars(select(Notification.price_minor).order_by(Notification.id)).all()
        assert price_then == [9900, 10000]

    def test_a_price_in_another_currency_does_not_count(self, world: World) -> None:
        world.save("kettle", to="100", currency="CNY")
        world.product("Steel kettle", own={"USD": 500}, stock=3)
        assert world.told() == []

    def test_coming_back_into_stock_is_told_each_time(self, world: World) -> None:
        product = world.product("Steel kettle", own={"USD": 12000}, stock=0)
        variant = world.make.variant_of(product)
        world.clock.advance(HOUR)
        world.save("kettle", stock="1")
        for quantity in (2, 0, 5):
            with unit_of_work(world.session):
                stock.set_on_hand(
                    world.session, variant.id, quantity, reason="counted", actor="desk", now=world.clock.now()
                )
            world.settle()
        assert world.told() == [("stock", product.key)] * 2

    def test_the_price_of_a_card_is_that_of_its_post(self, world: World) -> None:
        product = world.make.product("lamp", title="Lamp", own={"USD": 12000}, stock=1)
        post = world.publish("Light for reading", source="See.\n\n::card[lamp]\n")
        world.clock.advance(HOUR)
        world.save("light", kind="post", to="100")
        world.price(product, 9900)
        assert world.told() == [("price", post.key)]

    def test_filters_alone(self, world: World) -> None:
        world.make.topic("audio")
        world.save(topic="audio", name="Audio")
        world.save(lang="zh", name="Chinese")
        post = world.publish("Sound", topics=["audio"])
        world.publish("Other")
        assert world.told() == [("new", post.key)]


class TestRest:
    def test_paused_and_resumed(self, world: World) -> None:
        search = world.save("kettle")
        with unit_of_work(world.session):
            actions.pause(world.session, world.session.merge(search))
        missed = world.publish("A kettle")
        world.clock.advance(HOUR)
        with unit_of_work(world.session):
            stored = world.session.scalars(select(SavedSearch)).one()
            actions.resume(world.session, stored, now=world.clock.now())
        world.settle()
        world.edit(missed, title="A kettle, edited")
        assert world.told() == []
        world.clock.advance(HOUR)
        heard = world.publish("Another kettle")
        assert world.told() == [("new", heard.key)]

    def test_a_changed_search_begins_anew_and_keeps_what_was_told(self, world: World) -> None:
        search = world.save("kettle")
        first = world.publish("A kettle")
        world.clock.advance(HOUR)
        wanted = Wanted.parse({"q": "steel"}, currencies=("USD",), topics=(), currency="USD")
        telling = Telling.parse({"in_app": "1"})
        for words in (wanted, queries.wanted_of(search)):
            with unit_of_work(world.session):
                stored = world.session.scalars(select(SavedSearch)).one()
                actions.change(world.session, stored, words, telling, name="n", now=world.clock.now())
            world.settle()
        world.edit(first, title="A kettle, edited")
        assert world.told() == [("new", first.key)]
        world.clock.advance(HOUR)
        world.publish("Of steel")
        second = world.publish("One more kettle")
        assert world.told() == [("new", first.key), ("new", second.key)]

    def test_blocked_people_are_told_nothing(self, world: World) -> None:
        world.save("kettle", mail="now")
        with unit_of_work(world.session):
            world.session.execute(update(User).where(User.id == world.reader.id).values(blocked=True))
        world.publish("A kettle")
        assert world.told() == []


class TestTheWorker:
    def test_repeats_and_two_at_once_tell_once(self, world: World) -> None:
        world.save("kettle")
        post = world.make.post(world.creator, title="A kettle")
        with world.app.app_context():
            early = actions.look(db.session, "post", [post.key])
            late = actions.look(db.session, "post", [post.key])
            for findings in (early, late, early):
                with unit_of_work(db.session):
                    actions.tell(db.session, findings, now=world.clock.now())
        world.settle()
        assert world.told() == [("new", post.key)]

    def test_what_was_found_for_an_older_round_is_void(self, world: World) -> None:
        search = world.save("kettle")
        post = world.make.post(world.creator, title="A kettle")
        with world.app.app_context():
            findings = actions.look(db.session, "post", [post.key])
        assert [finding.lapse for finding in findings] == [""]
        with unit_of_work(world.session):
            stored = world.session.scalars(select(SavedSearch).where(SavedSearch.key == search.key)).one()
            actions.pause(world.session, stored)
            actions.resume(world.session, stored, now=world.clock.now())
        with unit_of_work(world.session):
            assert actions.tell(world.session, findings, now=world.clock.now()) == 0

    def test_the_constraint_decides(self, world: World) -> None:
        world.save("kettle")
        world.publish("A kettle")
        one = world.session.scalars(select(Notification)).one()
        columns = {column.name: getattr(one, column.name) for column in Notification.__table__.columns}
        again = Notification(**(columns | {"id": None, "public_key": "other"}))
        with pytest.raises(IntegrityError), unit_of_work(world.session):
            world.session.add(again)

    def test_what_another_analysis_anchored_is_found_again(self, world: World) -> None:
        world.save("kettle")
        with unit_of_work(world.session):
            world.session.execute(update(SavedSearch).values(analysis=0))
            world.session.execute(db.metadata.tables["saved_search_anchor"].delete())
        post = world.publish("A kettle")
        assert world.told() == [("new", post.key)]

    def test_nothing_is_read_when_nobody_waits(self, world: World, statements: Callable[[], Any]) -> None:
        post = world.make.post(world.creator, title="A kettle")
        with world.app.app_context(), statements() as seen:
            assert actions.look(db.session, "post", [post.key]) == []
        assert len(seen) == 1

    def test_a_look_costs_the_same_number_of_statements_for_many_searches(
        self, world: World, statements: Callable[[], Any]
    ) -> None:
        posts_ = [world.make.post(world.creator, title="A kettle of steel and glass") for _ in range(2)]
        counts = []
        for post, words in zip(posts_, (["kettle"], ["steel", "glass", "kettle steel", "glass -wood"]), strict=True):
            with unit_of_work(world.session):
                person = world.session.merge(world.reader)
                for text in words:
                    wanted = Wanted.parse({"q": text}, currencies=("USD",), topics=(), currency="USD")
                    telling = Telling.parse({"in_app": "1"})
                    actions.save(world.session, wanted, telling, by=person, name=text, now=world.clock.now())
            with world.app.app_context(), statements() as seen:
                findings = actions.look(db.session, "post", [post.key])
                with unit_of_work(db.session):
                    counts.append((actions.tell(db.session, findings, now=world.clock.now()), len(seen)))
        assert [told for told, _statements in counts] == [1, 5]
        assert counts[0][1] == counts[1][1]

    def test_what_is_older_than_ninety_days_is_forgotten_and_not_told_again(self, world: World) -> None:
        world.save("kettle")
        post = world.publish("A kettle")
        world.clock.advance(timedelta(days=89))
        with world.app.app_context():
            worker.sweep()
        assert len(world.told()) == 1
        world.clock.advance(timedelta(days=2))
        with world.app.app_context():
            worker.sweep()
        assert world.told() == []
        world.edit(post, title="A kettle, edited")
        assert world.told() == []


class Away(MemorySearchBackend):
    """An engine that is away until it is back."""

    back = False

    def apply(self, operations: Sequence[Operation]) -> None:
        if not self.back:
            raise Unavailable("the engine is away")
        super().apply(operations)

    def search(self, query: Any) -> Any:
        if not self.back:
            raise Unavailable("the engine is away")
        return super().search(query)


class TestWhileTheEngineIsAway:
    @pytest.fixture
    def search(self) -> Away:
        return Away()

    def test_what_is_new_is_told_and_what_was_there_is_learnt_later(self, world: World, search: Away) -> None:
        old = world.make.post(world.creator, title="An old kettle")
        world.clock.advance(HOUR)
        world.save("kettle")
        assert world.session.scalars(select(SavedSearch.baseline)).one() == "owed"
        post = world.publish("A kettle")
        world.edit(old, title="An old kettle, edited")
        assert world.told() == [("new", post.key)]
        search.back = True
        world.clock.advance(HOUR)
        world.settle()
        assert world.session.scalars(select(SavedSearch.baseline)).one() == "known"
        assert world.told() == [("new", post.key)]


def test_a_search_that_fits_too_much_hears_of_what_is_new(world: World, search: MemorySearchBackend) -> None:
    older = [world.publish(f"Kettle {number}") for number in range(3)]
    world.clock.advance(HOUR)
    wanted = Wanted.parse({"q": "kettle"}, currencies=("USD",), topics=(), currency="USD")
    with unit_of_work(world.session):
        person = world.session.merge(world.reader)
        saved = actions.save(
            world.session, wanted, Telling.parse({"in_app": "1"}), by=person, name="k", now=world.clock.now()
        )
    baseline = actions.learn(world.session, search, saved.key, most=2)
    assert baseline is not None
    with unit_of_work(world.session):
        actions.take_baseline(world.session, baseline)
    world.settle()
    world.clock.advance(HOUR)
    assert world.session.scalars(select(SavedSearch.baseline)).one() == "broad"
    world.edit(older[0], title="Kettle 0, edited")
    assert world.told() == []
    new = world.publish("Kettle 3")
    assert world.told() == [("new", new.key)]


class TestMail:
    def test_at_once(self, world: World, mailbox: list[Message]) -> None:
        search = world.save("kettle", name="My kettles", mail="now", to="100")
        world.product("Steel <kettle> & Co", slug="steel", own={"USD": 9900}, stock=1)
        (mail,) = mailbox
        assert (mail.to, mail.subject) == ("rea@example.org", "“My kettles”: Steel <kettle> & Co")
        lines = mail.text.splitlines()
        assert lines[:8] == [
            "Hello Rea Der,",
            "",
            "this fits your saved search “My kettles”:",
            "",
            "Steel <kettle> & Co",
            "New, from $99.00",
            "http://localhost/products/steel",
            "",
        ]
        assert f"http://localhost/account/searches/{search.key}" in mail.text
        assert "Steel &lt;kettle&gt; &amp; Co" in mail.html
        assert mail.unsubscribe.startswith("http://localhost/unsubscribe/")
        assert mail.unsubscribe in mail.text
        world.settle()
        assert len(mailbox) == 1

    def test_the_language_is_the_persons(self, world: World, mailbox: list[Message]) -> None:
        reader = world.make.user("reader", name="小明", locale="zh")
        world.save("水壶", owner=reader, mail="now")
        world.publish("不锈钢水壶", lang="zh")
        (mail,) = mailbox
        assert "“水壶”" in mail.subject
        assert "Hello" not in mail.text
        assert '<html lang="zh-Hans">' in mail.html

    def test_daily_at_the_chosen_hour_all_together(self, world: World, mailbox: list[Message]) -> None:
        world.save("kettle", mail="daily", mail_hour="18")
        world.save("teapot", mail="daily", mail_hour="18")
        for title in ("A kettle", "A teapot", "Another kettle"):
            world.publish(title)
        world.clock.advance(timedelta(hours=3))
        world.settle()
        assert mailbox == []
        world.clock.advance(timedelta(hours=1))
        world.settle()
        (mail,) = mailbox
        assert mail.subject == "3 things for your saved searches"
        assert [line for line in mail.text.splitlines() if line.startswith(("A ", "Another"))] == [
            "A kettle",
            "Another kettle",
            "A teapot",
        ]
        world.clock.advance(timedelta(days=1))
        world.settle()
        assert len(mailbox) == 1

    def test_what_is_taken_back_before_the_mail_goes_out_is_not_told(
        self, world: World, mailbox: list[Message]
    ) -> None:
        world.save("kettle", mail="daily", mail_hour="18")
        world.publish("A kettle")
        withdrawn = world.publish("A secret kettle")
        world.unpublish(withdrawn)
        world.clock.advance(timedelta(days=1))
        world.settle()
        (mail,) = mailbox
        assert "secret" not in mail.text + mail.html + mail.subject

    def test_no_mail_when_nothing_is_left_to_tell(self, world: World, mailbox: list[Message]) -> None:
        world.save("kettle", mail="daily", mail_hour="18", to="100")
        product = world.product("A kettle", own={"USD": 9900}, stock=1)
        world.price(product, 20000)
        world.clock.advance(timedelta(days=1))
        world.settle()
        assert mailbox == []
        assert world.session.scalar(select(func.count()).where(Notification.mailed_at.is_(None))) == 0

    def test_a_whole_import_is_one_mail(self, world: World, mailbox: list[Message]) -> None:
        world.save("kettle", mail="now")
        products = [world.make.product(f"kettle-{number}") for number in range(40)]
        with unit_of_work(world.session):
            for product in products:
                record(world.session, ProductChanged(product=product.key), now=world.clock.now())
        world.settle()
        (mail,) = mailbox
        assert mail.subject == "“kettle”: 40 things"
        assert "10 more are on the site." in mail.text

    def test_who_left_before_gets_nothing(self, world: World, mailbox: list[Message]) -> None:
        world.save("kettle", mail="daily", mail_hour="18")
        world.publish("A kettle")
        with unit_of_work(world.session):
            world.session.execute(update(User).where(User.id == world.reader.id).values(blocked=True))
        world.clock.advance(timedelta(days=1))
        world.settle()
        assert mailbox == []


class Full(list[Message]):
    """A mailbox that takes nothing until there is room."""

    room = False

    def append(self, message: Message) -> None:
        if not self.room:
            raise Unavailable("the mail server is away")
        super().append(message)


class TestWhileTheMailServerIsAway:
    @pytest.fixture
    def mailbox(self) -> Full:
        return Full()

    def test_the_mail_goes_out_later_and_once(self, world: World, mailbox: Full) -> None:
        world.save("kettle", mail="now")
        world.publish("A kettle")
        assert mailbox == []
        mailbox.room = True
        for _ in range(3):
            world.clock.advance(timedelta(minutes=1))
            world.settle()
        assert len(mailbox) == 1


def test_two_connections_cannot_save_a_fifty_first(world: World) -> None:
    with unit_of_work(world.session):
        person = world.session.merge(world.reader)
        wanted = Wanted.parse({"q": "kettle"}, currencies=("USD",), topics=(), currency="USD")
        for _ in range(50):
            actions.save(world.session, wanted, Telling.parse({"in_app": "1"}), by=person, name="k", now=world.make.now)
    with pytest.raises(Exception, match="50 saved searches"), unit_of_work(world.session):
        actions.save(world.session, wanted, Telling.parse({"in_app": "1"}), by=person, name="k", now=world.make.now)


def test_deleting_a_person_deletes_what_they_waited_for(world: World) -> None:
    world.save("kettle")
    world.publish("A kettle")
    with unit_of_work(world.session):
        world.session.execute(db.metadata.tables["user_account"].delete().where(User.id == world.reader.id))
    for table in (SavedSearch, Sighting, Notification):
        assert world.session.scalar(select(func.count()).select_from(table)) == 0


class TestSynonymsOfTheDesk:
    def test_a_search_waits_for_what_editors_say_its_words_mean(self, world: World) -> None:
        world.say_same("kettle, boiler")
        world.save("kettle")
        post = world.publish("A boiler of steel")
        assert world.told() == [("new", post.key)]

    def test_a_line_that_is_added_later_counts_from_then_on(self, world: World) -> None:
        world.save("kettle")
        world.publish("A boiler of steel")
        world.say_same("kettle, boiler")
        post = world.publish("A boiler of glass")
        assert world.told() == [("new", post.key)]

    def test_a_line_that_is_taken_away_counts_no_more(self, world: World) -> None:
        key = world.say_same("kettle, boiler")
        world.save("kettle")
        with unit_of_work(world.session):
            search_actions.remove_synonyms(world.session, key)
            actions.loosen(world.session)
        world.publish("A boiler of steel")
        assert world.told() == []


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-20T12:00", "", "2026-11-21T07:00"),
        ("2026-11-20T12:00", "Asia/Shanghai", "2026-11-20T23:00"),
        ("2026-11-20T23:00", "Asia/Shanghai", "2026-11-21T23:00"),
        ("2026-03-28T12:00", "Europe/Berlin", "2026-03-29T05:00"),  # summer time began in that night
        ("2026-11-20T06:59", "UTC", "2026-11-20T07:00"),
    ],
)
def test_the_daily_mail_comes_at_the_hour_of_the_persons_clock(now: str, zone: str, expected: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_hour(at, 7, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_hour_that_is_skipped_comes_an_hour_later() -> None:
    night = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert next_hour(night, 2, "Europe/Berlin") == datetime(2026, 3, 29, 1, tzinfo=UTC)
