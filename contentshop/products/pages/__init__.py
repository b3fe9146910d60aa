"""Reading a shop's page: what it says of its product, where it says so, and how sure that is. Pure; no network."""

from __future__ import annotations

from contentshop.products.pages.reading import FIELDS, Field, PageFacts, Problem, Source, Sure, read_page

__all__ = ["FIELDS", "Field", "PageFacts", "Problem", "Source", "Sure", "read_page"]
