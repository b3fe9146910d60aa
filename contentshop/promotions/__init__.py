"""Coupons and promotions: what they take off which lines, and limits that hold. Knows no orders, only holders."""
