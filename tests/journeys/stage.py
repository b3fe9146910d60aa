"""A small shop with one of everything that readers can meet, put there through the rooms' own actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.affiliate import actions as affiliate
from contentshop.affiliate.inputs import ProgramInput
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.uow import unit_of_work
from contentshop.curation import actions as curation
from contentshop.curation.inputs import FeaturedListInput, SlotInput
from contentshop.live import actions as live
from contentshop.live.inputs import SessionInput
from contentshop.media import actions as media
from contentshop.posts import actions as posts
from contentshop.posts import history, series, sharing, teamwork
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import words_of
from contentshop.posts.models import Post, Series
from contentshop.products import actions as products
from contentshop.products.inputs import MerchantInput, ProductInput
from contentshop.products.models import Product
from contentshop.social import actions as social
from contentshop.social import queries as social_queries
from contentshop.watching import actions as watching
from contentshop.watching.inputs import Telling, Wanted
from contentshop.web.session import engines
from contentshop.web.watching_links import stop_url
from tests.journeys.trade import open_trade
from tests.live.site import LiveSite
from tests.rooms.media.pictures import picture

STOCK, ELSEWHERE, SOLD_OUT, GONE, LAMP = "quiet-headphones", "steel-kettle", "tall-tripod", "old-reader", "desk-lamp"

_OWN = [
    {"kind": "own", "sku": "{sku}", "price_minor": 34800, "currency": "USD", "quantity": 900},
    {"kind": "own", "sku": "{sku}", "price_minor": 229900, "currency": "CNY"},
]


def _elsewhere(slug: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "affiliate",
        "merchant": "bigshop",
        "url": f"https://www.bigshop.example/item/{slug}",
        "price_minor": 5900,
        "currency": "USD",
        "availability": "in_stock",
        "checked_hours_ago": 3,
        "checked_ago_hours": 3,
    } | changes


_DEARER = _elsewhere(ELSEWHERE, url="https://www.othershop.example/k", merchant="othershop", price_minor=6900)


def _own(sku: str) -> list[dict[str, Any]]:
    return [offer | {"sku": sku} for offer in _OWN]


PRODUCTS: list[dict[str, Any]] = [
    {
        "slug": STOCK,
        "title": "Quiet 5 wireless headphones",
        "brand": "Northaudio",
        "category": "Headphones",
        "mpn": "Q5-B",
        "summary": "Light headphones that keep trains outside.",
        "body": "Thirty hours on one charge.\n\nTwo devices at once.",
        "attrs": {"Weight": "250 g", "Charging": "USB-C"},
        "translations": {"zh": {"title": "静五无线降噪耳机", "summary": "轻，地铁里也安静。"}},
        "variants": [{"sku": "Q5-BLACK", "name": "Black"}, {"sku": "Q5-WHITE", "name": "White"}],
        "offers": [*_own("Q5-BLACK"), *_own("Q5-WHITE"), _elsewhere(STOCK)],
    },
    {
        "slug": ELSEWHERE,
        "title": "Steel gooseneck kettle",
        "brand": "Pourwell",
        "category": "Kettles",
        "summary": "Pours where you look.",
        "translations": {"zh": {"title": "不锈钢鹅颈壶"}},
        "offers": [_elsewhere(ELSEWHERE), _DEARER],
    },
    {
        "slug": SOLD_OUT,
        "title": "Tall travel tripod",
        "brand": "Threeleg",
        "category": "Tripods",
        "summary": "Folds to a forearm.",
        "alternative": STOCK,
        "offers": [_elsewhere(SOLD_OUT, availability="out_of_stock")],
    },
    {
        "slug": GONE,
        "title": "Old e-reader with buttons",
        "brand": "Pagewise",
        "category": "E-readers",
        "summary": "The last one with buttons.",
        "alternative": ELSEWHERE,
        "discontinued": True,
    },
    {
        "slug": LAMP,
        "title": "Warm desk lamp",
        "brand": "Glim",
        "category": "Lamps",
        "summary": "Warm light for late work.",
        "variants": [{"sku": "LAMP-1", "name": ""}],
        "offers": _own("LAMP-1"),
    },
]

ARTICLE = f"""A guide with **every** kind of card, by somebody who [reads](/p/other).

## In stock here

::card[{STOCK}]{{note="Best for flights"}}

Some words between the cards, long enough to be a paragraph that wraps on a phone and is read at leisure.

## Sold elsewhere

::card[{ELSEWHERE}]{{note="Pours slowly"}}

| shop | days |
| --- | ---: |
| here | 2 |
| there | 5 |

## Sold out, and gone

::card[{SOLD_OUT}]

> Somebody said so.

::card[{GONE}]

1. First
2. Second

A last word with a footnote.[^1]

[^1]: Like this one.
"""

LIST = f"""What I would buy again.

:::item[{STOCK}]{{award="Best for travel" note="Quiet where it counts"}}
+ quiet
+ light
- does not fold

On an eight-hour flight they disappear.
:::

:::item[{ELSEWHERE}]{{award="Best pour"}}
+ precise
- slow

