"""The states of what the payments room keeps."""

from __future__ import annotations

PAYMENT_STATES = ("new", "begun", "paid", "failed")
REFUND_STATES = ("asked", "sent", "done", "failed")
EVENT_STATES = ("waiting", "applied", "ignored")
CARD_STATES = ("active", "blocked")
USE_STATES = ("held", "captured", "released")
REASON_LENGTH = 300
