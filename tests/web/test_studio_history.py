"""Automatic saves, merging, versions, plans and preview links through their doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.mail import Message
from contentshop.worker import settle
from tests.conftest import csrf_of
from tests.factories import Factory
from tests.fakes import MemorySearchBackend
from tests.web.test_studio import Writer, words

SignIn = Callable[[FlaskClient, Any], FlaskClient]
JSON = {"Accept": "application/json"}


@pytest.fixture
def author(make: Factory) -> User:
    return make.user("creator", name="Ada Author")


@pytest.fixture
def writer(client: FlaskClient, sign_in: SignIn, author: User) -> Writer:
    found = Writer(sign_in(client, author))
    found.begin()
    return found


@pytest.fixture
def mate(app: Flask, make: Factory, sign_in: SignIn, writer: Writer) -> Writer:
    """A co-author's browser at the same post."""
    person = make.user("creator", name="Mo Mate", handle="mo-mate")
    found = Writer(sign_in(app.test_client(), person))
    found.key = writer.key
    assert writer.post(f"/studio/{writer.key}/together", whom="@mo-mate", role="coauthor").status_code == 303
    token = re.search(r"/studio/invitations/([^\"]+)", found.client.get("/studio").text)
    assert token is not None
    assert found.post(f"/studio/invitations/{token[1]}", do="accept").location == f"/studio/{writer.key}"
    return found


def autosave(writer: Writer, **changes: Any) -> Any:
    data = {"csrf_token": writer.token(), **writer.fields(**changes)}
    return writer.client.post(f"/studio/{writer.key}/autosave", data=data, headers=JSON)


def local(clock: FixedClock, after: timedelta) -> str:
    return (clock.now() + after).strftime("%Y-%m-%dT%H:%M")


class TestAutosave:
    def test_it_answers_with_the_next_version_and_what_is_wrong_by_line(
        self, writer: Writer, clock: FixedClock
    ) -> None:
        answer = autosave(writer, source="One.\n\n::card[nothing]\n")

        assert answer.status_code == 200
        assert answer.json == {
            "version": 2,
            "saved_at": clock.now().isoformat(),
            "problems": [{"line": 3, "text": "There is no product “nothing”"}],
        }
        assert (writer.draft().source, writer.draft().kind) == ("One.\n\n::card[nothing]\n", "autosave")

    def test_a_token_in_a_header_will_do(self, writer: Writer) -> None:
        answer = writer.client.post(
            f"/studio/{writer.key}/autosave",
            data=writer.fields(source="By script."),
            headers=JSON | {"X-CSRFToken": writer.token()},
        )

        assert answer.status_code == 200

    def test_words_that_cross_anothers_are_kept_to_be_merged(self, writer: Writer) -> None:
        old = str(writer.stored().draft_version)
        autosave(writer, source="Of the first tab.")

        answer = autosave(writer, version=old, source="Of the second tab.", window="w2")

        assert answer.status_code == 409
        assert answer.json["version"] == 2
        assert answer.json["merge_url"].startswith(f"/studio/{writer.key}/merge?copy=")
        again = autosave(writer, version=old, source="Of the second tab, going on.", window="w2")
        assert again.json["merge_url"] == answer.json["merge_url"]
        assert "going on" in writer.client.get(answer.json["merge_url"]).text
        assert writer.draft().source == "Of the first tab."
        assert "Words of yours are not in this draft yet" in writer.client.get(f"/studio/{writer.key}").text

    def test_what_cannot_be_kept_is_said_by_field(self, writer: Writer) -> None:
        answer = autosave(writer, title="x" * 10_000, source="Words.")

        assert answer.status_code == 422
        assert answer.json == {"errors": {"title": ["Use at most 200 characters (now 10000)."]}}

    def test_without_script_it_leads_back(self, writer: Writer) -> None:
        answer = writer.post(f"/studio/{writer.key}/autosave", **writer.fields(source="Plain."))

        assert (answer.status_code, answer.location) == (303, f"/studio/{writer.key}")

    def test_it_never_publishes(self, writer: Writer, search: MemorySearchBackend, app: Flask) -> None:
        writer.publish(source="Public.")
        autosave(writer, source="zyxsecret words")
        settle(app)

        assert "zyxsecret" not in app.test_client().get(f"/p/{writer.stored().slug}").text
        assert "zyxsecret" not in repr(search.__dict__)

    def test_the_number_of_statements_does_not_grow_with_the_history(self, writer: Writer, statements: Any) -> None:
        def count() -> int:
            data = {"csrf_token": writer.token(), **writer.fields(source=f"Words {writer.stored().draft_version}")}
            with statements() as seen:
                assert writer.client.post(f"/studio/{writer.key}/autosave", data=data, headers=JSON).status_code == 200
            return len(seen)

        autosave(writer, source="a")
        first = count()
        for number in range(6):
            writer.save(source=f"Version {number}")
            autosave(writer, source=f"Typing {number}")

        assert count() == first


