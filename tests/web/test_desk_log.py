"""The words of the audit log."""

from __future__ import annotations

from flask import Flask

from contentshop.web.desk_log_words import action_words, value_words
from contentshop.web.permissions import OFFICE, PERMISSIONS


def test_everything_that_staff_can_do_has_words(app: Flask) -> None:
    done = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and PERMISSIONS.get(rule.endpoint) in OFFICE
    }
    with app.test_request_context():
        assert sorted(endpoint for endpoint in done if action_words(endpoint) == endpoint) == []
        assert action_words("desk_orders.mark_shipped") == "Shipped an order"
        assert action_words("desk_payments.issue") == action_words("desk_gift_cards.issue") == "Issued a gift card"
        assert action_words("desk.long_gone") == "desk.long_gone"


def test_amounts_are_money_where_their_currency_is_known(app: Flask) -> None:
    values = {"paid": 2598, "refunded": 100, "parcels": 3, "currency": "USD"}
    with app.test_request_context():
        assert [value_words(name, values) for name in ("paid", "refunded", "parcels")] == ["$25.98", "$1.00", 3]
        assert value_words("paid", {"paid": 2598}) == 2598
        assert value_words("reason", values) == ""
