"""Players of other sites: the allow-list."""

from __future__ import annotations

import pytest

from contentshop.app import CONTENT_SECURITY_POLICY
from contentshop.core.embeds import FRAME_SOURCES, PROVIDERS, find_embed

YOUTUBE = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"
BILIBILI = "https://player.bilibili.com/player.html?bvid=BV1xx411c7mD&autoplay=1&high_quality=1"


@pytest.mark.parametrize(
    ("url", "player"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3", YOUTUBE),
        ("http://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ", YOUTUBE),
        ("https://youtu.be/dQw4w9WgXcQ?si=abc", YOUTUBE),
        ("https://WWW.YouTube.com/shorts/dQw4w9WgXcQ", YOUTUBE),
        ("https://www.bilibili.com/video/BV1xx411c7mD", BILIBILI),
        ("https://www.bilibili.com/video/BV1xx411c7mD/?spm_id_from=3&p=2", BILIBILI.replace("&auto", "&p=2&auto")),
        ("https://vimeo.com/76979871", "https://player.vimeo.com/video/76979871?dnt=1&autoplay=1"),
        ("https://vimeo.com/76979871/abcdef1234",
         "https://player.vimeo.com/video/76979871?h=abcdef1234&dnt=1&autoplay=1"),
        ("https://v.qq.com/x/page/a0012abcdef.html",
         "https://v.qq.com/txp/iframe/player.html?vid=a0012abcdef&autoplay=true"),
        ("https://dai.ly/x8abcde", "https://geo.dailymotion.com/player.html?video=x8abcde"),
    ],
)  # fmt: skip
def test_addresses_that_people_copy_are_understood(url: str, player: str) -> None:
    found = find_embed(url)

    assert found is not None
    assert found.player == player
    again = find_embed(found.url)
    assert again == found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "youtube.com/watch?v=dQw4w9WgXcQ",
        "https://evil.example/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com@evil.example/watch?v=dQw4w9WgXcQ",
        "https://evil.example/www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/channel/UCabcdefghijk",
        'https://www.youtube.com/watch?v=dQw4w9WgXcQ"><script>',
        "https://www.youtube.com/watch?v=<script>aaa",
        "https://vimeo.com/channels/staff",
        "javascript:alert(1)//www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ/\n/x",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&" + "a" * 500,
        "https://www.youtube.com/watch?" + "&" * 400,
    ],
)
def test_anything_else_is_refused_or_cut_to_the_id(url: str) -> None:
    found = find_embed(url)

    assert found is None or (found.player == YOUTUBE and '"' not in found.url and "<" not in found.url)


def test_pages_may_frame_exactly_these_sites() -> None:
    assert f"frame-src {' '.join(FRAME_SOURCES)};" in CONTENT_SECURITY_POLICY
    assert len(FRAME_SOURCES) == len(PROVIDERS) == 5
