"""The publish gate: what stands in the way of showing a post to readers, what could be better, and how to mend it.

``facts`` is what the rules look at, ``rules`` the rules (pure, one small function each), ``tables`` their words,
``mending`` the repairs, ``loading`` the only file that asks the database. docs/publishing.md lists the rules.
"""

from __future__ import annotations

from contentshop.posts.gate.facts import CardFact, DealFact, Facts, Finding, Named, PictureFact, Repair, Twin, Ways
from contentshop.posts.gate.loading import inspect, load_gate_facts, ways_of
from contentshop.posts.gate.mending import EditLines, Mend, SetField, mended
from contentshop.posts.gate.rules import RULES, check, obstacles

__all__ = [
    "RULES",
    "CardFact",
    "DealFact",
    "EditLines",
    "Facts",
    "Finding",
    "Mend",
    "Named",
    "PictureFact",
    "Repair",
    "SetField",
    "Twin",
    "Ways",
    "check",
    "inspect",
    "load_gate_facts",
    "mended",
    "obstacles",
    "ways_of",
]
