"""Signing up, in and out, passwords and profiles, through the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.accounts.models import User, UserSession
from contentshop.core.clock import FixedClock
from contentshop.core.mail import Message
from tests.conftest import make_settings
from tests.factories import Factory

NEW = {
    "name": "Ada  Writer",
    "handle": "Ada-Writer",
    "email": "Ada@Example.org ",
    "password": "three plain words",
}


def test_a_creator_signs_up_and_is_in(client: FlaskClient, post_form: Callable[..., Any], session: Session) -> None:
    answer = post_form(client, "/sign-up", NEW | {"creator": "1"})
    assert (answer.status_code, answer.location) == (303, "/studio")
    user = session.scalars(select(User)).one()
    assert (user.name, user.handle, user.email, user.role) == ("Ada Writer", "ada-writer", "ada@example.org", "creator")
    assert user.password_hash.startswith("$argon2id$")
    assert client.get("/account").status_code == 200


def test_a_reader_signs_up_and_goes_on_where_he_was(
    client: FlaskClient, post_form: Callable[..., Any], session: Session
) -> None:
    answer = post_form(client, "/sign-up", NEW | {"next": "/p/a-guide"})
    assert answer.location == "/p/a-guide"
    assert session.scalars(select(User.role)).one() == "reader"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_on_stays_on_the_site(client: FlaskClient, post_form: Callable[..., Any], target: str) -> None:
    assert post_form(client, "/sign-up", NEW | {"next": target}).location == "/"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "  ", "Tell readers what to call you."),
        ("handle", "a!", "Use 3 to 40 letters"),
        ("handle", "-ab-", "Use 3 to 40 letters"),
        ("handle", "@Admin", "This name is kept for those who run the site"),
        ("email", "nobody", "Write your e-mail address"),
        ("email", "a@b", "Write your e-mail address"),
        ("email", "a b@example.org", "Write your e-mail address"),
        ("password", "short", "Use at least 10 characters."),
        ("password", "password123", "too easy to guess"),
        ("password", "aaaaaaaaaaaa", "too easy to guess"),
        ("password", "x" * 201, "Use at most 200 characters."),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_made(
    client: FlaskClient, post_form: Callable[..., Any], session: Session, field: str, value: str, told: str
) -> None:
    answer = post_form(client, "/sign-up", NEW | {field: value})
    assert answer.status_code == 422
    assert told in answer.text
    assert session.scalar(select(func.count()).select_from(User)) == 0


def test_a_taken_handle_and_address_are_told(client: FlaskClient, post_form: Callable[..., Any], make: Factory) -> None:
    make.user(handle="ada-writer", email="ada@example.org")
    answer = post_form(client, "/sign-up", NEW)
    assert answer.status_code == 422
    assert "This handle is taken" in answer.text
    assert "There is an account with this address" in answer.text


def test_nobody_becomes_a_creator_where_it_is_closed(
    tmp_path: Any, database_url: str, app: Flask, post_form: Any
) -> None:
    from contentshop.app import create_app
    from contentshop.core.db import db

    closed = create_app(make_settings(tmp_path / "closed", database_url, open_creators=False), None)
    client = closed.test_client()
    assert "I want to write" not in client.get("/sign-up").text
    post_form(client, "/sign-up", NEW | {"creator": "1"})
    with closed.app_context():
        assert db.session.scalars(select(User.role)).one() == "reader"
        db.session.remove()
        db.engine.dispose()


def test_sign_in_and_out(client: FlaskClient, post_form: Callable[..., Any], make: Factory, session: Session) -> None:
    user = make.user()
    answer = post_form(client, "/sign-in", {"email": user.email.upper(), "password": Factory.PASSWORD})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert client.get_cookie("cs_in") is not None
    token_hash = session.scalars(select(UserSession.token_hash)).one()
    assert re.fullmatch(r"[0-9a-f]{64}", token_hash)
    answer = post_form(client, "/sign-out")
    assert answer.status_code == 303
    assert client.get_cookie("cs_in") is None
    assert client.get("/account").location.startswith("/sign-in?next=")
    session.rollback()
    assert session.scalars(select(UserSession.ended_at)).one() is not None


def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(
    client: FlaskClient, post_form: Callable[..., Any], make: Factory
) -> None:
    user = make.user()
    blocked = make.user(blocked=True)
    texts = []
    for email, password in (
        (user.email, "not the password"),
        ("nobody@example.org", Factory.PASSWORD),
        (blocked.email, "not the password"),
    ):
        answer = post_form(client, "/sign-in", {"email": email, "password": password})
        assert answer.status_code == 422
        cleaned = re.sub(r'name="csrf_token"[^>]*|value="[^"]*@example.org"', "", answer.text)
        texts.append(re.sub(r"request=\w+", "", cleaned))
    assert texts[0] == texts[1] == texts[2]


def test_somebody_blocked_is_told_whom_to_write_to(
    client: FlaskClient, post_form: Callable[..., Any], make: Factory, session: Session
) -> None:
    blocked = make.user(blocked=True)
    answer = post_form(client, "/sign-in", {"email": blocked.email, "password": Factory.PASSWORD})
    assert answer.status_code == 422
    told = "This account is closed. If you think that is a mistake, write to no-reply@localhost."
    assert told in answer.text
    assert "do not belong together" not in answer.text
    assert session.scalars(select(UserSession)).all() == []
    answer = post_form(client, "/sign-in", {"email": blocked.email, "password": "not the password"})
    assert "do not belong together" in answer.text
    assert "closed" not in answer.text


def test_a_session_ends_by_the_clock(client: FlaskClient, make: Factory, sign_in: Any, clock: FixedClock) -> None:
    sign_in(client, make.user())
    clock.advance(timedelta(days=30) - timedelta(seconds=1))
    assert client.get("/account").status_code == 200
    clock.advance(timedelta(seconds=1))
    assert client.get("/account").status_code == 302


def test_a_session_of_somebody_blocked_opens_nothing(
    client: FlaskClient, make: Factory, sign_in: Any, session: Session
) -> None:
    user = make.user()
    sign_in(client, user)
    session.merge(user).blocked = True
    session.commit()
    assert client.get("/account").status_code == 302


def test_signing_in_starts_a_fresh_browser_session(client: FlaskClient, make: Factory, sign_in: Any) -> None:
    client.get("/sign-in")
    before = client.get_cookie("cs_session")
    sign_in(client, make.user())
    after = client.get_cookie("cs_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert after.http_only
    assert after.same_site == "Lax"


def reset_link(app: Flask, mailbox: list[Message]) -> str:
    worker.settle(app)
    found = re.search(r"http://localhost(/reset/\S+)", mailbox[-1].text)
    assert found
    return found[1]


def test_a_password_is_reset_by_mail_once(
    app: Flask, client: FlaskClient, post_form: Callable[..., Any], make: Factory, sign_in: Any, mailbox: list[Message]
) -> None:
    user = make.user()
    elsewhere = sign_in(app.test_client(), user)
    post_form(client, "/forgot", {"email": user.email})
    link = reset_link(app, mailbox)
    assert [message.to for message in mailbox] == [user.email]
    assert "Set a new password" in mailbox[0].html
    assert client.get(link).status_code == 200
    assert post_form(client, link, {"password": "short"}).status_code == 422
    assert post_form(client, link, {"password": "a new long password"}).status_code == 303
    assert elsewhere.get("/account").status_code == 302, "other sessions go on"
    assert client.get(link).status_code == 403
    assert post_form(client, link, {"password": "another long one"}).status_code == 403
    assert post_form(client, "/sign-in", {"email": user.email, "password": Factory.PASSWORD}).status_code == 422
    assert post_form(client, "/sign-in", {"email": user.email, "password": "a new long password"}).status_code == 303


def test_a_reset_link_is_old_after_half_an_hour(
    app: Flask, client: FlaskClient, post_form: Callable[..., Any], make: Factory, mailbox: list[Message]
) -> None:
    import time_machine

    post_form(client, "/forgot", {"email": make.user().email})
    link = reset_link(app, mailbox)
    with time_machine.travel(timedelta(minutes=29), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(timedelta(minutes=31), tick=False):
        assert client.get(link).status_code == 403
    assert client.get(link + "x").status_code == 403


def test_nobody_learns_who_has_an_account(
    app: Flask, client: FlaskClient, post_form: Callable[..., Any], make: Factory, mailbox: list[Message]
) -> None:
    make.user(email="there@example.org", locale="zh")
    answers = [
        post_form(client, "/forgot", {"email": email}, follow_redirects=True).text
        for email in ("there@example.org", "not-there@example.org")
    ]
    said = [re.sub(r'name="csrf_token"[^>]*', "", text) for text in answers]
    assert said[0] == said[1]
    worker.settle(app)
    assert [message.to for message in mailbox] == ["there@example.org"]


def test_a_profile_is_changed(
    client: FlaskClient, post_form: Any, make: Factory, sign_in: Any, session: Session
) -> None:
    user = make.user("creator")
    sign_in(client, user)
    assert post_form(client, "/account", {"name": " New\tName ", "bio": "One.\r\nTwo."}).status_code == 303
    stored = session.scalars(select(User)).one()
    assert (stored.name, stored.bio, stored.version) == ("New Name", "One.\nTwo.", 2)
    answer = post_form(client, "/account", {"name": "New Name", "bio": "x" * 601})
    assert answer.status_code == 422
    assert "Use at most 600 characters (now 601)." in answer.text
    assert "x" * 601 in answer.text, "what was typed is lost"


def test_a_password_is_changed_and_other_browsers_are_out(
    app: Flask, client: FlaskClient, post_form: Any, make: Factory, sign_in: Any
) -> None:
    user = make.user()
    sign_in(client, user)
    elsewhere = sign_in(app.test_client(), user)
    wrong = post_form(client, "/account/password", {"current": "wrong", "password": "a new long password"})
    assert wrong.status_code == 422
    assert "This is not your present password." in wrong.text
    right = post_form(client, "/account/password", {"current": Factory.PASSWORD, "password": "a new long password"})
    assert right.status_code == 303
    assert client.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


def test_signing_out_everywhere(app: Flask, client: FlaskClient, post_form: Any, make: Factory, sign_in: Any) -> None:
    user = make.user()
    sign_in(client, user)
    elsewhere = sign_in(app.test_client(), user)
    assert post_form(client, "/account/sign-out-everywhere").status_code == 303
    assert client.get("/account").status_code == 302
    assert elsewhere.get("/account").status_code == 302


def test_signing_in_is_limited(tmp_path: Any, database_url: str, app: Flask, post_form: Any) -> None:
    from contentshop.app import create_app
    from contentshop.core.db import db

    limited = create_app(make_settings(tmp_path / "limited", database_url, rate_limits=True), None)
    client = limited.test_client()
    form = {"email": "a@example.org", "password": "wrong password"}
    statuses = [post_form(client, "/sign-in", form).status_code for _try in range(11)]
    assert statuses == [422] * 10 + [429]
    with limited.app_context():
        db.session.remove()
        db.engine.dispose()


class TestTimeZone:
    """The clock by which times are told: typed, in words, and chosen without script."""

    @pytest.fixture
    def person(self, app: Flask, make: Factory, sign_in: Any) -> FlaskClient:
        client: FlaskClient = sign_in(app.test_client(), make.user("creator", handle="zoe"))
        return client

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("Asia / Shanghai", "Asia/Shanghai"),
            ("asia/shanghai", "Asia/Shanghai"),
            ("New York", "America/New_York"),
            ("  america / new   york ", "America/New_York"),
            ("UTC", "UTC"),
            ("", ""),
        ],
    )
    def test_it_is_named_in_many_ways(
        self, person: FlaskClient, post_form: Any, session: Session, typed: str, kept: str
    ) -> None:
        answer = post_form(person, "/account/timezone", {"zone": typed})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account#times-heading")
        assert session.scalar(select(User.timezone).where(User.handle == "zoe")) == kept

    def test_the_account_shows_it_in_the_persons_language(self, person: FlaskClient, post_form: Any) -> None:
        post_form(person, "/account/timezone", {"zone": "Asia/Shanghai"})
        page = person.get("/account").text
        assert 'value="Asia / Shanghai"' in page
        assert "Your clock shows Fri 20 Nov 2026, 20:00." in page
        assert '<option value="Europe / Berlin">' in page
        person.set_cookie("cs_lang", "zh")
        assert 'value="亚洲 / 上海"' in person.get("/account").text
        assert post_form(person, "/account/timezone", {"zone": "上海"}).status_code == 303

    @pytest.mark.parametrize("typed", ["Atlantis", "Asia", "x" * 500, "../etc/passwd"])
    def test_what_names_none_is_refused(
        self, person: FlaskClient, post_form: Any, session: Session, typed: str
    ) -> None:
        answer = post_form(person, "/account/timezone", {"zone": typed})
        assert answer.status_code == 422
        assert "Choose your time zone." in answer.text
        assert session.scalar(select(User.timezone).where(User.handle == "zoe")) == ""
