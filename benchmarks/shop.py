"""A fresh site for measuring: demo content, more products, an article with ten cards; its servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import load
from flask import Flask
from sqlalchemy import TextClause, create_engine, delete, event, insert, select, text, update
from sqlalchemy.engine import make_url

from contentshop.accounts import queries as people
from contentshop.app import create_app
from contentshop.cli import _migrate
from contentshop.config import DEFAULT_SHIPPING, Settings, _shipping
from contentshop.core.db import Base, db, writing
from contentshop.core.ids import new_key
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import unit_of_work
from contentshop.demo import load as demo
from contentshop.demo.accounts import ACCOUNTS, PASSWORD
from contentshop.orders.models import Cart, CartLine, Order, OrderEvent, OrderLine
from contentshop.posts import actions as posts
from contentshop.posts.inputs import PostInput
from contentshop.posts.models import Card, Post
from contentshop.products import actions as products
from contentshop.products.inputs import MerchantInput, ProductInput
from contentshop.products.models import Merchant, Offer, Product, Reservation, Stock, Variant
from contentshop.reactions import site_context
from contentshop.search import actions as search
from contentshop.web.cart_loading import load_cart
from contentshop.web.seen_quotes import Seen, sign_seen
from contentshop.web.session import engines, viewer

ROOT = Path(__file__).parent.parent
BATCH = 200
WORDS = [
    "light",
    "quiet",
    "sturdy",
    "folding",
    "travel",
    "office",
    "kitchen",
    "outdoor",
    "compact",
    "wireless",
    "steel",
    "wooden",
    "bright",
    "warm",
    "slim",
    "robust",
    "charger",
    "lamp",
    "kettle",
    "speaker",
    "keyboard",
    "backpack",
    "bottle",
    "camera",
    "tripod",
    "monitor",
    "chair",
    "blanket",
    "knife",
    "pan",
    "scale",
    "router",
]
STOCK = 1_000_000
AUTHOR = "nora-whitfield"  # of the demo content


@dataclass
class Site:
    """A site's folder, settings and app; its servers run beside it."""

    settings: Settings
    app: Flask
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What gives a process these settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "CONTENTSHOP_DATA_DIR": str(self.settings.data_dir),
            "CONTENTSHOP_MEDIA_DIR": str(self.settings.media_dir),
            "CONTENTSHOP_DATABASE_URL": self.settings.database_url,
            "CONTENTSHOP_RATE_LIMITS": "false",
            "CONTENTSHOP_LOG_LEVEL": "WARNING",
            "CONTENTSHOP_ENV": "production",
            "CONTENTSHOP_SECRET_KEY": self.settings.secret_key,
            "CONTENTSHOP_SITE_URL": self.settings.site_url,
        }

    @property
    def database(self) -> str:
        """The PostgreSQL database's name; empty on SQLite."""
        url = make_url(self.settings.database_url)
        return "" if url.drivername.startswith("sqlite") else str(url.database)


