"""Single statements on the rows of stock, shared by all that changes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Row, Select, Update, and_, bindparam, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.events import StockArrived, StockChanged, StockLow
from contentshop.products.models import Product, Stock, StockLevel, StockLocation, StockMovement, Variant
from contentshop.products.stock.places import Level

AnyRow = Row[*tuple[Any, ...]]

MAX_QUANTITY = 1_000_000
MAX_ON_HAND = 1_000_000_000
HOME = "main"
HOME_NAME = "Main warehouse"
HOME_NAMES = {"zh": {"name": "主仓库"}}


class OutOfStock(Conflict):
    """Not enough of some variants. ``available`` maps each of them (variant id) to how many there are."""

    def __init__(self, available: dict[int, int]) -> None:
        super().__init__(say("Some of this is no longer in stock in the quantity you want."))
        self.available = dict(available)


@dataclass(frozen=True, slots=True)
class Place:
    """A location as far as counts care; ``supplier_id`` is None when its goods are ours."""

    id: int
    key: str
    active: bool
    supplier_id: int | None


def home(session: AnySession, *, now: datetime) -> Place:
    """Where goods are that nobody said a place of: the oldest open place of ours, made when there is none."""
    ours = _PLACES.where(StockLocation.supplier_id.is_(None), StockLocation.active)
    found = session.execute(ours.order_by(StockLocation.id).limit(1)).one_or_none()
    if found is not None:
        return Place(*found)
    try:
        with session.begin_nested():
            session.execute(
                insert(StockLocation).values(key=HOME, name=HOME_NAME, translations=HOME_NAMES, created_at=now)
            )
    except IntegrityError:
        # Made by somebody else at the same moment, or there but closed; then it is opened again.
        session.execute(update(StockLocation).where(StockLocation.key == HOME).values(active=True))
    return Place(*session.execute(_PLACES.where(StockLocation.key == HOME)).one())


_PLACES: Select[int, str, bool, int | None] = select(
    StockLocation.id, StockLocation.key, StockLocation.active, StockLocation.supplier_id
)


def open_place(session: AnySession, key: str, *, now: datetime) -> Place:
    """The open place with this key (home when it is empty), which cannot be closed until the transaction ends.

    Raises NotFound, and Conflict when it is closed.
    """
    if not key:
        key = home(session, now=now).key
    row = session.execute(_PLACES.where(StockLocation.key == key).with_for_update(read=True)).one_or_none()
    if row is None:
        raise NotFound(say("There is no such place."))
    if not row.active:
        raise Conflict(say("This place is closed; open it before goods go there."))
    return Place(*row)


_CHANGED = (
    Stock.variant_id,
    Stock.product_id,
    (Stock.on_hand - Stock.reserved).label("available"),
    Stock.low_at,
)
# Every order runs these; built once, SQLAlchemy finds their SQL by the statement alone. Nobody holds rows of stock as
# objects across them, so no object is looked for to bring up to date.
_AT_ONCE: Any = {"synchronize_session": False}
_SHIFT = (
    update(Stock)
    .where(
        Stock.variant_id == bindparam("variant"),
        Stock.on_hand - Stock.reserved >= bindparam("least_free"),
        Stock.on_hand <= bindparam("most_on_hand"),
    )
    .values(
        on_hand=Stock.on_hand + bindparam("more_on_hand"),
        reserved=Stock.reserved + bindparam("more_reserved"),
        version=Stock.version + 1,
    )
    .returning(*_CHANGED)
    .execution_options(**_AT_ONCE)
)
_SHIFT_LEVEL = (
    update(StockLevel)
    .where(
        StockLevel.variant_id == bindparam("variant"),
        StockLevel.location_id == bindparam("place"),
        StockLevel.on_hand + bindparam("more_on_hand") >= StockLevel.reserved + bindparam("more_reserved"),
    )
    .values(
        on_hand=StockLevel.on_hand + bindparam("more_on_hand"),
        reserved=StockLevel.reserved + bindparam("more_reserved"),
    )
    .execution_options(**_AT_ONCE)
)


def change_sum(session: AnySession, statement: Update) -> AnyRow | None:
    """Run a change of one row of ``stock``; what it holds afterwards, or None when its condition failed."""
    return session.execute(statement.returning(*_CHANGED)).one_or_none()


def shift(session: AnySession, variant_id: int, *, on_hand: int = 0, reserved: int = 0) -> AnyRow | None:
    """Add to a variant's sums; None when less than nothing would be left of either, or more than can be kept."""
    free = on_hand - reserved
    values = {
        "variant": variant_id,
        "more_on_hand": on_hand,
        "more_reserved": reserved,
        # What is freed or taken out is never refused.
        "least_free": -free if free < 0 else -MAX_ON_HAND,
        "most_on_hand": MAX_ON_HAND - on_hand if on_hand > 0 else MAX_ON_HAND,
    }
    return session.execute(_SHIFT, values).one_or_none()


