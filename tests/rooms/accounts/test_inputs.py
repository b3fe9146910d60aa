"""What people type about themselves and others, cleaned of what nobody can see and no database takes."""

from __future__ import annotations

from contentshop.accounts.inputs import Profile, clean_line, clean_text
from contentshop.curation.inputs import FeaturedListInput


def test_a_profile_keeps_its_lines_and_loses_control_characters() -> None:
    profile = Profile.parse(name="Nora\x00 \tW.", bio="First\x00 line\r\n\r\nsecond\x1b line \n")

    assert profile == Profile("Nora W.", "First  line\n\nsecond  line")


def test_a_line_has_one_line_and_an_end() -> None:
    assert clean_line("a\nb\x07  c", 4) == "a b"
    assert clean_text("x" * 3000, 500) == "x" * 2000


def test_a_featured_list_loses_control_characters() -> None:
    form = FeaturedListInput.parse(
        title="Be\x00fore", intro="Read\x00\nthese", lang="en", items=[("post", "a-guide", "Be\x00cause")]
    )

    assert (form.title, form.intro) == ("Be fore", "Read\nthese")
    assert form.items[0].reason == "Be cause"
