"""The design system keeps its promises: sheets match their parts, contrast, weight, labels, every face rendered."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contentshop.web import styles
from contentshop.web.chrome import Chrome
from contentshop.web.samples import samples

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "contentshop" / "static"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COMPONENTS = sorted(path for path in (TEMPLATES / "components").glob("*.html") if path.stem != "gallery")
FRAMES = sorted([TEMPLATES / "base.html", *(TEMPLATES / "layouts").glob("*.html")])
READER_BUDGET = 16 * 1024  # bytes of CSS and JavaScript, compressed, of a reader's page

# Text colour, ground; both schemes must reach 4.5:1 (WCAG 2.2, 1.4.3).
TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent-ink") for ground in ("paper", "surface", "sunken")),
    *((state, ground) for state in ("good", "warn", "bad", "info") for ground in ("paper", "surface", f"{state}-wash")),
    *(("ink", f"{state}-wash") for state in ("good", "warn", "bad", "info", "accent")),
    ("accent-ink", "accent-wash"),
    *[("quiet", ground) for ground in ("paper", "surface", "sunken")],
    ("ink-3", "accent-wash"),
    ("ink-2", "info-wash"),
    ("ink-3", "frame"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("on-strong", "strong"),
    ("on-strong", "strong-deep"),
    ("ink", "mark"),
    ("ink-2", "mark"),
]
# Edges of controls and the focus ring: 3:1 (WCAG 2.2, 1.4.11).
EDGE_PAIRS = [(edge, ground) for edge in ("line-strong", "focus") for ground in ("paper", "surface", "sunken")]


def _chrome(signed_in: bool) -> Any:
    user: Any = SimpleNamespace(name="Mara <b>", handle="mara", role="editor") if signed_in else None
    return Chrome(
        site_name="contentshop",
        site_url="https://contentshop.example",
        locale="en",
        lang_tag="en",
        user=user,
        path="/dev/components",
        form_page="",
        query='a "quoted" word',
        region="US",
        currency="USD",
        regions=(("US", "United States"), ("CN", "China")),
        currencies=("USD", "CNY"),
        nav_topics=(("audio", "Headphones"),),
        can_write=signed_in,
        can_edit=signed_in,
        can_operate=signed_in,
        has_desk=False,
        unread=3,
    )


def _environment(signed_in: bool = False) -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(
        money=lambda value, starts=False: ("from " if starts else "") + value.format("en"),
        ago=lambda value: "2 hours ago",
        day=lambda value: value.strftime("%d %b %Y"),
        iso=lambda value: value.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    env.globals.update(
        static_url=lambda name: f"/static/{name}",
        kept=lambda component, thing, **options: component(thing, **options),
        csrf_token=lambda: "token",
        get_flashed_messages=lambda with_categories: [("error", "A message")],
        chrome=_chrome(signed_in),
        desk_rooms=lambda: [("Overview", "/desk", "desk")],
        desk_room=lambda path: path,
    )
    return env


def _card_html(card: Any, macro: str = "product_card", file: str = "card") -> str:
    module: Any = _environment().get_template(f"components/{file}.html").module
    return str(getattr(module, macro)(card))


def _tokens() -> dict[str, dict[str, str]]:
    css = (STATIC / "css" / "parts" / "tokens.css").read_text("utf-8")
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)")
    first = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return {"light": first, "dark": first | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))}


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrast(scheme: str) -> None:
    tokens = _tokens()[scheme]
    low = {pair: round(ratio, 2) for pair in TEXT_PAIRS if (ratio := _contrast(tokens[pair[0]], tokens[pair[1]])) < 4.5}
    assert low == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edge_contrast(scheme: str) -> None:
    tokens = _tokens()[scheme]
    assert [pair for pair in EDGE_PAIRS if _contrast(tokens[pair[0]], tokens[pair[1]]) < 3] == []


@pytest.mark.parametrize("sheet", styles.SHEETS)
def test_sheet_is_joined_from_its_parts(sheet: str) -> None:
    assert (styles.CSS / sheet).read_text("utf-8") == styles.joined(sheet)


def test_every_part_belongs_to_one_sheet() -> None:
    used = [part for parts in styles.SHEETS.values() for part in parts]
    assert sorted(used) == sorted(path.stem for path in (styles.CSS / "parts").glob("*.css"))


def test_minify_keeps_strings_and_descendants() -> None:
    css = 'a :is(b, c) > d { content: "x  { y";\n color: red; } /* gone */\n'
    assert styles.minify(css) == 'a :is(b,c)>d{content:"x  { y";color:red}\n'


def test_parts_use_tokens_for_colour() -> None:
    bare = [
        (path.name, found)
        for path in (styles.CSS / "parts").glob("*.css")
        if path.stem != "tokens"
        for found in re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", path.read_text("utf-8"))
    ]
    assert bare == []


def test_every_used_token_exists() -> None:
    parts = [path.read_text("utf-8") for path in (styles.CSS / "parts").glob("*.css")]
    known = {name for text in parts for name in re.findall(r"(--[\w-]+):", text)}
    used = {name for text in parts for name in re.findall(r"var\((--[\w-]+)", text)}
    assert used - known == set()


def test_reader_page_weight() -> None:
    files = [STATIC / "css" / "site.css", STATIC / "js" / "site.js"]
    assert sum(len(gzip.compress(path.read_bytes(), 6)) for path in files) <= READER_BUDGET


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_component_is_labelled_and_documented(path: Path) -> None:
    source = path.read_text("utf-8")
    header = re.match(r"\{#\n(\w+): .+?#\}", source, re.DOTALL)
    assert header is not None
    assert header[1] == path.stem
    assert "\nParameters: " in header[0]
    assert "\nExample: {" in header[0]
    macros = re.findall(r"{% macro (\w+)\(", source)
    assert len(macros) == 1
    assert f"`{macros[0]}(" in (ROOT / "docs" / "design-system.md").read_text("utf-8")


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_documented_signature_is_the_macros(path: Path) -> None:
    signature = re.search(r"{% macro (\w+\(.*?\)) -?%}", path.read_text("utf-8"))
    assert signature is not None
    # The editor's defaults are long syntax examples; the document shortens them.
    if path.stem != "editor":
        assert signature[1] in (ROOT / "docs" / "design-system.md").read_text("utf-8")


@pytest.mark.parametrize("path", [*COMPONENTS, *FRAMES], ids=lambda path: path.stem)
def test_no_inline_script_or_style(path: Path) -> None:
    source = path.read_text("utf-8")
    assert re.findall(r"\sstyle=\"|\son[a-z]+=|javascript:", source) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", source) if "src=" not in tag] == []
    if path.stem != "email":
        assert "<style" not in source


def test_every_glyph_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text("utf-8")))
    html = _environment(signed_in=True).get_template("components/gallery.html").render(page=samples(NOW))
    used = set(re.findall(r'<use href="/static/icons\.svg#([\w-]+)"', html))
    assert used - sprite == set()
    written = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r"(?:icon\(|glyph=)'([\w-]+)'", path.read_text("utf-8"))
    }
    assert written - sprite == set()


@pytest.mark.parametrize("signed_in", [False, True])
def test_gallery_shows_every_component(signed_in: bool) -> None:
    source = (TEMPLATES / "components" / "gallery.html").read_text("utf-8")
    shown = set(re.findall(r'from "components/(\w+)\.html"', source))
    # These stand in the frame or inside other components.
    inner = {"account_menu", "buy_form", "cart_link", "foot", "footer", "header", "icon", "masthead", "out_link",
             "picture", "preferences", "skip_link", "topic_bar"}  # fmt: skip
    assert shown | inner == {path.stem for path in COMPONENTS}
    html = _environment(signed_in).get_template("components/gallery.html").render(page=samples(NOW))
    assert ("/sign-out" in html) is signed_in
    assert "Mara <b>" not in html
    assert "/dev/components?q=" not in html or "a%20%22quoted%22%20word" in html


@pytest.mark.parametrize("layout", ["reader", "shop", "account", "studio", "desk", "error"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_layout_renders(layout: str, signed_in: bool) -> None:
    env = _environment(signed_in)
    page = env.from_string(
        '{% extends "layouts/' + layout + '.html" %}{% block content %}<h1>Here</h1>{% endblock %}'
        "{% block heading %}Here{% endblock %}{% block aside %}Beside{% endblock %}"
    )
    html = page.render()
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    # Readers' pages are kept for visitors, so only those who are signed in are told something there.
    assert ("A message" in html) is (signed_in if layout == "reader" else layout != "error")


def test_email_layout_needs_no_request() -> None:
    env = _environment()
    del env.globals["chrome"]
    mail = SimpleNamespace(site_name="contentshop", site_url="https://x.example", lang_tag="en", subject="<Hello>")
    html = env.from_string('{% extends "layouts/email.html" %}{% block content %}<p>Hi</p>{% endblock %}').render(
        mail=mail
    )
    assert "<title>&lt;Hello&gt;</title>" in html
    assert "<p>Hi</p>" in html


def test_stock_card_posts_to_the_cart() -> None:
    html = _card_html(samples(NOW).cards.stock)
    form = re.search(r'<form class="buy-form" method="post" action="/cart/add".*?</form>', html, re.DOTALL)
    assert form is not None
    assert '<input type="hidden" name="card" value="sony-wh-1000xm5">' in form[0]
    assert '<option value="blue" disabled>' in form[0]
    assert "csrf" not in form[0]


@pytest.mark.parametrize("face", ["elsewhere", "unpriced", "chinese"])
def test_elsewhere_card_discloses_beside_a_paid_link(face: str) -> None:
    card = getattr(samples(NOW).cards, face)
    html = _card_html(card)
    act = html[html.index('class="card-act"') :]
    assert f'href="/go/{card.key}" rel="sponsored nofollow noopener"' in act
    assert f'<p class="fineprint">{card.disclosure}</p>' in act
    assert "<form" not in html


def test_every_link_out_is_marked_as_paid() -> None:
    html = _environment().get_template("components/gallery.html").render(page=samples(NOW))
    links = re.findall(r'<a [^>]*href="/go/[^>]*>', html)
    assert len(links) > 20
    assert [link for link in links if 'rel="sponsored nofollow noopener"' not in link] == []


@pytest.mark.parametrize(("face", "words"), [("sold_out", "Sold out"), ("gone", "No longer sold")])
def test_closed_faces_lead_to_the_alternative(face: str, words: str) -> None:
    card = getattr(samples(NOW).cards, face)
    own, other = _card_html(card).split('class="card-alternative"')
    assert words in own
    assert "<form" not in own
    assert "/go/" not in own
    assert card.alternative.title in other


def test_reason_is_shown_only_when_given() -> None:
    known = samples(NOW).cards
    assert "Only you see this" in _card_html(known.sold_out)
    assert "Only you see this" not in _card_html(known.stock)


@pytest.mark.parametrize("face", ["stock", "elsewhere", "sold_out", "gone", "low", "unpriced", "lost", "chinese"])
@pytest.mark.parametrize(
    ("macro", "file"),
    [("product_card", "card"), ("card_compact", "card_compact"), ("product_tile", "product_tile")],
)
def test_hostile_words_stay_words(face: str, macro: str, file: str) -> None:
    card = getattr(samples(NOW).cards, face)
    for name in ("title", "brand", "note", "award", "merchant", "disclosure", "reason"):
        setattr(card, name, f'"><script>{name}</script>')
    html = _card_html(card, macro, file)
    assert "<script" not in html
    assert "&lt;script&gt;title" in html