One kettle for everything.
:::

:::item[{SOLD_OUT}]{{award="Best when it is back"}}
+ tall

Wait for it.
:::

:::item[{LAMP}]
+ warm

Late work.
:::
"""

CHINESE = f"""这是一篇中文文章，讲讲通勤路上的耳机。

## 为什么是它

::card[{STOCK}]{{note="地铁里也安静"}}

便宜，轻，好用。
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what is there."""

    creator: User
    reader: User
    editor: User
    operator: User
    article: str
    list: str
    chinese: str
    draft: str
    featured_key: str
    featured_slug: str
    topic: str
    series: str
    series_key: str
    picture: str
    live: dict[str, str]
    discussed: str
    comment: str
    invitation: str
    deal: str
    deal_key: str
    pages: dict[str, str]


def set_stage(site: LiveSite) -> Stage:
    """Fill an empty site and its search index."""
    people = {
        role: site.make.user(role, name=f"{role.title()} Person", bio="Reads, writes, buys and returns things.")
        for role in ("creator", "reader", "editor", "operator")
    }
    # A request's context, since some addresses are made as mails write them.
    with site.app.test_request_context(), unit_of_work(db.session):
        stage = _fill(people)
    rebuilt = site.command("search", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    return stage


def _fill(people: dict[str, User]) -> Stage:
    session, now = db.session, engines().clock.now()
    creator, editor = session.merge(people["creator"]), session.merge(people["editor"])
    for key in ("bigshop", "othershop"):
        shop = products.save_merchant(
            session, MerchantInput.parse({"key": key, "name": key.title(), "domain": f"{key}.example"}), now=now
        )
        program = ProgramInput(link_template="{url}?tag={tag}", tag="shop-21", sub_id_param="subid")
        affiliate.join_program(session, program, merchant_id=shop.id)
    for slug, title in (("sound", "Sound"), ("kitchen", "Kitchen"), ("desk", "Desk and work")):
        curation.ensure_topic(session, slug, title, intro="What we keep.", translations={})
    for _round in range(2):  # an alternative may stand further down
        for entry in PRODUCTS:
            product = products.upsert_product(session, ProductInput.parse(entry), now=now)
            asset = media.store_picture(
                session,
                engines().storage,
                picture("JPEG", (900, 900), colour=_colour(entry["slug"])),
                owner=None,
                now=now,
            )
            products.set_picture(session, product, asset, alt=f"A picture of {entry['title']}", now=now)
    cover = media.store_picture(
        session, engines().storage, picture("JPEG", (1600, 900), colour=(60, 90, 140)), owner=creator, now=now
    )

    def write(kind: str, title: str, source: str, *, lang: str = "en", live: bool = True) -> str:
        form = PostInput.parse(
            kind=kind,
            title=title,
            summary="What to buy, and why, in two sentences. Then the reasons.",
            source=source,
            lang=lang,
            topics=["sound", "kitchen"],
            tested="Worn on forty flights.",
            cover_id=cover.id,
            cover_alt="A blue field",
        )
        post = posts.create_draft(session, form, by=creator, now=now)
        if live:
            posts.publish(session, post, by=creator, now=now)
        session.flush()
        return post.slug if live else post.key

    older = [
        write("article", f"An older guide, number {number}", "Words enough.\n\n## More\n\nAnd more words.")
        for number in range(1, 7)
    ]
    write("article", "Other", "Another text.")
    chinese = write("article", "通勤路上听什么", CHINESE, lang="zh")
    a_list = write("list", "Four things I would buy again", LIST)
    article = write("article", "Every kind of card, in one guide", ARTICLE)
    draft = write("list", "Not finished yet", LIST, live=False)
    form = FeaturedListInput.parse(
        title="Before you travel",
        intro="Read these the week before.",
        lang="en",
        items=[
            ("post", article, "It has them all."),
            ("post", a_list, "Ranked by use."),
            ("product", STOCK, "We have it in stock."),
            ("product", ELSEWHERE, "Slow water, good coffee."),
        ],
    )
    featured = curation.create_list(session, form, by=editor, now=now)
    curation.place(
        session, featured, SlotInput(position=1, starts_at=now - timedelta(days=1), ends_at=None), by=editor, now=now
    )
    session.flush()
    reader = session.merge(people["reader"])
    deal = _deal(creator)
    made = _series(creator, older[:3])
    asked = posts.create_draft(
        session, PostInput.parse(kind="article", title="A draft of the editor"), by=editor, now=now
    )
    session.flush()
    invitation = teamwork.invite(session, asked, creator.handle, "coauthor", by=editor, now=now)
    return Stage(
        **people,
        series=f"/series/{made.slug}",
        series_key=made.key,
        picture=cover.key,
        live=_sessions(creator),
        discussed=older[5],
        comment=_talk(older[5], creator, reader),
        invitation=invitation.key,
        deal=f"/p/{deal.slug}",
        deal_key=deal.key,
        pages=_loose_ends(creator, editor, cover.id)
        | open_trade(boss=session.merge(people["operator"]), buyer=reader, other=creator),
        article=f"/p/{article}",
        list=f"/p/{a_list}",
        chinese=f"/p/{chinese}",
        draft=draft,
        featured_key=featured.key,
        featured_slug=featured.slug,
        topic="/topics/sound",
    )


def _deal(creator: User) -> Post:
    """A deal with a code, steps and an end, below what its shop asks."""
    session, now = db.session, engines().clock.now()
    facts = {
        "product": ELSEWHERE,
        "price": "49.00",
        "currency": "USD",
        "note": "with the code",
        "shop": "bigshop",
        "coupon": "POUR10",
        "terms": "Once for each account",
        "steps": "Open the page\nEnter the code",
        "ends": f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "zone": "UTC",
    }
    form = PostInput.parse(
        kind="deal", title="Steel kettle for 49", summary="Ten dollars less.", source="A fair price.", deal=facts
    )
    post = posts.create_draft(session, form, by=creator, now=now)
    posts.publish(session, post, by=creator, now=now)
    session.flush()
    return post


def _loose_ends(creator: User, editor: User, cover: int) -> dict[str, str]:
    """A draft that others may look at and that went two ways, and a search that is watched; their addresses."""
    session, now = db.session, engines().clock.now()
    form = PostInput.parse(kind="article", title="A draft that went two ways", source="One.\n\nTwo.", cover_id=cover)
    post = posts.create_draft(session, form, by=creator, now=now)
    words = words_of(post.draft)
    posts.save_draft(
        session, post, replace(form, source="One.\n\nTwo, by day."), version=post.version, by=creator, now=now
    )
    astray = words | {"source": "One.\n\nTwo, by night."}
    history.keep_copy(session, post, astray, version=1, window="", by=creator, now=now)
    token = sharing.make_link(session, post, days=7, by=creator, now=now)
    wanted = Wanted.parse({"q": "samovar"}, currencies=("USD",), topics=(), currency="USD")
    search = watching.save(
        session, wanted, Telling.parse({"name": "Samovars", "in_app": "1"}), by=editor, name="Samovars", now=now
    )
    session.flush()
    return {
        "merge": f"/studio/{post.key}/merge",
        "shared": f"/preview/{token}",
        "search": f"/account/searches/{search.key}",
        "unsubscribe": urlsplit(stop_url(editor.key, search.key)).path,
    }


def _series(creator: User, slugs: list[str]) -> Series:
    session, now = db.session, engines().clock.now()
    form = series.SeriesInput.parse(title="Three older guides", intro="Read them one after another.")
    made = series.make_series(session, form, by=creator, now=now)
    for slug in slugs:
        key = session.scalar(select(Post.key).where(Post.slug == slug))
        series.put_in(session, made, str(key), by=creator)
    return made


def _sessions(host: User) -> dict[str, str]:
    """One session in each state, by state; each has two products."""
    session, now = db.session, engines().clock.now()
    found = {}
    for state in ("scheduled", "live", "ended", "replay"):
        form = SessionInput.parse(
            title=f"A session that is {state}",
            summary="Two things and your questions.",
            stream="https://www.youtube.com/watch?v=abcdefghijk",
            starts_at=(now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
            now=now,
        )
        one = live.schedule(session, form, by=host, now=now)
        ids = session.scalars(select(Product.id).where(Product.slug.in_([STOCK, ELSEWHERE])).order_by(Product.id))
        cards = [live.add_card(session, one, number, note="My words on it.", by=host) for number in ids]
        if state != "scheduled":
            live.begin(session, one, by=host, now=now)
            for step, card in enumerate(cards):
                live.pin(session, one, card.key, by=host, now=now + timedelta(seconds=90 * step))
        if state in ("ended", "replay"):
            live.end(session, one, by=host, now=now + timedelta(minutes=10))
        if state == "replay":
            live.offer_replay(session, one, by=host, shown=True)
        found[state] = one.key
    return found


def _talk(slug: str, creator: User, reader: User) -> str:
    """A comment with an answer, reported; a question about a product, answered. The comment's key."""
    session, now = db.session, engines().clock.now()
    about = social_queries.find_post(session, slug)
    comment = social.say_something(session, about, "Does it last? Mine broke in a year.", by=reader, now=now)
    session.flush()
    social.say_something(session, about, "Mine is in its fourth.", by=creator, now=now, parent_key=comment.key)
    social.report(session, social_queries.get_shown(session, comment.key), "spam", by=creator, now=now)
    product = social_queries.find_product(session, SOLD_OUT)
    question = social.say_something(session, product, "Does it fit a small bag?", by=reader, now=now)
    session.flush()
    social.say_something(session, product, "Yes, along its side.", by=creator, now=now, parent_key=question.key)
    return comment.key


def _colour(slug: str) -> tuple[int, int, int]:
    number = sum(map(ord, slug))
    return number % 200, number * 7 % 200, number * 13 % 200


def new_word() -> str:
    """A word that stands nowhere else, in letters that no stemmer shortens."""
    return "zq" + "".join(chr(ord("a") + (ord(sign) * 7) % 17) for sign in new_key(12)) + "x"
