"""Who works on a post: invitations, leaving, and who is writing now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts.policy import can_write
from contentshop.core.db import db
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.words import say
from contentshop.posts import notices, policy, queries, teamwork
from contentshop.posts.teamwork import Holder
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.session import settings, viewer
from contentshop.web.studio import draft_of, save_form
from contentshop.web.studio_links import invited_member
from contentshop.web.studio_saving import Saved, in_unit, own_post, wants_json
from contentshop.web.studio_side import role_label
from contentshop.web.urls import creator_url
from contentshop.web.words import translated_errors

if TYPE_CHECKING:
    from contentshop.posts.models import Post, PostMember

bp = Door("studio_team", __name__, url_prefix="/studio")


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody who works on the post or was asked to; ``url`` is empty while it is only a mail address."""

    key: str
    name: str
    url: str
    role: str
    waiting: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class TeamPage:
    """Who works on a post, and the form that asks somebody else."""

    key: str
    title: str
    author: str
    own_role: str
    may_invite: bool
    members: Sequence[MemberRow]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """An invitation. ``open``: it can still be answered; ``first``: one has to become a creator before."""

    token: str
    author: str
    title: str
    role: str
    open: bool
    first: bool
    may_begin: bool


@bp.get("/<key>/together")
def team(key: str) -> Response:
    """Who works on the post."""
    return show("studio/team.html", _page(_post(key), {}))


@bp.post("/<key>/together")
def invite(key: str) -> Response:
    """Ask somebody to work on the post."""
    who, post = viewer(), _post(key)
    values = {name: request.form.get(name, "")[:300] for name in ("whom", "role")}
    try:
        teamwork.invite(db.session, post, values["whom"], values["role"], by=who.person(), now=who.now)
    except Invalid as refusal:
        return show("studio/team.html", _page(post, values, refusal.fields), 422)
    flash(_("They are asked. You are told when they answer."), "success")
    return redirect(url_for("studio_team.team", key=key), 303)


@bp.post("/<key>/together/<member>/remove")
def remove(key: str, member: str) -> Response:
    """Take somebody off the post, or an invitation back."""
    teamwork.remove(db.session, _post(key), member, by=viewer().person(), now=viewer().now)
    flash(_("They do not work on this post any more."), "success")
    return redirect(url_for("studio_team.team", key=key), 303)


@bp.get("/<key>/together/<member>/remove")
def remove_page(key: str, member: str) -> Response:
    """Somebody reloaded the address of a button: the people."""
    return redirect(url_for("studio_team.team", key=_post(key).key))


@bp.post("/<key>/leave")
def leave(key: str) -> Response:
    """Work on somebody's post no longer."""
    teamwork.leave(db.session, _post(key), by=viewer().person(), now=viewer().now)
    flash(_("You do not work on that post any more."), "success")
    return redirect(url_for("studio.home"), 303)


@bp.get("/invitations/<token>")
def invitation(token: str) -> Response:
    """Somebody asks the person to work on their post."""
    member = _member(token)
    post, person = member.post, viewer().person()
    return show(
        "studio/invitation.html",
        InvitationPage(
            token=token,
            author=post.author.name,
            title=draft_of(post).title or _("Untitled"),
            role=member.role,
            open=policy.is_open(member, now=viewer().now),
            first=member.role == "coauthor" and not can_write(person),
            may_begin=settings().open_creators and person.role == "reader",
        ),
    )


@bp.post("/invitations/<token>")
def answer(token: str) -> Response:
    """Say yes or no."""
    member, person = _member(token), viewer().person()
    accept = request.form.get("do") == "accept"
    key = member.post.key
    teamwork.answer(db.session, member, accept, by=person, now=viewer().now)
    if not accept:
        flash(_("You declined. Nobody asks you again unless the author does."), "success")
        return redirect(url_for("studio.home"), 303)
    flash(_("Welcome to the team."), "success")
    where = "studio.edit" if member.role == "coauthor" else "studio_review.review"
    return redirect(url_for(where, key=key), 303)


@bp.post("/notices/read")
def read_notices() -> Response:
    """Put the notices shown away."""
    notices.mark_read(db.session, viewer().person(), request.form.getlist("key")[:100], now=viewer().now)
    return redirect(url_for("studio.home"), 303)


# ---- who is writing


@bp.post("/<key>/lock")
@manages_own_units
def lock(key: str) -> Response:
    """Say that one is (still) writing; ``take`` takes over from somebody else, who is told.

    What stands in a form that is sent along is saved then.
    """
    who, take = viewer(), bool(request.form.get("take"))
    holder, version = in_unit(lambda: _hold(key, take=take))
    mine = holder.user_id == who.person().id
    if wants_json():
        return _told(holder, mine, version)
    if mine and take:
        flash(_("You are writing now. Whoever wrote before is told, and their words are kept."), "success")
        saved = save_form(key) if "source" in request.form else None
        if saved is not None and not isinstance(saved, Saved):
            return saved
    return redirect(url_for("studio.edit", key=key), 303)


def _hold(key: str, *, take: bool) -> tuple[Holder, int]:
    post = own_post(key)
    holder = teamwork.hold(db.session, post, by=viewer().person(), now=viewer().now, take=take)
    return holder, post.draft_version


@bp.post("/<key>/unlock")
def unlock(key: str) -> Response:
    """Say that one does not write any more."""
    teamwork.let_go(db.session, own_post(key), by=viewer().person())
    if wants_json():
        return jsonify(mine=False)
    return redirect(url_for("studio.home"), 303)


def _told(holder: Holder, mine: bool, version: int) -> Response:
    """200 also when somebody else is writing: that is news, not a refusal."""
    return jsonify(
        mine=mine,
        by="" if mine else holder.name,
        since=holder.since.isoformat(),
        version=version,
        expires_in=int(policy.LOCK_LIFE.total_seconds()),
    )


def _post(key: str) -> Post:
    return queries.get_for_studio(db.session, key, viewer().user)


def _member(token: str) -> PostMember:
    """The invitation of a mail's link, or of one's own list by its key. Raises NotFound."""
    key = invited_member(token)
    member = teamwork.get_invitation(db.session, key or token[:20])
    person = viewer().person()
    theirs = member.user_id == person.id
    if not theirs and (key is None or member.user_id is not None):
        raise NotFound(say("There is no such invitation."))
    return member


def _page(post: Post, values: Mapping[str, str], errors: Mapping[str, list[str]] | None = None) -> TeamPage:
    who = viewer()
    return TeamPage(
        key=post.key,
        title=draft_of(post).title or _("Untitled"),
        author=post.author.name,
        own_role=policy.role_in(who.user, post),
        may_invite=policy.can_invite(who.user, post),
        members=[
            MemberRow(
                key=member.key,
                name=member.user.name if member.user else member.email,
                url=creator_url(member.user.handle) if member.user else "",
                role=role_label(member.role),
                waiting=member.state == "invited",
                since=member.answered_at or member.invited_at,
            )
            for member in post.members
            if member.state in {"invited", "accepted"}
        ],
        values={"whom": "", "role": "reviewer", **values},
        errors=translated_errors(errors or {}),
    )
