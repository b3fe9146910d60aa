"""The checklist with its repairs, and the posts to look at again, through their doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.posts.models import Revision
from contentshop.products.models import Merchant, Offer
from tests.factories import Factory
from tests.web.test_studio import Writer, words

Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def author(make: Factory) -> User:
    return make.user("creator")


@pytest.fixture
def writer(client: FlaskClient, sign_in: Callable[..., FlaskClient], author: User) -> Writer:
    return Writer(sign_in(client, author))


@pytest.fixture
def shop(make: Factory) -> Merchant:
    return make.merchant("shop")


def offered(html: str) -> dict[str, str]:
    """The repairs on a page: name → what the button says."""
    buttons = re.findall(r'<button class="[^"]*check-repair"[^>]*name="repair" value="([^"]+)"><span>([^<]+)', html)
    return dict(buttons)


def checks(html: str, state: str) -> list[str]:
    return [words(line) for line in re.findall(rf'<li class="check-line check-{state}">(.*?)</li>', html, re.DOTALL)]


class TestChecklist:
    def test_what_blocks_and_what_is_advice_are_told_apart(self, writer: Writer, make: Factory, shop: Merchant) -> None:
        make.product("old", discontinued=True)
        make.product("lamp", affiliate=[{"merchant": shop}])
        key = writer.begin()
        writer.save(source="::card[old]\n::card[lamp]\n::card[lmap]", relation="none")
        page = writer.client.get(f"/studio/{key}").text
        bad, warn = checks(page, "bad"), checks(page, "warn")
        assert [line.partition(" Line")[0] for line in bad] == [
            "To mend: There is no product “lmap”",
            "To mend: “Old” is no longer sold, and nothing stands in for it.",
            (
                "To mend: Say how the post is paid: it says “Nobody pays”, and its cards may earn a commission. "
                "Readers must be told before they click; that is the law in the US, the EU and China. "
                "Say: commission on links"
            ),
        ]
        assert [line[:40] for line in warn] == [
            "Advice: A summary helps readers to choos",
            "Advice: A cover picture makes people loo",
            "Advice: Choose a topic, so that readers ",
        ]
        assert "It can be published." not in page
        answer = writer.publish(source="::card[old]\n::card[lamp]", relation="none")
        assert answer.status_code == 422
        assert "Line 1: “Old” is no longer sold" in answer.text
        assert writer.stored().state == "draft"

    def test_the_page_takes_as_many_statements_for_one_card_as_for_two_hundred(
        self, writer: Writer, make: Factory, statements: Counting
    ) -> None:
        names = [make.product(f"thing-{number}").slug for number in range(20)]
        writer.begin()
        seen: list[int] = []
        for cards in (1, 200):
            writer.save(source="\n".join(f"::card[{names[number % 20]}]" for number in range(cards)))
            writer.client.get(f"/studio/{writer.key}")
            with statements() as counted:
                assert writer.client.get(f"/studio/{writer.key}").status_code == 200
            seen.append(len(counted))
        assert seen[0] == seen[1]


class TestRepairs:
    def repair(self, writer: Writer, name: str, **data: Any) -> Any:
        return writer.post(f"/studio/{writer.key}/repair", **data, repair=name)

    def test_each_button_mends_what_stands_beside_it(self, writer: Writer, make: Factory, shop: Merchant) -> None:
        make.product("old", discontinued=True, alternative_id=None)
        torch = make.product("torch", affiliate=[{"merchant": shop}])
        make.product("tired", discontinued=True, alternative_id=torch.id)
        writer.begin()
        writer.save(source='One is enough.\n\n::card[old]\n\n::card[tired]{note="Mine"}', relation="none")
        while names := offered(writer.client.get(f"/studio/{writer.key}").text):
            name, label = next(iter(names.items()))
            draft = writer.stored()
            answer = self.repair(writer, name, version=str(draft.draft_version))
            assert (answer.status_code, answer.location) == (303, f"/studio/{writer.key}")
            page = writer.client.get(answer.location).text
            assert f"Mended: {label}." in words(page)
            assert name not in offered(page)
        draft = writer.draft()
        assert draft.source == "One is enough.\n\n::card[torch]"
        assert (draft.relation, draft.summary) == ("affiliate", "One is enough.")
        assert "It can be published." in writer.client.get(f"/studio/{writer.key}").text

    def test_it_is_a_revision_like_any_other(self, writer: Writer, session: Session) -> None:
        writer.begin()
        writer.save(source="Words.")
        before = writer.draft()
        version = str(writer.stored().draft_version)
        assert self.repair(writer, "no_summary", version=version).status_code == 303
        after = writer.draft()
        assert (after.number, after.kind, after.summary) == (before.number + 1, "saved", "Words.")
        assert session.get_one(Revision, before.id).summary == ""
        assert self.repair(writer, "no_summary", version=version).location == f"/studio/{writer.key}"
        assert writer.draft().number == after.number

    def test_what_was_typed_beside_it_is_saved_along_in_one_revision(self, writer: Writer, make: Factory) -> None:
        make.product("old", discontinued=True)
        writer.begin()
        writer.save(source="::card[old]")
        [name] = [name for name in offered(writer.client.get(f"/studio/{writer.key}").text) if name.startswith("gone")]
        number = writer.draft().number
        # The line has moved in the meantime.
        self.repair(writer, name, **writer.fields(title="Torches", source="New.\n\nMore.\n\n::card[old]\n\nEnd."))
        draft = writer.draft()
        assert (draft.title, draft.source) == ("Torches", "New.\n\nMore.\n\nEnd.")
        assert (draft.number, draft.kind) == (number + 1, "saved")

    def test_where_nothing_is_to_be_mended_nothing_happens(self, writer: Writer) -> None:
        writer.begin()
        writer.save(source="Words.", summary="Short.")
        for name in ("no_summary", "gone:nothing", "", "untitled"):
            version = writer.stored().draft_version
            self.repair(writer, name, version=str(version))
            assert "There is nothing to mend there any more." in writer.client.get("/studio").text
            assert writer.stored().draft_version == version

    def test_a_draft_that_was_saved_elsewhere_is_not_overwritten(self, writer: Writer) -> None:
        writer.begin()
        writer.save(source="One.")
        stale = writer.fields(source="Mine.")
        writer.save(source="Theirs.")
        answer = self.repair(writer, "no_summary", **stale)
        assert answer.status_code == 303
        assert f"/studio/{writer.key}/merge?copy=" in answer.location
        assert writer.draft().source == "Theirs."
        answer = self.repair(writer, "no_summary", version="1")
        assert f"/studio/{writer.key}/merge?copy=" in answer.location
        assert (writer.draft().source, writer.draft().summary) == ("Theirs.", "")

    def test_the_form_that_is_wrong_comes_back(self, writer: Writer) -> None:
        writer.begin()
        answer = self.repair(writer, "no_summary", **writer.fields(title="t" * 201))
        assert answer.status_code == 422
        assert "t" * 201 in answer.text

    def test_somebody_elses_post_is_not_there(
        self, app: Flask, writer: Writer, make: Factory, sign_in: Callable[..., FlaskClient]
    ) -> None:
        writer.begin()
        other = Writer(sign_in(app.test_client(), make.user("creator")))
        other.key = writer.key
        assert self.repair(other, "no_summary", version="1").status_code == 404
        assert writer.client.get(f"/studio/{writer.key}/repair").location == f"/studio/{writer.key}"


class TestRefreshQueue:
    def test_what_to_do_is_said_in_order_with_a_way_to_the_line(
        self, writer: Writer, author: User, make: Factory, shop: Merchant, session: Session
    ) -> None:
        torch = make.product("torch", own={"USD": 1}, stock=1)
        for name in ("lamp", "desk"):
            make.product(name, affiliate=[{"merchant": shop}], alternative_id=torch.id if name == "desk" else None)
        mild = make.post(author, title="A desk", source="Words.\n\n::card[desk]")
        bad = make.post(author, title="Lamps", source="::card[lamp]")
        fine = make.post(author, title="Torches", source="::card[torch]")
        assert "should be looked at again" not in writer.client.get("/studio").text
        assert "Nothing to look at again" in writer.client.get("/studio/refresh").text
        session.execute(update(Offer).where(Offer.merchant_id == shop.id).values(health="dead"))
        session.commit()

        page = writer.client.get("/studio/refresh").text
        assert page.index("Lamps") < page.index("A desk")
        assert "Torches" not in page
        assert "Every link to “Lamp” is dead: name another, or take it out." in page
        assert "“Desk” cannot be had: readers get “Torch”. Recommend that, or another." in page
        assert f'href="/studio/{bad.key}#line-1"' in page
        assert f'href="/studio/{mild.key}#line-3"' in page
        assert fine.key not in page
        home = words(writer.client.get("/studio").text)
        assert "2 published posts should be looked at again" in home

    def test_an_old_post_is_to_be_looked_at(
        self, client: FlaskClient, sign_in: Callable[..., FlaskClient], author: User, make: Factory, clock: FixedClock
    ) -> None:
        make.post(author, title="Lamps", source="Words.")
        clock.advance(timedelta(days=179))
        sign_in(client, author)
        assert "Lamps" not in client.get("/studio/refresh").text
        clock.advance(timedelta(days=1))
        page = client.get("/studio/refresh").text
        assert "Lamps" in page
        assert "Nobody has looked at it for long" in page

    def test_the_statements_do_not_grow_with_posts(
        self, writer: Writer, author: User, make: Factory, statements: Counting
    ) -> None:
        seen = []
        for number in range(2):
            for post in range(1 + 9 * number):
                make.product(f"new-{number}-{post}")
                make.post(author, source=f"::card[new-{number}-{post}]")
            writer.client.get("/studio/refresh")
            with statements() as counted:
                assert writer.client.get("/studio/refresh").text.count("No shop is known") == 1 + 10 * number
            seen.append(len(counted))
        assert seen[0] == seen[1]
