"""Changes to after-sale cases. None commits; the door does.

Locks are taken in one order everywhere: the orders by row number (an exchange has an older one behind it), then the
case, then what ``orders`` and ``products`` lock. What a settled case does is one transaction: stock, money, shares,
coupons and the order of an exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from contentshop.accounts import policy as people
from contentshop.accounts.models import User
from contentshop.aftersale import policy, queries
from contentshop.aftersale.events import AfterSaleMoved
from contentshop.aftersale.inputs import MAX_PHOTOS, OUR_FAULT, Application, ReturnParcel, wrong_units
from contentshop.aftersale.models import AfterSale, AfterSaleEvent, AfterSaleLine, AfterSalePhoto
from contentshop.aftersale.policy import Terms, Verb
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.money import Money, split
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import Said, say
from contentshop.media.actions import PrivatePicture
from contentshop.orders.actions import journal, returning
from contentshop.orders.models import Order, OrderLine
from contentshop.payments import credit, payouts
from contentshop.payments.inputs import PayoutInput
from contentshop.products import stock

BUYER = journal.BUYER
SYSTEM = journal.SYSTEM
EXPIRY_BATCH = 100


def apply(
    session: AnySession,
    order_key: str,
    form: Application,
    *,
    photos: Sequence[PrivatePicture] = (),
    account: PayoutInput | None = None,
    terms: Terms,
    actor: str = BUYER,
    now: datetime,
) -> AfterSale:
    """A buyer asks for a refund, a return or an exchange. The door has let them in to the order. ``account`` is where
    they want the money if people have to send it.

    Raises Invalid for what is not in the order, was not sent or is claimed already, and when the time is over or the
    reason does not allow it; NotFound.
    """
    order, roots = _lock(session, order_key)
    lines = _chosen(session, order, form, terms, now)
    instead = _instead(session, lines, form) if form.kind == "exchange" else {}
    if len(photos) > MAX_PHOTOS:
        raise Invalid({"photos": [say("Add at most %(most)s pictures.", most=MAX_PHOTOS)]})
    # Nobody can take a picture of a file or a code.
    if not photos and form.reason in OUR_FAULT - {"missing"} and not all(line.digital for line in lines):
        raise Invalid({"photos": [say("Add a picture that shows what is wrong.")]})
    case = AfterSale(
        key=new_key(),
        order_id=order.id,
        kind=form.kind,
        state="asked",
        reason=form.reason,
        text=form.text,
        wanted_minor=0,
        shipping_minor=0,
        refund_minor=0,
        asked_at=now,
        due_at=now + terms.answer,
        order=order,
        lines=[_line(roots[line.id], line, form.units[line.id], instead.get(line.id)) for line in lines],
        photos=[AfterSalePhoto(key=photo.key, width=photo.width, height=photo.height) for photo in photos],
    )
    if form.kind != "exchange":
        case.wanted_minor = sum(line.minor for line in case.lines)
        if form.reason in OUR_FAULT and _takes_all(session, order, case) and not order.exchange_of:
            case.shipping_minor = returning.postage_left(session, order)
    case.asked_minor = case.refund_minor = case.wanted_minor + case.shipping_minor
    session.add(case)
    # While a case is open the order does not confirm itself.
    order.confirm_by = None
    session.flush()
    if account is not None:
        name_account(session, order.key, account, now=now)
    _tell(session, case, "asked", actor=actor, now=now)
    journal.write(session, order, "after_sale", actor=actor, now=now, note=case.key)
    return case


def name_account(session: AnySession, order_key: str, form: PayoutInput, *, now: datetime) -> None:
    """The buyer says where money of this order, or of one behind its exchange, is to be sent back. The door has let
    them in to the order. Raises Conflict when nothing has to be sent there, NotFound."""
    order, _roots = _lock(session, order_key)
    paid_key = queries.paid_as(session, order)
    if not queries.wants_account(session, paid_key):
        raise Conflict(say("Nothing waits to be sent to an account of yours."))
    payouts.name(session, paid_key, form, now=now)


def forget_accounts(session: AnySession) -> int:
    """Delete the accounts to which nothing has to be sent any more, at most 100 at a time; how many."""
    idle = payouts.list_idle(session, limit=EXPIRY_BATCH)
    gone = [key for key in idle if not queries.wants_money(session, queries.with_exchanges(session, key))]
    payouts.forget(session, gone)
    return len(gone)


def protect(
    session: AnySession, order_key: str, line_id: int, *, terms: Terms, actor: str = BUYER, now: datetime
) -> AfterSale:
    """The price of a line has fallen soon after it was paid: the difference goes back, once for each line.

    Nobody needs to agree, since the shop's own prices decide; the case is done at once. Raises Conflict when the
    price has not fallen, the time is over or it was done before; NotFound.
    """
    order, _roots = _lock(session, order_key)
    line = next((one for one in order.lines if one.id == line_id), None)
    if line is None:
        raise NotFound(say("There is no such article in this order."))
    minor = protection_of(session, order, terms, now).get(line_id, 0)
    if minor <= 0:
        raise Conflict(say("There is nothing to pay back: the price has not fallen in time, or it was done before."))
    case = AfterSale(
        key=new_key(),
        order_id=order.id,
        kind="protection",
        state="done",
        reason="price",
        wanted_minor=minor,
        asked_minor=minor,
        refund_minor=minor,
        asked_at=now,
        closed_at=now,
        order=order,
        lines=[AfterSaleLine(order_line_id=line.id, quantity=line.quantity, minor=minor, protection=True)],
    )
    session.add(case)
    # The unique index decides a race of two requests.
    session.flush()
    case.refund_key = returning.pay_back(
        session,
        order,
        {},
        amounts={line.id: minor},
        reason="price protection",
        key=f"aftersale:{case.key}",
        by=None,
        now=now,
    )
    _tell(session, case, "done", actor=actor, now=now)
    journal.write(session, order, "after_sale", actor=actor, now=now, note=case.key)
    return case


def protection_of(session: AnySession, order: Order, terms: Terms, now: datetime) -> dict[int, int]:
    """What price protection would pay back now, by order line id; empty when the time is over."""
    if order.paid_at is None or order.state == "cancelled" or order.exchange_of:
        return {}
    if now >= order.paid_at + terms.protection:
        return {}
    done = queries.protected(session, [line.id for line in order.lines]) | credit.sold_by(session, order.key).keys()
    prices = queries.prices_now(session, order)
    found = {}
    for line in order.lines:
        price = prices.get(line.id)
        units = line.quantity - line.returned_quantity
        if price is None or line.id in done or units == 0:
            continue
        left = returning.amount_of(order, line, units)
        # What was paid for one, discount and all, against today's price.
        fall = left - price * units - (0 if order.tax_included else _tax_of(line, price * units))
        if fall > 0:
            found[line.id] = min(fall, left)
    return found


def approve(
    session: AnySession,
    key: str,
    *,
    refund_minor: int | None = None,
    returned: Mapping[int, int] | None = None,
    return_to: str = "",
    why: str = "",
    terms: Terms,
    by: User,
    now: datetime,
) -> AfterSale:
    """Staff agree. ``refund_minor`` may be less than was asked for; ``return_to`` is where the goods go. ``why`` is
    what the buyer reads, and is needed when it is less.

    How many units are given back (``returned``, case line id → units) is a fact of its own. Of goods that come back
    that is how many may, all of them unless staff say less. Of goods that stay those lines count for which everything
    that was asked goes back, the others not, unless staff say how many. What was not given back can be asked for once
    more.

    Raises Invalid for more money or units than were asked for, Conflict, NotFound, Forbidden.
    """
    case = _to_change(session, key, Verb.APPROVE, by)
    if case.kind in policy.BACK:
        _take_back(session, case, returned or {})
    if refund_minor is not None and case.kind != "exchange":
        if not 0 < refund_minor <= case.refund_minor:
            raise Invalid({"refund": [_too_much(case)]})
        _agree(case, refund_minor)
    if case.kind in policy.MONEY:
        _count_returned(case, returned or {})
        _check_cards(session, case)
    problems: dict[str, list[str]] = {}
    if case.kind in policy.BACK and not return_to.strip():
        problems["return_to"] = [say("Write where the goods are to be sent.")]
    if policy.is_less(case) and not why:
        problems["why"] = [say("It is less than was asked for. Write the reason; the buyer reads it.")]
    if problems:
        raise Invalid(problems)
    case.return_to = return_to.strip()
    case.answer = why
    _move(session, case, Verb.APPROVE, "approved", terms=terms, actor=by.key, now=now, note=why)
    return case


def reject(session: AnySession, key: str, *, answer: str, terms: Terms, by: User, now: datetime) -> AfterSale:
    """Staff do not agree, for a reason that the buyer reads. Raises Conflict, NotFound, Forbidden."""
    case = _to_change(session, key, Verb.REJECT, by)
    case.answer = answer
    _move(session, case, Verb.REJECT, "rejected", terms=terms, actor=by.key, now=now, note=answer)
    return case


def send(
    session: AnySession, key: str, parcel: ReturnParcel, *, terms: Terms, actor: str = BUYER, now: datetime
) -> AfterSale:
    """The buyer has sent the goods back. Raises Conflict, NotFound."""
    case = _to_change(session, key, Verb.SEND, None)
    case.carrier, case.tracking = parcel.carrier, parcel.tracking
    words = f"{parcel.carrier} {parcel.tracking}".strip()
    _move(session, case, Verb.SEND, "sent", terms=terms, actor=actor, now=now, note=words)
    return case


def withdraw(session: AnySession, key: str, *, terms: Terms, actor: str = BUYER, now: datetime) -> AfterSale:
    """The buyer does not want it any more. Raises Conflict, NotFound."""
    case = _to_change(session, key, Verb.WITHDRAW, None)
    _move(session, case, Verb.WITHDRAW, "withdrawn", terms=terms, actor=actor, now=now)
    return case


def receive(
    session: AnySession, key: str, *, restocked: Mapping[int, int], terms: Terms, by: User, now: datetime
) -> AfterSale:
    """The goods have come back; ``restocked`` (case line id → units) of them can be sold again.

    They go on the shelf when the case is settled. Raises Invalid, Conflict, NotFound, Forbidden.
    """
    case = _to_change(session, key, Verb.RECEIVE, by)
    for line in case.lines:
        units = restocked.get(line.id, 0)
        if not 0 <= units <= line.returned:
            raise Invalid({f"restocked-{line.id}": [say("No more can go back on the shelf than came back.")]})
        line.restocked = units
    _move(session, case, Verb.RECEIVE, "received", terms=terms, actor=by.key, now=now)
    return case


def settle(session: AnySession, key: str, *, terms: Terms, by: User, now: datetime) -> AfterSale:
    """Pay back, or send other goods: stock, coupon, shares, ledger and the refund in this one transaction.

    Settling again changes nothing. Raises Conflict when it is not its turn, an exchange's goods are not there or the
    money that is to go back has not come, TooMuch, NotFound, Forbidden.
    """
    case = _to_change(session, key, Verb.SETTLE, by, again_is_fine=True)
    if case.state == "done":
        return case
    order, roots = _lock(session, case.order.key)
    # A sale is booked when its money comes. Before that there is nothing to take back from anybody's share, and less
    # could not be noted than the carrier brings; so the case waits, and the whole sale and its refund are both booked.
    unnoted = any(policy.is_money_on_its_way(roots[line.order_line_id].order) for line in case.lines)
    if unnoted and case.kind != "exchange":
        raise Conflict(policy.UNNOTED)
    _move(session, case, Verb.SETTLE, "done", terms=terms, actor=by.key, now=now)
    for line in case.lines:
        if line.restocked:
            variant_id = line.order_line.variant_id
            stock.give_back(session, variant_id, line.restocked, holder=order.key, now=now, actor=by.key)
    if case.kind == "exchange":
        case.exchange_key = _exchange(session, case, order, by=by, now=now).key
    else:
        case.refund_key = _refund(session, case, order, roots, by=by, now=now)
    session.flush()
    return case


def refund_instead(session: AnySession, key: str, *, by: User, now: datetime) -> AfterSale:
    """An exchange whose goods are not there becomes a return with a refund. Raises Conflict, NotFound, Forbidden."""
    case = _to_change(session, key, Verb.SETTLE, by)
    if case.kind != "exchange" or case.state != "received":
        raise Conflict(policy.refusal(case.state, Verb.SETTLE))
    case.kind = "return"
    case.asked_minor = case.refund_minor = case.wanted_minor = sum(line.minor for line in case.lines)
    _note(session, case, "refund_instead", actor=by.key, now=now)
    session.flush()
    return case


def end_unsent(session: AnySession, *, terms: Terms, now: datetime) -> list[str]:
    """Close cases whose goods the buyer has not sent in time; returns their keys, at most 100 at a time."""
    ended = []
    for key in queries.list_unsent(session, now=now)[:EXPIRY_BATCH]:
        case = _to_change(session, key, Verb.WITHDRAW, None, again_is_fine=True)
        # Asked again under the lock.
        if case.state != "approved" or case.kind not in policy.BACK or case.due_at is None or case.due_at > now:
            continue
        _move(session, case, Verb.WITHDRAW, "expired", terms=terms, actor=SYSTEM, now=now)
        ended.append(key)
    return ended


# --- inside --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Root:
    """Where the money of a line was paid: the line itself, or the one that it replaces."""

    order: Order
    line: OrderLine


def _lock(session: AnySession, order_key: str) -> tuple[Order, dict[int, _Root]]:
    """The order, and the orders behind its exchanges, held until the end of the transaction; roots by line id."""
    found = session.scalar(select(Order).where(Order.key == order_key))
    if found is None:
        raise NotFound(say("There is no such order."))
    lines = {line.id: line.id for line in found.lines}
    while True:
        earlier = {mine: queries.origin_of(session, root) for mine, root in lines.items()}
        if not any(earlier.values()):
            break
        lines = {mine: earlier[mine] or root for mine, root in lines.items()}
    order_ids = set(session.scalars(select(OrderLine.order_id).where(OrderLine.id.in_(lines.values())))) | {found.id}
    held = session.scalars(
        select(Order)
        .where(Order.id.in_(order_ids))
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for one in held:
        session.refresh(one, ["lines"])
    by_line = {line.id: _Root(one, line) for one in held for line in one.lines}
    order = next(one for one in held if one.id == found.id)
    return order, {mine: by_line[root] for mine, root in lines.items()}


def _chosen(session: AnySession, order: Order, form: Application, terms: Terms, now: datetime) -> list[OrderLine]:
    left = queries.claimable(session, order)
    known = {line.id: line for line in order.lines}
    why = policy.refusal_to_apply(order, form.reason, terms=terms, now=now)
    if why:
        raise Invalid({"": [why]})
    if policy.is_money_on_its_way(order) and not form.received:
        words = say("Say that you have it and have paid for it. What has not come yet can be refused at the door.")
        raise Invalid({"received": [words]})
    over = [line_id for line_id, units in form.units.items() if units > left.get(line_id, 0)]
    if over:
        raise Invalid({where: [words] for where, words in (wrong_units(line_id, left) for line_id in over)})
    lines = [known[line_id] for line_id in sorted(form.units)]
    may_return = queries.returnable(session, [line.variant_id for line in lines])
    problems: dict[str, list[str]] = {}
    for line in lines:
        where, why = policy.refusal_of_goods(
            form.kind, form.reason, digital=line.digital, returnable=line.variant_id in may_return
        )
        if why:
            problems[f"units-{line.id}" if where == "units" else where] = [why]
    problems |= _card_problems(session, order, form)
    if problems:
        raise Invalid(problems)
    return lines


def _card_problems(session: AnySession, order: Order, form: Application) -> dict[str, list[str]]:
    """A gift card goes back unused."""
    problems: dict[str, list[str]] = {}
    for line_id, cards in credit.sold_by(session, order.key).items():
        units = form.units.get(line_id, 0)
        if units > len(credit.unused(cards)):
            words = say("A gift card of this order has been used, so it cannot be paid back.")
            problems[f"units-{line_id}"] = [words]
    return problems


def _instead(session: AnySession, lines: Sequence[OrderLine], form: Application) -> dict[int, int]:
    """Which variant comes instead, by order line id; the same one where nothing was chosen. Raises Invalid."""
    found: dict[int, int] = {}
    problems: dict[str, list[str]] = {}
    for line in lines:
        choices = {choice.key: choice.id for choice in queries.exchange_choices(session, line)}
        wanted = form.variants.get(line.id)
        if not choices:
            problems[f"units-{line.id}"] = [say("Nothing is here to be sent instead. Ask for a return.")]
        elif wanted in choices:
            found[line.id] = choices[wanted]
        elif not wanted and line.variant_id in choices.values():
            found[line.id] = line.variant_id
        else:
            problems[f"variant-{line.id}"] = [say("Choose one of the articles that can be sent instead.")]
    if problems:
        raise Invalid(problems)
    return found


def _line(root: _Root, line: OrderLine, units: int, new_variant: int | None) -> AfterSaleLine:
    return AfterSaleLine(
        order_line_id=line.id,
        quantity=units,
        minor=returning.amount_of(root.order, root.line, units),
        returned=units,
        new_variant_id=new_variant,
        order_line=line,
    )


def _takes_all(session: AnySession, order: Order, case: AfterSale) -> bool:
    """Whether nothing of the order is left with the buyer after this case."""
    wanted = {line.order_line_id: line.quantity for line in case.lines}
    taken = queries.claimed(session, [line.id for line in order.lines])
    return all(
        wanted.get(line.id, 0) + taken.get(line.id, 0) + line.cancelled_quantity == line.quantity
        for line in order.lines
    )


def _take_back(session: AnySession, case: AfterSale, returned: Mapping[int, int]) -> None:
    """Agree to how many units may come back; fewer of them are worth less. Raises Invalid."""
    units = {line.id: returned.get(line.id, line.quantity) for line in case.lines}
    problems: dict[str, list[str]] = {}
    for line in case.lines:
        if not 0 <= units[line.id] <= line.quantity:
            words = say("Write a whole number from 0 to %(most)s.", most=line.quantity)
            problems[f"returned-{line.id}"] = [words]
    if not problems and not any(units.values()):
        words = say("Agree to at least one of them, or do not agree at all.")
        problems[f"returned-{case.lines[0].id}"] = [words]
    if problems:
        raise Invalid(problems)
    if all(units[line.id] == line.quantity for line in case.lines):
        return
    _order, roots = _lock(session, case.order.key)
    for line in case.lines:
        root = roots[line.order_line_id]
        line.returned = units[line.id]
        if line.returned < line.quantity:
            line.minor = min(line.minor, returning.amount_of(root.order, root.line, line.returned))
    # Postage goes back only when nothing stays.
    case.shipping_minor = 0
    if case.kind != "exchange":
        case.refund_minor = sum(line.minor for line in case.lines)


def _too_much(case: AfterSale) -> Said:
    if case.refund_minor == case.asked_minor:
        return say("Write an amount that is not more than what was asked for.")
    most = f"{Money(case.refund_minor, case.order.currency).amount} {case.order.currency}"
    return say("So many are worth %(most)s. Write an amount that is not more than that.", most=most)


def _agree(case: AfterSale, refund_minor: int) -> None:
    """Spread what was agreed over the lines and the postage, by what was asked for. Goods that stay are not given back
    by a part of their money."""
    parts = split(refund_minor, [line.minor for line in case.lines] + [case.shipping_minor])
    for line, minor in zip(case.lines, parts[:-1], strict=True):
        if case.kind in policy.MONEY and minor < line.minor:
            line.returned = 0
        line.minor = minor
    case.shipping_minor = parts[-1]
    case.refund_minor = refund_minor


def _count_returned(case: AfterSale, returned: Mapping[int, int]) -> None:
    """Take over how many units staff say are given back. Raises Invalid."""
    for line in case.lines:
        units = returned.get(line.id, line.returned)
        if not 0 <= units <= line.quantity:
            raise Invalid({f"returned-{line.id}": [say("No more can count as given back than was asked about.")]})
        line.returned = units


def _check_cards(session: AnySession, case: AfterSale) -> None:
    """Money goes back for a gift card only when it is withdrawn. Raises Invalid."""
    cards = credit.sold_by(session, case.order.key)
    for line in case.lines:
        if line.order_line_id in cards and line.minor and not line.returned:
            words = say("A gift card is withdrawn when it is paid back. Say how many count as given back.")
            raise Invalid({f"returned-{line.id}": [words]})


def _tax_of(line: OrderLine, net: int) -> int:
    """Tax that comes on top of ``net``, at the line's rate (parts per million)."""
    return (net * line.tax_rate + 500_000) // 1_000_000


