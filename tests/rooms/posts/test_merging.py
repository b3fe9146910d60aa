"""Comparing and merging texts, and the way back to what a window began with."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import (
    Chunk,
    Piece,
    compare,
    compare_words,
    count_words,
    form_of,
    go_back,
    merge,
    merge_field,
    products_named,
    step_back,
    words_of,
)

BASE = "One two three four five.\n\nThe second paragraph.\n\nThe third.\n"
TEXTS = st.text(alphabet="ab \n.", max_size=40)


def form(**values: object) -> PostInput:
    fields: dict[str, object] = {"kind": "article", "title": "Lamps", "source": BASE}
    return PostInput.parse(**(fields | values))  # type: ignore[arg-type]


class TestComparing:
    def test_only_the_words_that_changed_are_marked(self) -> None:
        assert compare_words("a quiet fan for small rooms", "a very quiet fan for big rooms") == [
            Piece("same", "a "),
            Piece("new", "very "),
            Piece("same", "quiet fan for "),
            Piece("gone", "small"),
            Piece("new", "big"),
            Piece("same", " rooms"),
        ]

    def test_chinese_is_compared_sign_by_sign(self) -> None:
        assert compare_words("我推荐这盏台灯", "我推荐那盏台灯") == [
            Piece("same", "我推荐"),
            Piece("gone", "这"),
            Piece("new", "那"),
            Piece("same", "盏台灯"),
        ]

    def test_a_passage_written_anew_is_exchanged_as_a_whole(self) -> None:
        old, new = "All of this was said before.", "Nobody would recognise a single word now!"

        assert compare_words(old, new) == [Piece("gone", old), Piece("new", new)]

    def test_lines_that_are_alike_stand_between_those_that_changed(self) -> None:
        blocks = compare(BASE, BASE.replace("two", "TWO").replace("The third.\n", ""))

        assert [(block.same, block.line) for block in blocks] == [(False, 1), (True, 3), (False, 5)]
        assert blocks[2].pieces == (Piece("gone", "The third.\n"),)

    def test_a_text_that_was_empty(self) -> None:
        assert compare("", "") == []
        assert compare("", "New.") == [type(compare("", "x")[0])(False, 1, "New.", (Piece("new", "New."),))]

    @given(TEXTS, TEXTS)
    def test_both_texts_can_be_read_off_a_comparison(self, old: str, new: str) -> None:
        pieces = [piece for block in compare(old, new) for piece in (block.pieces or (Piece("same", block.text),))]

        assert "".join(piece.text for piece in pieces if piece.op != "gone") == new
        assert "".join(piece.text for piece in pieces if piece.op != "new") == old

    def test_words_and_cards_are_counted(self) -> None:
        assert count_words("Two words, 三个字.") == 5
        assert products_named("::card[lamp]{note=x}\n  ::card[no]\n:::item[desk]\n::compare[lamp, chair]\n:::") == [
            "lamp",
            "desk",
            "chair",
        ]


class TestMerging:
    def test_two_sentences_of_one_paragraph_fit_together(self) -> None:
        merged = merge(BASE, BASE.replace("two", "TWO"), BASE.replace("four", "FOUR"))

        assert merged == [Chunk(False, BASE.replace("two", "TWO").replace("four", "FOUR"))]

    def test_the_same_words_changed_twice_clash(self) -> None:
        merged = merge(BASE, BASE.replace("two", "zwei"), BASE.replace("two", "deux"))

        first = BASE.partition("\n")[0] + "\n\n"
        assert merged == [
            Chunk(True, first.replace("two", "zwei"), first.replace("two", "deux"), first),
            Chunk(False, BASE.removeprefix(first)),
        ]

    def test_what_one_side_deletes_and_the_other_changes_clashes(self) -> None:
        [first, clash, *_rest] = merge(
            BASE, BASE.replace("The second paragraph.\n\n", ""), BASE.replace("second", "2nd")
        )

        assert not first.clash
        assert (clash.clash, clash.mine, clash.theirs) == (True, "", "The 2nd paragraph.\n\n")

    def test_empty_lines_keep_nothing_in_step(self) -> None:
        base, mine = "One two three.\n\nLast.\n", "One two three!\n\nLast.\n"

        assert merge(base, mine, "Zero.\n\nOne 2 three.\n\nEnd.\n") == [Chunk(False, "Zero.\n\nOne 2 three!\n\nEnd.\n")]

    def test_the_same_change_on_both_sides_is_none(self) -> None:
        both = BASE.replace("two", "2")

        assert merge(BASE, both, both) == [Chunk(False, both)]

    def test_without_what_both_began_with_every_difference_is_a_clash(self) -> None:
        merged = merge(None, "Mine.\nShared.\n", "Theirs.\nShared.\n")

        assert merged == [Chunk(True, "Mine.\n", "Theirs.\n"), Chunk(False, "Shared.\n")]

    @given(TEXTS, TEXTS)
    def test_what_only_one_side_changed_is_taken_as_it_is(self, base: str, changed: str) -> None:
        assert "".join(chunk.mine for chunk in merge(base, changed, base)) == changed
        assert "".join(chunk.mine for chunk in merge(base, base, changed)) == changed

    @given(TEXTS, TEXTS, TEXTS)
    def test_no_letter_of_a_clash_is_lost(self, base: str, mine: str, theirs: str) -> None:
        for chunk in merge(base, mine, theirs):
            if chunk.clash:
                assert chunk.mine in mine
                assert chunk.theirs in theirs

    def test_fields_are_taken_as_wholes(self) -> None:
        assert merge_field("a", "b", "a") == (False, "b")
        assert merge_field("a", "a", "c") == (False, "c")
        assert merge_field("a", "b", "b") == (False, "b")
        assert merge_field("a", "b", "c") == (True, "b")
        assert merge_field(None, "a", "c", known=False) == (True, "a")


class TestSteps:
    def test_a_step_holds_only_what_changed(self) -> None:
        before = words_of(form(owned_since="2026-01-02"))
        now = words_of(form(source=BASE.replace("two", "2"), title="Lamps, again"))

        step = step_back(now, before)

        assert step == {"title": "Lamps", "owned_since": "2026-01-02", "source": [4, len(BASE) - 7, "two"]}
        assert go_back(now, step) == before

    @given(TEXTS, TEXTS)
    def test_the_way_back_leads_to_the_very_same_words(self, before: str, now: str) -> None:
        old, new = words_of(form(source=before)), words_of(form(source=now))

        assert go_back(new, step_back(new, old)) == old

    def test_words_become_the_form_they_came_from(self) -> None:
        whole = form(topics=["audio", "desk"], tested_from=date(2026, 5, 1), lang="zh", cover_alt="A lamp")

        assert form_of(words_of(whole), "article") == whole
