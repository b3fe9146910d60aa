"""What is not public is found by nobody, whatever is asked for and wherever.

Runs with 40 hidden things here; ``CONTENTSHOP_TEST_HIDDEN=1000`` makes it the 10,000 queries of docs/benchmarks.md.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from contentshop import worker
from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.curation import actions as curation
from contentshop.curation.inputs import FeaturedListInput, SlotInput
from contentshop.posts import actions as posts
from contentshop.posts.inputs import PostInput
from contentshop.posts.models import Post
from contentshop.products.models import Product
from contentshop.reviews import actions as reviews
from contentshop.reviews import queries as reviewing
from contentshop.reviews.inputs import ReviewInput
from contentshop.search.actions import rebuild
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.social import actions as social
from contentshop.social import queries as discussions
from tests.factories import Factory
from tests.received import received

HIDDEN = int(os.environ.get("CONTENTSHOP_TEST_HIDDEN", "40"))
MARK = "umbrellium"  # stands in every hidden thing, beside a word of its own
WAYS = (
    "never published",
    "unpublished",
    "changed after publishing",
    "of a blocked creator",
    "unlisted product",
    "draft of a product",
    "featured from tomorrow",
    "deal that was never published",
    "deal that was taken down",
    "deal changed after publishing",
)
# Ways of what was said below a public post and about a public product.
SILENCED = ("deleted", "hidden", "hidden question", "of a blocked reader", "below an unpublished post")
# Ways of reviews of a public product that nobody is to read any more.
TAKEN_AWAY = ("hidden", "deleted", "of a blocked buyer", "changed")

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def search(tmp_path: Path) -> Iterator[WhooshSearchBackend]:
    backend = WhooshSearchBackend(tmp_path / "index")
    backend.ensure()
    yield backend
    backend.close()


def word(number: int) -> str:
    """A word that stands in nothing but the hidden thing with this number."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "vexo" + "".join(letters[number // 26**place % 26] for place in (2, 1, 0)) + "rin"


@pytest.fixture
def hidden(app: Flask, make: Factory, search: WhooshSearchBackend, clock: FixedClock) -> dict[str, Any]:
    """Hidden things of every kind among public ones, all indexed."""
    author, editor = make.user("creator", handle="open"), make.user("editor")
    blocked = make.user("creator", handle="shut", name=MARK)
    make.topic("things")
    make.product("thing", title="A plain thing", brand="Plain", own={"USD": 500}, stock=3)
    for number in range(HIDDEN):
        one, way = word(number), WAYS[number % len(WAYS)]
        secret = f"{MARK} {one}"
        source = f'{secret} 机密{one}\n\n::card[thing]{{note="{secret}"}}\n'
        fields: dict[str, Any] = {"title": secret, "summary": secret, "topics": ["things"], "slug": f"{MARK}-{number}"}
        if way in ("unlisted product", "draft of a product"):
            status = "archived" if way == "unlisted product" else "draft"
            make.product(f"{MARK}-{number}", title=secret, brand=one, own={"USD": 500}, stock=1, status=status)
        elif way == "featured from tomorrow":
            schedule(make, editor, secret)
        elif way.startswith("deal"):
            deal_out_of_sight(make, author, way, number, secret)
        elif way == "of a blocked creator":
            make.post(blocked, source=source, **fields)
        elif way == "changed after publishing":
            post = make.post(author, title="Plain words", source="Plain.\n\n::card[thing]\n", slug=f"plain-{number}")
            change(make, post.id, author, secret, source)
        else:
            post = make.post(author, source=source, published=way == "unpublished", **fields)
            if way == "unpublished":
                with make.unit()():
                    found = db.session.get_one(Post, post.id)
                    posts.unpublish(db.session, found, by=db.session.merge(author), now=clock.now())
    make.post(author, title="Open talk", source="Plain.\n\n::card[thing]\n", slug="open-talk")
    silence(make, author, blocked)
    take_away(make, blocked)
    with make.unit()():
        db.session.get_one(User, blocked.id).blocked = True
    worker.settle(app)
    with app.app_context():
        rebuild(db.session, search, now=clock.now())
    return {"author": author}


