"""Plans on a running site whose worker is killed, and two people who publish at the same moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import unit_of_work
from contentshop.core.zones import Chosen
from contentshop.posts import plans, teamwork
from contentshop.posts.models import Post, PostPlan, Revision, StrayCopy, StudioNotice
from contentshop.posts.queries import get_for_studio
from tests.live.site import Browser, LiveSite, inputs_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def eventually(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} does not happen")


def states(site: LiveSite) -> list[str]:
    with site.app.app_context():
        found = list(db.session.scalars(select(PostPlan.state)))
        db.session.remove()
    return found


def test_plans_are_carried_out_once_though_the_worker_is_killed_over_and_over(site: LiveSite) -> None:
    author = site.make.user("creator")
    posts = [site.make.post(author, published=False, title=f"Planned {number}") for number in range(12)]
    with site.app.app_context(), unit_of_work(db.session):
        person = db.session.get_one(User, author.id)
        for number, post in enumerate(posts):
            at = site.make.now + timedelta(seconds=2 + number * 0.5)
            fresh = get_for_studio(db.session, post.key, person)
            plans.plan_publishing(db.session, fresh, Chosen(at, "UTC", False), by=person, now=site.make.now)

    killed = 0
    while "waiting" in states(site):
        for pid in site.processes("worker"):
            os.kill(pid, signal.SIGKILL)
            killed += 1
        eventually(lambda: bool(site.processes("worker")), "another worker")
        time.sleep(1.5)  # long enough for some of the work, too short for all of it

    assert killed >= 2
    assert set(states(site)) == {"done"}
    with site.app.app_context():
        told = list(db.session.scalars(select(StudioNotice.kind).where(StudioNotice.user_id == author.id)))
        news = [
            event.payload["post"]
            for event in db.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "PostPublished"))
        ]
        slugs = list(db.session.scalars(select(Post.slug).where(Post.author_id == author.id)))
        db.session.remove()
    assert told == ["published"] * 12
    assert sorted(key for key in news if key in {post.key for post in posts}) == sorted(post.key for post in posts)
    assert {Browser(site.url).get(f"/p/{slug}").status_code for slug in slugs} == {200}
    site.wait_whole()


def test_of_two_who_publish_at_the_same_moment_both_keep_their_words(site: LiveSite) -> None:
    author, mate = site.make.user("creator"), site.make.user("creator")
    post = site.make.post(author, published=False, source="Base.\n")
    with site.app.app_context(), unit_of_work(db.session):
        person = db.session.get_one(User, author.id)
        fresh = get_for_studio(db.session, post.key, person)
        asked = teamwork.invite(db.session, fresh, mate.handle, "coauthor", by=person, now=site.make.now)
        teamwork.answer(db.session, asked, True, by=db.session.get_one(User, mate.id), now=site.make.now)
    browsers = []
    for person in (author, mate):
        browser = Browser(site.url)
        browser.sign_in(person.email)
        browsers.append(browser)
    forms = [inputs_of(browser.get(f"/studio/{post.key}").text) for browser in browsers]
    assert forms[0]["version"] == forms[1]["version"]
    gate, answers = threading.Barrier(2), dict[int, str]()

    def publish(number: int) -> None:
        fields = forms[number] | {
            "title": "Of both",
            "source": f"Words of {number}.\n",
            "lang": "en",
            "relation": "affiliate",
        }
        gate.wait()
        answer = browsers[number].post(f"/studio/{post.key}/publish", fields)
        answers[number] = answer.headers.get("Location", str(answer.status_code))

    threads = [threading.Thread(target=publish, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [winner] = [number for number, location in answers.items() if location.endswith(f"/studio/{post.key}")]
    [other] = {0, 1} - {winner}
    assert "/merge?copy=" in answers[other]
    assert f"Words of {winner}." in Browser(site.url).get("/p/of-both").text
    assert "Words of <ins>" in browsers[other].get(answers[other].removeprefix(site.url)).text
    with site.app.app_context():
        [kept] = db.session.scalars(select(StrayCopy.words).join(Post, Post.id == StrayCopy.post_id))
        shown = db.session.scalars(
            select(Revision.source).where(Revision.published_at.is_not(None), Revision.title == "Of both")
        ).all()
        db.session.remove()
    assert kept["source"] == f"Words of {other}.\n"
    assert shown == [f"Words of {winner}.\n"]
