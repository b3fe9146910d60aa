"""See the package."""

from __future__ import annotations

from contentshop.web.door import Door

bp = Door("feeds", __name__)