def silence(make: Factory, author: User, blocked: User) -> None:
    """Have everything said that nobody is to read any more; ``blocked`` will be."""
    reader, editor = make.user(), make.user("editor")
    closed = make.post(author, title="Closed talk", source="Plain.\n\n::card[thing]\n", slug="closed-talk")
    for number, way in enumerate(SILENCED):
        with make.unit()():
            session = db.session
            slug = "closed-talk" if way == "below an unpublished post" else "open-talk"
            about = (
                discussions.find_product(session, "thing")
                if way == "hidden question"
                else discussions.find_post(session, slug)
            )
            text = f"{MARK} {word(HIDDEN + number)}"
            by = session.get_one(User, blocked.id if way == "of a blocked reader" else reader.id)
            said = social.say_something(session, about, text, by=by, now=make.now)
            # What was answered stays and shows that something is gone.
            social.say_something(
                session, about, "A plain answer", by=session.get_one(User, reader.id), now=make.now, parent_key=said.key
            )
            found = discussions.get_comment(session, said.key)
            if way == "deleted":
                social.remove(session, found, by=by, now=make.now)
            elif way.startswith("hidden"):
                social.hide(session, found, "Off topic", by=session.get_one(User, editor.id), now=make.now)
    with make.unit()():
        post = db.session.get_one(Post, closed.id)
        posts.unpublish(db.session, post, by=db.session.merge(author), now=make.now)


def take_away(make: Factory, blocked: User) -> None:
    """Have reviews written that are not to be read any more, and one that is; ``blocked`` will be."""
    reader, editor = make.user(), make.user("editor")
    with make.unit()():
        thing = db.session.scalars(select(Product).where(Product.slug == "thing")).one()
        db.session.expunge(thing)
    for number, way in enumerate((*TAKEN_AWAY, "shown")):
        buyer = blocked if way == "of a blocked buyer" else reader
        order = received(make, buyer, thing)
        secret = f"{MARK} {word(HIDDEN + len(SILENCED) + number)}"
        words = "Plainly wobbles" if way == "shown" else secret
        with make.unit()():
            session, by = db.session, db.session.get_one(User, buyer.id)
            line = reviewing.get_to_review(session, by.id, order, 1)
            said = ReviewInput.parse({"stars": "5", "title": words, "text": words, "lang": "en"})
            review = reviews.write(session, line, said, by=by, now=make.now)
            if way == "hidden":
                reviews.hide(session, review, "Off topic", by=session.get_one(User, editor.id), now=make.now)
            elif way == "deleted":
                reviews.remove(session, review, by=by, now=make.now)
            elif way == "changed":
                plain = ReviewInput.parse({"stars": "4", "title": "Plain", "text": "Plain words", "lang": "en"})
                reviews.change(session, review, plain, by=by, now=make.now)


def deal_out_of_sight(make: Factory, author: User, way: str, number: int, secret: str) -> None:
    """A deal whose words, code, condition and steps are nobody's business (any more, or yet)."""
    plain = {"product": "thing", "price": "4.00", "currency": "USD", "shop": "own", "coupon": f"PLAIN{number}"}
    hidden = plain | {"coupon": secret[:60], "terms": secret, "steps": secret, "note": secret[:60]}
    if way == "deal changed after publishing":
        post = make.post(author, kind="deal", title="Plain deal", slug=f"plain-deal-{number}", deal=plain)
        form = PostInput.parse(kind="deal", title=secret, summary=secret, source=secret, deal=hidden)
        save_over(make, post.id, author, form)
        return
    published = way == "deal that was taken down"
    fields: dict[str, Any] = {"title": secret, "summary": secret, "topics": ["things"], "source": secret}
    post = make.post(author, kind="deal", slug=f"{MARK}-{number}", published=published, deal=hidden, **fields)
    if published:
        with make.unit()():
            found = db.session.get_one(Post, post.id)
            posts.unpublish(db.session, found, by=db.session.merge(author), now=make.now)


def save_over(make: Factory, post_id: int, author: User, form: PostInput) -> None:
    """Save other words over a published post, without publishing them."""
    with make.unit()():
        post = db.session.get_one(Post, post_id)
        posts.save_draft(db.session, post, form, version=post.draft_version, by=db.session.merge(author), now=make.now)