class TestMerging:
    def conflict(
        self, writer: Writer, mine: str, theirs: str, base: str = "One.\n\nTwo.\n\nThree.\n", **more: Any
    ) -> str:
        autosave(writer, source=base)
        old = str(writer.stored().draft_version)
        writer.save(source=theirs)
        answer = writer.save(version=old, source=mine, **more)
        assert answer.status_code == 303
        return str(answer.location)

    def form(self, writer: Writer, page: str, **values: str) -> Any:
        text = writer.client.get(page).text
        hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', text)[1] for name in ("copy", "version")}  # type: ignore[index]
        return writer.post(f"/studio/{writer.key}/merge", **(hidden | values))

    def test_what_fits_together_is_merged_with_one_press(self, writer: Writer) -> None:
        page = self.conflict(writer, "One, mine.\n\nTwo.\n\nThree.\n", "One.\n\nTwo.\n\nThree, theirs.\n")
        assert "Both versions fit together: nothing was changed twice." in writer.client.get(page).text

        answer = self.form(writer, page, do="chosen")

        assert answer.location == f"/studio/{writer.key}"
        assert writer.draft().source == "One, mine.\n\nTwo.\n\nThree, theirs.\n"
        assert writer.client.get(page).location == f"/studio/{writer.key}"  # nothing waits any more

    @pytest.mark.parametrize(
        ("choice", "kept"), [("mine", "Mine.\n"), ("theirs", "Theirs.\n"), ("both", "Mine.\nTheirs.\n")]
    )
    def test_each_clash_is_chosen(self, writer: Writer, choice: str, kept: str) -> None:
        page = self.conflict(writer, "Mine.\n", "Theirs.\n", "Base.\n")
        shown = words(writer.client.get(page).text)
        assert "1 passage was changed in both." in shown
        assert "added: Mine" in shown
        assert "added: Theirs" in shown

        self.form(writer, page, do="chosen", **{"choose-0": choice})

        assert writer.draft().source == kept

    def test_the_text_may_be_written_by_hand(self, writer: Writer) -> None:
        page = self.conflict(writer, "Mine.\n", "Theirs.\n", "Base.\n")
        shown = self.form(writer, page, do="show", **{"choose-0": "both"})
        assert "Mine.\nTheirs.\n</textarea>" in shown.text

        self.form(writer, page, do="edited", source="Of both.")

        assert writer.draft().source == "Of both."

    def test_a_text_that_is_too_long_comes_back_whole(self, writer: Writer) -> None:
        page = self.conflict(writer, "Mine.\n", "Theirs.\n", "Base.\n")

        answer = self.form(writer, page, do="edited", source="x" * 200_001)

        assert answer.status_code == 422
        assert "x" * 200_001 in answer.text

    def test_titles_clash_too(self, writer: Writer) -> None:
        autosave(writer, title="Base")
        old = str(writer.stored().draft_version)
        writer.save(title="Theirs")
        page = writer.save(version=old, title="Mine").location

        self.form(writer, page, do="chosen", **{"choose-title": "theirs"})

        assert writer.draft().title == "Theirs"

    def test_the_draft_may_move_on_while_one_chooses(self, writer: Writer) -> None:
        page = self.conflict(writer, "Mine.\n", "Theirs.\n", "Base.\n")
        text = writer.client.get(page).text
        hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', text)[1] for name in ("copy", "version")}  # type: ignore[index]
        writer.save(source="Newer still.\n")

        answer = writer.post(f"/studio/{writer.key}/merge", **hidden, do="chosen", **{"choose-0": "mine"})

        assert answer.status_code == 409
        assert "The draft was saved once more in the meantime." in answer.text
        assert "Newer still." in answer.text
        assert writer.draft().source == "Newer still.\n"

    def test_ones_own_version_may_be_given_up(self, writer: Writer) -> None:
        page = self.conflict(writer, "Mine.\n", "Theirs.\n", "Base.\n")

        assert self.form(writer, page, do="give_up").status_code == 303
        assert writer.draft().source == "Theirs.\n"

    def test_publishing_while_another_saved_publishes_nothing_unseen(self, writer: Writer, mate: Writer) -> None:
        old = str(writer.stored().draft_version)
        assert writer.publish(version=old, source="Ada's.").location == f"/studio/{writer.key}"
        writer.post(f"/studio/{writer.key}/unlock")

        answer = mate.publish(version=old, source="Mo's.")

        assert "/merge?copy=" in answer.location
        page = writer.client.application.test_client().get(f"/p/{writer.stored().slug}").text
        assert "Ada&#39;s." in page or "Ada's." in page
        assert "Mo's." in mate.client.get(answer.location).text.replace("&#39;", "'").replace("<ins>", "").replace(
            '<span class="vh">added: </span>', ""
        ).replace("</ins>", "")


