"""Reads of editors' work."""

from __future__ import annotations

from sqlalchemy import select

from contentshop.core.uow import AnySession
from contentshop.curation.models import Topic

NAV_TOPICS = 8


def list_nav_topics(session: AnySession, locale: str) -> list[tuple[str, str]]:
    """(slug, title in ``locale``) of the topics in the site's navigation."""
    rows = session.execute(
        select(Topic.slug, Topic.title, Topic.translations).order_by(Topic.position, Topic.id).limit(NAV_TOPICS)
    )
    return [(slug, (translations.get(locale) or {}).get("title") or title) for slug, title, translations in rows]
