"""A cart as its buyer sees it: priced for where it goes, with what was typed so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contentshop.core.db import db
from contentshop.delivery.rates import Destination
from contentshop.orders import queries as orders
from contentshop.orders.queries import Attribution, CartFacts, CartState, Quote, Terms
from contentshop.posts.queries import CardOrigin
from contentshop.promotions.policy import persons
from contentshop.web import destinations
from contentshop.web.origins import card_origins
from contentshop.web.session import Viewer, settings

Origins = Mapping[str, CardOrigin]


@dataclass
class Credited:
    """Whose cards lines came from, as placing an order asks for it; keeps what it found for the page."""

    who: Viewer
    origins: dict[str, CardOrigin] = field(default_factory=dict)

    def __call__(self, cards: Collection[str]) -> Mapping[str, Attribution]:
        """Creators earn by what others buy, so one's own purchases name them and earn nothing."""
        self.origins = card_origins(db.session, cards)
        own = self.who.user.key if self.who.user else ""
        rate = settings().commission_ppm
        return {
            key: Attribution(found.author_key, 0 if found.author_key == own else rate)
            for key, found in self.origins.items()
        }


@dataclass(frozen=True)
class Loaded:
    """A cart as this buyer sees it, with what was typed so far."""

    facts: CartFacts
    state: CartState
    origins: Origins

    @property
    def settled(self) -> bool:
        """Whether the buyer has said where it goes."""
        return bool(self.state.text("address"))

    def quote(self, currency: str) -> Quote | None:
        """The part that is paid in ``currency``, or the first part."""
        return self.facts.quote(currency) or next(iter(self.facts.quotes), None)


def load_cart(cart_key: str, who: Viewer, currency: str = "", state: CartState | None = None) -> Loaded:
    """The cart as this asker sees it, quotes of ``currency`` (else of the asker's own) first.

    Priced for the address that was typed in the checkout; until there is one, for the reader's country.
    """
    state = state or orders.get_state(db.session, cart_key)
    credited = Credited(who)
    terms = terms_of(state, who, credited)
    facts = orders.get_cart(
        db.session,
        cart_key,
        locale=who.locale,
        region=terms.to.country,
        currency=currency or state.text("currency") or who.currency,
        terms=terms,
    )
    return Loaded(facts, state, credited.origins)


def terms_of(state: CartState, who: Viewer, creators: orders.Creators) -> Terms:
    """What the price depends on besides the lines, as far as the buyer has said it."""
    asked = state.text("country")
    known = bool(asked) and asked in destinations.among(asked)
    country = asked if known else who.region
    return Terms(
        now=who.now,
        to=Destination(country, state.text("region"), state.text("postcode")) if known else Destination(country),
        postage=settings().shipping,
        shipping=state.text("shipping"),
        codes=state.codes,
        persons=buyer_names(state, who),
        gift_cards=state.gift_cards,
        creators=creators,
    )


def buyer_names(state: CartState, who: Viewer) -> tuple[str, ...]:
    """The names under which this buyer's purchases are counted, as far as they are known."""
    email = state.text("email") or (who.user.email if who.user else "")
    return persons(email, who.user.key if who.user else "")
