"""Commands, as a person types them."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contentshop.cli import main


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_database: str) -> object:
    """``run("import", "products", …)`` on an empty shop of its own."""
    monkeypatch.setenv("CONTENTSHOP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONTENTSHOP_MEDIA_DIR", str(tmp_path / "media"))
    monkeypatch.setenv("CONTENTSHOP_DATABASE_URL", fresh_database)
    monkeypatch.setenv("CONTENTSHOP_PASSWORD_COST", "cheap")
    monkeypatch.setenv("CONTENTSHOP_LOG_LEVEL", "ERROR")

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002 - click's word
        return CliRunner().invoke(main, arguments, input=input, catch_exceptions=False)

    assert invoke("migrate").output == "The database is up to date.\n"
    return invoke


ROWS = [
    {"id": "1", "title": "Desk lamp", "sku": "LAMP", "price_minor": 1999, "currency": "USD", "quantity": 3},
    {"id": "2", "title": "", "sku": "NOTHING", "price_minor": 1},
    {"id": "3", "title": "Other lamp", "sku": "LAMP", "price_minor": 2999},
    {"id": "4", "title": "Chair", "sku": "CHAIR", "price_minor": "many"},
    {"id": "5", "title": "Desk", "sku": "DESK", "price_minor": 19999, "gtin": "1234567890123"},
]


def test_products_are_imported_and_bad_rows_are_listed_by_line(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "products.jsonl"
    file.write_text("\n".join([*map(json.dumps, ROWS), "{broken"]), encoding="utf-8")
    done = run("import", "products", str(file))
    assert done.exit_code == 1
    assert "1 products added, 0 updated, 0 unchanged, 5 not taken." in done.output
    for line in (2, 3, 4, 5, 6):
        assert f"  line {line}: " in done.output
    again = run("import", "products", str(file))
    assert "0 products added, 0 updated, 1 unchanged, 5 not taken." in again.output


def test_a_price_of_unknown_unit_is_refused_before_the_first_row(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "products.jsonl"
    file.write_text(json.dumps({"id": "1", "title": "Lamp", "price": 1999}), encoding="utf-8")
    refused = run("import", "products", str(file))
    assert refused.exit_code == 1
    assert "--price-unit" in refused.output
    done = run("import", "products", str(file), "--price-unit", "minor")
    assert (done.exit_code, "1 products added" in done.output) == (0, True)


def test_posts_are_imported_with_their_author_and_topics(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.md").write_text(
        "---\ntitle: 蒸水蛋\nlang: zh\nauthor: kitchen\ntopics: [早餐]\n---\n水和蛋。\n", encoding="utf-8"
    )
    (folder / "b.md").write_text("---\ntitle: Broken\nauthor: kitchen\n---\n::card[no-such-thing]\n", encoding="utf-8")
    (folder / "c.md").write_text("---\ntitle: [\n---\nx", encoding="utf-8")
    done = run("import", "posts", str(folder))
    assert done.exit_code == 1
    assert "2 posts added, 0 updated, 0 unchanged, 2 not taken." in done.output
    assert "b.md: kept as a draft: Line 5: there is no product “no-such-thing”" in done.output
    assert "c.md: " in done.output
    again = run("import", "posts", str(folder))
    assert "0 posts added" in again.output


def test_accounts_are_added_and_given_roles(run) -> None:  # type: ignore[no-untyped-def]
    person = ("--name", "Mei", "--handle", "mei", "--email", "mei@example.org", "--password", "three plain words")
    assert run("user", "add", *person, "--role", "editor").output == "@mei is here as editor.\n"
    assert run("user", "role", "@mei", "operator").output == "@mei is operator now.\n"
    missing = run("user", "role", "nobody", "editor")
    assert (missing.exit_code, "There is nobody with this name." in missing.output) == (1, True)
    short = run("user", "add", *person[:-1], "short")
    assert (short.exit_code, "Use at least 10 characters." in short.output) == (1, True)


def test_somebody_is_blocked_and_let_in_again(run) -> None:  # type: ignore[no-untyped-def]
    person = ("--name", "Mei", "--handle", "mei", "--email", "mei@example.org", "--password", "three plain words")
    run("user", "add", *person, "--role", "creator")
    for word, told in (("block", "blocked"), ("block", "blocked"), ("unblock", "let in")):
        assert run("user", word, "@mei").output == f"@mei is {told} now.\n"
    missing = run("user", "block", "nobody")
    assert (missing.exit_code, missing.output) == (1, "Error: There is nobody called @nobody.\n")


def test_search_is_checked_repaired_and_rebuilt(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "products.jsonl"
    file.write_text(json.dumps(ROWS[0]), encoding="utf-8")
    run("import", "products", str(file))
    assert run("search", "check").exit_code == 1
    assert run("search", "rebuild").output == "The index holds 1 documents.\n"
    assert run("search", "check").output == "1 documents; 0 missing, 0 out of date, 0 too many.\n"
    audit = run("audit")
    assert audit.exit_code == 1
    assert "outbox: 1 events still waiting" in audit.output


def test_doctor_and_jobs_speak_of_every_port(run) -> None:  # type: ignore[no-untyped-def]
    told = run("doctor").output
    for port in ("database", "search", "storage", "payment", "mail", "worker"):
        assert f"\n{port}" in f"\n{told}"
    assert run("jobs", "list").output.split() == ["events", "0", "jobs", "0", "failed", "0"]
    assert run("jobs", "retry").output == "0 jobs will be tried again.\n"


def test_settings_that_cannot_be_used_end_a_command_with_their_list(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("CONTENTSHOP_ENV", "production")
    refused = run("migrate")
    assert refused.exit_code == 1
    assert "CONTENTSHOP_SECRET_KEY: production needs a secret of its own" in refused.output


def test_a_port_that_another_site_listens_on_is_not_shared(run) -> None:  # type: ignore[no-untyped-def]
    """Also where that site would share it, as web processes do: visitors would land in either."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = run("run", "--port", str(port))
    assert refused.exit_code == 1
    assert f"Port {port} of 127.0.0.1 cannot be used (Address already in use)." in refused.output
    assert "--port or CONTENTSHOP_PORT" in refused.output
