"""Payments: how money comes in and goes back, and what gift cards hold."""
