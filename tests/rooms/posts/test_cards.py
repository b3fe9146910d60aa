"""The card syntax, read exactly."""

from __future__ import annotations

import pytest

from contentshop.core.text import Problem
from contentshop.posts.cards import MAX_CARDS, MAX_POINTS, CardRef, Parsed, Slot, parse


def problems(source: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in parse(source).problems]


def test_a_text_without_cards_is_one_chunk() -> None:
    assert parse("") == Parsed((), (), ("\n",))
    assert parse("One\r\ntwo") == Parsed((), (), ("One\ntwo\n",))


def test_a_card_is_a_line_of_its_own() -> None:
    assert parse('Before.\n::card[sony-wh-1000xm5]{note="Best for flights" alt="bose-qc"}\nAfter.') == Parsed(
        cards=(CardRef("card", "sony-wh-1000xm5", 2, note="Best for flights", alternative="bose-qc"),),
        problems=(),
        chunks=("Before.\n", Slot(0), "After.\n"),
    )


@pytest.mark.parametrize(
    ("line", "card"),
    [
        ("::card[a]", CardRef("card", "a", 1)),
        ("::card[ a-1 ]  ", CardRef("card", "a-1", 1)),
        (":: card[a]", CardRef("card", "a", 1)),
        ("::card[a]{}", CardRef("card", "a", 1)),
        ("::card[a] {note=\"x\"}", CardRef("card", "a", 1, note="x")),
        ('::card[a]{ note = "x" , alt="b" }', CardRef("card", "a", 1, note="x", alternative="b")),
        ('::card[a]{note="  x \t y "}', CardRef("card", "a", 1, note="x y")),
        ('::card[a]{note=“x "y" z”}', CardRef("card", "a", 1, note='x "y" z')),
        ("::card[a]{note=“say x”}", CardRef("card", "a", 1, note="say x")),
        ("::card[a]{note=”x”}", CardRef("card", "a", 1, note="x")),
        ("::card[a]{note=„x“}", CardRef("card", "a", 1, note="x")),
        ("::card[a]{note=＂x＂}", CardRef("card", "a", 1, note="x")),
        ('::card[a]{note="“x” ]} {"}', CardRef("card", "a", 1, note="“x” ]} {")),
        ('::card[a]{note="12\\" and \\\\"}', CardRef("card", "a", 1, note='12" and \\')),
        ('::card[a]{note="C:\\x"}', CardRef("card", "a", 1, note="C:\\x")),
        ('::card[a]{note="<b> **x** &amp;"}', CardRef("card", "a", 1, note="<b> **x** &amp;")),
        ('::card[a]{note="耳机，很轻"}', CardRef("card", "a", 1, note="耳机，很轻")),
    ],
)  # fmt: skip
def test_ways_to_write_a_card(line: str, card: CardRef) -> None:
    parsed = parse(line)

    assert parsed.problems == ()
    assert parsed.cards == (card,)


LIST = """\
# Headphones

:::item[sony-xm5]{award="Best for travel" note="Light." alt="sony-xm4"}
+ quiet
+  soft  pads
- dear

Long **words**.
::card[anker-q20]{note="cheaper"}

- not a con
:::

Between.

:::item[bose-qc]
:::
::card[apple-max]
"""


