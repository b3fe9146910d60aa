"""Sample data for every component: the development page shows it and a test renders it.

Invented offers of real products; nothing here reaches a database. Two languages, so that both are looked at.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from contentshop.core.money import Money
from contentshop.products.offers import Rating
from contentshop.products.pricing import Change, write_history
from contentshop.web.blocks import (
    Album,
    Box,
    Chapter,
    Column,
    Comparison,
    Embed,
    Part,
    Player,
    Rejected,
    Shot,
    Spot,
)
from contentshop.web.live_pages import AnnouncedView
from contentshop.web.order_pages import ParcelView
from contentshop.web.price_history import PriceHistoryView, view
from contentshop.web.reader_pages import CouponView, DealView, LineView, TalkView, WorthView
from contentshop.web.review_pages import Bar, Choice, PhotoView, ReviewsView, ReviewView
from contentshop.web.tiles import DealTile

PICTURES = "/static/icons/samples"
PAID = {
    "en": "We may earn a commission if you buy through this link. The price stays the same.",
    "zh": "通过此链接购买，我们可能获得佣金，价格不变。",
}


RATING = Rating((1, 0, 2, 9, 16))


def _picture(name: str, alt: str, width: int = 800, height: int = 800) -> SimpleNamespace:
    return SimpleNamespace(src=f"{PICTURES}/{name}.svg", srcset="", width=width, height=height, alt=alt, focus="")


def _card(key: str, face: str, title: str, **given: Any) -> SimpleNamespace:
    """A card with every field of the record, as far as ``given`` does not say otherwise."""
    known: dict[str, Any] = {
        "key": key,
        "face": face,
        "title": title,
        "brand": "",
        "url": f"/products/{key}",
        "picture": None,
        "note": "",
        "award": "",
        "price": None,
        "compare": [],
        "merchant": "",
        "checked_at": None,
        "availability": {"stock": "in_stock", "sold_out": "out_of_stock", "gone": "discontinued"}.get(face, "in_stock"),
        "action_url": "/cart/add" if face == "stock" else f"/go/{key}",
        "low_stock": None,
        "sent_from": None,
        "disclosure": PAID["en"] if face == "elsewhere" else "",
        "alternative": None,
        "variants": [],
        "reason": "",
        "pros": [],
        "cons": [],
        "paid_mark": "",
        "relation": "",
        "attributes": (),
        "was": None,
        "rating": None,
        "gone": "No longer sold",
        "starts": False,
    }
    unknown = set(given) - set(known)
    if unknown:
        raise TypeError(f"a card has no {sorted(unknown)}")
    return SimpleNamespace(**(known | given))


def _offer(merchant: str, price: Money | None, checked_at: datetime, availability: str = "in_stock") -> SimpleNamespace:
    return SimpleNamespace(
        merchant=merchant,
        price=price,
        availability=availability,
        checked_at=checked_at,
        url=f"/go/{merchant.split('.')[0].replace(' ', '').lower()}",
    )


def cards(now: datetime) -> SimpleNamespace:
    """The four faces of the product card, their variations, and one in Chinese."""
    two_hours, yesterday = now - timedelta(hours=2), now - timedelta(days=1)
    stock = _card(
        "sony-wh-1000xm5",
        "stock",
        "Sony WH-1000XM5",
        brand="Sony",
        award="Best for flights",
        picture=_picture("headphones", "Black over-ear headphones"),
        note="The quietest cabin we have sat in. It folds less small than the one before, "
        "but six hours in row 34 went by without a sore ear.",
        price=Money(34800, "USD"),
        variants=[("black", "Black", True), ("silver", "Silver", True), ("blue", "Midnight blue", False)],
        pros=["Best noise cancelling of the 14 we wore", "30 hours with noise cancelling on"],
        cons=["Does not fold", "Case is large for a small bag"],
        compare=[
            _offer("Amazon", Money(32800, "USD"), two_hours),
            _offer("Best Buy", Money(34999, "USD"), yesterday),
        ],
        disclosure=PAID["en"],
    )
    low = _card(
        "anker-737",
        "stock",
        "Anker 737 Power Bank (PowerCore 24K)",
        brand="Anker",
        picture=_picture("powerbank", "A power bank with a small screen"),
        note="Charges a laptop, and its screen says how fast.",
        price=Money(10999, "USD"),
        was=Money(12999, "USD"),
        low_stock=3,
        rating=RATING,
    )
    elsewhere = _card(
        "bose-qc-ultra",
        "elsewhere",
        "Bose QuietComfort Ultra Headphones",
        brand="Bose",
        award="Most comfortable",
        picture=_picture("headphones-2", "White over-ear headphones"),
        note="If glasses and headphones have never agreed on your head, try these first.",
        price=Money(37900, "USD"),
        merchant="Amazon",
        checked_at=two_hours,
        compare=[
            _offer("Best Buy", Money(39900, "USD"), two_hours),
            _offer("B&H Photo", Money(39900, "USD"), yesterday, "backorder"),
            _offer("Walmart", None, yesterday, "unknown"),
        ],
    )
    unpriced = _card(
        "kindle-paperwhite",
        "elsewhere",
        "Kindle Paperwhite (12th generation)",
        brand="Amazon",
        merchant="JD.com",
        availability="unknown",
    )
    sold_out = _card(
        "airpods-max",
        "sold_out",
        "AirPods Max (Lightning)",
        brand="Apple",
        picture=_picture("headphones-3", "Headphones with a mesh band"),
        note="Lovely to listen to, heavy to carry.",
        price=Money(44900, "USD"),
        checked_at=yesterday,
        alternative=elsewhere,
        reason="Own stock 0; Amazon sold out since yesterday; the alternative named in this post is shown.",
    )
    gone = _card(
        "sony-wh-1000xm4",
        "gone",
        "Sony WH-1000XM4",
        brand="Sony",
        picture=_picture("headphones", "Black over-ear headphones"),
        note="Our pick from 2020 to 2022.",
        alternative=stock,
    )
    lost = _card("zune-80", "gone", "Zune 80", brand="Microsoft")
    not_yet = _card("zune-90", "gone", "Zune 90", brand="Microsoft", availability="not_yet", gone="Not available yet")
    chinese = _card(
        "xiaomi-lamp-1s",
        "elsewhere",
        "米家台灯 1S 增强版",
        brand="小米",
        award="学生党首选",
        picture=_picture("lamp", "白色台灯"),
        note="无可视频闪，显色指数高，写作业两小时眼睛不酸；底座小，不占书桌。",
        price=Money(16900, "CNY"),
        merchant="京东",
        checked_at=two_hours,
        disclosure=PAID["zh"],
        pros=["亮度均匀，照度达国标 AA 级", "支持米家联动"],
        cons=["不能折叠"],
    )
    return SimpleNamespace(
        stock=stock,
        low=low,
        elsewhere=elsewhere,
        unpriced=unpriced,
        sold_out=sold_out,
        gone=gone,
        lost=lost,
        not_yet=not_yet,
        chinese=chinese,
    )


def posts(now: datetime) -> list[SimpleNamespace]:
    """Tiles of the feed, with and without a cover, in both languages."""
    given = [
        (
            "The best headphones for a long flight",
            "Fourteen pairs, three airlines, one winner.",
            "headphones",
            "Mara Lindqvist",
            "list",
            6,
            "en",
            4,
        ),
        (
            "学生书桌改造：六盏台灯实测",
            "照度、频闪、显色指数，一次讲清楚。",
            "lamp",
            "林小满",
            "list",
            6,
            "zh-Hans",
            20,
        ),
        (
            "One bag, two weeks: what I carry and what I stopped carrying",
            "",
            "backpack",
            "Jonas Webb",
            "article",
            9,
            "en",
            30,
        ),
        ("手冲咖啡入门，三百元买齐", "不花冤枉钱的第一套器具。", "coffee", "林小满", "article", 5, "zh-Hans", 52),
        (
            "A quiet keyboard for a shared room",
            "Typed on for a month beside a sleeping baby.",
            "keyboard",
            "Jonas Webb",
            "article",
            3,
            "en",
            70,
        ),
        (
            "Power banks that can feed a laptop",
            "Measured, not believed: what really comes out.",
            "powerbank",
            "Mara Lindqvist",
            "list",
            7,
            "en",
            96,
        ),
    ]
    return [
        SimpleNamespace(
            url=f"/p/sample-{number}",
            title=title,
            summary=summary,
            cover=_picture(cover, title, 800, 1000),
            author_name=author,
            author_url="/people/sample",
            published_at=now - timedelta(hours=hours),
            kind=kind,
            cards_count=cards_count,
            deal=deals(now).get(number),
            lang=lang,
        )
        for number, (title, summary, cover, author, kind, cards_count, lang, hours) in enumerate(given)
    ]


def list_items(now: datetime) -> list[SimpleNamespace]:
    """The items of a buying list, one of them sold out."""
    known = cards(now)
    given = [
        (
            known.stock,
            "Best for flights",
            "Buy these if you fly more than twice a year.",
            known.stock.pros,
            known.stock.cons,
        ),
        (
            known.elsewhere,
            "Most comfortable",
            "The softest clamp, at nearly the same quiet.",
            ["Softest pads", "Best call quality"],
            ["Costs the most"],
        ),
        (known.sold_out, "", "Worth waiting for, if you live among Apple things.", ["Build"], ["Weight", "Price"]),
    ]
    body = Markup("<p>We wore each pair for a week of commuting and one flight of at least four hours.</p>")
    return [
        SimpleNamespace(
            rank=rank,
            anchor=f"pick-{rank}",
            award=award,
            verdict=verdict,
            body=body,
            pros=pros,
            cons=cons,
            card=card,
            ratings=[("Quiet", 5.0), ("Comfort", 4.5), ("Battery", 3.7)] if rank == 1 else [],
            rating=4.4 if rank == 1 else None,
        )
        for rank, (card, award, verdict, pros, cons) in enumerate(given, start=1)
    ]


def reviews(now: datetime) -> ReviewsView:
    """What buyers say of a product: one review with everything, a short one in Chinese."""
    path = "/products/anker-737/reviews"
    photo: Any = _picture("powerbank", "Photo 1 by Jo <b>")
    whole = ReviewView(
        key="rev1",
        stars=4,
        title="Charges a laptop twice",
        text="Heavy, but it keeps its promise.\nThe screen is no toy.",
        lang="en",
        variant="Black",
        author="Jo <b>",
        at=now - timedelta(days=30),
        edited=True,
        more="After three months it still holds its charge.",
        more_at=now - timedelta(days=2),
        reply="Thank you! A lighter one is on its way.",
        replied_at=now - timedelta(days=1),
        shop="contentshop",
        helpful=12,
        voted=True,
        own=False,
        photos=[PhotoView(photo, "/media/powerbank.webp", "Photo 1 by Jo <b>")],
    )
    short = replace(
        whole, key="rev2", stars=5, title="", text="充电很快，出差带着放心。", lang="zh-Hans", variant="",
        author="林小满", edited=False, more="", reply="", helpful=0, voted=False, photos=(),
    )  # fmt: skip
    return ReviewsView(
        path=path,
        product_url="/products/anker-737",
        rating=RATING,
        bars=[
            Bar(stars, RATING.counts[stars - 1], 100 * RATING.counts[stars - 1] // RATING.count, path, stars == 4)
            for stars in range(5, 0, -1)
        ],
        sorts=[Choice("Most helpful", path, True), Choice("Newest", f"{path}?sort=newest", False)],
        filters=[Choice("With photos (1)", f"{path}?photos=1", False), Choice("简体中文 (9)", f"{path}?lang=zh", True)],
        reviews=[whole, short],
        more_url=path,
        signed_in=True,
        clear_url=path,
    )


def blocks(now: datetime) -> SimpleNamespace:
    """What may stand between the paragraphs of a post."""
    known = cards(now)
    compared = [known.stock, known.elsewhere, known.sold_out]
    facts = [("250 g", "30 h", "Yes"), ("253 g", "24 h", ""), ("385 g", "20 h", "Yes")]
    black: Any = _picture("headphones", "Black over-ear headphones on a desk")
    shot = Shot(
        picture=black,
        full_url=f"{PICTURES}/headphones.svg",
        caption="Both fit into one bag.",
        spots=(Spot(1, 30, 40, known.stock), Spot(2, 72, 61.5, known.elsewhere)),
        anchor="picture-1",
    )
    return SimpleNamespace(
        shot=shot,
        album=Album((shot, replace(shot, caption="", spots=())), "Two of fourteen."),
        player=Player(
            kind="video",
            src=f"{PICTURES}/silence.wav",
            type="audio/wav",
            width=1280,
            height=720,
            poster=f"{PICTURES}/headphones.svg",
            captions=f"{PICTURES}/silence.vtt",
            captions_lang="en",
            caption="Six hours in four minutes.",
            chapters=(
                Chapter(0, "0:00", "What is in the box", f"{PICTURES}/silence.wav#t=0"),
                Chapter(83, "1:23", "The quietest", f"{PICTURES}/silence.wav#t=83", known.stock),
            ),
        ),
        embed=Embed("YouTube", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "about:blank", "The same flight."),
        comparison=Comparison(
            columns=tuple(Column(card, card is known.stock, card is known.stock) for card in compared),
            rows=tuple(
                (name, tuple(values[place] for values in facts))
                for place, name in enumerate(("Weight", "Battery life", "Folds"))
            ),
            caption="What the makers state.",
            parts=(),
        ),
        boxes=[
            Box("callout", tone, title, (Part(html=Markup("<p>Take the adapter out of the case first.</p>")),))
            for tone, title in (("tip", ""), ("warning", "Before the flight"), ("callout", ""))
        ],
        toggle=Box("toggle", "", "How we measured", (Part(html=Markup("<p>With a head, worn by nobody.</p>")),)),
        rejected=Rejected(known.gone, (Part(html=Markup("<p>Good, but no longer made.</p>")),)),
    )


def offers(now: datetime) -> list[SimpleNamespace]:
    """The offers of a product page, ours first."""

    def row(merchant: str, price: Money | None, availability: str, hours: int, **given: Any) -> SimpleNamespace:
        known: dict[str, Any] = {
            "ours": False,
            "low_stock": None,
            "sent_from": None,
            "starts": False,
            "checked_at": now - timedelta(hours=hours) if hours else None,
            "action_url": "/go/sample",
            "hidden": {},
            "variants": [],
            "note": "",
            "was": None,
        }
        return SimpleNamespace(merchant=merchant, price=price, availability=availability, **(known | given))

    return [
        row(
            "contentshop",
            Money(34800, "USD"),
            "in_stock",
            0,
            ours=True,
            low_stock=7,
            action_url="/cart/add",
            hidden={"product": "sony-wh-1000xm5"},
            variants=[("black", "Black", True), ("silver", "Silver", True)],
            note="Sent within 2 days",
            was=Money(39900, "USD"),
        ),
        row("Amazon", Money(32800, "USD"), "in_stock", 2),
        row("Best Buy", Money(34999, "USD"), "backorder", 26),
        row("JD.com", None, "unknown", 0),
    ]


def hits(now: datetime) -> list[SimpleNamespace]:
    """Search results of each kind."""

    def hit(kind: str, title: str, snippet: str, **given: Any) -> SimpleNamespace:
        known: dict[str, Any] = {
            "picture": None,
            "meta": "",
            "price": None,
            "at": None,
            "lang": "en",
            "url": "/p/sample",
            "why": "",
            "deal": None,
        }
        # Constants of this file, so marking them as safe is no risk.
        marked = {"title": Markup(title), "snippet": Markup(snippet)}  # noqa: S704
        return SimpleNamespace(kind=kind, **marked, **(known | given))

    return [
        hit(
            "list",
            "The best <mark>headphones</mark> for a long flight",
            "Fourteen <mark>headphones</mark>, three airlines, one winner: quiet first, comfort second.",
            picture=_picture("headphones", ""),
            meta="Mara Lindqvist",
            at=now - timedelta(days=3),
        ),
        hit(
            "product",
            "Sony WH-1000XM5 <mark>headphones</mark>",
            "",
            picture=_picture("headphones-2", ""),
            meta="Sony",
            price=Money(34800, "USD"),
        ),
        hit(
            "article",
            "通勤路上的降噪<mark>耳机</mark>",
            "地铁里实测六款<mark>耳机</mark>，降噪、佩戴与通话。",
            lang="zh-Hans",
            meta="林小满",
        ),
        hit("creator", "Mara Lindqvist", "Writes about sound and travel.", meta="24 posts"),
    ]


def deals(now: datetime) -> dict[int, DealTile]:
    """How some of the tiles' deals stand, by the place of the tile: one that ends, one to come, one that is over."""
    soon, price = now + timedelta(days=2), Money(13999, "USD")
    return {
        2: DealTile(price, "Best Buy", "running", soon),
        3: DealTile(price, "", "upcoming", soon),
        4: DealTile(price, "Best Buy", "sold_out", None),
    }


