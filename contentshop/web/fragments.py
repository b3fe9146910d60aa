"""Components that are made once for equal content.

A component's HTML depends on what it is given, the language, the words for the times in it and the address of the
icons, and on nothing else. So a page that is built anew because one price has changed makes one card anew and
takes the others as they were. Nothing has to be thrown away: other content is another key.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Protocol, cast

from flask import Flask, current_app, g
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
    around: tuple[dict[Hashable, Markup] | None, str, str] | None = g.get("fragments")
    if around is None:
        around = g.fragments = _around()
    known, language, icons = around
    if known is None:
        return cast(Markup, component(thing, **options))
    key = (component.name, thing, tuple(options.items()), language, tuple(map(chrome.ago, thing.moments)), icons)
    found = known.get(key)
    if found is not None:
        return found
    if len(known) >= ROOM:
        known.clear()
    made = known[key] = cast(Markup, component(thing, **options))
    return made


def _around() -> tuple[dict[Hashable, Markup] | None, str, str]:
    """What every fragment of this request depends on; nothing is kept while templates are being written."""
    known = None if current_app.config["TEMPLATES_AUTO_RELOAD"] else current_app.extensions["contentshop.fragments"]
    return known, chrome.current_babel_locale(), chrome.static_url("icons.svg")


def attach(app: Flask) -> None:
    """Give ``app``'s templates ``kept``."""
    app.extensions["contentshop.fragments"] = {}
    app.jinja_env.globals["kept"] = kept
