"""Changes to promotions and their uses. None commits; the door does.

A coupon is stock: every limit is one conditional UPDATE whose row count decides, in the transaction of the order.
Promotions are touched by ascending id, and before stock is, so that no two orders wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Update, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from contentshop.accounts import policy as people
from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.queries import list_tree
from contentshop.promotions import queries
from contentshop.promotions.inputs import PromotionInput
from contentshop.promotions.models import Promotion, PromotionPerson, PromotionUse, PurchaseCount, PurchaseUse
from contentshop.promotions.pricing import Use


class PromotionOver(Conflict):
    """Somebody else has had the last use of this promotion, or this person their own last one."""

    def __init__(self, name: str) -> None:
        super().__init__(say("“%(name)s” has just been used up. Please look at the new total.", name=name))
        self.name = name


def save(
    session: AnySession,
    form: PromotionInput,
    *,
    by: User,
    now: datetime,
    key: str = "",
    version: int | None = None,
) -> Promotion:
    """Make a promotion, or change the one with ``key``.

    Raises Forbidden, NotFound, Invalid (the code is taken, the limit is beneath what is used already, what it is for is
    not there), Conflict when it was changed since ``version`` was read.
    """
    _check_operator(by)
    if key:
        found = queries.get_promotion(session, key)
        if version is not None and found.version != version:
            raise Conflict(say("Somebody else has changed this promotion. Please look at it again."))
    else:
        found = Promotion(key=new_key(), created_at=now, version=0, used=0)
    if form.scope == "category" and set(form.scope_keys) - {one.slug for one in list_tree(session)}:
        raise Invalid({"categories": [say("There is no such category.")]})
    if form.total_limit is not None and form.total_limit < (found.used or 0):
        raise Invalid({"total_limit": [say("It has been used %(used)s times already.", used=found.used)]})
    found.code = form.code or None
    found.name = form.name
    found.translations = {"zh": {"name": form.name_zh}} if form.name_zh else {}
    for name in ("kind", "percent_ppm", "buy", "free", "scope", "combinable", "person_limit", "valid_days"):
        setattr(found, name, getattr(form, name))
    if key and (found.total_limit is None) != (form.total_limit is None):
        raise Invalid({"total_limit": [say("A limit is set, or left out, when a promotion is made. Make a new one.")]})
    found.total_limit = form.total_limit
    found.amounts, found.caps, found.min_spend = dict(form.amounts), dict(form.caps), dict(form.min_spend)
    found.scope_keys = _scope_keys(session, form)
    found.starts_at, found.ends_at = form.starts_at, form.ends_at
    found.version += 1
    try:
        with session.begin_nested():
            session.add(found)
            session.flush()
    except IntegrityError:
        raise Invalid({"code": [say("There is a promotion with this code already.")]}) from None
    return found


def set_active(session: AnySession, key: str, active: bool, *, by: User) -> Promotion:
    """Pause a promotion, or let it go on. Raises Forbidden, NotFound."""
    _check_operator(by)
    found = queries.get_promotion(session, key)
    found.active = active
    found.version += 1
    return found


def begin(session: AnySession, codes: Collection[str], person: str, *, now: datetime) -> None:
    """A person has typed ``codes``: those that are valid for some days count them from now. Again changes nothing."""
    found = session.execute(
        select(Promotion.id, Promotion.valid_days).where(
            Promotion.code.in_(codes), Promotion.active, Promotion.valid_days.is_not(None)
        )
    ).all()
    for row in found:
        _ensure_person(session, row.id, person, now + timedelta(days=row.valid_days))


def claim(
    session: AnySession, uses: Sequence[Use], *, holder: str, persons: Sequence[str], currency: str, now: datetime
) -> None:
    """Count ``uses`` for ``holder`` (an order's key). Raises PromotionOver for the first whose limit is reached."""
    for use in sorted(uses, key=lambda use: use.rule.id):
        rule = use.rule
        counted = rule.total_limit is not None
        if counted and not _changed(
            session,
            update(Promotion)
            .where(Promotion.id == rule.id, Promotion.active, Promotion.used < Promotion.total_limit)
            .values(used=Promotion.used + 1),
        ):
            raise PromotionOver(rule.name)
        if rule.person_limit is not None:
            for person in sorted(persons):
                _ensure_person(session, rule.id, person, None)
                mine = (PromotionPerson.promotion_id == rule.id, PromotionPerson.person == person)
                more = update(PromotionPerson).where(*mine, PromotionPerson.used < rule.person_limit)
                if not _changed(session, more.values(used=PromotionPerson.used + 1)):
                    raise PromotionOver(rule.name)
        session.execute(
            insert(PromotionUse).values(
                promotion_id=rule.id,
                holder=holder,
                persons=sorted(persons) if rule.person_limit is not None else [],
                currency=currency,
                minor=use.minor,
                counted=counted,
                used_at=now,
            )
        )


@dataclass(frozen=True, slots=True)
class Limited:
    """So many of a variant of which one person may buy ``limit`` in all."""

    variant_id: int
    quantity: int
    limit: int


class LimitReached(Conflict):
    """This person may not buy so many. ``left`` is how many they still may, by variant."""

    def __init__(self, left: Mapping[int, int]) -> None:
        super().__init__(say("You cannot order as many of this. Please look at your cart."))
        self.left = dict(left)


def claim_purchases(session: AnySession, wants: Sequence[Limited], *, holder: str, persons: Sequence[str]) -> None:
    """Count limited goods for ``holder`` and ``persons``. Raises LimitReached when one of these had too many."""
    for want in sorted(wants, key=lambda want: want.variant_id):
        for person in sorted(persons):
            lite = session.get_bind().dialect.name == "sqlite"
            row = (sqlite if lite else postgresql).insert(PurchaseCount).values(
                variant_id=want.variant_id, person=person, quantity=0
            )  # fmt: skip
            session.execute(row.on_conflict_do_nothing())
            mine = (PurchaseCount.variant_id == want.variant_id, PurchaseCount.person == person)
            more = update(PurchaseCount).where(*mine, PurchaseCount.quantity <= want.limit - want.quantity)
            if not _changed(session, more.values(quantity=PurchaseCount.quantity + want.quantity)):
                had = session.scalar(select(PurchaseCount.quantity).where(*mine)) or 0
                raise LimitReached({want.variant_id: max(0, want.limit - had)})
        session.execute(
            insert(PurchaseUse).values(
                holder=holder, variant_id=want.variant_id, persons=sorted(persons), quantity=want.quantity
            )
        )


def release(session: AnySession, holder: str, *, now: datetime) -> int:
    """Give back what ``holder`` used, coupons and limited goods alike; returns how many. Again does nothing."""
    return _release_promotions(session, holder, now) + _release_purchases(session, holder, now)


def _release_purchases(session: AnySession, holder: str, now: datetime) -> int:
    rows = session.execute(
        select(PurchaseUse.id, PurchaseUse.variant_id, PurchaseUse.persons, PurchaseUse.quantity)
        .where(PurchaseUse.holder == holder, PurchaseUse.released_at.is_(None))
        .order_by(PurchaseUse.variant_id)
    ).all()
    released = 0
    for row in rows:
        ours = update(PurchaseUse).where(PurchaseUse.id == row.id, PurchaseUse.released_at.is_(None))
        if _changed(session, ours.values(released_at=now)):
            released += 1
            session.execute(
                update(PurchaseCount)
                .where(PurchaseCount.variant_id == row.variant_id, PurchaseCount.person.in_(row.persons))
                .values(quantity=PurchaseCount.quantity - row.quantity)
            )
    return released


def _release_promotions(session: AnySession, holder: str, now: datetime) -> int:
    rows = session.execute(
        select(PromotionUse.id, PromotionUse.promotion_id, PromotionUse.persons, PromotionUse.counted)
        .where(PromotionUse.holder == holder, PromotionUse.released_at.is_(None))
        .order_by(PromotionUse.promotion_id)
    ).all()
    released = 0
    for row in rows:
        ours = update(PromotionUse).where(PromotionUse.id == row.id, PromotionUse.released_at.is_(None))
        if not _changed(session, ours.values(released_at=now)):
            continue
        released += 1
        if row.counted:
            session.execute(update(Promotion).where(Promotion.id == row.promotion_id).values(used=Promotion.used - 1))
        session.execute(
            update(PromotionPerson)
            .where(PromotionPerson.promotion_id == row.promotion_id, PromotionPerson.person.in_(row.persons))
            .values(used=PromotionPerson.used - 1)
        )
    return released


def _ensure_person(session: AnySession, promotion_id: int, person: str, ends_at: datetime | None) -> None:
    lite = session.get_bind().dialect.name == "sqlite"
    row = (sqlite if lite else postgresql).insert(PromotionPerson).values(
        promotion_id=promotion_id, person=person, used=0, ends_at=ends_at
    )  # fmt: skip
    session.execute(row.on_conflict_do_nothing())


def _changed(session: AnySession, statement: Update) -> bool:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _scope_keys(session: AnySession, form: PromotionInput) -> list[str]:
    """What a promotion is for, by keys; people name products and creators as their addresses do."""
    if form.scope not in {"product", "creator"}:
        return list(form.scope_keys)
    words = [word.rstrip("/").rpartition("/")[2].removeprefix("@") for word in form.scope_keys]
    known = {word: key for key, name in queries.list_named(session, form.scope, words) for word in (key, name)}
    lost = [word for word in words if word not in known]
    if lost:
        raise Invalid(
            {"scope_keys": [say("There is no “%(name)s”. Copy its address, or the end of it.", name=lost[0])]}
        )
    return list(dict.fromkeys(known[word] for word in words))


def _check_operator(by: User) -> None:
    if not people.can_operate(by):
        raise Forbidden(say("Only operators may change promotions."))
