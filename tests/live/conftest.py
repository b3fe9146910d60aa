"""Whole servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.site import LiveSite, live_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A running site for the tests of one module."""
    with live_site(tmp_path_factory.mktemp("site")) as found:
        yield found
