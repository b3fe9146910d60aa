"""A draft's past: automatic saves, what is merged after two windows wrote at once, old versions and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.paging import Page, page_number
from contentshop.posts import actions, history, policy, queries, teamwork
from contentshop.posts.actions import EditConflict
from contentshop.posts.history import Reunion
from contentshop.posts.merging import Chunk, Piece, compare_words, form_of, products_named
from contentshop.products import queries as products
from contentshop.web import studio
from contentshop.web.chrome import language_tag
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.reader_pages import Paging
from contentshop.web.session import viewer
from contentshop.web.studio_saving import Astray, in_unit, own_post, save, sent_version, wants_json
from contentshop.web.words import sentence, translated_errors

if TYPE_CHECKING:
    from contentshop.posts.models import Post, Revision

bp = Door("studio_history", __name__, url_prefix="/studio")

ROWS = 30  # versions of one page
CONTEXT = 2  # unchanged lines shown on either side of a change
CHOICES = ("mine", "theirs", "both")

Words = Sequence[Piece]


@dataclass(frozen=True, slots=True)
class EntryView:
    """One version in the list. ``label`` says how it came about; ``counts`` how it differs from the one before."""

    number: int
    label: str
    tone: str
    title: str
    saved_at: datetime
    saved_by: str
    counts: str
    cards: Sequence[tuple[str, str]]
    marks: Sequence[str]
    url: str
    draft: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A post's versions, newest first."""

    key: str
    title: str
    lang: str
    version: int
    may_change: bool
    entries: Sequence[EntryView]
    numbers: Sequence[tuple[str, str]]
    paging: Paging


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field before and after, word by word."""

    label: str
    pieces: Words


@dataclass(frozen=True, slots=True)
class BlockView:
    """Some lines of a comparison: shown, changed, or left out (``hidden`` counts them)."""

    line: int
    pieces: Words
    hidden: int = 0
    changed: bool = False
    cards: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """What differs between two versions."""

    key: str
    title: str
    lang: str
    version: int
    may_change: bool
    older: int
    newer: int
    older_at: datetime
    newer_at: datetime
    newer_by_draft: bool
    fields: Sequence[FieldChange]
    cards: Sequence[tuple[str, str]]
    blocks: Sequence[BlockView]
    numbers: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ClashView:
    """One choice to make: both texts, each compared with the other."""

    name: str
    label: str
    mine: Words
    theirs: Words
    choice: str
    both: bool


@dataclass(frozen=True, slots=True)
class MergePart:
    """The text in order: a passage on which both agree (``hidden`` lines of it are folded), or a clash."""

    text: str
    hidden: str = ""
    clash: ClashView | None = None


@dataclass(frozen=True, slots=True)
class MergePage:
    """Two people's words, or two windows', to be made into one."""

    key: str
    copy: str
    lang: str
    version: int
    kept_at: datetime
    saved_at: datetime
    saved_by: str
    based: bool
    moved: bool
    holder: str
    fields: Sequence[ClashView]
    parts: Sequence[MergePart]
    clashes: int
    result: str
    others: int
    errors: Mapping[str, list[str]]


# ---- automatic saves


@bp.post("/<key>/autosave")
@manages_own_units
def autosave(key: str) -> Response:
    """Save what stands in the form, without a word; never shown to readers. What crosses another's words is kept."""
    try:
        form = studio.form_sent(key)
    except Invalid as refusal:
        if wants_json():
            answer = jsonify(errors=translated_errors(refusal.fields))
            answer.status_code = 422
            return answer
        raise
    saved = save(key, form, version=sent_version(), how="autosave")
    if isinstance(saved, Astray):
        if not wants_json():
            return redirect(saved.merge_url, 303)
        answer = jsonify(merge_url=saved.merge_url, version=saved.version)
        answer.status_code = 409
        return answer
    if not wants_json():
        return redirect(url_for("studio.edit", key=key), 303)
    draft = _draft(own_post(key))
    return jsonify(
        version=saved.version,
        saved_at=draft.saved_at.isoformat(),
        problems=[
            {"line": problem.line, "text": sentence(problem.message)} for problem in queries.list_problems(draft)
        ],
    )


# ---- merging


@bp.get("/<key>/merge")
def merge(key: str) -> Response:
    """Both versions side by side, wherever they differ for good."""
    post = own_post(key)
    copies = history.list_copies(db.session, post, viewer().person())
    if not copies:
        flash(_("Everything is merged."), "success")
        return redirect(url_for("studio.edit", key=key))
    return show("studio/merge.html", _merge_page(post, request.args.get("copy", "")[:20]))


