"""Orders a second from the product's page to the order's page, beside a django-oscar shop in the same run.

    python benchmarks/flow.py [--rounds 3] [--seconds 10] [--oscar PYTHON]

Both shops are served alike (granian, two processes of one blocking thread, SQLite that waits for the disk) and walked
by the same guests on the same machine, in turns: product, into the cart, cart, the steps of the checkout, the last
button, the order. ``--oscar`` is an interpreter that has django-oscar and granian; without it an environment is made
in the temporary folder. The figures of record are in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import load
import shop as bench

GUESTS = 6
PRODUCTS = 100
HOPS = 6


@dataclass
class Guest:
    """A browser without pictures: cookies, forms, redirects."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    page: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str) -> None:
        """Open a page, and where it leads on to."""
        self._send("GET", path, "")

    def post(self, path: str, fields: Mapping[str, str]) -> None:
        """Send a form, and open where it leads."""
        self._send("POST", path, urlencode(fields))

    def hidden(self, name: str) -> str:
        """What stands in a field of the page."""
        found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', self.page)
        if found is None:
            raise RuntimeError(f"{self.path} has no field {name}")
        return unescape(found.group(1))

    def _send(self, method: str, path: str, body: str) -> None:
        for _hop in range(HOPS):
            headers = {
                **load.BROWSER,
                "Accept-Encoding": "identity",
                "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                "Sec-Fetch-Site": "same-origin",
                "Referer": f"http://127.0.0.1:{self.port}{self.path}",
            }
            if method == "POST":
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            self._connection.request(method, path, body or None, headers)
            answer = self._connection.getresponse()
            self.page, self.path = answer.read().decode(), path
            for line in answer.headers.get_all("Set-Cookie", []):
                name, _, value = line.split(";")[0].partition("=")
                self.cookies[name] = value
            if answer.status in {302, 303}:
                place = urlsplit(answer.headers["Location"])
                method, path, body = "GET", place.path + (f"?{place.query}" if place.query else ""), ""
                continue
            if answer.status != 200:
                raise RuntimeError(f"{method} {path} answered {answer.status}: {self.page[:300]}")
            return
        raise RuntimeError(f"{path} leads in circles")


def buy_here(guest: Guest, number: int) -> None:
    """An order in our shop."""
    guest.get(f"/products/bench-{number % PRODUCTS}")
    guest.post("/cart/add", {"product": f"bench-{number % PRODUCTS}", "quantity": "1"})
    guest.get("/cart")
    guest.get("/checkout")
    fields = {name: guest.hidden(name) for name in ("csrf_token", "currency")}
    guest.post("/checkout/address", fields | {name: bench.DRAFT[name] for name in ADDRESS})
    chosen = re.search(r'name="shipping" value="([^"]*)" checked', guest.page)
    how = {"shipping": chosen.group(1) if chosen else "", "payment_method": "bank_transfer"}
    guest.post("/checkout/delivery", {"csrf_token": guest.hidden("csrf_token")} | how)
    guest.post("/checkout", {name: guest.hidden(name) for name in ("csrf_token", "attempt", "seen")})
    if not guest.path.startswith("/orders/"):
        raise RuntimeError(f"the order ended at {guest.path}")


ADDRESS = ("email", "name", "phone", "country", "region", "city", "district", "address", "postcode")


def buy_there(guest: Guest, number: int) -> None:
    """An order in the other shop."""
    item = number % PRODUCTS
    guest.get(f"/catalogue/thing-{item}_{item + 1}/")

    def send(path: str, **fields: str) -> None:
        guest.post(path, {"csrfmiddlewaretoken": guest.hidden("csrfmiddlewaretoken")} | fields)

    send(f"/basket/add/{item + 1}/", quantity="1")
    guest.get("/basket/")
    guest.get("/checkout/")
    send("/checkout/", username="buyer@example.org", options="anonymous")
    send(
        "/checkout/shipping-address/",
        first_name="Robin",
        last_name="Buyer",
        line1="1 Example Street",
        line4="Oakland",
        state="CA",
        postcode="94607",
        country="US",
    )
    guest.get("/checkout/preview/")
    send("/checkout/preview/", action="place_order")
    if guest.path != "/checkout/thank-you/":
        raise RuntimeError(f"the order ended at {guest.path}")


def rate(port: int, buy: Callable[[Guest, int], None], seconds: float) -> float:
    """Orders a second by ``GUESTS`` who buy one after the other, each with a new browser."""
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    guests = [
        multiprocessing.Process(target=_keep_buying, args=(port, buy, seconds, start, queue)) for start in range(GUESTS)
    ]
    for one in guests:
        one.start()
    done = [queue.get(timeout=seconds + 120) for _one in guests]
    for one in guests:
        one.join()
    return sum(done) / seconds


def _keep_buying(
    port: int, buy: Callable[[Guest, int], None], seconds: float, start: int, queue: multiprocessing.Queue[int]
) -> None:
    end, done = time.monotonic() + seconds, 0
    for number in itertools.count(start, GUESTS):
        buy(Guest(port), number)
        if time.monotonic() >= end:
            break
        done += 1
    queue.put(done)


@contextmanager
def oscar_server(folder: Path, python: str) -> Iterator[bench.Server]:
    """A django-oscar shop with ``PRODUCTS`` products."""
    if not python:
        subprocess.run([sys.executable, "-m", "venv", folder / "oscar"], check=True)
        python = str(folder / "oscar" / "bin" / "python")
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "django-oscar~=4.2", "sorl-thumbnail", "granian"], check=True
        )
    site = Path(__file__).with_name("oscar_site.py")
    environment = {**os.environ, "OSCAR_DATABASE": str(folder / "oscar.db"), "PYTHONPATH": str(site.parent)}
    subprocess.run([python, "-W", "ignore", site, str(PRODUCTS)], env=environment, check=True)
    port = bench.free_port()
    command = [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "1", "--no-ws", "--log-level", "warning"]
    with bench.started([*command, "oscar_site:application"], environment, port) as server:
        yield server


def main() -> int:
    """Run it; returns an exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--oscar", default="", help="an interpreter that has django-oscar and granian")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="contentshop-flow-") as name:
        folder = Path(name)
        with (
            bench.new_site(folder / "site", "", size=PRODUCTS) as site,
            bench.product_server(site) as ours,
            oscar_server(folder, options.oscar) as theirs,
        ):
            rate(ours.port, buy_here, 2)
            rate(theirs.port, buy_there, 2)
            print("| orders a second | here | django-oscar | ratio |\n| --- | ---: | ---: | ---: |", flush=True)
            ratios = []
            for number in range(options.rounds):
                here = rate(ours.port, buy_here, options.seconds)
                there = rate(theirs.port, buy_there, options.seconds)
                ratios.append(here / there)
                print(f"| round {number + 1} | {here:.1f} | {there:.1f} | {here / there:.1f} |", flush=True)
            print(f"| median | | | {statistics.median(ratios):.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
