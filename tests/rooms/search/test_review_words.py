"""The words of reviews in the documents of products: only what is shown, bounded, one statement for a batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.products.models import Product
from contentshop.reviews import actions, queries
from contentshop.reviews.inputs import ReviewInput
from contentshop.search.documents import product_documents
from tests.factories import Factory
from tests.received import received

Counting = Callable[[], AbstractContextManager[list[str]]]


def say(make: Factory, product: Product, words: str) -> str:
    """A review by somebody new; its key."""
    buyer = make.user()
    order = received(make, buyer, product)
    with make.unit()():
        by = db.session.get_one(User, buyer.id)
        line = queries.get_to_review(db.session, by.id, order, 1)
        said = ReviewInput.parse({"stars": "4", "title": f"About {words}", "text": words, "lang": "en"})
        return str(actions.write(db.session, line, said, by=by, now=make.now).key)


def test_shown_words_are_in_the_document_with_one_statement_for_a_batch(
    make: Factory, session: Session, statements: Counting
) -> None:
    products = [make.product(slug, own={"USD": 1000}, stock=9) for slug in ("lamp", "desk", "chair")]
    keys = [product.key for product in products]
    say(make, products[0], "hums")
    hidden = say(make, products[0], "rudeness")
    say(make, products[1], "wobbles")
    with make.unit()():
        editor = db.session.merge(make.user("editor"))
        actions.hide(db.session, queries.get_to_hide(db.session, hidden), "Rude", by=editor, now=make.now)

    def count(wanted: list[str]) -> int:
        session.rollback()
        with statements() as seen:
            product_documents(session, wanted)
        return len(seen)

    assert [count(keys[:1]), count(keys)] == [count(keys)] * 2
    found = product_documents(session, keys)
    assert [found[key].talk for key in keys] == [("About hums", "hums"), ("About wobbles", "wobbles"), ()]


def test_only_so_many_reviews_find_a_product(make: Factory, session: Session) -> None:
    """The most helpful ones, the newest first where nobody has voted."""
    lamp = make.product("lamp", own={"USD": 1000}, stock=9)
    for words in ("first", "second", "third"):
        say(make, lamp, words)
    assert queries.words_of(session, [lamp.id], most=2) == {lamp.id: ("About second", "second", "About third", "third")}