def shift_level(session: AnySession, variant_id: int, location_id: int, *, on_hand: int = 0, reserved: int = 0) -> bool:
    """Add to what is at one place; False when less than nothing would be left. The sum's row must be ours."""
    values = {"variant": variant_id, "place": location_id, "more_on_hand": on_hand, "more_reserved": reserved}
    result = session.execute(_SHIFT_LEVEL, values)
    return isinstance(result, CursorResult) and result.rowcount == 1


def add_to_level(session: AnySession, variant_id: int, place: Place, quantity: int) -> None:
    """Put units at a place. The sum's row must be ours. Raises Conflict when another owner's goods are there."""
    _one_owner(session, variant_id, place)
    if not shift_level(session, variant_id, place.id, on_hand=quantity):
        session.execute(
            insert(StockLevel).values(variant_id=variant_id, location_id=place.id, on_hand=quantity, reserved=0)
        )


def _one_owner(session: AnySession, variant_id: int, place: Place) -> None:
    theirs = StockLocation.supplier_id.is_distinct_from(literal(place.supplier_id))
    found = session.execute(
        select(StockLocation.name)
        .join(StockLevel, StockLevel.location_id == StockLocation.id)
        .where(StockLevel.variant_id == variant_id, StockLevel.on_hand > 0, theirs)
        .limit(1)
    ).one_or_none()
    if found is not None:
        raise Conflict(
            say("This belongs to somebody else at “%(place)s”; use up or take out those first.", place=found.name)
        )


_OPEN_LEVELS = (
    select(
        StockLevel.variant_id,
        StockLevel.location_id,
        StockLocation.country,
        (StockLevel.on_hand - StockLevel.reserved).label("free"),
    )
    .join(StockLocation, and_(StockLocation.id == StockLevel.location_id, StockLocation.active))
    .where(StockLevel.variant_id.in_(bindparam("variants", expanding=True)), StockLevel.on_hand > StockLevel.reserved)
    .order_by(StockLevel.variant_id, StockLevel.location_id)
)


def open_levels(session: AnySession, variant_ids: Collection[int]) -> list[Level]:
    """What can be had of variants at open places."""
    return [Level(*row) for row in session.execute(_OPEN_LEVELS, {"variants": list(variant_ids)})]


def available(session: AnySession, variant_id: int) -> int:
    """How many of a variant can still be promised."""
    found = session.scalar(select(Stock.on_hand - Stock.reserved).where(Stock.variant_id == variant_id))
    return found or 0


def ensure_sum(session: AnySession, variant_id: int) -> None:
    """Begin the books of a variant that has none. Raises NotFound."""
    if session.scalar(select(Stock.variant_id).where(Stock.variant_id == variant_id)) is not None:
        return
    product_id = session.scalar(select(Variant.product_id).where(Variant.id == variant_id))
    if product_id is None:
        raise NotFound(say("There is no such variant."))
    try:
        with session.begin_nested():
            session.execute(insert(Stock).values(variant_id=variant_id, product_id=product_id))
    except IntegrityError:
        # Somebody else made the row at the same moment; it is there, which is all we want.
        return


def lock_sum(session: AnySession, variant_id: int) -> None:
    """Queue at a variant's row, so that what is read of its places stays true. Makes the row when there is none."""
    ensure_sum(session, variant_id)
    session.execute(select(Stock.variant_id).where(Stock.variant_id == variant_id).with_for_update())


def move(
    session: AnySession,
    variant_id: int,
    location_id: int,
    delta: int,
    *,
    reason: str,
    actor: str,
    now: datetime,
    holder: str = "",
    reference: str = "",
) -> None:
    """Write down why a count changed."""
    session.execute(
        insert(StockMovement).values(
            variant_id=variant_id,
            location_id=location_id,
            delta=delta,
            reason=reason[:40],
            holder=holder,
            actor=actor,
            reference=reference[:40],
            moved_at=now,
        )
    )


def tell(session: AnySession, after: AnyRow, delta: int, *, now: datetime) -> None:
    """Pass on that what can be had changed by ``delta``, as far as it crossed nothing or the alert's threshold."""
    now_free = after.available
    before = now_free - delta
    if (before > 0) != (now_free > 0):
        key = session.execute(select(Product.key).where(Product.id == after.product_id)).scalar_one()
        record(session, StockChanged(product=key), now=now)
    arrived, low = before <= 0 < now_free, after.low_at is not None and now_free <= after.low_at < before
    if arrived or low:
        variant = session.execute(select(Variant.key).where(Variant.id == after.variant_id)).scalar_one()
        record(session, StockArrived(variant=variant) if arrived else StockLow(variant=variant), now=now)


def check_quantity(quantity: int) -> None:
    """Raises Invalid unless it is 1 to 1,000,000."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Choose a quantity from 1 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
