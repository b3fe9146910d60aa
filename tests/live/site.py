"""A whole site as its users meet it: ``contentshop run`` with two web processes and the worker, on its own database.

The test's own process keeps an app on the same database to set the stage and to look behind it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path

import requests
from flask import Flask
from sqlalchemy import create_engine, text

from contentshop.app import create_app
from contentshop.config import Settings
from contentshop.core.clock import SystemClock
from contentshop.core.db import db
from tests.conftest import make_settings
from tests.factories import Factory

READY_WITHIN = 180.0  # seconds; two cores may be busy with more than the tests
INPUT = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'\b(name|value|type)="([^"]*)"')


@dataclass
class LiveSite:
    """A running site. ``make`` puts things into its database; ``app`` looks into it."""

    url: str
    environment: dict[str, str]
    app: Flask
    make: Factory
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What its processes say."""
        return self.folder / "site.log"

    def start(self) -> None:
        """Serve it, and wait until it answers."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "contentshop.cli", "run"], env=self.environment, stdout=output, stderr=output
            )
        self.wait_ready()

    def stop(self) -> None:
        """End it as Ctrl+C would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def let_go(self) -> None:
        """Give back the connections that the test's own process holds."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def move_clock(self, step: timedelta) -> None:
        """Start it again with its clock ``step`` ahead of the machine's."""
        self.stop()
        self.environment["CONTENTSHOP_CLOCK_SHIFT"] = str(int(step.total_seconds()))
        self.start()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``contentshop …`` beside the site."""
        return subprocess.run(
            [sys.executable, "-m", "contentshop.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def wait_ready(self) -> float:
        """Seconds until it answers (again)."""
        start = time.monotonic()
        while time.monotonic() - start < READY_WITHIN:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/healthz", timeout=2).ok:
                    return time.monotonic() - start
            time.sleep(0.05)
        raise AssertionError(f"the site does not answer:\n{self.log.read_text()[-4000:]}")

    def wait_whole(self) -> None:
        """Wait until every process is there and the site has answered for a second without a break."""
        start = time.monotonic()
        good = 0
        while good < 10:
            if time.monotonic() - start > READY_WITHIN:
                raise AssertionError(f"the site does not come back whole:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
            counts = (len(self.processes("web")), len(self.processes("server")), len(self.processes("worker")))
            try:
                answers = requests.get(f"{self.url}/healthz", timeout=2).ok
            except requests.RequestException:
                answers = False
            good = good + 1 if counts == (2, 1, 1) and answers else 0

    def processes(self, kind: str) -> list[int]:
        """Process ids of ``web`` (the processes that answer), ``server`` (which starts them) or ``worker``."""
        found = []
        tree = descendants(self.process.pid) if self.process else {}
        for pid, command in tree.items():
            title = command.strip()
            role = "worker" if title == "contentshop worker" else "server" if title.endswith("server") else "web"
            if role == kind:
                found.append(pid)
        return found


def title_of(command: str) -> str:
    """What a process of the site is, by the title it gives itself."""
    if "web server worker-" in command:
        return "web"
    if "web server" in command:
        return "server"
    return "worker" if "contentshop worker" in command else "other"


def descendants(root: int) -> dict[int, str]:
    """pid → command line of every process below ``root``."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if stat[0] == "Z":
                continue
            parents[int(entry.name)] = int(stat[1])
            commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
    found: dict[int, str] = {}
    level = {root}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level} - set(found)
        found.update({pid: commands[pid] for pid in level})
    return {pid: command for pid, command in found.items() if "resource_tracker" not in command}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def live_site(
    folder: Path, more: Mapping[str, str] | None = None, *, like: LiveSite | None = None
) -> Iterator[LiveSite]:
    """Start a site in ``folder``; on PostgreSQL where the tests' environment names a server.

    ``more`` are further variables of its environment. With ``like``, it begins as a copy of that site, which does
    not run.
    """
    with prepared_site(folder, more, like=like) as site:
        site.start()
        yield site


