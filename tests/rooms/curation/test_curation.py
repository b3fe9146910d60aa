"""Featured lists: what editors may do, what readers see and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.uow import unit_of_work
from contentshop.curation import actions, queries
from contentshop.curation.inputs import MAX_ITEMS, FeaturedListInput, SlotInput, slug_of
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot, Topic
from tests.factories import Factory


def form(*items: tuple[str, str, str], title: str = "Before you travel", lang: str = "en") -> FeaturedListInput:
    return FeaturedListInput.parse(title=title, intro="Read these.", lang=lang, items=items)


@pytest.fixture
def stage(make: Factory, session: Session, clock: FixedClock) -> Any:
    """An editor, a published post, a product, and a list with both."""

    class Stage:
        editor = make.user("editor")
        post = make.post(title="Quiet trains", slug="quiet-trains")
        product = make.product("lamp", own={"USD": 1999}, stock=3)

        def __init__(self) -> None:
            with unit_of_work(session):
                self.list = actions.create_list(
                    session,
                    form(("post", "quiet-trains", "Sleep well."), ("product", "/products/lamp?x=1", "Read on.")),
                    by=session.merge(self.editor),
                    now=clock.now(),
                )

    return Stage()


@pytest.mark.parametrize(
    ("ref", "slug"),
    [
        ("quiet-trains", "quiet-trains"),
        ("https://shop.example/p/quiet-trains/?a=b#c", "quiet-trains"),
        (" /products/lamp ", "lamp"),
        ("", ""),
    ],
)
def test_an_address_or_a_slug_names_a_thing(ref: str, slug: str) -> None:
    assert slug_of(ref) == slug


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"title": " "}, "title", "Give the list a title."),
        ({"title": "x" * 201}, "title", "Use at most 200 characters."),
        ({"intro": "x" * 501}, "intro", "Use at most 500 characters."),
        ({"lang": "fr"}, "lang", "Choose the language of the list."),
        ({"items": []}, "items", "Add at least one post or product."),
        ({"items": [("post", "", "why")]}, "items-0", "Name a post or a product."),
        ({"items": [("post", "a", "x" * 201)]}, "items-0", "Use at most 200 characters for the reason."),
        ({"items": [("post", "a", ""), ("post", "a", "")]}, "items-1", "“a” is in the list already."),
        ({"items": [("post", f"p{n}", "") for n in range(MAX_ITEMS + 1)]}, "items", "at most 50 items"),
    ],
)
def test_bad_lists_are_told_by_field(changes: dict[str, Any], field: str, told: str) -> None:
    values: dict[str, Any] = {"title": "T", "intro": "", "lang": "en", "items": [("post", "a", "")]}
    with pytest.raises(Invalid) as refusal:
        FeaturedListInput.parse(**(values | changes))
    assert list(refusal.value.fields) == [field]
    assert told in refusal.value.fields[field][0]


def test_a_list_mixes_posts_and_products_with_reasons(stage: Any, session: Session, clock: FixedClock) -> None:
    with unit_of_work(session):
        actions.place(
            session, session.merge(stage.list), SlotInput(0, clock.now(), None), by=stage.editor, now=clock.now()
        )
    (shown,) = queries.list_placed(session, "home", now=clock.now(), locale="en")
    assert (shown.title, shown.intro, shown.editor_name) == ("Before you travel", "Read these.", stage.editor.name)
    assert [(e.post_id, e.product_id, e.reason) for e in shown.entries] == [
        (stage.post.id, None, "Sleep well."),
        (None, stage.product.id, "Read on."),
    ]


def test_what_is_not_public_cannot_be_listed(make: Factory, session: Session, clock: FixedClock, stage: Any) -> None:
    make.post(title="Secret", slug="secret", published=False)
    make.product("hidden", status="archived")
    with pytest.raises(Invalid) as refusal, unit_of_work(session):
        actions.create_list(
            session,
            form(("post", "secret", ""), ("product", "hidden", ""), ("post", "quiet-trains", "")),
            by=stage.editor,
            now=clock.now(),
        )
    assert refusal.value.fields == {
        "items-0": ["There is no published post “secret”."],
        "items-1": ["There is no product “hidden”."],
    }
    assert session.scalar(select(func.count()).select_from(FeaturedList)) == 1


def test_what_is_taken_back_leaves_the_list(stage: Any, session: Session, clock: FixedClock) -> None:
    from contentshop.posts import actions as posts
    from contentshop.posts.models import Post

    with unit_of_work(session):
        actions.place(
            session, session.merge(stage.list), SlotInput(0, clock.now(), None), by=stage.editor, now=clock.now()
        )
        post = session.scalars(select(Post)).one()
        posts.unpublish(session, post, by=post.author, now=clock.now())
    (shown,) = queries.list_placed(session, "home", now=clock.now(), locale="en")
    assert [e.product_id for e in shown.entries] == [stage.product.id]


def test_a_slot_begins_and_ends_by_the_clock(stage: Any, session: Session, clock: FixedClock) -> None:
    starts, ends = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    with unit_of_work(session):
        actions.place(session, session.merge(stage.list), SlotInput(0, starts, ends), by=stage.editor, now=clock.now())
    second = timedelta(seconds=1)
    shown = {
        at: len(queries.list_placed(session, "home", now=at, locale="en"))
        for at in (starts - second, starts, ends - second, ends)
    }
    assert list(shown.values()) == [0, 1, 1, 0]
    assert queries.get_by_slug(session, stage.list.slug).title == "Before you travel", "its address lasts"


def test_a_list_that_was_never_placed_cannot_be_read(stage: Any, session: Session, clock: FixedClock) -> None:
    with pytest.raises(NotFound):
        queries.get_by_slug(session, stage.list.slug)
    with unit_of_work(session):
        featured = session.merge(stage.list)
        actions.place(session, featured, SlotInput(0, clock.now(), None), by=stage.editor, now=clock.now())
        actions.unplace(session, featured, by=stage.editor, now=clock.now())
    assert queries.list_placed(session, "home", now=clock.now(), locale="en") == []


def test_lists_in_the_readers_language_come_first(stage: Any, session: Session, clock: FixedClock) -> None:
    with unit_of_work(session):
        editor = session.merge(stage.editor)
        chinese = actions.create_list(
            session, form(("product", "lamp", "好"), title="出门之前", lang="zh"), by=editor, now=clock.now()
        )
        actions.place(session, session.merge(stage.list), SlotInput(1, clock.now(), None), by=editor, now=clock.now())
        actions.place(session, chinese, SlotInput(2, clock.now(), None), by=editor, now=clock.now())
    for locale, titles in (("en", ["Before you travel", "出门之前"]), ("zh", ["出门之前", "Before you travel"])):
        shown = queries.list_placed(session, "home", now=clock.now(), locale=locale)
        assert [featured.title for featured in shown] == titles


def test_two_editors_do_not_overwrite_each_other(stage: Any, session: Session, clock: FixedClock) -> None:
    with unit_of_work(session):
        featured = session.merge(stage.list)
        first = form(("product", "lamp", "One."), title="First")
        actions.change_list(session, featured, first, version=1, by=stage.editor, now=clock.now())
    second = form(("product", "lamp", "Two."), title="Second")
    with pytest.raises(Conflict), unit_of_work(session):
        actions.change_list(session, featured, second, version=1, by=stage.editor, now=clock.now())
    stored = session.scalars(select(FeaturedList)).one()
    assert (stored.title, stored.version) == ("First", 2)
    assert session.scalars(select(FeaturedItem.reason)).all() == ["One."]


def test_only_editors_curate(make: Factory, stage: Any, session: Session, clock: FixedClock) -> None:
    featured = session.merge(stage.list)
    for role in ("reader", "creator", "operator"):
        person = make.user(role)
        attempts: list[Any] = [
            lambda p=person: actions.create_list(session, form(("product", "lamp", "")), by=p, now=clock.now()),
            lambda p=person: actions.place(session, featured, SlotInput(0, clock.now(), None), by=p, now=clock.now()),
            lambda p=person: actions.unplace(session, featured, by=p, now=clock.now()),
            lambda p=person: actions.delete_list(session, featured, by=p, now=clock.now()),
        ]
        for attempt in attempts:
            with pytest.raises(Forbidden):
                attempt()


def test_deleting_a_list_removes_its_places(stage: Any, session: Session, clock: FixedClock) -> None:
    with unit_of_work(session):
        featured = session.merge(stage.list)
        actions.place(session, featured, SlotInput(0, clock.now(), None), by=stage.editor, now=clock.now())
        actions.delete_list(session, featured, by=stage.editor, now=clock.now())
    for table in (FeaturedList, FeaturedItem, Slot):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_slots_are_read_by_the_clocks_of_a_zone() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    slot = SlotInput.parse(position="3", starts="2026-11-27T09:00", ends="", now=now)
    assert slot == SlotInput(3, datetime(2026, 11, 27, 9, tzinfo=UTC), None)
    there = SlotInput.parse(position="3", starts="2026-11-27T09:00", ends="", now=now, zone="Asia/Shanghai")
    assert there.starts_at == datetime(2026, 11, 27, 1, tzinfo=UTC)
    assert SlotInput.parse(position="0", starts="", ends="", now=now).starts_at == now
    for values, field in (
        ({"starts": "tomorrow"}, "starts_at"),
        ({"ends": "2026-11-20T12:00"}, "ends_at"),
        ({"position": "-1"}, "position"),
    ):
        with pytest.raises(Invalid) as refusal:
            SlotInput.parse(**({"position": "0", "starts": "", "ends": "", "now": now} | values))
        assert list(refusal.value.fields) == [field]


def test_topics_speak_the_readers_language(session: Session) -> None:
    with unit_of_work(session):
        for _time in range(2):
            actions.ensure_topic(
                session, "audio", "Audio", intro="Sound.", translations={"zh": {"title": "音频", "intro": "声音。"}}
            )
    assert session.scalar(select(func.count()).select_from(Topic)) == 1
    assert queries.get_topic(session, "audio", "zh").title == "音频"
    assert queries.get_topic(session, "audio", "en").intro == "Sound."
    assert queries.list_nav_topics(session, "zh") == [("audio", "音频")]
    with pytest.raises(NotFound):
        queries.get_topic(session, "nothing", "en")
