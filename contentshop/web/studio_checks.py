"""What the publish gate finds, as the checklist of the writing page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.posts.gate import Finding, inspect
from contentshop.web.session import viewer
from contentshop.web.studio_pages import Check, Repair
from contentshop.web.urls import post_url
from contentshop.web.words import sentence, translated

if TYPE_CHECKING:
    from contentshop.posts.models import Post, Revision


def checks_of(post: Post, draft: Revision) -> list[Check]:
    """What stands in the way of publishing, what could be better, and what is well; in this order."""
    findings = inspect(db.session, post, draft, now=viewer().now)
    checks = [_check(post, found) for found in findings]
    if not any(found.blocking for found in findings):
        checks.append(Check(_("It can be published."), "good"))
    if draft.cards and draft.relation != "none":
        checks.append(Check(_("How the post is paid stands above the first card."), "good"))
    return checks


def _check(post: Post, found: Finding) -> Check:
    repair = None
    if found.repair is not None:
        repair = Repair(translated(found.repair.label), url_for("studio_gate.repair", key=post.key), value=found.name)
    return Check(
        text=sentence(found.text),
        state="bad" if found.blocking else "warn",
        line=found.line,
        reason=translated(found.reason) if found.reason is not None else "",
        repair=repair,
        url=post_url(found.post) if found.post else "",
    )
