"""What stands around a draft and on the studio's first page: plans, people, notices, in the person's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import request, url_for
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.posts import history, plans, policy, teamwork
from contentshop.posts.notices import Notice
from contentshop.posts.plans import PlanLine
from contentshop.web.session import viewer
from contentshop.web.studio_pages import InvitationView, NoticeView, PlanView, PostSide
from contentshop.web.words import translated
from contentshop.web.zones import in_words, zone_label

if TYPE_CHECKING:
    from contentshop.posts.models import Post, PostMember


def post_side(post: Post) -> PostSide:
    """What stands around a post's draft for whoever is asking."""
    who = viewer()
    holder = teamwork.find_holder(db.session, post, now=who.now)
    others = holder is not None and (who.user is None or holder.user_id != who.user.id)
    told = [line for line in plans.list_plans(db.session, post) if line.state == "waiting"]
    return PostSide(
        key=post.key,
        published=post.state == "published",
        plans=plan_lines(told),
        holder=holder.name if holder and others else "",
        holder_since=holder.since if holder and others else None,
        copies=len(history.list_copies(db.session, post, who.person())),
        remarks=teamwork.count_open(db.session, post),
        team=team_names(post),
        may_invite=policy.can_invite(who.user, post),
        update_note=request.form.get("update_note", ""),
        silent=bool(request.form.get("silent")),
    )


def team_names(post: Post) -> list[str]:
    """Names of those who work on a post with its author."""
    accepted = [member for member in post.members if member.state == "accepted"]
    return [member.user.name for member in accepted if member.user is not None]


def plan_lines(found: Iterable[PlanLine]) -> list[PlanView]:
    """Plans with their times as their authors chose them."""
    return [
        PlanView(
            key=line.key,
            kind=line.kind,
            state=line.state,
            at=in_words(line.at, line.zone),
            zone=zone_label(line.zone),
            number=line.number,
            newer=line.newer,
            title=line.title or _("Untitled"),
            url=url_for("studio_plans.schedule", key=line.post_key),
            cancel_url=url_for("studio_plans.cancel", key=line.post_key, plan=line.key),
            problems=[translated(text) for text in line.problems],
        )
        for line in found
    ]


def notice_lines(found: Iterable[Notice]) -> list[NoticeView]:
    """Notices as sentences, each with the page where one goes on."""
    return [NoticeView(one.key, _glyph(one.kind), notice_text(one), _notice_url(one), one.at) for one in found]


def notice_text(one: Notice) -> str:
    """A notice as a sentence."""
    title, who = one.post_title or _("Untitled"), one.who
    told: dict[str, str] = {
        "published": _("“%(title)s” was published as planned.", title=title),
        "taken_down": _("“%(title)s” was taken off the site as planned.", title=title),
        "not_published": _("“%(title)s” could not be published as planned. Nothing is lost; see why.", title=title),
        "not_taken_down": _("“%(title)s” could not be taken off the site as planned; see why.", title=title),
        "invited": _("%(who)s asks you to work on “%(title)s”.", who=who, title=title),
        "joined": _("%(who)s works on “%(title)s” now.", who=who, title=title),
        "declined": _("%(who)s declined to work on “%(title)s”.", who=who, title=title),
        "left": _("%(who)s does not work on “%(title)s” any more.", who=who, title=title),
        "removed": _("%(who)s took you off “%(title)s”.", who=who, title=title),
        "commented": _("%(who)s remarked on “%(title)s”.", who=who, title=title),
        "suggested": _("%(who)s offers other words for “%(title)s”.", who=who, title=title),
        "resolved": _("%(who)s settled a remark on “%(title)s”.", who=who, title=title),
        "accepted": _("%(who)s took your words into “%(title)s”.", who=who, title=title),
        "rejected": _("%(who)s left your words out of “%(title)s”.", who=who, title=title),
        "deal_reported": _(
            "Readers say that “%(title)s” is over; it is shown so. See whether that is right.", title=title
        ),
        "deal_price": _("The shop asks more now, so “%(title)s” is shown as over.", title=title),
        "deal_sold_out": _("The shop has none left, so “%(title)s” is shown as sold out.", title=title),
        "deal_back": _("“%(title)s” goes on: the shop has it again.", title=title),
        "deal_unsure": _("Nobody has confirmed “%(title)s” for 30 days, so it is shown as over.", title=title),
        "deal_merged": _("“%(title)s” was there twice: %(who)s joined it with the other deal.", who=who, title=title),
        "deal_settled": _("%(who)s said how “%(title)s” stands.", who=who, title=title),
        "lock_taken": _(
            "%(who)s writes on “%(title)s” now. What you write from then on is kept apart until you merge it.",
            who=who,
            title=title,
        ),
    }
    return told.get(one.kind, title)


def _glyph(kind: str) -> str:
    if kind in {"not_published", "not_taken_down"}:
        return "alert"
    return {"published": "check", "accepted": "check", "resolved": "check"}.get(kind, "info")


def _notice_url(one: Notice) -> str:
    if one.kind in {"published", "taken_down", "not_published", "not_taken_down"}:
        return url_for("studio_plans.schedule", key=one.post_key)
    if one.kind in {"commented", "suggested", "resolved", "accepted", "rejected"}:
        return url_for("studio_review.review", key=one.post_key)
    if one.kind.startswith("deal_"):
        return url_for("studio_deals.standing", key=one.post_key)
    if one.kind in {"invited", "removed"}:
        return url_for("studio.home")
    return url_for("studio.edit", key=one.post_key)


def invitation_lines(found: Iterable[PostMember]) -> list[InvitationView]:
    """Invitations that wait for an answer."""
    return [
        InvitationView(
            title=(member.post.draft.title if member.post.draft else "") or _("Untitled"),
            author=member.post.author.name,
            role=role_label(member.role),
            url=url_for("studio_team.invitation", token=member.key),
        )
        for member in found
    ]


def role_label(role: str) -> str:
    """What somebody does at a post, in words."""
    labels: dict[str, str] = {"author": _("Author"), "coauthor": _("Co-author"), "reviewer": _("Reviewer")}
    return labels.get(role, role)
