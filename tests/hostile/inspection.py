"""What may stand in a rendered text, written down a second time and apart from the product's own lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

# The reference parser, which the sanitiser carries with it: reads HTML as browsers do.
from bleach._vendor import html5lib

# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div",
    "dl", "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    "var",
}
# fmt: on
ATTRIBUTES = {
    ("a", "href"): None,
    ("a", "title"): None,
    ("a", "rel"): r"ugc nofollow noopener",
    ("a", "class"): r"external-image|footnote-ref|footnote-backref",
    ("abbr", "title"): None,
    ("code", "class"): r"language-[A-Za-z0-9_#.+-]{1,30}",
    ("details", "open"): None,
    ("div", "class"): r"footnote|table-scroll",
    ("div", "tabindex"): r"0",
    ("div", "role"): r"region",
    ("img", "alt"): None,
    ("img", "src"): r"/media/[A-Za-z0-9._/-]+",
    ("img", "title"): None,
    ("img", "loading"): r"lazy",
    ("img", "decoding"): r"async",
    ("img", "width"): r"\d{1,4}",
    ("img", "height"): r"\d{1,4}",
    ("li", "id"): r"fn-(b?\d+--)?\d+",
    ("sup", "id"): r"fnref\d*-(b?\d+--)?\d+",
    ("ol", "start"): r"\d{1,6}",
    ("td", "class"): r"align-(center|right)",
    ("th", "class"): r"align-(center|right)",
    ("td", "colspan"): r"\d{1,2}",
    ("td", "rowspan"): r"\d{1,2}",
    ("th", "colspan"): r"\d{1,2}",
    ("th", "rowspan"): r"\d{1,2}",
    ("th", "scope"): r"row|col|rowgroup|colgroup",
    **{(f"h{level}", "id"): r"h-[\w-]+" for level in range(2, 7)},
}
# fmt: off
SCRIPTING_TAGS = {
    "script", "iframe", "object", "embed", "applet", "form", "input", "button", "select", "textarea",
    "svg", "math", "meta", "base", "link", "style", "template", "noscript", "frame", "frameset",
    "portal",
}
# fmt: on


def elements(markup: str) -> Iterator[Element]:
    """Every element of ``markup`` as a browser would build it, names without their namespace."""
    tree = html5lib.parseFragment(markup, namespaceHTMLElements=False)
    for element in tree.iter():
        if isinstance(element.tag, str) and element is not tree:
            attributes = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
            yield Element(element.tag.rpartition("}")[2], attributes)


def offences(markup: str) -> list[str]:
    """Tags, attributes and addresses in ``markup`` that must not be there."""
    found = []
    for element in elements(markup):
        if element.tag not in TAGS:
            found.append(f"<{element.tag}>")
        for name, value in element.attrib.items():
            key = (element.tag, name)
            pattern = ATTRIBUTES.get(key, "(?!)")
            if pattern is not None and not re.fullmatch(pattern, value):
                found.append(f"{element.tag} {name}={value!r}")
        found += [f"href {element.get('href')!r}" for _ in range(not _link_is_fine(element))]
    return found


def _link_is_fine(element: Element) -> bool:
    href = element.get("href")
    if href is None:
        return True
    if not href.isascii() or re.search(r"[\x00-\x20\x7f\"'<>\\`]", href.replace("'", "")):
        return False
    # WHATWG: a second slash or a backslash after the first would begin a host name.
    if re.match(r"[/\\]{2}", href) or "@" in urlsplit(href).netloc:
        return False
    target = urlsplit(urljoin("https://shop.example/p/post", href))
    if target.scheme == "mailto":
        return href.startswith("mailto:") and "rel" not in element.attrib
    is_ours = href.startswith(("/", "#"))
    if is_ours:
        return target.netloc == "shop.example" and "rel" not in element.attrib
    return target.scheme in {"http", "https"} and element.get("rel") == "ugc nofollow noopener"


def scripts(markup: str) -> list[str]:
    """Whatever in ``markup`` could run, whichever sanitiser it came from."""
    found = []
    for element in elements(markup):
        if element.tag in SCRIPTING_TAGS:
            found.append(f"<{element.tag}>")
        for name, value in element.attrib.items():
            # What the URL standard drops: controls and spaces around, tabs and line ends inside.
            plain = re.sub(r"[\t\n\r]", "", value.strip("".join(map(chr, range(33))))).lower()
            if name.startswith("on") or name in {"style", "srcdoc", "formaction"}:
                found.append(f"{element.tag} {name}")
            if name in {"href", "src", "action"} and plain.startswith(("javascript:", "vbscript:", "data:")):
                found.append(f"{element.tag} {name}={value!r}")
    return found
