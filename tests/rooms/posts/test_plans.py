"""What happens to posts by itself, and what readers are told of updates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from contentshop.core.db import db
from contentshop.core.errors import Forbidden, Invalid, NotFound
from contentshop.core.mail import Message
from contentshop.core.outbox import OutboxEvent
from contentshop.core.zones import Chosen
from contentshop.posts import actions, notices, plans, queries
from contentshop.posts.models import Post, PostPlan
from contentshop.worker import carry_out_plans, settle
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk

SOON = timedelta(hours=2)


def chosen(desk: Desk, after: timedelta = SOON) -> Chosen:
    return Chosen(desk.now + after, "Asia/Shanghai", False)


def plan(desk: Desk, post: Post, after: timedelta = SOON, *, by: Any = None, **values: Any) -> PostPlan:
    with desk.unit():
        fresh = queries.get_for_studio(desk.session, post.key, desk.author)
        return plans.plan_publishing(
            desk.session, fresh, chosen(desk, after), by=by or desk.author, now=desk.now, **values
        )


def plan_end(desk: Desk, post: Post, after: timedelta = SOON) -> PostPlan:
    with desk.unit():
        fresh = queries.get_for_studio(desk.session, post.key, desk.author)
        return plans.plan_unpublishing(desk.session, fresh, chosen(desk, after), by=desk.author, now=desk.now)


def work(app: Flask, desk: Desk, after: timedelta = SOON) -> int:
    desk.clock.advance(after)
    with app.app_context():
        done = carry_out_plans()
        db.session.remove()
    return done


def states(desk: Desk) -> list[tuple[str, str]]:
    desk.session.rollback()
    rows = desk.session.execute(select(PostPlan.kind, PostPlan.state).order_by(PostPlan.id))
    return [(kind, state) for kind, state in rows]


def told(desk: Desk) -> list[str]:
    desk.session.rollback()
    return [one.kind for one in notices.list_unread(desk.session, desk.author)]


class TestPlanning:
    def test_a_post_is_published_at_its_time_and_not_before(self, app: Flask, desk: Desk) -> None:
        post = desk.begin()
        plan(desk, post)

        assert work(app, desk, SOON - timedelta(seconds=1)) == 0
        assert desk.fresh(post).state == "draft"
        assert work(app, desk, timedelta(seconds=1)) == 1

        fresh = desk.fresh(post)
        assert (fresh.state, fresh.slug, fresh.published_at) == ("published", "three-lamps", desk.now)
        assert states(desk) == [("publish", "done")]
        assert told(desk) == ["published"]
        assert desk.news() == [("PostPublished", post.key)]
        assert work(app, desk, timedelta(days=1)) == 0

    def test_readers_see_the_old_words_until_the_time_of_the_new_ones(self, app: Flask, desk: Desk) -> None:
        post = desk.publish(desk.begin(source="Old."))
        desk.save(post, source="New.")
        plan(desk, post, note="Better words")
        desk.save(post, source="Half written")

        assert queries.get_published(desk.session, post.slug).segments == [["html", "<p>Old.</p>"]]
        assert work(app, desk) == 1

        found = queries.get_published(desk.session, desk.fresh(post).slug)
        assert found.segments == [["html", "<p>New.</p>"]]
        assert (found.revised_at, [(one.at, one.note) for one in found.updates]) == (
            desk.now,
            [(desk.now, "Better words")],
        )
        assert desk.draft(post).source == "Half written"

    def test_writing_on_after_planning_changes_nothing_of_what_is_planned(self, app: Flask, desk: Desk) -> None:
        post = desk.begin(source="Planned.")
        plan(desk, post)
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            form = desk.form(source="Typed on.")
            actions.save_draft(desk.session, fresh, form, version=1, by=desk.author, now=desk.now, how="autosave")
        [line] = plans.list_plans(desk.session, desk.fresh(post))
        assert (line.number, line.newer) == (1, True)

        work(app, desk)

        assert queries.get_published(desk.session, desk.fresh(post).slug).segments == [["html", "<p>Planned.</p>"]]

    def test_a_post_is_taken_down_at_its_time(self, app: Flask, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        plan_end(desk, post)

        assert work(app, desk) == 1
        assert desk.fresh(post).state == "unpublished"
        assert told(desk) == ["taken_down"]

    def test_a_sale_comes_and_goes_by_itself_also_after_the_worker_slept(self, app: Flask, desk: Desk) -> None:
        post = desk.begin()
        plan(desk, post, SOON)
        plan_end(desk, post, SOON * 2)

        assert work(app, desk, SOON * 3) == 2
        assert desk.fresh(post).state == "unpublished"
        assert [name for name, _key in desk.news()] == ["PostPublished", "PostUnpublished"]

    def test_planning_anew_takes_the_place_of_the_earlier_plan(self, app: Flask, desk: Desk) -> None:
        post = desk.begin()
        plan(desk, post)
        plan(desk, post, SOON * 2)

        assert states(desk) == [("publish", "cancelled"), ("publish", "waiting")]
        assert work(app, desk, SOON) == 0
        assert desk.session.get_one(type(desk.author), desk.author.id).timezone == "Asia/Shanghai"

    def test_publishing_newer_words_by_hand_ends_a_plan_for_older_ones(self, app: Flask, desk: Desk) -> None:
        post = desk.begin(source="Old plan.")
        plan(desk, post)
        desk.publish(desk.save(post, source="Newer."))

        assert states(desk) == [("publish", "cancelled")]
        assert work(app, desk) == 0
        assert queries.get_published(desk.session, desk.fresh(post).slug).segments == [["html", "<p>Newer.</p>"]]

    def test_publishing_by_hand_keeps_a_plan_for_newer_words(self, app: Flask, desk: Desk) -> None:
        post = desk.publish(desk.begin(source="One."))
        desk.save(post, source="Two.")
        plan(desk, post)
        desk.unpublish(post)
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            actions.publish(desk.session, fresh, by=desk.author, now=desk.now, revision=fresh.live)

        assert states(desk) == [("publish", "waiting")]

    @pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=-1), timedelta(days=-400)])
    def test_a_time_that_is_over_is_refused(self, desk: Desk, after: timedelta) -> None:
        post = desk.begin()
        with pytest.raises(Invalid) as caught:
            plan(desk, post, after)
        assert caught.value.fields == {"at": ["This time is over. Choose one that is still to come."]}
        assert states(desk) == []

    @pytest.mark.parametrize("kind", ["publish", "unpublish"])
    def test_the_end_of_the_calendar_is_refused(self, desk: Desk, kind: str) -> None:
        post = desk.begin() if kind == "publish" else desk.publish(desk.begin())
        last = Chosen(datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "UTC", False)
        act = plans.plan_publishing if kind == "publish" else plans.plan_unpublishing
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            with pytest.raises(Invalid) as caught:
                act(desk.session, fresh, last, by=desk.author, now=desk.now)
        assert caught.value.fields == {"at": ["Choose a time within the next ten years."]}
        assert states(desk) == []

    def test_what_cannot_be_published_cannot_be_planned(self, desk: Desk) -> None:
        post = desk.begin(title="", source="::card[nothing]")
        with pytest.raises(Invalid) as caught:
            plan(desk, post)
        assert set(caught.value.fields) == {"title", "source"}

    def test_what_readers_see_already_needs_no_plan(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        with pytest.raises(Invalid) as caught:
            plan(desk, post)
        assert caught.value.fields == {"at": ["There is nothing new to publish: readers see these words already."]}

    def test_what_is_not_there_cannot_be_taken_down(self, desk: Desk) -> None:
        post = desk.begin()
        with pytest.raises(Invalid) as caught:
            plan_end(desk, post)
        assert caught.value.fields == {"at": ["The post is not on the site then."]}

    def test_only_its_authors_plan_and_forget(self, desk: Desk) -> None:
        post = desk.begin()
        for person in (desk.other, desk.editor):
            with pytest.raises(Forbidden):
                plan(desk, post, by=person)
        made = plan(desk, post)
        with desk.unit(), pytest.raises(Forbidden):
            plans.cancel_plan(desk.session, desk.fresh(post), made.key, by=desk.editor, now=desk.now)
        with desk.unit(), pytest.raises(NotFound):
            plans.cancel_plan(desk.session, desk.fresh(post), "nothing", by=desk.author, now=desk.now)
        with desk.unit():
            plans.cancel_plan(desk.session, desk.fresh(post), made.key, by=desk.author, now=desk.now)
        assert states(desk) == [("publish", "cancelled")]


class TestFailing:
    def test_who_may_not_write_any_more_is_told_and_nothing_is_lost(
        self, app: Flask, desk: Desk, mailbox: list[Message]
    ) -> None:
        post = desk.begin(source="Kept.")
        plan(desk, post)
        with desk.unit():
            desk.session.get_one(type(desk.author), desk.author.id).role = "reader"

        assert work(app, desk) == 1

        assert desk.session.scalars(select(Post.state)).one() == "draft"
        [failed] = desk.session.scalars(select(PostPlan))
        assert (failed.state, plans.reasons(failed)) == (
            "failed",
            ("Whoever planned this does not work on the post any more.",),
        )
        assert told(desk) == ["not_published"]
        settle(app)
        [mail] = mailbox
        assert mail.to == desk.author.email
        assert mail.subject == "“Three lamps” was not published as planned"
        assert "Whoever planned this does not work on the post any more." in mail.text
        assert f"/studio/{post.key}/schedule" in mail.text
        assert work(app, desk) == 0

    def test_what_stands_in_the_way_is_said_line_by_line(self, app: Flask, desk: Desk) -> None:
        post = desk.begin()
        plan(desk, post)
        with desk.unit():
            draft = desk.draft(post)
            draft.problems = [[3, "there is no product “%(slug)s”", {"slug": "lamp"}]]

        work(app, desk)

        [failed] = desk.session.scalars(select(PostPlan))
        assert plans.reasons(failed) == ("Line 3: there is no product “lamp”",)
        assert [event.name for event in desk.session.scalars(select(OutboxEvent))] == ["PlanFailed"]

    def test_one_plan_that_fails_keeps_back_no_other(self, app: Flask, desk: Desk) -> None:
        bad, good = desk.begin(title="Bad"), desk.begin(title="Good")
        plan(desk, bad)
        plan(desk, good)
        with desk.unit():
            desk.draft(bad).problems = [[1, "broken", {}]]

        assert work(app, desk) == 2
        assert (desk.fresh(bad).state, desk.fresh(good).state) == ("draft", "published")


def test_of_several_workers_one_carries_a_plan_out(app: Flask, desk: Desk) -> None:
    posts = [desk.begin(title=f"Post {number}") for number in range(3)]
    for post in posts:
        plan(desk, post)
    desk.session.rollback()
    desk.clock.advance(SOON)
    gate = Barrier(3)

    def round_of_work(_number: int) -> int:
        with app.app_context():
            gate.wait()
            done = carry_out_plans()
            db.session.remove()
            return done

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(round_of_work, range(3))) == 3

    assert states(desk) == [("publish", "done")] * 3
    assert sorted(desk.news()) == sorted(("PostPublished", post.key) for post in posts)
    assert told(desk) == ["published"] * 3


def test_a_worker_that_dies_half_way_has_done_nothing(app: Flask, desk: Desk) -> None:
    post = desk.begin()
    made = plan(desk, post)
    desk.clock.advance(SOON)
    with app.app_context():
        db.session.rollback()
        assert plans.carry_out(db.session, made.key, now=desk.now)
        db.session.rollback()  # what the database does when the process is gone
        db.session.remove()

    assert states(desk) == [("publish", "waiting")]
    assert work(app, desk, timedelta(0)) == 1
    assert desk.fresh(post).state == "published"


class TestUpdates:
    def publish(self, desk: Desk, post: Post, **values: Any) -> None:
        desk.clock.advance(timedelta(days=1))
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            actions.publish(desk.session, fresh, by=desk.author, now=desk.now, **values)

    def test_readers_are_told_what_changed_newest_first(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        desk.save(post, source="Two.")
        self.publish(desk, post, note="  A second   lamp ")
        first = desk.now
        desk.save(post, source="Three.")
        self.publish(desk, post, note="New prices")

        found = queries.get_published(desk.session, post.slug)
        assert [(one.at, one.note) for one in found.updates] == [(desk.now, "New prices"), (first, "A second lamp")]
        assert found.revised_at == desk.now

    def test_a_small_correction_is_told_nobody(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        desk.save(post, source="Wrods.")
        self.publish(desk, post, note="not shown", silent=True)

        found = queries.get_published(desk.session, post.slug)
        assert (found.updates, found.revised_at) == ((), None)

    def test_the_first_publication_is_no_update(self, desk: Desk) -> None:
        post = desk.begin()
        self.publish(desk, post, note="Hello")

        assert queries.get_published(desk.session, desk.fresh(post).slug).updates == ()

    def test_a_note_that_is_too_long_is_refused(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        desk.save(post, source="Two.")
        with pytest.raises(Invalid) as caught:
            self.publish(desk, post, note="x" * 301)
        assert caught.value.fields == {"update_note": ["Use at most 300 characters (now 301)."]}


def test_what_waits_is_listed_for_all_who_write_in_two_statements(desk: Desk, make: Factory, statements: Any) -> None:
    for number in range(4):
        plan(desk, desk.begin(title=f"Post {number}"), SOON * (4 - number))
    desk.session.rollback()

    with statements() as seen:
        lines = plans.list_waiting(desk.session, desk.author)

    assert [line.title for line in lines] == ["Post 3", "Post 2", "Post 1", "Post 0"]
    assert len(seen) <= 2, seen
    assert plans.list_waiting(desk.session, desk.other) == []
