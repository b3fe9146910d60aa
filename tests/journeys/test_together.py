"""Two people at one draft, each at a window of their own."""

from __future__ import annotations

from playwright.sync_api import expect

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.posts import teamwork
from contentshop.posts.queries import get_for_studio
from tests.journeys.conftest import Visit, Watch
from tests.journeys.writing import put_at_end, surface, written
from tests.live.site import LiveSite


def test_two_write_at_once_and_nothing_is_lost(site: LiveSite, visit: Visit, watch: Watch) -> None:
    ada, mo = site.make.user("creator", name="Ada Author"), site.make.user("creator", name="Mo Mate")
    post = site.make.post(ada, published=False, title="Of two", source="Begun.\n")
    with site.app.app_context(), unit_of_work(db.session):
        author = db.session.get_one(User, ada.id)
        found = get_for_studio(db.session, post.key, author)
        asked = teamwork.invite(db.session, found, mo.handle, "coauthor", by=author, now=site.make.now)
        teamwork.answer(db.session, asked, True, by=db.session.get_one(User, mo.id), now=site.make.now)
    first, second = visit(ada), visit(mo)
    watch.expected.append("status of 409")  # a conflict is an answer, which browsers note as an error
    for person in (first, second):
        person.page.goto(f"/studio/{post.key}")
        surface(person.page)

    with first.page.expect_response(lambda answer: answer.url.endswith("/autosave") and answer.ok):
        put_at_end(first.page, "\nAda's words.\n")
    presence = second.page.locator("[data-presence]")
    expect(presence).to_be_hidden()
    with second.page.expect_response(lambda answer: answer.url.endswith("/autosave") and answer.status == 409):
        put_at_end(second.page, "\nMo's words.\n")
    expect(presence).to_contain_text("Ada Author")

    second.page.click("[data-merge]")
    expect(second.page.locator(".clash")).to_have_count(1)
    second.page.check("[name=choose-0][value=both]")
    second.page.click("[value=chosen]")
    second.page.wait_for_url(f"**/studio/{post.key}")
    surface(second.page)
    text = written(second.page)
    assert "Ada's words." in text
    assert "Mo's words." in text
