"""Who counts as a person, and how little is kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import Headers

from contentshop.affiliate.visitors import is_deliberate, is_robot, visitor_hash

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko)"
PEOPLE = [
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Chrome/130.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) {WEBKIT} Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Mobile/15E148 MicroMessenger/8.0.49 NetType/WIFI",
    f"Mozilla/5.0 (Linux; Android 14; 23127PN0CC) {CHROME} Chrome/126.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/18.6",
]
ROBOTS = [
    "",
    "   ",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Wget/1.21.4",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_are_people(agent: str) -> None:
    assert not is_robot(agent)


@pytest.mark.parametrize("agent", ROBOTS)
def test_programs_are_not(agent: str) -> None:
    assert is_robot(agent)


@pytest.mark.parametrize(
    ("method", "extra", "counted"),
    [
        ("GET", {}, True),
        ("GET", {"Sec-Fetch-Dest": "document"}, True),
        ("HEAD", {}, False),
        ("GET", {"Sec-Purpose": "prefetch"}, False),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}, False),
        ("GET", {"Purpose": "prefetch"}, False),
        ("GET", {"X-Purpose": "preview"}, False),
        ("GET", {"X-Moz": "prefetch"}, False),
        ("GET", {"Sec-Fetch-Dest": "image"}, False),
        ("GET", {"Sec-Fetch-Dest": "iframe"}, False),
        ("GET", {"Sec-Fetch-Dest": "empty"}, False),
    ],
)
def test_only_a_person_who_follows_the_link_counts(method: str, extra: dict[str, str], counted: bool) -> None:
    assert is_deliberate(method, Headers({"User-Agent": PEOPLE[0], **extra})) is counted


def test_a_robot_does_not_count_however_it_asks() -> None:
    assert not is_deliberate("GET", Headers({"User-Agent": "curl/8.5.0", "Sec-Fetch-Dest": "document"}))
    assert not is_deliberate("GET", Headers())


NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def test_a_visitor_is_the_same_all_day_and_another_one_tomorrow() -> None:
    name = visitor_hash("secret", NOW, "203.0.113.7", PEOPLE[0])
    assert len(name) == 32
    assert name == visitor_hash("secret", NOW - timedelta(hours=23), "203.0.113.7", PEOPLE[0])
    assert name != visitor_hash("secret", NOW + timedelta(hours=1), "203.0.113.7", PEOPLE[0])


def test_the_last_part_of_an_address_is_forgotten_before_hashing() -> None:
    def name(address: str) -> str:
        return visitor_hash("secret", NOW, address, PEOPLE[0])

    assert name("203.0.113.7") == name("203.0.113.250") == name("::ffff:203.0.113.9")
    assert name("203.0.113.7") != name("203.0.114.7")
    assert name("2001:db8:1:2::1") == name("2001:db8:1:ffff::2")
    assert name("2001:db8:1::1") != name("2001:db8:2::1")
    assert name("not an address") == name("")


def test_another_browser_or_another_secret_is_another_visitor() -> None:
    name = visitor_hash("secret", NOW, "203.0.113.7", PEOPLE[0])
    assert name != visitor_hash("secret", NOW, "203.0.113.7", PEOPLE[1])
    assert name != visitor_hash("other", NOW, "203.0.113.7", PEOPLE[0])
