"""What a kept answer depends on, and the proof that none of it has changed.

Every row that readers see carries a version that grows with each change. A ``Stamp`` names the rows an answer was
made of; reading it is one SELECT, and two equal readings mean that nothing in between has changed. The proof runs
on a connection of its own, straight on the driver, before each reuse.

This is the one place outside the rooms that names tables: a proof has to be a single statement across them.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

log = structlog.get_logger("contentshop.web")

# How many topics the frame of every page shows (``curation.queries.NAV_TOPICS``).
NAV_TOPICS = 8

# How many posts that share a product are looked at (``discovery.queries.related.LOOKED_AT``).
SHARING = 300

PROVED = 4096  # proofs a thread remembers while the database is quiet
MAPPED = 64 * 1024 * 1024  # bytes of an SQLite file that proofs read without copying

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One SELECT of four columns (text, integer, integer, text) and its parameters, marked ``?``."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A statement for the driver, and what it answered when the kept answer was made."""

    sql: str
    values: tuple[Any, ...]
    rows: list[Row]


def _marks(ids: Collection[object]) -> str:
    return ",".join("?" * len(ids))


def nav_topics() -> Part:
    """The topics in the frame of every page."""
    return Part(
        "SELECT * FROM (SELECT 't', t.id, t.position,"
        " t.slug || ' ' || t.title || ' ' || CAST(t.translations AS TEXT)"
        " FROM topic t ORDER BY t.position, t.id LIMIT ?) AS nav",
        (NAV_TOPICS,),
    )


def topic(slug: str) -> Part:
    """One topic's words."""
    return Part(
        "SELECT 'u', t.id, t.position, t.title || t.intro || CAST(t.translations AS TEXT)"
        " FROM topic t WHERE t.slug = ?",
        (slug,),
    )


def posts(ids: Iterable[int]) -> list[Part]:
    """These posts, whether they are published, their authors, and who else stands in their byline."""
    known = tuple(sorted(set(ids)))
    if not known:
        return []
    return [
        Part(
            "SELECT 'p', p.id, p.version, p.state || CAST(u.version AS TEXT) || CAST(u.blocked AS TEXT) ||"  # noqa: S608
            " coalesce((SELECT ' ' || CAST(sum(w.version) AS TEXT) || ' ' ||"
            " CAST(sum(CASE WHEN w.blocked THEN 1 ELSE 0 END) AS TEXT) FROM post_member m JOIN user_account w"
            " ON w.id = m.user_id WHERE m.post_id = p.id AND m.state = 'accepted'), '') FROM post p"
            f" JOIN user_account u ON u.id = p.author_id WHERE p.id IN ({_marks(known)})",
            known,
        )
    ]


def products(ids: Iterable[int]) -> list[Part]:
    """These products with their offers, stock and rating. Versions only grow, so their sum changes with any of them;
    a shop that is switched off or renamed raises the versions of everything it sells.
    """
    known = tuple(sorted(set(ids)))
    if not known:
        return []
    marks = _marks(known)
    return [
        Part(
            "SELECT 'g', count(*), coalesce(sum(g.version), 0), ''"  # noqa: S608
            f" FROM product g WHERE g.id IN ({marks})",
            known,
        ),
        Part(
            "SELECT 's', count(*), coalesce(sum(s.version), 0), ''"  # noqa: S608
            f" FROM stock s WHERE s.product_id IN ({marks})",
            known,
        ),
        Part(
            "SELECT 'rt', count(*), coalesce(sum(r.version), 0), ''"  # noqa: S608
            f" FROM product_rating r WHERE r.product_id IN ({marks})",
            known,
        ),
    ]


def creator(key: str) -> Part:
    """One person's public words."""
    return Part(
        "SELECT 'c', u.id, u.version, CASE WHEN u.blocked THEN 'blocked' ELSE '' END"
        " FROM user_account u WHERE u.key = ?",
        (key,),
    )


def extras_of(key: str) -> Part:
    """A person's picture and series."""
    return Part(
        "SELECT 'face', a.id, a.focus_x * 1000 + a.focus_y, '' FROM portrait f JOIN asset a ON a.id = f.asset_id"
        " JOIN user_account u ON u.id = f.user_id WHERE u.key = ? UNION ALL"
        " SELECT 'sers', s.id, s.version, '' FROM series s JOIN user_account u ON u.id = s.author_id WHERE u.key = ?",
        (key, key),
    )