def deal(now: datetime, card: SimpleNamespace) -> DealView:
    """What stands above the words of a deal that runs, with a code that most say works."""
    running: Any = card
    return DealView(
        state="running",
        over="",
        price=Money(13999, "USD"),
        note="with the code",
        shop="Best Buy",
        region="United States",
        usual=Money(15999, "USD"),
        usual_at=now - timedelta(hours=2),
        less=12,
        cheaper=(Money(13499, "USD"), "Kettle House", "/go/offer/sample"),
        card=running,
        coupon=CouponView("READ20", "", "Once for each account.", 8, 2, 80, ""),
        steps=("Put the plain model into the cart.", "Enter the code on the last page."),
        starts="",
        ends="Fri 27 Nov 2026, 23:59 (America / New York)",
        turns_at=now + timedelta(days=2),
        as_of=now - timedelta(hours=5),
        reports=1,
        enough=3,
        mine="",
        judges=True,
        signed_in=True,
        action="/p/sample/over",
        coupon_action="/p/sample/coupon",
        standing_url="",
        path="/p/sample",
    )


def sessions(now: datetime) -> list[AnnouncedView]:
    """A live session in each of its states; the second has no picture."""
    shown: Any = _picture("headphones", "Headphones")
    later = now + timedelta(days=1)
    return [
        AnnouncedView("/live/a", "live", "Which headphones for a night train?", "en", now, "Mara", "/@mara", shown),
        AnnouncedView("/live/b", "scheduled", "拆一台咖啡磨豆机", "zh-Hans", later, "林小满", "/@lin"),
        AnnouncedView("/live/c", "replay", "Last week: the travel kit", "en", now, "Mara", "/@mara", shown),
        AnnouncedView("/live/d", "ended", "Two kettles, one cup", "en", now, "Mara", "/@mara", shown),
    ]


