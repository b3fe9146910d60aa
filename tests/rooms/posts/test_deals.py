"""The life of a deal: published, reported, ended by its offer, revived; what the clock does; who may do what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.money import Money
from contentshop.core.outbox import OutboxEvent
from contentshop.posts import actions, deals, history, notices, queries
from contentshop.posts.gate import inspect
from contentshop.posts.inputs import PostInput
from contentshop.posts.models import Deal, Post
from contentshop.products.models import Merchant, Offer, Product, Stock
from tests.factories import Factory

DEAL = {
    "product": "kettle",
    "price": "49.00",
    "currency": "USD",
    "shop": "kettles",
    "coupon": "SAVE10",
    "steps": "Open the page\nEnter the code",
    "ends": "2026-11-25T12:00",
    "zone": "UTC",
}


@dataclass
class Market:
    """A shop with a kettle, and people."""

    session: Session
    clock: FixedClock
    unit: Callable[[], AbstractContextManager[None]]
    make: Factory
    author: User
    editor: User
    readers: list[User]
    shop: Merchant
    kettle: Product

    def post(self, **changes: Any) -> Post:
        post = self.make.post(self.author, kind="deal", title="Kettle for 49", source="Good.", deal=DEAL | changes)
        return self.fresh(post)

    def fresh(self, post: Post) -> Post:
        self.session.rollback()
        return queries.get_for_studio(self.session, post.key, self.session.merge(self.author))

    def deal(self, post: Post) -> Deal:
        self.session.rollback()
        return self.session.get_one(Deal, post.id, populate_existing=True)

    def report(self, post: Post, kind: str, *readers: int) -> None:
        for number in readers:
            with self.unit():
                found = deals.get_public(self.session, post.slug)
                by = self.session.get_one(User, self.readers[number].id)
                deals.report_over(self.session, found, kind, by=by, now=self.clock.now())

    def try_coupon(self, post: Post, kind: str, *readers: int) -> None:
        for number in readers:
            with self.unit():
                found = deals.get_public(self.session, post.slug)
                by = self.session.get_one(User, self.readers[number].id)
                deals.report_coupon(self.session, found, kind, by=by, now=self.clock.now())

    def settle(self, post: Post, verdict: str, by: User | None = None, **more: Any) -> None:
        with self.unit():
            person = self.session.get_one(User, (by or self.author).id)
            found = queries.get_for_studio(self.session, post.key, person)
            deals.settle(self.session, found, verdict, by=person, now=self.clock.now(), **more)

    def look(self) -> int:
        with self.unit():
            return deals.check_offers(self.session, [self.kettle.key], now=self.clock.now())

    def tick(self) -> int:
        with self.unit():
            due = deals.list_due(self.session, now=self.clock.now())
            return deals.keep_time(self.session, due, now=self.clock.now())

    def offer(self, **changes: Any) -> None:
        with self.unit():
            offer = self.session.scalars(select(Offer).where(Offer.kind == "affiliate")).one()
            for name, value in changes.items():
                setattr(offer, name, value)

    def told(self, person: User) -> list[str]:
        self.session.rollback()
        return [one.kind for one in notices.list_unread(self.session, self.session.merge(person))]

    def events(self, name: str) -> int:
        self.session.rollback()
        return len(list(self.session.scalars(select(OutboxEvent).where(OutboxEvent.name == name))))


@pytest.fixture
def market(
    session: Session, clock: FixedClock, make: Factory, unit: Callable[[], AbstractContextManager[None]]
) -> Market:
    shop = make.merchant("kettles", name="Kettle House", translations={"zh": {"name": "水壶之家"}})
    kettle = make.product(
        "kettle", title="Pour kettle", own={"USD": 7900}, stock=2, affiliate=[{"merchant": shop, "price_minor": 6900}]
    )
    author, editor = make.user("creator"), make.user("editor")
    readers = [make.user() for _ in range(4)]
    return Market(session, clock, unit, make, author, editor, readers, shop, kettle)


class TestPublishing:
    def test_a_deal_stands_as_it_was_written(self, market: Market) -> None:
        post = market.post()
        deal = market.deal(post)
        assert (deal.price_minor, deal.currency, deal.shop, deal.base_minor, deal.phase) == (
            4900,
            "USD",
            "kettles",
            6900,
            "running",
        )
        found = queries.get_published(market.session, post.slug)
        assert found.deal is not None
        assert found.standing is not None
        assert (found.deal.coupon, found.deal.steps) == ("SAVE10", ("Open the page", "Enter the code"))
        assert (found.standing.price, found.standing.shop_in("zh")) == (Money(4900, "USD"), "水壶之家")
        assert [(card["kind"], card["product_slug"], card["line"]) for card in found.cards] == [("deal", "kettle", 0)]
        assert queries.find_card(market.session, found.cards[0]["key"]) is not None
        [tile] = queries.list_newest(market.session, limit=5, kind="deal")
        assert tile.deal == found.standing
        assert queries.audit(market.session) == []

    def test_the_card_keeps_its_key(self, market: Market) -> None:
        post = market.post()
        [card] = post.live.cards if post.live else []
        with market.unit():
            fresh = market.fresh(post)
            form = PostInput.parse(kind="deal", title="Kettle", source="Also ::\n\nmore.", deal=DEAL | {"price": "48"})
            by = market.session.merge(market.author)
            actions.save_draft(market.session, fresh, form, version=fresh.draft_version, by=by, now=market.clock.now())
            actions.publish(market.session, fresh, by=by, now=market.clock.now())
        live = market.fresh(post).live
        assert live is not None
        assert [entry["key"] for entry in live.cards] == [card["key"]]

    def test_what_is_missing_keeps_it_a_draft(self, market: Market) -> None:
        with pytest.raises(Invalid) as caught:
            market.post(product="", price="")
        assert set(caught.value.fields) == {"deal_product", "deal_price"}
        with pytest.raises(Invalid) as caught:
            market.post(product="ketle")
        assert caught.value.fields == {"deal_product": ["there is no product “ketle”"]}
        with pytest.raises(Invalid) as caught:
            market.post(shop="elsewhere")
        assert set(caught.value.fields) == {"deal_shop"}

    def test_an_older_revision_brings_its_facts_back(self, market: Market) -> None:
        post = market.post()
        number = post.draft.number if post.draft else 0
        market.clock.advance(timedelta(hours=1))
        with market.unit():
            fresh = market.fresh(post)
            form = PostInput.parse(kind="deal", title="Kettle", source="Good.", deal=DEAL | {"price": "39.00"})
            by = market.session.merge(market.author)
            actions.save_draft(market.session, fresh, form, version=fresh.draft_version, by=by, now=market.clock.now())
        fresh = market.fresh(post)
        older = history.get_revision(market.session, fresh, number)
        assert fresh.draft is not None
        assert ("deal_price", "49.00", "39.00") in history.difference(older, fresh.draft).fields
        with market.unit():
            fresh = market.fresh(post)
            older = history.get_revision(market.session, fresh, number)
            by = market.session.merge(market.author)
            history.restore(market.session, fresh, older, version=fresh.draft_version, by=by, now=market.clock.now())
        draft = market.fresh(post).draft
        assert draft is not None
        assert draft.deal["price"] == "49.00"

    def test_twins_are_told_with_a_link(self, market: Market) -> None:
        first = market.post()
        for change, found in (
            ({"price": "52.00"}, True),
            ({"price": "60.00"}, False),
            ({"shop": "own", "price": "79.00"}, False),
        ):
            draft = market.make.post(
                market.author,
                kind="deal",
                title="Again",
                published=False,
                deal=DEAL | change,
                slug=f"x{change['price']}",
            )
            post = market.fresh(draft)
            assert post.draft is not None
            told = [one.post for one in inspect(market.session, post, post.draft, now=market.clock.now()) if one.post]
            assert told == ([first.slug] if found else [])
        market.settle(first, "ended")
        draft = market.make.post(market.author, kind="deal", title="Again", published=False, deal=DEAL)
        post = market.fresh(draft)
        assert post.draft is not None
        assert "twins" not in {one.rule for one in inspect(market.session, post, post.draft, now=market.clock.now())}


class TestReports:
    def test_three_different_readers_end_it(self, market: Market) -> None:
        post = market.post()
        version = post.version
        market.report(post, "ended", 0, 0, 1)
        deal = market.deal(post)
        assert (deal.reports, deal.closed_as, market.told(market.author)) == (2, "", [])
        market.report(post, "sold_out", 2)
        deal = market.deal(post)
        assert (deal.reports, deal.closed_as, deal.closed_by, deal.phase) == (3, "ended", "readers", "ended")
        assert (market.told(market.author), market.events("DealChanged")) == (["deal_reported"], 1)
        assert market.fresh(post).version == version + 1
        [waiting] = deals.list_waiting(market.session)
        assert (waiting.slug, waiting.closed_by, waiting.reports) == (post.slug, "readers", 3)
        with pytest.raises(Conflict):
            market.report(post, "ended", 3)

    def test_the_commonest_word_counts(self, market: Market) -> None:
        post = market.post()
        market.report(post, "sold_out", 0, 1)
        market.report(post, "ended", 2)
        assert market.deal(post).closed_as == "sold_out"
        other = market.post(price="30.00")
        market.report(other, "price", 0, 1, 2)
        deal = market.deal(other)
        assert (deal.closed_as, deal.closed_why) == ("ended", "price")

    def test_a_word_can_be_taken_back(self, market: Market) -> None:
        post = market.post()
        market.report(post, "ended", 0, 1)
        market.report(post, "", 1)
        market.report(post, "ended", 2)
        deal = market.deal(post)
        assert (deal.reports, deal.closed_as) == (2, "")
        assert deals.said_by(market.session, post.id, market.readers[0]) == deals.Mine(over="ended")
        assert deals.said_by(market.session, post.id, market.readers[1]) == deals.Mine()

    def test_authors_odd_words_and_other_posts_are_refused(self, market: Market) -> None:
        post = market.post()
        now = market.clock.now()
        found, author = deals.get_public(market.session, post.slug), market.session.merge(market.author)
        with pytest.raises(Forbidden):
            deals.report_over(market.session, found, "ended", by=author, now=now)
        market.session.rollback()
        with pytest.raises(Invalid):
            market.report(post, "boring", 0)
        article = market.make.post(market.author, slug="an-article")
        with pytest.raises(NotFound):
            deals.get_public(market.session, article.slug)

    def test_blocked_readers_do_not_count(self, market: Market) -> None:
        post = market.post()
        market.report(post, "ended", 0, 1)
        with market.unit():
            market.session.get_one(User, market.readers[0].id).blocked = True
        market.report(post, "ended", 2)
        assert (market.deal(post).reports, market.deal(post).closed_as) == (2, "")

    def test_coupons_have_a_rate(self, market: Market) -> None:
        post = market.post()
        market.try_coupon(post, "works", 0, 1, 2)
        market.try_coupon(post, "fails", 2, 3)
        deal = market.deal(post)
        assert (deal.works, deal.fails) == (2, 2)
        market.try_coupon(post, "", 3)
        standing = queries.get_published(market.session, post.slug).standing
        assert standing is not None
        assert (standing.works, standing.fails, standing.coupon_rate) == (2, 1, 67)


class TestSettling:
    def test_the_author_confirms(self, market: Market) -> None:
        post = market.post()
        market.report(post, "ended", 0, 1, 2)
        market.settle(post, "sold_out")
        deal = market.deal(post)
        assert (deal.closed_as, deal.closed_by, deal.confirmed) == ("sold_out", "author", True)
        assert deals.list_waiting(market.session) == []

    def test_it_goes_on_at_the_same_price(self, market: Market) -> None:
        post = market.post()
        market.report(post, "ended", 0, 1, 2)
        market.settle(post, "running")
        deal = market.deal(post)
        assert (deal.closed_as, deal.reports, deal.phase, deal.price_minor) == ("", 0, "running", 4900)
        assert market.fresh(post).live.number == post.live.number  # type: ignore[union-attr]
        market.report(post, "ended", 0, 1, 2)
        assert market.deal(post).closed_as == "ended"

    def test_an_editor_revives_it_with_a_new_price(self, market: Market) -> None:
        post = market.post()
        market.try_coupon(post, "works", 0)
        market.report(post, "price", 0, 1, 2)
        market.settle(post, "running", market.editor, price="55", ends="2026-12-01T00:00")
        fresh, deal = market.fresh(post), market.deal(post)
        assert (deal.price_minor, deal.closed_as, deal.reports, deal.works) == (5500, "", 0, 1)
        fresh = market.fresh(post)
        assert fresh.live is not None
        assert fresh.live_id == fresh.draft_id
        assert (fresh.live.deal["price"], fresh.live.deal["ends"], fresh.live.saved_by) == (
            "55.00",
            "2026-12-01T00:00",
            market.editor.id,
        )
        assert fresh.live.source == "Good."
        assert market.told(market.author) == ["deal_settled", "deal_reported"]
        assert queries.audit(market.session) == []

    def test_words_in_progress_keep_their_words_and_get_the_price(self, market: Market) -> None:
        post = market.post()
        with market.unit():
            fresh = market.fresh(post)
            form = PostInput.parse(kind="deal", title="Kettle", source="Not yet.", deal=DEAL)
            by = market.session.merge(market.author)
            actions.save_draft(market.session, fresh, form, version=fresh.draft_version, by=by, now=market.clock.now())
        version = market.fresh(post).draft_version
        market.settle(post, "running", price="45.50")
        fresh = market.fresh(post)
        assert fresh.live is not None
        assert fresh.draft is not None
        assert (fresh.live.source, fresh.live.deal["price"]) == ("Good.", "45.50")
        assert (fresh.draft.source, fresh.draft.deal["price"]) == ("Not yet.", "45.50")
        assert (fresh.draft_version, fresh.draft.number > fresh.live.number) == (version + 1, True)

    def test_what_is_wrong_is_told(self, market: Market) -> None:
        post = market.post()
        with pytest.raises(Invalid) as caught:
            market.settle(post, "running", price="ten", ends="2026-11-01T00:00")
        assert set(caught.value.fields) == {"price", "ends"}
        with pytest.raises(Invalid):
            market.settle(post, "maybe")
        with pytest.raises(NotFound):
            market.settle(post, "ended", market.readers[0])
        with pytest.raises(NotFound):
            market.settle(post, "ended", market.make.user("creator"))

    def test_other_words_leave_it_as_it_stands(self, market: Market) -> None:
        post = market.post()
        market.settle(post, "ended")
        for price, closed in (("49.00", "ended"), ("47.00", "")):
            with market.unit():
                fresh = market.fresh(post)
                deal = DEAL | {"price": price}
                form = PostInput.parse(kind="deal", title="Kettle", source=f"Words {price}", deal=deal)
                by = market.session.merge(market.author)
                now = market.clock.now()
                actions.save_draft(market.session, fresh, form, version=fresh.draft_version, by=by, now=now)
                actions.publish(market.session, fresh, by=by, now=now)
            assert market.deal(post).closed_as == closed

    def test_another_code_has_not_been_tried(self, market: Market) -> None:
        post = market.post()
        market.try_coupon(post, "fails", 0, 1)
        with market.unit():
            fresh = market.fresh(post)
            form = PostInput.parse(kind="deal", title="Kettle", source="Good.", deal=DEAL | {"coupon": "SAVE20"})
            by = market.session.merge(market.author)
            actions.save_draft(market.session, fresh, form, version=fresh.draft_version, by=by, now=market.clock.now())
            actions.publish(market.session, fresh, by=by, now=market.clock.now())
        assert (market.deal(post).fails, deals.said_by(market.session, post.id, market.readers[0]).coupon) == (0, "")


class TestClock:
    def test_it_begins_and_ends(self, market: Market) -> None:
        post = market.post(starts="2026-11-21T12:00")
        assert (market.deal(post).phase, market.tick()) == ("upcoming", 0)
        market.clock.advance(timedelta(days=1))
        assert (market.tick(), market.deal(post).phase, market.tick()) == (1, "running", 0)
        market.clock.advance(timedelta(days=4))
        assert (market.tick(), market.deal(post).phase, market.tick()) == (1, "ended", 0)
        assert (market.events("DealChanged"), market.told(market.author)) == (2, [])

    def test_without_an_end_it_is_taken_for_over_and_its_author_asked(self, market: Market) -> None:
        post = market.post(ends="")
        market.clock.advance(timedelta(days=30))
        assert (market.tick(), market.told(market.author)) == (1, ["deal_unsure"])
        market.settle(post, "running")
        deal = market.deal(post)
        assert (deal.phase, deal.until) == ("running", market.clock.now() + timedelta(days=30))

    def test_a_deal_whose_time_is_over_goes_on_without_an_end(self, market: Market) -> None:
        post = market.post()
        market.clock.advance(timedelta(days=6))
        market.tick()
        market.settle(post, "running")
        deal = market.deal(post)
        assert (deal.phase, deal.ends_at, deal.until) == ("running", None, market.clock.now() + timedelta(days=30))


class TestOffers:
    def test_a_price_that_rose_ends_it_and_back_lets_it_go_on(self, market: Market) -> None:
        post = market.post()
        assert market.look() == 0
        market.offer(price_minor=6901)
        assert (market.look(), market.look()) == (1, 0)
        deal = market.deal(post)
        assert (deal.closed_as, deal.closed_by, deal.closed_why) == ("ended", "offer", "price")
        market.offer(price_minor=6900)
        assert (market.look(), market.deal(post).closed_as) == (1, "")
        assert market.told(market.author) == ["deal_back", "deal_price"]

    @pytest.mark.parametrize("change", [{"availability": "out_of_stock"}, {"health": "dead"}, {"active": False}])
    def test_a_shop_that_has_none_left_sells_out(self, market: Market, change: dict[str, Any]) -> None:
        post = market.post()
        market.offer(**change)
        market.look()
        deal = market.deal(post)
        assert (deal.closed_as, deal.closed_why, deal.phase) == ("sold_out", "stock", "ended")

    def test_our_own_stock(self, market: Market) -> None:
        post = market.post(shop="own", price="79.00", coupon="")
        market.offer(availability="out_of_stock")
        assert market.look() == 0
        with market.unit():
            market.session.scalars(select(Stock)).one().reserved = 2
        assert (market.look(), market.deal(post).closed_as) == (1, "sold_out")

    def test_what_people_said_is_not_undone(self, market: Market) -> None:
        post = market.post()
        market.settle(post, "ended")
        assert (market.look(), market.deal(post).closed_by) == (0, "author")

    def test_what_has_not_begun_is_not_judged(self, market: Market) -> None:
        post = market.post(starts="2026-11-22T12:00")
        market.offer(price_minor=9900)
        assert (market.look(), market.deal(post).closed_as) == (0, "")
