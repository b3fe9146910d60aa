"""Files and gift cards after the sale: paid back and withdrawn, never sent back or exchanged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from contentshop.aftersale import policy
from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.orders import actions
from contentshop.orders.models import Order
from contentshop.payments import credit
from contentshop.payments.models import GiftCard
from contentshop.products.models import Variant
from tests.factories import Factory
from tests.rooms.aftersale.conftest import Desk
from tests.rooms.orders.conftest import Shop


@pytest.fixture
def vouchers(shop: Shop, make: Factory) -> Order:
    """An order of two gift cards of 50, which are ready."""
    voucher = make.product("voucher", own={"USD": 5000}, stock=9)
    shop.run(lambda session: credit.sell(session, make.variant_of(voucher).id))
    order = shop.order(voucher, 2)
    shop.do("mark_paid", order)
    key, now = order.key, shop.clock.now()
    shop.unit(lambda: actions.ship_digital(db.session, key, confirm_within=timedelta(days=10), now=now))
    return order


def test_what_can_be_asked_for() -> None:
    assert policy.kinds_for(digital=True) == ("refund",)
    assert policy.kinds_for(digital=False) == ("refund", "return", "exchange")


@pytest.mark.parametrize("kind", ["return", "exchange"])
@pytest.mark.parametrize("reason", ["unwanted", "broken"])
def test_they_are_neither_sent_back_nor_exchanged(
    shop: Shop, desk: Desk, vouchers: Order, kind: str, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        desk.apply(vouchers, {0: 1}, kind=kind, reason=reason)
    assert refused.value.fields == {
        f"units-{shop.get(vouchers).lines[0].id}": [
            "Files and gift cards are neither sent back nor exchanged. Ask for a refund of them alone."
        ]
    }
    assert desk.count() == 0


def test_the_money_goes_back_without_a_reason_and_the_card_with_it(shop: Shop, desk: Desk, vouchers: Order) -> None:
    case = desk.apply(vouchers, {0: 1}, kind="refund")
    desk.do("approve", case)
    desk.do("settle", case)
    assert desk.refunds(vouchers) == [5000]
    assert shop.get(vouchers).lines[0].returned_quantity == 1
    with shop.app.app_context():
        gone = db.session.scalars(select(GiftCard.withdrawn_at).order_by(GiftCard.id)).all()
    assert [at is None for at in gone] in ([True, False], [False, True])
    assert desk.problems() == []


def test_a_part_of_a_card_is_paid_back_only_when_it_is_withdrawn(shop: Shop, desk: Desk, vouchers: Order) -> None:
    case = desk.apply(vouchers, kind="refund")
    line = desk.get(case).lines[0].id
    with pytest.raises(Invalid, match="Say how many count as given back"):
        desk.do("approve", case, refund_minor=5000)
    desk.do("approve", case, refund_minor=5000, returned={line: 1})
    desk.do("settle", case)
    assert (desk.refunds(vouchers), shop.get(vouchers).lines[0].returned_quantity) == ([5000], 1)
    assert desk.problems() == []


def test_what_is_not_returnable_is_paid_back_only_for_a_fault(shop: Shop, desk: Desk, vouchers: Order) -> None:
    shop.run(lambda session: session.execute(update(Variant).values(returnable=False)))
    with pytest.raises(Invalid, match="This is paid back only when something is wrong with it"):
        desk.apply(vouchers, kind="refund")
    assert desk.apply(vouchers, kind="refund", reason="broken").state == "asked"
