"""What sending a 12-megapixel photo costs, beside Pillow alone doing the same: ``python benchmarks/studio_media.py``.

Both are measured in turns in one process, so that a busy machine slows both. *Bare* is the least that any site has to
do: decode the JPEG, scale it to the widest size kept, encode one WebP with our quality. *Kept* is ``media.prepare`` and
``keep_files``: five sizes, upright, in the colours of the web, without metadata, on disk. *Upload* is the whole request
through the app, with its form, its token, its row and its answer. A video of 200 MB tells how much memory a large file
takes.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).parent.parent))

from contentshop import wiring
from contentshop.app import create_app
from contentshop.core.clock import SystemClock
from contentshop.media.actions import keep_files, prepare
from contentshop.media.backends.folder import FolderStorage
from contentshop.media.images import EFFORT, QUALITY, WIDTHS
from contentshop.migrations import upgrade
from tests.conftest import csrf_of, make_settings
from tests.factories import Factory
from tests.rooms.media.recordings import mp4

SIZE = (4000, 3000)
VIDEO = 200 * 1024 * 1024


def photo(seed: int) -> bytes:
    """A photograph-like JPEG of 12 megapixels: soft shapes under fine noise; another one for each seed."""
    soft = Image.effect_noise((80, 60), 120).resize(SIZE, Image.Resampling.BICUBIC)
    fine = Image.effect_noise(SIZE, 18)
    picture = Image.merge("RGB", (soft, Image.blend(soft, fine, 0.3), fine))
    picture.putpixel((0, 0), (seed % 256, seed // 256, 0))
    out = BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def bare(data: bytes) -> None:
    """Decode, scale once, encode once."""
    with Image.open(BytesIO(data)) as opened:
        opened.load()
        width = WIDTHS[-1]
        small = opened.resize((width, round(opened.height * width / opened.width)), Image.Resampling.LANCZOS)
    small.save(BytesIO(), "WEBP", quality=QUALITY, method=EFFORT)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def site(folder: Path) -> tuple[Flask, FlaskClient]:
    """A site with a creator who is signed in."""
    url = f"sqlite:///{folder / 'site.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    settings = make_settings(folder, url)
    app = create_app(settings, wiring.build(settings))
    app.testing = True
    client = app.test_client()
    person = Factory(app, SystemClock()).user("creator")
    client.post("/sign-in", data={"csrf_token": csrf_of(client), "email": person.email, "password": Factory.PASSWORD})
    return app, client


def send(client: FlaskClient, token: str, data: bytes, name: str) -> None:
    """One upload as the script of the studio sends it."""
    form = {"csrf_token": token, "alt": "A photo", "file": (BytesIO(data), name)}
    answer = client.post("/studio/media", data=form, headers={"Accept": "application/json"})
    if answer.status_code != 201:
        raise SystemExit(f"the upload was refused: {answer.text[:300]}")


def megabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def large_video(folder: Path) -> float:
    """Megabytes by which memory grows while a video of 200 MB is read, cleaned and stored."""
    path = folder / "large.mp4"
    with path.open("wb") as file:
        file.write(mp4(data=b"", places=False)[:-8] + struct.pack(">I4s", 8 + VIDEO, b"mdat"))
        file.truncate(file.tell() + VIDEO)
    before = megabytes()
    with path.open("r+b") as file:
        prepared = prepare(file, "large.mp4", most=2 * VIDEO)
        keep_files(FolderStorage(folder / "videos"), prepared)
    return megabytes() - before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grown = large_video(folder)  # first: the peak of memory only grows
        _app, client = site(folder)
        token = csrf_of(client, "/studio/media")
        storage = FolderStorage(folder / "kept")
        times: dict[str, list[float]] = {"bare": [], "kept": [], "upload": []}
        for number in range(rounds):
            data, other = photo(number), photo(1000 + number)
            times["bare"].append(timed(lambda data=data: bare(data)))  # type: ignore[misc]
            times["kept"].append(
                timed(lambda data=data: keep_files(storage, prepare(BytesIO(data), "photo.jpg", most=1)))  # type: ignore[misc]
            )
            times["upload"].append(timed(lambda other=other: send(client, token, other, "photo.jpg")))  # type: ignore[misc]
        base = statistics.median(times["bare"])
        print(f"a photo of 12 megapixels, {len(data) / 1024 / 1024:.1f} MB, medians of {rounds}")
        for what, seconds in times.items():
            middle = statistics.median(seconds)
            print(f"{what:8} {middle * 1000:7.0f} ms   {middle / base:5.2f} x bare")
        print(f"a video of {VIDEO // 1024 // 1024} MB takes {grown:.1f} MB of memory more")


if __name__ == "__main__":
    main()
