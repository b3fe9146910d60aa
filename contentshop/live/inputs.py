"""What hosts write about a live session, parsed and checked."""

from __future__ import annotations

STATES = ("scheduled", "live", "ended", "replay")
