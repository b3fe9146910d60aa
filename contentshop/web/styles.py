"""Join the parts of the stylesheets into the files browsers load; run as ``python -m contentshop.web.styles``.

One request for all styles keeps the first picture quick; the parts keep them readable. The joined files are
committed, so serving needs no build step, and a test compares them with the parts.
"""

from __future__ import annotations

import re
from pathlib import Path

CSS = Path(__file__).parent.parent / "static" / "css"

# Which parts, in the order of the cascade, make which file. tokens holds every value and belongs to site.
SHEETS: dict[str, tuple[str, ...]] = {
    "site.css": (
        *("tokens", "base", "layout", "prose", "controls", "reading", "card", "blocks", "shopping", "talk"),
        *("deals", "motion"),
    ),
    "deal.css": ("deal",),
    "checkout.css": ("checkout",),
    "orders.css": ("orders",),
    "work.css": ("work",),
    "write.css": ("write",),
    "media.css": ("media",),
    "team.css": ("team",),
    "reviews.css": ("reviews", "prices"),
    "found.css": ("found",),
}


def minify(css: str) -> str:
    """The same rules without comments and needless space. Strings keep their text."""
    pieces = re.split(r"(\"[^\"]*\")", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    for index in range(0, len(pieces), 2):
        text = re.sub(r"\s+", " ", pieces[index])
        text = re.sub(r" ?([{};,>]) ?", r"\1", text)
        # A space before a colon may be a descendant (`a :is(b)`), so only the one after it goes.
        pieces[index] = re.sub(r": ", ":", text).replace(";}", "}")
    return "".join(pieces).strip() + "\n"


def joined(sheet: str) -> str:
    """The finished text of one sheet of SHEETS. Raises KeyError for an unknown one."""
    return "".join(minify((CSS / "parts" / f"{part}.css").read_text("utf-8")) for part in SHEETS[sheet])


def main() -> None:
    """Write every sheet."""
    for sheet in SHEETS:
        (CSS / sheet).write_text(joined(sheet), "utf-8")


if __name__ == "__main__":
    main()
