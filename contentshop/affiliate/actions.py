"""Changes to programs, and counting clicks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select

from contentshop.affiliate.inputs import ClickInput, ProgramInput
from contentshop.affiliate.links import ProgramFacts, paid_link
from contentshop.affiliate.models import Program
from contentshop.affiliate.queries import WayOut
from contentshop.affiliate.spool import Spool
from contentshop.core.uow import AnySession


def click(spool: Spool, way: WayOut, *, visitor: str, by: str | None, now: datetime) -> bool:
    """Keep one click on ``way``; whether it counts. Creators' clicks on their own cards do not.

    ``visitor`` is the day's hash, ``by`` the key of the signed-in person. Repeats within an hour are kept
    here and dropped when the spool is drained.
    """
    if by is not None and by == way.creator_key:
        return False
    return spool.add(
        ClickInput(
            at=now,
            card=way.card.key if way.card else "",
            offer=way.offer_key,
            post=way.card.post_key if way.card else "",
            creator=way.creator_key,
            visitor=visitor,
        )
    )


def join_program(session: AnySession, program: ProgramInput, *, merchant_id: int) -> Program:
    """Say how a merchant pays; again to change it. Raises Invalid for a template that makes no link."""
    # A trial, so that the operator who writes a template learns of a bad one, not the reader who clicks.
    paid_link("https://shop.example/item", "shop.example", ProgramFacts(**asdict(program)), "card")
    found = session.scalar(select(Program).where(Program.merchant_id == merchant_id))
    if found is None:
        found = Program(merchant_id=merchant_id)
        session.add(found)
    for name, value in asdict(program).items():
        setattr(found, name, value)
    session.flush()
    return found


def leave_program(session: AnySession, *, merchant_id: int) -> None:
    """Forget how a merchant pays: its links go out as they are stored. Harmless when there is no program."""
    session.execute(delete(Program).where(Program.merchant_id == merchant_id))
