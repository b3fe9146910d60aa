"""Sentences for people, said in English by the rooms and put into the reader's language by the doors.

A room knows no languages. ``say`` gives the English sentence, ready to read in logs and commands, and remembers what
it was made of, so that a door can say the same thing in another language.
"""

from __future__ import annotations


class Said(str):
    """An English sentence that remembers its template and the values in it."""

    __slots__ = ("template", "values")

    template: str
    values: dict[str, object]


def say(template: str, **values: object) -> Said:
    """The sentence ``template % values``, e.g. ``say("There is no topic “%(slug)s”.", slug=slug)``."""
    sentence = Said(template % values if values else template)
    sentence.template = template
    sentence.values = values
    return sentence
