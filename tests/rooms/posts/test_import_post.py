"""Files into posts, as often as one likes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contentshop.core.errors import Invalid
from contentshop.posts import actions, queries
from contentshop.posts.actions import ImportResult, import_post, prepare_text
from contentshop.posts.imports import read_post
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk

TEXT = """---
title: Lamps
topics: [Desk]
date: 2026-05-31
---
The light matters. The shade less so.

::card[lamp]
"""


def bring_in(desk: Desk, path: Path, text: str | None = None, *, publish: bool = True) -> ImportResult:
    if text is not None:
        path.write_text(text)
    file = read_post(path, root=path.parent)
    prepared = prepare_text(file.body)
    with desk.unit():
        return import_post(desk.session, file, author=desk.author, now=desk.now, publish=publish, text=prepared)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lamps.md"


def test_a_file_becomes_a_published_post(desk: Desk, make: Factory, path: Path) -> None:
    make.product("lamp")

    result = bring_in(desk, path, TEXT)

    assert (result.outcome, result.problems) == ("added", ())
    post = queries.get_published(desk.session, "lamps")
    assert (post.title, post.topics, post.lang) == ("Lamps", ["desk"], "en")
    assert post.summary == "The light matters. The shade less so."
    assert post.published_at == datetime(2026, 5, 31, tzinfo=UTC)
    assert [card["product_slug"] for card in post.cards] == ["lamp"]
    assert desk.news() == [("PostPublished", post.key)]


def test_again_changes_nothing(desk: Desk, make: Factory, path: Path) -> None:
    make.product("lamp")
    first = bring_in(desk, path, TEXT).post

    again = bring_in(desk, path)

    assert (again.outcome, again.post.id, again.post.version) == ("unchanged", first.id, first.version)
    assert len(queries.list_newest(desk.session, limit=9)) == 1
    assert desk.news() == [("PostPublished", first.key)]


def test_a_changed_file_changes_its_post(desk: Desk, make: Factory, path: Path) -> None:
    make.product("lamp")
    before = bring_in(desk, path, TEXT).post
    [(key, _, _)] = desk.cards(before)

    result = bring_in(desk, path, TEXT.replace("title: Lamps", "title: More lamps"))

    assert (result.outcome, result.post.id) == ("updated", before.id)
    post = queries.get_published(desk.session, "lamps")
    assert (post.title, [card["key"] for card in post.cards]) == ("More lamps", [key])
    assert post.published_at == datetime(2026, 5, 31, tzinfo=UTC)


def test_an_unknown_product_is_named_by_the_line_of_the_file_until_it_is_there(
    desk: Desk, make: Factory, path: Path
) -> None:
    for outcome in ("added", "updated"):
        result = bring_in(desk, path, TEXT)
        assert (result.outcome, result.problems) == (outcome, ("Line 8: there is no product “lamp”",))
        assert desk.fresh(result.post).state == "draft"
    make.product("lamp")

    assert bring_in(desk, path).problems == ()
    assert queries.get_published(desk.session, "lamps").published_at == datetime(2026, 5, 31, tzinfo=UTC)


def test_drafts_stay_drafts_when_asked(desk: Desk, make: Factory, path: Path) -> None:
    make.product("lamp")
    assert bring_in(desk, path, TEXT, publish=False).post.state == "draft"
    assert bring_in(desk, path, publish=False).outcome == "unchanged"
    assert bring_in(desk, path).post.state == "published"


def test_what_was_taken_off_the_site_stays_off(desk: Desk, make: Factory, path: Path) -> None:
    make.product("lamp")
    post = bring_in(desk, path, TEXT).post
    desk.unpublish(post)

    assert bring_in(desk, path).outcome == "unchanged"
    assert bring_in(desk, path, TEXT + "\nNew.\n").outcome == "updated"
    assert desk.fresh(post).state == "unpublished"


def test_an_existing_post_keeps_its_author(desk: Desk, make: Factory, path: Path) -> None:
    make.product("lamp")
    post = bring_in(desk, path, TEXT).post
    file = read_post(path, root=path.parent)
    path.write_text(TEXT + "\nNew.\n")
    file = read_post(path, root=path.parent)

    with desk.unit():
        import_post(desk.session, file, author=desk.other, now=desk.now)

    assert desk.fresh(post).author_id == desk.author.id


def test_files_that_differ_in_case_are_two_posts(desk: Desk, tmp_path: Path) -> None:
    for name in ("a_1.md", "A_1.md", "ab1.md"):
        assert bring_in(desk, tmp_path / name, f"---\ntitle: {name}\n---\nWords").outcome == "added"
    assert len(queries.list_newest(desk.session, limit=9)) == 3


def test_a_wrong_field_leaves_nothing(desk: Desk, path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        bring_in(desk, path, "---\ntitle: x\nkind: poem\n---\nWords")
    assert caught.value.fields == {"kind": ["“poem” is not a choice here; use one of article, list, deal."]}
    assert queries.list_for_author(desk.session, desk.author) == []


def test_the_slug_of_the_file_is_the_address(desk: Desk, path: Path) -> None:
    bring_in(desk, path, "---\ntitle: x\nslug: my-lamps\n---\nWords")

    assert queries.get_published(desk.session, "my-lamps").title == "x"


def test_all_real_texts_are_taken(desk: Desk, shared_data: Path) -> None:
    root = shared_data / "posts-zh"
    files = [read_post(path, root=root) for path in sorted(root.glob("*.md"))]
    prepared = [actions.prepare_text(file.body) for file in files]
    assert [file.path.name for file, text in zip(files, prepared, strict=True) if text.problems] == []

    with desk.unit():
        results = [
            import_post(desk.session, file, author=desk.author, now=desk.now, text=text)
            for file, text in zip(files, prepared, strict=True)
        ]

    assert [result.problems for result in results if result.problems] == []
    assert len(queries.list_newest(desk.session, limit=1000, lang="zh")) == 387
    assert len({result.post.slug for result in results}) == 387
    assert queries.audit(desk.session) == []
    with desk.unit():
        again = [
            import_post(desk.session, file, author=desk.author, now=desk.now, text=text)
            for file, text in zip(files, prepared, strict=True)
        ]
    assert {result.outcome for result in again} == {"unchanged"}
