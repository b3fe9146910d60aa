"""Changes to editors' work. None commits; the door does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key, slugify
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import Said, say
from contentshop.curation.events import FeaturedListChanged
from contentshop.curation.inputs import FeaturedListInput, ItemInput, SlotInput
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot, Topic
from contentshop.posts.models import Post
from contentshop.products.models import Product


def create_list(
    session: AnySession, form: FeaturedListInput, *, by: User, now: datetime, slug: str = ""
) -> FeaturedList:
    """Make a featured list. Raises Invalid when an item does not exist or is not public."""
    _require_editor(by)
    targets = _targets(session, form.items)
    key = new_key()
    featured = FeaturedList(
        key=key,
        slug=slug or _free_slug(session, form.title, key),
        title=form.title,
        intro=form.intro,
        lang=form.lang,
        editor_id=by.id,
        created_at=now,
        updated_at=now,
    )
    featured.items = targets
    session.add(featured)
    session.flush()
    record(session, FeaturedListChanged(featured_list=key), now=now)
    return featured


def change_list(
    session: AnySession, featured: FeaturedList, form: FeaturedListInput, *, version: int, by: User, now: datetime
) -> None:
    """Change a featured list. Raises Conflict when somebody else saved it since ``version``, or Invalid."""
    _require_editor(by)
    targets = _targets(session, form.items)
    changed = session.execute(
        update(FeaturedList)
        .where(FeaturedList.id == featured.id, FeaturedList.version == version)
        .values(title=form.title, intro=form.intro, lang=form.lang, updated_at=now, version=FeaturedList.version + 1)
        .execution_options(synchronize_session=False)
    )
    if getattr(changed, "rowcount", 0) != 1:
        raise Conflict(say("Somebody else has saved this list in the meantime. Copy your changes and reload the page."))
    featured.items.clear()
    session.flush()
    featured.items = targets
    session.flush()
    session.refresh(featured)
    record(session, FeaturedListChanged(featured_list=featured.key), now=now)


def delete_list(session: AnySession, featured: FeaturedList, *, by: User, now: datetime) -> None:
    """Remove a featured list and its places."""
    _require_editor(by)
    session.delete(featured)
    record(session, FeaturedListChanged(featured_list=featured.key), now=now)


def place(session: AnySession, featured: FeaturedList, form: SlotInput, *, by: User, now: datetime) -> Slot:
    """Show the list on the home page for a period, instead of any place it had there."""
    _require_editor(by)
    featured.slots.clear()
    session.flush()
    slot = Slot(
        place="home", position=form.position, starts_at=form.starts_at, ends_at=form.ends_at, list_id=featured.id
    )
    featured.slots.append(slot)
    _touch(featured, now)
    session.flush()
    record(session, FeaturedListChanged(featured_list=featured.key), now=now)
    return slot


def unplace(session: AnySession, featured: FeaturedList, *, by: User, now: datetime) -> None:
    """Take the list off the home page."""
    _require_editor(by)
    featured.slots.clear()
    _touch(featured, now)
    record(session, FeaturedListChanged(featured_list=featured.key), now=now)


def ensure_topic(
    session: AnySession,
    slug: str,
    title: str,
    *,
    translations: dict[str, dict[str, str]] | None = None,
    intro: str = "",
) -> Topic:
    """The topic ``slug``, made if it is new."""
    topic = session.scalar(select(Topic).where(Topic.slug == slug))
    if topic is None:
        count = len(list(session.scalars(select(Topic.id))))
        topic = Topic(slug=slug, title=title, intro=intro, translations=translations or {}, position=count)
        session.add(topic)
        session.flush()
    return topic


def _touch(featured: FeaturedList, now: datetime) -> None:
    featured.version += 1
    featured.updated_at = now


def _require_editor(by: User) -> None:
    if not can_edit(by):
        raise Forbidden(say("Only editors change featured lists."))


def _unknown(item: ItemInput) -> Said:
    if item.kind == "post":
        return say("There is no published post “%(ref)s”.", ref=item.ref)
    return say("There is no product “%(slug)s”.", slug=item.ref)


def _targets(session: AnySession, items: Sequence[ItemInput]) -> list[FeaturedItem]:
    posts = _ids(session, Post, Post.state == "published", [i.ref for i in items if i.kind == "post"])
    products = _ids(session, Product, Product.listed.is_(True), [i.ref for i in items if i.kind == "product"])
    problems: dict[str, list[str]] = {}
    found = []
    for number, item in enumerate(items):
        ids = posts if item.kind == "post" else products
        if item.ref not in ids:
            problems[f"items-{number}"] = [_unknown(item)]
            continue
        found.append(
            FeaturedItem(
                position=number,
                post_id=posts[item.ref] if item.kind == "post" else None,
                product_id=products[item.ref] if item.kind == "product" else None,
                reason=item.reason,
            )
        )
    if problems:
        raise Invalid(problems)
    return found


def _ids(
    session: AnySession, model: type[Post] | type[Product], public: ColumnElement[bool], refs: list[str]
) -> dict[str, int]:
    if not refs:
        return {}
    rows = session.execute(select(model.slug, model.id).where(model.slug.in_(refs), public))
    return {row.slug: row.id for row in rows}


def _free_slug(session: AnySession, title: str, key: str) -> str:
    slug = slugify(title, fallback=key)
    taken = session.scalar(select(FeaturedList.id).where(FeaturedList.slug == slug))
    return f"{slug}-{key[:4]}" if taken else slug
