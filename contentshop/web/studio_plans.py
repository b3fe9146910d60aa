"""What is to happen to a post by itself: when it is published, changed or taken off the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.zones import read_local, zone_names
from contentshop.posts import plans, policy, queries
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.studio import draft_of
from contentshop.web.studio_pages import PlanView
from contentshop.web.studio_side import plan_lines
from contentshop.web.words import translated_errors
from contentshop.web.zones import in_words, own_zone, zone_label

if TYPE_CHECKING:
    from contentshop.posts.models import Post

bp = Door("studio_plans", __name__, url_prefix="/studio")

FIELDS = ("kind", "at", "zone", "update_note", "silent")


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """A post's plans, and the form of another. ``words`` tells whether the draft holds what readers do not see."""

    key: str
    title: str
    state: str
    words: bool
    may_publish: bool
    number: int
    waiting: Sequence[PlanView]
    past: Sequence[PlanView]
    values: Mapping[str, str]
    zones: Sequence[tuple[str, str]]
    errors: Mapping[str, list[str]]


@bp.get("/<key>/schedule")
def schedule(key: str) -> Response:
    """What is planned, and what became of earlier plans."""
    return show("studio/schedule.html", _page(_post(key), {}))


@bp.post("/<key>/schedule")
def plan(key: str) -> Response:
    """Plan something, in place of an earlier plan of its kind."""
    who, post = viewer(), _post(key)
    values = {name: request.form.get(name, "") for name in FIELDS}
    try:
        chosen = read_local(values["at"], values["zone"])
        if values["kind"] == "unpublish":
            made = plans.plan_unpublishing(db.session, post, chosen, by=who.person(), now=who.now)
        else:
            made = plans.plan_publishing(
                db.session,
                post,
                chosen,
                by=who.person(),
                now=who.now,
                note=values["update_note"],
                silent=bool(values["silent"]),
            )
    except Invalid as refusal:
        return show("studio/schedule.html", _page(post, values, refusal.fields), 422)
    when = _("%(time)s (%(zone)s)", time=in_words(made.at, made.zone), zone=zone_label(made.zone))
    if made.kind == "publish":
        flash(_("Planned: readers see these words from %(when)s on.", when=when), "success")
    else:
        flash(_("Planned: the post is taken off the site on %(when)s.", when=when), "success")
    if chosen.twice:
        flash(_("Clocks are set back that night, so this time comes twice. The first one is meant."), "success")
    return redirect(url_for("studio_plans.schedule", key=key), 303)


@bp.post("/<key>/schedule/<plan>/cancel")
def cancel(key: str, plan: str) -> Response:
    """Forget a plan."""
    plans.cancel_plan(db.session, _post(key), plan, by=viewer().person(), now=viewer().now)
    flash(_("The plan is forgotten."), "success")
    return redirect(url_for("studio_plans.schedule", key=key), 303)


@bp.get("/<key>/schedule/<plan>/cancel")
def cancel_page(key: str, plan: str) -> Response:
    """Somebody reloaded the address of a button: the plans."""
    return redirect(url_for("studio_plans.schedule", key=_post(key).key))


def _post(key: str) -> Post:
    return queries.get_for_studio(db.session, key, viewer().user)


def _page(post: Post, values: Mapping[str, str], errors: Mapping[str, list[str]] | None = None) -> SchedulePage:
    who, draft = viewer(), draft_of(post)
    lines = plan_lines(plans.list_plans(db.session, post))
    usual = {
        "kind": "publish" if post.state != "published" or post.live_id != post.draft_id else "unpublish",
        "at": "",
        "zone": own_zone(),
        "update_note": "",
        "silent": "",
    }
    return SchedulePage(
        key=post.key,
        title=draft.title or _("Untitled"),
        state=post.state,
        words=post.state != "published" or post.live_id != post.draft_id,
        may_publish=policy.can_change(who.user, post),
        number=draft.number,
        waiting=[line for line in lines if line.state == "waiting"],
        past=[line for line in lines if line.state != "waiting"],
        values={**usual, **values},
        zones=sorted(((name, zone_label(name)) for name in zone_names()), key=lambda zone: zone[1]),
        errors=translated_errors(errors or {}),
    )
