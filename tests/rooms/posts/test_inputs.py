"""What creators write, parsed and checked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contentshop.core.errors import Invalid
from contentshop.core.text import MAX_SOURCE
from contentshop.posts.inputs import PostInput


def parse(**changes: Any) -> PostInput:
    values: dict[str, Any] = {"kind": "article", "title": "A title", "source": "Words."}
    return PostInput.parse(**(values | changes))


def refused(**changes: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        parse(**changes)
    return caught.value.fields


def test_a_draft_may_begin_with_nothing() -> None:
    form = parse(title="", source="")

    assert (form.title, form.source, form.topics, form.cover_id) == ("", "", (), None)
    assert (form.lang, form.relation) == ("en", "affiliate")


def test_lines_are_folded_and_the_text_keeps_its_shape() -> None:
    form = parse(title="  Two\n words\x00 ", source="one\r\n\r\n  two\x00\rthree\ud800")

    assert form.title == "Two words"
    assert form.source == "one\n\n  two\nthree?"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (':::item[lamp]{award=""}', ":::item[lamp]"),
        ('::card[lamp]{ note="" }', "::card[lamp]"),
        (':::item[lamp]{award="" note=""}', ":::item[lamp]"),
        (':::item[lamp]{award="" note="Warm."}', ':::item[lamp]{note="Warm."}'),
        (':::item[lamp]{note="Warm." award=""}', ':::item[lamp]{note="Warm."}'),
        (':::item[lamp]{award="Best"}', ':::item[lamp]{award="Best"}'),
        ('::picture[abcd]{alt=""}', '::picture[abcd]{alt=""}'),
        ('He wrote {award=""}.', 'He wrote {award=""}.'),
        ('```\n:::item[lamp]{award=""}\n```', '```\n:::item[lamp]{award=""}\n```'),
    ],
)
def test_words_of_a_card_that_were_left_empty_are_left_out(written: str, kept: str) -> None:
    assert parse(source=f"One\n{written}\nTwo").source == f"One\n{kept}\nTwo"


def test_every_field_that_is_wrong_is_named() -> None:
    fields = refused(
        kind="poem",
        title="t" * 201,
        summary="s" * 501,
        tested="x" * 501,
        cover_alt="a" * 301,
        relation="loved",
        lang="en_",
        source="x" * (MAX_SOURCE + 1),
        topics=list("abcdef"),
    )

    assert fields == {
        "kind": ["“poem” is not a choice here; use one of article, list, deal."],
        "title": ["Use at most 200 characters (now 201)."],
        "summary": ["Use at most 500 characters (now 501)."],
        "tested": ["Use at most 500 characters (now 501)."],
        "cover_alt": ["Use at most 300 characters (now 301)."],
        "relation": ["“loved” is not a choice here; use one of none, affiliate, own, gifted, lent, paid."],
        "lang": ["“en_” is not a language; write it like en or zh."],
        "source": ["The text has 200,001 characters; at most 200,000 are allowed. Split it into parts."],
        "topics": ["Choose at most 5 topics (now 6)."],
    }


def test_limits_are_inclusive() -> None:
    form = parse(title="t" * 200, summary="s" * 500, tested="x" * 500, source="y" * MAX_SOURCE, topics="abcde")

    assert (len(form.title), len(form.summary), len(form.tested)) == (200, 500, 500)
    assert len(form.source) == MAX_SOURCE
    assert form.topics == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(("given", "kept"), [("zh-Hans-CN", "zh"), ("EN", "en"), ("pt_BR", "pt"), ("yue", "yue")])
def test_a_language_is_kept_without_script_and_region(given: str, kept: str) -> None:
    assert parse(lang=given).lang == kept


@pytest.mark.parametrize("lang", ["", "e", "english", "en us", "zh" + "-a" * 40, "../"])
def test_what_is_no_language_is_refused(lang: str) -> None:
    assert list(refused(lang=lang)) == ["lang"]


def test_topics_must_exist_where_that_is_known() -> None:
    assert parse(topics=["audio", " audio ", "", "desk"], known_topics={"audio", "desk"}).topics == ("audio", "desk")
    assert refused(topics=["audio", "nope", "never"], known_topics={"audio"}) == {
        "topics": ["There is no topic “nope”.", "There is no topic “never”."]
    }


def test_dates_of_testing_are_read_and_looked_at() -> None:
    form = PostInput.parse(kind="article", title="A", tested_from=" 2026-05-01 ", tested_to="2026-05-30")
    assert (form.tested_from, form.tested_to, form.owned_since) == (date(2026, 5, 1), date(2026, 5, 30), None)
    assert PostInput.parse(kind="article", title="A", owned_since=date(2025, 1, 1)).owned_since == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"tested_from": "May"}, "tested_from", "“May” is not a date; write it like 2026-05-31."),
        ({"tested_to": "2026-02-30"}, "tested_to", "“2026-02-30” is not a date; write it like 2026-05-31."),
        ({"owned_since": "20260501"}, "owned_since", "“20260501” is not a date; write it like 2026-05-31."),
        ({"owned_since": "٢٠٢٦-٠٥-٠١"}, "owned_since", "“٢٠٢٦-٠٥-٠١” is not a date; write it like 2026-05-31."),
        ({"owned_since": "0202-05-01"}, "owned_since", "This date is too long ago; write it like 2026-05-31."),
        ({"tested_to": "2026-11-21"}, "tested_to", "This date has not come yet."),
        ({"tested_from": "2026-05-02", "tested_to": "2026-05-01"}, "tested_to",
         "The tests end before they begin; look at both dates."),
    ],
)  # fmt: skip
def test_wrong_dates_are_told_at_their_field(values: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        PostInput.parse(kind="article", title="A", today=date(2026, 11, 20), **values)  # type: ignore[arg-type]
    assert refusal.value.fields == {field: [message]}
