"""Storage in a local folder."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

from contentshop.core.errors import NotFound, Unavailable
from contentshop.core.words import say

# Names are made by us; anything else (dots, absolute paths) is not ours and is not found.
NAME = re.compile(r"[a-z0-9]{2}/[a-z0-9]+(-[0-9]+)?\.(webp|jpg|png|mp4|webm|m4a|mp3|ogg|wav|vtt|bin)")

PIECE = 1024 * 1024  # bytes copied at a time
UNFINISHED = ".new-"  # how files begin that are still being written


class FolderStorage:
    """Files below one folder, written beside and renamed, so a reader never sees half a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where ``name`` lies. Raises NotFound for names that are not ours."""
        if not NAME.fullmatch(name):
            raise NotFound(say("There is no such file."))
        return self._folder / name

    def put(self, name: str, data: bytes) -> None:
        self._write(name, lambda file: file.write(data))

    def put_file(self, name: str, source: BinaryIO) -> None:
        self._write(name, lambda file: shutil.copyfileobj(source, file, PIECE))

    def _write(self, name: str, fill: Callable[[IO[bytes]], object]) -> None:
        path = self.path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
            temporary = Path(unfinished)
            try:
                with os.fdopen(handle, "wb") as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.chmod(0o644)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise Unavailable(say("The file could not be stored: %(reason)s", reason=error.strerror)) from error

    def open(self, name: str) -> BinaryIO:
        try:
            return self.path(name).open("rb")
        except FileNotFoundError:
            raise NotFound(say("There is no such file.")) from None

    def size(self, name: str) -> int:
        try:
            return self.path(name).stat().st_size
        except FileNotFoundError:
            raise NotFound(say("There is no such file.")) from None

    def delete(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        return self.path(name).is_file()

    def names(self, *, before: datetime) -> Iterator[str]:
        for path in self._older(before):
            name = f"{path.parent.name}/{path.name}"
            if NAME.fullmatch(name):
                yield name

    def clean(self, *, before: datetime) -> int:
        unfinished = [path for path in self._older(before) if path.name.startswith(UNFINISHED)]
        for path in unfinished:
            path.unlink(missing_ok=True)
        return len(unfinished)

    def _older(self, before: datetime) -> Iterator[Path]:
        """Files of the folders that names lead to; a file that goes while we look is passed over."""
        limit = before.timestamp()
        for folder in self._folder.glob("[a-z0-9][a-z0-9]"):
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < limit:
                            yield Path(entry.path)
