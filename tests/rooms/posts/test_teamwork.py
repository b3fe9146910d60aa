"""Several people at one draft: invitations, remarks, and who is writing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.posts import notices, policy, queries, sharing, teamwork
from contentshop.posts.models import Post, PostMember, Remark
from contentshop.posts.teamwork import find_place
from tests.factories import Factory
from tests.rooms.posts.conftest import Desk


def fetched(desk: Desk, post: Post, by: User | None = None) -> Post:
    return queries.get_for_studio(desk.session, post.key, by or desk.author)


def invite(desk: Desk, post: Post, whom: str, role: str = "coauthor", *, by: User | None = None) -> PostMember:
    with desk.unit():
        return teamwork.invite(desk.session, fetched(desk, post), whom, role, by=by or desk.author, now=desk.now)


def answer(desk: Desk, member: PostMember, by: User, *, accept: bool = True) -> None:
    with desk.unit():
        found = teamwork.get_invitation(desk.session, member.key)
        teamwork.answer(desk.session, found, accept, by=by, now=desk.now)


def join(desk: Desk, post: Post, person: User, role: str = "coauthor") -> None:
    answer(desk, invite(desk, post, f"@{person.handle}", role), person)


def remark(desk: Desk, post: Post, quote: str, body: str = "Why?", *, by: User | None = None, **more: Any) -> Remark:
    with desk.unit():
        return teamwork.add_remark(
            desk.session,
            fetched(desk, post),
            quote=quote,
            body=body,
            instead=more.pop("instead", None),
            by=by or desk.other,
            now=desk.now,
            **more,
        )


def decide(desk: Desk, post: Post, made: Remark, verdict: teamwork.Verdict, *, by: User | None = None) -> None:
    with desk.unit():
        found = fetched(desk, post)
        teamwork.decide(
            desk.session,
            found,
            teamwork.get_remark(desk.session, found, made.key),
            verdict,
            by=by or desk.author,
            now=desk.now,
        )


def told(desk: Desk, person: User) -> list[str]:
    desk.session.rollback()
    return [one.kind for one in notices.list_unread(desk.session, person)]


class TestMembers:
    def test_a_coauthor_writes_publishes_and_stands_in_the_byline(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        version = desk.fresh(post).version
        join(desk, post, desk.other)

        desk.save(post, by=desk.other, source="Of both.")
        desk.publish(post, by=desk.other)

        found = queries.get_published(desk.session, post.slug)
        assert found.segments == [["html", "<p>Of both.</p>"]]
        assert [(one.handle, one.name) for one in found.coauthors] == [(desk.other.handle, desk.other.name)]
        assert (found.author_key, desk.fresh(post).version) == (desk.author.key, version + 2)
        assert told(desk, desk.author) == ["joined"]

    def test_coauthors_stand_in_the_order_in_which_they_were_asked(self, desk: Desk, make: Factory) -> None:
        post = desk.begin()
        people = [make.user("creator", name=name) for name in ("Zoe Z", "Ada\u00a0A", "Mo M")]
        for person in people:
            join(desk, post, desk.session.merge(person))
        desk.publish(post)

        found = queries.get_published(desk.session, desk.fresh(post).slug)
        assert [one.name for one in found.coauthors] == [person.name for person in people]

    def test_a_reviewer_reads_and_changes_nothing(self, desk: Desk, make: Factory) -> None:
        reader = desk.session.merge(make.user("reader"))
        post = desk.begin()
        join(desk, post, reader, "reviewer")

        assert fetched(desk, post, reader).draft is not None
        for attempt in (
            lambda: desk.save(post, by=reader, source="Mine."),
            lambda: desk.publish(post, by=reader),
            lambda: desk.unpublish(post, by=reader),
        ):
            with pytest.raises(Forbidden):
                attempt()
        assert desk.draft(post).source == "Words."

    def test_only_the_author_asks_and_removes(self, desk: Desk, make: Factory) -> None:
        post = desk.begin()
        join(desk, post, desk.other)
        third = make.user("creator")
        for person in (desk.other, desk.editor):
            with pytest.raises(Forbidden):
                invite(desk, post, f"@{third.handle}", by=person)
        [member] = desk.fresh(post).members
        with desk.unit():
            found = fetched(desk, post)
            with pytest.raises(Forbidden):
                teamwork.remove(desk.session, found, member.key, by=desk.other, now=desk.now)

    def test_who_is_removed_or_leaves_finds_the_draft_no_more(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        join(desk, post, desk.other)
        with desk.unit():
            found = fetched(desk, post)
            teamwork.remove(desk.session, found, found.members[0].key, by=desk.author, now=desk.now)

        with pytest.raises(NotFound):
            fetched(desk, post, desk.other)
        assert queries.get_published(desk.session, post.slug).coauthors == ()
        assert told(desk, desk.other) == ["removed", "invited"]

        join(desk, post, desk.other)
        with desk.unit():
            teamwork.leave(desk.session, fetched(desk, post, desk.other), by=desk.other, now=desk.now)
        with pytest.raises(NotFound):
            fetched(desk, post, desk.other)
        assert told(desk, desk.author)[0] == "left"

    def test_declining_asks_nothing_more_until_the_author_does(self, desk: Desk) -> None:
        post = desk.begin()
        member = invite(desk, post, desk.other.handle)
        answer(desk, member, desk.other, accept=False)

        with pytest.raises(Conflict):
            answer(desk, member, desk.other)
        assert teamwork.list_invitations(desk.session, desk.other, now=desk.now) == []
        assert told(desk, desk.author) == ["declined"]
        join(desk, post, desk.other)
        assert policy.role_in(desk.other, desk.fresh(post)) == "coauthor"

    def test_an_invitation_by_mail_belongs_to_who_answers_it_first(self, desk: Desk) -> None:
        post = desk.begin()
        member = invite(desk, post, " Robin@Example.ORG ", "reviewer")
        assert (member.email, member.user_id) == ("robin@example.org", None)
        answer(desk, member, desk.other)

        with pytest.raises(Forbidden):
            answer(desk, member, desk.editor)
        assert policy.role_in(desk.other, desk.fresh(post)) == "reviewer"

    def test_an_invitation_is_open_for_two_weeks(self, desk: Desk) -> None:
        post = desk.begin()
        member = invite(desk, post, desk.other.handle)
        desk.clock.advance(timedelta(days=14))

        with pytest.raises(Conflict):
            answer(desk, member, desk.other)
        invite(desk, post, desk.other.handle)
        answer(desk, member, desk.other)

    def test_a_reader_becomes_a_creator_before_a_coauthor(self, desk: Desk, make: Factory) -> None:
        reader = desk.session.merge(make.user("reader"))
        member = invite(desk, desk.begin(), reader.handle)
        with pytest.raises(Forbidden):
            answer(desk, member, reader)

    @pytest.mark.parametrize(
        ("whom", "message"),
        [
            ("", "There is nobody with this name. Write a handle like @robin, or a mail address."),
            ("@nobody", "There is nobody with this name. Write a handle like @robin, or a mail address."),
            ("x@", "Write your e-mail address, like name@example.org."),
            ("{author}", "That is you."),
        ],
    )
    def test_whom_one_cannot_ask(self, desk: Desk, whom: str, message: str) -> None:
        post = desk.begin()
        with pytest.raises(Invalid) as caught:
            invite(desk, post, whom.format(author=desk.author.handle))
        assert caught.value.fields == {"whom": [message]}

    def test_nobody_is_asked_twice_and_roles_are_known(self, desk: Desk) -> None:
        post = desk.begin()
        invite(desk, post, desk.other.handle)
        with pytest.raises(Invalid) as caught:
            invite(desk, post, desk.other.handle, "owner")
        assert caught.value.fields == {
            "role": ["Choose what they may do."],
            "whom": ["They work on this post, or have been asked, already."],
        }

    def test_shared_posts_stand_among_ones_own(self, desk: Desk) -> None:
        post = desk.begin()
        join(desk, post, desk.other, "reviewer")

        assert [(one.key, one.role) for one in queries.list_for_author(desk.session, desk.other)] == [
            (post.key, "reviewer")
        ]
        assert queries.count_by_state(desk.session, desk.other) == {"draft": 1}

    def test_a_blocked_coauthor_has_no_part_in_it(self, desk: Desk) -> None:
        post = desk.publish(desk.begin())
        join(desk, post, desk.other)
        with desk.unit():
            desk.session.get_one(User, desk.other.id).blocked = True

        assert queries.get_published(desk.session, post.slug).coauthors == ()
        with pytest.raises(Forbidden):
            desk.save(post, by=desk.other, source="x")


class TestPlaces:
    SOURCE = "First line.\n\nThe lamp is bright.\n\nThe lamp is bright.\n\nLast.\n"

    def test_of_equal_passages_the_one_with_the_same_neighbours_is_meant(self) -> None:
        found = find_place(self.SOURCE, "The lamp is bright.", "bright.\n\n", "\n\nLast.")

        assert found is not None
        assert (found.line, found.exact) == (5, True)

    def test_edits_elsewhere_move_it(self) -> None:
        found = find_place("New.\n\n" + self.SOURCE, "Last.", "bright.\n\n", "\n")

        assert found is not None
        assert (found.line, found.exact) == (9, True)

    def test_a_passage_changed_a_little_is_still_found(self) -> None:
        found = find_place(self.SOURCE.replace("First line", "First lines"), "First line.\n\nThe lamp")

        assert found is not None
        assert (found.line, found.exact) == (1, False)

    def test_a_passage_that_is_gone_stands_nowhere(self) -> None:
        assert find_place("Something else entirely, all of it.", "The lamp is bright.") is None
        assert find_place("", "x") is None


class TestRemarks:
    def test_a_remark_survives_edits_and_is_settled(self, desk: Desk) -> None:
        post = desk.begin(source="One.\n\nTwo.\n")
        join(desk, post, desk.other, "reviewer")
        made = remark(desk, post, "Two.", "Really two?")
        desk.save(post, source="Zero.\n\nOne.\n\nTwo.\n")

        [thread] = teamwork.list_threads(desk.session, desk.fresh(post))
        assert thread.place is not None
        assert (thread.place.line, thread.remark.body) == (5, "Really two?")
        assert told(desk, desk.author) == ["commented", "joined"]

        with desk.unit():
            teamwork.reply(desk.session, fetched(desk, post), made.key, "Yes.", by=desk.author, now=desk.now)
        decide(desk, post, made, "resolved", by=desk.other)
        assert teamwork.count_open(desk.session, desk.fresh(post)) == 0
        decide(desk, post, made, "open")
        [thread] = teamwork.list_threads(desk.session, desk.fresh(post))
        assert [one.body for one in thread.answers] == ["Yes."]
        assert thread.remark.state == "open"

    def test_words_offered_are_taken_in_as_a_version(self, desk: Desk) -> None:
        post = desk.save(desk.begin(), source="Same. The lamp is brihgt. Same.")
        join(desk, post, desk.other, "reviewer")
        made = remark(desk, post, "The lamp is brihgt.", "", instead="The lamp is bright.")
        decide(desk, post, made, "accepted")

        draft = desk.draft(post)
        assert (draft.source, draft.number, draft.saved_by) == ("Same. The lamp is bright. Same.", 2, desk.author.id)
        assert told(desk, desk.other) == ["accepted", "invited"]
        with pytest.raises(Conflict):
            decide(desk, post, made, "rejected")

    def test_words_whose_place_has_changed_are_not_put_elsewhere(self, desk: Desk) -> None:
        post = desk.begin(source="The lamp is brihgt.")
        join(desk, post, desk.other, "reviewer")
        made = remark(desk, post, "The lamp is brihgt.", "", instead="The lamp is bright.")
        desk.save(post, source="The lamps are brihgt.")

        with pytest.raises(Conflict):
            decide(desk, post, made, "accepted")
        assert desk.draft(post).source == "The lamps are brihgt."
        decide(desk, post, made, "rejected")

    def test_who_may_say_what(self, desk: Desk, make: Factory) -> None:
        post = desk.begin(source="Words here.")
        with pytest.raises(Forbidden):
            remark(desk, post, "Words")
        join(desk, post, desk.other, "reviewer")
        made = remark(desk, post, "Words", "", instead="Signs")
        for verdict in ("accepted", "rejected"):
            with pytest.raises(Forbidden):
                decide(desk, post, made, verdict, by=desk.other)
        third = desk.session.merge(make.user("creator"))
        with pytest.raises(Forbidden):
            decide(desk, post, made, "resolved", by=third)

    def test_what_cannot_be_said(self, desk: Desk) -> None:
        post = desk.begin(source="Words here.")
        for quote, body, instead, fields in (
            ("Words", "", None, {"body": ["Write what you have to say."]}),
            ("Words", "x" * 2001, None, {"body": ["Use at most 2000 characters (now 2001)."]}),
            (
                "Nowhere",
                "x",
                None,
                {"quote": ["These words do not stand in the draft (any more). Copy the passage once more."]},
            ),
            ("", "", "New", {"quote": ["Choose the passage that is to read otherwise."]}),
            ("Words", "", "Words", {"instead": ["These are the words that stand there already."]}),
        ):
            with pytest.raises(Invalid) as caught:
                remark(desk, post, quote, body, by=desk.author, instead=instead)
            assert caught.value.fields == fields

    def test_threads_are_read_in_one_statement(self, desk: Desk, statements: Any) -> None:
        post = desk.begin(source="One.\n\nTwo.\n")
        for number in range(4):
            made = remark(desk, post, "Two.", f"Remark {number}", by=desk.author)
            with desk.unit():
                teamwork.reply(desk.session, fetched(desk, post), made.key, "And?", by=desk.author, now=desk.now)
        fresh = desk.fresh(post)

        with statements() as seen:
            threads = teamwork.list_threads(desk.session, fresh)
            assert {one.author.name for thread in threads for one in thread.answers} == {desk.author.name}

        assert len(seen) == 1, seen


class TestWriting:
    def hold(self, desk: Desk, post: Post, by: User, *, take: bool = False) -> int:
        with desk.unit():
            return teamwork.hold(desk.session, fetched(desk, post), by=by, now=desk.now, take=take).user_id

    def test_one_writes_at_a_time_until_nothing_is_heard_of_them(self, desk: Desk) -> None:
        post = desk.begin()
        join(desk, post, desk.other)
        assert self.hold(desk, post, desk.author) == desk.author.id
        desk.clock.advance(timedelta(seconds=80))
        assert self.hold(desk, post, desk.author) == desk.author.id  # still there
        desk.clock.advance(timedelta(seconds=89))
        assert self.hold(desk, post, desk.other) == desk.author.id
        desk.clock.advance(timedelta(seconds=1))
        assert self.hold(desk, post, desk.other) == desk.other.id
        assert told(desk, desk.author) == ["joined"]

    def test_who_is_taken_over_is_told(self, desk: Desk) -> None:
        post = desk.begin()
        join(desk, post, desk.other)
        self.hold(desk, post, desk.author)

        assert self.hold(desk, post, desk.other, take=True) == desk.other.id
        assert self.hold(desk, post, desk.author) == desk.other.id
        assert told(desk, desk.author) == ["lock_taken", "joined"]

    def test_who_goes_leaves_it_free(self, desk: Desk) -> None:
        post = desk.begin()
        join(desk, post, desk.other)
        self.hold(desk, post, desk.author)
        with desk.unit():
            teamwork.let_go(desk.session, fetched(desk, post), by=desk.other)  # not theirs
            assert teamwork.find_holder(desk.session, fetched(desk, post), now=desk.now) is not None
            teamwork.let_go(desk.session, fetched(desk, post), by=desk.author)

        assert self.hold(desk, post, desk.other) == desk.other.id

    def test_readers_and_reviewers_hold_nothing(self, desk: Desk) -> None:
        post = desk.begin()
        join(desk, post, desk.other, "reviewer")
        for person in (desk.other, desk.editor):
            with pytest.raises(Forbidden):
                self.hold(desk, post, person)


class TestLinks:
    def make(self, desk: Desk, post: Post, days: int = 7, by: User | None = None) -> str:
        with desk.unit():
            return sharing.make_link(desk.session, fetched(desk, post), days=days, by=by or desk.author, now=desk.now)

    def test_it_opens_the_draft_for_its_days(self, desk: Desk) -> None:
        post = desk.begin()
        token = self.make(desk, post)
        desk.clock.advance(timedelta(days=7) - timedelta(seconds=1))
        assert sharing.get_shared(desk.session, token, now=desk.now).key == post.key

        desk.clock.advance(timedelta(seconds=1))
        with pytest.raises(NotFound):
            sharing.get_shared(desk.session, token, now=desk.now)

    def test_the_token_itself_is_not_kept(self, desk: Desk) -> None:
        token = self.make(desk, desk.begin())
        found = desk.session.connection().exec_driver_sql("SELECT * FROM preview_link").fetchall()

        assert token not in repr(found)

    def test_it_is_closed_at_once_and_with_the_right_of_who_made_it(self, desk: Desk) -> None:
        post = desk.begin()
        join(desk, post, desk.other)
        token, theirs = self.make(desk, post), self.make(desk, post, by=desk.other)
        with desk.unit():
            link = sharing.list_links(desk.session, desk.fresh(post), now=desk.now)[1]
            sharing.close_link(desk.session, fetched(desk, post), link.key, by=desk.author, now=desk.now)
        with pytest.raises(NotFound):
            sharing.get_shared(desk.session, token, now=desk.now)
        assert sharing.get_shared(desk.session, theirs, now=desk.now).key == post.key
        with desk.unit():
            found = fetched(desk, post)
            teamwork.remove(desk.session, found, found.members[0].key, by=desk.author, now=desk.now)
        with pytest.raises(NotFound):
            sharing.get_shared(desk.session, theirs, now=desk.now)

    def test_who_makes_one_and_for_how_long(self, desk: Desk) -> None:
        post = desk.begin()
        for person in (desk.other, desk.editor):
            with pytest.raises(Forbidden):
                self.make(desk, post, by=person)
        with pytest.raises(Invalid):
            self.make(desk, post, days=365)
        for _number in range(20):
            self.make(desk, post)
        with pytest.raises(Conflict):
            self.make(desk, post)


def test_the_earnings_stay_with_the_author(desk: Desk, make: Factory) -> None:
    make.product("lamp")
    post = desk.begin(source="::card[lamp]")
    join(desk, post, desk.other)
    desk.publish(post, by=desk.other)

    [(key, _product, _live)] = desk.cards(post)
    found = queries.find_card(desk.session, key)
    assert found is not None
    assert (found.author_id, found.author_key) == (desk.author.id, desk.author.key)
