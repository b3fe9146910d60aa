"""The studio: where creators write, see how each card resolves, and publish.

Rendering a text and decoding a picture take a while, so the views that save do it before they begin to write,
and run their units of work themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.wrappers import Response

from contentshop.accounts import actions as accounts
from contentshop.core.db import db
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.paging import Page, page_number
from contentshop.core.words import say
from contentshop.core.zones import zone_names
from contentshop.curation import queries as curation
from contentshop.media import actions as media
from contentshop.media import images
from contentshop.media import queries as pictures
from contentshop.posts import actions, history, notices, plans, policy, queries, teamwork
from contentshop.posts.bargains import DEAL_WORDS, OWN_SHOP, PREFIX
from contentshop.posts.inputs import PostInput
from contentshop.posts.queries import OwnPost
from contentshop.web import reading, starters, studio_refresh
from contentshop.web.cards import card_views, cards_of, facts_of, product_card
from contentshop.web.chrome import current_chrome, language_tag, money
from contentshop.web.deal_pages import deal_view
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.picking import pick_products
from contentshop.web.pictures import media_url, picture
from contentshop.web.reader_pages import Paging, PostPage
from contentshop.web.session import engines, settings, viewer
from contentshop.web.studio_checks import checks_of
from contentshop.web.studio_pages import (
    CardLine,
    Choice,
    DealFields,
    EditPage,
    NewPage,
    PostRow,
    PostsPage,
    PreviewPage,
    StartPage,
)
from contentshop.web.studio_saving import Saved, in_unit, own_post, sent_version
from contentshop.web.studio_saving import save as save_words
from contentshop.web.studio_side import invitation_lines, notice_lines, plan_lines, post_side
from contentshop.web.urls import post_url
from contentshop.web.words import translated_errors
from contentshop.web.zones import own_zone, zone_label

if TYPE_CHECKING:
    from contentshop.media.models import Asset
    from contentshop.posts.models import Post, Revision

bp = Door("studio", __name__, url_prefix="/studio")

ROWS = 50  # posts of one page
FOUND = 10  # products the picker shows
INLINE_WIDTH = 960  # pixels; a little more than the column of text, for dense screens
BUTTONS = frozenset({"publish", "unpublish", "picture", "autosave", "lock", "unlock", "remarks", "leave", "repair"})
STATES = ("draft", "published", "unpublished")
FIELDS = (
    "title",
    "summary",
    "source",
    "lang",
    "tested",
    "tested_from",
    "tested_to",
    "owned_since",
    "relation",
    "cover_alt",
    "picture_alt",
)
DEAL_FIELDS = tuple(PREFIX + name for name in DEAL_WORDS)

# Signs that Markdown would read even inside a tag.
PLAIN_IN_MARKDOWN = str.maketrans("[]`\\", "()'/")


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of a post holds, before it is known to be right."""

    values: Mapping[str, str]
    topics: Sequence[str]
    version: int
    cover: Asset | None


@bp.get("")
def home() -> Response:
    """My posts; for somebody who may not write yet, the way to become a creator."""
    who = viewer()
    if not who.can_write:
        return show("studio/start.html", StartPage(settings().open_creators and who.person().role == "reader"))
    person, state = who.person(), request.args.get("state")
    state = state if state in STATES else None
    counts = queries.count_by_state(db.session, person)
    total = counts.get(state, 0) if state else sum(counts.values())
    number = page_number(request.args.get("page"))
    found = queries.list_for_author(db.session, person, state=state, limit=ROWS, offset=(number - 1) * ROWS)
    page = PostsPage(
        tabs=_tabs(counts, state),
        posts=[_row(post) for post in found],
        empty=not counts,
        paging=_paging(Page(found, number, ROWS, total), state),
        notices=notice_lines(notices.list_unread(db.session, person)),
        invitations=invitation_lines(teamwork.list_invitations(db.session, person, now=who.now)),
        plans=plan_lines(plans.list_waiting(db.session, person)),
        to_refresh=len(studio_refresh.waiting()) if counts.get("published") else 0,
    )
    return show("studio/home.html", page)


