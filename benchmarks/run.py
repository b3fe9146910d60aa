"""How fast, how heavy: the site as it is served, beside a bare Flask route in the same run.

    python benchmarks/run.py [--quick] [--postgres URL] [--json FILE] [--only NAME,…]

Makes a fresh site in a temporary folder (on PostgreSQL in a database of its own, dropped afterwards), starts
``contentshop run`` with two web processes and the worker, and drives it with wrk over loopback in short windows;
each window stands beside one of the bare route, and the median of three counts. Needs wrk (Debian: ``apt install
wrk``). Prints a table; the figures of record are in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import load
import shop as bench
from load import Request, Window

CLIENTS = 16
BUYERS = 8
ROUNDS = 3
ORDERS_A_SECOND = 700  # prepared for a window; more than this cannot be measured
QUERIES = ("light travel", "folding chair", "warm lamp", "kettle", "wireless keyboard", "steel knife", "降噪 耳机")
GROWTH_PAGES = ("article", "list", "/go")


@dataclass(frozen=True)
class Figure:
    """One line of the result."""

    name: str
    ratio: float | None = None  # of the bare route, by requests a second
    cpu_ratio: float | None = None  # of the bare route, by processor time
    rate: float | None = None
    cpu: float | None = None  # ms
    p99: float | None = None  # ms
    value: str = ""

    def line(self) -> str:
        """As a row of a Markdown table."""
        cells = [self.name, _number(self.ratio), _number(self.cpu_ratio), _number(self.rate, 0), _number(self.cpu, 3)]
        return "| " + " | ".join([*cells, _number(self.p99, 1), self.value]) + " |"


def _number(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


class Bench:
    """Measures one site, window by window, beside the bare route."""

    def __init__(self, bare: bench.Server, seconds: float) -> None:
        self._bare = bare
        self._seconds = seconds
        self.figures: list[Figure] = []

    def say(self, figure: Figure) -> None:
        """Keep a figure and print it."""
        self.figures.append(figure)
        print(figure.line(), flush=True)

    def pages(
        self,
        name: str,
        server: bench.Server,
        requests: Sequence[Request],
        *,
        status: int = 200,
        clients: int = CLIENTS,
        warm: bool = True,
    ) -> Figure:
        """Requests that may be repeated without end."""
        found = load.send(server.port, requests[0])[0]
        if found != status:
            raise RuntimeError(f"{name}: {requests[0].path} answered {found}, not {status}")
        if warm:
            self._window(server, requests, clients, seconds=3)
        return self._beside(name, clients, lambda _round: self._window(server, requests, clients))

    def once(self, name: str, server: bench.Server, rounds: Sequence[Sequence[Request]], *, clients: int) -> Figure:
        """Requests that count once; a list for each round."""
        return self._beside(
            name, clients, lambda number: self._window(server, rounds[number], clients, once=True), rounds=len(rounds)
        )

    def _beside(self, name: str, clients: int, measure: Callable[[int], Window], rounds: int = ROUNDS) -> Figure:
        ours, bare = [], []
        for number in range(rounds):
            bare.append(self._window(self._bare, [Request("/")], clients))
            ours.append(measure(number))
        middle = load.median(ours)
        if middle.refused:
            raise RuntimeError(f"{name}: {middle.refused} requests were refused")
        figure = Figure(
            name,
            ratio=statistics.median(one.rate / other.rate for one, other in zip(ours, bare, strict=True)),
            cpu_ratio=statistics.median(other.cpu / one.cpu for one, other in zip(ours, bare, strict=True)),
            rate=middle.rate,
            cpu=middle.cpu,
            p99=middle.p99,
        )
        self.say(figure)
        return figure

    def _window(
        self,
        server: bench.Server,
        requests: Sequence[Request],
        clients: int,
        *,
        seconds: float = 0.0,
        once: bool = False,
    ) -> Window:
        return load.drive(
            server.port, requests, server.pids, seconds=seconds or self._seconds, clients=clients, once=once
        )


def reading(run: Bench, site: bench.Site, server: bench.Server, plain: bench.Server) -> None:
    """Articles, lists, product pages, home."""
    article = "/p/bench-article"
    _, headers, _ = load.send(server.port, Request(article))
    run.pages("article, 10 cards, reused", server, [Request(article)])
    run.pages("article, If-None-Match", server, [Request(article, {"If-None-Match": headers["etag"]})], status=304)
    # The page number is part of the key and means nothing to an article: every request is a first reading.
    misses = [Request(f"{article}?page={number}") for number in range(1, 6000)]
    run.pages("article, first reading after a change", server, misses, warm=False)
    run.pages("article, page cache off", plain, [Request(article)])
    member = {"Cookie": bench.sign_in(server.port)}
    run.pages("article, signed in", server, [Request(article, member)])
    for name, path in PAGES.items():
        if name != "article":
            run.pages(f"{name}, reused", server, [Request(path)])
            run.pages(f"{name}, page cache off", plain, [Request(path)])
    del site


PAGES = {"article": "/p/bench-article", "list": "/p/bench-list", "product": "/products/bench-3", "home": "/"}


def searching(run: Bench, server: bench.Server) -> None:
    """The same question again, and many different ones."""
    run.pages("search, repeated query", server, [Request("/search?q=folding+chair")])
    varied = [Request(f"/search?q={quote(query)}&in_stock=1&page={page}") for page in range(1, 30) for query in QUERIES]
    run.pages("search, varied queries and pages", server, varied)
    pairs = [
        Request(f"/search?q={quote(f'{one} {two} {number}')}")
        for number in range(40)
        for one in bench.WORDS[:12]
        for two in bench.WORDS[16:28]
    ]
    run.pages("search, never asked before", server, pairs, warm=False)


def clicking(run: Bench, site: bench.Site, server: bench.Server) -> None:
    """The way out, by different cards and visitors."""
    paths = bench.go_paths(site)
    agent = load.BROWSER["User-Agent"]
    requests = [
        Request(path, {"User-Agent": f"{agent} Visit/{visitor}", "Sec-Fetch-Dest": "document"})
        for visitor in range(50)
        for path in paths
    ]
    run.pages("/go, counted", server, requests, status=302)


def buying(run: Bench, site: bench.Site, server: bench.Server, seconds: float) -> None:
    """Placing orders: one SKU for all, then a thousand."""
    count = round(ORDERS_A_SECOND * seconds)
    figures = {}
    for name, skus in (("1,000 SKUs", 1000), ("one hot SKU", 1)):
        rounds = [bench.orders_to_place(site, server.port, count=count, skus=skus) for _ in range(ROUNDS)]
        status = load.send(server.port, rounds[0].pop())[0]
        if status != 303:
            raise RuntimeError(f"placing an order answered {status}")
        figures[name] = run.once(f"place an order, {name}", server, rounds, clients=BUYERS)
    hot, spread = figures["one hot SKU"], figures["1,000 SKUs"]
    run.say(Figure("one hot SKU ÷ 1,000 SKUs", value=f"{(hot.rate or 0) / (spread.rate or 1):.2f}"))
    bare = bench.bare_transactions(site, seconds)
    run.say(Figure("bare transaction of the database", rate=bare, value="one connection"))
    run.say(Figure("place an order, 1,000 SKUs ÷ bare transaction", value=f"{(spread.rate or 0) / bare:.3f}"))
    run.say(Figure("place an order, one hot SKU ÷ bare transaction", value=f"{(hot.rate or 0) / bare:.3f}"))
    cart, order = bench.order_page(site, server.port)
    run.pages("cart", server, [cart], clients=BUYERS)
    run.pages("page of an order", server, [order], clients=BUYERS)


def statements(run: Bench, site: bench.Site) -> None:
    """SQL statements of one reading, nothing cached."""
    pages = {
        **PAGES,
        "article with 50 cards × 8 offers": "/p/bench-fifty",
        "search": "/search?q=folding+chair",
    }
    for name, path in pages.items():
        seen = bench.statements(site, path)
        writes = [one for one in seen if not one.lstrip().upper().startswith(("SELECT", "WITH", "PRAGMA"))]
        run.say(Figure(f"SQL statements: {name}", value=f"{len(seen)}, {len(writes)} of them writes"))


def weight(run: Bench, server: bench.Server) -> None:
    """HTML with its style sheets and scripts, compressed; requests before scrolling, the page's own included."""
    for name, path in (*PAGES.items(), ("demo article", _demo_post(server))):
        _, headers, body = load.send(server.port, Request(path))
        html = gzip.decompress(body).decode() if headers.get("content-encoding") == "gzip" else body.decode()
        parts = re.findall(r'<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', html)
        parts += re.findall(r'<script[^>]+src="([^"]+)"', html)
        size = len(body)
        for part in parts:
            size += len(gzip.compress(_plain(server, part.replace("&amp;", "&")), 6))
        early = [tag for tag in re.findall(r"<img[^>]+>", html) if 'loading="lazy"' not in tag]
        text = f"{size / 1024:.1f} KB, {1 + len(parts) + len(early)} requests"
        run.say(Figure(f"weight: {name}", value=text))


