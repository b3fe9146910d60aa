"""Changes to live sessions. None commits; the door does.

Each raises the session's version by a conditional statement first, so that two windows of the same host follow one
another, and readers' pages see that something has changed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.live.inputs import LONGEST_SESSION, MAX_CARDS, MAX_MOMENTS, SessionInput
from contentshop.live.models import LiveCard, LiveMoment, LiveSession
from contentshop.live.policy import can_end, can_host
from contentshop.media.models import Asset

KEY_LENGTH = 10


def schedule(session: AnySession, form: SessionInput, *, by: User, now: datetime) -> LiveSession:
    """Announce a session; the host's time zone is remembered. Raises Invalid for a video that is not the host's."""
    live = LiveSession(
        key=new_key(KEY_LENGTH), host_id=by.id, state="scheduled", starts_at=form.starts_at, created_at=now, title=""
    )
    _describe(session, live, form, by)
    by.timezone = form.zone
    session.add(live)
    session.flush()
    return live


def change(session: AnySession, live: LiveSession, form: SessionInput, *, by: User) -> None:
    """Change its words, its stream and, before it begins, its hour. Raises Forbidden and Invalid."""
    _allow_host(by, live)
    _touch(session, live)
    _describe(session, live, form, by)
    if live.state == "scheduled":
        live.starts_at, by.timezone = form.starts_at, form.zone
    session.flush()


def _describe(session: AnySession, live: LiveSession, form: SessionInput, by: User) -> None:
    video = session.scalar(select(Asset).where(Asset.key == form.video)) if form.video else None
    own = video is not None and video.owner_id == by.id
    if form.video and (video is None or video.kind != "video" or not (own or video.id == live.video_id)):
        raise Invalid({"video": [say("There is no such video among yours.")]})
    live.title, live.summary, live.lang = form.title, form.summary, form.lang
    live.relation, live.stream = form.relation, form.stream
    live.video_id = video.id if video else None


def begin(session: AnySession, live: LiveSession, *, by: User, now: datetime) -> None:
    """Go live. Harmless when it is live already. Raises Forbidden; Conflict when it is over; Invalid without
    anything to show."""
    _allow_host(by, live)
    _touch(session, live)
    if live.state == "live":
        return
    if live.state != "scheduled":
        raise Conflict(say("This session is over."))
    if not (live.stream or live.video_id):
        raise Invalid({"stream": [say("Give the address of the stream, or a video of your own, before you begin.")]})
    live.state, live.began_at = "live", now
    session.flush()


def end(session: AnySession, live: LiveSession, *, by: User, now: datetime) -> None:
    """End it; no card stays pinned. Harmless when it is over. Raises Forbidden; Conflict before it began."""
    if not can_end(by, live):
        raise Forbidden(say("Only the host may do this."))
    _touch(session, live)
    if live.state in {"ended", "replay"}:
        return
    if live.state == "scheduled":
        raise Conflict(say("This session has not begun."))
    _unpin(session, live)
    live.state, live.ended_at = "ended", now
    session.flush()


def offer_replay(session: AnySession, live: LiveSession, *, by: User, shown: bool) -> None:
    """Show the recording with its cards at their times, or take it away. Raises Forbidden; Conflict before the end;
    Invalid without anything to show."""
    _allow_host(by, live)
    wanted = "replay" if shown else "ended"
    _touch(session, live)
    if live.state == wanted:
        return
    if live.state not in {"ended", "replay"}:
        raise Conflict(say("End the session first."))
    if shown and not (live.stream or live.video_id):
        raise Invalid({"stream": [say("Give the address of the recording, or a video of your own.")]})
    live.state = wanted
    session.flush()


def cancel(session: AnySession, live: LiveSession, *, by: User) -> None:
    """Delete a session with its queue. Raises Forbidden; Conflict while it is live."""
    if not can_end(by, live):
        raise Forbidden(say("Only the host may do this."))
    if live.state == "live":
        raise Conflict(say("End the session first."))
    session.delete(live)
    session.flush()


def add_card(session: AnySession, live: LiveSession, product_id: int, *, note: str, by: User) -> LiveCard:
    """Put a product at the end of the queue. Raises Forbidden, Conflict when it stands there, Invalid when the
    queue is full."""
    _allow_host(by, live)
    _touch(session, live)
    count, last = session.execute(
        select(func.count(), func.coalesce(func.max(LiveCard.position), 0)).where(LiveCard.session_id == live.id)
    ).one()
    if count >= MAX_CARDS:
        raise Invalid({"product": [say("A queue holds at most %(most)s cards.", most=MAX_CARDS)]})
    known = select(LiveCard.id).where(LiveCard.session_id == live.id, LiveCard.product_id == product_id)
    if session.scalar(known):
        raise Conflict(say("This product is in the queue already."))
    card = LiveCard(key=new_key(KEY_LENGTH), session_id=live.id, product_id=product_id, note=note, position=last + 1)
    session.add(card)
    session.flush()
    return card


def remove_card(session: AnySession, live: LiveSession, card_key: str, *, by: User) -> None:
    """Take a card and its times out of the queue. Harmless when it is gone. Raises Forbidden."""
    _allow_host(by, live)
    _touch(session, live)
    session.execute(delete(LiveCard).where(LiveCard.session_id == live.id, LiveCard.key == card_key))
    session.flush()


def move_card(session: AnySession, live: LiveSession, card_key: str, *, step: int, by: User) -> None:
    """Move a card up (-1) or down (1) by one place; at an end it stays. Raises Forbidden and NotFound."""
    _allow_host(by, live)
    _touch(session, live)
    cards = list(
        session.scalars(select(LiveCard).where(LiveCard.session_id == live.id).order_by(LiveCard.position, LiveCard.id))
    )
    at = next((place for place, card in enumerate(cards) if card.key == card_key), None)
    if at is None:
        raise NotFound(say("There is no such card in the queue."))
    to = min(max(at + step, 0), len(cards) - 1)
    cards.insert(to, cards.pop(at))
    for place, card in enumerate(cards, start=1):
        card.position = place
    session.flush()


def pin(session: AnySession, live: LiveSession, card_key: str, *, by: User, now: datetime) -> None:
    """Show this card to readers in place of the present one, and note the time for the replay.

    "" shows none. Raises Forbidden, NotFound; Conflict unless it is live.
    """
    _allow_host(by, live)
    _touch(session, live)
    if live.state != "live" or live.began_at is None:
        raise Conflict(say("Cards are pinned while the session is live."))
    _unpin(session, live)
    if card_key:
        card = _card(session, live, card_key)
        card.pinned_at = now
        second = min(LONGEST_SESSION, max(0, int((now - live.began_at).total_seconds())))
        _note_moment(session, live, card, second)
    session.flush()


def add_moment(session: AnySession, live: LiveSession, card_key: str, second: int, *, by: User) -> None:
    """Say that a card is shown at this second of the recording. Harmless when that is known. Raises Forbidden,
    NotFound, and Invalid when there are too many."""
    _allow_host(by, live)
    _touch(session, live)
    _note_moment(session, live, _card(session, live, card_key), second)
    session.flush()


def remove_moment(session: AnySession, live: LiveSession, card_key: str, second: int, *, by: User) -> None:
    """Forget one time of a card. Harmless when it is not known. Raises Forbidden and NotFound."""
    _allow_host(by, live)
    _touch(session, live)
    card = _card(session, live, card_key)
    session.execute(delete(LiveMoment).where(LiveMoment.card_id == card.id, LiveMoment.second == second))
    session.flush()


def _note_moment(session: AnySession, live: LiveSession, card: LiveCard, second: int) -> None:
    here = LiveMoment.session_id == live.id
    if session.scalar(select(LiveMoment.id).where(LiveMoment.card_id == card.id, LiveMoment.second == second)):
        return
    if (session.scalar(select(func.count()).select_from(LiveMoment).where(here)) or 0) >= MAX_MOMENTS:
        raise Invalid({"second": [say("A session keeps at most %(most)s times of cards.", most=MAX_MOMENTS)]})
    session.add(LiveMoment(session_id=live.id, card_id=card.id, second=second))


def _card(session: AnySession, live: LiveSession, key: str) -> LiveCard:
    found = session.scalar(select(LiveCard).where(LiveCard.session_id == live.id, LiveCard.key == key))
    if found is None:
        raise NotFound(say("There is no such card in the queue."))
    return found


def _unpin(session: AnySession, live: LiveSession) -> None:
    session.execute(
        update(LiveCard).where(LiveCard.session_id == live.id, LiveCard.pinned_at.is_not(None)).values(pinned_at=None)
    )


def _touch(session: AnySession, live: LiveSession) -> None:
    """Raise the version; whoever else is changing the session waits here, or has its own turn first."""
    session.execute(
        update(LiveSession)
        .where(LiveSession.id == live.id)
        .values(version=LiveSession.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(live, ["version", "state", "began_at", "ended_at"])


def _allow_host(by: User, live: LiveSession) -> None:
    if not can_host(by, live):
        raise Forbidden(say("Only the host may do this."))