class TestVersions:
    def test_the_list_says_who_when_and_how_much(self, writer: Writer, make: Factory, author: User) -> None:
        make.product("lamp", title="Bright Lamp")
        writer.save(source="One two three.")
        writer.publish(source="One two.\n\n::card[lamp]\n")
        autosave(writer, source="One.\n")

        page = words(writer.client.get(f"/studio/{writer.key}/history").text)

        assert page.count("Ada Author") >= 3
        assert "+2 −1 words" in page  # the card's two words came, one went
        assert "+ Bright Lamp" in page
        assert "− Bright Lamp" in page
        assert "Readers see this" in page
        assert "Saved automatically" in page

    def test_a_difference_is_read_word_by_word_with_names_of_cards(self, writer: Writer, make: Factory) -> None:
        make.product("lamp", title="Bright Lamp")
        writer.save(title="Lamps", source="A quiet lamp.\n")
        writer.save(title="Good lamps", source="A bright lamp.\n\n::card[lamp]\n")

        answer = writer.client.get(f"/studio/{writer.key}/history?a=1&b=2", follow_redirects=True)

        page = words(answer.text)
        assert "A removed: quiet added: bright lamp." in page
        assert "New Bright Lamp" in page
        assert "Card: Bright Lamp" in page
        assert "removed: Lamps added: Good lamps" in page

    def test_an_old_version_is_restored_with_one_press(self, writer: Writer) -> None:
        writer.save(source="One.")
        writer.save(source="Two.")

        answer = writer.post(f"/studio/{writer.key}/history/1/restore", version=str(writer.stored().draft_version))

        assert answer.location == f"/studio/{writer.key}"
        assert (writer.draft().source, writer.draft().number, writer.draft().restored_from) == ("One.", 3, 1)

    def test_restoring_what_was_overtaken_is_a_conflict(self, writer: Writer) -> None:
        writer.save(source="One.")
        old = str(writer.stored().draft_version)
        writer.save(source="Two.")

        assert writer.post(f"/studio/{writer.key}/history/1/restore", version=old).status_code == 409
        assert writer.draft().source == "Two."

    @pytest.mark.parametrize("path", ["/history/99", "/history/1?against=99", "/history?page=999999"])
    def test_odd_addresses(self, writer: Writer, path: str) -> None:
        assert writer.client.get(f"/studio/{writer.key}{path}").status_code in {200, 404}

    def test_the_number_of_statements_does_not_grow_with_the_versions(self, writer: Writer, statements: Any) -> None:
        def count() -> int:
            with statements() as seen:
                assert writer.client.get(f"/studio/{writer.key}/history").status_code == 200
            return len(seen)

        writer.save(source="One.")
        first = count()
        for number in range(8):
            writer.save(source=f"Version {number}")

        assert count() == first


