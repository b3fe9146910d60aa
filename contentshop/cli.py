"""Commands. Heavy imports stand inside them, so that asking for help takes no time."""

from __future__ import annotations

import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from contentshop.accounts.inputs import ROLES

if TYPE_CHECKING:
    from flask import Flask

LETS_GO_WITHIN = 5  # seconds


@click.group()
@click.version_option(package_name="contentshop")
def main() -> None:
    """contentshop: guides and buying lists whose product cards sell."""


@contextmanager
def site_app() -> Iterator[Flask]:
    """The site, for a command; settings that cannot be used end it with their list."""
    from contentshop.app import create_app
    from contentshop.config import SettingsError, from_environment
    from contentshop.core.errors import ContentshopError
    from contentshop.reactions import site_context

    try:
        app = create_app(from_environment())
        with site_context(app):
            try:
                yield app
            finally:
                _disconnect(app)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except ContentshopError as error:
        raise click.ClickException(error.message) from error


def _disconnect(app: Flask) -> None:
    """Give back the command's connections to the database, which a server would otherwise only miss."""
    from contentshop.core.db import db

    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()
    app.extensions["contentshop.prover"].close()


@main.command()
@click.option("--demo/--no-demo", default=False, help="Load the demo content if the shop is empty.")
@click.option("--host", default=None, help="Address to listen on (CONTENTSHOP_HOST).")
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="Port (CONTENTSHOP_PORT).")
@click.option("--processes", default=None, type=click.IntRange(1, 64), help="Web processes.")
def run(demo: bool, host: str | None, port: int | None, processes: int | None) -> None:
    """Bring the database up to date and serve the site with its worker until Ctrl+C."""
    from contentshop.config import SettingsError, from_environment
    from contentshop.supervisor import Child, load_shared, run_apart, serve, supervise

    try:
        settings = from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    host, port = host or settings.host, port or settings.port
    _require_free(host, port)
    load_shared()
    if (status := run_apart("set-up", set_up, demo)) != 0:
        sys.exit(status)
    web = Child("web server", serve, (host, port, processes or settings.web_processes, settings.live_streams))
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - only compared with
    sys.exit(supervise([web, Child("worker", work)], Announcer(f"http://{shown}:{port}", demo=demo)))


