"""The rules of the gate, each one small pure function over ``Facts``. docs/publishing.md lists them.

A rule that blocks says what readers would meet, or what a law forbids; what only makes a post better is advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from contentshop.core.money import Money
from contentshop.core.words import Said, say
from contentshop.posts.bargains import OWN_SHOP
from contentshop.posts.gate.facts import CardFact, Facts, Finding, Repair
from contentshop.posts.gate.mending import Mend, SetField, with_alt, with_product, without_card
from contentshop.posts.gate.tables import ABSOLUTE, HELD_TO, PAIRINGS, Pairing, find_expiries, find_words

Rule = Callable[[Facts], Iterable[Finding]]

SHOWN = frozenset({"card", "item", "spot", "chapter", "deal"})
"""Kinds of cards that recommend. What was rejected or is only compared may be long gone."""

MOST = 20
"""So many findings of one rule are told."""

_TAKE_OUT = say("Take the card out")


# ---- what the post is made of


def untitled(facts: Facts) -> Iterator[Finding]:
    """A post needs a title."""
    if not facts.title:
        yield Finding("untitled", True, say("Give the post a title."), field="title")


def unreadable(facts: Facts) -> Iterator[Finding]:
    """Everything in the text must be readable and lead to a product or file that exists."""
    for number, problem in enumerate(facts.problems):
        # What stands in no line is the product that a deal is about.
        field = "source" if problem.line else "deal_product"
        yield Finding("unreadable", True, problem.message, field=field, line=problem.line or None, target=str(number))


def empty(facts: Facts) -> Iterator[Finding]:
    """A post needs a text, and headings alone are none."""
    if facts.empty and not facts.problems:
        yield Finding("empty", True, say("Write something first: there are no words yet."))


def no_items(facts: Facts) -> Iterator[Finding]:
    """A buying list needs an item."""
    if facts.kind != "list" or facts.empty or facts.problems:
        return
    if not any(card.kind == "item" for card in facts.cards):
        yield Finding("no_items", True, say("A buying list needs at least one item, from :::item[…] to :::"))


# ---- deals


def no_product(facts: Facts) -> Iterator[Finding]:
    """A deal is about one product."""
    if facts.deal is not None and not facts.deal.written.product:
        text = say("Say which product the deal is about.")
        yield Finding("no_product", True, text, say("Its picture, its price and its shops come from there."), _PRODUCT)


def no_price(facts: Facts) -> Iterator[Finding]:
    """A deal has a price."""
    if facts.deal is not None and facts.deal.written.price is None:
        yield Finding("no_price", True, say("Say what it costs with the deal."), field="deal_price")


def over(facts: Facts) -> Iterator[Finding]:
    """What is over is no deal any more."""
    if facts.deal is None:
        return
    ends = facts.deal.written.ends_at
    if ends is not None and ends <= facts.deal.now:
        text = say("The deal is over already; look at the time when it ends.")
        yield Finding("over", True, text, field="deal_ends")


def not_sold(facts: Facts) -> Iterator[Finding]:
    """Readers must be able to get to the shop that a deal names."""
    deal = facts.deal
    if deal is None or not deal.product or deal.sold:
        return
    if deal.written.shop == OWN_SHOP:
        text = say("We do not sell “%(title)s” ourselves.", title=deal.product)
    else:
        text = say("No page of this shop is known for “%(title)s”.", title=deal.product)
    reason = say("Choose another shop, or add the shop's page under “Add a product”.")
    yield Finding("not_sold", True, text, reason, field="deal_shop")


def not_charged(facts: Facts) -> Iterator[Finding]:
    """Our own shop must charge what a deal promises."""
    deal = facts.deal
    if deal is None or deal.written.shop != OWN_SHOP or deal.asked is None or deal.written.price is None:
        return
    if deal.asked.minor > deal.written.price.minor and not deal.written.coupon:
        text = say("Our own shop asks %(price)s; without a code readers would pay that.", price=_amount(deal.asked))
        yield Finding("not_charged", True, text, field="deal_price")


def no_saving(facts: Facts) -> Iterator[Finding]:
    """A deal that is not cheaper than the usual price is none."""
    deal = facts.deal
    if deal is None or deal.asked is None or deal.written.price is None:
        return
    if deal.asked.minor < deal.written.price.minor:
        text = say("The shop was seen to ask less without the deal: %(price)s.", price=_amount(deal.asked))
        yield Finding("no_saving", False, text, field="deal_price")


def twins(facts: Facts) -> Iterator[Finding]:
    """The same deal twice splits votes and comments."""
    for twin in facts.deal.twins if facts.deal is not None else ():
        text = say("This deal runs already: “%(title)s”, %(price)s.", title=twin.title, price=_amount(twin.price))
        reason = say("The same product at the same shop for about the same price. Better tell what is new there.")
        yield Finding("twins", False, text, reason, field="deal_product", target=twin.slug, post=twin.slug)


_PRODUCT = "deal_product"


def _amount(money: Money) -> str:
    return f"{money.amount:f} {money.currency}"


# ---- cards


def gone(facts: Facts) -> Iterator[Finding]:
    """A card must not lead to a product that is withdrawn, no longer made or still a draft, without a stand-in."""
    for card in _in_state(facts, "gone"):
        text = say("“%(title)s” is no longer sold, and nothing stands in for it.", title=card.product.title)
        if not card.product.title:  # Nobody but the desk is told what a draft is.
            text = say("This product is not in the shop yet, and nothing stands in for it.")
        yield _of_card("gone", True, card, text, _DEAD_END, _mend(_TAKE_OUT, without_card(facts.lines, card.line)))


def dead(facts: Facts) -> Iterator[Finding]:
    """A card must not lead to shops that all answered "no such page", without a stand-in."""
    for card in _in_state(facts, "dead"):
        text = say("Every link to “%(title)s” is dead, and nothing stands in for it.", title=card.product.title)
        yield _of_card("dead", True, card, text, _DEAD_END, _mend(_TAKE_OUT, without_card(facts.lines, card.line)))


def stood_in(facts: Facts) -> Iterator[Finding]:
    """Where the stand-in is shown all the time, it may as well be the product."""
    for card in _in_state(facts, "stood_in"):
        other = card.ways.stand_in
        if other is None:
            continue
        text = say(
            "“%(title)s” cannot be had; readers are offered “%(other)s” instead.",
            title=card.product.title,
            other=other.title,
        )
        label = say("Put “%(title)s” in its place", title=other.title)
        repair = _mend(label, with_product(facts.lines, card.line, other.slug))
        yield _of_card("stood_in", False, card, text, None, repair)


def sold_out(facts: Facts) -> Iterator[Finding]:
    """Readers of something sold out want to be told of something else."""
    for card in _in_state(facts, "sold_out"):
        text = say("“%(title)s” cannot be had from any shop now.", title=card.product.title)
        yield _of_card("sold_out", False, card, text, say('Name a stand-in, as in {alt="other-name"}.'), None)


def unsold(facts: Facts) -> Iterator[Finding]:
    """A product that nobody offers yet has a card without a button."""
    for card in _in_state(facts, "unsold"):
        text = say("No shop is known for “%(title)s” yet, so its card has no button.", title=card.product.title)
        yield _of_card("unsold", False, card, text, None, None)


def dead_links(facts: Facts) -> Iterator[Finding]:
    """A plain link to a shop's page that is known to be dead helps nobody."""
    for line, url in facts.dead_links[:MOST]:
        text = say("This link is dead: %(url)s", url=url if len(url) <= 80 else f"{url[:79]}…")
        reason = say("The shop answered that there is no such page. Link to another, or make it a card.")
        yield Finding("dead_links", False, text, reason, line=line, target=url)