@bp.post("/<key>/merge")
@manages_own_units
def settle(key: str) -> Response:
    """Save what was chosen or written, or give up one's own version."""
    who, post = viewer(), own_post(key)
    copy = history.get_copy(db.session, post, request.form.get("copy", "")[:20], who.person())
    what = request.form.get("do", "")
    if what == "show":
        return show("studio/merge.html", _merge_page(post, copy.key))
    if what == "give_up":
        in_unit(lambda: _settle(key, copy.key, None, sent_version()))
        flash(_("Your version is given up. The draft is as it was saved last."), "success")
        return redirect(url_for("studio.edit", key=key), 303)
    if post.draft_version != sent_version():
        return show("studio/merge.html", _merge_page(post, copy.key, moved=True), 409)
    reunion = history.reunite(db.session, post, copy)
    words = reunion.words | {name: theirs for name, _mine, theirs in reunion.fields if _choice(name) == "theirs"}
    edited = what == "edited"
    words["source"] = request.form.get("source", "") if edited else reunion.text(_choices(reunion))
    try:
        form = form_of(words, post.kind)
    except Invalid as refusal:
        return show("studio/merge.html", _merge_page(post, copy.key, errors=refusal.fields), 422)
    text = actions.prepare_text(form.source)
    try:
        in_unit(lambda: _settle(key, copy.key, (form, text), reunion.version))
    except EditConflict:
        return show("studio/merge.html", _merge_page(own_post(key), copy.key, moved=True), 409)
    flash(_("Merged and saved as a new version."), "success")
    return redirect(url_for("studio.edit", key=key), 303)


def _settle(key: str, copy_key: str, made: tuple[Any, actions.PreparedText] | None, version: int) -> None:
    who, post = viewer(), own_post(key)
    copy = history.get_copy(db.session, post, copy_key, who.person())
    if made is not None:
        # Whoever merges has decided to write on, so they take the draft over.
        teamwork.hold(db.session, post, by=who.person(), now=who.now, take=True)
    history.settle(
        db.session,
        post,
        copy,
        made[0] if made else None,
        version=version,
        by=who.person(),
        now=who.now,
        text=made[1] if made else None,
    )


def _choice(name: str) -> str:
    choice = request.form.get(f"choose-{name}", "mine")
    return choice if choice in CHOICES else "mine"


def _choices(reunion: Reunion) -> list[str]:
    return [_choice(str(number)) for number in range(sum(chunk.clash for chunk in reunion.chunks))]


def _merge_page(
    post: Post, copy_key: str, *, moved: bool = False, errors: Mapping[str, list[str]] | None = None
) -> MergePage:
    who = viewer()
    copy = history.get_copy(db.session, post, copy_key, who.person())
    reunion = history.reunite(db.session, post, copy)
    holder = teamwork.find_holder(db.session, post, now=who.now)
    draft = _draft(post)
    labels = field_labels()
    fields = [
        ClashView(
            name,
            labels.get(name, name),
            _only(compare_words(_said(theirs), _said(mine)), "new"),
            _only(compare_words(_said(mine), _said(theirs)), "new"),
            _choice(name),
            both=False,
        )
        for name, mine, theirs in reunion.fields
    ]
    written = request.form.get("source") if request.form.get("do") == "edited" else None
    return MergePage(
        key=post.key,
        copy=copy.key,
        lang=language_tag(draft.lang),
        version=reunion.version,
        kept_at=copy.kept_at,
        saved_at=draft.saved_at,
        saved_by=queries.name_of(db.session, draft.saved_by),
        based=reunion.based,
        moved=moved,
        holder=holder.name if holder and holder.user_id != who.person().id else "",
        fields=fields,
        parts=_merge_parts(reunion.chunks),
        clashes=reunion.clashes,
        result=written if written is not None else reunion.text(_choices(reunion)),
        others=len(history.list_copies(db.session, post, who.person())) - 1,
        errors=translated_errors(errors or {}),
    )


def _merge_parts(chunks: Sequence[Chunk]) -> list[MergePart]:
    parts: list[MergePart] = []
    number = 0
    for place, chunk in enumerate(chunks):
        if not chunk.clash:
            parts.append(_agreed(chunk.mine, first=place == 0, last=place == len(chunks) - 1))
            continue
        parts.append(
            MergePart(
                "",
                clash=ClashView(
                    str(number),
                    _("Passage %(number)s", number=number + 1),
                    _only(compare_words(chunk.theirs.rstrip("\n"), chunk.mine.rstrip("\n")), "new"),
                    _only(compare_words(chunk.mine.rstrip("\n"), chunk.theirs.rstrip("\n")), "new"),
                    _choice(str(number)),
                    both=bool(chunk.mine.strip() and chunk.theirs.strip()),
                ),
            )
        )
        number += 1
    return parts


