"""Markdown to safe HTML, HTML to plain text."""

from __future__ import annotations

import pytest

from contentshop.core.text import (
    RENDERER_VERSION,
    Heading,
    describe,
    excerpt,
    plain_text,
    render_document,
    render_markdown,
)
from contentshop.core.text_guard import Problem


def test_the_version_is_a_positive_number() -> None:
    assert RENDERER_VERSION >= 1


def test_problems_are_described_with_their_line() -> None:
    assert describe([Problem(3, "too long"), Problem(7, "too deep")]) == ["Line 3: too long", "Line 7: too deep"]


@pytest.mark.parametrize(
    ("source", "markup"),
    [
        ("", ""),
        ("   \n\n", ""),
        ("# a\n\n## b\n\n###### c",
         '<h2 id="h-a">a</h2>\n<h3 id="h-b">b</h3>\n<h6 id="h-c">c</h6>'),
        ("## a\n\n### b", '<h2 id="h-a">a</h2>\n<h3 id="h-b">b</h3>'),
        ("### a\n\n# b", '<h4 id="h-a">a</h4>\n<h2 id="h-b">b</h2>'),
        ("<h1>a</h1>", '<h2 id="h-a">a</h2>'),
        ("<h4 id=x class=y>a</h4>", '<h4 id="h-a">a</h4>'),
        ("# ***", '<h2 id="h-section">***</h2>'),
        ("# A & B\n\n# A & B\n\n# A B 2",
         '<h2 id="h-a-b">A &amp; B</h2>\n<h2 id="h-a-b-2">A &amp; B</h2>\n<h2 id="h-a-b-2-2">A B 2</h2>'),
    ],
)  # fmt: skip
def test_headings_leave_h1_to_the_page(source: str, markup: str) -> None:
    assert render_markdown(source) == markup


def test_headings_are_listed_with_their_plain_words() -> None:
    document = render_document("# *One* `two` &copy;\n\n## 三 [four](/p/4)", id_prefix="7--", top_level=3)

    assert document.headings == (
        Heading(3, "h-7--one-two", "One two ©"),
        Heading(4, "h-7--三-four", "三 four"),
    )


def test_footnotes_have_identifiers_of_ours() -> None:
    source = 'One[^a "b], two[^a "b].\n\n[^a "b]: A note.'
    body = (
        '<p>One<sup id="fnref-{0}1"><a class="footnote-ref" href="#fn-{0}1">1</a></sup>, '
        'two<sup id="fnref2-{0}1"><a class="footnote-ref" href="#fn-{0}1">1</a></sup>.</p>\n'
        '<div class="footnote">\n<hr>\n<ol>\n<li id="fn-{0}1">\n<p>A note.&#160;'
        '<a class="footnote-backref" href="#fnref-{0}1">&#8617;</a>'
        '<a class="footnote-backref" href="#fnref2-{0}1">&#8617;</a></p>\n</li>\n</ol>\n</div>'
    )

    assert render_markdown(source) == body.format("")
    assert render_document(source, id_prefix="3--").html == body.format("3--")


@pytest.mark.parametrize(
    ("source", "markup"),
    [
        ("![A cup](https://a.example/c.png)",
         '<p><a class="external-image" href="https://a.example/c.png" rel="ugc nofollow noopener">A cup</a></p>'),
        ("![](https://a.example/c.png)", (
         '<p><a class="external-image" href="https://a.example/c.png" rel="ugc nofollow noopener">'
         "https://a.example/c.png</a></p>")),
        ("[![A cup](https://a.example/c.png)](/p/a)", '<p><a href="/p/a">A cup</a></p>'),
        ("[![A cup](https://a.example/c.png)](x:y)",
         '<p><a class="external-image" href="https://a.example/c.png" rel="ugc nofollow noopener">A cup</a></p>'),
        ("[![A cup](/media/c.png)](/p/a)",
         '<p><a href="/p/a"><img alt="A cup" src="/media/c.png" loading="lazy" decoding="async"></a></p>'),
        ("![A &lt;cup&gt;](/c.png)", "<p>A &lt;cup&gt;</p>"),
        ("<img src=/media/c.png width=20 height=99999>",
         '<p><img src="/media/c.png" width="20" alt="" loading="lazy" decoding="async"></p>'),
        ("<img>", "<p></p>"),
    ],
)  # fmt: skip
def test_pictures_from_elsewhere_are_never_fetched(source: str, markup: str) -> None:
    assert render_markdown(source) == markup


