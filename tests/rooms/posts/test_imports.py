"""Files of other systems, read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contentshop.core.errors import Invalid
from contentshop.posts.imports import MAX_FILE, TopicName, read_post

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FULL = """---
title: "Lamps: three that stay"
slug: Desk Lamps
kind: list
lang: en
author: nora
topics: [Desk, 家居]
summary: Light for long evenings.
cover: pictures/lamp.jpg
cover_alt: A lamp
tested: Four weeks
relation: lent
days_ago: 3
---
First line.
"""


def write(folder: Path, text: str | bytes, name: str = "post.md") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(path: Path) -> str:
    with pytest.raises(Invalid) as caught:
        read_post(path)
    return "; ".join(caught.value.fields["file"])


def test_everything_the_front_matter_says(tmp_path: Path) -> None:
    file = read_post(write(tmp_path, FULL))

    assert (file.title, file.slug, file.kind, file.lang) == ("Lamps: three that stay", "desk-lamps", "list", "en")
    assert file.author == "nora"
    assert file.topics == (TopicName("desk", "Desk"), TopicName("jia-ju", "家居"))
    assert (file.summary, file.tested, file.relation) == ("Light for long evenings.", "Four weeks", "lent")
    assert (file.cover, file.cover_alt) == ("pictures/lamp.jpg", "A lamp")
    assert file.published_at(NOW) == datetime(2026, 11, 17, 12, tzinfo=UTC)
    assert (file.body, file.first_line) == ("First line.\n", 15)


def test_values_stay_as_they_are_written(tmp_path: Path) -> None:
    file = read_post(write(tmp_path, "---\ntitle: 007\nlang: no\ntopics: a, b\ndate: 2026-05-31\n...\nx"))

    assert (file.title, file.lang) == ("007", "no")
    assert file.topics == (TopicName("a", "a"), TopicName("b", "b"))
    assert file.published_at(NOW) == datetime(2026, 5, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2026/05/31", datetime(2026, 5, 31, tzinfo=UTC)),
        ("2026-05-31T10:00:00+08:00", datetime(2026, 5, 31, 2, tzinfo=UTC)),
        ("2030-01-01", NOW),
    ],
)
def test_dates_are_utc_and_never_in_the_future(tmp_path: Path, date: str, moment: datetime) -> None:
    assert read_post(write(tmp_path, f"---\ntitle: t\ndate: {date}\n---\n")).published_at(NOW) == moment


def test_without_front_matter_the_first_heading_is_the_title(tmp_path: Path) -> None:
    file = read_post(write(tmp_path, "\n# 好用的锅 #\n\n炒菜要紧的是锅。\n"))

    assert (file.title, file.lang, file.kind) == ("好用的锅", "zh", "article")
    assert (file.body, file.first_line) == ("\n炒菜要紧的是锅。\n", 3)
    assert file.published_at(NOW) == NOW


def test_without_a_heading_the_file_name_is_the_title(tmp_path: Path) -> None:
    file = read_post(write(tmp_path, "Only words, with 一 sign of Chinese.", "three_good lamps.md"))

    assert (file.title, file.lang, file.first_line) == ("three good lamps", "en", 1)
    assert file.body == "Only words, with 一 sign of Chinese."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    text = "---\r\ntitle: 咖喱炒蟹的做法\r\n---\r\n螃蟹 100 克，𠮷。\r\n"

    file = read_post(write(tmp_path, text.encode(encoding)))

    assert (file.title, file.body, file.first_line) == ("咖喱炒蟹的做法", "螃蟹 100 克，𠮷。\n", 4)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xff\xfe\x00", "This is not a text in UTF-8, UTF-16 or GB18030."),
        (b"caf\xe9 ol\xe9 ", "This is not a text in UTF-8, UTF-16 or GB18030."),
        (b"a\0b\0\0", "This is not a text in UTF-8, UTF-16 or GB18030."),
        ("---\ntitle: x\n", "Line 1: the front matter is opened by --- and never closed."),
        ("---\n- x\n---\n", "Line 2: the front matter is not a list of “name: value” lines."),
        (
            "---\ntitle: x\nslug: [a\n---\n",
            "Line 3: the front matter is not YAML: expected ',' or ']', but got '<stream end>'.",
        ),
        ("---\ntitle: [a]\n---\n", "The front matter’s “title” is not one piece of text."),
        ("---\ntitle: x\ntopics: {a: b}\n---\n", "The front matter’s “topics” is not a list like [Audio, Travel]."),
        ("---\ntitle: x\ntopics: [[a]]\n---\n", "The front matter’s “topics” is not a list like [Audio, Travel]."),
        ("---\ntitle: x\ndate: soon\n---\n", "The front matter’s “date” “soon” is not a date like 2026-05-31."),
        ("---\ntitle: x\ndays_ago: -3\n---\n", "The front matter’s “days_ago” “-3” is not a number of days."),
        (f"---\ntitle: {'x' * 20_000}\n---\n", "The front matter is longer than 20,000 characters."),
        ("x" * (MAX_FILE + 1), "The file is larger than 2,000,000 bytes."),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str | bytes, reason: str) -> None:
    assert refused(write(tmp_path, text)) == reason


def test_deep_and_multiplying_front_matter_is_harmless(tmp_path: Path) -> None:
    deep = "---\ntitle: " + "[" * 9_000 + "\n---\n"
    laughs = "---\na: &a [x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(20)
    )

    assert "front matter is not YAML" in refused(write(tmp_path, deep))
    assert read_post(write(tmp_path, laughs + "title: fine\n---\n")).title == "fine"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.md") == "The file could not be read: No such file or directory."


def test_an_empty_front_matter_is_none(tmp_path: Path) -> None:
    file = read_post(write(tmp_path, "---\n---\n# Title\nWords"))

    assert (file.title, file.body, file.first_line) == ("Title", "Words", 4)


def test_the_source_is_the_path_in_the_folder_and_the_digest_its_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    (folder / "a").mkdir(parents=True)
    first = read_post(write(folder / "a", "one"), root=folder)
    again = read_post(write(folder / "a", "two"), root=folder)
    long = read_post(write(folder, "one", "长" * 80 + ".md"), root=folder)
    longer = read_post(write(folder, "one", "x" * 200 + ".md"), root=folder)

    assert (first.source_id, again.source_id) == ("posts/a/post.md", "posts/a/post.md")
    assert first.digest != again.digest
    assert first.digest == long.digest
    assert long.source_id == f"posts/{'长' * 80}.md"
    assert len(longer.source_id) == 133


def test_all_real_texts_can_be_read(shared_data: Path) -> None:
    files = [read_post(path, root=shared_data) for path in sorted((shared_data / "posts-zh").glob("*.md"))]

    assert len(files) == 387
    assert {file.lang for file in files} == {"zh"}
    assert {file.author for file in files} == {"kitchen"}
    assert all(file.topics and file.title for file in files)
    assert len({file.source_id for file in files}) == 387
    assert files[0].topics == (TopicName("shui-chan", "水产"),)


def test_front_matter_may_say_when_it_was_tested(tmp_path: Path) -> None:
    path = tmp_path / "lamp.md"
    dates = "tested_from: 2026-05-01\ntested_to: 2026-05-30\nowned_since: 2025-11-11"
    path.write_text(f"---\ntitle: Lamp\n{dates}\n---\nx\n")
    found = read_post(path)
    assert (found.tested_from, found.tested_to, found.owned_since) == ("2026-05-01", "2026-05-30", "2025-11-11")


DEAL = """---
title: Kettle for 49
kind: deal
deal:
  product: kettle
  price: "49.00"
  currency: USD
  steps: [Open the page, Enter the code]
  starts: 2026-11-20T08:00
  ends_in_days: "5"
  zone: Asia/Shanghai
---
A fair price.
"""


def test_a_deal_has_its_facts_below_its_name(tmp_path: Path) -> None:
    file = read_post(write(tmp_path, DEAL))

    assert (file.kind, file.deal["price"]) == ("deal", "49.00")
    assert file.deal_words(NOW) == {
        "product": "kettle",
        "price": "49.00",
        "currency": "USD",
        "steps": ["Open the page", "Enter the code"],
        "starts": "2026-11-20T08:00",
        "ends": "2026-11-25T20:00",
        "zone": "Asia/Shanghai",
    }
    assert read_post(write(tmp_path, FULL)).deal_words(NOW) == {}


@pytest.mark.parametrize(
    ("deal", "told"),
    [
        ("deal: cheap", "is not a list of"),
        ("deal: {cost: '5'}", "has no “cost”"),
        ("deal: {price: [1, 2]}", "is not one piece of text"),
        ("deal: {ends_in_days: soon}", "is not a number of days"),
    ],
)
def test_a_deal_that_cannot_be_read(tmp_path: Path, deal: str, told: str) -> None:
    assert told in refused(write(tmp_path, f"---\ntitle: A\nkind: deal\n{deal}\n---\nx"))
