"""The rooms' sentences in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from contentshop.core.errors import ContentshopError, Invalid
from contentshop.core.words import Said


def translated(text: str) -> str:
    """``text`` in the reader's language; the values of a ``Said`` that are sentences themselves as well."""
    if not isinstance(text, Said):
        return str(gettext(text)) if text else ""
    template = str(gettext(text.template))
    if not text.values:
        return template
    values = {name: translated(value) if isinstance(value, Said) else value for name, value in text.values.items()}
    return template % values


def sentence(text: str) -> str:
    """``translated``, beginning with a capital: the rooms' words on a line of the text may also follow its number."""
    words = translated(text)
    return words[:1].upper() + words[1:]


def translated_errors(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The messages of a refused form, field by field, in the reader's language."""
    return {name: [translated(text) for text in texts] for name, texts in fields.items()}


def refusal_text(error: ContentshopError) -> str:
    """What a page says of ``error``: its message or, without one of its own, those of its fields."""
    if isinstance(error, Invalid) and not isinstance(error.message, Said):
        return " ".join(translated(text) for texts in error.fields.values() for text in texts)
    return translated(error.message)