def _agreed(text: str, *, first: bool, last: bool) -> MergePart:
    """The lines next to a clash; those farther away are folded."""
    lines = text.splitlines(keepends=True)
    before, after = (0 if first else CONTEXT), (0 if last else CONTEXT)
    if len(lines) <= before + after + 1:
        return MergePart(text)
    return MergePart(
        "".join(lines[:before]) + ("…\n" if before or after else "") + "".join(lines[len(lines) - after :]),
        hidden=text,
    )


def _only(pieces: Words, op: str) -> list[Piece]:
    """One side of a comparison: what is alike, and what only this side has."""
    return [piece for piece in pieces if piece.op in {"same", op}]


# ---- versions


@bp.get("/<key>/history")
def index(key: str) -> Response:
    """The post's versions; with ``a`` and ``b``, what differs between these two."""
    post = queries.get_for_studio(db.session, key, viewer().user)
    newer, older = _number(request.args.get("b")), _number(request.args.get("a"))
    if newer and older:
        return redirect(url_for("studio_history.compare", key=key, number=newer, against=older))
    number = page_number(request.args.get("page"))
    total = history.count_revisions(db.session, post)
    found = history.list_entries(db.session, post, limit=ROWS, offset=(number - 1) * ROWS)
    names = _product_names({slug for entry in found for slug in (*entry.cards_added, *entry.cards_gone)})
    draft = _draft(post)
    return show(
        "studio/history.html",
        HistoryPage(
            key=post.key,
            title=draft.title or _("Untitled"),
            lang=language_tag(draft.lang),
            version=post.draft_version,
            may_change=policy.can_change(viewer().user, post),
            entries=[_entry(post, entry, names) for entry in found],
            numbers=_numbers(found),
            paging=_paging(key, Page(found, number, ROWS, total)),
        ),
    )


@bp.get("/<key>/history/<int:number>")
def compare(key: str, number: int) -> Response:
    """What a version changed, against the one before it or another (``against``)."""
    post = queries.get_for_studio(db.session, key, viewer().user)
    newer = history.get_revision(db.session, post, number)
    against = _number(request.args.get("against"))
    older = history.get_revision(db.session, post, against) if against else history.get_before(db.session, newer)
    older = older or newer
    if older.number > newer.number:
        older, newer = newer, older
    found = history.difference(older, newer)
    entries = history.list_entries(db.session, post, limit=200)
    names = _product_names({slug for _what, slug in found.cards} | _slugs(older) | _slugs(newer))
    labels = field_labels()
    return show(
        "studio/difference.html",
        DifferencePage(
            key=post.key,
            title=_draft(post).title or _("Untitled"),
            lang=language_tag(newer.lang),
            version=post.draft_version,
            may_change=policy.can_change(viewer().user, post),
            older=older.number,
            newer=newer.number,
            older_at=older.saved_at,
            newer_at=newer.saved_at,
            newer_by_draft=newer.id == post.draft_id,
            fields=[
                FieldChange(labels.get(name, name), compare_words(_said(before), _said(after)))
                for name, before, after in found.fields
            ],
            cards=[(what, names.get(slug, slug)) for what, slug in found.cards],
            blocks=_blocks(found, names),
            numbers=_numbers(entries),
        ),
    )


@bp.post("/<key>/history/<int:number>/restore")
@manages_own_units
def restore(key: str, number: int) -> Response:
    """Make an old version the draft again, as a new version."""
    who, post = viewer(), own_post(key)
    wanted = history.get_revision(db.session, post, number)
    text = actions.prepare_text(wanted.source)

    def work() -> None:
        fresh = own_post(key)
        history.restore(
            db.session,
            fresh,
            history.get_revision(db.session, fresh, number),
            version=sent_version(),
            by=who.person(),
            now=who.now,
            text=text,
        )

    in_unit(work)
    flash(_("Version %(number)s is the draft again. Readers see it when you publish.", number=number), "success")
    return redirect(url_for("studio.edit", key=key), 303)


@bp.get("/<key>/history/<int:number>/restore")
def restore_page(key: str, number: int) -> Response:
    """Somebody reloaded the address of a button: the version it belongs to."""
    return redirect(url_for("studio_history.compare", key=own_post(key).key, number=number))