_DEAD_END = say("Readers who press it would stand before nothing.")


# ---- who pays


def undisclosed(facts: Facts) -> Iterator[Finding]:
    """A post with links that earn may not say that nobody pays."""
    if facts.relation == "none" and any(card.ways.earns and card.sells for card in facts.cards):
        text = say("Say how the post is paid: it says “Nobody pays”, and its cards may earn a commission.")
        reason = say("Readers must be told before they click; that is the law in the US, the EU and China.")
        repair = Repair(say("Say: commission on links"), SetField("relation", "affiliate"))
        yield Finding("undisclosed", True, text, reason, field="relation", repair=repair)


def undisclosed_own(facts: Facts) -> Iterator[Finding]:
    """Whose shop it is should be told as well."""
    earns = any(card.ways.earns and card.sells for card in facts.cards)
    if facts.relation == "none" and not earns and any(card.ways.ours and card.sells for card in facts.cards):
        text = say("Say how the post is paid: this site sells some of its products itself.")
        repair = Repair(say("Say: we sell some ourselves"), SetField("relation", "own"))
        yield Finding("undisclosed_own", False, text, field="relation", repair=repair)


# ---- for those who cannot see


def no_alt(facts: Facts) -> Iterator[Finding]:
    """A picture needs words for those who cannot see it; advice, since one that only decorates needs none."""
    for picture in facts.pictures[:MOST]:
        repair = None
        if picture.library and picture.line:
            label = say("Use the words of the media library")
            repair = _mend(label, with_alt(facts.lines, picture.line, picture.key, picture.library))
        text = say("Describe this picture for those who cannot see it.")
        reason = say("In the library it says: %(words)s", words=picture.library) if picture.library else None
        yield Finding("no_alt", False, text, reason, line=picture.line, target=picture.key, repair=repair)