def _demo_post(server: bench.Server) -> str:
    body = load.send(server.port, Request("/", {"Accept-Encoding": "identity"}))[2].decode()
    found: list[str] = re.findall(r'href="(/p/[^"#?]+)"', body)
    return next(path for path in found if "bench" not in path)


def _plain(server: bench.Server, path: str) -> bytes:
    _, headers, body = load.send(server.port, Request(path))
    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def memory(run: Bench, server: bench.Server) -> None:
    """After at least 10,000 requests of all kinds."""
    pages = [Request(path) for path in (*PAGES.values(), "/search?q=folding+chair", "/p/bench-fifty", "/cart")]
    done = 0
    while done < 10_000:
        done += load.drive(server.port, pages, server.pids, seconds=3, clients=CLIENTS, once=False).requests
    rss, pss = load.memory(server.all_pids())
    parts = ", ".join(
        f"{load.title(pid).removeprefix('contentshop ')[:24] if number else 'supervisor'} {load.memory([pid])[1]:.0f}"
        for number, pid in enumerate(server.all_pids())
    )
    run.say(Figure("memory after 10,000 requests", value=f"RSS {rss:.0f} MB, PSS {pss:.0f} MB (PSS: {parts})"))


def starting(run: Bench, site: bench.Site) -> None:
    """From the command to the first page, with a database that is up to date."""
    times = []
    for _ in range(ROUNDS):
        with bench.product_server(site) as server:
            times.append(server.seconds)
    run.say(Figure("start to first answer", value=f"{statistics.median(times):.2f} s (best {min(times):.2f})"))


