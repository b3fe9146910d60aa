"""The live preview: what is being written as the page that readers would get, made by the same code.

The words go the way of a draft that is saved, into a revision that no table gets: whatever saving and publishing learn
to do, the preview shows, and nobody who writes has to wait for it.
"""

from __future__ import annotations

from flask import jsonify, render_template
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.posts import actions, queries
from contentshop.web import studio
from contentshop.web.door import Door, manages_own_units
from contentshop.web.session import viewer
from contentshop.web.studio_saving import own_post
from contentshop.web.words import sentence, translated_errors

bp = Door("studio_preview", __name__, url_prefix="/studio")

FRAGMENT = "layouts/fragment.html"


@bp.post("/<key>/live-preview")
@manages_own_units
def live(key: str) -> Response:
    """What the form holds as ``{"html", "problems": [{"line", "text"}]}``; nothing is kept of it.

    ``html`` is what stands within ``main`` on the published page, as this person would see it.
    """
    try:
        form = studio.form_sent(key)
    except Invalid as refusal:
        answer = jsonify(errors=translated_errors(refusal.fields))
        answer.status_code = 422
        return answer
    who, post = viewer(), own_post(key)
    words = actions.try_draft(db.session, post, form, by=who.person(), now=who.now)
    page = studio.draft_page(post, for_author=False, words=words)
    return jsonify(
        html=render_template(f"reader/{page.kind}.html", page=page, layout=FRAGMENT).strip(),
        problems=[
            {"line": problem.line, "text": sentence(problem.message)} for problem in queries.list_problems(words)
        ],
    )
