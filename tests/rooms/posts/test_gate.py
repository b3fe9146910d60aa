"""The publish gate: a test for each rule, each repair, and what it all costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contentshop.accounts.models import User
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.text import Problem
from contentshop.core.words import say
from contentshop.core.zones import Chosen
from contentshop.media.models import Asset
from contentshop.posts import plans, queries
from contentshop.posts.bargains import DealInput
from contentshop.posts.gate import (
    RULES,
    CardFact,
    DealFact,
    EditLines,
    Facts,
    Finding,
    Named,
    PictureFact,
    SetField,
    Twin,
    Ways,
    check,
    inspect,
    mended,
    obstacles,
)
from contentshop.posts.gate.tables import find_expiries
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import form_of, words_of
from contentshop.posts.models import Post
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk

FINE = Facts(
    kind="article",
    lang="en",
    title="Lamps",
    summary="Which lamp to buy.",
    source="Words.",
    opening="Words.",
    relation="affiliate",
    topics=("light",),
    today=date(2026, 11, 21),
    has_cover=True,
    cover_alt="A lamp",
)
SHOP = Ways("buyable", earns=True)
OURS = Ways("buyable", ours=True)


def facts(source: str = "Words.", **changes: Any) -> Facts:
    return replace(FINE, source=source, **changes)


def card(ways: Ways = SHOP, line: int = 1, *, kind: str = "card", title: str = "Lamp", about: str = "") -> CardFact:
    return CardFact(f"key{line}", kind, line, Named(title.lower(), title), about or title, ways)


def found(facts: Facts) -> list[tuple[str, bool, str, int | None]]:
    """(rule, whether it blocks, field, line) of everything that is found."""
    return [(one.rule, one.blocking, one.field, one.line) for one in check(facts)]


def only(facts: Facts) -> Finding:
    [finding] = check(facts)
    return finding


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KETTLE = DealInput(product="kettle", price_minor=4900, currency="USD", shop="shop", ends="2026-11-25T10:00")


def deal(written: DealInput = KETTLE, **more: Any) -> Facts:
    values: dict[str, Any] = {"product": "Kettle", "sold": True}
    return facts(kind="deal", has_cover=False, deal=DealFact(written, NOON, **(values | more)))


def form(source: str) -> PostInput:
    return PostInput.parse(kind="article", title="Lamps", source=source)


def repaired(finding: Finding, source: str) -> str:
    assert finding.repair is not None
    return mended(form(source), finding.repair.mend).source


def test_nothing_is_found_in_a_post_that_is_well() -> None:
    assert check(facts(cards=(card(), card(OURS, 2)))) == []


def test_every_rule_is_tried_here_and_listed_once() -> None:
    assert len({rule.__name__ for rule in RULES}) == len(RULES) == 28


class TestDeals:
    def test_a_deal_that_is_well_needs_no_cover(self) -> None:
        assert check(deal()) == []
        assert check(deal(asked=Money(6900, "USD"))) == []

    def test_no_product_and_no_price(self) -> None:
        assert found(deal(DealInput(), product="", sold=False)) == [
            ("no_product", True, "deal_product", None),
            ("no_price", True, "deal_price", None),
        ]
        free = replace(KETTLE, price_minor=0)
        assert check(deal(free)) == []

    def test_over(self) -> None:
        assert found(deal(replace(KETTLE, ends="2026-11-21T12:00"))) == [("over", True, "deal_ends", None)]
        assert check(deal(replace(KETTLE, ends="2026-11-21T12:01"))) == []
        # Noon in Shanghai is over at noon in London.
        in_shanghai = replace(KETTLE, ends="2026-11-21T12:01", zone="Asia/Shanghai")
        assert found(deal(in_shanghai)) == [("over", True, "deal_ends", None)]

    def test_not_sold(self) -> None:
        assert found(deal(sold=False)) == [("not_sold", True, "deal_shop", None)]
        assert check(deal(replace(KETTLE, shop="own"), sold=False))[0].text == "We do not sell “Kettle” ourselves."

    def test_our_own_shop_charges_what_is_promised(self) -> None:
        own = replace(KETTLE, shop="own")
        assert found(deal(own, asked=Money(4901, "USD"))) == [("not_charged", True, "deal_price", None)]
        assert check(deal(own, asked=Money(4900, "USD"))) == []
        assert check(deal(replace(own, coupon="TEN"), asked=Money(5900, "USD"))) == []

    def test_no_saving(self) -> None:
        finding = only(deal(asked=Money(4899, "USD")))
        assert (finding.rule, finding.blocking) == ("no_saving", False)
        assert finding.text == "The shop was seen to ask less without the deal: 48.99 USD."

    def test_twins(self) -> None:
        finding = only(deal(twins=(Twin("kettle-48", "Kettle for 48", Money(4800, "USD")),)))
        assert (finding.rule, finding.blocking, finding.field, finding.post) == (
            "twins",
            False,
            "deal_product",
            "kettle-48",
        )
        assert finding.text == "This deal runs already: “Kettle for 48”, 48.00 USD."

    def test_a_product_that_does_not_exist_stands_in_the_form(self) -> None:
        problems = (Problem(0, say("there is no product “%(slug)s”", slug="ketle")),)
        assert found(facts(problems=problems)) == [("unreadable", True, "deal_product", None)]


class TestText:
    def test_untitled(self) -> None:
        assert found(facts(title="")) == [("untitled", True, "title", None)]

    def test_unreadable(self) -> None:
        problems = (Problem(3, say("there is no product “%(slug)s”", slug="lmap")),)
        assert found(facts(problems=problems)) == [("unreadable", True, "source", 3)]

    def test_empty(self) -> None:
        assert found(facts("", empty=True)) == [("empty", True, "source", None)]
        assert found(facts("", empty=True, kind="list")) == [("empty", True, "source", None)]

    def test_no_items(self) -> None:
        assert found(facts(kind="list", cards=(card(),))) == [("no_items", True, "source", None)]
        assert found(facts(kind="list", cards=(card(kind="item"),))) == []

    def test_no_summary(self) -> None:
        finding = only(facts(summary=""))
        assert (finding.rule, finding.blocking, finding.field) == ("no_summary", False, "summary")
        assert finding.repair is not None
        assert mended(form("Words."), finding.repair.mend).summary == "Words."
        assert only(facts("", summary="", opening="")).repair is None

    def test_no_cover(self) -> None:
        assert found(facts(has_cover=False, cover_alt="")) == [("no_cover", False, "cover", None)]

    def test_no_topics(self) -> None:
        assert found(facts(topics=())) == [("no_topics", False, "topics", None)]


class TestCards:
    @pytest.mark.parametrize("state", ["gone", "dead"])
    def test_gone_and_dead(self, state: Any) -> None:
        source = "One.\n\n::card[lamp]\n\nTwo."
        finding = only(facts(source, cards=(card(Ways(state), 3),)))
        assert (finding.rule, finding.blocking, finding.line, finding.name) == (state, True, 3, f"{state}:key3")
        assert repaired(finding, source) == "One.\n\nTwo."

    @pytest.mark.parametrize("kind", ["rejected", "column"])
    def test_what_was_rejected_or_is_compared_may_be_gone(self, kind: str) -> None:
        assert check(facts(cards=(card(Ways("gone"), kind=kind),))) == []

    def test_an_item_is_not_taken_out_with_its_words(self) -> None:
        source = ":::item[lamp]\n+ bright\nWords.\n:::"
        assert only(facts(source, kind="list", cards=(card(Ways("gone"), kind="item"),))).repair is None

    def test_a_spot_is_taken_out_of_its_picture(self) -> None:
        source = ":::picture[aaaa1111]\n@ 10 20 lamp\n@ 30 40 chair\n:::"
        finding = only(facts(source, cards=(card(Ways("gone"), 2, kind="spot"),)))
        assert repaired(finding, source) == ":::picture[aaaa1111]\n@ 30 40 chair\n:::"

    def test_stood_in(self) -> None:
        ways = Ways("stood_in", Named("torch", "Torch"), earns=True)
        source = 'One.\n::card[lamp]{note="Bright" alt="torch" relation="lent"}'
        finding = only(facts(source, cards=(card(ways, 2),)))
        assert (finding.rule, finding.blocking, finding.line) == ("stood_in", False, 2)
        # What was said of the first product is not said of the other.
        assert repaired(finding, source) == "One.\n::card[torch]"
        spot = ":::picture[aaaa1111]\n@ 10.5 20 lamp the warm one\n:::"
        assert repaired(only(facts(spot, cards=(card(ways, 2, kind="spot"),))), spot) == (
            ":::picture[aaaa1111]\n@ 10.5 20 torch\n:::"
        )

    def test_sold_out(self) -> None:
        assert found(facts(cards=(card(Ways("sold_out")),))) == [("sold_out", False, "source", 1)]

    def test_unsold(self) -> None:
        assert found(facts(cards=(card(Ways("unsold")),))) == [("unsold", False, "source", 1)]

    def test_dead_links(self) -> None:
        finding = only(facts(dead_links=((4, "https://shop.example/lamp"),)))
        assert (finding.rule, finding.blocking, finding.line) == ("dead_links", False, 4)
        assert "https://shop.example/lamp" in finding.text


class TestDisclosure:
    def test_undisclosed(self) -> None:
        finding = only(facts(relation="none", cards=(card(),)))
        assert (finding.rule, finding.blocking, finding.field) == ("undisclosed", True, "relation")
        assert finding.repair is not None
        assert mended(form("Words."), finding.repair.mend).relation == "affiliate"

    def test_a_stand_in_that_earns_is_disclosed_too(self) -> None:
        ways = Ways("stood_in", Named("torch", "Torch"), earns=True)
        assert found(facts(relation="none", cards=(card(ways),)))[0][:2] == ("undisclosed", True)

    def test_what_earns_nothing_needs_no_word(self) -> None:
        assert check(facts(relation="none", cards=(card(Ways("buyable")),))) == []
        assert check(facts(relation="none", cards=(card(kind="rejected"),))) == []

    def test_undisclosed_own(self) -> None:
        finding = only(facts(relation="none", cards=(card(OURS),)))
        assert (finding.rule, finding.blocking) == ("undisclosed_own", False)
        assert finding.repair is not None
        assert mended(form("Words."), finding.repair.mend).relation == "own"


class TestPictures:
    @pytest.mark.parametrize(
        ("line", "wanted"),
        [
            ("::picture[aaaa1111]", '::picture[aaaa1111]{alt="A desk (old)"}'),
            ('::picture[aaaa1111]{alt="" caption="Ours"}', '::picture[aaaa1111]{alt="A desk (old)" caption="Ours"}'),
            (
                '<img src="/media/aa/aaaa1111-960.webp" alt="" width="9">',
                '<img src="/media/aa/aaaa1111-960.webp" alt="A desk (old)" width="9">',
            ),
            (
                '<img src="/media/aa/aaaa1111-960.webp">',
                '<img alt="A desk (old)" src="/media/aa/aaaa1111-960.webp">',
            ),
            ("![](/media/aa/aaaa1111-960.webp)", "![A desk (old)](/media/aa/aaaa1111-960.webp)"),
        ],
    )
    def test_no_alt(self, line: str, wanted: str) -> None:
        finding = only(facts(f"One.\n{line}", pictures=(PictureFact("aaaa1111", 2, "A desk [old]"),)))
        assert (finding.rule, finding.blocking, finding.line) == ("no_alt", False, 2)
        assert repaired(finding, f"One.\n{line}") == f"One.\n{wanted}"

    def test_without_words_in_the_library_there_is_nothing_to_press(self) -> None:
        assert only(facts(pictures=(PictureFact("aaaa1111", 1),))).repair is None

    def test_no_cover_alt(self) -> None:
        assert found(facts(cover_alt="")) == [("no_cover_alt", False, "cover_alt", None)]


class TestTime:
    def test_future_dates(self) -> None:
        late = facts(dates={"tested_to": date(2026, 11, 22), "owned_since": date(2026, 11, 21)})
        finding = only(late)
        assert (finding.rule, finding.blocking, finding.field) == ("future_dates", True, "tested_to")
        assert finding.repair is not None
        assert finding.repair.mend == SetField("tested_to", None)

    def test_expired(self) -> None:
        source = "Words.\nHalf the price until 11 November 2026!\nValid until 2026-12-01."
        assert found(facts(source)) == [("expired", False, "source", 2)]
        assert found(facts(title="Half price until 2026-11-01")) == [("expired", False, "title", None)]

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("until 2026-11-11", date(2026, 11, 11)),
            ("Ends on 3rd Nov 2026", date(2026, 11, 3)),
            ("valid through November 11, 2026", date(2026, 11, 11)),
            ("优惠截至 2026年11月11日", date(2026, 11, 11)),
            ("有效期至2026-11-11", date(2026, 11, 11)),
            ("until 2026-13-11", None),
            ("until 31 Foo 2026", None),
            ("until 31 February 2026", None),
            ("bought on 2026-11-11", None),
        ],
    )
    def test_days_are_read(self, text: str, day: date | None) -> None:
        assert list(find_expiries(text)) == ([day] if day else [])


class TestLaw:
    def test_tobacco_is_sold_in_no_chinese_post(self) -> None:
        source = "Words.\n\n::card[vape]"
        finding = only(facts(source, lang="zh", cards=(card(line=3, title="Vape", about="Vape\nX\n电子烟"),)))
        assert (finding.rule, finding.blocking, finding.line) == ("banned", True, 3)
        assert repaired(finding, source) == "Words.\n"

    def test_elsewhere_it_is_told(self) -> None:
        vape = card(about="Starter kit\nX\nE-cigarettes")
        assert found(facts(cards=(vape,))) == [("banned", False, "source", 1)]
        assert check(facts(cards=(replace(vape, ways=Ways("unsold")),)))[0].rule == "unsold"

    def test_harmless_words_are_no_tobacco(self) -> None:
        assert check(facts(lang="zh", cards=(card(about="抽油烟机\n老板\n厨房电器"),))) == []
        assert check(facts(lang="zh", cards=(card(about="Vaperize steamer\nX\nIrons"),))) == []

    def test_medicines_on_prescription(self) -> None:
        drug = card(about="X\nY\n处方药")
        assert found(facts(lang="zh", cards=(drug,))) == [("banned", True, "source", 1)]

    def test_health_and_its_remedies_are_kept_apart_in_china(self) -> None:
        fish_oil = card(about="鱼油\nX\n保健食品")
        assert check(facts("好吃。", lang="zh", cards=(fish_oil,))) == []
        assert found(facts("怎样降低血压。", lang="zh", cards=(fish_oil,))) == [("banned", True, "source", 1)]
        assert check(facts("On your health.", cards=(card(about="Fish oil\nX\nSupplements"),))) == []

    def test_absolute_words(self) -> None:
        source = "这是全网最低价。\n还不错。"
        assert found(facts(source, lang="zh", cards=(card(),))) == [("absolute_words", False, "source", 1)]
        assert "全网最低" in only(facts(source, lang="zh", cards=(card(),))).text
        assert found(facts(title="最佳台灯", lang="zh", cards=(card(),))) == [("absolute_words", False, "title", None)]
        assert check(facts(source, lang="zh")) == []
        assert check(facts(source, cards=(card(),))) == []


class TestObstacles:
    def test_they_are_told_by_field_with_lines_of_the_file(self) -> None:
        wrong = facts("One.", title="", cards=(card(Ways("gone"), 2),), topics=())
        assert obstacles(check(wrong), first_line=11) == {
            "title": ["Give the post a title."],
            "source": ["Line 12: “Lamp” is no longer sold, and nothing stands in for it."],
        }

    def test_what_blocks_comes_first(self) -> None:
        assert [one.blocking for one in check(facts(topics=(), title="", cards=(card(Ways("sold_out")),)))] == [
            True,
            False,
            False,
        ]


def test_lines_are_put_in_place_of_others() -> None:
    assert mended(form("a\nb\nc"), EditLines(2, 1, ("x", "y"))).source == "a\nx\ny\nc"


# ---- with the database


def findings(desk: Desk, post: Post) -> list[Finding]:
    fresh = desk.fresh(post)
    assert fresh.draft is not None
    return inspect(desk.session, fresh, fresh.draft, now=desk.now)


def rules_found(desk: Desk, post: Post) -> set[tuple[str, int | None]]:
    return {(one.rule, one.line) for one in findings(desk, post) if one.field == "source"}


class TestLoading:
    @pytest.mark.parametrize(
        ("source", "empty"),
        [
            ("", True),
            ("<!-- Say why. -->\n\n## What I like\n\n<!-- One point a line. -->\n\n### And *not*\n\n::toc\n", True),
            ("## What I like\n\nIt.", False),
            ("::embed[https://www.youtube.com/watch?v=dQw4w9WgXcQ]", False),
        ],
    )
    def test_headings_are_no_text(self, desk: Desk, source: str, empty: bool) -> None:
        post = desk.begin(source=source)
        assert (("empty", None) in rules_found(desk, post)) is empty

    def test_every_state_of_a_product_is_known(self, desk: Desk, make: Factory) -> None:
        shop = make.merchant("shop")
        torch = make.product("torch", own={"USD": 500}, stock=1)
        make.product("far", affiliate=[{"merchant": shop, "region": "JP"}])
        make.product("old", discontinued=True, affiliate=[{"merchant": shop, "availability": "out_of_stock"}])
        make.product("hidden", status="archived", affiliate=[{"merchant": shop}])
        make.product("broken", affiliate=[{"merchant": shop, "health": "dead"}])
        make.product("later", affiliate=[{"merchant": shop, "availability": "out_of_stock"}])
        make.product("new")
        make.product("replaced", discontinued=True, alternative_id=torch.id)
        later = make.product("coming", own={"USD": 500}, stock=0)
        make.product("waiting", discontinued=True, alternative_id=later.id)
        names = ["torch", "far", "old", "hidden", "broken", "later", "new", "replaced", "waiting"]
        post = desk.begin(source="".join(f"::card[{name}]\n" for name in names))
        assert rules_found(desk, post) == {
            ("gone", 3),
            ("gone", 4),
            ("dead", 5),
            ("sold_out", 6),
            ("unsold", 7),
            ("stood_in", 8),
            ("sold_out", 9),
        }

    def test_shops_that_are_not_approved_earn_nothing(self, desk: Desk, make: Factory) -> None:
        make.product("plain", affiliate=[{"merchant": make.merchant("new", approved=False)}])
        make.product("paid", affiliate=[{"merchant": make.merchant("known")}])
        plain = desk.begin(source="::card[plain]", relation="none")
        paid = desk.begin(source="::card[paid]", relation="none")
        assert "undisclosed" not in {one.rule for one in findings(desk, plain)}
        assert "undisclosed" in {one.rule for one in findings(desk, paid)}

    def test_plain_links_to_pages_that_are_dead(self, desk: Desk, make: Factory) -> None:
        shop = make.merchant("shop")
        make.product("broken", affiliate=[{"merchant": shop, "health": "dead"}])
        make.product("lamp", affiliate=[{"merchant": shop}])
        post = desk.begin(
            source="One [a](https://shop.example/item/lamp).\n\n"
            ":::tip\nTwo [b](https://www.shop.example/item/broken?utm_source=x&b=1).\n:::"
        )
        assert rules_found(desk, post) == set()
        post = desk.begin(
            source="One.\n\n:::tip\nTwo [b](https://www.shop.example/item/broken?utm_source=x&gclid=1).\n:::"
        )
        assert rules_found(desk, post) == {("dead_links", 4)}

    def test_pictures_without_words_and_what_the_library_says(self, desk: Desk, make: Factory) -> None:
        with desk.unit():
            for key, alt in (("aaaa1111", "A desk"), ("bbbb2222", ""), ("cccc3333", "")):
                asset = Asset(key=key, kind="picture", form="webp", width=800, height=600, widths=[320, 640])
                asset.digest, asset.created_at, asset.alt = key, make.now, alt
                desk.session.add(asset)
        source = (
            '<img src="/media/bb/bbbb2222-640.webp" alt="">\n\n::picture[aaaa1111]\n\n'
            ':::gallery\n::picture[bbbb2222]\n::picture[cccc3333]{alt="A cat"}\n:::\n'
        )
        post = desk.begin(source=source)
        assert rules_found(desk, post) == {("no_alt", 1), ("no_alt", 6)}
        assert [one.repair for one in findings(desk, post) if one.rule == "no_alt"] == [None, None]
        with desk.unit():
            desk.session.query(Asset).filter_by(key="bbbb2222").one().alt = "A lamp"
        first, _second = [one for one in findings(desk, post) if one.rule == "no_alt"]
        assert repaired(first, source).startswith('<img src="/media/bb/bbbb2222-640.webp" alt="A lamp">')

    def test_five_hundred_cards_take_three_statements(self, desk: Desk, make: Factory, statements: Any) -> None:
        names = [make.product(f"thing-{number}", own={"USD": 100}, stock=1).slug for number in range(20)]
        for cards in (1, 500):
            lines = "".join(f"::card[{names[number % 20]}]\n" for number in range(cards))
            post = desk.fresh(
                desk.begin(source=f"[x](https://a.example/)\n\n![](/media/aa/aaaa1111-320.webp)\n\n{lines}")
            )
            assert post.draft is not None
            with statements() as seen:
                inspect(desk.session, post, post.draft, now=desk.now)
            assert len(seen) == 3, seen


class TestPublishing:
    def test_a_card_that_leads_nowhere_keeps_the_post_back_until_it_is_mended(self, desk: Desk, make: Factory) -> None:
        make.product("old", discontinued=True, own={"USD": 100}, stock=0)
        post = desk.begin(source="Words.\n\n::card[old]\n\nMore.")
        with pytest.raises(Invalid) as refused:
            desk.publish(post)
        assert refused.value.fields == {"source": ["Line 3: “Old” is no longer sold, and nothing stands in for it."]}

        [finding] = [one for one in findings(desk, post) if one.blocking]
        assert finding.repair is not None
        better = mended(form_of(words_of(desk.draft(post)), "article"), finding.repair.mend)
        desk.save(post, source=better.source)
        desk.publish(post)
        assert desk.fresh(post).state == "published"

    def test_a_plan_passes_the_same_gate_at_its_time(self, desk: Desk, make: Factory) -> None:
        post = desk.begin(source="Words.", tested_to="2026-11-25")
        author = desk.session.merge(desk.author)

        def plan(days: int) -> None:
            at = Chosen(desk.now + timedelta(days=days), "UTC", twice=False)
            with desk.unit():
                fresh = queries.get_for_studio(desk.session, post.key, author)
                plans.plan_publishing(desk.session, fresh, at, by=_person(desk, author), now=desk.now)

        with pytest.raises(Invalid) as refused:
            plan(1)
        assert refused.value.fields == {"tested_to": ["Tested until: 2026-11-25 has not come yet."]}
        plan(6)
        assert len(plans.list_waiting(desk.session, author)) == 1


def _person(desk: Desk, author: User) -> User:
    return desk.session.get_one(User, author.id)
