"""Live sessions: what hosts do and readers see, and the line that tells of changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.affiliate import spool
from contentshop.affiliate.models import Click
from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.uow import unit_of_work
from contentshop.live.models import LiveCard, LiveSession
from contentshop.media.models import Asset
from contentshop.orders.models import CartLine
from contentshop.web.live import Rhythm, connected
from tests.conftest import csrf_of
from tests.factories import Factory
from tests.web.buyer import add, text_of

SignIn = Callable[[FlaskClient, Any], FlaskClient]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari"}
STREAM = "https://www.youtube.com/watch?v=abcdefghijk"


class Host:
    """A host at a browser."""

    def __init__(self, client: FlaskClient, clock: FixedClock) -> None:
        self.client, self.clock, self.key = client, clock, ""

    def send(self, path: str, **values: str) -> Any:
        return self.client.post(path, data={"csrf_token": csrf_of(self.client, "/studio/live/new"), **values})

    def announce(self, **values: str) -> Any:
        later = (self.clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
        words = {"title": "Lamps by night", "lang": "en", "relation": "gifted", "stream": STREAM, "starts_at": later}
        words["zone"] = "UTC"
        answer = self.send("/studio/live/new", **(words | values))
        if answer.status_code == 303:
            self.key = answer.headers["Location"].rpartition("/")[2]
        return answer

    def queue(self, do: str, **values: str) -> Any:
        return self.send(f"/studio/live/{self.key}/queue", do=do, **values)

    def turn(self, do: str) -> Any:
        return self.send(f"/studio/live/{self.key}/state", do=do)


@pytest.fixture
def host(app: Flask, make: Factory, sign_in: SignIn, clock: FixedClock) -> Host:
    person = make.user("creator", name="Hana Host", handle="hana")
    found = Host(sign_in(app.test_client(), person), clock)
    assert found.announce().status_code == 303
    return found


@pytest.fixture
def cards(host: Host, make: Factory, session: Session) -> dict[str, str]:
    """Keys of the cards in the queue, by the slug of their product."""
    shop = make.merchant("bigshop")
    make.product("night-lamp", own={"USD": 1999}, stock=5)
    make.product("steel-kettle", affiliate=[{"merchant": shop}])
    for slug in ("night-lamp", "steel-kettle"):
        assert host.queue("add", product=slug, note=f"My {slug}").status_code == 303
    keys = session.scalars(select(LiveCard.key).order_by(LiveCard.position)).all()
    session.rollback()
    return dict(zip(("night-lamp", "steel-kettle"), keys, strict=True))


def test_from_the_announcement_to_the_replay(host: Host, cards: dict[str, str], client: FlaskClient) -> None:
    url = f"/live/{host.key}"
    page = client.get(url).text
    assert "Announced" in page
    assert '<time datetime="2026-11-20T14:00:00Z" data-local-time>' in page
    assert "The author was given one or more of these products." in page
    assert "night-lamp" in page
    assert 'name="refresh"' not in page
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page
    assert "youtube" not in page
    assert "Lamps by night" in client.get("/live").text
    assert f'href="{url}"' in client.get("/@hana").text

    assert host.turn("begin").status_code == 303
    page = client.get(url).text
    assert '<span class="live-on">Live now</span>' in page
    assert "The host is not showing a product at the moment." in page
    # The player is another site's: nothing of it is loaded before it is asked for.
    assert "<iframe" not in page
    playing = client.get(url + "/play")
    assert 'src="https://www.youtube-nocookie.com/embed/abcdefghijk?autoplay=1"' in playing.text
    assert "https://www.youtube-nocookie.com" in playing.headers["Content-Security-Policy"]
    assert playing.headers["Cache-Control"] == "private, no-store"

    host.clock.advance(timedelta(seconds=83))
    assert host.queue("pin", card=cards["night-lamp"]).status_code == 303
    page = client.get(url).text
    pinned = page[page.index("data-pinned") : page.index('id="queue"')]
    assert "My night-lamp" in pinned
    assert "$19.99" in pinned
    queued = page[page.index('id="queue"') :]
    assert "My steel-kettle" in queued
    assert "My night-lamp" not in queued
    alone = client.get(url + "/cards").text
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in alone
    assert "My night-lamp" in alone
    assert '<meta name="robots" content="noindex, follow">' in alone

    assert host.turn("end").status_code == 303
    page = client.get(url).text
    assert ">Over</span>" in page.replace("</svg>", "</svg>")
    assert "data-events" not in page
    assert "data-pinned" not in page
    assert host.turn("replay").status_code == 303
    assert f'href="{url}"' not in client.get("/@hana").text
    page = client.get(url).text
    assert 'data-second="83"' in page
    assert "1:23" in page


def test_a_replay_of_an_own_video_leads_to_its_times(
    host: Host, cards: dict[str, str], client: FlaskClient, session: Session
) -> None:
    with unit_of_work(session):
        owner = session.scalar(select(LiveSession.host_id))
        session.add(
            Asset(
                key="0123456789abcdef",
                owner_id=owner,
                kind="video",
                form="mp4",
                width=1,
                height=1,
                widths=[],
                digest="",
                created_at=host.clock.now(),
            )
        )
    words = {"title": "Lamps", "lang": "zh", "relation": "own", "stream": "", "video": "0123456789abcdef"}
    later = (host.clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    assert host.send(f"/studio/live/{host.key}", **words, starts_at=later, zone="UTC").status_code == 303
    host.turn("begin")
    host.turn("end")
    assert host.queue("moment", card=cards["steel-kettle"], second="1:02:03").status_code == 303
    host.turn("replay")
    page = client.get(f"/live/{host.key}").text
    assert '<article lang="zh-Hans"' in page
    assert 'href="/media/01/0123456789abcdef.mp4#t=3723" data-seek="3723">1:02:03</a>' in page
    assert '<video controls playsinline preload="metadata" src="/media/01/0123456789abcdef.mp4"' in page
    # It plays there, so the library keeps it.
    text = host.client.get("/studio/media/0123456789abcdef").text
    assert "Live session: Lamps" in text
    assert "Delete for good" not in text
    assert host.send("/studio/media/0123456789abcdef/delete").status_code == 409
    assert host.queue("forget", card=cards["steel-kettle"], second="3723").status_code == 303
    assert "data-seek" not in client.get(f"/live/{host.key}").text


class TestTheHostsClock:
    """A host chooses and reads times by their own clock; readers are told universal time, or their own by script."""

    def test_a_time_is_that_of_the_zone_which_is_remembered(
        self, host: Host, client: FlaskClient, session: Session
    ) -> None:
        assert host.announce(starts_at="2026-11-21T09:30", zone="Asia / Shanghai").status_code == 303
        page = host.client.get(f"/studio/live/{host.key}").text
        assert "<span>Sat 21 Nov 2026, 09:30 (Asia / Shanghai)</span>" in page
        assert 'value="2026-11-21T09:30"' in page
        assert 'datetime="2026-11-21T01:30:00Z"' in client.get(f"/live/{host.key}").text
        assert "Sat 21 Nov 2026, 09:30 (Asia / Shanghai)" in host.client.get("/studio/live").text
        assert session.scalar(select(User.timezone).where(User.handle == "hana")) == "Asia/Shanghai"
        session.rollback()
        page = host.client.get("/studio/live/new").text
        assert 'value="Asia / Shanghai"' in page
        assert 'value="2026-11-21T20:00"' in page  # noon of the 20th, universal, is eight in the evening there

    def test_an_hour_that_clocks_skip_is_refused_and_one_that_comes_twice_is_told(self, host: Host) -> None:
        skipped = host.announce(starts_at="2027-03-28T02:30", zone="Europe / Berlin")
        assert skipped.status_code == 422
        assert "There is no 02:30 on that day in Europe/Berlin: clocks are set forward." in skipped.text
        assert host.announce(starts_at="2027-10-31T02:30", zone="Berlin").status_code == 303
        assert "this time comes twice" in host.client.get(f"/studio/live/{host.key}").text

    def test_a_zone_that_is_none_is_refused(self, host: Host) -> None:
        refused = host.announce(zone="Middle / Earth")
        assert refused.status_code == 422
        assert "Choose your time zone." in refused.text
        assert 'value="Middle / Earth"' in refused.text

    def test_what_has_begun_keeps_its_hour_and_the_host_their_zone(self, host: Host, session: Session) -> None:
        host.announce(starts_at="2026-11-20T23:00", zone="Asia/Shanghai")
        host.turn("begin")
        words = {"title": "Other words", "lang": "en", "relation": "none", "stream": STREAM}
        assert host.send(f"/studio/live/{host.key}", **words).status_code == 303
        assert session.scalar(select(User.timezone).where(User.handle == "hana")) == "Asia/Shanghai"
        assert session.scalar(select(LiveSession.title).where(LiveSession.key == host.key)) == "Other words"


class TestWhereItIsFound:
    """What is live or announced stands on the home page, above search results and in the sitemap."""

    def test_on_the_home_page_as_long_as_it_is_to_come(
        self, host: Host, cards: dict[str, str], client: FlaskClient, statements: Any
    ) -> None:
        row = f'<a href="/live/{host.key}" lang="en">Lamps by night</a>'
        page = client.get("/").text
        assert row in page
        assert ">Announced</span>" in page
        with statements() as seen:
            assert client.get("/").text == page
        assert not seen

        host.turn("begin")
        assert '<span class="live-on">Live now</span>' in client.get("/").text
        host.turn("end")
        assert row not in client.get("/").text

    def test_one_that_nobody_began_goes_by_itself(
        self, host: Host, client: FlaskClient, clock: FixedClock, session: Session
    ) -> None:
        assert "Lamps by night" in client.get("/").text
        clock.advance(timedelta(hours=5, seconds=1))
        assert "Lamps by night" not in client.get("/").text

    @pytest.mark.parametrize("words", ["lamps", "NIGHT lamps", "hana", "steel kettle", "lamps kettle"])
    def test_in_search_by_its_words_its_host_and_its_products(
        self, host: Host, cards: dict[str, str], client: FlaskClient, words: str
    ) -> None:
        assert f'<a href="/live/{host.key}"' in client.get("/search", query_string={"q": words}).text

    @pytest.mark.parametrize("query", [{"q": "chair"}, {"q": "lamps chair"}, {"q": ""}, {"q": "lamps", "kind": "list"}])
    def test_not_where_it_does_not_fit(
        self, host: Host, cards: dict[str, str], client: FlaskClient, query: dict[str, str]
    ) -> None:
        assert f'<a href="/live/{host.key}"' not in client.get("/search", query_string=query).text

    def test_in_the_sitemap_until_it_is_over_and_again_as_a_replay(self, host: Host, client: FlaskClient) -> None:
        def listed() -> bool:
            return f"/live/{host.key}</loc>" in client.get("/sitemap.xml").text

        found = [listed()]
        for turn in ("begin", "end", "replay"):
            assert host.turn(turn).status_code == 303
            found.append(listed())
        assert found == [True, True, False, True]

    def test_a_blocked_host_is_nowhere(self, host: Host, client: FlaskClient, session: Session) -> None:
        assert "Lamps by night" in client.get("/").text
        with unit_of_work(session):
            session.execute(update(User).where(User.handle == "hana").values(blocked=True))
        for path in ("/", "/live", "/search?q=lamps", "/sitemap.xml"):
            answer = client.get(path).text
            assert "Lamps by night" not in answer
            assert host.key not in answer


class TestWhatTheHostEarns:
    """A card of a session leads out, and is bought from, in its host's name."""

    def test_a_click_is_the_hosts(
        self,
        host: Host,
        cards: dict[str, str],
        client: FlaskClient,
        app: Flask,
        session: Session,
        settings: Settings,
        clock: FixedClock,
    ) -> None:
        key = cards["steel-kettle"]
        assert f'href="/go/{key}"' in client.get(f"/live/{host.key}").text
        answers = [client.get(f"/go/{key}", headers=BROWSER) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert f"subid={key}" in answers[0].headers["Location"]
        assert host.client.get(f"/go/{key}", headers=BROWSER).status_code == 302  # one's own clicks do not count
        with unit_of_work(session):
            spool.drain(session, settings.spool_dir, now=clock.now())
        (click,) = session.scalars(select(Click)).all()
        owner = session.scalar(select(User.key).where(User.handle == "hana"))
        assert (click.card_key, click.post_key, click.creator_key) == (key, "", owner)
        session.rollback()

        assert host.queue("remove", card=key).status_code == 303
        assert client.get(f"/go/{key}", headers=BROWSER).status_code == 404

    def test_what_is_put_into_the_cart_names_the_session(
        self, host: Host, cards: dict[str, str], client: FlaskClient, session: Session
    ) -> None:
        key = cards["night-lamp"]
        assert f'name="card" value="{key}"' in client.get(f"/live/{host.key}").text
        assert add(client, card=key).json == {"cart": 1, "message": "“Night Lamp” is in your cart."}
        assert session.scalars(select(CartLine.card_key)).all() == [key]
        session.rollback()
        page = client.get("/cart").text
        assert f'from <a href="/live/{host.key}">Lamps by night</a>' in page
        assert "by Hana Host" in text_of(page)

    def test_a_blocked_host_earns_nothing(
        self, host: Host, cards: dict[str, str], client: FlaskClient, session: Session
    ) -> None:
        client.get(f"/live/{host.key}")
        with unit_of_work(session):
            session.execute(update(User).where(User.handle == "hana").values(blocked=True))
        assert client.get(f"/live/{host.key}").status_code == 404
        assert client.get(f"/go/{cards['steel-kettle']}", headers=BROWSER).status_code == 404


def test_a_page_costs_the_same_however_long_the_queue_is(
    host: Host, cards: dict[str, str], app: Flask, make: Factory, statements: Any, client: FlaskClient
) -> None:
    def count() -> int:
        with statements() as seen:
            assert client.get(f"/live/{host.key}/cards?x=1").status_code == 200
        return len(seen)

    few = count()
    for _ in range(10):
        assert host.queue("add", product=make.product(own={"USD": 100}, stock=1).slug).status_code == 303
    assert count() == few <= 7


def test_a_kept_page_is_never_stale(host: Host, cards: dict[str, str], client: FlaskClient, statements: Any) -> None:
    host.turn("begin")
    url = f"/live/{host.key}"
    client.get(url)
    with statements() as seen:
        client.get(url)
    assert seen == []
    host.queue("pin", card=cards["steel-kettle"])
    page = client.get(url).text
    assert "My steel-kettle" in page[page.index("data-pinned") : page.index('id="queue"')]


def test_the_line_ends_at_once_and_tells_when_to_come_back(host: Host, client: FlaskClient) -> None:
    url = f"/live/{host.key}/events"
    answer = client.get(url)
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.text == "retry: 2000\n\nid: 1\nevent: version\ndata: 1\n\n"
    host.turn("begin")
    assert client.get(url).text.endswith("data: 2\n\n")
    assert host.client.get(url).headers["Cache-Control"] == "private, no-store"
    assert client.get("/live/nothing/events").status_code == 404


@pytest.fixture
def seated(app: Flask) -> Flask:
    """The site with two places for browsers that stay connected."""
    known = app.extensions["contentshop"]
    app.extensions["contentshop"] = replace(known, settings=replace(known.settings, live_streams=2))
    return app


class Listener(threading.Thread):
    """A browser on the line, in a thread of its own; stops after ``most`` events."""

    def __init__(self, app: Flask, url: str, most: int) -> None:
        super().__init__(daemon=True)
        self._app, self._url, self._most = app, url, most
        self.events: list[str] = []
        self.connected = threading.Event()

    def run(self) -> None:
        answer = self._app.test_client().get(self._url, buffered=False)
        for piece in answer.response:
            text = piece.decode() if isinstance(piece, bytes) else piece
            if text.startswith("id:"):
                self.events.append(text.split("data: ")[1].strip())
                self.connected.set()
            if len(self.events) == self._most:
                break
        answer.close()


def test_two_browsers_stay_connected_and_the_third_comes_back_later(seated: Flask, host: Host) -> None:
    url = f"/live/{host.key}/events"
    listeners = [Listener(seated, url, 3) for _ in range(2)]
    for listener in listeners:
        listener.start()
        assert listener.connected.wait(20)
    third = seated.test_client().get(url)
    assert third.text == "retry: 2000\n\nid: 1\nevent: version\ndata: 1\n\n"
    # Pages are answered while both are connected.
    assert seated.test_client().get(f"/live/{host.key}").status_code == 200
    host.turn("begin")
    until = time.monotonic() + 20
    while any("2" not in listener.events for listener in listeners) and time.monotonic() < until:
        time.sleep(0.02)
    host.turn("end")
    for listener in listeners:
        listener.join(20)
        assert listener.events == ["1", "2", "3"]
    # Both places are free again.
    seats = seated.extensions["contentshop.live_seats"]
    assert [seats.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_a_browser_that_goes_away_frees_its_place(seated: Flask, host: Host) -> None:
    for _ in range(5):
        answer = seated.test_client().get(f"/live/{host.key}/events", buffered=False)
        next(iter(answer.response))
        answer.close()
    for _ in range(5):
        # Gone before the first word.
        seated.test_client().get(f"/live/{host.key}/events", buffered=False).close()
    seats = seated.extensions["contentshop.live_seats"]
    assert [seats.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_silence_is_broken_and_a_deleted_session_ends_the_line(app: Flask, host: Host, session: Session) -> None:
    left: list[bool] = []
    rhythm = Rhythm(look=0.01, heartbeat=0.0)
    pieces = connected(app, host.key, 1, lambda: left.append(True), rhythm)
    assert [next(pieces) for _ in range(2)] == ["id: 1\nevent: version\ndata: 1\n\n", ":\n\n"]
    with unit_of_work(session):
        session.execute(update(LiveSession).values(version=7))
    assert next(piece for piece in pieces if piece != ":\n\n") == "id: 7\nevent: version\ndata: 7\n\n"
    assert host.send(f"/studio/live/{host.key}/cancel").status_code == 303
    assert left == []
    assert [piece for piece in pieces if piece != ":\n\n"] == []
    assert left == [True]
    assert list(connected(app, host.key, 1, lambda: left.append(True), Rhythm(look=0.01))) == [
        "id: 1\nevent: version\ndata: 1\n\n"
    ]


def test_nobody_stays_for_ever(app: Flask, host: Host) -> None:
    pieces = connected(app, host.key, 1, lambda: None, Rhythm(look=0.01, stay=0.05))
    assert list(pieces) == ["id: 1\nevent: version\ndata: 1\n\n"]


def test_what_is_wrong_is_told_in_place(host: Host, cards: dict[str, str]) -> None:
    answer = host.announce(title="x" * 10_000, stream="https://evil.example/x", starts_at="2020-01-01T00:00")
    assert answer.status_code == 422
    for sentence in (
        "Use at most 200 characters (now 10000).",
        "This is not the address of a video at a site that we can show.",
        "This time is over. Choose one that lies ahead.",
    ):
        assert sentence in answer.text
    key = host.key
    assert host.queue("add", product="nothing").status_code == 422
    assert host.queue("add", product="night-lamp").status_code == 409
    assert host.queue("pin", card=cards["night-lamp"]).status_code == 409
    assert host.queue("moment", card=cards["night-lamp"], second="soon").status_code == 422
    assert host.queue("dance").status_code == 422
    assert host.queue("up", card="nothing").status_code == 404
    assert host.turn("dance").status_code == 422
    assert host.turn("end").status_code == 409
    assert host.turn("replay").status_code == 409
    page = host.client.get(f"/studio/live/{key}?q=lamp").text
    assert 'name="product" value="night-lamp"' in page


def test_others_find_no_session_of_the_host(
    host: Host, app: Flask, make: Factory, sign_in: SignIn, client: FlaskClient, session: Session
) -> None:
    other = sign_in(app.test_client(), make.user("creator"))
    token = csrf_of(other, "/studio/live/new")
    for path in ("", "/state", "/cancel", "/queue"):
        answer = other.post(f"/studio/live/{host.key}{path}", data={"csrf_token": token, "do": "begin"})
        assert answer.status_code == 404
    assert other.get(f"/studio/live/{host.key}").status_code == 404
    assert client.get(f"/studio/live/{host.key}").status_code == 302
    editor = sign_in(app.test_client(), make.user("editor"))
    token = csrf_of(editor, "/studio/live/new")
    assert editor.get(f"/studio/live/{host.key}").status_code == 200
    for path, values in (("", {"title": "x"}), ("/queue", {"do": "unpin"}), ("/state", {"do": "begin"})):
        answer = editor.post(f"/studio/live/{host.key}{path}", data={"csrf_token": token, **values})
        assert answer.status_code == 403
    assert session.scalars(select(LiveSession.state)).all() == ["scheduled"]


def test_hostile_words_stay_words(host: Host, client: FlaskClient, make: Factory) -> None:
    hostile = "\"><script>alert(1)</script>{{ 'no'*9 }}"
    assert host.announce(title=hostile, summary=hostile).status_code == 303
    make.product("lamp", title=hostile)
    host.queue("add", product="lamp", note=hostile)
    for page in (
        client.get("/live"),
        client.get(f"/live/{host.key}"),
        client.get(f"/live/{host.key}/cards"),
        host.client.get("/studio/live"),
        host.client.get(f"/studio/live/{host.key}?q={hostile}"),
    ):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "no" * 9 not in page.text
    assert client.get("/live/..%2f..%2fetc").status_code == 404
    assert client.get("/live/" + "x" * 5000).status_code == 404
