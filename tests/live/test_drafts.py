"""A draft's unique word is found by nobody but its author, wherever one may look."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from contentshop.core.db import db
from contentshop.core.jobs import Job
from contentshop.posts.models import Post
from tests.live.site import Browser, LiveSite

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

WORD = "zyxgloriam"
PLACES = (
    "/",
    "/search?q={word}",
    "/search?q={word}&sort=newest",
    "/search?q=%22{word}%22",
    "/search?q=notes",
    "/search?q=",
    "/search?q={word}&kind=post",
    "/search?q={word}&in_stock=1",
    "/feed.xml",
    "/sitemap.xml",
    "/topics/secrets",
    "/topics/secrets/feed.xml",
    "/@{handle}",
    "/@{handle}/feed.xml",
    "/products/known",
    "/p/{slug}",
    "/studio/{key}",
    "/studio/{key}/preview",
    "/studio/products.json?q={word}",
)


def settle(site: LiveSite) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with site.app.app_context():
            waiting = db.session.scalar(select(Job.id).where(Job.done_at.is_(None)).limit(1))
            db.session.remove()
        if waiting is None:
            return
        time.sleep(0.2)
    raise AssertionError("the worker does not catch up")


@pytest.mark.parametrize("history", ["never published", "unpublished", "published, then changed"])
def test_nobody_finds_the_word(site: LiveSite, history: str) -> None:
    word = WORD + str(["never published", "unpublished", "published, then changed"].index(history))
    author = site.make.user("creator")
    site.make.topic(f"secrets-{word}")
    site.make.product(f"known-{word}", own={"USD": 500}, stock=3)
    text = f'The word is {word}.\n\n::card[known-{word}]{{note="{word}"}}\n'
    fields = {"title": f"Notes {word}", "source": text, "summary": word, "topics": [f"secrets-{word}"]}
    browser = Browser(site.url)
    if history == "never published":
        post = site.make.post(author, published=False, **fields)
    else:
        public = fields if history == "unpublished" else {**fields, "title": "Notes", "source": "Open.", "summary": ""}
        post = site.make.post(author, published=True, **public)
        settle(site)
        browser.sign_in(author.email)
        place = f"/studio/{post.key}"
        form = browser.form(place)
        if history == "unpublished":
            assert browser.post(f"{place}/unpublish", {"csrf_token": form["csrf_token"]}).status_code == 303
        else:
            changed = form | {
                "title": f"Notes {word}",
                "source": text,
                "summary": word,
                "lang": "en",
                "relation": "affiliate",
                "do": "save",
            }
            assert browser.post(place, changed).status_code == 303
    settle(site)
    with site.app.app_context():
        slug = db.session.scalar(select(Post.slug).where(Post.key == post.key))
        db.session.remove()
    people = [Browser(site.url)]
    for role in ("reader", "creator", "operator"):
        person = Browser(site.url)
        person.sign_in(site.make.user(role).email)
        people.append(person)
    for number, person in enumerate(people):
        for place in PLACES:
            path = place.format(word=word, handle=author.handle, slug=slug, key=post.key)
            path = path.replace("/topics/secrets", f"/topics/secrets-{word}").replace("known", f"known-{word}")
            answer = person.get(path)
            # The word may stand where the asker typed it, and in names of the stage that are public.
            shown = (
                answer.text.replace(f"secrets-{word}", "")
                .replace(f"known-{word}", "")
                .replace(f"Known {word.title()}", "")
            )
            told = shown.lower().count(f"the word is {word}") + shown.lower().count(f"notes {word}")
            assert told == 0, f"{path} tells person {number} the word"
