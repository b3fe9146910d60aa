"""What is refused before any parser sees it, and what is far from it. Counts only: no clock is read."""

from __future__ import annotations

import pytest

from contentshop.core import text_guard as guard
from contentshop.core.errors import Invalid
from contentshop.core.text import Problem, check_markdown, fenced_lines, normalise_source, render_markdown


def messages(source: str) -> list[str]:
    return [problem.message for problem in check_markdown(source)]


@pytest.mark.parametrize("unit", ["[", "![", "[a](", "`", "*", "_", "<", "&", "|", ">", "- ", "\\", "\n", "x"])
def test_a_megabyte_is_refused_whatever_it_holds(unit: str) -> None:
    source = (unit * 1_000_000)[:1_000_000]

    assert check_markdown(source) == [Problem(1, "the text is 1,000,000 characters long; at most 200,000 are allowed")]


def test_the_length_counts_after_tabs_are_expanded() -> None:
    assert messages("\t" * 50_001) == ["the text is 200,004 characters long; at most 200,000 are allowed"]
    assert messages("\n\n" + "word " * 7_999) == []


def test_two_hundred_thousand_characters_of_prose_pass() -> None:
    paragraph = "Words of a *guide* with [a link](https://shop.example/a) and `code` in them. " * 10
    source = f"{paragraph}\n\n" * 255

    assert 195_000 < len(source) < guard.MAX_SOURCE
    assert check_markdown(source) == []