class TestPlans:
    def plan(self, writer: Writer, at: str, **values: str) -> Any:
        return writer.post(f"/studio/{writer.key}/schedule", **({"kind": "publish", "at": at, "zone": "UTC"} | values))

    def test_a_time_in_ones_own_zone(self, writer: Writer, app: Flask, clock: FixedClock) -> None:
        writer.save(source="Planned.")
        answer = self.plan(writer, "2026-11-21T00:00", zone="Asia/Shanghai")

        assert answer.location == f"/studio/{writer.key}/schedule"
        page = words(writer.client.get(answer.location).text)
        assert "Planned: readers see these words from Sat 21 Nov 2026, 00:00 (Asia / Shanghai) on." in page
        assert 'value="Asia/Shanghai" selected' in writer.client.get(answer.location).text
        home = words(writer.client.get("/studio").text)
        assert "Sat 21 Nov 2026, 00:00" in home

        clock.advance(timedelta(hours=4))
        settle(app)
        assert app.test_client().get(f"/p/{writer.stored().slug}").status_code == 200
        assert "“Lamps” was published as planned." in words(writer.client.get("/studio").text)

    @pytest.mark.parametrize(
        ("at", "zone", "message"),
        [
            ("2026-11-20T11:00", "UTC", "This time is over. Choose one that is still to come."),
            (
                "2027-03-28T02:30",
                "Europe/Berlin",
                "There is no 02:30 on that day in Europe/Berlin: clocks are set forward. Choose 03:30 or another time.",
            ),
            ("", "UTC", "Choose a day and a time."),
            ("2026-12-01T00:00", "Mars/Base", "Choose your time zone."),
        ],
    )
    def test_times_that_cannot_be(self, writer: Writer, at: str, zone: str, message: str) -> None:
        writer.save(source="Words.")

        answer = self.plan(writer, at, zone=zone)

        assert answer.status_code == 422
        assert message in words(answer.text)
        assert f'value="{at}"' in answer.text

    def test_an_hour_that_comes_twice_is_said(self, writer: Writer) -> None:
        writer.save(source="Words.")

        answer = self.plan(writer, "2027-10-31T02:30", zone="Europe/Berlin")

        assert "this time comes twice. The first one is meant." in words(writer.client.get(answer.location).text)

    def test_a_plan_is_forgotten(self, writer: Writer, app: Flask, clock: FixedClock) -> None:
        writer.save(source="Words.")
        page = writer.client.get(self.plan(writer, local(clock, timedelta(hours=1))).location).text
        cancel = re.search(r'action="([^"]+/cancel)"', page)
        assert cancel is not None

        assert writer.post(cancel[1]).status_code == 303
        clock.advance(timedelta(hours=2))
        settle(app)
        assert writer.stored().state == "draft"

    def test_what_failed_says_why_on_its_page_and_by_mail(
        self, writer: Writer, app: Flask, clock: FixedClock, mailbox: list[Message], make: Factory, author: User
    ) -> None:
        writer.save(source="Words.")
        self.plan(writer, local(clock, timedelta(hours=1)))
        with app.app_context():
            from contentshop.core.db import db

            draft = db.session.merge(writer.draft())
            draft.problems = [[1, "there is no product “%(slug)s”", {"slug": "lamp"}]]
            db.session.commit()
            db.session.remove()
        clock.advance(timedelta(hours=2))
        settle(app)

        page = words(writer.client.get(f"/studio/{writer.key}/schedule").text)
        assert "Why it was not done Line 1: there is no product “lamp”" in page
        assert "could not be published as planned" in words(writer.client.get("/studio").text)
        assert [mail.to for mail in mailbox] == [author.email]

    def test_readers_are_told_what_changed(self, writer: Writer) -> None:
        writer.publish(source="One.")
        writer.publish(source="Two.", update_note="A <second> lamp")

        page = writer.client.application.test_client().get(f"/p/{writer.stored().slug}").text
        assert "A &lt;second&gt; lamp" in page
        assert (
            '"dateModified": "2026-11-20T12:00:00+00:00"' in page
            or '"dateModified":"2026-11-20T12:00:00+00:00"' in page
        )


