"""What has happened to products."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class ProductChanged(Event):
    """A product is new, or its words, pictures, variants or offers changed."""

    product: str


@dataclass(frozen=True, slots=True)
class StockChanged(Event):
    """A variant of this product came into stock or went out of it."""

    product: str


@dataclass(frozen=True, slots=True)
class StockLow(Event):
    """So few of this variant are left that operators want to know."""

    variant: str


@dataclass(frozen=True, slots=True)
class StockArrived(Event):
    """This variant can be had again after it could not."""

    variant: str


@dataclass(frozen=True, slots=True)
class RestockAsked(Event):
    """Somebody gave an address to be told at when a variant is back; it has to be proved."""

    watch: str


@dataclass(frozen=True, slots=True)
class DownloadsGranted(Event):
    """This order may fetch files."""

    order: str
