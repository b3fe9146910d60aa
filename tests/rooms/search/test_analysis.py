"""Text into terms and queries."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contentshop.search.analysis import (
    MAX_QUERY_LENGTH,
    Phrase,
    Word,
    analyse,
    code_key,
    marked_terms,
    normalise,
    parse,
    spans,
    stem,
    terms,
    title_key,
    units,
)

anything = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(list("aAbZ09 -'’_\"\u0301耳机降噪ガがＡﬁéßİ가\ud800\0🎧")),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("Crème Brûlée", "creme brulee"),
        ("Łódź Ærø Straße ıI", "lodz aero strasse ii"),
        ("ﬁne ① ㎏", "fine 1 kg"),
        ("Ёлка ΆΛΦΑ", "елка αλφα"),
        ("がガ", "がガ"),
        ("が", "が"),
        ("한국어", "한국어"),
        ("हिन्दी", "हिन्दी"),
        ("耳机", "耳机"),
    ],
)
def test_normalise(text: str, normal: str) -> None:
    assert normalise(text) == unicodedata.normalize("NFC", normal)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Vitamin C, D battery", ["vitamin", "c", "d", "batteri"]),
        ("running runner runs", ["run", "runner", "run"]),
        ("耳", ["耳"]),
        ("降噪耳机", ["降", "降噪", "噪", "噪耳", "耳", "耳机", "机"]),
        ("API配置", ["api", "配", "配置", "置"]),
        ("한국어", ["한", "한국", "국", "국어", "어"]),
        ("Wi-Fi", ["wi", "fi", "wifi"]),
        ("women's", ["women", "s", "women"]),
        ("state-of-the-art", ["state", "of", "the", "art", "stateoftheart"]),
        ("2024-01-15", ["2024", "01", "15"]),
        ("3.5mm", ["3", "5", "5mm", "mm"]),
        (
            "WH-1000XM5",
            ["wh", "wh1000", "wh1000xm", "wh1000xm5", "1000", "1000xm", "1000xm5", "xm", "xm5", "5"],
        ),
        ("a1b2c3d4", ["a1b2c3d4"]),
        ("a1b2-c3d4", ["a1b2", "c3d4", "a1b2c3d4"]),
        ("foo_bar", ["foo", "bar", "foobar"]),
        ("status:draft *:*", ["status", "draft"]),
        ("🎧 \0 \ud800 …", []),
    ],
)
def test_terms(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_a_term_is_never_endless() -> None:
    assert [len(term) for term in terms("a" * 1000)] == [64]
    assert [len(term) for term in terms("é" * 1000)] == [64]
    assert max(map(len, terms("a1" * 500))) == 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sony WH-1000XM5 headphones", ["soni", "wh", "1000", "xm", "5", "headphon"]),
        ("降噪耳机 for 旅行", ["降", "噪", "耳", "机", "for", "旅", "行"]),
        ("Crème-brûlée", ["creme", "brule"]),
    ],
)
def test_units(text: str, found: list[str]) -> None:
    assert units(text) == found


@pytest.mark.parametrize("word", ["cables", "batteries", "charging", "x", "é", "耳机", "1000xm5", "a" * 500])
def test_a_stem_is_short_and_lasting(word: str) -> None:
    assert stem(word) == stem(word)
    assert len(stem(word)) <= 64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tea for Two", "tea, for two!"),
        ("Crème Brûlée", "creme brulee"),
        ("WH-1000XM5", "wh1000 xm5"),
        ("降噪 耳机", "降噪耳机"),
    ],
)
def test_equal_titles_share_a_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other) != ""


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("WH1000XM5/B", "wh1000xm5b"),
        ("012345678905", "12345678905"),
        ("0012345678905", "12345678905"),
        ("000", "000"),
        ("00A1", "00a1"),
        (" ", ""),
    ],
)
def test_code_key(code: str, key: str) -> None:
    assert code_key(code) == key


def test_words_phrases_and_exclusions_are_told_apart() -> None:
    query = parse('Sony "over ear" -wired -"noise cancelling" wh-1000xm5')
    over, ear = Word(("over",)), Word(("ear",))
    assert query.words == (Word(("soni",)), over, ear, Word(("wh", "1000xm5"), "wh1000xm5"))
    assert query.phrases == (Phrase(("over", "ear"), (over, ear)),)
    assert query.excluded == ((Word(("wire",)),),)
    assert [phrase.units for phrase in query.excluded_phrases] == [("nois", "cancel")]


@pytest.mark.parametrize("text", ["“降噪 耳机”", "「降噪 耳机」", "«降噪 耳机»", "＂降噪 耳机＂"])
def test_quotes_of_other_languages_quote(text: str) -> None:
    assert [phrase.units for phrase in parse(text).phrases] == [("降", "噪", "耳", "机")]


@pytest.mark.parametrize("text", ["wi-fi", "- wired", "a-b", "2-3", '"wired"', "wired-"])
def test_a_hyphen_within_or_alone_excludes_nothing(text: str) -> None:
    assert parse(text).excluded == ()


def test_a_chinese_run_is_asked_by_pairs_with_its_characters_in_reserve() -> None:
    query = parse("耳机推荐")
    assert [word.terms for word in query.words] == [("耳机",), ("机推",), ("推荐",)]
    assert [word.terms for word in query.characters] == [("耳",), ("机",), ("推",), ("荐",)]
    assert [word.terms for word in parse("耳").words] == [("耳",)]
    assert parse("耳").characters == ()


def test_a_compound_is_one_word_with_two_ways() -> None:
    assert parse("wi-fi").words == (Word(("wi", "fi"), "wifi"),)
    assert parse("wh1000xm5").words == (Word(("wh", "1000", "xm", "5"), "wh1000xm5"),)
    assert parse("a4").words == (Word(("a4",)),)
    assert parse("2024-01").words == (Word(("2024", "01")),)


def test_function_words_are_not_needed_beside_others() -> None:
    assert [word.needed for word in parse("the best for flights").words] == [False, True, False, True]
    assert [word.needed for word in parse("how to do it").words] == [True] * 4


def test_words_are_asked_once() -> None:
    assert len(parse("tea Tea TEA teas").words) == 1


def test_only_the_beginning_is_read() -> None:
    assert parse("tea " * 5000).words == parse("tea").words
    assert parse("a" * MAX_QUERY_LENGTH + " kettle").words == parse("a" * MAX_QUERY_LENGTH).words


@pytest.mark.parametrize(("text", "asked"), [("", False), (" \n", False), ("!!!", True), ("tea", True)])
def test_nothing_typed_is_known_from_nothing_found(text: str, asked: bool) -> None:
    assert parse(text).asked == asked


def test_marked_terms_leave_out_what_was_not_needed() -> None:
    assert marked_terms(parse("the wi-fi of 耳机").words) == ("wi", "fi", "wifi", "耳机")


@given(anything)
@settings(deadline=None)
@example("e\u0301" * 20)
@example("-" * 60)
def test_any_text_can_be_analysed(text: str) -> None:
    found = analyse(text)
    assert found.terms == terms(text)
    assert found.units == units(text)
    assert all(0 < len(term) <= 64 for term in found.terms)
    assert not any(set(term) & set(' \0"') or term != term.strip() for term in found.terms)
    "".join(found.terms + found.units).encode()  # lone surrogates would not get through


@given(anything)
@settings(max_examples=300, deadline=None)  # the machine may be busy
def test_any_text_can_be_asked(text: str) -> None:
    query = parse(text)
    assert not query.words or any(word.needed for word in query.words)
    assert all(word.terms and all(word.terms) for word in query.words)
    assert all(len(phrase.units) > 1 for phrase in query.phrases)


@given(anything)
@example("0𐄇")  # numerals of two scripts: each is a word of its own
@settings(max_examples=300, deadline=None)  # the machine may be busy
def test_a_text_finds_itself(text: str) -> None:
    """Whatever is typed exactly as it stands in a document is found by its words."""
    indexed = set(terms(text[:MAX_QUERY_LENGTH]))
    plain = text[:MAX_QUERY_LENGTH].translate({ord(c): " " for c in '-"\u2010\u2212_“”„‟«»「」『』＂－﹣'})
    for word in parse(plain).words:
        assert set(word.terms) <= indexed | set(terms(plain)) or word.joined in indexed


@given(anything)
@settings(max_examples=300, deadline=None)  # the machine may be busy
def test_spans_are_the_terms_of_the_index_and_lie_in_the_text(text: str) -> None:
    wanted = set(terms(text))
    found = spans(text, wanted)
    assert [(span.start, span.end) for span in found] == sorted((span.start, span.end) for span in found)
    for span in found:
        assert 0 <= span.start < span.end <= len(text)
        assert span.term in wanted
    if text.isascii():
        assert sorted(span.term for span in found) == sorted(terms(text))