@bp.post("/start")
def start() -> Response:
    """Make a reader a creator, where the site lets everybody write; others stay who they are."""
    who = viewer()
    person = who.person()
    if not settings().open_creators or person.role != "reader":
        return redirect(url_for("studio.home"), 303)
    accounts.set_role(db.session, person, "creator", now=who.now)
    flash(_("You can write now. What do you recommend?"), "success")
    return redirect(url_for("studio.new"), 303)


@bp.get("/new")
def new() -> Response:
    """Choose what to write."""
    asked = starters.find(request.args.get("kind", ""))
    kind = asked.name if asked else starters.STARTERS[0].name
    return show("studio/new.html", _new_page({"kind": kind, "title": "", "lang": viewer().locale}, {}))


@bp.post("/new")
def create() -> Response:
    """Begin a post: with a scaffold, or with nothing."""
    values = {name: request.form.get(name, "") for name in ("kind", "title", "lang")}
    starter = starters.find(values["kind"])
    kind = starter.kind if starter else values["kind"]
    # What a deal is usually counted and timed in.
    usual = {"currency": viewer().currency, "zone": own_zone()}
    try:
        form = PostInput.parse(kind=kind, title=values["title"], lang=values["lang"], deal=usual)
        if starter:
            form = replace(form, source=starter.source(form.lang))
    except Invalid as refusal:
        return show("studio/new.html", _new_page(values, refusal.fields), 422)
    post = actions.create_draft(db.session, form, by=viewer().person(), now=viewer().now)
    return redirect(url_for("studio.edit", key=post.key), 303)


@bp.get("/products.json")
def find_products() -> Response:
    """Products for the picker. ``key`` is what a card names."""
    who = viewer()
    text = request.args.get("q", "")[:100].strip()
    picks = pick_products(text, FOUND, who)
    views = [(fact, product_card(fact, who, known=picks.known)) for fact in picks.found]
    return jsonify(
        products=[
            {
                "key": fact.slug,
                "title": view.title,
                "brand": view.brand,
                "price": money(view.price) if view.price else "",
                "picture": view.picture.src if view.picture else "",
            }
            for fact, view in views
        ]
    )


@bp.get("/<key>")
def edit(key: str) -> Response:
    """Write. Reviewers get what they may remark on, editors the preview."""
    post = _post(key)
    if policy.role_in(viewer().user, post) == "reviewer":
        return redirect(url_for("studio_review.review", key=key))
    if not policy.can_change(viewer().user, post):
        return redirect(url_for("studio.preview", key=key))
    return show("studio/edit.html", _edit_page(post, _stored(post)))


@bp.get("/<key>/<verb>")
def back(key: str, verb: str) -> Response:
    """Where somebody lands who opens the address of a form's button, or reloads it: the writing page."""
    if verb not in BUTTONS:
        raise NotFound(say("There is no such page."))
    return redirect(url_for("studio.edit", key=_post(key).key))


@bp.post("/<key>")
@manages_own_units
def save(key: str) -> Response:
    """Save the draft; then stay, or look at it when ``do`` is ``preview``."""
    saved = save_form(key)
    if not isinstance(saved, Saved):
        return saved
    if request.form.get("do") == "preview":
        return redirect(url_for("studio.preview", key=key), 303)
    flash(_("Draft saved."), "success")
    return redirect(url_for("studio.edit", key=key), 303)


@bp.post("/<key>/publish")
@manages_own_units
def publish(key: str) -> Response:
    """Save the draft, then show exactly that to readers; a refusal keeps the saved draft."""
    who = viewer()
    saved = save_form(key) if "source" in request.form else None
    if saved is not None and not isinstance(saved, Saved):
        return saved

    def show_readers() -> None:
        post = own_post(key)
        actions.publish(
            db.session,
            post,
            by=who.person(),
            now=who.now,
            revision=history.get_revision(db.session, post, saved.number) if saved else None,
            note=request.form.get("update_note", ""),
            silent=bool(request.form.get("silent")),
        )

    try:
        in_unit(show_readers)
    except Invalid as refusal:
        post = _post(key)
        first = [_("Not published. The draft is saved."), *refusal.fields.get("", [])]
        errors = {"": first, **{name: told for name, told in refusal.fields.items() if name}}
        return show("studio/edit.html", _edit_page(post, _stored(post), errors=errors), 422)
    flash(_("Published. Readers can see it now."), "success")
    return redirect(url_for("studio.edit", key=key), 303)