def schedule(make: Factory, editor: User, title: str) -> None:
    """Feature a list on the home page from tomorrow."""
    form = FeaturedListInput.parse(title=title, intro=title, lang="en", items=[("product", "thing", title)])
    with make.unit()():
        by = db.session.merge(editor)
        featured = curation.create_list(db.session, form, by=by, now=make.now)
        when = SlotInput(position=0, starts_at=make.now + timedelta(days=1), ends_at=None)
        curation.place(db.session, featured, when, by=by, now=make.now)


def change(make: Factory, post_id: int, author: User, title: str, source: str) -> None:
    """Save other words over a published post, without publishing them."""
    save_over(make, post_id, author, PostInput.parse(kind="article", title=title, summary=title, source=source))


def questions(number: int) -> list[str]:
    """Addresses at which somebody may try to find the hidden thing with this number."""
    one = word(number)
    typo = one[:4] + one[5:]
    texts = [one, f'"{one}"', one[:6], typo, f"{one} thing", f"brand:{one}", f"-nothing {one}", f"机密{one}"]
    return [
        *(f"/search?q={quote(text)}" for text in texts),
        f"/search?q={one}&sort=newest&kind=post&lang=en",
        f"/search?q={one}&exact=1&why=1",
        f"/search?q={one}&kind=deal&running=1",
        f"/suggest.json?q={one[:5]}",
        f"/suggest.json?q={one}",
    ]


PAGES = (
    "/",
    f"/search?q={MARK}",
    "/search?q=",
    "/search?q=&sort=newest",
    f"/search?q=by:shut+{MARK}",
    f"/suggest.json?q={MARK[:4]}",
    "/trending",
    "/feed.xml",
    "/sitemap.xml",
    "/topics/things",
    "/topics/things/feed.xml",
    "/deals",
    "/deals/hot?show=everywhere",
    "/deals/ending?show=running",
    "/deals/feed.xml",
    "/@open/deals",
    "/@open",
    "/@open/feed.xml",
    "/@shut",
    "/@shut/feed.xml",
    "/products/thing",
    "/p/plain-2",
    "/p/open-talk",
    "/p/open-talk/comments",
    "/p/closed-talk/comments",
    "/products/thing/questions",
    "/products/thing/reviews",
    "/products/thing/reviews?sort=newest&stars=5",
)


def test_hidden_things_are_nowhere(
    app: Flask,
    client: FlaskClient,
    hidden: dict[str, Any],
    make: Factory,
    sign_in: Callable[[FlaskClient, Any], FlaskClient],
) -> None:
    stranger = sign_in(app.test_client(), make.user("creator"))
    asked = [address for number in range(HIDDEN + len(SILENCED) + len(TAKEN_AWAY)) for address in questions(number)]
    asked += [*PAGES] * 2
    random.Random(1).shuffle(asked)
    found = []
    for number, address in enumerate(asked):
        answer = (client, stranger)[number % 2].get(address)
        assert answer.status_code in {200, 404}, address
        if leaks(answer.text, address):
            found.append(address)
    assert found == []


def test_words_of_shown_reviews_find_their_product(client: FlaskClient, hidden: dict[str, Any]) -> None:
    for text in ("wobbles", "wobble", '"plainly wobbles"'):
        assert '/products/thing"' in client.get(f"/search?q={quote(text)}&kind=product").text, text


def leaks(told: str, address: str) -> bool:
    """Whether an answer shows a hidden thing: its mark, or the address it would have."""
    if MARK in address:
        return f"/{MARK}-" in told
    return MARK in told


def test_addresses_of_hidden_things_answer_as_if_they_were_not(client: FlaskClient, hidden: dict[str, Any]) -> None:
    for number, way in enumerate(WAYS):
        if way != "unlisted product":  # has a page, since posts that were written about it link to it
            kind = {"featured from tomorrow": "featured", "draft of a product": "products"}.get(way, "p")
            assert client.get(f"/{kind}/{MARK}-{number}").status_code in {404, 410}, way


def test_the_test_can_fail(client: FlaskClient, hidden: dict[str, Any], make: Factory, app: Flask) -> None:
    make.post(make.user("creator"), title=f"{MARK} out", source=f"{word(0)} in the open", slug=f"{MARK}-open")
    worker.settle(app)
    with app.app_context():
        rebuild(db.session, app.extensions["contentshop"].engines.search, now=make.now)
    for address in (f"/search?q={word(0)}", f"/search?q={MARK}", "/"):
        assert leaks(client.get(address).text, address), address
