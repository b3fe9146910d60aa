"""Reads of promotions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.names import named
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.models import Product
from contentshop.promotions.models import Promotion, PromotionPerson, PromotionUse, PurchaseCount
from contentshop.promotions.pricing import Refusal, Rule, Why

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Candidates:
    """The promotions that are valid now for a buyer, and the codes that are not, with the reason."""

    rules: tuple[Rule, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A promotion in the desk's list, with what its uses have taken off, by currency."""

    promotion: Promotion
    uses: int
    given: tuple[tuple[str, int], ...]


# Built once, since every look at a cart asks it.
_CANDIDATES = (
    select(Promotion)
    .where(
        or_(
            Promotion.active & Promotion.code.is_(None),
            Promotion.code.in_(bindparam("codes", expanding=True)),
        )
    )
    .order_by(Promotion.id)
    .execution_options(populate_existing=True)
)


def find_candidates(
    session: AnySession, codes: Collection[str], persons: Sequence[str], *, locale: str, now: datetime
) -> Candidates:
    """Promotions that work by themselves, and those of ``codes``, as far as they are valid at ``now``.

    ``persons`` are the names under which the buyer's uses are counted (``policy.persons``), empty when not known yet.
    One statement; one more when a limit or a time of each person matters.
    """
    wanted = list(dict.fromkeys(codes))
    found = list(session.scalars(_CANDIDATES, {"codes": wanted}))
    personal = [one.id for one in found if one.person_limit is not None or one.valid_days is not None]
    mine = _mine(session, personal, persons) if personal else {}
    rules, refused = [], []
    for one in found:
        why = _invalid(one, mine.get(one.id, []), persons, now)
        if not why:
            rules.append(_rule(one, locale))
        elif one.code:
            refused.append(Refusal(one.code, why, begins=one.starts_at if why == "early" else None))
    known = {one.code for one in found}
    refused += [Refusal(code, "unknown") for code in wanted if code not in known]
    return Candidates(tuple(rules), tuple(refused))


def _mine(session: AnySession, ids: Collection[int], persons: Sequence[str]) -> dict[int, list[Any]]:
    rows: dict[int, list[Any]] = {}
    if persons:
        query = select(PromotionPerson.promotion_id, PromotionPerson.used, PromotionPerson.ends_at).where(
            PromotionPerson.promotion_id.in_(ids), PromotionPerson.person.in_(persons)
        )
        for row in session.execute(query):
            rows.setdefault(row.promotion_id, []).append(row)
    return rows


def _invalid(one: Promotion, mine: Sequence[Any], persons: Sequence[str], now: datetime) -> Why:
    """Why the promotion is not valid for this buyer at ``now``; empty when it is."""
    if not one.active:
        return "ended"
    if one.starts_at is not None and now < one.starts_at:
        return "early"
    if one.ends_at is not None and now >= one.ends_at:
        return "ended"
    if one.total_limit is not None and one.used >= one.total_limit:
        return "used_up"
    if one.person_limit is not None and any(row.used >= one.person_limit for row in mine):
        return "used"
    if one.valid_days is not None:
        if not any(person.startswith("user:") for person in persons):
            return "sign_in"
        if any(row.ends_at is not None and now >= row.ends_at for row in mine):
            return "ended"
    return ""


def _rule(one: Promotion, locale: str) -> Rule:
    return Rule(
        id=one.id,
        key=one.key,
        code=one.code or "",
        name=str((one.translations.get(locale) or {}).get("name") or one.name),
        kind=one.kind,  # type: ignore[arg-type]  # the table's CHECK keeps it to these
        percent_ppm=one.percent_ppm,
        amounts=one.amounts,
        caps=one.caps,
        min_spend=one.min_spend,
        buy=one.buy,
        free=one.free,
        scope=one.scope,  # type: ignore[arg-type]
        scope_keys=frozenset(one.scope_keys),
        combinable=one.combinable,
        total_limit=one.total_limit,
        person_limit=one.person_limit,
    )


