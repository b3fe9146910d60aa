"""The import commands: files in, a progress bar, and a list of what could not be taken.

Rooms read and store; here the work is cut into batches, each one unit of work, so that an interruption loses at
most the batch it is in and a second run goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from contentshop.accounts import actions as accounts
from contentshop.accounts import queries as people
from contentshop.accounts.inputs import HANDLE, SignUp
from contentshop.accounts.passwords import new_token
from contentshop.core.db import db
from contentshop.core.errors import ContentshopError, Invalid, NotFound
from contentshop.core.ids import slugify
from contentshop.core.uow import unit_of_work
from contentshop.curation import actions as curation
from contentshop.media import actions as media
from contentshop.media.images import encode
from contentshop.posts import actions as posts
from contentshop.posts import imports as post_files
from contentshop.products import actions as products
from contentshop.products import imports as product_rows
from contentshop.web.session import engines, settings

if TYPE_CHECKING:
    from contentshop.accounts.models import User
    from contentshop.media.models import Asset

SHOWN = 50  # errors listed one by one
PICTURES = (".webp", ".jpg", ".jpeg", ".png", ".gif")


@dataclass
class Tally:
    """What an import did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[str] = field(default_factory=list)

    def count(self, report: products.BatchReport) -> None:
        """Add what a batch of products did."""
        self.added += report.added
        self.updated += report.updated
        self.unchanged += report.unchanged
        self.errors += [f"line {error.line}: {error.message}" for error in report.errors]

    def tell(self, what: str) -> None:
        """Print the outcome and the errors."""
        click.echo(
            f"{self.added} {what} added, {self.updated} updated, {self.unchanged} unchanged, "
            f"{len(self.errors)} not taken."
        )
        for error in self.errors[:SHOWN]:
            click.echo(f"  {error}", err=True)
        if len(self.errors) > SHOWN:
            click.echo(f"  … and {len(self.errors) - SHOWN} more.", err=True)


def import_products(
    file: Path,
    *,
    currency: str | None,
    price_unit: Literal["minor", "major"] | None,
    lang: str,
    quantity: int,
    source: str | None,
) -> int:
    """Import a file of products; returns how many rows could not be taken.

    Raises Invalid before the first row when the options do not suffice for the file.
    """
    scan = product_rows.scan_file(file)
    options = product_rows.ImportOptions(
        source=source or scan.path.name.split(".")[0],
        currency=currency or settings().currency,
        price_unit=price_unit,
        lang=lang,
        default_quantity=quantity,
    )
    with unit_of_work(db.session):
        run = products.start_import(db.session, scan, options, now=engines().clock.now())
        digest, last_line = run.digest, run.last_line
    if last_line:
        click.echo(f"Going on after line {last_line}, where an earlier run stopped.")
    tally = Tally()
    with click.progressbar(length=scan.lines, label=f"Importing {file.name}") as bar:
        bar.update(last_line)
        for batch in product_rows.read_batches(scan, options, after=last_line):
            with unit_of_work(db.session):
                report = products.import_batch(db.session, digest, batch, now=engines().clock.now())
            db.session.expunge_all()
            tally.count(report)
            bar.update(batch.last_line - last_line)
            last_line = batch.last_line
    with unit_of_work(db.session):
        tally.count(products.finish_import(db.session, digest, now=engines().clock.now()))
    tally.tell("products")
    return len(tally.errors)


def import_posts(folder: Path, *, author: str | None, publish: bool, pictures: Path | None = None) -> int:
    """Import the .md files of a folder; returns how many could not be taken whole.

    Topics that are new are made. Authors are looked up by their handle; one that does not exist is made as a
    creator who cannot sign in until the password is reset.
    """
    files = sorted(folder.rglob("*.md"))
    tally = Tally()
    if not files:
        raise Invalid({"folder": [f"There are no .md files in {folder}."]})
    with click.progressbar(files, label=f"Importing {folder.name}") as bar:
        for path in bar:
            name = path.relative_to(folder).as_posix()
            try:
                outcome, problems = _import_post(path, folder, author, publish=publish, pictures=pictures or folder)
            except ContentshopError as error:
                db.session.rollback()
                tally.errors.append(f"{name}: {error.message}")
                continue
            setattr(tally, outcome, getattr(tally, outcome) + 1)
            tally.errors += [f"{name}: kept as a draft: {problem}" for problem in problems]
    tally.tell("posts")
    return len(tally.errors)


def _import_post(
    path: Path, folder: Path, author: str | None, *, publish: bool, pictures: Path
) -> tuple[str, Sequence[str]]:
    file = post_files.read_post(path, root=folder)
    # Rendering and decoding take time, so they come before the database is asked.
    text = posts.prepare_text(file.body)
    found = _cover(pictures, path, file.cover)
    picture = encode(found.read_bytes()) if found else None
    now = engines().clock.now()
    with unit_of_work(db.session):
        person = ensure_author(author or file.author, now=now)
        for topic in file.topics:
            curation.ensure_topic(db.session, topic.slug, topic.title)
        cover = None
        if picture is not None:
            storage = engines().storage
            cover = media.store_encoded(db.session, storage, picture, owner=person, alt=file.cover_alt, now=now).id
        result = posts.import_post(db.session, file, author=person, now=now, publish=publish, cover_id=cover, text=text)
        return result.outcome, result.problems


def _cover(pictures: Path, path: Path, name: str) -> Path | None:
    if not name:
        return None
    for folder in (path.parent, pictures):
        found = (folder / name).resolve()
        inside = found.is_relative_to(folder.resolve())
        if inside and found.is_file() and found.suffix.lower() in PICTURES:
            return found
    raise Invalid({"cover": [f"The cover picture “{name}” is not in the folder."]})


def store_picture_file(path: Path, *, owner: User | None, alt: str, now: datetime) -> Asset:
    """Store a picture file. Raises Invalid when it cannot be read as a picture."""
    return media.store_picture(db.session, engines().storage, path.read_bytes(), owner=owner, alt=alt, now=now)


def ensure_author(name: str, *, now: datetime) -> User:
    """The person with this handle, made as a creator if there is none. Raises Invalid without a name."""
    if not name:
        raise Invalid({"author": ["The file names no author; give one with --author HANDLE."]})
    handle = name if HANDLE.fullmatch(name) else slugify(name)[:40].strip("-")
    try:
        return people.get_by_handle(db.session, handle)
    except NotFound:
        pass
    form = SignUp.parse(
        name=name,
        handle=handle,
        email=f"{handle}@import.invalid",
        password=new_token(),
        creator=True,
        locale="en",
    )
    # Not a hash of anything: nobody can sign in until the password is reset.
    return accounts.sign_up(db.session, form, password_hash="!", now=now)  # noqa: S106
