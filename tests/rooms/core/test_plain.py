"""Plain text: invisible signs go, the joiners of scripts and emoji stay where they join."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contentshop.core.plain import JOINERS, plain_text
from contentshop.products.inputs import ProductInput

JOINED = ["می\u200cخواهم", "क्\u200dष", "ශ්\u200dරී", "👩\u200d💻", "🏳️\u200d🌈", "क्\u200d", "न\u200d न"]


@pytest.mark.parametrize("text", JOINED)
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert plain_text(text) == text
    assert ProductInput.parse({"title": text, "body": text}).title == text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b\x07\x1b\x7f\x9fc", "abc"),
        ("soft\u00adhyphen, wide\u200bbreak\u2060, \ufefffirst", "softhyphen, widebreak, first"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("half\ud800 a pair\udc00", "half a pair"),
        ("own\ue000\U000f0000 and none\u0378", "own and none"),
        ("one\r\ntwo\rthree\x85four\u2028five\u2029six", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("a\tb\vc\fd", "a b c d"),
        ("no\u00a0break\u3000wide", "no\u00a0break\u3000wide"),
        ("e\u0301 e\x00\u0301", "é é"),
        ("\u200d", ""),
        (" \u200c\u200d\n\u200dx", " \nx"),
        ("a\u200c\u200c\u200db\u200e\u200dc", "a\u200cb\u200dc"),
    ],
)
def test_what_nobody_sees_goes(typed: str, kept: str) -> None:
    assert plain_text(typed) == kept


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("\r\n\t\x85\u2028\u200c\u200d\u0301 a")))
@example("\u200c\u0301\u200d")
@example("a\u200c\u200d\u200c")
def test_nothing_unseen_is_left_and_again_changes_nothing(text: str) -> None:
    found = plain_text(text)
    assert plain_text(found) == found
    assert unicodedata.is_normalized("NFC", found)
    unseen = {sign for sign in found if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    assert unseen <= {"\n", *JOINERS}
    found.encode()
