"""Settings: documented, checked, and safe in production."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from contentshop import config
from contentshop.config import Settings, SettingsError, from_environment

ROOT = Path(__file__).parent.parent.parent
READ = set(re.findall(r'env\.\w+\("([A-Z_]+)"', Path(config.__file__).read_text()))


def documented() -> set[str]:
    rows = re.findall(r"^\| `CONTENTSHOP_([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.M)
    assert len(rows) == len(set(rows))
    return set(rows)


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert documented() == READ
    names = {"ENV" if f.name == "environment" else f.name.upper() for f in dataclasses.fields(Settings)}
    assert names == READ


def test_only_the_configuration_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "contentshop").rglob("*.py")
        if re.search(r"os\.environ|os\.getenv", path.read_text())
    ]
    assert readers == []


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in READ:
        monkeypatch.delenv(f"CONTENTSHOP_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_are_those_of_the_dataclass(tmp_path: Path) -> None:
    found = from_environment()
    ours = Settings()
    special = {"data_dir", "media_dir", "database_url", "shipping"}
    for item in dataclasses.fields(Settings):
        if item.name not in special:
            assert getattr(found, item.name) == getattr(ours, item.name), item.name
    assert found.data_dir == tmp_path / "instance"
    assert found.database_url == f"sqlite:///{tmp_path / 'instance' / 'contentshop.db'}"
    assert found.shipping["USD"].flat == 599
    assert found.shipping["USD"].free_from == 4900


def test_links_lead_to_the_port_unless_an_address_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTSHOP_PORT", "8899")
    assert from_environment().site_url == "http://127.0.0.1:8899"
    monkeypatch.setenv("CONTENTSHOP_SITE_URL", "https://shop.example/")
    assert from_environment().site_url == "https://shop.example"


def test_production_refuses_the_development_secret_and_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTSHOP_ENV", "production")
    with pytest.raises(SettingsError, match=r"CONTENTSHOP_SECRET_KEY.*secrets\.token_urlsafe"):
        from_environment()
    monkeypatch.setenv("CONTENTSHOP_SECRET_KEY", "a secret of our very own")
    assert from_environment().production


@pytest.mark.parametrize(("name", "value"), [("CLOCK_SHIFT", "60"), ("PASSWORD_COST", "cheap")])
def test_production_refuses_what_is_for_tests(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("CONTENTSHOP_ENV", "production")
    monkeypatch.setenv("CONTENTSHOP_SECRET_KEY", "a secret of our very own")
    monkeypatch.setenv(f"CONTENTSHOP_{name}", value)
    with pytest.raises(SettingsError, match=f"CONTENTSHOP_{name}"):
        from_environment()


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTSHOP_PORT", "eighty")
    monkeypatch.setenv("CONTENTSHOP_LOG_FORMAT", "pretty")
    with pytest.raises(SettingsError) as refusal:
        from_environment()
    assert "CONTENTSHOP_PORT" in str(refusal.value)
    assert "CONTENTSHOP_LOG_FORMAT" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CURRENCY", "XXQ", "“XXQ” is not an ISO 4217 currency"),
        ("REGIONS", "US,QQ", "“QQ” is not an ISO 3166 country"),
        ("SITE_URL", "shop.example", "write the full address"),
        ("SHIPPING", "cheap", "write it like"),
    ],
)
def test_contradictions_are_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(f"CONTENTSHOP_{name}", value)
    with pytest.raises(SettingsError, match=told):
        from_environment()
