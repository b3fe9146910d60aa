"""See the package."""

from __future__ import annotations

from contentshop.web.door import Door

bp = Door("studio", __name__)
