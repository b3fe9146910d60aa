"""Changes to saved searches, and telling their owners. None commits; the door does.

What has changed is looked at first (``look``: reading and comparing, which takes as long as the texts are long), then
written down in a short transaction (``tell``). In between a search may be changed; then its round has grown and what
was found is void.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import joinedload

from contentshop.accounts.models import User
from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key
from contentshop.core.outbox import record, record_all
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.core.zones import next_hour
from contentshop.search.analysis import ANALYSIS_VERSION
from contentshop.search.port import Document, SearchBackend, SearchQuery
from contentshop.search.queries import synonym_book
from contentshop.search.synonyms import Book
from contentshop.watching import documents, queries
from contentshop.watching.documents import Subject, thing_of
from contentshop.watching.events import NotificationsDue, SearchArmed
from contentshop.watching.inputs import MOST, Telling, Wanted
from contentshop.watching.matching import Analysed, analysed, anchors_in, anchors_of, lapse_of
from contentshop.watching.models import Anchor, Notification, SavedSearch, Sighting
from contentshop.watching.policy import can_be_told
from contentshop.watching.queries import Thing, wanted_of

KEPT = timedelta(days=90)  # of a notification
MOST_KNOWN = 1000  # things that fit a search when it is saved; more are not listed
PAGE = 50  # results asked of the engine at once
REANCHORED = 500  # searches at once
LOOSE = 0  # no version of the analysis


# ---- what people do


def save(session: AnySession, wanted: Wanted, telling: Telling, *, by: User, name: str, now: datetime) -> SavedSearch:
    """Save a search; ``name`` is for one that was given none. Raises Invalid when there are too many."""
    # Two windows of one person wait for each other here, so that both cannot save the last one.
    session.execute(select(User.id).where(User.id == by.id).with_for_update())
    count = session.scalar(select(func.count()).select_from(SavedSearch).where(SavedSearch.user_id == by.id)) or 0
    if count >= MOST:
        raise Invalid({"": [say("You have %(most)s saved searches, which is the most. Delete one first.", most=MOST)]})
    search = SavedSearch(
        key=new_key(),
        user_id=by.id,
        name=telling.name or name,
        currency=wanted.currency,
        analysis=ANALYSIS_VERSION,
        armed_at=now,
        created_at=now,
    )
    _set_wanted(search, wanted)
    _set_telling(search, telling, by)
    session.add(search)
    session.flush()
    _anchor(session, search)
    record(session, SearchArmed(saved_search=search.key), now=now)
    return search


def change(
    session: AnySession, search: SavedSearch, wanted: Wanted, telling: Telling, *, name: str, now: datetime
) -> None:
    """Change what is waited for and how its owner is told."""
    _lock(session, [search.id])
    _set_telling(search, telling, search.user)
    search.name = telling.name or name
    if wanted_of(search) != wanted:
        _set_wanted(search, wanted)
        _anchor(session, search)
        _arm(session, search, now=now)


def pause(session: AnySession, search: SavedSearch) -> None:
    """Let it rest: nothing is compared with it and nobody told until it is resumed."""
    search.paused = True


def resume(session: AnySession, search: SavedSearch, *, now: datetime) -> None:
    """Wait again; what came meanwhile is no news."""
    _lock(session, [search.id])
    if search.paused:
        search.paused = False
        _arm(session, search, now=now)


def remove(session: AnySession, search: SavedSearch) -> None:
    """Delete a search with everything that was told of it."""
    session.delete(search)


def renew_feed(session: AnySession, search: SavedSearch) -> None:
    """Give its feed a new address; the old one is dead at once."""
    search.feed_serial += 1
    search.feed = True


def stop_mails(session: AnySession, user: User, search_key: str = "") -> list[str]:
    """Mail this person no more of one search, or of any; the names of the searches that fell silent."""
    mine = select(SavedSearch).where(SavedSearch.user_id == user.id, SavedSearch.mail != "off")
    if search_key:
        mine = mine.where(SavedSearch.key == search_key)
    names = []
    for search in session.scalars(mine.order_by(SavedSearch.id)):
        search.mail = "off"
        names.append(search.name)
    return names


def mark_read(session: AnySession, user: User, *, now: datetime) -> None:
    """The person has seen all notifications."""
    session.execute(
        update(Notification).where(Notification.user_id == user.id, Notification.read_at.is_(None)).values(read_at=now)
    )


def _set_wanted(search: SavedSearch, wanted: Wanted) -> None:
    search.text, search.kind, search.lang, search.topic = wanted.text, wanted.kind, wanted.lang, wanted.topic
    search.currency, search.price_to, search.in_stock = wanted.currency, wanted.price_to, wanted.in_stock
    search.worth_from, search.votes_from = wanted.worth_from, wanted.votes_from


def _set_telling(search: SavedSearch, telling: Telling, person: User) -> None:
    if search.feed is not None and search.feed and not telling.feed:
        search.feed_serial += 1  # an address that was closed stays dead when the feed is opened again
    search.in_app, search.mail, search.mail_hour = telling.in_app, telling.mail, telling.mail_hour
    search.feed = telling.feed
    person.timezone = telling.zone or person.timezone


def _arm(session: AnySession, search: SavedSearch, *, now: datetime) -> None:
    """Begin a new round: what was known of the old one is void."""
    search.round += 1
    search.baseline, search.armed_at = "owed", now
    session.execute(delete(Sighting).where(Sighting.search_id == search.id))
    record(session, SearchArmed(saved_search=search.key), now=now)


def _anchor(session: AnySession, search: SavedSearch, book: Book | None = None) -> None:
    """Keep the search where the documents that it could match will look for it, by what its words mean now."""
    book = book or synonym_book(session)
    search.synonyms = [[synonym.text, list(synonym.meanings)] for synonym in book.for_text(search.text)]
    search.anchorings = (search.anchorings or 0) + 1
    session.execute(delete(Anchor).where(Anchor.search_id == search.id))
    terms = anchors_of(wanted_of(search), lambda terms: queries.crowd(session, terms))
    session.execute(insert(Anchor), [{"search_id": search.id, "term": term} for term in sorted(terms)])
    search.analysis = ANALYSIS_VERSION


def reanchor(session: AnySession) -> int:
    """Anchor anew what another version of the analysis or of the synonyms has anchored; returns how many were."""
    stale = queries.list_stale(session, limit=REANCHORED)
    book = synonym_book(session) if stale else None
    for search in stale:
        _anchor(session, search, book)
    return len(stale)


def loosen(session: AnySession) -> None:
    """Have every search with words anchored anew by the worker, since words mean other things now."""
    session.execute(update(SavedSearch).where(SavedSearch.text != "").values(analysis=LOOSE))


# ---- what changes bring


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at a thing has shown for one search: ``lapse`` is empty when the thing fits.

    ``document`` is None for what is not public any more.
    """

    search_id: int
    search_key: str
    round: int
    thing: Thing
    lapse: str
    document: Document | None