def count_by(author_key: str) -> Part:
    """How many posts a person has published."""
    return Part(
        "SELECT 'q', count(*), 0, '' FROM post p JOIN user_account u ON u.id = p.author_id"
        " WHERE p.state = 'published' AND NOT u.blocked AND u.key = ?",
        (author_key,),
    )


def newest(
    *,
    limit: int,
    offset: int = 0,
    topic: str | None = None,
    author_key: str | None = None,
    kind: str | None = None,
) -> Part:
    """Which posts ``posts.queries.list_newest`` gives, and their versions."""
    where = "p.state = 'published' AND NOT u.blocked"
    values: list[object] = []
    if topic is not None:
        where += " AND p.id IN (SELECT x.post_id FROM post_topic x WHERE x.topic = ?)"
        values.append(topic)
    if author_key is not None:
        where += " AND u.key = ?"
        values.append(author_key)
    if kind is not None:
        where += " AND p.kind = ?"
        values.append(kind)
    return _listing("new", where, (*values, limit, offset))


def mentions(product_id: int, *, limit: int) -> Part:
    """Which posts ``posts.queries.list_mentions`` gives, and their versions."""
    where = (
        "p.state = 'published' AND NOT u.blocked"
        " AND p.id IN (SELECT c.post_id FROM card c WHERE c.product_id = ? AND c.live)"
    )
    return _listing("rec", where, (product_id, limit, 0))


def related(post_id: int) -> Part:
    """The published posts that show a product of this one, from which ``discovery.queries.related_posts`` chooses.

    What only shares a topic is left out, as that would read a topic's every post: a new one of these is seen when
    the kept answer ends by itself. What reads alike is there.
    """
    return Part(
        "SELECT 'rel', count(*), coalesce(sum(p.version), 0), '' FROM (SELECT DISTINCT c.post_id FROM card c"
        " WHERE c.live AND c.product_id IN (SELECT o.product_id FROM card o WHERE o.post_id = ? AND o.live)"
        " ORDER BY c.post_id DESC LIMIT ?) AS sharing JOIN post p ON p.id = sharing.post_id"
        " WHERE p.state = 'published' UNION ALL"
        " SELECT 'alk', count(*), coalesce(sum(k.post_id), 0), '' FROM likeness k"
        " WHERE k.post_id = ? OR k.other_id = ?",
        (post_id, SHARING, post_id, post_id),
    )


def series_of(post_id: int) -> Part:
    """The series in which a post stands, with its parts."""
    return _series("ser", "m.post_id = ?", post_id, " JOIN series_part m ON m.series_id = s.id")


def series(slug: str) -> Part:
    """A series with its parts."""
    return _series("series", "s.slug = ?", slug)


def _series(name: str, where: str, value: object, join: str = "") -> Part:
    return Part(
        f"SELECT '{name}', p.id, p.version, p.state || CAST(s.version AS TEXT) || ' ' || CAST(x.position AS TEXT)"  # noqa: S608
        f" || ' ' || CAST(u.version AS TEXT) || CAST(u.blocked AS TEXT) FROM series s{join}"
        " JOIN series_part x ON x.series_id = s.id JOIN post p ON p.id = x.post_id"
        f" JOIN user_account u ON u.id = p.author_id WHERE {where}",
        (value,),
    )


def deal(post_id: int) -> Part:
    """How a deal stands and what readers say of it."""
    return Part("SELECT 'deal', d.post_id, d.version, '' FROM deal d WHERE d.post_id = ?", (post_id,))


def deals() -> Part:
    """The deals that run or are to come, and the votes on them. One that is over changed when it left them."""
    return Part(
        "SELECT 'deals', count(*), coalesce(sum(p.version), 0), CAST(coalesce(sum(t.worth * 3 + t.unworth +"
        " CASE WHEN t.opened THEN 1 ELSE 0 END), 0) AS TEXT) || ' ' || CAST(coalesce(sum(u.version +"
        " CASE WHEN u.blocked THEN 1 ELSE 0 END), 0) AS TEXT) FROM deal d JOIN post p ON p.id = d.post_id"
        " JOIN user_account u ON u.id = p.author_id LEFT JOIN discussion t ON t.post_id = p.id"
        " WHERE d.phase <> 'ended' AND p.state = 'published'"
    )