@contextmanager
def new_site(folder: Path, server: str, *, size: int, indexed: bool = True) -> Iterator[Site]:
    """A migrated site with the demo content and ``size`` products in ``folder``; PostgreSQL when given a server.

    Without ``indexed`` only the demo content is in the search index.
    """
    name = f"contentshop_bench_{os.getpid()}_{folder.name}"
    if server:
        _admin(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _admin(server, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    url = make_url(server).set(database=name).render_as_string(hide_password=False) if server else ""
    settings = Settings(
        secret_key="a secret for benchmarks only, nothing is served to anyone",
        data_dir=folder / "data",
        media_dir=folder / "media",
        database_url=url or f"sqlite:///{folder / 'data' / 'contentshop.db'}",
        shipping=_shipping(DEFAULT_SHIPPING, []),
        rate_limits=False,
        page_cache=False,
        log_level="ERROR",
    )
    app = create_app(settings)
    site = Site(settings, app)
    try:
        with site_context(app):
            _migrate(app)
            _timed(site, "demo content", lambda: demo.load_demo(app, say=lambda _line: None))
            _timed(site, "more products", lambda: _more_products(size))
            _write_posts()
            if indexed:
                _timed(site, "index", lambda: search.rebuild(db.session, engines().search, now=engines().clock.now()))
            db.session.remove()
            _settle_outbox()
        yield site
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        if server:
            _admin(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _admin(server: str, statement: str) -> None:
    engine = create_engine(make_url(server).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _timed(site: Site, name: str, work: Callable[[], object]) -> None:
    start = time.process_time()
    work()
    site.numbers[name] = time.process_time() - start


def _more_products(size: int) -> None:
    """Products ``bench-0`` to ``bench-<size-1>``: one own variant and two affiliate offers each."""
    now = engines().clock.now()
    with unit_of_work(db.session):
        for key in ("north", "south"):
            products.save_merchant(
                db.session, MerchantInput.parse({"key": key, "name": key.title(), "domain": f"{key}.example"}), now=now
            )
    for start in range(0, size, BATCH):
        rows = [ProductInput.parse(_product(number)) for number in range(start, min(start + BATCH, size))]
        with unit_of_work(db.session):
            products.upsert_products(db.session, rows, now=now)
        db.session.expunge_all()


def _product(number: int) -> dict[str, object]:
    words = [WORDS[(number * step) % len(WORDS)] for step in (1, 7, 11)]
    sku = f"BENCH-{number}"
    return {
        "slug": f"bench-{number}",
        "title": f"{' '.join(words).capitalize()} {number}",
        "brand": f"Brand {number % 97}",
        "category": WORDS[number % len(WORDS)],
        "summary": f"A {words[0]} {words[1]} for every day, tested for {number % 12 + 1} months.",
        "variants": [{"sku": sku, "name": ""}],
        "offers": [
            {"kind": "own", "sku": sku, "price_minor": 5000 + number % 900, "currency": "USD", "quantity": STOCK},
            *(
                {
                    "kind": "affiliate",
                    "merchant": merchant,
                    "url": f"https://www.{merchant}.example/item/{number}",
                    "price_minor": 4900 + number % 700,
                    "currency": "USD",
                    "availability": "in_stock",
                    "checked_hours_ago": 1,
                }
                for merchant in ("north", "south")
            ),
        ],
    }


def _write_posts() -> None:
    """The article with ten cards, a list with ten items, the article with fifty cards of eight offers."""
    with unit_of_work(db.session):
        now = engines().clock.now()
        author = people.get_by_handle(db.session, AUTHOR)
        paragraph = " ".join(
            f"{word.capitalize()} things are easier to live with than they look." for word in WORDS[:8]
        )
        cards = "\n\n".join(f'{paragraph}\n\n::card[bench-{number}]{{note="Worth it"}}' for number in range(10))
        items = "\n\n".join(
            f':::item[bench-{number}]{{award="Pick {number}" note="Good"}}\n+ Sturdy\n- Heavy\n\n{paragraph}\n:::'
            for number in range(10)
        )
        for number in range(50):
            _eight_offers(number)
        many = "\n\n".join(f"::card[bench-{number}]" for number in range(50))
        for kind, slug, source in (
            ("article", "bench-article", cards),
            ("list", "bench-list", items),
            ("article", "bench-fifty", many),
        ):
            form = PostInput.parse(
                kind=kind, title=slug, summary="Measured.", source=source, lang="en", topics=[], relation="affiliate"
            )
            post = posts.create_draft(db.session, form, by=author, now=now - timedelta(days=400), slug=slug)
            posts.publish(db.session, post, by=author, now=now - timedelta(days=400))


def _eight_offers(number: int) -> None:
    product = db.session.scalars(select(Product).where(Product.slug == f"bench-{number}")).one()
    merchant = db.session.scalars(select(Merchant.id).where(Merchant.key == "north")).one()
    for extra in range(5):
        db.session.add(
            Offer(
                key=new_key(),
                product_id=product.id,
                kind="affiliate",
                merchant_id=merchant,
                url=f"https://www.north.example/other/{number}/{extra}",
                price_minor=6000 + extra,
                currency="USD",
                availability="in_stock",
                checked_at=engines().clock.now(),
            )
        )


def _settle_outbox() -> None:
    """The index has been built already: what is waiting for the worker is done."""
    now = engines().clock.now()
    with unit_of_work(db.session):
        db.session.execute(update(OutboxEvent).values(dispatched_at=now))


# ------------------------------------------------------------------------------------------------ servers


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A running server. ``pids`` are the processes whose time counts for its requests."""

    port: int
    process: subprocess.Popen[bytes]
    database: str = ""
    seconds: float = 0.0

    def pids(self) -> set[int]:
        """The web server's processes, and PostgreSQL's that work for its database."""
        tree = load.descendants(self.process.pid)
        web = {pid for pid, name in tree.items() if "contentshop worker" not in name}
        return web | {self.process.pid} | (load.postgres_backends(self.database) if self.database else set())

    def all_pids(self) -> list[int]:
        """Everything that ``contentshop run`` has started, and itself."""
        return [self.process.pid, *load.descendants(self.process.pid)]


@contextmanager
def started(command: list[str], environment: Mapping[str, str], port: int, *, database: str = "") -> Iterator[Server]:
    """Run a server until the block ends. ``seconds`` is the time to its first answer."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        _wait(port, process)
        yield Server(port, process, database, time.perf_counter() - start)
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        with suppress(OSError):
            if load.send(port, load.Request("/"))[0] < 400:
                return
        time.sleep(0.01)
    raise RuntimeError("the server does not answer")


@contextmanager
def product_server(site: Site) -> Iterator[Server]:
    """The site as ``contentshop run`` serves it, with its worker."""
    port = free_port()
    environment = site.environment | {"CONTENTSHOP_PORT": str(port)}
    with started([sys.executable, "-m", "contentshop.cli", "run"], environment, port, database=site.database) as server:
        yield server


@contextmanager
def uncached_server(site: Site) -> Iterator[Server]:
    """The same web server with the page cache switched off, without a worker."""
    port = free_port()
    environment = site.environment | {"CONTENTSHOP_PAGE_CACHE": "false"}
    code = f"from contentshop.supervisor import load_shared, serve; load_shared(); serve('127.0.0.1', {port}, 2)"
    with started([sys.executable, "-c", code], environment, port, database=site.database) as server:
        yield server


@contextmanager
def bare_server() -> Iterator[Server]:
    """A bare Flask route under the same server with the same settings."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "1", "--backlog", "1024", "--no-ws", "--log-level", "warning"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with started([*command, "bare:app"], environment, port) as server:
        yield server


# ------------------------------------------------------------------------------------------ things to send


def go_paths(site: Site) -> list[str]:
    """Ways out of the article's and the list's cards, by each affiliate offer of their products."""
    with site.app.app_context():
        rows = db.session.execute(
            select(Card.key, Offer.key)
            .join(Offer, Offer.product_id == Card.product_id)
            .join(Post, Post.id == Card.post_id)
            .where(Card.live, Offer.kind == "affiliate", Post.slug.in_(("bench-article", "bench-list")))
            .order_by(Card.id, Offer.id)
        ).all()
        db.session.remove()
    return [f"/go/{card}?o={offer}" for card, offer in rows]


def sign_in(port: int) -> str:
    """The cookies of a signed-in creator of the demo."""
    email = next(email for role, email in ACCOUNTS if role == "creator")
    _, headers, body = load.send(port, load.Request("/sign-in", {"Accept-Encoding": "identity"}))
    cookies = _cookies(headers)
    fields = {"email": email, "password": PASSWORD, "csrf_token": _token(body.decode())}
    request = load.Request("/sign-in", {"Cookie": cookies}, "POST", urlencode(fields))
    status, headers, _ = load.send(port, request)
    if status != 303:
        raise RuntimeError(f"signing in answered {status}")
    return _cookies(headers)


def _cookies(headers: Mapping[str, str]) -> str:
    return "; ".join(one.split(";")[0] for one in headers["set-cookie"].split("\n"))


def _token(html: str) -> str:
    return html.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def orders_to_place(site: Site, port: int, *, count: int, skus: int) -> list[load.Request]:
    """``count`` ready checkouts, each with its own cart of one unit, over ``skus`` products in turn."""
    with site_context(site.app):
        variants = db.session.execute(
            select(Variant.id, Product.slug)
            .join(Product, Product.id == Variant.product_id)
            .join(Stock, Stock.variant_id == Variant.id)
            .where(Product.slug.like("bench-%"), Stock.on_hand >= STOCK // 2)
            .order_by(Variant.id)
            .limit(skus)
        ).all()
        keys = [new_key(32) for _ in range(count)]
        now = engines().clock.now()
        with unit_of_work(db.session):
            cart = {"created_at": now, "updated_at": now, "codes": [], "draft": DRAFT}
            db.session.execute(insert(Cart), [{"key": key, **cart} for key in keys])
            ids = {row.key: row.id for row in db.session.execute(select(Cart.key, Cart.id).where(Cart.key.in_(keys)))}
            lines = [
                {"cart_id": ids[key], "variant_id": variants[at % len(variants)][0], "card_key": "", "quantity": 1}
                for at, key in enumerate(keys)
            ]
            db.session.execute(insert(CartLine), lines)
        seen = [_seen(site, keys[at]) for at in range(min(count, len(variants)))]
        db.session.remove()
    _, headers, body = load.send(
        port, load.Request("/checkout", {"Cookie": f"cs_cart={keys[0]}", "Accept-Encoding": "identity"})
    )
    cookies, token = _cookies(headers), _token(body.decode())
    found = []
    for at, key in enumerate(keys):
        fields = {"csrf_token": token, "attempt": new_key(20), "seen": seen[at % len(seen)]}
        headers = {"Cookie": f"{cookies}; cs_cart={key}", "Sec-Fetch-Site": "same-origin"}
        found.append(load.Request("/checkout", headers, "POST", urlencode(fields)))
    return found


def _seen(site: Site, key: str) -> str:
    with site.app.test_request_context(headers=[("Accept-Language", "en")]):
        quote = load_cart(key, viewer()).quote("USD")
        assert quote is not None
        return sign_seen(Seen("USD", quote.totals.total.minor, quote.fingerprint))


# What the first two steps of the checkout have kept.
DRAFT = {
    "email": "buyer@example.org",
    "name": "Robin Buyer",
    "phone": "+1 555 0100",
    "country": "US",
    "region": "CA",
    "city": "Oakland",
    "district": "",
    "address": "1 Example Street",
    "postcode": "94607",
    "note": "",
    "currency": "USD",
    "shipping": "",
    "payment_method": "bank_transfer",
}


def bare_transactions(site: Site, seconds: float) -> float:
    """Transactions a second of plain SQL that write the rows which placing the newest order has written: the order, its
    line, its timeline, its event, its promise, what is left at its place and in all, its cart; one connection,
    committed durably, nothing around it."""
    with site.app.app_context(), writing(), db.engine.connect() as connection:
        order = connection.execute(select(Order.id, Order.key).order_by(Order.id.desc()).limit(1)).one()
        promise = connection.execute(select(Reservation).where(Reservation.holder == order.key)).first()
        assert promise is not None
        connection.rollback()
        known = {"order": order.id, "holder": order.key, "at": promise.variant_id, "place": promise.location_id}
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            with connection.begin():
                for statement in BARE_STATEMENTS:
                    assert connection.execute(statement, known | {"key": f"bare-{done}"}).rowcount == 1
            done += 1
        rate = done / (time.perf_counter() - start)
        connection.execute(delete(OrderLine).where(OrderLine.order_id.in_(_COPIES)))
        connection.execute(delete(OrderEvent).where(OrderEvent.order_id.in_(_COPIES)))
        connection.execute(delete(Order).where(Order.key.like("bare-%")))
        connection.execute(delete(Reservation).where(Reservation.holder.like("bare-%")))
        connection.execute(delete(OutboxEvent).where(OutboxEvent.dispatched_at == OutboxEvent.happened_at))
        connection.execute(text(BARE_STOCK.format("stock", f"- {done}", "")), known)
        connection.execute(text(BARE_STOCK.format("stock_level", f"- {done}", "AND location_id = :place")), known)
        connection.commit()
    return rate


def _copied(table: type[Base], where: str, **changed: str) -> TextClause:
    """Write a row once more, with other values in some columns."""
    names = [column.name for column in table.__table__.columns if column.name != "id"]
    values = ", ".join(changed.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    return text(f"INSERT INTO {table.__tablename__} ({columns}) SELECT {values} FROM {table.__tablename__} {where}")


_COPIES = select(Order.id).where(Order.key.like("bare-%"))
_NEW = "(SELECT id FROM shop_order WHERE key = :key)"
_ONE = "LIMIT 1"
BARE_STOCK = "UPDATE {} SET reserved = reserved {} WHERE variant_id = :at AND on_hand - reserved >= 1 {}"
BARE_STATEMENTS = (
    # The sum before the place, as the product does: orders that are still on their way would meet us otherwise.
    text(BARE_STOCK.format("stock", "+ 1", "")),
    text(BARE_STOCK.format("stock_level", "+ 1", "AND location_id = :place")),
    _copied(Order, "WHERE id = :order", key=":key", attempt_key=":key"),
    _copied(OrderLine, f"WHERE order_id = :order {_ONE}", order_id=_NEW),
    _copied(OrderEvent, f"WHERE order_id = :order {_ONE}", order_id=_NEW),
    # Nobody is to be told, so it looks as if everybody had been.
    _copied(OutboxEvent, f"WHERE name = 'OrderPlaced' {_ONE}", dispatched_at="happened_at"),
    _copied(Reservation, f"WHERE holder = :holder {_ONE}", holder=":key"),
    text("UPDATE cart SET updated_at = updated_at WHERE id = (SELECT max(id) FROM cart)"),
)


def order_page(site: Site, port: int) -> tuple[load.Request, load.Request]:
    """A cart with one thing in it, and the page of an order that was placed."""
    cart, *rest = orders_to_place(site, port, count=2, skus=1)
    status, headers, _ = load.send(port, rest[0])
    if status != 303:
        raise RuntimeError(f"placing an order answered {status}")
    cookies = cart.headers["Cookie"]
    return load.Request("/cart", {"Cookie": cookies}), load.Request(headers["location"])


def statements(site: Site, path: str) -> list[str]:
    """The SQL statements of one GET by a visitor, nothing cached."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with site.app.app_context():
        engine = db.engine
    client = site.app.test_client()
    client.get(path)
    event.listen(engine, "before_cursor_execute", note)
    try:
        status = client.get(path, headers=[("Accept-Language", "en")]).status_code
    finally:
        event.remove(engine, "before_cursor_execute", note)
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
    return [statement for statement in seen if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]