def bought(session: AnySession, variant_ids: Collection[int], persons: Sequence[str]) -> dict[int, int]:
    """How many of these limited variants a buyer has had, by variant: the most that is counted under any name."""
    if not variant_ids or not persons:
        return {}
    query = (
        select(PurchaseCount.variant_id, func.max(PurchaseCount.quantity).label("quantity"))
        .where(PurchaseCount.variant_id.in_(variant_ids), PurchaseCount.person.in_(persons))
        .group_by(PurchaseCount.variant_id)
    )
    return {row.variant_id: int(row.quantity) for row in session.execute(query)}


def list_all(session: AnySession, *, number: int = 1) -> Page[Row]:
    """A page of promotions, the newest first, with their uses that count."""
    total = session.scalar(select(func.count()).select_from(Promotion)) or 0
    query = select(Promotion).order_by(Promotion.id.desc()).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    found = list(session.scalars(query))
    given: dict[int, list[tuple[str, int, int]]] = {}
    for row in session.execute(_given([one.id for one in found])):
        given.setdefault(row.promotion_id, []).append((row.currency, int(row.minor), row.uses))
    rows = [
        Row(
            one,
            uses=sum(uses for _code, _minor, uses in given.get(one.id, [])),
            given=tuple((code, minor) for code, minor, _uses in given.get(one.id, [])),
        )
        for one in found
    ]
    return Page(rows, number, PAGE_SIZE, total)


def get_row(session: AnySession, key: str) -> Row:
    """A promotion with its uses. Raises NotFound."""
    one = get_promotion(session, key)
    sums = session.execute(_given([one.id])).all()
    return Row(one, sum(row.uses for row in sums), tuple((row.currency, int(row.minor)) for row in sums))


def _given(ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            PromotionUse.promotion_id,
            PromotionUse.currency,
            func.sum(PromotionUse.minor).label("minor"),
            func.count().label("uses"),
        )
        .where(PromotionUse.promotion_id.in_(ids), PromotionUse.released_at.is_(None))
        .group_by(PromotionUse.promotion_id, PromotionUse.currency)
        .order_by(PromotionUse.currency)
    )


def get_promotion(session: AnySession, key: str) -> Promotion:
    """A promotion. Raises NotFound."""
    found = session.scalar(select(Promotion).where(Promotion.key == key))
    if found is None:
        raise NotFound(say("There is no such promotion."))
    return found


def names_by_key(session: AnySession, keys: Collection[str], locale: str) -> dict[str, str]:
    """Names of the promotions with these keys; unknown keys are left out."""
    query = select(Promotion.key, named(Promotion, locale).label("name")).where(Promotion.key.in_(keys))
    return {row.key: row.name for row in session.execute(query)}


def list_uses(session: AnySession, key: str, *, limit: int = 50) -> list[PromotionUse]:
    """The last uses of a promotion, the newest first."""
    query = select(PromotionUse).join(Promotion).where(Promotion.key == key)
    return list(session.scalars(query.order_by(PromotionUse.used_at.desc(), PromotionUse.id.desc()).limit(limit)))


def audit(session: AnySession) -> list[str]:
    """What is wrong with promotions, one sentence each: counted uses add up, and none is above its limit."""
    counted = (
        select(func.count())
        .where(PromotionUse.promotion_id == Promotion.id, PromotionUse.counted, PromotionUse.released_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Promotion.key, Promotion.used, counted.label("counted")).where(Promotion.used != counted)
    )
    return [f"Promotion {row.key} says {row.used} uses, but {row.counted} are held." for row in rows]


def list_named(session: AnySession, scope: str, words: Collection[str]) -> list[tuple[str, str]]:
    """(key, short name or handle) of the products or creators that ``words`` name by either."""
    if scope == "product":
        query = select(Product.key, Product.slug).where(or_(Product.key.in_(words), Product.slug.in_(words)))
    elif scope == "creator":
        query = select(User.key, User.handle).where(or_(User.key.in_(words), User.handle.in_(words)))
    else:
        return []
    return [(key, name or key) for key, name in session.execute(query)]