class TestPreviewLinks:
    def link(self, writer: Writer, days: str = "7") -> str:
        page = writer.post(f"/studio/{writer.key}/share", days=days).text
        found = re.search(r'value="http://localhost(/preview/[^"]+)"', page)
        assert found is not None
        return found[1]

    def test_it_shows_the_draft_to_anybody_and_is_kept_by_nobody(self, writer: Writer, app: Flask) -> None:
        writer.save(source="Not yet public.")
        link = self.link(writer)

        answer = app.test_client().get(link)

        assert answer.status_code == 200
        assert "Not yet public." in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert '<meta name="robots" content="noindex, nofollow, noarchive">' in answer.text
        assert "canonical" not in answer.text
        assert "ld+json" not in answer.text
        assert writer.draft().source == "Not yet public."
        assert "/preview/" not in app.test_client().get("/sitemap.xml").text

    def test_it_ends(self, writer: Writer, app: Flask, clock: FixedClock) -> None:
        link = self.link(writer, "1")
        closed = self.link(writer)
        page = writer.client.get(f"/studio/{writer.key}/share").text
        [close, _other] = re.findall(r'action="([^"]+/close)"', page)
        assert link not in page
        assert writer.post(close).status_code == 303
        assert app.test_client().get(closed).status_code == 404
        clock.advance(timedelta(days=1))
        assert app.test_client().get(link).status_code == 404
        assert app.test_client().get("/preview/made-up").status_code == 404

    def test_odd_days_are_refused(self, writer: Writer) -> None:
        for days in ("0", "365", "x", "-1", "9" * 40):
            assert writer.post(f"/studio/{writer.key}/share", days=days).status_code == 422


class TestTogether:
    def test_the_byline_names_both_and_so_does_the_structured_data(self, writer: Writer, mate: Writer) -> None:
        writer.publish(source="Of both.")

        page = writer.client.application.test_client().get(f"/p/{writer.stored().slug}").text
        byline = words(page[page.index('class="byline"') :][:900])
        assert "Ada Author and Mo Mate" in byline
        assert re.search(r'"author": ?\[', page) is not None

    def test_who_writes_is_told_and_may_be_taken_over_without_loss(self, writer: Writer, mate: Writer) -> None:
        lock, token = f"/studio/{writer.key}/lock", {"X-CSRFToken": writer.token()}
        mine = writer.client.post(lock, headers=JSON | token)
        assert mine.json["mine"] is True

        theirs = mate.client.post(lock, headers=JSON | {"X-CSRFToken": mate.token()})
        assert (theirs.status_code, theirs.json["mine"], theirs.json["by"]) == (200, False, "Ada Author")
        assert "Ada Author is writing on this post now" in words(mate.client.get(f"/studio/{writer.key}").text)
        kept = mate.save(source="Mo's words.")
        assert "/merge?copy=" in kept.location
        assert "Ada Author is writing on this post now" in words(mate.client.get(kept.location).text)

        taken = mate.client.post(lock, data={"take": "1"}, headers=JSON | {"X-CSRFToken": mate.token()})
        assert taken.json["mine"] is True
        assert "Mo Mate writes on “Lamps” now." in words(writer.client.get("/studio").text)
        crossed = autosave(writer, source="Ada's words.")
        assert crossed.status_code == 409
        assert "Ada" in writer.client.get(crossed.json["merge_url"]).text

    def test_taking_over_without_script_saves_what_was_typed(self, writer: Writer, mate: Writer) -> None:
        writer.save(source="Ada's.")

        answer = mate.post(f"/studio/{writer.key}/lock", take="1", **mate.fields(source="Mo's."))

        assert answer.location == f"/studio/{writer.key}"
        assert writer.draft().source == "Mo's."

    def test_an_invitation_by_mail(
        self, app: Flask, writer: Writer, make: Factory, sign_in: SignIn, mailbox: list[Message]
    ) -> None:
        writer.save(source="Words to check.")
        assert (
            writer.post(f"/studio/{writer.key}/together", whom="checker@example.org", role="reviewer").status_code
            == 303
        )
        settle(app)
        [mail] = mailbox
        assert (mail.to, mail.subject) == ("checker@example.org", "Ada Author asks you to work on “Lamps”")
        link = re.search(r"http://localhost(/studio/invitations/\S+)", mail.text)
        assert link is not None

        visitor = app.test_client()
        assert visitor.get(link[1]).location.startswith("/sign-in?next=")
        reader = Writer(sign_in(app.test_client(), make.user("reader", name="Rae Reader")))
        assert "“Lamps”" in reader.client.get(link[1]).text
        token = csrf_of(reader.client, "/forgot")
        answer = reader.client.post(link[1], data={"csrf_token": token, "do": "accept"})
        assert answer.location == f"/studio/{writer.key}/review"
        assert "Words to check." in reader.client.get(answer.location).text
        assert reader.client.get(f"/studio/{writer.key}/preview").status_code == 200
        stranger = sign_in(app.test_client(), make.user("reader"))
        assert stranger.get(link[1]).status_code == 404
        assert stranger.get(f"/studio/{writer.key}/review").status_code == 404

    def test_remarks_and_words_offered(self, writer: Writer, mate: Writer) -> None:
        writer.save(source="First.\n\nThe lamp is brihgt.\n")
        page = f"/studio/{writer.key}/review"
        assert 'name="quote" value="The lamp is brihgt."' in mate.client.get(f"{page}?at=2").text
        made = mate.post(
            f"/studio/{writer.key}/remarks",
            quote="The lamp is brihgt.",
            kind="suggestion",
            instead="The lamp is bright.",
            body="A slip",
            at="2",
        )
        assert made.status_code == 303
        shown = writer.client.get(page).text
        assert "removed: brihgt added: bright" in words(shown)
        accept = re.search(r'action="([^"]+/accept)"', shown)
        assert accept is not None

        assert writer.post(accept[1]).status_code == 303

        assert writer.draft().source == "First.\n\nThe lamp is bright.\n"
        assert "Mo Mate offers other words for “Lamps”." in words(writer.client.get("/studio").text)

    def test_a_remark_that_cannot_be_kept_comes_back(self, writer: Writer) -> None:
        writer.save(source="Words.")

        answer = writer.post(f"/studio/{writer.key}/remarks", quote="Nowhere", body="My long thought", at="1")

        assert answer.status_code == 422
        assert "My long thought" in answer.text

    def test_notices_are_put_away(self, writer: Writer, mate: Writer) -> None:
        page = writer.client.get("/studio").text
        assert "Mo Mate works on “Lamps” now." in words(page)
        keys = re.findall(r'name="key" value="([^"]+)"', page)

        writer.post("/studio/notices/read", key=keys)

        assert "Mo Mate works on “Lamps” now." not in words(writer.client.get("/studio").text)

    def test_leaving(self, writer: Writer, mate: Writer) -> None:
        assert mate.post(f"/studio/{writer.key}/leave").location == "/studio"
        assert mate.client.get(f"/studio/{writer.key}").status_code == 404


