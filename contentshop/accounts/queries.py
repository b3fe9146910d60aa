"""Reads of people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select

from contentshop.accounts.inputs import normal_email
from contentshop.accounts.models import User, UserSession
from contentshop.accounts.passwords import token_hash
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say


def find_by_email(session: AnySession, email: str) -> User | None:
    """The person with this address, if there is one."""
    return session.scalar(select(User).where(User.email == normal_email(email)))


def find_by_key(session: AnySession, key: str) -> User | None:
    """The person with this public key, if there is one."""
    return session.scalar(select(User).where(User.key == key))


def get_timezone(session: AnySession, user_id: int | None) -> str:
    """The zone that a person has chosen; empty for none, and for nobody."""
    return session.scalar(select(User.timezone).where(User.id == user_id)) or ""


def find_by_handle(session: AnySession, handle: str) -> User | None:
    """The person with this handle, blocked or not, if there is one."""
    return session.scalar(select(User).where(User.handle == handle.casefold()))


def get_by_handle(session: AnySession, handle: str) -> User:
    """The person with this handle. Raises NotFound, also for blocked people."""
    user = session.scalar(select(User).where(User.handle == handle.casefold(), User.blocked.is_(False)))
    if user is None:
        raise NotFound(say("There is nobody with this name."))
    return user


def find_session(session: AnySession, token: str, *, now: datetime) -> UserSession | None:
    """The live session of this token with its user; blocked people have none."""
    found = session.scalar(select(UserSession).where(UserSession.token_hash == token_hash(token)))
    if found is None or found.ended_at is not None or found.expires_at <= now or found.user.blocked:
        return None
    return found


def find_people(session: AnySession, words: str, *, limit: int) -> list[User]:
    """People whose name or handle holds ``words`` or whose address begins with them, the newest first."""
    query = select(User).order_by(User.id.desc()).limit(limit)
    folded = words.strip().removeprefix("@").casefold()
    if folded:
        query = query.where(
            or_(
                func.lower(User.name).contains(folded, autoescape=True),
                User.handle.contains(folded, autoescape=True),
                User.email.startswith(folded, autoescape=True),
            )
        )
    return list(session.scalars(query))


def names_by_key(session: AnySession, keys: Collection[str]) -> dict[str, str]:
    """Names of the people with these keys; unknown keys are left out."""
    if not keys:
        return {}
    return {row.key: row.name for row in session.execute(select(User.key, User.name).where(User.key.in_(keys)))}