def talk(now: datetime) -> TalkView:
    """A discussion with a reply, and what is left of a hidden comment."""

    def line(key: str, author: str, text: str, **more: Any) -> LineView:
        at = now - timedelta(hours=3)
        return LineView(key, text, "", author, f"/@{author.lower()}", more.pop("by_shop", ""), at, False, **more)

    reply = line("smp2", "Mara", "Ours answers within a day.", by_shop="contentshop", can_report=True)
    first = line("smp1", "Jonas", "It hums.\nStill good.", can_change=True, can_remove=True, replies=(reply,))
    hidden = replace(line("smp3", "", ""), gone="Hidden: advertising", can_show=True)
    worth = WorthView(
        "/p/guide/worth", 80, 15, None, True, (("price", "Too expensive"), ("wrong", "Something is wrong"))
    )
    return TalkView("post", "/p/guide", "/p/guide/comments", (first, hidden), 2, "", worth, True, 4000)


def history(now: datetime) -> PriceHistoryView | None:
    """A price that fell and rose again."""
    days = (90, 60, 20)
    prices = [Money(minor, "USD") for minor in (34900, 29900, 31900)]
    changes = [
        Change(
            offer_key="sample",
            own=False,
            place="Moss & Co",
            variant="",
            at=now - timedelta(days=day),
            before=prices[place - 1] if place else None,
            price=price,
        )
        for place, (day, price) in enumerate(zip(days, prices, strict=True))
    ]
    return view(write_history(changes, "USD"), "USD", shop="contentshop", now=now)


