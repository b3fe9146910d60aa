"""Live sessions for their hosts: announce, fill the queue, go live, move the cards, offer the replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.embeds import PROVIDERS
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.words import say
from contentshop.core.zones import local_text, show_local
from contentshop.live import actions, policy, queries
from contentshop.live.inputs import SessionInput, parse_note, parse_second
from contentshop.media import queries as media
from contentshop.products import queries as products
from contentshop.web.door import Door, show
from contentshop.web.live import announced, clock_text
from contentshop.web.live_pages import HostCard, HostListPage, HostPage, Match, NewSessionPage, SessionForm
from contentshop.web.picking import pick_products
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text, translated_errors
from contentshop.web.zones import in_words, moment_text, own_zone, typed_zone, zone_choices, zone_label

if TYPE_CHECKING:
    from contentshop.live.models import LiveSession

bp = Door("studio_live", __name__, url_prefix="/studio/live")

FOUND = 8  # products that the host's search shows
VIDEOS = 100  # own videos to choose from
FIELDS = ("title", "summary", "lang", "relation", "stream", "video", "starts_at", "zone")


@bp.get("")
def sessions() -> Response:
    """My sessions."""
    found = queries.list_by_host(db.session, viewer().person().id)
    rows = [replace(announced(entry), when=_when(entry.starts_at)) for entry in found]
    return show("studio/live.html", HostListPage(rows))


@bp.get("/new")
def new() -> Response:
    """Announce a session."""
    who = viewer()
    zone = own_zone()
    values = dict.fromkeys(FIELDS, "") | {
        "lang": who.locale,
        "relation": "affiliate",
        "starts_at": local_text(show_local(who.now + timedelta(days=1), zone).replace(minute=0)),
        "zone": zone_label(zone),
    }
    return show("studio/live_new.html", NewSessionPage(_form(values, {})))


@bp.post("/new")
def create() -> Response:
    """Announce it."""
    values, who = _typed(), viewer()
    try:
        form = _parsed(values)
        live = actions.schedule(db.session, form, by=who.person(), now=who.now)
    except Invalid as refusal:
        return show("studio/live_new.html", NewSessionPage(_form(values, translated_errors(refusal.fields))), 422)
    flash(_("Announced. Now fill the queue with products."), "success")
    _tell_of_two(form)
    return redirect(url_for("studio_live.host", key=live.key), 303)


@bp.get("/<key>")
def host(key: str) -> Response:
    """Prepare and run a session; ``q`` looks for products to put into the queue."""
    return show("studio/live_host.html", _host_page(_session(key), {}))


@bp.post("/<key>")
def change(key: str) -> Response:
    """Change its words and what plays."""
    live, values = _session(key), _typed()
    if live.state != "scheduled":  # once it has begun its hour stays as it was
        values |= {"starts_at": moment_text(live.starts_at, "UTC"), "zone": "UTC"}
    try:
        form = _parsed(values, live.starts_at)
        actions.change(db.session, live, form, by=viewer().person())
    except Invalid as refusal:
        return show("studio/live_host.html", _host_page(live, translated_errors(refusal.fields), values), 422)
    flash(_("Saved."), "success")
    _tell_of_two(form)
    return redirect(url_for("studio_live.host", key=key), 303)


@bp.post("/<key>/state")
def turn(key: str) -> Response:
    """Go live, end, offer the replay or take it away: ``do`` says what."""
    live, who, wish = _session(key), viewer(), request.form.get("do", "")
    try:
        if wish == "begin":
            actions.begin(db.session, live, by=who.person(), now=who.now)
            flash(_("You are live. Pin the card that you are talking about."), "success")
        elif wish == "end":
            actions.end(db.session, live, by=who.person(), now=who.now)
            flash(_("The session is over. Offer the replay when the recording is ready."), "success")
        elif wish in {"replay", "no_replay"}:
            actions.offer_replay(db.session, live, by=who.person(), shown=wish == "replay")
            flash(_("Saved."), "success")
        else:
            raise Invalid({"": [say("Choose what to do.")]})
    except Invalid as refusal:
        return show("studio/live_host.html", _host_page(live, translated_errors(refusal.fields)), 422)
    return redirect(url_for("studio_live.host", key=key), 303)


@bp.post("/<key>/cancel")
def cancel(key: str) -> Response:
    """Delete a session."""
    actions.cancel(db.session, _session(key), by=viewer().person())
    flash(_("The session is deleted."), "success")
    return redirect(url_for("studio_live.sessions"), 303)


@bp.post("/<key>/queue")
def queue(key: str) -> Response:
    """Change the queue: ``do`` says what, ``card`` or ``product`` of which."""
    live = _session(key)
    try:
        _change_queue(live, request.form.get("do", ""), request.form.get("card", "")[:20])
    except Invalid as refusal:
        return show("studio/live_host.html", _host_page(live, translated_errors(refusal.fields)), 422)
    except Conflict as refusal:
        return show("studio/live_host.html", _host_page(live, {"": [refusal_text(refusal)]}), 409)
    return redirect(url_for("studio_live.host", key=key, q=request.form.get("q", "")[:100] or None) + "#queue", 303)


def _change_queue(live: LiveSession, wish: str, card: str) -> None:
    session, who = db.session, viewer()
    by = who.person()
    match wish:
        case "add":
            slug = request.form.get("product", "")[:100].strip()
            product_id = products.find_ids_by_slug(session, [slug]).get(slug)
            if product_id is None:
                raise Invalid({"product": [say("there is no product “%(slug)s”", slug=slug)]})
            actions.add_card(session, live, product_id, note=parse_note(request.form.get("note", "")), by=by)
        case "up" | "down":
            actions.move_card(session, live, card, step=-1 if wish == "up" else 1, by=by)
        case "remove":
            actions.remove_card(session, live, card, by=by)
        case "pin":
            actions.pin(session, live, card, by=by, now=who.now)
        case "unpin":
            actions.pin(session, live, "", by=by, now=who.now)
        case "moment":
            actions.add_moment(session, live, card, parse_second(request.form.get("second", "")), by=by)
        case "forget":
            actions.remove_moment(session, live, card, _number(request.form.get("second", "")), by=by)
        case _:
            raise Invalid({"": [say("Choose what to do.")]})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1


def _session(key: str) -> LiveSession:
    """The session, for its host and editors. Raises NotFound for everybody else; Forbidden where an editor may not."""
    who = viewer()
    live = queries.get_for_host(db.session, key[:20], who.user)
    if request.method == "POST" and request.endpoint not in _FOR_EDITORS and not policy.can_host(who.user, live):
        raise Forbidden(say("Only the host may do this."))
    return live


_FOR_EDITORS = frozenset({"studio_live.turn", "studio_live.cancel"})


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _parsed(values: Mapping[str, str], keeps: datetime | None = None) -> SessionInput:
    return SessionInput.parse(
        title=values["title"],
        summary=values["summary"],
        lang=values["lang"],
        relation=values["relation"],
        stream=values["stream"],
        video=values["video"],
        starts_at=values["starts_at"],
        zone=_named_zone(values["zone"]),
        now=viewer().now,
        keeps=keeps,
    )


def _named_zone(text: str) -> str:
    """The zone that was typed, or the words themselves if they name none: the form tells of all problems at once."""
    try:
        return typed_zone(text)
    except Invalid:
        return text[:64]


def _when(at: datetime) -> str:
    """A moment as the host's own clock shows it."""
    return f"{in_words(at, own_zone())} ({zone_label(own_zone())})"


