"""The desk of the books: accounts, bookings, a file of them, and what each day has taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Response as FlaskResponse
from flask import request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as people
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.delivery import places
from contentshop.ledger import queries
from contentshop.web.chrome import current_babel_locale
from contentshop.web.desk_payments import gateway_words
from contentshop.web.door import Door, show
from contentshop.web.session import viewer

bp = Door("desk_ledger", __name__)

PAGE_SIZE = 100
FILE_STEP = 1000
DAYS = 30
NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in one currency."""

    account: str
    words: str
    url: str
    debit: Money
    credit: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """All accounts."""

    rows: Sequence[AccountLine]
    tabs: Sequence[tuple[str, str, bool, int | None]]
    csv_url: str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One side of a booking: exactly one of ``debit`` and ``credit`` is there."""

    number: int
    at: datetime
    kind: str
    reference: str
    reference_url: str
    account: str
    words: str
    account_url: str
    debit: Money | None
    credit: Money | None


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """Bookings, newest first. ``filters``: what they are narrowed to, in words."""

    rows: Sequence[EntryLine]
    total: int
    filters: Sequence[str]
    tabs: Sequence[tuple[str, str, bool, int | None]]
    csv_url: str
    position: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """What one day took in one currency."""

    day: datetime
    received: Money
    returned: Money
    sales: Money


@dataclass(frozen=True, slots=True)
class DaysPage:
    """The last days, newest first."""

    rows: Sequence[DayLine]
    tabs: Sequence[tuple[str, str, bool, int | None]]


def kinds() -> dict[str, str]:
    """What a booking is, in words."""
    return {
        "payment": _("Payment"),
        "sale": _("Sale"),
        "refund": _("Refund promised"),
        "overpaid": _("Paid for nothing"),
        "refund_paid": _("Refund sent"),
        "credit_issued": _("Gift card given"),
        "credit_spent": _("Gift card spent"),
        "credit_withdrawn": _("Gift card withdrawn"),
        "commission_released": _("Commission final"),
    }


def account_words(account: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """What an account is, in words; whose it is, where it is one of many of its sort."""
    first, _colon, more = account.partition(":")
    known: dict[str, str] = {
        "cash": _("Bank transfers and cash by hand")
        if more == "manual"
        else str(_("Money at %(provider)s", provider=gateway_words(more))),
        "receivable": _("Owed by buyers"),
        "revenue": _("Sales of goods") if more == "goods" else _("Sales of delivery"),
        "discounts": _("Discounts given"),
        "tax": str(_("Tax owed: %(country)s", country=_country(more))),
        "commission": _("Commissions of creators"),
        "creator": _creator(more, names),
        "supplier": str(_("Owed to the supplier %(name)s", name=more)),
        "cost": _("Suppliers' share"),
        "credit": str(_("Owed on gift card %(number)s", number=more.upper())),
        "goodwill": _("Gift cards given away"),
        "refunds": _("Owed to buyers"),
    }
    return known.get(first, account)


def _creator(more: str, names: Mapping[str, str]) -> str:
    key, _colon, held = more.partition(":")
    name = names.get(key, key.upper())
    if held:
        return str(_("Owed to %(name)s, while goods may be returned", name=name))
    return str(_("Owed to %(name)s", name=name))


def _country(code: str) -> str:
    return places.country_name(code.upper(), current_babel_locale())


def _names(accounts: Iterable[str]) -> dict[str, str]:
    """The names of the creators whose accounts these are, by public key."""
    keys = {account.split(":")[1] for account in accounts if account.startswith("creator:")}
    return people.names_by_key(db.session, keys)


def _tabs(here: str) -> list[tuple[str, str, bool, int | None]]:
    return [
        (_("Accounts"), url_for("desk_ledger.index"), here == "accounts", None),
        (_("Bookings"), url_for("desk_ledger.entries"), here == "entries", None),
        (_("Days"), url_for("desk_ledger.days"), here == "days", None),
    ]


@bp.get("/desk/ledger")
def index() -> Response:
    """Every account with what it comes to."""
    accounts = queries.list_accounts(db.session)
    names = _names(row.account for row in accounts)
    rows = [
        AccountLine(
            account=row.account,
            words=account_words(row.account, names),
            url=url_for("desk_ledger.entries", account=row.account),
            debit=Money(row.debit, row.currency),
            credit=Money(row.credit, row.currency),
            balance=row.balance,
        )
        for row in accounts
    ]
    return show("desk/ledger.html", AccountsPage(rows, _tabs("accounts"), url_for("desk_ledger.file")))


@bp.get("/desk/ledger/bookings")
def entries() -> Response:
    """Bookings of one account (``account``) or about one order (``about``), or all."""
    account, about = (request.args.get(name, "")[:80] for name in ("account", "about"))
    number = page_number(request.args.get("page"))
    total = queries.count_entries(db.session, account=account, reference=about)
    rows = queries.list_entries(
        db.session, account=account, reference=about, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE
    )
    here = {name: value for name, value in (("account", account), ("about", about)) if value}
    names = _names({row.account for row in rows} | {account})

    def page_url(wanted: int) -> str:
        return url_for("desk_ledger.entries") + "?" + urlencode({**here, "page": wanted})

    pages = max(1, -(-total // PAGE_SIZE))
    return show(
        "desk/ledger_entries.html",
        EntriesPage(
            rows=[_entry_line(row, names) for row in rows],
            total=total,
            filters=[
                _("Order %(number)s", number=value.upper()) if name == "about" else account_words(value, names)
                for name, value in here.items()
            ],
            tabs=_tabs("entries"),
            csv_url=url_for("desk_ledger.file", **here),  # type: ignore[arg-type]
            position=_("Page %(number)s of %(pages)s", number=number, pages=pages),
            previous_url=page_url(number - 1) if number > 1 else "",
            next_url=page_url(number + 1) if number < pages else "",
        ),
    )


def _entry_line(row: queries.EntryRow, names: Mapping[str, str]) -> EntryLine:
    return EntryLine(
        number=row.transaction_id,
        at=row.booked_at,
        kind=kinds().get(row.kind, row.kind),
        reference=row.reference.upper(),
        reference_url=url_for("desk_ledger.entries", about=row.reference),
        account=row.account,
        words=account_words(row.account, names),
        account_url=url_for("desk_ledger.entries", account=row.account),
        debit=row.amount if row.minor > 0 else None,
        credit=Money(-row.minor, row.currency) if row.minor < 0 else None,
    )


@bp.get("/desk/ledger/bookings.csv")
def file() -> Response:
    """The same bookings as a file, all of them. Amounts are in major units with a point, debit positive.

    Nothing in it is typed by a stranger: accounts, kinds and references are our own words and keys.
    """
    account, about = (request.args.get(name, "")[:80] for name in ("account", "about"))

    def lines() -> Iterator[str]:
        yield _csv(["transaction", "booked_at", "kind", "reference", "account", "amount", "currency", "actor"])
        offset = 0
        while rows := queries.list_entries(
            db.session, account=account, reference=about, limit=FILE_STEP, offset=offset
        ):
            offset += len(rows)
            for row in rows:
                yield _csv(
                    [
                        str(row.transaction_id),
                        row.booked_at.isoformat(),
                        row.kind,
                        row.reference,
                        row.account,
                        str(row.amount.amount),
                        row.currency,
                        row.actor,
                    ]
                )

    answer = FlaskResponse(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="bookings.csv"'
    return answer


def _csv(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


@bp.get("/desk/ledger/days")
def days() -> Response:
    """What each of the last thirty days has taken, by UTC days."""
    now = viewer().now
    since = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS - 1)
    rows = [
        DayLine(
            datetime.combine(row.day, time(), UTC),
            Money(row.received, row.currency),
            Money(row.returned, row.currency),
            Money(row.sales, row.currency),
        )
        for row in queries.list_days(db.session, since=since)
    ]
    return show("desk/ledger_days.html", DaysPage(rows, _tabs("days")))