def field_labels() -> dict[str, str]:
    """What the fields of a post are called."""
    return {
        "title": _("Title"),
        "summary": _("Summary"),
        "lang": _("Language of the text"),
        "topics": _("Topics"),
        "tested": _("How I tested"),
        "tested_from": _("Tested from"),
        "tested_to": _("Tested until"),
        "owned_since": _("Owned since"),
        "relation": _("How the post is paid"),
        "cover_id": _("Cover picture"),
        "cover_alt": _("What the picture shows"),
        "deal_product": _("Product"),
        "deal_price": _("Price with the deal"),
        "deal_currency": _("Currency"),
        "deal_note": _("Words beside the price"),
        "deal_shop": _("Shop"),
        "deal_coupon": _("Coupon code"),
        "deal_coupon_url": _("Address of the coupon"),
        "deal_terms": _("Condition"),
        "deal_steps": _("Steps to the price"),
        "deal_starts": _("Starts"),
        "deal_ends": _("Ends"),
        "deal_zone": _("Time zone"),
        "deal_region": _("Country"),
    }


def _said(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _draft(post: Post) -> Revision:
    return studio.draft_of(post)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0


def _numbers(entries: Sequence[history.Entry]) -> list[tuple[str, str]]:
    return [(str(entry.number), _("Version %(number)s", number=entry.number)) for entry in entries]


def _entry(post: Post, entry: history.Entry, names: Mapping[str, str]) -> EntryView:
    labels = {
        "autosave": (_("Saved automatically"), "neutral"),
        "saved": (_("Saved"), "info"),
        "restored": (_("Version %(number)s restored", number=entry.restored_from), "info"),
    }
    label, tone = labels[entry.kind]
    marks = []
    if entry.live:
        marks.append(_("Readers see this"))
    elif entry.published_at:
        marks.append(_("Was published"))
    if entry.draft:
        marks.append(_("Draft"))
    changes = [("added", names.get(slug, slug)) for slug in entry.cards_added]
    changes += [("gone", names.get(slug, slug)) for slug in entry.cards_gone]
    return EntryView(
        number=entry.number,
        label=label,
        tone=tone,
        title=entry.title or _("Untitled"),
        saved_at=entry.saved_at,
        saved_by=entry.saved_by,
        counts=_("+%(added)s −%(gone)s words", added=entry.added, gone=entry.gone),
        cards=changes,
        marks=marks,
        url=url_for("studio_history.compare", key=post.key, number=entry.number),
        draft=entry.draft,
    )


def _blocks(found: history.Difference, names: Mapping[str, str]) -> list[BlockView]:
    blocks: list[BlockView] = []
    last = len(found.blocks) - 1
    for place, block in enumerate(found.blocks):
        if not block.same:
            blocks.append(BlockView(block.line, block.pieces, changed=True, cards=_cards_in(block.pieces, names)))
            continue
        lines = block.text.splitlines(keepends=True)
        head, tail = (0 if place == 0 else CONTEXT), (0 if place == last else CONTEXT)
        if len(lines) <= head + tail + 1:
            blocks.append(BlockView(block.line, [Piece("same", block.text)]))
            continue
        if head:
            blocks.append(BlockView(block.line, [Piece("same", "".join(lines[:head]))]))
        left_out = lines[head : len(lines) - tail]
        blocks.append(BlockView(block.line + head, [Piece("same", "".join(left_out))], hidden=len(left_out)))
        if tail:
            rest = lines[len(lines) - tail :]
            blocks.append(BlockView(block.line + len(lines) - tail, [Piece("same", "".join(rest))]))
    return blocks


def _cards_in(pieces: Words, names: Mapping[str, str]) -> list[str]:
    """Names of the products whose cards stand in changed lines, so that nobody has to read short names."""
    sides = ("".join(piece.text for piece in pieces if piece.op != other) for other in ("gone", "new"))
    slugs = [slug for side in sides for slug in products_named(side)]
    return list(dict.fromkeys(names.get(slug, slug) for slug in slugs))


def _slugs(revision: Revision) -> set[str]:
    return {entry["product_slug"] for entry in revision.cards}


def _product_names(slugs: set[str]) -> dict[str, str]:
    """Titles of products by slug, in two statements."""
    ids = products.find_ids_by_slug(db.session, slugs)
    facts = products.load_facts(db.session, list(ids.values()), viewer().locale)
    return {slug: facts[product_id].title for slug, product_id in ids.items() if product_id in facts}


def _paging(key: str, page: Page[history.Entry]) -> Paging:
    def address(number: int) -> str:
        return url_for("studio_history.index", key=key, page=number if number > 1 else None)

    if page.pages < 2:
        return Paging()
    return Paging(
        previous_url=address(page.number - 1) if page.has_previous else "",
        next_url=address(page.number + 1) if page.has_next else "",
        position=_("Page %(page)s of %(pages)s", page=page.number, pages=page.pages),
    )
