"""The live preview: what is being written as the page that readers would get, made by the same code.

The words are saved, rendered and read back as always, and then everything is taken back: whatever saving and
publishing learn to do, the preview shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import jsonify, render_template
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.uow import run_in_unit
from contentshop.posts import actions, queries
from contentshop.posts.inputs import PostInput
from contentshop.web import studio
from contentshop.web.door import Door, manages_own_units
from contentshop.web.reader_pages import PostPage
from contentshop.web.session import viewer
from contentshop.web.studio_saving import own_post
from contentshop.web.words import translated, translated_errors

bp = Door("studio_preview", __name__, url_prefix="/studio")

FRAGMENT = "layouts/fragment.html"


@dataclass(frozen=True, slots=True)
class Tried:
    """A text as it would be published now; ``problems`` are (line, sentence)."""

    page: PostPage
    problems: list[tuple[int, str]]


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
    text = actions.prepare_text(form.source)
    tried = run_in_unit(db.session, lambda: _try(key, form, text), keep=lambda _tried: False)
    return jsonify(
        html=render_template(f"reader/{tried.page.kind}.html", page=tried.page, layout=FRAGMENT).strip(),
        problems=[{"line": line, "text": sentence} for line, sentence in tried.problems],
    )


def _try(key: str, form: PostInput, text: actions.PreparedText) -> Tried:
    who = viewer()
    post = own_post(key)
    actions.save_draft(db.session, post, form, version=post.draft_version, by=who.person(), now=who.now, text=text)
    problems = queries.list_problems(post.draft) if post.draft else []
    told = [(problem.line, _sentence(problem.message)) for problem in problems]
    return Tried(studio.draft_page(post, for_author=False), told)


def _sentence(text: str) -> str:
    words = translated(text)
    return words[:1].upper() + words[1:]
