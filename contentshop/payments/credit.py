"""Gift cards and store credit: money that is spent with us, on the ledger from the day it is issued.

A card's balance falls when an order takes a hold on it, by one conditional statement, so that two orders cannot spend
it twice; the ledger moves when the order is paid. A code is shown once and kept only as its hash.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.exc import IntegrityError

from contentshop.core.errors import Conflict, NotFound
from contentshop.core.ids import ALPHABET, new_key
from contentshop.core.money import Money
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.ledger.actions import book
from contentshop.ledger.inputs import Entry
from contentshop.ledger.models import LedgerEntry
from contentshop.payments.events import GiftCardIssued
from contentshop.payments.models import CreditUse, GiftCard, GiftCardVariant
from contentshop.products.models import Variant

WITHDRAWN = say("This gift card was paid back, so it is withdrawn.")
_SOLD = "order"
CODE_LENGTH = 16  # characters of 5 bits: nobody guesses 80 bits


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A gift card as its owner sees it: ``hint`` is the end of its code."""

    key: str
    hint: str
    balance: Money
    issued: Money
    issued_at: datetime
    expires_at: datetime | None
    usable: bool
    withdrawn: bool


def normalise(code: str) -> str:
    """The characters of a code as it is hashed: people write it in groups, in capitals, and mix up 0/O and 1/I/L."""
    alike = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})
    return "".join(char for char in code[:100].lower().translate(alike) if char in ALPHABET)


def check(session: AnySession, code: str, *, now: datetime) -> CardFacts:
    """The card of a code, also when it is used up. Raises NotFound, with the same sentence whatever is wrong."""
    plain = normalise(code)
    card = None
    if len(plain) == CODE_LENGTH:
        card = session.scalar(select(GiftCard).where(GiftCard.code_hash == _hash(plain)))
    if card is None:
        raise NotFound(say("We know no gift card with this code. Please check what you typed."))
    return facts(card, now=now)


def facts(card: GiftCard, *, now: datetime) -> CardFacts:
    """What to show of a card."""
    return CardFacts(
        key=card.key,
        hint=card.hint,
        balance=Money(card.balance_minor, card.currency),
        issued=Money(card.issued_minor, card.currency),
        issued_at=card.issued_at,
        expires_at=card.expires_at,
        usable=card.state == "active" and not _over(card, now) and card.balance_minor > 0,
        withdrawn=card.withdrawn_at is not None,
    )


def _over(card: GiftCard, now: datetime) -> bool:
    return card.expires_at is not None and card.expires_at <= now


def issue(
    session: AnySession,
    *,
    amount: Money,
    source_key: str,
    actor: str,
    now: datetime,
    order_key: str = "",
    email: str = "",
    note: str = "",
    expires_at: datetime | None = None,
    against: str = "goodwill",
) -> GiftCard:
    """A new card of ``amount``; the same ``source_key`` gives the card that it made before.

    Booked against the account ``against``, unless that is empty: then the caller has booked it (a card that was sold).
    """
    known = session.scalar(select(GiftCard).where(GiftCard.source_key == source_key))
    if known is not None:
        return known
    card = GiftCard(
        key=new_key(),
        currency=amount.currency,
        issued_minor=amount.minor,
        balance_minor=amount.minor,
        source_key=source_key,
        order_key=order_key,
        email=email,
        note=note,
        actor=actor,
        issued_at=now,
        expires_at=expires_at,
    )
    try:
        with session.begin_nested():
            session.add(card)
            session.flush()
    except IntegrityError:
        known = session.scalar(select(GiftCard).where(GiftCard.source_key == source_key))
        if known is None:
            raise
        return known
    if against:
        book(
            session,
            kind="credit_issued",
            reference=order_key or card.key,
            entries=[Entry(against, amount.minor), Entry(account(card), -amount.minor)],
            currency=amount.currency,
            actor=actor,
            now=now,
            key=f"credit-issued:{card.key}",
        )
    record(session, GiftCardIssued(gift_card=card.key), now=now)
    return card


def expiry(now: datetime, months: int) -> datetime | None:
    """When a card that is issued now is over: after so many calendar months, on the last day of a month that is too
    short; never when none."""
    if not months:
        return None
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def account(card: GiftCard) -> str:
    """The ledger account of what we owe on a card."""
    return f"credit:{card.key}"


def get_card(session: AnySession, key: str) -> GiftCard:
    """The card of this key. Raises NotFound."""
    card = session.scalar(select(GiftCard).where(GiftCard.key == key))
    if card is None:
        raise NotFound(say("There is no such gift card."))
    return card


