"""Sending pictures and videos: chosen, dropped, pasted; described, focused, deleted; with and without script."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit, Watch
from tests.journeys.stage import Stage
from tests.journeys.test_accessibility import obstacles
from tests.rooms.media.recordings import mp4

DROP = """([kind, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


def photo(shade: int, size: tuple[int, int] = (900, 600)) -> bytes:
    """A picture with something to see in its upper left corner."""
    image = Image.new("RGB", size, (shade, 120, 90))
    image.paste((250, 240, 200), (60, 60, 240, 240))
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def file(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def give(page: Page, kind: str, name: str, data: bytes) -> None:
    """Drop or paste a file on the page."""
    page.evaluate(DROP, [kind, name, "image/jpeg", base64.b64encode(data).decode()])


@pytest.mark.parametrize("script", [True, False])
def test_a_picture_is_sent_described_and_focused(visit: Visit, stage: Stage, script: bool) -> None:
    page = visit(stage.creator, script=script, width=390).page
    page.goto("/studio/media")
    page.set_input_files("#f-file", [file("bowl.jpg", photo(20 + script))])
    page.fill("#f-alt", "A bowl on a table")
    page.click("main form.upload button[type=submit]")
    page.wait_for_url("**/studio/media/*")
    expect(page.locator("h1")).to_have_text("A bowl on a table")
    # Pressing the picture sets the point of focus, with and without script.
    picked = page.locator(".focus-input")
    picked.click(position={"x": 36, "y": 32})
    expect(page.locator("[name=focus_x]")).to_have_value("15")
    expect(page.locator("[name=focus_y]")).to_have_value("20")
    expect(page.locator(".focus-crop-tall img")).to_have_css("object-position", "20% 20%")
    # The Enter key saves the words and leaves the point alone.
    page.fill("[name=alt]", "A bowl")
    page.press("[name=alt]", "Enter")
    expect(page.locator("h1")).to_have_text("A bowl")
    expect(page.locator("[name=focus_x]")).to_have_value("15")
    page.click("text=Delete for good")
    page.wait_for_url("**/studio/media")
    expect(page.locator("body")).to_contain_text("Deleted.")


def test_pictures_come_by_drop_and_paste_and_refusals_stand_beside_their_file(
    visit: Visit, stage: Stage, watch: Watch
) -> None:
    watch.expected.append("status of 422")
    page = visit(stage.creator).page
    page.goto("/studio/media")
    give(page, "drop", "script.jpg", b"<script>alert(1)</script>")
    line = page.locator(".upload-line").filter(has_text="script.jpg")
    expect(line.locator(".error")).to_have_text(
        "This is not a picture we can read. Send a JPEG, PNG, WebP or GIF file."
    )
    give(page, "paste", "pasted.jpg", photo(60))
    page.wait_for_url("**/studio/media/*")
    expect(page.locator(".medium-markup")).to_contain_text("::picture[")
    page.goto("/studio/media")
    page.set_input_files("#f-file", [file("one.jpg", photo(61)), file("walk.mp4", mp4()), file("bad.gif", b"GIF")])
    page.click("main form.upload button[type=submit]")
    expect(page.locator(".upload-line .error")).to_have_count(1)
    expect(page.locator(".upload-line a")).to_have_count(2)
    page.goto("/studio/media?kind=video")
    expect(page.locator(".medium")).to_have_count(1)


def test_the_library_is_open_to_everybody(visit: Visit, stage: Stage, watch: Watch) -> None:
    watch.expected.append("status of 422")
    for locale in ("en", "zh"):
        page = visit(stage.creator, locale=locale).page
        page.goto("/studio/media")
        page.set_input_files("#f-file", [file("tall.jpg", photo(90, (600, 900)))])
        page.click("main form.upload button[type=submit]")
        page.wait_for_url("**/studio/media/*")
        assert obstacles(page) == []
        page.goto("/studio/media")
        assert obstacles(page) == []
