"""Automatic saves, versions, stray words and what is not kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from contentshop.core.errors import Conflict, Forbidden, NotFound
from contentshop.posts import actions, history, queries
from contentshop.posts.actions import EditConflict
from contentshop.posts.history import Entry
from contentshop.posts.merging import words_of
from contentshop.posts.models import DraftStep, Post, Revision, StrayCopy
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk


def autosave(desk: Desk, post: Post, source: str, *, by: Any = None, after: timedelta = timedelta(seconds=5)) -> Post:
    desk.clock.advance(after)
    with desk.unit():
        fresh = queries.get_for_studio(desk.session, post.key, desk.author)
        form = desk.form(kind=post.kind, source=source)
        return actions.save_draft(
            desk.session,
            fresh,
            form,
            version=fresh.draft_version,
            by=by or desk.author,
            now=desk.now,
            how="autosave",
        )


def stray(desk: Desk, post: Post, version: int, window: str = "", **changes: Any) -> StrayCopy:
    with desk.unit():
        fresh = queries.get_for_studio(desk.session, post.key, desk.author)
        words = words_of(desk.form(kind=post.kind, **changes))
        return history.keep_copy(
            desk.session, fresh, words, version=version, window=window, by=desk.author, now=desk.now
        )


def kinds(desk: Desk, post: Post) -> list[tuple[int, str, str]]:
    desk.session.rollback()
    query = select(Revision).where(Revision.post_id == post.id).order_by(Revision.number)
    return [(revision.number, revision.kind, revision.source) for revision in desk.session.scalars(query)]


def entries(desk: Desk, post: Post) -> list[Entry]:
    return history.list_entries(desk.session, desk.fresh(post), limit=50)


class TestAutomaticSaves:
    def test_they_go_into_one_revision_until_a_save_by_hand(self, desk: Desk) -> None:
        post = desk.begin(source="")
        for words in ("A", "A b", "A b c"):
            autosave(desk, post, words)
        assert kinds(desk, post) == [(1, "autosave", "A b c")]

        desk.save(post, source="A b c")
        autosave(desk, post, "A b c d")

        assert kinds(desk, post) == [(1, "saved", "A b c"), (2, "autosave", "A b c d")]
        assert desk.fresh(post).draft_version == 5

    def test_a_pause_or_another_person_begins_a_new_one(self, desk: Desk, make: Factory) -> None:
        post = desk.begin(source="")
        autosave(desk, post, "Before lunch")
        autosave(desk, post, "After lunch", after=timedelta(minutes=31))

        assert kinds(desk, post) == [(1, "autosave", "Before lunch"), (2, "autosave", "After lunch")]

    def test_what_readers_see_is_never_touched_and_they_are_told_nothing(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        version = desk.fresh(post).version

        autosave(desk, post, "Half a sent")

        assert queries.get_published(desk.session, post.slug).segments == [["html", "<p>Words.</p>"]]
        assert desk.fresh(post).version == version
        assert desk.news() == [("PostPublished", post.key)]

    def test_the_same_words_again_change_nothing(self, desk: Desk) -> None:
        post = desk.begin(source="Words.")

        assert autosave(desk, post, "Words.").draft_version == 1
        assert desk.session.scalars(select(DraftStep)).all() == []


class TestVersions:
    def test_each_says_what_it_changed_in_words_and_cards(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        make.product("desk")
        post = desk.begin(source="One two.\n\n::card[lamp]\n")
        desk.save(post, source="One two three.\n\n::card[lamp]\n\n::card[desk]\n")
        desk.publish(desk.save(post, source="One.\n\n::card[desk]\n"))

        newest, *_others = entries(desk, post)

        assert [(entry.number, entry.kind) for entry in entries(desk, post)] == [(2, "saved"), (1, "saved")]
        assert (newest.live, newest.draft, newest.saved_by) == (True, True, desk.author.name)
        assert (newest.cards_added, newest.cards_gone) == ((), ("lamp",))
        assert (newest.added, newest.gone) == (0, 4)  # two words, and the card's two

    def test_a_difference_names_fields_lines_and_cards(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        post = desk.save(desk.begin(), title="Old", source="Same.\n\nOld words here.\n\n::card[lamp]\n")
        desk.save(post, title="New", source='Same.\n\nNew words here.\n\n::card[lamp]{note="Bright"}\n')
        fresh = desk.fresh(post)

        found = history.difference(*(history.get_revision(desk.session, fresh, number) for number in (1, 2)))

        assert found.fields == (("title", "Old", "New"),)
        assert found.cards == (("changed", "lamp"),)
        assert [block.line for block in found.blocks if not block.same] == [3]

    def test_a_card_that_only_moved_is_no_change(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        post = desk.save(desk.begin(), source="::card[lamp]\n")
        desk.save(post, source="A line above.\n\n::card[lamp]\n")
        fresh = desk.fresh(post)

        found = history.difference(*(history.get_revision(desk.session, fresh, number) for number in (1, 2)))

        assert found.cards == ()

    def test_restoring_makes_a_new_version_and_cards_keep_their_keys(self, desk: Desk, make: Factory) -> None:
        make.product("lamp")
        make.product("desk")
        post = desk.publish(desk.save(desk.begin(), title="First", source="::card[lamp]\n\n::card[desk]\n"))
        keys = [entry["key"] for entry in desk.draft(post).cards]
        desk.save(post, title="Second", source="::card[desk]\n")
        desk.clock.advance(timedelta(minutes=1))

        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            old = history.get_revision(desk.session, fresh, 1)
            history.restore(desk.session, fresh, old, version=fresh.draft_version, by=desk.author, now=desk.now)

        draft = desk.draft(post)
        assert (draft.number, draft.kind, draft.restored_from, draft.title) == (3, "restored", 1, "First")
        assert [entry["key"] for entry in draft.cards] == keys
        assert kinds(desk, post)[1] == (2, "saved", "::card[desk]\n")

    def test_restoring_over_newer_words_is_a_conflict(self, desk: Desk) -> None:
        post = desk.save(desk.begin(), source="One.")
        desk.save(post, source="Two.")
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            old = history.get_revision(desk.session, fresh, 1)
            with pytest.raises(EditConflict):
                history.restore(desk.session, fresh, old, version=2, by=desk.author, now=desk.now)
        assert desk.draft(post).source == "Two."

    def test_nobody_else_restores(self, desk: Desk) -> None:
        post = desk.save(desk.begin(), source="One.")
        desk.save(post, source="Two.")
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            old = history.get_revision(desk.session, fresh, 1)
            with pytest.raises(Forbidden):
                history.restore(desk.session, fresh, old, version=3, by=desk.editor, now=desk.now)

    def test_a_version_of_another_post_is_not_found(self, desk: Desk) -> None:
        post, other = desk.begin(), desk.save(desk.begin(), source="x")
        desk.save(other, source="y")
        with pytest.raises(NotFound):
            history.get_revision(desk.session, desk.fresh(post), 2)


class TestStrayWords:
    def test_what_both_began_with_is_found_over_many_saves(self, desk: Desk) -> None:
        post = desk.begin(source="One two three.\n\nLast.\n")
        for words in (
            "Zero.\n\nOne two three.\n\nLast.\n",
            "Zero.\n\nOne 2 three.\n\nLast.\n",
            "Zero.\n\nOne 2 three.\n\nEnd.\n",
        ):
            autosave(desk, post, words)

        copy = stray(desk, post, 1, source="One two three!\n\nLast.\n", title="Mine")
        reunion = history.reunite(desk.session, desk.fresh(post), copy)

        assert (reunion.based, reunion.clashes, reunion.version) == (True, 0, 4)
        assert reunion.words["title"] == "Mine"
        assert reunion.text([]) == "Zero.\n\nOne 2 three!\n\nEnd.\n"

    def test_a_clash_is_chosen_and_nothing_else_asked(self, desk: Desk) -> None:
        post = desk.begin(source="One.\n\nTwo.\n", title="T")
        desk.save(post, source="One.\n\nTheirs.\n", title="Theirs")

        copy = stray(desk, post, 1, source="One.\n\nMine.\n", title="Mine", summary="Added")
        reunion = history.reunite(desk.session, desk.fresh(post), copy)

        assert reunion.fields == (("title", "Mine", "Theirs"),)
        assert reunion.words["summary"] == "Added"
        assert (reunion.text(["mine"]), reunion.text(["theirs"])) == ("One.\n\nMine.\n", "One.\n\nTheirs.\n")
        assert reunion.text(["both"]) == "One.\n\nMine.\nTheirs.\n"

    @pytest.mark.parametrize("version", [0, 99])
    def test_an_unknown_beginning_shows_every_difference(self, desk: Desk, version: int) -> None:
        post = desk.begin(source="Theirs.\n")

        reunion = history.reunite(desk.session, desk.fresh(post), stray(desk, post, version, source="Mine.\n"))

        assert (reunion.based, reunion.clashes) == (False, 1)

    def test_one_window_has_one_copy_and_two_windows_have_two(self, desk: Desk) -> None:
        post = desk.begin()
        first = stray(desk, post, 1, "w1", source="A")
        assert stray(desk, post, 1, "w1", source="A b").key == first.key
        second = stray(desk, post, 1, "w2", source="Of the other window")
        assert stray(desk, post, 1, source="No script").key == stray(desk, post, 1, source="No script").key

        found = history.list_copies(desk.session, desk.fresh(post), desk.author)

        assert [copy.words["source"] for copy in found] == ["No script", "Of the other window", "A b"]
        assert found[1].key == second.key

    def test_merging_saves_a_version_and_ends_the_copy(self, desk: Desk) -> None:
        post = desk.begin(source="One.\n")
        desk.save(post, source="Two.\n")
        copy = stray(desk, post, 1, source="Mine.\n")
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            mine = history.get_copy(desk.session, fresh, copy.key, desk.author)
            form = desk.form(source="Both.\n")
            history.settle(desk.session, fresh, mine, form, version=2, by=desk.author, now=desk.now)
            with pytest.raises(Conflict):
                history.settle(desk.session, fresh, mine, form, version=3, by=desk.author, now=desk.now)

        assert kinds(desk, post)[-1] == (2, "saved", "Both.\n")
        assert kinds(desk, post)[0] == (1, "saved", "Two.\n")
        with pytest.raises(NotFound):
            history.get_copy(desk.session, desk.fresh(post), "", desk.author)

    def test_merging_into_words_that_are_newer_still_is_a_conflict_and_the_copy_stays(self, desk: Desk) -> None:
        post = desk.begin(source="One.\n")
        desk.save(post, source="Two.\n")
        copy = stray(desk, post, 1, source="Mine.\n")
        desk.save(post, source="Three.\n")
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            mine = history.get_copy(desk.session, fresh, copy.key, desk.author)
            with pytest.raises(EditConflict):
                history.settle(
                    desk.session, fresh, mine, desk.form(source="x"), version=2, by=desk.author, now=desk.now
                )

        assert history.get_copy(desk.session, desk.fresh(post), copy.key, desk.author).words["source"] == "Mine.\n"

    def test_nobody_sees_the_words_of_another(self, desk: Desk) -> None:
        post = desk.begin()
        copy = stray(desk, post, 1, source="Secret")
        with pytest.raises(NotFound):
            history.get_copy(desk.session, desk.fresh(post), copy.key, desk.other)


class TestPruning:
    def prune(self, desk: Desk) -> int:
        with desk.unit():
            return history.prune(desk.session, now=desk.now)

    def test_of_old_automatic_saves_the_last_of_each_day_is_kept_for_a_month(self, desk: Desk) -> None:
        post = desk.begin(source="")
        autosave(desk, post, "Morning")
        autosave(desk, post, "Noon", after=timedelta(hours=3))
        autosave(desk, post, "Evening", after=timedelta(hours=4))
        autosave(desk, post, "Next day", after=timedelta(hours=20))
        assert self.prune(desk) == 0  # all of the last day, and more

        desk.clock.advance(timedelta(days=2))
        autosave(desk, post, "Later")
        assert self.prune(desk) == 2
        assert [source for _number, _kind, source in kinds(desk, post)] == ["Evening", "Next day", "Later"]

        desk.clock.advance(timedelta(days=30))
        assert self.prune(desk) == 2
        assert [source for _number, _kind, source in kinds(desk, post)] == ["Later"]

    def test_what_was_saved_by_hand_published_or_restored_stays(self, desk: Desk) -> None:
        post = desk.publish(desk.begin(source="Published"))
        desk.save(post, source="Saved")
        desk.clock.advance(timedelta(days=400))
        autosave(desk, post, "Draft")
        desk.clock.advance(timedelta(days=400))

        assert self.prune(desk) == 0
        assert [source for _number, _kind, source in kinds(desk, post)] == ["Published", "Saved", "Draft"]

    def test_steps_and_merged_copies_go_but_stray_words_never(self, desk: Desk) -> None:
        post = desk.begin()
        desk.save(post, source="Two.")
        kept, settled = stray(desk, post, 1, "w1", source="Kept"), stray(desk, post, 1, "w2", source="Given up")
        with desk.unit():
            fresh = queries.get_for_studio(desk.session, post.key, desk.author)
            copy = history.get_copy(desk.session, fresh, settled.key, desk.author)
            history.settle(desk.session, fresh, copy, None, version=2, by=desk.author, now=desk.now)
        desk.clock.advance(timedelta(days=31))
        self.prune(desk)

        assert [copy.key for copy in desk.session.scalars(select(StrayCopy))] == [kept.key]
        assert desk.session.scalars(select(DraftStep)).all() == []
