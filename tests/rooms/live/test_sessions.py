"""A session from its announcement to its replay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.live import actions, queries
from contentshop.live.inputs import MAX_CARDS, SessionInput
from contentshop.live.models import LiveCard, LiveMoment, LiveSession
from contentshop.live.policy import can_end, can_host
from contentshop.media.models import Asset
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
STREAM = "https://www.youtube.com/watch?v=abcdefghijk"


def form(clock: FixedClock, **values: Any) -> SessionInput:
    later = (clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    return SessionInput.parse(**({"title": "Lamps", "starts_at": later, "now": clock.now(), "stream": STREAM} | values))


@pytest.fixture
def host(make: Factory) -> User:
    return make.user("creator", name="Hana Host", handle="hana")


@pytest.fixture
def live(session: Session, unit: Unit, clock: FixedClock, host: User) -> LiveSession:
    with unit():
        return actions.schedule(session, form(clock), by=session.merge(host), now=clock.now())


class Stage:
    """Does one action after another, each in a unit of its own."""

    def __init__(self, session: Session, unit: Unit, clock: FixedClock, live: LiveSession, host: User) -> None:
        self.session, self.unit, self.clock, self.live, self.host = session, unit, clock, live, host

    def do(self, action: Callable[..., Any], *values: Any, **named: Any) -> Any:
        with self.unit():
            return action(self.session, self.live, *values, by=named.pop("by", self.host), **named)

    def seen(self) -> queries.Session:
        self.session.rollback()
        return queries.get_session(self.session, self.live.key)

    def add(self, *products: Any) -> list[str]:
        return [self.do(actions.add_card, product.id, note="").key for product in products]

    def begin(self) -> None:
        self.do(actions.begin, now=self.clock.now())


@pytest.fixture
def stage(session: Session, unit: Unit, clock: FixedClock, live: LiveSession, host: User) -> Stage:
    return Stage(session, unit, clock, live, host)


def test_a_session_goes_from_announced_to_replay_with_its_cards_at_their_times(stage: Stage, make: Factory) -> None:
    lamp, kettle = stage.add(make.product("lamp"), make.product("kettle"))
    stage.begin()
    began = stage.clock.now()
    versions = [stage.seen().version]
    for step, card in ((65, lamp), (30, kettle), (5, lamp)):
        stage.clock.advance(timedelta(seconds=step))
        stage.do(actions.pin, card, now=stage.clock.now())
        found = stage.seen()
        assert [line.key for line in found.cards if line.pinned] == [card]
        versions.append(found.version)
    assert versions == sorted(set(versions))
    stage.do(actions.pin, "", now=stage.clock.now())
    assert not any(line.pinned for line in stage.seen().cards)
    stage.do(actions.pin, lamp, now=stage.clock.now())
    stage.clock.advance(timedelta(seconds=900))
    stage.do(actions.end, now=stage.clock.now())
    found = stage.seen()
    assert (found.state, found.began_at, found.ended_at) == ("ended", began, stage.clock.now())
    assert [(line.key, line.pinned, line.seconds) for line in found.cards] == [
        (lamp, False, (65, 100)),
        (kettle, False, (95,)),
    ]
    stage.do(actions.add_moment, kettle, 700)
    stage.do(actions.add_moment, kettle, 700)
    stage.do(actions.remove_moment, lamp, 65)
    stage.do(actions.offer_replay, shown=True)
    found = stage.seen()
    assert (found.state, [line.seconds for line in found.cards]) == ("replay", [(100,), (95, 700)])
    stage.do(actions.offer_replay, shown=False)
    assert stage.seen().state == "ended"


def test_the_order_of_states_is_kept(stage: Stage) -> None:
    now = stage.clock.now()
    for action, values in (
        (actions.end, {"now": now}),
        (actions.offer_replay, {"shown": True}),
        (actions.pin, {"card_key": "x", "now": now}),
    ):
        with pytest.raises(Conflict):
            stage.do(action, **values)
    stage.begin()
    stage.begin()
    assert stage.seen().began_at == now
    with pytest.raises(Conflict):
        stage.do(actions.cancel)
    stage.do(actions.end, now=now)
    stage.do(actions.end, now=now + timedelta(hours=1))
    assert stage.seen().ended_at == now
    with pytest.raises(Conflict):
        stage.begin()
    stage.do(actions.cancel)
    with pytest.raises(NotFound):
        stage.seen()


def test_nothing_begins_without_something_to_show(stage: Stage) -> None:
    stage.do(actions.change, form(stage.clock, stream=""))
    with pytest.raises(Invalid) as refused:
        stage.begin()
    assert list(refused.value.fields) == ["stream"]
    assert stage.seen().state == "scheduled"


def test_only_ones_own_video_can_be_shown(stage: Stage, session: Session, unit: Unit, make: Factory) -> None:
    def asset(owner: User, kind: str) -> str:
        with unit():
            made = Asset(
                key=f"{kind}{owner.id}",
                owner_id=owner.id,
                kind=kind,
                form="mp4",
                width=1,
                height=1,
                widths=[],
                digest="",
                created_at=stage.clock.now(),
            )
            session.add(made)
            return made.key

    stage.do(actions.change, form(stage.clock, stream="", video=asset(stage.host, "video")))
    found = stage.seen()
    assert (found.video, found.video_form) == (f"video{stage.host.id}", "mp4")
    assert queries.list_showing(session, stage.live.video_id or 0) == ["Lamps"]
    for key in (asset(make.user("creator"), "video"), asset(stage.host, "picture"), "nothing"):
        with pytest.raises(Invalid) as refused:
            stage.do(actions.change, form(stage.clock, video=key))
        assert list(refused.value.fields) == ["video"]


def test_the_queue_is_filled_moved_and_emptied(stage: Stage, make: Factory, session: Session) -> None:
    products = [make.product(name) for name in ("one", "two", "three")]
    one, two, three = stage.add(*products)

    def order() -> list[str]:
        return [line.key for line in stage.seen().cards]

    assert order() == [one, two, three]
    stage.do(actions.move_card, three, step=-1)
    assert order() == [one, three, two]
    stage.do(actions.move_card, one, step=-1)
    stage.do(actions.move_card, two, step=1)
    assert order() == [one, three, two]
    with pytest.raises(Conflict):
        stage.add(products[0])
    with pytest.raises(NotFound):
        stage.do(actions.move_card, "nothing", step=1)
    stage.begin()
    stage.do(actions.pin, one, now=stage.clock.now())
    stage.do(actions.remove_card, one)
    stage.do(actions.remove_card, one)
    assert order() == [three, two]
    assert session.scalars(select(LiveMoment)).all() == []


def test_a_queue_has_an_end(stage: Stage, make: Factory, session: Session, unit: Unit) -> None:
    product = make.product()
    others = [make.product() for _ in range(3)]
    with unit():
        session.add_all(
            LiveCard(key=f"c{n}", session_id=stage.live.id, product_id=make.product().id, position=n)
            for n in range(MAX_CARDS - 1)
        )
    stage.add(product)
    with pytest.raises(Invalid) as refused:
        stage.add(others[0])
    assert list(refused.value.fields) == ["product"]


def test_only_the_host_runs_it_and_editors_may_end_it(stage: Stage, make: Factory) -> None:
    other, editor, reader = make.user("creator"), make.user("editor"), make.user("reader")
    now = stage.clock.now()
    for person in (other, editor, reader):
        for action, values in (
            (actions.begin, {"now": now}),
            (actions.add_card, {"product_id": 1, "note": ""}),
            (actions.pin, {"card_key": "", "now": now}),
            (actions.change, {"form": form(stage.clock)}),
            (actions.offer_replay, {"shown": True}),
        ):
            with pytest.raises(Forbidden):
                stage.do(action, by=person, **values)
    stage.begin()
    with pytest.raises(Forbidden):
        stage.do(actions.end, by=other, now=now)
    stage.do(actions.end, by=editor, now=now)
    assert stage.seen().state == "ended"
    assert [can_host(person, stage.live) for person in (stage.host, other, editor, None)] == [True, False, False, False]
    assert [can_end(person, stage.live) for person in (stage.host, other, editor, None)] == [True, False, True, False]
    for person in (other, reader, None):
        with pytest.raises(NotFound):
            queries.get_for_host(stage.session, stage.live.key, person)


def test_what_is_announced_is_what_is_live_or_to_come(
    stage: Stage, session: Session, unit: Unit, make: Factory, clock: FixedClock
) -> None:
    with unit():
        session.add(
            LiveSession(
                key="sooner",
                host_id=stage.host.id,
                title="Sooner",
                starts_at=clock.now() + timedelta(hours=1),
                created_at=clock.now(),
            )
        )

    def announced(**values: Any) -> list[str]:
        session.rollback()
        return [entry.title for entry in queries.list_announced(session, now=clock.now(), **values)]

    assert announced() == ["Sooner", "Lamps"]
    stage.begin()
    assert announced() == ["Lamps", "Sooner"]
    assert announced(host_key=stage.host.key, limit=1) == ["Lamps"]
    assert announced(host_key=make.user("creator").key) == []
    clock.advance(timedelta(hours=5))
    assert announced() == ["Lamps"]
    assert [entry.title for entry in queries.list_by_host(session, stage.host.id)] == ["Lamps", "Sooner"]


def test_a_blocked_hosts_sessions_are_gone(stage: Stage, session: Session, unit: Unit, clock: FixedClock) -> None:
    with unit():
        host = session.get(User, stage.host.id)
        assert host is not None
        host.blocked = True
    assert queries.list_announced(session, now=clock.now()) == []
    with pytest.raises(NotFound):
        stage.seen()


def test_a_session_is_read_in_three_statements_however_long_its_queue(
    stage: Stage, make: Factory, statements: Any
) -> None:
    def count() -> int:
        with statements() as seen:
            stage.seen()
        return len(seen)

    stage.add(make.product("one"))
    few = count()
    stage.add(*(make.product() for _ in range(12)))
    assert (few, count()) == (3, 3)
    assert datetime(2026, 11, 20, 14, 0, tzinfo=UTC) == stage.seen().starts_at
