"""Structured data of a page as plain mappings: JSON-LD block by block, and microdata in the same shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]

MAX_NODES = 2_000
MAX_DEPTH = 8
MAX_BLOCKS = 60
_CDATA = re.compile(r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)\s*;?\s*$")
_LAST_COMMA = re.compile(r",\s*([}\]])")
# Where a block keeps what the page is about. Products elsewhere (related, list elements) are other pages' products.
_CONTAINERS = ("@graph", "mainEntity")


class Blocks:
    """All nodes that a page's JSON-LD is about. A block that is no JSON is left out; the others count."""

    def __init__(self, texts: list[str]) -> None:
        self._by_id: dict[str, Node] = {}
        self.nodes: list[Node] = []
        self.broken = 0
        for text in texts[:MAX_BLOCKS]:
            try:
                self._take(_parsed(text), 0)
            except (ValueError, RecursionError):
                self.broken += 1

    def _take(self, value: Any, depth: int) -> None:
        if depth > MAX_DEPTH or len(self.nodes) >= MAX_NODES:
            return
        if isinstance(value, list):
            for one in value:
                self._take(one, depth + 1)
        elif isinstance(value, dict):
            self.nodes.append(value)
            if isinstance(value.get("@id"), str) and len(value) > 1:
                self._by_id.setdefault(value["@id"], value)
            for name in _CONTAINERS:
                self._take(value.get(name), depth + 1)

    def resolved(self, value: Any) -> Any:
        """``value``, or the node it refers to by its id."""
        if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("@id"), str):
            return self._by_id.get(value["@id"], value)
        return value

    def all_of(self, node: Node, name: str) -> list[Any]:
        """The values of a property, as a list, references resolved."""
        value = self.resolved(node.get(name))
        values = value if isinstance(value, list) else [value]
        return [self.resolved(one) for one in values[:MAX_NODES] if one is not None]


def _parsed(text: str) -> Any:
    """JSON with the mistakes that shops make most: comment marks around it, line ends in texts, a last comma.

    Numbers stay the text they were, since a float is no price. Raises ValueError.
    """
    plain = _CDATA.sub("", text.strip()).strip().rstrip(";")
    options: dict[str, Any] = {"strict": False, "parse_float": str, "parse_int": str, "parse_constant": str}
    try:
        return json.loads(plain, **options)
    except ValueError:
        return json.loads(_LAST_COMMA.sub(r"\1", plain), **options)


def types_of(node: Node) -> frozenset[str]:
    """The schema.org types of a node, in lower case without their address."""
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return frozenset(re.split(r"[/#:]", name)[-1].lower() for name in names if isinstance(name, str))


def text_of(value: Any) -> str:
    """One line of text: a plain value, the first of a list, or the name of a thing."""
    for _step in range(4):
        if isinstance(value, list):
            value = value[0] if value else ""
        elif isinstance(value, dict):
            value = value.get("name") or value.get("@value") or ""
        else:
            break
    return " ".join(value.split()) if isinstance(value, str) else ""


# --- microdata (WHATWG HTML standard, section 5) ---

_ADDRESSES = {
    "a": "href",
    "link": "href",
    "area": "href",
    "img": "src",
    "source": "src",
    "video": "src",
    "object": "data",
}
_VALUES = {"data": "value", "meter": "value", "time": "datetime"}
_STRUCK = frozenset({"del", "s", "strike"})


def microdata(tree: Any) -> list[Node]:
    """The items of a page that are part of no other item."""
    return [_item(one, 0) for one in _scopes(tree) if one.get("itemprop") is None]


def _scopes(tree: Any) -> Iterator[Any]:
    for number, one in enumerate(tree.iter()):
        if number > 200_000:
            return
        if isinstance(one.tag, str) and one.get("itemscope") is not None and one.get("itemtype"):
            yield one


def _item(scope: Any, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": (scope.get("itemtype") or "").split()[:4]}
    waiting = list(scope)[::-1]
    while waiting:
        one = waiting.pop()
        if not isinstance(one.tag, str) or one.tag in _STRUCK:
            continue
        nested = one.get("itemscope") is not None
        names = (one.get("itemprop") or "").split()[:4]
        if names and (not nested or depth < MAX_DEPTH):
            value = _item(one, depth + 1) if nested else _value(one)
            for name in names:
                found.setdefault(name, []).append(value)
        if not nested:
            waiting.extend(list(one)[::-1])
    return found


def _value(one: Any) -> str:
    if one.get("content") is not None:
        return str(one.get("content"))
    attribute = _ADDRESSES.get(one.tag) or _VALUES.get(one.tag)
    if attribute and one.get(attribute) is not None:
        return str(one.get(attribute))
    if any(child.tag in _STRUCK for child in one.iter() if isinstance(child.tag, str)):
        return ""
    return " ".join("".join(one.itertext()).split())[:2_000]