@bp.post("/<key>/unpublish")
def unpublish(key: str) -> Response:
    """Take the post off the site."""
    actions.unpublish(db.session, _post(key), by=viewer().person(), now=viewer().now)
    flash(_("The post is off the site. Its text and its cards are kept."), "success")
    return redirect(url_for("studio.edit", key=key), 303)


@bp.post("/<key>/picture")
@manages_own_units
def add_picture(key: str) -> Response:
    """Store a picture and put it at the end of the text, which is saved along with it."""
    post = own_post(key)
    try:
        stored = _upload("picture", "picture_alt")
        if stored is None:
            raise Invalid({"picture": [say("Choose a picture first.")]})
    except Invalid as refusal:
        return show("studio/edit.html", _edit_page(post, _typed(post), errors=refusal.fields), 422)
    saved = save_form(key, more=f"\n\n{_picture_markup(stored)}\n")
    if not isinstance(saved, Saved):
        return saved
    flash(_("The picture stands at the end of your text; move its line where it belongs."), "success")
    return redirect(url_for("studio.edit", key=key), 303)


@bp.get("/<key>/preview")
def preview(key: str) -> Response:
    """The draft as readers would see it."""
    who, post = viewer(), _post(key)
    return show(
        "studio/preview.html",
        PreviewPage.around(
            draft_page(post, for_author=True),
            key=post.key,
            state=post.state,
            changed=post.state != "published" or post.live_id != post.draft_id,
            may_change=policy.can_change(who.user, post),
            may_remark=policy.can_remark(who.user, post),
            problems=len(draft_of(post).problems),
        ),
    )


def draft_page(post: Post, *, for_author: bool, words: Revision | None = None) -> PostPage:
    """The draft, or ``words`` in its place, as readers would see it; no page of the site for search engines."""
    who = viewer()
    found = queries.get_preview(db.session, post, now=who.now, words=words)
    facts = facts_of(found.cards, found.lang)
    cards = cards_of(found.cards, facts, who, for_author=for_author)
    titles = {topic.slug: topic.title for topic in curation.list_topics(db.session, who.locale)}
    topics = [(titles.get(slug, slug), f"/topics/{slug}") for slug in found.topics]
    page = reading.post_page(found, cards, topics)
    if found.kind == "deal":
        page = replace(page, deal=deal_view(found, facts, who, live=False))
    return replace(page, head=replace(page.head, title=found.title or _("Untitled"), noindex=True, data=()))


def _post(key: str) -> Post:
    """The post, for its author and editors. Raises NotFound for everybody else."""
    return queries.get_for_studio(db.session, key, viewer().user)


def form_sent(key: str) -> PostInput:
    """What the writing form was sent with. Raises Invalid by field, Forbidden and NotFound as ``own_post``."""
    post = own_post(key)
    return _form(post, _typed(post), "")


def draft_of(post: Post) -> Revision:
    """The draft of a post. Raises NotFound without one."""
    if post.draft is None:
        raise NotFound(say("There is no such post."))
    return post.draft


def save_form(key: str, *, more: str = "", how: actions.How = "saved") -> Response | Saved:
    """Save what the form holds, and ``more`` behind the text; or the answer when that cannot be."""
    post = own_post(key)
    typed = _typed(post)
    try:
        # Kept even when the rest of the form is refused: a browser cannot choose a file again by itself.
        typed = replace(typed, cover=_upload("cover", "cover_alt") or typed.cover)
        form = _form(post, typed, more)
    except Invalid as refusal:
        return show("studio/edit.html", _edit_page(post, typed, errors=refusal.fields), 422)
    saved = save_words(key, form, version=typed.version, how=how)
    return saved if isinstance(saved, Saved) else redirect(saved.merge_url, 303)