def no_cover_alt(facts: Facts) -> Iterator[Finding]:
    """So does the cover."""
    if facts.has_cover and not facts.cover_alt:
        text = say("Describe the cover for those who cannot see it.")
        yield Finding("no_cover_alt", False, text, field="cover_alt")


# ---- time


_DATE_NAMES: Mapping[str, Said] = {
    "tested_from": say("Tested from"),
    "tested_to": say("Tested until"),
    "owned_since": say("Owned since"),
}


def future_dates(facts: Facts) -> Iterator[Finding]:
    """Nobody has tested or owned a thing on a day that has not come."""
    for field, day in (facts.dates or {}).items():
        if day > facts.today:
            text = say("%(field)s: %(day)s has not come yet.", field=_DATE_NAMES[field], day=day.isoformat())
            repair = Repair(say("Leave the date out"), SetField(field, None))
            yield Finding("future_dates", True, text, field=field, target=field, repair=repair)


def expired(facts: Facts) -> Iterator[Finding]:
    """An offer that is over should not be announced."""
    found = [(None, facts.title), *enumerate(facts.lines, 1)]
    # ``today`` is the day that begins first on Earth; where it begins last the one before is not over yet.
    yesterday = facts.today - timedelta(days=1)
    late = [(line, day) for line, text in found for day in find_expiries(text) if day < yesterday]
    for line, day in late[:MOST]:
        text = say("This was over on %(day)s.", day=day.isoformat())
        reason = say("Readers come for months. Say what it costs without the deal, or take it out.")
        field = "title" if line is None else "source"
        yield Finding("expired", False, text, reason, field=field, line=line, target=f"{line}-{day.isoformat()}")


# ---- what the law forbids


def banned(facts: Facts) -> Iterator[Finding]:
    """Some things may not be sold in a post, or not beside certain words (``tables.PAIRINGS``)."""
    home = HELD_TO.get(facts.lang, "")
    for pairing in PAIRINGS:
        if pairing.about and not any(find_words(f"{facts.title}\n{facts.source}", pairing.about)):
            continue
        blocks = home in pairing.profiles
        # Where a text of another language is read nobody knows; only Europe's bans are worth a word there.
        if not blocks and (home or "eu" not in pairing.profiles):
            continue
        yield from _banned(facts, pairing, blocks)