@pytest.mark.parametrize(
    ("source", "markup"),
    [
        ("[go](x:y) on", "<p>go on</p>"),
        ("<a>x</a>", "<p>x</p>"),
        ('<a href="/p?a=1&amp;b=2" title="&quot;">x</a>', '<p><a href="/p?a=1&amp;b=2" title="&quot;">x</a></p>'),
        ('<a href="/&amp;#47;evil.example">x</a>', '<p><a href="/&amp;#47%3Bevil.example">x</a></p>'),
        ("<b>open\n\nnext", "<p><b>open</b></p><b>\n</b>\n<p>next</p>"),
        ("<p class=x id=y>z</p>", "<p>z</p>"),
        ("<code class=language-c>x</code> <code class=x>y</code>",
         '<p><code class="language-c">x</code> <code>y</code></p>'),
        ("<table><tr><td colspan=2 rowspan=99>x</td></tr></table>", (
         '<div class="table-scroll" tabindex="0" role="region"><table><tbody><tr><td colspan="2">x</td></tr>'
         "</tbody></table></div>")),
        ("a|b|c\n:-|:-:|-:\n1|2|3", (
         '<div class="table-scroll" tabindex="0" role="region"><table>\n<thead>\n<tr>\n<th>a</th>\n'
         '<th class="align-center">b</th>\n<th class="align-right">c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
         '<td>1</td>\n<td class="align-center">2</td>\n<td class="align-right">3</td>\n</tr>\n</tbody>\n'
         "</table></div>")),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("- [ ] a\n\n- [X] b\n\n- [y] c",
         "<ul>\n<li>\n<p>☐ a</p>\n</li>\n<li>\n<p>☑ b</p>\n</li>\n<li>\n<p>[y] c</p>\n</li>\n</ul>"),
        ("-   1. [x] a", "<ul>\n<li>\n<ol>\n<li>☑ a</li>\n</ol>\n</li>\n</ul>"),
    ],
)  # fmt: skip
def test_raw_html_passes_the_allow_list_only(source: str, markup: str) -> None:
    assert render_markdown(source) == markup


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("", ""),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<p>w<b>or</b>d\nand <i>more</i></p>", "word and more"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "a\nb"),
        ('<p>See<img src="/media/a.png" alt="a lamp">here<img src="/media/b.png"></p>', "See a lamp here"),
        ("<p>a &lt;b&gt; &amp; &#160;c</p>", "a <b> & c"),
        ('<p>word<sup><a class="footnote-ref" href="#fn-1">1</a></sup> <a href="/p">on</a></p>', "word on"),
        ("<pre><code>a\n  b</code></pre>", "a b"),
        ("耳机<em>很</em>轻", "耳机很轻"),
        ("a < b", "a < b"),
    ],
)
def test_plain_text_keeps_words_apart(markup: str, words: str) -> None:
    assert plain_text(markup) == words


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("", 10, ""),
        ("short", 5, "short"),
        ("one\n two", 10, "one two"),
        ("one two three", 8, "one two…"),
        ("one two three", 9, "one two…"),
        ("one, two three", 5, "one…"),
        ("incomprehensibilities", 8, "incompr…"),
        ("a incomprehensibilities", 8, "a incom…"),
        ("适合通勤的耳机，价格不高", 9, "适合通勤的耳机…"),
        ("适合通勤的耳机，价格不高", 6, "适合通勤的…"),
        ("abcde\u0301fgh", 6, "abcd…"),
        ("abc👩\u200d👩fgh", 6, "abc…"),
        ("xy", 1, "…"),
    ],
)
def test_excerpts_are_short_and_whole(text: str, length: int, cut: str) -> None:
    assert excerpt(text, length) == cut
    assert len(excerpt(text, length)) <= length
