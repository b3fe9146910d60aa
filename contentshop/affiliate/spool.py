"""Clicks on their way: one appended line each, drained into the table by the worker (see ``core.spool``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.dialects import postgresql, sqlite

from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.models import Click, SpoolMark
from contentshop.core.spool import LineSpool, drain_lines, waiting
from contentshop.core.uow import AnySession

__all__ = ["Spool", "drain", "keep", "waiting"]

ROWS = 500  # of one INSERT

log = structlog.get_logger("contentshop.clicks")


class Spool(LineSpool):
    """The file that this process writes its clicks to."""

    def add(self, click: ClickInput) -> bool:
        """Keep a click. False, and a line in the log, when it could not be written: nobody waits for that."""
        try:
            self.append(_fields(click))
        except OSError as error:
            with suppress(OSError):  # the log may lie on the same full disk
                log.error("a click could not be kept", card=click.card, offer=click.offer, error=str(error))
            return False
        return True


def _fields(click: ClickInput) -> dict[str, Any]:
    return {
        "t": int(click.at.timestamp() * 1000),
        "c": click.card,
        "o": click.offer,
        "p": click.post,
        "u": click.creator,
        "v": click.visitor,
    }


def drain(session: AnySession, folder: Path, *, now: datetime) -> int:
    """Put new lines into the click table; returns how many lines were read. The caller commits.

    Lines that are no clicks are skipped with a line in the log. A last line without its end waits for it.
    """

    def put(lines: list[bytes], path: Path) -> None:
        keep(session, [click for line in lines if (click := _read(line, path)) is not None])

    return drain_lines(session, folder, SpoolMark, put)


def _read(line: bytes, path: Path) -> ClickInput | None:
    try:
        fields = json.loads(line)
        at = datetime.fromtimestamp(fields["t"] / 1000, UTC)
        return ClickInput(at, *(str(fields[name])[:32] for name in ("c", "o", "p", "u", "v")))
    except (ValueError, KeyError, TypeError, OverflowError):
        if line.strip():
            log.warning("a line of the click spool could not be read", file=path.name)
        return None


def keep(session: AnySession, clicks: Sequence[ClickInput]) -> None:
    """Insert what is new; a repeat of a visitor, card, offer and hour changes nothing."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for start in range(0, len(clicks), ROWS):
        rows = [_row(click) for click in clicks[start : start + ROWS]]
        session.execute(dialect.insert(Click).values(rows).on_conflict_do_nothing())


def _row(click: ClickInput) -> dict[str, Any]:
    return {
        "clicked_at": click.at,
        "card_key": click.card,
        "offer_key": click.offer,
        "post_key": click.post,
        "creator_key": click.creator,
        "visitor": click.visitor,
        "hour": click.hour,
    }
