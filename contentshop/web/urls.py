"""Addresses of what readers see, and of the ways out to shops."""

from __future__ import annotations


def post_url(slug: str) -> str:
    """The address of a published post."""
    return f"/p/{slug}"


def product_url(slug: str) -> str:
    """The address of a product."""
    return f"/products/{slug}"


def creator_url(handle: str) -> str:
    """The address of a creator's page."""
    return f"/@{handle}"


def live_url(key: str) -> str:
    """The address of a live session."""
    return f"/live/{key}"


def series_url(slug: str) -> str:
    """The address of a series."""
    return f"/series/{slug}"


def out_url(card_key: str, offer_key: str = "") -> str:
    """The address that leads out to a shop: by a card, by one offer of its product, or by an offer alone."""
    if not card_key:
        return f"/go/offer/{offer_key}"
    return f"/go/{card_key}?o={offer_key}" if offer_key else f"/go/{card_key}"
