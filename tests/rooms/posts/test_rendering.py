"""Posts rendered: safe HTML, slots for cards, words for searching."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from contentshop.core.errors import Invalid
from contentshop.core.text import RENDERER_VERSION
from contentshop.posts.cards import MAX_CARDS, parse
from contentshop.posts.rendering import Rendered, render_draft
from tests.rooms.posts.rendered import render

GUIDE = """\
# Quiet *headphones*

We tried ten[^1].
::card[sony-xm5]{note="Best for flights"}
More words.

:::item[bose-qc]{award="Best for travel" note="Light & soft"}
+ quiet
- dear

A **body** with a note[^1].

::card[anker-q20]

## Sound

Good.

[^1]: On a train.
:::

## Method

> We flew.

[^1]: In May.
"""


def note(number: str, words: str) -> str:
    return (
        f'<div class="footnote">\n<hr>\n<ol>\n<li id="fn-{number}">\n<p>{words}&#160;'
        f'<a class="footnote-backref" href="#fnref-{number}">&#8617;</a></p>\n</li>\n</ol>\n</div>'
    )


def note_link(number: str) -> str:
    return f'<sup id="fnref-{number}"><a class="footnote-ref" href="#fn-{number}">1</a></sup>'


def test_a_guide_becomes_html_and_slots() -> None:
    rendered = render(GUIDE, ["k1", "k2", "k3"])

    assert rendered == Rendered(
        segments=[
            ["html", ('<h2 id="h-quiet-headphones">Quiet <em>headphones</em></h2>\n'
                     f"<p>We tried ten{note_link('1')}.</p>")],
            ["card", "k1"],
            ["html", "<p>More words.</p>"],
            ["item", "k2", [
                ["html", f"<p>A <strong>body</strong> with a note{note_link('2--1')}.</p>"],
                ["card", "k3"],
                ["html", f'<h3 id="h-2--sound">Sound</h3>\n<p>Good.</p>\n{note("2--1", "On a train.")}'],
            ]],
            ["html", '<h3 id="h-method">Method</h3>\n<blockquote>\n<p>We flew.</p>\n</blockquote>\n'
                     + note("1", "In May.")],
        ],
        text="Quiet headphones\nWe tried ten.\nBest for flights\nMore words.\nBest for travel\nLight & soft\n"
             "quiet\ndear\nA body with a note.\nSound\nGood.\nOn a train.\nMethod\nWe flew.\nIn May.",
        headings=[(2, "h-quiet-headphones", "Quiet headphones"), (3, "h-2--sound", "Sound"),
                  (3, "h-method", "Method")],
        version=RENDERER_VERSION,
    )  # fmt: skip
    assert json.loads(json.dumps(rendered.segments)) == rendered.segments


@pytest.mark.parametrize(
    ("source", "segments"),
    [
        ("", []),
        ("::card[a]", [["card", "k0"]]),
        ("::card[a]\n::card[b]", [["card", "k0"], ["card", "k1"]]),
        (":::item[a]\n:::", [["item", "k0", []]]),
        (":::item[a]\n+ pro\n:::", [["item", "k0", []]]),
        ("words\n::card[a]\n===", [["html", "<p>words</p>"], ["card", "k0"], ["html", "<p>===</p>"]]),
        ("> q\n::card[a]\n> r",
         [["html", "<blockquote>\n<p>q</p>\n</blockquote>"], ["card", "k0"],
          ["html", "<blockquote>\n<p>r</p>\n</blockquote>"]]),
        ("1. a\n::card[a]\n2. b",
         [["html", "<ol>\n<li>a</li>\n</ol>"], ["card", "k0"], ["html", '<ol start="2">\n<li>b</li>\n</ol>']]),
        ("a|b\n-|-\n1|2\n::card[a]",
         [["html", ('<div class="table-scroll" tabindex="0" role="region"><table>\n<thead>\n<tr>\n<th>a</th>\n'
                   "<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n"
                   "</table></div>")], ["card", "k0"]]),
        ("```\n::card[a]\n```\n::card[b]", [["html", "<pre><code>::card[a]\n</code></pre>"], ["card", "k0"]]),
        ("x[^1]\n\n[^1]: note\n::card[a]",
         [["html", f"<p>x{note_link('1')}</p>"], ["card", "k0"], ["html", note("1", "note")]]),
        ("<b>open\n\n::card[a]", [["html", "<p><b>open</b></p><b>\n</b>"], ["card", "k0"]]),
        ("<div>x</div>\n::card[a]", [["html", "<div>x</div>"], ["card", "k0"]]),
    ],
)  # fmt: skip
def test_slots_stand_between_blocks(source: str, segments: list[list[Any]]) -> None:
    keys = [f"k{number}" for number in range(len(parse(source).cards))]

    assert render(source, keys).segments == segments


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<div>\n\n::card[a]\n\n</div>", "Line 3: this card stands inside an HTML tag or comment"),
        ("<div>\n\n<p>x\n::card[a]", "Line 4: this card stands inside an HTML tag or comment"),
        ("<!--\n::card[a]\n-->", "Line 2: this card stands inside an HTML tag or comment"),
        ("<table>\n::card[a]\n</table>", "Line 2: this card stands inside an HTML tag or comment"),
        ("<pre>\n:::item[a]\n:::\n</pre>", "Line 2: this item stands inside an HTML tag or comment"),
        (":::item[a]\n\n<details>\n::card[b]\n</details>\n:::",
         "Line 4: this card stands inside an HTML tag or comment"),
    ],
)  # fmt: skip
def test_a_card_inside_html_is_refused_with_its_line(source: str, message: str) -> None:
    keys = [f"k{number}" for number in range(len(parse(source).cards))]

    with pytest.raises(Invalid) as refusal:
        render(source, keys)

    assert refusal.value.fields == {"source": [f"{message}: close that before it"]}


def test_problems_of_the_syntax_and_of_the_size_are_raised_for_the_field() -> None:
    with pytest.raises(Invalid) as syntax:
        render("a\n::card[A]\n:::", ["k"])
    with pytest.raises(Invalid) as size:
        render("[" * 1_000_000, [])

    assert syntax.value.fields == {
        "source": [
            "Line 2: “A” is not a product's name: use the small letters, digits and hyphens of its address",
            "Line 3: there is no open item that this ::: could close",
        ]
    }
    assert size.value.fields == {
        "source": ["Line 1: the text is 1,000,000 characters long; at most 200,000 are allowed"]
    }


def test_a_half_written_text_is_rendered_but_for_what_is_wrong() -> None:
    source = "Good.\n\n::card[a]\n\n::crad[b]\n\n<div><!--\n\n::card[c]\n\n-->Late.</div>\n"
    rendered, cards, problems = render_draft(source)
    assert [card.product for card in cards] == ["a", "c"]
    assert [problem.line for problem in problems] == [5, 9]
    assert rendered.segments[:2] == [["html", "<p>Good.</p>"], ["card", "0"]]
    assert rendered.text.split() == ["Good.", "Late."]


def test_a_text_that_costs_too_much_is_not_rendered_at_all() -> None:
    for source in ("[" * 1_000_000, "::card[a]\n" * (MAX_CARDS + 1)):
        rendered, cards, problems = render_draft(source)
        assert (rendered.segments, cards, len(problems)) == ([], (), 1)


def test_the_examples_of_the_guide_for_creators_are_right() -> None:
    guide = Path(__file__).parents[3].joinpath("docs", "writing.md").read_text(encoding="utf-8")
    examples = re.findall(r"^~~~markdown\n(.*?)^~~~$", guide, re.MULTILINE | re.DOTALL)

    assert len(examples) == 10
    assert [render_draft(example)[2] for example in examples] == [[]] * 10
    assert [len(parse(example).cards) for example in examples] == [1, 1, 3, 1, 3, 2, 1, 1, 0, 0]


def test_a_slot_cannot_be_forged() -> None:
    """What stands for a slot while rendering is random, so an author's guess stays a paragraph."""
    guess = "0" * 32 + "x0"

    assert render(f"{guess}\n\n::card[a]", ["k"]).segments == [["html", f"<p>{guess}</p>"], ["card", "k"]]


class Balance(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_each_piece_of_html_is_balanced() -> None:
    blocks = ["words", "- a\n- b", "> q", "# h", "<b>x", "a|b\n-|-\n1|2", "```\nc\n```", "![i](/media/i.png)", "---"]
    source = "\n\n".join(f"{first}\n::card[a]\n{second}" for first in blocks for second in blocks)

    segments = render(source, ["k"] * len(blocks) ** 2).segments

    assert [segment for segment in segments if segment[0] == "card"] == [["card", "k"]] * 81
    assert [Balance(segment[1]).open for segment in segments if segment[0] == "html"] == [[]] * 82


def test_a_list_of_five_hundred_items_is_rendered() -> None:
    source = "".join(f":::item[a-{number}]\n+ pro\n\nWords *{number}*.\n:::\n\n" for number in range(500))

    segments = render(source, [f"k{number}" for number in range(500)]).segments

    assert segments == [["item", f"k{number}", [["html", f"<p>Words <em>{number}</em>.</p>"]]] for number in range(500)]