def _banned(facts: Facts, pairing: Pairing, blocks: bool) -> Iterator[Finding]:
    cards = [card for card in facts.cards if card.sells and any(find_words(card.about, pairing.products))]
    for card in cards[:MOST]:
        if blocks:
            text = say("“%(title)s” may not be sold in this post.", title=card.product.title)
        else:
            text = say("“%(title)s” may not be advertised to readers in Europe.", title=card.product.title)
        repair = _mend(_TAKE_OUT, without_card(facts.lines, card.line))
        yield Finding(
            "banned", blocks, text, pairing.reason, line=card.line, target=f"{pairing.key}-{card.key}", repair=repair
        )


def absolute_words(facts: Facts) -> Iterator[Finding]:
    """Advertising may not call a thing the best of all where the law says so (``tables.ABSOLUTE``)."""
    words = ABSOLUTE.get(facts.lang, ())
    if not any(card.sells for card in facts.cards):
        return
    found = [(None, facts.title), *enumerate(facts.lines, 1)]
    said = [(line, word) for line, text in found for word in find_words(text, words)]
    for number, (line, word) in enumerate(said[:MOST]):
        text = say("Say it without “%(word)s”.", word=word)
        reason = say("Advertising with a superlative like this is fined in China (Advertising Law, Art. 9).")
        field = "title" if line is None else "source"
        yield Finding("absolute_words", False, text, reason, field=field, line=line, target=f"{number}-{word}")


# ---- what makes it better


def no_summary(facts: Facts) -> Iterator[Finding]:
    """A post without a summary is chosen less."""
    if facts.summary:
        return
    text = say("A summary helps readers to choose; search engines show it too.")
    repair = Repair(say("Take the first words of the text"), SetField("summary", facts.opening))
    yield Finding("no_summary", False, text, field="summary", repair=repair if facts.opening else None)


def no_cover(facts: Facts) -> Iterator[Finding]:
    """A post without a cover is overlooked."""
    # A deal shows its product.
    if not facts.has_cover and facts.deal is None:
        yield Finding("no_cover", False, say("A cover picture makes people look."), field="cover")


def no_topics(facts: Facts) -> Iterator[Finding]:
    """A post without a topic is not found by it."""
    if not facts.topics:
        text = say("Choose a topic, so that readers of it find the post.")
        yield Finding("no_topics", False, text, field="topics")


RULES: tuple[Rule, ...] = (
    untitled,
    unreadable,
    empty,
    no_items,
    no_product,
    no_price,
    over,
    not_sold,
    not_charged,
    gone,
    dead,
    undisclosed,
    future_dates,
    banned,
    twins,
    no_saving,
    stood_in,
    sold_out,
    unsold,
    dead_links,
    undisclosed_own,
    expired,
    absolute_words,
    no_alt,
    no_cover_alt,
    no_summary,
    no_cover,
    no_topics,
)


def check(facts: Facts) -> list[Finding]:
    """Everything that the rules find, what blocks first, else in the order of ``RULES``."""
    return sorted((found for rule in RULES for found in rule(facts)), key=lambda found: not found.blocking)


def obstacles(findings: Iterable[Finding], *, first_line: int = 1) -> dict[str, list[str]]:
    """What keeps the post from being published, by field; lines count from ``first_line``."""
    fields: dict[str, list[str]] = {}
    for found in findings:
        if not found.blocking:
            continue
        text = found.text
        if found.line is not None:
            text = say("Line %(line)s: %(problem)s", line=found.line + first_line - 1, problem=text)
        fields.setdefault(found.field, []).append(text)
    return fields


def _in_state(facts: Facts, state: str) -> Sequence[CardFact]:
    return [card for card in facts.cards if card.kind in SHOWN and card.ways.state == state][:MOST]


def _of_card(
    rule: str, blocking: bool, card: CardFact, text: Said, reason: Said | None, repair: Repair | None
) -> Finding:
    field = "source" if card.line else "deal_product"
    return Finding(rule, blocking, text, reason, field=field, line=card.line or None, target=card.key, repair=repair)


def _mend(label: Said, mend: Mend | None) -> Repair | None:
    return Repair(label, mend) if mend is not None else None
