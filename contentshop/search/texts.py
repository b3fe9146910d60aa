"""What of a document is searched, and how much each part weighs: the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator

from contentshop.search.port import Document

# Weights of the parts of a document within the one scored field (measured: docs/search.md).
TITLE_WEIGHT = 5
BRAND_WEIGHT = 2
TAG_WEIGHT = 2


def weighted_texts(document: Document) -> Iterator[tuple[str, int]]:
    """(text, weight) of each part; a phrase never reaches from one into the next."""
    yield document.title, TITLE_WEIGHT
    yield document.brand, BRAND_WEIGHT
    for tag in (*document.tags, *document.topics):
        yield tag, TAG_WEIGHT
    for text in (*document.cards, *document.codes, document.body):
        yield text, 1


def aside_texts(document: Document) -> Iterator[str]:
    """What others say of it. Its terms are found, but a term counts once, only if the document's own texts do not have
    it, and never in the length: so nobody lifts or sinks a document by talking about it."""
    yield from document.talk


def named_texts(document: Document) -> Iterator[str]:
    """The texts that name things, which people type from memory: they are found by pinyin and set the spelling."""
    yield document.title
    yield document.brand
    yield from document.tags
    yield from document.cards
