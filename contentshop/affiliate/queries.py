"""Reads of ways out (which shop a card or an offer leads to, now) and of programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from contentshop.accounts.models import User
from contentshop.affiliate.links import ProgramFacts, is_on, paid_link
from contentshop.affiliate.models import Program
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts import queries as posts
from contentshop.posts.models import Card, Post
from contentshop.posts.queries import PUBLIC, LiveCard
from contentshop.products import queries as products
from contentshop.products.models import Merchant, Offer
from contentshop.products.offers import ON_SALE, ProductFacts, Reader, resolve

FindCard = Callable[[AnySession, str], LiveCard | None]


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where a link leads now. ``target`` is empty when there is nowhere left to go; then ``product_id`` says
    what the reader came for and ``known`` holds it and what could stand in for it."""

    card: LiveCard | None
    offer_key: str
    target: str
    product_id: int
    known: dict[int, ProductFacts]

    @property
    def creator_key(self) -> str:
        """Whose recommendation it is; empty for a link on a product's own page."""
        return self.card.author_key if self.card else ""


def find_way_out(
    session: AnySession,
    *,
    card_key: str = "",
    offer_key: str = "",
    reader: Reader,
    locale: str,
    now: datetime,
    max_age: timedelta,
    find_card: FindCard = posts.find_card,
) -> WayOut:
    """The way out by a live card (its best offer, or the one named), or by one offer of a listed product.

    ``find_card`` looks cards up; the usual one knows those of posts. Three statements besides what others need.
    Raises NotFound for a card that readers do not see and for an offer that does not belong to the card's product
    or to what may stand in for it.
    """
    if card_key:
        card = find_card(session, card_key)
        if card is None:
            raise NotFound(say("This link is no longer in use."))
        product_id, ids = card.product_id, {card.product_id, card.alternative_id}
    else:
        card, product_id = None, _product_of(session, offer_key)
        ids = {product_id}
    known = products.load_facts(session, {id_ for id_ in ids if id_ is not None}, locale)
    chosen = _named(known, offer_key) if offer_key else _best(known[product_id], reader, now, max_age)
    return WayOut(
        card=card,
        offer_key=chosen,
        target=_target(session, chosen, card_key) if chosen else "",
        product_id=product_id,
        known=known,
    )


@dataclass(frozen=True, slots=True)
class Link:
    """A way out by a live card: the public keys of the card, an offer of its product, the post and its author."""

    card: str
    offer: str
    post: str
    creator: str


def list_links(session: AnySession) -> list[Link]:
    """Every live card with the first affiliate offer of its product, in the order they were written."""
    rows = session.execute(
        select(Card.key, func.min(Offer.key), Post.key, User.key)
        .join(Post, Post.id == Card.post_id)
        .join(User, User.id == Post.author_id)
        .join(Offer, Offer.product_id == Card.product_id)
        .join(Merchant, Merchant.id == Offer.merchant_id)
        .where(Card.live, PUBLIC, Offer.kind == "affiliate", Offer.active, Merchant.approved)
        .group_by(Card.id, Card.key, Post.key, User.key)
        .order_by(Card.id)
    )
    return [Link(*row) for row in rows]


def find_program(session: AnySession, merchant_id: int) -> ProgramFacts | None:
    """What the merchant's program asks for, if there is one."""
    row = session.execute(
        select(Program.link_template, Program.tag, Program.tag_param, Program.sub_id_param).where(
            Program.merchant_id == merchant_id
        )
    ).one_or_none()
    return ProgramFacts(*row) if row is not None else None


def list_paying(session: AnySession) -> frozenset[int]:
    """The ids of merchants with a program."""
    return frozenset(session.scalars(select(Program.merchant_id)))


def _product_of(session: AnySession, offer_key: str) -> int:
    found = session.scalar(select(Offer.product_id).where(Offer.key == offer_key, Offer.kind == "affiliate"))
    if found is None:
        raise NotFound(say("This link is no longer in use."))
    return found


def _named(known: dict[int, ProductFacts], offer_key: str) -> str:
    """The offer asked for, or nothing when it cannot be used any more. Raises NotFound for a foreign one."""
    for product in known.values():
        for offer in product.offers:
            if offer.key == offer_key and not offer.own:
                counted = offer.merchant_active and not offer.plain_url
                usable = offer.active and counted and product.listed and offer.health != "dead"
                return offer_key if usable and offer.availability in ON_SALE else ""
    raise NotFound(say("This link is no longer in use."))


def _best(product: ProductFacts, reader: Reader, now: datetime, max_age: timedelta) -> str:
    """The best shop for this reader, also when we have the product ourselves by now; nothing without one."""
    found = resolve(product, reader, now=now, max_age=max_age)
    ways = (found.offer, *found.others) if found.offer else ()
    return next((offer.key for offer in ways if not offer.own and not offer.plain_url), "")


def _target(session: AnySession, offer_key: str, card_key: str) -> str:
    """The paid link of a stored offer; nothing when the stored link does not lead to its merchant."""
    row = session.execute(
        select(
            Offer.url,
            Merchant.domain,
            Program.link_template,
            Program.tag,
            Program.tag_param,
            Program.sub_id_param,
        )
        .join(Merchant, Merchant.id == Offer.merchant_id)
        .outerjoin(Program, Program.merchant_id == Merchant.id)
        .where(Offer.key == offer_key)
    ).one()
    if not is_on(row.url, row.domain):
        return ""
    program = ProgramFacts(*row[2:]) if row.link_template is not None else ProgramFacts()
    return paid_link(row.url, row.domain, program, card_key or offer_key)
