"""Which engine stands behind the search port, and that the site starts without the optional ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contentshop import config, wiring
from contentshop.config import SettingsError, from_environment
from contentshop.search.backends.opensearch import OpenSearchBackend
from contentshop.search.backends.whoosh import WhooshSearchBackend
from tests.conftest import make_settings

HIDDEN = """
import sys
sys.modules["opensearchpy"] = None  # as if it were not installed
from contentshop import wiring
from contentshop.config import Settings, SettingsError

print(type(wiring.build(Settings()).search).__name__)
try:
    wiring.build(Settings(search_url="http://127.0.0.1:9200"))
except SettingsError as error:
    print(error)
"""

LOADED = """
import sys
from contentshop import wiring
from contentshop.config import Settings

wiring.build(Settings())
print("opensearchpy" in sys.modules)
"""


def run(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_the_setting_chooses_the_engine(tmp_path: Path) -> None:
    assert isinstance(wiring.build(make_settings(tmp_path, "sqlite://")).search, WhooshSearchBackend)
    chosen = make_settings(tmp_path, "sqlite://", search_url="http://127.0.0.1:9200")
    assert isinstance(wiring.build(chosen).search, OpenSearchBackend)


def test_without_the_extra_the_site_starts_and_the_setting_says_what_to_install() -> None:
    engine, told = run(HIDDEN)
    assert engine == "WhooshSearchBackend"
    assert "CONTENTSHOP_SEARCH_URL" in told
    assert "'.[opensearch]'" in told


def test_what_is_not_asked_for_is_not_loaded() -> None:
    assert run(LOADED) == ["False"]


@pytest.mark.parametrize(
    "url", ["search", "search:9200", "ftp://search", "http://", "http://search:x", "http://a,http://"]
)
def test_an_address_that_is_none_is_told_with_the_other_mistakes(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(f"{config.PREFIX}SEARCH_URL", url)
    monkeypatch.setenv(f"{config.PREFIX}CURRENCY", "XXQ")
    with pytest.raises(SettingsError) as failure:
        from_environment()
    assert "CONTENTSHOP_SEARCH_URL: write it like" in str(failure.value)
    assert "XXQ" in str(failure.value)


@pytest.mark.parametrize(
    "url",
    ["http://search", "https://user:pass@a:9200,b:9200", "http://a:1,http://b:2/shop", "https://a/shop?ca=/x.pem"],
)
def test_an_address_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(f"{config.PREFIX}SEARCH_URL", url)
    assert from_environment().search_url == url


def test_a_name_that_no_index_may_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CONTENTSHOP_SEARCH_URL cannot be used: no name for an index: Shop"):
        wiring.build(make_settings(tmp_path, "sqlite://", search_url="http://a/Shop"))