def _refund(
    session: AnySession, case: AfterSale, order: Order, roots: Mapping[int, _Root], *, by: User, now: datetime
) -> str:
    """Pay back where the money was paid. Several orders take part only when several were exchanged into this one."""
    by_order: dict[int, tuple[Order, dict[int, int], dict[int, int]]] = {}
    for line in case.lines:
        root = roots[line.order_line_id]
        _order, units, amounts = by_order.setdefault(root.order.id, (root.order, {}, {}))
        units[root.line.id] = units.get(root.line.id, 0) + line.returned
        amounts[root.line.id] = amounts.get(root.line.id, 0) + line.minor
        if root.line.id != line.order_line_id:
            line.order_line.returned_quantity += line.returned
    keys = [
        returning.pay_back(
            session,
            paid,
            units,
            amounts=amounts,
            shipping_minor=case.shipping_minor if paid.id == order.id else 0,
            reason=f"after-sale {case.key}",
            key=f"aftersale:{case.key}:{paid.key}",
            by=by,
            now=now,
        )
        for paid, units, amounts in by_order.values()
    ]
    returning.end_given_back(session, order, now=now)
    return next((key for key in keys if key), "")


def _exchange(session: AnySession, case: AfterSale, order: Order, *, by: User, now: datetime) -> Order:
    """The order that brings the other goods: paid, nothing due, its stock promised. Raises OutOfStock."""
    new = Order(
        key=new_key(),
        user_id=order.user_id,
        state="paid",
        payment_method="credit",
        currency=order.currency,
        items_minor=0,
        shipping_minor=0,
        total_minor=0,
        exchange_of=order.key,
        attempt_key=f"exchange-{case.key}",
        attempt_digest="",
        placed_at=now,
        paid_at=now,
        **{name: getattr(order, name) for name in _ADDRESS},
    )
    wants: dict[int, int] = {}
    agreed = [line for line in case.lines if line.returned]
    for line in agreed:
        old = line.order_line
        variant_id = line.new_variant_id or old.variant_id
        wants[variant_id] = wants.get(variant_id, 0) + line.returned
        new.lines.append(_exchanged(session, old, variant_id, line.returned, order.locale))
    session.add(new)
    session.flush()
    for line, sent in zip(agreed, new.lines, strict=True):
        line.new_line_id = sent.id
    stock.reserve(session, new.key, wants, expires_at=None, now=now, country=new.country)
    journal.write(session, new, "placed", actor=by.key, now=now)
    journal.write(session, new, "exchange", actor=by.key, now=now, note=order.key.upper())
    journal.write(session, order, "exchanged", actor=by.key, now=now, note=new.key.upper())
    return new