def _tell_of_two(form: SessionInput) -> None:
    if form.twice:
        flash(_("Clocks are set back that night, so this time comes twice. The first one is meant."), "success")


# ---- page records


def _form(values: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> SessionForm:
    person = viewer().person()
    videos = media.page_own(db.session, person.id, kind="video", size=VIDEOS).items
    return SessionForm(
        values=values,
        languages=[("en", "English"), ("zh", "中文")],
        relations=[
            ("affiliate", _("Paid links")),
            ("own", _("We sell them ourselves")),
            ("gifted", _("Given to me")),
            ("lent", _("Lent to me")),
            ("paid", _("Paid for by a company")),
            ("none", _("None")),
        ],
        zones=zone_choices(),
        videos=[(video.key, video.name or video.key) for video in videos],
        providers=", ".join(PROVIDERS),
        errors=errors,
    )


def _host_page(
    live: LiveSession, errors: Mapping[str, Sequence[str]], values: Mapping[str, str] | None = None
) -> HostPage:
    who = viewer()
    found = queries.get_session(db.session, live.key)
    facts = products.load_facts(db.session, {card.product_id for card in found.cards}, who.locale)
    query = (request.args.get("q") or request.form.get("q") or "")[:100].strip()
    hits = pick_products(query, FOUND, who).found
    stored = {
        "title": found.title,
        "summary": found.summary,
        "lang": found.lang,
        "relation": found.relation,
        "stream": found.stream,
        "video": found.video,
        "starts_at": moment_text(found.starts_at, own_zone()),
        "zone": zone_label(own_zone()),
    }
    return HostPage(
        key=found.key,
        state=found.state,
        title=found.title,
        url=url_for("live.session", key=found.key),
        when=_when(found.starts_at),
        form=_form(values or stored, errors),
        cards=[
            HostCard(
                key=card.key,
                title=facts[card.product_id].title,
                note=card.note,
                pinned=card.pinned,
                times=tuple((second, clock_text(second)) for second in card.seconds),
            )
            for card in found.cards
            if card.product_id in facts
        ],
        query=query,
        found=[Match(hit.slug, hit.title, hit.brand) for hit in hits],
        may_host=policy.can_host(who.user, live),
        errors=errors,
    )
