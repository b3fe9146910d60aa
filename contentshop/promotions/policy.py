"""Whose uses count together."""

from __future__ import annotations


def persons(email: str, user_key: str = "") -> tuple[str, ...]:
    """The names under which a buyer's uses are counted: their account, if they have one, and their address.

    Both count, so that signing out gives nobody a second first time. Mail programs ignore what follows a ``+`` in the
    part before the ``@`` at several providers; so do we.
    """
    found = []
    if user_key:
        found.append(f"user:{user_key}")
    name, _, domain = email.strip().casefold().rpartition("@")
    if name and domain:
        found.append(f"mail:{name.partition('+')[0]}@{domain}")
    return tuple(found)
