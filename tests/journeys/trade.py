"""A shop that has traded for a while: orders in every state, cases, reviews, coupons, cards, counts and books.

Everything goes through the rooms' own actions; ``open_trade`` returns where each thing is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select, update

from contentshop.accounts.models import User
from contentshop.aftersale import actions as aftersale
from contentshop.aftersale.inputs import Application, ReturnParcel
from contentshop.aftersale.models import AfterSale
from contentshop.aftersale.policy import Terms as Times
from contentshop.config import ShippingRule
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.outbox import OutboxEvent
from contentshop.delivery import actions as delivery
from contentshop.delivery.inputs import AddressInput, MethodInput, TaxInput, ZoneInput
from contentshop.media import actions as media
from contentshop.media.images import encode
from contentshop.orders import actions as orders
from contentshop.orders import queries as carts
from contentshop.orders.actions import paying
from contentshop.orders.actions.placing import destination
from contentshop.orders.inputs import Delivery
from contentshop.orders.models import Order
from contentshop.payments import actions as payments
from contentshop.payments import credit
from contentshop.payments.port import Begun
from contentshop.products import actions as products
from contentshop.products import stock
from contentshop.products.actions.bulk import BulkInput
from contentshop.products.inputs import (
    AttributeInput,
    CategoryInput,
    LocationInput,
    OfferInput,
    ProductInput,
    SupplierInput,
    parse_options,
)
from contentshop.products.models import Offer, Product, Variant
from contentshop.promotions import actions as promotions
from contentshop.promotions.inputs import PromotionInput
from contentshop.promotions.policy import persons
from contentshop.reviews import actions as reviews
from contentshop.reviews import queries as reviewed
from contentshop.reviews.inputs import ReviewInput
from contentshop.reviews.models import Review
from contentshop.web.addresses import claim_token
from contentshop.web.order_links import card_token, order_token
from contentshop.web.restock import confirm_url, stop_url
from contentshop.web.review_links import stop_url as no_invitations_url
from contentshop.web.session import engines
from tests.received import photo
from tests.rooms.media.pictures import picture

MUG, BOWL, ROBOT, BOOK, VOUCHER = "stoneware-mug", "blue-bowl", "window-robot", "book-of-cups", "gift-voucher"
CODE = "TRADE10"
TIMES = Times()
POSTAGE = {"USD": ShippingRule(599, 4900), "CNY": ShippingRule(1000, 9900)}
HOME = {
    "name": "Robin Buyer",
    "country": "US",
    "region": "OR",
    "city": "Portland",
    "address": "12 Alder Street, second floor",
    "postcode": "97205",
    "phone": "+1 555 0100",
}
CHINA = {
    "name": "罗宾",
    "country": "CN",
    "region": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "address": "科技路 1 号",
    "postcode": "518000",
    "phone": "+86 138 0000 0000",
}


def _own(sku: str, dollars: int, yuan: int, count: int) -> list[dict[str, Any]]:
    offer = {"kind": "own", "sku": sku, "quantity": count}
    return [
        offer | {"price_minor": dollars, "currency": "USD"},
        offer | {"price_minor": yuan, "currency": "CNY"},
    ]


def _catalogue(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "slug": MUG,
            "title": "Stoneware mug for slow mornings",
            "brand": "Clayworks",
            "category": "Tableware > Cups",
            "summary": "Keeps its warmth, and its shape in the hand.",
            "body": "Thrown by hand, glazed inside and out.\n\nGoes into the dishwasher.",
            "attrs": {"Weight": "340 g", "Holds": "300 ml"},
            "translations": {"zh": {"title": "慢晨粗陶杯", "summary": "保温，也合手。"}},
            "offers": [],
        },
        {
            "slug": BOWL,
            "title": "Blue bowl",
            "brand": "Clayworks",
            "category": "Tableware > Bowls",
            "summary": "For noodles and for keys.",
            "translations": {"zh": {"title": "青花碗"}},
            "variants": [{"sku": "BOWL-1"}],
            "offers": _own("BOWL-1", 2400, 16800, 0),
        },
        {
            "slug": ROBOT,
            "title": "Window robot",
            "brand": "Pane",
            "category": "Home > Robots",
            "summary": "Cleans the outside while you stay in.",
            "translations": {"zh": {"title": "擦窗机器人"}},
            "variants": [{"sku": "PANE-1", "releases_at": (now + timedelta(days=40)).isoformat(), "purchase_limit": 2}],
            "offers": _own("PANE-1", 19900, 139900, 30),
        },
        {
            "slug": BOOK,
            "title": "A book of cups (PDF)",
            "brand": "Clayworks",
            "category": "Books",
            "summary": "Ninety pages, delivered as a file.",
            "translations": {"zh": {"title": "杯子之书（PDF）"}},
            "variants": [{"sku": "CUPS-PDF", "digital": True, "returnable": False}],
            "offers": _own("CUPS-PDF", 900, 4900, 1000),
        },
        {
            "slug": VOUCHER,
            "title": "Gift voucher",
            "category": "Gifts",
            "summary": "For somebody who likes to choose.",
            "translations": {"zh": {"title": "礼品卡"}},
            "variants": [{"sku": "VOUCHER-25", "name": "25", "digital": True, "returnable": False}],
            "offers": _own("VOUCHER-25", 2500, 18000, 1000),
        },
    ]


@dataclass(frozen=True, slots=True)
class _Online:
    """The part of a gateway that the rooms ask for; the site has none of this name, so nothing goes anywhere."""

    name: str = "stripe"
    online: bool = True
    methods: tuple[str, ...] = ("card",)
    currencies: frozenset[str] | None = None


class Trade:
    """One shop with its people; ``found`` collects the address of each thing by its name."""

    def __init__(self, boss: User, buyer: User, other: User, now: datetime) -> None:
        self.boss, self.buyer, self.other, self.now = boss, buyer, other, now
        self.found: dict[str, str] = {}
        self.variants: dict[str, Variant] = {}

    def ago(self, **span: float) -> datetime:
        return self.now - timedelta(**span)

    # --- what is sold ----------------------------------------------------------------------------------------------

    def fill_shelves(self) -> None:
        session = db.session
        for place, entry in enumerate(_catalogue(self.now)):
            made = products.upsert_product(session, ProductInput.parse(entry), now=self.ago(days=60))
            asset = media.store_picture(
                session,
                engines().storage,
                picture("JPEG", (900, 900), colour=(70 + 30 * place, 110, 160 - 20 * place)),
                owner=None,
                now=self.now,
            )
            products.set_picture(session, made, asset, alt=f"A picture of {entry['title']}", now=self.now)
            self.found[entry["slug"]] = f"/products/{entry['slug']}"
            self.found[f"desk {entry['slug']}"] = f"/desk/products/{made.key}"
        self._mugs()
        rows = session.scalars(select(Variant).join(Product).where(Product.slug.in_([BOWL, ROBOT, BOOK, VOUCHER])))
        self.variants |= {row.sku: row for row in rows}
        credit.sell(session, self.variants["VOUCHER-25"].id)
        data = b"%PDF-1.4\n%%EOF\n"
        stored = products.keep_file(engines().storage, BytesIO(data))
        products.add_file(
            session,
            self.variants["CUPS-PDF"].key,
            name="book-of-cups.pdf",
            content_type="application/pdf",
            size=len(data),
            stored=stored,
            now=self.now,
        )
        bowl = self.variants["BOWL-1"]
        self.found["restock"] = f"/restock/{bowl.key}"
        waiting = products.ask_restock(session, bowl.key, self.buyer.email, user=self.buyer, locale="en", now=self.now)
        session.flush()
        self.found["restock confirm"] = urlsplit(confirm_url(waiting.key)).path
        self.found["restock stop"] = urlsplit(stop_url(waiting.key)).path

    def _mugs(self) -> None:
        """Six mugs of two options, one of them sold out, dearer two weeks ago."""
        session = db.session
        mug = session.scalars(select(Product).where(Product.slug == MUG)).one()
        options = parse_options("Colour=颜色: Sand=沙色, Moss=苔绿, Ink=墨色\nSize=容量: Small=小, Large=大")
        products.set_options(session, mug.key, options, now=self.ago(days=60), actor=self.boss.key)
        rows = session.scalars(select(Variant).where(Variant.product_id == mug.id).order_by(Variant.position)).all()
        for place, row in enumerate(rows):
            self.variants[f"MUG-{place}"] = row
            if place != 3:
                stock.receive(session, row.id, 60, now=self.ago(days=60), actor=self.boss.key)
            for days, dollars, yuan in ((60, 3400, 23800), (14, 3900, 26800), (2, 2800, 19800)):
                for currency, price in (("USD", dollars), ("CNY", yuan)):
                    offer = OfferInput("own", currency, price, sku=row.sku)
                    self._price(mug.key, offer, self.ago(days=days))
        self.found["desk options"] = f"/desk/products/{mug.key}/options"
        self.found["desk variant"] = f"/desk/products/{mug.key}/variants/{rows[0].key}"
        self.found["desk variant new"] = f"/desk/products/{mug.key}/variants/new"
        self.found["desk offer new"] = f"/desk/products/{mug.key}/offers/new"
        self.found["desk stock of"] = f"/desk/stock/{rows[0].key}"

    def _price(self, product: str, form: OfferInput, at: datetime) -> None:
        known = db.session.scalars(
            select(Offer.key)
            .join(Variant, Variant.id == Offer.variant_id)
            .where(Variant.sku == form.sku, Offer.currency == form.currency)
        ).first()
        made = products.save_offer(db.session, product, form, offer_key=known, now=at, actor=self.boss.key)
        self.found["desk offer"] = f"/desk/products/{product}/offers/{made.key}"

    def keep_house(self) -> None:
        """Places, a supplier, a count, properties, a bulk edit; a zone and a tax of a country nobody here lives in."""
        session, now, actor = db.session, self.now, self.boss.key
        supplier = SupplierInput("clay-yard", "Clay Yard", "orders@clay.example", 700_000)
        products.save_supplier(session, supplier, now=now)
        products.save_location(session, LocationInput("harbour", "Harbour store", "US"), now=now)
        products.save_location(session, LocationInput("yard", "Clay Yard, Fujian", "CN", "clay-yard"), now=now)
        small = self.variants["MUG-0"]
        stock.transfer(
            session, small.id, 20, source="main", target="harbour", note="for the fair", now=now, actor=actor
        )
        stock.set_low_at(session, self.variants["MUG-1"].id, 100)
        count = products.open_stocktake(session, "harbour", note="After the fair", now=now, actor=actor)
        products.note_counts(session, count.key, {small.key: 18})
        attribute = products.save_attribute(session, AttributeInput("Glaze", "text", "", {"zh": "釉"}), now=now)
        cups = CategoryInput.parse({"name": "Saucers", "name_zh": "茶碟", "parent": "tableware"})
        self.found["desk category"] = f"/desk/categories/{products.save_category(session, cups, now=now).slug}"
        self.found["desk attribute"] = f"/desk/attributes/{attribute.key}"
        self.found["desk count"] = f"/desk/counts/{count.key}"
        robot = session.scalars(select(Product).where(Product.slug == ROBOT)).one()
        edit = BulkInput.parse([robot.key], {"kind": "price_percent", "value": "-5"})
        seen = products.digest_of(products.preview_bulk(session, edit, fixed=frozenset))
        done = products.apply_bulk(session, edit, seen=seen, fixed=frozenset, now=now, actor=actor)
        self.found["desk bulk"] = f"/desk/products/bulk?p={robot.key}"
        self.found["desk changed"] = f"/desk/products/bulk/{done.key}"
        zone = delivery.save_zone(session, ZoneInput.parse({"name": "The Alps", "areas": "CH\nLI"}), by=self.boss)
        method = MethodInput.parse(
            {
                "name": "By train",
                "name_zh": "铁路",
                "currency": "USD",
                "tiers": "1 kg = 9.90\n* = 19.90",
                "free_from": "90",
                "min_days": "3",
                "max_days": "6",
            }
        )
        key = delivery.save_method(session, zone, method, by=self.boss)
        # Where a zone is served, nowhere else is: the shop's own rule is what the journeys pay.
        delivery.set_zone_active(session, zone, False, by=self.boss)
        tax = {"country": "CH", "name": "MWST", "included": "yes", "on_shipping": "yes", "rate_standard": "8.1"}
        delivery.save_tax(session, TaxInput.parse(tax), by=self.boss)
        self.found["desk zone"] = f"/desk/delivery/zones/{zone}"
        self.found["desk zone method new"] = f"/desk/delivery/zones/{zone}/methods/new"
        self.found["desk method"] = f"/desk/delivery/methods/{key}"
        self.found["desk tax"] = "/desk/delivery/taxes/CH/-"

    def promote(self) -> None:
        form = {"kind": "percent", "percent": "10", "name": "Ten for the fair", "name_zh": "市集九折", "code": CODE}
        limits = {"total_limit": "500", "person_limit": "20", "caps": "20 USD, 140 CNY"}
        made = promotions.save(db.session, PromotionInput.parse(form | limits), by=self.boss, now=self.ago(days=5))
        self.found["desk promotion"] = f"/desk/promotions/{made.key}"

    # --- orders ----------------------------------------------------------------------------------------------------

    def order(
        self,
        *wants: tuple[str, int],
        at: datetime,
        guest: str = "",
        china: bool = False,
        code: str = "",
    ) -> Order:
        """A placed order of variants by name, of the buyer or of a guest."""
        session, cart = db.session, None
        person = None if guest else self.buyer
        country, currency = ("CN", "CNY") if china else ("US", "USD")
        for name, count in wants:
            variant = self.variants[name].id
            cart = orders.add(session, cart, variant_id=variant, quantity=count, region=country, now=at).cart_key
        assert cart
        if code:
            orders.add_code(session, cart, code, now=at)
        address = (CHINA if china else HOME) | {"email": guest or self.buyer.email, "payment_method": "bank_transfer"}
        to = Delivery.parse(address, countries=("US", "CN"), methods=("bank_transfer",))
        terms = carts.Terms(
            now=at,
            to=destination(to),
            postage=POSTAGE,
            codes=(code,) if code else (),
            persons=persons(to.buyer.email, person.key if person else ""),
        )
        quote = carts.get_cart(session, cart, locale="en", region=country, currency=currency, terms=terms).quote(
            currency
        )
        assert quote is not None
        wish = orders.Wish(new_key(24), cart, currency, quote.fingerprint, to, "zh" if china else "en")
        return orders.place(session, wish, user=person, postage=POSTAGE, pay_within=timedelta(days=3), now=at)

    def paid(self, *wants: tuple[str, int], at: datetime, **more: Any) -> Order:
        order = self.order(*wants, at=at, **more)
        return orders.mark_paid(db.session, order.key, by=self.boss, now=at + timedelta(hours=1))

    def arrived(self, *wants: tuple[str, int], at: datetime, **more: Any) -> Order:
        order = self.paid(*wants, at=at, **more)
        parcel = orders.Parcel("UPS", f"1Z{order.key.upper()}")
        orders.ship(db.session, order.key, parcel=parcel, by=self.boss, now=at + timedelta(hours=20))
        return orders.confirm(db.session, order.key, by=None, actor=self.buyer.key, now=at + timedelta(days=2))

    def note(self, name: str, order: Order) -> Order:
        """Where the order's pages are."""
        self.found[f"order {name}"] = f"/orders/{order_token(order.key)}"
        self.found[f"desk order {name}"] = f"/desk/orders/{order.key}"
        return order

    def sell(self) -> None:
        """An order in each state."""
        session = db.session
        self.note("to pay", self.order(("MUG-0", 2), ("PANE-1", 1), at=self.ago(hours=2), code=CODE))
        to_pack = self.note("to pack", self.paid(("MUG-0", 1), ("MUG-1", 2), at=self.ago(hours=9)))
        self.found["desk money"] = f"/desk/payments/orders/{to_pack.key}"
        self.note("chinese", self.paid(("MUG-2", 1), at=self.ago(hours=7), china=True))
        part = self.note("part sent", self.paid(("MUG-0", 3), ("MUG-4", 1), at=self.ago(days=2)))
        parcel = orders.Parcel("UPS", "1Z999AA10123456784")
        line = part.lines[0]
        orders.ship(session, part.key, parcel=parcel, quantities={line.id: 2}, by=self.boss, now=self.ago(days=1))
        sent = self.note("sent", self.paid(("MUG-5", 1), at=self.ago(days=3), guest="guest@example.org"))
        orders.ship(session, sent.key, parcel=orders.Parcel("DHL", "JD0146"), by=self.boss, now=self.ago(days=2))
        given_up = self.note("cancelled", self.order(("MUG-0", 1), at=self.ago(days=6)))
        orders.cancel(session, given_up.key, reason="ordered twice", by=self.boss, now=self.ago(days=5))
        digital = self.note("digital", self.paid(("CUPS-PDF", 1), at=self.ago(hours=5)))
        products.grant_downloads(session, digital.key, now=self.ago(hours=4))
        orders.ship_digital(session, digital.key, confirm_within=timedelta(days=10), now=self.ago(hours=4))
        self.note("vouchers", self.paid(("VOUCHER-25", 2), at=self.ago(hours=3)))
        card = credit.issue(
            session,
            amount=Money(5000, "USD"),
            source_key="goodwill-1",
            actor=self.boss.key,
            now=self.now,
            note="for the broken lid",
            email="guest@example.org",
        )
        self.found["given card"] = f"/gift-cards/{card_token(card.key)}"
        self.found["desk card"] = f"/desk/payments/gift-cards/{card.key}"
        orders.note_customer(session, "guest@example.org", "Asks for paper, not foil.", by=self.boss, now=self.now)
        self.found["claim"] = f"/guest-orders/{claim_token(self.buyer.key, 'guest@example.org')}"
        self.found["desk customer"] = f"/desk/customers/{self.buyer.email}"

    def pay(self) -> None:
        """A try to pay in each state."""
        session, gateway = db.session, _Online()
        for state in ("ready", "scan", "trouble", "refused"):
            order = self.order(("MUG-0", 1), at=self.ago(hours=1), guest=f"{state}@example.org")
            made = paying.begin(
                session,
                order.key,
                method="card",
                gateway=gateway,  # type: ignore[arg-type]
                attempt_key=new_key(24),
                now=self.now,
            )
            if state == "trouble":
                payments.note_trouble(session, made.key, "The provider does not answer.", now=self.now)
            else:
                begun = Begun("pi_1", "" if state == "scan" else "/", "weixin://pay/1" if state == "scan" else "")
                payments.note_begun(session, made.key, begun, now=self.now)
            if state == "refused":
                payments.note_declined(session, made, "Your card was declined.")
            self.found[f"pay {state}"] = f"/orders/{order_token(order.key)}/pay"

    # --- what comes after ------------------------------------------------------------------------------------------

    def after(self) -> None:
        """An after-sale case in each state, all of one order; a form for another one."""
        order = self.note("arrived", self.arrived(("MUG-0", 9), ("MUG-1", 1), at=self.ago(days=4), code=CODE))
        stages: dict[str, Sequence[Callable[[AfterSale], Any]]] = {
            "asked": (),
            "approved": (self._approve,),
            "on the way": (self._approve, self._send),
            "received": (self._approve, self._send, self._receive),
            "done": (self._approve, self._send, self._receive, self._settle),
            "refused": (self._reject,),
        }
        for name, steps in stages.items():
            asked = Application("return", "broken", "The handle came off in the box.", {order.lines[0].id: 1})
            shown = media.keep_private(engines().storage, encode(photo().getvalue()))
            case = aftersale.apply(db.session, order.key, asked, photos=[shown], terms=TIMES, now=self.ago(days=1))
            for step in steps:
                step(case)
            self.found[f"case {name}"] = f"/orders/{order_token(order.key)}/after-sale/{case.key}"
            self.found[f"desk case {name}"] = f"/desk/after-sale/{case.key}"
        wish = Application(
            "exchange", "wrong", "", {order.lines[1].id: 1}, {order.lines[1].id: self.variants["MUG-2"].key}
        )
        shown = media.keep_private(engines().storage, encode(photo("blue").getvalue()))
        aftersale.apply(db.session, order.key, wish, photos=[shown], terms=TIMES, now=self.ago(hours=3))
        self.found["after-sale"] = f"/orders/{order_token(order.key)}/after-sale"

    def _approve(self, case: AfterSale) -> None:
        to = "Harbour store, 4 Quay, Portland, OR 97201"
        aftersale.approve(db.session, case.key, return_to=to, terms=TIMES, by=self.boss, now=self.ago(hours=20))

    def _send(self, case: AfterSale) -> None:
        parcel = ReturnParcel("UPS", "1Z-BACK")
        aftersale.send(db.session, case.key, parcel=parcel, terms=TIMES, now=self.ago(hours=16))

    def _receive(self, case: AfterSale) -> None:
        back = {line.id: 0 for line in case.lines}
        aftersale.receive(db.session, case.key, restocked=back, terms=TIMES, by=self.boss, now=self.ago(hours=8))

    def _settle(self, case: AfterSale) -> None:
        aftersale.settle(db.session, case.key, terms=TIMES, by=self.boss, now=self.ago(hours=6))

    def _reject(self, case: AfterSale) -> None:
        aftersale.reject(
            db.session, case.key, answer="The picture shows another mug.", terms=TIMES, by=self.boss, now=self.now
        )

    def review(self) -> None:
        """Two reviews, one with a picture, an answer, an addition and a report; one that is waiting to be written."""
        session = db.session
        asset = media.store_picture(
            session,
            engines().storage,
            picture("JPEG", (800, 600), colour=(150, 90, 60)),
            owner=self.buyer,
            now=self.now,
        )
        words = [
            ("5", "Warm for an hour", "It keeps tea warm for an hour.\nThe handle fits two fingers.", "en"),
            ("3", "", "颜色比图片深一点，其余都好。", "zh"),
        ]
        written: list[Review] = []
        for place, (stars, title, text, lang) in enumerate(words):
            order = self.arrived(("MUG-0", 1), at=self.ago(days=30 - place))
            line = reviewed.get_to_review(session, self.buyer.id, order.key, 1)
            said = ReviewInput.parse({"stars": stars, "title": title, "text": text, "lang": lang})
            pictures = [asset] if place == 0 else []
            written.append(reviews.write(session, line, said, pictures, by=self.buyer, now=self.ago(days=20)))
        first = written[0]
        reviews.reply(
            session, first, "Thank you. The large one holds it for longer.", by=self.boss, now=self.ago(days=9)
        )
        reviews.add_more(session, first, "Half a year later: no crack.", by=self.buyer, now=self.ago(days=1))
        reviews.vote(session, first, True, by=self.other, now=self.now)
        reviews.report(session, written[1], "wrong", by=self.other, now=self.now)
        waiting = self.arrived(("MUG-2", 1), at=self.ago(days=12))
        self.found["reviews"] = f"/products/{MUG}/reviews"
        self.found["review write"] = f"/account/reviews/{waiting.key}/1"
        for verb in ("edit", "more", "delete", "report", "hide"):
            self.found[f"review {verb}"] = f"/reviews/{written[1 if verb == 'more' else 0].key}/{verb}"
        self.found["review invitations"] = urlsplit(no_invitations_url(self.buyer.key)).path

    def settle_in(self) -> None:
        """Two addresses of the buyer."""
        for place, form in enumerate((HOME, CHINA)):
            parsed = AddressInput.parse(form, countries=("US", "CN"))
            made = delivery.keep_address(db.session, parsed, by=self.buyer, now=self.now + timedelta(seconds=place))
            self.found["address"] = f"/account/addresses/{made.key}"


def open_trade(*, boss: User, buyer: User, other: User) -> dict[str, str]:
    """Fill the shop in the unit of work that is open; the path of each thing by its name.

    ``boss`` is an operator, ``buyer`` whoever orders and reviews, ``other`` a reader who votes and reports.
    """
    trade = Trade(boss, buyer, other, engines().clock.now())
    trade.fill_shelves()
    trade.keep_house()
    trade.promote()
    trade.sell()
    trade.pay()
    trade.after()
    trade.review()
    trade.settle_in()
    db.session.flush()
    # All of it is past: nobody waits for mails of these orders.
    told = update(OutboxEvent).where(OutboxEvent.name.startswith("Order"), OutboxEvent.dispatched_at.is_(None))
    db.session.execute(told.values(dispatched_at=trade.now))
    return trade.found
