"""Paid links: a stored link of a shop plus what its affiliate program asks for. Pure.

A link is stored bare; our tag and the card's key are added when a reader goes out. The address is read as
browsers read it (WHATWG URL standard), and whatever two readers could understand differently is refused: a
paid link never leads to a host that is not the shop's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from contentshop.core.addresses import CREDITS
from contentshop.core.errors import Invalid
from contentshop.core.words import say

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """What a merchant's program asks for (see ``affiliate.models.Program``); empty words ask for nothing."""

    link_template: str = "{url}"
    tag: str = ""
    tag_param: str = ""
    sub_id_param: str = ""


def is_on(url: str, domain: str) -> bool:
    """Whether ``url`` leads, for every reader of addresses, to ``domain`` or a host below it."""
    return _host(url) is not None and _belongs(_host(url) or "", domain)


def paid_link(url: str, domain: str, program: ProgramFacts, sub_id: str) -> str:
    """The link to send a reader to: ``url`` with the program's tag and ``sub_id`` (a card's key).

    Raises Invalid when ``url`` does not lead to ``domain``, or the program's template to no host at all.
    """
    if not is_on(url, domain):
        raise Invalid({"url": [say("This link does not lead to %(domain)s.", domain=domain)]})
    template = program.link_template or "{url}"
    ours = _ours(program, sub_id)
    if template.startswith("{url}"):
        asked = _pairs(template.removeprefix("{url}"))
        filled = {name: value.replace("{tag}", program.tag) for name, value in asked.items()}
        wanted = {name: value for name, value in filled.items() if program.tag or "{tag}" not in asked[name]}
        return _with(url, wanted | ours, CREDITS | {*asked, program.tag_param, program.sub_id_param})
    wrapped = template.replace("{url}", quote(url, safe="")).replace("{tag}", quote(program.tag, safe=""))
    if not wrapped.startswith("https://") or _host(wrapped) is None:
        raise Invalid({"link_template": [say("This template does not make a link.")]})
    return _with(wrapped, ours, frozenset())


def _ours(program: ProgramFacts, sub_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if program.tag and program.tag_param:
        found[program.tag_param] = program.tag
    if program.sub_id_param and sub_id:
        found[program.sub_id_param] = sub_id
    return found


def _pairs(text: str) -> dict[str, str]:
    """The parameters a template adds after the link."""
    pieces = (piece.partition("=") for piece in text.lstrip("?&").split("&"))
    return {name: value for name, _, value in pieces if name}


def _with(url: str, pairs: dict[str, str], dropped: frozenset[str]) -> str:
    """``url`` with ``pairs`` in the place of parameters of these names; the rest stays byte for byte."""
    parts = urlsplit(url)
    names = {name.lower() for name in (*pairs, *dropped)}
    kept = [
        piece
        for piece in parts.query.split("&")
        if piece and unquote_plus(piece.partition("=")[0], encoding="latin-1").lower() not in names
    ]
    added = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items()]
    return urlunsplit(parts._replace(query="&".join(kept + added)))


def _host(url: str) -> str | None:
    """The host as a browser would look it up, or None for an address that could be read in two ways."""
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower().removesuffix(".")
        port = parts.port
    except ValueError:  # also UnicodeError: no such host name, port out of range
        return None
    if parts.scheme not in _PORTS or "@" in parts.netloc or port not in {None, _PORTS[parts.scheme]}:
        return None
    return host if _HOST.fullmatch(host) else None


def _belongs(host: str, domain: str) -> bool:
    domain = domain.lower().removesuffix(".")
    return bool(domain) and (host == domain or host.endswith("." + domain))