def _require_free(host: str, port: int) -> None:
    """Refuse to start where another program listens: web processes share their port, so nobody else would tell.

    A site that has just been stopped may need a moment to let go of it.
    """
    family, _kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    for again in reversed(range(LETS_GO_WITHIN)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if not again:
                    raise click.ClickException(
                        f"Port {port} of {host} cannot be used ({error.strerror}). Stop the program that has it, or "
                        "choose another with --port or CONTENTSHOP_PORT."
                    ) from error
            else:
                return
        time.sleep(1)


def set_up(demo: bool) -> None:
    """What ``run`` does before it serves."""
    prepare.main(["--demo"] if demo else [])


def work() -> None:
    """The worker that ``run`` keeps."""
    worker.main([])


class Announcer:
    """Prints the address once the site answers, so that nobody opens it too early."""

    def __init__(self, address: str, *, demo: bool) -> None:
        self._address = address
        self._demo = demo
        self._waiting = True

    def __call__(self) -> None:
        if not self._waiting:
            return
        try:
            with urllib.request.urlopen(f"{self._address}/healthz", timeout=2):  # noqa: S310 - our own address
                self._waiting = False
        except OSError:
            return
        click.echo(f"\ncontentshop is ready:  {self._address}")
        if self._demo:
            from contentshop.demo.accounts import ACCOUNTS, PASSWORD

            click.echo(f"Demo accounts (password: {PASSWORD}):")
            for role, email in ACCOUNTS:
                click.echo(f"  {role:<9} {email}")
        click.echo("Press Ctrl+C to stop.\n")


@main.command()
@click.option("--demo/--no-demo", default=False, help="Load the demo content if the shop is empty.")
def prepare(demo: bool) -> None:
    """Bring the database up to date; with --demo also fill an empty shop."""
    with site_app() as app:
        _migrate(app)
        if demo:
            from contentshop.demo import load

            load.load_demo(app, say=click.echo)


@main.command()
def migrate() -> None:
    """Bring the database's schema to the newest revision."""
    with site_app() as app:
        _migrate(app)
    click.echo("The database is up to date.")


def _migrate(app: Flask) -> None:
    from contentshop import migrations
    from contentshop.core.db import db, writing

    with writing():
        migrations.migrate(db.engine)
    db.session.remove()


@main.command()
def worker() -> None:
    """Do what was put off (index, mail, timers, clicks) until told to stop."""
    from contentshop import worker as work

    with site_app() as app:
        work.main(app)


@main.command()
def demo() -> None:
    """Load the demo content; harmless when it is there already."""
    with site_app() as app:
        from contentshop.demo import load

        _migrate(app)
        load.load_demo(app, say=click.echo)


@main.group(name="import")
def import_group() -> None:
    """Bring in products and posts from files."""


@import_group.command(name="products")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--currency", default=None, help="Currency of rows that name none (the site's own).")
@click.option(
    "--price-unit",
    type=click.Choice(["minor", "major"]),
    default=None,
    help="What a plain “price” counts: minor (cents) or major (dollars). Required if the file has one.",
)
@click.option("--lang", default="en", help="Language of rows that name none.")
@click.option("--stock", "quantity", default=0, type=click.IntRange(0), help="Quantity of rows that name none.")
@click.option("--source", default=None, help="Name of where the rows come from (the file's name).")
def import_products(
    file: Path,
    currency: str | None,
    price_unit: Literal["minor", "major"] | None,
    lang: str,
    quantity: int,
    source: str | None,
) -> None:
    """Import products from FILE (.jsonl or .csv, also .gz). Goes on where an interrupted run stopped."""
    from contentshop.importing import import_products as work

    with site_app() as app:
        _migrate(app)
        failed = work(file, currency=currency, price_unit=price_unit, lang=lang, quantity=quantity, source=source)
    sys.exit(1 if failed else 0)


@import_group.command(name="posts")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--author", default=None, help="Handle of the author of files that name none.")
@click.option("--draft", is_flag=True, help="Keep them as drafts instead of publishing.")
def import_posts(folder: Path, author: str | None, draft: bool) -> None:
    """Import posts from the .md files in FOLDER (Markdown with front matter). Unchanged files are skipped."""
    from contentshop.importing import import_posts as work

    with site_app() as app:
        _migrate(app)
        failed = work(folder, author=author, publish=not draft)
    sys.exit(1 if failed else 0)


@main.group()
def search() -> None:
    """Look after the search index."""


@search.command(name="rebuild")
def search_rebuild() -> None:
    """Build the index anew beside the present one and switch to it. Searching goes on meanwhile."""
    from contentshop.core.db import db
    from contentshop.search import actions
    from contentshop.web.session import engines

    with site_app():
        engines().search.ensure()
        count = actions.rebuild(db.session, engines().search, now=engines().clock.now())
    click.echo(f"The index holds {count} documents.")


@search.command(name="check")
@click.option("--repair", is_flag=True, help="Put right what differs.")
def search_check(repair: bool) -> None:
    """Compare the index with the database; exits with 1 when they differ."""
    from contentshop.core.db import db
    from contentshop.search import actions
    from contentshop.web.session import engines

    with site_app():
        if engines().search.ensure():
            click.echo("The index is missing or damaged; run “contentshop search rebuild”.")
            sys.exit(1)
        drift = (actions.repair if repair else actions.check)(db.session, engines().search, now=engines().clock.now())
    click.echo(
        f"{drift.documents} documents; {len(drift.missing)} missing, {len(drift.stale)} out of date, "
        f"{len(drift.surplus)} too many{' - put right' if repair and drift else ''}."
    )
    for identity in (*drift.missing, *drift.stale, *drift.surplus)[:20]:
        click.echo(f"  {identity}")
    sys.exit(1 if drift and not repair else 0)


@main.command()
@click.option("--wait", default=0, type=click.IntRange(0), help="Seconds to wait for the worker to catch up.")
def audit(wait: int) -> None:
    """Prove the shop's invariants on live data; exits with 1 and a list on any breach."""
    from contentshop import auditing

    with site_app() as app:
        problems = auditing.audit(app, wait=wait)
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(problems)} problems." if problems else "Clean: stock, orders, posts, outbox and index agree.")
    sys.exit(1 if problems else 0)


@main.command()
def doctor() -> None:
    """Say which engine stands behind each port and how it does."""
    from contentshop import auditing

    with site_app() as app:
        for name, state in auditing.describe(app):
            click.echo(f"{name:<12} {state}")


@main.group()
def user() -> None:
    """Look after accounts."""


@user.command(name="add")
@click.option("--role", type=click.Choice(ROLES), default="reader")
@click.option("--name", prompt=True)
@click.option("--handle", prompt=True)
@click.option("--email", prompt=True)
@click.password_option()
def user_add(role: str, name: str, handle: str, email: str, password: str) -> None:
    """Add an account with a role."""
    from contentshop.accounts import actions
    from contentshop.accounts.inputs import SignUp
    from contentshop.core.db import db
    from contentshop.core.uow import unit_of_work
    from contentshop.web.session import engines

    with site_app() as app:
        form = SignUp.parse(
            name=name, handle=handle, email=email, password=password, creator=False, locale="en", official=True
        )
        now = engines().clock.now()
        with unit_of_work(db.session):
            password_hash = app.extensions["contentshop"].passwords.hash(form.password)
            person = actions.sign_up(db.session, form, password_hash=password_hash, now=now)
            actions.set_role(db.session, person, role, now=now)
    click.echo(f"@{form.handle} is here as {role}.")


@user.command(name="role")
@click.argument("handle")
@click.argument("role", type=click.Choice(ROLES))
def user_role(handle: str, role: str) -> None:
    """Give the person HANDLE another ROLE."""
    from contentshop.accounts import actions, queries
    from contentshop.core.db import db
    from contentshop.core.uow import unit_of_work
    from contentshop.web.session import engines

    with site_app(), unit_of_work(db.session):
        person = queries.get_by_handle(db.session, handle.lstrip("@"))
        actions.set_role(db.session, person, role, now=engines().clock.now())
    click.echo(f"@{handle.lstrip('@')} is {role} now.")


@user.command(name="block")
@click.argument("handle")
def user_block(handle: str) -> None:
    """Show nothing of the person HANDLE any more, and let them in no more."""
    _block(handle, True)


@user.command(name="unblock")
@click.argument("handle")
def user_unblock(handle: str) -> None:
    """Let the person HANDLE in again."""
    _block(handle, False)


def _block(handle: str, blocked: bool) -> None:
    from contentshop.accounts import actions, queries
    from contentshop.core.db import db
    from contentshop.core.uow import unit_of_work
    from contentshop.web.session import engines

    name = handle.lstrip("@")
    with site_app(), unit_of_work(db.session):
        person = queries.find_by_handle(db.session, name)
        if person is None:
            raise click.ClickException(f"There is nobody called @{name}.")
        actions.set_blocked(db.session, person, blocked, now=engines().clock.now())
    click.echo(f"@{name} is {'blocked' if blocked else 'let in'} now.")


@main.group()
def jobs() -> None:
    """Look after the worker's jobs."""


@jobs.command(name="list")
def jobs_list() -> None:
    """How much is waiting and what was set aside."""
    from contentshop.core import jobs as queue
    from contentshop.core.db import db

    with site_app():
        for name, count in queue.backlog(db.session).items():
            click.echo(f"{name:<8} {count}")
        for job in queue.list_failed(db.session, limit=20):
            click.echo(f"  {job.id} {job.reaction} {job.payload}: {job.error}")


@jobs.command(name="retry")
def jobs_retry() -> None:
    """Give jobs that were set aside a fresh start."""
    from contentshop.core import jobs as queue
    from contentshop.core.db import db
    from contentshop.core.uow import unit_of_work
    from contentshop.web.session import engines

    with site_app(), unit_of_work(db.session):
        count = queue.retry_failed(db.session, now=engines().clock.now())
    click.echo(f"{count} jobs will be tried again.")


if __name__ == "__main__":
    main()
