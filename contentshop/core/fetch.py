"""The fetching port: pages and pictures of the open web, asked for by address. The only way out by HTTP.

Whoever stands behind it fetches from public addresses alone, within limits of size and time, and says in one
word why something was not fetched. Nobody fetches while a transaction is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from contentshop.core.errors import Unavailable
from contentshop.core.words import Said, say

Why = Literal[
    "address", "private", "unknown_host", "no_answer", "slow", "large", "redirects", "type", "blocked", "gone", "broken"
]
"""Why nothing was fetched. ``gone`` is the shop's own word (404, 410); ``blocked`` is a wall that says nothing of
what is behind it (401, 403, 429, 451, 503)."""

_SENTENCES: dict[Why, Said] = {
    "address": say("This is not the address of a web page. Copy it from your browser, starting with https://."),
    "private": say("This address is not on the public web, so it was not opened."),
    "unknown_host": say("There is no such site. Please compare the address."),
    "no_answer": say("The site cannot be reached."),
    "slow": say("The site took too long to answer."),
    "large": say("The page is too large to be read."),
    "redirects": say("The page leads from one address to the next without end."),
    "type": say("This address leads to a file, not to a page or a picture that we can read."),
    "blocked": say("The shop does not let us read this page."),
    "gone": say("The shop says that there is no such page."),
    "broken": say("The shop's site does not work at the moment."),
}


class NotFetched(Unavailable):
    """Nothing was fetched, and why. ``retry_after`` is how many seconds the site asks to be left alone, or None."""

    def __init__(self, why: Why, *, retry_after: int | None = None) -> None:
        super().__init__(_SENTENCES[why])
        self.why: Why = why
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address led to. ``url`` is the last one after redirects, ``charset`` what its header names, if any."""

    url: str
    body: bytes
    charset: str = ""


class Fetcher(Protocol):
    """Fetches what people point at."""

    def page(self, url: str) -> Fetched:
        """An HTML page. Raises NotFetched."""

    def picture(self, url: str) -> Fetched:
        """A picture file. Raises NotFetched."""