def reveal(session: AnySession, key: str) -> str:
    """The code of a card, in groups of four; only the first who asks is told. Raises Conflict after that and when the
    card was withdrawn, NotFound."""
    plain = new_key(CODE_LENGTH)
    done = session.execute(
        update(GiftCard)
        .where(GiftCard.key == key, GiftCard.code_hash.is_(None), GiftCard.withdrawn_at.is_(None))
        .values(code_hash=_hash(plain), hint=plain[-4:].upper())
    )
    if getattr(done, "rowcount", 0) != 1:
        if get_card(session, key).withdrawn_at is not None:
            raise Conflict(WITHDRAWN)
        raise Conflict(say("The code of this gift card has been shown already. It is shown only once."))
    return "-".join(plain[at : at + 4] for at in range(0, CODE_LENGTH, 4)).upper()


def renew_code(session: AnySession, key: str) -> None:
    """Forget the code, so that a new one can be shown: the old one was lost or seen by others."""
    done = session.execute(update(GiftCard).where(GiftCard.key == key).values(code_hash=None, hint=""))
    if getattr(done, "rowcount", 0) != 1:
        raise NotFound(say("There is no such gift card."))


def set_state(session: AnySession, key: str, state: str) -> None:
    """Block a card, or let it be used again. Raises NotFound, and Conflict for one that was withdrawn."""
    card = get_card(session, key)
    if card.withdrawn_at is not None:
        raise Conflict(WITHDRAWN)
    card.state = state
    session.flush()


def hold(session: AnySession, card_key: str, *, holder: str, amount: Money, now: datetime) -> None:
    """Take ``amount`` off a card for an order; again for the same order changes nothing.

    Raises Conflict when the card does not hold that much, is blocked, over, or of another currency; NotFound.
    """
    card = get_card(session, card_key)
    use = session.scalar(select(CreditUse).where(CreditUse.gift_card_id == card.id, CreditUse.holder == holder))
    if use is not None and use.state in {"held", "captured"}:
        if use.minor != amount.minor:
            raise Conflict(say("This order has already taken another amount from this gift card."))
        return
    taken = session.execute(
        update(GiftCard)
        .where(
            GiftCard.id == card.id,
            GiftCard.currency == amount.currency,
            GiftCard.state == "active",
            GiftCard.balance_minor >= amount.minor,
            (GiftCard.expires_at.is_(None)) | (GiftCard.expires_at > now),
        )
        .values(balance_minor=GiftCard.balance_minor - amount.minor)
    )
    if amount.minor <= 0 or getattr(taken, "rowcount", 0) != 1:
        raise Conflict(say("This gift card does not cover the amount any more. Please look at your order again."))
    session.expire(card)
    if use is None:
        session.add(CreditUse(gift_card_id=card.id, holder=holder, minor=amount.minor, held_at=now))
    else:
        use.minor, use.state, use.held_at = amount.minor, "held", now
    session.flush()


def hold_again(session: AnySession, holder: str, *, now: datetime) -> None:
    """Take once more what an order had released. Raises Conflict when a card does not hold it any more."""
    for use, card in _uses(session, holder, "released"):
        hold(session, card.key, holder=holder, amount=Money(use.minor, card.currency), now=now)


def release(session: AnySession, holder: str) -> int:
    """Put back what an unpaid order held; returns the amount in minor units. Doing it again does nothing."""
    freed = 0
    for use, card in _uses(session, holder, "held"):
        if _move(session, use, "held", "released"):
            _add(session, card, use.minor)
            freed += use.minor
    return freed


def capture(session: AnySession, holder: str, *, now: datetime) -> int:
    """The order is paid: what it held is spent, and booked; returns the amount. Doing it again does nothing."""
    spent = 0
    for use, card in _uses(session, holder, "held"):
        if _move(session, use, "held", "captured"):
            spent += use.minor
            book(
                session,
                kind="credit_spent",
                reference=holder,
                entries=[Entry(account(card), use.minor), Entry("receivable", -use.minor)],
                currency=card.currency,
                actor="system",
                now=now,
                key=f"credit-spent:{holder}:{card.key}",
            )
    return spent


def give_back(session: AnySession, use_id: int, minor: int) -> tuple[GiftCard, bool]:
    """Put ``minor`` units of what a paid order spent back on its card: (card, whether there was that much)."""
    done = session.execute(
        update(CreditUse)
        .where(
            CreditUse.id == use_id, CreditUse.state == "captured", CreditUse.minor - CreditUse.given_back_minor >= minor
        )
        .values(given_back_minor=CreditUse.given_back_minor + minor)
    )
    card = session.scalars(select(GiftCard).join(CreditUse).where(CreditUse.id == use_id)).one()
    if getattr(done, "rowcount", 0) != 1:
        return card, False
    _add(session, card, minor)
    return card, True


def variants_sold(session: AnySession, variant_ids: Collection[int]) -> set[int]:
    """Those of the variants that are gift cards."""
    return set(session.scalars(select(GiftCardVariant.variant_id).where(GiftCardVariant.variant_id.in_(variant_ids))))


def sell(session: AnySession, variant_id: int) -> None:
    """Let a variant be a gift card; again changes nothing.

    It is never shipped, and not taxed: what is bought with it will be.
    """
    variant = session.get_one(Variant, variant_id)
    variant.digital, variant.tax_class = True, "zero"
    if not variants_sold(session, [variant_id]):
        session.add(GiftCardVariant(variant_id=variant_id))
    session.flush()


