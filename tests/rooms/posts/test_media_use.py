"""Which media a post uses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Conflict
from contentshop.core.ids import ALPHABET, new_key
from contentshop.media.actions import KEY_LENGTH
from contentshop.media.models import Asset
from contentshop.posts import actions, queries
from contentshop.posts.inputs import PostInput
from contentshop.posts.media_use import Use, asset_keys, forget, list_use
from contentshop.posts.models import Post, RevisionAsset
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
ONE, TWO, THREE = "0123456789abcdef", "abcdefghjkmnpqrs", "zzzzzzzzzzzzzzzz"


def test_keys_are_found_wherever_they_stand() -> None:
    source = f"""::picture[{ONE}]{{alt="x"}}
::video[{TWO}]{{poster="{THREE}" captions="{ONE}"}}
<img src="/media/{ONE[:2]}/{ONE}-640.webp"> [x](/media/{TWO[:2]}/{TWO}.mp4)"""
    assert asset_keys(source) == [ONE, TWO, THREE]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "characterization",
        "0123456789abcde",
        "0123456789abcdefg",
        "x0123456789abcdef",
        "0123456789ABCDEF",
        "ilou" * 4,
    ],
)
def test_what_is_no_key_is_none(source: str) -> None:
    assert asset_keys(source) == []


def test_every_key_we_make_is_one() -> None:
    for _ in range(50):
        key = new_key(KEY_LENGTH)
        assert asset_keys(f"::picture[{key}]") == [key]
    assert asset_keys(ALPHABET[:16]) == [ALPHABET[:16]]
    assert asset_keys(ALPHABET[-16:]) == [ALPHABET[-16:]]


def test_a_text_of_many_keys_is_cut() -> None:
    assert len(asset_keys(" ".join(new_key(KEY_LENGTH) for _ in range(3000)))) == 2000


@pytest.fixture
def assets(session: Session, unit: Unit, clock: FixedClock) -> dict[str, int]:
    with unit():
        made = [
            Asset(key=key, width=1, height=1, widths=[1], digest=key, created_at=clock.now())
            for key in (ONE, TWO, THREE)
        ]
        session.add_all(made)
    return {asset.key: asset.id for asset in made}


def used(session: Session) -> set[int]:
    session.rollback()
    return set(session.scalars(select(RevisionAsset.asset_id)))


def test_use_follows_the_text_and_the_cover(
    session: Session, unit: Unit, make: Factory, clock: FixedClock, assets: dict[str, int]
) -> None:
    author = make.user("creator")

    def save(post: Post | None, source: str, cover: int | None = None) -> Post:
        with unit():
            form = PostInput.parse(kind="article", title="Lamps", source=source, cover_id=cover)
            by = session.merge(author)
            if post is None:
                return actions.create_draft(session, form, by=by, now=clock.now())
            found = queries.get_for_studio(session, post.key, by)
            return actions.save_draft(session, found, form, version=found.draft_version, by=by, now=clock.now())

    post = save(None, f"::picture[{ONE}] and nothing {THREE[:15]}", assets[TWO])
    assert used(session) == {assets[ONE], assets[TWO]}
    assert list_use(session, list(assets.values())) == {
        assets[ONE]: [Use(post.key, "Lamps", True)],
        assets[TWO]: [Use(post.key, "Lamps", True)],
    }
    save(post, f"Now {THREE}.")
    assert used(session) == {assets[THREE]}
    with unit():
        with pytest.raises(Conflict):
            forget(session, assets[THREE])
        forget(session, assets[ONE])
    assert used(session) == {assets[THREE]}
    assert list_use(session, []) == {}


def test_what_readers_still_see_is_in_use(
    session: Session, unit: Unit, make: Factory, clock: FixedClock, assets: dict[str, int], statements: Any
) -> None:
    author = make.user("creator")
    post = make.post(author=author, title="Lamps", source=f"Words {ONE}.", published=True)
    with unit():
        by = session.merge(author)
        found = queries.get_for_studio(session, post.key, by)
        form = PostInput.parse(kind="article", title="New title", source=f"Words {TWO}.")
        actions.save_draft(session, found, form, version=found.draft_version, by=by, now=clock.now())
    with statements() as seen:
        uses = list_use(session, list(assets.values()))
    assert len(seen) == 1
    assert uses == {assets[ONE]: [Use(post.key, "New title", True)], assets[TWO]: [Use(post.key, "New title", True)]}
