"""Components that are made once for equal content.

A component's HTML depends on what it is given, the language, the words for the times in it and the address of the
icons, and on nothing else. So a page that is built anew because one price has changed makes one card anew and
takes the others as they were. Nothing has to be thrown away: other content is another key.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Protocol, cast

from flask import Flask, current_app
from jinja2.runtime import Macro
from markupsafe import Markup

from contentshop.web import chrome

ROOM = 2000  # fragments of one process, about 3 KB each


class Dated(Hashable, Protocol):
    """What a component shows: equal things look alike, but for how long ago ``moments`` are."""

    @property
    def moments(self) -> Sequence[datetime]: ...


def kept(component: Macro, thing: Dated, **options: Hashable) -> Markup:
    """``component(thing, **options)``, from memory when the same was made before."""
    if current_app.config["TEMPLATES_AUTO_RELOAD"]:
        return cast(Markup, component(thing, **options))
    key = (
        component.name,
        thing,
        tuple(options.items()),
        chrome.current_babel_locale(),
        tuple(map(chrome.ago, thing.moments)),
        chrome.static_url("icons.svg"),
    )
    known: dict[Hashable, Markup] = current_app.extensions["contentshop.fragments"]
    found = known.get(key)
    if found is not None:
        return found
    if len(known) >= ROOM:
        known.clear()
    made = known[key] = cast(Markup, component(thing, **options))
    return made


def attach(app: Flask) -> None:
    """Give ``app``'s templates ``kept``."""
    app.extensions["contentshop.fragments"] = {}
    app.jinja_env.globals["kept"] = kept