def stop_selling(session: AnySession, variant_id: int) -> None:
    """Let a variant be an ordinary thing again; cards that were sold stay."""
    session.execute(delete(GiftCardVariant).where(GiftCardVariant.variant_id == variant_id))


def sold_key(order_key: str, line_id: int, unit: int) -> str:
    """What names the card that one unit of a line has become."""
    return f"{_SOLD}:{order_key}:{line_id}:{unit}"


def sold_by(session: AnySession, order_key: str) -> dict[int, list[GiftCard]]:
    """The cards that the lines of an order have become, by the line's id."""
    prefix = f"{_SOLD}:{order_key}:"
    query = select(GiftCard).where(GiftCard.source_key.startswith(prefix, autoescape=True)).order_by(GiftCard.id)
    found: dict[int, list[GiftCard]] = {}
    for card in session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(int(card.source_key.split(":")[2]), []).append(card)
    return found


def unused(cards: Iterable[GiftCard]) -> list[GiftCard]:
    """Those that can be withdrawn, first those whose codes nobody has seen: all of their money is on them, so nothing
    is spent and nothing held by an unpaid order."""
    found = [card for card in cards if card.withdrawn_at is None and card.balance_minor == card.issued_minor]
    return sorted(found, key=lambda card: (card.code_hash is not None, card.id))


def withdraw(session: AnySession, cards: Sequence[GiftCard], units: int, *, now: datetime) -> dict[str, int] | None:
    """Withdraw ``units`` of the ``cards`` of a line: account → what was on it. None when so many unused ones are not
    there; then the caller, who books it, rolls back."""
    taken: dict[str, int] = {}
    for card in unused(cards)[:units]:
        done = session.execute(
            update(GiftCard)
            .where(
                GiftCard.id == card.id,
                GiftCard.withdrawn_at.is_(None),
                GiftCard.balance_minor == GiftCard.issued_minor,
            )
            .values(balance_minor=0, withdrawn_at=now)
        )
        if getattr(done, "rowcount", 0) != 1:
            return None
        taken[account(card)] = card.issued_minor
        session.expire(card)
    return taken if len(taken) == units else None


def count_withdrawn(session: AnySession) -> dict[tuple[str, int], tuple[int, int]]:
    """(order key, line id) → how many gift cards the line has become, and how many of them were withdrawn."""
    rows = session.execute(
        select(GiftCard.source_key, GiftCard.withdrawn_at).where(GiftCard.source_key.startswith(f"{_SOLD}:"))
    )
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for source, withdrawn_at in rows:
        _sold, order_key, line_id, _unit = source.split(":")
        sold, gone = found.get((order_key, int(line_id)), (0, 0))
        found[order_key, int(line_id)] = (sold + 1, gone + (withdrawn_at is not None))
    return found


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()


def _uses(session: AnySession, holder: str, state: str) -> list[tuple[CreditUse, GiftCard]]:
    query = select(CreditUse, GiftCard).join(GiftCard, GiftCard.id == CreditUse.gift_card_id)
    rows = session.execute(query.where(CreditUse.holder == holder, CreditUse.state == state).order_by(GiftCard.id))
    return [(use, card) for use, card in rows]


def _move(session: AnySession, use: CreditUse, before: str, after: str) -> bool:
    """Change the state of a hold; False when somebody else was first."""
    done = session.execute(
        update(CreditUse).where(CreditUse.id == use.id, CreditUse.state == before).values(state=after)
    )
    return getattr(done, "rowcount", 0) == 1


def _add(session: AnySession, card: GiftCard, minor: int) -> None:
    session.execute(update(GiftCard).where(GiftCard.id == card.id).values(balance_minor=GiftCard.balance_minor + minor))
    session.expire(card)


def audit(session: AnySession) -> Iterable[str]:
    """What is wrong with gift cards: what they hold, with what unpaid orders hold of it, is what the ledger owes; one
    that was withdrawn holds nothing."""
    full = select(GiftCard.key).where(GiftCard.withdrawn_at.is_not(None), GiftCard.balance_minor != 0)
    for key in session.scalars(full):
        yield f"Gift card {key} was withdrawn, but there is money on it."
    held = (
        select(func.coalesce(func.sum(CreditUse.minor), 0))
        .where(CreditUse.gift_card_id == GiftCard.id, CreditUse.state == "held")
        .scalar_subquery()
    )
    owed = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .where(LedgerEntry.account == literal("credit:") + GiftCard.key)
        .scalar_subquery()
    )
    rows = session.execute(
        select(GiftCard.key, GiftCard.balance_minor, held.label("held"), owed.label("owed")).where(
            GiftCard.balance_minor + held + owed != 0
        )
    )
    for row in rows:
        yield (
            f"Gift card {row.key} holds {row.balance_minor} and {row.held} for unpaid orders, "
            f"but the ledger owes {-int(row.owed)}."
        )