_ADDRESS = (
    *("email", "locale", "name", "phone", "country", "region", "city", "district", "address", "postcode"),
    *("tax_included",),
)


def _exchanged(session: AnySession, old: OrderLine, variant_id: int, quantity: int, locale: str) -> OrderLine:
    """A line of the same words, or of the other variant's."""
    sku, name = old.sku, old.variant_name
    if variant_id != old.variant_id:
        sku, name = queries.variant_words(session, variant_id, locale)
    return OrderLine(
        variant_id=variant_id,
        offer_id=old.offer_id,
        sku=sku,
        title=old.title,
        variant_name=name,
        unit_minor=0,
        quantity=quantity,
        total_minor=0,
        supplier_key=old.supplier_key,
    )


def _to_change(session: AnySession, key: str, verb: Verb, by: User | None, *, again_is_fine: bool = False) -> AfterSale:
    """The case, held with its order until the end of the transaction, if ``verb`` is legal now.

    ``by`` is staff; None is the buyer, whom the door has let in, or the site.
    """
    if by is not None and not people.may(by, policy.DUTY[verb]):
        raise Forbidden(say("Your role does not do this to after-sale cases."))
    order_key = session.scalar(
        select(Order.key).join(AfterSale, AfterSale.order_id == Order.id).where(AfterSale.key == key)
    )
    if order_key is None:
        raise NotFound(say("There is no such case."))
    _lock(session, order_key)
    case = session.scalar(
        select(AfterSale).where(AfterSale.key == key).with_for_update().execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound(say("There is no such case."))
    if policy.find_step(case.state, verb, case.kind) is None and not again_is_fine:
        raise Conflict(policy.refusal(case.state, verb))
    return case


def _move(
    session: AnySession,
    case: AfterSale,
    verb: Verb,
    kind: str,
    *,
    terms: Terms,
    actor: str,
    now: datetime,
    note: str = "",
) -> None:
    state = policy.find_step(case.state, verb, case.kind)
    if state is None:
        raise Conflict(policy.refusal(case.state, verb))
    case.state = state
    case.version += 1
    case.due_at = policy.due(state, case.kind, terms, now)
    if state in policy.CLOSED:
        case.closed_at = now
        session.flush()
        order = case.order
        # One that is paid at the door waits for its money all the same (``orders.actions.confirm_overdue``).
        if order.state == "shipped" and not queries.has_open(session, order.id):
            order.confirm_by = now + terms.confirm
    _tell(session, case, kind, actor=actor, now=now, note=note)


def _tell(session: AnySession, case: AfterSale, kind: str, *, actor: str, now: datetime, note: str = "") -> None:
    _note(session, case, kind, actor=actor, now=now, note=note)
    record(session, AfterSaleMoved(case=case.key, state=case.state), now=now)
    session.flush()


def _note(session: AnySession, case: AfterSale, kind: str, *, actor: str, now: datetime, note: str = "") -> None:
    session.add(AfterSaleEvent(after_sale_id=case.id, kind=kind, actor=actor, note=note[:300], happened_at=now))
