"""Programs: what a merchant asks for, refused field by field, and links that come of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from contentshop.affiliate import actions, queries
from contentshop.affiliate.inputs import ProgramInput
from contentshop.affiliate.links import ProgramFacts
from contentshop.core.errors import Invalid
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
TEMPLATE = "Start the template with {url}, or with https:// and {url} in its query."
NAME = "Use letters a–z, digits, hyphens, dots and underscores."


@pytest.mark.parametrize("template", ["", "{url}", "  {url} "])
def test_who_asks_for_nothing_has_no_program(template: str) -> None:
    assert ProgramInput.parse({"link_template": template, "tag": " ", "tag_param": "", "sub_id_param": ""}) is None
    assert ProgramInput.parse({}) is None


def test_a_program_as_typed() -> None:
    typed = {"link_template": "", "tag": " cs-21 ", "tag_param": "tag", "sub_id_param": "asc_sub.tag-1"}
    assert ProgramInput.parse(typed) == ProgramInput("{url}", "cs-21", "tag", "asc_sub.tag-1")
    typed = {"link_template": "https://go.example/?to={url}&by={tag}", "tag": "x"}
    assert ProgramInput.parse(typed) == ProgramInput("https://go.example/?to={url}&by={tag}", "x", "", "")


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        ({"link_template": "http://go.example/?to={url}"}, {"link_template": [TEMPLATE]}),
        ({"link_template": "https://go.example/"}, {"link_template": [TEMPLATE]}),
        ({"link_template": "https://go.example/?a={url}&b={url}"}, {"link_template": [TEMPLATE]}),
        ({"link_template": "{url}&x={name}"}, {"link_template": ["Only {url} and {tag} can be filled in."]}),
        ({"link_template": "{url}&x={tag"}, {"link_template": ["Only {url} and {tag} can be filled in."]}),
        (
            {"link_template": "{url}" + "x" * 500},
            {"link_template": ["Use at most 500 characters (now 505)."]},
        ),
        ({"tag": "x" * 81, "tag_param": "t"}, {"tag": ["Use at most 80 characters (now 81)."]}),
        (
            {"tag": "cs-21"},
            {"tag_param": ["Say which parameter carries the tag, or put {tag} into the template."]},
        ),
        ({"tag_param": "a b"}, {"tag_param": [NAME]}),
        ({"sub_id_param": "a&b"}, {"sub_id_param": [NAME]}),
        ({"tag_param": "t", "sub_id_param": "t"}, {"sub_id_param": ["This parameter carries the tag already."]}),
        ({"tag_param": "&", "sub_id_param": "="}, {"tag_param": [NAME], "sub_id_param": [NAME]}),
    ],
)
def test_refused_field_by_field(typed: dict[str, str], problems: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid) as refused:
        ProgramInput.parse(typed)
    assert dict(refused.value.fields) == problems


def test_join_change_and_leave(session: Session, unit: Unit, make: Factory) -> None:
    shop, other = make.merchant("shop"), make.merchant("other")
    with unit():
        actions.join_program(session, ProgramInput(sub_id_param="sub"), merchant_id=shop.id)
    assert queries.find_program(session, shop.id) == ProgramFacts("{url}", "", "", "sub")
    assert queries.list_paying(session) == {shop.id, other.id}
    for _again in range(2):
        with unit():
            actions.leave_program(session, merchant_id=shop.id)
    assert queries.find_program(session, shop.id) is None
    assert queries.list_paying(session) == {other.id}


def test_a_template_without_a_host_is_refused_before_anything_is_written(
    session: Session, unit: Unit, make: Factory
) -> None:
    shop = make.merchant("shop")
    before = queries.find_program(session, shop.id)
    with pytest.raises(Invalid) as refused, unit():
        actions.join_program(session, ProgramInput(link_template="https://{url}"), merchant_id=shop.id)
    assert dict(refused.value.fields) == {"link_template": ["This template does not make a link."]}
    assert queries.find_program(session, shop.id) == before
