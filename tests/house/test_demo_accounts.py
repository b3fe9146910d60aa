"""The demo's accounts: everybody who is made is named, and every role has somebody."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from contentshop.accounts.inputs import ROLES, SignUp
from contentshop.demo.accounts import ACCOUNTS, PASSWORD

PEOPLE: list[dict[str, Any]] = yaml.safe_load(files("contentshop.demo").joinpath("people.yaml").read_text("utf-8"))


def test_everybody_who_is_made_is_printed() -> None:
    assert [(person["role"], person["email"]) for person in PEOPLE] == list(ACCOUNTS)


def test_every_role_has_an_account() -> None:
    assert {role for role, _email in ACCOUNTS} == set(ROLES)


def test_everybody_may_sign_up_as_they_are() -> None:
    for person in PEOPLE:
        words = {name: person[name] for name in ("name", "handle", "email", "locale")}
        assert SignUp.parse(**words, password=PASSWORD, creator=False).handle == person["handle"]
        assert person["bio"].strip()
        assert person["bio_zh"].strip()


def test_the_readme_names_them() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert PASSWORD in readme
    for _role, email in ACCOUNTS:
        assert f"`{email.partition('@')[0]}@" in readme, email
