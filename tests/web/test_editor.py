"""The editors' desk through its pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot
from tests.factories import Factory
from tests.web.buyer import hidden, value_of

LINES: dict[str, Any] = {
    "title": "Before you travel",
    "intro": "Read these.",
    "lang": "en",
    "item_kind": ["post", "product", "post"],
    "item_ref": ["quiet-trains", "/products/lamp", ""],
    "item_reason": ["Sleep well.", "Read on.", ""],
}


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Any) -> FlaskClient:
    """An editor's browser, with a post and a product to list."""
    make.post(title="Quiet trains", slug="quiet-trains")
    make.product("lamp", own={"USD": 1999}, stock=3)
    found: FlaskClient = sign_in(client, make.user("editor"))
    return found


@pytest.fixture
def made(desk: FlaskClient, post_form: Any) -> str:
    """The address of a saved list."""
    answer = post_form(desk, "/desk/featured/new", LINES)
    assert answer.status_code == 303
    return str(answer.location)


def reasons(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(FeaturedItem.reason).order_by(FeaturedItem.position)))


def test_a_list_is_made_placed_and_seen(
    desk: FlaskClient, made: str, post_form: Any, session: Session, clock: FixedClock
) -> None:
    assert reasons(session) == ["Sleep well.", "Read on."]
    assert "Sleep well." not in desk.get("/").text
    slot = {"starts_at": "", "ends_at": "2026-11-21T12:00", "position": "0"}
    assert post_form(desk, f"{made}/place", slot).status_code == 303
    home = desk.get("/").text
    assert "Before you travel" in home
    assert "Sleep well." in home
    clock.advance(timedelta(days=1))
    assert "Sleep well." not in desk.get("/").text


def test_a_period_is_meant_by_the_editors_clock(desk: FlaskClient, made: str, post_form: Any, session: Session) -> None:
    post_form(desk, "/account/timezone", {"zone": "Asia/Shanghai"})
    page = desk.get(made).text
    assert "By the clocks in Asia / Shanghai." in page
    slot = {
        "starts_at": "2026-11-20T22:00",
        "ends_at": "2026-11-21T00:30",
        "position": "0",
        "zone": hidden(page, "zone"),
    }
    assert post_form(desk, f"{made}/place", slot).status_code == 303
    kept = session.scalars(select(Slot)).one()
    assert (kept.starts_at.hour, kept.ends_at) == (14, datetime(2026, 11, 20, 16, 30, tzinfo=UTC))
    page = desk.get(made).text
    assert [value_of(page, name) for name in ("starts_at", "ends_at")] == ["2026-11-20T22:00", "2026-11-21T00:30"]


def test_lines_are_moved_and_removed_without_script(
    desk: FlaskClient, made: str, post_form: Any, session: Session
) -> None:
    steps = (("down-0", ["Read on.", "Sleep well."]), ("up-1", ["Sleep well.", "Read on."]), ("remove-0", ["Read on."]))
    typed = {**LINES}
    for number, (command, wanted) in enumerate(steps):
        stored = [(LINES["item_kind"][i], LINES["item_ref"][i], LINES["item_reason"][i]) for i in range(2)]
        stored.sort(key=lambda line: reasons(session).index(line[2]))
        for name, values in zip(("item_kind", "item_ref", "item_reason"), zip(*stored, strict=True), strict=True):
            typed[name] = list(values)
        answer = post_form(desk, made, typed | {"arrange": command, "version": str(number + 1)})
        assert answer.status_code == 303
        assert reasons(session) == wanted


def test_a_refused_form_keeps_what_was_typed_and_changes_nothing(
    desk: FlaskClient, made: str, post_form: Any, session: Session
) -> None:
    wrong = LINES | {"title": "Changed", "item_ref": ["no-such-post", "lamp", ""], "version": "1"}
    answer = post_form(desk, made, wrong)
    assert answer.status_code == 422
    assert "There is no published post “no-such-post”." in answer.text
    assert 'value="no-such-post"' in answer.text
    assert 'value="Changed"' in answer.text
    assert session.scalars(select(FeaturedList.title)).one() == "Before you travel"


def test_two_editors_at_once_get_a_conflict_not_silence(
    desk: FlaskClient, made: str, post_form: Any, session: Session
) -> None:
    assert post_form(desk, made, LINES | {"title": "First", "version": "1"}).status_code == 303
    answer = post_form(desk, made, LINES | {"title": "Second", "version": "1"})
    assert answer.status_code == 409
    assert "Somebody else has saved this list" in answer.text
    assert 'value="Second"' in answer.text
    assert session.scalars(select(FeaturedList.title)).one() == "First"


def test_a_period_that_ends_before_it_starts_is_refused(
    desk: FlaskClient, made: str, post_form: Any, session: Session
) -> None:
    slot = {"starts_at": "2026-11-22T12:00", "ends_at": "2026-11-21T12:00", "position": "x"}
    answer = post_form(desk, f"{made}/place", slot)
    assert answer.status_code == 422
    assert "The end must be after the start." in answer.text
    assert "Use a whole number from 0 (top) to 1000." in answer.text
    assert session.scalars(select(Slot)).all() == []


def test_a_list_is_taken_off_and_deleted(desk: FlaskClient, made: str, post_form: Any, session: Session) -> None:
    post_form(desk, f"{made}/place", {})
    assert post_form(desk, f"{made}/unplace").status_code == 303
    assert session.scalars(select(Slot)).all() == []
    assert post_form(desk, f"{made}/delete").status_code == 303
    session.rollback()
    assert session.scalars(select(FeaturedList)).all() == []
    assert "No featured lists yet" in desk.get("/desk/featured").text


def test_a_creator_sees_no_desk(client: FlaskClient, made: str, make: Factory, app: Any, sign_in: Any) -> None:
    creator = sign_in(app.test_client(), make.user("creator"))
    assert creator.get("/desk/featured").status_code == 403
    assert creator.get(made).status_code == 403