def test_items_hold_pros_cons_and_a_body_with_cards() -> None:
    body = 'Long **words**.\n::card[anker-q20]{note="cheaper"}\n\n- not a con'

    assert parse(LIST) == Parsed(
        cards=(
            CardRef(
                "item", "sony-xm5", 3, "Light.", "Best for travel", "sony-xm4",
                pros=("quiet", "soft pads"), cons=("dear",), body=body,
            ),
            CardRef("card", "anker-q20", 9, note="cheaper"),
            CardRef("item", "bose-qc", 16),
            CardRef("card", "apple-max", 18),
        ),
        problems=(),
        chunks=(
            "# Headphones\n\n",
            Slot(0, ("\nLong **words**.\n\n", Slot(1), "\n- not a con\n")),
            "\nBetween.\n\n",
            Slot(2),
            Slot(3),
            "\n",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inner", "pros", "cons", "body"),
    [
        ("", (), (), ""),
        ("+ a\n- b\n+ c", ("a", "c"), ("b",), ""),
        ("+ a\nWords.\n+ b", ("a",), (), "Words.\n+ b"),
        ("\n+ a", (), (), "+ a"),
        ("Words.", (), (), "Words."),
        ("+ a\n+\n- b", ("a",), ("b",), ""),
        ("+ \n- \n* \n\nWords.", (), (), "Words."),
        ("* a", (), (), "* a"),
        ("+ ::card[x]", ("::card[x]",), (), ""),
        ("+ a\n::card[b]", ("a",), (), "::card[b]"),
        ("+ a\n```\n:::\n```", ("a",), (), "```\n:::\n```"),
    ],
)
def test_pros_and_cons_end_at_the_first_other_line(
    inner: str, pros: tuple[str, ...], cons: tuple[str, ...], body: str
) -> None:
    parsed = parse(f":::item[a]\n{inner}\n:::\n")

    assert parsed.problems == ()
    assert (parsed.cards[0].pros, parsed.cards[0].cons, parsed.cards[0].body) == (pros, cons, body)


@pytest.mark.parametrize(
    "source",
    [
        "```\n::card[a]\n:::item[b]\n:::\n```",
        "~~~~md\n::card[a]\n```\n::card[b]\n~~~~",
        "    ::card[a]\n    :::item[b]\n    :::",
        "\t::card[a]",
        "Write `::card[a]` here.",
        "text ::card[a]",
        "::before is a pseudo-element",
        "::: a note",
        "a :::",
        "::",
        "::1",
        "std::vector[a]",
    ],
)
def test_code_and_prose_hold_no_cards(source: str) -> None:
    assert parse(source) == Parsed((), (), (source.expandtabs(4) + "\n",))


def test_an_unclosed_fence_is_text_and_hides_nothing() -> None:
    assert [card.product for card in parse("```\n::card[a]").cards] == ["a"]


LONG = "x" * 301


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n::cart[x]", [(2, "“::cart” is not known: did you mean ::card[name]?")]),
        (":::note", [(1, "“:::note” is not known: the help lists what is, such as ::card[name]")]),
        (":::card[a]", [(1, "write ::card, with 2 colons")]),
        ("::item[a]\n:::", [(1, "write :::item, with 3 colons")]),
        ("::card", [(1, "write the product's name in brackets, as in ::card[name]")]),
        ("::card {}", [(1, "write the product's name in brackets, as in ::card[name]")]),
        (":::item[a\n:::", [(1, "write the product's name in brackets, as in :::item[name]")]),
        ("::card[]", [(1, "“” is not a product's name: use the small letters, digits and hyphens of its address")]),
        ("::card[Sony XM5]",
         [(1, "“Sony XM5” is not a product's name: use the small letters, digits and hyphens of its address")]),
        ("::card[a--b]",
         [(1, "“a--b” is not a product's name: use the small letters, digits and hyphens of its address")]),
        ('::card[x"]{note="y"}',
         [(1, "“x\"” is not a product's name: use the small letters, digits and hyphens of its address")]),
        ('::card[a]{alt="../b"}',
         [(1, "“../b” is not a product's name: use the small letters, digits and hyphens of its address")]),
        ("::card[" + "a" * 101 + "]",
         [(1, f"“{'a' * 100}” is not a product's name: use the small letters, digits and hyphens of its address")]),
        ("::card[a] words", [(1, "only attributes in { } may follow the product's name")]),
        ('::card[a]{note="x"', [(1, 'write attributes as {note="…"}, with nothing after the closing }')]),
        ('::card[a]{note="x"} y', [(1, 'write attributes as {note="…"}, with nothing after the closing }')]),
        ("::card[a]{note}", [(1, 'write attributes as {note="…"}, with nothing after the closing }')]),
        ("::card[a]{note=x}", [(1, 'the value of note must stand in quotes, as in note="…"')]),
        ("::card[a]{note=", [(1, 'the value of note must stand in quotes, as in note="…"')]),
        ('::card[a]{note="x}', [(1, "the quote after note= is never closed")]),
        ("::card[a]{note=“x\"}", [(1, "the quote after note= is never closed")]),
        ('::card[a]{note="x\\"}', [(1, "the quote after note= is never closed")]),
        ('::card[a]{note="x" note="y"}', [(1, "note is given twice")]),
        ('::card[a]{award="x"}', [(1, "card has no attribute “award”: use note, alt, relation")]),
        (':::item[a]{price="1"}\n:::', [(1, "item has no attribute “price”: use award, note, alt, relation")]),
        (f'::card[a]{{note="{LONG}"}}', [(1, "note may have at most 300 characters")]),
        (f':::item[a]{{award="{LONG[:61]}"}}\n:::', [(1, "award may have at most 60 characters")]),
        (f":::item[a]\n+ {LONG[:200]}\n- {LONG[:201]}\n:::", [(3, "a pro or con may have at most 200 characters")]),
        (":::item[a]\n" + "+ x\n" * (MAX_POINTS + 2) + ":::", [(14, "an item may have at most 12 pros")]),
        (":::item[a]\n" + "- x\n" * (MAX_POINTS + 1) + ":::", [(14, "an item may have at most 12 cons")]),
        ("a\n:::item[a]\nb", [(2, "this item is not closed: end it with a line that is just :::")]),
        (":::item[a]\n+ b", [(1, "this item is not closed: end it with a line that is just :::")]),
        ("a\n:::", [(2, "there is no open item that this ::: could close")]),
        (":::item[a]\n:::item[b]\n:::\n",
         [(2, "an item cannot stand inside another: close that of line 1 with ::: first")]),
        ("- ::card[a]", [(1, "a card must begin at the start of its line, outside of lists and quotes")]),
        ("1. ::card[a]", [(1, "a card must begin at the start of its line, outside of lists and quotes")]),
        ("> > :::item[a]", [(1, "a card must begin at the start of its line, outside of lists and quotes")]),
        ("  ::card[a]", [(1, "a card must begin at the start of its line, outside of lists and quotes")]),
        ("::card(a)", [(1, "write the product's name in brackets, as in ::card[name]")]),
        ("::card【a】", [(1, "write the product's name in brackets, as in ::card[name]")]),
        ("：：card[a]", [(1, "write the colons of a card as :: and not as ：：")]),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_line(source: str, expected: list[tuple[int, str]]) -> None:
    assert problems(source) == expected


def test_many_mistakes_are_listed_in_order() -> None:
    assert problems("::card[A]\n:::\n\n- ::card[b]\n:::item[c]\nx")[1:] == [
        (2, "there is no open item that this ::: could close"),
        (4, "a card must begin at the start of its line, outside of lists and quotes"),
        (5, "this item is not closed: end it with a line that is just :::"),
    ]


def test_at_most_five_hundred_cards() -> None:
    assert parse("::card[a]\n" * MAX_CARDS).problems == ()
    assert parse("::card[a]\n" * (MAX_CARDS + 2)).problems == (Problem(501, "a text may have at most 500 cards"),)
    assert parse(":::item[a]\n:::\n" * (MAX_CARDS + 1)).problems == (
        Problem(1001, "a text may have at most 500 cards"),
    )
