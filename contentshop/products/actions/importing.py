"""Runs over product files: batch by batch, resumable, wrong rows told and the rest imported.

The caller owns the transactions, one for each batch::

    scan = imports.scan_file(path)
    with unit_of_work(session):
        run = actions.start_import(session, scan, options, now=clock.now())
    for batch in imports.read_batches(scan, options, after=run.last_line):
        with unit_of_work(session):
            report = actions.import_batch(session, run.digest, batch, now=clock.now())
    with unit_of_work(session):
        report = actions.finish_import(session, run.digest, now=clock.now())
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from contentshop.core.errors import Invalid, NotFound
from contentshop.core.uow import AnySession
from contentshop.products.actions.changes import assign, touch
from contentshop.products.actions.upserting import upsert_products
from contentshop.products.imports import (
    Batch,
    FileScan,
    ImportOptions,
    RowError,
    check_options,
    row_error,
    run_digest,
)
from contentshop.products.models import ImportRun, Product


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of some rows; ``errors`` name the line of each that was refused."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: tuple[RowError, ...] = ()


def start_import(session: AnySession, scan: FileScan, options: ImportOptions, *, now: datetime) -> ImportRun:
    """Begin to import a file, or go on where the same file with the same options was interrupted.

    A file that was imported to its end starts again from its first line; what is there already stays unchanged.
    Raises Invalid when the options leave open what a price means.
    """
    check_options(scan, options)
    digest = run_digest(scan, options)
    run = session.scalar(select(ImportRun).where(ImportRun.digest == digest).with_for_update())
    if run is None:
        run = ImportRun(digest=digest)
        session.add(run)
    elif run.finished_at is None:
        return run
    fresh = {
        "name": scan.path.name[:200],
        "last_line": 0,
        "added": 0,
        "updated": 0,
        "unchanged": 0,
        "failed": 0,
        "pending": [],
        "started_at": now,
        "finished_at": None,
    }
    for name, value in fresh.items():
        setattr(run, name, value)
    session.flush()
    return run


def import_batch(session: AnySession, digest: str, batch: Batch, *, now: datetime) -> BatchReport:
    """Write the rows of one batch and how far the run has come, together. Raises NotFound for an unknown run.

    A batch whose lines were written before does nothing.
    """
    run = _get_run(session, digest)
    if batch.last_line <= run.last_line:
        return BatchReport()
    errors = list(batch.errors)
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    pending = list(run.pending)
    found = upsert_products(session, [row for _, row in batch.rows], now=now) if batch.rows else []
    for (number, _), one in zip(batch.rows, found, strict=True):
        if isinstance(one, Invalid):
            errors.append(row_error(number, one, batch.origins.get(number)))
            continue
        counts[one.outcome] += 1
        if one.missing:
            pending.append([number, one.id, one.missing])
    run.pending = pending
    run.last_line = batch.last_line
    return _count(run, counts, errors)


def finish_import(session: AnySession, digest: str, *, now: datetime) -> BatchReport:
    """Link the alternatives that came later in the file than the product that names them, and end the run.

    An alternative that exists nowhere is an error of its row, whose product is kept. The report counts only
    errors: the rows themselves have been counted before.
    """
    run = _get_run(session, digest)
    found = session.execute(
        select(Product.slug, Product.id).where(Product.slug.in_({slug for _, _, slug in run.pending}))
    )
    slugs = {slug for _, _, slug in run.pending}
    found = session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs)))
    ids = {row.slug: row.id for row in found}
    errors = []
    for number, product_id, slug in run.pending:
        product = session.get(Product, product_id)
        if slug not in ids:
            errors.append(RowError(number, f"There is no product “{slug}” to be its alternative."))
        elif product is not None and assign(product, {"alternative_id": ids[slug]}):
            touch(session, product, now=now)
    run.pending = []
    run.finished_at = now
    return _count(run, {}, errors)


def _get_run(session: AnySession, digest: str) -> ImportRun:
    run = session.scalar(
        select(ImportRun).where(ImportRun.digest == digest).with_for_update().execution_options(populate_existing=True)
    )
    if run is None:
        raise NotFound("This import has not been started.")
    return run


def _count(run: ImportRun, counts: dict[str, int], errors: list[RowError]) -> BatchReport:
    report = BatchReport(errors=tuple(sorted(errors, key=lambda error: error.line)), **counts)
    run.added += report.added
    run.updated += report.updated
    run.unchanged += report.unchanged
    run.failed += len(report.errors)
    return report
