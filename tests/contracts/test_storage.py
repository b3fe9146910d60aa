"""The storage port, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from contentshop.core.errors import NotFound, Unavailable
from contentshop.media.backends.folder import FolderStorage
from contentshop.media.port import Storage

NAME = "ab/abcdef0123-640.webp"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return FolderStorage(tmp_path)


def test_what_is_put_is_there(storage: Storage) -> None:
    assert not storage.exists(NAME)
    storage.put(NAME, b"picture")
    assert storage.exists(NAME)
    with storage.open(NAME) as file:
        assert file.read() == b"picture"


def test_a_file_is_copied_from_where_it_stands_and_measured(storage: Storage) -> None:
    source = BytesIO(b"tag" + bytes(3_000_000))
    source.seek(3)
    storage.put_file("ab/abcdef0123.mp4", source)
    assert storage.size("ab/abcdef0123.mp4") == 3_000_000
    with storage.open("ab/abcdef0123.mp4") as file:
        file.seek(2_999_999)
        assert file.read() == b"\0"
    with pytest.raises(NotFound):
        storage.size("ab/other.mp4")


def test_what_is_deleted_is_gone(storage: Storage) -> None:
    storage.put(NAME, b"picture")
    storage.delete(NAME)
    storage.delete(NAME)
    assert not storage.exists(NAME)
    with pytest.raises(NotFound):
        storage.open(NAME)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../secret",
        "/etc/passwd",
        "ab/../../x.webp",
        "ab/x.svg",
        "ab/x.html",
        "AB/x.webp",
        "ab/x.webp\0",
        "ab//x.webp",
    ],
)
def test_names_that_are_not_ours_are_not_found(storage: Storage, name: str) -> None:
    for attempt in (storage.open, storage.exists, storage.delete, storage.size):
        with pytest.raises(NotFound):
            attempt(name)
    with pytest.raises(NotFound):
        storage.put(name, b"x")
    with pytest.raises(NotFound):
        storage.put_file(name, BytesIO(b"x"))


def test_all_files_of_an_age_can_be_named(storage: Storage) -> None:
    now = datetime.now(UTC)
    for name in (NAME, "cd/cdef012345.mp4"):
        storage.put(name, b"x")
    assert sorted(storage.names(before=now + timedelta(hours=1))) == [NAME, "cd/cdef012345.mp4"]
    assert list(storage.names(before=now - timedelta(hours=1))) == []
    assert storage.clean(before=now + timedelta(hours=1)) == 0


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"in the way")
    with pytest.raises(Unavailable, match="could not be stored"):
        FolderStorage(blocked).put(NAME, b"picture")


class Broken(BytesIO):
    """A source that is lost half-way."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(5, "gone")
        return super().read(size)


def test_a_source_that_is_lost_leaves_nothing(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    with pytest.raises(Unavailable, match="could not be stored: gone"):
        storage.put_file("ab/abcdef0123.mp4", Broken(bytes(3_000_000)))
    assert list((tmp_path / "ab").iterdir()) == []


def test_no_half_file_is_left(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put(NAME, b"one")
    storage.put(NAME, b"two")
    assert [path.name for path in (tmp_path / "ab").iterdir()] == [Path(NAME).name]
    assert (tmp_path / NAME).read_bytes() == b"two"