def look(session: AnySession, subject: Subject, keys: Sequence[str]) -> list[Finding]:
    """Hold what has changed against the searches that wait for it; reads only, and leaves no transaction open.

    Found are new fits, and whatever of the known has changed.
    """
    if not queries.is_anything_watched(session):
        session.rollback()
        return []
    present = documents.read(session, subject, keys)
    session.rollback()
    found = {thing_of(document): analysed(document) for document in present.documents}
    watches = queries.list_watches(session, list(found.values()))
    seen = queries.list_seen(session, [*found, *present.gone])
    session.rollback()
    findings = [
        Finding(watch.id, watch.key, watch.round, thing, "gone", None)
        for thing in present.gone
        for watch, lapse in seen.get(thing, ())
        if lapse != "gone"
    ]
    for thing, one in found.items():
        findings += _findings(thing, one, watches, seen.get(thing, ()))
    return findings


def _findings(
    thing: Thing,
    one: Analysed,
    watches: dict[str, list[queries.Watch]],
    seen: Sequence[tuple[queries.Watch, str]],
) -> list[Finding]:
    known = {watch.id: lapse for watch, lapse in seen}
    # A search with several anchors is met under each of them.
    met = {watch.id: watch for anchor in anchors_in(one) for watch in watches.get(anchor, ())}
    met |= {watch.id: watch for watch, _lapse in seen}
    findings = []
    for watch in met.values():
        lapse = lapse_of(watch.wanted, one)
        # What never fitted and does not now is nobody's business.
        if known.get(watch.id, "words" if lapse else None) != lapse and (watch.id in known or not lapse):
            findings.append(Finding(watch.id, watch.key, watch.round, thing, lapse, one.document))
    return findings


