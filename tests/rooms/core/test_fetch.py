"""The guarded fetcher against a real server, and against every way to name a machine that is nobody's business."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from contentshop.core.backends.fetch import MAX_PAGE, MAX_PICTURE, GuardedFetcher, is_public
from contentshop.core.fetch import NotFetched
from tests.rooms.core.shop_server import Shop, bomb, dripping, endless, packed, running_shop, silent

AGENT = "Mozilla/5.0 (compatible; contentshop/0; +https://site.example/)"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with running_shop() as found:
        yield found


@pytest.fixture
def fetcher(shop: Shop) -> GuardedFetcher:
    """Reaches the shop as shop.test and cdn.test, and is patient for two seconds."""
    return GuardedFetcher(AGENT, stand_ins={"shop.test": shop.place, "cdn.test": shop.place}, seconds=2.0)


def why(fetcher: GuardedFetcher, url: str) -> str:
    with pytest.raises(NotFetched) as refused:
        fetcher.page(url)
    return refused.value.why


def test_a_page_is_fetched_with_its_charset_and_an_honest_name(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/k", "<p>茶".encode("gbk"), Content_Type="text/html; charset=GBK", Set_Cookie="a=b")
    found = fetcher.page("https://shop.test/k?a=1#part")
    assert (found.url, found.body, found.charset) == ("https://shop.test/k?a=1", "<p>茶".encode("gbk"), "gbk")
    assert shop.seen == [("shop.test", "/k?a=1")]
    told = shop.headers_seen[0]
    assert told["User-Agent"] == AGENT
    assert "link" not in AGENT.lower()
    assert set(told) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


def test_packed_pages_are_unpacked(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/k", packed(b"<p>hello"), Content_Encoding="gzip")
    assert fetcher.page("https://shop.test/k").body == b"<p>hello"


def test_redirects_are_followed_without_cookies(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.answers["/a"] = lambda request: request.send(301, b"", Location="/b", Set_Cookie="seen=1; Path=/")
    shop.redirect("/b", "https://cdn.test/c")
    shop.redirect("/c", "d")
    shop.page("/d", "<p>here")
    assert fetcher.page("https://shop.test/a").url == "https://cdn.test/d"
    assert shop.seen[2][0] == "cdn.test"
    assert all("Cookie" not in told for told in shop.headers_seen)


def test_a_fourth_redirect_is_one_too_many(shop: Shop, fetcher: GuardedFetcher) -> None:
    for number in range(4):
        shop.redirect(f"/{number}", f"/{number + 1}")
    shop.page("/4", "<p>too far")
    assert why(fetcher, "https://shop.test/0") == "redirects"
    assert fetcher.page("https://shop.test/1").url == "https://shop.test/4"


PRIVATE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0/",
    "http://localhost/",
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "https://shop.test:8080/",
    "http://shop.test:22/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_what_is_not_public_is_refused_directly_and_behind_a_redirect(
    shop: Shop, fetcher: GuardedFetcher, url: str
) -> None:
    shop.redirect("/go", url)
    assert why(fetcher, url) == "private"
    assert why(fetcher, "https://shop.test/go") == "private"
    assert shop.seen == [("shop.test", "/go")]


def test_the_shop_itself_is_not_reached_by_its_address(shop: Shop, fetcher: GuardedFetcher) -> None:
    address = f"http://127.0.0.1:{shop.server_port}/k"
    shop.page("/k", "<p>secret")
    shop.redirect("/go", address)
    assert why(fetcher, address) == "private"
    assert why(fetcher, "https://shop.test/go") == "private"
    assert shop.seen == [("shop.test", "/go")]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.test/k",
        "ftp://shop.test/k",
        "file:///etc/passwd",
        "javascript:1",
        "gopher://shop.test/",
        "//shop.test/",
        "https://user@shop.test/k",
        "https://shop.test@127.0.0.1/",
        "https://shop.test\\@evil.example/",
        "https://",
        "https://sh op.test/",
        "data:text/html,x",
        "https://[::1/",
        "https://shop.test:99999/",
    ],
)
def test_what_is_no_plain_address_of_the_web_is_refused(shop: Shop, fetcher: GuardedFetcher, url: str) -> None:
    assert why(fetcher, url) == "address"
    assert shop.seen == []


def test_a_name_that_does_not_exist_is_told_apart(fetcher: GuardedFetcher) -> None:
    assert why(fetcher, "https://no-such-shop.invalid/") == "unknown_host"


def test_a_name_is_looked_up_once_and_the_connection_goes_where_the_check_went(
    monkeypatch: pytest.MonkeyPatch, shop: Shop
) -> None:
    """A name server that says "public" first and "loopback" afterwards (rebinding)."""
    asked: list[str] = []
    ask = socket.getaddrinfo

    def liar(host: str, port: int, *more: object, **named: object) -> object:
        if host != "rebind.test":
            return ask(host, port, *more, **named)  # type: ignore[arg-type]
        asked.append(host)
        address = "192.0.2.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", liar)
    fetcher = GuardedFetcher(AGENT, seconds=1.0)
    assert why(fetcher, "http://rebind.test/") == "private"  # TEST-NET-1 is nobody's
    assert asked == ["rebind.test"]
    assert why(fetcher, "http://rebind.test/") == "private"
    assert shop.seen == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("fec0::1", False),
        ("feff::1", False),
        ("::8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("64:ff9b::808:808", False),
        ("2002:808:808::", False),
        ("224.0.0.251", False),
        ("ff0e::1", False),
        ("255.255.255.255", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_proxies_of_the_environment_are_not_asked(
    monkeypatch: pytest.MonkeyPatch, shop: Shop, fetcher: GuardedFetcher
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setitem(os.environ, name, f"http://127.0.0.1:{shop.server_port}")
    assert why(fetcher, "http://10.1.2.3/") == "private"
    assert shop.seen == []


def test_a_page_of_a_gigabyte_is_left_after_two_megabytes(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.answers["/huge"] = endless(shop)
    assert why(fetcher, "https://shop.test/huge") == "large"


def test_a_page_that_says_it_is_large_is_not_begun(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/huge", b"x", Content_Length=str(2**30))
    assert why(fetcher, "https://shop.test/huge") == "large"


def test_a_packed_bomb_is_left_after_two_megabytes(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/bomb", bomb(100), Content_Encoding="gzip")
    assert why(fetcher, "https://shop.test/bomb") == "large"


def test_the_limits_of_size_are_exact(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/fits", b"x" * MAX_PAGE)
    shop.page("/not", b"x" * (MAX_PAGE + 1))
    assert len(fetcher.page("https://shop.test/fits").body) == MAX_PAGE
    assert why(fetcher, "https://shop.test/not") == "large"
    shop.page("/picture", b"x" * MAX_PICTURE, Content_Type="image/png")
    assert len(fetcher.picture("https://shop.test/picture").body) == MAX_PICTURE


@pytest.mark.parametrize("kind", ["silent", "headers", "body"])
def test_no_site_can_hold_us_and_no_thread_stays_behind(shop: Shop, kind: str) -> None:
    shop.answers["/slow"] = silent(shop) if kind == "silent" else dripping(shop, headers=kind == "headers")
    fetcher = GuardedFetcher(AGENT, stand_ins={"shop.test": shop.place}, seconds=0.6)
    before = set(threading.enumerate())
    assert why(fetcher, "https://shop.test/slow") == "slow"
    for thread in set(threading.enumerate()) - before:
        if "process_request" not in thread.name:
            thread.join(5)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, "gone"),
        (410, "gone"),
        (401, "blocked"),
        (403, "blocked"),
        (429, "blocked"),
        (503, "blocked"),
        (451, "blocked"),
        (500, "broken"),
        (502, "broken"),
        (400, "broken"),
        (204, "broken"),
        (304, "broken"),
    ],
)
def test_what_a_status_says(shop: Shop, fetcher: GuardedFetcher, status: int, expected: str) -> None:
    shop.page("/k", "" if status in {204, 304} else "<p>no", status)
    assert why(fetcher, "https://shop.test/k") == expected


def test_how_long_a_shop_asks_to_be_left_alone(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/k", "<p>later", 429, Retry_After="120")
    shop.page("/odd", "<p>later", 429, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")
    for path, seconds in (("/k", 120), ("/odd", None)):
        with pytest.raises(NotFetched) as refused:
            fetcher.page(f"https://shop.test{path}")
        assert refused.value.retry_after == seconds


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        ("application/pdf", ""),
        ("text/plain", ""),
        ("image/svg+xml", ""),
        ("", ""),
        ("image/png", ""),
        ("text/html", "br"),
        ("text/html", "gzip, gzip"),
    ],
)
def test_other_files_are_not_read_as_pages(shop: Shop, fetcher: GuardedFetcher, kind: str, encoding: str) -> None:
    shop.page("/k", b"x", Content_Type=kind, Content_Encoding=encoding)
    assert why(fetcher, "https://shop.test/k") == "type"


def test_a_picture_is_a_picture(shop: Shop, fetcher: GuardedFetcher) -> None:
    shop.page("/k.png", b"png", Content_Type="image/png")
    shop.page("/k.svg", b"<svg/>", Content_Type="image/svg+xml")
    assert fetcher.picture("https://shop.test/k.png").body == b"png"
    with pytest.raises(NotFetched) as refused:
        fetcher.picture("https://shop.test/k.svg")
    assert refused.value.why == "type"


def test_nobody_home(fetcher: GuardedFetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = GuardedFetcher(AGENT, stand_ins={"shut.test": ("127.0.0.1", port)}, seconds=2.0)
    assert why(quiet, "https://shut.test/") == "no_answer"
