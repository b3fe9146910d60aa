"""Coupons, limits, gift cards, zones and taxes, from the cart to the order and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.delivery import actions as delivering
from contentshop.delivery.inputs import MethodInput, TaxInput, ZoneInput
from contentshop.orders import actions
from contentshop.orders.actions import QuoteChanged
from contentshop.orders.models import OrderLine
from contentshop.orders.queries import Attribution
from contentshop.payments import credit
from contentshop.products.models import Variant
from contentshop.promotions import actions as promoting
from contentshop.promotions import queries as promotions
from contentshop.promotions.actions import LimitReached, PromotionOver
from contentshop.promotions.inputs import PromotionInput
from contentshop.promotions.models import Promotion
from tests.factories import Factory
from tests.rooms.orders.conftest import CHINA, Shop, delivery
from tests.rooms.orders.test_races import at_once, sending

TEN = {"name": "Ten off", "code": "ten", "kind": "percent", "percent": "10"}


def promote(shop: Shop, **form: str) -> str:
    boss = shop.make.user(role="operator")
    found = shop.unit(
        lambda: promoting.save(db.session, PromotionInput.parse(TEN | form), by=boss, now=shop.clock.now())
    )
    return str(found.key)


def used(shop: Shop, key: str) -> int:
    with shop.app.app_context():
        return promotions.get_promotion(db.session, key).used


def type_code(shop: Shop, cart: str, code: str = "TEN", person: str = "") -> None:
    shop.unit(lambda: actions.add_code(db.session, cart, code, person=person, now=shop.clock.now()))


def refusals(quote: Any) -> list[tuple[str, str]]:
    return [(one.code, one.why) for one in quote.discount.refused]


def lines_of(shop: Shop, order: Any) -> list[OrderLine]:
    return list(shop.get(order).lines)


def test_a_coupon_is_taken_off_each_line_and_kept_with_the_order(shop: Shop, make: Factory) -> None:
    key = promote(shop, total_limit="5")
    one, two = make.product(own={"USD": 1999}, stock=9), make.product(own={"USD": 333}, stock=9)
    cart = shop.add(shop.add(None, one, 2), two)
    type_code(shop, cart, " t e n ")
    order = shop.send(shop.wish(cart))
    found = shop.get(order)
    assert (found.items_minor, found.discount_minor, found.shipping_minor, found.total_minor) == (4331, 433, 599, 4497)
    assert [(line.discount_minor, line.net_minor) for line in found.lines] == [(400, 3598), (33, 300)]
    assert (found.codes, used(shop, key)) == (["TEN"], 1)
    assert shop.cart(cart).lines == ()
    shop.do("cancel", order, reason="changed my mind")
    assert used(shop, key) == 0
    assert shop.problems() == []


@pytest.mark.parametrize("limit", [1, 10])
def test_a_limit_holds_against_fifty_claimants(shop: Shop, make: Factory, limit: int) -> None:
    key = promote(shop, total_limit=str(limit))
    kettle = make.product(own={"USD": 1999}, stock=500)
    wishes = []
    for number in range(50):
        cart = shop.add(None, kettle)
        type_code(shop, cart)
        wishes.append(shop.wish(cart, delivery=delivery(email=f"buyer{number}@example.org")))
    answers = at_once([sending(shop, wish) for wish in wishes])
    refused = [answer for answer in answers if answer in {"PromotionOver", "QuoteChanged"}]
    assert (len(refused), shop.count_orders(), used(shop, key)) == (50 - limit, limit, limit)
    assert shop.stock(kettle) == (500, limit)
    with shop.app.app_context():
        assert promotions.audit(db.session) == []


def test_one_person_has_one_however_they_sign_in_and_however_many_windows(shop: Shop, make: Factory) -> None:
    key = promote(shop, person_limit="1")
    kettle = make.product(own={"USD": 1999}, stock=500)
    wishes = []
    for number in range(10):
        cart = shop.add(None, kettle)
        type_code(shop, cart)
        wishes.append(shop.wish(cart, delivery=delivery(email=f"Ada+{number}@Example.org")))
    answers = at_once([sending(shop, wish) for wish in wishes])
    assert sum(answer in {"PromotionOver", "QuoteChanged"} for answer in answers) == 9
    cart = shop.add(None, kettle)
    type_code(shop, cart)
    quote = shop.checkout(cart, delivery(email="ada@example.org")).quote("USD")
    assert (quote.discount.total, refusals(quote)) == (0, [("TEN", "used")])
    order = shop.send(shop.wish(cart, delivery=delivery(email="ada@example.org")))
    assert shop.get(order).discount_minor == 0
    assert used(shop, key) == 0  # without a limit for all there is nothing to count


def test_a_code_that_is_paused_over_or_unknown_says_so(shop: Shop, make: Factory) -> None:
    now = shop.clock.now()
    key = promote(shop, ends_at=(now + timedelta(days=1)).date().isoformat())
    cart = shop.add(None, make.product(own={"USD": 1999}, stock=5))
    for code in ("TEN", "NOPE"):
        type_code(shop, cart, code)
    state = {"codes": ("TEN", "NOPE")}
    quote = shop.cart(cart, **state).quote("USD")
    assert (quote.discount.total, refusals(quote)) == (200, [("NOPE", "unknown")])
    shop.clock.advance(timedelta(days=1))
    assert refusals(shop.cart(cart, **state).quote("USD")) == [("TEN", "ended"), ("NOPE", "unknown")]
    boss = make.user(role="operator")
    shop.unit(lambda: promoting.set_active(db.session, key, False, by=boss))
    assert refusals(shop.cart(cart, codes=("TEN",)).quote("USD")) == [("TEN", "ended")]
    with pytest.raises(Invalid):
        type_code(shop, cart, "a b c !!")


def test_days_count_for_each_person_from_when_they_type_it(shop: Shop, make: Factory) -> None:
    promote(shop, valid_days="3")
    ada = make.user()
    cart = shop.add(None, make.product(own={"USD": 1999}, stock=5))
    quote = shop.cart(cart, codes=("TEN",), persons=("mail:a@b.c",)).quote("USD")
    assert refusals(quote) == [("TEN", "sign_in")]
    person = f"user:{ada.key}"
    type_code(shop, cart, "TEN", person)
    shop.clock.advance(timedelta(days=3) - timedelta(seconds=1))
    type_code(shop, cart, "TEN", person)
    assert shop.cart(cart, codes=("TEN",), persons=(person,)).quote("USD").discount.total == 200
    shop.clock.advance(timedelta(seconds=1))
    assert refusals(shop.cart(cart, codes=("TEN",), persons=(person,)).quote("USD")) == [("TEN", "ended")]


def test_a_promotion_without_a_code_works_by_itself_from_its_threshold_on(shop: Shop, make: Factory) -> None:
    promote(shop, code="", min_spend="50 USD", kind="fixed", amounts="5 USD")
    kettle = make.product(own={"USD": 2500}, stock=5)
    cart = shop.add(None, kettle)
    assert shop.cart(cart).quote("USD").totals.discount == Money(0, "USD")
    shop.add(cart, kettle)
    assert shop.get(shop.send(shop.wish(cart))).discount_minor == 500


def test_the_last_use_gone_between_review_and_button_changes_the_quote(shop: Shop, make: Factory) -> None:
    promote(shop, total_limit="1")
    kettle = make.product(own={"USD": 1999}, stock=5)
    carts = [shop.add(None, kettle) for _ in range(2)]
    for cart in carts:
        type_code(shop, cart)
    late = shop.wish(carts[0])
    shop.send(shop.wish(carts[1], delivery=delivery(email="bob@example.org")))
    with pytest.raises(QuoteChanged) as refused:
        shop.send(late)
    assert refusals(refused.value.quote) == [("TEN", "used_up")]
    assert (shop.stock(kettle), shop.cart(carts[0]).count) == ((5, 1), 1)


def test_only_operators_change_promotions_and_codes_are_unique(shop: Shop, make: Factory) -> None:
    promote(shop)
    with pytest.raises(Invalid):
        promote(shop, code="TEN")
    creator = make.user(role="creator")
    with pytest.raises(Forbidden):
        shop.unit(lambda: promoting.save(db.session, PromotionInput.parse(TEN), by=creator, now=shop.clock.now()))
    assert shop.run(lambda s: s.query(Promotion).count()) == 1


def limit(shop: Shop, product: Any, most: int) -> None:
    shop.run(lambda s: s.query(Variant).filter_by(id=shop.variant(product)).update({"purchase_limit": most}))


def test_a_purchase_limit_holds_for_a_person_over_orders_and_ends_with_a_cancelled_one(
    shop: Shop, make: Factory
) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    limit(shop, kettle, 2)
    with pytest.raises(LimitReached) as reached:
        shop.add(None, kettle, 3)
    assert reached.value.left == {shop.variant(kettle): 2}
    first = shop.send(shop.wish(shop.add(None, kettle)))
    cart = shop.add(None, kettle, 2)
    (line,) = shop.checkout(cart, delivery()).lines
    assert (line.problem, line.may_buy) == ("limit", 1)
    with pytest.raises(LimitReached):
        shop.send(shop.wish(cart))
    assert shop.stock(kettle) == (50, 1)
    shop.do("cancel", first, reason="x")
    assert shop.send(shop.wish(cart)).state == "placed"


def test_a_purchase_limit_holds_in_a_rush(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    limit(shop, kettle, 2)
    wishes = [shop.wish(shop.add(None, kettle)) for _ in range(12)]
    answers = at_once([sending(shop, wish) for wish in wishes])
    assert sum(answer == "LimitReached" for answer in answers) == 10
    assert (shop.count_orders(), shop.stock(kettle)) == (2, (50, 2))


def gift_card(shop: Shop, minor: int) -> str:
    def work() -> str:
        card = credit.issue(
            db.session, amount=Money(minor, "USD"), source_key=new_key(), actor="", now=shop.clock.now()
        )
        db.session.flush()
        return credit.reveal(db.session, card.key)

    return str(shop.unit(work))


def test_a_gift_card_pays_what_it_holds_and_a_whole_order_is_paid_at_once(shop: Shop, make: Factory) -> None:
    code = gift_card(shop, 3000)
    kettle = make.product(own={"USD": 1999}, stock=50)
    cart = shop.add(None, kettle)
    shop.unit(lambda: actions.use_gift_card(db.session, cart, code, now=shop.clock.now()))
    order = shop.get(shop.send(shop.wish(cart)))
    assert (order.total_minor, order.credit_minor, order.payment_method, order.state) == (2598, 2598, "credit", "paid")
    cart = shop.add(None, kettle)
    shop.unit(lambda: actions.use_gift_card(db.session, cart, code, now=shop.clock.now()))
    order = shop.get(shop.send(shop.wish(cart)))
    assert (order.total_minor, order.credit_minor, order.payment_method, order.state) == (
        2598,
        402,
        "bank_transfer",
        "placed",
    )
    empty = shop.add(None, kettle)
    with pytest.raises(Conflict):
        shop.unit(lambda: actions.use_gift_card(db.session, empty, code, now=shop.clock.now()))


def tax(shop: Shop, **form: str) -> None:
    boss = shop.make.user(role="operator")
    shop.unit(lambda: delivering.save_tax(db.session, TaxInput.parse(form), by=boss))


def test_tax_is_on_top_in_one_place_and_inside_in_another(shop: Shop, make: Factory) -> None:
    tax(shop, country="US", name="Sales tax", rate_standard="0")
    tax(shop, country="US", region="OR", name="Oregon tax", rate_standard="8.875", on_shipping="yes")
    tax(shop, country="CN", name="VAT", rate_standard="13", included="yes", on_shipping="yes")
    kettle = make.product(own={"USD": 1999}, stock=50)
    home = shop.get(shop.send(shop.wish(shop.add(None, kettle))))
    assert (home.tax_minor, home.shipping_tax_minor, home.total_minor, home.tax_included) == (230, 53, 2828, False)
    assert home.tax_parts == [["Oregon tax", 88_750, 230]]
    far = shop.get(shop.send(shop.wish(shop.add(None, kettle), delivery=delivery(**CHINA))))
    assert (far.tax_minor, far.shipping_tax_minor, far.total_minor, far.tax_included) == (299, 69, 2598, True)
    assert [(line.tax_minor, line.tax_rate) for line in far.lines] == [(230, 130_000)]
    with pytest.raises(Invalid) as refused:
        tax(shop, country="US", region="CA", name="x", rate_standard="7", included="yes")
    assert set(refused.value.fields) == {"included"}
    assert shop.problems() == []


def zone(shop: Shop, areas: str, *methods: dict[str, str]) -> list[str]:
    boss = shop.make.user(role="operator")

    def work() -> list[str]:
        key = delivering.save_zone(db.session, ZoneInput.parse({"name": "Zone", "areas": areas}), by=boss)
        return [delivering.save_method(db.session, key, MethodInput.parse(form), by=boss) for form in methods]

    found: list[str] = shop.unit(work)
    return found


POST = {"name": "Post", "currency": "USD", "tiers": "1 kg = 5\n5 kg = 9.50", "min_days": "3", "max_days": "5"}


def test_zones_decide_how_it_is_sent_and_what_that_costs(shop: Shop, make: Factory) -> None:
    post, express = zone(shop, "US", POST, POST | {"name": "Express", "tiers": "* = 25", "free_from": "100"})
    (island,) = zone(shop, "US HI\nUS AK", POST | {"tiers": "* = 40"})
    kettle = make.product(own={"USD": 1999}, stock=50)
    shop.run(lambda s: s.query(Variant).update({"weight_g": 600}))
    cart = shop.add(None, kettle, 2)
    quote = shop.checkout(cart, delivery()).quote("USD")
    assert [(one.key, one.minor, one.days) for one in quote.options] == [(post, 950, (3, 5)), (express, 2500, (3, 5))]
    order = shop.get(shop.send(shop.wish(cart, delivery=delivery(shipping=express))))
    assert (order.shipping_key, order.shipping_name, order.shipping_minor) == (express, "Express", 2500)
    cart = shop.add(None, kettle, 9)
    hawaii = delivery(region="HI", postcode="96813", city="Honolulu")
    assert [one.key for one in shop.checkout(cart, hawaii).quote("USD").options] == [island]
    assert [one.minor for one in shop.checkout(cart, delivery()).quote("USD").options] == [0]
    # Somebody who still has the other way of shipping on their screen is told.
    with pytest.raises(Invalid) as refused:
        shop.send(shop.wish(cart, delivery=delivery(shipping=post)))
    assert refused.value.fields == {"shipping": ["We do not deliver this to your address."]}
    with pytest.raises(Invalid):
        shop.send(shop.wish(cart, delivery=delivery(**CHINA)))


def test_what_is_digital_needs_no_street_and_costs_no_shipping(shop: Shop, make: Factory) -> None:
    book = make.product(own={"USD": 999}, stock=50)
    shop.run(lambda s: s.query(Variant).update({"digital": True}))
    from contentshop.orders.inputs import Delivery

    form = {"email": "ada@example.org", "name": "Ada", "country": "US", "payment_method": "bank_transfer"}
    there = Delivery.parse(form, countries=("US",), methods=("bank_transfer",), shipped=False)
    order = shop.get(shop.send(shop.wish(shop.add(None, book), delivery=there)))
    assert (order.shipping_minor, order.total_minor, order.address) == (0, 999, "")
    assert [line.digital for line in order.lines] == [True]


def test_each_line_keeps_whose_card_it_came_from_and_what_they_get(shop: Shop, make: Factory) -> None:
    tax(shop, country="US", name="VAT", rate_standard="20", included="yes")
    promote(shop)
    one, two = make.product(own={"USD": 1200}, stock=9), make.product(own={"USD": 2400}, stock=9)
    cart = shop.add(shop.add(shop.add(None, one, card_key="card-a"), two, card_key="card-b"), two)
    type_code(shop, cart)
    shop.creators = lambda cards: {
        key: Attribution({"card-a": "ada", "card-b": "bob"}[key], {"card-a": 50_000, "card-b": 0}[key]) for key in cards
    }
    order = shop.send(shop.wish(cart))
    # Ten per cent off 12.00 leaves 10.80, of which 1.80 is tax; five per cent of 9.00.
    assert [(line.card_key, line.creator_key, line.commission_minor) for line in lines_of(shop, order)] == [
        ("card-a", "ada", 45),
        ("card-b", "bob", 0),
        ("", "", 0),
    ]


def test_promotion_over_names_the_promotion() -> None:
    assert PromotionOver("Ten off").message == "“Ten off” has just been used up. Please look at the new total."
