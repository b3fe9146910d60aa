"""Directives besides cards: read, rendered, bound to products and files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentshop.core.text import Problem
from contentshop.media.models import Asset
from contentshop.posts import queries
from contentshop.posts.blocks import (
    MAX_BLOCKS,
    MAX_CARDS,
    MAX_CHAPTERS,
    MAX_PICTURES,
    MAX_RATINGS,
    MAX_SPOTS,
    SPECS,
    Block,
    CardRef,
    Mark,
    Slot,
)
from contentshop.posts.cards import MAX_PROBLEMS, parse
from contentshop.posts.rendering import render_draft
from contentshop.posts.segments import asset_keys, card_keys
from tests.factories import Factory
from tests.hostile.inspection import offences
from tests.hostile.vectors import hostile_texts
from tests.rooms.posts.conftest import Desk
from tests.rooms.posts.rendered import render


def problems(source: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in parse(source).problems]


def one(source: str) -> Block:
    parsed = parse(source)
    assert parsed.problems == ()
    (block,) = (chunk for chunk in parsed.chunks if isinstance(chunk, Block))
    return block


def segments(source: str) -> list[Any]:
    parsed = parse(source)
    assert parsed.problems == ()
    return render(source, [f"k{number}" for number in range(len(parsed.cards))]).segments


class TestReading:
    def test_a_picture_with_products_on_it(self) -> None:
        source = (
            ':::picture[abcd1234]{alt="A desk" caption="Our desk"}\n@ 31 42.5 lamp  warm light\n\n@100%, 0% chair\n:::'
        )
        parsed = parse(source)

        assert parsed.problems == ()
        assert parsed.cards == (CardRef("spot", "lamp", 2, note="warm light"), CardRef("spot", "chair", 4))
        assert one(source) == Block(
            "picture",
            1,
            "abcd1234",
            (("alt", "A desk"), ("caption", "Our desk")),
            marks=(Mark((31.0, 42.5), card=0), Mark((100.0, 0.0), card=1)),
        )

    def test_a_picture_of_one_line(self) -> None:
        assert one("::picture[abcd1234]") == Block("picture", 1, "abcd1234")

    def test_chapters_name_products_or_not(self) -> None:
        source = (
            ":::video[abcd1234]\n@ 0:00 Unboxing\n@ 1:23 quiet-lamp The quietest\n@ 62:03 unboxing again\n"
            "@ 1:02:03 [lamp] 灯\n@ 1:05:00 Quiet-lamp\n:::"
        )
        parsed = parse(source)

        assert parsed.problems == ()
        assert parsed.cards == (
            CardRef("chapter", "quiet-lamp", 3),
            CardRef("chapter", "unboxing", 4, optional=True),
            CardRef("chapter", "lamp", 5),
        )
        assert one(source).marks == (
            Mark((0.0,), "Unboxing"),
            Mark((83.0,), "The quietest", 0),
            Mark((3723.0,), "again", 1),
            Mark((3723.0,), "灯", 2),
            Mark((3900.0,), "Quiet-lamp"),
        )

    def test_a_gallery(self) -> None:
        assert one(':::gallery{caption="Two"}\n::picture[aaaa1111]\n::picture[bbbb2222]{alt="B"}\n:::') == Block(
            "gallery",
            1,
            values=(("caption", "Two"),),
            parts=(Block("picture", 2, "aaaa1111"), Block("picture", 3, "bbbb2222", (("alt", "B"),))),
        )

    def test_a_comparison_of_one_line_or_with_a_text(self) -> None:
        line = 'compare[lamp, chair，desk]{attributes="Weight, Height" best="chair"}'
        values = (("attributes", "Weight, Height"), ("best", "chair"))

        assert one("::" + line) == Block("compare", 1, "lamp, chair，desk", values, cards=(0, 1, 2))
        assert one(f":::{line}\nWords.\n:::") == Block(
            "compare", 1, "lamp, chair，desk", values, cards=(0, 1, 2), body=("Words.\n",)
        )

    def test_boxes_may_stand_inside_each_other(self) -> None:
        source = ":::toggle[More]\n:::tip\nA **tip**.\n::card[lamp]\n:::\n:::warning Mind the step\nHot.\n:::\n:::"

        assert one(source) == Block(
            "toggle",
            1,
            "More",
            body=(
                "\n",
                Block("tip", 2, body=("A **tip**.\n\n", Slot(0))),
                "\n",
                Block("warning", 6, "Mind the step", body=("Hot.\n",)),
            ),
        )

    def test_ratings_of_an_item(self) -> None:
        (card,) = parse(":::item[a]\n+ pro\n* Comfort: 4.5\n* 音质： 4\n* Price: 3,7/5\n- con\n\n* a: 1\n:::").cards

        assert card.ratings == (("Comfort", 45), ("音质", 40), ("Price", 37))
        assert (card.pros, card.cons, card.body) == (("pro",), ("con",), "* a: 1")

    def test_relations_and_rejected_products(self) -> None:
        parsed = parse('::card[a]{relation="lent"}\n:::rejected[b]{note="No."}\nWhy.\n:::')

        assert parsed.problems == ()
        assert parsed.cards == (
            CardRef("card", "a", 1, relation="lent"),
            CardRef("rejected", "b", 2, note="No."),
        )
        assert parsed.chunks[1] == Slot(1, ("Why.\n",))

    @pytest.mark.parametrize(
        "source",
        ["::: tip of the day", ":: picture", "    :::tip\n    :::", "`:::tip`", "```\n:::tip\n```"],
    )
    def test_prose_and_code_hold_no_blocks(self, source: str) -> None:
        parsed = parse(source)

        assert (parsed.cards, parsed.chunks) == ((), (source + "\n",))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("::picture", [(1, "write it as in :::picture[key]")]),
        ("::picture[A b]", [(1, "“A b” is not the key of a file in your media library")]),
        ("::gallery\n", [(1, "write :::gallery, with 3 colons"),
                         (1, "this “:::gallery” is not closed: end it with a line that is just :::")]),
        (":::gallery\nwords\nmore\n:::",
         [(2, "only lines like “::picture[key]” may stand in “:::gallery”, up to :::")]),
        (":::picture[aaaa]\n@ 130 2 lamp\n:::", [(2, "a spot lies between 0 and 100 per cent")]),
        (":::picture[aaaa]\n@ x 2 lamp\n:::",
         [(2, "write a spot as “@ 30 60 name words”: per cent from the left and from the top, a product")]),
        (":::picture[aaaa]\n:::tip\nx\n:::\n:::",
         [(2, "only lines like “@ 30 60 name” may stand in “:::picture”, up to :::")]),
        (":::video[aaaa]\n@ 99:99 x\n:::",
         [(2, "write a chapter as “@ 1:23 Title” or “@ 1:23 name Title”: a time, a product, words")]),
        (":::video[aaaa]\n@ 1:00\n:::", [(2, "give the chapter a title or a product")]),
        ("::video[aaaa]{poster=\"../x\"}", [(1, "“../x” is not the key of a file in your media library")]),
        ("::embed[https://evil.example/v]",
         [(1, "only pages of these sites can be embedded: YouTube, Bilibili, Vimeo, Tencent Video, Dailymotion")]),
        ("::compare[lamp]", [(1, "a comparison needs two to 6 different products")]),
        ("::compare[lamp, lamp]", [(1, "a comparison needs two to 6 different products")]),
        ('::compare[lamp, chair]{best="desk"}', [(1, "the best product must be one of those that are compared")]),
        ('::card[a]{relation="friend"}',
         [(1, "“friend” is no relation: use one of bought, gifted, lent, paid, affiliate, own")]),
        (":::toggle\nx\n:::", [(1, "write it as in :::toggle[Title]")]),
        (":::tip\nx", [(1, "this “:::tip” is not closed: end it with a line that is just :::")]),
        (":::tip\n:::item[a]\n:::", [(2, "an item stands by itself: close the “:::tip” of line 1 with ::: first")]),
        ("::toc is a word", [(1, "only attributes in { } may follow here")]),
        ("::toc[x]", [(1, "write it as in ::toc")]),
        ('::toc{a="b"}', [(1, "toc has no attributes")]),
        (":::item[a]\n* Comfort: 5.5\n:::",
         [(2, "a rating is a number from 0 to 5 with at most one decimal, like 4.5")]),
        (":::item[a]\n* Comfort: 4.55\n:::",
         [(2, "a rating is a number from 0 to 5 with at most one decimal, like 4.5")]),
        (":::item[a]\n* C: 1\n* C: 2\n:::", [(3, "C is given twice")]),
        (":::item[a]\n" + "".join(f"* C{n}: 1\n" for n in range(MAX_RATINGS + 1)) + ":::",
         [(10, "an item may have at most 8 ratings")]),
        ("- ::picture[aaaa]", [(1, "“:::picture” must begin at the start of its line, outside of lists and quotes")]),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_line(source: str, expected: list[tuple[int, str]]) -> None:
    assert problems(source) == expected


class TestLimits:
    def test_of_marks_and_pictures(self) -> None:
        spots = ":::picture[aaaa]\n" + "@ 1 2 lamp\n" * (MAX_SPOTS + 2) + ":::"
        chapters = ":::video[aaaa]\n" + "@ 1:00 x\n" * (MAX_CHAPTERS + 1) + ":::"
        pictures = ":::gallery\n" + "::picture[aaaa]\n" * (MAX_PICTURES + 1) + ":::"

        assert problems(spots)[0] == (32, "at most 30 lines with @ may stand here")
        assert problems(chapters) == [(102, "at most 100 lines with @ may stand here")]
        assert problems(pictures) == [(42, "a gallery may have at most 40 pictures")]
        assert len(parse(spots).cards) == MAX_SPOTS

    def test_of_blocks(self) -> None:
        assert problems("::toc\n" * MAX_BLOCKS) == []
        parsed = parse("::toc\n" * (MAX_BLOCKS + 5))
        assert parsed.problems == (Problem(301, "a text may have at most 300 pictures, players and boxes"),)
        assert sum(isinstance(chunk, Block) for chunk in parsed.chunks) == MAX_BLOCKS

    def test_of_depth(self) -> None:
        source = ":::tip\n" * 6 + "x\n" + ":::\n" * 6
        assert problems(source) == [(line, "at most 3 of these may stand inside each other") for line in (4, 5, 6)]

    def test_of_cards_counts_columns_and_spots(self) -> None:
        assert problems("::compare[a, b]\n" * (MAX_CARDS // 2)) == []
        assert problems("::compare[a, b]\n" * (MAX_CARDS // 2 + 1)) == [(251, "a text may have at most 500 cards")]

    @pytest.mark.parametrize("filling", [" ", "\t", "a ", "1 ", ", ", "[", ": ", "% "])
    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (":::item[a]\n* ", "x\n:::"),
            (":::item[a]\n* a", ": 4\n:::"),
            (":::picture[aaaa]\n@ 1", "x\n:::"),
            (":::video[aaaa]\n@ 1:00", "\n:::"),
            ("::card[a]{", "}"),
            ("::embed[https://youtu.be/", "]"),
            ("::compare[", "]"),
            ("> ", "::card[a]"),
        ],
    )
    def test_of_time(self, start: str, end: str, filling: str) -> None:
        """Each of these is read once; read in every division of its spaces, one would take hours."""
        parse(start + filling * 19_000 + end)

    def test_of_attributes_and_of_what_is_listed(self) -> None:
        assert problems("::card[a]{" + 'x="1" ' * 30_000 + "}")[-1] == (1, "too many attributes")
        assert len(problems(":::\n" * 6000)) == MAX_PROBLEMS
        assert problems("::compare[" + "a," * 90_000 + "]") == [(1, "a comparison needs two to 6 different products")]


class TestRendering:
    def test_every_block_has_its_segment(self) -> None:
        source = (
            "::toc\n\n::embed[https://youtu.be/dQw4w9WgXcQ]\n\n:::tip[Note]\nA [^1]\n\n[^1]: x\n:::\n"
            ':::compare[a, b]{best="b" attributes="W"}\nWords.\n:::\n:::rejected[c]\n## Why\n:::\n'
        )
        found = segments(source)

        assert [segment[0] for segment in found] == ["toc", "embed", "callout", "compare", "rejected"]
        assert found[1][1] == {
            "provider": "YouTube",
            "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            "player": "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
            "caption": "",
        }
        assert found[2][:2] == ["callout", {"tone": "tip", "title": "Note"}]
        assert 'href="#fn-b1--1"' in found[2][2][0][1]
        assert found[3] == [
            "compare",
            {"cards": ["k0", "k1"], "attributes": ["W"], "best": "k1", "caption": ""},
            [["html", "<p>Words.</p>"]],
        ]
        assert found[4] == ["rejected", "k2", [["html", '<h3 id="h-3--why">Why</h3>']]]
        assert card_keys(found) == ["k0", "k1", "k2"]
        assert json.loads(json.dumps(found)) == found

    def test_words_of_blocks_can_be_searched(self) -> None:
        source = (
            ':::picture[aaaa]{alt="A desk" caption="Ours"}\n@ 1 2 lamp warm\n:::\n:::toggle[More]\ninner\n:::\n'
            ":::audio[bbbb]\n@ 0:10 First chapter\n:::\n"
        )
        assert render(source, ["k"]).text.split("\n") == [
            "A desk", "Ours", "warm", "More", "inner", "First chapter",
        ]  # fmt: skip

    def test_a_block_inside_an_html_tag_is_refused(self) -> None:
        _, _, found = render_draft("<div>\n\n::toc\n\n</div>\n")
        assert [(problem.line, problem.message) for problem in found] == [
            (3, "this toc stands inside an HTML tag or comment: close that before it")
        ]

    def test_boxes_hold_any_hostile_text_and_stay_in_their_place(self) -> None:
        for text in hostile_texts()[::4]:
            rendered, _, _ = render_draft(f":::tip\n\n{text}\n\n:::\n\nafter\n")
            assert offences_of(rendered.segments) == [], text


def offences_of(found: list[Any]) -> list[str]:
    bad: list[str] = []
    for kind, value, *inner in found:
        bad += offences(value) if kind == "html" else []
        bad += offences_of(inner[0]) if inner else []
    return bad


PIECES = st.sampled_from(
    [
        *(f"{colons}{kind}" for kind in SPECS for colons in ("::", ":::")),
        ":::", "[lamp]", "[a, b]", "[aaaa1111]", "[", "]", "{", "}", 'note="', '"', 'alt="x"', 'best="a"', "\n", "\n\n",
        "@ 1 2 lamp", "@ 1:23 lamp Title", "@", "+ pro", "- con", "* C: 4.5", "* C: 9", "<div>", "</div>", "<!--",
        "```", "> ", "| a | b |\n|---|---|", "[^1]", "[^1]: x", "words", "：：：", "\t", "    ", "\x00", "\ud800", "🎧",
        "https://youtu.be/dQw4w9WgXcQ", "<script>", "javascript:alert(1)",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_no_source_makes_it_raise_and_what_comes_is_safe(source: str) -> None:
    rendered, cards, found = render_draft(source)

    assert offences_of(rendered.segments) == []
    assert all(isinstance(line, int) and 1 <= line <= source.count("\n") + source.count("\r") + 1
               for line in (problem.line for problem in found))  # fmt: skip
    known = card_keys(rendered.segments)
    assert len(set(known)) == len(known)
    assert set(known) <= {str(place) for place in range(len(cards))}
    assert json.loads(json.dumps(rendered.segments)) == rendered.segments
    assert all(key.isalnum() for key in asset_keys(rendered.segments))


class TestBinding:
    @pytest.fixture
    def files(self, desk: Desk) -> None:
        with desk.unit():
            for key, kind, form in (("aaaa1111", "picture", "webp"), ("bbbb2222", "video", "mp4"),
                                    ("cccc3333", "captions", "vtt")):  # fmt: skip
                widths = [320, 640] if kind == "picture" else []
                desk.session.add(
                    Asset(key=key, kind=kind, form=form, width=800, height=600, widths=widths, alt="From the library",
                          digest=key, created_at=desk.now, lang="en" if kind == "captions" else "")
                )  # fmt: skip

    def test_files_are_described_and_products_get_keys(self, desk: Desk, make: Factory, files: None) -> None:
        make.product("lamp")
        source = (
            '::picture[aaaa1111]\n\n:::picture[aaaa1111]{alt="Mine"}\n@ 1 2.5 lamp on it\n:::\n'
            ':::video[bbbb2222]{poster="aaaa1111" captions="cccc3333"}\n@ 0:05 lamp Light\n@ 0:09 soon more\n:::\n'
        )
        post = desk.publish(desk.begin(source=source))
        keys = [key for key, _product, _live in desk.cards(post)]
        first, second, third = queries.get_published(desk.session, post.slug).segments

        assert first[1]["alt"] == "From the library"
        assert first[1]["file"] == {"width": 800, "height": 600, "widths": [320, 640]}
        assert (second[1]["alt"], second[1]["spots"]) == ("Mine", [[keys[0], 1.0, 2.5]])
        assert third[1]["chapters"] == [[5, "Light", keys[1]], [9, "soon more", ""]]
        assert third[1]["file"] == {"form": "mp4", "width": 800, "height": 600, "duration": None}
        assert (third[1]["captions_lang"], third[1]["captions_form"]) == ("en", "vtt")
        entries = desk.draft(post).cards
        assert [(entry["kind"], entry["note"], entry["key"]) for entry in entries] == [
            ("spot", "on it", keys[0]),
            ("chapter", "", keys[1]),
        ]
        assert queries.audit(desk.session) == []

    def test_what_leads_nowhere_is_named_and_left_out(self, desk: Desk, files: None) -> None:
        source = (
            "::picture[zzzz9999]\n::picture[bbbb2222]\n::compare[no-lamp, no-chair]\n"
            ":::video[bbbb2222]\n@ 0:01 no-lamp Light\n:::\n"
        )
        draft = desk.draft(desk.begin(source=source))

        assert [(problem.line, problem.message) for problem in queries.list_problems(draft)] == [
            (1, "there is no file “zzzz9999” in the media library"),
            (2, "“bbbb2222” is not a file of the kind “picture”"),
            (3, "there is no product “no-lamp”"),
            (3, "there is no product “no-chair”"),
            (5, "there is no product “no-lamp”"),
        ]
        assert [segment[0] for segment in draft.segments] == ["compare", "video"]
        assert draft.segments[0][1]["cards"] == []

    def test_ratings_and_relations_are_kept_with_their_card(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        draft = desk.draft(
            desk.begin(kind="list", source=':::item[lamp]{relation="gifted"}\n* Light: 4.5\n:::\n::card[lamp]\n')
        )

        assert draft.cards[0]["ratings"] == [["Light", 45]]
        assert draft.cards[0]["relation"] == "gifted"
        assert "ratings" not in draft.cards[1]
        assert "relation" not in draft.cards[1]


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        (f":::tip[{'x' * 121}]\n:::", 1, "the title may have at most 120 characters"),
        (f":::audio[aaaa]\n@ 0:01 {'X' * 121}\n:::", 2, "the title may have at most 120 characters"),
        (f":::picture[aaaa]\n@ 1 2 lamp {'x' * 301}\n:::", 2, "note may have at most 300 characters"),
        (f":::item[a]\n* {'x' * 61}: 4\n:::", 2, "the name of a rating may have at most 60 characters"),
        (f'::picture[aaaa]{{caption="{"x" * 301}"}}', 1, "caption may have at most 300 characters"),
    ],
)
def test_words_that_are_too_long_are_named(source: str, line: int, message: str) -> None:
    assert problems(source) == [(line, message)]
