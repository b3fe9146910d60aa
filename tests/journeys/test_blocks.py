"""Pictures with products on them, players and comparisons in a real browser: by hand, by keyboard, without script."""

from __future__ import annotations

import wave
from io import BytesIO

import pytest
from playwright.sync_api import Page, Route, expect

from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.media import actions as media
from contentshop.posts import actions as posts
from contentshop.posts.inputs import PostInput
from contentshop.web.session import engines
from tests.journeys.conftest import Visit, Watch
from tests.journeys.stage import ELSEWHERE, LAMP, SOLD_OUT, STOCK, Stage
from tests.journeys.test_accessibility import obstacles
from tests.live.site import LiveSite
from tests.rooms.media.pictures import picture

PLAYER = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"

SOURCE = f"""What may stand between two paragraphs.[^1]

::toc

:::tip
Take it **along**.
:::

:::warning[Before you buy]
- Look twice
:::

## On the desk

:::picture[PICTURE]{{alt="A desk" caption="Tap a number"}}
@ 20 30 {STOCK} the quiet one
@ 80 70 {ELSEWHERE}
@ 0 100 {LAMP}
:::

:::gallery{{caption="Twice"}}
::picture[PICTURE]{{alt="Once"}}
::picture[PICTURE]{{alt="Again" caption="The same"}}
::picture[PICTURE]{{alt="And again"}}
:::

## Listen

:::audio[SOUND]{{caption="Ten seconds"}}
@ 0:00 Beginning
@ 0:04 {STOCK} The quiet part
:::

::embed[https://youtu.be/dQw4w9WgXcQ]{{caption="Elsewhere"}}

## Side by side

::compare[{STOCK}, {ELSEWHERE}, {SOLD_OUT}]{{attributes="Weight, Battery life" best="{STOCK}"}}

:::item[{LAMP}]{{award="Best light" note="Warm." relation="lent"}}
+ warm
- short cable
* Light: 4.5
* Build quality: 4

:::toggle[How we measured]
With a meter.
:::
:::

:::rejected[{SOLD_OUT}]
Nowhere to be had.
:::

[^1]: Like this one.
"""


def silence() -> bytes:
    """Ten seconds of it, as a WAV file."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 80_000)
    return file.getvalue()


@pytest.fixture(scope="module")
def guide(site: LiveSite, stage: Stage) -> str:
    """The address of an article with every block."""
    with site.app.app_context(), unit_of_work(db.session):
        session, storage, now = db.session, engines().storage, engines().clock.now()
        creator = session.merge(stage.creator)
        shot = media.store_picture(
            session, storage, picture("JPEG", (1200, 800), colour=(90, 120, 60)), owner=creator, now=now
        )
        prepared = media.prepare(BytesIO(silence()), "silence.wav", most=1_000_000)
        sound = media.store(session, prepared, media.keep_files(storage, prepared), owner=creator, now=now)
        source = SOURCE.replace("PICTURE", shot.key).replace("SOUND", sound.key)
        form = PostInput.parse(
            kind="article",
            title="Every kind of block",
            source=source,
            tested_from="2026-05-01",
            owned_since="2025-01-01",
        )
        post = posts.create_draft(session, form, by=creator, now=now)
        posts.publish(session, post, by=creator, now=now)
        return f"/p/{post.slug}"


def at(page: Page) -> float:
    """Where the recording is, in seconds."""
    return float(page.locator("audio").evaluate("audio => audio.currentTime"))


def test_everybody_can_use_every_block(visit: Visit, watch: Watch, guide: str) -> None:
    page = visit().page
    page.goto(guide)
    assert obstacles(page) == []


def test_a_title_of_one_short_line_is_a_target_too(visit: Visit, watch: Watch, stage: Stage, guide: str) -> None:
    page = visit().page
    page.goto(f"/@{stage.creator.handle}")
    expect(page.locator(f".tile-title a[href='{guide}']")).to_be_visible()
    assert obstacles(page) == []


@pytest.mark.parametrize("width", [320, 720, 1280])
def test_spots_lie_where_the_author_put_them(visit: Visit, watch: Watch, guide: str, width: int) -> None:
    page = visit(width=width).page
    page.goto(guide)
    image = page.locator(".shot-frame img").bounding_box()
    spots = [spot.bounding_box() for spot in page.locator(".spot").all()]
    assert image is not None
    places = [
        (
            round((box["x"] + box["width"] / 2 - image["x"]) / image["width"] * 100),
            round((box["y"] + box["height"] / 2 - image["y"]) / image["height"] * 100),
        )
        for box in spots
        if box is not None
    ]
    assert places == [(20, 30), (80, 70), (0, 100)]
    touch = page.locator(".spot-touch").first.bounding_box()
    assert touch is not None
    assert (touch["width"], touch["height"]) == (44, 44)


def test_a_spot_leads_to_its_product_by_keyboard(visit: Visit, watch: Watch, guide: str) -> None:
    page = visit(width=390).page
    page.goto(guide)
    page.locator(".shot-map a").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#picture-1-2")
    expect(page.locator("#picture-1-2")).to_be_in_viewport()


def test_a_chapter_moves_the_recording(visit: Visit, watch: Watch, guide: str) -> None:
    page = visit(width=390).page
    page.goto(guide)
    page.locator("[data-seek='4']").click()
    page.wait_for_function("document.querySelector('audio').currentTime >= 4")
    assert 4 <= at(page) < 10
    expect(page.locator("[data-seek='4']")).to_have_attribute("aria-current", "true")
    assert page.url.endswith(guide)


def test_nothing_of_another_site_is_asked_for_before_the_reader_does(visit: Visit, watch: Watch, guide: str) -> None:
    person = visit(width=390)
    page = person.page

    def stand_in(route: Route) -> None:
        route.fulfill(content_type="text/html", body="<title>Player</title><p>playing</p>")

    person.context.route("https://www.youtube-nocookie.com/**", stand_in)
    page.goto(guide)
    page.locator(".embed").scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert watch.foreign == []
    assert page.locator("iframe").count() == 0

    page.get_by_role("button", name="Play here").click()

    expect(page.frame_locator("iframe").locator("p")).to_have_text("playing")
    assert page.locator("iframe").get_attribute("src") == PLAYER
    assert watch.foreign == [PLAYER]
    watch.foreign.clear()


def test_without_script_everything_is_there(visit: Visit, watch: Watch, guide: str) -> None:
    page = visit(width=390, script=False).page
    page.goto(guide)
    expect(page.get_by_role("link", name="Watch at YouTube")).to_be_visible()
    expect(page.get_by_role("button", name="Play here")).to_be_hidden()
    assert page.locator(".chapter").nth(1).get_attribute("href", timeout=1000) is not None
    page.locator("summary", has_text="How we measured").click()
    expect(page.get_by_text("With a meter.")).to_be_visible()


def test_on_paper_nothing_is_cut_off(visit: Visit, watch: Watch, guide: str) -> None:
    page = visit(width=720).page
    page.goto(guide)
    page.emulate_media(media="print")
    expect(page.locator(".shot-map")).to_be_hidden()
    cut = page.locator(".compare-scroll").evaluate("box => getComputedStyle(box).overflowX")
    assert cut == "visible"
