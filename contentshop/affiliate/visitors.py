"""Who clicked, as far as it may be known: person or robot, and a hash that forgets. Pure.

No address is kept. The hash is keyed with the site's secret and the day, over the address without its last
part and the browser's name, so that it cannot be taken back and is another one tomorrow.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

import crawleruseragents

# WeChat's own browser carries words that robot lists match; hundreds of millions of people read with it.
PEOPLE = ("micromessenger",)

# A browser that fetches ahead of its reader says so in one of these (Fetch standard; older browsers).
_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")

LONGEST_AGENT = 400  # characters of a browser's name that are looked at


class HeaderFields(Protocol):
    """Headers of a request, looked up without regard to case."""

    def get(self, key: str, default: str, /) -> str: ...


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Whether a browser's name is that of a program; nobody's browser has none at all."""
    name = agent[:LONGEST_AGENT]
    if any(word in name.lower() for word in PEOPLE):
        return False
    return not name.strip() or crawleruseragents.is_crawler(name)


def is_deliberate(method: str, headers: HeaderFields) -> bool:
    """Whether a person followed the link: no robot, no look ahead, no picture or frame in disguise.

    ``headers`` are the request's; browsers tell by ``Sec-Fetch-Dest`` what they load the answer for.
    """
    if method != "GET" or headers.get("Sec-Fetch-Dest", "document") != "document":
        return False
    hints = (headers.get(name, "").lower() for name in _AHEAD)
    if any("prefetch" in hint or "preview" in hint for hint in hints):
        return False
    return not is_robot(headers.get("User-Agent", ""))


def visitor_hash(secret: str, now: datetime, address: str, agent: str) -> str:
    """A visitor's name for one day (UTC), 32 hexadecimal digits."""
    text = f"{now:%Y-%m-%d}\n{_shortened(address)}\n{agent[:LONGEST_AGENT]}"
    return hmac.new(secret.encode(), text.encode("utf-8", "replace"), sha256).hexdigest()[:32]


def _shortened(address: str) -> str:
    """The network of an address: /24 of IPv4, /48 of IPv6; what is no address stands for itself."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return str(ip_network(f"{known}/{24 if known.version == 4 else 48}", strict=False))