def trending(period: str) -> Part:
    """What stands on a board; its posts and products stand for themselves."""
    return Part(
        "SELECT 'tr', t.place, coalesce(t.post_id, t.product_id), t.kind || CAST(t.visitors AS TEXT)"
        " FROM trend t WHERE t.period = ?",
        (period,),
    )


def _listing(name: str, where: str, values: tuple[Any, ...]) -> Part:
    return Part(
        f"SELECT * FROM (SELECT '{name}', p.id, p.version, CAST(u.version AS TEXT) FROM post p"  # noqa: S608
        f" JOIN user_account u ON u.id = p.author_id WHERE {where}"
        f" ORDER BY p.published_at DESC, p.id DESC LIMIT ? OFFSET ?) AS listing_{name}",
        values,
    )


def featured(place: str, now: datetime) -> Part:
    """The featured lists that stand in a place, or will."""
    return Part(
        "SELECT 'f', s.id, l.version, CAST(s.position AS TEXT) || '|' || CAST(s.starts_at AS TEXT) || '|' ||"
        " coalesce(CAST(s.ends_at AS TEXT), '') FROM slot s JOIN featured_list l ON l.id = s.list_id"
        " WHERE s.place = ? AND (s.ends_at IS NULL OR s.ends_at > ?)",
        (place, now),
    )


def next_turn(proof: Proof, now: datetime) -> datetime | None:
    """When the next of the featured lists in ``proof`` begins or ends."""
    moments = [_moment(text) for row in proof.rows if row[0] == "f" for text in row[3].split("|")[1:] if text]
    return min((at for at in moments if at > now), default=None)


def _moment(text: str) -> datetime:
    """A time as a database spells it; SQLite's have no zone and are UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def featured_list(slug: str) -> Part:
    """One featured list; its posts and products stand for themselves."""
    return Part(
        "SELECT 'l', l.id, l.version, CAST(u.version AS TEXT) FROM featured_list l"
        " JOIN user_account u ON u.id = l.editor_id WHERE l.slug = ?",
        (slug,),
    )


def way_out(offer_key: str) -> Part:
    """One offer's link and what its merchant's program asks for."""
    return Part(
        "SELECT 'o', o.id, CASE WHEN m.active THEN 1 ELSE 0 END, o.url || ' ' || m.domain || ' ' ||"
        " coalesce(a.link_template || ' ' || a.tag || ' ' || a.tag_param || ' ' || a.sub_id_param, '')"
        " FROM offer o JOIN merchant m ON m.id = o.merchant_id"
        " LEFT JOIN affiliate_program a ON a.merchant_id = m.id WHERE o.key = ?",
        (offer_key,),
    )


def talk(kind: str, about: int) -> Part:
    """What is said below a post or a product, by whom; ``kind`` is "post" or "product"."""
    column = {"post": "post_id", "product": "product_id"}[kind]
    return Part(
        "SELECT 'talk', d.id, d.version, (SELECT CAST(coalesce(sum(u.version), 0) AS TEXT) || ' ' ||"  # noqa: S608
        " CAST(coalesce(sum(CASE WHEN u.blocked THEN 1 ELSE 0 END), 0) AS TEXT) FROM user_account u"
        " WHERE u.id IN (SELECT c.author_id FROM comment c WHERE c.discussion_id = d.id))"
        f" FROM discussion d WHERE d.{column} = ?",
        (about,),
    )


def reviewers(product_id: int) -> Part:
    """Who has reviewed a product; what they say stands for itself with the product."""
    return Part(
        "SELECT 'rev', count(*), coalesce(sum(u.version), 0),"
        " CAST(coalesce(sum(CASE WHEN u.blocked THEN 1 ELSE 0 END), 0) AS TEXT) FROM user_account u"
        " WHERE u.id IN (SELECT r.author_id FROM review r WHERE r.product_id = ?)",
        (product_id,),
    )


def live_session(key: str) -> Part:
    """One live session with its queue, whose changes raise its version; its products stand for themselves."""
    return Part(
        "SELECT 'live', s.id, s.version, CAST(u.version AS TEXT) || CAST(u.blocked AS TEXT) FROM live_session s"
        " JOIN user_account u ON u.id = s.host_id WHERE s.key = ?",
        (key,),
    )


def live_by(host_key: str) -> Part:
    """The sessions that a creator has announced or is in."""
    return Part(
        f"{_LIVES} AND u.key = ?",
        (host_key,),
    )


def live_announced() -> Part:
    """The sessions that anybody has announced or is in."""
    return Part(_LIVES)


# With the products of their queues, whose pictures stand in lists.
_LIVES = (
    "SELECT 'lives', s.id, s.version, s.state || ' ' || CAST(u.version AS TEXT) || CAST(u.blocked AS TEXT) || ' ' ||"
    " CAST((SELECT coalesce(sum(g.version), 0) FROM live_card c JOIN product g ON g.id = c.product_id"
    " WHERE c.session_id = s.id) AS TEXT) FROM live_session s JOIN user_account u ON u.id = s.host_id"
    " WHERE s.state IN ('live', 'scheduled')"
)


def begin_snapshot(session: Session) -> None:
    """Have everything this request reads be of one moment, so that its stamp fits what it shows.

    SQLite reads so anyway; PostgreSQL is asked to. Call it before the first statement.
    """
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def read(session: Session, parts: Iterable[Part]) -> Proof:
    """Read the stamp in the running transaction: one statement."""
    connection = session.connection()
    sql, values = _statement(list(parts), connection.dialect.name)
    rows = connection.exec_driver_sql(sql, values).all()
    return Proof(sql, values, sorted(tuple(row) for row in rows))


def _statement(parts: list[Part], dialect: str) -> tuple[str, tuple[Any, ...]]:
    sql = " UNION ALL ".join(part.sql for part in parts)
    values = [value for part in parts for value in part.values]
    if dialect == "postgresql":
        return sql.replace("?", "%s"), tuple(values)
    return sql, tuple(_for_sqlite(value) for value in values)


def _for_sqlite(value: Any) -> Any:
    """Times as our columns keep them in SQLite."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


