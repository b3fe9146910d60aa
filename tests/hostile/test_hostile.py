"""Every hostile text, rendered and read as a browser would read it."""

from __future__ import annotations

from typing import Any

import nh3
import pytest

from contentshop.core.errors import Invalid
from contentshop.core.text import check_markdown, normalise_source, plain_text, render_markdown
from contentshop.posts.cards import parse
from tests.hostile.inspection import elements, offences, scripts
from tests.hostile.vectors import GROUPS, TEMPLATES, hostile_texts
from tests.rooms.posts.rendered import render


def test_there_are_at_least_320_distinct_texts() -> None:
    assert len(hostile_texts()) == len(set(hostile_texts())) >= 320


def test_the_inspection_sees_what_it_looks_for() -> None:
    assert offences("<p id=x><b onclick=y>") == ["p id='x'", "b onclick='y'"]
    assert offences("<a href=//evil.example>x</a><a href=/p>x</a>") == ["href '//evil.example'"]
    assert offences("<svg></svg>") == ["<svg>"]
    assert scripts("<script></script><a href='java\nscript:x' onclick=y>") == [
        "<script>",
        "a href='java\\nscript:x'",
        "a onclick",
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_only_what_is_allowed_remains(group: str) -> None:
    found = {text: offences(render_markdown(text)) for text in GROUPS[group]}

    assert {text: problems for text, problems in found.items() if problems} == {}


@pytest.mark.parametrize("group", GROUPS)
def test_neither_sanitiser_keeps_script(group: str) -> None:
    ours = {text: scripts(render_markdown(text)) for text in GROUPS[group]}
    other = {text: scripts(nh3.clean(normalise_source(text))) for text in GROUPS[group]}

    assert {text: found for text, found in ours.items() if found} == {}
    assert {text: found for text, found in other.items() if found} == {}


def test_a_second_sanitiser_finds_nothing_to_remove_from_our_output() -> None:
    for text in hostile_texts():
        markup = render_markdown(text)
        again = nh3.clean(
            markup,
            tags={element.tag for element in elements(markup)},
            attributes={"*": {"href", "src", "alt", "title", "class", "id", "tabindex", "role", "loading",
                              "decoding", "open", "start", "width", "height", "scope"}},
            link_rel=None,
        )  # fmt: skip
        assert [element.tag for element in elements(again)] == [element.tag for element in elements(markup)]


def test_hostile_texts_beside_each_other_are_as_harmless_as_alone() -> None:
    """An unclosed tag or quotation of one text must not change how the next is read."""
    for start in range(0, len(hostile_texts()), 8):
        together = "\n\n".join(hostile_texts()[start : start + 8])
        assert check_markdown(together) == []
        assert offences(render_markdown(together)) == []


def test_twenty_template_expressions_stay_text() -> None:
    def bare(text: str) -> str:
        return "".join(sign for sign in text if sign not in "*_`<> ")

    kept = [text for text in TEMPLATES if bare(text) in bare(plain_text(render_markdown(text)))]

    assert len(kept) >= 20
    assert [text for text in TEMPLATES if "49" in plain_text(render_markdown(text))] == []


def html_of(segments: list[list[Any]]) -> list[str]:
    found: list[str] = []
    for segment in segments:
        if segment[0] == "html":
            found.append(segment[1])
        elif len(segment) > 2:
            found += html_of(segment[2])
    return found


def test_posts_with_hostile_texts_are_refused_with_a_line_or_harmless() -> None:
    for text in hostile_texts():
        segments, messages = rendered_or_refused(text)
        assert [problem for markup in html_of(segments) for problem in offences(markup)] == []
        assert [message for message in messages if not message.startswith("Line ")] == []
        assert not messages or text in GROUPS["directives"]


def rendered_or_refused(source: str) -> tuple[list[list[Any]], list[str]]:
    keys = [f"key{number}" for number in range(len(parse(source).cards))]
    try:
        return render(source, keys).segments, []
    except Invalid as refusal:
        return [], refusal.fields["source"]


def test_an_item_may_hold_any_hostile_text_and_stays_in_its_place() -> None:
    for text in hostile_texts():
        if text in GROUPS["directives"]:
            continue
        segments, messages = rendered_or_refused(f":::item[first]\n\n{text}\n\n:::\n\n::card[last]\n")
        assert (messages, [segment[:2] for segment in segments]) == ([], [["item", "key0"], ["card", "key1"]])
        assert [problem for markup in html_of(segments) for problem in offences(markup)] == []


def test_notes_of_cards_are_kept_as_plain_text() -> None:
    note = "<img src=x onerror=alert(1)> {{7*7}} [go](javascript:alert(1))"

    (card,) = parse(f'::card[a]{{note="{note}"}}').cards

    assert card.note == note
    assert render(f'::card[a]{{note="{note}"}}', ["k"]).segments == [["card", "k"]]


BENIGN = [
    ("Plain words.", "<p>Plain words.</p>"),
    ("Two\nlines", "<p>Two\nlines</p>"),
    ("*one* **two** ~~three~~ `four`",
     "<p><em>one</em> <strong>two</strong> <del>three</del> <code>four</code></p>"),
    ("# One", '<h2 id="h-one">One</h2>'),
    ("## Same\n\n## Same", '<h2 id="h-same">Same</h2>\n<h2 id="h-same-2">Same</h2>'),
    ("[shop](https://shop.example/a?b=1&c=2)",
     '<p><a href="https://shop.example/a?b=1&amp;c=2" rel="ugc nofollow noopener">shop</a></p>'),
    ('[here](/p/guide "A guide")', '<p><a href="/p/guide" title="A guide">here</a></p>'),
    ("[there](#h-one)", '<p><a href="#h-one">there</a></p>'),
    ("[me](mailto:me@shop.example)", '<p><a href="mailto:me@shop.example">me</a></p>'),
    ("<https://shop.example/>",
     '<p><a href="https://shop.example/" rel="ugc nofollow noopener">https://shop.example/</a></p>'),
    ("![A lamp](/media/lamp.webp)",
     '<p><img alt="A lamp" src="/media/lamp.webp" loading="lazy" decoding="async"></p>'),
    ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
    ("- [ ] to do\n- [x] done", "<ul>\n<li>☐ to do</li>\n<li>☑ done</li>\n</ul>"),
    ("> said\n> so", "<blockquote>\n<p>said\nso</p>\n</blockquote>"),
    ("```python\nif a < b:\n    pass\n```",
     '<pre><code class="language-python">if a &lt; b:\n    pass\n</code></pre>'),
    ("a | b\n--|-:\n1 | 2", (
     '<div class="table-scroll" tabindex="0" role="region"><table>\n<thead>\n<tr>\n<th>a</th>\n'
     '<th class="align-right">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n'
     '<td class="align-right">2</td>\n</tr>\n</tbody>\n</table></div>')),
    ("适合通勤的耳机，价格 < 500 元 & 很轻。", "<p>适合通勤的耳机，价格 &lt; 500 元 &amp; 很轻。</p>"),
    ("H<sub>2</sub>O and E = mc<sup>2</sup>, <kbd>Ctrl</kbd>",
     "<p>H<sub>2</sub>O and E = mc<sup>2</sup>, <kbd>Ctrl</kbd></p>"),
    ("<details open>\n<summary>More</summary>\nHidden.\n</details>",
     '<details open>\n<summary>More</summary>\nHidden.\n</details>'),
    ("one\n\n---\n\ntwo", "<p>one</p>\n<hr>\n<p>two</p>"),
    ("snake_case_name and 5 * 3 * 2 and a < b > c", "<p>snake_case_name and 5 * 3 * 2 and a &lt; b &gt; c</p>"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "markup"), BENIGN)
def test_benign_texts_stay_intact(source: str, markup: str) -> None:
    assert render_markdown(source) == markup
    assert offences(markup) == []
