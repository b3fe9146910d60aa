"""What uploads that were cut off leave behind goes after a day; nothing that is referred to ever does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.live.models import LiveSession
from contentshop.media import actions
from contentshop.media.backends.folder import FolderStorage
from contentshop.media.models import Asset, Portrait
from contentshop.media.port import Storage
from contentshop.media.queries import file_names
from contentshop.posts.models import RevisionAsset
from contentshop.products.models import ProductPicture
from contentshop.worker import sweep_media
from tests.factories import Factory
from tests.rooms.media.pictures import picture

Unit = Callable[[], AbstractContextManager[None]]


class Store:
    """The media folder and its table."""

    def __init__(self, session: Session, unit: Unit, storage: Storage, folder: Path, clock: FixedClock) -> None:
        self.session, self.unit, self.storage, self.folder, self.clock = session, unit, storage, folder, clock

    def keep(self, colour: int) -> Asset:
        with self.unit():
            data = picture(colour=(colour, 0, 0), size=(400, 400))
            return actions.store_picture(self.session, self.storage, data, owner=None, now=self.clock.now())

    def leave(self, name: str, *, age: timedelta) -> None:
        """A file of an upload that did not get as far as its row."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        self.date(path, age)

    def date(self, path: Path, age: timedelta) -> None:
        at = (self.clock.now() - age).timestamp()
        os.utime(path, (at, at))

    def age_all(self) -> None:
        """Let all of it be two days old."""
        for path in self.folder.rglob("*.*"):
            self.date(path, timedelta(days=2))

    def names(self) -> set[str]:
        return {f"{path.parent.name}/{path.name}" for path in self.folder.rglob("*") if path.is_file()}

    def sweep(self, storage: Storage | None = None) -> int:
        self.session.rollback()
        return actions.sweep_files(self.session, storage or self.storage, now=self.clock.now())

    def sweep_rows(self) -> int:
        with self.unit():
            return actions.sweep_rows(self.session, self.storage, now=self.clock.now())


@pytest.fixture
def store(app: Flask, session: Session, unit: Unit, settings: Settings, clock: FixedClock) -> Store:
    return Store(session, unit, FolderStorage(settings.media_dir), settings.media_dir, clock)


def test_files_without_a_row_go_after_a_day(store: Store) -> None:
    kept = set(file_names(store.keep(1)))
    store.age_all()
    for name in ("zz/zz01-320.webp", "zz/zz02.mp4", "zz/.new-abc"):
        store.leave(name, age=timedelta(days=1, seconds=5))
    store.leave("zz/zz03-320.webp", age=timedelta(hours=23))
    store.leave("zz/.new-def", age=timedelta(hours=23))
    store.leave("zz/notes.txt", age=timedelta(days=9))

    assert store.sweep() == 3

    assert store.names() == kept | {"zz/zz03-320.webp", "zz/.new-def", "zz/notes.txt"}
    assert store.sweep() == 0


class Cut(BaseException):
    """The process is killed."""


class Killed:
    """A storage whose process ends as the second file is deleted."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._left = storage, 1

    def delete(self, name: str) -> None:
        if not self._left:
            raise Cut
        self._left -= 1
        self._storage.delete(name)

    def put(self, name: str, data: bytes) -> None:
        self._storage.put(name, data)

    def put_file(self, name: str, source: BinaryIO) -> None:
        self._storage.put_file(name, source)

    def open(self, name: str) -> BinaryIO:
        return self._storage.open(name)

    def size(self, name: str) -> int:
        return self._storage.size(name)

    def exists(self, name: str) -> bool:
        return self._storage.exists(name)

    def names(self, *, before: datetime) -> Iterator[str]:
        return self._storage.names(before=before)

    def clean(self, *, before: datetime) -> int:
        return self._storage.clean(before=before)


def test_one_that_is_killed_is_finished_by_the_next(store: Store) -> None:
    kept = set(file_names(store.keep(1)))
    store.age_all()
    for number in range(5):
        store.leave(f"zz/zz0{number}-320.webp", age=timedelta(days=2))

    with pytest.raises(Cut):
        store.sweep(Killed(store.storage))
    assert len(store.names() - kept) == 4
    assert store.sweep() == 4
    assert store.names() == kept


def test_with_another_sites_database_nothing_goes(store: Store) -> None:
    store.keep(1)
    store.age_all()
    for number in range(30):
        store.leave(f"zz/zz{number:02}-320.webp", age=timedelta(days=2))

    before = store.names()
    assert store.sweep() == 0
    assert store.names() == before


def test_rows_without_files_go_unless_something_uses_them(store: Store, make: Factory) -> None:
    host, product, post = make.user("creator"), make.product("lamp"), make.post()
    lost, whole, portrait, shown, hung, played = (store.keep(number * 9) for number in range(6))
    with store.unit():
        store.session.add_all(
            [
                Portrait(user_id=host.id, asset_id=portrait.id),
                RevisionAsset(revision_id=post.live_id, asset_id=shown.id),
                ProductPicture(product_id=product.id, asset_id=hung.id, position=0),
                LiveSession(
                    key="l1", host_id=host.id, title="x", starts_at=make.now, created_at=make.now, video_id=played.id
                ),
            ]
        )
    for asset in (lost, portrait, shown, hung, played):
        for name in file_names(asset):
            store.storage.delete(name)
    assert store.sweep_rows() == 0, "they are too young"

    store.clock.advance(timedelta(days=1, seconds=1))
    assert store.sweep_rows() == 1

    keys = set(store.session.scalars(select(Asset.key)))
    assert keys >= {asset.key for asset in (whole, portrait, shown, hung, played)}
    assert lost.key not in keys


def test_the_worker_sweeps(app: Flask, store: Store) -> None:
    store.keep(1)
    store.age_all()
    store.leave("zz/zz01-320.webp", age=timedelta(days=2))
    store.session.rollback()
    with app.app_context():
        assert sweep_media() == 1
    assert "zz/zz01-320.webp" not in store.names()