class Prover:
    """Repeats proofs on connections of its own, one for each thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tells_changes = engine.dialect.name == "sqlite"
        self._local = threading.local()
        self._opened: list[Any] = []
        weakref.finalize(self, _close_all, self._opened)

    def holds(self, proof: Proof) -> bool:
        """Whether a proof's statement still answers the same. An unreachable database proves nothing."""
        try:
            connection = self._connection()
            if self._is_quiet(connection) and self._local.proved.get(id(proof)) is proof:
                return True
            cursor = connection.cursor()
            try:
                cursor.execute(proof.sql, proof.values)
                rows = cursor.fetchall()
            finally:
                cursor.close()
        except self._engine.dialect.loaded_dbapi.Error as error:
            log.info("a kept page could not be proved fresh", error=str(error))
            self._drop()
            return False
        if sorted(rows) != proof.rows:
            return False
        if self._tells_changes:
            if len(self._local.proved) >= PROVED:
                self._local.proved.clear()
            self._local.proved[id(proof)] = proof
        return True

    def _is_quiet(self, connection: Any) -> bool:
        """Whether nobody has committed anything since this thread's last proofs, which then hold as they are.

        SQLite tells (``PRAGMA data_version``, for all connections and processes) at a tenth of a proof's price.
        """
        if not self._tells_changes:
            return False
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._local.version:
            return True
        self._local.version = version
        self._local.proved.clear()
        return False

    def close(self) -> None:
        """Close every connection; later proofs open new ones."""
        _close_all(self._opened)
        self._local = threading.local()

    def _connection(self) -> Any:
        found = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._open()
            self._local.version, self._local.proved = None, {}
            self._opened.append(found)
        return found

    def _open(self) -> Any:
        dialect = self._engine.dialect
        positional, named = dialect.create_connect_args(self._engine.url)
        if dialect.name == "sqlite":
            # Used by one thread only, but closed by another at the end.
            options = {**named, "check_same_thread": False, "isolation_level": None}
            connection = dialect.loaded_dbapi.connect(*positional, **options)
            connection.execute("PRAGMA query_only=ON")
            # A proof looks at a few dozen pages of the file; mapped, it needs no system call for each.
            connection.execute(f"PRAGMA mmap_size={MAPPED}")
            return connection
        return dialect.loaded_dbapi.connect(*positional, **named, autocommit=True, connect_timeout=2)

    def _drop(self) -> None:
        found = getattr(self._local, "connection", None)
        self._local.connection = None
        if found is not None:
            self._opened.remove(found)
            _close_all([found])


def _close_all(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()