def _upload(field: str, alt_field: str) -> Asset | None:
    """Store the picture sent in ``field``, if there is one. Raises Invalid for that field."""
    sent = request.files.get(field)
    data = sent.read() if sent is not None else b""
    if not data:
        return None
    try:
        encoded = images.encode(data)
    except Invalid as refusal:
        raise Invalid({field: refusal.fields["picture"]}) from refusal
    alt = request.form.get(alt_field, "")
    return in_unit(
        lambda: media.store_encoded(
            db.session, engines().storage, encoded, owner=viewer().person(), alt=alt, now=viewer().now
        )
    )


def _picture_markup(asset: Asset) -> str:
    """A stored picture as a line of Markdown, with its size, so that the page does not jump."""
    width = next((width for width in asset.widths if width >= INLINE_WIDTH), asset.widths[-1])
    height = max(1, round(asset.height * width / asset.width))
    words = " ".join(request.form.get("picture_alt", "").split())
    alt = escape(words.translate(PLAIN_IN_MARKDOWN))
    return f'<img src="{media_url(asset.key, width)}" alt="{alt}" width="{width}" height="{height}">'


def _typed(post: Post) -> Typed:
    """What the form was sent with. A picture chosen earlier travels along by its key."""
    names = (*FIELDS, *DEAL_FIELDS) if post.kind == "deal" else FIELDS
    return Typed(
        values={name: request.form.get(name, "") for name in names},
        topics=request.form.getlist("topics"),
        version=sent_version(),
        cover=None if request.form.get("no_cover") else _chosen_cover(post),
    )


def _chosen_cover(post: Post) -> Asset | None:
    """The picture named by the form, if it is the person's own or the post's already."""
    asset = pictures.find_asset(db.session, request.form.get("cover_key", "")[:20])
    if asset is None:
        return None
    own = asset.owner_id == viewer().person().id
    return asset if own or asset.id == draft_of(post).cover_id else None


def _stored(post: Post) -> Typed:
    """What the form holds before anything was typed: the draft."""
    draft = draft_of(post)
    return Typed(
        values={
            "title": draft.title,
            "summary": draft.summary,
            "source": draft.source,
            "lang": draft.lang,
            "tested": draft.tested,
            "tested_from": draft.tested_from.isoformat() if draft.tested_from else "",
            "tested_to": draft.tested_to.isoformat() if draft.tested_to else "",
            "owned_since": draft.owned_since.isoformat() if draft.owned_since else "",
            "relation": draft.relation,
            "cover_alt": draft.cover_alt,
            "picture_alt": "",
        }
        | ({PREFIX + name: draft.deal.get(name, "") for name in DEAL_WORDS} if post.kind == "deal" else {}),
        topics=draft.topics,
        version=post.draft_version,
        cover=draft.cover,
    )


def _form(post: Post, typed: Typed, more: str) -> PostInput:
    values = typed.values
    known = {topic.slug for topic in curation.list_topics(db.session, viewer().locale)}
    return PostInput.parse(
        kind=post.kind,
        title=values["title"],
        summary=values["summary"],
        source=values["source"].rstrip() + more if more else values["source"],
        lang=values["lang"],
        topics=typed.topics,
        tested=values["tested"],
        tested_from=values["tested_from"],
        tested_to=values["tested_to"],
        owned_since=values["owned_since"],
        # The day that has begun first on Earth: a creator's clock may be ahead of ours.
        today=(viewer().now + timedelta(hours=14)).date(),
        relation=values["relation"],
        cover_id=typed.cover.id if typed.cover else None,
        cover_alt=values["cover_alt"],
        deal={name: values[PREFIX + name] for name in DEAL_WORDS} if post.kind == "deal" else None,
        known_topics=known | set(draft_of(post).topics),
    )


# ---- page records