def tell(session: AnySession, findings: Sequence[Finding], *, now: datetime) -> int:
    """Write down what was found and tell those who wait; returns the number of notifications.

    Repeats tell nothing twice: what is known to fit is no news, and the constraint on a notification decides.
    """
    searches = _lock(session, {finding.search_id for finding in findings})
    seen = _sightings(session, findings)
    told: list[Notification] = []
    for finding in findings:
        search = searches.get(finding.search_id)
        # An id may have passed to another search meanwhile; a key never does.
        if search is None or (search.key, search.round) != (finding.search_key, finding.round):
            continue
        if not can_be_told(search):
            continue
        sighting = seen.get((search.id, *finding.thing))
        if finding.lapse or finding.document is None:
            if sighting is not None:
                sighting.lapse = finding.lapse
            continue
        reason = _reason(search, sighting, finding.document)
        if sighting is None:
            kind, key = finding.thing
            sighting = Sighting(search_id=search.id, kind=kind, key=key, crossings=0)
            session.add(sighting)
            seen[search.id, kind, key] = sighting
        sighting.lapse = ""
        if reason:
            sighting.crossings += 1
            told.append(_notification(search, sighting, reason, finding.document, now=now))
    session.add_all(told)
    _queue(session, [one for one in told if one.mail_at is not None and one.mail_at <= now], searches, now=now)
    return len(told)


def _lock(session: AnySession, ids: Collection[int]) -> dict[int, SavedSearch]:
    """These searches as they are now, ours until the transaction ends; always in the same order.

    What was read before the lock is read anew: the worker may have learnt something of them since.
    """
    found = session.scalars(
        select(SavedSearch)
        .where(SavedSearch.id.in_(sorted(ids)))
        .order_by(SavedSearch.id)
        .options(joinedload(SavedSearch.user, innerjoin=True))
        .with_for_update(of=SavedSearch)
        .execution_options(populate_existing=True)
    )
    return {search.id: search for search in found}


def _sightings(session: AnySession, findings: Sequence[Finding]) -> dict[tuple[int, str, str], Sighting]:
    rows = session.scalars(
        select(Sighting)
        .where(
            Sighting.search_id.in_(sorted({finding.search_id for finding in findings})),
            Sighting.key.in_(sorted({finding.thing[1] for finding in findings})),
        )
        .execution_options(populate_existing=True)
    )
    return {(row.search_id, row.kind, row.key): row for row in rows}


def _reason(search: SavedSearch, sighting: Sighting | None, document: Document) -> str:
    """Why the owner is to be told that the document fits; empty when it is no news."""
    if sighting is not None:
        # Words that were edited away and back, and a post that was taken off and put back, are no news.
        return sighting.lapse if sighting.lapse in ("price", "stock") else ""
    if document.creator and document.creator == search.user.key:
        return ""
    if document.published >= int(search.armed_at.timestamp()):
        return "new"
    if search.baseline != "known":
        return ""  # it may have fitted all along
    if search.price_to is not None:
        return "price"
    return "stock" if search.in_stock else "words"


def _notification(
    search: SavedSearch, sighting: Sighting, reason: str, document: Document, *, now: datetime
) -> Notification:
    return Notification(
        public_key=new_key(),
        user_id=search.user_id,
        search_id=search.id,
        reason=reason,
        kind=sighting.kind,
        key=sighting.key,
        round=search.round,
        crossing=sighting.crossings,
        price_minor=document.price_minor.get(search.currency),
        currency=search.currency,
        shown=search.in_app,
        created_at=now,
        read_at=None if search.in_app else now,
        mail_at=_mail_at(search, now),
    )


def _mail_at(search: SavedSearch, now: datetime) -> datetime | None:
    if search.mail == "off":
        return None
    if search.mail == "now":
        return now
    return next_hour(now, search.mail_hour, search.user.timezone)


