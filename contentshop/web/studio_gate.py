"""Repairs that the publish gate offers: one press makes a revision like any other, which can be undone in the history.

What was typed beside it is saved along. The finding is looked for again in the words that are saved, so a repair never
touches a line that has moved, and does nothing where there is nothing to mend any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.posts.gate import inspect, mended
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import form_of, words_of
from contentshop.web import studio
from contentshop.web.door import Door, manages_own_units
from contentshop.web.session import viewer
from contentshop.web.studio_checks import checks_of
from contentshop.web.studio_pages import Check
from contentshop.web.studio_saving import Saved, own_post, save, sent_version
from contentshop.web.words import translated

bp = Door("studio_gate", __name__, url_prefix="/studio")


@dataclass(frozen=True, slots=True)
class ChecksPage:
    """What the gate finds in a draft as it is saved."""

    checks: list[Check]


@bp.get("/<key>/checks")
def checks(key: str) -> Response:
    """The checklist of the draft as it is saved now, as ``{"html"}``, for the page on which it is being written."""
    post = own_post(key)
    page = ChecksPage(checks_of(post, studio.draft_of(post)))
    return jsonify(html=render_template("studio/checks.html", page=page).strip())


@bp.post("/<key>/repair")
@manages_own_units
def repair(key: str) -> Response:
    """Save what was typed, then mend the finding named by ``repair`` in it."""
    version = sent_version()
    if "source" in request.form:
        saved = studio.save_form(key, how="autosave")
        if not isinstance(saved, Saved):
            return saved
        version = saved.version
    found = _repaired(key, request.form.get("repair", ""))
    if found is None:
        flash(_("There is nothing to mend there any more."), "success")
        return redirect(url_for("studio.edit", key=key), 303)
    form, label = found
    mending = save(key, form, version=version)
    if not isinstance(mending, Saved):
        return redirect(mending.merge_url, 303)
    flash(_("Mended: %(what)s. The history keeps what was there.", what=label), "success")
    return redirect(url_for("studio.edit", key=key), 303)


def _repaired(key: str, name: str) -> tuple[PostInput, str] | None:
    """The draft with the repair of the finding ``name``, and what it is called; None when nothing is found there."""
    post = own_post(key)
    draft = studio.draft_of(post)
    for finding in inspect(db.session, post, draft, now=viewer().now):
        if finding.name == name and finding.repair is not None:
            form = form_of(words_of(draft), post.kind)
            return mended(form, finding.repair.mend), translated(finding.repair.label)
    return None