def _edit_page(
    post: Post,
    typed: Typed,
    *,
    errors: Mapping[str, list[str]] | None = None,
) -> EditPage:
    who, draft = viewer(), draft_of(post)
    topics = [(topic.slug, topic.title, "", "") for topic in curation.list_topics(db.session, who.locale)]
    views = card_views(draft.cards, who, for_author=True, locale=draft.lang)
    return EditPage(
        key=post.key,
        kind=post.kind,
        state=post.state,
        lang=language_tag(draft.lang),
        version=typed.version,
        values=typed.values,
        topics=topics,
        chosen=typed.topics,
        languages=_languages(draft.lang),
        relations=_relations(),
        cover=picture(typed.cover, typed.values["cover_alt"]),
        cover_key=typed.cover.key if typed.cover else "",
        errors=translated_errors(errors or {}),
        checks=checks_of(post, draft),
        cards=[CardLine(entry["line"], views[entry["key"]]) for entry in draft.cards if entry["key"] in views],
        changed=post.live_id is not None and post.live_id != post.draft_id,
        live_url=post_url(post.slug) if post.state == "published" else "",
        saved_at=draft.saved_at,
        published_at=post.published_at,
        side=post_side(post),
        deal=_deal_fields(post) if post.kind == "deal" else None,
    )


def _deal_fields(post: Post) -> DealFields:
    """What the fields of a deal offer to choose from: the shops that sell its product, once that is known."""
    who, draft = viewer(), draft_of(post)
    entry = next((entry for entry in draft.cards if entry["kind"] == "deal"), None)
    product = facts_of([entry], who.locale).get(entry["product_id"]) if entry else None
    offers = product.offers if product is not None else ()
    shops = {offer.merchant_key: offer.merchant_name for offer in offers if not offer.own and offer.active}
    ours = [(OWN_SHOP, settings().site_name)] if any(offer.own for offer in offers) else []
    chosen = draft.deal.get("shop", "")
    found = [*ours, *sorted(shops.items(), key=lambda shop: shop[1])]
    if chosen and chosen not in dict(found):
        found.append((chosen, settings().site_name if chosen == OWN_SHOP else chosen))
    currencies = dict.fromkeys([*settings().currencies, draft.deal.get("currency") or who.currency])
    return DealFields(
        product=product.title if product is not None else "",
        shops=found,
        currencies=[(code, code) for code in currencies],
        regions=current_chrome().regions,
        zones=sorted(((name, zone_label(name)) for name in zone_names()), key=lambda zone: zone[1]),
        standing_url=url_for("studio_deals.standing", key=post.key) if post.live_id is not None else "",
    )


def _languages(present: str) -> list[Choice]:
    known = [("en", "English"), ("zh", "中文")]
    return known if present in dict(known) else [*known, (present, present)]


def _relations() -> list[Choice]:
    return [
        ("affiliate", _("Commission on links")),
        ("own", _("We sell some ourselves")),
        ("gifted", _("Some were gifts to me")),
        ("lent", _("Some were lent to me")),
        ("paid", _("A company paid me")),
        ("none", _("Nobody pays")),
    ]


def _new_page(values: Mapping[str, str], errors: Mapping[str, list[str]]) -> NewPage:
    languages, told = _languages("en"), translated_errors(errors)
    return NewPage(starters=starters.STARTERS, values=values, languages=languages, errors=told)


def _tabs(counts: Mapping[str, int], state: str | None) -> list[tuple[str, str, bool, int]]:
    labels = {"draft": _("Drafts"), "published": _("Published"), "unpublished": _("Off the site")}
    tabs = [(_("All"), url_for("studio.home"), state is None, sum(counts.values()))]
    return tabs + [
        (labels[name], url_for("studio.home", state=name), state == name, counts.get(name, 0)) for name in STATES
    ]


def _row(post: OwnPost) -> PostRow:
    return PostRow(
        title=post.title or _("Untitled"),
        url=url_for("studio.edit", key=post.key),
        live_url=post_url(post.slug) if post.state == "published" else "",
        kind=post.kind,
        state=post.state,
        role=post.role,
        lang=language_tag(post.lang),
        changed=post.changed and post.state == "published",
        problems=post.problems,
        updated_at=post.updated_at,
    )


def _paging(page: Page[OwnPost], state: str | None) -> Paging:
    def address(number: int) -> str:
        return url_for("studio.home", state=state, page=number if number > 1 else None)

    if page.pages == 1:
        return Paging()
    return Paging(
        previous_url=address(page.number - 1) if page.has_previous else "",
        next_url=address(page.number + 1) if page.has_next else "",
        position=_("Page %(page)s of %(pages)s", page=page.number, pages=page.pages),
    )