REFUSED = [
    ("[" * 2_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    ("![" * 2_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    ("[" * 1_100 + "a" + "](b)" * 1_100, 1, "too many [ are opened and not closed, or lie inside each other"),
    (r"[\]" * 2_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    (r"\[" * 2_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    ("[`]`" * 2_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    ("[``` ] `` " * 1_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    (r"[\`]`" * 2_000, 1, "too many [ are opened and not closed, or lie inside each other"),
    ("`" + "[" * 2_000 + "`", 1, "too many [ are opened and not closed, or lie inside each other"),
    ("[a](" * 1_100, 1, "too many links are not closed by ) or have long titles"),
    ('[a](b "' * 1_000, 1, "too many links are not closed by ) or have long titles"),
    ("[a](<" * 1_000, 1, "too many links are not closed by ) or have long titles"),
    ("x\n\n" + "&" * 20_001, 3, 'too many characters of markup (* _ ~ ` [ ] < > & \\ | "): at most 20,000 are allowed'),
    ("***a*** " * 4_000, 1, 'too many characters of markup (* _ ~ ` [ ] < > & \\ | "): at most 20,000 are allowed'),
    ("```\n" + "<" * 20_001 + "\n```", 2,
     'too many characters of markup (* _ ~ ` [ ] < > & \\ | "): at most 20,000 are allowed'),
    ("[^1]" * 301, 1, "too many footnotes ([^): at most 300 are allowed"),
    ("<!-- a -->" * 51, 1, "too many HTML comments or declarations (<! and <?): at most 50 are allowed"),
    ("<![CDATA[" * 51, 1, "too many HTML comments or declarations (<! and <?): at most 50 are allowed"),
    ("a\n\n&#123456789;", 3, "a character number after &# has too many digits"),
    ("&#x" + "1" * 5_000 + ";", 1, "a character number after &# has too many digits"),
    ("a\n\n" * 6_001, 12_001, "too many lines of text outside fenced code: at most 6,000 are allowed"),
    ("- a\n\n" * 2_501, 5_001, "too many list items: at most 2,500 are allowed"),
    ("1) a\n\n" * 2_501, 5_001, "too many list items: at most 2,500 are allowed"),
    ("# a\n" * 1_001, 1_001, "too many headings and rules: at most 1,000 are allowed"),
    ("a\n===\n\n" * 1_001, 3_002, "too many headings and rules: at most 1,000 are allowed"),
    ("---\n" * 1_001, 1_001, "too many headings and rules: at most 1,000 are allowed"),
    ("* * *\n" * 1_001, 1_001, "too many headings and rules: at most 1,000 are allowed"),
    ("```a\n" * 31, 31, "too many code fences (``` or ~~~) that are never closed: at most 30 are allowed"),
    ("x\n\n" + "a\n" * 2_001, 3, "more than 2,000 lines without a blank line between them"),
    ("x\n\n" + "a " * 20_001, 3, "more than 40,000 characters without a blank line between them"),
    ("a\n\n" + "|" * 42, 3, "a table may have at most 40 columns"),
    ("a|b\n-|-\n" + "1|2\n" * 1_999 + "\n" + "a|b|c\n-|-|-\n" + "1|2|3\n" * 400, 2_003,
     "the tables have too many cells: at most 5,000 are allowed"),
    ("|".join("a" * 40) + "\n" + "-|" * 39 + "-\n" + "a\n" * 200, 1,
     "the tables have too many cells: at most 5,000 are allowed"),
    ("> a|b|c\n> -|-|-\n" + "> 1|2|3\n" * 1_700, 1,
     "the tables have too many cells: at most 5,000 are allowed"),
    ("a\n" + ">" * 11, 2, "quotes and lists may be nested at most 10 deep"),
    ("> " * 11 + "a", 1, "quotes and lists may be nested at most 10 deep"),
    ("- 1. > " * 4 + "a", 1, "quotes and lists may be nested at most 10 deep"),
    (" " * 101 + "- a", 1, "quotes and lists may be indented by at most 100 characters"),
    ("> " + " " * 100 + "- a", 1, "quotes and lists may be indented by at most 100 characters"),
    ("a " + "`" * 11, 1, "at most 10 backticks may follow each other"),
    ("<br>\n" * 1_501, 1_501, "too many HTML tags: at most 1,500 are allowed"),
    ("a <b \n" * 31, 31, "too many HTML tags are opened by < and not closed by > on their line"),
    ("<a b='>\n" * 31, 31, "too many HTML tags are opened by < and not closed by > on their line"),
    ("<b>\n" * 150 + "<p>\n" * 60, 208, "too many HTML tags such as <b> or <i> are not closed"),
    ("<b><!--</b>-->" * 40 + "<b>" * 160, 1, "too many HTML tags such as <b> or <i> are not closed"),
    ('<i title="</i>">' * 31, 1, "too many HTML tags are opened by < and not closed by > on their line"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "line", "message"), REFUSED, ids=range(len(REFUSED)))
def test_slow_shapes_are_refused_at_their_line(source: str, line: int, message: str) -> None:
    assert Problem(line, message) in check_markdown(source)


def test_nothing_refused_is_rendered() -> None:
    with pytest.raises(Invalid) as refusal:
        render_markdown("x\n" + "[" * 2_000)

    assert refusal.value.fields == {
        "source": ["Line 1: too many [ are opened and not closed, or lie inside each other"]
    }


ACCEPTED = [
    "[a](b) " * 4_000,
    "\n\n".join("A paragraph with a [ that is not closed, " + "and more words " * 30 for _ in range(100)),
    "\n\n".join(f"A [link {n}](/p/{n} \"title\") with `a[{n}]` and `b` in it." for n in range(500)),
    "<b>x</b> <i>y</i> don't </b>\n\n" * 300,
    "a < b and c > d\n\n" * 500,
    "- - - - - - - - - - - - - - - -",
    "*" * 60,
    "```\n" + "[" * 10_000 + "\n```",
    "~~~~\n" + ("| " * 60 + "\n") * 40 + "~~~~",
    "````text\n```\n" + "`" * 20 + "\n````",
    "".join(f"[^{n}] and\n" for n in range(100)) + "\n" + "".join(f"[^{n}]: a note\n" for n in range(100)),
    "a|b|c\n-|-|-\n" + "1|2|3\n" * 500,
    "&#128512; &#x1F600; &copy;",
    "> - 1. > - a",
]  # fmt: skip


@pytest.mark.parametrize("source", ACCEPTED, ids=range(len(ACCEPTED)))
def test_what_people_write_passes(source: str) -> None:
    assert check_markdown(source) == []


def test_problems_come_by_line_and_not_without_end() -> None:
    source = "".join(f"{'|' * 50}\n\n" for _ in range(50))

    assert [problem.line for problem in check_markdown(source)] == list(range(1, 2 * guard.MAX_PROBLEMS, 2))


def test_sources_are_read_with_one_kind_of_line_end_and_no_control_characters() -> None:
    assert normalise_source("a\r\nb\rc\td\x00\x02\x1f\x7f\ud800e\u2028f") == "a\nb\nc   de\u2028f"


@pytest.mark.parametrize(
    ("source", "inside"),
    [
        ("```\na\n```\nb", "xxx."),
        ("```python\na\n```", "xxx"),
        ("``` {.python}\na\n```  ", "xxx"),
        ('```python hl_lines="1 2"\na\n```', "xxx"),
        ("~~~\n```\n~~~\n```", "xxx."),
        ("````\n```\n````", "xxx"),
        ("```\na", ".."),
        ("```\na\n````", "..."),
        (" ```\na\n```", "..."),
        ("```a b\nc\n```", "..."),
        ("a\n```\n```\n```\n", ".xx.."),
    ],
)
def test_fences_are_found_as_the_parser_finds_them(source: str, inside: str) -> None:
    assert "".join("x" if fenced else "." for fenced in fenced_lines(source.split("\n"))) == inside
    assert render_markdown(source).count("<pre>") == ("x" in inside)
