"""Changes to people. None commits; the door does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from contentshop.accounts.events import PasswordResetAsked, UserChanged
from contentshop.accounts.inputs import ROLES, Profile, SignUp
from contentshop.accounts.models import User, UserSession
from contentshop.accounts.passwords import new_token, token_hash
from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.core.zones import read_zone

SESSION_LIFE = timedelta(days=30)


def sign_up(session: AnySession, form: SignUp, *, password_hash: str, now: datetime) -> User:
    """Add a person. Raises Invalid when the handle or the address is taken.

    The unique constraints decide a race; the check before only gives a better message.
    """
    taken = session.scalars(select(User).where(or_(User.handle == form.handle, User.email == form.email)))
    problems: dict[str, list[str]] = {}
    for other in taken:
        if other.handle == form.handle:
            problems["handle"] = [say("This handle is taken; choose another.")]
        if other.email == form.email:
            problems["email"] = [say("There is an account with this address. Sign in, or reset its password.")]
    if problems:
        raise Invalid(problems)
    user = User(
        key=new_key(),
        handle=form.handle,
        name=form.name,
        email=form.email,
        password_hash=password_hash,
        role="creator" if form.creator else "reader",
        locale=form.locale,
        created_at=now,
    )
    session.add(user)
    session.flush()
    record(session, UserChanged(user=user.key), now=now)
    return user


def start_session(session: AnySession, user: User, *, user_agent: str, now: datetime) -> str:
    """Open a session; returns its token, which is not kept here."""
    token = new_token()
    session.add(
        UserSession(
            token_hash=token_hash(token),
            user_id=user.id,
            user_agent=user_agent[:200],
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    return token


def end_session(session: AnySession, token: str, *, now: datetime) -> None:
    """Close one session; harmless when it is closed already."""
    session.execute(
        update(UserSession)
        .where(UserSession.token_hash == token_hash(token), UserSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_all_sessions(session: AnySession, user: User, *, now: datetime) -> None:
    """Sign this person out everywhere."""
    session.execute(
        update(UserSession).where(UserSession.user_id == user.id, UserSession.ended_at.is_(None)).values(ended_at=now)
    )


def ask_password_reset(session: AnySession, user: User, *, now: datetime) -> None:
    """Have a reset link sent; the link itself is made when the mail is."""
    record(session, PasswordResetAsked(user=user.key), now=now)


def change_password(session: AnySession, user: User, *, password_hash: str, now: datetime) -> None:
    """Set a new password and end every session of the person."""
    user.password_hash = password_hash
    end_all_sessions(session, user, now=now)


def change_profile(session: AnySession, user: User, form: Profile, *, now: datetime) -> None:
    """Change what others see of the person."""
    user.name, user.bio = form.name, form.bio
    user.version += 1
    record(session, UserChanged(user=user.key), now=now)


def set_timezone(user: User, zone: str) -> None:
    """Have times told to this person by the clocks of ``zone``; "" for no zone of their own. Raises Invalid."""
    user.timezone = read_zone(zone) if zone else ""


def set_role(session: AnySession, user: User, role: str, *, now: datetime) -> None:
    """Give the person another role. Raises Invalid for a role that does not exist."""
    if role not in ROLES:
        raise Invalid(
            {"role": [say("“%(role)s” is not a role; choose one of %(choices)s.", role=role, choices=", ".join(ROLES))]}
        )
    user.role = role
    user.version += 1
    record(session, UserChanged(user=user.key), now=now)


def set_blocked(session: AnySession, user: User, blocked: bool, *, now: datetime) -> None:
    """Block a person, or let them in again: nothing they said or published is shown meanwhile, and they are signed out.

    Pages, index, ratings and counts follow by ``UserChanged``. Again changes nothing.
    """
    if user.blocked == blocked:
        return
    user.blocked = blocked
    user.version += 1
    if blocked:
        end_all_sessions(session, user, now=now)
    record(session, UserChanged(user=user.key), now=now)
    session.flush()