def samples(now: datetime) -> SimpleNamespace:
    """Everything the component page shows, as of ``now``."""
    usd = [Money(34800, "USD"), Money(10999, "USD"), Money(895, "USD"), Money(46694, "USD")]

    def choice(label: str, count: int | None, selected: bool = False) -> SimpleNamespace:
        return SimpleNamespace(
            label=label, value=label.lower(), count=count, selected=selected, url="/search?q=headphones"
        )

    known = cards(now)
    line = SimpleNamespace(
        title="Sony WH-1000XM5",
        url="/products/sony-wh-1000xm5",
        picture=known.stock.picture,
        variant="Black",
        quantity=1,
        unit_price=usd[0],
        total=usd[0],
        problem="",
    )
    wrong = SimpleNamespace(
        **(
            vars(line)
            | {
                "title": "Anker 737 Power Bank",
                "quantity": 4,
                "unit_price": usd[1],
                "total": usd[1] * 4,
                "variant": "",
                "picture": None,
                "problem": "Only 3 left. Please lower the quantity.",
            }
        )
    )
    return SimpleNamespace(
        cards=known,
        posts=posts(now),
        list_items=list_items(now),
        blocks=blocks(now),
        talk=talk(now),
        deal=deal(now, known.elsewhere),
        reviews=reviews(now),
        sessions=sessions(now),
        offers=offers(now),
        hits=hits(now),
        saving=SimpleNamespace(fields={"q": "headphones", "to": "300", "currency": "USD"}, csrf="", url="/account"),
        disclosure=PAID["en"],
        now=now,
        earlier=now - timedelta(days=40),
        facets=[choice("Guides", 12), choice("Lists", 7, selected=True), choice("Products", 31)],
        lines=[line, wrong],
        totals=[
            ("Goods", usd[0] + usd[1], ""),
            ("Shipping", usd[2], "Standard, 2 to 4 days"),
            ("Gift wrap", "Free", ""),
        ],
        total=usd[3],
        events=[
            SimpleNamespace(title="Order placed", detail="", at=now - timedelta(days=2), state="done"),
            SimpleNamespace(title="Paid", detail="Bank transfer received", at=now - timedelta(days=1), state="done"),
            SimpleNamespace(
                title="Packed", detail="Leaves our house today", at=now - timedelta(hours=3), state="current"
            ),
            SimpleNamespace(title="Delivered", detail="", at=None, state="todo"),
        ],
        parcel=ParcelView(1, "DHL", "JD0140", "#", ("1 × Headphones", "2 × 充电器"), now - timedelta(days=1)),
        refund=SimpleNamespace(
            amount=usd[3],
            state="Refund on its way",
            tone="info",
            told="We are sending it to your account ending in 4321.",
            reason="The order was cancelled",
            reason_url="",
            at=now - timedelta(days=1),
            parts=[
                SimpleNamespace(amount=usd[0], to="Gift card …7Q2M", state="Paid back", tone="good", note=""),
                SimpleNamespace(amount=usd[1], to="Account ending in 4321", state="On its way", tone="info", note=""),
            ],
        ),
        case=SimpleNamespace(
            kind="return",
            kind_words="Return and refund",
            parts=[SimpleNamespace(quantity=2, title="Headphones", variant="Black")],
            less=SimpleNamespace(asked="2 × Headphones", agreed="1 × Headphones", why="One of them has been worn."),
            unnoted=True,
            reason="I changed my mind",
            text="The box was not opened.",
            refund=usd[0],
            refunded=None,
            shipping=Money(0, "USD"),
            exchange_url="",
            exchange_number="",
            answer="Send it back within 14 days.",
            carrier="UPS",
            tracking="1Z999",
            losses=["Once it is paid back, its file can no longer be fetched."],
            photos=[f"{PICTURES}/headphones.svg"],
        ),
        history=history(now),
        orders=[
            SimpleNamespace(
                number="K7Q2-M4",
                buyer="a.lovelace@example.org",
                state="paid",
                total=usd[3],
                at=now - timedelta(hours=3),
            ),
            SimpleNamespace(
                number="H3X9-P1", buyer="林小满", state="placed", total=usd[0], at=now - timedelta(hours=9)
            ),
            SimpleNamespace(
                number="B8D5-T7",
                buyer="g.hopper@example.org",
                state="cancelled",
                total=usd[1],
                at=now - timedelta(days=2),
            ),
        ],
        problems=[
            SimpleNamespace(text="There is no product with the key “sony-wh1000”.", state="bad", line=42),
            SimpleNamespace(text="The first picture has no description.", state="warn", line=7),
            SimpleNamespace(text="Paid links are disclosed.", state="good", line=None),
        ],
        body="## What we looked for\n\nQuiet, comfort, and a battery that outlasts the flight.\n\n"
        '::card[sony-wh-1000xm5]{note="Best for flights"}\n',
    )
