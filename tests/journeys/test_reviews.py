"""A buyer reviews what arrived, with a photo; a reader sees it and finds it helpful; the shop answers; an editor hides
it when it is reported."""

from __future__ import annotations

from playwright.sync_api import expect

from contentshop.core.db import db
from contentshop.products.models import Product
from tests.journeys.conftest import Visit
from tests.journeys.stage import LAMP, Stage, new_word
from tests.journeys.test_talk import keep_picture
from tests.live.site import LiveSite
from tests.received import photo, received


def test_from_the_parcel_to_the_product_page_and_away_again(visit: Visit, stage: Stage, site: LiveSite) -> None:
    word, product = new_word(), f"/products/{LAMP}"
    with site.app.app_context():
        lamp = db.session.query(Product).filter_by(slug=LAMP).one()
        db.session.expunge(lamp)
    received(site.make, stage.reader, lamp)

    buyer = visit(stage.reader, width=390).page
    buyer.goto("/account")
    buyer.get_by_role("link", name="Your reviews").first.click()
    buyer.get_by_role("link", name="Write a review").first.click()
    buyer.get_by_role("button", name="Publish review").scroll_into_view_if_needed()
    keep_picture(buyer, "review-write-390")
    buyer.get_by_role("radio", name="4").check()
    buyer.fill("[name=title]", "Warm light")
    buyer.fill("[name=text]", f"It hums like a {word}.\nStill good.")
    buyer.set_input_files("[name=photos]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo().getvalue()})
    buyer.get_by_role("button", name="Publish review").click()
    review = buyer.locator(".review", has_text=word)
    expect(review).to_be_visible()
    expect(review.locator(".review-photos img")).to_have_count(1)
    keep_picture(buyer, "review-390")

    visitor = visit(width=1280).page
    visitor.goto(product)
    expect(visitor.locator(".review", has_text=word)).to_be_visible()
    expect(visitor.locator(".product-rating")).to_contain_text("4.0")
    keep_picture(visitor, "review-1280")

    reader = visit(stage.creator).page
    reader.goto(product)
    reader.locator(".review", has_text=word).get_by_role("button", name="Helpful").click()
    expect(reader.locator(".review", has_text=word).get_by_role("button", name="Helpful (1)")).to_be_visible()

    support = visit(site.make.user("support")).page
    support.goto("/desk/reviews")
    waiting = support.locator(".review", has_text=word)
    waiting.get_by_label("Answer of the shop").fill("We found the loose screw.")
    waiting.get_by_role("button", name="Answer").click()
    visitor.goto(product)
    expect(visitor.locator(".review-reply")).to_contain_text("We found the loose screw.")

    reader.locator(".review", has_text=word).get_by_role("link", name="Report").click()
    reader.select_option("[name=reason]", "wrong")
    reader.get_by_role("button", name="Report").click()
    expect(reader.locator(".review", has_text=word)).to_be_visible()

    editor = visit(stage.editor).page
    editor.goto("/desk/reports")
    reported = editor.locator("article", has_text=word)
    reported.get_by_label("Why it is hidden").fill("Gives away an address")
    reported.get_by_role("button", name="Hide").click()
    expect(editor.locator("article", has_text=word).get_by_role("button", name="Show again")).to_be_visible()
    visitor.goto(product)
    expect(visitor.get_by_text("Nobody has reviewed it yet.")).to_be_visible()
    expect(visitor.locator(".product-rating")).to_have_count(0)
    buyer.goto("/account/reviews")
    expect(buyer.get_by_text("Gives away an address")).to_be_visible()