def growing(run: Bench, folder: Path, server: str, *, sizes: Sequence[int]) -> None:
    """The same pages on a small and a large catalogue, side by side."""
    with ExitStack() as stack:
        sites = [stack.enter_context(_grown(folder, server, size)) for size in sizes]
        servers = [stack.enter_context(bench.uncached_server(site)) for site in sites]
        for name in GROWTH_PAGES:
            cpu: list[list[float]] = [[], []]
            for _ in range(ROUNDS):
                for number, (site, running) in enumerate(zip(sites, servers, strict=True)):
                    requests = (
                        [Request(path) for path in bench.go_paths(site)] if name == "/go" else [Request(PAGES[name])]
                    )
                    window = load.drive(running.port, requests, running.pids, seconds=2, clients=CLIENTS, once=False)
                    cpu[number].append(window.cpu)
            small, large = map(statistics.median, cpu)
            text = f"{large / small:.2f} ({small:.2f} → {large:.2f} CPU-ms)"
            run.say(Figure(f"growth {sizes[0]:,} → {sizes[1]:,} products: {name}", value=text))


def _grown(folder: Path, server: str, size: int) -> AbstractContextManager[bench.Site]:
    return bench.new_site(folder / f"size{size}", server, size=size, indexed=False)


def machine() -> str:
    """What the figures were measured on."""
    total = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    names = ("flask", "granian", "sqlalchemy", "whoosh", "pillow")
    return (
        f"{os.cpu_count()} cores, {int(total.group(1)) // 1024 // 1024 if total else 0} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + f"; load average at the start {os.getloadavg()[0]:.1f}"
    )


@contextmanager
def _section(name: str, chosen: Sequence[str]) -> Iterator[bool]:
    wanted = not chosen or name in chosen
    start = time.monotonic()
    yield wanted
    if wanted:
        print(f"<!-- {name}: {time.monotonic() - start:.0f} s -->", flush=True)


def measure(run: Bench, folder: Path, server: str, options: argparse.Namespace, bare: bench.Server) -> None:
    """All sections on one database."""
    del bare
    chosen = options.only
    print(f"\n### {'PostgreSQL' if server else 'SQLite'}\n", flush=True)
    print("| | ÷ bare, requests | ÷ bare, CPU | requests/s | CPU-ms | p99 ms | |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with bench.new_site(folder / "site", server, size=1000) as site:
        for name, seconds in site.numbers.items():
            run.say(Figure(f"set-up: {name}", value=f"{seconds:.1f} s of one core"))
        with bench.product_server(site) as running, bench.uncached_server(site) as plain:
            with _section("reading", chosen) as wanted:
                if wanted:
                    reading(run, site, running, plain)
            with _section("searching", chosen) as wanted:
                if wanted:
                    searching(run, running)
            with _section("clicking", chosen) as wanted:
                if wanted:
                    clicking(run, site, running)
            with _section("weight", chosen) as wanted:
                if wanted:
                    weight(run, running)
            with _section("buying", chosen) as wanted:
                if wanted:
                    buying(run, site, running, options.seconds)
        with _section("memory", chosen) as wanted:
            if wanted:
                with bench.product_server(site) as running:
                    memory(run, running)
        with _section("statements", chosen) as wanted:
            if wanted:
                statements(run, site)
        with _section("starting", chosen) as wanted:
            if wanted:
                starting(run, site)
    with _section("growing", chosen) as wanted:
        if wanted:
            growing(run, folder, server, sizes=(1000, 20_000 if options.quick else 100_000))


def main() -> int:
    """Run it; returns an exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter windows, 20,000 products instead of 100,000")
    parser.add_argument("--postgres", default="", help="also on this server (postgresql+psycopg://…/postgres)")
    parser.add_argument("--no-sqlite", action="store_true", help="on PostgreSQL only")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="names of sections")
    options = parser.parse_args()
    options.seconds = 1 if options.quick else 3
    if not load.has_wrk():
        print("wrk is not installed (Debian: apt install wrk); nothing was measured.")
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(machine(), flush=True)
    found: dict[str, list[dict[str, object]]] = {}
    with tempfile.TemporaryDirectory(prefix="contentshop-bench-") as name, bench.bare_server() as bare:
        for server in (*([] if options.no_sqlite else [""]), *([options.postgres] if options.postgres else [])):
            run = Bench(bare, options.seconds)
            folder = Path(name) / ("postgresql" if server else "sqlite")
            try:
                measure(run, folder, server, options, bare)
            finally:
                found["PostgreSQL" if server else "SQLite"] = [asdict(figure) for figure in run.figures]
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), **found}, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