def queue_mails(session: AnySession, *, now: datetime) -> int:
    """Have everything mailed whose hour has come, one mail a person; returns the number of notifications."""
    due = list(
        session.scalars(
            select(Notification)
            .where(Notification.mail_at.is_not(None), Notification.queued_at.is_(None), Notification.mail_at <= now)
            .order_by(Notification.id)
            .limit(1000)
        )
    )
    searches = _lock(session, {one.search_id for one in due})
    _queue(session, due, searches, now=now)
    return len(due)


def _queue(
    session: AnySession, due: Sequence[Notification], searches: dict[int, SavedSearch], *, now: datetime
) -> None:
    by_user: dict[str, list[str]] = defaultdict(list)
    for one in due:
        one.queued_at = now
        by_user[searches[one.search_id].user.key].append(one.public_key)
    record_all(session, [NotificationsDue(user, tuple(keys)) for user, keys in by_user.items()], now=now)


def mark_mailed(session: AnySession, keys: Collection[str], *, now: datetime) -> None:
    """These notifications need no mail any more."""
    session.execute(update(Notification).where(Notification.public_key.in_(sorted(keys))).values(mailed_at=now))


def forget(session: AnySession, *, now: datetime) -> None:
    """Forget notifications of more than 90 days ago. What was told stays known, so it is not told again."""
    session.execute(delete(Notification).where(Notification.created_at < now - KEPT))


# ---- what was there already


@dataclass(frozen=True, slots=True)
class Baseline:
    """What fitted a search when it was saved; ``whole`` is False when that is too much to list."""

    search_key: str
    round: int
    things: tuple[Thing, ...]
    whole: bool


def learn(session: AnySession, backend: SearchBackend, key: str, *, most: int = MOST_KNOWN) -> Baseline | None:
    """Ask the engine what fits a search already, unless it is more than ``most`` things. Nothing is held open
    meanwhile. Raises Unavailable.

    None for a search that is not there or rests.
    """
    search = session.scalar(select(SavedSearch).where(SavedSearch.key == key))
    if search is None or search.paused:
        session.rollback()
        return None
    wanted, armed_at, number = wanted_of(search), int(search.armed_at.timestamp()), search.round
    session.rollback()
    things = _ask(backend, wanted, most)
    if things is None:
        return Baseline(key, number, (), whole=False)
    present = documents.read_things(session, things)
    session.rollback()
    fitting = [
        thing
        for thing, document in present.items()
        # What came after is news, whoever sees it first.
        if document.published < armed_at and not lapse_of(wanted, analysed(document))
    ]
    return Baseline(key, number, tuple(sorted(fitting)), whole=True)


def _ask(backend: SearchBackend, wanted: Wanted, most: int) -> list[Thing] | None:
    """What the engine finds for a search; None when that is more than ``most``."""
    found: list[Thing] = []
    while True:
        page = backend.search(
            SearchQuery(
                text=wanted.text,
                kinds=(wanted.kind,) if wanted.kind else (),
                langs=(wanted.lang,) if wanted.lang else (),
                topics=(wanted.topic,) if wanted.topic else (),
                in_stock=wanted.in_stock,
                synonyms=wanted.synonyms,
                currency=wanted.currency,
                price_to=wanted.price_to,
                worth_from=wanted.worth_from,
                votes_from=wanted.votes_from,
                sort="newest",
                offset=len(found),
                limit=PAGE,
            )
        )
        if page.total > most:
            return None
        for hit in page.hits:
            kind, key = hit.id.split(":", 1)
            found.append((kind, key))
        if len(page.hits) < PAGE or len(found) >= page.total:
            return found


def take_baseline(session: AnySession, baseline: Baseline) -> None:
    """Remember what fitted already, unless the search was changed meanwhile."""
    search_id = session.scalar(select(SavedSearch.id).where(SavedSearch.key == baseline.search_key))
    search = _lock(session, [search_id]).get(search_id) if search_id is not None else None
    if search is None or search.round != baseline.round or search.baseline != "owed":
        return
    sighted = select(Sighting.kind, Sighting.key).where(Sighting.search_id == search.id)
    known = {(kind, key) for kind, key in session.execute(sighted)}
    rows = [
        {"search_id": search.id, "kind": kind, "key": key, "lapse": "", "crossings": 0}
        for kind, key in baseline.things
        if (kind, key) not in known
    ]
    if rows:
        session.execute(insert(Sighting), rows)
    search.baseline = "known" if baseline.whole else "broad"
