"""The permission table: every endpoint decided, every cell tried against every kind of person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from contentshop.web.permissions import PERMISSIONS, Access
from contentshop.web.session import SIGNED, TOKENLESS
from tests.conftest import csrf_of
from tests.factories import Factory

# These end the session or change the role that the next cells need; tried in test_accounts and test_studio.
CHANGES_THE_PERSON = {"account.sign_out", "account.sign_out_everywhere", "studio.start"}
ROLES = ("visitor", "reader", "creator", "editor", "operator", "support", "warehouse", "finance")
ENTRY: dict[Access, frozenset[str]] = {
    Access.PUBLIC: frozenset(ROLES),
    Access.SIGNED_IN: frozenset(ROLES) - {"visitor"},
    Access.CREATOR: frozenset({"creator", "editor"}),
    Access.EDITOR: frozenset({"editor"}),
    Access.OPERATOR: frozenset({"operator"}),
    Access.SUPPORT: frozenset({"support", "operator"}),
    Access.WAREHOUSE: frozenset({"warehouse", "operator"}),
    Access.FINANCE: frozenset({"finance", "operator"}),
    Access.SERVICE: frozenset({"support", "finance", "operator"}),
    Access.SHOP: frozenset({"support", "warehouse", "finance", "operator"}),
    Access.STAFF: frozenset({"editor", "operator", "support", "warehouse", "finance"}),
}


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def path_of(app: Flask, rule: Rule) -> str:
    """An address of the rule with values that belong to nothing."""
    values = {
        name: 1 if "int" in type(rule._converters[name]).__name__.lower() else "nothing-here" for name in rule.arguments
    }
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def test_the_table_covers_the_url_map_exactly(app: Flask) -> None:
    assert set(PERMISSIONS) == {rule.endpoint for rule in app.url_map.iter_rules()}


def test_tokenless_endpoints_exist(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= TOKENLESS | SIGNED


def test_what_mail_programs_call_has_a_signed_address(app: Flask) -> None:
    mailed = {"watching.stop_mails", "reviews.stop", "restock.stopped"}
    assert SIGNED - mailed == {"paying.hook"}
    for rule in rules(app):
        if rule.endpoint in mailed:
            assert rule.arguments == {"token"}
            assert app.test_client().post(path_of(app, rule)).status_code == 404


@pytest.fixture
def people(app: Flask, make: Factory, sign_in: Callable[..., Any]) -> dict[str, FlaskClient]:
    found = {"visitor": app.test_client()}
    for role in ROLES[1:]:
        found[role] = sign_in(app.test_client(), make.user(role))
    return found


def knock(client: FlaskClient, path: str, method: str, token: str) -> Any:
    form: dict[str, Any] = {}
    if method not in {"GET", "HEAD"}:
        form = {"data": {"csrf_token": token}, "headers": {"Origin": "http://localhost"}}
    answer = client.open(path, method=method, **form)
    answer.close()  # a stream that is left open keeps its person for the next request
    return answer


@pytest.mark.timeout(600)
def test_every_cell(app: Flask, people: dict[str, FlaskClient]) -> None:
    """Who may not knock gets 403 (or the way to sign in); who may never does. Both for every method, but that a page
    which opened by GET is not asked for by HEAD as well."""
    tried = 0
    tokens = {role: csrf_of(client, "/forgot") for role, client in people.items()}
    for rule in rules(app):
        entry, path = ENTRY[PERMISSIONS[rule.endpoint]], path_of(app, rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            for role, client in people.items():
                if rule.endpoint in CHANGES_THE_PERSON and role != "visitor":
                    continue
                allowed = role in entry
                if method == "HEAD" and allowed:
                    continue
                answer = knock(client, path, method, tokens[role])
                if answer.status_code == 400:  # some forms begin a session anew; the last token belongs to the old one
                    tokens[role] = csrf_of(client, "/forgot")
                    answer = knock(client, path, method, tokens[role])
                sent_away = answer.status_code == 302 and answer.location.startswith("/sign-in")
                refused = answer.status_code == 403 or sent_away
                place = f"{method} {path} as {role}: {answer.status_code}"
                if allowed and rule.endpoint not in {"account.reset", "account.set_password"}:
                    assert not refused, place
                elif not allowed:
                    assert refused, place
                assert answer.status_code < 500 or answer.status_code == 503, place
                tried += 1
    assert tried > 100


def test_every_unsafe_route_refuses_a_form_without_token(app: Flask, people: dict[str, FlaskClient]) -> None:
    for rule in rules(app):
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            role = next(iter(sorted(ENTRY[PERMISSIONS[rule.endpoint]], key=ROLES.index)))
            if rule.endpoint in SIGNED:
                continue
            answer = people[role].open(path_of(app, rule), method=method)
            wanted = 403 if rule.endpoint in TOKENLESS else 400
            assert answer.status_code == wanted, f"{method} {rule} as {role}: {answer.status_code}"


def test_every_unsafe_route_refuses_a_form_from_another_site(app: Flask, people: dict[str, FlaskClient]) -> None:
    tokens = {role: csrf_of(client, "/forgot") for role, client in people.items()}
    for rule in rules(app):
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            role = next(iter(sorted(ENTRY[PERMISSIONS[rule.endpoint]], key=ROLES.index)))
            if rule.endpoint in SIGNED:
                continue
            client, form = people[role], {"csrf_token": tokens[role]}
            for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
                answer = client.open(path_of(app, rule), method=method, data=form, headers=headers)
                assert answer.status_code == 403, f"{method} {rule} as {role} with {headers}: {answer.status_code}"
