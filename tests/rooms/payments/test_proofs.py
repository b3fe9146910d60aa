"""The audit of the money sees every breach; each is made on purpose, past the rooms."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from contentshop.core.db import db
from contentshop.ledger import queries as ledger
from contentshop.orders.queries.money import audit_money
from contentshop.payments import credit
from tests.factories import Factory
from tests.rooms.payments.conftest import Sold, Till

ENTRY = (
    "INSERT INTO ledger_entry (transaction_id, account, minor) SELECT id, '{account}', {minor} FROM ledger_transaction"
)


def problems(till: Till) -> list[str]:
    with till.app.app_context():
        found = [*audit_money(db.session), *ledger.audit(db.session), *credit.audit(db.session)]
        db.session.remove()
        return found


@pytest.fixture
def order(till: Till, make: Factory) -> str:
    """A paid order, a part of which is refunded and sent back, and another refund that waits."""
    card = till.card(600)
    key = till.order(Sold(make.product(own={"USD": 1999}, stock=5)), credit_minor=600, card=card)
    till.pay(key)
    till.sent(till.give_back(key, "a", minor=100).key)
    till.give_back(key, "b", minor=50)
    assert problems(till) == []
    return key


@pytest.mark.parametrize(
    ("breach", "told"),
    [
        ("UPDATE shop_order SET paid_minor = paid_minor + 1", "says 1999 paid and 150 refunded, but 1998 came"),
        (
            "UPDATE shop_order SET refunded_minor = refunded_minor - 1",
            "149 refunded, but 1998 came and 150 was promised",
        ),
        ("UPDATE payment SET received_minor = received_minor + 1", "1999 came and 1998 is booked"),
        ("UPDATE payment SET refunded_minor = refunded_minor + 1", "151 was promised back, in parts of 150"),
        ("UPDATE payment SET state = 'begun'", "says that a payment was made, but it is not"),
        ("UPDATE refund SET minor = minor + 1", "is not the sum of its parts"),
        ("UPDATE refund_part SET state = 'asked' WHERE state = 'done'", "is not booked as it was sent"),
        ("UPDATE refund_part SET state = 'done'", "is not booked as it was sent"),
        ("UPDATE credit_use SET given_back_minor = 5", "what its gift card got back is not what was refunded"),
        ("UPDATE gift_card SET balance_minor = balance_minor + 5", "but the ledger owes 0"),
        ("UPDATE order_line SET refunded_minor = 5000", "has come or gone back than was bought"),
        (ENTRY.format(account="receivable", minor=7) + " WHERE kind = 'sale'", "is booked as sold"),
        (ENTRY.format(account="receivable", minor=7) + " WHERE kind = 'payment'", "open with its buyer"),
        (ENTRY.format(account="refunds:due", minor=7) + " WHERE kind = 'refund'", "but the ledger owes"),
        (ENTRY.format(account="bank", minor=1) + " WHERE kind = 'payment'", "adds up to 1 instead of 0"),
    ],
)
def test_a_breach_is_told(till: Till, order: str, breach: str, told: str) -> None:
    till.unit(lambda: db.session.execute(text(breach)))
    assert any(told in problem for problem in problems(till)), problems(till)
