"""What people type about themselves and others, cleaned of what nobody can see and no database takes."""

from __future__ import annotations

import pytest

from contentshop.accounts.inputs import Profile, clean_line, clean_text
from contentshop.core.errors import Invalid
from contentshop.curation.inputs import FeaturedListInput


def test_a_profile_keeps_its_lines_and_loses_control_characters() -> None:
    profile = Profile.parse(name="Nora\x00 \tW.", bio="First\x00 line\r\n\r\nsecond\x1b line \n")

    assert profile == Profile("Nora W.", "First line\n\nsecond line")


def test_a_line_has_one_line_and_an_end() -> None:
    assert clean_line("a\nb\x07  c", 4) == "a b"
    assert clean_text("x" * 3000, 500) == "x" * 2000


def test_a_featured_list_loses_control_characters() -> None:
    form = FeaturedListInput.parse(
        title="Be\x00fore", intro="Read\x00\nthese", lang="en", items=[("post", "a-guide", "Be\x00cause")]
    )

    assert (form.title, form.intro) == ("Before", "Read\nthese")
    assert form.items[0].reason == "Because"


def test_joiners_that_letters_and_emoji_need_are_kept() -> None:
    for words in ("می\u200cخواهم", "क्\u200dष", "👩\u200d💻 Ada"):
        assert clean_line(words, 80) == words
        assert clean_text(f"{words}\r\n{words}", 80) == f"{words}\n{words}"
    assert clean_line("👩\u200d💻", 2) == "👩"


def test_a_name_of_signs_that_nobody_sees_is_no_name() -> None:
    with pytest.raises(Invalid) as refused:
        Profile.parse(name="\u200d\u200b \u200c\u2060", bio="")
    assert list(refused.value.fields) == ["name"]
