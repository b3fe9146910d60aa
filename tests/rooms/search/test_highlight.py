"""Marking words in shown texts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentshop.search.analysis import marked_terms, parse
from contentshop.search.highlight import Piece, highlight, highlight_title


def asked(text: str) -> tuple[str, ...]:
    return marked_terms(parse(text).words)


def marked(pieces: list[Piece]) -> list[str]:
    return [text for text, mark in pieces if mark]


@pytest.mark.parametrize(
    ("title", "query", "found"),
    [
        ("Ten cables and a Cable", "cables", ["cables", "Cable"]),
        ("Sony WH-1000XM5", "wh1000xm5", ["WH-1000XM5"]),
        ("Sony WH-1000XM5", "xm5", ["XM5"]),
        ("Wi-Fi and wifi", "wi-fi", ["Wi-Fi", "wifi"]),
        ("Crème BRÛLÉE", "creme brulee", ["Crème", "BRÛLÉE"]),
        ("cre\u0300me", "crème", ["cre\u0300me"]),
        ("ＡＰＩ配置说明", "api 配置", ["ＡＰＩ配置"]),
        ("最好的降噪耳机和耳机", "耳机", ["耳机", "耳机"]),
        ("降噪耳机", "降噪耳机", ["降噪耳机"]),
        ("nothing here", "耳机", []),
        ("", "tea", []),
        ('<b>tea</b> & "tea"', "tea", ["tea", "tea"]),
    ],
)
def test_titles(title: str, query: str, found: list[str]) -> None:
    pieces = highlight_title(title, asked(query))
    assert marked(pieces) == found
    assert "".join(text for text, _ in pieces) == title


def test_a_title_keeps_its_words_and_loses_line_breaks() -> None:
    assert highlight_title(" a\n\n tea  b ", ["tea"]) == [("a ", False), ("tea", True), (" b", False)]


def test_without_terms_a_text_is_its_beginning() -> None:
    assert highlight("A short text.", ()) == [("A short text.", False)]
    assert highlight("", ("tea",)) == []
    assert highlight("word " * 100, (), 20) == [("word word word word…", False)]


def test_the_fragment_with_most_different_words_wins() -> None:
    text = "tea tea tea tea " + "filler " * 60 + "a kettle for tea " + "filler " * 60
    pieces = highlight(text, ("tea", "kettl"), 80)
    assert marked(pieces) == ["kettle", "tea"]
    assert pieces[0][0].startswith("…")
    assert pieces[-1][0].endswith("…")


def test_of_equal_fragments_the_first_wins() -> None:
    text = "one tea " + "filler " * 60 + "two tea"
    assert highlight(text, ("tea",), 60)[0] == ("one ", False)


def test_the_end_of_a_text_fills_the_fragment() -> None:
    text = "filler " * 60 + "last tea"
    pieces = highlight(text, ("tea",), 60)
    assert pieces[-1] == ("tea", True)
    assert 40 <= sum(len(text) for text, _ in pieces) <= 61


def test_words_are_not_cut() -> None:
    text = "bergamot " * 40 + "tea " + "bergamot " * 40
    words = set("".join(text for text, _ in highlight(text, ("tea",), 100)).replace("…", " ").split())
    assert words == {"bergamot", "tea"}


def test_chinese_fragments() -> None:
    pieces = highlight("旅行" * 200 + "的降噪耳机很好" + "通勤" * 200, asked("耳机"), 40)
    assert marked(pieces) == ["耳机"]
    assert sum(len(text) for text, _ in pieces) == 42


@given(
    st.text(st.sampled_from(list('tea kettle耳机é\u0301<&"\n\ud800🎧-1')), max_size=400),
    st.integers(10, 200),
)
@settings(deadline=None)  # the machine may be busy
def test_any_text(text: str, length: int) -> None:
    terms = asked("tea kettle 耳机 é 1")
    whole = " ".join(text.split())
    title = highlight_title(text, terms)
    assert "".join(piece for piece, _ in title) == whole
    pieces = highlight(text, terms, length)
    plain = "".join(piece for piece, _ in pieces)
    assert plain.strip("…").strip() in whole
    assert len(plain) <= max(length, *(len(piece) for piece, _ in title), 0) + 2 if title else not plain
    assert all(piece for piece, _ in pieces)
    assert all(one[1] != two[1] for one, two in pairwise(pieces))