@contextlib.contextmanager
def prepared_site(
    folder: Path, more: Mapping[str, str] | None = None, *, like: LiveSite | None = None
) -> Iterator[LiveSite]:
    """As ``live_site``, but nothing runs."""
    server = os.environ.get("CONTENTSHOP_TEST_DATABASE_URL", "")
    database = _database_of(folder)
    if server:
        template = _database_of(like.folder) if like else "template0"
        _admin(server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        _admin(server, f"CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE {template}")
    url = server.rsplit("/", 1)[0] + f"/{database}" if server else f"sqlite:///{folder / 'data' / 'shop.db'}"
    port = free_port()
    settings = make_settings(folder, url, site_url=f"http://127.0.0.1:{port}")
    environment = environment_of(settings, port) | dict(more or {})
    if like:
        shutil.copytree(like.folder, folder, dirs_exist_ok=True)
    else:
        subprocess.run([sys.executable, "-m", "contentshop.cli", "prepare"], env=environment, check=True)
    app = create_app(settings)
    make = Factory(app, SystemClock(), announce=True, first=1001 if like else 1)
    site = LiveSite(settings.site_url, environment, app, make, folder)
    try:
        yield site
    finally:
        site.stop()
        site.let_go()
        if server:
            _admin(server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def _database_of(folder: Path) -> str:
    return f"contentshop_live_{os.getpid()}_{folder.name}"[:60].lower().replace("-", "_")


def environment_of(settings: Settings, port: int) -> dict[str, str]:
    """The environment that gives a process the same settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
        "CONTENTSHOP_DATA_DIR": str(settings.data_dir),
        "CONTENTSHOP_MEDIA_DIR": str(settings.media_dir),
        "CONTENTSHOP_DATABASE_URL": settings.database_url,
        "CONTENTSHOP_SITE_URL": settings.site_url,
        "CONTENTSHOP_SECRET_KEY": settings.secret_key,
        "CONTENTSHOP_PORT": str(port),
        "CONTENTSHOP_PASSWORD_COST": "cheap",
        "CONTENTSHOP_RATE_LIMITS": "false",
        "CONTENTSHOP_LOG_LEVEL": "WARNING",
    }


def _admin(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


class Browser:
    """A person with cookies and forms, without script."""

    def __init__(self, site: str, *, patience: float = 30.0) -> None:
        self.site = site
        self.patience = patience
        self.http = requests.Session()
        self.http.headers["Origin"] = site
        self.http.headers["Accept-Language"] = "en-US"

    def get(self, path: str, **options: object) -> requests.Response:
        return self.http.get(self.site + path, timeout=self.patience, **options)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, str]) -> requests.Response:
        return self.http.post(self.site + path, data=data, timeout=self.patience, allow_redirects=False)

    def form(self, path: str) -> dict[str, str]:
        """The named inputs of the page's forms with their values, the last of a name winning."""
        return inputs_of(self.get(path).text)

    def sign_in(self, email: str) -> None:
        fields = self.form("/sign-in")
        answer = self.post("/sign-in", fields | {"email": email, "password": Factory.PASSWORD})
        assert answer.status_code == 303, answer.status_code

    def add(self, **fields: str) -> requests.Response:
        return self.post("/cart/add", fields)

    def ready(self, *, shipping: str = "", **changes: str) -> dict[str, str]:
        """Go through the first two steps of the checkout; the form of the last one.

        With ``shipping``, a way that is there, the second page need not be read.
        """
        values = ADDRESS | changes
        page = self.get("/checkout").text
        answer = self.post("/checkout/address", inputs_of(page) | values)
        assert answer.status_code == 303, answer.text[:4000]
        if not shipping:
            page = self.get("/checkout/delivery").text
            chosen = re.search(r'name="shipping" value="([^"]*)" checked', page)
            shipping = chosen.group(1) if chosen else ""
        how = {"shipping": shipping, "payment_method": values["payment_method"]}
        token = inputs_of(page)["csrf_token"]
        answer = self.post("/checkout/delivery", {"csrf_token": token} | how)
        assert answer.status_code == 303, answer.text[:4000]
        found = inputs_of(self.get("/checkout/review").text)
        return {name: found[name] for name in ("csrf_token", "attempt", "seen")}

    def checkout(self, **changes: str) -> requests.Response:
        """Go through the steps of the checkout and press the last button."""
        return self.post("/checkout", self.ready(**changes))


ADDRESS = {
    "email": "buyer@example.org",
    "name": "Robin Buyer",
    "phone": "+1 555 0100",
    "country": "US",
    "region": "CA",
    "city": "Oakland",
    "address": "1 Example Street",
    "postcode": "94607",
    "note": "",
    "payment_method": "bank_transfer",
}


def inputs_of(html: str) -> dict[str, str]:
    """Hidden and text inputs of a page by name."""
    found: dict[str, str] = {}
    for tag in INPUT.findall(html):
        attributes = {name: unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        if "name" in attributes and attributes.get("type") not in {"radio", "checkbox", "submit", "search"}:
            found[attributes["name"]] = attributes.get("value", "")
    return found