@pytest.mark.parametrize("verb", ["publish", "unpublish", "picture", "autosave", "lock", "unlock", "remarks", "leave"])
def test_the_address_of_a_button_leads_to_the_writing_page(writer: Writer, verb: str) -> None:
    answer = writer.client.get(f"/studio/{writer.key}/{verb}")

    assert (answer.status_code, answer.location) == (302, f"/studio/{writer.key}")


def test_nothing_that_is_said_or_planned_is_ever_found(
    app: Flask, writer: Writer, author: User, search: MemorySearchBackend, clock: FixedClock
) -> None:
    word = "zyxgloriam"
    writer.publish(source="Public words.\n")
    writer.save(source=f"Planned {word}.\n")
    local_time = local(clock, timedelta(days=1))
    planned = writer.post(
        f"/studio/{writer.key}/schedule", kind="publish", at=local_time, zone="UTC", update_note=f"Note {word}"
    )
    assert planned.status_code == 303
    old = str(writer.stored().draft_version)
    writer.save(source=f"Drafted {word}.\n")
    assert "/merge" in writer.save(version=old, source=f"Stray {word}.\n").location
    for kind in ("comment", "suggestion"):
        said = writer.post(
            f"/studio/{writer.key}/remarks",
            quote=f"Drafted {word}.",
            kind=kind,
            instead=f"Offered {word}.",
            body=f"Said {word}",
        )
        assert said.status_code == 303
    settle(app)
    visitor, slug = app.test_client(), writer.stored().slug

    assert word not in repr(search.__dict__)
    for path in (f"/p/{slug}", "/", "/feed.xml", "/sitemap.xml", f"/search?q={word}", f"/@{author.handle}"):
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        text = answer.text.replace(f'value="{word}"', "").replace(f"“{word}”", "")
        assert f"{word}." not in text, path
        for kind in ("Planned", "Note", "Drafted", "Stray", "Said", "Offered"):
            assert f"{kind} {word}" not in text, path
