"""Changes to programs, and counting clicks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.models import Program
from contentshop.affiliate.queries import WayOut
from contentshop.affiliate.spool import Spool
from contentshop.core.errors import Invalid
from contentshop.core.uow import AnySession
from contentshop.core.words import say


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


def join_program(
    session: AnySession,
    *,
    merchant_id: int,
    link_template: str = "{url}",
    tag: str = "",
    tag_param: str = "",
    sub_id_param: str = "",
) -> Program:
    """Say how a merchant pays; again to change it. Raises Invalid for a template that makes no link."""
    if "{url}" not in link_template or not link_template.startswith(("{url}", "https://")):
        raise Invalid(
            {"link_template": [say("Start the template with {url}, or with https:// and {url} in its query.")]}
        )
    program = session.scalar(select(Program).where(Program.merchant_id == merchant_id))
    if program is None:
        program = Program(merchant_id=merchant_id)
        session.add(program)
    program.link_template, program.tag = link_template, tag
    program.tag_param, program.sub_id_param = tag_param, sub_id_param
    session.flush()
    return program
