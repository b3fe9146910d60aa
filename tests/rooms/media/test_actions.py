"""Keeping pictures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.errors import Invalid
from contentshop.media import queries
from contentshop.media.actions import file_name, store_picture
from contentshop.media.models import Asset
from contentshop.media.port import Storage
from tests.factories import Factory
from tests.rooms.media.pictures import opened, picture

Unit = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def storage(app: Flask) -> Storage:
    found: Storage = app.extensions["contentshop"].engines.storage
    return found


def files(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.media_dir.rglob("*.*"))


def test_a_picture_is_kept_in_its_widths_with_its_row(
    session: Session, unit: Unit, storage: Storage, make: Factory, clock: FixedClock, settings: Settings
) -> None:
    owner = make.user("operator")
    with unit():
        asset = store_picture(session, storage, picture(), owner=owner, alt="A lamp", now=clock.now())
    found = queries.find_asset(session, asset.key)
    assert found is not None
    assert (found.width, found.height, found.widths) == (1000, 500, [320, 640, 960, 1000])
    assert (found.alt, found.owner_id, found.created_at) == ("A lamp", owner.id, clock.now())
    assert files(settings) == sorted(f"{asset.key}-{width}.webp" for width in found.widths)
    with storage.open(file_name(asset.key, 640)) as file:
        assert opened(file.read()).size == (640, 320)
    assert [one.key for one in queries.page_own(session, owner.id).items] == [asset.key]
    assert queries.find_asset(session, "nothing") is None


def test_the_same_file_is_kept_once_and_mended_when_its_files_are_lost(
    session: Session, unit: Unit, storage: Storage, clock: FixedClock, settings: Settings
) -> None:
    def keep(data: bytes) -> str:
        with unit():
            return store_picture(session, storage, data, owner=None, now=clock.now()).key

    first = keep(picture())
    before = files(settings)
    assert keep(picture()) == first
    assert files(settings) == before
    assert keep(picture(colour=(1, 2, 3))) != first
    storage.delete(file_name(first, 640))
    assert keep(picture()) == first
    assert storage.exists(file_name(first, 640))
    assert session.query(Asset).count() == 2


def test_a_refused_picture_leaves_nothing(
    session: Session, unit: Unit, storage: Storage, clock: FixedClock, settings: Settings
) -> None:
    with unit(), pytest.raises(Invalid):
        store_picture(session, storage, b"<script>", owner=None, now=clock.now())
    assert session.query(Asset).count() == 0
    assert files(settings) == []
