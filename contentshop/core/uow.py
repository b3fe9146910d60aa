"""The unit of work: rooms change objects, the door commits once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.orm import Session, scoped_session

from contentshop.core.db import is_contention, writing
from contentshop.core.errors import Unavailable
from contentshop.core.words import say

AnySession = Session | scoped_session[Any]
Result = TypeVar("Result")

ATTEMPTS = 3
PAUSE = 0.05  # seconds before the second try; doubled for the third


@contextmanager
def unit_of_work(session: AnySession) -> Iterator[None]:
    """Commit on success, roll back on any error. Ends a transaction that was still open, unsaved."""
    session.rollback()
    with writing():
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise


def run_in_unit(session: AnySession, work: Callable[[], Result], keep: Callable[[Result], bool]) -> Result:
    """Run ``work`` and commit when ``keep`` says so of its result, else roll back.

    A lost fight for locks is tried again, twice; then Unavailable is raised and nothing has happened.
    """
    for attempt in range(ATTEMPTS):
        session.rollback()
        try:
            with writing():
                result = work()
                if keep(result):
                    session.commit()
                else:
                    session.rollback()
                return result
        except BaseException as error:
            session.rollback()
            if not is_contention(error):
                raise
        time.sleep(PAUSE * 2**attempt)
    raise Unavailable(say("The shop is very busy. Nothing was changed; please try again in a moment."))
