"""From a shop's page to a card, without a script; and the pages that nobody should wait for or believe."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import SHOP_HOST, Visit
from tests.journeys.stage import Stage, new_word
from tests.live.site import LiveSite
from tests.rooms.core.shop_server import Shop, bomb, dripping, endless, silent
from tests.rooms.media.pictures import picture

PASTE = "#paste"


def product_page(name: str, price: str = "48.00") -> str:
    told = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": name,
        "brand": {"@type": "Brand", "name": "Kiln"},
        "image": "/teapot.jpg",
        "offers": {
            "@type": "Offer",
            "price": price,
            "priceCurrency": "USD",
            "availability": "https://schema.org/InStock",
        },
    }
    return f"<title>{name}</title><script type='application/ld+json'>{json.dumps(told)}</script><h1>{name}</h1>"


def paste(page: Page, path: str) -> None:
    page.goto("/studio/products/new")
    page.fill(PASTE, f"https://{SHOP_HOST}{path}")
    page.get_by_role("button", name="Read the page").click()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_becomes_a_card_without_a_script(
    visit: Visit, site: LiveSite, stage: Stage, shop: Shop, width: int
) -> None:
    word = new_word()
    shop.page(f"/{word}", product_page(f"Teapot {word}"))
    shop.page("/teapot.jpg", picture("JPEG", (600, 600)), Content_Type="image/jpeg")
    page = visit(stage.creator, script=False, width=width).page
    paste(page, f"/{word}?utm_source=mail")
    expect(page.locator("#f-title")).to_have_value(f"Teapot {word}")
    expect(page.locator("#f-brand")).to_have_value("Kiln")
    expect(page.locator("#f-price")).to_have_value("48.00")
    expect(page.locator("#f-currency")).to_have_value("USD")
    expect(page.locator(".found-picture img")).to_be_visible()
    expect(page.locator(".found-sure").first).to_contain_text("from the shop’s product data")
    page.fill("#f-price", "45.50")
    page.get_by_role("button", name="Add the product").click()
    markup = page.locator(".found-markup code").inner_text()
    assert markup == f"::card[teapot-{word}]"
    expect(page.locator(".found-card .price")).to_have_text("$45.50")
    expect(page.locator("#lock-price")).to_be_checked()
    expect(page.locator("#lock-title")).not_to_be_checked()
    # The same page again is the same product.
    paste(page, f"/{word}?fbclid=1")
    expect(page.locator(".found-markup code")).to_have_text(markup)
    # In a published post, readers get a plain link, since nobody approved the shop yet.
    post = site.make.post(stage.creator, title=f"Tea {word}", source=f"Pour.\n\n{markup}\n")
    reader = visit(script=False).page
    reader.goto(f"/p/{post.slug}")
    link = reader.locator(f".card a[href='https://{SHOP_HOST}/{word}']")
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("rel", "ugc nofollow noopener")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("captcha", "The shop asks for proof that a person is looking"),
        ("wall", "The shop does not let us read this page."),
        ("private", "This address is not on the public web"),
        ("gigabyte", "The page is too large to be read."),
        ("bomb", "The page is too large to be read."),
        ("silent", "The site took too long to answer."),
        ("drips", "The site took too long to answer."),
        ("prices", "The page states several prices"),
    ],
)
def test_what_cannot_be_read_is_told_and_left_to_the_person(
    visit: Visit, stage: Stage, shop: Shop, kind: str, said: str
) -> None:
    word = new_word()
    match kind:
        case "captcha":
            shop.page(f"/{word}", "<title>Robot check</title><p>Type the captcha</p>")
        case "wall":
            shop.page(f"/{word}", "<title>Denied</title>", 403)
        case "private":
            shop.redirect(f"/{word}", "http://169.254.169.254/latest/meta-data/")
        case "gigabyte":
            shop.answers[f"/{word}"] = endless(shop)
        case "bomb":
            shop.page(f"/{word}", bomb(64), Content_Encoding="gzip")
        case "silent":
            shop.answers[f"/{word}"] = silent(shop)
        case "drips":
            shop.answers[f"/{word}"] = dripping(shop, headers=True)
        case "prices":
            shop.page(f"/{word}", product_page(word) + "<meta property='product:price:amount' content='9.00'>")
    page = visit(stage.creator, script=False).page
    paste(page, f"/{word}")
    expect(page.locator(".notice").first).to_contain_text(said)
    expect(page.locator("#f-price")).to_have_value("")
    page.fill("#f-title", f"By hand {word}")
    page.get_by_role("button", name="Add the product").click()
    expect(page.locator(".found-markup code")).to_have_text(f"::card[by-hand-{word}]")
    expect(page.locator(".found-card")).to_contain_text("Price not known")
